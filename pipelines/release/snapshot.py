"""Reading a release: its manifest, and its tables as a stream of batches. What formats work from.

releases/<version>/
    manifest.json   SHA256SUMS
    data/articles/<split>-00000.parquet   data/pairs/…   data/sentences/…
    <format>/…
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import store
from pipelines.release.tables import LAYOUTS, SPLITS, WHOLE

MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
BATCH = 8_192


class ReleaseError(ValueError):
    """A release that cannot be made or read. The message says what was expected and what to do."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One release on disk. While formats are written its manifest has no `files` yet."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def version(self) -> str:
        """The release's version."""
        return str(self.manifest["release"])

    def files(self, table: str, split: str | None = None) -> list[Path]:
        """Return the Parquet files of a table, in order of their rows; of one part or of all."""
        return [
            path
            for part in ([split] if split else [WHOLE, *SPLITS])
            for path in sorted((self.folder / "data" / table).glob(f"{part}-*.parquet"))
        ]

    def splits(self, table: str) -> list[str]:
        """Return the parts a table has rows in: `all`, or some of train, validation, test."""
        return [part for part in (WHOLE, *SPLITS) if self.files(table, part)]

    def batches(
        self,
        table: str,
        split: str | None = None,
        columns: list[str] | None = None,
        rows: int = BATCH,
    ) -> Iterator[pa.RecordBatch]:
        """Yield a table in batches of at most `rows`, in order. Memory holds one row group."""
        for path in self.files(table, split):
            with self.opened(path) as file:
                yield from file.iter_batches(batch_size=rows, columns=columns)

    def read(self, table: str, columns: list[str] | None = None) -> pa.Table:
        """Return a whole table; meant for its light columns."""
        of = LAYOUTS[table].of
        names = columns or of.names
        empty = pa.schema([of.field(name) for name in names]).empty_table()
        return pa.concat_tables(
            [empty, *(self._table(path, columns) for path in self.files(table))]
        )

    def _table(self, path: Path, columns: list[str] | None) -> pa.Table:
        with self.opened(path) as file:
            return file.read(columns=columns)

    @contextmanager
    def opened(self, path: Path) -> Iterator[pq.ParquetFile]:
        """Open one of the release's Parquet files for the block. Raises `ReleaseError`."""
        try:
            with store.opened(path) as file:
                yield file
        except store.StoreError as error:
            raise ReleaseError(
                f"{error}; `shizheng release verify {self.folder}` tells what else is wrong "
                "with this copy"
            ) from error


def folder_of(output: Path, version: str) -> Path:
    """Return where a release lies."""
    return output / "releases" / version


def find(output: Path, named: str) -> Snapshot:
    """Return the release that is called or lies at `named`. Raises `ReleaseError`."""
    for folder in (folder_of(output, named), Path(named)):
        if (folder / MANIFEST).is_file():
            return read(folder)
    known = sorted(path.parent.name for path in (output / "releases").glob(f"[!.]*/{MANIFEST}"))
    raise ReleaseError(
        f"{named}: no release of that name in {output / 'releases'} and no folder with a "
        f"{MANIFEST}; there are: {', '.join(known) or 'none'}"
    )


def read(folder: Path) -> Snapshot:
    """Return the release in a folder. Raises `ReleaseError`."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReleaseError(f"{path}: not a readable manifest ({error})") from error
    if not isinstance(manifest, dict) or "release" not in manifest or "files" not in manifest:
        raise ReleaseError(f"{path}: not the manifest of a release")
    return Snapshot(folder, manifest)
