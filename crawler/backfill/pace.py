"""Pace of requests to web archives, shared by a machine's processes.

A service allows one request at a time, with a pause between two. Each host has a file that a
process locks while its request is under way, and in which it writes the time of the next one.
"""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from crawler.errors import ExitCode, ShizhengError
from crawler.ordinary import ordinary

PUBLISHED = {
    "index.commoncrawl.org": 1.0,
    "data.commoncrawl.org": 0.55,
    "web.archive.org": 6.0,
}
"""Seconds from the end of a request to the next, by host: those of cdx_toolkit 0.9.39, which Common
Crawl's foundation maintains. The services themselves name no figure, and answer 429 or 503."""
USUAL = 1.0
"""Seconds for any other host; set by hand, as for Common Crawl's index."""

FOLDER_VARIABLE = "SHIZHENG_PACE_DIR"
"""Environment variable with the folder of the files, for processes of several users."""


class PaceError(ShizhengError):
    """A folder of the machine's pace that cannot be used."""

    exit_code = ExitCode.INTERNAL


def seconds_for(host: str, wanted: float | None = None) -> float:
    """Return the pause after a request to a host.

    The published one is the shortest; other hosts may be asked at any pace that is `wanted`.
    """
    least = PUBLISHED.get(host.partition(":")[0])
    if wanted is None:
        return USUAL if least is None else least
    return wanted if least is None else max(wanted, least)


@contextmanager
def turn(host: str, seconds: float) -> Iterator[None]:
    """Wait for a host's turn, for the length of one request.

    Raises `PaceError`.
    """
    with _opened(host) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        wait = _next(file) - time.time()
        # A clock that was set back must not make a host wait for ever.
        if 0 < wait <= max(seconds, LONGEST_REST):
            time.sleep(wait)
        try:
            yield
        finally:
            if _next(file) <= time.time() + seconds:
                _write(file, time.time() + seconds)


def rest(host: str, seconds: float) -> None:
    """Make every process leave a host alone for a time. Raises `PaceError`."""
    with _opened(host) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _write(file, time.time() + min(seconds, LONGEST_REST))


LONGEST_REST = 3600.0
"""Seconds that a host may ask for and is waited for; after longer ones the command is run again."""


def _folder() -> Path:
    named = os.environ.get(FOLDER_VARIABLE)
    folder = Path(named or Path(tempfile.gettempdir(), f"shizheng-pace-{os.getuid()}"))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # In a folder for all, somebody else's would decide about the pace.
        if not named and folder.lstat().st_uid != os.getuid():
            raise PermissionError(0, "it belongs to another user")
    except OSError as error:
        raise PaceError(
            f"{folder}: cannot be used ({error.strerror}); name another folder with "
            f"{FOLDER_VARIABLE}"
        ) from error
    return folder


def _opened(host: str) -> IO[str]:
    path = _folder() / f"{host.replace(':', '_').replace('/', '_')}.turn"
    try:
        return ordinary(path).open("a+", encoding="ascii")
    except OSError as error:
        raise PaceError(
            f"{path}: cannot be written ({error.strerror}); name another folder with "
            f"{FOLDER_VARIABLE}"
        ) from error


def _next(file: IO[str]) -> float:
    file.seek(0)
    try:
        return float(file.read(40) or 0)
    except ValueError:
        return 0.0


def _write(file: IO[str], moment: float) -> None:
    file.truncate(0)
    file.write(f"{moment:.3f}")
    file.flush()
