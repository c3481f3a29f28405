"""Decisions on scored candidates: shares among rivals, links kept, relations."""

import math
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from pipelines.pairs import pair, rivals
from pipelines.pairs.comparison import FactComparison
from pipelines.pairs.coverage import Coverage
from pipelines.pairs.model import PairModel
from pipelines.pairs.pair import Pairing, Scored
from pipelines.pairs.prepared import Document, PreparedArticle, Readings

MODEL = PairModel("test", 0.0, {"odds": 1.0})
SERIES = (("day", "3", "5"), ("place", "a"), ("place", "b"), ("place", "c"), ("figure", "7e1"))


def article(
    name: str, angle: float = 0.0, keys: Any = SERIES, day: int | None = None, size: int = 100
) -> PreparedArticle:
    """Return an article with a vector at `angle` degrees."""
    turn = math.radians(angle)
    vector = np.array([math.cos(turn), math.sin(turn)], np.float16)
    published = datetime(2024, 3, day) if day else None
    document = Document(name, "zh" if name[0] == "z" else "en", "", "", published)
    unread: Readings = None  # type: ignore[assignment]
    return PreparedArticle(
        document, b"", True, size, tuple(sorted(keys)), (), vector, vector, unread, 0
    )


def covered(
    zh: float = 0.9, en: float = 0.9, count: int = 6, of_en: int = 6, **more: Any
) -> Coverage:
    plain = Coverage(0.6, 0.5, zh, en, 0.8, np.full(of_en, 0.9, np.float32),
                     np.ones(count, bool), 0.0, 0.0)  # fmt: skip
    return replace(plain, **more)


def candidate(
    zh: int, en: int, odds: float, coverage: Coverage | None = None, **facts: float
) -> Scored:
    return Scored(zh, en, {"odds": odds}, coverage or covered(), FactComparison(**facts))  # type: ignore[arg-type]


def links(found: Pairing) -> list[tuple[int, int]]:
    return [(each.zh, each.en) for each in found.pairs]


OTHER = (("day", "3", "9"), ("place", "q"), ("place", "r"), ("place", "s"))


def test_siblings_share_a_probability_with_each_other_and_with_no_link() -> None:
    zh = [article("z1"), article("z2", 20, OTHER), article("z3", 80, OTHER)]
    listed = [[candidate(0, 0, 2.0), candidate(1, 0, 1.0), candidate(2, 0, 0.5)]]
    found = pair.decide(listed, zh, [article("e1")], MODEL)
    by_zh = {each.zh: each for each in (*found.pairs, *found.unassigned)}
    e = math.exp
    assert by_zh[0].probability == pytest.approx(e(2) / (1 + e(2) + e(1)))
    assert by_zh[1].probability == pytest.approx(e(1) / (1 + e(2) + e(1)))
    assert by_zh[2].probability == pytest.approx(e(0.5) / (1 + e(0.5))), "of no series with them"
    assert by_zh[0].margin == pytest.approx(1.0)
    assert by_zh[1].margin == pytest.approx(-1.0)
    assert by_zh[2].margin == pytest.approx(0.5)
    assert links(found) == [(0, 0), (2, 0)]


def test_what_is_compared_in_part_is_no_rival_of_what_is_compared_as_a_whole() -> None:
    two = [article("e1"), article("e2", 20, OTHER)], [article("z1"), article("z2", 20, OTHER)]
    listed = [[candidate(0, 0, 2.0)], [candidate(0, 1, 1.0, covered(en_part=0.3))]]
    of_zh = pair.decide(listed, [article("z1")], two[0], MODEL)
    listed = [[candidate(0, 0, 2.0), candidate(1, 0, 1.0, covered(zh_part=0.3))]]
    of_en = pair.decide(listed, two[1], [article("e1")], MODEL)
    for found in (of_zh, of_en):
        assert [each.rivals for each in found.pairs] == [0, 0]
        assert found.unassigned == ()


def test_a_candidate_hopelessly_behind_is_no_rival_and_certainty_does_not_overflow() -> None:
    zh = [article("z1"), article("z2", 20, OTHER)]
    for odds, rival in ((-4.0, True), (-4.01, False)):
        found = pair.decide(
            [[candidate(0, 0, 1.0), candidate(1, 0, odds)]], zh, [article("e")], MODEL
        )
        (best,) = found.pairs
        assert (best.rivals > 0) is rival
    found = pair.decide([[candidate(0, 0, 5000.0)]], zh, [article("e")], MODEL)
    assert found.pairs[0].probability == pytest.approx(1.0)


def test_rivals_of_both_languages_count() -> None:
    en = [article("e1"), article("e2", 20, OTHER)]
    listed = [[candidate(0, 0, 2.0)], [candidate(0, 1, 1.0)]]
    found = pair.decide(listed, [article("z1")], en, MODEL)
    e = math.exp
    assert found.pairs[0].probability == pytest.approx(e(2) / (1 + e(2) + e(1)))
    assert links(found) == [(0, 0)]
    assert [(each.zh, each.en) for each in found.unassigned] == [(0, 1)]


@pytest.mark.parametrize(
    ("odds", "kept"), [(0.1, True), (-0.1, True), (-2.19, True), (-2.2, False)]
)
def test_an_article_without_another_link_keeps_its_best_one_above_the_floor(
    odds: float, kept: bool
) -> None:
    found = pair.decide([[candidate(0, 0, odds)]], [article("z")], [article("e")], MODEL)
    assert len(found.pairs) == kept
    assert len(found.unassigned) == (not kept)


def test_below_the_decision_an_article_has_one_link_at_most() -> None:
    zh = [article("z1"), article("z2", 80, OTHER), article("z3", 170, OTHER)]
    listed = [[candidate(0, 0, -0.5), candidate(1, 0, -1.0), candidate(2, 0, 0.5)]]
    assert links(pair.decide(listed, zh, [article("e")], MODEL)) == [(2, 0)]
    listed = [[candidate(0, 0, -0.5), candidate(1, 0, -1.0)], [candidate(1, 1, -1.5)]]
    en = [article("e1"), article("e2", 90, OTHER)]
    assert links(pair.decide(listed, zh, en, MODEL)) == [(0, 0), (1, 1)]


def test_of_a_whole_text_and_its_part_the_part_must_explain_the_pair_better_by_far() -> None:
    part = covered(zh_part=0.3)
    for ahead, chosen in ((0.7, False), (0.71, True)):
        listed = [[candidate(0, 0, 1.0), candidate(0, 0, 1.0 + ahead, part)]]
        (found,) = pair.decide(listed, [article("z")], [article("e")], MODEL).pairs
        assert (found.coverage.zh_part < 1) is chosen


@pytest.mark.parametrize("few", [None, 0, 1, 2])
def test_only_candidates_that_may_be_shown_or_matter_are_kept(few: int | None) -> None:
    zh = [article(f"z{n}", 80 * (n % 2), OTHER) for n in range(4)]
    odds = (-5.0, -6.0, 1.0, -7.0)
    listed = [[candidate(n, 0, score) for n, score in enumerate(odds)]]
    found = pair.decide(listed, zh, [article("e")], MODEL, few)
    left = sorted(each.zh for each in (*found.pairs, *found.unassigned))
    assert left == {None: [0, 1, 2, 3], 0: [2], 1: [0, 2], 2: [0, 1, 2]}[few]


RELATIONS: dict[str, tuple[Coverage, int, dict[str, float], str]] = {
    "whole": (covered(), 70, {}, "translation"),
    "part": (covered(zh_part=0.3), 70, {}, "part_of"),
    "item": (covered(en_part=0.3), 70, {}, "digest"),
    "hardly": (covered(en=0.14), 70, {}, "same_event"),
    "own words": (covered(en=0.3), 70, {}, "translation"),
    "own figures": (covered(en=0.3), 70, {"numbers_missing": 0.1}, "same_event"),
    "few figures": (covered(en=0.3), 70, {"numbers_missing": 0.09}, "translation"),
    "rendered": (covered(en=0.35), 70, {"numbers_missing": 0.5}, "translation"),
    "fewer sentences": (covered(count=8), 70, {}, "abridged"),
    "summary": (covered(), 34, {}, "abridged"),
    "just whole": (covered(), 35, {}, "translation"),
    "more": (covered(of_en=7, en=0.7, zh=0.9), 84, {}, "abridged"),
    "no more told": (covered(of_en=7, en=0.8, zh=0.9), 84, {}, "translation"),
    "no longer": (covered(of_en=7, en=0.7, zh=0.9), 80, {}, "translation"),
    "no more sentences": (covered(en=0.7, zh=0.9), 84, {}, "translation"),
}


@pytest.mark.parametrize(
    ("coverage", "size", "facts", "relation"), RELATIONS.values(), ids=RELATIONS
)
def test_the_relation_of_a_pair(
    coverage: Coverage, size: int, facts: dict[str, float], relation: str
) -> None:
    """English of 70 words for 100 characters is as long as a translation usually is."""
    listed = [[candidate(0, 0, 3.0, coverage, **facts)]]
    (found,) = pair.decide(listed, [article("z")], [article("e", size=size)], MODEL).pairs
    assert found.relation == relation


def mask(*places: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.isin(np.arange(9), places)


def test_instalments_are_parts_of_the_text_that_each_renders_a_stretch_of() -> None:
    first, second = mask(0, 1, 2, 3), mask(0, 5, 6, 7)
    en = [article("e1"), article("e2", 80, OTHER)]
    listed = [
        [candidate(0, number, 3.0, covered(zh=0.4, count=9, zh_covered=of))]
        for number, of in enumerate((first, second))
    ]
    found = pair.decide(listed, [article("z")], en, MODEL)
    assert [each.relation for each in found.pairs] == ["part_of", "part_of"]
    whole = [[candidate(0, n, 3.0, covered(zh=0.9, count=9, zh_covered=first))] for n in range(2)]
    found = pair.decide(whole, [article("z")], en, MODEL)
    assert "part_of" not in {each.relation for each in found.pairs}


def test_articles_gathered_by_a_digest_are_its_items() -> None:
    zh = [article("z1"), article("z2", 80, OTHER)]
    bests = [np.where(mask(*places), 0.9, 0.1).astype(np.float32) for places in ((1, 2), (5, 6))]
    listed = [[candidate(n, 0, 3.0, covered(en=0.4, best=best)) for n, best in enumerate(bests)]]
    found = pair.decide(listed, zh, [article("e")], MODEL)
    assert [each.relation for each in found.pairs] == ["digest", "digest"]


@pytest.mark.parametrize(
    ("first", "second", "parts"),
    [
        (mask(1, 2, 3), mask(4, 5, 6), True),
        (mask(1, 2, 3), mask(3, 4, 5), True),  # a third in common
        (mask(1, 2, 3), mask(2, 3, 4), False),
        (mask(0), mask(1, 2), False),  # the title is no part
        (mask(), mask(1, 2), False),
        (mask(0, 1, 2, 3), mask(0, 4, 5, 6), True),
    ],
)
def test_parts_of_a_text_have_a_third_of_their_sentences_in_common_at_most(
    first: Any, second: Any, parts: bool
) -> None:
    assert rivals.are_parts(first, second) is rivals.are_parts(second, first) is parts


MEETING, NEXT = ("ordinal", "meeting", "29"), ("ordinal", "meeting", "30")
FIGURES = tuple(("figure", f"{n}") for n in range(7, 10))
MORE = (("place", "a"), ("place", "b"), ("place", "c"), ("figure", "1"), ("figure", "2"))


@pytest.mark.parametrize(
    ("first", "second", "angle", "twins"),
    [
        (SERIES, SERIES, 0, True),
        (SERIES, SERIES, 45, False),  # not as alike
        (SERIES, OTHER, 0, False),
        ((*SERIES, MEETING), (*SERIES, NEXT), 0, False),
        ((*SERIES, MEETING), SERIES, 0, True),
        ((*SERIES, ("stage", "over")), (*SERIES, ("stage", "ahead")), 0, False),
        ((*SERIES, ("stage", "over")), SERIES, 0, True),
        # Three facts and three fifths of those of the one with fewer.
        (MORE, MORE[:3], 0, True),
        ((*MORE[:3], ("figure", "7"), ("figure", "8")), MORE, 0, True),
        ((*MORE[:3], *FIGURES), (*MORE, ("figure", "3")), 0, False),
        # All that one states, if the texts are nearly one: two facts are enough.
        (MORE[:2], MORE, 0, True),
        (MORE[:2], MORE, 38, False),
        (MORE[:1], MORE, 0, False),
        # "Yesterday" depends on the page: days two apart, if three quarters of the rest agree.
        ((("day", "3", "5"), *MORE), (("day", "3", "7"), *MORE), 0, True),
        ((("day", "3", "5"), *MORE), (("day", "3", "8"), *MORE), 0, False),
        ((("day", "3", "5"), *MORE[:3], ("figure", "7"), ("figure", "8")),
         (("day", "3", "6"), *MORE), 0, False),
    ],
)  # fmt: skip
def test_two_reports_of_one_event_have_its_facts_in_common(
    first: Any, second: Any, angle: float, twins: bool
) -> None:
    one, other = article("z1", 0, first), article("z2", angle, second)
    assert rivals.are_twins(one, other) is rivals.are_twins(other, one) is twins


@pytest.mark.parametrize(("apart", "twins"), [(14, True), (15, False)])
def test_two_reports_of_one_event_are_of_two_weeks(apart: int, twins: bool) -> None:
    one, other = article("z1", day=1), article("z2", day=1 + apart)
    assert rivals.are_twins(one, other) is twins
    assert rivals.are_twins(one, article("z3"))


@pytest.mark.parametrize(("angle", "siblings"), [(53, True), (54, False)])
def test_articles_of_a_series_are_alike(angle: float, siblings: bool) -> None:
    assert rivals.are_siblings(article("z1"), article("z2", angle)) is siblings


def test_an_item_of_a_digest_is_no_rival_of_the_whole_report() -> None:
    both = [article("z1"), article("z2", 20, OTHER)]
    masks = [np.ones(6, bool)] * 2
    assert rivals.rivals_of(both, masks, [False, False]) == [(1,), (0,)]
    assert rivals.rivals_of(both, masks, [True, True]) == [(1,), (0,)]
    assert rivals.rivals_of(both, masks, [True, False]) == [(), ()]
    assert rivals.rivals_of([both[0]] * 2, masks, [False, False]) == [(), ()], "twins"
