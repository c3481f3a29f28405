"""A name that no spelling explains is learnt from pairs that are certain without it, if at all."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.pairs import aliases, model, pair
from pipelines.pairs.explanation import explain_pair
from pipelines.pairs.prepared import Document, PreparedArticle, prepare
from pipelines.tables.cache import ByteCache
from pipelines.vectors.load import load_encoder

PLACES = (
    ("消防站", "fire station"), ("图书馆", "library"), ("护理院", "nursing home"),
    ("苗圃", "nursery"), ("码头", "pier"), ("泳池", "swimming pool"),
)  # fmt: skip


def visit(number: int, who: str, called: str) -> tuple[Document, Document]:
    place, english = PLACES[number % len(PLACES)]
    day = 3 + number
    return (
        Document(
            f"zh{number:02}", "zh", f"副局长走访{place}",
            f"5月{day}日，副局长{who}走访第{number}期{place}项目，投资{number * 171 + 95}万元。",
            datetime(2024, 5, day),
        ),
        Document(
            f"en{number:02}", "en", f"Visit to the {english}",
            f"Deputy Director {called} visited phase {number} of the {english} on May {day}. It "
            f"costs {(number * 171 + 95) / 100} million yuan.",
        ),
    )  # fmt: skip


def learnt(visits: Sequence[tuple[Document, Document]]) -> dict[str, str]:
    zh = prepare([zh for zh, _ in visits], load_encoder())
    en = prepare([en for _, en in visits], load_encoder())
    return aliases.learn(zip(zh, en, strict=True))


@pytest.mark.parametrize(
    ("who", "called", "form", "times"),
    [
        ("黎卓贤", "Raymond Lai", "raymond lai", 2),
        ("何铭义", "Rui Teixeira", "rui teixeira", 3),
        ("陈爱莲", "Helena Fernandes", "helena fernandes", 3),
    ],
)
def test_a_name_is_learnt_once_enough_pairs_show_it(
    who: str, called: str, form: str, times: int
) -> None:
    visits = [visit(number, who, called) for number in range(times)]
    assert learnt(visits) == {form: who}
    assert learnt(visits[:-1]) == {}


def test_names_that_pinyin_or_sound_explains_are_not_learnt() -> None:
    assert learnt([visit(n, "王建国", "Wang Jianguo") for n in range(4)]) == {}
    assert learnt([visit(n, "王建国会见了汉斯·米勒，", "Hans Muller") for n in range(4)]) == {}


def test_two_who_always_come_together_are_not_distinguished() -> None:
    assert learnt([visit(n, "何铭义、副局长陈爱莲", "Rui Teixeira") for n in range(5)]) == {}


VISITS = [visit(n, "何铭义", "Rui Teixeira") for n in range(6)]
VISITS += [visit(n + 6, "陈爱莲", "Helena Fernandes") for n in range(6)]
DIKE = [
    Document(f"zh9{at}", "zh", "副局长察看河堤", f"副局长{who}察看河堤，与工人交谈。")
    for at, who in enumerate(("何铭义", "陈爱莲"))
]
DIKE_EN = Document(
    "en90", "en", "Dike inspected",
    "Deputy Director Helena Fernandes looked at the dike and talked with workers.",
)  # fmt: skip


def paired(
    zh: Sequence[Document], en: Sequence[Document], folder: Path | None = None, **options: bool
) -> tuple[dict[tuple[str, str], float], str]:
    """Return probabilities by ids, and one explanation."""
    stored = [ByteCache(folder / f"{name}.parquet") if folder else None for name in ("a", "c")]
    left, right = (prepare(side, load_encoder(), stored[0]) for side in (zh, en))
    found = pair.pair(left, right, cache=stored[1], **options)
    for one in stored:
        if one:
            one.save()
    explained = explain_pair(found, left, right, ("zh91", "en90"), model.load_pair_model())
    listed = (*found.pairs, *found.unassigned)
    return {ids(left, right, one): one.probability for one in listed}, explained


def test_a_learnt_name_tells_the_visits_of_two_officials_apart() -> None:
    zh, en = [*(zh for zh, _ in VISITS), *DIKE], [*(en for _, en in VISITS), DIKE_EN]
    (without, _), (learnt, explained) = (paired(zh, en, learning=known) for known in (False, True))
    # Two sentences about a dike may belong to a third visit: likelier by far, yet no pair.
    assert learnt["zh91", "en90"] > 2 * without["zh91", "en90"]
    assert learnt["zh90", "en90"] < without["zh90", "en90"]
    assert "Helena Fernandes is 陈爱莲, as other pairs show" in explained


def test_names_learnt_from_later_articles_reach_earlier_ones_as_from_scratch(
    tmp_path: Path,
) -> None:
    for known in (3, 9, len(VISITS)):
        zh = [*(zh for zh, _ in VISITS[:known]), *DIKE]
        grown, _ = paired(zh, [*(en for _, en in VISITS[:known]), DIKE_EN], tmp_path / "grown")
    whole, _ = paired(zh, [*(en for _, en in VISITS), DIKE_EN], tmp_path / "whole")
    assert grown == whole
    for name in ("a", "c"):
        grown, whole = ((tmp_path / f / f"{name}.parquet").read_bytes() for f in ("grown", "whole"))
        assert grown == whole


def ids(
    zh: Sequence[PreparedArticle], en: Sequence[PreparedArticle], one: pair.Scored
) -> tuple[str, str]:
    return zh[one.zh].document.id, en[one.en].document.id
