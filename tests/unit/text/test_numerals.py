"""Numerals of both languages read as the numbers they write."""

import pytest

from pipelines.facts import ordinals
from pipelines.facts.figures import quantities
from pipelines.text import numerals


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


@pytest.mark.parametrize("count", [9, 40, 5000])
def test_what_counts_more_than_anything_a_city_has_is_no_numeral(count: int) -> None:
    assert numerals.chinese("九" * 30 * count) is None
    assert numerals.chinese("万亿" * 3 * count) is None
    assert numerals.english("hundred " * 3 * count) is None
    assert numerals.english("one hundred million billion trillion " * count) is None


def test_a_long_row_of_number_words_is_read_in_stretches_that_have_a_value() -> None:
    text = "The report said " + "one hundred " * 400 + "homes were rebuilt."
    found = quantities(text, "en")
    assert found
    assert all(0 < figure.value <= numerals.LARGEST for figure in found)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Uſ$3.5 billion", "US$3.5 billion"),
        ("3 thouſand homes", "3 thousand homes"),
        ("1.2 mıllıon yuan", "1.2 million yuan"),
        ("one-ſixth of the homes", "one-sixth of the homes"),
        ("ſeveral: two-thırds of them", "several: two-thirds of them"),
        ("5 \u212alometres", "5 Klometres"),
    ],
)
def test_letters_that_match_where_case_is_ignored_name_what_they_match(
    text: str, plain: str
) -> None:
    assert quantities(text, "en") == quantities(plain, "en")


def test_ordinals_and_phases_are_read_with_such_letters_too() -> None:
    assert numerals.ordinal("twenty-ſıxth") == 26
    assert numerals.english("ſix hundred") == 600
    assert ordinals.ordinals("Phase sıx of the project", "en")[0].rank == 6
