"""Proportions estimated from a sample, with confidence intervals.

Strata, weights and clusters are taken into account by linearisation; the interval is Clopper and
Pearson's at the effective sample size (Korn and Graubard 1998, Survey Methodology 24:193, as the US
National Center for Health Statistics uses it). It reaches its rate in designs in which Wilson's
falls below (`benchmarks/accuracy/coverage.py`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, ndtri, stdtrit

from pipelines.tables.columns import Floats, Ints

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share (0-1) with its 95 % interval.

    `judged` items were looked at; they are worth `effective` items drawn at random and represent
    `size` items of the corpus.
    """

    value: float
    low: float
    high: float
    judged: int
    effective: float
    size: float

    @property
    def counted(self) -> bool:
        """True if every item was judged: there is no interval."""
        return self.low == self.high


def proportion(
    outcome: Floats,
    *,
    weight: Floats,
    stratum: Ints,
    cluster: Ints,
    sizes: Mapping[int, float],
    confidence: float = CONFIDENCE,
) -> Estimate:
    """Estimate the mean of `outcome` (0-1) over the corpus.

    `outcome`, `weight`, `stratum` and `cluster` have an entry for each judged item; `sizes` is the
    number of items of the corpus in each stratum. `weight` compares items of one stratum, its scale
    does not matter; items of one `cluster` are alike. Strata without an item must have been merged
    into others before.
    """
    total = sum(sizes.values())
    share, residual = np.zeros(len(outcome)), np.zeros(len(outcome))
    sampled = smoothed = spread = doubt = 0.0
    for name, size in sizes.items():
        inside = stratum == name
        relative = weight[inside] / weight[inside].sum()
        share[inside] = size / total * relative
        # A stratum judged to the last item is known, not estimated.
        if int(inside.sum()) >= size:
            continue
        names, group = np.unique(cluster[inside], return_inverse=True)
        clusters = len(names)
        seen = float(relative @ outcome[inside])
        residual[inside] = (
            share[inside] * (outcome[inside] - seen) * math.sqrt(clusters / max(clusters - 1, 1))
        )
        local = float((np.bincount(group, residual[inside]) ** 2).sum())
        spread, doubt = spread + local, doubt + local**2 / max(clusters - 1, 1)
        spent = float((share[inside] ** 2).sum())
        worth = (size / total) ** 2 / spent
        prior = (seen * worth + 0.5) / (worth + 1)
        sampled += spent
        smoothed += spent * prior * (1 - prior)
    # Rounded, so that a sample without an error is exactly that.
    value = min(max(round(float(share @ outcome), 12), 0.0), 1.0)
    if not sampled:
        return Estimate(value, value, value, len(outcome), float(len(outcome)), total)
    groups, at = np.unique(cluster, return_inverse=True)
    variance = float((np.bincount(at, residual) ** 2).sum())
    # With few errors seen, the variance seen is little evidence: it is taken to be no less than
    # that of the weights alone (Kish), or of strata that each saw half an error more (Jeffreys).
    variance = max(variance, min(value * (1 - value) * sampled, smoothed))
    effective = value * (1 - value) / variance if variance > 1e-15 else 1 / sampled
    # Where a few strata make most of the variance, it is known less well (Satterthwaite 1946).
    spare = float(max(len(groups) - len(sizes), 1))
    if doubt > 0:
        spare = min(spare, max(spread**2 / doubt, 1.0))
    low, high = clopper_pearson(value, adjusted(effective, spare, confidence), confidence)
    return Estimate(value, low, high, len(outcome), effective, total)


def adjusted(effective: float, freedom: float, confidence: float = CONFIDENCE) -> float:
    """Return the sample size for `freedom` degrees of the variance.

    It is reduced by the ratio of the normal and Student's t quantiles, squared.
    """
    tail = 0.5 + confidence / 2
    return effective * float(ndtri(tail) / stdtrit(freedom, tail)) ** 2


def clopper_pearson(
    value: float, effective: float, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return the exact interval of a share seen in `effective` items.

    The number of items need not be whole.
    """
    tail = (1 - confidence) / 2
    hits = value * effective
    low = float(betaincinv(hits, effective - hits + 1, tail)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1, effective - hits, 1 - tail)) if hits < effective else 1.0
    return min(low, value), max(high, value)


def quotient(
    above: tuple[float, float, float], below: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Return one independent estimate over another, each given as (value, low, high).

    Limits are recovered from both (MOVER: Donner and Zou 2012, Statistical Methods in Medical
    Research 21:347). `below` must be clear of zero; the upper limit is infinite where it is not.
    """
    a, a_low, a_high = above
    b, b_low, b_high = below
    if b <= 0:
        return math.inf, 0.0, math.inf
    product = a * b
    root = product**2 - a_low * b_high * (2 * a - a_low) * (2 * b - b_high)
    divisor = b_high * (2 * b - b_high)
    low = (product - math.sqrt(max(root, 0))) / divisor if divisor > 0 else 0.0
    root = product**2 - a_high * b_low * (2 * a - a_high) * (2 * b - b_low)
    divisor = b_low * (2 * b - b_low)
    high = (product + math.sqrt(max(root, 0))) / divisor if divisor > 0 else math.inf
    return a / b, max(low, 0.0), high
