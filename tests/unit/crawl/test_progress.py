"""Counts of a running crawl, from the statistics of Scrapy."""

import asyncio
import json
import os
import sys

import pytest
from scrapy import Spider
from scrapy.utils.test import get_crawler

from crawler.crawl.progress import ProgressLines, counts, write_line


class Luoshan(Spider):
    name = "luoshan"


@pytest.mark.parametrize(
    ("stats", "requests", "waiting"),
    [
        ({}, 0, 0),
        ({"scheduler/enqueued": 7, "scheduler/dequeued": 3}, 0, 4),
        ({"downloader/request_count": 5, "downloader/response_count": 2}, 5, 3),
        ({"downloader/request_count": 5, "downloader/exception_count": 4}, 5, 1),
        (
            {
                "scheduler/enqueued": 9,
                "scheduler/dequeued": 6,
                "downloader/request_count": 6,
                "downloader/response_count": 3,
                "downloader/exception_count": 1,
            },
            6,
            5,
        ),
        # A redirect or an archived answer is a response without a request.
        ({"downloader/request_count": 1, "downloader/response_count": 3}, 1, 0),
    ],
)
def test_waiting_are_the_requests_queued_and_those_not_yet_answered(
    stats: dict[str, int], requests: int, waiting: int
) -> None:
    crawler = get_crawler(Luoshan)
    for name, value in stats.items():
        crawler.stats.set_value(name, value)
    counted = counts(crawler)
    assert (counted["city"], counted["requests"], counted["queue"]) == (
        "luoshan",
        requests,
        waiting,
    )


def test_a_line_is_printed_when_counts_change_and_every_twentieth_time_if_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    crawler = get_crawler(Luoshan)

    async def write() -> None:
        lines = ProgressLines.from_crawler(crawler)
        for _ in range(21):
            lines.write()
        crawler.stats.inc_value("shizheng/articles")
        lines.write()

    asyncio.run(write())
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["articles"] for line in printed] == [0, 0, 1]


def test_a_crawl_whose_lines_nobody_reads_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    crawler, stopped = get_crawler(Luoshan), []
    there, here = os.pipe()
    os.close(there)

    async def stop() -> None:
        stopped.append(True)

    async def write() -> bool:
        with os.fdopen(here, "w") as out:
            monkeypatch.setattr(sys, "stdout", out)
            ProgressLines(crawler).write()
            await asyncio.sleep(0)
            return write_line({})  # what is left in the buffer goes nowhere, and is no error

    monkeypatch.setattr(crawler, "stop_async", stop)
    assert asyncio.run(write()) is True
    assert stopped == [True]
