"""Content codings are undone in one place, and never to more than a page may be."""

import gzip
import io
import tracemalloc
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import brotli
import pytest
from scrapy.utils._compression import zstd

from crawler import unpacking
from crawler.archive.reader import read_records
from crawler.city import unnamed_city
from crawler.extract.article import extract
from crawler.item import Reject
from crawler.unpacking import MAX_BODY, is_packed, joined, unpacked

PAGE = "<html><body><p>4月2日，滨江市召开防汛会议。</p></body></html>".encode() * 50
URL = "http://www.binjiang.example/xw/202404/t20240402_1.html"

_brotli = partial(brotli.compress, quality=5)
"""As servers pack what they make for each reader; the default packs a bomb for seconds."""

CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": _brotli,
    "zstd": zstd.compress,
    "x-zstd": lambda body: zstd.compress(body[:90]) + zstd.compress(body[90:]),
    "x-deflate": zlib.compress,
    "gzip, gzip": lambda body: gzip.compress(gzip.compress(body)),
    "deflate, br": lambda body: _brotli(zlib.compress(body)),
}


def bare_deflate(body: bytes) -> bytes:
    """Return a deflate stream without zlib's frame, as some servers send it."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def read(coding: str, body: bytes) -> tuple[dict[str, str], bytes]:
    return unpacked({"content-type": "text/html", "content-encoding": coding}, body)


@pytest.mark.parametrize("coding", CODINGS)
def test_every_coding_is_undone_and_its_header_goes(coding: str) -> None:
    assert read(coding, CODINGS[coding](PAGE)) == ({"content-type": "text/html"}, PAGE)


def test_a_bare_deflate_stream_and_several_gzip_members_are_read() -> None:
    assert read("deflate", bare_deflate(PAGE))[1] == PAGE
    assert read("gzip", b"\r\n" + gzip.compress(PAGE))[1] == PAGE
    assert read("gzip", gzip.compress(PAGE) + gzip.compress(b"more") + b"\0\0")[1] == PAGE + b"more"


@pytest.mark.parametrize("coding", [*CODINGS, "identity", "utf-8", "none", ""])
def test_a_page_that_is_not_packed_as_its_header_claims_is_the_page(coding: str) -> None:
    assert read(coding, PAGE) == ({"content-type": "text/html"}, PAGE)
    assert read(coding, b"")[1] == b""


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_of_a_body_that_was_cut_off_the_start_is_kept(coding: str) -> None:
    noise = bytes(n * n % 251 for n in range(400_000))
    packed = CODINGS[coding](noise)
    got = read(coding, packed[: len(packed) * 9 // 10])[1]
    assert got
    assert noise.startswith(got)


@pytest.mark.slow
@pytest.mark.parametrize("coding", CODINGS)
def test_what_unpacks_to_too_much_stays_packed_and_memory_flat(coding: str) -> None:
    bomb = CODINGS[coding](bytes(MAX_BODY * 4))
    tracemalloc.start()
    headers, body = read(coding, bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert body == bomb
    assert is_packed(headers)
    assert peak < 3 * MAX_BODY


def test_layers_and_members_without_end_are_left_packed() -> None:
    many = PAGE
    for _ in range(5):
        many = gzip.compress(many)
    assert is_packed(read(", ".join(["gzip"] * 5), many)[0])
    assert is_packed(read("gzip", gzip.compress(b"") * 100_000)[0])


def test_a_body_that_was_left_packed_is_refused_by_name() -> None:
    bomb = gzip.compress(bytes(MAX_BODY + 1))
    headers, body = read("gzip", bomb)
    found = extract(URL, body, headers, unnamed_city(URL))
    assert isinstance(found, Reject)
    assert (found.reason, "32 MB" in found.detail) == ("too_large", True)


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"3\nabc\n0\n\n", b"abc"),
        (b"3\r\nabc\r\nff\r\nrest", b"abcrest"),
        (b"<html>no chunks", b"<html>no chunks"),
        (b"-5\r\nabc", b"-5\r\nabc"),
        (b"f" * 5000 + b"\r\nabc", b"f" * 5000 + b"\r\nabc"),
        (b"", b""),
    ],
)
def test_chunks_are_joined_and_anything_else_is_left(data: bytes, body: bytes) -> None:
    assert joined(data) == body


# Bodies that are not as their headers claim: packed otherwise, once more, or not at all.
SPRING = (
    "<html><body><p>4月9日，渡口镇召开春耕现场会，推广节水灌溉。</p></body></html>".encode() * 40
)


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "bare deflate": bare_deflate,
    "br": _brotli,
    "zstd": zstd.compress,
}
SAID = ("gzip", "x-gzip", "deflate", "br", "zstd")


def read_as(said: str | None, body: bytes) -> bytes:
    headers = {"content-type": "text/html"} | ({"content-encoding": said} if said else {})
    return unpacked(headers, body)[1]


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("packed", PACKED)
def test_a_body_packed_otherwise_than_it_says_is_read(said: str, packed: str) -> None:
    assert read_as(said, PACKED[packed](SPRING)) == SPRING


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("quality", [0, 1, 2])
def test_a_body_packed_in_haste_by_brotli_is_read(said: str, quality: int) -> None:
    """Its first bytes have few that no text has, or unpack to noise as deflate."""
    for body in (SPRING, SPRING[:300], PAGE):
        assert read_as(said, brotli.compress(body, quality=quality)) == body


@pytest.mark.parametrize("said", SAID)
def test_a_text_that_was_not_packed_stays(said: str) -> None:
    for body in (b"User-agent: *\nDisallow: /x\n", b"plain words " * 40, SPRING):
        assert read_as(said, body) == body


@pytest.mark.parametrize("said", [None, "identity", "utf-8", "none", "binary"])
@pytest.mark.parametrize("packed", ["gzip", "zstd"])
def test_a_body_packed_without_a_word_is_read(said: str | None, packed: str) -> None:
    assert read_as(said, PACKED[packed](SPRING)) == SPRING


@pytest.mark.parametrize("said", ["gzip", "GZIP", " gzip ", '"gzip"', "gzip, identity", "gzip;q=1"])
def test_a_body_packed_twice_and_said_once_is_read(said: str) -> None:
    assert read_as(said, gzip.compress(gzip.compress(SPRING))) == SPRING
    assert read_as(said, gzip.compress(SPRING)) == SPRING


@pytest.mark.parametrize("said", ["gzip, gzip", "gzip,gzip,gzip", "br, gzip", "deflate,gzip"])
def test_a_body_packed_once_and_said_twice_is_read(said: str) -> None:
    assert read_as(said, gzip.compress(SPRING)) == SPRING


@pytest.mark.parametrize(
    "data",
    [
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(SPRING), SPRING),
        b"%x\r\n%s\r\n" % (len(SPRING), SPRING),
        b"%x ; name=value\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (len(SPRING), SPRING),
        b"%x\r\n%s" % (len(SPRING) + 900, SPRING),
        b"000%X\n%s\n0\n" % (len(SPRING), SPRING),
        b"%x\r\n%s\r\nnot a chunk" % (len(SPRING), SPRING),
        SPRING,
    ],
)
def test_chunks_that_lie_cost_nothing_of_the_page(data: bytes) -> None:
    assert joined(data).startswith(SPRING)


def test_a_chunk_that_claims_too_little_ends_no_page() -> None:
    assert SPRING[-200:] in joined(b"%x\r\n%s\r\n0\r\n\r\n" % (len(SPRING) - 500, SPRING))


@pytest.mark.parametrize("missing", ["brotli", "zstd"])
def test_without_a_package_other_codings_are_read(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, missing, None)
    assert read_as("gzip", gzip.compress(SPRING)) == SPRING
    coding = {"brotli": "br", "zstd": "zstd"}[missing]
    assert read_as(coding, SPRING) == SPRING
    packed = PACKED[coding](SPRING)
    assert read_as(coding, packed) == packed


def test_an_older_brotli_without_limits_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    class Decompressor:
        def __init__(self) -> None:
            self._inner = brotli.Decompressor()

        def process(self, data: bytes) -> bytes:
            return bytes(self._inner.process(data))

        def is_finished(self) -> bool:
            return bool(self._inner.is_finished())

    class Older:
        error = brotli.error

    Older.Decompressor = Decompressor  # type: ignore[attr-defined]
    monkeypatch.setattr(unpacking, "brotli", Older)
    assert read_as("br", brotli.compress(SPRING)) == SPRING


def record(number: int, headers: str, body: bytes) -> bytes:
    http = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{headers}\r\n".encode() + body
    return (
        (
            "WARC/1.0\r\nWARC-Type: response\r\n"
            f"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-{number:012d}>\r\n"
            f"WARC-Target-URI: http://www.dukou.example/n/{number}.html\r\n"
            "WARC-Date: 2024-04-09T02:00:00Z\r\nContent-Type: application/http\r\n"
            f"Content-Length: {len(http)}\r\n\r\n"
        ).encode()
        + http
        + b"\r\n\r\n"
    )


LIES = {
    "brotli": ("Content-Encoding: br\r\n", brotli.compress(SPRING)),
    "damaged brotli": ("Content-Encoding: br\r\n", b"\x8b\x02\x80" + SPRING[:90]),
    "zstd": ("Content-Encoding: zstd\r\n", zstd.compress(SPRING)),
    "deflate": ("Content-Encoding: deflate\r\n", bare_deflate(SPRING)),
    "twice": ("Content-Encoding: x-gzip\r\n", gzip.compress(gzip.compress(SPRING))),
    "chunked, gzip": (
        "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n",
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(gzip.compress(SPRING)), gzip.compress(SPRING)),
    ),
    "dechunked, gzip": (
        "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n",
        gzip.compress(SPRING),
    ),
    "transfer gzip": ("Transfer-Encoding: gzip, chunked\r\n", gzip.compress(SPRING)),
    "length too short": ("Content-Length: 30\r\n", SPRING),
    "length too long": ("Content-Length: 90000\r\n", SPRING),
    "length no number": ("Content-Length: many\r\n", SPRING),
    "unknown coding": ("Content-Encoding: sdch\r\n", SPRING),
    "no colon": ("Content-Encoding gzip\r\n", SPRING),
}


@pytest.mark.parametrize("kind", LIES)
@pytest.mark.parametrize("packed", [True, False])
def test_one_lying_record_ends_no_archive(tmp_path: Path, kind: str, packed: bool) -> None:
    records = [record(1, "", SPRING), record(2, *LIES[kind]), record(3, "", SPRING)]
    path = tmp_path / ("a.warc.gz" if packed else "a.warc")
    out = io.BytesIO()
    for one in records:
        out.write(gzip.compress(one) if packed else one)
    path.write_bytes(out.getvalue())
    found = {entry.url[-6]: entry.body for entry in read_records(path)}
    assert found["1"] == found["3"] == SPRING
    if kind != "damaged brotli":
        assert found["2"] == SPRING
