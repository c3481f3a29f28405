"""The table `facts.tsv`: what facts of two texts agree, contradict each other, or say nothing."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from crawler.rows import rows_in
from pipelines.facts.facts import facts
from pipelines.facts.rarity import Rarity
from pipelines.pairs.comparison import compare
from pipelines.pairs.coverage import cover
from pipelines.pairs.prepared import Document, prepare
from pipelines.vectors.load import load_encoder

NONE = Rarity({}, 0)
FIELDS = {
    "number": ("numbers_agree", "numbers_missing"),
    "date": ("dates_agree", "dates_clash"),
    "year": ("years_agree", "years_clash"),
    "period": ("periods_agree", "periods_clash"),
    "ordinal": ("ordinals_agree", "ordinals_clash"),
    "name": ("names_agree", "names_missing"),
    "guest": ("guests_agree", "guests_clash"),
    "place": ("places_agree", "places_missing"),
    "stage": ("stage_agree", "stage_clash"),
}
HEADER = ("kind", "chinese", "english", "expected", "why")


def rows(name: str = "facts.tsv") -> list[tuple[str, ...]]:
    table = rows_in(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    assert table[0] == HEADER
    assert all(len(cells) == len(HEADER) for cells in table)
    return table[1:]


@pytest.mark.parametrize(
    ("kind", "zh", "en", "expected", "why"),
    [
        pytest.param(*row, id=f"{row[0]}: {row[2]}")
        for row in (*rows(), *rows("officials.tsv"))
        if row[0] != "title"
    ],
)
def test_facts_agree_clash_or_say_nothing(
    kind: str, zh: str, en: str, expected: str, why: str
) -> None:
    dated = re.search(r"pages? of ([\d-]+)", why)
    page = datetime.fromisoformat(dated[1]) if dated else None
    found = compare(facts(zh, "zh", published=page), facts(en, "en", published=page), NONE, NONE)
    agree, clash = (getattr(found, name) for name in FIELDS[kind])
    compared = getattr(found, f"{kind}s_said", True)
    if expected == "agree":
        assert agree > 0.3
        assert clash < 0.1
    elif expected == "clash":
        assert compared
        assert clash >= 0.3
    else:
        assert not compared or (agree == 0 and clash == 0)


@pytest.mark.parametrize(
    ("zh", "en", "expected"),
    [pytest.param(*row[1:4], id=row[2]) for row in rows() if row[0] == "title"],
)
def test_titles_of_documents_agree_or_clash(zh: str, en: str, expected: str) -> None:
    encoder = load_encoder()
    (ours,) = prepare([Document("z", "zh", "", zh)], encoder)
    (theirs,) = prepare([Document("e", "en", "", en)], encoder)
    found = cover(ours.sentences, theirs.sentences, ours.facts, theirs.facts)
    agree, clash = found.titles_agree, found.titles_clash
    assert (agree > 0.5, clash > 0.5) == (expected == "agree", expected == "clash")


@pytest.mark.parametrize(
    "written",
    [
        "More than two–thirds of the residents were asked, at a 500–kV station, on March 18.",
        "More than two-thirds of the residents were asked, at a\n500-kV station, on March 18.",
        "More than two-thirds of the residents\r\nwere asked, at a 500-kV station, on\r\nMarch 18.",
    ],
)
def test_dashes_and_wrapped_lines_change_no_fact(written: str) -> None:
    plain = "More than two-thirds of the residents were asked, at a 500-kV station, on March 18."
    one, other = facts(plain, "en"), facts(written, "en")
    assert one.keys == other.keys
    assert len(one.figures) == len(other.figures) == 2
