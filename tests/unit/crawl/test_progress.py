"""Counts of a running crawl, from the statistics of Scrapy."""

import pytest
from scrapy import Spider
from scrapy.utils.test import get_crawler

from crawler.crawl.progress import counts


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
