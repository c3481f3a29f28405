"""Agreement is what textbooks and scikit-learn say it is."""

from datetime import UTC, datetime

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from pipelines.quality import agreement, verdicts
from pipelines.quality.verdicts import LEVELS, Verdict

NOW = datetime(2024, 5, 1, tzinfo=UTC)


def said(number: int, reviewer: str, verdict: str, plan: str = "") -> Verdict:
    return Verdict(
        f"{plan}{reviewer}{number}", "pair", "x", f"p{number:04d}", None, "z", "e", verdict, None,
        reviewer, NOW, plan,
    )  # fmt: skip


def test_kappa_of_a_table_worked_by_hand() -> None:
    # 50 grant applications, two readers, yes and no: observed .7, by chance .5, kappa .4.
    one = agreement.kappa(np.array([[20.0, 5.0], [10.0, 15.0]]))
    assert one.value == pytest.approx(0.4)
    assert one.low is not None
    assert one.high is not None
    assert one.low < 0.4 < one.high


def test_the_large_sample_error_is_that_of_fleiss_cohen_and_everitt() -> None:
    # Shares .4, .1, .2, .3; kappa .4, by chance .5; rows .5, .5 and columns .6, .4.
    _, error = agreement.large_sample(np.array([[20.0, 5.0], [10.0, 15.0]]))
    agreeing = 0.4 * (1 - 1.1 * 0.6) ** 2 + 0.3 * (1 - 0.9 * 0.6) ** 2
    others = 0.6**2 * (0.1 * (0.6 + 0.5) ** 2 + 0.2 * (0.4 + 0.5) ** 2)
    assert error == pytest.approx(((agreeing + others - 0.1**2) / 50) ** 0.5 / 0.5)


@pytest.mark.parametrize("seed", range(5))
def test_kappa_equals_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = LEVELS["pair"]
    first = rng.choice(labels, 120, p=[0.6, 0.2, 0.06, 0.02, 0.05, 0.05, 0.02])
    second = np.where(rng.random(120) < 0.8, first, rng.choice(labels, 120))
    counts = agreement.confusion(list(zip(first, second, strict=True)), labels)
    assert agreement.kappa(counts).value == pytest.approx(cohen_kappa_score(first, second))


def test_kappa_is_unknown_where_chance_leaves_nothing_to_agree_on() -> None:
    assert agreement.kappa(np.diag([7.0, 0.0])) == agreement.Kappa(None, None, None)
    assert agreement.kappa(np.zeros((2, 2))).value is None


def test_perfect_agreement_has_a_lower_limit_below_one() -> None:
    one = agreement.kappa(np.diag([40.0, 10.0]))
    assert one.value == one.high == 1.0
    assert one.low is not None
    assert 0.4 < one.low < 0.9


def test_only_items_that_both_judged_blind_count() -> None:
    given = [said(1, "ada", "translation"), said(1, "bo", "abridged"),
             said(2, "ada", "different"), said(2, "bo", "different"),
             said(3, "ada", "translation"), said(4, "bo", "translation"),
             said(4, "ada", "translation", "adjudication")]  # fmt: skip
    (one,) = agreement.agreements(verdicts.by_item(given))
    assert (one.first, one.second, one.items, one.agreed, one.raw) == ("ada", "bo", 2, 1, 0.5)
    assert one.confusion[0][1] == 1
    assert one.confusion[5][5] == 1
    # Translation and abridged both say that the two tell the same thing.
    assert one.decision.value == 1.0


def test_three_reviewers_agree_two_by_two() -> None:
    given = [said(n, who, "translation") for n in range(3) for who in ("ada", "bo", "cy")]
    found = agreement.agreements(verdicts.by_item(given))
    assert [(one.first, one.second) for one in found] == [
        ("ada", "bo"),
        ("ada", "cy"),
        ("bo", "cy"),
    ]
