"""Columns as arrays: null means one thing, and a score belongs to one band."""

import math

import numpy as np
import pyarrow as pa
import pytest

from crawler.demo import content
from pipelines.quality import sampling
from pipelines.quality.sampling import Plan
from pipelines.quality.verdicts import LEVELS
from pipelines.tables import columns, parquet, schema, vocabulary

ROWS = [
    {"pair_id": "p1", "city": "anbei", "probability": 0.9, "evidence": {"names": 1.0}},
    {"pair_id": "p2", "city": "anbei", "probability": None, "evidence": {"names": None}},
    {"pair_id": "p3", "city": "anbei", "probability": 0.6, "evidence": None},
]


@pytest.fixture
def pairs() -> pa.Table:
    return parquet.rows_to_table(ROWS, schema.PAIRS)


def test_a_null_number_is_not_a_number(pairs: pa.Table) -> None:
    assert np.isnan(columns.floats(pairs["probability"])).tolist() == [False, True, False]
    assert np.isnan(columns.evidence(pairs, "names")).tolist() == [False, True, True]
    assert columns.floats(pa.chunked_array([], pa.float32())).size == 0


def test_a_null_boolean_is_false() -> None:
    assert columns.mask(pa.chunked_array([[True, None], [False]])).tolist() == [True, False, False]


def test_a_pair_without_a_probability_is_improbable_and_not_claimed(pairs: pa.Table) -> None:
    assert columns.probabilities(pairs).tolist() == pytest.approx([0.9, 0, 0.6])
    assert columns.claimed(pairs)["pair_id"].to_pylist() == ["p1", "p3"]
    assert columns.claimed(pairs, 0.7)["pair_id"].to_pylist() == ["p1"]


def test_a_pair_without_a_probability_is_drawn_from_the_lowest_band(pairs: pa.Table) -> None:
    drawn = {one.pair_id: one for one in sampling.stratified(pairs, Plan("stratified", 9))}
    assert drawn["p2"].stratum == "0-.1 anbei"
    assert drawn["p2"].probability is None
    *_, last = sampling.uncertain(pairs, Plan("uncertain", 9))
    assert last.pair_id == "p2"


@pytest.mark.parametrize(
    ("probability", "band"), [(0.0, 0), (0.1, 1), (0.3, 3), (0.7, 7), (0.9, 9), (1.0, 9)]
)
def test_a_score_stored_as_float32_keeps_its_band(probability: float, band: int) -> None:
    assert columns.band(float(np.float32(probability))) == band
    assert math.isfinite(columns.bands(np.array([probability]))[0])


def test_terms_have_one_definition() -> None:
    assert content.RELATIONS == vocabulary.RELATIONS
    assert LEVELS["pair"][: len(vocabulary.RELATIONS)] == vocabulary.RELATIONS
    assert set(vocabulary.TRANSLATIONS) < set(vocabulary.RELATIONS)
