"""Drivers, workers and nodes of a Ray cluster killed while a corpus is aligned.

    python -m benchmarks.accuracy.kill_cluster [--kills 20] [--seed 1] [--only driver,worker,node]

A cluster of two nodes on this machine, a third joining where nodes are killed. Each trial aligns
three cities anew; SIGKILL comes at a random moment while one of them is in work. A worker's and a
node's cities must then be done elsewhere; a driver's workers must end, and the command that is run
again must finish. In each case every file must be what the pool of this machine gives, byte for
byte. Exit code 1 if anything differs.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pipelines import align
from pipelines.pool import try_shards

ROOT = Path(__file__).parents[2]
CITIES = ("anlan", "beiyu", "chengxi")
NOW = datetime(2024, 6, 1, tzinfo=UTC)
LATEST = 1.5
"""Seconds after the start of a city within which its process is killed."""
GONE = 20
"""Seconds within which a killed driver's workers must have ended."""


def aligned(city: str, output: Path, marks: Path) -> str:
    """Align a city; leave a mark for as long as it is in work."""
    mark = marks / f"{os.getpid()}-{city}"
    mark.touch()
    # Longer than the latest kill: each comes in time.
    time.sleep(LATEST)
    align.align_shard(output, city, now=NOW)
    mark.unlink()
    return city


def take(output: Path, marks: Path) -> str:
    """Align the corpus on the engine of the environment; return its problems."""
    found = try_shards(partial(aligned, output=output, marks=marks), list(CITIES))
    return "; ".join(f"{city}: {error}" for city, error in found.errors.items())


def contents(output: Path) -> dict[str, bytes]:
    return {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in sorted(output.rglob("*"))
        if path.is_file()
    }


def in_work(marks: Path) -> list[int]:
    return [int(mark.name.partition("-")[0]) for mark in sorted(marks.iterdir())]


def kill_one(marks: Path, draw: random.Random, kill: Callable[[int], bool]) -> threading.Thread:
    """Kill a process in work at a random moment, from a thread."""

    def run() -> None:
        while True:
            for process in in_work(marks):
                time.sleep(draw.uniform(0, LATEST))
                if kill(process):
                    return
            time.sleep(0.02)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def worker(output: Path, marks: Path, draw: random.Random, cluster: Any) -> str:
    def kill(process: int) -> bool:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
            return True
        return False

    thread = kill_one(marks, draw, kill)
    problems = take(output, marks)
    thread.join()
    return problems


def node(output: Path, marks: Path, draw: random.Random, cluster: Any) -> str:
    extra = cluster.join()

    def kill(process: int) -> bool:
        with suppress(ProcessLookupError):
            if os.getsid(process) == extra.process.pid:
                extra.kill()
                return True
        return False

    thread = kill_one(marks, draw, kill)
    problems = take(output, marks)
    thread.join(1)
    if thread.is_alive():
        extra.kill()
        return "no city was on the node"
    return problems


def driver(output: Path, marks: Path, draw: random.Random, cluster: Any) -> str:
    command = [sys.executable, "-m", "benchmarks.accuracy.kill_cluster", "--drive", str(output),
               str(marks)]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT)
    while process.poll() is None and not in_work(marks):
        time.sleep(0.02)
    time.sleep(draw.uniform(0, LATEST))
    process.kill()
    process.wait()
    workers = in_work(marks)
    deadline = time.monotonic() + GONE
    while time.monotonic() < deadline and any(map(alive, workers)):
        time.sleep(0.1)
    left = [worker for worker in workers if alive(worker)]
    for mark in marks.iterdir():
        mark.unlink()
    return take(output, marks) or (f"workers left: {left}" if left else "")


def alive(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


class Cluster:
    """Two nodes on this machine."""

    def __init__(self, folder: Path) -> None:
        sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/e2e")]
        import test_cluster

        self._own, self._folder = test_cluster, folder
        port = test_cluster.free_port()
        self.address = f"127.0.0.1:{port}"
        head = ["--head", f"--port={port}", "--num-cpus=1", "--include-dashboard=false"]
        self.nodes = [test_cluster.Node(folder, *head, f"--temp-dir={folder / 'r'}")]
        test_cluster._answering(self.nodes[0], port)
        self.join()

    def join(self) -> Any:
        found = self._own.Node(self._folder, f"--address={self.address}", "--num-cpus=1")
        self.nodes.append(found)
        return found

    def corpus(self, output: Path) -> None:
        """Store a few articles of each city."""
        from builders import article, store_articles

        for city in CITIES:
            for number in range(3):
                zh = f"市政府召开第{number}次会议，研究{number + 3}个项目。"
                en = f"The city held meeting No. {number} on {number + 3} projects."
                store_articles(
                    output,
                    article(f"{city}z{number}", "zh", NOW, city=city, title=f"第{number}次会议",
                            text=zh),
                    article(f"{city}e{number}", "en", NOW, city=city, title=f"Meeting {number}",
                            text=en),
                )  # fmt: skip


@contextmanager
def started() -> Iterator[Cluster]:
    # The path of a socket in it must not be long.
    folder = Path(tempfile.mkdtemp(prefix="ray"))
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        for one in reversed(cluster.nodes):
            with suppress(ProcessLookupError):
                one.kill()
        shutil.rmtree(folder, ignore_errors=True)


TRIALS = {"driver": driver, "worker": worker, "node": node}


def main() -> int:
    """Kill each kind of process so often; print a line for each; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="kinds, with commas between them")
    parser.add_argument("--drive", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.drive:
        return int(bool(take(*options.drive)))
    wrong = 0
    with tempfile.TemporaryDirectory() as name, started() as cluster:
        expected = Path(name) / "expected"
        cluster.corpus(expected)
        first = Path(shutil.copytree(expected, Path(name) / "first"))
        marks = Path(name) / "marks"
        marks.mkdir()
        os.environ["SHIZHENG_ENGINE"] = "pool"
        take(expected, marks)
        os.environ |= {"SHIZHENG_ENGINE": "ray", "RAY_ADDRESS": cluster.address}
        for kind in options.only.split(",") if options.only else TRIALS:
            draw, unequal = random.Random(f"{options.seed} {kind}"), 0
            for number in range(1, options.kills + 1):
                output = Path(shutil.copytree(first, Path(name) / f"{kind}{number}"))
                problem = TRIALS[kind](output, marks, draw, cluster)
                if not problem and contents(output) != contents(expected):
                    problem = "other files than the pool's"
                if problem:
                    unequal += 1
                    print(f"  {kind}, kill {number}: {problem}", flush=True)
                print(f"{kind:8} {number:3} kills, {unequal} unequal", flush=True)
                shutil.rmtree(output)
                for mark in marks.iterdir():
                    mark.unlink()
            wrong += unequal
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
