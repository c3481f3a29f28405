"""Two writers of one city never work at once, and a dead one leaves nothing behind."""

import os
import random
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


NAMES = ("anlan", "dalian", "haiqing", "luoshan", "ningbo", "qingxi", "wuyuan", "yunhe")


@pytest.mark.parametrize("order", range(8))
def test_cities_are_locked_in_one_order_however_they_are_named(tmp_path: Path, order: int) -> None:
    # So two runs that name the same cities never refuse one another with a city each: whoever has
    # the first gets the rest.
    asked = random.Random(order).sample(NAMES, len(NAMES))
    with (
        lock.hold(tmp_path, NAMES[2:]),
        pytest.raises(lock.LockedError, match="is working on haiqing in"),
        lock.hold(tmp_path, asked),
    ):
        pass
    with lock.hold(tmp_path, asked) as held:
        assert tuple(held) == NAMES


def test_a_city_named_twice_is_locked_once(tmp_path: Path) -> None:
    with lock.hold(tmp_path, ["ningbo", "dalian", "ningbo"]) as held:
        assert list(held) == ["dalian", "ningbo"]


def test_a_refused_run_keeps_none_of_its_cities(tmp_path: Path) -> None:
    with lock.hold(tmp_path, ["luoshan"]):
        with pytest.raises(lock.LockedError, match="luoshan"), lock.hold(tmp_path, NAMES):
            pass
        with lock.hold(tmp_path, set(NAMES) - {"luoshan"}):
            pass


RIVAL = """
import sys
from pathlib import Path
from pipelines.tables import lock
output, *cities = sys.argv[1:]
for line in sys.stdin:
    try:
        with lock.hold(Path(output), cities):
            print("held", flush=True)
            sys.stdin.readline()
        print("left", flush=True)
    except lock.LockedError as error:
        print(str(error).partition(" is working on ")[2].split()[0], flush=True)
"""


def test_of_two_processes_that_name_cities_in_opposite_orders_one_gets_them_all(
    tmp_path: Path,
) -> None:
    rivals = [
        subprocess.Popen(
            [sys.executable, "-c", RIVAL, str(tmp_path), *cities],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3],
        )
        for cities in (NAMES, NAMES[::-1])
    ]  # fmt: skip
    try:
        first, second = rivals
        for holding, refused in ((first, second), (second, first)):
            assert ask(holding) == "held"
            assert ask(refused) == NAMES[0]  # refused at the first city: it never had another
            assert ask(holding) == "left"
        # Both at once: at least one of them has all the cities.
        for rival in rivals:
            send_line(rival)
        answers = [read_line(rival) for rival in rivals]
        assert "held" in answers
        assert set(answers) <= {"held", NAMES[0]}
    finally:
        for rival in rivals:
            rival.kill()
            rival.communicate()


def send_line(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def read_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def ask(process: "subprocess.Popen[str]") -> str:
    send_line(process)
    return read_line(process)
