"""Progress of one crawl, as JSON lines on standard output."""

import json
import os
import sys
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.utils.asyncio import create_looping_call
from scrapy.utils.defer import deferred_from_coro

_COUNTS: tuple[str, ...] = (
    "lists",  # list pages that gave article links
    "lists_zh",
    "lists_en",
    "articles",
    "rejects",
    "issues",
    "known",  # listed, and stored by an earlier crawl
    "outside",  # listed, and dated outside the window
    "revisits",  # stored before, and asked for again
    "clock",  # moments of the state that are later than now
    "rested",  # listings passed over, because they seldom change
    "recovered",  # read back from the archive of a crawl that died
    "new",  # what storing the articles changed
    "revised",
    "unchanged",
)
_EVERY = 0.5
"""Seconds between two lines; set by hand."""

_ALIVE = 20
"""Lines left out because nothing changed, after which one is printed all the same."""


class ProgressLines:
    """Scrapy extension that prints the progress of a crawl."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._last: dict[str, Any] = {}
        self._silent = 0
        self._loop = create_looping_call(self.write)
        crawler.signals.connect(self._opened, signals.spider_opened)
        crawler.signals.connect(self._closing, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def write(self) -> None:
        """Print the counts if they have changed; without a reader, stop."""
        now = counts(self._crawler)
        self._silent = 0 if now != self._last else self._silent + 1
        if self._silent % _ALIVE:
            return
        self._last = now
        if not write_line(now):
            self._closing()
            deferred_from_coro(self._crawler.stop_async())

    def _opened(self) -> None:
        self._loop.start(_EVERY)

    def _closing(self) -> None:
        if self._loop.running:
            self._loop.stop()


def counts(crawler: Crawler) -> dict[str, Any]:
    """Return a crawl's counts: requests, results by kind, waiting requests (`queue`)."""
    stats = crawler.stats.get_stats()
    waiting = stats.get("scheduler/enqueued", 0) - stats.get("scheduler/dequeued", 0)
    answered = stats.get("downloader/response_count", 0) + stats.get(
        "downloader/exception_count", 0
    )
    waiting += max(0, stats.get("downloader/request_count", 0) - answered)
    return {
        "city": crawler.spidercls.name,
        "requests": stats.get("downloader/request_count", 0),
        **{name: stats.get(f"shizheng/{name}", 0) for name in _COUNTS},
        "queue": waiting,
    }


def write_line(counted: dict[str, Any]) -> bool:
    """Print one line; return False if nobody reads it."""
    try:
        # ASCII: two processes need not agree on the encoding of the pipe between them.
        sys.stdout.write(json.dumps(counted) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True
