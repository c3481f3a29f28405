"""Cost and use of the checksums in Parquet pages.

    python -m benchmarks.cost.checksums [OUTPUT]      # default: output

Every table is written with and without them to memory, the best of five; then single bits are
turned over, seeded, and each damaged table is read as the store reads it.
"""

import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.tables.damage import StoreError
from pipelines.tables.parquet import WRITTEN, opened

FLIPS = 300


def main() -> None:
    """Print sizes, times and what becomes of single bits."""
    output = Path(sys.argv[1] if len(sys.argv) > 1 else "output")
    folders = ("articles", "pairs", "sentences", "vectors")
    paths = [path for name in folders for path in sorted((output / name).rglob("*.parquet"))]
    wholes = [pq.ParquetFile(path).read() for path in paths]
    for checked in (False, True):
        files = [_written(table, checked) for table in wholes]
        write = _best(lambda c=checked: [_written(table, c) for table in wholes])  # type: ignore[misc]
        read = _best(lambda c=checked, f=files: [_read(data, c) for data in f])  # type: ignore[misc]
        print(
            f"{'with' if checked else 'without'} checksums: {sum(map(len, files)):,} bytes, "
            f"written in {write:.3f} s, read in {read:.3f} s"
        )
    with tempfile.TemporaryDirectory() as folder:
        found = _flipped(wholes, Path(folder) / "one.parquet")
    print(f"{found.total()} single bits: {dict(found)}")


def _written(table: pa.Table, checked: bool) -> bytes:
    sink = BytesIO()
    options = dict(WRITTEN) | {"write_page_checksum": checked}
    pq.write_table(table, sink, row_group_size=50_000, **options)
    return sink.getvalue()


def _read(data: bytes, checked: bool) -> pa.Table:
    return pq.ParquetFile(BytesIO(data), page_checksum_verification=checked).read()


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def _flipped(tables: list[pa.Table], path: Path) -> Counter[str]:
    seeded, found = random.Random(11), Counter[str]()
    for table in tables:
        data = _written(table, checked=True)
        footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
        for _ in range(FLIPS):
            changed, at = bytearray(data), seeded.randrange(4, len(data) - 4)
            changed[at] ^= 1 << seeded.randrange(8)
            path.write_bytes(changed)
            where = "pages" if at < footer else "footer"
            try:
                with opened(path) as file:
                    same = file.read().equals(table)
                found["the same rows" if same else f"other rows ({where})"] += 1
            except StoreError:
                found["refused"] += 1
    return found


if __name__ == "__main__":
    main()
