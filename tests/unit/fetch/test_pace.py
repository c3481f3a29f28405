"""A host is asked as slowly as it asks to be: Crawl-delay and Retry-After."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.robotstxt import ProtegoRobotParser
from scrapy.settings import Settings
from scrapy.spiders import Spider

from crawler.fetch.pace import Pace, retry_after
from crawler.issues import ComeLater

URL = "http://www.anlan.example/xwzx/index.html"
OTHER = "http://en.anlan.example/news/index.html"


class Timeless(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to whatever is waited for."""

    def __init__(self) -> None:
        self.moment = 1000.0
        loop = self

        class Selector(selectors.DefaultSelector):  # type: ignore[valid-type, misc]
            def select(self, timeout: float | None = None) -> Any:
                loop.moment += timeout or 0.0
                return super().select(0)

        super().__init__(Selector())

    def time(self) -> float:
        return self.moment


def timed(work: Callable[[Pace, Callable[[], float]], Coroutine[Any, Any, None]]) -> None:
    """Run `work` with a pace and a clock that counts the seconds it was made to wait."""
    settings = Settings()
    settings.setmodule("crawler.settings")
    crawler = Crawler(Spider, settings)

    def run() -> None:
        with asyncio.Runner(loop_factory=Timeless) as runner:
            loop = runner.get_loop()
            began = loop.time()
            runner.run(work(Pace(crawler), lambda: round(loop.time() - began, 3)))

    # A thread of its own: a browser test in the same process keeps a loop running in the main one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()


def robots(pace: Pace, text: str, url: str = URL) -> None:
    parser = ProtegoRobotParser(text.encode(), None)
    pace.crawler.signals.send_catch_log(
        signals.robots_parsed, robotparser=parser, request=Request(url)
    )


def busy(value: str) -> Response:
    return Response(URL, 503, {"Retry-After": value})


def test_requests_to_a_host_are_as_far_apart_as_its_robots_txt_asks() -> None:
    async def work(pace: Pace, clock: Callable[[], float]) -> None:
        robots(pace, "User-agent: *\nCrawl-delay: 7\n")
        sent: list[float] = []

        async def ask(url: str) -> None:
            await pace.process_request(Request(url))
            sent.append(clock())

        await asyncio.gather(ask(URL), ask(URL), ask(OTHER), ask(URL))
        assert sorted(sent) == [0, 0, 7, 14]  # the other host has no delay of its own

    timed(work)


def test_a_delay_for_us_comes_before_one_for_all_and_an_absurd_one_is_cut() -> None:
    async def work(pace: Pace, clock: Callable[[], float]) -> None:
        robots(pace, "User-agent: *\nCrawl-delay: 2\n\nUser-agent: shizheng\nCrawl-delay: 9000\n")
        await pace.process_request(Request(URL))
        await pace.process_request(Request(URL))
        assert clock() == 60

    timed(work)


def test_a_rest_that_a_busy_host_asks_for_is_given() -> None:
    async def work(pace: Pace, clock: Callable[[], float]) -> None:
        assert (await pace.process_response(Request(URL), busy("45"))).status == 503
        await pace.process_request(Request(OTHER))
        assert clock() == 0
        await pace.process_request(Request(URL))
        assert clock() == 45

    timed(work)


def test_a_host_that_asks_for_more_than_a_crawl_waits_is_left_alone() -> None:
    async def work(pace: Pace, clock: Callable[[], float]) -> None:
        with pytest.raises(ComeLater, match="answered 503 and asked for 3600 seconds of rest"):
            await pace.process_response(Request(URL), busy("3600"))
        with pytest.raises(ComeLater):
            await pace.process_request(Request(URL))
        await pace.process_request(Request(OTHER))
        assert clock() == 0

    timed(work)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Wed, 06 Mar 2024 00:02:00 GMT", 120),
        ("Tue, 05 Mar 2024 00:00:00 GMT", 0),  # past
        ("soon", None),
        ("-5", None),
        ("²", None),
        ("9" * 500, float("inf")),
        ("", None),
        ("Wed, 99 Mar 2024 00:02:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after(value, datetime(2024, 3, 6, tzinfo=UTC)) == seconds
