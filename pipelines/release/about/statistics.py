"""Statistics of a release's tables, counted while they are written.

They are of the rows and texts in the release: of an article released as an excerpt, the characters
of the excerpt. Card and datasheet print them.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.release.content.suspicion import SUSPECT
from pipelines.tables.vocabulary import LANGS


@dataclass(slots=True)
class Statistics:
    """Counts over the rows added so far."""

    articles: Counter[str] = field(default_factory=Counter)
    """By language."""
    characters: Counter[str] = field(default_factory=Counter)
    """Of the released texts, by language."""
    years: Counter[str] = field(default_factory=Counter)
    """Articles by year of publication in the cities' time; `undated` for the rest."""
    first: str | None = None
    last: str | None = None
    """Days of publication, ISO 8601."""
    archives: Counter[str] = field(default_factory=Counter)
    """Articles by the web archive they were fetched from, and its crawl or collection."""
    suspicion: Counter[str] = field(default_factory=Counter)
    """English articles by `mt_suspect`: suspect, not_suspect, not_told (null)."""
    signs: Counter[str] = field(default_factory=Counter)
    """Suspect articles by sign."""
    bands: Counter[str] = field(default_factory=Counter)
    """Pairs by tenth of their probability, named by its lower end."""
    days_apart: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    """Beads by kind."""
    flags: Counter[str] = field(default_factory=Counter)
    """Beads by flag."""
    aligned: Counter[str] = field(default_factory=Counter)
    """Beads with both sides, and the characters of each of these."""

    def add_articles(self, table: pa.Table, present: pa.Array) -> None:
        """Add articles; `present` is true for those in the release."""
        lengths = pc.fill_null(pc.utf8_length(table["text"]), 0)
        light = pa.table(
            {
                "lang": table["lang"],
                "characters": lengths.cast(pa.int64()),
                "archive": _without_time(table["fetched_from"]),
                "published": pc.local_timestamp(table["published_at"]),
                "suspect": table["mt_suspect"],
                "signs": table["mt_signs"],
            }
        ).filter(present)
        grouped = light.group_by("lang").aggregate([("characters", "sum"), ([], "count_all")])
        for row in grouped.to_pylist():
            self.articles[row["lang"]] += row["count_all"]
            self.characters[row["lang"]] += row["characters_sum"]
        _count(self.years, pc.fill_null(pc.year(light["published"]).cast(pa.string()), "undated"))
        _count(self.archives, light["archive"])
        found = pc.min_max(light["published"]).as_py()
        if found["min"] is not None:
            first, last = (found[end].date().isoformat() for end in ("min", "max"))
            self.first, self.last = min(self.first or first, first), max(self.last or last, last)
        english = light.filter(pc.equal(light["lang"], "en"))
        scored = english["suspect"].drop_null()
        flagged = pc.greater_equal(english["suspect"], SUSPECT)
        suspect = int(pc.sum(flagged).as_py() or 0)
        self.suspicion["suspect"] += suspect
        self.suspicion["not_suspect"] += len(scored) - suspect
        self.suspicion["not_told"] += english.num_rows - len(scored)
        _count(self.signs, pc.list_flatten(english.filter(flagged)["signs"]))

    def add_pairs(self, table: pa.Table) -> None:
        """Add pairs that are in the release."""
        tenths = np.floor(table["probability"].to_numpy().astype(np.float64) * 10 + 1e-6)
        _count(self.bands, pa.array([f"{min(tenth, 9) / 10:.1f}" for tenth in tenths.tolist()]))
        _count(self.days_apart, pc.struct_field(table["evidence"], "days_apart"))

    def add_sentences(self, table: pa.Table) -> None:
        """Add beads that are in the release."""
        _count(self.kinds, table["kind"])
        _count(self.flags, pc.list_flatten(table["flags"]))
        lengths = [pc.fill_null(pc.utf8_length(table[side]), 0).to_numpy() for side in LANGS]
        both = (lengths[0] > 0) & (lengths[1] > 0)
        self.aligned["beads"] += int(both.sum())
        for side, length in zip(LANGS, lengths, strict=True):
            self.aligned[side] += int(length[both].sum())

    def as_json(self) -> dict[str, Any]:
        """Return the counts for a manifest."""
        days = sorted(self.days_apart.elements())
        quarters = [days[len(days) * at // 4] for at in (1, 2, 3) if days]
        return {
            "published": {"first": self.first, "last": self.last},
            "articles": _sorted(self.articles),
            "characters": _sorted(self.characters),
            "articles_by_year": _sorted(self.years),
            "articles_by_archive": _sorted(self.archives),
            "mt_suspect": {**_sorted(self.suspicion), "signs": _sorted(self.signs)},
            "pairs_by_probability": _sorted(self.bands),
            "days_apart_quartiles": quarters if days else None,
            "sentences_by_kind": _sorted(self.kinds),
            "sentences_by_flag": _sorted(self.flags),
            "aligned": {
                "sentences": self.aligned["beads"],
                "zh_characters": self.aligned["zh"],
                "en_characters": self.aligned["en"],
            },
        }


def _without_time(origins: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return service and crawl of `fetched_from`, without the time of the capture."""
    return pc.replace_substring_regex(origins, r" [^ ]*$", "")


def _count(counter: Counter[Any], values: pa.ChunkedArray | pa.Array) -> None:
    for row in pc.value_counts(pc.drop_null(values)).to_pylist():
        counter[row["values"]] += row["counts"]


def _sorted(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items()))
