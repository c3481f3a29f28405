"""Reader of a release: its manifest, and its tables in batches.

releases/<version>/
    manifest.json   SHA256SUMS
    data/articles/<split>-00000.parquet   data/pairs/…   data/sentences/…
    <format>/…
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from crawler.errors import ShizhengError
from pipelines.release.about.manifest_shape import ShapeError, checked
from pipelines.release.tables import LAYOUTS, SPLITS, WHOLE
from pipelines.tables import damage, parquet
from pipelines.tables.json_text import JsonError, parse_json

MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
BATCH = 8_192
"""Rows of a batch unless another number is asked for."""
MANIFEST_BYTES = 64 << 20
"""Bytes of a manifest at most; one of 100,000 files has a fifth of them."""


class ReleaseError(ShizhengError):
    """A release that cannot be made or read."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Release on disk.

    While formats are written its manifest has no `files` yet.
    """

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def version(self) -> str:
        """The release's version."""
        return str(self.manifest["release"])

    def files(self, table: str, split: str | None = None) -> list[Path]:
        """Return the Parquet files of a table, or of one part.

        They are those that the manifest lists, in order of rows: other files in a copy are no part
        of the release.
        """
        listed = self.manifest.get("files")
        if listed is None:
            folder = self.folder / "data" / table
            names = [f"data/{table}/{path.name}" for path in folder.glob("*.parquet")]
        else:
            names = [row["path"] for row in listed]
        return [
            self.folder / name
            for part in ([split] if split else [WHOLE, *SPLITS])
            for name in sorted(names)
            if re.fullmatch(rf"data/{table}/{part}-[0-9]+\.parquet", name)
        ]

    def splits(self, table: str) -> list[str]:
        """Return a table's parts that have rows: `all`, or train, validation, test."""
        return [part for part in (WHOLE, *SPLITS) if self.files(table, part)]

    def batches(
        self,
        table: str,
        split: str | None = None,
        columns: list[str] | None = None,
        rows: int = BATCH,
    ) -> Iterator[pa.RecordBatch]:
        """Yield a table in batches of at most `rows`, in order."""
        for path in self.files(table, split):
            with self.opened(path) as file:
                yield from file.iter_batches(batch_size=rows, columns=columns)

    def read(self, table: str, columns: list[str] | None = None) -> pa.Table:
        """Return a whole table, or some columns of it."""
        of = LAYOUTS[table].of
        names = columns or of.names
        empty = pa.schema([of.field(name) for name in names]).empty_table()
        return pa.concat_tables(
            [empty, *(self._table(table, path, columns) for path in self.files(table))]
        )

    def _table(self, table: str, path: Path, columns: list[str] | None) -> pa.Table:
        of = LAYOUTS[table].of
        with self.opened(path) as file:
            found = file.schema_arrow
            for name in columns or of.names:
                if name not in found.names or found.field(name).type != of.field(name).type:
                    raise ReleaseError(
                        f"{path}: has no column {name} of type {of.field(name).type}, as a table "
                        f"of {table} has; was it made by another version of shizheng?"
                    )
            return file.read(columns=columns or of.names)

    @contextmanager
    def opened(self, path: Path) -> Iterator[pq.ParquetFile]:
        """Open one of the release's Parquet files for the block. Raises `ReleaseError`."""
        try:
            with plain(self.folder, path), parquet.opened(path) as file:
                yield file
        except OSError as error:
            raise ReleaseError(f"{path}: cannot be read ({error.strerror or error})") from error
        except damage.StoreError as error:
            raise ReleaseError(
                f"{error}; `shizheng release verify {self.folder}` lists what else is wrong "
                "with this copy"
            ) from error


def folder_of(output: Path, version: str) -> Path:
    """Return the folder of a release."""
    return output / "releases" / version


def releases(output: Path) -> list[Snapshot]:
    """Return the releases in `output`, in order of their names. Raises `ReleaseError`."""
    return [read(folder) for folder in _folders(output)]


def _folders(output: Path) -> list[Path]:
    return sorted(path.parent for path in (output / "releases").glob(f"[!.]*/{MANIFEST}"))


def find(output: Path, named: str) -> Snapshot:
    """Return the release of a version or folder `named`. Raises `ReleaseError`."""
    for folder in (folder_of(output, named), Path(named)):
        if (folder / MANIFEST).is_file():
            return read(folder)
    known = [folder.name for folder in _folders(output)]
    raise ReleaseError(
        f"{named}: no release of that name in {output / 'releases'} and no folder with a "
        f"{MANIFEST}; there are: {', '.join(known) or 'none'}"
    )


def read(folder: Path) -> Snapshot:
    """Return the release in a folder. Raises `ReleaseError`."""
    path = folder / MANIFEST
    try:
        with plain(folder, path) as file:
            content = file.read(MANIFEST_BYTES + 1)
        if len(content) > MANIFEST_BYTES:
            raise ReleaseError(f"{path}: larger than {MANIFEST_BYTES >> 20} MiB, so no manifest")
        return Snapshot(folder, checked(parse_json(content.decode("utf-8"))))
    except OSError as error:
        raise ReleaseError(
            f"{path}: not a readable manifest ({error.strerror or error})"
        ) from error
    except ShapeError as error:
        raise ReleaseError(f"{path}: not the manifest of a release; {error}") from error
    except (JsonError, ValueError) as error:
        raise ReleaseError(f"{path}: not a readable manifest ({error})") from error


@contextmanager
def plain(folder: Path, path: Path) -> Iterator[BufferedReader]:
    """Open a plain file on a path of plain folders.

    A link may lead out of the release, and opening a FIFO would wait for who writes to it. Raises
    `ReleaseError` for both; `OSError` as opening and reading do.
    """
    for parent in path.relative_to(folder).parents:
        if (folder / parent).is_symlink() and parent != Path():
            raise ReleaseError(f"{folder / parent}: {LINK}")
    if path.is_symlink():
        raise ReleaseError(f"{path}: {LINK}")
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ReleaseError(f"{path}: {ODD}")
        yield file


LINK = "a symbolic link; a release consists of plain files and folders"
ODD = "a pipe, socket or device; a release consists of plain files and folders"
