"""Numerals of both languages read as the numbers they write."""

import pytest

from pipelines import numerals


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("十", 10),
        ("十六", 16),
        ("二十九", 29),
        ("一百零五", 105),
        ("两千三百", 2300),
        ("一万二千", 12000),
        ("一亿二千万", 120_000_000),
        ("二〇二四", 2024),
        ("三点五", 3.5),
        ("〇", 0),
        ("大连", None),
        ("", None),
    ],
)
def test_chinese_numerals(written: str, value: float | None) -> None:
    assert numerals.chinese(written) == value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("twenty-nine", 29),
        ("two hundred and five", 205),
        ("three million", 3_000_000),
        ("one hundred thousand", 100_000),
        ("seventeen", 17),
        ("meeting", None),
    ],
)
def test_english_cardinals(written: str, value: float | None) -> None:
    assert numerals.english(written) == value


@pytest.mark.parametrize(
    ("written", "rank"),
    [
        ("29th", 29),
        ("twenty-ninth", 29),
        ("Twenty-Seventh", 27),
        ("Sixth", 6),
        ("twentieth", 20),
        ("one hundred and third", 103),
        ("nine", None),
    ],
)
def test_english_ordinals(written: str, rank: int | None) -> None:
    assert numerals.ordinal(written) == rank


@pytest.mark.parametrize(("written", "value"), [("XXIX", 29), ("IV", 4), ("XIV", 14), ("IC", None)])
def test_roman_numerals(written: str, value: int | None) -> None:
    assert numerals.roman(written) == value
