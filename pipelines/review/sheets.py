"""Files of verdicts as rows: CSV, XLSX, JSON of Label Studio.

A file is read row by row, or refused with a sentence on the expected form: none ends in an error of
the program.
"""

import codecs
import csv
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from crawler.errors import ShizhengError
from crawler.limits import whole_number
from pipelines.review import workbook
from pipelines.tables.json_text import JsonError, parse_json
from pipelines.text.cells import plain

Row = dict[str, Any]

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
"""Formats by the ending of a file's name, with their media types."""

_NEEDED = ({"level", "verdict"}, {"level", "annotation_id", "annotator"})
"""Columns of our sheets, and of those that Label Studio exports."""

_SEPARATOR = re.compile(r"sep=[,;\t]\r?\n")

LONGEST_CELL = 10_000_000
"""Characters of a cell at most; set by hand."""

CARRIED = ("reviewer", "verdict_id", "plan", "judged_at", "judged_sha256")
"""Results that come along with a verdict through Label Studio, hidden from its user."""

STATED = ("relation", "discuss", "correction")
"""What a reviewer states beside a verdict; a file without it leaves it as it was."""

_ANNOTATED = ("note", "zh_id", *STATED, *CARRIED)
_TEXTS = ("level", "city", "pair_id", "zh_id", "en_id", "verdict", "reviewer", "plan",
          "verdict_id", "judged_at", "judged_sha256", "corrected_at", *STATED)  # fmt: skip


_NAMED = ("position", *(name for name in _TEXTS if name not in STATED))


class ExchangeError(ShizhengError):
    """A file of verdicts that is refused.

    The message names the line and the remedy.
    """


def kind_of(path: Path) -> str:
    """Return the format of a file by its name's ending. Raises `ExchangeError`."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in KINDS:
        raise ExchangeError(
            f"{path}: expected a name that ends in .csv, .xlsx or .json (Label Studio)"
        )
    return kind


def read_csv(content: bytes, name: str) -> Iterator[tuple[str, Row]]:
    """Yield the rows of a sheet, each with its place.

    Commas, semicolons or tabs are between its cells; empty cells are None. Raises `ExchangeError`
    for any other file.
    """
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExchangeError(
            f"{name}: not UTF-8 (byte {error.start}); save it as “CSV UTF-8”"
        ) from error
    yield from _named_rows(_csv_rows(text, name), name, "line")


def _csv_rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(LONGEST_CELL)
    before = 0
    if _SEPARATOR.match(text):  # a first line that Excel understands and writes
        before, text = 1, text.partition("\n")[2]
    head = text.partition("\n")[0]
    mark = max(",;\t", key=head.count)
    # Strict: a quote that is never closed would swallow the rows after it.
    table = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=mark)
    try:
        line = before + 1
        for row in table:
            # A cell may hold line breaks: a row is named by the line it begins on.
            yield line, row
            line = before + table.line_num + 1
    except csv.Error as error:
        raise ExchangeError(f"{name}, line {table.line_num}: not CSV ({error})") from error


def read_workbook(content: bytes, name: str) -> Iterator[tuple[str, Row]]:
    """Yield the rows of a workbook's first sheet, each with its place.

    Raises `ExchangeError` for any other file.
    """
    try:
        yield from _named_rows(workbook.read(content), name, "row")
    except workbook.WorkbookError as error:
        raise ExchangeError(f"{name}: {error}") from error


def _named_rows(
    rows: Iterator[tuple[int, list[str]]], name: str, what: str
) -> Iterator[tuple[str, Row]]:
    """Yield rows by the names of their columns, each with its place."""
    number, head = next(rows, (1, []))
    columns = [column.strip().casefold() for column in head]
    _check_columns(columns, f"{name}, {what} {number}")
    for number, row in rows:
        where = f"{name}, {what} {number}"
        if any(row[len(columns) :]):
            raise ExchangeError(
                f"{where}: {len(row)} cells, but the first {what} names {len(columns)} columns; "
                "put texts with commas in quotes"
            )
        if any(row):
            filled = dict(zip(columns, map(plain, row), strict=False))
            found: Row = {column: text or None for column, text in filled.items()}
            if "verdict" not in columns:
                found = _minimal(found, where)
            yield where, _checked(found, where)


def read_tasks(content: bytes, name: str) -> Iterator[tuple[str, Row]]:
    """Yield the annotations of a Label Studio export, each with its place.

    Raises `ExchangeError` for any other file.
    """
    try:
        tasks = parse_json(content)
    except JsonError as error:
        raise ExchangeError(f"{name}: {error}") from error
    if not isinstance(tasks, list):
        raise ExchangeError(f"{name}: expected a list of tasks, as Label Studio exports JSON")
    for number, task in enumerate(tasks, 1):
        where = f"{name}, task {number}"
        if isinstance(task, dict) and "data" not in task and "level" in task:
            yield where, _checked(_minimal(task, where), where)
            continue
        if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
            raise ExchangeError(
                f"{where}: expected an object with data and annotations; export in the format "
                "JSON or JSON-MIN"
            )
        data = {key: task["data"].get(key) for key in _NAMED}
        given = task.get("annotations")
        for annotation in [] if given is None else _list(given, where):
            if not isinstance(annotation, dict):
                raise _odd(where, "an annotation is an object")
            if not annotation.get("was_cancelled"):
                yield where, _checked(data | _annotated(annotation, data["level"], where), where)


def _check_columns(columns: Sequence[str], where: str) -> None:
    if not any(needed <= set(columns) for needed in _NEEDED):
        found = ", ".join(columns)[:200] or "none"
        raise ExchangeError(
            f"{where}: expected the columns level and verdict, and pair_id or en_id, with "
            f"commas between them; found: {found}"
        )
    twice = sorted(name for name, times in Counter(columns).items() if name and times > 1)
    if twice:
        raise ExchangeError(f"{where}: the column {twice[0]} stands there twice")


def _minimal(task: Mapping[str, Any], where: str) -> Row:
    """Return an annotation of JSON-MIN or CSV, with its task's data."""
    level, by = task["level"], task.get("annotator")
    if isinstance(by, str) and (number := whole_number(by)) is not None:
        by = number
    at = task.get("updated_at") or task.get("created_at")
    row: Row = {key: task.get(key) for key in _NAMED if key not in CARRIED}
    row |= {"reviewer": f"user {by}" if type(by) is int else by, "judged_at": at}
    row |= {"corrected_at": at, "verdict": task.get(level) if isinstance(level, str) else None}
    row |= {name: task[name] for name in _ANNOTATED if task.get(name)}
    for name, given in row.items():
        # A text is one or a list of lines, and several choices are an object; in CSV as JSON.
        value = given
        if isinstance(given, str) and given[:1] in ("[", "{") and name != "correction":
            with suppress(ValueError, RecursionError):
                value = json.loads(given)
        if isinstance(value, list) and all(isinstance(line, str) for line in value):
            row[name] = "\n".join(value)
        elif isinstance(value, dict):
            raise _odd(where, f"{name} is one choice or text")
    return row


def _annotated(annotation: Mapping[str, Any], level: Any, where: str) -> Row:
    """Return verdict, note, reviewer and times of an annotation."""
    by = annotation.get("completed_by")
    named = by.get("email") if isinstance(by, dict) else None
    if isinstance(by, int) and not isinstance(by, bool):
        named = f"user {by}"
    at = annotation.get("updated_at") or annotation.get("created_at")
    found: Row = {"reviewer": named, "judged_at": at, "corrected_at": at}
    for result in _list(annotation.get("result"), where):
        if isinstance(result, dict) and result.get("type") == "relation":
            continue  # an arrow that a person drew between regions: no verdict
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(value, dict):
            raise _odd(where, "a result is an object with from_name and value")
        name = result.get("from_name")
        if name == level:
            choices = _list(value.get("choices"), where)
            if len(choices) > 1:
                raise _odd(where, "a verdict is one choice")
            found["verdict"] = choices[0] if choices else None
        elif name == "relation" and "choices" in value:
            found[name] = "\n".join(map(str, _list(value["choices"], where))) or None
        elif "choices" in value:
            raise ExchangeError(
                f"{where}: a choice is named {str(name)[:80]!r}, but the level of the task is "
                f"{str(level)[:80]!r}; take the interface that the export wrote beside the tasks"
            )
        elif name in _ANNOTATED:
            text = value.get("text")
            lines = [text] if isinstance(text, str) else _list(text, where)
            if not all(isinstance(line, str) for line in lines):
                raise _odd(where, f"{name} is a text")
            found[name] = "\n".join(lines)
    return found


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise _odd(where, "annotations, results, choices and texts are lists")
    return value


def _odd(where: str, expected: str) -> ExchangeError:
    return ExchangeError(f"{where}: not an annotation as Label Studio exports it: {expected}")


def _checked(row: Row, where: str) -> Row:
    """Return a row with its names and ids checked."""
    for name in _TEXTS:
        value = row.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            kind = type(value).__name__
            raise ExchangeError(f"{where}: {name} must be a text, not of the type {kind}")
        if any(unicodedata.category(char) in ("Cc", "Cs") for char in value):
            raise ExchangeError(
                f"{where}: {name} must be a text in one line without control characters, not "
                f"{value[:80]!r}"
            )
        # Spreadsheets keep the blank that somebody typed after a word; an id is as it is.
        row[name] = (value if name.endswith("_id") else value.strip()) or None
    return row
