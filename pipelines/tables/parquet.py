"""Parquet files: written whole, read with their checksums and schema version verified.

Every page of a file has a checksum, and every read verifies it: bytes that a disk altered are
refused instead of being read as other rows. The footer has none; it describes the columns twice,
and the two descriptions must agree. The same table is written as the same bytes.
"""

import base64
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crawler.item import EARLIEST, LATEST, NEWS_TIME
from pipelines.tables import schema
from pipelines.tables.atomic import replacing
from pipelines.tables.damage import StoreError, city_of

Row = dict[str, Any]

WRITTEN: Mapping[str, Any] = {"compression": "zstd", "write_page_checksum": True}
"""Options of every Parquet writer of this program."""


GROUP = 50_000
"""Rows of a group: the least that is read for one row, the most that is read at once."""


def write_table(path: Path, table: pa.Table) -> bool:
    """Replace a file unless it equals `table`; return True if changed.

    A table without rows has no file: Hugging Face `datasets` cannot read an empty one.
    """
    if table.num_rows == 0:
        present = path.exists()
        path.unlink(missing_ok=True)
        return present
    if path.exists() and _same(path, table):
        return False
    with replacing(path) as file:
        pq.write_table(table, file, row_group_size=GROUP, **WRITTEN)
    return True


def _same(path: Path, table: pa.Table) -> bool:
    try:
        with opened(path) as file:
            # Parquet adds field ids to the columns' metadata; the table's own must agree.
            same_schema = file.schema_arrow.metadata == table.schema.metadata
            return bool(same_schema and file.read().equals(table))
    except StoreError:
        return False


def rows_to_table(rows: Iterable[Row], of: pa.Schema) -> pa.Table:
    """Return rows as a table of the schema `of`, null where missing."""
    listed = list(rows)
    arrays = [pa.array([row.get(field.name) for row in listed], type=field.type) for field in of]
    return pa.Table.from_arrays(arrays, schema=of)


def forgo_pandas() -> None:
    """Keep pyarrow from loading pandas, in a program of its own.

    It looks for pandas once, when it converts its first value, and where researchers have it that
    loads 400 modules in as long as a crawl takes for fifty pages. Everybody else in the process may
    still import it; only `to_pandas` is lost.
    """
    if "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(_NoPandas)


class _NoPandas:
    """Finder of modules (`sys.meta_path`) for which pandas is not installed."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        """Refuse pandas, and leave all else to the other finders."""
        if name == "pandas":
            raise ModuleNotFoundError("pandas is not loaded here", name=name)


def empty(expected: pa.Schema) -> pa.Table:
    """Return a table without rows.

    pyarrow's own `empty_table` would load pandas.
    """
    return pa.Table.from_batches([], expected)


def read_table(path: Path, expected: pa.Schema, columns: list[str] | None = None) -> pa.Table:
    """Read one table; a missing file is an empty table.

    Raises `StoreError` for a file that is not Parquet, belongs to another table or has another
    schema version.
    """
    if not _present(path):
        return empty(expected).select(columns) if columns else empty(expected)
    with _reading(path, expected) as file:
        wanted = expected.names if columns is None else columns
        present = set(file.schema_arrow.names)
        table = with_dates(file.read(columns=[name for name in wanted if name in present]))
        return _completed(table, expected, wanted) if set(wanted) - present else table


def read_parts(path: Path, expected: pa.Schema) -> Iterator[pa.Table]:
    """Yield one table's row groups, all columns.

    For files too large to read at once. Raises `StoreError` as `read_table` does.
    """
    if _present(path):
        with _reading(path, expected) as file:
            for group in range(file.num_row_groups):
                yield with_dates(file.read_row_group(group, columns=expected.names))


def read_batches(
    path: Path, expected: pa.Schema, columns: list[str] | None, size: int
) -> Iterator[pa.Table]:
    """Yield an existing table in parts of at most `size` rows.

    Raises `StoreError` as `read_table` does.
    """
    with _reading(path, expected) as file:
        for batch in file.iter_batches(batch_size=size, columns=columns):
            yield with_dates(pa.Table.from_batches([batch]))


@contextmanager
def opened(path: Path) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file of any schema for a block.

    The block only reads from it. Raises `StoreError` for damage, wherever in the block it appears.
    """
    with open_file(path) as file, naming_damage(path):
        yield file


def open_file(path: Path) -> pq.ParquetFile:
    """Open a Parquet file of any schema, verifying checksums.

    Raises `StoreError` for a file that is not Parquet, or contradicts itself. Later reads from the
    file belong inside `naming_damage`.
    """
    with naming_damage(path):
        if not path.is_file():
            raise StoreError(
                f"{path}: expected a Parquet file; this is a folder, a pipe or a link to nothing: "
                "move it away",
                city_of(path),
            )
        # Not pq.read_table: it would open a dataset and read meaning into folder names.
        file = pq.ParquetFile(path, page_checksum_verification=True)
        try:
            _check_footer(file)
        except BaseException:
            file.close()
            raise
        return file


def _check_footer(file: pq.ParquetFile) -> None:
    """Compare Parquet's description of the columns with pyarrow's copy.

    No checksum covers the footer: a bit changed in a column's name would make another column.
    """
    copy = (file.metadata.metadata or {}).get(b"ARROW:schema")
    if copy is None:  # another program's file
        return
    described = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(copy)))
    if not described.equals(file.schema_arrow):
        raise pa.ArrowInvalid("its two descriptions of its columns differ")


@contextmanager
def _reading(path: Path, expected: pa.Schema) -> Iterator[pq.ParquetFile]:
    with opened(path) as file:
        try:
            schema.check_version(path, file.schema_arrow)
        except schema.VersionError as error:
            raise StoreError(str(error), city_of(path)) from error
        _check_table(path, file.schema_arrow, expected)
        yield file


def _check_table(path: Path, found: pa.Schema, expected: pa.Schema) -> None:
    """Raise `StoreError` for another table, or columns of other types."""
    wanted, stated = ((of.metadata or {}).get(b"table") for of in (expected, found))
    if wanted and stated and wanted != stated:
        raise StoreError(
            f"{path}: expected the table {wanted.decode()}, this is {stated.decode()}; move the "
            "file to where it belongs",
            city_of(path),
        )
    for field in expected:
        at = found.get_field_index(field.name)
        if at >= 0 and found.field(at).type != field.type:
            raise StoreError(
                f"{path}: column {field.name} is {found.field(at).type}, expected {field.type}: "
                "another program wrote the file; move it away",
                city_of(path),
            )


def _completed(table: pa.Table, expected: pa.Schema, wanted: list[str]) -> pa.Table:
    """Return `table` with nulls for columns that its file lacks."""
    present = set(table.column_names)
    of = pa.schema([expected.field(name) for name in wanted], metadata=table.schema.metadata)
    arrays = [
        table[field.name] if field.name in present else pa.nulls(table.num_rows, field.type)
        for field in of
    ]
    return pa.Table.from_arrays(arrays, schema=of)


def with_dates(table: pa.Table) -> pa.Table:
    """Return `table` with null for dates outside `EARLIEST` to `LATEST`.

    The years 1 and 9999, which a file may hold, have no date in Asia/Shanghai at all: with one of
    them no row of the file could be converted.
    """
    if "published_at" not in table.column_names:
        return table
    at = table.column_names.index("published_at")
    stamps = table.column(at).cast(pa.int64())
    within = pc.and_(pc.greater_equal(stamps, _FIRST), pc.less(stamps, _END))
    if pc.all(within).as_py() is not False:  # null: no row has a date
        return table
    for name in {"published_at", "published_precision"} & set(table.column_names):
        place, field = table.column_names.index(name), table.schema.field(name)
        values = pc.if_else(within, table.column(name), pa.scalar(None, field.type))
        table = table.set_column(place, field, values)
    return table


def _stamp(day: date) -> int:
    return int(datetime.combine(day, time(), NEWS_TIME).timestamp()) * 1000


_FIRST = _stamp(EARLIEST)
_END = _stamp(LATEST + timedelta(days=1))


def _present(path: Path) -> bool:
    """Return True if there is a file.

    Raises `StoreError` if the system refuses to answer.
    """
    try:
        return path.exists() or path.is_symlink()
    except OSError as error:
        raise _unreadable(path, error) from error


@contextmanager
def naming_damage(path: Path) -> Iterator[None]:
    """Raise errors of reading a Parquet file as `StoreError` with its name."""
    try:
        yield
    except PermissionError as error:
        raise _unreadable(path, error) from error
    except (pa.ArrowException, OSError, ValueError) as error:
        folder = path.parent.parent if path.parent.parent.name == "articles" else path.parent
        reason = str(error).partition("\n")[0][:200]
        raise StoreError(
            f"{path}: not a readable Parquet file ({reason}); restore it from a "
            f"back-up, or move it away and {_REMEDIES.get(folder.name, 'run again')}",
            city_of(path),
        ) from error


_READ_AGAIN = "read it in again (`extract --all --again`, `import`)"
_ALIGN_AGAIN = "run `align` again"
_REMEDIES = {
    "articles": _READ_AGAIN,
    "revisions": "go on without what was superseded: nothing else has it",
    "rejects": _READ_AGAIN,
    "pairs": _ALIGN_AGAIN,
    "candidates": _ALIGN_AGAIN,
    "sentences": _ALIGN_AGAIN,
}


def _unreadable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path}: cannot be read ({error.strerror or error}); check the permissions of the file "
        "and of its folders, and the disk, then run again",
        city_of(path),
    )
