"""Progress of reviewers through drawn plans, and their agreement."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.quality import agreement, verdicts
from pipelines.quality.agreement import Agreement
from pipelines.quality.pace import Pace, paces
from pipelines.quality.subjects import by_age, subject_key
from pipelines.quality.verdicts import Item, Judged, Verdict
from pipelines.review import assignments
from pipelines.review.assignments import Assignment
from pipelines.review.drawn_plans import DrawnPlan
from pipelines.review.stored_verdicts import StoredVerdicts


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of one reviewer with one plan.

    `judged` of the reviewer's `total` items, `counts` by code.
    """

    reviewer: str
    judged: int
    total: int
    counts: dict[str, int]
    stale: int = 0


class PlanProgress:
    """Verdicts given so far in drawn plans. Several threads may use it."""

    def __init__(self, stored: StoredVerdicts, output: Path) -> None:
        self._stored, self._output = stored, output
        self._items: dict[str, tuple[int, tuple[Item | None, ...]]] = {}

    def items(self, plan: DrawnPlan) -> tuple[Item | None, ...]:
        """Return a plan's items as they are now, None if gone."""
        with self._stored.lock:
            edition, items = self._items.get(plan.key, (-1, ()))
            if edition != self._stored.edition:
                subjects = self._stored.subjects
                subjects.load(plan.items)
                found = [subjects.now(drawn) for drawn in plan.items]
                items = tuple(subject.item if subject else None for subject in found)
                self._items[plan.key] = (self._stored.edition, items)
            return items

    def places(self, plan: DrawnPlan) -> dict[Item, int]:
        """Return the places of a plan's present items."""
        return {item: at for at, item in enumerate(self.items(plan)) if item is not None}

    def judged(self, plan: DrawnPlan, place: int, reviewer: str) -> bool:
        """Return True if a reviewer judged an item in this plan.

        A verdict given in another plan does not count here: that plan drew the item by other
        chances.
        """
        item = self.items(plan)[place]
        return item is not None and self._counts(plan, item, reviewer)

    def assignment(self, plan: DrawnPlan) -> Assignment | None:
        """Return to whom a plan is assigned, None if to nobody."""
        return assignments.read(self._output, plan.key)

    def assigned(self, plan: DrawnPlan, reviewer: str) -> Sequence[int]:
        """Return the places that a reviewer is to judge."""
        made, count = self.assignment(plan), len(plan.items)
        if made is None or reviewer not in made.reviewers:
            return range(count)
        return assignments.places(made, count, reviewer)

    def next_place(self, plan: DrawnPlan, reviewer: str, after: int = -1) -> int | None:
        """Return the next place without a verdict, in a circle."""
        own = self.assigned(plan, reviewer)
        start = bisect_right(own, after)
        places = (*own[start:], *own[:start])
        return next((at for at in places if not self.judged(plan, at, reviewer)), None)

    def of(self, plan: DrawnPlan, reviewer: str) -> Progress:
        """Return the progress of a reviewer with a plan."""
        counts: dict[str, int] = {}
        stale = 0
        items, own = self.items(plan), self.assigned(plan, reviewer)
        for place in own:
            item = items[place]
            newest = self._stored.newest(item, reviewer) if item else None
            if newest and newest.verdict and self.judged(plan, place, reviewer):
                counts[newest.verdict] = counts.get(newest.verdict, 0) + 1
            elif self.stale(plan, place, reviewer):
                stale += 1
        return Progress(reviewer, sum(counts.values()), len(own), counts, stale)

    def paces(self, plan: DrawnPlan) -> dict[str, Pace]:
        """Return the pace of a plan's reviewers by name."""
        with self._stored.lock:
            given = self._stored.placed_in(str(plan.plan))
        return {one.reviewer: one for one in paces(given) if one.level == plan.level}

    def reviewers(self, plan: DrawnPlan) -> list[str]:
        """Return the names of those who judged or are to judge, sorted."""
        with self._stored.lock:
            places = self.places(plan)
            spots = {subject_key(drawn): place for place, drawn in enumerate(plan.items)}
            reviews = self._stored.reviews_in(str(plan.plan))
            present = {name for item, name in reviews
                       if item in places and self._counts(plan, item, name)}  # fmt: skip
            outdated = {name for item, name in self._stored.stale_reviews()
                        if item in spots and self.stale(plan, spots[item], name)}  # fmt: skip
            made = self.assignment(plan)
            return sorted({*present, *outdated, *(made.reviewers if made else ())})

    def judged_items(self, plan: DrawnPlan) -> dict[int, Judged]:
        """Return the judged items of a plan by place."""
        with self._stored.lock:
            places = self.places(plan)
            given = [v for v in self._stored.placed_in(str(plan.plan)) if v.item in places]
        return {places[judged.item]: judged for judged in verdicts.by_item(given)}

    def agreements(self, plan: DrawnPlan) -> list[Agreement]:
        """Return the agreement of every two reviewers of a plan."""
        return agreement.agreements(list(self.judged_items(plan).values()), plan.level)

    def differing(self, plan: DrawnPlan) -> list[int]:
        """Return the places of disputed items, settled or not."""
        return sorted(
            place
            for place, judged in self.judged_items(plan).items()
            if judged.adjudication or len({verdict.verdict for verdict in judged.blind}) > 1
        )

    def flagged(self, plan: DrawnPlan) -> dict[int, list[Verdict]]:
        """Return the verdicts that ask for discussion, by place."""
        with self._stored.lock:
            places, found = self.places(plan), dict[int, list[Verdict]]()
            for verdict in self._stored.flagged_in(str(plan.plan)):
                if verdict.item in places:
                    found.setdefault(places[verdict.item], []).append(verdict)
        return dict(sorted(found.items()))

    def to_settle(self, plan: DrawnPlan) -> list[int]:
        """Return the places of disputed and flagged items, even settled."""
        return sorted({*self.differing(plan), *self.flagged(plan)})

    def settled(self, plan: DrawnPlan) -> set[int]:
        """Return the places of items that somebody decided."""
        judged = self.judged_items(plan)
        return {place for place, one in judged.items() if one.adjudication}

    def stale(
        self, plan: DrawnPlan, place: int, reviewer: str, adjudicating: bool = False
    ) -> Verdict | None:
        """Return a reviewer's stale verdict on an item without a successor."""
        with self._stored.lock:
            stale = self._stored.newest_stale(
                subject_key(plan.items[place]), reviewer, adjudicating
            )
            if not stale or not stale.verdict or verdicts.plan_of(stale) != str(plan.plan):
                return None
            item = self.items(plan)[place]
            newest = self._stored.newest(item, reviewer, adjudicating) if item else None
            return stale if newest is None or by_age(newest) < by_age(stale) else None

    def _counts(self, plan: DrawnPlan, item: Item, reviewer: str) -> bool:
        newest = self._stored.newest(item, reviewer)
        given = self._stored.given_in(str(plan.plan), item, reviewer)
        return given and newest is not None and bool(newest.verdict)
