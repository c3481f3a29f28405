"""Siblings of the generated cities: two matters of one day, of which English may render either."""

import dataclasses
from itertools import combinations

import pytest

from benchmarks.series import corpus, siblings
from benchmarks.series.city import HARD

ALONE = dataclasses.replace(HARD, english=0.5, mateless=0.5)
SETS = (siblings.TRAINING, siblings.CHECKING, siblings.MEASURING, siblings.HELD)
EVERY = [row for rows in SETS for row in rows]


@pytest.mark.parametrize("row", EVERY, ids=[f"{at}-{row[0]}" for at, row in enumerate(EVERY)])
def test_a_row_has_two_matters_in_both_languages(row: siblings.Row) -> None:
    _, *cells = row
    assert len(cells) == 8
    assert len(set(cells)) == 8


def test_what_is_learnt_from_is_not_measured_on() -> None:
    texts = [{cell for row in rows for cell in row[1:]} for rows in SETS]
    assert not any(one & other for one, other in combinations(texts, 2))
    kinds = [{row[0] for row in rows} for rows in SETS]
    assert not kinds[-1] & set().union(*kinds[:-1]), "the held set is of other kinds"


def test_siblings_are_of_one_day_and_some_english_ones_are_alone() -> None:
    city = corpus.generate(7, series=0, setting=ALONE, lone=siblings.MEASURING)
    languages = [article.lang for article in city.articles]
    paired = {en for _, en, _ in city.gold}
    assert 0 < len(paired) < languages.count("en") < languages.count("zh")
    days = [event.day for _, event in siblings.siblings(city, siblings.MEASURING[:3])]
    assert days[::2] == days[1::2]


def test_prompt_english_is_published_with_chinese() -> None:
    plain = dataclasses.replace(ALONE, mateless=0.0, undated=0.0, english=1.0)
    city = corpus.generate(7, series=0, setting=plain, lone=siblings.MEASURING)
    day = {one.id: one.published.date() for one in city.articles if one.published}
    assert len(city.gold) == 2 * len(siblings.MEASURING)
    for zh, en, _ in city.gold:
        assert day[zh] == day[en]
