"""Record of the archives that `extract` has read.

A killed command goes on from it. An archive is identified by its content, not by its name, together
with everything that determines its articles: the code that reads it, the libraries below it, the
city files and the options.
"""

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from crawler.city import City
from crawler.state.database import connect
from pipelines.tables import damage, files
from pipelines.tables.fingerprint import fingerprint

DEPENDS_ON = (
    "crawler.archive",
    "crawler.extract",
    "crawler.cms",
    "crawler.city",
    "crawler.credentials",
    "crawler.crawl.fit",
    "crawler.item",
    "crawler.legible",
    "crawler.limits",
    "crawler.marked",
    "crawler.phrases",
    "crawler.posted",
    "crawler.rows",
    "crawler.script",
    "crawler.unpacking",
    "pipelines.articles",
    "pipelines.facts.lists",
    "pipelines.facts.places",
    "pipelines.text",
)
PACKAGES = (
    "justext",
    "langdetect",
    "lxml",
    "opencc-python-reimplemented",
    "readability-lxml",
    "trafilatura",
)
_TABLES = """
CREATE TABLE IF NOT EXISTS read (
    key TEXT PRIMARY KEY,    -- see identity()
    file TEXT NOT NULL,      -- its name when it was read
    cities TEXT NOT NULL,    -- keys of the cities it holds pages of, JSON
    run_id TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS owed (
    city TEXT PRIMARY KEY    -- articles stored whose duplicates are not marked yet
) WITHOUT ROWID;
"""


class Progress:
    """The archives read into one output folder: `state/archives.read.sqlite`, safe to delete."""

    def __init__(self, database: sqlite3.Connection, output: Path) -> None:
        self._database, self._output = database, output

    @classmethod
    def open(cls, output: Path) -> Self:
        """Open or make the file. Raises `StoreError` when it cannot be used."""
        path = output / "state" / "archives.read.sqlite"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise damage.StoreError(
                f"{path.parent}: cannot be written ({error.strerror}); check its permissions"
            ) from error
        remedy = "delete it: the archives are then read again, and nothing is stored twice"
        database = connect(path, damage.StoreError, remedy, timeout=60, isolation_level=None)
        try:
            database.executescript(_TABLES)
            database.execute("SELECT key, file, cities, run_id FROM read LIMIT 0")
            database.execute("SELECT city FROM owed LIMIT 0")
        except BaseException:
            database.close()
            raise
        return cls(database, output)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._database.close()

    def has(self, key: str) -> bool:
        """Return True if an archive was read and its tables are present."""
        row = self._database.execute("SELECT cities FROM read WHERE key = ?", (key,)).fetchone()
        return row is not None and all(self._present(city) for city in json.loads(row[0]))

    def add(self, key: str, file: str, cities: Sequence[str], run_id: str) -> None:
        """Record an archive after its articles and rejects have been stored."""
        with self._database:
            self._database.execute("BEGIN")
            self._database.execute(
                "INSERT OR REPLACE INTO read VALUES (?, ?, ?, ?)",
                (key, file, json.dumps(sorted(cities)), run_id),
            )
            self._owe(cities)

    def owe(self, cities: Sequence[str]) -> None:
        """Record cities with articles to be compared."""
        with self._database:
            self._database.execute("BEGIN")
            self._owe(cities)

    def owed(self) -> list[str]:
        """Return the cities with articles to be compared, sorted."""
        return [row[0] for row in self._database.execute("SELECT city FROM owed ORDER BY city")]

    def settle(self, city: str) -> None:
        """Remove a city after its articles have been compared."""
        self._database.execute("DELETE FROM owed WHERE city = ?", (city,))

    def _owe(self, cities: Sequence[str]) -> None:
        rows = [(city,) for city in cities]
        self._database.executemany("INSERT OR IGNORE INTO owed VALUES (?)", rows)

    def _present(self, city: str) -> bool:
        return (
            files.articles_folder(self._output, city).is_dir()
            or files.table_path(self._output, "rejects", city).is_file()
        )


def identity(path: Path, mark: str) -> str:
    """Return an archive's identity: digests of its content and the settings."""
    return files.sha256(path) + mark


def settings_digest(
    cities: Mapping[str, City], prefix: str | None, any_host: bool, city: str | None
) -> str:
    """Return a digest of everything but the archive that determines its articles."""
    named = sorted(repr(replace(city, file="")) for city in cities.values())
    options = json.dumps([fingerprint(DEPENDS_ON, PACKAGES).hex(), named, prefix, any_host, city])
    return hashlib.sha256(options.encode()).hexdigest()[:16]
