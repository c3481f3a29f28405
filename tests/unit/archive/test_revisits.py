"""A revisit gets the body that its digest names, and no other."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.archive import reader
from crawler.archive.reader import read_records
from tests.unit.archive.test_archive import HTTP, PAGE, everything, packed_member

HEAD = HTTP[: -len(PAGE)]


def digest(name: str) -> str:
    return f"WARC-Payload-Digest: sha1:{name}\r\n"


def place(file: str, offset: int) -> str:
    return f"WARC-Refers-To-Filename: {file}\r\nWARC-Refers-To-File-Offset: {offset}\r\n"


@pytest.mark.parametrize(
    ("named", "resolved"), [("ONE", True), ("TWO", False), ("", True)], ids=["same", "other", "no"]
)
def test_a_revisit_with_another_digest_than_the_record_at_its_place_is_unresolved(
    tmp_path: Path, named: str, resolved: bool
) -> None:
    # The file was replaced by another of its name, say: at that place there is now another page.
    (tmp_path / "a.warc.gz").write_bytes(packed_member(HTTP, digest("ONE")))
    refers = place("a.warc.gz", 0) + (digest(named) if named else "")
    path = tmp_path / "b.warc.gz"
    path.write_bytes(packed_member(HEAD, refers, "revisit", 2))
    records, skipped = everything(path)
    assert [record.body for record in records] == ([PAGE] if resolved else [])
    assert skipped == ({} if resolved else {"unresolved": 1})


def test_a_revisit_whose_place_is_inside_a_record_is_unresolved(tmp_path: Path) -> None:
    # A record found further on is not the one that was named.
    first, second = packed_member(HTTP + b"1"), packed_member(HTTP + b"2", number=2)
    (tmp_path / "a.warc.gz").write_bytes(first + second)
    path = tmp_path / "b.warc.gz"
    path.write_bytes(
        packed_member(HEAD, place("a.warc.gz", len(first) - 3), "revisit", 3)
        + packed_member(HEAD, place("a.warc.gz", len(first)), "revisit", 4)
    )
    records, skipped = everything(path)
    assert [(record.url[-1], record.body) for record in records] == [("4", PAGE + b"2")]
    assert skipped == {"unresolved": 1}


def test_a_revisit_of_a_revisit_is_unresolved(tmp_path: Path) -> None:
    original = packed_member(HTTP, digest("ONE"))
    revisit = packed_member(HEAD, place("a.warc.gz", 0) + digest("ONE"), "revisit", 2)
    (tmp_path / "a.warc.gz").write_bytes(original + revisit)
    path = tmp_path / "b.warc.gz"
    refers = place("a.warc.gz", len(original)) + digest("ONE")
    path.write_bytes(packed_member(HEAD, refers, "revisit", 3))
    assert everything(path) == ([], {"unresolved": 1})


def test_another_copy_is_read_where_the_first_is_damaged(tmp_path: Path) -> None:
    damaged, whole = (tmp_path / f"{name}.warc.gz" for name in "ab")
    for path in (damaged, whole):
        path.write_bytes(packed_member(HTTP, digest("ONE")))
    revisit = tmp_path / "c.warc.gz"
    revisit.write_bytes(packed_member(HEAD, digest("ONE"), "revisit", 2))
    assert len(everything(revisit)[0]) == 1
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged.write_bytes(content)
    records, skipped = everything(revisit)
    assert [record.body for record in records] == [PAGE]
    assert not skipped


def test_a_server_that_sent_nothing_as_nothing_changed_is_counted_or_yielded(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.warc.gz"
    same = b"HTTP/1.1 304 Not Modified\r\n\r\n"
    profile = "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/server-not-modified\r\n"
    path.write_bytes(
        packed_member(same, profile, "revisit") + packed_member(b"", profile, "revisit")
    )
    assert everything(path) == ([], {"not_modified": 2})
    (record,) = read_records(path, unmodified=True)
    assert (record.status, record.body) == (304, b"")


def test_a_revisit_without_a_head_is_unresolved_and_a_response_without_one_invalid(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(packed_member(b"", digest("ONE"), "revisit"))
    assert everything(path) == ([], {"unresolved": 1})
    path.write_bytes(packed_member(b"", digest("ONE")))
    assert everything(path) == ([], {"invalid": 1})


def test_wgets_revisits_are_called_truncated_and_read_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    cut = "WARC-Truncated: length\r\n" + digest("ONE")
    path.write_bytes(packed_member(HTTP, digest("ONE")) + packed_member(HEAD, cut, "revisit", 2))
    records, skipped = everything(path)
    assert [record.body for record in records] == [PAGE, PAGE]
    assert not skipped


def test_a_long_record_that_is_no_response_is_no_loss(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(
        packed_member(b"fetchTimeMs: 1\r\n" * 40_000, kind="metadata")
        + packed_member(HTTP, number=2)
    )
    records, skipped = everything(path)
    assert [record.url[-1] for record in records] == ["2"]
    assert not skipped


def test_a_request_with_the_address_of_a_response_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    # Saved by a program that calls a copy of the page a resource: no answer of a site.
    path.write_bytes(packed_member(HTTP, kind="resource") + packed_member(HTTP, number=2))
    records, skipped = everything(path)
    assert [record.url[-1] for record in records] == ["2"]
    assert not skipped


def test_a_moment_without_a_zone_is_utc_wherever_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.warc"
    member = HTTP
    record = (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/1\r\n"
        "WARC-Date: 2023-01-29T08:00:00\r\nContent-Type: application/http\r\n"
        f"Content-Length: {len(member)}\r\n\r\n"
    ).encode() + member
    path.write_bytes(record)
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        ((found,), _) = everything(path)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert found.fetched_at == datetime(2023, 1, 29, 8, tzinfo=UTC)


def test_a_revisit_may_come_before_its_original_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    revisit = packed_member(HEAD, digest("ONE"), "revisit", 2)
    path.write_bytes(revisit + packed_member(HTTP, digest("ONE")))
    for start in (0, len(revisit)):
        records = list(read_records(path, start=start))
        assert [record.body for record in records] == [PAGE] * (1 if start else 2)


@pytest.mark.parametrize(("status", "read"), [("200", True), ("20x", False), ("2000", False)])
def test_a_status_that_is_none_makes_a_response_invalid(
    tmp_path: Path, status: str, read: bool
) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(packed_member(HTTP.replace(b"200", status.encode())))
    records, skipped = everything(path)
    assert (len(records), skipped) == ((1, {}) if read else (0, {"invalid": 1}))


@pytest.mark.parametrize("over", [False, True])
def test_the_head_of_a_response_has_a_bound_and_its_body_none(tmp_path: Path, over: bool) -> None:
    path = tmp_path / "a.warc.gz"
    start, _, page = HTTP.partition(b"\r\n\r\n")
    filled = start + b"\r\nX-Fill: "
    head = filled + b"x" * (reader.MAX_HEAD - len(filled) - 4 + over) + b"\r\n\r\n"
    path.write_bytes(packed_member(head + page + b" " * 400_000))
    records, skipped = everything(path)
    assert (len(records), skipped) == ((0, {"too_large": 1}) if over else (1, {}))
