"""One text in two scripts is one text: everything that compares uses the same table."""

import pytest

from pipelines.articles.duplicates import ArticleRow, same
from pipelines.facts.facts import facts
from pipelines.text.script import count_letters, script_of, simplified

TRADITIONAL = (
    "夥伴於幹事會徵求意見，於乾旱地區開工，於年內完成。"
    "市長於會上表示，關於該項目的意見，將於下月公布。"
)
SIMPLIFIED = (
    "伙伴于干事会征求意见，于干旱地区开工，于年内完成。"
    "市长于会上表示，关于该项目的意见，将于下月公布。"
)


def test_a_text_in_either_script_gives_one_string() -> None:
    assert simplified(TRADITIONAL) == simplified(SIMPLIFIED)
    assert (script_of(TRADITIONAL), script_of(SIMPLIFIED)) == ("Hant", "Hans")


@pytest.mark.parametrize("char", "於徵乾夥")
def test_a_character_with_a_simplified_reading_of_its_own_is_compared_too(char: str) -> None:
    assert simplified(simplified(char)) == simplified(char)
    assert simplified(char) != char


def test_duplicates_and_facts_read_both_scripts_alike() -> None:
    both = [
        ArticleRow(f"zh{at}", "zh", "意見", text, None)
        for at, text in enumerate((TRADITIONAL, SIMPLIFIED))
    ]
    assert same(*both)
    traditional, plain = (facts(text, "zh", title="通知") for text in (TRADITIONAL, SIMPLIFIED))
    assert traditional.keys == plain.keys


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("市政府2024", (3, 0, 0, 0, 0, 0, 0)),
        ("国國", (2, 0, 0, 0, 0, 1, 1)),
        ("𠮷\U0003134a", (2, 0, 0, 0, 0, 0, 0)),
        ("東京のニュース", (2, 4, 0, 0, 0, 0, 1)),
        ("서울 시", (0, 0, 3, 0, 0, 0, 0)),
        ("Москва ꌠꌢ", (0, 0, 0, 8, 0, 0, 0)),
        ("Zürich, Łódź", (0, 0, 0, 0, 10, 0, 0)),
        ("\U000e0041\U0010fffd\ud800 3%", (0, 0, 0, 0, 0, 0, 0)),
        ("", (0, 0, 0, 0, 0, 0, 0)),
    ],
)
def test_each_letter_counts_for_its_script(text: str, counts: tuple[int, ...]) -> None:
    assert count_letters(text) == counts
