"""Near-duplicates across cities: reposts of another city's articles.

A city's shard is made without looking at any other. This step comes after: it compares the
articles that repeat none of their own city across cities, and marks the later of two with
`duplicate_of` and `duplicate_city`. Its marks are those of everything stored, whatever the order
in which cities were crawled; what was compared before is not compared again (`repost_index`).

Across cities the same words are weaker evidence than within one: two offices announce the same
holiday in the same sentence. So only texts of some length are compared, and no sentence may be
another's with a detail exchanged, whatever the titles, except for `our city`, to be spelt out in a
repost.
"""

import pickle
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.articles import duplicates, repost_index
from pipelines.articles.duplicates import SAME, ArticleRow, PreparedText
from pipelines.articles.repost_index import UNDATED, Entry, Index, Judge, Named
from pipelines.tables import articles, damage, files, lock, parquet, schema
from pipelines.tables.fingerprint import fingerprint
from pipelines.tables.spill import Records
from pipelines.text import minhash

METHOD = f"one-permutation minhash {minhash.BINS} crc32 2"
"""Version of the signatures; change the last figure with shingles or tokens."""
DEPENDS_ON = (
    "crawler.rows",
    "crawler.script",
    "pipelines.articles.details",
    "pipelines.articles.duplicates",
    "pipelines.articles.repost_index",
    "pipelines.articles.reposts",
    "pipelines.facts.lists",
    "pipelines.facts.places",
    "pipelines.text",
)
PACKAGES = ("opencc-python-reimplemented",)
"""Modules and packages that the index depends on."""

_SHORTEST = {"zh": 100, "en": 60}
"""Characters or words below which two texts may be alike by chance; set by hand, not measured."""
_HERE = frozenset(("我", "本", "全", "该", "我们", "我省", "本报"))
_LONGEST_NAME = 8
"""Characters of a city's name in place of `our city`, or of words left out; set by hand."""
_COLUMNS = ["article_id", "lang", "published_at", "content_sha256", "duplicate_of",
            "duplicate_city"]  # fmt: skip
_PREPARED = 64
"""Prepared texts in memory, some 200 KB each: those compared again soon."""

Originals = dict[str, dict[str, tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Marked:
    """Result of marking: rows changed, busy cities, damaged cities.

    The marks of cities that another run is writing are left as they are; the next run sets them. So
    are the marks of and to cities with damaged tables, which are returned with the reasons.
    """

    changed: int
    busy: tuple[str, ...] = ()
    damaged: Mapping[str, str] = field(default_factory=dict)


def mark(output: Path, *, held: Collection[str] = ()) -> Marked:
    """Mark the reposts among all cities stored in `output`.

    `held` are cities locked by the caller; the others are locked for the moment of writing. Cities
    without a change since the last time are not read.
    """
    damaged: dict[str, str] = {}
    changed, busy = 0, []
    with _index(output) as index:
        originals = damage.without_damaged(lambda: _found(output, index), damaged)
        present = files.cities_with_articles(output)
        # Of a corpus in a store some cities may be here only: marks to the others stay.
        elsewhere = (output / files.REMOTE_RECORD).exists()
        for city in present:
            if city in damaged:
                continue
            wanted = originals.get(city, {})
            if not damaged and index.marked(city) == _marks(output, city, wanted, elsewhere):
                continue
            marked = _marked(output, city)
            unknown = {
                key: of
                for key, of in marked.items()
                if of[1] in damaged or (elsewhere and of[1] not in present)
            }
            if unknown | wanted != marked or city in held:
                try:
                    changed += _set(output, index, city, unknown | wanted, city in held)
                except lock.LockedError:
                    busy.append(city)
                    continue
            if not damaged:
                stamp = index.stamps()[city]
                index.set_marked(city, stamp, _marks(output, city, wanted, elsewhere))
    return Marked(changed, tuple(busy), damaged)


def find(output: Path) -> Originals:
    """Return {city: {article_id: (id, city) of the original}}.

    The original is the earliest published, then the first by city and id. Every repost has been
    compared with its original itself.
    """
    with _index(output) as index:
        return _found(output, index)


@contextmanager
def _index(output: Path) -> Iterator[Index]:
    path = output / "state" / "reposts.index.sqlite"
    version = fingerprint(DEPENDS_ON, PACKAGES).hex()
    with lock.waiting(path.with_suffix(".lock")), repost_index.opened(path, version) as index:
        yield index


def _set(
    output: Path, index: Index, city: str, wanted: dict[str, tuple[str, str]], held: bool
) -> int:
    """Write a city's marks; return the rows changed.

    Files that the index has read are the same to it afterwards: marks of reposts are none of what
    it compares.
    """
    if not held:
        with lock.hold(output, [city]):
            return _set(output, index, city, wanted, held=True)
    known = index.stamps()[city] == _stamp(output, city)
    changed = articles.mark_reposts(output, city, wanted)
    if known:
        index.set_city(city, _stamp(output, city))
    return changed


def _found(output: Path, index: Index) -> Originals:
    """Read what has changed; return the originals of all reposts."""
    stamps, present = index.stamps(), files.cities_with_articles(output)
    for city in sorted(stamps.keys() - set(present)):
        index.forget(city)
    for city in present:
        # Before reading: what is written meanwhile is read the next time.
        stamp = _stamp(output, city)
        if stamps.get(city) != stamp:
            wanted, known = _entries(output, city), index.entries(city)
            index.set_city(city, stamp)
            index.remove(city, known - wanted)
            added = sorted(wanted - known, key=lambda entry: entry.article_id)
            if added:
                index.add(city, _signed(output, city, added, {e.content for e in wanted}))
    index.settle(lambda named: _judge(output, named))
    originals: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for city, article_id, original, of in index.originals():
        originals[city][article_id] = (original, of)
    return originals


def _stamp(output: Path, city: str) -> str:
    """Return names, sizes, times and numbers of a city's files."""
    stats = [(path.name, path.stat()) for path in files.article_files(output, city)]
    return repr([(name, s.st_size, s.st_mtime_ns, s.st_ino) for name, s in stats])


def _marks(output: Path, city: str, wanted: Mapping[str, tuple[str, str]], elsewhere: bool) -> str:
    """Return a digest of a city's files and of its originals."""
    state = (_stamp(output, city), sorted(wanted.items()), elsewhere)
    return sha256(repr(state).encode()).hexdigest()


def _marked(output: Path, city: str) -> dict[str, tuple[str, str]]:
    columns = ["article_id", "duplicate_of", "duplicate_city"]
    table = articles.read_articles(output, city, columns)
    rows = table.filter(pc.is_valid(table["duplicate_city"])).to_pylist()
    return {
        row["article_id"]: (row["duplicate_of"], row["duplicate_city"])
        for row in rows
        if row["duplicate_city"]
    }


def _entries(output: Path, city: str) -> set[Entry]:
    """Return a city's articles but its own duplicates."""
    table = articles.read_articles(output, city, _COLUMNS)
    times = table["published_at"].cast(pa.int64()).to_pylist()
    columns = [table[name].to_pylist() for name in _COLUMNS if name != "published_at"]
    return {
        Entry(key, lang, UNDATED if time is None else time, content)
        for key, lang, content, of, elsewhere, time in zip(*columns, times, strict=True)
        if (not of or elsewhere) and lang in _SHORTEST
    }


def _signed(
    output: Path, city: str, entries: Collection[Entry], current: Collection[str]
) -> list[tuple[Entry, bytes | None]]:
    """Return articles with signatures; None if too short.

    The cache then has those of the `current` contents.
    """
    path = files.table_path(output, "sketches", city)
    stored = parquet.read_table(path, schema.SKETCHES)
    stored = stored.filter(
        pc.and_(
            pc.equal(stored["method"], METHOD),
            pc.is_in(stored["content_sha256"], value_set=pa.array(sorted(current), pa.string())),
        )
    )
    names = ["content_sha256", "lang", "size", "signature"]
    columns = [stored[name].to_pylist() for name in names]
    known = {(content, lang): (size, s) for content, lang, size, s in zip(*columns, strict=True)}
    missing = {e.article_id: e for e in entries if (e.content, e.lang) not in known}
    if missing:
        wanted = {key: entry.content for key, entry in missing.items()}
        for row in _rows(output, city, wanted):
            prepared = duplicates.prepare_text(row)
            signature = duplicates.sketch(prepared.shingles).astype("<u4").tobytes()
            known[missing[row.article_id].content, row.lang] = len(prepared.tokens), signature
        made = (
            {"content_sha256": content, "lang": lang, "size": size, "signature": signature,
             "method": METHOD}
            for (content, lang), (size, signature) in sorted(known.items())
        )  # fmt: skip
        parquet.write_table(path, parquet.rows_to_table(made, schema.SKETCHES))
    found = [(entry, known.get((entry.content, entry.lang))) for entry in entries]
    # One that is gone again was written in between: the files' stamp is another, too.
    return [
        (entry, signature if size >= _SHORTEST[entry.lang] else None)
        for entry, (size, signature) in ((e, of) for e, of in found if of is not None)
    ]


def _rows(output: Path, city: str, wanted: Mapping[str, str]) -> Iterator[ArticleRow]:
    """Yield articles of a city by {article_id: content_sha256}, each once."""
    columns = ["article_id", "lang", "title", "text", "published_at", "content_sha256"]
    keys, seen = pa.array(sorted(wanted), pa.string()), set()
    for path in files.article_files(output, city):
        for table in parquet.read_batches(path, schema.ARTICLES, columns, 1_000):
            for row in table.filter(pc.is_in(table["article_id"], value_set=keys)).to_pylist():
                key = row["article_id"]
                if row.pop("content_sha256") == wanted[key] and key not in seen:
                    seen.add(key)
                    yield ArticleRow(**row)


def _judge(output: Path, named: Iterable[Named]) -> Judge:
    """Return the judge of articles, whose texts are spilled to disk."""
    spilled, places = Records(), dict[Named, int]()

    def spill(these: Iterable[Named]) -> None:
        by_city: dict[str, dict[str, Named]] = defaultdict(dict)
        for one in these:
            by_city[one.city][one.article_id] = one
        for city, wanted in sorted(by_city.items()):
            contents = {key: one.content for key, one in wanted.items()}
            for row in _rows(output, city, contents):
                places[wanted[row.article_id]] = spilled.append(pickle.dumps(row))

    @lru_cache(_PREPARED)
    def prepared(one: Named) -> PreparedText | None:
        if one not in places:  # compared before, but never needed until its original went
            spill([one])
        place = places.get(one)
        # Pickled by this process, not by another: nothing foreign is loaded.
        return None if place is None else duplicates.prepare_text(pickle.loads(spilled.take(place)))

    spill(named)

    def judge(later: Named, earlier: Named) -> bool:
        texts = prepared(later), prepared(earlier)
        return texts[0] is not None and texts[1] is not None and _repost(texts[0], texts[1])

    return judge


def _repost(repost: PreparedText, original: PreparedText) -> bool:
    """Return True for another city's article: stricter than `duplicates.alike`."""
    if not duplicates.nested(repost.figures.numbers, original.figures.numbers):
        return False
    if duplicates.resemblance(repost, original) < SAME:
        return False
    return all(
        _spelled_out(before, after)
        for differences in duplicates.exchanges(repost.sentences, original.sentences)
        for before, after in differences
    ) and not (
        # 本 is `our` before a city, `this` before a week: 本周, 上周.
        repost.chinese and duplicates.other_words(repost.sentences, original.sentences)
    )


def _spelled_out(first: str, second: str) -> bool:
    """Return True for `our city` and its name, or words left out."""
    short, long = sorted((first.strip(), second.strip()), key=len)
    if any(char.isdigit() for char in short + long):
        return False
    if short in _HERE or long in _HERE:
        return len(long) <= _LONGEST_NAME
    return not short and len(long) <= _LONGEST_NAME
