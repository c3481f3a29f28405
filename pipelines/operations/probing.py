"""Looks at sites, in a process of their own, like every crawl."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from pipelines.errors import UsageError

_SECONDS = 900
"""Seconds for the probe of one city, at two seconds between requests. Set by hand."""

Source = Mapping[str, Any]
"""Findings of a probe about a source: list, links, articles, issue code."""


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


def find_lists(homes: Sequence[str], options: Sequence[str] = ()) -> list[Source]:
    """Return the news lists proposed from home pages, chosen ones first."""
    once = {found["list"]: found for found in probe("find", homes, options)}
    return sorted(once.values(), key=lambda found: not found["chosen"])


def pattern_for(source: Source, found: Sequence[Source]) -> str | None:
    """Return the pattern of a source's articles; None for the family's own.

    Where both languages share a host, each has its column or its folder.
    """
    pattern: str = str(source["pattern"]).replace("'", "''")
    if source["cms"] in ("generic", "feeds"):
        return pattern
    host = urlsplit(source["list"]).netloc
    rivals = [
        other
        for other in found
        if other["lang"] != source["lang"] and urlsplit(other["list"]).netloc == host
    ]
    column: str | None = source["column"]
    if not rivals or column is None or any(other.get("column") == column for other in rivals):
        return pattern if rivals else None
    return column
