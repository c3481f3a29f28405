"""JSON Lines: an object a row, a file per table and part."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.release.snapshot import Snapshot
from pipelines.release.tables import TABLES

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def write(release: Snapshot, folder: Path) -> None:
    """Write `<table>-<split>.jsonl`."""
    for table in TABLES:
        for split in release.splits(table):
            with (folder / f"{table}-{split}.jsonl").open("w", encoding="utf-8") as file:
                for batch in release.batches(table, split):
                    file.writelines(_ENCODE(row) + "\n" for row in _dated(batch).to_pylist())


def _dated(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch with its times as text, as 2024-03-05T09:30:00+0800."""
    columns = [
        pc.strftime(column.cast(pa.timestamp("s", column.type.tz)), "%Y-%m-%dT%H:%M:%S%z")
        if pa.types.is_timestamp(column.type)
        else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
