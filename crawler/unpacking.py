"""Content codings of bodies, undone within a size limit.

The one place for content codings and chunks, live and from archives. A few kilobytes can unpack to
gigabytes: past `MAX_BODY` a body stays packed and keeps its header (`is_packed`), and readers of
the page refuse it.
"""

import lzma
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from functools import partial
from importlib import import_module
from typing import Any


def _package(*names: str) -> Any:
    """Return the first of some packages that is installed, or None."""
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


# Without a package its coding is not undone, and all others are.
brotli = _package("brotli", "brotlicffi")
zstd = _package("compression.zstd", "backports.zstd")

MAX_BODY = 32 << 20
"""Bytes of a body, packed or unpacked. A news page is thousands of times smaller."""
TOO_LARGE = f"The body unpacks to more than {MAX_BODY >> 20} MB."
"""Detail of the reject of such a body."""

BROKEN_ZIP = (
    *(OSError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError),
    *(RuntimeError, NotImplementedError),
)
"""Errors of a ZIP file, or of a member, that is damaged, encrypted or packed in an unknown way."""

_MAX_LAYERS = 4
"""Codings of one body; set by hand: servers use one."""
_MAX_MEMBERS = 1000
"""Gzip members of one body; set by hand: empty ones would cost time without end."""
_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_GUESSED = ("deflate", "br")
"""Codings without a mark, tried on what is no text although it is said to be packed."""
_FIRST_SIGNS = (b"<", b"{", b"[", b"\xef", b"\xfe", b"\xff")
_CONTROLS = bytes((*range(9), *range(14, 27), *range(28, 32)))
_LOOKED_AT, _BINARY = 512, 0.02
"""Bytes at the start, and share of control bytes among them from which they are no text."""
_BLIND_SLICE = 1 << 10
"""Bytes packed that are given to a decoder which cannot limit what it returns."""
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
    header claims is the page itself, or packed otherwise or once more, as its first bytes show: so
    servers and archives often have it. Of a truncated or damaged one the beginning is returned.
    """
    plain = {name: value for name, value in headers.items() if name != "content-encoding"}
    codings = _codings(headers)
    if len(codings) > _MAX_LAYERS:
        return dict(headers), body
    page = body
    try:
        for coding in codings:
            page = _undone(coding, page)
        page = _otherwise(page, guess=bool(codings))
        if codings and not _begins_a_page(page):
            # Nearly any bytes can be the start of a bare deflate stream.
            other = _otherwise(body, guess=True)
            page = other if _begins_a_page(other) else page
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
    """Return the known codings to undo, outermost first."""
    said = headers.get("content-encoding", "").lower().split(",")
    names = (name.partition(";")[0].strip("\"' \t") for name in reversed(said))
    return [name for name in (name.removeprefix("x-") for name in names) if name in _READERS]


def _otherwise(page: bytes, *, guess: bool) -> bytes:
    """Return a body without codings that its header lacks.

    With `guess`, of a body that is said to be packed, also codings that have no mark.
    """
    for _ in range(_MAX_LAYERS):
        # Some programs write a line's end before the page, and then pack the page alone.
        bare = page.lstrip(b"\r\n") if guess else page
        page = bare if bare.startswith(tuple(_MAGIC)) else page
        coding = next((name for mark, name in _MAGIC.items() if page.startswith(mark)), "")
        undone = _undone(coding, page) if coding else page
        if undone is page:
            break
        page = undone
    text = _is_text(page)
    if guess and not (text and _begins_a_page(page)):
        others = [one for one in (_undone(each, page) for each in _GUESSED) if one is not page]
        # Packed in haste, a page keeps runs of its text, or unpacks to something as deflate, too.
        sure = (one for one in others if _begins_a_page(one))
        return next(sure, others[0] if others and not text else page)
    return page


def _begins_a_page(body: bytes) -> bool:
    """Return True for the start of markup, JSON or a byte-order mark."""
    return body.lstrip()[:1] in _FIRST_SIGNS and _is_text(body)


def _is_text(body: bytes) -> bool:
    start = body[:_LOOKED_AT]
    return len(start) - len(start.translate(None, _CONTROLS)) <= _BINARY * len(start)


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
        start = b"".join(parts)
        return start if start and _is_text(start) else body
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
    if brotli is None:
        raise _DamagedError
    decoder = brotli.Decompressor()
    limited = hasattr(decoder, "can_accept_more_data")  # since 1.2
    process = getattr(decoder, "process", None) or decoder.decompress
    process = partial(process, output_buffer_limit=_SLICE) if limited else process
    size = _SLICE if limited else _BLIND_SLICE
    try:
        for at in range(0, len(body), size):
            yield process(body[at : at + size])
            while limited and not decoder.can_accept_more_data() and not decoder.is_finished():
                yield process(b"")
    except brotli.error as error:
        raise _DamagedError from error


def _zstd(body: bytes) -> Iterator[bytes]:
    if zstd is None:
        raise _DamagedError
    at = 0
    for _ in range(_MAX_MEMBERS):
        at = yield from _zstd_frame(body, at)
        if not body.startswith(b"\x28\xb5\x2f\xfd", at):
            return
    raise _TooMuchError


def _zstd_frame(body: bytes, at: int) -> Generator[bytes, None, int]:
    """Yield the unpacked frame at `at` in small parts; return its end."""
    decoder = zstd.ZstdDecompressor(
        options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG}
    )
    try:
        while not decoder.eof and (at < len(body) or not decoder.needs_input):
            data = body[at : at + _SLICE] if decoder.needs_input else b""
            at += len(data)
            yield decoder.decompress(data, _SLICE)
    except zstd.ZstdError as error:
        raise _DamagedError from error
    return at - len(decoder.unused_data)


_READERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
