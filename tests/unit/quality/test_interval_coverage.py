"""Intervals by simulation: how often they have the share of the corpus in them."""

import numpy as np
import pytest

from pipelines.quality import intervals


def test_nine_in_ten_intervals_of_stratified_samples_have_the_share_in_them() -> None:
    random = np.random.default_rng(7)
    sizes, shares = {0: 800.0, 1: 300.0, 2: 2000.0}, {0: 0.2, 1: 0.6, 2: 0.95}
    whole = sum(sizes.values())
    truth = sum(sizes[number] * shares[number] for number in sizes) / whole
    inside, values = 0, []
    for _ in range(200):
        names = np.repeat([0, 1, 2], (25, 20, 40))
        outcome = (random.random(len(names)) < [shares[int(n)] for n in names]).astype(float)
        found = intervals.proportion(
            outcome, weight=np.ones(85), stratum=names, cluster=np.arange(85), sizes=sizes
        )
        inside += found.low <= truth <= found.high
        values.append(found.value)
        assert found.low <= found.value <= found.high
    assert np.mean(values) == pytest.approx(truth, abs=0.01), "no bias"
    assert inside >= 180
    assert inside <= 200
