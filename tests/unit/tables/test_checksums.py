"""A bit that a disk turned over is refused where the file is read, never read as other rows."""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from release_corpus import release, write_corpus

from pipelines.quality import history
from pipelines.release.shards import Shards
from pipelines.release.snapshot import ReleaseError
from pipelines.release.tables import LAYOUTS
from pipelines.tables import damage, parquet, schema
from pipelines.tables.cache import ByteCache
from pipelines.vectors.cache import VectorCache
from pipelines.vectors.encoder import Vectors

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


def tables(output: Path) -> Iterator[tuple[Path, pa.Schema]]:
    for folder, of in (("articles", schema.ARTICLES), ("pairs", schema.PAIRS)):
        for path in sorted((output / folder).rglob("*.parquet")):
            yield path, of


def turned(data: bytes, begin: int, end: int, random: random.Random) -> bytes:
    """Return the bytes with one bit turned over, somewhere from `begin` to `end`."""
    changed = bytearray(data)
    changed[random.randrange(begin, end)] ^= 1 << random.randrange(8)
    return bytes(changed)


def footer(data: bytes) -> int:
    """Return where a Parquet file's footer begins."""
    return len(data) - 8 - int.from_bytes(data[-8:-4], "little")


@pytest.mark.slow
def test_of_single_bits_turned_over_few_are_read_as_other_rows(
    corpus: Path, tmp_path: Path
) -> None:
    seeded, counts, said = random.Random(20241130), Counter[str](), set[str]()
    for source, of in tables(corpus):
        data, whole = source.read_bytes(), parquet.read_table(source, of)
        for _ in range(120):
            path = tmp_path / "one.parquet"
            path.write_bytes(turned(data, 4, len(data) - 4, seeded))
            try:
                same = parquet.read_table(path, of).equals(whole)
            except damage.StoreError as error:
                said.add(str(error).split(" (")[0])
                counts["refused"] += 1
            else:
                counts["same" if same else "changed"] += 1
    assert all(one.startswith(f"{tmp_path / 'one.parquet'}: ") for one in said)
    assert counts["refused"] > 0.5 * counts.total()
    assert counts["changed"] <= 0.01 * counts.total(), counts


def test_a_bit_in_a_page_is_refused_wherever_it_stands(corpus: Path, tmp_path: Path) -> None:
    seeded, said = random.Random(7), set[str]()
    for source, of in tables(corpus):
        data, whole = source.read_bytes(), parquet.read_table(source, of)
        path = tmp_path / "one.parquet"
        for _ in range(60):
            path.write_bytes(turned(data, 4, footer(data), seeded))
            try:
                # Some bits tell nothing: statistics of a page, say.
                assert parquet.read_table(path, of).equals(whole)
            except damage.StoreError as error:
                said.add(str(error).split(" (")[0] + str(error).rpartition(")")[2])
    assert said == {
        f"{tmp_path / 'one.parquet'}: not a readable Parquet file; restore it from a back-up, "
        "or move it away and run again"
    }


def test_a_column_that_the_footer_calls_otherwise_is_not_an_absent_column(
    corpus: Path, tmp_path: Path
) -> None:
    """Absent columns read as nulls: a bit in a name would empty the column."""
    source, of = next(tables(corpus))
    data = source.read_bytes()
    begin = data.index(b"published_precision", footer(data))
    path = tmp_path / "one.parquet"
    path.write_bytes(data[:begin] + b"q" + data[begin + 1 :])
    with pytest.raises(damage.StoreError, match="two descriptions of its columns differ"):
        parquet.read_table(path, of)


def test_a_column_of_another_type_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pairs" / "anywhere.parquet"
    rows = pa.table({"probability": pa.array(["0.5"])}).cast(
        pa.schema([("probability", pa.string())], metadata=schema.PAIRS.metadata)
    )
    parquet.write_table(path, rows)
    with pytest.raises(
        damage.StoreError, match=r"anywhere\.parquet.* probability is string, expected float"
    ):
        parquet.read_table(path, schema.PAIRS)


def test_a_table_that_was_damaged_is_written_anew_with_the_rows_it_should_have(
    tmp_path: Path,
) -> None:
    path, rows = tmp_path / "t.parquet", pa.table({"a": list(range(1000))})
    assert parquet.write_table(path, rows)
    good = path.read_bytes()
    path.write_bytes(turned(good, 100, 200, random.Random(1)))
    assert parquet.write_table(path, rows)
    assert path.read_bytes() == good
    assert not parquet.write_table(path, rows)


class _Encoder:
    name, dim = "some", 4

    def encode(self, sentences: Sequence[str]) -> Vectors:
        return np.ones((len(sentences), 4), np.float32)


def vectors(folder: Path) -> None:
    cached = VectorCache(folder / "some.parquet", _Encoder())
    cached.encode([str(n) for n in range(400)])
    cached.save()


def findings(folder: Path) -> None:
    kept = ByteCache(folder / "some.parquet")
    for n in range(400):
        kept.put(n.to_bytes(16, "big"), b"found %d" % n)
    kept.save()


def release_shard(folder: Path) -> None:
    of = LAYOUTS["pairs"]
    rows = parquet.rows_to_table([{"pair_id": f"{n:04d}"} for n in range(400)], of.of)
    with Shards(folder, of) as shards:
        shards.write(rows, "all")


@pytest.mark.parametrize("write", [vectors, findings, release_shard])
def test_caches_and_releases_carry_checksums_too(
    write: Callable[[Path], None], tmp_path: Path
) -> None:
    write(tmp_path)
    (path,) = tmp_path.glob("*.parquet")
    data, seeded = path.read_bytes(), random.Random(3)
    with parquet.opened(path) as file:
        whole = file.read()
    refused = 0
    for _ in range(100):
        path.write_bytes(turned(data, 4, footer(data), seeded))
        try:
            with parquet.opened(path) as file:
                assert file.read().equals(whole)
        except damage.StoreError:
            refused += 1
    assert refused > 50


def test_what_the_last_run_kept_is_not_compared_with_if_it_was_damaged(corpus: Path) -> None:
    for run in ("one", "two"):
        history.record(corpus, run, datetime(2024, 5, 1, tzinfo=UTC))
    path = corpus / "reports" / "kept.parquet"
    path.write_bytes(turned(path.read_bytes(), 4, 40, random.Random(2)))
    with pytest.raises(damage.StoreError, match=r"kept\.parquet: .*compares with nothing"):
        history.record(corpus, "three", datetime(2024, 5, 1, tzinfo=UTC))


def test_a_damaged_table_of_a_release_names_itself_and_the_command_that_checks(
    corpus: Path,
) -> None:
    made = release(corpus, "damaged")
    (path, *_) = made.files("articles")
    data = path.read_bytes()
    path.write_bytes(data[:40] + bytes(200) + data[240:])
    for reading in (
        lambda: made.read("articles"),
        lambda: list(made.batches("articles")),
    ):
        with pytest.raises(ReleaseError, match=re.escape(str(path)) + ".*shizheng release verify"):
            reading()


def test_no_parquet_file_is_opened_or_written_around_its_module() -> None:
    around = re.compile(
        r"pq\.(?:ParquetFile|read_table|read_schema)\(|pq\.(?:write_table|ParquetWriter)\([^)]*"
    )
    found = [
        f"{path.relative_to(ROOT)}: {hit[0]}"
        for path in sorted((ROOT / "pipelines").rglob("*.py"))
        for hit in around.finditer(path.read_text(encoding="utf-8"))
        if "WRITTEN" not in hit[0]
    ]
    assert found == ["pipelines/tables/parquet.py: pq.ParquetFile("]
