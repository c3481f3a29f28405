"""Checks of a command's cities and folders.

Readers of cities and tables are imported where it is used: `--help` needs neither.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import UsageError, check_words
from pipelines.terminal import complain

if TYPE_CHECKING:
    from crawler.city import City


def crawled(names: Sequence[str], cities_dir: Path | None) -> "Mapping[str, City]":
    """Return the cities named; without names, every city that is crawled."""
    from crawler.city import CRAWLED
    from crawler.city_file import load_cities

    cities = load_cities(cities_dir)
    check_words("city", names, tuple(cities))
    resting = next((cities[key] for key in names if cities[key].status not in CRAWLED), None)
    if resting is not None:
        raise UsageError(f"{resting.key} is {resting.status} since {resting.since}: "
                         f"{resting.reason}")  # fmt: skip
    if names:
        return {key: cities[key] for key in names}
    found = {key: city for key, city in cities.items() if city.status in CRAWLED}
    if not found:
        raise UsageError("every city is paused, blocked or gone: there is nothing to crawl")
    return found


def check_window(since: date | None, until: date | None) -> None:
    """Raise `UsageError` for a window that ends before it begins."""
    if since and until and since > until:
        raise UsageError(f"--since {since} is later than --until {until}")


def check_settings(settings: Mapping[str, str]) -> None:
    """Raise `UsageError` for a Scrapy setting of another type than its default."""
    if not settings:
        return
    from scrapy.settings import BaseSettings, default_settings

    import crawler.settings as own

    for name, value in settings.items():
        usual = getattr(own, name, getattr(default_settings, name, None))
        given = BaseSettings({name: value})
        try:
            if isinstance(usual, bool):
                given.getbool(name)
            elif isinstance(usual, int | float):
                given.getfloat(name)
        except ValueError:
            kind = "True or False" if isinstance(usual, bool) else "a number"
            raise UsageError(f"-s {name}={value}: expected {kind}, as in {name}={usual}") from None


def writable(output: Path) -> Path:
    """Return `output` as an absolute folder that exists and can be written.

    Raises `UsageError`.
    """
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


def new_file(path: Path) -> Path:
    """Return a path at which a file can be. Raises `UsageError`."""
    if path.suffix and path.is_dir():  # without an ending: the stem of several files
        raise UsageError(f"{path}: is a folder; name a file")
    above = next((folder for folder in path.parents if os.path.lexists(folder)), Path())
    if not above.is_dir():
        raise UsageError(f"{path}: cannot be written, because {above} is no folder")
    return path


def existing(output: Path) -> Path:
    """Return `output` as an absolute folder that exists. Raises `UsageError`."""
    if not output.is_dir():
        raise UsageError(f"{output}: no such folder; crawl, extract or import something first")
    return output.resolve()


def readable(output: Path) -> Path:
    """Return `output` as an absolute folder that exists.

    Complains of strange files in it. Raises `UsageError`.
    """
    from pipelines.tables import files

    found = existing(output)
    for path in files.strays(found)[:3]:
        complain(f"{path}: no file of shizheng's and passed over; move it away")
    return found
