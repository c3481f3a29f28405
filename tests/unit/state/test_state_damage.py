"""A damaged state file names itself and what to do, wherever the damage shows."""

import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.state.lock import VisitsError
from crawler.state.visits import Visits
from pipelines.articles.archives_read import Progress
from pipelines.tables import lock
from pipelines.tables.damage import StoreError
from tests.unit.archive.test_full_disk import files_no_larger_than

MOMENT = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state file of some pages, so that damage may lie past the first."""
    path = tmp_path / "state" / "anbei.sqlite"
    visits = Visits.open(path)
    for number in range(400):
        visits.frontier.want(f"http://anbei.example/{number}/{'x' * 200}", MOMENT)
    visits.close()
    return path


def garbage(path: Path) -> None:
    path.write_bytes(b"no database at all " * 500)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def another_program_s(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE visits (a)")
        database.execute("PRAGMA user_version=4")


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_link_in_a_circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


@pytest.mark.parametrize(
    "damage", [garbage, truncated, another_program_s, a_folder, a_link_in_a_circle]
)
def test_a_state_file_that_cannot_be_used_is_named_and_the_city_set_free(
    state: Path, damage: Callable[[Path], None]
) -> None:
    damage(state)
    with pytest.raises(VisitsError) as raised:
        Visits.open(state).frontier.wanted()
    assert str(raised.value).startswith(f"{state}: ")
    assert "move it away" in str(raised.value) or "check" in str(raised.value)


def test_a_city_is_free_again_when_its_state_could_not_be_opened(state: Path) -> None:
    garbage(state)
    with pytest.raises(VisitsError):
        Visits.open(state)
    with lock.hold(state.parents[1], ["anbei"]):
        pass


def test_a_table_that_the_file_lacks_is_named(state: Path) -> None:
    another_program_s(state)
    with pytest.raises(VisitsError, match=r"not a usable state file \(.+\); move it away"):
        Visits.open(state)


def test_damage_in_the_middle_is_named_by_the_query_that_meets_it(state: Path) -> None:
    """Opening reads the first pages only; a bad block may lie in any."""
    size = state.stat().st_size
    with state.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * (size // 2))
    visits = Visits.open(state)
    with pytest.raises(VisitsError, match=r"anbei\.sqlite: not a usable state file .*move it away"):
        visits.frontier.wanted()
    visits.close()


@pytest.mark.parametrize("damage", [garbage, a_folder])
def test_the_record_of_archives_read_is_named_too(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    Progress.open(tmp_path).__exit__()
    path = tmp_path / "state" / "archives.read.sqlite"
    damage(path)
    with pytest.raises(StoreError, match=r"archives\.read\.sqlite: not a usable .*delete it"):
        Progress.open(tmp_path)


def test_another_program_s_record_of_archives_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state" / "archives.read.sqlite"
    path.parent.mkdir()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE read (a)")
    with pytest.raises(StoreError, match=r"archives\.read\.sqlite: not a usable .*delete it"):
        Progress.open(tmp_path)


def test_a_lock_that_the_disk_has_no_room_for_is_named(tmp_path: Path) -> None:
    with (
        files_no_larger_than(0),
        pytest.raises(StoreError, match=r"anbei\.lock: the city cannot be locked .* free space"),
        lock.hold(tmp_path, ["anbei"]),
    ):
        pass
    with (
        files_no_larger_than(0),
        pytest.raises(VisitsError, match=r"anbei\.lock: cannot be written .* free space"),
    ):
        Visits.open(tmp_path / "state" / "anbei.sqlite")
    with lock.hold(tmp_path, ["anbei"]):  # neither holds it any longer
        assert lock.holder(tmp_path, "anbei") == str(os.getpid())


def test_a_lock_that_is_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "state" / "anbei.lock").mkdir(parents=True)
    with (
        pytest.raises(StoreError, match=r"anbei\.lock: the city cannot be locked"),
        lock.hold(tmp_path, ["anbei"]),
    ):
        pass


def test_a_lock_whose_content_is_no_number_names_nobody(tmp_path: Path) -> None:
    """What stands in a file may not reach a terminal just because it is called a lock."""
    path = tmp_path / "state" / "anbei.lock"
    path.parent.mkdir()
    with lock.hold(tmp_path, ["anbei"]):
        path.write_bytes(b"\xff\x1b[31m" * 1000)
        assert lock.holder(tmp_path, "anbei") == "unknown"
        with (
            pytest.raises(lock.LockedError, match=r"process unknown"),
            lock.hold(tmp_path, ["anbei"]),
        ):
            pass
