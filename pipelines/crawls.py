"""Crawls cities, one process each: a city that hangs or dies is only itself."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.runs import Run, issues
from pipelines.terminal import Tracker

# Crawling waits on other people's servers, so more cities than cores may be under way at once.
CITIES_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one city's crawl ended. `counts` are the crawler's own."""

    city: str
    ended_well: bool
    reason: str
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def usable(self) -> bool:
        """Whether the city's site answered: at least one listing was read."""
        return self.counts.get("lists", 0) > 0


def crawl(
    output: Path,
    cities: Sequence[str],
    run: Run,
    tracker: Tracker,
    *,
    cities_dir: Path | None = None,
    since: str | None = None,
    until: str | None = None,
    settings: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Outcome]:
    """Crawl `cities`, each in a process of its own, and return how each ended.

    `settings` are Scrapy settings for the processes, `environment` is added to theirs.
    """
    command = [sys.executable, "-m", "crawler.crawl"]
    options = ["--output", str(output), "--run-id", run.run_id]
    for name, value in (("--cities-dir", cities_dir), ("--since", since), ("--until", until)):
        options += [name, str(value)] if value is not None else []
    for name, value in (settings or {}).items():
        options += ["-s", f"{name}={value}"]

    def watch(city: str) -> Outcome:
        return _watch(city, [*command, city, *options], run, tracker, environment or {})

    with ThreadPoolExecutor(CITIES_AT_ONCE) as pool:
        return dict(zip(cities, pool.map(watch, cities), strict=True))


def _watch(
    city: str, command: list[str], run: Run, tracker: Tracker, environment: Mapping[str, str]
) -> Outcome:
    log = run.folder / f"{city}.log"
    last: dict[str, Any] = {}
    tracker.update(city, 0, None, "starting")
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **environment},
            text=True,
        ) as process,
    ):
        try:
            for line in process.stdout or ():
                last = _progress(line) or last
                done = last.get("articles", 0) + last.get("rejects", 0)
                total = done + last.get("queue", 0)
                tracker.update(city, done, total, f"{last.get('requests', 0)} requests")
        except BaseException:
            process.terminate()
            raise
    counts = {k: v for k, v in last.items() if isinstance(v, int) and not isinstance(v, bool)}
    if not log.stat().st_size:
        log.unlink()
    if process.returncode == 0 and last.get("done"):
        return Outcome(city, True, str(last.get("reason", "finished")), counts)
    reason = f"the crawling process ended with code {process.returncode}"
    if last.get("done"):
        codes = Counter(issue["code"] for issue in issues(run.folder, city))
        told = ", ".join(f"{count} x {code}" for code, count in codes.most_common())
        reason = ("no list could be read" if not counts.get("lists") else "the crawl broke off") + (
            f" ({told})" if told else ""
        )
    reason += f"; see {log}" if log.exists() else ""
    return Outcome(city, False, reason, counts)


def _progress(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except json.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None
