"""One writer per city: a lock file that the system releases when its last holder dies."""

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from crawler.state import taken


class LockedError(RuntimeError):
    """Another run is writing this city."""


@contextmanager
def hold(output: Path, cities: Iterable[str]) -> Iterator[Mapping[str, int]]:
    """Hold the locks of `cities` while the block runs; raise `LockedError` if one is taken.

    The locks are flock(2) locks on `state/<city>.lock`: a killed process leaves none behind. They
    belong to the open files, whose descriptors are yielded by city: a process that inherits one
    holds that lock, too, until it ends.
    """
    folder = output / "state"
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        descriptors = {}
        for city in sorted(set(cities)):
            file = held.enter_context((folder / f"{city}.lock").open("a+"))
            if not taken(file):
                file.seek(0)
                holder = file.read().strip() or "unknown"
                raise LockedError(
                    f"another run (process {holder}) is working on {city} in {output}; "
                    "wait for it to end"
                )
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            descriptors[city] = file.fileno()
        yield descriptors


def holder(output: Path, city: str) -> str | None:
    """Return the process that holds a city's lock (`unknown` if it did not say), or None."""
    try:
        with (output / "state" / f"{city}.lock").open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read().strip() or "unknown"
    except OSError:
        pass
    return None
