"""A name that no spelling explains is learnt from pairs that are certain without it, if at all."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from pipelines import aliases, documents
from pipelines.documents import Document, Prepared
from pipelines.encoder import load_encoder

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
    zh = documents.prepare([zh for zh, _ in visits], load_encoder())
    en = documents.prepare([en for _, en in visits], load_encoder())
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


def test_what_pinyin_explains_and_who_is_told_by_sound_is_not_learnt() -> None:
    assert learnt([visit(n, "王建国", "Wang Jianguo") for n in range(4)]) == {}
    assert learnt([visit(n, "王建国会见了汉斯·米勒，", "Hans Muller") for n in range(4)]) == {}


def test_two_who_always_come_together_are_not_told_apart() -> None:
    assert learnt([visit(n, "何铭义、副局长陈爱莲", "Rui Teixeira") for n in range(5)]) == {}


def test_a_learnt_name_tells_the_visits_of_two_officials_apart() -> None:
    visits = [visit(n, "何铭义", "Rui Teixeira") for n in range(6)]
    visits += [visit(n + 6, "陈爱莲", "Helena Fernandes") for n in range(6)]
    same_day = [
        Document(f"zh9{at}", "zh", "副局长察看河堤", f"副局长{who}察看河堤，与工人交谈。")
        for at, who in enumerate(("何铭义", "陈爱莲"))
    ]
    english = Document(
        "en90", "en", "Dike inspected",
        "Deputy Director Helena Fernandes looked at the dike and talked with workers.",
    )  # fmt: skip
    zh = documents.prepare([*(zh for zh, _ in visits), *same_day], load_encoder())
    en = documents.prepare([*(en for _, en in visits), english], load_encoder())

    def chance(learning: bool) -> float:
        found = documents.pair(zh, en, learning=learning)
        listed = (*found.pairs, *found.rest)
        return next(o.probability for o in listed if ids(zh, en, o) == ("zh91", "en90"))

    assert chance(True) > chance(False)


def ids(zh: Sequence[Prepared], en: Sequence[Prepared], one: documents.Scored) -> tuple[str, str]:
    return zh[one.zh].document.id, en[one.en].document.id
