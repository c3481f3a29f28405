"""Output: tables, progress bars and JSON; plain lines in a pipe.

All text goes through `visible` here, whoever wrote it: a title, a URL, the name of a file.
"""

import errno
import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from crawler.credentials import masked
from crawler.legible import visible


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave the error to the command line, which knows what it means."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


OUT = _Console(highlight=False, soft_wrap=True)
ERR = _Console(stderr=True, highlight=False, soft_wrap=True)


def open_streams() -> None:
    """Make the standard streams exist and take every text.

    A terminal that knows no Chinese is shown escapes, as a path of odd bytes is on any. A
    descriptor left closed would be given to the next file opened, and messages written into it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = open_null()
    if sys.stderr is None:
        sys.stderr = open_null()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def open_null() -> TextIO:
    """Open a stream that nobody reads."""
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123


def forsake(stream: TextIO) -> None:
    """Redirect a broken stream to the null device.

    Its reader went away, or its disk is full; the rest of its buffer must not fail again when
    Python ends.
    """
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


class Tracker(Protocol):
    """Display of the progress of work; nothing in a pipe."""

    def update(self, key: str, done: int, total: int | None, note: str = "") -> None: ...


class _Silent:
    def update(self, key: str, done: int, total: int | None, note: str = "") -> None:
        """Do nothing: the output is not a terminal."""


class _Bars:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, Any] = {}

    def update(self, key: str, done: int, total: int | None, note: str = "") -> None:
        note = escape(visible(note))
        if key not in self._tasks:
            shown = escape(visible(key))
            self._tasks[key] = self._progress.add_task(shown, note=note, total=total)
        self._progress.update(self._tasks[key], completed=done, total=total, note=note)


@contextmanager
def progress() -> Iterator[Tracker]:
    """Show progress bars on a terminal's standard error while the block runs."""
    if not ERR.is_terminal:
        yield _Silent()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}", style="dim"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("left", style="dim"),
    )
    with Progress(*columns, console=ERR, transient=True) as bars:
        yield _Bars(bars)


def say(message: str) -> None:
    """Print one line of result."""
    with _output():
        OUT.print(Text(visible(message)))


@contextmanager
def _output() -> Iterator[None]:
    """Name the standard output in its errors, such as a full disk.

    Raises `BrokenPipeError` where its reader went away, else `OSError`.
    """
    try:
        yield
    except OSError as error:
        forsake(sys.stdout)
        raise OSError(error.errno, error.strerror, "standard output") from error


def end_output() -> None:
    """Flush the standard output, with an error that can still be handled."""
    with _output():
        sys.stdout.flush()


class _Quoted(dict[int, str]):
    """JSON notation of each character for a terminal, filled on demand."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        plain = char == "\n" or visible(char) == char
        self[code] = written = char if plain else json.dumps(char)[1:-1]
        return written


_QUOTED = _Quoted()


def say_json(value: Any) -> None:
    """Print one JSON document, with terminal controls escaped."""
    # Other than in UTF-8, what the stream would put for a character is no JSON.
    bare = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    text = json.dumps(value, ensure_ascii=not bare, indent=1, default=str)
    with _output():
        sys.stdout.write(text.translate(_QUOTED) + "\n")


def complain(message: str) -> None:
    """Print one line to standard error if it is open.

    No password of a URL is in it.
    """
    try:
        ERR.print(Text(visible(masked(f"shizheng: {message}"))))
    except OSError:
        forsake(sys.stderr)


def show_table(header: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> None:
    """Print aligned rows; numbers to the right."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for position, name in enumerate(header):
        numeric = all(isinstance(row[position], int | float) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(_cell(value))) for value in row))
    # In a pipe nothing is folded: a line is a row.
    out = OUT if OUT.is_terminal else _Console(file=OUT.file, width=10_000, highlight=False)
    with _output():
        out.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def number_of(count: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: `1 file`, `2 files`, `2 cities`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def span(seconds: float) -> str:
    """Return a span of time such as `45 s` or `3 days`."""
    for unit, name in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit or seconds == unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.3g} s"
