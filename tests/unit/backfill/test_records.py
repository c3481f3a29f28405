"""Records read from web archives: whole, or counted by the reason why not."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from archive_services import Archive, archive_of, serving
from archived_dalian import Page
from foreign import member

from crawler.archive.copies import Copy, CopyWriter
from crawler.archive.reader import read_records
from crawler.archive.writer import Exchange
from crawler.backfill.capture import Capture
from crawler.backfill.records import record_of

URL = "http://en.dl.gov.cn/News/ChinaNews/1.jhtml"
CAPTURE = Capture(URL, "20181101020304")


def record(kind: str = "response", **fields: str) -> bytes:
    return member(URL, b"<p>text</p>", kind, **{"WARC_Date": "2018-11-01T02:03:04Z"} | fields)


def test_a_record_gives_its_response() -> None:
    found = record_of(record(), CAPTURE)
    assert isinstance(found, Exchange)
    assert (found.url, found.status, found.body) == (URL, 200, b"<p>text</p>")
    assert found.fetched_at == datetime(2018, 11, 1, 2, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (record(WARC_Truncated="length"), "truncated"),
        (record("revisit"), "revisit"),
        (record("request"), "broken"),
        (record(WARC_Date="2019-01-01T00:00:00Z"), "mismatch"),
        (record(WARC_Date="yesterday"), "broken"),
        (record()[:-9], "broken"),
        (record()[5:], "broken"),
        (b"", "broken"),
        (gzip.compress(b"no record", mtime=0), "broken"),
    ],
)
def test_other_bytes_give_a_reason(data: bytes, reason: str) -> None:
    assert record_of(data, CAPTURE) == reason


def copy(number: int, url: str = URL) -> Copy:
    exchange = Exchange(
        url, "GET", (), 200, (("Content-Type", "text/html"), ("Set-Cookie", "s=1")),
        f"<p>{number}</p>".encode() * 100, datetime(2018, 11, 1, tzinfo=UTC), "article",
    )  # fmt: skip
    return Copy(exchange, "service crawl", f"http://place/{number}", exchange.fetched_at)


def test_a_writer_goes_on_in_the_same_file_behind_a_torn_record(tmp_path: Path) -> None:
    for folder in ("whole", "torn"):
        with CopyWriter(tmp_path / folder, "backfill-x") as writer:
            places = [writer.write(copy(number)) for number in range(3)]
    [whole], [torn] = ((list((tmp_path / name).iterdir())) for name in ("whole", "torn"))
    torn.write_bytes(torn.read_bytes()[:-7])
    writer = CopyWriter(tmp_path / "torn", "backfill-x")
    assert list(writer.recover(places[0])) == [("http://place/1", places[1])]
    with writer:
        writer.write(copy(2))
    assert torn.read_bytes() == whole.read_bytes()
    found = list(read_records(whole))
    assert [record.source_place for record in found] == [f"http://place/{n}" for n in range(3)]
    assert {record.source for record in found} == {"service crawl"}


def test_files_are_begun_anew_at_their_size_by_any_number_of_writers(tmp_path: Path) -> None:
    for number in range(6):
        with CopyWriter(tmp_path, "backfill-x", max_file=700) as writer:
            writer.write(copy(number))
    names = [path.name for path in CopyWriter(tmp_path, "backfill-x").files]
    assert names == [f"backfill-x-{n:05d}.warc.gz" for n in range(len(names))]
    assert len(names) > 1
    found = [place for place, _ in CopyWriter(tmp_path, "backfill-x").recover(("", -1))]
    assert found == [f"http://place/{n}" for n in range(6)]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    page = Page(URL, "20181101020304", "<p>text</p>")
    with serving(archive_of(tmp_path / "archive", [page])) as served:
        yield served


def test_provenance_of_anyone_elses_archive_is_not_taken_over(archive: Archive) -> None:
    forged = record(Shizheng_Source="wayback", Shizheng_Kind="robots")
    found = record_of(forged, CAPTURE)
    assert isinstance(found, Exchange)
    assert found.kind == "article"
