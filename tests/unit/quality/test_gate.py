"""A city's demands on quality: which fail, by how much, and which pairs show it."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import builders
import pytest
from authored import EVIDENCE, article, numbered, pair, write_numbered
from builders import store_articles, store_verdicts, verdict_row

from crawler.city import City
from pipelines.quality import gate, history

NOW = datetime(2024, 6, 1, tzinfo=UTC)
CITY = "minghe"


city = partial(builders.city, CITY)


def corpus(output: Path, mated: int = 40, **fields: Any) -> None:
    write_numbered(output, 50, mated, NOW, **fields)


def judge(output: Path, right: int, wrong: int) -> None:
    pairs = [pair(CITY, zh, en, 0.9) for zh, en in numbered(right + wrong)]
    codes = ["different"] * wrong + ["translation"] * right
    rows = [
        verdict_row(row, code, n, judged_at=NOW)
        for n, (row, code) in enumerate(zip(pairs, codes, strict=True))
    ]
    store_verdicts(output, rows, "wang")


def details(output: Path, one: City) -> list[str]:
    return [failure.detail for failure in gate.check(output, [one]).get(CITY, [])]


def test_a_city_without_demands_is_not_gated(tmp_path: Path) -> None:
    corpus(tmp_path)
    history.record(tmp_path, "r1", NOW)
    assert gate.check(tmp_path, [city()]) == {}


def test_verdicts_on_texts_that_have_changed_are_named_and_not_counted(tmp_path: Path) -> None:
    corpus(tmp_path)
    judge(tmp_path, right=30, wrong=0)
    assert details(tmp_path, city(min_precision=0.9)) == []
    changed = article("zh7", "zh", "第7条", "更正", 7, city=CITY)
    store_articles(tmp_path, changed, now=NOW + timedelta(days=1))
    (detail,) = details(tmp_path, city(min_precision=0.9))
    assert "only 29 pairs are judged" in detail
    assert "(on texts that have changed: 1 verdict more)" in detail


def test_precision_that_is_high_enough_passes_and_one_that_is_not_is_told_with_its_interval(
    tmp_path: Path,
) -> None:
    corpus(tmp_path)
    judge(tmp_path, right=36, wrong=4)
    assert details(tmp_path, city(min_precision=0.9)) == []
    (failure,) = gate.check(tmp_path, [city(min_precision=0.95)])[CITY]
    assert failure.detail.startswith("90.0% of pairs are right by 40 judged (all there are), ")
    assert failure.detail.endswith("at least 95.0% expected")
    assert [example.pair_id for example in failure.examples] == ["zh0-en0", "zh1-en1", "zh2-en2"]
    assert str(failure.examples[0]) == (
        "judged wrong: zh0-en0: 第0条 / Item 0 "
        "(http://www.minghe.example/zh0.html http://en.minghe.example/en0.html)"
    )


@pytest.mark.parametrize("judged", [0, 29])
def test_a_precision_that_nobody_has_shown_fails_and_says_how_to_show_it(
    tmp_path: Path, judged: int
) -> None:
    corpus(tmp_path)
    if judged:
        judge(tmp_path, right=judged, wrong=0)
    (detail,) = details(tmp_path, city(min_precision=0.9))
    assert f"only {judged} pairs are judged of the 30 it takes" in detail
    assert "shizheng review" in detail


def test_a_city_of_few_pairs_is_known_once_all_are_judged(tmp_path: Path) -> None:
    corpus(tmp_path, mated=8)
    judge(tmp_path, right=7, wrong=0)
    assert len(details(tmp_path, city(min_precision=0.9))) == 1
    judge(tmp_path, right=8, wrong=0)
    assert details(tmp_path, city(min_precision=0.9)) == []


def test_verdicts_that_cannot_be_read_fail_the_demand_and_not_the_run(tmp_path: Path) -> None:
    corpus(tmp_path)
    (tmp_path / "reviews").mkdir()
    (tmp_path / "reviews" / "wang.jsonl").write_text('{"verdict_id": 1}\n{"broken\n')
    (detail,) = details(tmp_path, city(min_precision=0.9))
    assert "wang.jsonl" in detail


def drifted(output: Path, before: dict[str, Any], after: dict[str, Any]) -> None:
    corpus(output, **before)
    for n in range(3):
        history.record(output, f"r{n}", NOW + timedelta(days=n))
    corpus(output, **after)
    history.record(output, "r9", NOW + timedelta(days=9))


def test_a_first_run_has_nothing_to_drift_from(tmp_path: Path) -> None:
    corpus(tmp_path)
    history.record(tmp_path, "r1", NOW)
    assert details(tmp_path, city(max_drift={"yield": 0.01, "score": 0.01})) == []


def test_a_fall_in_yield_is_told_with_articles_that_have_no_mate(tmp_path: Path) -> None:
    drifted(tmp_path, {"mated": 40}, {"mated": 20})
    assert details(tmp_path, city(max_drift={"yield": 0.45})) == []
    (failure,) = gate.check(tmp_path, [city(max_drift={"yield": 0.2})])[CITY]
    assert failure.detail == (
        "40% of the newest 50 English articles have a counterpart, 80% is usual: "
        "a drift of at most 20% expected"
    )
    assert len(failure.examples) == gate.EXAMPLES
    assert all(one.pair_id is None and one.en_url for one in failure.examples)


def test_a_drift_in_score_is_told_with_the_pairs_that_pull_it(tmp_path: Path) -> None:
    drifted(tmp_path, {"score": 3.0}, {"score": 1.5})
    assert details(tmp_path, city(max_drift={"score": 2})) == []
    (failure,) = gate.check(tmp_path, [city(max_drift={"score": 1})])[CITY]
    assert "median score of 1.50 log odds, 3.00 is usual" in failure.detail
    assert failure.examples[0].why == "score 1.50"


@pytest.mark.parametrize("ratio", [0.5, 2.0])
def test_a_drift_in_length_is_relative_and_counts_both_ways(tmp_path: Path, ratio: float) -> None:
    new = {"evidence": EVIDENCE | {"length_ratio": 1.1 * ratio}}
    drifted(tmp_path, {}, new)
    (detail,) = details(tmp_path, city(max_drift={"length_ratio": 0.3}))
    assert f"median length ratio of {1.1 * ratio:.2f}, 1.10 is usual" in detail
    assert details(tmp_path, city(max_drift={"length_ratio": 1.1})) == []


def test_a_damaged_city_leaves_the_precision_of_the_others_known(tmp_path: Path) -> None:
    corpus(tmp_path)
    judge(tmp_path, right=38, wrong=2)
    history.record(tmp_path, "r1", NOW)
    before = details(tmp_path, city(min_precision=0.99))
    (tmp_path / "pairs" / "anlan.parquet").write_bytes(b"PAR1 not really")
    assert details(tmp_path, city(min_precision=0.99)) == before
    assert "judged" in before[0]


def test_of_a_city_that_is_damaged_itself_nothing_is_known_to_be_right(tmp_path: Path) -> None:
    corpus(tmp_path)
    judge(tmp_path, right=38, wrong=2)
    (tmp_path / "pairs" / f"{CITY}.parquet").write_bytes(b"PAR1 not really")
    history.record(tmp_path, "r1", NOW)
    found = details(tmp_path, city(min_precision=0.9))
    assert [one.startswith("precision of at least 90.0% expected") for one in found] == [True]
