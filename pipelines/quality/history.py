"""History of runs: changes since the last one, and usual values.

`reports/history.jsonl` has a line for each run, the oldest first: counts and medians per city, and
the pairs that came, went or changed. `reports/kept.parquet` has the claimed pairs as of the last
line, to compare with. Both are written whole or not at all, the record first: after a crash in
between the next run compares with the older state, so that a change is reported twice, never lost.
Deleting both begins the history anew and loses nothing else.
"""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crawler.ordinary import ordinary
from pipelines.tables import atomic, damage, files, lock, parquet, schema, text_files
from pipelines.tables.articles import read_articles
from pipelines.tables.columns import claimed, evidence, flat, floats

WINDOW = 100
"""Newest English articles of a city that are measured: older ones would hide a change."""

FEWEST = 20
"""Least number of English articles to measure. Set by hand."""

LINES = 400
"""Runs in the history; more than a year of daily ones."""

EXAMPLES = 20
"""Pairs listed for each kind of change."""

_KEPT = pa.schema(
    [schema.PAIRS.field(name) for name in ("pair_id", "city", "zh_title", "en_title", "aligned_at")]
)


@dataclass(frozen=True, slots=True)
class Measures:
    """One city after a run. `pairs` are those claimed.

    The rest is of the `window` newest English articles that are no duplicates: `yield_` the share
    of them with a counterpart (0-1), `score` (log odds) and `length_ratio` the medians of their
    pairs; None if there are too few.
    """

    pairs: int
    window: int
    yield_: float | None
    score: float | None
    length_ratio: float | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A pair that came, went or was aligned anew with another result.

    `what` is `new`, `gone` or `changed`.
    """

    what: str
    city: str
    pair_id: str
    zh_title: str
    en_title: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One line of the history. Times are UTC, ISO 8601.

    `since` is the time of the state compared with, None for the first.
    """

    run_id: str
    at: str
    since: str | None
    cities: Mapping[str, Measures]
    counts: Mapping[str, int]
    examples: tuple[Changed, ...]


def record(output: Path, run_id: str, now: datetime) -> RunRecord:
    """Compare the claimed pairs with the last record and append a line.

    Returns the line. A city whose tables are damaged has no measures in it, and its pairs count as
    unchanged. Runs that end together write one after the other. Raises `StoreError` for a broken
    record.
    """
    with lock.waiting(output / "reports" / ".history.lock"):
        return _record(output, run_id, now)


def _record(output: Path, run_id: str, now: datetime) -> RunRecord:
    past = read(output)
    before = _KEPT.empty_table()
    path = output / "reports" / "kept.parquet"
    if path.exists():
        before = _read_kept(path)
    kept, measures = [], {}
    for city in files.cities_in(output, "pairs"):
        try:
            rows, measures[city] = _measure(output, city)
        except damage.StoreError as error:
            if error.city != city:
                raise
            # Its present pairs are unknown; that they are gone would be wrong.
            rows = before.filter(pc.equal(before["city"], city))
        kept.append(rows)
    now_kept = pa.concat_tables(kept) if kept else _KEPT.empty_table()
    changes = _changes(before, now_kept)
    entry = RunRecord(
        run_id=run_id,
        at=now.astimezone(UTC).isoformat(timespec="seconds"),
        since=past[-1].at if past and path.exists() else None,
        cities=measures,
        counts={what: len(found) for what, found in changes.items()},
        examples=tuple(change for found in changes.values() for change in _spread(found)),
    )
    lines = [_line(old) for old in past[-LINES + 1 :]] + [_line(entry)]
    with atomic.replacing(output / "reports" / "history.jsonl") as file:
        file.write("".join(lines).encode())
    with atomic.replacing(path) as file:
        pq.write_table(now_kept, file, **parquet.WRITTEN)
    return entry


def read(output: Path) -> list[RunRecord]:
    """Return the history, the oldest line first; empty without a record."""
    path = output / "reports" / "history.jsonl"
    if not path.exists():
        return []
    found = []
    for number, line in enumerate(text_files.lines(ordinary(path).read_text(encoding="utf-8")), 1):
        try:
            raw = json.loads(line)
            found.append(
                RunRecord(
                    **raw
                    | {
                        "cities": {c: Measures(**m) for c, m in raw["cities"].items()},
                        "examples": tuple(Changed(**change) for change in raw["examples"]),
                    }
                )
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise damage.StoreError(
                f"{path}:{number}: expected one record of a run as JSON ({error}); "
                "delete the line, or the file to begin the history anew"
            ) from error
    return found


def usual(past: Sequence[RunRecord], city: str, runs: int) -> dict[str, float]:
    """Return the median of each measure of a city.

    Over its last `runs` records with that measure.
    """
    found = {}
    for name in ("yield_", "score", "length_ratio"):
        values = [getattr(e.cities[city], name) for e in past if city in e.cities]
        known = [value for value in values if value is not None][-runs:]
        if known:
            found[name] = statistics.median(known)
    return found


def newest_english(output: Path, city: str) -> pa.Table:
    """Return the newest English articles of a city, at most `WINDOW`.

    Without duplicates. The last stored come first, of one run those published last.
    """
    columns = ["article_id", "lang", "title", "url", "first_seen", "published_at", "duplicate_of"]
    articles = read_articles(output, city, columns)
    english = pc.and_(pc.equal(articles["lang"], "en"), pc.is_null(articles["duplicate_of"]))
    order = [("first_seen", "descending"), ("published_at", "descending")]
    return articles.filter(english).sort_by([*order, ("article_id", "ascending")])[:WINDOW]


def _measure(output: Path, city: str) -> tuple[pa.Table, Measures]:
    """Return the claimed pairs of a city, and its measures.

    The pairs have the columns of the snapshot.
    """
    path = files.table_path(output, "pairs", city)
    columns = ["pair_id", "city", "zh_title", "en_title", "aligned_at", "en_id"]
    columns += ["probability", "score", "evidence"]
    pairs = claimed(parquet.read_table(path, schema.PAIRS, columns))
    recent = newest_english(output, city)
    of_recent = pairs.filter(pc.is_in(pairs["en_id"], value_set=flat(recent["article_id"])))
    enough = recent.num_rows >= FEWEST
    matched = len(pc.unique(of_recent["en_id"]))
    return pairs.select(_KEPT.names).cast(_KEPT), Measures(
        pairs=pairs.num_rows,
        window=recent.num_rows,
        yield_=round(matched / recent.num_rows, 4) if enough else None,
        score=_median(floats(of_recent["score"])) if enough else None,
        length_ratio=_median(evidence(of_recent, "length_ratio")) if enough else None,
    )


def _median(values: Any) -> float | None:
    known = values[np.isfinite(values)]
    return round(float(np.median(known)), 4) if len(known) else None


def _changes(before: pa.Table, after: pa.Table) -> dict[str, list[Changed]]:
    old, new = flat(before["pair_id"]), flat(after["pair_id"])
    both = after.select(["pair_id", "aligned_at"]).join(
        before.select(["pair_id", "aligned_at"]), "pair_id", join_type="inner", right_suffix="_old"
    )
    anew = both.filter(pc.not_equal(both["aligned_at"], both["aligned_at_old"]))["pair_id"]
    return {
        "new": _named("new", after, pc.invert(pc.is_in(new, value_set=old))),
        "gone": _named("gone", before, pc.invert(pc.is_in(old, value_set=new))),
        "changed": _named("changed", after, pc.is_in(new, value_set=flat(anew))),
    }


def _named(what: str, pairs: pa.Table, rows: Any) -> list[Changed]:
    columns = ["city", "pair_id", "zh_title", "en_title"]
    found = (
        pairs.filter(rows)
        .select(columns)
        .sort_by([("city", "ascending"), ("pair_id", "ascending")])
    )
    return [
        Changed(what, **{name: value or "" for name, value in row.items()})
        for row in found.to_pylist()
    ]


def _spread(changes: list[Changed]) -> list[Changed]:
    """Return at most `EXAMPLES` changes, spread over the list.

    So one city cannot fill it.
    """
    step = max(1, -(-len(changes) // EXAMPLES))
    return changes[::step]


def _read_kept(path: Path) -> pa.Table:
    try:
        with parquet.opened(path) as file:
            return file.read().cast(_KEPT)
    except damage.StoreError as error:
        raise damage.StoreError(
            f"{error}: the next run then compares with nothing, and the one after with that"
        ) from error


def _line(entry: RunRecord) -> str:
    return json.dumps(asdict(entry), ensure_ascii=False) + "\n"
