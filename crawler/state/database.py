"""The file that a city's crawls remember in: a SQLite database, and the lock one crawl holds.

What is in it is the business of `visits.py`; here it is made, brought up to date, and guarded.
"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Self

from crawler.errors import ExitCode, ShizhengError

VERSION = 3
"""Version of the file's tables, in `PRAGMA user_version`."""

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
"""

_TABLES_2 = """
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


OWED = """
INSERT OR IGNORE INTO frontier (url, canonical, listed_at)
SELECT url, canonical, first_seen FROM visits WHERE kind='article' AND outcome IS NULL
AND url NOT IN (SELECT redirect FROM visits WHERE redirect IS NOT NULL);
"""
"""Puts every article page without an outcome on the frontier, but for those that another leads to:
for state that a power cut tore, and for that of version 2, in which an address left the frontier
when it was answered, and was nowhere if the crawl died before it stored what came of the answer."""


SKEW = timedelta(minutes=10)
"""How far a stored moment may lie ahead of the clock. One further ahead was stored when the clock
was ahead, or is read when it is behind: nothing may rest because of it."""

LOCK_VARIABLE = "SHIZHENG_LOCK"
"""Environment variable that names an inherited descriptor of the city's lock."""

_ENVIRONMENT = (
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
)
"""What SQLite says when nothing is wrong with the file (https://sqlite.org/rescode.html)."""


class VisitsError(ShizhengError):
    """A state file that cannot be used. The message names it and says what to do."""

    exit_code = ExitCode.INTERNAL


@dataclass(frozen=True, slots=True)
class State:
    """An open state file. The city's lock is held while it is open, so a city has one writer."""

    database: sqlite3.Connection
    lock: IO[str]

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or make the file. Raises `VisitsError`: in use, not writable, not ours, damaged."""
        lock = _lock(path)
        try:
            return cls(_connect(path), lock)
        except BaseException:
            lock.close()
            raise

    def close(self) -> None:
        """Close the file and give the city free."""
        self.database.close()
        self.lock.close()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Write in one transaction. Raises `VisitsError`."""
        try:
            with self.database:
                yield
        except sqlite3.Error as error:
            raise VisitsError(f"the crawl's state cannot be written ({error})") from error


class _Database(sqlite3.Connection):
    """A connection whose every error is turned by `told` into one that names the file."""

    told: Callable[[sqlite3.Error], Exception]

    def execute(self, *args: Any) -> sqlite3.Cursor:
        return self.cursor(_Cursor).execute(*args)

    def executemany(self, *args: Any) -> sqlite3.Cursor:
        return self.cursor(_Cursor).executemany(*args)

    def executescript(self, *args: Any) -> sqlite3.Cursor:
        return self.cursor(_Cursor).executescript(*args)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Turn an error of SQLite inside the block into the one for the user."""
        try:
            yield
        except sqlite3.Error as error:
            raise self.told(error) from error


class _Cursor(sqlite3.Cursor):
    """A cursor of `_Database`: damage to a file may show at any row."""

    connection: _Database

    def execute(self, *args: Any) -> Self:
        with self.connection.telling():
            return super().execute(*args)

    def executemany(self, *args: Any) -> Self:
        with self.connection.telling():
            return super().executemany(*args)

    def executescript(self, *args: Any) -> sqlite3.Cursor:
        with self.connection.telling():
            return super().executescript(*args)

    def fetchone(self) -> Any:
        with self.connection.telling():
            return super().fetchone()

    def fetchall(self) -> list[Any]:
        with self.connection.telling():
            return super().fetchall()

    def __next__(self) -> Any:
        with self.connection.telling():
            return super().__next__()


def connect(
    path: Path, error: Callable[[str], Exception], remedy: str, **options: Any
) -> sqlite3.Connection:
    """Open a SQLite file; what goes wrong with it, now or later, is raised as `error`.

    The message is either that the file cannot be written, or that it is not a usable state file
    and its `remedy`.
    """

    def told(reason: sqlite3.Error) -> Exception:
        code = getattr(reason, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code & 0xFF in _ENVIRONMENT and not path.is_dir():
            return error(
                f"{path}: cannot be written ({reason}); "
                "check the folder's permissions and the free space"
            )
        return error(f"{path}: not a usable state file ({reason}); {remedy}")

    try:
        database = sqlite3.connect(path, factory=_Database, **options)
    except sqlite3.Error as reason:
        raise told(reason) from reason
    database.told = told
    return database


def _lock(path: Path) -> IO[str]:
    """Hold the city's lock, the file `<city>.lock` beside its state, as every other writer does.

    The command that started this process may hold it already: it then names, in the environment,
    the descriptor that this process has inherited, and the lock lasts as long as that is open.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_suffix(".lock").open("a+", encoding="ascii", errors="replace")
    except OSError as error:
        raise VisitsError(
            f"{path.parent}: cannot be written ({error.strerror}); check its permissions"
        ) from error
    inherited = os.environ.get(LOCK_VARIABLE, "")
    if inherited.isdigit() and _is_same(int(inherited), lock):
        return lock
    if not taken(lock):
        holder = holder_of(lock)
        lock.close()
        raise VisitsError(f"{path}: another run (process {holder}) is using it; wait for it to end")
    try:
        sign(lock)
    except OSError as error:
        lock.close()
        raise VisitsError(
            f"{lock.name}: cannot be written ({error.strerror}); check the free space"
        ) from error
    return lock


def sign(lock: IO[str]) -> None:
    """Write into a lock file which process holds it. Raises `OSError`."""
    # Past the file's buffer, which would be written once more when it is closed.
    os.ftruncate(lock.fileno(), 0)
    os.write(lock.fileno(), str(os.getpid()).encode())


def holder_of(lock: IO[str]) -> str:
    """Return which process a lock file names, `unknown` if it names none."""
    lock.seek(0)
    found = lock.read(20).strip()
    return found if found.isdigit() else "unknown"


def taken(file: IO[str]) -> bool:
    """Lock a file, if no one else does; who only looks whether it is locked does so for a moment.

    The lock is a flock(2) lock: it belongs to the open file, and ends with it.
    """
    for pause in (0.02, 0.05, None):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if pause is not None:
                time.sleep(pause)
        else:
            return True
    return False


def _is_same(descriptor: int, file: IO[str]) -> bool:
    try:
        return os.path.sameopenfile(descriptor, file.fileno())
    except OSError:
        return False


_REMEDY = (
    "move it away: the articles and the archive stay, and the next crawl fetches the city's "
    "pages anew"
)


def _connect(path: Path) -> sqlite3.Connection:
    database = connect(path, VisitsError, _REMEDY)
    try:
        _bring_up_to_date(path, database)
        _check_tables(path, database)
    except BaseException:
        database.close()
        raise
    return database


def _bring_up_to_date(path: Path, database: sqlite3.Connection) -> None:
    # Readers may look while a crawl writes; a commit need not wait for the disk, because the
    # archive, which is synced before anything is marked as stored, can rebuild what is lost.
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=NORMAL")
    found = database.execute("PRAGMA user_version").fetchone()[0]
    if found == 0:
        # One transaction: a process killed here leaves no half-made file.
        script = f"BEGIN; {_TABLES} {_TABLES_2} PRAGMA user_version={VERSION}; COMMIT;"
        database.executescript(script)
    elif found == 1:
        database.executescript(
            "BEGIN; ALTER TABLE visits ADD COLUMN tries INTEGER NOT NULL DEFAULT 0; "
            f"{_TABLES_2} {OWED} PRAGMA user_version={VERSION}; COMMIT;"
        )
    elif found == 2:
        database.executescript(f"BEGIN; {OWED} PRAGMA user_version={VERSION}; COMMIT;")
    elif found != VERSION:
        raise VisitsError(
            f"{path}: state of version {found}, this shizheng keeps version {VERSION}; "
            "use the version that wrote it, or move it away"
        )


def _check_tables(path: Path, database: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(":memory:")) as model:
        model.executescript(_TABLES + _TABLES_2)
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
