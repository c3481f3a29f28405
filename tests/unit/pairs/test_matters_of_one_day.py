"""Two reports of one day and office about different matters, which words alone tell apart."""

import pytest

from benchmarks.accuracy.siblings import documents
from benchmarks.series import siblings
from pipelines.pairs import pair
from pipelines.pairs.explanation import explain_pair
from pipelines.pairs.model import load_pair_model
from pipelines.pairs.pair import Pairing
from pipelines.pairs.prepared import PreparedArticle, prepare
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
