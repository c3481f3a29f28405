"""`python -m crawler.crawl.__main__ CITY`: one city, one process, its progress as JSON lines on stdout.

Started once per city by `shizheng crawl`, so that a city that hangs or dies is only itself. At most
two lines a second while counts change, one every ten seconds otherwise, and at the end one with
`"done": true` and the reason. When nobody reads them any more, the crawl stops as by SIGTERM.
Exit code 0 when the crawl went through and at least one list could be read, else 1; 2 for a usage
error. SIGTERM and SIGINT stop it cleanly: what was fetched is stored.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings
from scrapy.utils.asyncio import create_looping_call
from scrapy.utils.defer import deferred_from_coro

from crawler.city_file import CityError, load_cities
from crawler.legible import visible
from crawler.loader import CityLoader, UnknownCityError, choose
from crawler.spiders.city import SpiderError, check_window
from crawler.state.database import VisitsError

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
"""Seconds between two lines."""

_ALIVE = 20
"""Lines left out because nothing changed, after which one is printed all the same."""


class Progress:
    """A Scrapy extension that prints how far the crawl is."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._last: dict[str, Any] = {}
        self._silent = 0
        self._loop = create_looping_call(self.tell)
        crawler.signals.connect(self._opened, signals.spider_opened)
        crawler.signals.connect(self._closing, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def tell(self) -> None:
        """Print the counts if they have changed; stop the crawl if nobody reads them."""
        now = counts(self._crawler)
        self._silent = 0 if now != self._last else self._silent + 1
        if self._silent % _ALIVE:
            return
        self._last = now
        if not _say(now):
            self._closing()
            deferred_from_coro(self._crawler.stop_async())

    def _opened(self) -> None:
        self._loop.start(_EVERY)

    def _closing(self) -> None:
        if self._loop.running:
            self._loop.stop()


def counts(crawler: Crawler) -> dict[str, Any]:
    """Return the crawl's counts: requests sent, and per kind what came of them; `queue` waits."""
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


def main(argv: Sequence[str] | None = None) -> int:
    """Run one crawl and return the exit code."""
    args = _parser().parse_args(argv)
    try:
        check_window(args.since or "", args.until or "")
        choose(load_cities(args.cities_dir), args.city)
    except (CityError, UnknownCityError, SpiderError) as error:
        return _complain(str(error), 2)
    settings = _settings(args)
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(CityLoader(args.cities_dir).load(args.city))
    task = process.crawl(crawler, since=args.since or "", until=args.until or "")
    process.start()
    failure = task.exception() if task.done() and not task.cancelled() else None
    if failure is not None:
        # It never began: there are no counts to give.
        told = isinstance(failure, VisitsError | SpiderError)
        why = {"why": str(failure)} if told else {}
        _say({"city": args.city, "done": True, "reason": "failed"} | why)
        if told:
            return _complain(str(failure), 1)
        raise failure
    stats = crawler.stats.get_stats()
    reason = str(stats.get("finish_reason", "failed"))
    _say(counts(crawler) | {"done": True, "reason": reason})
    well = reason == "finished" and not stats.get("shizheng/store_failed")
    return 0 if well and stats.get("shizheng/lists") else 1


def _settings(args: argparse.Namespace) -> Settings:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    given: dict[str, Any] = {
        "SHIZHENG_OUTPUT": str(args.output),
        "SHIZHENG_RUN_ID": args.run_id,
        "EXTENSIONS": {"crawler.crawl.__main__.Progress": 0},
    }
    given |= dict(pair.split("=", 1) for pair in args.set)
    settings.setdict(given, priority="cmdline")
    return settings


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m crawler.crawl.__main__", description=__doc__)
    parser.add_argument("city")
    parser.add_argument("--output", required=True, help="folder of the corpus")
    parser.add_argument("--run-id", required=True, help="names the files of this crawl")
    parser.add_argument("--since", help="skip links dated before this day (2026-11-23)")
    parser.add_argument("--until", help="skip links dated after this day")
    parser.add_argument("--cities-dir", type=Path, help="folder of city files")
    parser.add_argument(
        "-s",
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        type=_pair,
        help="a Scrapy setting",
    )
    return parser


def _pair(text: str) -> str:
    if not text.partition("=")[1]:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, not {text!r}")
    return text


def _say(counted: dict[str, Any]) -> bool:
    """Print one line, and say whether someone reads it."""
    try:
        # ASCII: two processes need not agree on the encoding of the pipe between them.
        sys.stdout.write(json.dumps(counted) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


def _complain(message: str, code: int) -> int:
    sys.stderr.write(visible(f"shizheng crawl: {message}") + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
