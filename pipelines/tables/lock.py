"""Locks of cities: one writer each, released when its process dies."""

import fcntl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from crawler.errors import ExitCode, ShizhengError
from crawler.ordinary import ordinary
from crawler.state.lock import holder_of, sign, taken
from pipelines.tables import damage


class LockedError(ShizhengError):
    """Another run is writing this city."""

    exit_code = ExitCode.BUSY


@contextmanager
def hold(output: Path, cities: Iterable[str]) -> Iterator[Mapping[str, int]]:
    """Lock `cities` while the block runs.

    The locks are flock(2) locks on `state/<city>.lock`: a killed process leaves none behind. They
    belong to the open files, whose descriptors are yielded by city: a process that inherits one
    shares that lock until it ends. Raises `LockedError` if a lock is taken, `StoreError` if a lock
    file cannot be opened.
    """
    with ExitStack() as locks:
        descriptors = {}
        for city in sorted(set(cities)):
            file = locks.enter_context(_open_lock(output, city))
            descriptors[city] = file.fileno()
        yield descriptors


@contextmanager
def waiting(path: Path) -> Iterator[None]:
    """Lock a file while the block runs, after whoever has it.

    For what takes a moment. Raises `StoreError` if the file cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = ordinary(path).open("a+b")
    except OSError as error:
        raise damage.StoreError(
            f"{path}: cannot be locked ({error.strerror or error}). "
            "Check the folder's permissions and the free space, then run again"
        ) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _open_lock(output: Path, city: str) -> IO[str]:
    path = output / "state" / f"{city}.lock"
    with ExitStack() as opened:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = opened.enter_context(
                ordinary(path).open("a+", encoding="ascii", errors="replace")
            )
            if not taken(file):
                raise LockedError(
                    f"another run (process {holder_of(file)}) is working on {city} in {output}; "
                    "wait for it to end"
                )
            sign(file)
        except OSError as error:
            raise damage.StoreError(
                f"{path}: the city cannot be locked ({error.strerror or error}). "
                "Check the folder's permissions and the free space, then run again"
            ) from error
        opened.pop_all()
        return file


def holder(output: Path, city: str) -> str | None:
    """Return the process that has a city's lock, or None.

    `unknown` if the lock file does not name it.
    """
    try:
        path = output / "state" / f"{city}.lock"
        with ordinary(path).open(encoding="ascii", errors="replace") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return holder_of(file)
    except OSError:
        pass
    return None
