"""Files of verdicts as rows: CSV sheets, JSON of Label Studio.

A file is read row by row, or refused with a sentence on the expected form: none ends in an error of
the program.
"""

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from crawler.errors import ShizhengError
from pipelines.tables.json_text import JsonError, parse_json
from pipelines.text.cells import plain

Row = dict[str, Any]

KINDS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
"""Formats by the ending of a file's name, with their media types."""

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
        raise ExchangeError(f"{path}: expected a name that ends in .csv or .json (Label Studio)")
    return kind


def read_csv(content: bytes, name: str) -> Iterator[tuple[str, Row]]:
    """Yield the rows of a sheet, each with its place.

    Empty cells are None. Raises `ExchangeError` for any other file.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExchangeError(
            f"{name}: not UTF-8 (byte {error.start}); save it as “CSV UTF-8”"
        ) from error
    csv.field_size_limit(LONGEST_CELL)
    # Strict: a quote that is never closed would swallow the rows after it.
    table = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = next(table, [])
        _check_columns(columns, name)
        line = table.line_num + 1
        for row in table:
            # A cell may hold line breaks: a row is named by the line it begins on.
            where = f"{name}, line {line}"
            line = table.line_num + 1
            if len(row) > len(columns):
                raise ExchangeError(
                    f"{where}: {len(row)} cells, but line 1 names {len(columns)} columns; "
                    "put texts with commas in quotes"
                )
            if any(row):
                filled = dict(zip(columns, map(plain, row), strict=False))
                yield where, _checked({k: v or None for k, v in filled.items()}, where)
    except csv.Error as error:
        raise ExchangeError(f"{name}, line {table.line_num}: not CSV ({error})") from error


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


def _check_columns(columns: Sequence[str], name: str) -> None:
    if not {"level", "verdict"} <= set(columns):
        found = ", ".join(columns)[:200] or "none"
        raise ExchangeError(
            f"{name}, line 1: expected the columns level and verdict, and pair_id or en_id, with "
            f"commas between them; found: {found}"
        )
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise ExchangeError(f"{name}, line 1: the column {twice[0]} stands there twice")


def _minimal(task: Mapping[str, Any], where: str) -> Row:
    """Return an annotation of JSON-MIN, with its task's data."""
    level, by = task["level"], task.get("annotator")
    at = task.get("updated_at") or task.get("created_at")
    row: Row = {key: task.get(key) for key in _NAMED if key not in CARRIED}
    row |= {"reviewer": f"user {by}" if type(by) is int else by, "judged_at": at}
    row |= {"corrected_at": at, "verdict": task.get(level) if isinstance(level, str) else None}
    row |= {name: task[name] for name in _ANNOTATED if task.get(name)}
    for name, value in row.items():
        # A text is one or a list of lines, and several choices are an object.
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
        row[name] = value or None
    return row
