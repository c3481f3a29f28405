"""Row index over large tables.

Key columns are in memory; rows are read from their row group. A file that another run has replaced
is opened afresh.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.tables import parquet
from pipelines.tables.parquet import Row

GROUPS_KEPT = 6
"""Decoded row groups in memory; one of sentences takes about 15 MB."""


@dataclass(frozen=True, slots=True)
class _File:
    """An opened table: its key columns, and each row group's first row."""

    stamp: tuple[int, int, int]
    reader: pq.ParquetFile
    keys: pa.Table
    starts: npt.NDArray[np.int64]


class RowIndex:
    """Rows of Parquet files by key. Safe to use from several threads."""

    def __init__(self) -> None:
        self._files: dict[Path, _File] = {}
        self._groups: OrderedDict[tuple[Any, ...], pa.Table] = OrderedDict()
        self._lock = threading.RLock()

    def rows(
        self,
        path: Path,
        expected: pa.Schema,
        key: str,
        wanted: Sequence[str],
        columns: list[str] | None = None,
    ) -> Iterator[Row]:
        """Yield the rows of a table with these keys, if it exists."""
        file = self._open(path, expected, [key]) if wanted else None
        if file is None:
            return
        column = file.keys[key]
        if len(wanted) == 1:
            mask = pc.equal(column, wanted[0])
        else:
            mask = pc.is_in(column, value_set=pa.array(wanted, type=pa.string()))
        yield from self._read(path, file, np.flatnonzero(pc.fill_null(mask, False)), columns)

    def _read(
        self, path: Path, file: _File, at: Sequence[int] | npt.NDArray[Any], columns: Any
    ) -> Iterator[Row]:
        """Yield the rows at these places of a file."""
        places = np.asarray(at, dtype=np.int64)
        groups = np.searchsorted(file.starts, places, side="right") - 1
        for number in np.unique(groups):
            inside = places[groups == number] - file.starts[number]
            yield from self._group(path, file, int(number), columns).take(inside).to_pylist()

    def _group(self, path: Path, file: _File, number: int, columns: Any) -> pa.Table:
        key = (path, file.stamp, number, tuple(columns or ()))
        with self._lock:
            if key in self._groups:
                self._groups.move_to_end(key)
                return self._groups[key]
            with parquet.naming_damage(path):
                table = parquet.with_dates(file.reader.read_row_group(number, columns=columns))
            self._groups[key] = table
            while len(self._groups) > GROUPS_KEPT:
                self._groups.popitem(last=False)
            return table

    def _open(self, path: Path, expected: pa.Schema, keys: list[str]) -> _File | None:
        """Return an open file with its key columns, or None."""
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
        stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
        with self._lock:
            file = self._files.get(path)
            if file is None or file.stamp != stamp:
                table = parquet.read_table(path, expected, keys)
                reader = parquet.open_file(path)
                sizes = [
                    reader.metadata.row_group(i).num_rows
                    for i in range(reader.metadata.num_row_groups)
                ]
                starts = np.cumsum([0, *sizes])[:-1]
                file = self._files[path] = _File(stamp, reader, table.combine_chunks(), starts)
            return file
