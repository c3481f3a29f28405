"""JSON Lines: one object a row, one file for each table and part; times in ISO 8601."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.release.snapshot import Snapshot
from pipelines.release.tables import TABLES


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


_ENCODE = json.JSONEncoder(ensure_ascii=False, default=_plain, separators=(",", ":")).encode


def write(release: Snapshot, folder: Path) -> None:
    """Write `<table>-<split>.jsonl`."""
    for table in TABLES:
        for split in release.splits(table):
            with (folder / f"{table}-{split}.jsonl").open("w", encoding="utf-8") as file:
                for batch in release.batches(table, split):
                    file.writelines(_ENCODE(row) + "\n" for row in batch.to_pylist())
