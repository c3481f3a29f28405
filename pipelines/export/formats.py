"""Files of exported rows, in the formats that other tools read.

Simplified and Traditional Chinese are told apart in each: by the column `zh_script`, in TMX by the
language of the segment (zh-Hans, zh-Hant), for Moses in the third file.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import UsageError
from pipelines.tables import atomic, parquet
from pipelines.text.cells import cell

Rows = Iterable[pa.Table]
Write = Callable[[Path, Rows, pa.Schema], None]

LONGEST_CELL = 32_000
"""Characters of a cell of a sheet; spreadsheets take 32,767."""

# Everything that some reader takes for the end of a line, and other control characters.
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_TMX = """<?xml version="1.0" encoding="UTF-8"?>
<tmx version="1.4">
<header creationtool="shizheng" creationtoolversion="1" segtype="block" o-tmf="shizheng" \
adminlang="en" srclang="*all*" datatype="plaintext"/>
<body>
"""


def write(path: Path, rows: Rows, columns: pa.Schema, name: str | None = None) -> None:
    """Write rows in the format `name`, or that of the ending.

    Raises `UsageError` for an unknown format, `StoreError` if it cannot be written.
    """
    name = name or path.suffix.lower().removeprefix(".")
    if name not in FORMATS:
        raise UsageError(
            f"{path}: expected a name that ends in {', '.join(f'.{known}' for known in FORMATS)}, "
            "or --format"
        )
    FORMATS[name](path, rows, columns)


def _csv(path: Path, rows: Rows, columns: pa.Schema) -> None:
    with atomic.replacing(path) as file:
        _delimited(file, rows, columns, str)


def _sheet(path: Path, rows: Rows, columns: pa.Schema) -> None:
    """Write CSV for spreadsheets, with cells that stay texts."""
    with atomic.replacing(path) as file:
        file.write("\ufeff".encode())
        _delimited(file, rows, columns, lambda text: cell(text[:LONGEST_CELL]))


def _delimited(file: IO[bytes], rows: Rows, columns: pa.Schema, of: Callable[[str], str]) -> None:
    names = _flat(columns)
    file.write(_line(names))
    for table in rows:
        for row in table.select(names).to_pylist():
            file.write(_line([of(v) if isinstance(v, str) else _plain(v) for v in row.values()]))


def _line(values: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(values)
    return text.getvalue().encode("utf-8", "replace")


def _tsv(path: Path, rows: Rows, columns: pa.Schema) -> None:
    r"""Write a row a line.

    Tabs, line ends and backslashes are \t, \n and \\.
    """
    names = _flat(columns)
    with atomic.replacing(path) as file:
        file.write(("\t".join(names) + "\n").encode())
        for table in rows:
            for row in table.select(names).to_pylist():
                cells = (_escaped(_plain(value)) for value in row.values())
                file.write(("\t".join(cells) + "\n").encode("utf-8", "replace"))


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    return text.replace("\r", "\\r")


def _jsonl(path: Path, rows: Rows, columns: pa.Schema) -> None:
    with atomic.replacing(path) as file:
        for table in rows:
            for row in table.to_pylist():
                text = json.dumps(row, ensure_ascii=False, default=_plain)
                file.write((text + "\n").encode("utf-8", "replace"))


def _parquet(path: Path, rows: Rows, columns: pa.Schema) -> None:
    with (
        atomic.replacing(path) as file,
        pq.ParquetWriter(file, columns, **parquet.WRITTEN) as writer,
    ):
        for table in rows:
            writer.write_table(table)


def _tmx(path: Path, rows: Rows, columns: pa.Schema) -> None:
    """Write TMX 1.4, a unit for each row with both sides."""
    with atomic.replacing(path) as file:
        file.write(_TMX.encode())
        for row, zh, en in _sides(rows):
            number = f".{row['position']}" if "position" in row else ""
            props = {"probability": f"{row['probability']:.6g}", "kind": row.get("kind"),
                     "relation": row["relation"], "city": row["city"]}  # fmt: skip
            listed = [(name, value) for name, value in props.items() if value]
            listed += [("flag", flag) for flag in row.get("flags") or ()]
            stated = "".join(
                f'<prop type="x-{name}">{escape(value)}</prop>' for name, value in listed
            )
            file.write(
                f"<tu tuid={quoteattr(row['pair_id'] + number)}>{stated}\n"
                f'<tuv xml:lang="{_language(row)}"><seg>{_content(zh)}</seg></tuv>\n'
                f'<tuv xml:lang="en"><seg>{_content(en)}</seg></tuv></tu>\n'.encode(
                    "utf-8", "replace"
                )
            )
        file.write(b"</body>\n</tmx>\n")


def _moses(path: Path, rows: Rows, columns: pa.Schema) -> None:
    """Write `<path>.zh`, `.en` and `.ids`, a row with both sides a line.

    A line of `.ids` is pair_id, position, probability and script, separated by tabs.
    """
    stem = path.with_suffix("") if path.suffix == ".moses" else path
    with ExitStack() as stack:
        zh_file, en_file, ids = (
            stack.enter_context(atomic.replacing(stem.with_name(f"{stem.name}.{end}")))
            for end in ("zh", "en", "ids")
        )
        for row, zh, en in _sides(rows):
            zh_file.write(f"{_BREAKS.sub(' ', zh).strip()}\n".encode("utf-8", "replace"))
            en_file.write(f"{_BREAKS.sub(' ', en).strip()}\n".encode("utf-8", "replace"))
            about = (row["pair_id"], row.get("position", ""), f"{row['probability']:.6g}",
                     row["zh_script"] or "")  # fmt: skip
            ids.write(("\t".join(map(str, about)) + "\n").encode())


FORMATS: dict[str, Write] = {
    "tsv": _tsv,
    "csv": _csv,
    "sheet": _sheet,
    "jsonl": _jsonl,
    "parquet": _parquet,
    "tmx": _tmx,
    "moses": _moses,
}


def _flat(columns: pa.Schema) -> list[str]:
    """Return the columns that are one value; evidence is none."""
    return [field.name for field in columns if not pa.types.is_struct(field.type)]


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ";".join(map(str, value))
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _sides(rows: Rows) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Yield the rows that have both texts, with them."""
    for table in rows:
        zh, en = next(
            (f"zh{end}", f"en{end}")
            for end in ("", "_text", "_title")
            if f"zh{end}" in table.column_names
        )
        for row in table.to_pylist():
            if (row[zh] or "").strip() and (row[en] or "").strip():
                yield row, row[zh], row[en]


def _language(row: dict[str, Any]) -> str:
    return f"zh-{row['zh_script']}" if row["zh_script"] else "zh"


def _content(text: str) -> str:
    return escape(_NO_XML.sub("", text))
