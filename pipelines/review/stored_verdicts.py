"""Verdicts in memory, at their present places in the corpus.

Every verdict is in memory as well as on disk. Other processes may write into the same folder:
`refresh` reads their lines, and places all verdicts anew if texts were stored anew.
"""

import threading
import uuid
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.quality import verdicts
from pipelines.quality.subjects import Subjects, by_age, subject_key
from pipelines.quality.verdicts import Item, Verdict
from pipelines.review import journal

Stamp = tuple[int, int, int]
"""Inode, time of change and size of a file."""

_Newest = dict[tuple[Item, str, bool], Verdict]
"""Newest verdict by item, reviewer, and True for an adjudication."""


class StoredVerdicts:
    """Verdicts of `output`.

    Several threads may use it; `lock` makes several calls one.
    """

    def __init__(self, output: Path, clock: Callable[[], datetime]) -> None:
        self.lock = threading.RLock()
        self.subjects = Subjects(output)
        self.edition = 0
        """Number of times that texts were stored anew since the start."""
        self._output, self._clock = output, clock
        self._by_id: dict[str, Verdict] = {}
        self._placed: dict[str, Verdict] = {}
        self._newest: _Newest = {}
        self._stale: _Newest = {}
        self._given_in: set[tuple[Item, str, str]] = set()
        self._given = 0
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._tables: dict[Path, Stamp] | None = None
        self._ends: dict[Path, int] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read the verdicts and texts that other processes have stored since."""
        folder = journal.folder(self._output)
        with self.lock:
            self.follow()
            tables = {path: _stamp(path) for path in sorted(folder.glob("*.parquet"))}
            if tables != self._tables:
                # Lines may have moved into Parquet: begin afresh. A verdict read twice is one.
                self._tables, self._ends = tables, {}
                self._add(verdicts.read(self._output))
            for path in sorted(folder.glob("*.jsonl")):
                start = self._ends.get(path, 0)
                start = start if start <= path.stat().st_size else 0
                rows, self._ends[path] = journal.pending(path, start)
                self._add([Verdict(**row) for row in rows])

    def follow(self) -> None:
        """Place every verdict anew if the corpus was stored anew."""
        if not self.subjects.refresh():
            return
        self.edition += 1
        for derived in (self._placed, self._newest, self._stale, self._given_in):
            derived.clear()
        self.subjects.load(self._by_id.values())
        for verdict in self._by_id.values():
            self._place(verdict)

    def newest(self, item: Item, reviewer: str, adjudicating: bool = False) -> Verdict | None:
        """Return a reviewer's newest verdict on an item, if any.

        Its code may be empty.
        """
        return self._newest.get((item, reviewer, adjudicating))

    def newest_stale(self, item: Item, reviewer: str, adjudicating: bool = False) -> Verdict | None:
        """Return a reviewer's newest verdict on texts now gone.

        `item` is their `subject_key`.
        """
        return self._stale.get((item, reviewer, adjudicating))

    def stale_reviews(self) -> list[tuple[Item, str]]:
        """Return item and reviewer of every stale blind verdict.

        The item is the `subject_key` of the texts.
        """
        return [(item, name) for item, name, adjudicating in self._stale if not adjudicating]

    def given_in(self, plan: str, item: Item, reviewer: str) -> bool:
        """Return True if a reviewer judged an item in a plan."""
        return (item, reviewer, plan) in self._given_in

    def reviews_in(self, plan: str) -> set[tuple[Item, str]]:
        """Return item and reviewer of every verdict given in a plan."""
        return {(item, name) for item, name, given_in in self._given_in if given_in == plan}

    def placed_in(self, plan: str) -> list[Verdict]:
        """Return the verdicts of a plan on present texts, oldest first."""
        found = (v for v in self._placed.values() if verdicts.plan_of(v) == plan)
        return sorted(found, key=by_age)

    def own_in(self, plan: str, reviewer: str) -> list[Verdict]:
        """Return a reviewer's newest blind verdicts and flags by age."""
        found = (
            verdict
            for (_, name, adjudicating), verdict in self._newest.items()
            if name == reviewer and not adjudicating and verdict.plan == plan
            if verdict.verdict or verdict.discuss
        )
        return sorted(found, key=by_age)

    def flagged_in(self, plan: str) -> list[Verdict]:
        """Return a plan's newest verdicts that are flagged, by age."""
        found = (
            verdict
            for verdict in self._newest.values()
            if verdict.discuss and verdicts.plan_of(verdict) == plan
        )
        return sorted(found, key=by_age)

    def new_id(self) -> tuple[str, datetime]:
        """Return id and time of a new verdict.

        The time is later than any stored, whatever the clock.
        """
        now = max(self._clock(), self._latest)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        # Two verdicts within a millisecond are ordered by their ids, which then must grow.
        self._given += 1
        return f"{now:%Y%m%d%H%M%S}-{self._given:06d}-{uuid.uuid4().hex[:12]}", now

    def append(self, verdict: Verdict) -> None:
        """Store a verdict durably. Raises `StoreError`."""
        journal.append(self._output, [asdict(verdict)])
        self._add([verdict])

    def _add(self, found: Iterable[Verdict]) -> None:
        fresh = [verdict for verdict in found if verdict.verdict_id not in self._by_id]
        self.subjects.load(fresh)
        for verdict in fresh:
            self._by_id[verdict.verdict_id] = verdict
            self._latest = max(self._latest, verdict.judged_at + timedelta(milliseconds=1))
            self._place(verdict)

    def _place(self, verdict: Verdict) -> None:
        now = self.subjects.placed(verdict)
        if now is None:
            # A bead is sought by its texts; in a plan drawn without them, by its position.
            for item in {verdict.item, subject_key(verdict)}:
                _put_newest(self._stale, item, verdict)
            return
        self._placed[verdict.verdict_id] = now
        if now.verdict and now.plan:
            self._given_in.add((now.item, now.reviewer, now.plan))
        _put_newest(self._newest, now.item, now)


def _put_newest(newest: _Newest, item: Item, verdict: Verdict) -> None:
    key = (item, verdict.reviewer, verdicts.is_adjudication(verdict))
    other = newest.get(key)
    if other is None or by_age(other) <= by_age(verdict):
        newest[key] = verdict


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return (status.st_ino, status.st_mtime_ns, status.st_size)
