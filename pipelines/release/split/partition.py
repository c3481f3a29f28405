"""Partition of a release's articles: components, then a split, then leaks."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.articles import duplicates
from pipelines.export.filters import Losses
from pipelines.release.content.selection import CityPlan, Thresholds, pairs, stored_texts
from pipelines.release.content.writing import texts
from pipelines.release.split import leaks as neighbours
from pipelines.release.split import splits
from pipelines.release.split.splits import Split
from pipelines.release.tables import Integers
from pipelines.tables import files, parquet, schema
from pipelines.tables.vocabulary import DECISION, LANGS

_AT_ONCE = 4_096
"""Texts hashed at once; set by hand, for memory."""


def divide(
    output: Path, plans: Sequence[CityPlan], kind: str, least: Thresholds
) -> tuple[Split, dict[str, int]]:
    """Set the plans' `split`; return it, and the left-out articles by reason.

    `kind` is one of `splits.KINDS`, or words that `splits.targets_of` reads. Raises `SplitError`.
    """
    starts = np.cumsum([0, *(planned.rows.num_rows for planned in plans)])
    count = int(starts[-1])
    # Two articles claimed as a pair belong together also where a release asks for more.
    edges = [
        (int(start) + first, int(start) + second)
        for planned, start in zip(plans, starts, strict=False)
        for first, second in _joined(output, planned, min(DECISION, least.min_probability))
    ]
    joined = splits.components(count, edges)
    if kind == "time":
        days = [pc.fill_null(planned.rows["day"], -1).to_numpy() for planned in plans]
        part, split = splits.by_time(np.concatenate(days), joined)
    elif kind == "city":
        sizes = [planned.rows.num_rows for planned in plans]
        parts, split = splits.by_city([planned.city for planned in plans], sizes)
        part = np.repeat(np.array(parts, dtype=np.int8), sizes)
    else:
        owned = [_owned(output, planned, least) for planned in plans]
        ids = [key for planned in plans for key in planned.rows["article_id"].to_pylist()]
        part, split = splits.by_shares(splits.targets_of(kind), joined, np.concatenate(owned), ids)
    found = np.zeros((count, neighbours.KEYS), dtype=np.uint64)
    for planned, start in zip(plans, starts, strict=False):
        for positions, table in texts(planned):
            _sketch(found, positions + start, table)
    leaks = neighbours.leaks(found, part, partial(_read, plans, starts))
    leaking = [*leaks.crowded, *(early for early, _ in leaks.pairs)]
    undated = int((part == splits.LEFT_OUT).sum())
    part = splits.without(part, joined, leaking)
    for planned, begin, end in zip(plans, starts[:-1], starts[1:], strict=True):
        planned.split = part[begin:end]
    gone = int((part == splits.LEFT_OUT).sum()) - undated
    return split, {"undated_articles": undated, "near_duplicates_across_splits": gone}


def _owned(output: Path, planned: CityPlan, thresholds: Thresholds) -> Integers:
    """Return the number of released pairs of each Chinese article."""
    found = pairs(output, planned, thresholds, Losses())
    at = pc.index_in(found["zh_id"], planned.rows["article_id"]).to_numpy()
    return np.bincount(at, minlength=planned.rows.num_rows)


def _joined(output: Path, planned: CityPlan, least: float) -> list[tuple[int, int]]:
    """Return joined positions in a plan: reposts, and pairs."""
    ids = planned.rows["article_id"]
    edges = []
    table = parquet.read_table(
        files.table_path(output, "pairs", planned.city),
        schema.PAIRS,
        ["zh_id", "en_id", "probability"],
    )
    table = table.filter(pc.greater_equal(table["probability"], least))
    heads = planned.rows["duplicate_of"]
    own = pa.chunked_array([pa.array(np.arange(len(ids), dtype=np.int32))])
    for first, second in (
        (own, pc.index_in(heads, ids)),
        (pc.index_in(table["zh_id"], ids), pc.index_in(table["en_id"], ids)),
    ):
        both = pa.table({"first": first, "second": second}).drop_null()
        edges += list(zip(both["first"].to_pylist(), both["second"].to_pylist(), strict=True))
    # The head of a cluster may be outside the release; its members still belong together.
    orphaned: dict[str, int] = {}
    orphans = pc.and_(pc.is_valid(heads), pc.is_null(pc.index_in(heads, ids)))
    for position in pc.indices_nonzero(orphans).to_pylist():
        edges.append((orphaned.setdefault(heads[position].as_py(), position), position))
    return edges


def _sketch(found: Integers, positions: Integers, table: pa.Table) -> None:
    for begin in range(0, table.num_rows, _AT_ONCE):
        rows = table.slice(begin, _AT_ONCE)
        here = positions[begin : begin + _AT_ONCE]
        for lang in LANGS:
            own = pc.equal(rows["lang"], lang)
            chosen = rows.filter(own)["text"].combine_chunks()
            found[here[own.to_numpy()]] = neighbours.keys(chosen, lang)


def _read(
    plans: Sequence[CityPlan], starts: Integers, wanted: Integers
) -> Iterator[tuple[int, duplicates.ArticleRow]]:
    columns = ["article_id", "lang", "title", "text"]
    for planned, begin, end in zip(plans, starts[:-1], starts[1:], strict=True):
        here = wanted[(wanted >= begin) & (wanted < end)] - begin
        for positions, table in stored_texts(planned, here, columns):
            for position, row in zip(positions.tolist(), table.to_pylist(), strict=True):
                yield (
                    int(begin) + position,
                    duplicates.ArticleRow(
                        row["article_id"], row["lang"], row["title"] or "", row["text"] or "", None
                    ),
                )
