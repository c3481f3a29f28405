"""Two writers of one city never work at once, and a dead one leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import lock


def holder(output: Path, city: str) -> subprocess.Popen[str]:
    code = (
        "import sys; from pathlib import Path; from pipelines import lock\n"
        f"with lock.hold(Path({str(output)!r}), [{city!r}]):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_city_that_another_process_writes_is_refused_and_named(tmp_path: Path) -> None:
    other = holder(tmp_path, "dalian")
    try:
        with (
            pytest.raises(lock.LockedError, match=f"process {other.pid}.* is working on dalian"),
            lock.hold(tmp_path, ["ningbo", "dalian"]),
        ):
            pass
        with lock.hold(tmp_path, ["ningbo"]):
            pass
    finally:
        other.kill()
        other.communicate()


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    other = holder(tmp_path, "dalian")
    other.kill()
    other.communicate()
    with lock.hold(tmp_path, ["dalian"]):
        pass
