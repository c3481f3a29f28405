"""The history remembers what each run left: what came, what went, and what is usual."""

import json
import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from authored import ALIGNED, EVIDENCE, article, numbered, pair, write_numbered
from builders import store_articles, store_rows

from pipelines.quality import history
from pipelines.tables import damage, files

NOW = datetime(2024, 6, 1, tzinfo=UTC)
CITY = "minghe"


def corpus(output: Path, count: int = 30, mated: int = 24, **fields: Any) -> None:
    write_numbered(output, count, mated, NOW, **fields)


def test_the_first_record_compares_with_nothing(tmp_path: Path) -> None:
    corpus(tmp_path)
    entry = history.record(tmp_path, "r1", NOW)
    assert entry.since is None
    assert history.read(tmp_path) == [entry]
    assert entry.cities[CITY] == history.Measures(
        pairs=24, window=30, yield_=0.8, score=3.0, length_ratio=1.1
    )


def test_pairs_that_came_went_and_changed_are_counted_and_named(tmp_path: Path) -> None:
    corpus(tmp_path)
    first = history.record(tmp_path, "r1", NOW)
    both = numbered(30)
    rows = [pair(CITY, zh, en, 0.9) for zh, en in both[2:26]]
    rows[0] |= {"aligned_at": ALIGNED + timedelta(days=9), "score": 2.0}
    rows[1] |= {"probability": 0.3}
    store_rows(tmp_path, "pairs", CITY, rows)
    entry = history.record(tmp_path, "r2", NOW + timedelta(days=1))
    assert entry.since == first.at
    assert entry.counts == {"new": 2, "gone": 3, "changed": 1}
    named = {(one.what, one.pair_id) for one in entry.examples}
    assert named == {
        ("new", "zh24-en24"), ("new", "zh25-en25"), ("gone", "zh0-en0"), ("gone", "zh1-en1"),
        ("gone", "zh3-en3"), ("changed", "zh2-en2"),
    }  # fmt: skip
    assert [one.en_title for one in entry.examples if one.pair_id == "zh0-en0"] == ["Item 0"]


def test_a_run_that_changes_nothing_says_so(tmp_path: Path) -> None:
    corpus(tmp_path)
    history.record(tmp_path, "r1", NOW)
    entry = history.record(tmp_path, "r2", NOW)
    assert entry.counts == {"new": 0, "gone": 0, "changed": 0}
    assert entry.examples == ()


def test_only_the_newest_english_articles_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "WINDOW", 20)
    corpus(tmp_path, count=30, mated=24)
    late = [article(f"late{n}", "en", f"Late {n}", "Text", n, city=CITY) for n in range(10)]
    store_articles(tmp_path, *late, now=NOW + timedelta(days=3))
    measured = history.record(tmp_path, "r2", NOW).cities[CITY]
    # The ten that came last, and of the first lot the ten published last (18 to 27): of these the
    # first six are in pairs.
    assert (measured.window, measured.yield_) == (20, 0.3)


def test_too_few_articles_measure_nothing(tmp_path: Path) -> None:
    corpus(tmp_path, count=5, mated=3)
    measured = history.record(tmp_path, "r1", NOW).cities[CITY]
    assert (measured.pairs, measured.yield_, measured.score) == (3, None, None)


def test_what_is_usual_is_the_median_of_the_last_runs(tmp_path: Path) -> None:
    for n, score in enumerate((9.0, 9.0, 1.0, 2.0, 3.0)):
        corpus(tmp_path, score=score, evidence=EVIDENCE | {"length_ratio": score})
        history.record(tmp_path, f"r{n}", NOW)
    past = history.read(tmp_path)
    assert history.usual(past, CITY, 3) == {"yield_": 0.8, "score": 2.0, "length_ratio": 2.0}
    assert history.usual(past, "elsewhere", 3) == {}


def test_the_history_does_not_grow_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "LINES", 3)
    corpus(tmp_path)
    for n in range(5):
        history.record(tmp_path, f"r{n}", NOW)
    assert [entry.run_id for entry in history.read(tmp_path)] == ["r2", "r3", "r4"]


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    corpus(tmp_path)
    history.record(tmp_path, "r1", NOW)
    path = tmp_path / "reports" / "history.jsonl"
    path.write_text(path.read_text() + json.dumps({"run_id": "x"}) + "\n")
    with pytest.raises(damage.StoreError, match=r"history\.jsonl:2: .* begin the history anew"):
        history.read(tmp_path)


def test_a_crash_between_the_two_files_tells_a_change_twice_and_loses_none(tmp_path: Path) -> None:
    corpus(tmp_path, mated=10)
    history.record(tmp_path, "r1", NOW)
    kept = (tmp_path / "reports" / "kept.parquet").read_bytes()
    corpus(tmp_path, mated=12)
    history.record(tmp_path, "r2", NOW)
    (tmp_path / "reports" / "kept.parquet").write_bytes(kept)
    assert history.record(tmp_path, "r3", NOW).counts["new"] == 2


def test_pairs_of_a_damaged_city_are_neither_gone_nor_new_when_it_is_whole_again(
    tmp_path: Path,
) -> None:
    corpus(tmp_path)
    history.record(tmp_path, "r1", NOW)
    path = files.table_path(tmp_path, "pairs", CITY)
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    entry = history.record(tmp_path, "r2", NOW + timedelta(days=1))
    assert (dict(entry.cities), entry.counts) == ({}, {"new": 0, "gone": 0, "changed": 0})
    path.write_bytes(whole)
    entry = history.record(tmp_path, "r3", NOW + timedelta(days=2))
    assert (list(entry.cities), entry.counts) == ([CITY], {"new": 0, "gone": 0, "changed": 0})


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1e", "\r"])
def test_a_title_with_an_odd_end_of_a_line_is_one_record(tmp_path: Path, end: str) -> None:
    zh, en = numbered(1)[0]
    for title in ("a", f"before{end}behind"):
        row = pair(CITY, zh, en, 0.9, en_title=title, pair_id=title)
        store_rows(tmp_path, "pairs", CITY, [row])
        entry = history.record(tmp_path, "r", NOW)
    assert f"before{end}behind" in {one.en_title for one in entry.examples}
    assert history.read(tmp_path)[-1] == entry


def record_five(output: Path, first: int) -> None:
    for number in range(5):
        history.record(output, f"r{first + number}", NOW)


def test_runs_that_end_together_lose_no_record(tmp_path: Path) -> None:
    corpus(tmp_path)
    context = multiprocessing.get_context("spawn")
    runs = [context.Process(target=record_five, args=(tmp_path, 5 * n)) for n in range(4)]
    for each in runs:
        each.start()
    for each in runs:
        each.join()
    assert sorted(entry.run_id for entry in history.read(tmp_path)) == sorted(
        f"r{number}" for number in range(20)
    )
