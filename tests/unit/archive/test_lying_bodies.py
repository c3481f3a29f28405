"""Bodies that are not as their headers claim: packed otherwise, once more, or not at all."""

import gzip
import io
import zlib
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest
from scrapy.utils._compression import zstd

from crawler import unpacking
from crawler.archive.reader import read_records
from crawler.unpacking import joined, unpacked

PAGE = "<html><body><p>4月9日，渡口镇召开春耕现场会，推广节水灌溉。</p></body></html>".encode() * 40


def bare(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "bare deflate": bare,
    "br": brotli.compress,
    "zstd": zstd.compress,
}
SAID = ("gzip", "x-gzip", "deflate", "br", "zstd")


def read(said: str | None, body: bytes) -> bytes:
    headers = {"content-type": "text/html"} | ({"content-encoding": said} if said else {})
    return unpacked(headers, body)[1]


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("packed", PACKED)
def test_a_body_packed_otherwise_than_it_says_is_read(said: str, packed: str) -> None:
    assert read(said, PACKED[packed](PAGE)) == PAGE


@pytest.mark.parametrize("said", [None, "identity", "utf-8", "none", "binary"])
@pytest.mark.parametrize("packed", ["gzip", "zstd"])
def test_a_body_packed_without_a_word_is_read(said: str | None, packed: str) -> None:
    assert read(said, PACKED[packed](PAGE)) == PAGE


@pytest.mark.parametrize("said", ["gzip", "GZIP", " gzip ", '"gzip"', "gzip, identity", "gzip;q=1"])
def test_a_body_packed_twice_and_said_once_is_read(said: str) -> None:
    assert read(said, gzip.compress(gzip.compress(PAGE))) == PAGE
    assert read(said, gzip.compress(PAGE)) == PAGE


@pytest.mark.parametrize("said", ["gzip, gzip", "gzip,gzip,gzip", "br, gzip", "deflate,gzip"])
def test_a_body_packed_once_and_said_twice_is_read(said: str) -> None:
    assert read(said, gzip.compress(PAGE)) == PAGE


@pytest.mark.parametrize(
    "data",
    [
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(PAGE), PAGE),
        b"%x\r\n%s\r\n" % (len(PAGE), PAGE),
        b"%x ; name=value\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (len(PAGE), PAGE),
        b"%x\r\n%s" % (len(PAGE) + 900, PAGE),
        b"000%X\n%s\n0\n" % (len(PAGE), PAGE),
        b"%x\r\n%s\r\nnot a chunk" % (len(PAGE), PAGE),
        PAGE,
    ],
)
def test_chunks_that_lie_cost_nothing_of_the_page(data: bytes) -> None:
    assert joined(data).startswith(PAGE)


def test_a_chunk_that_claims_too_little_ends_no_page() -> None:
    assert PAGE[-200:] in joined(b"%x\r\n%s\r\n0\r\n\r\n" % (len(PAGE) - 500, PAGE))


@pytest.mark.parametrize("missing", ["brotli", "zstd"])
def test_without_a_package_other_codings_are_read(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, missing, None)
    assert read("gzip", gzip.compress(PAGE)) == PAGE
    coding = {"brotli": "br", "zstd": "zstd"}[missing]
    assert read(coding, PAGE) == PAGE
    packed = PACKED[coding](PAGE)
    assert read(coding, packed) == packed


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
    assert read("br", brotli.compress(PAGE)) == PAGE


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
    "brotli": ("Content-Encoding: br\r\n", brotli.compress(PAGE)),
    "damaged brotli": ("Content-Encoding: br\r\n", b"\x8b\x02\x80" + PAGE[:90]),
    "zstd": ("Content-Encoding: zstd\r\n", zstd.compress(PAGE)),
    "deflate": ("Content-Encoding: deflate\r\n", bare(PAGE)),
    "twice": ("Content-Encoding: x-gzip\r\n", gzip.compress(gzip.compress(PAGE))),
    "chunked, gzip": (
        "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n",
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(gzip.compress(PAGE)), gzip.compress(PAGE)),
    ),
    "dechunked, gzip": (
        "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n",
        gzip.compress(PAGE),
    ),
    "transfer gzip": ("Transfer-Encoding: gzip, chunked\r\n", gzip.compress(PAGE)),
    "length too short": ("Content-Length: 30\r\n", PAGE),
    "length too long": ("Content-Length: 90000\r\n", PAGE),
    "length no number": ("Content-Length: many\r\n", PAGE),
    "unknown coding": ("Content-Encoding: sdch\r\n", PAGE),
    "no colon": ("Content-Encoding gzip\r\n", PAGE),
}


@pytest.mark.parametrize("kind", LIES)
@pytest.mark.parametrize("packed", [True, False])
def test_one_lying_record_ends_no_archive(tmp_path: Path, kind: str, packed: bool) -> None:
    records = [record(1, "", PAGE), record(2, *LIES[kind]), record(3, "", PAGE)]
    path = tmp_path / ("a.warc.gz" if packed else "a.warc")
    out = io.BytesIO()
    for one in records:
        out.write(gzip.compress(one) if packed else one)
    path.write_bytes(out.getvalue())
    found = {entry.url[-6]: entry.body for entry in read_records(path)}
    assert found["1"] == found["3"] == PAGE
    if kind != "damaged brotli":
        assert found["2"] == PAGE
