"""What reviewers have before them: plans, verdicts so far, what comes next, and the way back.

Verdicts are in memory as well as on disk. Other processes may write into the same folder; their
lines are read before anything is said of the whole.
"""

import threading
import uuid
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crawler.errors import ShizhengError
from pipelines.quality import agreement, verdicts
from pipelines.quality.sampling import Drawn, Plan
from pipelines.quality.subjects import Subjects, age, spot
from pipelines.quality.verdicts import Item, Judged, Verdict
from pipelines.review import drawn_plans, journal
from pipelines.review.drawn_plans import DrawnPlan

Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a reviewer did, and what stood before it."""

    place: int
    before: Verdict | None
    after: Verdict


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one reviewer is with one plan."""

    reviewer: str
    judged: int
    total: int
    counts: dict[str, int]
    stale: int = 0


class VerdictRefusedError(ShizhengError):
    """A verdict that cannot be taken: no such item, or no such code."""


class TextsChangedError(VerdictRefusedError):
    """A verdict on texts that were stored anew since they were shown."""


class JudgingSession:
    """Plans and verdicts of `output`. Safe to use from several threads."""

    def __init__(
        self, output: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.output = output
        self._clock = clock
        self._lock, self._drawing = threading.RLock(), threading.Lock()
        self._drawn_plans: dict[str, DrawnPlan] = {}
        self._all: dict[str, Verdict] = {}
        self._subjects = Subjects(output)
        # As they apply to the texts that the corpus has now.
        self._placed: dict[str, Verdict] = {}
        self._newest: dict[tuple[Item, str, bool], Verdict] = {}
        self._stale: dict[tuple[Item, str, bool], Verdict] = {}
        self._items: dict[str, tuple[Item | None, ...]] = {}
        self._said: set[tuple[Item, str, str]] = set()
        self._steps: dict[tuple[str, str], list[Step]] = {}
        self._given = 0
        self.edition = 0
        """Raised when texts were stored anew: what was read of them before is no longer so."""
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._tables: dict[Path, Stamp] | None = None
        self._ends: dict[Path, int] = {}
        self.refresh()

    # Plans

    def drawn_plans(self) -> list[DrawnPlan]:
        """Return every plan that was taken, by this process or another."""
        for found in drawn_plans.stored_plans(self.output):
            self._drawn_plans.setdefault(found.key, found)
        return sorted(self._drawn_plans.values(), key=lambda drawn_plan: str(drawn_plan.plan))

    def open_plan(self, plan: Plan) -> DrawnPlan:
        """Return a plan as drawn, drawing it if it was never taken."""
        key = drawn_plans.key_of(plan)
        # A lock of its own: drawing from many pairs takes a second, verdicts must not wait for it.
        with self._drawing:
            if key not in self._drawn_plans:
                self._drawn_plans[key] = drawn_plans.open_plan(self.output, plan)
            return self._drawn_plans[key]

    def drawn_plan(self, key: str) -> DrawnPlan | None:
        """Return a plan that was taken, by its key."""
        if key not in self._drawn_plans:
            self.drawn_plans()
        return self._drawn_plans.get(key)

    # Verdicts

    def standing(self, item: Item, reviewer: str, adjudicating: bool = False) -> Verdict | None:
        """Return the newest verdict of a reviewer on an item; its code may be empty."""
        return self._newest.get((item, reviewer, adjudicating))

    def judge(
        self,
        drawn_plan: DrawnPlan,
        place: int,
        reviewer: str,
        code: str | None,
        *,
        note: str | None = None,
        position: int | None = None,
        zh_id: str | None = None,
        adjudicating: bool = False,
        shown: str | None = None,
    ) -> Verdict:
        """Store a verdict durably and return it. `code` None takes back what was said.

        `position` judges a bead of the pair at `place` in passing. `shown` is the digest
        of what the reviewer saw, see `shown`; without, the texts stored now are taken to be it.
        Raises `VerdictRefusedError` for what is no verdict, `StoreError` when it could not be
        stored.
        """
        drawn = self.drawn(drawn_plan, place)
        if position is not None and drawn.level == "pair":
            # Not drawn by chance, so it stands for no other.
            drawn = replace(drawn, level="bead", position=position, stratum="in passing",
                            weight=None, probability=None, judged_sha256=None)  # fmt: skip
        if code is not None and code not in verdicts.LEVELS[drawn.level]:
            known = ", ".join(verdicts.LEVELS[drawn.level])
            raise VerdictRefusedError(f"a {drawn.level} is judged {known}, not {code!r}")
        if drawn.level == "unmatched" and (code == "missed") != bool(zh_id):
            raise VerdictRefusedError("the verdict missed, and no other, names a Chinese article")
        try:
            note = journal.clean_note(note)
        except ValueError as error:
            raise VerdictRefusedError(str(error)) from error
        with self._lock:
            self._follow()
            drawn = self._as_it_stands(drawn)
            if shown and shown != self._subjects.shown(drawn):
                raise TextsChangedError(
                    "these texts were stored anew since the page was made; load it again and judge "
                    "what it has now"
                )
            stack = self._stack(drawn_plan, reviewer)
            before = self.standing(drawn.item, reviewer, adjudicating)
            after = self._store(drawn, reviewer, code, note, zh_id=zh_id, adjudicating=adjudicating)
            if not adjudicating:
                stack.append(Step(place, before, after))
        return after

    def undo(self, drawn_plan: DrawnPlan, reviewer: str) -> int | None:
        """Take back a reviewer's last verdict; return the place it was given at, None if none.

        What stood before it stands again, stored as a verdict of its own: nothing is erased.
        """
        with self._lock:
            stack = self._stack(drawn_plan, reviewer)
            if not stack:
                return None
            step = stack[-1]
            before, after = step.before, step.after
            code, note = (before.verdict, before.note) if before else (None, None)
            counterpart = before.zh_id if before else None
            zh_id = counterpart if after.level == "unmatched" else after.zh_id
            verdict_id, judged_at = self._fresh()
            # The verdict taken back may be on texts that have changed: it is taken back for those.
            digest = (before.judged_sha256 if before else None) or after.judged_sha256
            self._keep(
                replace(after, verdict=code, note=note, zh_id=zh_id, judged_sha256=digest,
                        verdict_id=verdict_id, judged_at=judged_at)
            )  # fmt: skip
            stack.pop()
            return step.place

    def can_undo(self, drawn_plan: DrawnPlan, reviewer: str) -> bool:
        """Whether there is a verdict to take back."""
        with self._lock:
            return bool(self._stack(drawn_plan, reviewer))

    def drawn(self, drawn_plan: DrawnPlan, place: int) -> Drawn:
        """Return the item at a place, counted from 0; or raise `VerdictRefusedError`."""
        if not 0 <= place < len(drawn_plan.items):
            raise VerdictRefusedError(
                f"the plan has items 0 to {len(drawn_plan.items) - 1}, not {place}"
            )
        return drawn_plan.items[place]

    # The way through a plan

    def judged(self, drawn_plan: DrawnPlan, place: int, reviewer: str) -> bool:
        """Whether a reviewer's verdict on the item at a place stands, given in this plan.

        One given in another plan says nothing of how this one drew the item.
        """
        item = self._now(drawn_plan)[place]
        return item is not None and self._stands(drawn_plan, item, reviewer)

    def _stands(self, drawn_plan: DrawnPlan, item: Item, reviewer: str) -> bool:
        held = self.standing(item, reviewer)
        said = (item, reviewer, str(drawn_plan.plan)) in self._said
        return said and held is not None and bool(held.verdict)

    def next_place(self, drawn_plan: DrawnPlan, reviewer: str, after: int = -1) -> int | None:
        """Return the next place without a verdict, from the start again if need be."""
        count = len(drawn_plan.items)
        for step in range(1, count + 1):
            place = (after + step) % count
            if not self.judged(drawn_plan, place, reviewer):
                return place
        return None

    def progress(self, drawn_plan: DrawnPlan, reviewer: str) -> Progress:
        """Return how far a reviewer is with a plan."""
        counts: dict[str, int] = {}
        stale = 0
        for place, item in enumerate(self._now(drawn_plan)):
            held = self.standing(item, reviewer) if item else None
            if held and held.verdict and self.judged(drawn_plan, place, reviewer):
                counts[held.verdict] = counts.get(held.verdict, 0) + 1
            elif self.stale(drawn_plan, place, reviewer):
                stale += 1
        return Progress(reviewer, sum(counts.values()), len(drawn_plan.items), counts, stale)

    def reviewers(self, drawn_plan: DrawnPlan) -> list[str]:
        """Return who has judged something of a plan, sorted."""
        with self._lock:
            plan = str(drawn_plan.plan)
            names = {(item, name) for item, name, said in self._said if said == plan}
            places = self._places(drawn_plan)
            mine = {(item, name) for item, name in names if item in places}
            standing = {name for item, name in mine if self._stands(drawn_plan, item, name)}
            return sorted(standing | {one.reviewer for one in self._outdated(drawn_plan)})

    def judged_items(self, drawn_plan: DrawnPlan) -> dict[int, Judged]:
        """Return the items of a plan that have verdicts given in it, by place, with all of them."""
        with self._lock:
            plan, places = str(drawn_plan.plan), self._places(drawn_plan)
            mine = [one for one in self._placed.values()
                    if verdicts.plan_of(one) == plan and one.item in places]  # fmt: skip
        return {places[one.item]: one for one in verdicts.by_item(_in_order(mine))}

    def agreements(self, drawn_plan: DrawnPlan) -> list[agreement.Agreement]:
        """Return how far every two reviewers of a plan agree."""
        return agreement.agreements(list(self.judged_items(drawn_plan).values()), drawn_plan.level)

    def differing(self, drawn_plan: DrawnPlan) -> list[int]:
        """Return the places where reviewers differ, settled or not."""
        return sorted(
            place
            for place, one in self.judged_items(drawn_plan).items()
            if one.adjudication or len({verdict.verdict for verdict in one.blind}) > 1
        )

    def everything(self) -> list[Verdict]:
        """Return every verdict ever given, oldest first."""
        self.refresh()
        with self._lock:
            return _in_order(self._all.values())

    def refresh(self) -> None:
        """Take in what other processes have stored since: verdicts, and texts."""
        folder = journal.folder(self.output)
        with self._lock:
            self._follow()
            tables = {path: _stamp(path) for path in sorted(folder.glob("*.parquet"))}
            if tables != self._tables:
                # Lines may have moved into Parquet: begin afresh, journals first.
                self._tables, self._ends = tables, {}
                for path in sorted(folder.glob("*.jsonl")):
                    self._ends[path] = journal.pending(path)[1]
                self._take_in(verdicts.read(self.output))
            for path in sorted(folder.glob("*.jsonl")):
                start = self._ends.get(path, 0)
                start = start if start <= path.stat().st_size else 0
                rows, self._ends[path] = journal.pending(path, start)
                self._take_in([Verdict(**row) for row in rows])

    def _store(
        self,
        drawn: Drawn,
        reviewer: str,
        code: str | None,
        note: str | None,
        *,
        zh_id: str | None,
        adjudicating: bool,
    ) -> Verdict:
        verdict_id, judged_at = self._fresh()
        one = Verdict(
            verdict_id=verdict_id,
            level=drawn.level,
            city=drawn.city,
            pair_id=drawn.pair_id,
            position=drawn.position,
            zh_id=zh_id or drawn.zh_id,
            en_id=drawn.en_id,
            verdict=code,
            note=note,
            reviewer=reviewer,
            judged_at=judged_at,
            plan=verdicts.adjudicated(drawn.plan) if adjudicating else drawn.plan,
            stratum=drawn.stratum,
            weight=drawn.weight,
            probability=drawn.probability,
            method=drawn.method,
        )
        self._subjects.load([one])
        subject = self._subjects.now(one)
        one = replace(one, judged_sha256=subject.digest if subject else None)
        self._keep(one)
        return one

    def _keep(self, one: Verdict) -> None:
        journal.append(self.output, [asdict(one)])
        self._take_in([one])

    def _take_in(self, given: Iterable[Verdict]) -> None:
        fresh = [one for one in given if one.verdict_id not in self._all]
        self._subjects.load(fresh)
        for one in fresh:
            self._all[one.verdict_id] = one
            self._latest = max(self._latest, one.judged_at + timedelta(milliseconds=1))
            self._hold(one)

    def _hold(self, one: Verdict) -> None:
        now = self._subjects.placed(one)
        if now is None:
            # A bead is sought by its texts; in a plan drawn without them, by its position.
            for item in {one.item, spot(one)}:
                _put_newest(self._stale, one, item)
            return
        self._placed[one.verdict_id] = now
        if now.verdict and now.plan:
            self._said.add((now.item, now.reviewer, now.plan))
        _put_newest(self._newest, now, now.item)

    # The texts as they stand

    def _follow(self) -> None:
        """Place every verdict anew if the corpus was stored anew."""
        if not self._subjects.refresh():
            return
        self.edition += 1
        for held in (self._placed, self._newest, self._stale, self._said, self._items):
            held.clear()
        self._subjects.load(self._all.values())
        for one in self._all.values():
            self._hold(one)

    def _as_it_stands(self, drawn: Drawn) -> Drawn:
        """Return a drawn item at its present place; refuse one now gone."""
        self._subjects.load([drawn])
        subject = self._subjects.now(drawn)
        if subject is None:
            what = "article" if drawn.level == "unmatched" else drawn.level
            raise VerdictRefusedError(f"the corpus has no such {what}, or has it no more; skip it")
        if drawn.level != "bead":
            return drawn
        return replace(drawn, position=subject.item.position, judged_sha256=subject.digest)

    def now(self, drawn_plan: DrawnPlan, place: int) -> Item | None:
        """Return the present item of a place, None if it is gone."""
        with self._lock:
            return self._now(drawn_plan)[place]

    def shown(self, drawn_plan: DrawnPlan, place: int) -> str | None:
        """Return a digest of a place's whole page, None if gone."""
        with self._lock:
            return self._subjects.shown(drawn_plan.items[place])

    def read_ahead(self, drawn_plan: DrawnPlan, places: Iterable[int]) -> None:
        """Read the texts of some places before they are asked for."""
        self._subjects.load([drawn_plan.items[place] for place in places], beads=True)

    def stale(
        self, drawn_plan: DrawnPlan, place: int, reviewer: str, adjudicating: bool = False
    ) -> Verdict | None:
        """Return a reviewer's stale verdict on an item without a successor."""
        drawn = drawn_plan.items[place]
        with self._lock:
            one = self._stale.get((spot(drawn), reviewer, adjudicating))
            if one is None or not one.verdict or verdicts.plan_of(one) != str(drawn_plan.plan):
                return None
            item = self._now(drawn_plan)[place]
            held = self._newest.get((item, reviewer, adjudicating)) if item else None
            return one if held is None or age(held) < age(one) else None

    def _outdated(self, drawn_plan: DrawnPlan) -> list[Verdict]:
        spots = {spot(one): place for place, one in enumerate(drawn_plan.items)}
        found = (self.stale(drawn_plan, spots[item], name)
                 for item, name, adjudicating in self._stale
                 if item in spots and not adjudicating)  # fmt: skip
        return [one for one in found if one is not None]

    def _now(self, drawn_plan: DrawnPlan) -> tuple[Item | None, ...]:
        with self._lock:
            if drawn_plan.key not in self._items:
                self._subjects.load(drawn_plan.items)
                found = [self._subjects.now(one) for one in drawn_plan.items]
                self._items[drawn_plan.key] = tuple(one.item if one else None for one in found)
            return self._items[drawn_plan.key]

    def _places(self, drawn_plan: DrawnPlan) -> dict[Item, int]:
        """Return where each item that the corpus has stands in a plan."""
        return {item: place for place, item in enumerate(self._now(drawn_plan)) if item is not None}

    def _fresh(self) -> tuple[str, datetime]:
        """Return id and time of a new verdict; a clock that was set back does not make it old."""
        now = max(self._clock(), self._latest)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        # Two verdicts within a millisecond keep their order by their ids, which then must grow.
        self._given += 1
        return f"{now:%Y%m%d%H%M%S}-{self._given:06d}-{uuid.uuid4().hex[:12]}", now

    def _stack(self, drawn_plan: DrawnPlan, reviewer: str) -> list[Step]:
        """Return what a reviewer did with a plan. Of earlier sittings it holds what stands."""
        key = (drawn_plan.key, reviewer)
        if key not in self._steps:
            pairs = {
                one.pair_id: place for place, one in enumerate(drawn_plan.items) if one.pair_id
            }
            plan, places = str(drawn_plan.plan), self._places(drawn_plan)
            mine = [
                one
                for (_, name, adjudicating), one in self._newest.items()
                if name == reviewer and not adjudicating and one.verdict and one.plan == plan
            ]
            steps = [
                Step(places.get(one.item, pairs.get(one.pair_id or "", 0)), None, one)
                for one in _in_order(mine)
            ]
            self._steps[key] = steps
        return self._steps[key]


def _put_newest(held: dict[tuple[Item, str, bool], Verdict], one: Verdict, item: Item) -> None:
    key = (item, one.reviewer, verdicts.is_adjudication(one))
    other = held.get(key)
    if other is None or age(other) <= age(one):
        held[key] = one


def _in_order(listed: Iterable[Verdict]) -> list[Verdict]:
    return sorted(listed, key=age)


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return (status.st_ino, status.st_mtime_ns, status.st_size)
