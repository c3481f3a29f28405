"""Judging session: plans are opened, verdicts given and taken back."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from crawler.errors import ShizhengError
from pipelines.quality import verdicts
from pipelines.quality.sampling import Drawn, Plan
from pipelines.quality.verdicts import Item, Verdict
from pipelines.review import ReviewError, assignments, drawn_plans, journal
from pipelines.review.assignments import Assignment
from pipelines.review.drawn_plans import DrawnPlan
from pipelines.review.plan_progress import PlanProgress
from pipelines.review.stored_verdicts import StoredVerdicts
from pipelines.tables.vocabulary import RELATIONS


@dataclass(frozen=True, slots=True)
class Step:
    """A verdict given at a place, and the one that it replaced."""

    place: int
    before: Verdict | None
    after: Verdict


class VerdictRefusedError(ShizhengError):
    """A verdict on no item, or with no code of its level."""


class TextsChangedError(VerdictRefusedError):
    """A verdict on texts that were stored anew since they were shown."""


class JudgingSession:
    """Judging of the corpus in `output`. Several threads may use it."""

    def __init__(
        self, output: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.output = output
        self.verdicts = StoredVerdicts(output, clock)
        self.progress = PlanProgress(self.verdicts, output)
        self._drawing = threading.Lock()
        self._drawn_plans: dict[str, DrawnPlan] = {}
        self._seen: set[str] = set()
        """Ids of verdicts given here, or there when a plan was first judged here."""
        self._steps: dict[tuple[str, str], list[Step]] = {}

    # Plans

    def drawn_plans(self) -> list[DrawnPlan]:
        """Return every plan that was opened, by this process or another."""
        for found in drawn_plans.stored_plans(self.output):
            self._drawn_plans.setdefault(found.key, found)
        return sorted(self._drawn_plans.values(), key=lambda drawn_plan: str(drawn_plan.plan))

    def open_plan(self, plan: Plan) -> DrawnPlan:
        """Return a plan as first drawn; draw it if new."""
        key = drawn_plans.key_of(plan)
        # A lock of its own: drawing from many pairs takes a second, verdicts must not wait for it.
        with self._drawing:
            if key not in self._drawn_plans:
                self._drawn_plans[key] = drawn_plans.open_plan(self.output, plan)
            return self._drawn_plans[key]

    def drawn_plan(self, key: str) -> DrawnPlan | None:
        """Return an opened plan by its key."""
        if key not in self._drawn_plans:
            self.drawn_plans()
        return self._drawn_plans.get(key)

    def assign(self, plan: DrawnPlan, made: Assignment) -> None:
        """Assign a plan that is assigned to nobody yet.

        Raises `ReviewError` for one that is assigned otherwise.
        """
        with self._drawing:
            before = self.progress.assignment(plan)
            if before not in (None, made):
                raise ReviewError(
                    f"this plan is assigned to {', '.join(before.reviewers if before else ())}; "
                    "begin one with another seed, or assign it anew with `shizheng review assign`"
                )
            if before is None:
                assignments.store(self.output, plan.key, made)

    def drawn(self, plan: DrawnPlan, place: int) -> Drawn:
        """Return the item at a place, counted from 0. Raises `VerdictRefusedError`."""
        if not 0 <= place < len(plan.items):
            raise VerdictRefusedError(f"the plan has items 0 to {len(plan.items) - 1}, not {place}")
        return plan.items[place]

    # Texts

    def now(self, plan: DrawnPlan, place: int) -> Item | None:
        """Return the present item of a place, None if it is gone."""
        return self.progress.items(plan)[place]

    def shown(self, plan: DrawnPlan, place: int) -> str | None:
        """Return a digest of a place's whole page, None if gone."""
        with self.verdicts.lock:
            return self.verdicts.subjects.shown(plan.items[place])

    def read_ahead(self, plan: DrawnPlan, places: Iterable[int]) -> None:
        """Read the texts of some places before they are asked for."""
        self.verdicts.subjects.load([plan.items[place] for place in places], beads=True)

    # Verdicts

    def judge(
        self,
        plan: DrawnPlan,
        place: int,
        reviewer: str,
        code: str | None,
        *,
        note: str | None = None,
        position: int | None = None,
        zh_id: str | None = None,
        adjudicating: bool = False,
        shown: str | None = None,
        relation: str | None = None,
        seconds: float | None = None,
        correction: str | None = None,
    ) -> Verdict:
        """Store a verdict durably and return it.

        A `code` of None takes a verdict back. `position` judges a bead of the pair at `place` in
        passing. `shown` is the digest of what the reviewer saw, see `shown`; without it, the texts
        stored now. `relation` is that of a counterpart found; `seconds` were spent on the item;
        `correction` is of a bead, and stays until the bead is called correct.
        What is not given, a `note` of None and a flag for discussion, stays as it was. Raises
        `VerdictRefusedError` for a verdict that is none, `StoreError` if it could not be stored.
        """
        drawn = self.drawn(plan, place)
        if position is not None and drawn.level == "pair":
            # Not drawn by chance, so it represents no other.
            drawn = replace(drawn, level="bead", position=position, stratum="in passing",
                            weight=None, probability=None, judged_sha256=None)  # fmt: skip
        _check_code(drawn.level, code, zh_id, relation)
        note = _clean(note)
        with self.verdicts.lock:
            self.verdicts.follow()
            drawn = self._present(drawn)
            if shown and shown != self.verdicts.subjects.shown(drawn):
                raise TextsChangedError(
                    "these texts were stored anew since the page was made; load it again and judge "
                    "what it has now"
                )
            steps = self._steps_of(plan, reviewer)
            before = self.verdicts.newest(drawn.item, reviewer, adjudicating)
            after = self._verdict(drawn, reviewer, code, zh_id, adjudicating)
            after = replace(after, note=note, relation=relation, seconds=seconds,
                            correction=correction)  # fmt: skip
            if before is not None:
                if correction is None and code not in (None, "correct"):
                    after = replace(after, correction=before.correction)
                after = replace(after, discuss=before.discuss,
                                note=before.note if note is None else note or None)  # fmt: skip
            self.verdicts.append(after)
            self._seen.add(after.verdict_id)
            if not adjudicating:
                steps.append(Step(place, before, after))
        return after

    def flag(
        self, plan: DrawnPlan, place: int, reviewer: str, note: str | None, adjudicating: bool
    ) -> bool:
        """Flag an item for discussion, or unflag it; return the flag.

        It is stored with the reviewer's verdict, or with none. Raises as `judge` does.
        """
        drawn = self.drawn(plan, place)
        with self.verdicts.lock:
            self.verdicts.follow()
            drawn = self._present(drawn)
            before = self.verdicts.newest(drawn.item, reviewer, adjudicating)
            if before is None:
                before = self._verdict(drawn, reviewer, None, None, adjudicating)
            note = before.note if note is None else _clean(note) or None
            verdict_id, judged_at = self.verdicts.new_id()
            self._seen.add(verdict_id)
            flagged = not before.discuss
            self.verdicts.append(
                replace(before, verdict_id=verdict_id, judged_at=judged_at, note=note,
                        discuss=flagged, seconds=None)
            )  # fmt: skip
            return flagged

    def undo(self, plan: DrawnPlan, reviewer: str) -> int | None:
        """Take back a reviewer's last verdict; return its place, if any.

        The verdict before it counts again, stored as a verdict of its own: nothing is erased. A
        note that was not there before stays: it is the reviewer's text, and not what was undone.
        """
        with self.verdicts.lock:
            steps = self._steps_of(plan, reviewer)
            if not steps:
                return None
            step = steps[-1]
            before, after = step.before, step.after
            newest = self.verdicts.newest(after.item, reviewer)
            if newest is not None and newest.verdict_id not in self._seen:
                # Given by another process since: it is the last one.
                before, after = after, newest
                self._seen.add(newest.verdict_id)
                steps.append(step)
            if after.level == "unmatched":
                after = replace(after, zh_id=before.zh_id if before else None,
                                relation=before.relation if before else None)  # fmt: skip
            last = self.verdicts.newest(after.item, reviewer) or after
            verdict_id, judged_at = self.verdicts.new_id()
            self._seen.add(verdict_id)
            # The verdict taken back may be on texts that have changed: it is taken back for those.
            digest = (before.judged_sha256 if before else None) or after.judged_sha256
            self.verdicts.append(
                replace(after, verdict=before.verdict if before else None,
                        note=(before.note if before else None) or last.note,
                        discuss=last.discuss, seconds=None,
                        correction=before.correction if before else None,
                        judged_sha256=digest,
                        verdict_id=verdict_id, judged_at=judged_at)
            )  # fmt: skip
            steps.pop()
            return step.place

    def can_undo(self, plan: DrawnPlan, reviewer: str) -> bool:
        """Return True if there is a verdict to take back."""
        with self.verdicts.lock:
            return bool(self._steps_of(plan, reviewer))

    def _verdict(
        self, drawn: Drawn, reviewer: str, code: str | None, zh_id: str | None, adjudicating: bool
    ) -> Verdict:
        verdict_id, judged_at = self.verdicts.new_id()
        verdict = Verdict(
            verdict_id=verdict_id,
            level=drawn.level,
            city=drawn.city,
            pair_id=drawn.pair_id,
            position=drawn.position,
            zh_id=zh_id or drawn.zh_id,
            en_id=drawn.en_id,
            verdict=code,
            note=None,
            reviewer=reviewer,
            judged_at=judged_at,
            plan=verdicts.adjudicated(drawn.plan) if adjudicating else drawn.plan,
            stratum=drawn.stratum,
            weight=drawn.weight,
            probability=drawn.probability,
            method=drawn.method,
        )
        self.verdicts.subjects.load([verdict])
        subject = self.verdicts.subjects.now(verdict)
        return replace(verdict, judged_sha256=subject.digest if subject else None)

    def _present(self, drawn: Drawn) -> Drawn:
        """Return a drawn item at its present place; refuse one now gone."""
        self.verdicts.subjects.load([drawn])
        subject = self.verdicts.subjects.now(drawn)
        if subject is None:
            what = "article" if drawn.level == "unmatched" else drawn.level
            raise VerdictRefusedError(f"the corpus has no such {what}, or has it no more; skip it")
        if drawn.level != "bead":
            return drawn
        return replace(drawn, position=subject.item.position, judged_sha256=subject.digest)

    def _steps_of(self, plan: DrawnPlan, reviewer: str) -> list[Step]:
        """Return a reviewer's steps in a plan.

        Of earlier sittings they are the verdicts that count.
        """
        key = (plan.key, reviewer)
        if key not in self._steps:
            pairs = {drawn.pair_id: at for at, drawn in enumerate(plan.items) if drawn.pair_id}
            places = self.progress.places(plan)
            own = [one for one in self.verdicts.own_in(str(plan.plan), reviewer) if one.verdict]
            self._seen.update(one.verdict_id for one in own)
            self._steps[key] = [
                Step(places.get(given.item, pairs.get(given.pair_id or "", 0)), None, given)
                for given in own
            ]
        return self._steps[key]


def _clean(note: str | None) -> str | None:
    """Return a note, "" for an emptied one. Raises `VerdictRefusedError`."""
    try:
        return None if note is None else journal.clean_note(note) or ""
    except ValueError as error:
        raise VerdictRefusedError(str(error)) from error


def _check_code(level: str, code: str | None, zh_id: str | None, relation: str | None) -> None:
    """Raise `VerdictRefusedError` for a code of another level or without its article."""
    if relation and (code != "missed" or relation not in RELATIONS):
        known = ", ".join(RELATIONS)
        raise VerdictRefusedError(f"a counterpart found belongs by {known}, not {relation!r}")
    if code is not None and code not in verdicts.LEVELS[level]:
        known = ", ".join(verdicts.LEVELS[level])
        raise VerdictRefusedError(f"a {level} is judged {known}, not {code!r}")
    if level == "unmatched" and (code == "missed") != bool(zh_id):
        raise VerdictRefusedError("the verdict missed, and no other, names a Chinese article")
