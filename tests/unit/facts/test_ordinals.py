"""Session numbers, terms, editions, batches: the same in both languages."""

import pytest

from pipelines.facts.ordinals import ordinals

TABLE = [
    ("市政府第十六届第29次常务会议", "the 29th executive meeting of the 16th authority",
     {("term", 16), ("meeting", 29)}),
    ("市政府第十七届第29次常务会议", "Twenty-Ninth executive meeting of the 17th government",
     {("term", 17), ("meeting", 29)}),
    ("十五届市政府第46次常务会议", "the 46th executive meeting of the 15th session",
     {("term", 15), ("meeting", 46)}),
    ("第十六届人民代表大会第二次会议", "the second session of the 16th municipal people's congress",
     {("term", 16), ("meeting", 2)}),
    ("市十七届人大一次会议", "First Session of the 17th Municipal People's Congress",
     {("term", 17), ("meeting", 1)}),
    ("党的二十大", "the 20th CPC National Congress", {("party", 20)}),
    ("二十届四中全会", "the fourth plenary session of the 20th CPC Central Committee",
     {("party", 20), ("plenum", 4)}),
    ("“十四五”规划", "the 14th Five-Year Plan", {("plan", 14)}),
    ("第15届马拉松", "the 15th marathon", {("event", 15)}),
    ("建市50周年", "the 50th anniversary of the city", {("anniversary", 50)}),
    ("第五批信访件", "the fifth batch of complaints", {("batch", 5)}),
    ("轨道交通4号线", "Metro Line 4", {("line", 4)}),
]  # fmt: skip


@pytest.mark.parametrize(("zh", "en", "expected"), TABLE)
def test_ordinals_agree_across_languages(zh: str, en: str, expected: set[tuple[str, int]]) -> None:
    assert {(o.label, o.rank) for o in ordinals(en, "en")} == expected
    found = {(o.label, o.rank) for o in ordinals(zh, "zh")}
    assert {(label or "term", rank) for label, rank in found} == expected


def test_plain_words_are_no_ranks() -> None:
    assert ordinals("the first full year after the second thought", "en") == ()
    assert ordinals("the province's first automated terminal", "en") == ()


def test_a_row_of_plenums_gives_each() -> None:
    found = {(o.label, o.rank) for o in ordinals("党的二十届二中、三中全会精神", "zh")}
    assert {("plenum", 2), ("plenum", 3), ("party", 20)} <= found
