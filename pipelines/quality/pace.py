"""Time that reviewers spent on items, as the page measured it.

A page counts the seconds while it is seen, of a pause without any sign of its reader at most a
minute. Several verdicts of one reviewer on one item add up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from pipelines.quality.verdicts import Item, Verdict, is_adjudication


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of one reviewer on the items of a level.

    `median` is of an item, `total` of all `items` whose time was measured.
    """

    reviewer: str
    level: str
    items: int
    median: float
    total: float


def paces(given: Iterable[Verdict]) -> list[Pace]:
    """Return the pace of every reviewer by level, of blind verdicts.

    `given` are all verdicts, those that count no more included: their time was spent.
    """
    spent: dict[tuple[str, str], dict[Item, float]] = {}
    for one in given:
        if one.seconds is not None and not is_adjudication(one):
            items = spent.setdefault((one.reviewer, one.level), {})
            items[one.item] = items.get(one.item, 0.0) + one.seconds
    return [
        Pace(name, level, len(items), median(items.values()), sum(items.values()))
        for (name, level), items in sorted(spent.items())
    ]
