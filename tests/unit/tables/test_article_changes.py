"""What storing articles changes: counts, revisions, marks, rights, and the files of a city."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import article, store_articles

from crawler.item import NEWS_TIME, Reject
from pipelines.tables import articles, files, lock, parquet, schema
from pipelines.tables.articles import Changes

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def stored(output: Path) -> dict[str, parquet.Row]:
    return {row["article_id"]: row for row in articles.read_articles(output, "x").to_pylist()}


def at(day: int, year: int = 2024) -> datetime:
    return datetime(year, 3, day, tzinfo=NEWS_TIME)


def test_new_unchanged_and_revised_articles_are_counted() -> None:
    assert Changes(1, 2, 3) + Changes(4, 5, 6) == Changes(5, 7, 9)


def test_a_batch_counts_its_articles_by_what_they_change(tmp_path: Path) -> None:
    first = [article("a", published=at(1)), article("b", published=at(2))]
    assert store_articles(tmp_path, *first, now=NOW) == Changes(new=2)
    again = [first[0], replace(first[1], text="改"), article("c")]
    changes = store_articles(tmp_path, *again, run="r2", now=LATER)
    assert changes == Changes(new=1, revised=1, unchanged=1)
    assert articles.write_articles(tmp_path, "x", [], run_id="r", now=NOW) == Changes()
    rows = stored(tmp_path)
    assert [(key, row["revision"], row["run_id"]) for key, row in sorted(rows.items())] == [
        ("a", 1, "r"), ("b", 2, "r2"), ("c", 1, "r2"),
    ]  # fmt: skip
    assert {key: (row["first_seen"], row["last_seen"]) for key, row in rows.items()} == {
        "a": (NOW, NOW), "b": (NOW, LATER), "c": (LATER, LATER),
    }  # fmt: skip
    past = parquet.read_table(files.table_path(tmp_path, "revisions", "x"), schema.REVISIONS)
    assert [(r["article_id"], r["revision"], r["text"]) for r in past.to_pylist()] == [
        ("b", 1, "文")
    ]


def test_lists_of_an_article_are_stored_and_rights_follow_the_city_file(tmp_path: Path) -> None:
    one = replace(
        article("a"), keywords=("水", "桥"), images=("i",), attachments=("f",), flags=("g",)
    )
    store_articles(tmp_path, replace(one, rights="full"))
    row = stored(tmp_path)["a"]
    assert (row["keywords"], row["images"]) == (["水", "桥"], ["i"])
    assert (row["attachments"], row["flags"]) == (["f"], ["g"])
    assert store_articles(tmp_path, replace(one, rights="metadata")) == Changes(unchanged=1)
    assert stored(tmp_path)["a"]["rights"] == "metadata"


def test_marks_of_a_city_s_own_repeats_and_of_reposts_leave_each_other_alone(
    tmp_path: Path,
) -> None:
    store_articles(tmp_path, *(article(key) for key in "abcd"))

    def marks() -> dict[str, tuple[str | None, str | None]]:
        return {
            key: (r["duplicate_of"], r["duplicate_city"]) for key, r in stored(tmp_path).items()
        }

    nothing = dict.fromkeys("abcd", (None, None))
    assert articles.mark_duplicates(tmp_path, "x", {"a": "a", "b": "a"}) == 1
    assert marks() == nothing | {"b": ("a", None)}
    assert articles.mark_reposts(tmp_path, "x", {"b": ("q", "y"), "c": ("q", "y")}) == 1
    assert marks() == nothing | {"b": ("a", None), "c": ("q", "y")}
    assert articles.mark_duplicates(tmp_path, "x", {"d": "c"}) == 2
    assert marks() == nothing | {"c": ("q", "y"), "d": ("c", None)}
    assert articles.mark_reposts(tmp_path, "x", {}) == 1
    assert marks() == nothing | {"d": ("c", None)}
    assert articles.mark_reposts(tmp_path, "x", {}) == 0


def test_rejects_that_changed_are_counted_and_sorted_by_address(tmp_path: Path) -> None:
    def reject(name: str, detail: str = "") -> Reject:
        return Reject(f"http://x.example/{name}", "x", "too_short", detail)

    def write(*rejects: Reject, now: datetime = NOW) -> int:
        return articles.write_rejects(tmp_path, "x", rejects, run_id="r", now=now)

    assert write(reject("b"), reject("a")) == 2
    assert write(reject("b"), reject("a", "new"), now=LATER) == 1
    rows = parquet.read_table(
        files.table_path(tmp_path, "rejects", "x"), schema.REJECTS
    ).to_pylist()
    assert [(row["url"][-1], row["detail"], row["seen_at"]) for row in rows] == [
        ("a", "new", LATER), ("b", "", NOW),
    ]  # fmt: skip


def test_an_article_left_in_two_years_is_in_one_once_anything_is_written(tmp_path: Path) -> None:
    store_articles(
        tmp_path, article("a", published=at(1, 2023)), article("b", published=at(1, 2023))
    )
    (old,) = files.article_files(tmp_path, "x")
    kept = old.read_bytes()
    store_articles(tmp_path, replace(article("a", published=at(1, 2024)), text="新"))
    old.write_bytes(kept)
    store_articles(tmp_path, article("c"))
    by_year = {path.stem: pq.read_table(path)["article_id"].to_pylist()
               for path in files.article_files(tmp_path, "x")}  # fmt: skip
    assert by_year == {"2023": ["b"], "2024": ["a"], "undated": ["c"]}


@pytest.mark.parametrize(
    ("day", "kept"),
    [
        (parquet.EARLIEST, True),
        (parquet.LATEST, True),
        (parquet.EARLIEST - timedelta(days=1), False),
        (parquet.LATEST + timedelta(days=1), False),
    ],
)
def test_a_date_outside_the_bounds_is_null_with_its_precision(day: date, kept: bool) -> None:
    moment = datetime(day.year, day.month, day.day, tzinfo=NEWS_TIME)
    of = pa.schema([schema.ARTICLES.field(n) for n in ("published_at", "published_precision")])
    usual = datetime(2024, 3, 1, tzinfo=NEWS_TIME)
    table = pa.table(
        {"published_at": [moment, usual, None], "published_precision": ["day", "day", None]}, of
    )
    found = parquet.with_dates(table)
    assert found["published_precision"].to_pylist() == ["day" if kept else None, "day", None]
    assert found["published_at"].null_count == (1 if kept else 2)
    if kept:
        assert found.equals(table)
    alone = parquet.with_dates(table.select(["published_at"]))
    assert alone["published_at"].null_count == found["published_at"].null_count


def test_only_a_city_s_own_files_are_its_tables(tmp_path: Path) -> None:
    folder = tmp_path / "pairs"
    folder.mkdir()
    for name in ("dalian.parquet", "Kopie von dalian.parquet", ".x.parquet", "notes.txt"):
        (folder / name).touch()
    (folder / "ningbo.parquet").mkdir()
    assert files.cities_with(tmp_path, "pairs") == ["dalian"]
    assert files.cities_with(tmp_path, "none") == []
    store_articles(tmp_path, article("a", published=at(1)), article("b"))
    (tmp_path / "articles" / "x" / "2024 (1).parquet").touch()
    (tmp_path / "articles" / "stray.txt").touch()
    (tmp_path / "articles" / ".hidden").touch()
    (tmp_path / "articles" / ".cache").mkdir()
    (tmp_path / "articles" / ".cache" / "2024.parquet").touch()
    found = files.article_files(tmp_path, "x")
    assert [path.stem for path in found] == ["2024", "undated"]
    assert files.articles_bytes(tmp_path, "x") == sum(path.stat().st_size for path in found)
    assert files.cities_in(tmp_path, "pairs") == ["dalian", "x"]
    assert [path.name for path in files.strays(tmp_path)] == ["stray.txt", "2024 (1).parquet"]


def test_a_file_locked_for_a_moment_is_free_again(tmp_path: Path) -> None:
    for _ in range(2):
        with lock.waiting(tmp_path / "new" / "a.lock"):
            assert (tmp_path / "new" / "a.lock").exists()
    assert lock.holder(tmp_path, "x") is None
    with lock.hold(tmp_path, ["x", "a", "x"]) as held:
        assert list(held) == ["a", "x"]
        assert lock.holder(tmp_path, "x") is not None
    assert lock.holder(tmp_path, "x") is None
