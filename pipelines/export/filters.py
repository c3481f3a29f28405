"""Filters of pairs and beads, and the rows that each removed."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import UsageError, check_words
from pipelines.tables.vocabulary import DECISION, FLAGS, RELATIONS, SCRIPTS

Test = tuple[str, pa.ChunkedArray]
"""Name of a filter, and the rows that pass it; null fails."""

ANY = "any"
"""In place of a flag: every flag."""
OF_BEADS = ("min_bead_probability", "min_similarity", "kinds", "without_flags")
"""Filters of beads, which choose no pairs."""

_KIND = re.compile(r"(?!0-0)([0-9]|[1-9][0-9])-([0-9]|[1-9][0-9])")


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters of exports.

    The defaults keep every likely pair and all its beads. Empty tuples keep all. `scripts` are
    those of the Chinese text, Hans or Hant; `since` and `until` are days on which both articles
    were published, inclusive; `best` keeps pairs that are one to one. `min_bead_probability`,
    `min_similarity`, `kinds` and `without_flags` are about beads.
    """

    min_probability: float = DECISION
    relations: tuple[str, ...] = ()
    best: bool = False
    cities: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    min_bead_probability: float = 0.0
    kinds: tuple[str, ...] = ()
    without_flags: tuple[str, ...] = ()
    min_similarity: float = 0.0

    def __post_init__(self) -> None:
        """Raise `UsageError` for a value that no row can have."""
        for name in ("min_probability", "min_bead_probability", "min_similarity"):
            least = getattr(self, name)
            if not 0 <= least <= 1:
                raise UsageError(f"{name}: expected a number from 0 to 1, not {least!r}")
        for name in ("since", "until"):
            day = getattr(self, name)
            if day is not None and not isinstance(day, date):
                raise UsageError(f"{name}: expected a date like 2024-03-05, not {day!r}")
        if self.since and self.until and self.since > self.until:
            raise UsageError(f"since {self.since} is later than until {self.until}")
        check_words("relation", self.relations, RELATIONS)
        check_words("script", self.scripts, SCRIPTS)
        check_words("flag", self.without_flags, (*FLAGS, ANY))
        check_kinds(self.kinds)

    def check_for(self, rows: str, names: Mapping[str, str] = MappingProxyType({})) -> None:
        """Raise `UsageError` for a filter of beads where rows are not beads.

        `names`: of the filters, where they are given by others.
        """
        blank = Filters()
        given = [name for name in OF_BEADS if getattr(self, name) != getattr(blank, name)]
        if rows != "sentences" and given:
            named = ", ".join(names.get(name, name) for name in given)
            raise UsageError(
                f"{named} chooses sentences and would leave {rows} as they are: choose "
                "sentences, or leave it out"
            )


def check_kinds(kinds: Iterable[str]) -> None:
    """Raise `UsageError` for what is no kind of beads, such as 1-1."""
    for kind in map(str, kinds):
        if not _KIND.fullmatch(kind):
            meant = "-".join(re.findall("[0-9]+", unicodedata.normalize("NFKC", kind)))
            hint = f"; did you mean {meant}?" if _KIND.fullmatch(meant) else ""
            raise UsageError(
                f"expected numbers of Chinese and English sentences like 1-1 or 1-2, "
                f"not {kind!r}{hint}"
            )


@dataclass(slots=True)
class Losses:
    """Rows that a selection kept, and that each filter removed.

    `corrected`: alignments that reviewers corrected, before any filter; `pairs`: of beads, the
    pairs that each filter removed before them.
    """

    kept: int = 0
    removed: Counter[str] = field(default_factory=Counter)
    corrected: int = 0
    pairs: Counter[str] = field(default_factory=Counter)

    def sentence(self, noun: str) -> str:
        """Return the losses in words."""
        mended = f"; corrected by reviewers: {self.corrected:,}" if self.corrected else ""
        pairs = f"; pairs removed: {_in_words(self.pairs)}" if self.pairs.total() else ""
        return f"{self.kept:,} {noun} kept; removed: {_in_words(self.removed)}{pairs}{mended}"


def _in_words(removed: Counter[str]) -> str:
    return ", ".join(f"{count:,} by {name}" for name, count in removed.items() if count) or "none"


def chosen_pairs(table: pa.Table, filters: Filters, losses: Losses) -> pa.Table:
    """Return the pairs that pass.

    The table has the columns of `pairs`; with filters by script or date also zh_script,
    zh_published_at and en_published_at.
    """
    return passed(table, _of_pairs(table, filters), losses)


def chosen_beads(table: pa.Table, filters: Filters, losses: Losses) -> pa.Table:
    """Return the beads that pass.

    The table has the columns of `sentences`. Without a cosine a bead that a reviewer corrected
    passes the filter by similarity, others do not.
    """
    return passed(table, _of_beads(table, filters), losses)


def at_least(column: pa.ChunkedArray, least: float) -> pa.ChunkedArray:
    """Return the test for a stored share, which is of single precision.

    What is stored as .9 is at or above .9.
    """
    return pc.greater_equal(column, pa.scalar(float(np.float32(least)), pa.float32()))


def _of_pairs(table: pa.Table, filters: Filters) -> Iterator[Test]:
    if filters.min_probability > 0:
        yield "probability", at_least(table["probability"], filters.min_probability)
    if filters.relations:
        yield "relation", _among(table["relation"], filters.relations)
    if filters.best:
        yield "best", table["best"]
    if filters.scripts:
        yield "script", _among(table["zh_script"], filters.scripts)
    for bound, compare in ((filters.since, pc.greater_equal), (filters.until, pc.less_equal)):
        for side in ("zh", "en") if bound else ():
            local = pc.local_timestamp(table[f"{side}_published_at"])
            yield "date", compare(pc.cast(local, pa.date32(), safe=False), pa.scalar(bound))


def _of_beads(table: pa.Table, filters: Filters) -> Iterator[Test]:
    if filters.min_bead_probability > 0:
        yield "bead probability", at_least(table["probability"], filters.min_bead_probability)
    if filters.min_similarity > 0:
        like = at_least(table["similarity"], filters.min_similarity)
        yield "similarity", pc.or_kleene(like, _corrected(table))
    if filters.kinds:
        yield "kind", _among(table["kind"], filters.kinds)
    if filters.without_flags:
        unwanted = set(filters.without_flags)
        passes = [
            not (flags if ANY in unwanted else unwanted & set(flags or ()))
            for flags in table["flags"].to_pylist()
        ]
        yield "flags", pa.array(passes, pa.bool_())


def _corrected(table: pa.Table) -> pa.ChunkedArray:
    """Return the test for beads that a person set, without a cosine."""
    both = pc.match_substring_regex(table["kind"], "^[1-9][0-9]*-[1-9]")
    certain = pc.equal(table["probability"], pa.scalar(1.0, pa.float32()))
    return pc.and_kleene(pc.is_null(table["similarity"]), pc.and_kleene(both, certain))


def _among(column: pa.ChunkedArray, values: tuple[str, ...]) -> pa.ChunkedArray:
    return pc.is_in(column, pa.array(values, pa.string()))


def passed(table: pa.Table, tests: Iterable[Test], losses: Losses) -> pa.Table:
    """Return the rows that pass; count losses by the first failure."""
    left = np.ones(table.num_rows, dtype=bool)
    for name, passes in tests:
        now = left & np.asarray(pc.fill_null(passes, False))
        losses.removed[name] += int(left.sum() - now.sum())
        left = now
    losses.kept += int(left.sum())
    return table.filter(pa.array(left))
