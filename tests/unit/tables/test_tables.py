"""The store keeps every article once, keeps what a correction replaces, and rewrites nothing."""

import math
import os
import random
import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import builders
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import NOW, store_articles

from crawler.demo import content
from crawler.item import NEWS_TIME, Article, Reject, article_id
from pipelines.quality import sampling
from pipelines.quality.sampling import Plan
from pipelines.quality.verdicts import LEVELS
from pipelines.tables import columns, parquet, schema, vocabulary
from pipelines.tables.articles import Changes, read_articles, write_rejects
from pipelines.tables.atomic import replacing
from pipelines.tables.damage import StoreError
from pipelines.tables.files import table_path
from pipelines.tables.parquet import read_table

LATER = datetime(2024, 5, 2, 8, 0, tzinfo=UTC)


def article(n: int, *, year: int | None = 2024, text: str = "正文。") -> Article:
    url = f"http://www.example.cn/art/{n}.html"
    published = datetime(year, 3, 1, tzinfo=NEWS_TIME) if year else None
    named = {"city": "somewhere", "url": url, "title": f"第{n}次会议", "keywords": ("会议",)}
    return builders.article(article_id(url), "zh", published, text=text, **named)


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(p.relative_to(folder)): (p.read_bytes(), p.stat().st_mtime_ns)
        for p in folder.rglob("*")
        if p.is_file()
    }


def test_storing_the_same_articles_again_touches_no_file(tmp_path: Path) -> None:
    store_articles(tmp_path, article(1), article(2))
    before = tree(tmp_path)
    assert store_articles(tmp_path, article(2), article(1), now=LATER) == Changes(unchanged=2)
    assert tree(tmp_path) == before


def test_rejects_are_kept_by_url_until_the_page_becomes_an_article(tmp_path: Path) -> None:
    url = article(1).url
    reject = Reject(url, "somewhere", "too_short", "The body holds 3 characters.")
    write_rejects(tmp_path, "somewhere", [reject], run_id="r", now=NOW)
    path = table_path(tmp_path, "rejects", "somewhere")
    assert read_table(path, schema.REJECTS).num_rows == 1
    store_articles(tmp_path, article(1))
    write_rejects(tmp_path, "somewhere", [], run_id="r", now=LATER)
    assert not path.exists(), "a table without rows has no file: datasets cannot read one"
    assert read_table(path, schema.REJECTS).num_rows == 0


def test_every_file_says_its_schema_version_and_another_version_is_refused(tmp_path: Path) -> None:
    store_articles(tmp_path, article(1))
    path = tmp_path / "articles/somewhere/2024.parquet"
    table = pq.ParquetFile(path).read()
    assert table.schema.metadata[b"schema_version"] == schema.SCHEMA_VERSION.encode()
    pq.write_table(table.replace_schema_metadata({b"schema_version": b"99"}), path)
    with pytest.raises(StoreError, match=r"2024\.parquet: schema version 99"):
        read_articles(tmp_path, "somewhere")


def test_a_file_that_is_not_parquet_is_named(tmp_path: Path) -> None:
    store_articles(tmp_path, article(1))
    (tmp_path / "articles/somewhere/2024.parquet").write_bytes(b"nonsense")
    with pytest.raises(StoreError, match=r"2024\.parquet: not a readable Parquet file"):
        read_articles(tmp_path, "somewhere")


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "articles").write_text("a file where a folder should be")
    with pytest.raises(StoreError, match="cannot be written"):
        store_articles(tmp_path, article(1))


def test_a_write_that_fails_leaves_the_old_file_and_syncs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    path = tmp_path / "table.bin"
    path.write_bytes(b"old")

    def fail_midway() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        fail_midway()
    assert [p.name for p in tmp_path.iterdir()] == ["table.bin"]
    assert (path.read_bytes(), synced) == (b"old", [])


def test_every_column_of_every_table_is_documented_and_nullable() -> None:
    for table in schema.TABLES:
        for field in table:
            assert field.nullable, field.name
            assert field.metadata[b"doc"], field.name


@pytest.mark.parametrize("view", ["_print.html", ".amp.html"])
@pytest.mark.parametrize("first", ["page", "view"])
def test_what_another_view_of_a_page_shows_never_replaces_the_page(
    tmp_path: Path, view: str, first: str
) -> None:
    page = article(1)
    twin = replace(page, url=page.url.replace(".html", view), text="正文。打印本页")
    for one in (page, twin) if first == "page" else (twin, page):
        store_articles(tmp_path, one)
    (row,) = read_articles(tmp_path, "somewhere").to_pylist()
    assert (row["url"], row["text"]) == (page.url, page.text)
    # In one batch, too; and a view stands as long as the page itself is not had.
    store_articles(tmp_path / "batch", *((page, twin) if first == "page" else (twin, page)))
    (row,) = read_articles(tmp_path / "batch", "somewhere").to_pylist()
    assert (row["url"], row["revision"]) == (page.url, 1)
    store_articles(tmp_path / "alone", twin)
    assert read_articles(tmp_path / "alone", "somewhere")["url"].to_pylist() == [twin.url]


def test_a_page_that_says_what_its_view_said_takes_its_place_without_a_revision(
    tmp_path: Path,
) -> None:
    page = article(1)
    store_articles(tmp_path, replace(page, url=page.url.replace("http://www.", "http://m.")))
    assert store_articles(tmp_path, page, now=LATER) == Changes(unchanged=1)
    (row,) = read_articles(tmp_path, "somewhere").to_pylist()
    assert (row["url"], row["revision"], row["first_seen"]) == (page.url, 1, NOW)
    assert not (tmp_path / "revisions").exists()


@pytest.mark.parametrize("seed", range(5))
def test_any_sequence_of_batches_leaves_the_newest_of_each_in_its_year(
    tmp_path: Path, seed: int
) -> None:
    draw, newest = random.Random(seed), dict[str, Article]()
    for _ in range(8):
        batch = [
            article(number, year=draw.choice((2022, 2023, 2024, None)), text=f"{draw.random()}。")
            for number in draw.sample(range(12), draw.randrange(1, 6))
        ]
        store_articles(tmp_path, *batch)
        newest |= {each.article_id: each for each in batch}
    years = {
        (row["article_id"], path.stem, row["text"])
        for path in (tmp_path / "articles/somewhere").iterdir()
        for row in pq.ParquetFile(path).read().to_pylist()
    }
    assert years == {
        (key, f"{each.published_at.year}" if each.published_at else "undated", each.text)
        for key, each in newest.items()
    }
    expected = sorted(newest)
    assert read_articles(tmp_path, "somewhere")["article_id"].to_pylist() == expected


def test_a_batch_rewrites_only_the_years_of_its_articles(tmp_path: Path) -> None:
    store_articles(tmp_path, article(1, year=2022), article(2, year=2023), article(3))
    before = tree(tmp_path)
    store_articles(tmp_path, article(4), article(2, year=2023), now=LATER)
    after = tree(tmp_path)
    assert [name for name in after if after[name] != before[name]] == [
        "articles/somewhere/2024.parquet"
    ]


# Columns as arrays: null means one thing, and a score belongs to one band.
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


def test_pyarrow_asks_for_pandas_in_vain_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def first_array(_: object) -> None:
        with pytest.raises(ModuleNotFoundError):
            import_module("pandas")
        asked.append("pandas")

    monkeypatch.delitem(sys.modules, "pandas", raising=False)
    monkeypatch.setattr(parquet, "pa", SimpleNamespace(array=first_array))
    parquet.forgo_pandas()
    assert asked == ["pandas"]
    assert find_spec("pandas") is not None  # for everybody else
