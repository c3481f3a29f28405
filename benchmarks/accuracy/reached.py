"""Plugin of pytest: the lines of some sources that each test runs.

`REACHED_FILE` names the JSON Lines file for a row of each test: its id, seconds, lines by source,
and if it started a process, whose lines are unknown. `REACHED_SOURCES` are the absolute paths of
the sources, one a line. What a test finds done already (a fixture of the session, a cache) counts
for the test that had it done.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

_SOURCES = frozenset(os.environ["REACHED_SOURCES"].splitlines())
_FILE = Path(os.environ["REACHED_FILE"])
_STARTS = ("os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen")
"""Audit events of a process that is started."""
_lines: set[tuple[str, int]] = set()
_started: list[str] = []


def _note_line(frame: FrameType, event: str, _: Any) -> Any:
    if event == "line":
        _lines.add((frame.f_code.co_filename, frame.f_lineno))
    return _note_line


def _note_call(frame: FrameType, _event: str, _: Any) -> Any:
    return _note_line if frame.f_code.co_filename in _SOURCES else None


def _note_start(event: str, _: tuple[Any, ...]) -> None:
    if event in _STARTS:
        _started.append(event)


sys.addaudithook(_note_start)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Trace one test, with its fixtures."""
    _lines.clear()
    _started.clear()
    began = time.monotonic()
    threading.settrace(_note_call)
    sys.settrace(_note_call)
    try:
        return (yield)
    finally:
        sys.settrace(None)
        threading.settrace(None)
        by_source: dict[str, list[int]] = {}
        for name, line in sorted(_lines):
            by_source.setdefault(name, []).append(line)
        row = {"test": item.nodeid, "seconds": time.monotonic() - began}
        with _FILE.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row | {"lines": by_source, "started": bool(_started)}) + "\n")
