"""A file that was replaced is on the disk in whole, under its name, before the program goes on."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from builders import article, store_articles

from pipelines.tables import schema
from pipelines.tables.articles import read_articles
from pipelines.tables.atomic import replacing, sync_folder
from pipelines.tables.parquet import read_table


def test_the_content_is_synced_before_the_rename_and_the_folder_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"old")
    new = b"new" * 50  # less than a buffer, which is flushed before it is synced
    synced: list[tuple[str, int, bytes]] = []

    def sync(descriptor: int) -> None:
        found = os.fstat(descriptor)
        kind = "folder" if stat.S_ISDIR(found.st_mode) else "file"
        synced.append((kind, found.st_size if kind == "file" else 0, path.read_bytes()[:3]))

    monkeypatch.setattr(os, "fsync", sync)
    with replacing(path) as file:
        file.write(new)
        assert synced == []
    assert synced == [("file", len(new), b"old"), ("folder", 0, b"new")]
    assert [other.name for other in tmp_path.iterdir()] == ["a.parquet"]


def test_the_folder_that_is_synced_is_the_file_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: folders.append(os.fstat(descriptor).st_ino))
    path = tmp_path / "tables" / "city" / "a.parquet"
    with replacing(path) as file:
        file.write(b"new")
    assert folders == [path.stat().st_ino, path.parent.stat().st_ino]


def revisions(output: Path) -> list[tuple[str, int, str]]:
    rows = read_table(output / "revisions/x.parquet", schema.REVISIONS).to_pylist()
    return [(row["article_id"], row["revision"], row["text"]) for row in rows]


def test_every_revision_of_every_article_is_stored_in_order(tmp_path: Path) -> None:
    for text in ("甲", "乙", "丙"):
        store_articles(tmp_path, article("b", text=text), article("a", text=text))
    assert revisions(tmp_path) == [("a", 1, "甲"), ("a", 2, "乙"), ("b", 1, "甲"), ("b", 2, "乙")]
    found = read_articles(tmp_path, "x", ["text", "revision"]).to_pylist()
    assert found == [{"text": "丙", "revision": 3}] * 2


def test_a_revision_stored_before_a_crash_is_not_stored_twice(tmp_path: Path) -> None:
    store_articles(tmp_path, article("a", text="甲"))
    (shard,) = (tmp_path / "articles/x").iterdir()
    before = shard.read_bytes()
    store_articles(tmp_path, article("a", text="乙"))
    shard.write_bytes(before)  # as if cut short after the revisions' file and before the articles'
    store_articles(tmp_path, article("a", text="乙"))
    assert revisions(tmp_path) == [("a", 1, "甲")]
    (row,) = read_articles(tmp_path, "x").to_pylist()
    assert (row["text"], row["revision"]) == ("乙", 2)


def test_an_article_in_two_years_files_is_read_in_its_highest_revision(tmp_path: Path) -> None:
    late, early = (datetime(year, 3, 1, tzinfo=UTC) for year in (2024, 2023))
    for first, second in ((late, early), (early, late)):
        output = tmp_path / str(first.year)
        store_articles(output, article("a", published=first, text="甲"))
        stale = output / "articles/x" / f"{first.year}.parquet"
        content = stale.read_bytes()
        store_articles(output, article("a", published=second, text="乙"))
        stale.write_bytes(content)
        (row,) = read_articles(output, "x").to_pylist()
        assert (row["text"], row["revision"]) == ("乙", 2)


def test_a_folder_is_not_left_open(tmp_path: Path) -> None:
    numbers = set()
    for _ in range(3):
        sync_folder(tmp_path)
        with (tmp_path / "file").open("w") as file:
            numbers.add(file.fileno())
    assert len(numbers) == 1
