"""Near-duplicates across cities: reposts of another city's articles.

A city's shard is made without looking at any other. This step comes after: it reads a sketch of
each article that repeats none of its own city, compares across cities, and marks the later of two
with `duplicate_of` and `duplicate_city`. It always decides from everything stored, so that its
marks do not depend on the order in which cities were crawled. The sketches are only a cache.

Across cities the same words are weaker evidence than within one: two offices announce the same
holiday in the same sentence. So only texts of some length are compared, and no sentence may be
another's with a detail exchanged, whatever the titles, except for `our city`, to be spelt out in a
repost.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.articles import duplicates
from pipelines.articles.duplicates import SAME, ArticleRow, PreparedText
from pipelines.tables import articles, damage, files, lock, parquet, schema
from pipelines.text import minhash
from pipelines.text.minhash import Integers

METHOD = f"one-permutation minhash {minhash.BINS} crc32 1"
"""Version of the signatures; change the last figure with shingles or tokens."""

_SHORTEST = {"zh": 100, "en": 60}
"""Characters or words below which two texts may be alike by chance; set by hand, not measured."""
_MOST_COMPARED = 1_000
"""Candidates of a text, and of each bucket of it."""
_LATE = datetime.max.replace(tzinfo=UTC)
_HERE = frozenset(("我", "本", "全", "该", "我们", "我省", "本报"))
_LONGEST_NAME = 8
"""Characters of a city's name in place of `our city`, or of words left out; set by hand."""
_COLUMNS = ["article_id", "lang", "published_at", "content_sha256", "duplicate_of",
            "duplicate_city"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Marked:
    """Result of marking: rows changed, busy cities, damaged cities.

    The marks of cities that another run is writing are left as they are; the next run sets them. So
    are the marks of and to cities with damaged tables, which are returned with the reasons.
    """

    changed: int
    busy: tuple[str, ...] = ()
    damaged: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Head:
    """Article that repeats none of its city, for the candidate search."""

    city: str
    article_id: str
    lang: str
    published: datetime


def mark(output: Path, *, held: Collection[str] = ()) -> Marked:
    """Mark the reposts among all cities stored in `output`.

    `held` are cities locked by the caller; the others are locked for the moment of writing.
    """
    damaged: dict[str, str] = {}
    originals = damage.without_damaged(lambda: find(output), damaged)
    changed, busy = 0, []
    present = files.cities_with_articles(output)
    # Of a corpus in a store some cities may be here only: marks to the others stay.
    elsewhere = (output / files.REMOTE_RECORD).exists()
    for city in present:
        if city in damaged:
            continue
        marked = _marked(output, city) if damaged or elsewhere else {}
        unknown = {
            key: of
            for key, of in marked.items()
            if of[1] in damaged or (elsewhere and of[1] not in present)
        }
        wanted = unknown | originals.get(city, {})
        if city in held:
            changed += articles.mark_reposts(output, city, wanted)
            continue
        if wanted == _marked(output, city):
            continue
        try:
            with lock.hold(output, [city]):
                changed += articles.mark_reposts(output, city, wanted)
        except lock.LockedError:
            busy.append(city)
    return Marked(changed, tuple(busy), damaged)


def find(output: Path) -> dict[str, dict[str, tuple[str, str]]]:
    """Return {city: {article_id: (id, city) of the original}}.

    The original is the earliest published, then the first by city and id. Every repost has been
    compared with its original itself.
    """
    heads: list[_Head] = []
    signatures: list[Integers] = []
    for city in files.cities_with_articles(output):
        found, sketched = _heads(output, city)
        heads += found
        signatures.append(sketched)
    originals: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    if len({head.city for head in heads}) < 2:
        return originals
    matrix = np.concatenate(signatures)
    for lang in sorted(_SHORTEST):
        places = [place for place, head in enumerate(heads) if head.lang == lang]
        places.sort(key=lambda p: (heads[p].published, heads[p].city, heads[p].article_id))
        ordered = [heads[place] for place in places]
        near = _candidates(ordered, matrix[places])
        texts = _texts(output, ordered, near)
        repeats: dict[int, int] = {}
        for later in sorted(near):
            for earlier in near[later]:
                if earlier not in repeats and _repost(texts[later], texts[earlier]):
                    repeats[later] = earlier
                    break
        for later, earlier in repeats.items():
            repost, original = ordered[later], ordered[earlier]
            originals[repost.city][repost.article_id] = (original.article_id, original.city)
    return originals


def _marked(output: Path, city: str) -> dict[str, tuple[str, str]]:
    columns = ["article_id", "duplicate_of", "duplicate_city"]
    rows = articles.read_articles(output, city, columns).to_pylist()
    return {
        row["article_id"]: (row["duplicate_of"], row["duplicate_city"])
        for row in rows
        if row["duplicate_city"]
    }


def _heads(output: Path, city: str) -> tuple[list[_Head], Integers]:
    """Return a city's comparable articles and their signatures.

    They repeat none of their own city and are long enough. Signatures are cached.
    """
    rows = [
        row
        for row in articles.read_articles(output, city, _COLUMNS).to_pylist()
        if (not row["duplicate_of"] or row["duplicate_city"]) and row["lang"] in _SHORTEST
    ]
    sketches = _sketches(output, city, rows)
    long = [row for row in rows if sketches[_key(row)]["size"] >= _SHORTEST[row["lang"]]]
    heads = [
        _Head(city, row["article_id"], row["lang"], row["published_at"] or _LATE) for row in long
    ]
    packed = b"".join(sketches[_key(row)]["signature"] for row in long)
    return heads, np.frombuffer(packed, "<u4").reshape(len(long), minhash.BINS)


def _sketches(
    output: Path, city: str, rows: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return the sketches of articles, from the cache or new."""
    path = files.table_path(output, "sketches", city)
    known = {
        _key(row): row
        for row in parquet.read_table(path, schema.SKETCHES).to_pylist()
        if row["method"] == METHOD
    }
    missing = {row["article_id"]: row for row in rows if _key(row) not in known}
    if missing:
        for prepared in _prepared(output, city, missing):
            row = missing[prepared.key]
            known[_key(row)] = {
                "content_sha256": row["content_sha256"],
                "lang": row["lang"],
                "size": len(prepared.tokens),
                "signature": _signature(prepared),
                "method": METHOD,
            }
    found = {_key(row): known[_key(row)] for row in rows}
    table = parquet.rows_to_table((found[key] for key in sorted(found)), schema.SKETCHES)
    parquet.write_table(path, table)
    return found


def _key(row: Mapping[str, str]) -> tuple[str, str]:
    return row["content_sha256"], row["lang"]


def _signature(prepared: PreparedText) -> bytes:
    return duplicates.sketch(prepared.shingles).astype("<u4").tobytes()


def _prepared(output: Path, city: str, wanted: Collection[str]) -> Iterator[PreparedText]:
    """Yield articles prepared for comparison."""
    columns = ["article_id", "lang", "title", "text", "published_at"]
    table = articles.read_articles(output, city, columns)
    rows = table.filter(pc.is_in(table["article_id"], value_set=pa.array(sorted(wanted))))
    for batch in rows.to_batches(max_chunksize=1_000):
        for row in batch.to_pylist():
            yield duplicates.prepare_text(ArticleRow(**row))


def _candidates(heads: Sequence[_Head], signatures: Integers) -> dict[int, list[int]]:
    """Return, for each place, the similar earlier places of other cities."""
    cities = np.unique([head.city for head in heads], return_inverse=True)[1]
    earlier: dict[int, set[int]] = defaultdict(set)
    for members in minhash.buckets(minhash.bands(signatures)):
        if len(set(cities[members])) > 1:
            for at, place in enumerate(members.tolist()):
                earlier[place].update(members[:at].tolist()[:_MOST_COMPARED])
    near: dict[int, list[int]] = {}
    for place in sorted(earlier):
        others = [o for o in sorted(earlier[place]) if cities[o] != cities[place]][:_MOST_COMPARED]
        if others:
            likeness = minhash.similarity(signatures[others], signatures[place])
            similar = np.array(others)[likeness >= minhash.SIMILAR].tolist()
            if similar:
                near[place] = similar
    return near


def _texts(
    output: Path, heads: Sequence[_Head], near: Mapping[int, Sequence[int]]
) -> dict[int, PreparedText]:
    needed = sorted({place for later, others in near.items() for place in (later, *others)})
    by_city: dict[str, dict[str, int]] = defaultdict(dict)
    for place in needed:
        by_city[heads[place].city][heads[place].article_id] = place
    return {
        places[prepared.key]: prepared
        for city, places in by_city.items()
        for prepared in _prepared(output, city, places.keys())
    }


def _repost(repost: PreparedText, original: PreparedText) -> bool:
    """Return True for another city's article: stricter than `duplicates.alike`."""
    if not duplicates.nested(repost.numbers, original.numbers):
        return False
    if duplicates.resemblance(repost, original) < SAME:
        return False
    return all(
        _spelled_out(before, after)
        for differences in duplicates.exchanges(repost.sentences, original.sentences)
        for before, after in differences
    )


def _spelled_out(first: str, second: str) -> bool:
    """Return True for `our city` and its name, or words left out."""
    short, long = sorted((first.strip(), second.strip()), key=len)
    if any(char.isdigit() for char in short + long):
        return False
    if short in _HERE or long in _HERE:
        return len(long) <= _LONGEST_NAME
    return not short and len(long) <= _LONGEST_NAME
