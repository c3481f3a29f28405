"""Work folder of a store: state at the last transfer, and changes.

`.remote.json` in the folder has, for each unit, the version of its head when it was pulled or
pushed last, and the digests of its files. Without it every file is compared anew.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from crawler.ordinary import ordinary, ordinary_database
from pipelines.remote.heads import REPORTS, REVIEWS
from pipelines.tables import atomic
from pipelines.tables.files import REMOTE_RECORD, sha256

_STATE = ("state/{}.sqlite", "state/{}.backfill.sqlite")
_OF_A_CITY = (
    "articles/{}/*",
    "archive/{}/*",
    "vectors/{}/*",
    *(f"{table}/{{}}.parquet" for table in ("pairs", "candidates", "sentences", "rejects")),
    *(f"{table}/{{}}.parquet" for table in ("revisions", "sketches")),
    *_STATE,
)
_OF_ALL = {REPORTS: ("reports/**/*",), REVIEWS: ("reviews/**/*", "withdrawn.yaml", "calibration/*")}


@dataclass(frozen=True, slots=True)
class Known:
    """State of a unit when folder and head were equal.

    `without` are the first parts of paths that were not pulled. `stamps` are size and time of each
    file, to find the changed ones without reading all.
    """

    version: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    stamps: Mapping[str, list[int]] = field(default_factory=dict)


def known(folder: Path, unit: str) -> Known:
    """Return the recorded state of a unit."""
    found = _record(folder).get(unit)
    if found is None:
        return Known()
    return Known(found["version"], found["files"], tuple(found["without"]), found["stamps"])


def remember(folder: Path, unit: str, state: Known) -> None:
    """Record the state of a unit."""
    record = _record(folder) | {unit: asdict(state)}
    with atomic.replacing(folder / REMOTE_RECORD) as file:
        file.write(json.dumps(record, sort_keys=True).encode())


def digests(folder: Path, unit: str) -> dict[str, str]:
    """Return the SHA-256 of each file of a unit, by path."""
    state, found = known(folder, unit), {}
    for name, path in present(folder, unit):
        if state.stamps.get(name) == stamp(path) and name in state.files:
            found[name] = state.files[name]
        else:
            found[name] = sha256(path)
    return found


def present(folder: Path, unit: str) -> Iterator[tuple[str, Path]]:
    """Yield a unit's files: path in the folder, whole path."""
    city = unit.removeprefix("cities/")
    patterns = _OF_ALL.get(unit) or tuple(each.format(city) for each in _OF_A_CITY)
    if unit not in _OF_ALL:
        for name in _STATE:
            _settle(folder / name.format(city))
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            if path.is_file() and not path.name.startswith("."):
                yield path.relative_to(folder).as_posix(), path


def stamp(path: Path) -> list[int]:
    """Return a file's size and time of change."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def stamps(folder: Path, names: Collection[str]) -> dict[str, list[int]]:
    """Return size and time of change of present files, by path."""
    paths = {name: folder / name for name in names}
    return {name: stamp(path) for name, path in paths.items() if path.is_file()}


def _settle(path: Path) -> None:
    """Write the log that a killed process left into its SQLite file."""
    if path.with_name(f"{path.name}-wal").exists():
        with closing(sqlite3.connect(ordinary_database(path))) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _record(folder: Path) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(ordinary(folder / REMOTE_RECORD).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
