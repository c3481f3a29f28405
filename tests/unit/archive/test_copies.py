"""Copies from other archives lie where they are said to; what no archive keeps, and the title."""

import gzip
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_archive import archive_of, everything, exchange

from crawler.archive import copies
from crawler.archive.copies import Copy, CopyWriter
from crawler.archive.reader import ArchiveError, Place, read_record
from crawler.item import LISTED

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
    with CopyWriter(tmp_path, "copies", max_file=1) as writer:
        later = [writer.write(copy(number)) for number in (3, 4)]
    found = list(CopyWriter(tmp_path, "copies").recover(later[0]))
    assert found == [("wayback/4", later[1])]


def test_another_run_goes_on_at_the_end_of_a_file_that_is_not_full(tmp_path: Path) -> None:
    places = []
    for number, full in enumerate((10**6, 10**6, 0)):
        size = sum(path.stat().st_size for path in tmp_path.glob("*"))
        with CopyWriter(tmp_path, "copies", max_file=full or size) as writer:
            places.append(writer.write(copy(number)))
    assert [name[-13:-8] for name, _ in places] == ["00000", "00000", "00001"]
    for number, (name, offset) in enumerate(places):
        record = read_record(tmp_path, Place(name, offset))
        assert record is not None
        assert record.body == b"<p>page %d</p>" % number


def test_copies_are_on_the_disk_once_synced_and_before_the_next_file_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(copies, "fsync", lambda file: synced.append(os.fstat(file).st_size))
    with CopyWriter(tmp_path, "copies", max_file=1) as writer:
        writer.sync()
        writer.write(copy(1))
        assert synced == []
        writer.write(copy(2))
        writer.sync()
        assert synced == [path.stat().st_size for path in writer.files]


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "copies").write_bytes(b"")
    with pytest.raises(ArchiveError, match="cannot be written"):
        CopyWriter(tmp_path / "copies", "x").write(copy(1))


def test_credentials_are_neither_in_the_archive_nor_in_addresses(tmp_path: Path) -> None:
    told = replace(
        exchange("http://li:geheim@a.example/1"),
        request_headers=(
            ("Proxy-Authorization", "Basic Z2VoZWlt"),
            ("authorization", "Basic Z2VoZWlt"),
            ("Cookie", "session=geheim"),
            ("Accept", "text/html"),
        ),
        headers=(("Set-Cookie", "session=geheim"), ("Content-Type", "text/html")),
    )
    path = archive_of(tmp_path, told)
    plain = gzip.decompress(path.read_bytes())
    assert b"geheim" not in plain
    assert b"Z2VoZWlt" not in plain
    assert b"Accept: text/html" in plain
    assert b"Host: a.example\r\n" in plain
    (record,), _ = everything(path)
    assert (record.url, record.headers["content-type"]) == ("http://a.example/1", "text/html")


@pytest.mark.parametrize("title", ["", "市政府“一件事”：A & B %20 — 通报"])
def test_the_title_of_a_list_is_kept_and_a_servers_own_is_not(tmp_path: Path, title: str) -> None:
    sent = exchange("http://www.a.example/1", Shizheng_Listed_Title="another", X_Other="kept")
    posted = replace(sent, url="http://www.a.example/2?__wb_method=POST&page=2", method="POST")
    path = archive_of(tmp_path, replace(sent, listed=title), replace(posted, request_body=b"p=2"))
    records, _ = everything(path)
    assert records[0].headers.get(LISTED, "") == title
    assert LISTED not in records[1].headers
    assert [record.headers["x-other"] for record in records] == ["kept", "kept"]
    raw = gzip.decompress(path.read_bytes())
    assert b"POST /2 HTTP/1.1" in raw
    assert b"p=2" in raw
