"""Plan of a backfill: captures wanted and archived, in SQLite.

It is of one city, `state/<city>.backfill.sqlite`, read and written under the city's lock. Rows of
an index and the cursor behind them are written in one transaction, and a capture is marked after
its record is in the archive. So a killed command asks for nothing twice that it had written down.
"""

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from crawler.backfill.capture import (
    Capture,
    Cursor,
    Found,
    Uncaptured,
    Window,
    checked,
    pattern_of,
    source_for,
)
from crawler.city import City, host_of
from crawler.errors import ExitCode, ShizhengError
from crawler.item import canonical_url, is_twin
from crawler.state.database import connect

BATCH = 5_000
"""Rows of an index between two writes: a megabyte."""
EARLIEST = "1991"
"""Beginning of the earliest time of a capture: the Web's first year."""
FETCHED_AT_ONCE = 500
"""Wanted captures read at a time."""

_TABLES = """
CREATE TABLE IF NOT EXISTS captures (   -- the good ones, by the index
    plan TEXT NOT NULL, address TEXT NOT NULL, timestamp TEXT NOT NULL, twin INTEGER NOT NULL,
    url TEXT NOT NULL, digest TEXT NOT NULL, origin TEXT NOT NULL, pattern TEXT NOT NULL,
    place TEXT NOT NULL, file TEXT NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
    PRIMARY KEY (plan, address, timestamp)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS captures_order ON captures (plan, file, offset, address, timestamp);
CREATE TABLE IF NOT EXISTS outcomes (   -- of captures that were fetched, whatever the plan
    service TEXT NOT NULL, place TEXT NOT NULL, address TEXT NOT NULL, digest TEXT NOT NULL,
    outcome TEXT NOT NULL, file TEXT NOT NULL, offset INTEGER NOT NULL,
    PRIMARY KEY (service, place)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS outcomes_content ON outcomes (service, address, digest);
CREATE TABLE IF NOT EXISTS queries (
    plan TEXT NOT NULL, query TEXT NOT NULL, cursor TEXT NOT NULL, done INTEGER NOT NULL,
    PRIMARY KEY (plan, query)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rows (       -- rows of indexes by what became of them
    plan TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (plan, reason)
) WITHOUT ROWID;
"""

VERSION = 2
"""Version of the tables of plans; outcomes are the same in all."""
_FORGET = f"""
DROP TABLE IF EXISTS captures; DROP TABLE IF EXISTS queries; DROP TABLE IF EXISTS rows;
PRAGMA user_version={VERSION};
"""

ARCHIVED = "archived"


class PlanError(ShizhengError):
    """Unusable plan. The message has the remedy."""

    exit_code = ExitCode.INTERNAL


@dataclass(frozen=True, slots=True)
class Wanted:
    """A capture to fetch.

    `place` identifies it in its archive; `first` is the time of its address's first capture.
    """

    capture: Capture
    place: str
    address: str
    first: str

    @property
    def key(self) -> tuple[str, int, str, str]:
        """Place in the order of fetching."""
        return self.capture.file, self.capture.offset, self.address, self.capture.timestamp


@dataclass(frozen=True, slots=True)
class Part:
    """Number and bytes of captures of one year, host and pattern."""

    year: str
    host: str
    pattern: str
    captures: int
    bytes: int


class Plan:
    """Plan of one city, archive and window.

    With `every`, all captures with a content of their own are wanted, else the newest of each
    address; or the one before it, if that cannot be had. `place` gives the identity of a capture in
    the archive. `now` is the clock: nothing was captured later.
    """

    def __init__(
        self,
        database: sqlite3.Connection,
        service: str,
        city: City,
        window: Window,
        *,
        every: bool,
        place: Callable[[Capture], str],
        replays: bool,
        now: datetime | None = None,
    ) -> None:
        self._database, self._service, self._city = database, service, city
        self._window, self._every, self._place, self._replays = window, every, place, replays
        self._last = f"{(now or datetime.now(UTC)) + timedelta(days=1):%Y%m%d%H%M%S}"
        self._open = _OPEN + ("" if every else _NEWEST)
        # Rules that were written since choose among captures that were passed over before.
        rules = sorted((s.cms, s.articles or "", host_of(s.list)) for s in city.sources)
        named = f"{service} {window.since} {window.until} {every} {sorted(city.hosts)} {rules}"
        self._plan = hashlib.sha256(named.encode()).hexdigest()[:16]

    @classmethod
    def open(cls, path: Path, *args: Any, **options: Any) -> Self:
        """Open or make the file. Raises `PlanError`."""
        remedy = "delete it: the indexes are then asked again; what was copied is in the archive"
        path.parent.mkdir(parents=True, exist_ok=True)
        database = connect(path, PlanError, remedy, isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=NORMAL")
            if database.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                database.executescript(_FORGET)  # the indexes are asked again
            database.executescript(_TABLES)
        except BaseException:
            database.close()
            raise
        return cls(database, *args, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._database.close()

    def cursor(self, query: str) -> str | None:
        """Return the cursor of a query; None for an answered one."""
        row = self._database.execute(
            "SELECT cursor, done FROM queries WHERE plan=? AND query=?", (self._plan, query)
        ).fetchone()
        return "" if row is None else None if row[1] else str(row[0])

    def forget(self, query: str) -> None:
        """Make a query be asked again from its beginning."""
        self._database.execute("DELETE FROM queries WHERE plan=? AND query=?", (self._plan, query))

    def take(self, query: str, found: Iterable[Found]) -> None:
        """Add the captures of a query, with its cursors. Raises `PlanError`."""
        cursor, stream = self.cursor(query) or "", iter(found)
        counts: Counter[str] = Counter()
        batch: list[tuple[Any, ...]] = []
        # Rows of a page are written before its cursor is known; asked for again, they change
        # nothing but the counts, which therefore wait for the cursor.
        for item in stream:
            if isinstance(item, Cursor):
                cursor = item.value
                self._write(batch, query, cursor, counts)
                batch, counts = [], Counter()
            elif isinstance(item, Uncaptured):
                counts.update({"rows": item.count, item.reason: item.count})
            elif row := self._row(item, counts):
                batch.append(row)
                if len(batch) >= BATCH:
                    self._write(batch, query, cursor, Counter())
                    batch = []
        self._write(batch, query, cursor, counts, done=True)

    def settle(self) -> None:
        """Remove captures with the content of the capture before them."""
        if not self._every:
            return
        self._database.execute(
            "DELETE FROM captures WHERE plan=:plan AND (address, timestamp) IN "
            "(SELECT address, timestamp FROM (SELECT address, timestamp, digest, lag(digest) OVER "
            "(PARTITION BY address ORDER BY timestamp) AS before FROM captures WHERE plan=:plan) "
            "WHERE digest=before AND digest<>'')",
            {"plan": self._plan},
        )

    def rows(self) -> dict[str, int]:
        """Return the rows of the indexes by what became of them."""
        found = self._database.execute(
            "SELECT reason, count FROM rows WHERE plan=? ORDER BY reason", (self._plan,)
        )
        return dict(found.fetchall())

    def parts(self) -> list[Part]:
        """Return the wanted captures not fetched yet, by year, host and pattern."""
        self._database.create_function("host", 1, _host, deterministic=True)
        return [
            Part(*row)
            for row in self._database.execute(
                "SELECT substr(timestamp, 1, 4), host(url), pattern, count(*), "
                "CAST(total(length) AS INTEGER) "
                f"FROM captures {self._open} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
                {"plan": self._plan, "service": self._service},
            )
        ]

    def wanted(self) -> Iterator[Wanted]:
        """Yield the captures to fetch, by their places in the archive.

        Captures of an address whose content was fetched already are left out. One that replaces a
        capture that could not be had may come in the next pass only.
        """
        last: tuple[Any, ...] = ("", -1, "", "")
        while True:
            rows = self._database.execute(
                f"{_WANTED} {self._open} {_BEHIND}",
                {"plan": self._plan, "service": self._service, "most": FETCHED_AT_ONCE}
                | dict(zip(("file", "offset", "address", "timestamp"), last, strict=True)),
            ).fetchall()
            for url, timestamp, digest, origin, file, offset, length, *rest in rows:
                capture = Capture(url, timestamp, digest, origin, file, offset, length)
                yield (found := Wanted(capture, *rest))
                last = found.key
            if len(rows) < FETCHED_AT_ONCE:
                return

    def mark(self, done: Iterable[tuple[Wanted, str, tuple[str, int]]]) -> None:
        """Note outcomes, with file and offset of what was archived."""
        self._all(
            "INSERT OR REPLACE INTO outcomes VALUES (?,?,?,?,?,?,?)",
            [
                (self._service, w.place, w.address, w.capture.digest, outcome, *here)
                for w, outcome, here in done
            ],
        )

    def last_place(self) -> tuple[str, int]:
        """Return file and offset of the last copy that was noted."""
        row = self._database.execute(
            "SELECT file, offset FROM outcomes WHERE service=? ORDER BY file DESC, offset DESC "
            "LIMIT 1",
            (self._service,),
        ).fetchone()
        return (row[0], row[1]) if row else ("", -1)

    def given(self) -> str:
        """Return the place of a capture that the archive gave, or nothing."""
        row = self._database.execute(
            "SELECT place FROM outcomes WHERE service=? AND outcome=? ORDER BY file DESC, "
            "offset DESC LIMIT 1",
            (self._service, ARCHIVED),
        ).fetchone()
        return str(row[0]) if row else ""

    def recover(self, copies: Iterable[tuple[str, tuple[str, int]]]) -> int:
        """Note archived copies without a note; return their number."""
        found = list(copies)
        for place, (file, offset) in found:
            self._database.execute(
                "INSERT OR IGNORE INTO outcomes VALUES (?,?,?,?,?,?,?)",
                (self._service, place, "", "", ARCHIVED, file, offset),
            )
        return len(found)

    def outcomes(self) -> dict[str, int]:
        """Return the captures of this archive by outcome."""
        found = self._database.execute(
            "SELECT outcome, count(*) FROM outcomes WHERE service=? GROUP BY 1 ORDER BY 1",
            (self._service,),
        )
        return dict(found.fetchall())

    def _row(self, found: Capture, counts: Counter[str]) -> tuple[Any, ...] | None:
        """Return the row of a wanted capture; count the reason against others."""
        counts["rows"] += 1
        capture = checked(found)
        if capture is None or not EARLIEST <= capture.timestamp <= self._last:
            counts["invalid"] += 1
            return None
        source = source_for(self._city, capture.url)
        if source is None:
            counts["other_address"] += 1
            return None
        problem = "" if capture.problem == "revisit" and self._replays else capture.problem
        if not problem and not self._window.has(capture):
            problem = "outside"
        if problem:
            counts[problem] += 1
            return None
        counts["good"] += 1
        return (
            self._plan, canonical_url(capture.url), capture.timestamp, int(is_twin(capture.url)),
            capture.url, capture.digest, capture.origin, pattern_of(source), self._place(capture),
            capture.file, capture.offset, capture.length,
        )  # fmt: skip

    def _write(
        self,
        batch: list[tuple[Any, ...]],
        query: str,
        cursor: str,
        counts: Counter[str],
        *,
        done: bool = False,
    ) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.executemany(_ADD, batch)
            self._database.execute(
                "INSERT OR REPLACE INTO queries VALUES (?,?,?,?)",
                (self._plan, query, cursor, int(done)),
            )
            self._database.executemany(
                "INSERT INTO rows VALUES (?,?,?) ON CONFLICT DO UPDATE SET "
                "count=count+excluded.count",
                [(self._plan, reason, count) for reason, count in counts.items()],
            )
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def _all(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.executemany(statement, rows)
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


_COLUMNS = ("url", "twin", "digest", "origin", "pattern", "place", "file", "offset", "length")
_ADD = (
    "INSERT INTO captures VALUES (?,?,?,?,?,?,?,?,?,?,?,?) "
    "ON CONFLICT (plan, address, timestamp) DO UPDATE SET "
    f"{', '.join(f'{name}=excluded.{name}' for name in _COLUMNS)} WHERE excluded.twin<twin"
)

_OPEN = f"""
WHERE plan=:plan
AND NOT EXISTS (SELECT 1 FROM outcomes WHERE service=:service AND outcomes.place=captures.place)
AND NOT EXISTS (SELECT 1 FROM outcomes WHERE service=:service AND captures.digest<>''
    AND outcomes.address=captures.address AND outcomes.digest=captures.digest
    AND outcome='{ARCHIVED}')
"""
_NEWEST = f"""
AND NOT EXISTS (SELECT 1 FROM captures AS better WHERE better.plan=captures.plan
    AND better.address=captures.address AND (better.twin<captures.twin
        OR (better.twin=captures.twin AND better.timestamp>captures.timestamp))
    AND NOT EXISTS (SELECT 1 FROM outcomes WHERE service=:service
        AND outcomes.place=better.place AND outcome NOT IN ('{ARCHIVED}', 'excluded', 'refused')))
"""
"""The page itself before its other views, then the newest; one that cannot be had counts for
nothing, but for those that the archive keeps to itself: it would say so of the others, too."""

_WANTED = """
SELECT url, timestamp, digest, origin, file, offset, length, place, address,
    (SELECT min(timestamp) FROM captures AS older WHERE older.plan=captures.plan
        AND older.address=captures.address)
FROM captures
"""
_BEHIND = """
AND (file, offset, address, timestamp) > (:file, :offset, :address, :timestamp)
ORDER BY file, offset, address, timestamp LIMIT :most
"""


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]
