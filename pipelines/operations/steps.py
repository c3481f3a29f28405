"""Steps over several cities: alignment and reposts."""

import os
import traceback
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.city_file import load_cities
from crawler.errors import ExitCode
from pipelines import errors, pool
from pipelines.tables import files
from pipelines.terminal import complain, progress

if TYPE_CHECKING:
    from pipelines.align import Summary
    from pipelines.pairs.prepared import Unread


def unread_sentence(city: str, article: "Unread") -> str:
    """Return an article that alignment left out as a sentence."""
    where = f" ({article.url})" if article.url else ""
    return f"{city}: article {article.article_id}{where}: {article.reason}; the others were aligned"


@dataclass(frozen=True, slots=True)
class Aligned:
    """Results of aligning cities: summaries, and the reasons of failure as sentences."""

    summaries: Mapping[str, "Summary"]
    failed: Mapping[str, str]


def align_all(
    output: Path,
    cities: Sequence[str],
    *,
    cities_dir: Path | None = None,
    encoder: str | None = None,
    jobs: int | None = None,
) -> Aligned:
    """Align the cities, each independent of the failures of others.

    Raises a `ShizhengError` of code USAGE: it is the command's, and so every city's.
    """
    from pipelines import align

    known = load_cities(cities_dir)
    days = {key: known[key].max_days for key in cities if key in known}
    step = partial(align.align_shard, output, encoder=encoder, max_days=days)
    with progress() as tracker:
        done: list[str] = []

        def on_done(city: str) -> None:
            done.append(city)
            tracker.update("aligning", len(done), len(cities), city)

        tracker.update("aligning", 0, len(cities))
        size = partial(files.articles_bytes, output)
        found = pool.try_shards(step, list(cities), jobs=jobs, on_done=on_done, size=size)
    for error in found.errors.values():
        if errors.exit_code(error) == ExitCode.USAGE:
            raise error
        if os.environ.get("SHIZHENG_DEBUG"):
            traceback.print_exception(error)
    return Aligned(
        found.results, {city: errors.sentence(error) for city, error in found.errors.items()}
    )


def mark_reposts(output: Path, held: Collection[str] = ()) -> Mapping[str, str]:
    """Mark reposts of other cities' articles; return damaged cities with reasons.

    `held` are the cities whose locks are held. Damaged cities that are not held are complained of
    here.
    """
    from pipelines.articles import reposts

    marked = reposts.mark(output, held=held)
    for city in marked.busy:
        complain(f"{city}: another run is writing it; its reposts are marked by the next run")
    for city in marked.damaged.keys() - set(held):
        complain(f"{city}: {marked.damaged[city]}")
    return marked.damaged
