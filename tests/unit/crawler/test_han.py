"""Chinese characters, Chinese digits and English months, shared by both packages."""

import re

import pytest

from crawler.script import HAN, HAN_DIGITS, MONTH, MONTH_NAMES, MONTHS


@pytest.mark.parametrize("char", ["㐀", "䶿", "一", "龥", "鿿", "豈", "\U00020000", "\U000323af"])
def test_every_block_of_chinese_characters_is_in_the_class(char: str) -> None:
    assert re.fullmatch(f"[{HAN}]", char)


@pytest.mark.parametrize("char", ["a", "7", "é", "。", "，", "〇", "ア", "한", "䷀", "😀"])
def test_nothing_else_is(char: str) -> None:
    assert re.fullmatch(f"[^{HAN}]", char)


def test_each_month_is_found_by_its_name_and_by_its_abbreviation() -> None:
    for number, name in enumerate(MONTH_NAMES, 1):
        assert MONTHS[name.lower()] == MONTHS[name[:3].lower()] == number
    assert MONTHS["sept"] == 9


def test_the_longest_form_of_a_month_is_read_first() -> None:
    for form in MONTHS:
        found = re.match(MONTH, f"{form}.")
        assert found
        assert found[0] == form


def test_chinese_digits_count_from_zero_to_nine() -> None:
    assert [HAN_DIGITS[char] for char in "零一二三四五六七八九"] == list(range(10))
    assert {HAN_DIGITS[char] for char in "〇○Ｏ"} == {0}
