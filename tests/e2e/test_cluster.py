"""Steps on a Ray cluster of two real nodes on this machine give what the pool gives."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from builders import article, store_articles

from pipelines import align
from pipelines.pool import WorkerDiedError, map_ordered, try_shards

pytestmark = pytest.mark.slow
NOW = datetime(2024, 6, 1, tzinfo=UTC)
RAY = Path(sys.executable).with_name("ray")


class Node:
    """A node of the cluster: `ray start`, its raylet and workers, in a session of their own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        command = [
            str(RAY), "start", "--block", "--node-ip-address=127.0.0.1", "--disable-usage-stats",
            f"--object-store-memory={100 * 2**20}", *arguments,
        ]  # fmt: skip
        # Steps of this module are found by its name in the processes of the nodes.
        path = os.pathsep.join(path for path in sys.path if path)
        with (folder / f"node{time.monotonic_ns()}.log").open("wb") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "PYTHONPATH": path},
            )  # fmt: skip

    def kill(self) -> None:
        """Kill the node and all its processes at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Address of a cluster of two nodes."""
    # Not pytest's folder: the path of a socket in it may be too long.
    folder = Path(tempfile.mkdtemp(prefix="ray"))
    port = free_port()
    found = f"127.0.0.1:{port}"
    head = ["--head", f"--port={port}", "--num-cpus=1", "--include-dashboard=false"]
    nodes = [Node(folder, *head, f"--temp-dir={folder / 'r'}")]
    try:
        _answering(nodes[0], port)
        nodes.append(Node(folder, f"--address={found}", "--num-cpus=1"))
        yield found
    finally:
        for node in reversed(nodes):
            node.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _answering(node: Node, port: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert node.process.poll() is None, "the head of the cluster ended"
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.2)
    raise AssertionError("the head of the cluster does not answer")


@pytest.fixture
def on_ray(address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("RAY_ADDRESS", address)
    return address


def shout(shard: str) -> tuple[str, int]:
    time.sleep(0.3)
    return shard.upper(), os.getpid()


def stumble(shard: str) -> str:
    if shard == "b":
        raise ValueError(f"cannot do {shard}")
    return shard.upper()


def fall(shard: str) -> str:
    if shard == "b":
        os.kill(os.getpid(), signal.SIGKILL)
    return shard.upper()


def rest_once(shard: str, folder: Path) -> str:
    """Rest at the first try, so that the test can end the node meanwhile."""
    if not (folder / shard).exists():
        (folder / shard).touch()
        time.sleep(8)
    return shard.upper()


def test_results_come_in_the_order_of_the_shards(on_ray: str) -> None:
    done: list[str] = []
    found = try_shards(shout, ["c", "a", "b"], on_done=done.append)
    assert [result for result, _ in found.results.values()] == ["C", "A", "B"]
    assert sorted(done) == ["a", "b", "c"]
    assert os.getpid() not in {pid for _, pid in found.results.values()}
    assert [result for _, (result, _) in map_ordered(shout, ["y", "x"])] == ["Y", "X"]


def test_an_error_of_a_step_and_a_dead_process_are_their_shards_alone(on_ray: str) -> None:
    found = try_shards(stumble, ["a", "b", "c"])
    assert dict(found.results) == {"a": "A", "c": "C"}
    assert [(type(error), str(error)) for error in found.errors.values()] == [
        (ValueError, "cannot do b")
    ]
    found = try_shards(fall, ["a", "b", "c"])
    assert dict(found.results) == {"a": "A", "c": "C"}
    assert isinstance(found.errors["b"], WorkerDiedError)


def test_a_node_that_dies_leaves_its_shards_to_the_others(on_ray: str, tmp_path: Path) -> None:
    extra = Node(tmp_path.parent, f"--address={on_ray}", "--num-cpus=4")
    shards = [f"s{number}" for number in range(6)]

    def end_node() -> None:
        while len(list(tmp_path.iterdir())) < len(shards):
            time.sleep(0.05)
        extra.kill()

    # Six rest at once only when the node has joined: two cores were there before.
    ending = threading.Thread(target=end_node)
    ending.start()
    found = try_shards(partial(rest_once, folder=tmp_path), shards)
    ending.join()
    assert dict(found.results) == {shard: shard.upper() for shard in shards}


def corpus(output: Path) -> None:
    for city in ("anlan", "beiyu"):
        for number in range(3):
            store_articles(
                output,
                article(f"{city}z{number}", "zh", NOW, city=city, title=f"{city}第{number}次会议",
                        text=f"市政府召开第{number}次会议，研究{number + 3}个项目。"),
                article(f"{city}e{number}", "en", NOW, city=city, title=f"Meeting No. {number}",
                        text=f"The city held meeting No. {number} on {number + 3} projects."),
            )  # fmt: skip


def test_tables_equal_those_of_the_pool_byte_for_byte(
    on_ray: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {}
    for name in ("ray", "pool"):
        output = tmp_path / name
        corpus(output)
        monkeypatch.setenv("SHIZHENG_ENGINE", name)
        found = try_shards(partial(align.align_shard, output, now=NOW), ["anlan", "beiyu"])
        assert not found.errors
        files = (path for path in sorted(output.rglob("*")) if path.is_file())
        whole[name] = {path.relative_to(output): path.read_bytes() for path in files}
    assert len(whole["ray"]) > 10
    assert whole["ray"] == whole["pool"]


def test_a_cluster_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    corpus(tmp_path)
    code = "import sys; from pipelines.cli.entry import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "align", "--engine", "ray", "--output", str(tmp_path)],
        env={**os.environ, "RAY_ADDRESS": "127.0.0.1:9"},
        check=False, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 2
    assert "no Ray cluster at 127.0.0.1:9" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
