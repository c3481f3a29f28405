"""Rows and byte strings by key: read from their place, spilled, kept if used."""

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import article, store_articles, store_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.tables import files, row_index, schema, spill
from pipelines.tables.articles import read_articles
from pipelines.tables.cache import ByteCache
from pipelines.tables.row_index import RowIndex
from pipelines.tables.spill import Records, Rows

KEYS = [f"p{number:02d}" for number in range(20)]


def grouped(output: Path, size: int, mark: str = "一") -> Path:
    """Store rows of sentences, two for a key, in row groups of `size`."""
    store_rows(output, "sentences", "x", [
        {"pair_id": key, "position": at, "kind": "1-1", "zh": f"{mark}{key}", "en": str(at)}
        for at in range(2) for key in KEYS
    ])  # fmt: skip
    path = files.table_path(output, "sentences", "x")
    pq.write_table(pq.read_table(path), path, row_group_size=size)
    return path


@pytest.mark.parametrize("size", [1, 3, 20, 100])
@pytest.mark.parametrize("wanted", [["p00"], ["p19", "p03"], KEYS[::3], ["none"], []])
def test_the_rows_of_keys_are_found_in_every_group(
    tmp_path: Path, size: int, wanted: list[str]
) -> None:
    path, index = grouped(tmp_path, size), RowIndex()
    expected = sorted(
        (key, str(at), f"一{key}") for key in wanted if key in KEYS for at in range(2)
    )
    for _ in range(2):  # from the file, then from memory
        found = index.rows(path, schema.SENTENCES, "pair_id", wanted, ["pair_id", "zh", "en"])
        assert sorted((row["pair_id"], row["en"], row["zh"]) for row in found) == expected
    (row, *_) = index.rows(path, schema.SENTENCES, "pair_id", ["p00"], ["zh"])
    assert row == {"zh": "一p00"}


def test_a_row_without_a_key_is_no_key_s(tmp_path: Path) -> None:
    store_rows(tmp_path, "sentences", "x", [{"pair_id": "p", "zh": "一"}, {"zh": "二"}])
    path, index = files.table_path(tmp_path, "sentences", "x"), RowIndex()
    for wanted in (["p"], ["p", "q"]):
        found = index.rows(path, schema.SENTENCES, "pair_id", wanted, ["zh"])
        assert [row["zh"] for row in found] == ["一"]


def test_a_table_that_is_not_there_has_no_rows_and_one_replaced_its_new_ones(
    tmp_path: Path,
) -> None:
    index, path = RowIndex(), files.table_path(tmp_path, "sentences", "x")
    assert list(index.rows(path, schema.SENTENCES, "pair_id", ["p00"])) == []
    for mark in ("一", "二二"):
        grouped(tmp_path, 7, mark)
        found = [row["zh"] for row in index.rows(path, schema.SENTENCES, "pair_id", ["p00"])]
        assert found == [f"{mark}p00"] * 2


def test_so_many_groups_are_in_memory_and_the_one_used_longest_ago_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, index, read = grouped(tmp_path, 1), RowIndex(), list[int]()
    whole = pq.ParquetFile.read_row_group

    def noted(file: pq.ParquetFile, number: int, **more: object) -> pa.Table:
        read.append(number)
        return whole(file, number, **more)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", noted)
    monkeypatch.setattr(row_index, "GROUPS_KEPT", 4)

    def ask(key: str) -> None:
        assert len(list(index.rows(path, schema.SENTENCES, "pair_id", [key]))) == 2

    for key in ("p00", "p01", "p00", "p02", "p00"):  # two groups each
        ask(key)
    assert read == [0, 20, 1, 21, 2, 22]
    ask("p01")
    assert read[6:] == [1, 21], "the second was the one used longest ago"


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans(), st.binary(max_size=9))))
def test_a_cache_has_what_the_last_run_used(steps: list[tuple[str, bool, bytes]]) -> None:

    with tempfile.TemporaryDirectory() as folder:
        path, stored = Path(folder) / "cache.parquet", dict[bytes, bytes]()
        for part in (steps[: len(steps) // 2], steps[len(steps) // 2 :]):
            cache, used = ByteCache(path), dict[bytes, bytes]()
            put = False
            for name, writes, value in part:
                key = name.encode() * 16
                if writes:
                    cache.put(key, value)
                    used[key], put = value, True
                else:
                    expected = used.get(key, stored.get(key))
                    assert cache.get(key) == expected
                    if expected is not None:
                        used[key] = expected
            before = path.read_bytes() if path.exists() else None
            changed = cache.save()
            assert changed is (put or len(used) != len(stored))
            after = path.read_bytes() if path.exists() else None
            assert (after is None) is (not used)
            if not changed:
                assert after == before
            assert not cache.save(), "nothing has changed since"
            stored = used
        again = ByteCache(path)
        assert {key: again.get(key) for key in stored} == stored


def test_an_unused_cache_loses_its_file_and_its_keys_are_sorted_in_it(tmp_path: Path) -> None:
    path = tmp_path / "cache.parquet"
    cache = ByteCache(path)
    assert not cache.save()
    for letter in (b"b", b"a"):
        cache.put(letter * 16, letter)
    assert cache.save()
    table = pq.read_table(path)
    assert table["key"].to_pylist() == [b"a" * 16, b"b" * 16]
    assert table["key"].type == pa.binary(16)
    assert ByteCache(path).save()
    assert not path.exists()


@settings(max_examples=40)
@given(st.lists(st.integers(0, 4), max_size=6), st.data())
def test_spilled_rows_come_back_in_the_order_asked_for(
    sizes: list[int], data: st.DataObject
) -> None:
    rows, whole = Rows(3), np.empty((0, 3), np.float16)
    for number, size in enumerate(sizes):
        part = np.arange(size * 3, dtype=np.float16).reshape(size, 3) + 100 * number
        places = rows.append(part)
        assert places.tolist() == list(range(len(whole), len(whole) + size))
        whole = np.concatenate([whole, part])
    assert rows.count == len(whole)
    asked = data.draw(st.lists(st.integers(0, max(0, len(whole) - 1)))) if len(whole) else []
    found = rows.take(np.array(asked, dtype=np.int64))
    assert found.shape == (len(asked), 3)
    assert (found == whole[asked]).all()


@given(st.lists(st.binary(max_size=12), max_size=8))
def test_spilled_records_come_back_by_their_places(given_records: list[bytes]) -> None:
    records = Records()
    places = [records.append(record) for record in given_records]
    assert [records.take(place) for place in reversed(places)] == given_records[::-1]


def test_bytes_that_the_system_takes_or_gives_in_parts_are_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write, read = spill.os.write, spill.os.pread  # type: ignore[attr-defined]
    monkeypatch.setattr(spill.os, "write", lambda file, data: write(file, data[:3]))  # type: ignore[attr-defined]
    monkeypatch.setattr(spill.os, "pread", lambda file, size, at: read(file, min(size, 2), at))  # type: ignore[attr-defined]
    records = Records()
    for record in (b"a whole record", b"", b"another"):
        assert records.take(records.append(record)) == record
    with pytest.raises(OSError, match="ends after 21 bytes"):
        spill._read(records._file.fileno(), 40, 0)


def test_the_columns_of_every_table_may_be_null_and_are_described() -> None:
    for table in schema.__dict__.values():
        if isinstance(table, pa.Schema):
            assert all(field.nullable for field in table), table
            assert all(field.metadata.get(b"doc") for field in table if field.metadata)


def test_articles_of_a_city_are_in_the_order_of_their_ids_with_the_columns_asked_for(
    tmp_path: Path,
) -> None:

    assert read_articles(tmp_path, "x", ["url", "title"]).column_names == ["url", "title"]
    assert read_articles(tmp_path, "x").num_rows == 0
    store_articles(tmp_path, article("b", title="二"), article("a", title="一"))
    found = read_articles(tmp_path, "x", ["title"])
    assert found.to_pydict() == {"title": ["一", "二"]}
