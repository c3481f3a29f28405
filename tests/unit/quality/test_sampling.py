"""What is drawn, in which order, and what each item stands for."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from builders import NOW, article, bead_row, numbered_pairs, store_articles, store_rows

from pipelines import align
from pipelines.quality import nearest, sampling
from pipelines.quality.sampling import Plan, PlanError
from pipelines.tables import articles, columns, parquet


def pairs(city: str, probabilities: list[float]) -> list[parquet.Row]:
    titled = {"zh_title": "市政府召开会议", "en_url": "http://en.x.example/1"}
    rows = numbered_pairs(city, probabilities, key=city, **titled)
    return [row | {"en_title": f"Meeting {n}"} for n, row in enumerate(rows)]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Two cities: 300 pairs, most of them probable, and 40 that are not."""
    rng = np.random.default_rng(4)
    for city, count in (("large", 300), ("small", 40)):
        made = pairs(city, np.clip(rng.beta(4, 1, count), 0.1, 1).tolist())
        store_rows(tmp_path, "pairs", city, made)
        beads = [
            bead_row(pair["pair_id"], at, "1-1" if at else "1-0")
            for pair in made
            for at in range(1 + int(pair["pair_id"][-1]))
        ]
        store_rows(tmp_path, "sentences", city, beads)
    return tmp_path


@pytest.mark.parametrize("kind", ["stratified", "uncertain", "beads"])
def test_the_same_plan_draws_the_same_items_in_the_same_order(output: Path, kind: str) -> None:
    first = sampling.draw(output, Plan(kind, 50, seed=3))
    assert first == sampling.draw(output, Plan(kind, 50, seed=3))
    assert len({one.item for one in first}) == len(first)
    if kind != "uncertain":
        assert first != sampling.draw(output, Plan(kind, 50, seed=4))


@pytest.mark.parametrize("size", [1, 20, 60, 200, 1000])
def test_what_is_drawn_stands_for_all_pairs(output: Path, size: int) -> None:
    drawn = sampling.draw(output, Plan("stratified", size, seed=1))
    assert len(drawn) == min(size, 340)
    if size >= 20:
        assert sum(one.weight or 0 for one in drawn) == pytest.approx(340)


def test_each_stratum_is_a_band_of_a_city(output: Path) -> None:
    for one in sampling.draw(output, Plan("stratified", 100, seed=1)):
        band = sampling.band_name(columns.band(one.probability))
        assert one.stratum in (f"{band} {one.city}", f"{band} others")


def test_every_pair_of_a_stratum_is_as_likely_to_be_drawn(output: Path) -> None:
    drawn = Counter(
        one.pair_id
        for seed in range(400)
        for one in sampling.draw(output, Plan("stratified", 30, seed))
        if one.stratum == ".9-1 large"
    )
    shares = np.array(list(drawn.values())) / 400
    # Binomial: four standard deviations around the mean, and nobody never.
    mean = shares.mean()
    assert np.abs(shares - mean).max() < 4 * (mean * (1 - mean) / 400) ** 0.5
    table = sampling.read_pairs(output, ["large"])
    top = columns.bands(columns.probabilities(table)) == 9
    assert len(drawn) == int(top.sum())


def test_any_beginning_holds_the_strata_in_proportion(output: Path) -> None:
    drawn = sampling.draw(output, Plan("stratified", 120, seed=2))
    whole, half = (Counter(d.stratum for d in part) for part in (drawn, drawn[:60]))
    assert all(abs(half[name] - whole[name] / 2) <= 1 for name in whole)


def test_one_city_alone(output: Path) -> None:
    drawn = sampling.draw(output, Plan("stratified", 30, cities=("small",)))
    assert {one.city for one in drawn} == {"small"}
    assert sum(one.weight or 0 for one in drawn) == pytest.approx(40)


def test_the_uncertain_come_first_and_stand_for_nothing(output: Path) -> None:
    drawn = sampling.draw(output, Plan("uncertain", 25))
    doubts = [abs((one.probability or 0) - 0.5) for one in drawn]
    assert doubts == sorted(doubts)
    assert {one.weight for one in drawn} == {None}


def test_search_finds_titles_urls_and_ids(output: Path) -> None:
    found = {one.pair_id for one in sampling.draw(output, Plan("search", 9, text="mEETING 17"))}
    assert found == {"large0017", "small0017"} | {f"large017{n}" for n in range(10)} & found
    (one,) = sampling.draw(output, Plan("search", text="zsmall39"))
    assert (one.pair_id, one.weight) == ("small0039", None)
    with pytest.raises(PlanError, match="no pair has"):
        sampling.draw(output, Plan("search", text="( no such thing"))


def test_beads_are_drawn_five_to_a_pair_and_each_as_likely(output: Path) -> None:
    drawn = sampling.draw(output, Plan("beads", 100, seed=1))
    assert all((one.probability, one.position) > (0, 0) for one in drawn)
    assert max(Counter(one.pair_id for one in drawn).values()) <= 2 * sampling.BEADS_A_PAIR
    _, population = sampling.claimed_beads(output)
    totals = [
        sum(one.weight or 0 for one in sampling.draw(output, Plan("beads", 100, seed)))
        for seed in range(30)
    ]
    assert np.mean(totals) == pytest.approx(population, rel=0.02)
    # Beads of one pair come one after the other: the place in the texts is found once.
    order = [one.pair_id for one in drawn]
    assert sum(a != b for a, b in pairwise(order)) + 1 == len(set(order))


def test_unmatched_english_articles_bring_the_chinese_ones_most_like_them(tmp_path: Path) -> None:
    texts = {
        "z1": ("zh", "地铁2号线开通", "地铁2号线今天开通运营。首班车6时发车。"),
        "z2": ("zh", "樱花节开幕", "樱花节在公园开幕。市民前来赏花。"),
        "e1": ("en", "Metro Line 2 opens", "Metro Line 2 opened today. The first train left at 6."),
        "e2": ("en", "Cherry blossom festival", "The cherry blossom festival opened in the park."),
    }
    store_articles(
        tmp_path,
        *(article(key, lang, title=title, text=text) for key, (lang, title, text) in texts.items()),
    )
    align.align_city(tmp_path, "x", now=NOW)
    found = nearest.nearest(tmp_path, "x", ["e1", "e2"])
    assert (found["e1"][0], found["e2"][0]) == ("z1", "z2")
    assert all(sorted(near) == ["z1", "z2"] for near in found.values())
    # Whatever was paired is not unmatched; the rest are, each standing for its share.
    store_rows(tmp_path, "pairs", "x", [])
    drawn = sampling.draw(tmp_path, Plan("unmatched", 1))
    assert drawn[0].weight == 2
    assert sorted(drawn[0].nearest) == ["z1", "z2"]


def test_duplicates_and_pairs_claimed_are_not_unmatched(tmp_path: Path) -> None:
    store_articles(tmp_path, *(article(f"e{n}", "en") for n in range(4)), article("z0"))
    articles.mark_duplicates(tmp_path, "x", {"e3": "e2"})
    claimed = [pairs("x", [0.9])[0] | {"en_id": "e0"}, pairs("x", [0, 0.4])[1] | {"en_id": "e1"}]
    store_rows(tmp_path, "pairs", "x", claimed)
    assert sampling.unmatched_english(tmp_path, "x") == ["e1", "e2"]


def test_draws_are_shared_by_the_square_root_of_what_there_is() -> None:
    assert sampling.allocate([10_000, 100], 110) == [100, 10]
    assert sampling.allocate([10_000, 1], 50) == [49, 1]
    assert sampling.allocate([5, 5], 100) == [5, 5]
    assert sum(sampling.allocate([9] * 30, 7)) == 7


@pytest.mark.parametrize(
    "plan",
    [
        Plan("stratified", 20, 7),
        Plan("beads", cities=("a", "b")),
        Plan("search", text='a "b" 会议'),
        Plan("search", text="it's C:\\n, #3 = 4"),
    ],
)
def test_a_plan_is_stored_as_text_and_read_back(plan: Plan) -> None:
    assert sampling.stored_plan(str(plan)) == plan
    for remark in ("imported from a table", "stratified", f"{plan}  ", "an open 'quote"):
        assert sampling.stored_plan(remark) is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Plan("random"), "no sampling plan is called 'random'; known: stratified"),
        (lambda: Plan("stratified", 0), "at least one item, not 0"),
        (lambda: Plan("stratified", seed=-1), "seed is 0 or more, not -1"),
        (lambda: Plan("search"), "needs a text to search for"),
        (lambda: Plan("search", text="two\nlines"), "one line without control characters"),
        (lambda: Plan("beads", text="x"), "and no other, needs a text"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(make: Callable[[], Plan], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        make()


def test_a_city_that_is_not_there_is_named(output: Path, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="nothing of nowhere to judge; there are: large, small"):
        sampling.draw(output, Plan("stratified", cities=("nowhere",)))
    with pytest.raises(PlanError, match="there are: none, run `shizheng align` first"):
        sampling.draw(tmp_path / "empty", Plan("stratified"))
