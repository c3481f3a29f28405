"""Assignment of a plan's items to reviewers.

`reviews/assignments/<key>.json` names the reviewers of a plan and the share that two of them judge,
each alone; agreement is computed from those. Items are dealt in turn, and the order of a plan is
random, so that every reviewer has a sample of it. A reviewer who is not named may judge any item.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from crawler.ordinary import ordinary
from pipelines.review import ReviewError, journal
from pipelines.tables import atomic
from pipelines.tables.damage import StoreError

MOST = 50
"""Reviewers of a plan at most; set by hand."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Reviewers of a plan, and the share that two judge."""

    reviewers: tuple[str, ...]
    double: float = 0.0

    def __post_init__(self) -> None:
        """Raise `ReviewError` for what nobody could deal."""
        if not 1 <= len(self.reviewers) <= MOST:
            raise ReviewError(f"a plan is assigned to 1 to {MOST} reviewers")
        if twice := [name for name in self.reviewers if self.reviewers.count(name) > 1]:
            raise ReviewError(f"the reviewer {twice[0]} is named twice")
        if not 0 <= self.double <= 1:
            raise ReviewError(f"the share judged by two is from 0 to 1, not {self.double:g}")
        if self.double and len(self.reviewers) < 2:
            raise ReviewError("two reviewers are needed for a share that is judged by two")

    def of(self, place: int) -> tuple[str, ...]:
        """Return the reviewers of a place, counted from 0."""
        dealt = place + self._doubled(place)
        count = 1 + self._doubled(place + 1) - self._doubled(place)
        return tuple(self.reviewers[(dealt + n) % len(self.reviewers)] for n in range(count))

    def _doubled(self, places: int) -> int:
        """Return how many of the first places two judge, evenly spread."""
        return int(places * self.double + 1e-9)


@lru_cache(maxsize=256)
def places(made: Assignment, count: int, reviewer: str) -> tuple[int, ...]:
    """Return the places of a reviewer among `count` items."""
    return tuple(place for place in range(count) if reviewer in made.of(place))


def reviewers_named(names: Sequence[str]) -> tuple[str, ...]:
    """Return reviewers' names as they are stored. Raises `ReviewError`."""
    try:
        return tuple(journal.reviewer_name(name) for name in names)
    except ValueError as error:
        raise ReviewError(str(error)) from error


def store(output: Path, key: str, made: Assignment) -> None:
    """Store the assignment of a plan, in place of an earlier one."""
    with atomic.replacing(_path(output, key)) as file:
        file.write(json.dumps(asdict(made), ensure_ascii=False, indent=1).encode())


def read(output: Path, key: str) -> Assignment | None:
    """Return the assignment of a plan, None without one. Raises `StoreError`."""
    path = _path(output, key)
    try:
        stamp = path.stat()
    except FileNotFoundError:
        return None
    return _read(path, stamp.st_mtime_ns, stamp.st_ino)


@lru_cache(maxsize=256)
def _read(path: Path, changed: int, inode: int) -> Assignment:
    try:
        found = json.loads(ordinary(path).read_text(encoding="utf-8"))
        return Assignment(reviewers_named(found["reviewers"]), float(found["double"]))
    except (ReviewError, ValueError, KeyError, TypeError, OSError, RecursionError) as error:
        raise StoreError(
            f"{path}: not an assignment as shizheng writes it ({error}); assign the plan again "
            "with `shizheng review assign`"
        ) from error


def _path(output: Path, key: str) -> Path:
    return journal.folder(output) / "assignments" / f"{key}.json"
