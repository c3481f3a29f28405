"""Content-addressed cache: values by digest of everything they depend on.

A file contains the values that the last run used, sorted by key: it does not depend on the order in
which a city grew, and may be deleted at any time. Values are spilled to disk; memory has a key and
a place for each.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.tables import atomic, parquet, schema
from pipelines.tables.spill import Records


class ByteCache:
    """Byte strings by key (16 bytes). Nothing is written before `save`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._records = Records()
        self._stored: dict[bytes, int] = {}
        self._used: dict[bytes, int] = {}
        self._changed = False
        for table in parquet.read_parts(path, schema.VALUE_CACHE):
            keys, values = table.column("key").to_pylist(), table.column("found").to_pylist()
            for key, value in zip(keys, values, strict=True):
                self._stored[key] = self._records.append(value)

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, or None; it counts as used."""
        place = self._used.get(key)
        if place is None:
            place = self._stored.get(key)
            if place is None:
                return None
            self._used[key] = place
        return self._records.take(place)

    def put(self, key: bytes, value: bytes) -> None:
        """Set the value of a key."""
        self._used[key] = self._records.append(value)
        self._changed = True

    def save(self) -> bool:
        """Write the values used; return True if the file changed."""
        if not self._changed and len(self._used) == len(self._stored):
            return False
        if not self._used:
            present = self._path.exists()
            self._path.unlink(missing_ok=True)
            return present
        keys = sorted(self._used)
        with atomic.replacing(self._path) as file:
            writer = pq.ParquetWriter(
                file, schema.VALUE_CACHE, use_dictionary=False, **parquet.WRITTEN
            )
            for start in range(0, len(keys), _ROWS):
                part = keys[start : start + _ROWS]
                columns = [
                    pa.array(part, pa.binary(16)),
                    pa.array([self._records.take(self._used[key]) for key in part], pa.binary()),
                ]
                writer.write_table(pa.Table.from_arrays(columns, schema=schema.VALUE_CACHE))
            writer.close()
        self._changed, self._stored = False, dict(self._used)
        return True


_ROWS = 20_000
"""Rows written at once; bounds the memory of a save."""
