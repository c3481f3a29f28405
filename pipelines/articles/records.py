"""Records of files that people bring: tables, folders of texts, datasets.

A record is a place, such as `file:line`, and a value by column. A table is CSV, TSV, Parquet, or a
folder with Parquet or Arrow files, as `save_to_disk` of Hugging Face's `datasets` writes it.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from crawler.errors import ShizhengError
from crawler.ordinary import ordinary
from pipelines.articles import contract
from pipelines.tables import parquet, text_files
from pipelines.tables.damage import StoreError

Record = tuple[str, dict[str, Any]]

_LANGUAGES = {"zh": "zh", "cmn": "zh", "zho": "zh", "chi": "zh", "en": "en", "eng": "en"}
"""Primary language subtags (BCP 47 and ISO 639) of what is read as Chinese or English."""
_ENDINGS = (".parquet", ".arrow")


class ImportFileError(ShizhengError):
    """Line that is no article.

    The message names file, line and the expected form.
    """


@dataclass(frozen=True, slots=True)
class Table:
    """Names of a table's columns, and its records."""

    names: Sequence[str]
    rows: Iterator[Record]


def language_of(tag: str) -> str | None:
    """Return zh, en or None for a tag of a language.

    Such as zh-CN, zh_Hant, cmn or EN-us.
    """
    return _LANGUAGES.get(tag.strip().replace("_", "-").partition("-")[0].lower())


def is_table(path: Path) -> bool:
    """Return True for a file or folder that `table` reads."""
    if path.is_dir():
        return bool(_columnar(path))
    return path.suffix.lower() in (".csv", ".tsv", *_ENDINGS)


def table(path: Path) -> Table:
    """Return a table. It, too, raises `ImportFileError` while read."""
    if path.is_dir() or path.suffix.lower() in _ENDINGS:
        return _stored(_columnar(path) if path.is_dir() else [path])
    content = text_files.read_text(path, ImportFileError).removeprefix("\ufeff")
    csv.field_size_limit(contract.MAX_TEXT * 4)
    read: dict[str, Any] = {"delimiter": _separator(path, content), "strict": True}
    if read["delimiter"] == "\t" and not _quotes_close(content, read):
        # Most programs that write TSV know no quoting: a quotation mark is one of the text.
        read["quoting"] = csv.QUOTE_NONE
    reader = csv.DictReader(io.StringIO(content, newline=""), **read)
    names = reader.fieldnames or ()
    twice = next((name for name, times in Counter(names).items() if times > 1), None)
    if twice:
        raise ImportFileError(f"{path}: two columns are called {twice}; give one another name")
    return Table(names, _delimited(path, reader))


def _separator(path: Path, content: str) -> str:
    """Return the separator that parts a header best.

    Spreadsheets of many countries write semicolons into a .csv.
    """
    if path.suffix.lower() == ".tsv":
        return "\t"
    return max(",;\t", key=content.partition("\n")[0].count)


def _quotes_close(content: str, read: dict[str, Any]) -> bool:
    try:
        return all(True for _ in csv.reader(io.StringIO(content, newline=""), **read))
    except csv.Error:
        return False


def texts(source: Path) -> Iterator[Record]:
    """Yield a folder's text files, or the one named.

    The first line is the title. The language is in the name of a folder (`zh/a.txt`) or before the
    ending (`a.zh.txt`), or null.
    """
    folder = source if source.is_dir() else source.parent
    for file in sorted(source.rglob("*.txt")) if source.is_dir() else [source]:
        name = file.relative_to(folder).with_suffix("")
        tags = (*name.parent.parts, name.suffix.removeprefix("."))
        lang = next((found for tag in reversed(tags) if (found := language_of(tag))), None)
        title, _, text = text_files.read_text(file, ImportFileError).strip().partition("\n")
        key = "-".join(name.parts)
        yield f"{file}:1", {"id": key, "lang": lang, "title": title, "text": text or title}


def _delimited(path: Path, reader: "csv.DictReader[str]") -> Iterator[Record]:
    begun = 1
    try:
        for row in reader:
            where, begun = f"{path}:{reader.line_num}", reader.line_num + 1
            if None in row:
                raise ImportFileError(
                    f"{where}: more cells than the header has columns; set texts with separators, "
                    "quotes or line ends between double quotes"
                )
            yield where, {name: cell for name, cell in row.items() if cell}
    except csv.Error as error:
        raise ImportFileError(
            f"{path}:{begun}: no table from here on ({error}); set texts with separators, quotes "
            "or line ends between double quotes, and write a double quote in them twice"
        ) from error


def _columnar(folder: Path) -> list[Path]:
    found = [sorted(folder.rglob(f"*{ending}")) for ending in _ENDINGS]
    return next((paths for paths in found if paths), [])


def _stored(files: list[Path]) -> Table:
    with _opened(files[0]) as (columns, _):
        return Table(columns.names, _rows(files))


def _rows(files: list[Path]) -> Iterator[Record]:
    for file in files:
        number = 0
        with _opened(file) as (_, batches):
            for batch in batches:
                for row in batch.to_pylist():
                    number += 1
                    kept = {name: _value(value) for name, value in row.items()}
                    yield f"{file}:{number}", {n: v for n, v in kept.items() if v not in ("", None)}


@contextmanager
def _opened(file: Path) -> Iterator[tuple[pa.Schema, Iterable[pa.RecordBatch]]]:
    """Open a Parquet or Arrow file for a block: schema, batches.

    Raises `ImportFileError`, wherever in the block the file is found to be none.
    """
    try:
        if file.suffix.lower() == ".parquet":
            with parquet.opened(file) as found:
                yield found.schema_arrow, found.iter_batches(batch_size=1_000)
        else:
            with pa.memory_map(str(ordinary(file))) as source, pa.ipc.open_stream(source) as stream:
                yield stream.schema, stream
    except FileNotFoundError:
        raise ImportFileError(f"{file}: there is no such file") from None
    except (OSError, StoreError, pa.ArrowException) as error:
        raise ImportFileError(
            f"{file}: expected a Parquet file, or an Arrow file as `save_to_disk` writes it "
            f"({str(error).splitlines()[0]})"
        ) from error


def _value(value: Any) -> Any:
    """Return a cell, with days, times and numbers as texts."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, int | float) else value
