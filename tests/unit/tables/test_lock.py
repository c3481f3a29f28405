"""Two writers of one city never work at once, and a dead one leaves nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.state.database import State
from crawler.state.lock import LOCK_VARIABLE, VisitsError
from pipelines.tables import lock


def holder(output: Path, city: str) -> subprocess.Popen[str]:
    code = (
        "import sys; from pathlib import Path; from pipelines.tables import lock\n"
        f"with lock.hold(Path({str(output)!r}), [{city!r}]):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3],
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


def test_a_crawl_and_a_command_share_one_lock_if_the_command_passes_it_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state" / "dalian.sqlite"
    with lock.hold(tmp_path, ["dalian", "ningbo"]) as held:
        with pytest.raises(VisitsError, match=f"another run .process {os.getpid()}. is using it"):
            State.open(state)
        monkeypatch.setenv(LOCK_VARIABLE, str(held["ningbo"]))
        with pytest.raises(VisitsError, match="is using it"):
            State.open(state)
        monkeypatch.setenv(LOCK_VARIABLE, str(held["dalian"]))
        State.open(state).close()
        assert lock.holder(tmp_path, "dalian") == str(os.getpid())
    monkeypatch.delenv(LOCK_VARIABLE)
    opened = State.open(state)
    with pytest.raises(lock.LockedError), lock.hold(tmp_path, ["dalian"]):
        pass
    opened.close()
    assert lock.holder(tmp_path, "dalian") is None
