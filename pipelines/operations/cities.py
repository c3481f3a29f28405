"""Check of city files and their sites' lists and articles.

Pages are fetched by `crawler.crawl.probe` in a process of its own, like every crawl.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.city import CRAWLED, City
from crawler.city_file import CityError, city_files, load_city
from crawler.errors import ExitCode
from pipelines.errors import UsageError
from pipelines.terminal import Tracker

_SECONDS = 900
"""Seconds for the probe of one city, at two seconds between requests. Set by hand."""

Source = Mapping[str, Any]
"""Findings of a probe about a source: list, links, articles, issue code."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Result of a check: valid city files, errors, sources by city."""

    valid: tuple[City, ...]
    errors: tuple[str, ...]
    sources: Mapping[str, Sequence[Source]]

    @property
    def exit_code(self) -> ExitCode:
        """Exit code: USAGE, UNWELL or UNUSABLE.

        USAGE for an invalid file, UNWELL for a source that fails, UNUSABLE if all do.
        """
        if self.errors:
            return ExitCode.USAGE
        codes = [source["code"] for sources in self.sources.values() for source in sources]
        if not any(codes):
            return ExitCode.DONE
        return ExitCode.UNUSABLE if all(codes) else ExitCode.UNWELL


def check(folder: Path | None, names: Sequence[str], tracker: Tracker, *, live: bool) -> Checked:
    """Validate city files and, if `live`, probe the sites.

    Without `folder` every known city is meant, without `names` every city file. Raises `UsageError`
    for an unknown city, `CityError` for a folder without city files.
    """
    valid: list[City] = []
    errors: list[str] = []
    for path in _chosen(folder, names):
        try:
            valid.append(load_city(path))
        except CityError as error:
            errors.append(str(error))
    found: dict[str, Sequence[Source]] = {}
    crawled = [city for city in valid if live and city.status in CRAWLED]
    for number, city in enumerate(crawled):
        tracker.update("looking", number, len(crawled), city.key)
        found[city.key] = probe("check", [city.file])
    return Checked(tuple(valid), tuple(errors), found)


def probe(task: str, subjects: Sequence[str], options: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return the findings of a probe.

    Raises `UsageError` for one that ends without a result.
    """
    command = [sys.executable, "-m", "crawler.crawl.probe", task, *options, "--", *subjects]
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"{subjects[0]}: no result in {_SECONDS} seconds") from error
    try:
        found: list[dict[str, Any]] = json.loads(ended.stdout)
    except json.JSONDecodeError:
        found = []
    if ended.returncode or not found:
        last = (ended.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise UsageError(f"{subjects[0]}: looking at it failed: {last}")
    return found


def _chosen(folder: Path | None, names: Sequence[str]) -> list[Path]:
    paths = city_files(folder)
    unknown = [name for name in names if name not in paths]
    if unknown:
        raise UsageError(f"unknown city {', '.join(unknown)}; known: {', '.join(paths)}")
    return [paths[name] for name in names] if names else list(paths.values())
