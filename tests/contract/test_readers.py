"""Every reader that researchers use opens each table in one line and sees the same rows."""

import warnings
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import datasets
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import article, store_articles, store_rows

from crawler.item import NEWS_TIME
from pipelines.release.tables import LAYOUTS
from pipelines.tables import parquet, schema

# One line each, as the README gives them.
READERS: dict[str, Callable[[str], int]] = {
    "pandas": lambda folder: len(pd.read_parquet(folder)),
    "polars": lambda folder: pl.read_parquet(f"{folder}/**/*.parquet").height,
    "duckdb": lambda folder: len(duckdb.sql(f"from '{folder}/**/*.parquet'").fetchall()),
    "pyarrow": lambda folder: int(pq.read_table(folder).num_rows),
    "datasets": lambda folder: (
        datasets.load_dataset(
            "parquet", data_files=f"{folder}/**/*.parquet", split="train"
        ).num_rows
    ),
}
COUNTS = {"articles": 5, "pairs": 3, "sentences": 4}


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cities, three years, undated articles, empty lists and nulls: what breaks readers."""
    output = tmp_path_factory.mktemp("output")
    for city, years in (("yunze", (2023, 2024, None)), ("qingya", (None, 2024))):
        articles = [
            article(
                f"{city}-{n}", "zh", datetime(year, 3, 1, tzinfo=NEWS_TIME) if year else None,
                city=city, keywords=("会议",) if n else (),
            )
            for n, year in enumerate(years)
        ]  # fmt: skip
        store_articles(output, *articles)
    evidence = {"similarity": 0.8, "days_apart": 2, "link": False}
    for city, pairs, sentences in (("yunze", 2, 4), ("qingya", 1, 0)):
        rows: list[parquet.Row] = [
            {"pair_id": f"{city}-{n}", "evidence": evidence if n else None} for n in range(pairs)
        ]
        store_rows(output, "pairs", city, rows)
        rows = [{"pair_id": f"{city}-0", "position": n, "flags": []} for n in range(sentences)]
        store_rows(output, "sentences", city, rows)
    return output


@pytest.mark.parametrize("table", COUNTS)
@pytest.mark.parametrize("reader", READERS)
def test_each_reader_opens_each_table_in_one_line(
    output: Path, reader: str, table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert READERS[reader](str(output / table)) == COUNTS[table]


@pytest.mark.parametrize(
    "of", [*(layout.of for layout in LAYOUTS.values()), schema.CANDIDATES, schema.REJECTS]
)
def test_no_table_for_researchers_has_a_type_that_a_reader_lacks(of: pa.Schema) -> None:
    """Spark has no half floats, no unsigned or timed types, and no dictionaries of its own."""
    known = (
        *(pa.types.is_string, pa.types.is_boolean, pa.types.is_int32, pa.types.is_int64),
        *(pa.types.is_float32, pa.types.is_float64, pa.types.is_timestamp),
    )

    def leaves(kind: pa.DataType) -> list[pa.DataType]:
        inner = [kind.field(at).type for at in range(kind.num_fields)]
        return [leaf for part in inner for leaf in leaves(part)] if inner else [kind]

    for field in of:
        for leaf in leaves(field.type):
            assert any(is_known(leaf) for is_known in known), f"{field.name}: {leaf}"
            assert not pa.types.is_timestamp(leaf) or leaf.unit in ("ms", "us")


def test_news_time_reads_back_in_shanghai(output: Path) -> None:
    frame = pd.read_parquet(output / "articles")
    assert str(frame["published_at"].dt.tz) == "Asia/Shanghai"
    assert frame["published_at"].dropna().dt.day.eq(1).all()
