"""Two reports of one day and office about different matters, which words alone tell apart."""

from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.accuracy.siblings import documents
from benchmarks.series import siblings
from pipelines.pairs import pair
from pipelines.pairs.explanation import explain_pair
from pipelines.pairs.model import load_pair_model
from pipelines.pairs.pair import Pairing
from pipelines.pairs.prepared import Document, PreparedArticle, prepare
from pipelines.vectors.load import load_encoder

ROWS = {
    matter[2]: (row, at)
    for row in siblings.TRAINING
    for at, matter in enumerate((row[1:5], row[5:9]))
}
ALIKE = (
    "Hospital of Chinese medicine opens second site", "Place for dogs in park", "Plays staged",
    "Small firms spared property tax", "Dogs registered in neighbourhoods",
)  # fmt: skip
Compared = tuple[Pairing, list[PreparedArticle], list[PreparedArticle]]


def compared(title: str, own: bool) -> Compared:
    """Pair an English report with its own Chinese one, or the other matter's."""
    row, at = ROWS[title]
    texts = documents(row)
    zh = prepare([texts["zh"][at if own else 1 - at]], load_encoder())
    en = prepare([texts["en"][at]], load_encoder())
    return pair.pair(zh, en, learning=False), zh, en


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("title", ALIKE)
def test_a_report_is_linked_to_its_own_matter_only(title: str, own: bool) -> None:
    found, _, _ = compared(title, own)
    assert any(each.probability >= 0.5 for each in found.pairs) is own


def test_an_explanation_names_the_missing_words() -> None:
    found, zh, en = compared("Plays staged", own=False)
    ids = zh[0].document.id, en[0].document.id
    told = explain_pair(found, zh, en, ids, load_pair_model())
    (line,) = (each for each in told.splitlines() if "without a chinese word" in each.lower())
    assert line.lstrip().startswith("[-"), "it speaks against the pair"
    assert {"play", "plays"} & set(line.replace(",", " ").replace(".", " ").split())


ITEMS = (
    ("云泽港开通至釜山航线", "5月8日，云泽港开通至釜山的集装箱航线，每周两班，航程3天。",
     "Container route to Busan\nYunze Port opened a container route to Busan on May 8. Ships leave "
     "twice a week and take 3 days."),
    ("南湖隧道检修完成", "5月9日，南湖隧道检修工程完成，每天可通行6.2万辆车。",
     "Tunnel overhauled. The overhaul of the South Lake tunnel ended on May 9; 62,000 cars can "
     "pass in a day."),
    ("花卉展吸引4700人", "5月10日，花卉展在文化宫举行，88家花圃展出花卉3100种，4700人到场。",
     "Flower show draws 4,700. A flower show at the cultural palace on May 10 drew 4,700 people. "
     "There were 3,100 kinds from 88 nurseries."),
)  # fmt: skip


def test_a_round_up_is_linked_to_the_reports_whose_words_its_other_items_lack() -> None:
    day = datetime(2024, 5, 11, tzinfo=UTC)
    zh = [Document(f"z{n}", "zh", *item[:2], day) for n, item in enumerate(ITEMS)]
    text = "\n".join(item[2] for item in ITEMS)
    en = [Document("e", "en", "The week in brief", text, day + timedelta(days=2))]
    found = pair.pair(prepare(zh, load_encoder()), prepare(en, load_encoder()), learning=False)
    assert len([each for each in found.pairs if each.probability >= 0.5]) == len(ITEMS)
