"""Writer of a release's tables: few large Parquet files.

The same rows give the same bytes.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.release.tables import Layout
from pipelines.tables import parquet

LEVEL = 6
"""Level of zstd: half again slower than the default, a tenth smaller."""


class Shards(AbstractContextManager["Shards"]):
    """Writer of one table, a sequence of files for each part.

    Rows wait until a row group is full. A thread compresses it while the next one is made, one
    at a time and in order: memory has one row group a part, and the one that is being written.
    The end of the context finishes the files, an exception leaves them unfinished.
    """

    def __init__(self, folder: Path, layout: Layout) -> None:
        self._folder, self._layout = folder, layout
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._writing: Future[None] | None = None
        self._waiting: dict[str, list[pa.Table]] = {}
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._written: dict[str, int] = {}
        self.rows: dict[str, int] = {}

    def write(self, table: pa.Table, split: str) -> None:
        """Add rows, of exactly the layout's schema, to a part."""
        if not table.num_rows:
            return
        self.rows[split] = self.rows.get(split, 0) + table.num_rows
        waiting = self._waiting.setdefault(split, [])
        waiting.append(table)
        group = self._layout.group
        if sum(part.num_rows for part in waiting) < group:
            return
        whole = pa.concat_tables(waiting)
        full = whole.num_rows // group * group
        for begin in range(0, full, group):
            self._write_group(whole.slice(begin, group), split)
        rest = whole.slice(full)
        self._waiting[split] = [rest] if rest.num_rows else []

    def __exit__(self, raised: type[BaseException] | None, *details: object) -> None:
        try:
            if raised is None:
                self._finish()
        finally:
            self._thread.shutdown(cancel_futures=True)

    def _finish(self) -> None:
        for split in sorted(self._waiting):
            waiting = self._waiting[split]
            if waiting:
                self._write_group(pa.concat_tables(waiting), split)
        self._await()
        for writer in self._writers.values():
            writer.close()

    def _await(self) -> None:
        if self._writing is not None:
            self._writing.result()

    def _write_group(self, group: pa.Table, split: str) -> None:
        self._await()
        self._writing = self._thread.submit(self._write_now, group, split)

    def _write_now(self, group: pa.Table, split: str) -> None:
        done = self._written.get(split, 0)
        if done % self._layout.file == 0:
            if split in self._writers:
                self._writers[split].close()
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{split}-{done // self._layout.file:05d}.parquet"
            self._writers[split] = writer(path, self._layout)
        self._writers[split].write_table(group, row_group_size=self._layout.group)
        self._written[split] = done + group.num_rows


def writer(path: Path, layout: Layout) -> pq.ParquetWriter:
    """Return a Parquet writer with the settings of a release's files."""
    return pq.ParquetWriter(
        path,
        layout.of,
        **parquet.WRITTEN,
        compression_level=LEVEL,
        use_dictionary=list(layout.repeated),
        write_statistics=True,
    )
