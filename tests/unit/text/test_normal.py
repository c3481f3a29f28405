"""Ways to write one text give one normal form."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC

from pipelines.facts.facts import facts
from pipelines.facts.rarity import Rarity
from pipelines.pairs.comparison import compare
from pipelines.text.normal import normalised, offsets

ZH = "松浦市第3届茶叶节5月18日开幕，签约额达42.5亿元，同比增长6.8%，市长覃家卫出席并为新馆揭幕。"
EN = "The 3rd Tea Festival of Songpu opened on May 18; the deals are worth 4.25 billion yuan."


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c.isalnum() and c.isascii() else c for c in text)


FORMS = {
    "full-width": (wide(ZH).replace("%", "％").replace(".", "．"), ZH),
    "zero-width": ("\u200b".join(ZH), ZH),
    "marks of direction": (f"\u202a{ZH}\u202c\ufeff", ZH),
    "private use": (ZH.replace("，", "，\ue5e5"), ZH),
    "radicals": (ZH.replace("长", "⻓").replace("见", "⻅").replace("月", "⽉"), ZH),
    "decomposed": (unicodedata.normalize("NFD", "café Türkiye"), "café Türkiye"),
    "ligatures": ("the ﬁrst oﬃce", "the first office"),
    "no-break": ("May\xa018, 4.2\u202fbillion, on‑site", "May 18, 4.2 billion, on-site"),
    "soft hyphens": ("the festi\u00adval", "the festival"),
    "spaced figures": ("投资 35 亿元，增长 12.5 %， 3 000 人", "投资35亿元，增长12.5%，3 000人"),
    "spaced degrees": ("about 35 °C and 12.5 % of 8 cities", "about 35°C and 12.5% of 8 cities"),
    "compatibility": ("占地3㎢，重5㎏", "占地3km2，重5kg"),
    "wide English": (wide("The 3rd Fair") + "（new），open", "The 3rd Fair(new),open"),
}  # fmt: skip


@pytest.mark.parametrize(("written", "plain"), FORMS.values(), ids=FORMS)
def test_one_text_has_one_normal_form(written: str, plain: str) -> None:
    assert normalised(written) == normalised(plain) == plain


@pytest.mark.parametrize("table", ["s2t", "s2hk", "s2tw"])
@pytest.mark.parametrize(
    "plain",
    [
        ZH,
        "书记在会上表示，要抬高标准，回复市民关切，借此机会了解台区线路，着力复查。",
        "他是著名作家，其著作覆盖面广。群众里外都说，卫生局与余家台村复核过叙述。",
        "只有它抵达后，背着钟表的工人才能开启发动机，并复制后院的干净面条。",
    ],
)
def test_a_text_in_either_script_has_one_normal_form(plain: str, table: str) -> None:
    assert normalised(OpenCC(table).convert(plain)) == normalised(plain)


def test_punctuation_and_fractions_stay_what_they_are() -> None:
    assert normalised("（一）问：1½小时？……①先到；②后走。") == "（一）问：1½小时？……①先到；②后走。"


@pytest.mark.parametrize(("written", "plain"), FORMS.values(), ids=FORMS)
def test_the_form_of_a_text_changes_no_comparison(written: str, plain: str) -> None:
    none = Rarity({}, 0)
    zh, en = facts(plain, "zh"), facts(EN, "en")
    assert compare(facts(written, "zh"), en, none, none) == compare(zh, en, none, none)


@given(st.text(max_size=60))
def test_a_normal_form_is_its_own_and_its_offsets_rise(text: str) -> None:
    form, at = normalised(text), offsets(text)
    assert normalised(form) == form
    assert len(at) == len(form) + 1
    assert at == sorted(at)
    assert at[-1] == len(text)


def test_offsets_lead_back_to_the_text_as_written() -> None:
    written = "\u200b５月 \u200b18 日，ﬁne"
    form, at = normalised(written), offsets(written)
    assert form == "5月18日，fine"
    assert written[at[form.index("8")] :].startswith("8 日")
