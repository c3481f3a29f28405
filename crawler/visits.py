"""What a city's crawls have seen: one SQLite file per city, the crawler's only memory.

A visit is written when its response has been archived, and marked when what came of it is in the
tables. A crawl that dies between the two loses nothing: the next one reads the marked-as-missing
pages back from the archive.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Literal, Self
from urllib.parse import urldefrag, urljoin

from crawler import archive
from crawler.archive import Payload, Place
from crawler.item import canonical_url

VERSION = 1
"""Version of the file's tables, in `PRAGMA user_version`."""

Outcome = Literal["stored", "retry"]
"""`stored`: article or reject is in the tables for good. `retry`: it is in the tables as well as it
could be had (the site refused, a part was missing); the next crawl tries again."""

_MAX_HOPS = 10

_TABLES = """
CREATE TABLE visits (
    url TEXT PRIMARY KEY,          -- as fetched
    canonical TEXT NOT NULL,       -- the one spelling of it
    kind TEXT NOT NULL,            -- list, article, part, robots, other
    status INTEGER NOT NULL,       -- HTTP status of the last response
    digest TEXT NOT NULL,          -- of its payload
    etag TEXT,                     -- validators the site gave
    last_modified TEXT,
    redirect TEXT,                 -- where a 3xx leads
    file TEXT NOT NULL,            -- place of the response in the archive
    offset INTEGER NOT NULL,
    first_seen TEXT NOT NULL,      -- UTC, ISO 8601
    last_seen TEXT NOT NULL,
    outcome TEXT,                  -- null until stored; see Outcome
    run_id TEXT                    -- run that stored it
) WITHOUT ROWID;
CREATE INDEX visits_canonical ON visits (canonical);
CREATE INDEX visits_open ON visits (last_seen) WHERE outcome IS NOT 'stored';
CREATE TABLE payloads (            -- first copies, for revisit records
    digest TEXT PRIMARY KEY, url TEXT NOT NULL, file TEXT NOT NULL, offset INTEGER NOT NULL,
    fetched_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE archives (            -- files being written: to be repaired if still open
    file TEXT PRIMARY KEY, closed INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
"""


class VisitsError(RuntimeError):
    """A state file that cannot be used. The message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Visit:
    """The last response of one URL."""

    url: str
    kind: str
    status: int
    digest: str
    place: Place
    redirect: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    outcome: str | None = None


class Visits:
    """The visits of one city. Holds `<path>.crawl-lock` while open, so a city has one crawl."""

    def __init__(self, database: sqlite3.Connection, lock: IO[str]) -> None:
        self._database, self._lock = database, lock

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or make the file. Raises `VisitsError`: in use, not writable, not ours, damaged."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = path.with_suffix(".crawl-lock").open("a+")
        except OSError as error:
            raise VisitsError(
                f"{path.parent}: cannot be written ({error.strerror}); check its permissions"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise VisitsError(
                f"{path}: another crawl (process {holder}) is using it; wait for it to end"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            return cls(_connect(path), lock)
        except sqlite3.Error as error:
            lock.close()
            raise VisitsError(
                f"{path}: not a usable state file ({error}); move it away: the articles and the "
                "archive stay, and the next crawl fetches the city's pages anew"
            ) from error
        except VisitsError:
            lock.close()
            raise

    def close(self) -> None:
        """Close the file and give the city free."""
        self._database.close()
        self._lock.close()

    def record(self, visit: Visit, moment: datetime) -> None:
        """Write down a response that was fetched at `moment` (UTC) and has been archived."""
        seen = moment.isoformat()
        with self._changing():
            self._database.execute(
                "INSERT INTO visits VALUES (?,?,?,?,?,?,?,?,?,?,?,?,NULL,NULL) "
                "ON CONFLICT (url) DO UPDATE SET kind=excluded.kind, status=excluded.status, "
                "digest=excluded.digest, etag=excluded.etag, redirect=excluded.redirect, "
                "last_modified=excluded.last_modified, file=excluded.file, "
                "offset=excluded.offset, last_seen=excluded.last_seen, "
                "outcome=NULL, run_id=NULL",
                (
                    visit.url,
                    canonical_url(visit.url),
                    visit.kind,
                    visit.status,
                    visit.digest,
                    visit.etag,
                    visit.last_modified,
                    visit.redirect,
                    visit.place.file,
                    visit.place.offset,
                    seen,
                    seen,
                ),
            )
            self._database.execute(
                "INSERT OR IGNORE INTO payloads VALUES (?,?,?,?,?)",
                (visit.digest, visit.url, visit.place.file, visit.place.offset, seen),
            )

    def payload(self, digest: str) -> Payload | None:
        """Return where a payload was archived first, or None."""
        row = self._database.execute(
            "SELECT file, offset, url, fetched_at FROM payloads WHERE digest=?", (digest,)
        ).fetchone()
        if row is None:
            return None
        return Payload(Place(row[0], row[1]), row[2], datetime.fromisoformat(row[3]))

    def get(self, url: str) -> Visit | None:
        """Return the last response of exactly this URL."""
        return next(self._select("WHERE url=?", (url,)), None)

    def chain(self, url: str) -> list[Visit]:
        """Return the visits of the page at `url`, in any spelling, and of where they redirect."""
        found: dict[str, Visit] = {}
        spellings = [canonical_url(url)]
        for _ in range(_MAX_HOPS):
            before = len(found)
            for spelling in spellings:
                for visit in self._select("WHERE canonical=?", (spelling,)):
                    found.setdefault(visit.url, visit)
            spellings = [canonical_url(v.redirect) for v in found.values() if v.redirect]
            if len(found) == before:
                break
        return list(found.values())

    def unstored(self) -> Iterator[Visit]:
        """Yield article pages whose article or reject has yet to be stored, oldest first."""
        yield from list(
            self._select(
                "WHERE outcome IS NOT 'stored' AND kind='article' AND status BETWEEN 200 AND 299 "
                "ORDER BY last_seen, url",
                (),
            )
        )

    def mark(self, outcomes: Iterable[tuple[str, Outcome]], run_id: str) -> None:
        """Say what came of pages: (URL as fetched, outcome), now that the tables hold it."""
        with self._changing():
            self._database.executemany(
                "UPDATE visits SET outcome=?, run_id=? WHERE url=?",
                [(outcome, run_id, url) for url, outcome in outcomes],
            )

    def begin_archive(self, file: str) -> None:
        """Note that an archive file is about to be created."""
        with self._changing():
            self._database.execute("INSERT OR IGNORE INTO archives (file) VALUES (?)", (file,))

    def end_archive(self, file: str) -> None:
        """Note that an archive file is complete."""
        with self._changing():
            self._database.execute("UPDATE archives SET closed=1 WHERE file=?", (file,))

    def recover(self, folder: Path) -> int:
        """Make the archive files whole that a killed crawl left open; return the bytes cut.

        Responses that were archived but not yet written down here are written down now.
        """
        names = self._database.execute("SELECT file FROM archives WHERE NOT closed").fetchall()
        cut = 0
        for (name,) in names:
            path = folder / name
            if path.exists():
                cut += archive.repair(path)
            self._forget(name, path.stat().st_size if path.exists() else 0)
            if path.exists():
                self._catch_up(path)
            self.end_archive(name)
        return cut

    def _forget(self, file: str, end: int) -> None:
        """Forget what lay in a file from `end` (bytes) on: a power cut took it from the archive.

        Otherwise the page, fetched anew, would only refer to a copy that is no longer there.
        """
        with self._changing():
            for table in ("visits", "payloads"):
                lost = f"DELETE FROM {table} WHERE file=? AND offset>=?"
                self._database.execute(lost, (file, end))

    def _catch_up(self, path: Path) -> None:
        last = self._database.execute(
            "SELECT max(offset) FROM (SELECT offset FROM visits WHERE file=:file UNION ALL "
            "SELECT offset FROM payloads WHERE file=:file)",
            {"file": path.name},
        ).fetchone()[0]
        for record in archive.read(path, start=last or 0):
            if last is None or record.offset > last:
                place = Place(path.name, record.offset)
                visit = visit_of(
                    record.url,
                    record.status,
                    record.headers,
                    kind=record.kind,
                    digest=record.digest,
                    place=place,
                )
                self.record(visit, record.fetched_at)

    def _select(self, where: str, values: tuple[str, ...]) -> Iterator[Visit]:
        rows = self._database.execute(
            "SELECT url, kind, status, digest, file, offset, redirect, etag, last_modified, "
            f"outcome FROM visits {where}",
            values,
        )
        for url, kind, status, digest, file, offset, *rest in rows:
            yield Visit(url, kind, status, digest, Place(file, offset), *rest)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        try:
            with self._database:
                yield
        except sqlite3.Error as error:
            raise VisitsError(f"the crawl's state cannot be written ({error})") from error


def visit_of(
    url: str, status: int, headers: Mapping[str, str], *, kind: str, digest: str, place: Place
) -> Visit:
    """Return the visit that a response makes; `headers` are in lower case."""
    target = headers.get("location") if 300 <= status < 400 else None
    return Visit(
        url=url,
        kind=kind or "other",
        status=status,
        digest=digest,
        place=place,
        redirect=urldefrag(urljoin(url, target))[0] if target else None,
        etag=headers.get("etag"),
        last_modified=headers.get("last-modified"),
    )


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    # Readers may look while a crawl writes; a commit need not wait for the disk, because the
    # archive, which is synced before anything is marked as stored, can rebuild what is lost.
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=NORMAL")
    found = database.execute("PRAGMA user_version").fetchone()[0]
    if found == 0:
        # One transaction: a process killed here leaves no half-made file.
        database.executescript(f"BEGIN; {_TABLES} PRAGMA user_version={VERSION}; COMMIT;")
    elif found != VERSION:
        database.close()
        raise VisitsError(
            f"{path}: state of version {found}, this shizheng keeps version {VERSION}; "
            "use the version that wrote it, or move it away"
        )
    return database
