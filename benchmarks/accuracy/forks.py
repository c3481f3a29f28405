"""Runs of tests in forks of this process.

To load pytest, numpy, pyarrow and Scrapy takes longer than most tests of a room. This process loads
them, once; each run of tests is a fork of it, in a folder of its own and a session of its own, with
the project's modules loaded anew from that folder.
"""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[2]
LOADED = (
    "hypothesis",
    "lxml.html",
    "numpy",
    "pyarrow.parquet",
    "scrapy.core.downloader.handlers.http11",
    "scrapy.crawler",
    "scrapy.spiders",
)
"""Modules of others that most tests load, and none that reads the environment when it is loaded."""

OWN = frozenset({"benchmarks", "crawler", "pipelines", "shizheng"})
"""Packages that a fork loads anew, from its folder."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """End of a run of tests, the first test that failed, and seconds."""

    verdict: str
    test: str
    seconds: float


def load() -> None:
    """Load what the tests need, for all forks."""
    for name in LOADED:
        import_module(name)


def run_tests(
    folder: Path, output: Path, options: Sequence[str], limit: float | None, more: Mapping[str, str]
) -> Outcome:
    """Run tests in their order within the limit; end at the first failure, with all they started.

    `output` is written; `more` goes into the environment.
    """
    began = time.monotonic()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        _become(folder, output, options, more)
    try:
        code = _wait(pid, limit)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)
    seconds = time.monotonic() - began
    if code == 0:
        return Outcome("survived", "", seconds)
    verdict = "timeout" if code is None else "crashed" if code < 0 else "killed"
    said = output.read_text(encoding="utf-8", errors="replace").splitlines()
    failed = [line for line in said if line.startswith(("FAILED", "ERROR"))]
    return Outcome(verdict, "".join(failed[:1])[:200], seconds)


def _wait(pid: int, limit: float | None) -> int | None:
    """Wait for the end; return the exit code, negative for a signal, None beyond the limit."""
    began = time.monotonic()
    while limit is None or time.monotonic() < began + limit:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    return None


def _become(
    folder: Path, output: Path, options: Sequence[str], more: Mapping[str, str]
) -> NoReturn:
    """Run the tests as the program; the end of them ends the process."""
    code = 3
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.chdir(folder)
        written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for descriptor in (1, 2):
            os.dup2(written, descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", 1)  # noqa: SIM115
        path = [str(folder), str(ROOT)]
        os.environ |= {"PYTHONPATH": os.pathsep.join(path), **more}
        sys.path[:0] = path
        for name in [name for name in sys.modules if name.partition(".")[0] in OWN]:
            del sys.modules[name]
        # Processes that tests start would load this one's program otherwise.
        sys.modules["__main__"] = ModuleType("__main__")
        # Those of a pool may start none.
        multiprocessing.current_process().daemon = False
        code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *options]))
        sys.stdout.flush()
    finally:
        os._exit(code)
