"""Tables of a corpus as Arrow, filtered."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypedDict, Unpack, get_type_hints

import pyarrow as pa

from pipelines.cli.checks import existing
from pipelines.errors import UsageError, known_ones
from pipelines.export import rows
from pipelines.export.filters import Filters, Losses
from shizheng import arguments

_SEVERAL = {"relations", "cities", "scripts", "kinds", "without_flags"}
_DAYS = {"since", "until"}


class Chosen(TypedDict, total=False):
    """Filters as keywords, those of `shizheng export`.

    `min_probability` is .5 unless named; `since` and `until`, days such as "2024-03-05", are about
    both articles; the last four are about beads.
    """

    min_probability: float
    relations: str | Sequence[str]
    best: bool
    cities: str | Sequence[str]
    scripts: str | Sequence[str]
    since: date | str | None
    until: date | str | None
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
        hints, given = get_type_hints(Chosen), dict[str, Any]()
        for name, value in filters.items():
            if name not in hints:
                raise TypeError(f"unknown filter {name}; {known_ones(name, (*hints,))}")
            kept, problem = arguments.read(name, value, hints[name])
            if problem:
                raise UsageError(problem)
            given[name] = _read(name, kept)
        found = rows.read(self.folder, kind, Filters(**given), Losses())
        return pa.concat_tables(found)


def _read(name: str, value: Any) -> Any:
    """Return a filter's value as `Filters` takes it."""
    if name in _SEVERAL:
        return (value,) if isinstance(value, str) else tuple(value)
    if name in _DAYS and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value  # which `Filters` refuses
    return value.date() if isinstance(value, datetime) else value


@arguments.checked
def open(output: str | os.PathLike[str] = "output") -> Corpus:  # noqa: A001 - shizheng.open
    """Open the corpus in a folder, the `--output` of commands.

    Raises `UsageError` if there is no such folder, and for a release, which any reader of Parquet
    opens.
    """
    if "://" in str(output):
        raise UsageError(
            f"{output}: expected a folder; `shizheng pull` copies a stored corpus to one"
        )
    folder = existing(Path(output))
    if (folder / "manifest.json").is_file() and (folder / "data").is_dir():
        raise UsageError(
            f"{output}: a release, whose tables are Parquet: read {output}/data/sentences with "
            "pandas or `datasets`, or open the corpus it was made from"
        )
    return Corpus(folder)
