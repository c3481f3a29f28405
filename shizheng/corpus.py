"""Tables of a corpus as Arrow, filtered."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypedDict, Unpack

import pyarrow as pa

from pipelines.cli.checks import existing
from pipelines.errors import known_ones
from pipelines.export import rows
from pipelines.export.filters import Filters, Losses

_SEVERAL = {"relations", "cities", "scripts", "kinds", "without_flags"}


class Chosen(TypedDict, total=False):
    """Filters as keywords, those of `shizheng export`.

    `min_probability` is .5 unless named; `since` and `until` are about both articles; the last
    four are about beads.
    """

    min_probability: float
    relations: str | Sequence[str]
    best: bool
    cities: str | Sequence[str]
    scripts: str | Sequence[str]
    since: date | None
    until: date | None
    min_bead_probability: float
    min_similarity: float
    kinds: str | Sequence[str]
    without_flags: str | Sequence[str]


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus in a folder: `open` returns it.

    Each method takes filters as keywords (`Chosen`). A table is `pyarrow.Table`: `.to_pandas()`, or
    `polars.from_arrow(table)`.
    """

    folder: Path

    def pairs(self, **filters: Unpack[Chosen]) -> pa.Table:
        """Return links of articles, with scripts and dates of both."""
        return self._table("pairs", filters)

    def documents(self, **filters: Unpack[Chosen]) -> pa.Table:
        """Return links of articles with both whole texts."""
        return self._table("documents", filters)

    def sentences(self, **filters: Unpack[Chosen]) -> pa.Table:
        """Return aligned sentences, with their pair's relation and script."""
        return self._table("sentences", filters)

    def _table(self, kind: str, filters: Chosen) -> pa.Table:
        for name in filters:
            if name not in Chosen.__annotations__:
                raise TypeError(
                    f"unknown filter {name}; {known_ones(name, (*Chosen.__annotations__,))}"
                )
        several: dict[str, Any] = {
            name: (value,) if isinstance(value, str) else value for name, value in filters.items()
        }
        for name in several.keys() & _SEVERAL:
            several[name] = tuple(several[name])
        found = rows.read(self.folder, kind, Filters(**several), Losses())
        return pa.concat_tables(found)


def open(output: str | os.PathLike[str] = "output") -> Corpus:  # noqa: A001 - shizheng.open
    """Open the corpus in a folder, the `--output` of commands.

    Raises `UsageError` if there is no such folder.
    """
    return Corpus(existing(Path(output)))
