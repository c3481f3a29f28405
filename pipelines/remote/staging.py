"""Commands on a store: take cities, work in a folder, give back.

The folder stays between commands, so that only what has changed is transferred. A process that is
killed leaves its work there; the next command on this machine goes on with it, unless another
machine has stored the city since.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.remote import transfer
from pipelines.remote.heads import REPORTS, REVIEWS, city_unit, stored_cities
from pipelines.remote.leases import leased
from pipelines.remote.objects import ConflictError, Objects

_BULK = ("archive", "vectors")
"""First parts of paths that hardly any command reads, and that are most of a corpus."""


@dataclass(frozen=True, slots=True)
class Need:
    """Needs of a command: bulk left out, units changed."""

    without: tuple[str, ...] = _BULK
    cities: bool = False
    others: tuple[str, ...] = ()
    releases: bool = False


NEEDS = {
    "crawl": Need(("vectors",), cities=True),
    "backfill": Need(("vectors",), cities=True),
    "extract": Need(("vectors",), cities=True),
    "import": Need(cities=True),
    "align": Need(("archive",), cities=True),
    "run": Need((), cities=True),
    "gather": Need(cities=True, others=(REPORTS,)),
    "report": Need(others=(REPORTS,)),
    "review": Need(others=(REVIEWS,)),
    "calibrate": Need(others=(REVIEWS,)),
    "release": Need(releases=True),
    "evaluate": Need(),
    "export": Need(),
    "status": Need(),
}
"""Commands that work on a corpus in a store."""


def scratch(url: str) -> Path:
    """Return a store's folder: in `SHIZHENG_SCRATCH`, or the user's cache."""
    base = os.environ.get("SHIZHENG_SCRATCH") or (
        Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "shizheng"
    )
    return Path(base) / hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:16]


@contextmanager
def staged(
    url: str, need: Need, named: Sequence[str], warn: Callable[[str], None]
) -> Iterator[Path]:
    """Yield a folder with a store's corpus; store the changes afterwards.

    `named` are the cities of the command; none: all. They alone are read and written then. What an
    interrupted block has stored in the folder is given back, too. Raises `ConflictError` if another
    machine works on one of the cities, or has stored it meanwhile.
    """
    objects, folder = Objects(url), scratch(url)
    folder.mkdir(parents=True, exist_ok=True)
    objects.probe()
    cities = list(named) or stored_cities(objects)
    with leased(objects, cities if need.cities else ()):
        for unit in (*map(city_unit, cities), REPORTS, REVIEWS):
            _pull(objects, folder, unit, need.without, warn)
        transfer.pull_runs(objects, folder)
        try:
            yield folder
        finally:
            _push(objects, folder, need, cities if named else None)


def _pull(
    objects: Objects,
    folder: Path,
    unit: str,
    without: tuple[str, ...],
    warn: Callable[[str], None],
) -> None:
    try:
        transfer.pull(objects, folder, unit, without=without)
    except ConflictError:
        warn(
            f"{unit}: what an earlier command left in {folder} is given up: another machine has "
            "stored this since"
        )
        transfer.pull(objects, folder, unit, without=without, discard=True)


def _push(objects: Objects, folder: Path, need: Need, named: Sequence[str] | None) -> None:
    if need.cities:
        for city in transfer.local_cities(folder) if named is None else named:
            transfer.push(objects, folder, city_unit(city))
        transfer.push_runs(objects, folder)
    for unit in need.others:
        transfer.push(objects, folder, unit)
    if need.releases:
        transfer.push_releases(objects, folder)
