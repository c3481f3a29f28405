"""Running shards in parallel gives what running them one after the other gives."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from pipelines.pool import map_shards, try_shards


def shout(shard: str) -> tuple[str, int]:
    return shard.upper(), os.getpid()


def fail(shard: str) -> str:
    raise ValueError(f"cannot do {shard}")


def test_two_processes_give_what_one_gives_in_the_same_order() -> None:
    shards = ["c", "a", "b"]
    serial = map_shards(shout, shards, jobs=1)
    parallel = map_shards(shout, shards, jobs=2)
    assert list(serial) == list(parallel) == shards
    assert [s for s, _ in serial.values()] == [s for s, _ in parallel.values()] == ["C", "A", "B"]
    assert {pid for _, pid in serial.values()} == {os.getpid()}
    assert os.getpid() not in {pid for _, pid in parallel.values()}


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_of_a_step_is_raised(jobs: int) -> None:
    with pytest.raises(ValueError, match="cannot do a"):
        map_shards(fail, ["a", "b"], jobs=jobs)


def test_every_finished_shard_is_told() -> None:
    done: list[str] = []
    map_shards(shout, ["a", "b"], jobs=2, on_done=done.append)
    assert sorted(done) == ["a", "b"]


def fall(shard: str) -> str:
    if shard == "b":
        os._exit(9)
    return shard.upper()


def stumble(shard: str) -> str:
    if shard == "b":
        raise ValueError(f"cannot do {shard}")
    return shard.upper()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_shard_that_fails_keeps_no_other_from_its_result(jobs: int) -> None:
    done: list[str] = []
    found = try_shards(stumble, ["a", "b", "c"], jobs=jobs, on_done=done.append)
    assert (dict(found.results), sorted(done)) == ({"a": "A", "c": "C"}, ["a", "c"])
    assert {key: str(error) for key, error in found.errors.items()} == {"b": "cannot do b"}


def test_a_shard_whose_process_dies_keeps_no_other_from_its_result() -> None:
    found = try_shards(fall, ["b", "a", "c"], jobs=2)
    assert dict(found.results) == {"a": "A", "c": "C"}
    assert list(found.errors) == ["b"]


def fall_once(shard: str, folder: Path) -> str:
    """Die the first time that one of the shards is taken."""
    if shard == "b" and not (folder / "fell").exists():
        (folder / "fell").touch()
        os._exit(9)
    return shard.upper()


def test_a_shard_whose_process_dies_once_is_tried_again(tmp_path: Path) -> None:
    found = try_shards(partial(fall_once, folder=tmp_path), list("abcd"), jobs=2)
    assert (dict(found.results), dict(found.errors)) == ({s: s.upper() for s in "abcd"}, {})


def test_the_largest_shard_begins_first(tmp_path: Path) -> None:
    order: list[str] = []
    sizes = {"a": 1, "b": 3, "c": 2}
    found = try_shards(str.upper, list("abc"), jobs=1, on_done=order.append, size=sizes.__getitem__)
    assert (order, list(found.results)) == (["b", "c", "a"], ["a", "b", "c"])


def rest(shard: str, folder: Path) -> None:
    (folder / f"{os.getpid()}.pid").touch()
    time.sleep(60)


def _started(folder: Path, count: int) -> list[int]:
    while len(pids := [int(each.stem) for each in folder.glob("*.pid")]) < count:
        time.sleep(0.05)
    return pids


def _runs(pid: int) -> bool:
    """Return True for a process that is there and no zombie."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def _run_a_pool(folder: Path) -> "subprocess.Popen[bytes]":
    code = (
        "import sys; from functools import partial; from pathlib import Path\n"
        "from tests.unit.pipelines.test_pool import rest; from pipelines.pool import try_shards\n"
        "if __name__ == '__main__':\n"
        "    try_shards(partial(rest, folder=Path(sys.argv[1])), ['a', 'b'], jobs=2)\n"
    )
    script = folder / "script.py"
    script.write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    return subprocess.Popen([sys.executable, script, folder], env=environment)


_HANGS = 600
"""Seconds after which what does not end is called hanging, on a machine under load, too."""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_parent(tmp_path: Path, number: signal.Signals) -> None:
    parent = _run_a_pool(tmp_path)
    workers = _started(tmp_path, 2)
    parent.send_signal(number)
    parent.wait(timeout=_HANGS)
    deadline = time.monotonic() + _HANGS
    while alive := [pid for pid in workers if _runs(pid)]:
        assert time.monotonic() < deadline, f"still running: {alive}"
        time.sleep(0.05)
