"""Processes of the program that begin with its modules loaded.

To load them takes a crawl longer than to crawl a small city. One process loads them, once for all
tests of a worker, and a fork of it is each process that `start` gives. What a fork shares with the
others is the seed of `hash`: where two runs must give the same bytes whatever the order of sets,
one of them is to be a process of its own (`sys.executable`).
"""

import atexit
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn

ROOT = Path(__file__).parents[1]
_FDS = 4

LOADED = (
    "crawler.archive.reader",
    "crawler.archive.writer",
    "crawler.city_file",
    "crawler.extract.article",
    "crawler.state.visits",
    "pipelines.align",
    "pipelines.articles.archives",
    "pipelines.cli.app",
    "pipelines.report.page",
    "scrapy.core.downloader.handlers.http11",
    "scrapy.crawler",
    "scrapy.spiders",
)
"""Modules that most commands load, and none that reads the environment when it is loaded."""


class Process:
    """A forked process, with the part of `subprocess.Popen` that tests use."""

    def __init__(self, pid: int, ended: socket.socket, out: IO[str], err: IO[str]) -> None:
        self.pid, self.stdout, self.stderr = pid, out, err
        self.returncode: int | None = None
        self._ended = ended

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *error: object) -> None:
        self.wait()
        self.stdout.close()
        self.stderr.close()

    def poll(self) -> int | None:
        """Return the exit code, None while the process runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; return the exit code, negative for a signal."""
        if self.returncode is None:
            self._ended.settimeout(timeout)
            try:
                status = int(self._ended.recv(16))
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from None
            self._ended.close()
            self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Return all that the process writes until it ends; after so many seconds, kill it."""
        errors: list[str] = []
        reading = threading.Thread(target=lambda: errors.append(self.stderr.read()))
        reading.start()
        late = threading.Timer(timeout or threading.TIMEOUT_MAX, self.kill)
        late.daemon = True
        late.start()
        out = self.stdout.read()
        reading.join()
        self.wait()
        late.cancel()
        return out, errors[0]

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process at once."""
        self.send_signal(signal.SIGKILL)


def start(
    module: str, *arguments: str, env: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> Process:
    """Start `python -m module arguments` with pipes for its output."""
    asked = {"module": module, "arguments": arguments, "env": dict(env or os.environ)}
    (out, write_out), (err, write_err) = os.pipe(), os.pipe()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    nothing = os.open(os.devnull, os.O_RDONLY)
    given = [nothing, write_out, write_err, theirs.fileno()]
    try:
        with _asking:
            body = json.dumps(asked | {"cwd": str(cwd)}).encode()
            line, _ = _loaded()
            socket.send_fds(line, [len(body).to_bytes(8, "big")], given)
            line.sendall(body)
    finally:
        theirs.close()
        for descriptor in given[:3]:
            os.close(descriptor)
    pid = int(ours.recv(16))
    return Process(pid, ours, os.fdopen(out, encoding="utf-8"), os.fdopen(err, encoding="utf-8"))


def start_cold(
    module: str, *arguments: str, env: Mapping[str, str] | None = None
) -> "subprocess.Popen[str]":
    """Start `python -m module arguments` as anyone does, with pipes for its output."""
    line = [sys.executable, "-m", module, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(line, stdout=pipe, stderr=pipe, text=True, cwd=ROOT, env=env)


def run(
    module: str, *arguments: str, env: Mapping[str, str] | None = None, timeout: float = 600
) -> "subprocess.CompletedProcess[str]":
    """Run `python -m module arguments` to its end."""
    with start(module, *arguments, env=env) as process:
        out, errors = process.communicate(timeout)
    return subprocess.CompletedProcess([module, *arguments], process.wait(), out, errors)


def run_line(line: Sequence[str], *, timeout: float, **_: Any) -> Any:
    """Stand in for `subprocess.run` of `python -m …` with its output captured as text."""
    python, option, module, *arguments = line
    assert (python, option) == (sys.executable, "-m")
    return run(module, *arguments, timeout=timeout)


_asking = threading.Lock()


@cache
def _loaded() -> tuple[socket.socket, "subprocess.Popen[bytes]"]:
    """Start the process that loads; return the line to it. They end with this process."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, __file__, str(theirs.fileno())]
    plain = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    process = subprocess.Popen(
        command, pass_fds=[theirs.fileno()], cwd=ROOT, env=plain, stdin=subprocess.DEVNULL
    )
    theirs.close()
    atexit.register(_end, ours, process)
    return ours, process


def _end(line: socket.socket, process: "subprocess.Popen[bytes]") -> None:
    line.close()
    process.wait()


def _serve(line: socket.socket) -> None:
    """Load the modules, then fork for whoever asks, until nobody can any more."""
    for name in LOADED:
        __import__(name)
    assert "crawler.settings" not in sys.modules  # it reads the environment
    assert threading.active_count() == 1
    signal.signal(signal.SIGCHLD, _reap)
    while True:
        head, descriptors, _, _ = socket.recv_fds(line, 8, _FDS)
        if not head:
            return
        size, body = int.from_bytes(head, "big"), b""
        while len(body) < size:
            body += line.recv(size - len(body))
        if os.fork() == 0:
            line.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _watch(json.loads(body), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _reap(*_: object) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _watch(asked: dict[str, Any], descriptors: Sequence[int]) -> NoReturn:
    """Fork once more, into what was asked for, and tell its end."""
    *streams, teller = descriptors
    pid = os.fork()
    if pid == 0:
        os.close(teller)
        _become(asked, streams)
    for descriptor in streams:
        os.close(descriptor)
    with socket.socket(fileno=teller) as told:
        told.send(str(pid).encode())
        _, status = os.waitpid(pid, 0)
        with suppress(OSError):  # nobody may wait for it any more
            told.send(str(status).encode())
    os._exit(0)


def _become(asked: dict[str, Any], streams: Sequence[int]) -> NoReturn:
    """Run the module as the program; the end of it ends the process as any."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    sys.argv = [asked["module"], *asked["arguments"]]
    runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    sys.path[0] = str(ROOT)
    with socket.socket(fileno=int(sys.argv[1])) as asked_by:
        _serve(asked_by)
