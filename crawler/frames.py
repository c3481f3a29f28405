"""Where the records of a WARC file begin and end, also in a file that is damaged or was cut short.

warcio stops at the first damaged byte; an archive is read for years, so one bad record must not
hide the thousands after it.
"""

import mmap
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

MAX_RECORD = 256 << 20
"""Bytes of one record (or gzip member), unpacked; larger ones are passed over."""

_GZIP = b"\x1f\x8b\x08"
_SLICE = 1 << 16
_VERSION = re.compile(rb"WARC/\d\.\d+\r?\n")
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,15})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_HEAD_END = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Frame:
    """The bytes of one WARC record, unpacked, and the offset in the file it is found at.

    In a file whose gzip members hold several records, they share the member's offset.
    """

    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A part of the file: whole (`content`), or damaged (`problem`: broken, torn, too_large)."""

    start: int
    end: int
    content: bytes = b""
    problem: str = ""


class Frames:
    """An open WARC file, gzipped by record or plain."""

    def __init__(self, data: "mmap.mmap | bytes", gzipped: bool) -> None:
        self._data, self._gzipped = data, gzipped
        self.size = len(data)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map a file. Raises OSError, or ValueError when it does not begin as a WARC file."""
        with path.open("rb") as file:
            start = file.read(5)
            # A writer that died early may have left less than these marks.
            gzipped = _GZIP.startswith(start[:3])
            if not gzipped and not b"WARC/".startswith(start):
                raise ValueError("it begins neither with gzip nor with WARC/")
            if not start:
                return cls(b"", gzipped)
            return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), gzipped)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(self._data, mmap.mmap):
            self._data.close()

    def walk(self, start: int, skipped: Counter[str]) -> Iterator[Frame]:
        """Yield the whole records from offset `start` on; count the damaged stretches between."""
        for stretch in self._stretches(start):
            if stretch.problem:
                skipped[stretch.problem] += 1
            elif not self._gzipped:
                yield Frame(stretch.start, stretch.content)
            else:
                for inner in _plain(stretch.content, 0):
                    if inner.problem:
                        skipped["broken"] += 1
                    else:
                        yield Frame(stretch.start, inner.content)

    def torn_from(self) -> int:
        """Return where the incomplete end begins: the size of the file if there is none."""
        end = self.size
        for stretch in self._stretches(0):
            end = stretch.start if stretch.problem == "torn" else self.size
        return end

    def _stretches(self, start: int) -> Iterator[_Stretch]:
        return _members(self._data, start) if self._gzipped else _plain(self._data, start)


def _members(data: "mmap.mmap | bytes", start: int) -> Iterator[_Stretch]:
    """Walk gzip members. After damage, go on at the next bytes that unpack to their checksum."""
    position, damaged = start, -1
    while position < len(data):
        found = _member(data, position)
        if not found.problem or found.problem == "too_large":
            if damaged >= 0:
                yield _Stretch(damaged, position, problem="broken")
                damaged = -1
            yield found
            position = found.end
            continue
        damaged = position if damaged < 0 else damaged
        next_start = data.find(_GZIP, position + 1)
        position = next_start if next_start >= 0 else len(data)
    if damaged >= 0:
        yield _Stretch(damaged, len(data), problem="torn")


def _member(data: "mmap.mmap | bytes", start: int) -> _Stretch:
    inflate = zlib.decompressobj(wbits=31)
    parts: list[bytes] = []
    position, size = start, 0
    while not inflate.eof and position < len(data):
        try:
            part = inflate.decompress(data[position : position + _SLICE])
        except zlib.error:
            return _Stretch(start, len(data), problem="broken")
        position = min(position + _SLICE, len(data))
        size += len(part)
        if size <= MAX_RECORD:
            parts.append(part)
    if not inflate.eof:
        return _Stretch(start, len(data), problem="broken")
    end = position - len(inflate.unused_data)
    if size > MAX_RECORD:
        return _Stretch(start, end, problem="too_large")
    return _Stretch(start, end, b"".join(parts))


def _plain(data: "mmap.mmap | bytes", start: int) -> Iterator[_Stretch]:
    """Walk records that lie one after the other; after damage go on at the next version line."""
    position = start
    while position < len(data):
        if data[position : position + 1] in (b"\r", b"\n"):
            position += 1
            continue
        end = _record_end(data, position)
        if end is None or end > len(data):
            match = _VERSION.search(data, position + 1)
            begin = match.start() if match else len(data)
            yield _Stretch(position, begin, problem="broken" if match else "torn")
            position = begin
        elif end - position > MAX_RECORD:
            yield _Stretch(position, end, problem="too_large")
            position = end
        else:
            yield _Stretch(position, end, bytes(data[position:end]))
            position = end


def _record_end(data: "mmap.mmap | bytes", start: int) -> int | None:
    if not _VERSION.match(data, start):
        return None
    head = _HEAD_END.search(data, start, start + _SLICE)
    if head is None:
        return None
    length = _LENGTH.search(data[start : head.start() + 1])
    return head.end() + int(length[1]) if length else None
