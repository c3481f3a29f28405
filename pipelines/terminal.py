"""How the program speaks: tables and progress on a terminal, plain lines in a pipe, JSON."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

OUT = Console(highlight=False, soft_wrap=True)
ERR = Console(stderr=True, highlight=False, soft_wrap=True)


class Tracker(Protocol):
    """Shows how far one piece of work is. In a pipe it does nothing."""

    def update(self, key: str, done: int, total: int | None, note: str = "") -> None: ...


class _Silent:
    def update(self, key: str, done: int, total: int | None, note: str = "") -> None:
        """Say nothing: the output is not a terminal."""


class _Bars:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, Any] = {}

    def update(self, key: str, done: int, total: int | None, note: str = "") -> None:
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task(key, note=note, total=total)
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
    )
    with Progress(*columns, console=ERR, transient=True) as bars:
        yield _Bars(bars)


def say(message: str) -> None:
    """Print one line of result."""
    OUT.print(Text(message))


def say_json(value: Any) -> None:
    """Print one JSON document for a program to read."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n")


def complain(message: str) -> None:
    """Print one line to standard error."""
    ERR.print(Text(f"shizheng: {message}"))


def show_table(header: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> None:
    """Print aligned rows; numbers to the right."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for position, name in enumerate(header):
        numeric = all(isinstance(row[position], int | float) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    # In a pipe nothing is folded: a line is a row.
    out = OUT if OUT.is_terminal else Console(file=OUT.file, width=10_000, highlight=False)
    out.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def span(seconds: float) -> str:
    """Return a span of time in words: `45 s`, `90 min`, `6 h`, `3 days`."""
    for unit, name in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit or seconds == unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.3g} s"
