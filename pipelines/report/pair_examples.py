"""Pairs to show, by a seeded sample, with sentences and runners-up."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.report import traits
from pipelines.report.counts import doubts
from pipelines.tables import files, parquet, schema
from pipelines.tables.columns import Mask, bands, mask, probabilities
from pipelines.tables.parquet import Row
from pipelines.tables.vocabulary import DECISION

SEED = "shizheng report"

PER_TRAIT = 3
"""Examples of each trait in a sample, if there are so many."""


@dataclass(frozen=True, slots=True)
class ArticleSide:
    """One article of a pair.

    `text` is read only if there are no sentences to show.
    """

    article_id: str
    lang: str
    title: str
    url: str
    published_at: datetime | None = None
    source: str = ""
    column: str = ""
    script: str = ""
    flags: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class StoredBead:
    """A bead as stored: aligned sentences of both languages."""

    kind: str
    zh: str
    en: str
    probability: float | None
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rival:
    """The best other candidate of either article; `side` is its other article."""

    row: Row
    side: ArticleSide


@dataclass(frozen=True, slots=True)
class PairExample:
    """One pair with its sentences, doubts and runner-up."""

    row: Row
    zh: ArticleSide
    en: ArticleSide
    beads: tuple[StoredBead, ...]
    doubts: tuple[str, ...]
    rival: Rival | None = None
    traits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The pairs chosen out of `total`, by city, with their traits.

    `whole` if all of them are.
    """

    pair_ids: Mapping[str, tuple[str, ...]]
    total: int
    traits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(map(len, self.pair_ids.values()))

    @property
    def whole(self) -> bool:
        return self.size == self.total


def stratified(strata: Mapping[Any, Sequence[str]], size: int, seed: str = SEED) -> set[str]:
    """Return `size` ids, as evenly from the strata as these allow.

    Ids are drawn in the order of a seeded digest, so the sample depends on nothing but the ids:
    more pairs in one stratum do not change the draw from the others.
    """
    drawn = [
        (turn, _rank(str(stratum), seed), key)
        for stratum, ids in strata.items()
        for turn, key in enumerate(sorted(ids, key=lambda key: _rank(key, seed))[:size])
    ]
    return {key for _, _, key in sorted(drawn)[:size]}


@dataclass(frozen=True, slots=True)
class _CityPairs:
    """A city's pairs.

    Their ids, the digests in whose order they are drawn, their bands, and the rows with each trait.
    """

    city: str
    ids: list[str]
    ranks: list[bytes]
    bands: list[int]
    traits: Mapping[str, Mask]


def choose(output: Path, size: int, wanted: Collection[str] = ()) -> Choice:
    """Choose the pairs to show.

    All if at most `size`, else a sample by city and band. Up to half of a sample are pairs `wanted`
    and examples of each trait, so that every figure leads to a pair.
    """
    cities = [_city_pairs(output, key) for key in files.cities_in(output, "pairs", "rejects")]
    everything = {key for one in cities for key in one.ids}
    total = sum(len(one.ids) for one in cities)
    chosen = everything if total <= size else _sample(cities, size, wanted)
    kept = {one.city: tuple(key for key in one.ids if key in chosen) for one in cities}
    having = {
        key: tuple(trait for trait, rows in one.traits.items() if rows[i])
        for one in cities
        for i, key in enumerate(one.ids)
        if key in chosen
    }
    return Choice({city: keys for city, keys in kept.items() if keys}, total, having)


def _city_pairs(output: Path, city: str) -> _CityPairs:
    columns = ["pair_id", "probability", "relation", "margin", "evidence"]
    pairs = parquet.read_table(files.table_path(output, "pairs", city), schema.PAIRS, columns)
    ids = pairs["pair_id"].to_pylist()
    ranks = [_rank(key, SEED) for key in ids]
    return _CityPairs(
        city, ids, ranks, bands(probabilities(pairs)).tolist(), _traits(output, city, pairs)
    )


def _sample(cities: Sequence[_CityPairs], size: int, wanted: Collection[str]) -> set[str]:
    """Return `size` ids of a sample.

    Up to a half are wanted ones and examples of each trait, the rest is drawn by city and band.
    """
    first = [key for one in cities for key in one.ids if key in wanted] + _of_each_trait(cities)
    chosen = set(list(dict.fromkeys(first))[: size // 2])
    strata: dict[tuple[str, int], list[str]] = {}
    for one in cities:
        for key, band in zip(one.ids, one.bands, strict=True):
            if key not in chosen:
                strata.setdefault((one.city, band), []).append(key)
    return chosen | stratified(strata, size - len(chosen))


def _of_each_trait(cities: Sequence[_CityPairs]) -> list[str]:
    """Return `PER_TRAIT` ids of each trait, cities in turn.

    The first of every trait comes before the second of any.
    """
    having: dict[str, list[tuple[int, bytes, str]]] = {}
    for one in cities:
        order = np.array(sorted(range(len(one.ids)), key=one.ranks.__getitem__), dtype=np.int64)
        for trait, rows in one.traits.items():
            hits = order[rows[order]][:PER_TRAIT].tolist()
            drawn = having.setdefault(trait, [])
            drawn += [(turn, one.ranks[i], one.ids[i]) for turn, i in enumerate(hits)]
    turns = [
        (turn, rank, key)
        for drawn in having.values()
        for turn, (_, rank, key) in enumerate(sorted(drawn)[:PER_TRAIT])
    ]
    return [key for _, _, key in sorted(turns)]


def _traits(output: Path, city: str, pairs: pa.Table) -> dict[str, Mask]:
    """Return the traits of pairs, those of their beads included."""
    found = traits.of_pairs(pairs)
    path = files.table_path(output, "sentences", city)
    beads = parquet.read_table(path, schema.SENTENCES, ["pair_id", "kind", "flags"])
    kept = probabilities(pairs) >= DECISION
    for trait, owners in traits.of_beads(beads).items():
        hits = pc.is_in(pairs["pair_id"], value_set=owners)
        found[trait] = kept & mask(hits)
    return found


def _rank(text: str, seed: str) -> bytes:
    return hashlib.sha256(f"{seed}\n{text}".encode()).digest()


def read_examples(output: Path, choice: Choice) -> Iterator[PairExample]:
    """Yield the chosen pairs by city, the most probable first."""
    for city, pair_ids in choice.pair_ids.items():
        pairs = pa.Table.from_pylist(
            list(_of_pairs(output, city, schema.PAIRS, pair_ids)), schema=schema.PAIRS
        )
        rows = pairs.to_pylist()
        raised = doubts(pairs)
        beads: dict[str, list[Row]] = {}
        for row in _of_pairs(output, city, schema.SENTENCES, pair_ids):
            beads.setdefault(row["pair_id"], []).append(row)
        unaligned = [row for row in rows if row["pair_id"] not in beads]
        others = _runners_up(output, city, rows)
        articles = _articles(output, city, [*rows, *others.values()], unaligned)
        order = sorted(
            range(len(rows)), key=lambda i: (-(rows[i]["probability"] or 0.0), rows[i]["pair_id"])
        )
        for i in order:
            row = rows[i]
            key = row["pair_id"]
            raises = tuple(name for name, rows_with in raised.items() if rows_with[i])
            example = assemble(row, beads.get(key, ()), raises, others.get(key), articles)
            yield replace(example, traits=choice.traits.get(key, ()))


def assemble(
    row: Row,
    beads: Iterable[Row],
    doubts: tuple[str, ...],
    runner_up: Row | None,
    articles: Mapping[str, Row],
) -> PairExample:
    """Return a pair with its rows of the other tables.

    `articles` are by id.
    """
    return PairExample(
        row=row,
        zh=_side(row, "zh", articles),
        en=_side(row, "en", articles),
        beads=tuple(_bead(bead) for bead in sorted(beads, key=lambda bead: bead["position"] or 0)),
        doubts=doubts,
        rival=_rival(row, runner_up, articles),
    )


def _bead(row: Row) -> StoredBead:
    return StoredBead(
        kind=row["kind"] or "?",
        zh=row["zh"] or "",
        en=row["en"] or "",
        probability=row["probability"],
        flags=tuple(row["flags"] or ()),
    )


def _rival(row: Row, candidate: Row | None, articles: Mapping[str, Row]) -> Rival | None:
    if candidate is None:
        return None
    other = "en" if candidate["zh_id"] == row["zh_id"] else "zh"
    return Rival(candidate, _side(candidate, other, articles))


def _side(row: Row, lang: str, articles: Mapping[str, Row]) -> ArticleSide:
    article = articles.get(row[f"{lang}_id"], {})
    return ArticleSide(
        article_id=row[f"{lang}_id"] or "",
        lang=lang,
        title=row[f"{lang}_title"] or "",
        url=row[f"{lang}_url"] or "",
        published_at=article.get("published_at"),
        source=article.get("source") or "",
        column=article.get("column") or "",
        script=article.get("script") or "",
        flags=tuple(article.get("flags") or ()),
        text=article.get("text") or "",
    )


def _articles(output: Path, city: str, rows: list[Row], unaligned: list[Row]) -> dict[str, Row]:
    """Return the articles of `rows` by id.

    Those of `unaligned` come with their texts.
    """
    columns = ["article_id", "revision", "published_at", "source", "column", "script", "flags"]
    found: dict[str, Row] = {}
    for path in files.article_files(output, city):
        for listed, wanted in ((rows, columns), (unaligned, [*columns, "text"])):
            ids = {row[name] for row in listed for name in ("zh_id", "en_id")}
            for row in _matching(path, schema.ARTICLES, ("article_id",), ids, wanted):
                old = found.get(row["article_id"], {})
                if (row["revision"] or 0) >= (old.get("revision") or 0):
                    found[row["article_id"]] = old | row
    return found


def _runners_up(output: Path, city: str, rows: list[Row]) -> dict[str, Row]:
    """Return the runner-up of each pair.

    The best-scored candidate that shares one of its articles.
    """
    of_article: dict[str, list[Row]] = {}
    for row in rows:
        for name in ("zh_id", "en_id"):
            of_article.setdefault(row[name], []).append(row)
    path = files.table_path(output, "candidates", city)
    best: dict[str, Row] = {}

    def rank(candidate: Row) -> tuple[float, str]:
        score = candidate["score"]
        return (score if score is not None else float("-inf"), candidate["pair_id"])

    for candidate in _matching(path, schema.CANDIDATES, ("zh_id", "en_id"), of_article, None):
        for name in ("zh_id", "en_id"):
            for row in of_article.get(candidate[name], ()):
                key = row["pair_id"]
                if candidate["pair_id"] != key and (
                    key not in best or rank(candidate) > rank(best[key])
                ):
                    best[key] = candidate
    return best


def _of_pairs(output: Path, city: str, of: pa.Schema, pair_ids: Collection[str]) -> Iterator[Row]:
    path = files.table_path(output, of.metadata[b"table"].decode(), city)
    yield from _matching(path, of, ("pair_id",), pair_ids, None)


def _matching(
    path: Path,
    expected: pa.Schema,
    keys: tuple[str, ...],
    wanted: Collection[str],
    columns: list[str] | None,
) -> Iterator[Row]:
    """Yield the rows with a wanted value in any of `keys`.

    Files without one are read no further than their key columns, others in small batches.
    """
    values = pa.array(sorted(filter(None, wanted)), type=pa.string())

    def hits(table: Any) -> Any:
        found = pc.is_in(table.column(keys[0]), value_set=values)
        for key in keys[1:]:
            found = pc.or_(found, pc.is_in(table.column(key), value_set=values))
        return found

    index = parquet.read_table(path, expected, list(keys))
    if not index.num_rows or not pc.any(hits(index)).as_py():
        return
    for batch in parquet.read_batches(path, expected, columns, 2048):
        yield from batch.filter(hits(batch)).to_pylist()
