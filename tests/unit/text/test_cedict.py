"""The dictionary: renderings of Chinese words, and the search for words."""

import pytest

from pipelines.text import cedict


@pytest.mark.parametrize(
    ("text", "cut", "besides"),
    [
        # The longest word counts; the others that begin within it are known, too.
        ("中华人民共和国", {"中华人民共和国"}, {"共和国"}),
        ("国务院总理出席会议", {"国务院", "总理", "出席", "会议"}, set()),
        ("國務院總理出席會議", {"国务院", "总理", "出席", "会议"}, set()),
        ("卫生部长", {"卫生部"}, {"部长"}),
        # Nothing reaches over what is not a Chinese character.
        ("会、议", set(), set()),
        ("2024 GDP 5.2%", set(), set()),
        ("", set(), set()),
    ],
)
def test_words_are_cut_at_the_longest(text: str, cut: set[str], besides: set[str]) -> None:
    found, anywhere = cedict.chinese_words(text)
    assert found == cut
    assert cut | besides <= anywhere


def test_characters_between_words_are_units_too() -> None:
    assert cedict.chinese_units("流浪猫绝育、会") == {"流浪", "猫", "绝育"}
    assert cedict.chinese_units("2024 GDP") == frozenset()


@pytest.mark.parametrize(
    ("word", "english"),
    [
        ("会议", "the meetings were met"),
        ("港口", "a harbour, or harbor, or port"),
        ("投资", "investing in ports"),
        ("苏格兰", "Scotland"),
    ],
)
def test_a_word_is_rendered_whatever_its_ending(word: str, english: str) -> None:
    assert cedict.renderings(word) & cedict.english_stems(english)


def test_a_word_is_not_rendered_by_what_it_does_not_mean() -> None:
    assert not cedict.renderings("会议") & cedict.english_stems("The harbour froze over.")
    assert not cedict.renderings("一二三四五六七八")


def test_words_without_content_are_no_stems() -> None:
    assert cedict.english_stems("They said that it was the most of them") == {"them"}


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("cities", "cit"), ("flies", "flie"), ("carried", "carr"), ("spied", "spied"),
        ("buses", "buse"), ("bus", "bus"), ("cats", "cat"), ("meetings", "meet"),
        ("rings", "ring"), ("organization", "organ"), ("bring", "bring"),
    ],
)  # fmt: skip
def test_an_ending_is_taken_off_what_is_long_enough_without(word: str, stem: str) -> None:
    assert cedict.stem(word) == stem
