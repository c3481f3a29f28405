"""Content codings are undone in one place, and never to more than a page may be."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
from scrapy.utils._compression import zstd

from crawler.city import unnamed_city
from crawler.extract.article import extract
from crawler.item import Reject
from crawler.unpacking import MAX_BODY, is_packed, joined, unpacked

PAGE = "<html><body><p>4月2日，滨江市召开防汛会议。</p></body></html>".encode() * 50
URL = "http://www.binjiang.example/xw/202404/t20240402_1.html"

CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "gzip, gzip": lambda body: gzip.compress(gzip.compress(body)),
    "deflate, br": lambda body: brotli.compress(zlib.compress(body)),
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
