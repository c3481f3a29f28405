"""One writer per city: a lock file that the system releases when its holder dies."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


class LockedError(RuntimeError):
    """Another run is writing this city."""


@contextmanager
def hold(output: Path, cities: Iterable[str]) -> Iterator[None]:
    """Hold the locks of `cities` while the block runs; raise `LockedError` if one is taken.

    The locks are flock(2) locks on `state/<city>.lock`: a killed process leaves none behind.
    """
    folder = output / "state"
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        for city in sorted(set(cities)):
            file = held.enter_context((folder / f"{city}.lock").open("a+"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                raise LockedError(
                    f"another run (process {holder}) is working on {city} in {output}; "
                    "wait for it to end"
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        yield
