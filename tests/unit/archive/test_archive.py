"""Web archives: what was fetched is kept as it came, and anyone's archive can be read."""

import gzip
import time
import tracemalloc
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator

from crawler.archive.frames import MAX_RECORD
from crawler.archive.reader import (
    ArchiveError,
    Payload,
    Place,
    Record,
    merged,
    read_record,
    read_records,
    repair,
)
from crawler.archive.writer import ArchiveWriter, Exchange
from crawler.unpacking import MAX_BODY

MOMENT = datetime(2024, 3, 5, 1, 2, 3, 456789, tzinfo=UTC)
PAGE = "<html><body><p>3月4日，市政府召开会议。</p></body></html>".encode() * 20


def exchange(url: str, body: bytes = PAGE, status: int = 200, **headers: str) -> Exchange:
    named = {"Content-Type": "text/html; charset=utf-8"} | headers
    return Exchange(
        url=url,
        method="GET",
        request_headers=(("User-Agent", "shizheng/test"),),
        status=status,
        headers=tuple((name.replace("_", "-"), value) for name, value in named.items()),
        body=body,
        fetched_at=MOMENT,
        kind="article",
    )


class Memory(dict[str, Payload]):
    """The payloads a writer has seen, as `Visits` keeps them."""

    def write(self, writer: ArchiveWriter, what: Exchange) -> Place:
        place = writer.write(what)
        self.setdefault(what.digest, Payload(place, what.url, what.fetched_at))
        return place


def archive_of(folder: Path, *exchanges: Exchange, name: str = "run") -> Path:
    memory = Memory()
    with ArchiveWriter(folder, name, known=memory.get) as writer:
        for each in exchanges:
            place = memory.write(writer, each)
    return folder / place.file


def everything(path: Path) -> tuple[list[Record], dict[str, int]]:
    skipped: Counter[str] = Counter()
    return list(read_records(path, skipped)), dict(skipped)


def test_a_response_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    path = archive_of(tmp_path, exchange("http://a.example/1?x=1&y=%E4%BA%8C", ETag='"e"'))
    (record,), skipped = everything(path)
    assert (record.url, record.status, record.body) == (
        "http://a.example/1?x=1&y=%E4%BA%8C",
        200,
        PAGE,
    )
    assert record.headers["content-type"] == "text/html; charset=utf-8"
    assert record.headers["etag"] == '"e"'
    assert (record.fetched_at, record.kind) == (MOMENT, "article")
    assert record.digest == exchange("x").digest
    assert not skipped


def test_bodies_are_kept_encoded_and_read_decoded(tmp_path: Path) -> None:
    packed = gzip.compress(PAGE)
    path = archive_of(tmp_path, exchange("http://a.example/", packed, Content_Encoding="gzip"))
    (record,), _ = everything(path)
    assert record.body == PAGE
    assert "content-encoding" not in record.headers
    assert packed in gzip.decompress(path.read_bytes())


def test_every_record_is_a_gzip_member_of_warc_1_1_that_other_readers_verify(
    tmp_path: Path,
) -> None:
    path = archive_of(tmp_path, exchange("http://a.example/1"), exchange("http://a.example/2"))
    kinds = []
    with path.open("rb") as file:
        for record in ArchiveIterator(file, parse_http=False):
            assert record.verify_block_digest()
            kinds.append((record.headers["WARC-Type"], record.headers.get("WARC-Target-URI")))
    assert kinds == [
        ("warcinfo", None),
        ("response", "http://a.example/1"),
        ("request", "http://a.example/1"),
        ("revisit", "http://a.example/2"),
        ("request", "http://a.example/2"),
    ]
    assert gzip.decompress(path.read_bytes()).count(b"WARC/1.1\r\n") == 5
    assert path.read_bytes().count(b"\x1f\x8b\x08") == 5


def test_a_payload_that_came_before_is_referred_to_and_reads_as_if_it_were_there(
    tmp_path: Path,
) -> None:
    memory = Memory()
    for name in ("monday", "tuesday"):
        with ArchiveWriter(tmp_path, name, known=memory.get) as writer:
            memory.write(writer, exchange("http://a.example/list", name.encode() + PAGE))
            memory.write(writer, exchange("http://a.example/same"))
    tuesday = tmp_path / "tuesday-00000.warc.gz"
    assert gzip.decompress(tuesday.read_bytes()).count(PAGE) == 1
    records, skipped = everything(tuesday)
    assert [record.body for record in records] == [b"tuesday" + PAGE, PAGE]
    assert not skipped
    # Without the file it refers to, the revisit is counted, not invented.
    (tmp_path / "monday-00000.warc.gz").unlink()
    records, skipped = everything(tuesday)
    assert [record.url for record in records] == ["http://a.example/list"]
    assert skipped == {"unresolved": 1}


def test_a_small_payload_is_kept_rather_than_referred_to(tmp_path: Path) -> None:
    path = archive_of(
        tmp_path, *(exchange(f"http://a.example/{n}", b"moved", 301) for n in range(2))
    )
    assert gzip.decompress(path.read_bytes()).count(b"WARC-Type: response") == 2


def test_a_record_is_found_by_its_place(tmp_path: Path) -> None:
    memory, places = Memory(), []
    with ArchiveWriter(tmp_path, "run", known=memory.get) as writer:
        for number in range(3):
            each = exchange(f"http://a.example/{number}", f"{number}".encode() + PAGE)
            places.append(memory.write(writer, each))
    found = read_record(tmp_path, places[1])
    assert found is not None
    assert found.url == "http://a.example/1"
    assert read_record(tmp_path, Place(places[1].file, places[1].offset + 1)) is None
    assert read_record(tmp_path, Place("no.warc.gz", 0)) is None


def test_files_are_begun_anew_at_their_size_and_never_appended_to(tmp_path: Path) -> None:
    told: list[str] = []
    for _ in range(2):
        with ArchiveWriter(
            tmp_path,
            "run",
            known=lambda digest: None,
            opened=lambda file: told.append(f"+{file}"),
            closed=lambda file: told.append(f"-{file}"),
            max_file=1,
        ) as writer:
            for number in range(2):
                writer.write(exchange(f"http://a.example/{number}"))
    names = [f"run-{number:05d}.warc.gz" for number in range(4)]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert told == [mark + name for name in names for mark in "+-"]


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchiveError, match="the archive cannot be written"):
        archive_of(tmp_path / "file", exchange("http://a.example/"))


def test_an_end_torn_at_any_byte_is_cut_back_to_whole_records(tmp_path: Path) -> None:
    whole = archive_of(
        tmp_path, exchange("http://a.example/1"), exchange("http://a.example/2", PAGE + b"2")
    )
    data = whole.read_bytes()
    starts = [i for i in range(len(data)) if data.startswith(b"\x1f\x8b\x08", i)] + [len(data)]
    torn = tmp_path / "torn.warc.gz"
    for length in range(1, len(data), 7):
        torn.write_bytes(data[:length])
        kept = max(start for start in starts if start <= length)
        records, skipped = everything(torn)
        responses = [records.url for records in records]
        assert responses == ["http://a.example/1", "http://a.example/2"][: len(responses)]
        assert skipped == ({} if kept == length else {"torn": 1})
        assert repair(torn) == length - kept
        assert torn.exists() == (kept > 0)
        if kept:
            assert torn.read_bytes() == data[:kept]
            assert repair(torn) == 0


def test_damage_in_the_middle_is_passed_over_and_never_cut(tmp_path: Path) -> None:
    path = archive_of(
        tmp_path, *(exchange(f"http://a.example/{n}", f"{n}".encode() + PAGE) for n in range(4))
    )
    data = bytearray(path.read_bytes())
    place = read_record(
        tmp_path, Place(path.name, next(r.offset for r in read_records(path) if "1" in r.url))
    )
    assert place is not None
    data[place.offset + 40] ^= 0xFF
    path.write_bytes(data)
    records, skipped = everything(path)
    assert [record.url[-1] for record in records] == ["0", "2", "3"]
    assert skipped == {"broken": 1}
    assert repair(path) == 0
    assert path.read_bytes() == data


def foreign(target: str, http: bytes, extra: str = "", kind: str = "response") -> bytes:
    """Return one record as another program writes it: WARC/1.0, LF-free, no digest."""
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:1>\r\n"
        f"WARC-Target-URI: {target}\r\nWARC-Date: 2023-01-29T08:00:00Z\r\n{extra}"
        f"Content-Type: application/http;msgtype={kind}\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/html\r\n\r\n"
    + f"{len(PAGE):x}".encode()
    + b"\r\n"
    + PAGE
    + b"\r\n0\r\n\r\n"
)


def test_wgets_archives_are_read(tmp_path: Path) -> None:
    path = tmp_path / "wget.warc.gz"
    # wget up to 1.19 writes the address in angle brackets, and keeps chunks in the body.
    members = (
        foreign("<http://a.example/wget>", HTTP),
        foreign("<http://a.example/wget>", b"GET / HTTP/1.1\r\n\r\n", kind="request"),
        foreign("<http://a.example/chunked>", CHUNKED),
        foreign("<metadata://gnu.org/wget.log>", b"log", kind="resource"),
    )
    path.write_bytes(b"".join(map(gzip.compress, members)))
    records, skipped = everything(path)
    assert [(r.url, r.body) for r in records] == [
        ("http://a.example/wget", PAGE),
        ("http://a.example/chunked", PAGE),
    ]
    assert records[0].fetched_at == datetime(2023, 1, 29, 8, tzinfo=UTC)
    assert not skipped


def test_common_crawls_archives_are_read(tmp_path: Path) -> None:
    path = tmp_path / "CC-MAIN.warc.gz"
    # It stores bodies decoded and renames the header that said how they came.
    http = HTTP.replace(b"Content-Type", b"X-Crawl-Content-Encoding: br\r\nContent-Type", 1)
    members = (
        foreign("https://a.example/cc", http, "WARC-Identified-Payload-Type: text/html\r\n"),
        foreign("https://a.example/cut", HTTP, "WARC-Truncated: length\r\n"),
        foreign("https://a.example/cc", b"fetchTimeMs: 1\r\n", kind="metadata"),
    )
    path.write_bytes(b"".join(map(gzip.compress, members)))
    records, skipped = everything(path)
    assert [(r.url, r.body) for r in records] == [("https://a.example/cc", PAGE)]
    assert skipped == {"truncated": 1}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "one gzip member"])
def test_files_that_are_not_compressed_by_record_are_read(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / ("all.warc.gz" if packed else "all.warc")
    bad = foreign("http://a.example/3", b"not http at all")
    data = (
        foreign("http://a.example/1", HTTP) + b"garbage\r\n" + foreign("http://a.example/2", HTTP)
    )
    path.write_bytes(gzip.compress(data + bad) if packed else data + bad)
    records, skipped = everything(path)
    assert [r.url[-1] for r in records] == ["1", "2"]
    assert skipped["broken"] == 1


def test_an_empty_archive_has_no_records(tmp_path: Path) -> None:
    path = tmp_path / "empty.warc.gz"
    path.write_bytes(b"")
    assert everything(path) == ([], {})
    path.write_bytes(gzip.compress(b""))
    assert everything(path) == ([], {})


@pytest.mark.parametrize("data", [b"<html>", b"PK\x03\x04", b"WARZ"])
def test_a_file_that_is_no_archive_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match=r"page\.html: cannot be read as a WARC file"):
        everything(path)
    with pytest.raises(ArchiveError, match="No such file"):
        everything(tmp_path / "missing.warc")


def test_headers_that_repeat_are_joined_and_odd_ones_survive(tmp_path: Path) -> None:
    odd = replace(
        exchange("http://a.example/"),
        headers=(("Via", "1"), ("Via", "2"), ("X-Name", "caf\xe9")),
        status=299,
        protocol="h2",
    )
    (record,), skipped = everything(archive_of(tmp_path, odd))
    assert (record.status, record.headers["via"]) == (299, "1, 2")
    assert not skipped


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_body_that_is_not_encoded_as_declared_costs_its_record_alone(
    tmp_path: Path, encoding: str
) -> None:
    odd = exchange("http://a.example/1", b"\xff" * 99, Content_Encoding=encoding)
    path = archive_of(tmp_path, odd, exchange("http://a.example/2"))
    found, skipped = everything(path)
    assert found[-1].url == "http://a.example/2"
    assert len(found) + skipped.get("invalid", 0) == 2


def packed_member(http: bytes, extra: str = "", kind: str = "response", number: int = 1) -> bytes:
    """Return a response on a URL of its own as a gzip member."""
    return gzip.compress(foreign(f"http://a.example/{number}", http, extra, kind))


def test_a_bomb_is_read_back_packed_with_the_header_that_says_so(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(MAX_BODY * 8))
    again = exchange("http://a.example/again", bomb, Content_Encoding="gzip")
    path = archive_of(tmp_path, exchange("http://a.example/", bomb, Content_Encoding="gzip"), again)
    tracemalloc.start()
    (record, revisit), skipped = everything(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (record.body, record.headers["content-encoding"]) == (bomb, "gzip")
    assert (revisit.body, revisit.headers["content-encoding"]) == (bomb, "gzip")
    assert not skipped
    assert peak < 3 * MAX_BODY


def test_a_chunked_bomb_is_read_back_packed(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(MAX_BODY * 2))
    http = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
        + f"{len(bomb):x}\r\n".encode() + bomb + b"\r\n0\r\n\r\n"
    )  # fmt: skip
    path = tmp_path / "a.warc.gz"
    path.write_bytes(packed_member(http))
    (record,), _ = everything(path)
    assert record.body == bomb


def test_a_record_that_unpacks_to_too_much_is_passed_over_and_the_next_one_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(packed_member(HTTP + bytes(MAX_RECORD * 3)) + packed_member(HTTP, number=2))
    tracemalloc.start()
    records, skipped = everything(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [record.url for record in records] == ["http://a.example/2"]
    assert skipped == {"too_large": 1}
    assert peak < 3 * MAX_RECORD


def test_headers_that_repeat_often_are_joined_in_the_time_of_reading_them() -> None:
    lines = [("X-Note", "b" * 50)] * 200_000
    assert len(merged(lines)["x-note"]) == 200_000 * 52 - 2


def test_false_beginnings_cost_no_more_than_a_few_readings_of_the_file(tmp_path: Path) -> None:
    # Each would read the rest of the file as the name of a packed file, or as one record's head.
    for name, data in (
        ("names.warc.gz", b"\x1f\x8b\x08\x08" * 2_000_000),
        ("heads.warc", b"WARC/1.0\r\n" * 400_000),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        before = time.process_time()
        assert everything(path)[0] == []
        assert time.process_time() - before < 20  # seconds of CPU; it was minutes


@pytest.mark.parametrize(
    "refers",
    [
        "WARC-Refers-To-Filename: a.warc.gz\r\nWARC-Refers-To-File-Offset: 0\r\n",
        "WARC-Refers-To-Filename: a.warc.gz\r\nWARC-Refers-To-File-Offset: \xb2\r\n",
        f"WARC-Refers-To-Filename: a.warc.gz\r\nWARC-Refers-To-File-Offset: {'9' * 5000}\r\n",
        f"WARC-Refers-To-Filename: {'n' * 5000}\r\nWARC-Refers-To-File-Offset: 0\r\n",
        "WARC-Payload-Digest: sha1:NOWHERE\r\n",
        "",
    ],
    ids=["itself", "superscript", "5,000 digits", "long name", "nowhere", "nothing"],
)
def test_a_revisit_that_refers_to_nothing_usable_is_unresolved(tmp_path: Path, refers: str) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(packed_member(HTTP, refers, "revisit") + packed_member(HTTP, number=2))
    records, skipped = everything(path)
    assert [record.url for record in records] == ["http://a.example/2"]
    assert skipped == {"unresolved": 1}


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "x"])
def test_a_moment_that_is_none_in_utc_is_invalid(tmp_path: Path, moment: str) -> None:
    path = tmp_path / "a.warc.gz"
    record = foreign("http://a.example/", HTTP).replace(b"2023-01-29T08:00:00Z", moment.encode())
    path.write_bytes(gzip.compress(record))
    assert everything(path) == ([], {"invalid": 1})


def test_originals_are_found_among_any_number_of_files_each_read_once(tmp_path: Path) -> None:
    originals = 70
    for number in range(originals):
        name = f"WARC-Payload-Digest: sha1:D{number}\r\n"
        http = HTTP + f"{number}".encode()
        (tmp_path / f"a{number:02}.warc.gz").write_bytes(packed_member(http, name, number=number))
    path = tmp_path / "z.warc.gz"
    path.write_bytes(
        b"".join(
            packed_member(
                HTTP[: -len(PAGE)], f"WARC-Payload-Digest: sha1:D{n}\r\n", "revisit", 100 + n
            )
            for n in range(originals)
        )
    )
    records, skipped = everything(path)
    assert [record.body for record in records] == [PAGE + f"{n}".encode() for n in range(70)]
    assert not skipped
    # What is added later is found, too, and what is gone is not.
    late = f"WARC-Payload-Digest: sha1:D{originals}\r\n"
    (tmp_path / "later.warc.gz").write_bytes(packed_member(HTTP, late))
    (tmp_path / "a00.warc.gz").unlink()
    with path.open("ab") as file:
        file.write(packed_member(HTTP[: -len(PAGE)], late, "revisit", 999))
    records, skipped = everything(path)
    assert records[-1].url == "http://a.example/999"
    assert (len(records), skipped) == (originals, {"unresolved": 1})
