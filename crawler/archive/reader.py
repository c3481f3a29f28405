"""Reader and repair of web archives (WARC 1.1, ISO 28500:2017).

The writer is in `writer.py`.
"""

import io
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

from warcio.recordloader import ArcWarcRecord, ArcWarcRecordLoader

from crawler.archive.frames import Frame, Frames
from crawler.errors import ShizhengError
from crawler.item import LISTED
from crawler.limits import whole_number
from crawler.unpacking import joined, unpacked

# Extension fields of the WARC header: the kind of page requested (list, article, part, robots), and
# two that make a revisit readable without an index.
KIND = "Shizheng-Kind"
REFERS_FILE = "WARC-Refers-To-Filename"
REFERS_OFFSET = "WARC-Refers-To-File-Offset"
# Of a record copied from a web archive: its service and crawl, its place there, and the time of the
# address's first capture.
SOURCE = "Shizheng-Source"
SOURCE_PLACE = "Shizheng-Source-Place"
FIRST_CAPTURE = "Shizheng-First-Capture"


MAX_HEAD = 256 << 10
"""Bytes of the head of a response, status line and headers; a response with more is no page."""

_BLANK = re.compile(rb"\n\r?\n")


class ArchiveError(ShizhengError):
    """A file that is no web archive, or that cannot be written."""


@dataclass(frozen=True, slots=True)
class Place:
    """Place of a record: file in the city's archive, offset in bytes."""

    file: str
    offset: int


@dataclass(frozen=True, slots=True)
class Payload:
    """First copy of a payload: place, URL, time of fetch (UTC)."""

    place: Place
    url: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a site, live or archived.

    Names of `headers` are in lower case, `body` is free of transfer and content codings, but for
    one that was left packed (see `unpacking.is_packed`).
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Record(Answer):
    """One archived response.

    `fetched_at` is UTC. `kind` and `digest` are empty if the archive has none. A record copied from
    a web archive names its `source` and `source_place` there; `first_capture` is the time (UTC) of
    the first capture of its URL.
    """

    fetched_at: datetime
    kind: str
    digest: str
    offset: int
    source: str = ""
    source_place: str = ""
    first_capture: datetime | None = None


def read_records(
    path: Path,
    skipped: Counter[str] | None = None,
    *,
    start: int = 0,
    unmodified: bool = False,
) -> Iterator[Record]:
    """Yield the HTTP responses of a .warc or .warc.gz file, in order.

    Revisits come with the body they refer to, from this file or one beside it. Answers that a page
    is unmodified (304) are left out, or come without a body if `unmodified`. Unreadable records are
    passed over and counted in `skipped` by reason: `broken` (damaged bytes), `torn` (an incomplete
    end), `invalid` (no readable HTTP response), `truncated` (the crawler that wrote it cut the
    body), `unresolved` (a revisit without its original), `not_modified` (the server sent nothing,
    because nothing had changed), `too_large` (the record, or the head of its response). `start` is
    the offset of a record. Raises `ArchiveError` for a file that cannot be opened or is no WARC
    file.
    """
    skipped = Counter() if skipped is None else skipped
    originals = _Originals(path)
    for raw, record in _responses(path, skipped, start):
        if record.status == 304:
            if unmodified:
                yield record
            else:
                skipped["not_modified"] += 1
            continue
        if raw.rec_type != "revisit":
            originals.note(raw, record.offset)
            yield record
        elif (whole := originals.completed(raw, record)) is not None:
            yield whole
        else:
            skipped["unresolved"] += 1


def read_record(folder: Path, place: Place) -> Record | None:
    """Return the response at `place`, or None if it cannot be read."""
    return _at(folder, place, read_records)


def repair(path: Path) -> int:
    """Cut the incomplete record off the end; return the bytes cut.

    A killed writer leaves one. Damage with whole records after it stays: it is no torn end, and
    `read_records` passes over it. A file left empty is removed.
    """
    with _frames(path) as frames:
        size, end = frames.size, frames.torn_from()
    if end < size:
        with path.open("r+b") as file:
            file.truncate(end)
            os.fsync(file.fileno())
    if end == 0:
        path.unlink()
    return size - end


def _frames(path: Path) -> Frames:
    try:
        return Frames.open(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ArchiveError(
            f"{path}: cannot be read as a WARC file ({reason}); expected .warc or .warc.gz"
        ) from error


def _parse(frame: Frame, skipped: Counter[str]) -> ArcWarcRecord | None:
    """Return a response or revisit of an HTTP URL, else None."""
    begin = _BLANK.search(frame.content)
    if begin and _answers(frame.content[: begin.end()]):
        end = begin.end() + MAX_HEAD
        if len(frame.content) > end and not _BLANK.search(frame.content, begin.end(), end):
            skipped["too_large"] += 1
            return None
    try:
        raw = ArcWarcRecordLoader(verify_http=False).parse_record_stream(
            io.BytesIO(frame.content), known_format="warc"
        )
    except Exception:  # warcio's parsers raise whatever a malformed header makes them
        skipped["invalid"] += 1
        return None
    url = raw.rec_headers.get_header("WARC-Target-URI") or ""
    if raw.rec_type not in ("response", "revisit") or not url.startswith(("http:", "https:")):
        return None
    # wget calls its revisits truncated, because they have no body.
    if raw.rec_type == "response" and raw.rec_headers.get_header("WARC-Truncated"):
        skipped["truncated"] += 1
        return None
    if raw.http_headers is None:
        profile = raw.rec_headers.get_header("WARC-Profile") or ""
        same = profile.endswith("/server-not-modified")
        reason = "unresolved" if raw.rec_type == "revisit" else "invalid"
        skipped["not_modified" if same else reason] += 1
        return None
    return raw


def _answers(head: bytes) -> bool:
    """Return True for the head of a response or revisit."""
    return re.search(rb"^WARC-Type:\s*(?:response|revisit)\b", head, re.I | re.M) is not None


def _record(raw: ArcWarcRecord, offset: int, skipped: Counter[str]) -> Record | None:
    fields, http = raw.rec_headers, raw.http_headers
    fetched_at = _moment(fields.get_header("WARC-Date"))
    if fetched_at is None:
        skipped["invalid"] += 1
        return None
    status = whole_number(http.get_statuscode(), digits=3)
    if status is None:
        skipped["invalid"] += 1
        return None
    headers = merged(http.headers)
    body = raw.raw_stream.read() if raw.rec_type == "response" else b""
    if "chunked" in headers.pop("transfer-encoding", "").lower():
        body = joined(body)
    headers, body = unpacked(headers, body)
    headers = with_listed(headers, unquote(fields.get_header(LISTED) or ""))
    return Record(
        url=fields.get_header("WARC-Target-URI"),
        status=status,
        headers=headers,
        body=body,
        fetched_at=fetched_at,
        kind=fields.get_header(KIND) or "",
        digest=fields.get_header("WARC-Payload-Digest") or "",
        offset=offset,
        source=fields.get_header(SOURCE) or "",
        source_place=fields.get_header(SOURCE_PLACE) or "",
        first_capture=_moment(fields.get_header(FIRST_CAPTURE)),
    )


def with_listed(headers: dict[str, str], title: str) -> dict[str, str]:
    """Return a page's headers with the list's title, and no other."""
    others = {name: value for name, value in headers.items() if name != LISTED}
    return others | ({LISTED: title} if title else {})


def _moment(written: str | None) -> datetime | None:
    """Return a time of a WARC header in UTC, or None."""
    try:
        moment = datetime.fromisoformat(written or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):  # years 1 and 9999 have no neighbours
        return None


def merged(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers by lower-case name, repeats joined by commas (RFC 9110, 5.2)."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(value)
    return {name: ", ".join(every) for name, every in values.items()}


def _responses(
    path: Path, skipped: Counter[str], start: int = 0
) -> Iterator[tuple[ArcWarcRecord, Record]]:
    """Yield the responses and revisits of a file, these without a body."""
    with _frames(path) as frames:
        for frame in frames.walk(start, skipped):
            raw = _parse(frame, skipped)
            record = _record(raw, frame.offset, skipped) if raw is not None else None
            if record is not None:
                yield raw, record


def _at(folder: Path, place: Place, reading: Callable[..., Iterator[Record]]) -> Record | None:
    path = folder / place.file
    try:
        record = next(reading(path, start=place.offset), None) if path.is_file() else None
    except (ArchiveError, OSError):  # a name that no file can have, too
        return None
    return record if record is not None and record.offset == place.offset else None


def _whole(path: Path, *, start: int) -> Iterator[Record]:
    """Yield the responses of a file that are no revisits.

    Revisits never refer to one another.
    """
    for raw, record in _responses(path, Counter(), start):
        if raw.rec_type == "response":
            yield record


class _Originals:
    """Originals of one file's revisits, in it or beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._here: dict[str, int] = {}  # by digest of the payload and by id of the record
        self._beside: _Folder | None = None

    def note(self, raw: ArcWarcRecord, offset: int) -> None:
        """Add a response that later revisits may refer to."""
        for name in _names(raw):
            self._here.setdefault(name, offset)

    def completed(self, raw: ArcWarcRecord, revisit: Record) -> Record | None:
        """Return a revisit with the body of its original, or None."""
        for place in self._places(raw, revisit):
            original = _at(self._path.parent, place, _whole)
            if original is not None and revisit.digest in ("", original.digest):
                coding = original.headers.get("content-encoding")  # of a body left packed
                left = {"content-encoding": coding} if coding else {}
                headers = {**revisit.headers, **left}
                return replace(revisit, body=original.body, headers=headers)
        return None

    def _places(self, raw: ArcWarcRecord, revisit: Record) -> Iterator[Place]:
        """Yield the possible places of the original.

        This crawler writes the file and offset; wget (`--warc-dedup`) the id of a record, in this
        file or in one that an earlier run wrote beside it; others the payload's digest alone.
        """
        file = raw.rec_headers.get_header(REFERS_FILE)
        offset = whole_number(raw.rec_headers.get_header(REFERS_OFFSET) or "", digits=15)
        if file and offset is not None:
            yield Place(Path(file).name, offset)
            return
        named = (raw.rec_headers.get_header("WARC-Refers-To") or "", revisit.digest)
        wanted = [name for name in named if name]
        here = [self._here[name] for name in wanted if name in self._here]
        yield from (Place(self._path.name, at) for at in here)
        if not here:
            if self._beside is None:
                self._beside = _folder(self._path.parent)
                self._beside.refresh()
            yield from self._beside.find(wanted)


def _names(raw: ArcWarcRecord) -> Iterator[str]:
    """Yield a record's names in revisits: its id, its payload's digest."""
    for name in ("WARC-Record-ID", "WARC-Payload-Digest"):
        if value := raw.rec_headers.get_header(name):
            yield value


class _Folder:
    """Index of a folder's archived responses, by their names in revisits.

    One table for the folder, so that a look-up takes as long among a thousand files as in one.
    Names are stored as their hashes, about a hundred bytes each: the reader of a place checks that
    it is the right one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, tuple[int, int]] = {}  # size and time of change, ns
        self._files: list[str] = []
        self._first: dict[int, int] = {}
        self._others: dict[int, list[int]] = {}

    def refresh(self) -> None:
        """Index the files that are new or have changed."""
        for path in sorted([*self._folder.glob("*.warc"), *self._folder.glob("*.warc.gz")]):
            with suppress(OSError):  # it was moved away meanwhile
                state = path.stat()
                stamp = (state.st_size, state.st_mtime_ns)
                if self._seen.get(path.name) != stamp:
                    self._seen[path.name] = stamp
                    self._add(path)

    def find(self, names: Sequence[str]) -> Iterator[Place]:
        """Yield the places of responses under one of `names`."""
        for key in map(hash, names):
            if key in self._first:
                for place in (self._first[key], *self._others.get(key, ())):
                    file = self._files[place >> _OFFSET_BITS]
                    yield Place(file, place & (1 << _OFFSET_BITS) - 1)

    def _add(self, path: Path) -> None:
        number = len(self._files)
        self._files.append(path.name)
        ignored: Counter[str] = Counter()
        # One that cannot be read has nothing that could be referred to.
        with suppress(ArchiveError), _frames(path) as frames:
            for frame in frames.walk(0, ignored):
                raw = _parse(frame, ignored)
                if raw is None or raw.rec_type != "response":
                    continue
                place = number << _OFFSET_BITS | frame.offset
                for key in map(hash, _names(raw)):
                    if self._first.setdefault(key, place) != place:
                        copies = self._others.setdefault(key, [])
                        if len(copies) < _COPIES:
                            copies.append(place)


_OFFSET_BITS = 48
"""Bits of an offset in a packed place; the number of the file is above them."""
_COPIES = 3
"""Further copies of one payload in the index, in case the first is damaged; set by hand."""


@lru_cache(maxsize=4)
def _folder(folder: Path) -> _Folder:
    return _Folder(folder)
