"""Index of all cities' articles: similar earlier ones, and verdicts upon them.

A database in `state/`, safe to delete: it is made anew from the tables, and so it is by another
version of the program. A change of articles costs what those that share a band with a changed one
cost, not what the corpus does, and leaves what an index made anew would have.

Of a bucket (the articles of one band) only the first `MOST` by time are candidates, so that one
sentence that all offices use does not compare every article with every other.
"""

import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np

from crawler.ordinary import ordinary_database
from pipelines.tables import damage
from pipelines.text import minhash

MOST = 1_000
"""Candidates of an article, and of each bucket of it."""
_PART = 10_000
"""Articles of one statement; bounds memory."""
_TABLES = """
CREATE TABLE version (version TEXT);
CREATE TABLE city (
    number INTEGER PRIMARY KEY, city TEXT UNIQUE,
    stamp TEXT,    -- of the files whose articles are here
    marked TEXT    -- of the files and originals that agree
);
CREATE TABLE article (
    row INTEGER PRIMARY KEY,    -- see _row
    city INTEGER, article_id TEXT, lang TEXT, published INTEGER, content TEXT,
    signature BLOB              -- null if too short
);
CREATE INDEX article_city ON article (city);
CREATE TABLE band (
    key INTEGER, published INTEGER, row INTEGER, city INTEGER, PRIMARY KEY (key, published, row)
) WITHOUT ROWID;
CREATE TABLE near (
    later INTEGER, earlier INTEGER, repost INTEGER, PRIMARY KEY (later, earlier)
) WITHOUT ROWID;
CREATE INDEX near_earlier ON near (earlier);
CREATE TABLE original (row INTEGER PRIMARY KEY, original INTEGER);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """Article that repeats none of its city.

    `published` is in ms, or `UNDATED`.
    """

    article_id: str
    lang: str
    published: int
    content: str


UNDATED = 2**62


@dataclass(frozen=True, slots=True)
class Named:
    """Article of the index by city, id and content."""

    city: str
    article_id: str
    content: str


Judge = Callable[[Named, Named], bool]


@contextmanager
def opened(path: Path, version: str) -> Iterator["Index"]:
    """Open the index, or begin another.

    One that cannot be used is deleted. What the block does is stored at its end, or not at all.
    Raises `StoreError` if the folder cannot be written.
    """
    try:
        database = _connected(path, version)
    except sqlite3.DatabaseError:
        _delete(path)
        try:
            database = _connected(path, version)
        except sqlite3.DatabaseError as error:
            raise damage.StoreError(
                f"{path}: the index of reposts cannot be made ({error}); check the folder's "
                "permissions and the free space, then run again"
            ) from error
    with closing(database):
        try:
            with database:
                yield Index(database)
        except sqlite3.DatabaseError as error:
            database.close()
            _delete(path)
            raise damage.StoreError(
                f"{path}: the index of reposts could not be used ({error}) and was deleted; check "
                "the free space, then run again to make it anew"
            ) from error


def _connected(path: Path, version: str) -> sqlite3.Connection:
    database = sqlite3.connect(ordinary_database(path))
    try:
        # No waiting for the disk: what a power cut spoils is found, and made anew.
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA cache_size = -131072")
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
        if not tables:
            database.executescript(_TABLES)
            database.execute("INSERT INTO version VALUES (?)", (version,))
            database.commit()
        elif "version" not in tables or database.execute(
            "SELECT version FROM version"
        ).fetchone() != (version,):
            raise sqlite3.DatabaseError("another version")
        database.execute("CREATE TEMP TABLE added (row INTEGER PRIMARY KEY)")
        database.execute("CREATE TEMP TABLE affected (row INTEGER PRIMARY KEY)")
        database.commit()
    except BaseException:
        database.close()
        raise
    return database


def _delete(path: Path) -> None:
    for ending in ("", "-journal"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).unlink()


class Index:
    """An open index."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._cities: dict[int, str] = dict(database.execute("SELECT number, city FROM city"))
        self._numbers = {city: number for number, city in self._cities.items()}
        self._changed = False

    def stamps(self) -> dict[str, str]:
        """Return the stamp of each city."""
        return dict(self._database.execute("SELECT city, stamp FROM city"))

    def marked(self, city: str) -> str | None:
        """Return the stamp of files and originals that agreed."""
        found = self._database.execute("SELECT marked FROM city WHERE city = ?", (city,))
        return next((marked for (marked,) in found), None)

    def set_marked(self, city: str, stamp: str, marked: str) -> None:
        """Set the stamps of a city whose marks are written."""
        self._database.execute(
            "UPDATE city SET stamp = ?, marked = ? WHERE city = ?", (stamp, marked, city)
        )

    def entries(self, city: str) -> set[Entry]:
        """Return a city's articles."""
        found = self._database.execute(
            "SELECT article_id, lang, published, content FROM article WHERE city = ?",
            (self._numbers.get(city),),
        )
        return {Entry(*row) for row in found}

    def set_city(self, city: str, stamp: str) -> None:
        """Set the stamp of a city, new or not."""
        if city not in self._numbers:
            added = self._database.execute("INSERT INTO city (city) VALUES (?)", (city,))
            self._numbers[city] = number = int(added.lastrowid or 0)
            self._cities[number] = city
        self._database.execute("UPDATE city SET stamp = ? WHERE city = ?", (stamp, city))

    def forget(self, city: str) -> None:
        """Remove a city."""
        self.remove(city, self.entries(city))
        self._database.execute("DELETE FROM city WHERE city = ?", (city,))
        del self._cities[self._numbers.pop(city)]

    def remove(self, city: str, entries: Iterable[Entry]) -> None:
        """Remove articles of a city."""
        run = self._database.execute
        for row in sorted(_row(city, entry.article_id) for entry in entries):
            self._changed = True
            self._affect(row)
            for key, published in self._keys(row):
                run("DELETE FROM band WHERE (key, published, row) = (?, ?, ?)",
                    (key, published, row))  # fmt: skip
            # Those that it stood before, and those that it repeated: the verdict is of a content.
            run("INSERT OR IGNORE INTO affected SELECT later FROM near WHERE earlier = ?", (row,))
            run("DELETE FROM near WHERE later = ? OR earlier = ?", (row, row))
            run("DELETE FROM article WHERE row = ?", (row,))

    def add(self, city: str, signed: Sequence[tuple[Entry, bytes | None]]) -> None:
        """Add articles of a city, with signatures."""
        number = self._numbers[city]
        for start in range(0, len(signed), _PART):
            part = signed[start : start + _PART]
            rows = [_row(city, entry.article_id) for entry, _ in part]
            self._database.executemany(
                "INSERT OR REPLACE INTO article VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    (row, number, e.article_id, e.lang, e.published, e.content, signature)
                    for row, (e, signature) in zip(rows, part, strict=True)
                ),
            )
            long = [at for at, (_, signature) in enumerate(part) if signature]
            if not long:
                continue
            self._changed = True
            keys = _band_keys(
                b"".join(part[at][1] or b"" for at in long), [part[at][0].lang for at in long]
            )
            # In the order of the table, whose pages are each written once.
            places, _ = np.nonzero(keys)
            flat = keys[keys != 0]
            order = np.argsort(flat, kind="stable").tolist()
            self._database.executemany(
                "INSERT OR REPLACE INTO band VALUES (?, ?, ?, ?)",
                (
                    (int(flat[n]), part[at][0].published, rows[at], number)
                    for n, at in ((n, long[places[n]]) for n in order)
                ),
            )
            self._database.executemany(
                "INSERT OR IGNORE INTO added VALUES (?)", ((rows[at],) for at in long)
            )

    def settle(self, texts: Callable[[set[Named]], Judge]) -> None:
        """Find the originals anew after changes.

        `texts` returns the judge of a set of articles.
        """
        if not self._changed:
            return
        self._find_affected()
        rows = self._database.execute("SELECT row FROM affected ORDER BY row").fetchall()
        for (row,) in rows:
            self._compare(row)
        self._decide(texts(self._unread()))
        self._database.execute("DELETE FROM added")
        self._database.execute("DELETE FROM affected")
        self._changed = False

    def originals(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield (city, id, original's id, its city), in order."""
        yield from self._database.execute(
            "SELECT c.city, a.article_id, b.article_id, d.city FROM original o "
            "JOIN article a ON a.row = o.row JOIN city c ON c.number = a.city "
            "JOIN article b ON b.row = o.original JOIN city d ON d.number = b.city ORDER BY 1, 2"
        )

    def _keys(self, row: int) -> list[tuple[int, int]]:
        """Return the band keys of an article, with its time."""
        found = self._database.execute(
            "SELECT signature, lang, published FROM article WHERE row = ?", (row,)
        ).fetchone()
        if found is None or found[0] is None:
            return []
        signature, lang, published = found
        return [(key, published) for key in _band_keys(signature, [lang])[0].tolist() if key]

    def _affect(self, row: int) -> None:
        """Note the articles that this one matters to.

        It may be their candidate, or may have displaced one.
        """
        for key, published in self._keys(row):
            before = self._database.execute(
                "SELECT count(*) FROM (SELECT 1 FROM band WHERE key = ? AND "
                "(published, row) < (?, ?) LIMIT ?)", (key, published, row, MOST)
            ).fetchone()  # fmt: skip
            if before[0] < MOST:
                self._database.execute(
                    "INSERT OR IGNORE INTO affected SELECT row FROM band "
                    "WHERE key = ? AND published >= ?", (key, published)
                )  # fmt: skip

    def _find_affected(self) -> None:
        run = self._database.execute
        (added,), (whole,) = (
            run(f"SELECT count(*) FROM {table}").fetchone() for table in ("added", "article")
        )
        if added * 4 < whole:
            run("INSERT OR IGNORE INTO affected SELECT row FROM added")
            for (row,) in run("SELECT row FROM added").fetchall():
                self._affect(row)
            return
        # Much is new: one pass over all bands is cheaper.
        run("INSERT OR IGNORE INTO affected SELECT later FROM near")
        run(
            "INSERT OR IGNORE INTO affected SELECT row FROM band JOIN (SELECT key FROM band "
            "GROUP BY key HAVING min(city) < max(city)) USING (key)"
        )

    def _compare(self, row: int) -> None:
        """Set the similar earlier articles of one."""
        found = self._database.execute(
            "SELECT city, published, signature FROM article WHERE row = ?", (row,)
        ).fetchone()
        if found is None:
            return
        city, published, signature = found
        earlier: set[tuple[int, str, int]] = set()
        for key, _ in self._keys(row):
            # A tie in time is decided by the cities' names, which do not change as numbers do.
            earlier.update(
                (time, self._cities[other], number)
                for time, number, other in self._database.execute(
                    "SELECT published, row, city FROM (SELECT * FROM band WHERE key = ? AND "
                    "published <= ? ORDER BY published, row LIMIT ?) WHERE city <> ?",
                    (key, published, MOST, city),
                )
                if (time, self._cities[other]) < (published, self._cities[city])
            )
        others = [number for _, _, number in sorted(earlier)[:MOST]]
        similar = self._similar(signature, others) if others else []
        old = {
            number
            for (number,) in self._database.execute(
                "SELECT earlier FROM near WHERE later = ?", (row,)
            )
        }
        self._database.executemany(
            "DELETE FROM near WHERE later = ? AND earlier = ?",
            [(row, number) for number in sorted(old - set(similar))],
        )
        self._database.executemany(
            "INSERT INTO near VALUES (?, ?, NULL)",
            [(row, number) for number in similar if number not in old],
        )

    def _similar(self, signature: bytes, others: Sequence[int]) -> list[int]:
        query = f"SELECT row, signature FROM article WHERE row IN ({','.join('?' * len(others))})"
        rows = self._database.execute(query, others).fetchall()
        matrix = np.frombuffer(b"".join(s for _, s in rows), "<u4").reshape(-1, minhash.BINS)
        likeness = minhash.similarity(matrix, np.frombuffer(signature, "<u4"))
        return [rows[at][0] for at in np.flatnonzero(likeness >= minhash.SIMILAR).tolist()]

    def _unread(self) -> set[Named]:
        """Return the articles whose texts new verdicts need."""
        found = self._database.execute(
            "SELECT a.city, a.article_id, a.content, b.city, b.article_id, b.content FROM affected "
            "JOIN near ON later = affected.row JOIN article a ON a.row = later "
            "JOIN article b ON b.row = earlier WHERE repost IS NULL AND a.content <> b.content"
        )
        return {
            Named(self._cities[city], article_id, content)
            for row in found
            for city, article_id, content in (row[:3], row[3:])
        }

    def _decide(self, judge: Judge) -> None:
        """Set the original of each repost.

        In order of time, so that an original repeats nothing. Verdicts are asked for as needed.
        """
        found = self._database.execute(
            "SELECT later, earlier, repost, c.city, a.article_id, a.content, "
            "d.city, b.article_id, b.content FROM near "
            "JOIN article a ON a.row = later JOIN city c ON c.number = a.city "
            "JOIN article b ON b.row = earlier JOIN city d ON d.number = b.city "
            "ORDER BY a.published, c.city, a.article_id, b.published, d.city, b.article_id"
        )
        originals: dict[int, int] = {}
        verdicts: list[tuple[bool, int, int]] = []
        for later, earlier, repost, *named in found:
            if later in originals or earlier in originals:
                continue
            same = repost
            if same is None:
                same = named[2] == named[5] or judge(Named(*named[:3]), Named(*named[3:]))
                verdicts.append((same, later, earlier))
            if same:
                originals[later] = earlier
        run, run_many = self._database.execute, self._database.executemany
        run_many("UPDATE near SET repost = ? WHERE later = ? AND earlier = ?", verdicts)
        run("DELETE FROM original")
        run_many("INSERT INTO original VALUES (?, ?)", originals.items())


def _row(city: str, article_id: str) -> int:
    """Return an article's number, the same in every index.

    63 bits: two of a hundred million articles share one with a probability of 1 in 2,000.
    """
    digest = blake2b(f"{city}\n{article_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def _band_keys(signatures: bytes, langs: Sequence[str]) -> minhash.Integers:
    """Return keys of bands, apart by language; 0 is none."""
    keys = minhash.bands(np.frombuffer(signatures, "<u4").reshape(-1, minhash.BINS))
    apart = np.array([zlib.crc32(lang.encode()) for lang in langs], np.uint64)[:, None]
    return np.where(keys == 0, keys, keys ^ apart).view(np.int64)
