"""Content codings of bodies, undone within a size limit.

The one place for content codings and chunks, live and from archives. A few kilobytes can unpack to
gigabytes: past `MAX_BODY` a body stays packed and keeps its header (`is_packed`), and readers of
the page refuse it.
"""

import sys
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping

import brotli  # Scrapy needs it, and zstd below

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_BODY = 32 << 20
"""Bytes of a body, packed or unpacked. A news page is thousands of times smaller."""
TOO_LARGE = f"The body unpacks to more than {MAX_BODY >> 20} MB."
"""Detail of the reject of such a body."""

_MAX_LAYERS = 4
"""Codings of one body; set by hand: servers use one."""
_MAX_MEMBERS = 1000
"""Gzip members of one body; set by hand: empty ones would cost time without end."""
_SLICE = 1 << 16
"""Bytes unpacked at a time, by which a body can exceed `MAX_BODY`."""
_WINDOW_LOG = 25  # 32 MB, the memory a zstd frame may ask for
_HEX = frozenset(b"0123456789abcdefABCDEF")
_LONGEST_SIZE = 15
"""Hexadecimal digits of a chunk's size: 2^60 bytes."""


class _TooMuchError(ValueError):
    """A body that is not unpacked to its end."""


class _DamagedError(ValueError):
    """A body that does not fit its header, from some byte on."""


def unpacked(headers: Mapping[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    """Return headers (in lower case) and body without content coding.

    Both stay as they are if the body unpacks to more than `MAX_BODY`. A body not packed as its
    header claims is the page itself, as servers often send it; of a truncated or damaged one the
    beginning is returned.
    """
    plain = {name: value for name, value in headers.items() if name != "content-encoding"}
    codings = _codings(headers)
    if not codings:
        return plain, body
    if len(codings) > _MAX_LAYERS:
        return dict(headers), body
    page = body
    try:
        for coding in codings:
            page = _undone(coding, page)
    except _TooMuchError:
        return dict(headers), body
    return plain, page


def is_packed(headers: Mapping[str, str]) -> bool:
    """Return True for headers (in lower case) of a body left packed."""
    return bool(_codings(headers))


def opened(body: bytes) -> bytes:
    """Return the content of a gzip file, such as `sitemap.xml.gz`.

    Any other body is returned as it is, and so is one that unpacks to more than `MAX_BODY`.
    """
    return unpacked({"content-encoding": "gzip"}, body)[1] if body[:2] == b"\x1f\x8b" else body


def joined(data: bytes) -> bytes:
    """Return a body with its chunks joined (RFC 9112, 7.1).

    A body without chunks is returned as it is.
    """
    parts: list[bytes] = []
    at = 0
    while at < len(data):
        end = data.find(b"\n", at, at + 1024)
        size = data[at:end].partition(b";")[0].strip() if end >= 0 else b""
        if not size or len(size) > _LONGEST_SIZE or not _HEX.issuperset(size):
            break
        length = int(size, 16)
        if length == 0:
            return b"".join(parts)
        parts.append(data[end + 1 : end + 1 + length])
        at = end + 1 + length
        at += 2 if data[at : at + 2] == b"\r\n" else data[at : at + 1] == b"\n"
    return b"".join(parts) if parts else data


def _codings(headers: Mapping[str, str]) -> list[str]:
    """Return the codings to undo, outermost first, up to an unknown one."""
    found: list[str] = []
    for name in reversed(headers.get("content-encoding", "").lower().split(",")):
        if name.strip() not in _READERS:
            break
        found.append(name.strip())
    return found


def _undone(coding: str, body: bytes) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        for part in _READERS[coding](body):
            size += len(part)
            if size > MAX_BODY:
                raise _TooMuchError
            parts.append(part)
    except _DamagedError:
        return b"".join(parts) or body
    return b"".join(parts)


def _gzip(body: bytes) -> Iterator[bytes]:
    at = 0
    for _ in range(_MAX_MEMBERS):
        at = yield from _inflate(body, 31, at)
        if body[at : at + 2] != b"\x1f\x8b":
            return
    raise _TooMuchError


def _deflate(body: bytes) -> Iterator[bytes]:
    # The standard means zlib's format; some servers send the bare stream.
    bare = len(body) < 2 or body[0] & 15 != 8 or (body[0] << 8 | body[1]) % 31
    yield from _inflate(body, -15 if bare else 15, 0)


def _inflate(body: bytes, wbits: int, at: int) -> Generator[bytes, None, int]:
    """Yield the unpacked stream at `at` in small parts; return its end."""
    decoder = zlib.decompressobj(wbits)
    while not decoder.eof:
        data = decoder.unconsumed_tail
        if not data:
            data = body[at : at + _SLICE]
            at += len(data)
        try:
            part = decoder.decompress(data, _SLICE)
        except zlib.error as error:
            raise _DamagedError from error
        if not data and not part:
            return at  # cut off: what there is was given
        yield part
    return at - len(decoder.unused_data)


def _brotli(body: bytes) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    try:
        for at in range(0, len(body), _SLICE):
            yield decoder.process(body[at : at + _SLICE], output_buffer_limit=_SLICE)
            while not decoder.can_accept_more_data() and not decoder.is_finished():
                yield decoder.process(b"", output_buffer_limit=_SLICE)
    except brotli.error as error:
        raise _DamagedError from error


def _zstd(body: bytes) -> Iterator[bytes]:
    decoder = zstd.ZstdDecompressor(
        options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG}
    )
    at = 0
    try:
        while not decoder.eof and (at < len(body) or not decoder.needs_input):
            data = body[at : at + _SLICE] if decoder.needs_input else b""
            at += len(data)
            yield decoder.decompress(data, _SLICE)
    except zstd.ZstdError as error:
        raise _DamagedError from error


_READERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
