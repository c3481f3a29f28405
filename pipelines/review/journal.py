"""Journals of verdicts: a synced line each, later moved into Parquet.

`reviews/<reviewer>.jsonl` takes a line per verdict. A line is whole before the page hears that its
verdict is stored, so a process killed at any moment loses none. `compact` moves whole lines into
`reviews/<reviewer>.parquet`. Several processes may share a folder: each append and each compaction
holds a flock(2) lock on the reviewer's journal; a verdict found in both files is the same by its
id.
"""

import errno
import fcntl
import hashlib
import json
import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from crawler.ordinary import ordinary
from pipelines.tables import atomic, parquet, schema
from pipelines.tables.damage import StoreError
from pipelines.tables.parquet import Row

LONGEST_NAME = 60
"""Characters of a reviewer's name at most; set by hand."""

LONGEST_NOTE = 2_000
"""Characters of a note at most; set by hand."""

_LONGEST_FILE = 120
"""Bytes of a name that is whole in its file's name; a file's name has 255 at most."""

# Letters by their class that nobody can see.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0")

_COLUMNS = tuple(schema.REVIEWS.names)


def folder(output: Path) -> Path:
    """Return the folder of verdicts."""
    return output / "reviews"


def reviewer_name(text: str) -> str:
    """Return a reviewer's name, composed (NFC) and stripped.

    Raises ValueError for any other text. `Anna` and `anna` are two names.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    shown = name.isprintable() and not _BLANK.intersection(name)
    if not name or len(name) > LONGEST_NAME or not shown:
        raise ValueError(
            f"a reviewer's name has 1 to {LONGEST_NAME} printable characters, not {text[:80]!r}"
        )
    return name


def clean_note(text: str | None) -> str | None:
    """Return a note without spaces around it, None for an empty one.

    Raises ValueError for one that is too long or has control characters.
    """
    note = (text or "").replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(note) > LONGEST_NOTE:
        raise ValueError(
            f"a note has at most {LONGEST_NOTE:,} characters, not {len(note):,}; shorten it"
        )
    odd = next((c for c in note if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cs")), "")
    if odd:
        raise ValueError(
            f"a note holds no control characters such as U+{ord(odd):04X}; take it out"
        )
    return note or None


def path_of(output: Path, reviewer: str) -> Path:
    """Return the journal of one reviewer.

    No name leads out of the folder or into another's journal.
    """
    plain = "".join(char if char.isalnum() or char in "-_" else "-" for char in reviewer)
    long = len(plain.encode()) > _LONGEST_FILE
    if long or plain != reviewer or reviewer != reviewer.lower() or not plain.strip("-_"):
        short = plain[:40].lower().encode()[:_LONGEST_FILE].decode(errors="ignore")
        plain = f"{short}-{hashlib.sha256(reviewer.encode()).hexdigest()[:8]}"
    return folder(output) / f"{plain}.jsonl"


def append(output: Path, rows: Iterable[Row]) -> None:
    """Store verdicts durably.

    Once this returns, a crash of the machine loses none of them. Rows have the columns of
    `schema.REVIEWS`. Raises `StoreError` when the folder cannot be written; then the verdicts of
    one reviewer are stored all or not at all.
    """
    lines: dict[Path, list[bytes]] = {}
    for row in rows:
        lines.setdefault(path_of(output, row["reviewer"]), []).append(_line(row))
    for path, listed in lines.items():
        try:
            with _locked(path) as file:
                _write(file, b"".join(listed))
        except OSError as error:
            raise StoreError(
                f"{path}: the verdict could not be stored ({error.strerror}). Check the folder's "
                "permissions and the free space, then give the verdict again."
            ) from error


def pending(path: Path, start: int = 0) -> tuple[list[Row], int]:
    """Return a journal's whole lines from byte `start`, and their end.

    A last line without its end was never acknowledged and is not read. Raises `StoreError` for a
    line that is no verdict, and for a file that cannot be read.
    """
    try:
        with ordinary(path).open("rb") as file:
            file.seek(start)
            content = file.read()
    except FileNotFoundError:
        return [], 0
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be read ({error.strerror}); check its permissions, then try again"
        ) from error
    whole = content[: content.rfind(b"\n") + 1]
    return list(_rows(path, whole)), start + len(whole)


def compact(output: Path) -> int:
    """Move the journals' lines into Parquet; return their number."""
    moved = 0
    for path in sorted(folder(output).glob("*.jsonl")):
        if path.stat().st_size == 0:
            continue
        with _locked(path) as file:
            rows, _ = pending(path)
            target = path.with_suffix(".parquet")
            stored = parquet.read_table(target, schema.REVIEWS).to_pylist()
            merged = {row["verdict_id"]: row for row in (*stored, *rows)}
            ordered = sorted(merged.values(), key=lambda row: (row["judged_at"], row["verdict_id"]))
            parquet.write_table(target, parquet.rows_to_table(ordered, schema.REVIEWS))
            file.truncate(0)
            os.fsync(file.fileno())
            moved += len(rows)
    return moved


@contextmanager
def _locked(path: Path) -> Iterator[IO[bytes]]:
    """Open a journal, under its lock, for appending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with ordinary(path).open("a+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if new:
            atomic.sync_folder(path.parent)
        yield file


def _write(file: IO[bytes], lines: bytes) -> None:
    """Append whole lines or none.

    A torn line of an earlier write is removed first.
    """
    end = file.seek(0, os.SEEK_END)
    whole = _whole(file, end)
    if whole < end:
        file.truncate(whole)
    try:
        written = file.write(lines)
        if written != len(lines):
            raise OSError(errno.ENOSPC, "the disk took only a part of the line")
        os.fsync(file.fileno())
    except OSError:
        file.truncate(whole)
        raise


def _whole(file: IO[bytes], end: int) -> int:
    """Return the end of the last whole line."""
    at = end
    while at:
        start = max(0, at - 65_536)
        file.seek(start)
        found = file.read(at - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        at = start
    return 0


def _line(row: Row) -> bytes:
    values = {name: row.get(name) for name in _COLUMNS}
    values["judged_at"] = row["judged_at"].astimezone(UTC).isoformat(timespec="milliseconds")
    return json.dumps(values, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _rows(path: Path, content: bytes) -> Iterator[Row]:
    for number, line in enumerate(content.splitlines(), 1):
        try:
            values: Mapping[str, Any] = json.loads(line)
            row: Row = {name: values.get(name) for name in _COLUMNS}
            row["judged_at"] = given = datetime.fromisoformat(values["judged_at"])
            if not isinstance(values["verdict_id"], str) or given.tzinfo is None:
                raise ValueError("no id or no zone")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise StoreError(
                f"{path}, line {number}: not a verdict as shizheng writes it ({error}); "
                "correct or remove the line"
            ) from error
        yield row
