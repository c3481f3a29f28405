"""Texts that slow a pattern are made from the pattern itself."""

import itertools
import re

import pytest

from benchmarks.cost import patterns


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\s+$", ("", " ", "\0")),
        (r"<!--.*?-->", ("", "<!--", "")),
        (r"charset=\s*[\"']?\s*(\w)", ("charset=", " ", "\0")),
        (r"[.!?]+(?=\s)", ("", ".", "\0")),
        (r"(?:a|b\d)+c", ("", "b1", "")),
    ],
)
def test_what_a_pattern_repeats_and_what_it_begins_with_are_repeated(
    pattern: str, text: tuple[str, str, str]
) -> None:
    found = patterns.units(re.compile(pattern))
    assert text in found


@pytest.mark.parametrize("pattern", ["", "(?<=a)b", r"(?i:a)(b)?\1", r"[^a]++\b.", "a(?!b)"])
def test_every_pattern_gives_texts_to_try(pattern: str) -> None:
    assert all(unit for _, unit, _ in patterns.units(re.compile(pattern)))


def test_a_text_that_is_not_read_in_time_is_given_up() -> None:
    def endless(text: str) -> None:
        for _ in itertools.repeat(text):
            pass

    found = patterns.slow(endless, [("", "a", "")], 10, 0.001, patience=0.01)
    assert found is not None
    assert found.seconds == (0.01, 0.01)
