"""A verdict is on the disk before it is acknowledged, in whole or not at all."""

import fcntl
import os
import stat
from pathlib import Path
from threading import Thread

import pytest

from pipelines.quality import verdicts
from pipelines.review import journal
from pipelines.tables.damage import StoreError
from tests.unit.archive.test_full_disk import files_no_larger_than
from tests.unit.review.test_review_journal import verdict


class Syncs(list[tuple[str, int]]):
    """What was synced: the name and size of each file, the names of folders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, descriptor: int) -> None:
        found = os.fstat(descriptor)
        names = {path.stat().st_ino: path.name for path in (self.folder, *self.folder.rglob("*"))}
        size = 0 if stat.S_ISDIR(found.st_mode) else found.st_size
        self.append((names[found.st_ino], size))


@pytest.fixture
def syncs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Syncs:
    made = Syncs(tmp_path)
    monkeypatch.setattr(os, "fsync", made)
    return made


def ids(output: Path) -> list[str]:
    return [found.verdict_id for found in verdicts.read(output)]


def test_a_verdict_is_synced_with_the_folder_of_a_new_journal(tmp_path: Path, syncs: Syncs) -> None:
    journal.append(tmp_path, [verdict(1)])
    path = tmp_path / "reviews" / "anna.jsonl"
    first = path.stat().st_size
    assert syncs == [("reviews", 0), ("anna.jsonl", first)]
    syncs.clear()
    journal.append(tmp_path, [verdict(2), verdict(3)])
    # The name is in the folder already; the lines are synced together.
    assert syncs == [("anna.jsonl", path.stat().st_size)]
    assert path.stat().st_size > 2 * first


def test_each_reviewer_s_verdicts_are_synced(tmp_path: Path, syncs: Syncs) -> None:
    journal.append(tmp_path, [verdict(1), verdict(1, "bo"), verdict(2)])
    synced = {name for name, size in syncs if size}
    assert synced == {"anna.jsonl", "bo.jsonl"}
    assert sorted(ids(tmp_path)) == ["anna-00001", "anna-00002", "bo-00001"]


def test_a_journal_is_emptied_only_once_its_verdicts_are_synced_elsewhere(
    tmp_path: Path, syncs: Syncs
) -> None:
    journal.append(tmp_path, [verdict(1)])
    size = (tmp_path / "reviews" / "anna.jsonl").stat().st_size
    syncs.clear()
    sizes: list[int] = []
    append = syncs.append

    def note(entry: tuple[str, int]) -> None:
        sizes.append((tmp_path / "reviews" / "anna.jsonl").stat().st_size)
        append(entry)

    syncs.append = note  # type: ignore[method-assign]
    journal.compact(tmp_path)
    names = [name for name, _ in syncs]
    assert names[-2:] == ["reviews", "anna.jsonl"]  # the table's rename, then the empty journal
    assert sizes == [size] * (len(sizes) - 1) + [0]


def test_verdicts_that_the_disk_takes_in_part_are_not_stored_at_all(tmp_path: Path) -> None:
    journal.append(tmp_path, [verdict(1)])
    path = tmp_path / "reviews" / "anna.jsonl"
    before = path.read_bytes()
    for room in (0, 1, len(before) // 2, len(before) + 5):
        with (
            files_no_larger_than(len(before) + room),
            pytest.raises(StoreError, match=r"anna\.jsonl: the verdict could not be stored"),
        ):
            journal.append(tmp_path, [verdict(2), verdict(3)])
        assert path.read_bytes() == before
    journal.append(tmp_path, [verdict(2), verdict(3)])
    assert ids(tmp_path) == ["anna-00001", "anna-00002", "anna-00003"]


def test_a_verdict_that_cannot_be_synced_is_not_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append(tmp_path, [verdict(1)])
    path = tmp_path / "reviews" / "anna.jsonl"
    before = path.read_bytes()

    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match="could not be stored"):
        journal.append(tmp_path, [verdict(2)])
    assert path.read_bytes() == before


@pytest.mark.parametrize("torn", [1, 65_535, 65_536, 65_537, 200_000])
@pytest.mark.parametrize("lines", [0, 1, 200])
def test_a_torn_line_of_any_length_is_removed_and_no_other(
    tmp_path: Path, torn: int, lines: int
) -> None:
    if lines:
        journal.append(tmp_path, [verdict(number) for number in range(lines)])
    path = tmp_path / "reviews" / "anna.jsonl"
    path.parent.mkdir(exist_ok=True)
    with path.open("ab") as file:
        file.write(b'{"verdict_id": "' + b"x" * torn)
    journal.append(tmp_path, [verdict(lines)])
    assert ids(tmp_path) == [f"anna-{number:05d}" for number in range(lines + 1)]
    assert path.read_bytes().count(b"\n") == lines + 1


def test_a_verdict_waits_for_whoever_has_the_journal(tmp_path: Path) -> None:
    journal.append(tmp_path, [verdict(1)])
    path = journal.path_of(tmp_path, "anna")
    with path.open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = Thread(target=journal.append, args=(tmp_path, [verdict(2)]))
        waiting.start()
        waiting.join(0.3)
        assert len(path.read_bytes().splitlines()) == 1
    waiting.join()
    assert ids(tmp_path) == ["anna-00001", "anna-00002"]
