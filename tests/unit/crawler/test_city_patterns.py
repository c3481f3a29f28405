"""A pattern that takes for ever is told from one that does not by trying it."""

import pytest

from crawler import city_patterns


@pytest.mark.parametrize(
    "pattern", [r"(a+)+$", r"(a|aa)+$", r"x/(\w+\s?)*y", r"(a{1,9}){1,9}b", r"news/(?:\d+/?)*t_"]
)
def test_a_group_that_reads_one_text_in_many_ways_is_refused(pattern: str) -> None:
    assert "may read one text in many ways" in (city_patterns.problem(pattern) or "")


@pytest.mark.parametrize(
    "pattern",
    [r"content/(?:\d+/)*post_\d+\.html$", r"([^/]+/)*", r"(\d{4}-)+", r"[(+]+a", r"\(a+\)+", ""],
)
def test_a_pattern_that_repeats_what_ends_in_a_sign_is_taken(pattern: str) -> None:
    assert city_patterns.problem(pattern) is None


@pytest.mark.parametrize("pattern", ["(", "a{99999999999}", "(" * 400, "a" * 501])
def test_what_is_no_pattern_or_too_long_is_refused_in_words(pattern: str) -> None:
    assert len(city_patterns.problem(pattern) or "") in range(1, 200)
