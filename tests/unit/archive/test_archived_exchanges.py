"""Exchanges as archived: heads, confirmations of the server, requests, and copies of payloads."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_archive import MOMENT, PAGE, exchange
from warcio.archiveiterator import ArchiveIterator

from crawler.archive import frames, reader
from crawler.archive.copies import CopyWriter
from crawler.archive.reader import Payload, Place, read_records
from crawler.archive.writer import ArchiveWriter, Exchange, response_head, warc_date


def written(folder: Path, *exchanges: Exchange, confirmed: Payload | None = None) -> Path:
    with ArchiveWriter(folder, "run", known=lambda _: None) as writer:
        for one in exchanges:
            place = writer.write(one, confirmed)
    return folder / place.file


def heads(path: Path) -> list[dict[str, str]]:
    """Return the headers of the records of a file, but for its first."""
    with path.open("rb") as file:
        found = [dict(record.rec_headers.headers) for record in ArchiveIterator(file)]
    return [one for one in found if one["WARC-Type"] != "warcinfo"]


@pytest.mark.parametrize(
    ("status", "line", "length"),
    [
        (200, "200 OK", "4"),
        (304, "304 Not Modified", None),
        (305, "305 Use Proxy", "4"),
        (599, "599", "4"),
    ],
)
def test_a_response_s_head_has_its_true_length_and_the_reason_of_its_status(
    status: int, line: str, length: str | None
) -> None:
    sent = exchange("http://a.example/", b"1234", status, Content_Length="9", Set_Cookie="x=1")
    sent = replace(sent, headers=(*sent.headers, ("Transfer-Encoding", "chunked")))
    head = response_head(sent)
    assert head.statusline == line
    assert head.get_header("Content-Length") == length
    assert head.get_header("Transfer-Encoding") is None
    assert head.get_header("Set-Cookie") is None
    assert head.get_header("Content-Type") == "text/html; charset=utf-8"


@pytest.mark.parametrize(("said", "kept"), [("HTTP/1.0", "HTTP/1.0"), ("h2", "HTTP/1.1")])
def test_a_protocol_that_warc_does_not_know_is_written_as_1_1(said: str, kept: str) -> None:
    assert response_head(replace(exchange("http://a.example/"), protocol=said)).protocol == kept


def test_a_server_s_confirmation_refers_to_the_page_confirmed(tmp_path: Path) -> None:
    earlier = Payload(
        Place("old.warc.gz", 77), "http://a.example/old", datetime(2024, 1, 2, tzinfo=UTC)
    )
    path = written(tmp_path, exchange("http://a.example/1", b"", 304), confirmed=earlier)
    response = next(one for one in heads(path) if one["WARC-Type"] == "revisit")
    assert response["WARC-Profile"].endswith("server-not-modified")
    assert response["WARC-Refers-To-Target-URI"] == "http://a.example/old"
    assert response["WARC-Refers-To-Date"] == warc_date(earlier.fetched_at)
    assert {"old.warc.gz", "77"} <= set(response.values())
    bare = written(tmp_path / "bare", exchange("http://a.example/1", b"", 304))
    response = next(one for one in heads(bare) if one["WARC-Type"] == "revisit")
    assert "WARC-Refers-To-Target-URI" not in response
    (record,) = read_records(path, unmodified=True)
    assert (record.status, record.url) == (304, "http://a.example/1")


def test_a_request_is_beside_its_response_with_host_body_and_path(tmp_path: Path) -> None:
    plain = exchange("http://u:p@a.example:8080/x?y=1")
    posted = replace(
        exchange("http://a.example"), method="POST", request_body=b"q=1",
        request_headers=(("HOST", "b.example"),), ip="192.0.2.7",
    )  # fmt: skip
    path = written(tmp_path, plain, posted)
    with path.open("rb") as file:
        sent = [
            (record.http_headers.protocol, record.http_headers.statusline,
             [value for name, value in record.http_headers.headers if name.lower() == "host"],
             record.raw_stream.read())
            for record in ArchiveIterator(file)
            if record.rec_type == "request"
        ]  # fmt: skip
    assert sent == [
        ("GET", "/x?y=1 HTTP/1.1", ["a.example:8080"], b""),
        ("POST", "/ HTTP/1.1", ["b.example"], b"q=1"),
    ]
    found = heads(path)
    ids = {one["WARC-Record-ID"] for one in found if one["WARC-Type"] == "response"}
    assert {one["WARC-Concurrent-To"] for one in found if one["WARC-Type"] == "request"} == ids
    addresses = [one.get("WARC-IP-Address") for one in found if one["WARC-Type"] == "response"]
    assert addresses == [None, "192.0.2.7"]
    assert all(one["WARC-Date"] == warc_date(MOMENT) for one in found)


def test_an_archive_s_bytes_do_not_depend_on_the_hour_of_writing(tmp_path: Path) -> None:
    """The members of gzip hold no time of their own."""
    path = written(tmp_path, exchange("http://a.example/1"))
    assert path.read_bytes()[4:8] == bytes(4)


def test_a_payload_is_found_again_by_its_first_copies_alone(tmp_path: Path) -> None:
    for number in range(6):
        with ArchiveWriter(tmp_path, f"run-{number}", known=lambda _: None) as writer:
            writer.write(exchange(f"http://a.example/{number}", PAGE))
            writer.write(exchange(f"http://a.example/{number}", b"<p>other</p>"))
    index = reader._Folder(tmp_path)
    for path in sorted(tmp_path.glob("*.gz")):
        index._add(path)
    assert len(index._others) == 2
    assert {len(copies) for copies in index._others.values()} == {reader._COPIES}


@pytest.mark.parametrize("name", ["other.txt", "run-1.warc.gz", "run-00000.warc"])
def test_only_a_writer_s_own_files_are_its_copies(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    assert CopyWriter(tmp_path, "run").files == []


def test_a_file_left_empty_by_a_killed_writer_goes(tmp_path: Path) -> None:
    path = tmp_path / "run-00000.warc.gz"
    path.write_bytes(b"")
    assert reader.repair(path) == 0
    assert not path.exists()


def test_each_file_is_announced_before_it_begins_and_on_the_disk_before_it_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str]] = []
    monkeypatch.setattr("os.fsync", lambda file: seen.append(("synced", "")))
    with ArchiveWriter(
        tmp_path, "run", known=lambda _: None, max_file=1,
        opened=lambda name: seen.append((f"opened, there: {(tmp_path / name).exists()}", name)),
        closed=lambda name: seen.append(("closed", name)),
    ) as writer:  # fmt: skip
        writer.sync()
        for number in range(2):
            writer.write(exchange(f"http://a.example/{number}"))
            writer.sync()
            writer.sync()
    writer.close()
    events = ("opened, there: False", "synced", "closed")
    assert seen == [
        (event, "" if event == "synced" else f"run-0000{number}.warc.gz")
        for number in range(2) for event in events
    ]  # fmt: skip


def test_the_documented_bounds_are_those_of_the_code() -> None:
    text = (Path(__file__).parents[3] / "docs/reference/crawling.md").read_text(encoding="utf-8")
    rows = {name: line for line in text.splitlines() for name in re.findall(r"`(\w+\.\w+)`", line)}
    assert f"| {frames.MAX_RECORD >> 20} MB unpacked;" in rows["frames.MAX_RECORD"]
    assert f"| {reader.MAX_HEAD >> 10} KB;" in rows["reader.MAX_HEAD"]
    assert f"| {frames.MAX_SEARCH} times its size" in rows["frames.MAX_SEARCH"]
