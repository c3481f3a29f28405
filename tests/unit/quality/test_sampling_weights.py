"""Weighted totals of a drawn sample estimate the whole's without bias, by simulation."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from builders import article, bead_row, numbered_pairs, store_articles, store_rows

from pipelines.quality import sampling
from pipelines.quality.sampling import Drawn, Plan
from pipelines.tables import files, parquet, schema
from pipelines.tables.columns import claimed
from pipelines.tables.vocabulary import DECISION

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


def test_every_bead_is_drawn_as_often_as_its_weight_says(
    tables: tuple[pa.Table, pa.Table],
) -> None:
    # A bead of weight w is drawn in one of w draws: then each counts for one, on average.
    pairs, beads = tables
    keys = list(zip(beads["pair_id"].to_pylist(), beads["position"].to_pylist(), strict=True))
    counted = dict.fromkeys(keys, 0.0)
    for seed in range(SEEDS):
        for one in sampling.beads(pairs, beads, Plan("beads", 120, seed)):
            counted[one.pair_id or "", one.position or 0] += one.weight or 0
    by_pair: dict[str, list[float]] = {}
    for (pair, _), total in counted.items():
        by_pair.setdefault(pair, []).append(total / SEEDS)
    large = [np.mean(shares) for shares in by_pair.values() if len(shares) == 60]
    small = [np.mean(shares) for shares in by_pair.values() if len(shares) <= 2]
    assert np.mean(large) == pytest.approx(1, rel=0.05)
    assert np.mean(small) == pytest.approx(1, rel=0.1)


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


@pytest.mark.parametrize("size", [20, 60, 150, 1_000])
def test_the_weights_of_every_stratum_total_its_pairs(
    tables: tuple[pa.Table, pa.Table], size: int
) -> None:
    pairs, _ = tables
    drawn = sampling.stratified(pairs, Plan("stratified", size, seed=1))
    strata = sampling._strata(pairs, size)
    for name, rows in strata.items():
        assert sum(one.weight or 0 for one in drawn if one.stratum == name) == pytest.approx(
            len(rows)
        )
