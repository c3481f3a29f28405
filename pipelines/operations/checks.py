"""Checks of what a command is given: cities, folders."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.city import CRAWLED, City
from crawler.city_file import load_cities
from crawler.errors import ShizhengError
from pipelines.tables import files
from pipelines.terminal import complain

if TYPE_CHECKING:
    pass


class UsageError(ShizhengError):
    """A command line that cannot be carried out; the message says what was expected."""


def chosen(args: argparse.Namespace) -> dict[str, City]:
    """Return the cities a command is about; without names, every one that is crawled."""
    cities = load_cities(args.cities_dir)
    unknown = [key for key in args.cities if key not in cities]
    if unknown:
        raise UsageError(f"unknown city {', '.join(unknown)}; known: {', '.join(cities)}")
    if args.cities and getattr(args, "all", False):
        raise UsageError("name cities, or --all, not both")
    if not args.cities and not getattr(args, "all", True):
        raise UsageError("name at least one city, or --all")
    crawled = {key: city for key, city in cities.items() if city.status in CRAWLED}
    resting = [key for key in args.cities if key not in crawled]
    if resting:
        city = cities[resting[0]]
        raise UsageError(f"{city.key} is {city.status} since {city.since}: {city.reason}")
    if args.since and args.until and args.since > args.until:
        raise UsageError(f"--since {args.since} is later than --until {args.until}")
    if not crawled:
        raise UsageError("every city is paused, blocked or gone: there is nothing to crawl")
    return {key: cities[key] for key in args.cities} if args.cities else crawled


def writable(output: Path) -> Path:
    """Return `output` as an absolute folder that exists and can be written, or say why not."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        probe = output / f".write-test-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(
            f"{output}: cannot be written ({error.strerror}); "
            "name a folder you may write with --output or SHIZHENG_OUTPUT"
        ) from error
    return output.resolve()


def readable(output: Path) -> Path:
    if not output.is_dir():
        raise UsageError(f"{output}: no such folder; crawl, extract or import something first")
    for path in files.strays(output)[:3]:
        complain(f"{path}: no file of shizheng's and passed over; move it away")
    return output.resolve()
