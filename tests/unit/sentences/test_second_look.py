"""The second look at doubtful pairs: strangers beside close translations are left alone."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.learn.fit_second_look import learn
from benchmarks.learn.wmt_documents import document
from pipelines.sentences import features, second_look
from pipelines.sentences.align import align, first_look
from pipelines.vectors.encoder import encode_spans
from pipelines.vectors.load import load_encoder

ZH = (
    "昨天下午，市政府召开全市防汛工作会议。",
    "市长郑海涛出席会议并讲话。",
    "会议听取了水务局关于水库安全的汇报。",
    "全市共有水库四十三座，其中三座正在加固。",
    "会议要求六月底前完成全部加固工程。",
    "各区要清理河道，备足沙袋和水泵。",
    "气象局每天早晨发布雨情预报。",
    "会议还研究了受灾居民的安置办法。",
)
EN = (
    "Yesterday afternoon, the municipal government held a meeting on flood control in the city.",
    "Mayor Zheng Haitao attended the meeting and delivered a speech.",
    "The meeting heard a report by the Water Bureau on the safety of reservoirs.",
    "The city has 43 reservoirs, three of which are being reinforced.",
    "The meeting demanded that all reinforcement works be completed by the end of June.",
    "All districts should clear the river channels and prepare enough sandbags and pumps.",
    "The Meteorological Bureau issues a rain forecast every morning.",
    "The meeting also studied how to resettle residents affected by disasters.",
)
STRANGERS = (
    (
        "水务局副局长还回答了记者关于水库水位的提问。",
        "Volunteers will help elderly residents on low-lying streets during heavy rain.",
    ),
    (
        "水务局副局长还回答了记者关于水库水位的提问。",
        "The East River Bridge was closed to lorries over the weekend.",
    ),
    (
        "会前，市长一行察看了东河大桥的施工现场。",
        "Volunteers will help elderly residents on low-lying streets during heavy rain.",
    ),
)


def texts(zh: str, en: str) -> tuple[list[str], list[str]]:
    """An abridged report with a sentence of its own on each side, both at 4 of the Chinese."""
    return [*ZH[:4], zh, *ZH[4:]], [EN[0], *EN[2:4], en, *EN[4:6], EN[7]]


def looked_at(zh: list[str], en: list[str]) -> tuple[features.TextPair, np.ndarray]:
    spans = (encode_spans(load_encoder(), side, features.WIDTH) for side in (zh, en))
    pair = features.compare_texts(zh, en, *spans)
    return pair, first_look(pair, features.load_bead_model())[1]


@pytest.mark.parametrize("strangers", STRANGERS)
def test_strangers_beside_close_translations_are_left_alone(strangers: tuple[str, str]) -> None:
    zh, en = texts(*strangers)
    _, probable = looked_at(zh, en)
    assert probable[features.SHAPES.index((1, 1)), 4, 3] > 0.5, "the first look tells them apart"
    found = [(bead.zh, bead.en) for bead in align(zh, en, load_encoder())]
    assert ((4,), ()) in found
    assert ((), (3,)) in found
    assert ((3,), (2,)) in found
    assert ((5,), (4,)) in found


def test_only_doubtful_pairs_are_judged_again() -> None:
    pair, probable = looked_at(*texts(*STRANGERS[0]))
    change = second_look.second_look(pair, probable)
    one = probable[features.SHAPES.index((1, 1)), : change.shape[0], : change.shape[1]]
    sure = (one <= second_look.DOUBTFUL[0]) | (one >= second_look.DOUBTFUL[1])
    assert (change[sure] == 0).all()
    assert change[4, 3] < -1


def test_what_may_be_part_of_a_merge_keeps_its_score() -> None:
    zh = ["会议听取了汇报，今年将改造小区126个，惠及居民5.2万户。", "办法自5月1日起施行。"]
    en = [
        "The meeting heard a report on communities.",
        "This year 126 of them will be renovated, benefiting 52,000 households.",
        "The measures take effect on May 1.",
    ]
    pair, probable = looked_at(zh, en)
    merge = probable[features.SHAPES.index((1, 2)), 0, 0]
    assert merge > 0.5
    found = second_look.find(pair, probable)
    assert (found.alone < 0.2).all()


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        (["一。"], ["One."]),
        (["", "。"], [""]),
        (["12"] * 9, ["12"] * 7),
        (["好。"] * 3, ["x"] * 40),
    ],
)
def test_odd_texts_have_finite_judgements(zh: list[str], en: list[str]) -> None:
    change = second_look.second_look(*looked_at(zh, en))
    assert change.shape == (len(zh), len(en))
    assert np.isfinite(change).all()


def test_nearness_speaks_for_a_pair_and_near_company_against_it() -> None:
    path = Path(second_look.__file__).parent / "second_look.json"
    weights = json.loads(path.read_text(encoding="utf-8"))
    pair, probable = looked_at(*texts(*STRANGERS[0]))
    assert set(weights) == {"bias", *second_look.find(pair, probable).features}
    assert weights["centred"] > 0 > weights["centred_mean"]


def test_a_regression_finds_what_made_the_data() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4000, 3)) * (1, 5, 1) + (0, 20, 0)
    truth = np.array([4.0, 2.0, -0.3, 0.0])
    y = (rng.random(4000) < 1 / (1 + np.exp(-(truth[0] + x @ truth[1:])))).astype(float)
    assert learn(x, y) == pytest.approx(truth, abs=0.5)


def test_lines_of_a_test_set_become_beads() -> None:
    lines = [
        ("会议召开。大家发言。", "A meeting was held. All spoke."),
        ("会议召开，大家发言。", "A meeting was held. All spoke."),
        *[("好。", "Good.")] * 6,
        ("", "Nothing."),
    ]
    row = document("key", lines)
    assert row is not None
    assert row["gold"][:3] == [[[0], [0]], [[1], [1]], [[2], [2, 3]]]
    assert (len(row["zh"]), len(row["en"])) == (9, 10)
    assert document("short", lines[2:6]) is None
