"""Text files that a user names on the command line."""

import base64
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crawler.errors import ExitCode, ShizhengError
from crawler.item import EARLIEST, LATEST, NEWS_TIME
from pipelines.tables import schema


def read(path: Path, error: type[Exception]) -> str:
    """Return a file's text, UTF-8 with or without a byte order mark.

    Raises `error` for a file that is not there, cannot be read or holds something else; the message
    says which, and where.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise error(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise error(f"{path}: expected a file; this is a folder") from None
    except OSError as reason:
        raise error(f"{path}: cannot be read ({reason.strerror or reason})") from reason
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        line = content.count(b"\n", 0, reason.start) + 1
        raise error(
            f"{path}:{line}: expected text in UTF-8, found the byte 0x{content[reason.start]:02x}; "
            "save the file as UTF-8"
        ) from reason


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def lines(content: str) -> list[str]:
    """Return the lines of a text, ended by newlines and by nothing else.

    `str.splitlines` ends a line at U+2028, U+0085 and their like, too, which JSON leaves as they
    are in the middle of a title.
    """
    found = content.split("\n")
    return [line.removesuffix("\r") for line in (found if found[-1] else found[:-1])]


Row = dict[str, Any]


WRITTEN: Mapping[str, Any] = {"compression": "zstd", "write_page_checksum": True}
"""How every Parquet file is written, whatever else its writer sets."""


_YEAR = re.compile(r"\d{4}|undated", re.ASCII)


_KEY = re.compile(r"[\w-]+")


T = TypeVar("T")


class StoreError(ShizhengError):
    """A table that cannot be read or written. The message says which file and what to do.

    `city` is the city whose table is damaged; None if it is no city's, or not damaged.
    """

    exit_code = ExitCode.INTERNAL

    def __init__(self, message: str, city: str | None = None) -> None:
        super().__init__(message)
        self.city = city


_LEFT_OUT: ContextVar[frozenset[str]] = ContextVar("left_out", default=frozenset())


def left_out() -> frozenset[str]:
    """Return the cities that the step in progress goes on without (`without_damaged`)."""
    return _LEFT_OUT.get()


def without_damaged(step: Callable[[], T], damaged: dict[str, str]) -> T:
    """Return what a step over all cities makes of those whose tables can be read.

    A city with a damaged table is added to `damaged` with the reason, and the step begun anew:
    `cities_in` and `cities_with_articles` then name the others only. Another error is raised.
    """
    while True:
        before = _LEFT_OUT.set(_LEFT_OUT.get() | damaged.keys())
        try:
            return step()
        except StoreError as error:
            if error.city is None or error.city in damaged:
                raise
            damaged[error.city] = str(error)
        finally:
            _LEFT_OUT.reset(before)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file that takes `path`'s place when the block ends well.

    The content is fsynced before the rename and the folder after it. On an error the temporary file
    is removed and `path` is untouched. Raises `StoreError` when the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror}); nothing was changed. "
            "Check the folder's permissions and the free space, then run again."
        ) from error
    finally:
        temporary.unlink(missing_ok=True) if temporary.parent.is_dir() else None


def write_table(path: Path, table: pa.Table) -> bool:
    """Make `path` hold `table`; say whether anything had to be written or removed.

    A table without rows has no file: Hugging Face `datasets` cannot read an empty one.
    """
    if table.num_rows == 0:
        present = path.exists()
        path.unlink(missing_ok=True)
        return present
    if path.exists() and _same(path, table):
        return False
    with replacing(path) as file:
        pq.write_table(table, file, row_group_size=50_000, **WRITTEN)
    return True


def read_table(path: Path, expected: pa.Schema, columns: list[str] | None = None) -> pa.Table:
    """Read one table; a file that does not exist is an empty table.

    Raises `StoreError` for a file that is not Parquet, holds another table, or whose schema version
    is another.
    """
    if not _present(path):
        empty = _empty(expected)
        return empty.select(columns) if columns else empty
    with _reading(path, expected) as file:
        wanted = expected.names if columns is None else columns
        present = set(file.schema_arrow.names)
        table = with_dates(file.read(columns=[name for name in wanted if name in present]))
        return _completed(table, expected, wanted) if set(wanted) - present else table


def _empty(expected: pa.Schema) -> pa.Table:
    """Return a table without rows; unlike pyarrow's own `empty_table` without loading pandas."""
    return pa.Table.from_batches([], expected)


def read_parts(path: Path, expected: pa.Schema) -> Iterator[pa.Table]:
    """Yield one table's row groups, all columns, for what is too large to read at once.

    Raises `StoreError` as `read_table` does.
    """
    if _present(path):
        with _reading(path, expected) as file:
            for group in range(file.num_row_groups):
                yield with_dates(file.read_row_group(group, columns=expected.names))


def read_batches(
    path: Path, expected: pa.Schema, columns: list[str] | None, size: int
) -> Iterator[pa.Table]:
    """Yield a table that is there in parts of at most `size` rows.

    Raises `StoreError` as `read_table` does.
    """
    with _reading(path, expected) as file:
        for batch in file.iter_batches(batch_size=size, columns=columns):
            yield with_dates(pa.Table.from_batches([batch]))


def with_dates(table: pa.Table) -> pa.Table:
    """Return `table` with null for dates of publication outside `EARLIEST` to `LATEST`.

    What an earlier version stored of the year 1 or 9999 has no date in Asia/Shanghai at all: with
    it no row of the file can be read.
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
    """Whether there is a file. Raises `StoreError` where the system does not let it be seen."""
    try:
        return path.exists() or path.is_symlink()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path}: cannot be read ({error.strerror or error}); check the permissions of the file "
        "and of its folders, and the disk, then run again",
        _city_of(path),
    )


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn what reading a damaged Parquet file raises into a `StoreError` that names the file."""
    try:
        yield
    except PermissionError as error:
        raise _unreadable(path, error) from error
    except (pa.ArrowException, OSError, ValueError) as error:
        folder = path.parent.parent if path.parent.parent.name == "articles" else path.parent
        raise StoreError(
            f"{path}: not a readable Parquet file ({_first_line(error)}); restore it from a "
            f"back-up, or move it away and {_REMEDIES.get(folder.name, 'run again')}",
            _city_of(path),
        ) from error


_AGAIN = "read it in again (`extract --all --again`, `import`)"


_REMEDIES = {
    "articles": _AGAIN,
    "revisions": "go on without what was superseded: nothing else has it",
    "rejects": _AGAIN,
    "pairs": "run `align` again",
    "candidates": "run `align` again",
    "sentences": "run `align` again",
}


def _city_of(path: Path) -> str | None:
    """Return the city whose table lies at `path`; None if it is no city's."""
    if path.parent.parent.name in ("articles", "vectors"):
        return path.parent.name
    return path.stem if path.parent.name in _BY_CITY else None


_BY_CITY = ("pairs", "candidates", "sentences", "rejects", "revisions", "sketches")
"""Tables that have one file per city."""


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]


def _check_table(path: Path, found: pa.Schema, expected: pa.Schema) -> None:
    """Raise `StoreError` for a file that holds another table, or columns of other types."""
    wanted, stated = ((of.metadata or {}).get(b"table") for of in (expected, found))
    if wanted and stated and wanted != stated:
        raise StoreError(
            f"{path}: expected the table {wanted.decode()}, this is {stated.decode()}; move the "
            "file to where it belongs",
            _city_of(path),
        )
    for field in expected:
        at = found.get_field_index(field.name)
        if at >= 0 and found.field(at).type != field.type:
            raise StoreError(
                f"{path}: column {field.name} holds {found.field(at).type}, expected {field.type}: "
                "another program wrote the file; move it away",
                _city_of(path),
            )


def open_parquet(path: Path) -> pq.ParquetFile:
    """Open a Parquet file of any schema, to be read with its checksums verified.

    Raises `StoreError` for what is not Parquet, or contradicts itself. What is read from the file
    later is read inside `naming`.
    """
    with naming(path):
        if not path.is_file():
            raise StoreError(
                f"{path}: expected a Parquet file; this is a folder, a pipe or a link to nothing: "
                "move it away",
                _city_of(path),
            )
        # Not pq.read_table: it would open a dataset and read meaning into folder names.
        file = pq.ParquetFile(path, page_checksum_verification=True)
        try:
            _agree(file)
        except BaseException:
            file.close()
            raise
        return file


def _agree(file: pq.ParquetFile) -> None:
    """Compare the columns as Parquet describes them with the copy that pyarrow adds.

    No checksum covers the footer: a bit changed in a column's name would make another column.
    """
    copy = (file.metadata.metadata or {}).get(b"ARROW:schema")
    if copy is None:  # another program's file
        return
    described = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(copy)))
    if not described.equals(file.schema_arrow):
        raise pa.ArrowInvalid("its two descriptions of its columns differ")


@contextmanager
def opened(path: Path) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file of any schema for the block, which only reads from it.

    Raises `StoreError` for what is damaged, wherever in the block that shows.
    """
    with open_parquet(path) as file, naming(path):
        yield file


@contextmanager
def _reading(path: Path, expected: pa.Schema) -> Iterator[pq.ParquetFile]:
    with opened(path) as file:
        try:
            schema.check_version(path, file.schema_arrow)
        except schema.VersionError as error:
            raise StoreError(str(error), _city_of(path)) from error
        _check_table(path, file.schema_arrow, expected)
        yield file


def _completed(table: pa.Table, expected: pa.Schema, wanted: list[str]) -> pa.Table:
    """Return `table` with the columns that its file, of an earlier day, does not have: as nulls."""
    present = set(table.column_names)
    of = pa.schema([expected.field(name) for name in wanted], metadata=table.schema.metadata)
    arrays = [
        table[field.name] if field.name in present else pa.nulls(table.num_rows, field.type)
        for field in of
    ]
    return pa.Table.from_arrays(arrays, schema=of)


def rows_to_table(rows: Iterable[Row], of: pa.Schema) -> pa.Table:
    """Return rows as a table of exactly the schema `of`; a missing column is null."""
    listed = list(rows)
    arrays = [pa.array([row.get(field.name) for row in listed], type=field.type) for field in of]
    return pa.Table.from_arrays(arrays, schema=of)


def articles_folder(output: Path, city: str) -> Path:
    """Return where a city's articles lie."""
    return output / "articles" / city


def table_path(output: Path, table: str, city: str) -> Path:
    """Return the file of a table that has one file per city."""
    return output / table / f"{city}.parquet"


def keys_in(output: Path, table: str) -> list[str]:
    """Return the keys of the cities that have a file of a table, sorted.

    A copy that an editor or a system left beside the files is none.
    """
    paths = (output / table).glob("*.parquet")
    return sorted(path.stem for path in paths if _KEY.fullmatch(path.stem) and path.is_file())


def article_files(output: Path, city: str) -> list[Path]:
    """Return the files of a city's articles, sorted: a year or `undated`, and no other name."""
    paths = articles_folder(output, city).glob("*.parquet")
    return sorted(path for path in paths if _YEAR.fullmatch(path.stem))


def cities_with_articles(output: Path) -> list[str]:
    """Return the keys of the cities that have articles in `output`, sorted.

    Any other file in the folder is left alone: `strays` names it.
    """
    folder = output / "articles"
    keys = (path.name for path in folder.glob("*") if _KEY.fullmatch(path.name) and path.is_dir())
    return sorted(key for key in {*keys} - _LEFT_OUT.get() if article_files(output, key))


def cities_in(output: Path, *tables: str) -> list[str]:
    """Return the cities that have articles or one of `tables`, sorted."""
    stored = (key for table in tables for key in keys_in(output, table))
    return sorted({*cities_with_articles(output), *stored} - _LEFT_OUT.get())


def strays(output: Path) -> list[Path]:
    """Return what lies among the articles and is none of shizheng's, hidden files apart."""
    folder = output / "articles"
    known = {
        file
        for path in folder.glob("*")
        if _KEY.fullmatch(path.name) and path.is_dir()
        for file in (path, *article_files(output, path.name))
    }
    found = [*folder.glob("[!.]*"), *folder.glob("*/[!.]*")]
    return sorted(path for path in found if path not in known and path.parent.name[0] != ".")


def _same(path: Path, table: pa.Table) -> bool:
    try:
        with opened(path) as file:
            # Parquet adds field ids to the columns' metadata; the table's own must agree.
            same_schema = file.schema_arrow.metadata == table.schema.metadata
            return bool(same_schema and file.read().equals(table))
    except StoreError:
        return False
