"""Rows of pairs and candidates: evidence by kind, what is stored, and the time of alignment."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import store_rows

from pipelines.pairs import rows
from pipelines.pairs.calibration import CalibrationRecord, FitMeasures, put_in_force, store
from pipelines.pairs.candidates import _only, _packed, _top, _unpacked
from pipelines.pairs.comparison import FactComparison
from pipelines.pairs.coverage import Coverage
from pipelines.pairs.pair import Pairing, Scored

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
PLAIN = Coverage(0.6, 0.5, 0.7, 0.8, 0.75, np.array([0.6], np.float32), np.array([True]), 0.0, 0.0)


def agreement(coverage: Coverage = PLAIN, **facts: Any) -> dict[str, float | None]:
    return rows._agreement(FactComparison(**facts), coverage)


def test_evidence_is_null_without_facts_of_a_kind_in_both_texts() -> None:
    assert agreement() == dict.fromkeys(("numbers", "dates", "ordinals", "names"))
    for kind, said in (
        ("numbers", "numbers_said"), ("dates", "dates_said"), ("dates", "periods_said"),
        ("ordinals", "ordinals_said"), ("names", "names_said"),
    ):  # fmt: skip
        found = agreement(**{said: True})
        assert found.pop(kind) == 0
        assert not any(value is not None for value in found.values())
    for kind, fact in (
        ("dates", "years_agree"), ("dates", "years_clash"), ("names", "places_agree"),
        ("names", "places_missing"),
    ):  # fmt: skip
        assert agreement(**{fact: 0.5})[kind] is not None


@pytest.mark.parametrize(
    ("kind", "facts", "expected"),
    [
        ("numbers", {"numbers_agree": 0.9, "numbers_missing": 0.4}, 0.7),
        ("dates", {"dates_agree": 0.8, "periods_agree": 0.3, "years_clash": 0.2}, 0.6),
        ("dates", {"dates_agree": 0.1, "periods_agree": 0.3, "periods_clash": 0.5}, -0.2),
        ("dates", {"dates_clash": 0.9, "years_clash": 0.2}, -0.9),
        ("ordinals", {"ordinals_agree": 0.2, "ordinals_clash": 0.9}, -0.7),
        ("names", {"names_agree": 0.5, "places_agree": 0.6, "guests_clash": 0.2}, 0.4),
        ("names", {"names_agree": 0.5, "countries_clash": 0.9}, -0.4),
        ("names", {"names_missing": 0.7}, 0.0),  # one name alone may be left out
        ("names", {"names_missing": 0.75}, -0.75),
        ("names", {"places_missing": 0.6}, 0.0),
        ("names", {"places_missing": 0.65, "names_missing": 0.72}, -0.72),
    ],
)
def test_evidence_is_agreement_minus_contradiction(
    kind: str, facts: dict[str, float], expected: float
) -> None:
    said = {f"{name}_said": True for name in ("numbers", "dates", "ordinals", "names")}
    assert agreement(**said, **facts)[kind] == pytest.approx(expected)


def test_figures_of_matching_sentences_count_as_they_clash() -> None:
    clashing = replace(PLAIN, figures_agree=1.0, figures_clash=3.0)
    facts = {"numbers_said": True, "numbers_agree": 0.5, "numbers_missing": 0.2}
    assert agreement(clashing, **facts)["numbers"] == pytest.approx(0.5 - 0.75)
    assert agreement(replace(PLAIN, figures_clash=2.0), **facts)["numbers"] == pytest.approx(-0.5)


def scored(zh: int, en: int, score: float) -> Scored:
    return Scored(zh, en, {}, PLAIN, FactComparison(), score=score)


def test_three_candidates_of_each_english_article_are_stored_the_best_ones() -> None:
    left = tuple(scored(n, n % 2, -float(n)) for n in range(10))
    found = rows.runners_up(Pairing((), left))
    assert [(each.zh, each.en) for each in found] == [
        (0, 0), (2, 0), (4, 0), (1, 1), (3, 1), (5, 1),
    ]  # fmt: skip


def record(number: int, method: str, slope: float) -> CalibrationRecord:
    nothing = FitMeasures(0.0, 0.0, 0.0)
    return CalibrationRecord(f"calibration-{number}", method, "", 0.5, slope, 1, 1.0, 0.0, "d",
                             nothing, nothing)  # fmt: skip


def test_probabilities_are_calibrated_by_the_record_in_force_for_their_method(
    tmp_path: Path,
) -> None:
    def calibrated(method: str) -> tuple[float, str]:
        row = {"probability": 0.8, "method": method}
        rows.calibrate_rows(tmp_path, method, [[], [row]])
        return row["probability"], row["method"]  # type: ignore[return-value]

    assert calibrated("m 1") == (0.8, "m 1")
    store(tmp_path, record(7, "m 1", 0.5))
    odds = np.exp(0.5 + 0.5 * np.log(4))
    assert calibrated("m 1") == (pytest.approx(odds / (1 + odds), abs=1e-6), "m 1 calibration-7")
    assert calibrated("m 1")[0] == float(np.float32(calibrated("m 1")[0]))
    assert calibrated("m 2") == (0.8, "m 2")
    put_in_force(tmp_path, None)
    assert calibrated("m 1") == (0.8, "m 1")


def test_an_unchanged_pair_keeps_the_time_of_its_alignment(tmp_path: Path) -> None:
    old = datetime(2026, 1, 1, tzinfo=UTC)
    stored = [
        {"pair_id": f"p{n}", "city": "x", "zh_id": f"z{n}", "en_id": f"e{n}", "probability": 0.5,
         "aligned_at": old}
        for n in range(2)
    ]  # fmt: skip
    store_rows(tmp_path, "pairs", "x", stored)
    names = rows.schema.PAIRS.names
    again = [dict.fromkeys(names) | row for row in stored]
    again[1]["probability"] = 0.75
    again.append(dict.fromkeys(names) | {"pair_id": "p9"})
    for row in again:
        row["aligned_at"] = None
    rows.set_aligned_at(tmp_path, "x", again, NOW)
    assert [row["aligned_at"] for row in again] == [old, NOW, NOW]


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9])
def test_a_comparison_is_read_from_the_cache_as_it_was_put(count: int) -> None:
    random = np.random.default_rng(count)
    coverage = Coverage(
        0.1, 0.2, 0.3, 0.4, 0.5, random.random(3).astype(np.float32), random.random(count) > 0.5,
        6.5, 7.5, 0.8, 0.9, 0.95, 0.85,
    )  # fmt: skip
    facts = FactComparison(
        numbers_agree=0.25, numbers_said=True, sites_clash=1.0, moved=True, names_missing=0.5
    )
    levels = np.array([[3, 4, 5], [6, 7, 8]], np.int8)
    packed = _packed(coverage, facts, _only(levels, [{("a",)}, {("b",)}], [("a",), ("b",)]))
    found, read = _unpacked(packed, levels)
    assert read == facts
    assert found.best.tolist() == coverage.best.tolist()
    assert found.zh_covered.tolist() == coverage.zh_covered.tolist()
    assert replace(found, best=PLAIN.best, zh_covered=PLAIN.zh_covered) == replace(
        coverage, best=PLAIN.best, zh_covered=PLAIN.zh_covered
    )
    # The rarity of a fact that nothing was weighed by may change; of the others none may.
    for row, column, valid in ((0, 2, True), (1, 1, True), (0, 1, False), (1, 2, False),
                               (0, 0, False), (1, 0, False)):  # fmt: skip
        other = levels.copy()
        other[row, column] += 1
        assert (_unpacked(packed, other)[1] is not None) is valid


def test_the_nearest_are_found_however_few_there_are() -> None:
    near = np.array([[0.1, 0.9, 0.5], [0.7, 0.2, 0.6]], np.float32)
    assert _top(near, 1) == [[1], [0]]
    assert _top(near, 2) == [[1, 2], [0, 2]]
    assert _top(near, 9) == [[0, 1, 2], [0, 1, 2]]
