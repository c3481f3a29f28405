"""Lock of a city, for one writer of its state and tables."""

import fcntl
import os
import time
from pathlib import Path
from typing import IO

from crawler.errors import ExitCode, ShizhengError
from crawler.ordinary import ordinary

LOCK_VARIABLE = "SHIZHENG_LOCK"
"""Environment variable with the number of an inherited descriptor of the city's lock."""


class VisitsError(ShizhengError):
    """A state file that cannot be used. The message has the remedy."""

    exit_code = ExitCode.INTERNAL


def lock_of(path: Path) -> IO[str]:
    """Take the city's lock, the file `<city>.lock` beside its state file `path`.

    The command that started this process may have taken it already: `LOCK_VARIABLE` then names the
    descriptor that this process has inherited, and the lock lasts as long as that is open. Raises
    `VisitsError`: in use, not writable.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = ordinary(path.with_suffix(".lock")).open("a+", encoding="ascii", errors="replace")
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
    """Write the id of this process into a lock file. Raises `OSError`."""
    # Past the file's buffer, which would be written once more when it is closed.
    os.ftruncate(lock.fileno(), 0)
    os.write(lock.fileno(), str(os.getpid()).encode())


def holder_of(lock: IO[str]) -> str:
    """Return the process that a lock file names, or `unknown`."""
    lock.seek(0)
    found = lock.read(20).strip()
    return found if found.isdigit() else "unknown"


def taken(file: IO[str]) -> bool:
    """Lock a file with flock(2); return False if it is locked elsewhere.

    A status command locks it for a moment only, so it is tried three times. The lock belongs to the
    open file and ends with it.
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
