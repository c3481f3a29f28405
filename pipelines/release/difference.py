"""Differences of two releases, with reasons, from the two alone."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.release.content.withdrawal import digest
from pipelines.release.snapshot import Snapshot

Row = Mapping[str, Any]
Why = Callable[[Row], str]

_ARTICLE = [
    "article_id", "city", "lang", "script", "published_at", "content_sha256", "revision", "held",
]  # fmt: skip
_PAIR = ["pair_id", "city", "zh_id", "en_id", "probability", "relation", "best", "method"]


def compare_releases(old: Snapshot, new: Snapshot) -> dict[str, Any]:
    """Return `{"from", "to", "settings": {name: [old, new]}, "tables": {table: {what: {reason:
    [ids]}}}}`, where what is added, removed or changed.

    An article is `corrected` when its revision rose, and otherwise `text changed` (masked or cut
    differently). Rows that came with another threshold have another reason than
    rows that are new.
    """
    articles = (old.read("articles", _ARTICLE), new.read("articles", _ARTICLE))
    pairs = (old.read("pairs", _PAIR), new.read("pairs", _PAIR))
    gone = frozenset(new.manifest["withdrawn"]["digests"])
    had = set(_missing(*articles, "article_id"))
    tables = {
        "articles": {
            "added": _grouped(_rows(articles[1], articles[0], "article_id"), _article_came(old)),
            "removed": _grouped(_rows(*articles, "article_id"), _article_left(new, gone)),
            "changed": _grouped(
                _changed(*articles, "article_id", ["content_sha256", "revision", "held"]),
                _article_changed,
            ),
        },
        "pairs": {
            "added": _grouped(
                _rows(pairs[1], pairs[0], "pair_id"),
                _pair_came(old, set(_missing(articles[1], articles[0], "article_id"))),
            ),
            "removed": _grouped(_rows(*pairs, "pair_id"), _pair_left(new, gone, had, pairs[1])),
            "changed": _grouped(
                _changed(*pairs, "pair_id", ["probability", "relation", "method"]), _pair_changed
            ),
        },
    }
    settings = {
        name: [before, after]
        for name in ("schema_version", "shizheng", "models", "thresholds", "split")
        if (before := old.manifest.get(name)) != (after := new.manifest.get(name))
    }
    kept = {
        table: {what: why for what, why in kinds.items() if why} for table, kinds in tables.items()
    }
    return {
        "from": old.version,
        "to": new.version,
        "settings": settings,
        "tables": {table: kinds for table, kinds in kept.items() if kinds},
    }


def _article_left(new: Snapshot, gone: frozenset[str]) -> Why:
    def why(row: Row) -> str:
        if digest(row["article_id"]) in gone:
            return "withdrawn"
        if _outside(row, new.manifest["thresholds"]):
            return "outside the new selection"
        if new.manifest["split"]:
            return "left out by the split, or no longer in the corpus"
        return "no longer in the corpus"

    return why


def _article_came(old: Snapshot) -> Why:
    withdrawn = frozenset(old.manifest["withdrawn"]["digests"])

    def why(row: Row) -> str:
        if digest(row["article_id"]) in withdrawn:
            return "no longer withdrawn"
        if _outside(row, old.manifest["thresholds"]):
            return "outside the old selection"
        return "new, or left out by the old split" if old.manifest["split"] else "new"

    return why


def _article_changed(row: Row) -> str:
    if row["revision"] != row["revision_new"]:
        return "corrected"
    return "rights" if row["held"] != row["held_new"] else "text changed"


def _pair_left(new: Snapshot, gone: frozenset[str], had: set[str], present: pa.Table) -> Why:
    counterparts = set(present["zh_id"].to_pylist()) | set(present["en_id"].to_pylist())
    thresholds = new.manifest["thresholds"]

    def why(row: Row) -> str:
        sides = (row["zh_id"], row["en_id"])
        if any(digest(side) in gone for side in sides):
            return "withdrawn"
        if any(side in had for side in sides):
            return "its article is no longer there"
        if row["probability"] < thresholds["min_probability"]:
            return "no longer above threshold: it was raised"
        if _unwanted(row, thresholds):
            return "outside the new selection"
        if any(side in counterparts for side in sides):
            return "its article has another counterpart"
        return "no longer above threshold"

    return why


def _pair_came(old: Snapshot, came: set[str]) -> Why:
    thresholds = old.manifest["thresholds"]

    def why(row: Row) -> str:
        if row["zh_id"] in came or row["en_id"] in came:
            return "new article"
        if row["probability"] < thresholds["min_probability"]:
            return "now above threshold: it was lowered"
        return "outside the old selection" if _unwanted(row, thresholds) else "new"

    return why


def _pair_changed(row: Row) -> str:
    if row["method"] != row["method_new"]:
        return "another model"
    return "relation" if row["relation"] != row["relation_new"] else "probability"


def _unwanted(row: Row, thresholds: Mapping[str, Any]) -> bool:
    one_to_one = thresholds.get("best", False)
    return row["relation"] not in thresholds["relations"] or bool(one_to_one and not row["best"])


def _outside(row: Row, thresholds: Mapping[str, Any]) -> bool:
    published: datetime | None = row["published_at"]
    day = published.date() if published else None
    since, until = thresholds["since"], thresholds["until"]
    scripts = thresholds.get("scripts")
    return bool(
        (thresholds["cities"] and row["city"] not in thresholds["cities"])
        or row["lang"] not in thresholds["langs"]
        or (scripts and row["lang"] == "zh" and row["script"] not in scripts)
        or (since and (day is None or day < date.fromisoformat(since)))
        or (until and (day is None or day > date.fromisoformat(until)))
    )


def _grouped(rows: Iterator[Row], why: Why) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        key = row["article_id"] if "article_id" in row else row["pair_id"]
        found.setdefault(why(row), []).append(key)
    return {reason: sorted(found[reason]) for reason in sorted(found)}


def _rows(here: pa.Table, there: pa.Table, key: str) -> Iterator[Row]:
    """Yield the rows of `here` that are not in `there`."""
    missing = pc.invert(pc.is_in(here[key], there[key].combine_chunks()))
    for batch in here.filter(missing).to_batches():
        yield from batch.to_pylist()


def _missing(here: pa.Table, there: pa.Table, key: str) -> list[str]:
    missing = pc.invert(pc.is_in(here[key], there[key].combine_chunks()))
    return [str(value) for value in here[key].filter(missing).to_pylist()]


def _changed(old: pa.Table, new: pa.Table, key: str, watched: list[str]) -> Iterator[Row]:
    """Yield rows of both tables that differ in a watched column.

    Each is the old row, with the new values of the watched columns as `<name>_new`.
    """
    place = pc.index_in(old[key], new[key].combine_chunks())
    both = pc.is_valid(place)
    before, after = old.filter(both), new.take(place.filter(both))
    differs = None
    for name in watched:
        here = pc.fill_null(pc.not_equal(before[name], after[name]), True)
        here = pc.and_(here, pc.or_(pc.is_valid(before[name]), pc.is_valid(after[name])))
        differs = here if differs is None else pc.or_(differs, here)
    changed = after.filter(differs).select(watched).to_pylist()
    for row, values in zip(before.filter(differs).to_pylist(), changed, strict=True):
        yield row | {f"{name}_new": value for name, value in values.items()}
