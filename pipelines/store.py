"""Parquet on disk: one shard per city, whole files only, nothing rewritten that did not change.

A file is written to a temporary name in its folder, fsynced and renamed, so a reader or a crash
sees the old file or the new one. Rows are kept sorted by id; the same rows give the same bytes.

Every page of a file carries a checksum, and every reading verifies it: what a disk altered is
refused, not read as other rows. The footer has none; what it says of the columns stands in it
twice, and the two have to agree.
"""

import base64
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crawler import contract
from crawler.item import NEWS_TIME, Article, Reject, is_twin
from pipelines import schema

Row = dict[str, Any]

WRITTEN: Mapping[str, Any] = {"compression": "zstd", "write_page_checksum": True}
"""How every Parquet file is written, whatever else its writer sets."""

# Fields of an Article that serve the way to the store and are not columns of it.
_IN_TRANSIT = {"lang_declared", "parts"}
_YEAR = re.compile(r"\d{4}|undated", re.ASCII)
_KEY = re.compile(r"[\w-]+")
_ARTICLE_FIELDS = tuple(f.name for f in fields(Article) if f.name not in _IN_TRANSIT)


T = TypeVar("T")


class StoreError(RuntimeError):
    """A table that cannot be read or written. The message says which file and what to do.

    `city` is the city whose table is damaged; None if it is no city's, or not damaged.
    """

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


@dataclass(frozen=True, slots=True)
class Changes:
    """What storing a batch did, counted in articles."""

    new: int = 0
    revised: int = 0
    unchanged: int = 0

    def __add__(self, other: "Changes") -> "Changes":
        return Changes(
            self.new + other.new, self.revised + other.revised, self.unchanged + other.unchanged
        )


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
    """Return `table` with null for dates of publication outside `contract`'s range.

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


_FIRST = _stamp(contract.EARLIEST)
_END = _stamp(contract.LATEST + timedelta(days=1))


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

    Raises `StoreError` for articles of the layout before, with one file per city. Any other file
    in the folder is left alone: `strays` names it.
    """
    folder = output / "articles"
    loose = next((path for path in sorted(folder.glob("[!.]*.parquet")) if _is_older(path)), None)
    if loose is not None:
        raise StoreError(
            f"{loose}: articles of an older layout, one file per city; bring them up to date with "
            "`shizheng migrate` (--dry-run shows what that would change)"
        )
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


def _is_older(path: Path) -> bool:
    """Whether a file in the folder of articles is a city's table of a version to migrate."""
    if not path.is_file():
        return False
    try:
        with pq.ParquetFile(path) as file:
            return schema.version_of(file.schema_arrow) < int(schema.SCHEMA_VERSION)
    except (pa.ArrowException, OSError):
        return False


def read_articles(output: Path, city: str, columns: list[str] | None = None) -> pa.Table:
    """Return a city's articles, sorted by `article_id`, each once (its highest revision)."""
    wanted = None if columns is None else [*dict.fromkeys((*columns, "article_id", "revision"))]
    parts = [read_table(path, schema.ARTICLES, wanted) for path in article_files(output, city)]
    if not parts:
        empty = _empty(schema.ARTICLES)
        return empty.select(columns) if columns else empty
    whole = pa.concat_tables(parts).sort_by(
        [("article_id", "ascending"), ("revision", "descending")]
    )
    ids = whole.column("article_id").to_pylist()
    if len(set(ids)) < len(ids):
        # A crash between two renames can leave an article in its old year as well as its new one.
        whole = whole.take([i for i, key in enumerate(ids) if i == 0 or ids[i - 1] != key])
    return whole.select(columns) if columns else whole


def write_articles(
    output: Path, city: str, articles: Iterable[Article], *, run_id: str, now: datetime
) -> Changes:
    """Merge articles into a city's shard and return what changed.

    An article whose content is stored already leaves its row as it is, but for `rights`, which
    follow the city file; other content under a known id is a new revision, the old row moving to
    `revisions`. What another view of a page shows (print, mobile, converted to Simplified) never
    replaces what the page itself does, so that the order in which twins come makes no difference.
    Files without a change are not touched.
    """
    incoming: dict[str, Article] = {}
    for article in articles:
        before = incoming.get(article.article_id)
        if before is None or not is_twin(article.url) or is_twin(before.url):
            incoming[article.article_id] = article
    if not incoming:
        return Changes()
    stored = {row["article_id"]: row for row in read_articles(output, city).to_pylist()}
    changes, superseded = Changes(), []
    for key, article in incoming.items():
        old = stored.get(key)
        # Imports may have no URL; they are told apart by their ids alone.
        first_view = old is not None and is_twin(old["url"] or "") and not is_twin(article.url)
        same = old is not None and old["content_sha256"] == article.content_sha256
        worse = old is not None and is_twin(article.url) and not is_twin(old["url"] or "")
        if old is not None and same:
            old["rights"] = article.rights
        if worse or (same and not first_view):
            changes += Changes(unchanged=1)
            continue
        row = {name: getattr(article, name) for name in _ARTICLE_FIELDS}
        row |= {name: list(row[name]) for name in ("keywords", "images", "attachments", "flags")}
        row |= {"content_sha256": article.content_sha256, "last_seen": now, "run_id": run_id}
        if old is None:
            row |= {"first_seen": now, "revision": 1}
            changes += Changes(new=1)
        elif same:
            # The page itself at last, and it says what its other view said.
            kept = ("first_seen", "revision", "duplicate_of", "duplicate_city")
            row |= {name: old[name] for name in kept}
            changes += Changes(unchanged=1)
        else:
            row |= {"first_seen": old["first_seen"], "revision": old["revision"] + 1}
            superseded.append(old)
            changes += Changes(revised=1)
        stored[key] = row
    if superseded:
        _add_revisions(output, city, superseded)
    _write_shard(output, city, stored.values())
    return changes


def merge_rows(output: Path, city: str, rows: Iterable[Row]) -> None:
    """Add rows to a city's articles; one that is stored already stays as it is stored."""
    stored = {row["article_id"]: row for row in read_articles(output, city).to_pylist()}
    _write_shard(output, city, ({row["article_id"]: row for row in rows} | stored).values())


def mark_duplicates(output: Path, city: str, representatives: Mapping[str, str]) -> int:
    """Set `duplicate_of` from {article_id: representative's id}; return how many rows changed.

    What is marked as a repeat of another city's article, and stands for itself in its own, keeps
    that mark: `mark_reposts` sets and clears it.
    """

    def of(row: Row) -> tuple[str | None, str | None]:
        target = representatives.get(row["article_id"])
        if target is not None and target != row["article_id"]:
            return target, None
        return (row["duplicate_of"], row["duplicate_city"]) if row["duplicate_city"] else _NONE

    return _mark(output, city, of)


def mark_reposts(output: Path, city: str, originals: Mapping[str, tuple[str, str]]) -> int:
    """Set `duplicate_of` and `duplicate_city` from {article_id: (original's id, its city)}.

    Only articles that repeat none of their own city are touched. Returns how many rows changed.
    """

    def of(row: Row) -> tuple[str | None, str | None]:
        if row["duplicate_of"] and not row["duplicate_city"]:
            return row["duplicate_of"], None
        return originals.get(row["article_id"], _NONE)

    return _mark(output, city, of)


_NONE: tuple[None, None] = (None, None)


def _mark(output: Path, city: str, of: Callable[[Row], tuple[str | None, str | None]]) -> int:
    rows = read_articles(output, city).to_pylist()
    changed = 0
    for row in rows:
        target = of(row)
        if (row["duplicate_of"], row["duplicate_city"]) != target:
            row["duplicate_of"], row["duplicate_city"] = target
            changed += 1
    if changed:
        _write_shard(output, city, rows)
    return changed


def write_rejects(
    output: Path, city: str, rejects: Iterable[Reject], *, run_id: str, now: datetime
) -> int:
    """Merge rejects into a city's table by URL; return how many rows are new or changed.

    A URL that has become an article leaves the table.
    """
    path = table_path(output, "rejects", city)
    old = {row["url"]: row for row in read_table(path, schema.REJECTS).to_pylist()}
    rows, changed = dict(old), 0
    for reject in rejects:
        row = {name: getattr(reject, name) for name in ("url", "city", "reason", "detail")}
        before = old.get(reject.url, {})
        if all(before.get(name) == value for name, value in row.items()):
            continue
        rows[reject.url] = row | {"seen_at": now, "run_id": run_id}
        changed += 1
    accepted = set(read_articles(output, city, ["url"]).column("url").to_pylist())
    kept = [rows[url] for url in sorted(rows) if url not in accepted]
    write_table(path, rows_to_table(kept, schema.REJECTS))
    return changed


def _same(path: Path, table: pa.Table) -> bool:
    try:
        with opened(path) as file:
            # Parquet adds field ids to the columns' metadata; the table's own must agree.
            same_schema = file.schema_arrow.metadata == table.schema.metadata
            return bool(same_schema and file.read().equals(table))
    except StoreError:
        return False


def _add_revisions(output: Path, city: str, superseded: list[Row]) -> None:
    path = table_path(output, "revisions", city)
    rows = read_table(path, schema.REVISIONS).to_pylist() + superseded
    # Keyed, because a crash after this write and before the articles' repeats it on the next run.
    keyed = {(row["article_id"], row["revision"]): row for row in rows}
    write_table(path, rows_to_table((keyed[key] for key in sorted(keyed)), schema.REVISIONS))


def _write_shard(output: Path, city: str, rows: Iterable[Row]) -> None:
    """Write all rows of a city by year of publication; a year that became empty is removed.

    A corrected date moves an article to another year's file. It is written there before it leaves
    its old one: a crash between the two leaves it twice, which reading repairs, and never lost.
    """
    folder = articles_folder(output, city)
    years: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: str(row["article_id"])):
        published = row["published_at"]
        years.setdefault(f"{published.year:04d}" if published else "undated", []).append(row)
    existing = {path.stem: path for path in article_files(output, city)}
    new_home = {row["article_id"]: year for year, listed in years.items() for row in listed}
    leaving: dict[str, list[Row]] = {}
    for year, path in existing.items():
        ids = read_table(path, schema.ARTICLES, ["article_id"]).column("article_id").to_pylist()
        if any(new_home.get(key, year) != year for key in ids):
            old = read_table(path, schema.ARTICLES).to_pylist()
            leaving[year] = [r for r in old if new_home.get(r["article_id"], year) != year]
    for year in years if leaving else ():
        both = sorted(years[year] + leaving.get(year, []), key=lambda row: str(row["article_id"]))
        write_table(folder / f"{year}.parquet", rows_to_table(both, schema.ARTICLES))
    for year, listed in years.items():
        write_table(folder / f"{year}.parquet", rows_to_table(listed, schema.ARTICLES))
    for year in existing.keys() - years.keys():
        existing[year].unlink()
