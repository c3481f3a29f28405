"""The form of a text (script, width, invisible characters) changes nothing that pairing reads."""

import numpy as np
import pytest
from opencc import OpenCC

from pipelines.facts.facts import facts
from pipelines.pairs.prepared import Document, prepare
from pipelines.report import fact_marks
from pipelines.vectors.load import load_encoder

TITLE = "松浦市第3届茶叶节开幕"
TEXT = "茶叶节5月18日在松浦开幕，签约额达42.5亿元。\n市长覃家卫出席，并为新馆揭幕。展会将持续三天。"
WIDE = str.maketrans("0123456789.", "０１２３４５６７８９．")
FORMS = {
    "Traditional": OpenCC("s2hk").convert,
    "full-width": lambda text: text.translate(WIDE),
    "zero-width": "\u200b".join,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_an_article_in_another_form_is_prepared_alike(form: object) -> None:
    assert callable(form)
    plain = Document("a", "zh", TITLE, TEXT)
    other = Document("b", "zh", form(TITLE), form(TEXT))
    one, two = prepare([plain, other], load_encoder())
    assert (one.keys, one.size, one.readable) == (two.keys, two.size, two.readable)
    assert np.array_equal(one.sentences.vectors, two.sentences.vectors)
    assert np.array_equal(one.sentences.starts, two.sentences.starts)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_marks_of_facts_are_where_the_text_states_them(form: object) -> None:
    assert callable(form)
    en = facts("It opened on May 18; the deals are worth 4.25 billion yuan.", "en")
    written = f"{form(TITLE)}\n{form(TEXT)}"
    zh = facts(form(TEXT), "zh", title=form(TITLE))
    marks = fact_marks.as_written(fact_marks.marks(zh, en)[0], written)
    shared = [written[mark.start : mark.end] for mark in marks if mark.shared]
    assert form("5月18日").strip("\u200b") in shared[0]
