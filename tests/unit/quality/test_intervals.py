"""Proportions and their intervals, on cases worked by hand or found in tables."""

import math

import numpy as np
import pytest

from pipelines.quality import intervals
from pipelines.tables.columns import Floats, Ints


def estimate(
    outcome: list[float],
    *,
    weight: list[float] | None = None,
    stratum: list[int] | None = None,
    cluster: list[int] | None = None,
    sizes: dict[int, float] | None = None,
) -> intervals.Estimate:
    size = len(outcome)

    def numbers(values: list[int] | None, otherwise: Ints) -> Ints:
        return np.array(values, np.int64) if values is not None else otherwise

    weights: Floats = np.array(weight) if weight is not None else np.ones(size)
    return intervals.proportion(
        np.array(outcome, np.float64),
        weight=weights,
        stratum=numbers(stratum, np.zeros(size, np.int64)),
        cluster=numbers(cluster, np.arange(size)),
        sizes=sizes or {0: 1e6},
    )


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (5, 10, 0.1871, 0.8129), (1, 20, 0.0013, 0.2487)],
)
def test_clopper_and_pearson_as_tables_give_it(hits: int, of: int, low: float, high: float) -> None:
    assert intervals.clopper_pearson(hits / of, of) == pytest.approx((low, high), abs=5e-5)


def test_wilson_as_newcombe_gives_it() -> None:
    # Newcombe 1998 (Statistics in Medicine 17:857), table I: 81 of 263, and 0 of 20.
    assert intervals.wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert intervals.wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_a_simple_sample_tells_as_much_as_it_is_large() -> None:
    one = estimate([1.0] * 45 + [0.0] * 5)
    assert one.value == pytest.approx(0.9)
    # The variance of n - 1 degrees: 49 where 50 were judged.
    assert one.effective == pytest.approx(49)


def test_strata_count_by_what_they_stand_for() -> None:
    # Half of the large stratum and all of the small are right: (900 * .5 + 100 * 1) / 1000.
    one = estimate([1, 0, 1, 0, 1, 1], stratum=[0, 0, 0, 0, 1, 1], sizes={0: 900, 1: 100})
    assert one.value == pytest.approx(0.55)
    assert (one.judged, one.size) == (6, 1000)


def test_weights_count_within_a_stratum() -> None:
    assert estimate([1, 0], weight=[3.0, 1.0]).value == pytest.approx(0.75)
    assert estimate([1, 0], weight=[30.0, 10.0]) == estimate([1, 0], weight=[3.0, 1.0])


def test_what_hangs_together_counts_for_less() -> None:
    outcome = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0] * 10
    apart = estimate(outcome)
    together = estimate(outcome, cluster=[n // 2 for n in range(80)])
    assert together.value == apart.value
    # Every two are the same: half as many tell anything.
    assert together.effective == pytest.approx(apart.effective / 2, rel=0.02)
    assert together.high - together.low > apart.high - apart.low


def test_a_share_without_an_error_still_has_a_lower_limit() -> None:
    one = estimate([1.0] * 59)
    assert (one.value, one.high) == (1.0, 1.0)
    # The rule of three and a bit: 1 - .025 ** (1 / 59) = .0606 for a large corpus.
    assert one.low == pytest.approx(0.025 ** (1 / 59), abs=0.004)


def test_a_stratum_judged_to_the_last_item_is_known() -> None:
    one = estimate([1, 1, 0], sizes={0: 3})
    assert one.low == one.value == one.high == pytest.approx(2 / 3)


def test_a_quotient_has_limits_from_both_its_parts() -> None:
    # A divisor that is known leaves the dividend's own limits.
    assert intervals.quotient((20, 10, 40), (100, 100, 100)) == pytest.approx((0.2, 0.1, 0.4))
    value, low, high = intervals.quotient((20, 10, 40), (100, 90, 110))
    assert value == pytest.approx(0.2)
    assert low < 0.1
    assert high > 0.4
    assert intervals.quotient((0, 0, 5), (100, 90, 110))[:2] == (0, 0)
    assert intervals.quotient((1, 0, 5), (0, 0, 1))[2] == math.inf
