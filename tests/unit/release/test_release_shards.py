"""Row groups that a thread compresses: the order of their rows, and what became of it is told."""

import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.release.shards import Shards
from pipelines.release.tables import Layout

OF = pa.schema([("number", pa.int64()), ("text", pa.string())])
LAYOUT = Layout(OF, group=100, file=300, repeated=())


def rows(begin: int, end: int) -> pa.Table:
    numbers = range(begin, end)
    # Digits of powers: nothing that a codec shrinks to nothing.
    return pa.table({"number": numbers, "text": [str(7**n % 10**60) for n in numbers]}, schema=OF)


def test_rows_keep_their_order_over_groups_and_files(tmp_path: Path) -> None:
    with Shards(tmp_path, LAYOUT) as shards:
        for begin in range(0, 1000, 40):
            shards.write(rows(begin, begin + 40), "all")
        shards.write(rows(0, 7), "test")
    assert shards.rows == {"all": 1000, "test": 7}
    paths = sorted(tmp_path.glob("all-*.parquet"))
    assert [pq.read_metadata(path).num_rows for path in paths] == [300, 300, 300, 100]
    assert pq.read_metadata(paths[0]).row_group(0).num_rows == 100
    found = pa.concat_tables([pq.read_table(path) for path in paths])
    assert found["number"].to_pylist() == list(range(1000))


def write_then(folder: Path, error: Exception | None) -> None:
    with Shards(folder, LAYOUT) as shards:
        shards.write(rows(0, 250), "all")
        if error is not None:
            raise error


def test_what_the_thread_cannot_write_is_raised_here(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    before = threading.active_count()
    with pytest.raises(OSError, match="data"):
        write_then(tmp_path / "data", None)
    assert threading.active_count() == before


def test_an_exception_ends_the_thread_and_is_the_one_that_is_raised(tmp_path: Path) -> None:
    before = threading.active_count()
    with pytest.raises(KeyError, match="no such city"):
        write_then(tmp_path, KeyError("no such city"))
    assert threading.active_count() == before
