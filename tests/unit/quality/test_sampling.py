"""What is drawn, in which order, and what each item stands for."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from builders import NOW, article, bead_row, numbered_pairs, store_articles, store_rows

from pipelines import align
from pipelines.quality import nearest, sampling
from pipelines.quality.sampling import Drawn, Plan, PlanError
from pipelines.tables import articles, columns, files, parquet, schema
from pipelines.tables.columns import claimed
from pipelines.tables.vocabulary import DECISION


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


def test_beads_are_drawn_about_five_to_a_pair_and_those_of_a_pair_together(output: Path) -> None:
    drawn = sampling.draw(output, Plan("beads", 100, seed=1))
    assert all((one.probability, one.position) > (0, 0) for one in drawn)
    assert max(Counter(one.pair_id for one in drawn).values()) <= 2 * sampling.BEADS_A_PAIR
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


# Weighted totals of a drawn sample estimate the whole's without bias, by simulation.
SEEDS = 150
"""Draws of each plan. The seeds are fixed, so a test has one outcome for ever."""
DEVIATIONS = 4.5
"""Standard errors that a mean of draws may be off: further off by chance once in 150,000."""

Key = tuple[str, int]


def unbiased(
    draw: Callable[[int], list[Drawn]], key: Callable[[Drawn], Key], keys: list[Key]
) -> None:
    """Assert that the draws' weighted totals average the true ones of `keys`, within chance.

    Totalled are: how many there are, values at random, values that rise in order, and a few alone.
    """
    size = len(keys)
    at = {name: number for number, name in enumerate(keys)}
    ranks = np.arange(size)
    values = np.stack(
        [np.ones(size), np.random.default_rng(11).random(size), ranks / size, ranks % 17 == 3]
    )
    totals = np.zeros((SEEDS, len(values)))
    for seed in range(SEEDS):
        for one in draw(seed):
            totals[seed] += (one.weight or 0) * values[:, at[key(one)]]
    error = totals.std(axis=0, ddof=1) / SEEDS**0.5
    off = np.abs(totals.mean(axis=0) - values.sum(axis=1))
    assert (off <= DEVIATIONS * error + 1e-9).all(), (totals.mean(axis=0), values.sum(axis=1))


@pytest.fixture(scope="module")
def tables() -> tuple[pa.Table, pa.Table]:
    """Pairs of four cities of very unequal size, and their beads: few, many, or very many."""
    rng = np.random.default_rng(8)
    rows, beads = [], []
    for city, size in (("anlan", 170), ("dalian", 60), ("haiqing", 9), ("yunhe", 3)):
        made = numbered_pairs(city, rng.beta(3, 1, size).tolist(), key=city)
        rows += made
        for pair in made:
            count = int(rng.choice([0, 1, 2, 6, 14, 60], p=[0.1, 0.2, 0.2, 0.3, 0.15, 0.05]))
            beads += [bead_row(pair["pair_id"], at) for at in range(count)]
    fields = [schema.PAIRS.field(name) for name in ("pair_id", "zh_id", "en_id")]
    fields += [schema.PAIRS.field("probability"), schema.PAIRS.field("method")]
    pairs = parquet.rows_to_table(rows, pa.schema([*fields, pa.field("city", pa.string())]))
    pairs = claimed(pairs)
    known = set(pairs["pair_id"].to_pylist())
    columns = pa.schema([schema.SENTENCES.field(n) for n in ("pair_id", "position", "probability")])
    listed = [row for row in beads if row["pair_id"] in known]
    return pairs, parquet.rows_to_table(listed, columns).combine_chunks()


@pytest.mark.parametrize("size", [24, 90])
def test_weighted_pairs_total_the_whole(tables: tuple[pa.Table, pa.Table], size: int) -> None:
    pairs, _ = tables
    unbiased(
        lambda seed: sampling.stratified(pairs, Plan("stratified", size, seed)),
        lambda one: (one.pair_id or "", 0),
        [(key, 0) for key in pairs["pair_id"].to_pylist()],
    )


@pytest.mark.parametrize("size", [10, 120])
def test_weighted_beads_total_the_whole(tables: tuple[pa.Table, pa.Table], size: int) -> None:
    pairs, beads = tables
    keys = list(zip(beads["pair_id"].to_pylist(), beads["position"].to_pylist(), strict=True))
    unbiased(
        lambda seed: sampling.beads(pairs, beads, Plan("beads", size, seed)),
        lambda one: (one.pair_id or "", one.position or 0),
        keys,
    )


@pytest.fixture(scope="module")
def unmatched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Key]]:
    """English articles of two cities without a pair, fifty and six."""
    output, keys = tmp_path_factory.mktemp("unmatched"), []
    for city, size in (("anlan", 50), ("yunhe", 6)):
        made = [f"{city}-{number:02}" for number in range(size)]
        store_articles(output, *(article(key, "en", city=city) for key in made))
        store_rows(output, "pairs", city, numbered_pairs(city, [DECISION - 0.1]))
        keys += made
    assert files.cities_in(output, "pairs") == ["anlan", "yunhe"]
    return output, [(key, 0) for key in keys]


def test_weighted_unmatched_articles_total_the_whole(
    unmatched: tuple[Path, list[Key]], monkeypatch: pytest.MonkeyPatch
) -> None:
    output, keys = unmatched
    # The nearest articles are for the reader's eyes, and dear to find at every draw.
    monkeypatch.setattr(sampling.neighbours, "nearest", lambda output, city, ids: {})
    unbiased(
        lambda seed: sampling.draw(output, Plan("unmatched", 12, seed)),
        lambda one: (one.en_id or "", 0),
        keys,
    )
