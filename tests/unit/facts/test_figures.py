"""How figures are read; `facts.tsv` lists which of two languages are the same."""

import re
from fractions import Fraction

import pytest

from crawler.rows import rows
from pipelines.facts.figures import Quantity, quantities, shared_bits


def only(text: str, lang: str) -> Quantity:
    found = quantities(text, lang)
    assert len(found) == 1, found
    return found[0]


def test_a_list_shares_the_unit_of_its_last_figure() -> None:
    found = quantities("grew by 3.8, 5.9 and 5.4 percent respectively", "en")
    assert [(q.kind, q.value) for q in found] == [
        ("percent", 3.8),
        ("percent", 5.9),
        ("percent", 5.4),
    ]


def test_a_figure_and_its_share_are_no_list() -> None:
    found = quantities("310, or 60 percent, of the companies", "en")
    assert [(q.kind, q.value) for q in found] == [("count", 310), ("percent", 60)]


def test_a_range_gives_both_ends() -> None:
    assert [q.value for q in quantities("1.2万至1.5万平方米", "zh")] == [12000, 15000]
    assert [q.value for q in quantities("5 to 8 percent", "en")] == [5, 8]


def test_names_with_digits_are_no_figures() -> None:
    assert quantities("5G基站", "zh") == ()
    assert quantities("5G and 3D", "en") == ()


def test_more_digits_carry_more_information() -> None:
    exact, round_one = only("1,842 hazards", "en"), only("300 hazards", "en")
    assert exact.bits > 2 * round_one.bits
    assert shared_bits(exact, [only("1842处", "zh")]) > shared_bits(exact, [only("1800处", "zh")])


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("text", ["", "1" * 40_000, "，。" * 20_000, "1,2,3," * 8_000])
def test_strange_text_gives_a_result(text: str, lang: str) -> None:
    assert isinstance(quantities(text, lang), tuple)


@pytest.mark.parametrize(
    "row", rows("pipelines.facts/units.tsv"), ids=lambda row: f"{row[0]} {row[1]}"
)
def test_every_form_of_a_unit_is_read_as_its_class_and_factor(row: list[str]) -> None:
    kind, factor, zh, en = row
    expected = (kind, pytest.approx(12.5 * float(Fraction(factor))))
    forms = [form for form in en.split("|") if form]
    english = [re.sub(r"\[(.)\]", r"\1", form).replace("-", " ") for form in forms]
    english += [re.sub(r"\[(.)\]", "", form) for form in forms]
    for form in english:
        found = only(f"There were 12.5 {form}, they said.", "en")
        assert (found.kind, found.value) == expected, form
    for form in filter(None, zh.split("|")):
        found = only(f"共有12.5{form}。", "zh")
        assert (found.kind, found.value) == expected, form
