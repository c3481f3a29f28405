"""Captures of web archives among the revisions: in any order, and beside live pages."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from builders import article, store_articles

from crawler.item import Article
from pipelines.tables import files, schema
from pipelines.tables.articles import read_articles
from pipelines.tables.captures import write_captures
from pipelines.tables.parquet import read_table

START = datetime(2018, 1, 1, tzinfo=UTC)


def capture(year: int, text: str, first: int | None = None) -> Article:
    at = START.replace(year=year)
    return article(
        "a", text=text, fetched_from=f"wayback {at:%Y-%m-%dT%H:%M:%SZ}", captured_at=at,
        first_capture=START.replace(year=first or year),
    )  # fmt: skip


def history(output: Path) -> list[tuple[int, str, int]]:
    """Return revision, text and year last seen of every row, the newest last."""
    past = read_table(files.table_path(output, "revisions", "x"), schema.REVISIONS)
    rows = past.to_pylist() + read_articles(output, "x").to_pylist()
    return [(row["revision"], row["text"], row["last_seen"].year) for row in rows]


def first_seen(output: Path) -> set[int]:
    past = read_table(files.table_path(output, "revisions", "x"), schema.REVISIONS)
    rows: list[dict[str, Any]] = past.to_pylist() + read_articles(output, "x").to_pylist()
    return {row["first_seen"].year for row in rows}


FOUR = (capture(2018, "甲"), capture(2019, "乙"), capture(2020, "乙"), capture(2021, "甲"))


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_any_order_gives_the_texts_in_the_order_of_their_captures(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    write_captures(tmp_path, "x", [FOUR[place] for place in order], run_id="r")
    assert history(tmp_path) == [(1, "甲", 2018), (2, "乙", 2019), (3, "甲", 2021)]
    assert first_seen(tmp_path) == {2018}


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_batches_of_one_in_any_order_give_the_same(tmp_path: Path, order: tuple[int, ...]) -> None:
    # A text that comes back is news only beside the text between.
    for place in order:
        write_captures(tmp_path, "x", [FOUR[place]], run_id="r")
    assert history(tmp_path) == [(1, "甲", 2018), (2, "乙", 2019)]
    assert first_seen(tmp_path) == {2018}


def test_captures_that_are_there_already_change_nothing(tmp_path: Path) -> None:
    changes = write_captures(tmp_path, "x", FOUR[::-1], run_id="r")
    assert (changes.new, changes.revised, changes.unchanged) == (1, 2, 1)
    before = history(tmp_path)
    written = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    again = write_captures(tmp_path, "x", FOUR, run_id="s")
    assert (again.new, again.revised) == (0, 0)
    assert history(tmp_path) == before
    assert {path: path.read_bytes() for path in written} == written


def test_a_live_text_stays_the_newest(tmp_path: Path) -> None:
    live = START.replace(year=2024)
    store_articles(tmp_path, article("a", text="丙"), now=live)
    changes = write_captures(tmp_path, "x", [FOUR[0]], run_id="r")
    assert changes.revised == 1
    assert history(tmp_path) == [(1, "甲", 2018), (2, "丙", 2024)]
    [row] = read_articles(tmp_path, "x").to_pylist()
    assert row["fetched_from"] is None
    assert row["first_seen"].year == 2018
    # And the next correction is the third.
    store_articles(tmp_path, article("a", text="丁"), now=live + timedelta(days=1))
    assert [text for _, text, _ in history(tmp_path)] == ["甲", "丙", "丁"]


def test_a_capture_of_the_live_text_only_dates_it(tmp_path: Path) -> None:
    store_articles(tmp_path, article("a", text="甲"), now=START.replace(year=2024))
    changes = write_captures(tmp_path, "x", [FOUR[0]], run_id="r")
    assert (changes.revised, changes.unchanged) == (0, 1)
    assert history(tmp_path) == [(1, "甲", 2024)]
    assert first_seen(tmp_path) == {2018}


def test_the_first_capture_of_an_address_dates_its_article(tmp_path: Path) -> None:
    write_captures(tmp_path, "x", [capture(2020, "甲", first=2016)], run_id="r")
    assert first_seen(tmp_path) == {2016}


def test_a_capture_that_is_read_anew_replaces_its_text(tmp_path: Path) -> None:
    write_captures(tmp_path, "x", FOUR[:2], run_id="r")
    changes = write_captures(tmp_path, "x", [capture(2018, "甲，读得更好")], run_id="s")
    assert (changes.new, changes.revised, changes.unchanged) == (0, 1, 0)
    assert history(tmp_path) == [(1, "甲，读得更好", 2018), (2, "乙", 2019)]


def test_another_view_never_replaces_the_page(tmp_path: Path) -> None:
    page = article("a", url="http://x.example/a.html", text="甲", fetched_from="w 1",
                   captured_at=START, first_capture=START)  # fmt: skip
    view = article("a", url="http://x.example/a_print.html", text="乙", fetched_from="w 2",
                   captured_at=START + timedelta(days=9), first_capture=START)  # fmt: skip
    write_captures(tmp_path, "x", [page], run_id="r")
    write_captures(tmp_path, "x", [view], run_id="r")
    assert history(tmp_path) == [(1, "甲", 2018)]


def test_a_death_between_the_two_tables_leaves_no_row_twice(tmp_path: Path) -> None:
    write_captures(tmp_path, "x", FOUR[:1], run_id="r")
    [folder] = (tmp_path / "articles").iterdir()
    before = {path: path.read_bytes() for path in folder.iterdir()}
    write_captures(tmp_path, "x", FOUR[1:2], run_id="r")
    for path, content in before.items():  # as if the articles had not been written any more
        path.write_bytes(content)
    write_captures(tmp_path, "x", FOUR[1:2], run_id="r")
    assert history(tmp_path) == [(1, "甲", 2018), (2, "乙", 2019)]
