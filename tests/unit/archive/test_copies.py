"""Copies from other archives: written once, read back from where they are said to lie."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_archive import exchange

from crawler.archive.copies import Copy, CopyWriter
from crawler.archive.reader import ArchiveError, Place, read_record

AT = datetime(2019, 3, 5, tzinfo=UTC)


def copy(number: int) -> Copy:
    page = exchange(f"http://www.luoshan.example/t_{number}.html", b"<p>page %d</p>" % number)
    return Copy(page, "wayback", f"wayback/{number}", AT)


def test_a_copy_lies_where_its_writer_says_and_a_full_file_is_followed_by_the_next(
    tmp_path: Path,
) -> None:
    with CopyWriter(tmp_path, "copies", max_file=1) as writer:
        places = [writer.write(copy(number)) for number in range(3)]
        writer.sync()
        assert [path.name for path in writer.files] == [name for name, _ in places]
    assert len({name for name, _ in places}) == 3
    for number, (name, offset) in enumerate(places):
        record = read_record(tmp_path, Place(name, offset))
        assert record is not None
        assert record.body == b"<p>page %d</p>" % number


def test_copies_after_the_last_noted_one_are_found_again(tmp_path: Path) -> None:
    with CopyWriter(tmp_path, "copies") as writer:
        places = [writer.write(copy(number)) for number in range(3)]
    (path,) = writer.files
    with path.open("ab") as file:
        file.write(b"\x1f\x8b\x08 torn")
    found = list(CopyWriter(tmp_path, "copies").recover(places[0]))
    assert found == [("wayback/1", places[1]), ("wayback/2", places[2])]
    assert len(list(CopyWriter(tmp_path, "copies").recover(("", 0)))) == 3


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "copies").write_bytes(b"")
    with pytest.raises(ArchiveError, match="cannot be written"):
        CopyWriter(tmp_path / "copies", "x").write(copy(1))
