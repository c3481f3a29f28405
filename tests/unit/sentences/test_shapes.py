"""Beads of any shape, blank entries, and other ways to write the same text."""

from collections.abc import Sequence

import pytest

from pipelines.sentences.align import align
from pipelines.vectors.load import load_encoder

Beads = list[tuple[tuple[int, ...], tuple[int, ...]]]

ZH = (
    "今年，云岭区完成了一批实事",
    "南门老菜场翻修后重新开张",
    "三座社区图书馆免费开放",
    "十二条断头路全部打通",
    "望江小学新校舍九月启用",
    "独居老人家中装上了烟雾报警器",
    "河堤上铺设了八公里健身步道",
    "两家乡镇卫生院添置了救护车",
    "夜间公交延长到零点",
    "山区六个村子通了自来水",
    "失业青年接受了免费的焊工培训",
)
EN = (
    "Yunling District got a number of things done this year.",
    "The old South Gate food market reopened after repairs.",
    "Three neighbourhood libraries let readers in for free.",
    "Twelve dead-end roads were opened to through traffic.",
    "The new building of Riverview Primary School was used from September.",
    "Smoke detectors were fitted in the homes of old people who live alone.",
    "Eight kilometres of jogging track were laid along the river dyke.",
    "Two township clinics bought ambulances.",
    "Night buses now run until midnight.",
    "Six mountain villages were given tap water.",
    "Young people without work were trained as welders free of charge.",
)
LAST = "区长表示，明年还将继续征求市民意见。"
LAST_EN = "The district head said residents would be asked for their views again next year."


def found(zh: Sequence[str], en: Sequence[str]) -> Beads:
    return [(bead.zh, bead.en) for bead in align(zh, en, load_encoder())]


@pytest.mark.parametrize("count", [5, 6, 8, 10])
def test_one_sentence_is_aligned_with_as_many_as_translate_it(count: int) -> None:
    zh = [f"{ZH[0]}。", "，".join(ZH[1 : count + 1]) + "。", LAST]
    en = [*EN[: count + 1], LAST_EN]
    many = tuple(range(1, count + 1))
    assert found(zh, en) == [((0,), (0,)), ((1,), many), ((2,), (count + 1,))]


@pytest.mark.parametrize("count", [6, 9])
def test_many_sentences_are_aligned_with_the_one_that_translates_them(count: int) -> None:
    joined = "; ".join(s[0].lower() + s[1:-1] for s in EN[1 : count + 1])
    zh = [*(f"{s}。" for s in ZH[: count + 1]), LAST]
    en = [EN[0], joined.capitalize() + ".", LAST_EN]
    many = tuple(range(1, count + 1))
    assert found(zh, en) == [((0,), (0,)), (many, (1,)), ((count + 1,), (2,))]


def test_blank_entries_stand_alone_and_cost_no_bead() -> None:
    zh = ["", f"{ZH[1]}。", "\u3000", "\u200b\0", f"{ZH[2]}。", f"{ZH[3]}。", "\t"]
    en = [EN[1], "", EN[2], " \u00a0", EN[3]]
    beads = align(zh, en, load_encoder())
    linked = [(bead.zh, bead.en) for bead in beads if bead.zh and bead.en]
    assert linked == [((1,), (0,)), ((4,), (2,)), ((5,), (4,))]
    blank = [bead for bead in beads if not (bead.zh and bead.en)]
    assert all(bead.probability == 1 for bead in blank)
    assert [at for bead in beads for at in bead.zh] == list(range(len(zh)))
    assert [at for bead in beads for at in bead.en] == list(range(len(en)))


def test_a_blank_entry_within_a_bead_joins_it() -> None:
    zh = [f"{ZH[1]}，{ZH[2]}。", f"{ZH[3]}。"]
    en = [EN[1], "", EN[2], EN[3]]
    assert found(zh, en) == [((0,), (0, 1, 2)), ((1,), (3,))]


def test_marks_alone_belong_to_the_sentence_before() -> None:
    zh = [f"{ZH[1]}。", "“", "”", f"{ZH[2]}。", f"{ZH[3]}。"]
    en = [EN[1], EN[2], "”", EN[3]]
    assert found(zh, en) == [((0, 1, 2), (0,)), ((3,), (1, 2)), ((4,), (3,))]
    assert found(["”", ""], []) == [((0,), ()), ((1,), ())]
    assert found(["好。", "”"], []) == [((0,), ()), ((1,), ())]


def test_entries_that_are_all_blank_are_nulls() -> None:
    assert set(found(["", " "], [EN[1]])) == {((0,), ()), ((1,), ()), ((), (0,))}


FORMS = {
    "traditional": (
        str.maketrans(
            "云岭区个实门场后张馆头条开独装护", "雲嶺區個實門場後張館頭條開獨裝護"
        ),
        {},
    ),
    "zero width": ({ord("，"): "，\u200b", ord("区"): "区\u200b"}, {ord(" "): " \u200b"}),
    "no-break": ({}, {ord(" "): "\u00a0"}),
    "full width": ({}, {code: code + 0xFEE0 for code in range(0x41, 0x7B)}),
}  # fmt: skip


@pytest.mark.parametrize(("zh_form", "en_form"), FORMS.values(), ids=FORMS.keys())
def test_a_text_written_another_way_has_the_same_beads(
    zh_form: dict[int, str], en_form: dict[int, str]
) -> None:
    zh = [f"{ZH[0]}。", f"{ZH[1]}，{ZH[2]}。", *(f"{s}。" for s in ZH[5:9])]
    en = [*EN[:3], *EN[4:9]]
    plain = align(zh, en, load_encoder())
    other = align(
        [s.translate(zh_form) for s in zh], [s.translate(en_form) for s in en], load_encoder()
    )
    assert other == plain


def test_what_changes_places_is_found_or_left_alone() -> None:
    zh = [f"{s}。" for s in ZH[1:8]]
    en = [*EN[1:3], *EN[5:8], *EN[3:5]]
    home = {k: k for k in (0, 1)} | {2: 5, 3: 6, 4: 2, 5: 3, 6: 4}
    linked = [bead for bead in found(zh, en) if bead[0] and bead[1]]
    assert ((0,), (0,)) in linked
    assert ((1,), (1,)) in linked
    assert all(sorted(home[i] for i in ours) == list(theirs) for ours, theirs in linked)
