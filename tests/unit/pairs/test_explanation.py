"""`align --explain`: evidence for and against a pair, and the lacks of a rival."""

import re
from datetime import datetime

import pytest

from pipelines.pairs import pair
from pipelines.pairs.calibration import Calibration
from pipelines.pairs.explanation import KINDS, explain_pair
from pipelines.pairs.model import load_pair_model
from pipelines.pairs.prepared import Document, prepare
from pipelines.vectors.load import load_encoder

DAY = datetime(2024, 3, 6, 9, 0)


def report(number: int, day: str, places: int) -> Document:
    text = (
        f"{day}，市长谭成旭主持召开市政府第{number}次常务会议。\n会议指出，今年以来共排查隐患{places}处。"
        "会议要求，各部门要抓好落实。"
    )
    return Document(f"zh{number}", "zh", f"市政府召开第{number}次常务会议", text, DAY)


ZH = [report(28, "2月27日", 911), report(29, "3月5日", 1842)]
EN = [
    Document(
        "en29",
        "en",
        "Municipal government holds its 29th executive meeting",
        "Mayor Tan Chengxu presided over the 29th executive meeting of the municipal government on "
        "March 5.\nSo far this year 1,842 hazards have been found. Departments were told to act.",
        DAY,
    )
]


def explanations(calibration: Calibration | None = None) -> dict[str, str]:
    encoder = load_encoder()
    zh, en = prepare(ZH, encoder), prepare(EN, encoder)
    found, model = pair.pair(zh, en), load_pair_model()
    return {
        one: explain_pair(found, zh, en, (one, "en29"), model, calibration=calibration)
        for one in ("zh29", "zh28", "nowhere")
    }


@pytest.fixture(scope="module")
def explained() -> dict[str, str]:
    return explanations()


def test_a_pair_is_explained_by_its_evidence(explained: dict[str, str]) -> None:
    assert "A pair (" in explained["zh29"]
    for sentence in (
        "Both give meeting 29",
        "In both: 1,842",
        "Both name 2024-03-05",
        "tanchengxu",
    ):
        assert sentence in explained["zh29"]


def test_a_pair_is_compared_with_its_runner_up(explained: dict[str, str]) -> None:
    lacked = explained["zh29"].split("What the runner-up lacked:")[1]
    assert "zh28" in lacked
    assert "meeting numbers clash: [28] against [29]" in lacked.lower()


def test_no_pair_is_explained_by_what_clashes(explained: dict[str, str]) -> None:
    assert "Not a pair: the English article has another counterpart" in explained["zh28"]
    against = explained["zh28"].split("Against it:")[1]
    assert "eeting numbers clash: [28] against [29]" in against
    assert "ates clash: 2024-02-27 against 2024-03-05" in against
    assert "What it lacks against the best candidate" in against


def test_articles_that_were_not_compared_are_reported(explained: dict[str, str]) -> None:
    assert "were not compared" in explained["nowhere"]
    assert "zh29" in explained["nowhere"]


def test_where_a_calibration_is_in_force_its_probability_is_stated() -> None:
    cautious = explanations(Calibration("calibration-3", "method", shift=-2.0, slope=0.5))
    odds = float(cautious["zh29"].split("log odds ")[1].split(".\n")[0])
    stated = float(cautious["zh29"].split("probability ")[1].split(" ")[0])
    assert "by calibration-3, 1.000 by the model" in cautious["zh29"]
    assert 0.9 < stated < 0.99
    assert odds > 7
    doubtful = explanations(Calibration("calibration-3", "method", shift=-9.0, slope=0.5))
    assert "Not a pair at the default threshold" in doubtful["zh29"]


@pytest.mark.parametrize("one", ["zh29", "zh28"])
def test_the_terms_sum_to_the_stated_log_odds(explained: dict[str, str], one: str) -> None:
    own = re.split(r"What (?:the runner-up|it) lack", explained[one])[0]
    stated = float(re.search(r"log odds ([-+][\d.]+)", own)[1].rstrip("."))  # type: ignore[index]
    terms = [float(term) for term in re.findall(r"^  \[([-+][\d.]+)\]", own, re.MULTILINE)]
    assert sum(terms) == pytest.approx(stated, abs=0.01)


def test_a_rounded_figure_is_shown_with_what_it_rounds() -> None:
    zh = Document("z", "zh", "", "展览共展出文物约1000件，接待观众31.2万人次，历时14天。", DAY)
    en = Document("e", "en", "", "The show of 1,003 relics drew 312,000 visitors in 14 days.", DAY)
    left, right = prepare([zh], load_encoder()), prepare([en], load_encoder())
    told = explain_pair(pair.pair(left, right), left, right, ("z", "e"), load_pair_model())
    assert "1,003 (Chinese: 1,000)" in told
    assert "312,000" in told


def test_every_feature_belongs_to_one_kind_of_evidence() -> None:
    listed = [name for kind in KINDS for name in kind.features]
    assert sorted(listed) == sorted(load_pair_model().weights)
