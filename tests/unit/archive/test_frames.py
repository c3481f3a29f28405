"""Bounds of records: the size limit, damage beside it, and a cut end that stays cut."""

import gzip
import os
import random
from collections import Counter
from pathlib import Path

import pytest
from test_archive import HTTP, everything, packed_member

from crawler.archive import frames
from crawler.archive.frames import Frames
from crawler.archive.reader import repair

LIMIT = 100_000


@pytest.fixture(autouse=True)
def small_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set a limit that a test can exceed by a byte."""
    monkeypatch.setattr(frames, "MAX_RECORD", LIMIT)


def record(size: int) -> bytes:
    """Return a record of `size` bytes in all, which hardly packs."""
    for digits in range(1, 9):
        start = b"WARC/1.1\r\nContent-Length: "
        body = size - len(start) - digits - len(b"\r\n\r\n")
        if len(str(body)) == digits:
            return start + str(body).encode() + b"\r\n\r\n" + random.Random(5).randbytes(body)
    raise AssertionError(size)


def walked(folder: Path, content: bytes, name: str) -> tuple[list[int], dict[str, int], Path]:
    """Return the sizes of a file's records, the counts of its damage, and the file."""
    path = folder / name
    path.write_bytes(content)
    skipped: Counter[str] = Counter()
    with Frames.open(path) as opened:
        return [len(frame.content) for frame in opened.walk(0, skipped)], dict(skipped), path


@pytest.mark.parametrize(
    ("packed", "size", "kept"),
    [(packed, LIMIT + over, over <= 0) for packed in (False, True) for over in (-1, 0, 1, LIMIT)],
)
def test_a_record_is_kept_up_to_the_limit_and_passed_over_above_it(
    tmp_path: Path, packed: bool, size: int, kept: bool
) -> None:
    parts = [record(300), record(size), record(400)]
    content = b"".join(map(gzip.compress, parts) if packed else parts)
    found, skipped, path = walked(tmp_path, content, f"a.warc{'.gz' if packed else ''}")
    assert found == ([300, size, 400] if kept else [300, 400])
    assert skipped == ({} if kept else {"too_large": 1})
    assert repair(path) == 0  # what is too large is there in whole: no torn end


GOOD, LARGE, DAMAGED = (
    gzip.compress(record(300)),
    gzip.compress(record(LIMIT * 2)),
    bytearray(gzip.compress(record(300))),
)
DAMAGED[20] ^= 0xFF


@pytest.mark.parametrize(
    ("parts", "kept", "damage"),
    [
        ([GOOD, LARGE], 1, {"too_large": 1}),
        ([DAMAGED, LARGE, GOOD], 1, {"broken": 1, "too_large": 1}),
        ([LARGE, DAMAGED, GOOD], 1, {"broken": 1, "too_large": 1}),
        # Several in a row are one stretch.
        ([GOOD, DAMAGED, DAMAGED, DAMAGED, GOOD, DAMAGED, GOOD], 3, {"broken": 2}),
    ],
)
def test_damage_and_what_is_too_large_is_counted_and_not_cut_off(
    tmp_path: Path, parts: list[bytes], kept: int, damage: dict[str, int]
) -> None:
    content = b"".join(parts)
    found, skipped, path = walked(tmp_path, content, "a.warc.gz")
    assert (found, skipped) == ([300] * kept, damage)
    assert (repair(path), path.read_bytes()) == (0, content)


def test_only_what_follows_the_last_whole_record_is_cut(tmp_path: Path) -> None:
    good, bad = gzip.compress(record(300)), bytearray(gzip.compress(record(300)))
    bad[20] ^= 0xFF
    content = good + bytes(bad) + good
    _, skipped, path = walked(tmp_path, content + bytes(bad) + good[:30], "a.warc.gz")
    assert skipped == {"broken": 1, "torn": 1}
    assert repair(path) == len(bad) + 30
    assert path.read_bytes() == content


@pytest.mark.parametrize("end", [1, 12, 40, 299])
def test_a_plain_file_is_cut_back_to_its_last_whole_record(tmp_path: Path, end: int) -> None:
    whole = record(300) + record(400)
    found, skipped, path = walked(tmp_path, whole + record(300)[:end], "a.warc")
    assert (found, skipped) == ([300, 400], {"torn": 1})
    assert repair(path) == end
    assert path.read_bytes() == whole


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_search_that_was_given_up_cuts_nothing_off(
    tmp_path: Path, packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Behind so many false beginnings there may be whole records: here there is one.
    monkeypatch.setattr(frames, "MAX_SEARCH", 0)
    if packed:
        noise = random.Random(5).randbytes(6_000)
        false = bytearray(gzip.compress(noise, 0))
        false[-8] ^= 0xFF
        content = gzip.compress(record(300)) + bytes(false) * 40 + gzip.compress(record(300))
    else:
        content = record(300) + b"WARC/1.1\r\nX: y\r\n\r\n" * 40 + record(300)
    found, skipped, path = walked(tmp_path, content, "a.warc.gz" if packed else "a.warc")
    assert found == [300]
    assert set(skipped) == {"broken"}
    assert repair(path) == 0
    assert path.read_bytes() == content


def test_a_cut_is_on_the_disk_before_anything_is_written_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = gzip.compress(record(300))
    synced: list[tuple[int, int]] = []

    def sync(descriptor: int) -> None:
        state = os.fstat(descriptor)
        synced.append((state.st_ino, state.st_size))

    monkeypatch.setattr(os, "fsync", sync)
    path = tmp_path / "a.warc.gz"
    path.write_bytes(whole + whole[:50])
    assert repair(path) == 50
    assert synced == [(path.stat().st_ino, len(whole))]
    assert repair(path) == 0
    assert len(synced) == 1  # a whole file is not touched


def test_a_search_given_up_after_records_too_large_cuts_nothing_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "MAX_SEARCH", 0)
    content = gzip.compress(record(LIMIT * 2)) * 3 + gzip.compress(record(300))
    found, skipped, path = walked(tmp_path, content, "a.warc.gz")
    assert found == []
    assert 1 <= skipped["too_large"] < 3
    assert skipped["broken"] == 1
    assert repair(path) == 0


@pytest.mark.parametrize("junk", [b"x", b"\x1f", b"\x1f\x8b"])
def test_a_record_right_behind_a_few_damaged_bytes_is_read(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(packed_member(HTTP) + junk + packed_member(HTTP, number=2))
    records, skipped = everything(path)
    assert [record.url[-1] for record in records] == ["1", "2"]
    assert skipped == {"broken": 1}
