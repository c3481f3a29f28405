"""What verdicts tell of a corpus, on corpora small enough to work out by hand."""

import json
import math
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from builders import (
    NOW,
    article,
    bead_row,
    numbered_pairs,
    store_articles,
    store_rows,
    store_verdicts,
    verdict_row,
)

from pipelines.cli import app
from pipelines.quality import estimates, intervals, printed, sampling
from pipelines.quality.sampling import Drawn, Plan
from pipelines.quality.verdicts import VerdictError
from pipelines.tables import parquet
from pipelines.tables.columns import Floats, Ints


class Corpus:
    """An output folder with pairs of given probabilities by city, and verdicts on them."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.given: list[parquet.Row] = []

    def pairs(self, city: str, probabilities: list[float]) -> None:
        store_rows(self.output, "pairs", city, numbered_pairs(city, probabilities))

    def english(self, city: str, names: list[str]) -> None:
        store_articles(self.output, *(article(name, "en", city=city) for name in names))

    def judge(self, drawn: Drawn, said: str, reviewer: str = "ada") -> None:
        number = len(self.given)
        self.given.append(
            {"verdict_id": f"v{number}", "level": drawn.level, "city": drawn.city,
             "pair_id": drawn.pair_id, "position": drawn.position, "zh_id": drawn.zh_id,
             "en_id": drawn.en_id, "verdict": said, "reviewer": reviewer, "plan": drawn.plan,
             "judged_at": NOW + timedelta(seconds=number), "stratum": drawn.stratum,
             "weight": drawn.weight, "probability": drawn.probability, "method": drawn.method}
        )  # fmt: skip
        store_verdicts(self.output, self.given)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path)


def pair(
    number: int, weight: float | None = 1.0, plan: str = "stratified seed=0 size=9", city: str = "x"
) -> Drawn:
    return Drawn("pair", city, f"{city}{number:04d}", None, f"z{number}", f"e{number}", plan, "s",
                 weight, 0.9, "m")  # fmt: skip


def test_without_verdicts_it_is_said_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(VerdictError, match="holds no verdicts yet; judge some pairs with"):
        estimates.estimate(tmp_path)
    assert app.main(["evaluate", "--output", str(tmp_path)]) == 2
    assert "holds no verdicts yet" in capsys.readouterr().err


def test_bands_count_by_the_pairs_they_hold(corpus: Corpus) -> None:
    # 90 pairs in the top band, all judged right; 10 in another, half of them right.
    corpus.pairs("x", [0.95] * 90 + [0.65] * 10)
    for n in range(8):
        corpus.judge(pair(n), "translation")
    for n in range(90, 98):
        corpus.judge(pair(n), "different" if n % 2 else "abridged")
    found = estimates.estimate(corpus.output)
    assert found.precision is not None
    assert found.precision.value == pytest.approx(0.9 * 1 + 0.1 * 0.5)
    assert (found.claimed, found.precision.judged) == (100, 16)
    top = found.bands[9]
    assert (top.name, top.pairs, top.stated) == (".9-1", 90, pytest.approx(0.95))
    assert top.observed is not None
    assert top.observed.value == 1.0
    # Expected calibration error: .9 * |.95 - 1| + .1 * |.65 - .5|.
    assert found.calibration_error == pytest.approx(0.9 * 0.05 + 0.1 * 0.15)
    assert found.bands[7] == estimates.Band(7, ".7-.8", 0, None, None)


def test_relations_tell_translations_from_accounts_of_the_same_event(corpus: Corpus) -> None:
    corpus.pairs("x", [0.95] * 50)
    said = ["translation", "abridged", "part_of", "same_event", "different", "cannot_tell"]
    for n, verdict in enumerate(said):
        corpus.judge(pair(n), verdict)
    found = estimates.estimate(corpus.output)
    assert found.precision is not None
    assert found.translations is not None
    assert found.precision.value == pytest.approx(4 / 5)
    assert found.translations.value == pytest.approx(3 / 5)
    assert found.counts["pair"].undecided == 1


def test_a_pair_in_dispute_counts_by_halves_until_it_is_settled(corpus: Corpus) -> None:
    corpus.pairs("x", [0.95] * 50)
    corpus.judge(pair(0), "translation")
    corpus.judge(pair(1), "translation")
    corpus.judge(pair(1), "different", "bo")
    found = estimates.estimate(corpus.output)
    assert found.precision is not None
    assert found.precision.value == pytest.approx(0.75)
    assert (found.counts["pair"].double, found.counts["pair"].disputed) == (1, 1)
    corpus.judge(pair(1, plan="adjudication stratified seed=0 size=9"), "different", "cy")
    settled = estimates.estimate(corpus.output)
    assert settled.precision is not None
    assert settled.precision.value == pytest.approx(0.5)


def test_what_was_chosen_and_not_drawn_estimates_nothing(corpus: Corpus) -> None:
    corpus.pairs("x", [0.95] * 50)
    for n in range(6):
        corpus.judge(pair(n, None, "uncertain seed=0 size=9"), "different")
    found = estimates.estimate(corpus.output)
    assert found.precision is None
    assert found.counts["pair"].items == 6
    assert found.counts["pair"].drawn == 0


def test_verdicts_on_pairs_that_are_no_more_are_left_out(corpus: Corpus) -> None:
    corpus.pairs("x", [0.95] * 5)
    for n in range(10):
        corpus.judge(pair(n), "translation" if n < 5 else "different")
    found = estimates.estimate(corpus.output)
    assert found.precision is not None
    assert found.precision.judged == 5
    # All five pairs there are were judged: nothing is left to chance.
    assert (found.precision.value, found.precision.low) == (1.0, 1.0)


def test_a_plan_over_one_city_speaks_of_that_city(corpus: Corpus) -> None:
    corpus.pairs("x", [0.95] * 40)
    corpus.pairs("y", [0.95] * 60)
    for n in range(6):
        corpus.judge(pair(n, 4.0, "stratified seed=0 size=9 cities=y", "y"), "translation")
    found = estimates.estimate(corpus.output)
    assert (found.cities, found.claimed) == (("y",), 60)
    assert [one.precision is None for one in found.by_city] == [True, False]
    # A plan over all cities comes first; the city's own plan still counts for the city.
    for n in range(6):
        corpus.judge(pair(n, 9.0), "different")
    found = estimates.estimate(corpus.output)
    assert (found.cities, found.claimed) == (("x", "y"), 100)
    assert found.precision is not None
    assert (found.precision.value, found.precision.judged) == (0.0, 6)
    by_city = {one.city: one.precision for one in found.by_city}
    assert by_city["y"] is not None
    assert by_city["y"].value == 1.0


def test_recall_sets_pairs_that_are_right_against_mates_that_were_missed(corpus: Corpus) -> None:
    corpus.pairs("x", [0.95] * 80)
    corpus.english("x", [f"u{n:02d}" for n in range(40)])
    for n in range(20):
        corpus.judge(pair(n), "translation" if n < 15 else "different")
    for n, one in enumerate(sampling.draw(corpus.output, Plan("unmatched", 20))):
        corpus.judge(one, "missed" if n < 5 else "none")
    found = estimates.estimate(corpus.output)
    # 80 * 15 / 20 = 60 found; 40 * 5 / 20 = 10 missed.
    assert found.recall is not None
    assert found.recall.value == pytest.approx(60 / 70)
    assert found.recall.low < 60 / 70 < found.recall.high
    assert found.unmatched == 40
    assert any(
        told.startswith(
            "Of the English articles of x that have a Chinese counterpart in the corpus"
        )
        and "20 of 40 unmatched articles judged) are paired with it." in told
        for told in printed.quote(found)
    )


def test_beads_are_tallied_by_verdict_and_code(corpus: Corpus) -> None:
    corpus.pairs("x", [0.95] * 4)
    beads = [bead_row(f"x{n:04d}", at, "1-1" if at else "0-1") for n in range(4) for at in range(6)]
    store_rows(corpus.output, "sentences", "x", beads)
    said = ["correct"] * 7 + ["partly", "wrong", "boilerplate"]
    for one, verdict in zip(sampling.draw(corpus.output, Plan("beads", 10)), said, strict=True):
        corpus.judge(one, verdict)
    found = estimates.estimate(corpus.output)
    assert found.linked == 20
    assert found.beads["correct"].value == pytest.approx(0.7)
    assert found.beads["wrong_language"].value == 0
    (told,) = [each for each in printed.quote(found) if "sentence alignments" in each]
    assert told.startswith("Of the 20 sentence alignments of these pairs, an estimated 70.0 % (")
    assert told.endswith(", 10 judged) are correct.")
    codes = printed.evaluate(corpus.output)["codes"]
    assert {code: round(one["value"], 2) for code, one in codes.items()} == {
        "C": 0.7, "P": 0.1, "X": 0.1, "WL": 0, "NL": 0, "CB": 0.1,
    }  # fmt: skip


def test_a_paper_can_quote_the_sentence(corpus: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    corpus.pairs("x", [0.95] * 12_340)
    drawn = {"plan": "stratified seed=0 size=214", "weight": 57.7}
    given = []
    for n, row in enumerate(numbered_pairs("x", [0.95] * 214)):
        for who in ("ada", "bo"):
            code = "different" if n < 6 or (n == 6 and who == "bo") else "translation"
            given.append(verdict_row(row, code, verdict_id=f"{who}{n}", reviewer=who, **drawn))
    store_verdicts(corpus.output, given)
    sentence = printed.quote(estimates.estimate(corpus.output))[0]
    assert sentence.startswith(
        "Of the 12,340 pairs of x at or above .5, an estimated 97.0 % (95 % interval 93.7-98.8, "
        "214 judged by 2 reviewers, kappa .92) are translations"
    )
    assert app.main(["evaluate", "--output", str(corpus.output)]) == 0
    told = capsys.readouterr().out
    assert sentence in told
    for title in ("Pairs by score band", "Pairs claimed by city", "Agreement of reviewers"):
        assert title in told
    assert app.main(["evaluate", "--json", "--output", str(corpus.output)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["sentences"][0] == sentence
    assert result["estimates"]["precision"]["judged"] == 214
    assert result["calibration"]["in_force"] is None


# Proportions and their intervals, on cases worked by hand or found in tables.
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
