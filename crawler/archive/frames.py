"""Bounds of the records in a WARC file, even if damaged.

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
from typing import Self

from crawler.ordinary import ordinary

MAX_RECORD = 64 << 20
"""Bytes of one record (or gzip member), unpacked; larger ones are passed over."""
MAX_SEARCH = 16
"""Bytes read, for each of the file, in search of whole records after damage; set by hand. A file of
false beginnings would otherwise be read once for each of them."""

_GZIP = b"\x1f\x8b\x08"
_SLICE = 1 << 16
_FIRST_SLICE = 1 << 10
"""Bytes unpacked at first: enough to detect a false beginning. Set by hand, not measured."""
_VERSION = re.compile(rb"WARC/\d\.\d+\r?\n")
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,15})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_HEAD_END = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Frame:
    """Unpacked bytes of one WARC record, and their offset in the file.

    Records in one gzip member share the offset of the member.
    """

    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Part of a file: whole (`content`), or damaged.

    `problem` is `broken`, `torn` or `too_large`. `cost` is the number of bytes that were read and
    unpacked in vain.
    """

    start: int
    end: int
    content: bytes = b""
    problem: str = ""
    cost: int = 0


class Frames:
    """An open WARC file, gzipped by record or plain."""

    def __init__(self, data: "mmap.mmap | bytes", gzipped: bool) -> None:
        self._data, self._gzipped = data, gzipped
        self.size = len(data)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map a file.

        Raises OSError, or ValueError for a file that does not begin as a WARC file.
        """
        with ordinary(path).open("rb") as file:
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

    def __exit__(self, *error: object) -> None:
        if isinstance(self._data, mmap.mmap):
            self._data.close()

    def walk(self, start: int, skipped: Counter[str]) -> Iterator[Frame]:
        """Yield the whole records from offset `start` on; count damaged stretches."""
        for stretch in self._stretches(start):
            if stretch.problem:
                skipped[stretch.problem] += 1
            elif not self._gzipped:
                yield Frame(stretch.start, stretch.content)
            else:
                for inner in _plain(stretch.content, 0):
                    if inner.problem:
                        skipped["broken"] += 1  # none is too large: the member is not
                    else:
                        yield Frame(stretch.start, inner.content)

    def torn_from(self) -> int:
        """Return the offset of the incomplete end; the file's size without one."""
        end = self.size
        for stretch in self._stretches(0):
            end = stretch.start if stretch.problem == "torn" else self.size
        return end

    def _stretches(self, start: int) -> Iterator[_Stretch]:
        return _members(self._data, start) if self._gzipped else _plain(self._data, start)


def _members(data: "mmap.mmap | bytes", start: int) -> Iterator[_Stretch]:
    """Yield gzip members.

    After damage, go on at the next bytes that unpack to their checksum.
    """
    position, damaged = start, -1
    left = MAX_RECORD + MAX_SEARCH * len(data)
    while position < len(data) and left > 0:
        found = _member(data, position)
        if not found.problem:
            if damaged >= 0:
                yield _Stretch(damaged, position, problem="broken")
                damaged = -1
            yield found
            position = found.end
            continue
        left -= found.cost
        if found.problem == "too_large":
            # What is so large is not unpacked to find its end: the next member is looked for.
            if damaged >= 0:
                yield _Stretch(damaged, position, problem="broken")
            next_start = _next_member(data, found.end)
            yield _Stretch(position, next_start, problem="too_large")
            position, damaged = next_start, -1
            continue
        damaged = position if damaged < 0 else damaged
        position = _next_member(data, position + 1)
    if damaged >= 0:
        # Where the search was given up, whole records may follow: the end is not known to be torn.
        yield _Stretch(damaged, len(data), problem="torn" if left > 0 else "broken")
    elif position < len(data):
        yield _Stretch(position, len(data), problem="broken")


def _next_member(data: "mmap.mmap | bytes", position: int) -> int:
    found = data.find(_GZIP, position)
    return found if found >= 0 else len(data)


def _member(data: "mmap.mmap | bytes", start: int) -> _Stretch:
    inflate = zlib.decompressobj(wbits=31)
    parts: list[bytes] = []
    position, size, step = start, 0, _FIRST_SLICE
    while not inflate.eof:
        packed = inflate.unconsumed_tail
        if not packed:
            packed = data[position : position + step]
            position, step = position + len(packed), _SLICE
        try:
            part = inflate.decompress(packed, _SLICE)
        except zlib.error:
            return _Stretch(start, position, problem="broken", cost=position - start + size)
        parts.append(part)
        size += len(part)
        if size > MAX_RECORD:
            end = position - len(inflate.unconsumed_tail) - len(inflate.unused_data)
            return _Stretch(start, end, problem="too_large", cost=position - start + size)
        # A member whose name fills a slice is no record of an archive.
        nothing = size == 0 and position - start > _SLICE
        if nothing or not (packed or part):
            return _Stretch(start, position, problem="broken", cost=position - start + size)
    return _Stretch(start, position - len(inflate.unused_data), b"".join(parts))


def _plain(data: "mmap.mmap | bytes", start: int) -> Iterator[_Stretch]:
    """Yield consecutive plain records.

    After damage, go on at the next version line.
    """
    position = start
    left = MAX_RECORD + MAX_SEARCH * len(data)
    while position < len(data):
        if data[position : position + 1] in (b"\r", b"\n"):
            position += 1
            continue
        end = _record_end(data, position)
        if end is None or end > len(data):
            left -= _SLICE
            match = _VERSION.search(data, position + 1) if left > 0 else None
            begin = match.start() if match else len(data)
            yield _Stretch(position, begin, problem="broken" if match or left <= 0 else "torn")
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
    length = _LENGTH.search(data[start : head.start()])
    return head.end() + int(length[1]) if length else None
