"""State file of a city: a SQLite database under the city's lock.

Its tables are read and written in `visits.py`, `frontier.py`, `walks.py` and `recovery.py`.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Self

from crawler.ordinary import ordinary_database
from crawler.state.lock import VisitsError, lock_of

VERSION = 4
"""Version of the tables, in `PRAGMA user_version`."""

_ADDED = """
CREATE TABLE IF NOT EXISTS promises (  -- titles and days that lists showed beside an address
    canonical TEXT NOT NULL, title TEXT NOT NULL, day TEXT NOT NULL, -- empty for none
    PRIMARY KEY (canonical, title)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS whole ( -- when a page was last sent whole, and not as unmodified
    url TEXT PRIMARY KEY, moment TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS visits_redirect ON visits (redirect) WHERE redirect IS NOT NULL;
"""
"""Tables and the index that state of version 3 lacks."""

_TABLES = (
    """
CREATE TABLE visits (
    url TEXT PRIMARY KEY,          -- as fetched
    canonical TEXT NOT NULL,       -- the one spelling of it
    kind TEXT NOT NULL,            -- list, article, part, robots, other
    status INTEGER NOT NULL,       -- HTTP status of the last response
    digest TEXT NOT NULL,          -- of its payload
    etag TEXT,                     -- validators the site gave
    last_modified TEXT,
    redirect TEXT,                 -- where a 3xx leads, or the page itself
    file TEXT NOT NULL,            -- place of the response in the archive
    offset INTEGER NOT NULL,
    first_seen TEXT NOT NULL,      -- when it was listed, or else fetched; UTC, ISO 8601
    last_seen TEXT NOT NULL,
    outcome TEXT,                  -- null until stored; see Outcome
    run_id TEXT,                   -- run that stored it
    tries INTEGER NOT NULL DEFAULT 0 -- answers in a row that gave no article
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
CREATE TABLE frontier (            -- listed, and nothing stored of it yet
    url TEXT PRIMARY KEY, canonical TEXT NOT NULL, listed_at TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,    -- requests that gave no response
    given_up INTEGER NOT NULL DEFAULT 0  -- forbidden, off the hosts, or tried often enough
) WITHOUT ROWID;
CREATE INDEX frontier_canonical ON frontier (canonical);
CREATE TABLE listings (            -- one row for each source, by the URL of its first page
    url TEXT PRIMARY KEY,
    walked_at TEXT,                -- when it was last read to its end, or to what was known
    checked_at TEXT NOT NULL,      -- when its first page was last read
    changed_at TEXT NOT NULL,      -- when the links of its first page last changed
    links INTEGER NOT NULL,        -- on its first page, when there were any
    digest TEXT NOT NULL,          -- of these links
    newest TEXT                    -- the latest date shown beside one
) WITHOUT ROWID;
"""
    + _ADDED
)

SKEW = timedelta(minutes=10)
"""Largest tolerated lead of a stored moment over the clock. One further ahead was stored when the
clock was ahead, or is read when it is behind: nothing may rest because of it."""

_ENVIRONMENT = (
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
)
"""Error codes of SQLite that are no fault of the file (https://sqlite.org/rescode.html)."""


@dataclass(frozen=True, slots=True)
class State:
    """An open state file, whose lock makes it a city's only writer."""

    database: sqlite3.Connection
    lock: IO[str]

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or make the file.

        Raises `VisitsError`: in use, not writable, foreign, damaged.
        """
        lock = lock_of(path)
        try:
            return cls(_connect(path), lock)
        except BaseException:
            lock.close()
            raise

    def close(self) -> None:
        """Close the file and release the city's lock."""
        self.database.close()
        self.lock.close()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Write in one transaction, or in the one begun. Raises `VisitsError`."""
        if self.database.in_transaction:
            yield
            return
        try:
            with self.database:
                self.database.execute("BEGIN")  # not first at a change: the calls within join it
                yield
        except sqlite3.Error as error:
            raise VisitsError(f"the crawl's state cannot be written ({error})") from error


_OWED = """
INSERT OR IGNORE INTO frontier (url, canonical, listed_at)
SELECT url, canonical, first_seen FROM visits WHERE kind='article' AND outcome IS NULL
AND url NOT IN (SELECT redirect FROM visits WHERE redirect IS NOT NULL);
"""
"""Put article pages without an outcome on the frontier, the targets of redirects apart.

In state of version 2 an address left the frontier when it was answered, and was nowhere if the
crawl died before it stored the outcome.
"""


class _Database(sqlite3.Connection):
    """A connection with errors turned by `translate` into ones naming the file."""

    translate: Callable[[sqlite3.Error], Exception]

    def execute(self, *args: Any) -> Any:
        return self.cursor(_Cursor).execute(*args)

    def executemany(self, *args: Any) -> Any:
        return self.cursor(_Cursor).executemany(*args)

    def executescript(self, *args: Any) -> Any:
        return self.cursor(_Cursor).executescript(*args)


def _translated(method: Callable[..., Any]) -> Any:
    """Return a cursor's method with SQLite errors as those for the user."""

    def call(cursor: Any, *args: Any) -> Any:
        try:
            return method(cursor, *args)
        except sqlite3.Error as error:
            raise cursor.connection.translate(error) from error

    return call


class _Cursor(sqlite3.Cursor):
    """A cursor of `_Database`: damage may show at any row."""

    execute = _translated(sqlite3.Cursor.execute)
    executemany = _translated(sqlite3.Cursor.executemany)
    executescript = _translated(sqlite3.Cursor.executescript)
    fetchone = _translated(sqlite3.Cursor.fetchone)
    fetchall = _translated(sqlite3.Cursor.fetchall)
    __next__ = _translated(sqlite3.Cursor.__next__)


def connect(
    path: Path, error: Callable[[str], Exception], remedy: str, **options: Any
) -> sqlite3.Connection:
    """Open a SQLite file; its errors are raised as `error`.

    The message is that the file cannot be written, or that it is no usable state file and the
    `remedy`.
    """

    def translate(reason: sqlite3.Error) -> Exception:
        code = getattr(reason, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code & 0xFF in _ENVIRONMENT and not path.is_dir():
            return error(
                f"{path}: cannot be written ({reason}); "
                "check the folder's permissions and the free space"
            )
        return error(f"{path}: not a usable state file ({reason}); {remedy}")

    try:
        database = sqlite3.connect(ordinary_database(path), factory=_Database, **options)
    except sqlite3.Error as reason:
        raise translate(reason) from reason
    except OSError as reason:
        raise error(f"{path}: not a usable state file ({reason.strerror}); {remedy}") from reason
    database.translate = translate
    return database


_REMEDY = (
    "move it away: the articles and the archive stay, and the next crawl fetches the city's "
    "pages anew"
)


def _connect(path: Path) -> sqlite3.Connection:
    database = connect(path, VisitsError, _REMEDY)
    try:
        _prepare(path, database)
        _check_tables(path, database)
    except BaseException:
        database.close()
        raise
    return database


def _prepare(path: Path, database: sqlite3.Connection) -> None:
    # Readers may look while a crawl writes; a commit need not wait for the disk, because the
    # archive, which is synced before anything is marked as stored, can rebuild what is lost.
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=NORMAL")
    found = database.execute("PRAGMA user_version").fetchone()[0]
    if found == 0:
        # One transaction: a process killed here leaves no half-made file.
        database.executescript(f"BEGIN; {_TABLES} PRAGMA user_version={VERSION}; COMMIT;")
    elif found in (2, 3):
        owed = _OWED if found == 2 else ""
        database.executescript(f"BEGIN; {owed} {_ADDED} PRAGMA user_version={VERSION}; COMMIT;")
    elif found != VERSION:
        raise VisitsError(
            f"{path}: state of version {found}, this shizheng reads version {VERSION}; "
            "use the version that wrote it, or move it away"
        )


def _check_tables(path: Path, database: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(":memory:")) as model:
        model.executescript(_TABLES)
        lacking = sorted(_columns(model) - _columns(database))
    if lacking:
        raise VisitsError(f"{path}: not a usable state file (it has no {lacking[0]}); {_REMEDY}")


def _columns(database: sqlite3.Connection) -> set[str]:
    return {
        f"{table}.{column}"
        for table, column in database.execute(
            "SELECT tables.name, columns.name FROM sqlite_master AS tables, "
            "pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'"
        )
    }
