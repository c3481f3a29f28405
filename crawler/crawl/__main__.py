"""Program of one city's crawl: `python -m crawler.crawl CITY`.

Started once per city by `shizheng crawl`, so that a city that hangs or dies is only itself. On
stdout are progress lines in JSON: at most two lines a second while counts change, one every ten
seconds otherwise, and at the end one with `"done": true` and the reason. When nobody reads them any
more, the crawl stops as by SIGTERM. Exit code 0 when the crawl went through and at least one list
could be read, else 1; 2 for a usage error. SIGTERM and SIGINT stop it cleanly, with the fetched
pages stored.
"""

import argparse
import gc
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from crawler.city_file import load_cities
from crawler.crawl.progress import counts, write_line
from crawler.crawl.window import Window
from crawler.errors import ExitCode, ShizhengError
from crawler.legible import visible
from crawler.loader import CityLoader, choose

_COLLECT_EVERY = 50_000
"""New objects between two looks for cycles: those of some pages; set by hand."""


def main(argv: Sequence[str] | None = None, *, alone: bool = False) -> int:
    """Run one crawl and return the exit code.

    `alone`: the process does nothing else, before or after.
    """
    args = _parser().parse_args(argv)
    try:
        Window.parse(args.since or "", args.until or "")
        choose(load_cities(args.cities_dir), args.city)
    except ShizhengError as error:
        return _complain(str(error), error.exit_code)
    settings = _settings(args)
    settings.set("SHIZHENG_ALONE", alone)
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(CityLoader(args.cities_dir).load(args.city))
    task = process.crawl(crawler, since=args.since or "", until=args.until or "")
    # Scrapy makes two records a page that no handler takes.
    logging.getLogger("scrapy").setLevel(settings["LOG_LEVEL"])
    # A page's thousands of small objects are in no cycle; nor are those that the modules made.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_EVERY)
    process.start()
    failure = task.exception() if task.done() and not task.cancelled() else None
    if failure is not None:
        # It never began: there are no counts.
        expected = isinstance(failure, ShizhengError)
        why = {"why": str(failure)} if expected else {}
        write_line({"city": args.city, "done": True, "reason": "failed"} | why)
        if expected:
            return _complain(str(failure), ExitCode.INTERNAL)
        raise failure
    stats = crawler.stats.get_stats()
    reason = str(stats.get("finish_reason", "failed"))
    write_line(counts(crawler) | {"done": True, "reason": reason})
    well = reason == "finished" and not stats.get("shizheng/store_failed")
    return ExitCode.DONE if well and stats.get("shizheng/lists") else ExitCode.INTERNAL


def _settings(args: argparse.Namespace) -> Settings:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    given: dict[str, Any] = {
        "SHIZHENG_OUTPUT": str(args.output),
        "SHIZHENG_RUN_ID": args.run_id,
        "EXTENSIONS": {"crawler.crawl.progress.ProgressLines": 0},
    }
    given |= dict(pair.split("=", 1) for pair in args.set)
    settings.setdict(given, priority="cmdline")
    return settings


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m crawler.crawl", description=__doc__)
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


def _complain(message: str, code: int) -> int:
    sys.stderr.write(visible(f"shizheng crawl: {message}") + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(alone=True))
