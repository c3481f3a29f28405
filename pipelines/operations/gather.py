"""Steps over all cities of a corpus: reposts, history, report."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from crawler.city_file import load_cities
from pipelines.operations.steps import mark_reposts
from pipelines.quality import history
from pipelines.report import page
from pipelines.tables import runs
from pipelines.tables.files import cities_in


@dataclass(frozen=True, slots=True)
class Gathered:
    """Result of gathering: the report, cities read, damaged cities with reasons."""

    report: Path
    cities: tuple[str, ...]
    damaged: dict[str, str]


def gather(output: Path, cities_dir: Path | None = None) -> Gathered:
    """Mark reposts among all cities, record the history, write the report.

    A machine that has crawled one city sees no other, so that these steps are left to one machine,
    once a night, after the crawls.
    """
    cities = tuple(cities_in(output, "pairs"))
    run = runs.start(output, "gather", cities, {})
    damaged = dict(mark_reposts(output))
    history.record(output, run.run_id, datetime.now(UTC))
    unread: dict[str, str] = {}
    path = page.write(output, load_cities(cities_dir), unread)
    damaged |= unread
    runs.finish(run, {key: {"failed": why} for key, why in damaged.items()}, 3 if damaged else 0)
    return Gathered(path, cities, damaged)
