"""Agreement of reviewers: raw, Cohen's kappa with an interval, confusion.

Only blind verdicts count, and only items that both judged; an adjudication is not blind.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.special import stdtrit

from pipelines.quality.verdicts import LEVELS, Judged
from pipelines.tables.columns import Floats
from pipelines.tables.vocabulary import RELATIONS


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's kappa with its 95 % interval.

    None if chance leaves nothing to agree on.
    """

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two reviewers on the items of a level that both judged blind.

    `confusion[i][j]` counts items that `first` called `labels[i]` and `second` `labels[j]`. `kappa`
    is over all labels; `decision` is the kappa of the distinction that estimates rest on: for
    pairs, if both report the same thing; for beads, if the bead is correct.
    """

    level: str
    first: str
    second: str
    items: int
    agreed: int
    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    kappa: Kappa
    decision: Kappa

    @property
    def raw(self) -> float:
        """Share of the items with the same verdict of both."""
        return self.agreed / self.items


def agreements(judged: Sequence[Judged], level: str = "pair") -> list[Agreement]:
    """Return the agreement of every two reviewers, by name.

    Reviewers without items of `level` in common are left out.
    """
    given: dict[str, dict[object, str]] = {}
    for one in judged:
        if one.item.level == level:
            for verdict in one.blind:
                given.setdefault(verdict.reviewer, {})[one.item] = verdict.verdict or ""
    labels, right = LEVELS[level], _decision(level)
    found = []
    for first, second in combinations(sorted(given), 2):
        common = sorted(given[first].keys() & given[second].keys(), key=str)
        if not common:
            continue
        counts = confusion([(given[first][i], given[second][i]) for i in common], labels)
        merged = _merge(counts, [right(label) for label in labels])
        found.append(
            Agreement(
                level=level,
                first=first,
                second=second,
                items=len(common),
                agreed=int(np.trace(counts)),
                labels=labels,
                confusion=tuple(tuple(int(n) for n in row) for row in counts),
                kappa=kappa(counts),
                decision=kappa(merged),
            )
        )
    return found


def confusion(given: Sequence[tuple[str, str]], labels: Sequence[str]) -> Floats:
    """Count (first's label, second's label), shape (labels, labels)."""
    at = {label: position for position, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)))
    for own, other in given:
        counts[at[own], at[other]] += 1
    return counts


def kappa(counts: Floats, confidence: float = 0.95) -> Kappa:
    """Return Cohen's kappa of a confusion table with an interval.

    The large-sample error (Fleiss, Cohen and Everitt 1969, Psychological Bulletin 72:323) alone
    covers 90 % instead of 95 % if one label is most of the table, as it is here. So it is taken on
    Fisher's z scale, after two imagined items in the manner of Agresti (one agreed on, one by
    chance, even over the labels in use), and with Student's t for as many degrees of freedom as
    there are informative items: those outside the fullest cell.
    """
    value, _ = large_sample(counts)
    if value is None:
        return Kappa(None, None, None)
    used = (counts.sum(axis=0) + counts.sum(axis=1)) > 0
    table = counts[np.ix_(used, used)]
    size = len(table)
    centre, error = large_sample(table + 1 / size**2 + np.eye(size) / size)
    if centre is None:
        return Kappa(value, None, None)
    freedom = max(2.0, float(table.sum() - table.max()))
    reach = float(stdtrit(freedom, 0.5 + confidence / 2)) * error / (1 - centre**2)
    low, high = (math.tanh(math.atanh(centre) + sign * reach) for sign in (-1, 1))
    return Kappa(value, min(value, low), max(value, high))


def large_sample(counts: Floats) -> tuple[float | None, float]:
    """Return kappa and its large-sample standard error."""
    total = counts.sum()
    if not total:
        return None, 0.0
    share = counts / total
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    observed, chance = float(np.trace(share)), float(rows @ columns)
    if chance >= 1 - 1e-12:
        return None, 0.0
    value = (observed - chance) / (1 - chance)
    diagonal = float(np.diag(share) @ (1 - (rows + columns) * (1 - value)) ** 2)
    mixed = share * (columns[:, None] + rows[None, :]) ** 2
    off = (1 - value) ** 2 * float(mixed.sum() - np.trace(mixed))
    spare = (value - chance * (1 - value)) ** 2
    return value, math.sqrt(max(diagonal + off - spare, 0.0) / total) / (1 - chance)


def _decision(level: str) -> Callable[[str], str]:
    """Return a function from a label to `right`, `wrong` or `cannot_tell`."""
    right = {"pair": RELATIONS, "bead": ("correct",), "unmatched": ("missed",)}[level]
    return lambda label: "right" if label in right else label if label == "cannot_tell" else "wrong"


def _merge(counts: Floats, groups: Sequence[str]) -> Floats:
    names = list(dict.fromkeys(groups))
    take = np.array([[group == name for group in groups] for name in names], dtype=np.float64)
    merged = take @ counts @ take.T
    used = (merged.sum(axis=0) + merged.sum(axis=1)) > 0
    return np.asarray(merged[np.ix_(used, used)])
