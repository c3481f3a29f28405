"""The intervals hold the truth as often as they say, on simulated verdicts.

Few simulations of what takes long, and seeds are fixed, so the figures are the same on every run:
`python -m benchmarks.accuracy.coverage` takes as many as are asked for.
"""

import pytest

from benchmarks.accuracy import coverage

QUICK = (coverage.simple, coverage.kappas)


@pytest.mark.parametrize("scenario", QUICK, ids=lambda scenario: scenario.__name__)
def test_intervals_hold_their_rate(scenario: coverage.Scenario) -> None:
    covers = {name: rate.covers for name, rate in coverage.rates(scenario, 500, seed=2).items()}
    assert min(covers.values()) >= 0.94, covers


@pytest.mark.parametrize(
    "scenario",
    [one for one in coverage.SCENARIOS if one not in QUICK],
    ids=lambda scenario: scenario.__name__,
)
def test_intervals_of_designs_hold_their_rate_without_bias(scenario: coverage.Scenario) -> None:
    simulations = 40
    rates = coverage.rates(scenario, simulations, seed=2)
    # At a true 95 %, fewer than 36 of 40 are seen once in twenty.
    covers = {name: rate.covers for name, rate in rates.items()}
    assert min(covers.values()) >= 36 / 40, covers
    for name, rate in rates.items():
        # Four errors of the mean over the simulations.
        assert abs(rate.bias) < 4 * rate.spread / simulations**0.5, name
