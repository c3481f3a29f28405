"""Files, as against pipes, sockets and devices with a file's name."""

import errno
import stat
from pathlib import Path

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def ordinary(path: Path) -> Path:
    """Return a path that leads to no pipe, socket or device.

    To open a pipe waits until somebody writes into it, a device may be read without end, and a
    file renamed onto either takes its place. Raises OSError for them; what is missing or a folder
    is for who opens the path to find.
    """
    try:
        kind = _KINDS.get(stat.S_IFMT(path.stat().st_mode))
    except (OSError, ValueError):
        return path
    if kind:
        # A number that `pipelines.errors` knows as one of the surroundings'.
        raise OSError(errno.ENODEV, f"this is {kind}, expected a file", str(path))
    return path


def ordinary_database(path: Path) -> Path:
    """Return a SQLite file's path if it and its companions are ordinary.

    SQLite opens the companions itself: the journal, the log and its index
    (https://sqlite.org/tempfiles.html).
    """
    for ending in ("-journal", "-wal", "-shm"):
        ordinary(path.with_name(path.name + ending))
    return ordinary(path)
