"""Web archives (WARC 1.1, ISO 28500:2017): what was fetched, as it came; and reading anyone's.

A response and its request are one gzip member each, written with one call, so that a process that
dies leaves at most one torn record, at the end. A payload that was archived before is not kept
twice: a `revisit` record names the file and offset of the first copy.
"""

import base64
import errno
import gzip
import hashlib
import io
import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import urlsplit

from warcio.recordloader import ArcWarcRecord, ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.frames import Frame, Frames

Headers = Sequence[tuple[str, str]]

MAX_FILE = 1 << 30
"""Bytes after which the next file is begun, as web archives do, so that files stay movable."""

# Below this a revisit record is no smaller than the payload it stands for.
_WORTH_REFERRING = 512

# Extension fields of the WARC header. Kind says what the crawler asked for (list, article, part,
# robots); the two others make a revisit readable without an index.
_KIND = "Shizheng-Kind"
_REFERS_FILE = "WARC-Refers-To-Filename"
_REFERS_OFFSET = "WARC-Refers-To-File-Offset"
# ISO 28500:2017, 6.7.3: the server itself said that nothing changed.
_NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"


class ArchiveError(RuntimeError):
    """A file that is not a web archive, or one that cannot be written."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies: file name within the city's archive folder, offset in bytes."""

    file: str
    offset: int


@dataclass(frozen=True, slots=True)
class Payload:
    """A payload archived before: where, and for which URL and when (UTC) it was first fetched."""

    place: Place
    url: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """One archived response. `headers` are in lower case, `body` is free of transfer and content
    encodings, `fetched_at` is UTC. `kind` and `digest` are empty where the archive has none."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime
    kind: str
    digest: str
    offset: int


@dataclass(frozen=True)
class Exchange:
    """One request and its response as they went over the wire. `body` is content-encoded still."""

    url: str
    method: str
    request_headers: Headers
    status: int
    headers: Headers
    body: bytes
    fetched_at: datetime
    kind: str
    protocol: str = "HTTP/1.1"
    ip: str | None = None

    @cached_property
    def digest(self) -> str:
        """The label of the payload: SHA-256 in base 32, as WARC headers write it."""
        return "sha256:" + base64.b32encode(hashlib.sha256(self.body).digest()).decode()


class Writer:
    """Writes exchanges to `<folder>/<name>-NNNNN.warc.gz`, always beginning a new file.

    `known` finds an earlier payload by digest; `opened` and `closed` are told the name of each file
    before it is created and after it is complete.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        known: Callable[[str], Payload | None],
        opened: Callable[[str], None] = lambda file: None,
        closed: Callable[[str], None] = lambda file: None,
        software: str = "shizheng",
        max_file: int = MAX_FILE,
    ) -> None:
        self._folder, self._name = folder, name
        self._known, self._opened, self._closed = known, opened, closed
        self._software, self._max_file = software, max_file
        self._file: IO[bytes] | None = None
        self._dirty = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def write(self, exchange: Exchange, confirmed: Payload | None = None) -> Place:
        """Append one exchange and return the place of its response. Raises `ArchiveError`.

        `confirmed` is the payload that a 304 says is still the page's.

        When the call returns, the bytes are with the operating system: they outlive this process,
        and the machine after `sync`.
        """
        earlier = None
        if len(exchange.body) >= _WORTH_REFERRING:
            earlier = self._known(exchange.digest)
        members = io.BytesIO()
        _write_pair(members, exchange, earlier, confirmed)
        try:
            if self._file is not None and self._file.tell() >= self._max_file:
                self.close()
            if self._file is None:
                self._file = self._begin()
            place = Place(Path(self._file.name).name, self._file.tell())
            _append(self._file, members.getbuffer())
        except OSError as error:
            raise ArchiveError(
                f"{self._folder}: the archive cannot be written ({error.strerror}); "
                "check the folder's permissions and the free space"
            ) from error
        self._dirty = True
        return place

    def sync(self) -> None:
        """Make everything written so far outlive a power cut."""
        if self._file is not None and self._dirty:
            os.fsync(self._file.fileno())
            self._dirty = False

    def close(self) -> None:
        """Complete the file; a later `write` begins the next one."""
        if self._file is None:
            return
        self.sync()
        self._file.close()
        name, self._file = Path(self._file.name).name, None
        self._closed(name)

    def _begin(self) -> IO[bytes]:
        self._folder.mkdir(parents=True, exist_ok=True)
        number = 0
        while (path := self._folder / f"{self._name}-{number:05d}.warc.gz").exists():
            number += 1
        self._opened(path.name)
        # Unbuffered: one record is one write(2), and nothing waits in this process.
        file = path.open("xb", buffering=0)
        info = io.BytesIO()
        writer = _Members(info)
        writer.write_record(
            writer.create_warcinfo_record(
                path.name, {"software": self._software, "format": "WARC File Format 1.1"}
            )
        )
        file.write(info.getbuffer())
        return file


def _append(file: IO[bytes], members: memoryview) -> None:
    """Write a record to the end of an unbuffered file: all of it, or an error and none of it."""
    begin = file.tell()
    try:
        # A disk that fills up takes a part first, and says so by the count alone.
        if file.write(members) < len(members):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        file.truncate(begin)
        file.seek(begin)
        raise


def read(
    path: Path,
    skipped: Counter[str] | None = None,
    *,
    start: int = 0,
    unmodified: bool = False,
) -> Iterator[Record]:
    """Yield the HTTP responses of a WARC file (.warc or .warc.gz), ours or anyone's, in order.

    Revisits come with the body they refer to, from this file or one beside it. Answers that a page
    is unmodified (304) are left out, or come without a body if `unmodified`. What cannot be read
    is passed over and counted in `skipped` by reason: `broken` (damaged bytes), `torn` (an
    incomplete end), `invalid` (no readable HTTP response), `truncated` (the crawler that wrote it
    cut the body), `unresolved` (a revisit whose original is not here), `not_modified` (the server
    said that nothing had changed, and sent nothing), `too_large`. `start` is the
    offset of a record. Raises `ArchiveError` for a file that cannot be opened or is no WARC file.
    """
    skipped = Counter() if skipped is None else skipped
    first_copies: dict[str, int] = {}  # by digest of the payload and by id of the record
    with _frames(path) as frames:
        for frame in frames.walk(start, skipped):
            raw = _parse(frame, skipped)
            if raw is None:
                continue
            record = _record(raw, frame.offset, skipped)
            if record is None:
                continue
            if record.status == 304:
                if unmodified:
                    yield record
                else:
                    skipped["not_modified"] += 1
                continue
            if raw.rec_type == "revisit":
                record = _with_body(record, raw, path, first_copies, skipped)
            else:
                for name in _names(raw):
                    first_copies.setdefault(name, frame.offset)
            if record is not None:
                yield record


def read_at(folder: Path, place: Place) -> Record | None:
    """Return the response at `place`, or None if it is not there or cannot be read."""
    path = folder / place.file
    if not path.is_file():
        return None
    try:
        record = next(read(path, start=place.offset), None)
    except ArchiveError:
        return None
    return record if record is not None and record.offset == place.offset else None


def repair(path: Path) -> int:
    """Cut the incomplete record that a killed writer left at the end; return the bytes cut.

    Damage with whole records after it is left as it is: it is not a torn end, and `read` passes
    over it. A file left with nothing in it is removed.
    """
    if path.stat().st_size == 0:
        path.unlink()
        return 0
    with _frames(path) as frames:
        size, end = frames.size, frames.torn_from()
    if end < size:
        with path.open("r+b") as file:
            file.truncate(end)
            os.fsync(file.fileno())
    if end == 0:
        path.unlink()
    return size - end


class _Members(WARCWriter):  # type: ignore[misc]
    """Writes each record as a gzip member of its own, at zlib's default level.

    warcio's own is the highest, which takes twice as long and saves one byte in a hundred.
    """

    def __init__(self, out: IO[bytes]) -> None:
        super().__init__(out, gzip=False, warc_version="1.1")

    def _write_warc_record(self, out: IO[bytes], record: ArcWarcRecord) -> None:
        plain = io.BytesIO()
        super()._write_warc_record(plain, record)
        out.write(gzip.compress(plain.getbuffer(), zlib.Z_DEFAULT_COMPRESSION, mtime=0))


def _write_pair(
    out: IO[bytes], exchange: Exchange, earlier: Payload | None, confirmed: Payload | None
) -> None:
    writer = _Members(out)
    fields = {
        "WARC-Date": _warc_date(exchange.fetched_at),
        _KIND: exchange.kind,
    }
    if exchange.ip:
        fields["WARC-IP-Address"] = exchange.ip
    reason = HTTPStatus(exchange.status).phrase if exchange.status in _STATUSES else ""
    status = StatusAndHeaders(
        f"{exchange.status} {reason}".strip(),
        _response_headers(exchange),
        protocol=exchange.protocol if exchange.protocol in ("HTTP/1.0", "HTTP/1.1") else "HTTP/1.1",
    )
    if exchange.status == 304:
        if confirmed is not None:
            fields["WARC-Refers-To-Target-URI"] = confirmed.url
            fields["WARC-Refers-To-Date"] = _warc_date(confirmed.fetched_at)
            fields |= _reference(confirmed.place)
        response = writer.create_warc_record(
            exchange.url,
            "revisit",
            http_headers=status,
            warc_headers_dict=fields | {"WARC-Profile": _NOT_MODIFIED},
        )
    elif earlier is None:
        response = writer.create_warc_record(
            exchange.url,
            "response",
            payload=io.BytesIO(exchange.body),
            length=len(exchange.body),
            http_headers=status,
            warc_headers_dict=fields | {"WARC-Payload-Digest": exchange.digest},
        )
    else:
        response = writer.create_revisit_record(
            exchange.url,
            exchange.digest,
            earlier.url,
            _warc_date(earlier.fetched_at),
            http_headers=status,
            warc_headers_dict=fields | _reference(earlier.place),
        )
    target = urlsplit(exchange.url)
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    headers = list(exchange.request_headers)
    if not any(name.lower() == "host" for name, _ in headers):
        headers.insert(0, ("Host", target.netloc.rpartition("@")[2]))
    request = writer.create_warc_record(
        exchange.url,
        "request",
        http_headers=StatusAndHeaders(f"{path} HTTP/1.1", headers, protocol=exchange.method),
    )
    writer.write_request_response_pair(request, response)


def _reference(place: Place) -> dict[str, str]:
    return {_REFERS_FILE: place.file, _REFERS_OFFSET: str(place.offset)}


_STATUSES = {int(status) for status in HTTPStatus}


def _response_headers(exchange: Exchange) -> list[tuple[str, str]]:
    """Return the headers with a true length: chunks were joined before the body got here."""
    dropped = ("transfer-encoding", "content-length")
    kept = [(name, value) for name, value in exchange.headers if name.lower() not in dropped]
    if exchange.status == 304:
        return kept  # it has no payload to give the length of
    return [*kept, ("Content-Length", str(len(exchange.body)))]


def _warc_date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _frames(path: Path) -> Frames:
    try:
        return Frames.open(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ArchiveError(
            f"{path}: cannot be read as a WARC file ({reason}); expected .warc or .warc.gz"
        ) from error


def _parse(frame: Frame, skipped: Counter[str]) -> ArcWarcRecord | None:
    """Return a frame as a response or revisit of an HTTP URL; None for anything else."""
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
    # wget calls its revisits truncated, because they hold no body.
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


def _record(raw: ArcWarcRecord, offset: int, skipped: Counter[str]) -> Record | None:
    fields, http = raw.rec_headers, raw.http_headers
    try:
        fetched_at = datetime.fromisoformat(fields.get_header("WARC-Date"))
        status = int(http.get_statuscode())
        body = raw.content_stream().read() if raw.rec_type == "response" else b""
    except (TypeError, ValueError, OSError, zlib.error, gzip.BadGzipFile):
        skipped["invalid"] += 1
        return None
    headers: dict[str, str] = {}
    for name, value in http.headers:
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    # The body is free of them now; whoever reads the headers must not undo them again.
    for name in ("content-encoding", "transfer-encoding"):
        headers.pop(name, None)
    return Record(
        url=fields.get_header("WARC-Target-URI"),
        status=status,
        headers=headers,
        body=body,
        fetched_at=fetched_at if fetched_at.tzinfo else fetched_at.replace(tzinfo=UTC),
        kind=fields.get_header(_KIND) or "",
        digest=fields.get_header("WARC-Payload-Digest") or "",
        offset=offset,
    )


def _with_body(
    record: Record,
    raw: ArcWarcRecord,
    path: Path,
    first_copies: Mapping[str, int],
    skipped: Counter[str],
) -> Record | None:
    """Return a revisit with the body of the record it refers to.

    We name the file and offset; wget (`--warc-dedup`) the id of a record, in this file or in one
    that an earlier run wrote beside it; others give the payload's digest alone.
    """
    file = raw.rec_headers.get_header(_REFERS_FILE)
    offset = raw.rec_headers.get_header(_REFERS_OFFSET) or ""
    places: list[Place] = []
    if file and offset.isdigit():
        places = [Place(Path(file).name, int(offset))]
    else:
        wanted = [raw.rec_headers.get_header("WARC-Refers-To") or "", record.digest]
        here = [first_copies[name] for name in wanted if name in first_copies]
        places = [Place(path.name, at) for at in here] or list(_elsewhere(path, wanted))
    for place in places:
        original = read_at(path.parent, place)
        if original is not None and record.digest in ("", original.digest):
            return replace(record, body=original.body)
    skipped["unresolved"] += 1
    return None


def _names(raw: ArcWarcRecord) -> Iterator[str]:
    """Yield what a revisit may call this record: its id, the digest of its payload."""
    for name in ("WARC-Record-ID", "WARC-Payload-Digest"):
        if value := raw.rec_headers.get_header(name):
            yield value


def _elsewhere(path: Path, wanted: Sequence[str]) -> Iterator[Place]:
    """Yield where archives beside `path` hold a response that one of the names `wanted` means."""
    for other in sorted([*path.parent.glob("*.warc"), *path.parent.glob("*.warc.gz")]):
        if other.name == path.name:
            continue
        state = other.stat()
        known = _responses(other, state.st_size, state.st_mtime_ns)
        for name in wanted:
            if name in known:
                yield Place(other.name, known[name])


@lru_cache(maxsize=64)
def _responses(path: Path, size: int, changed: int) -> Mapping[str, int]:
    """Return the offset of every response in a file by its names; nothing if it is unreadable.

    `size` and `changed` (modification time, ns) keep a file that is being written from being
    remembered as it was.
    """
    found: dict[str, int] = {}
    ignored: Counter[str] = Counter()
    try:
        with _frames(path) as frames:
            for frame in frames.walk(0, ignored):
                raw = _parse(frame, ignored)
                if raw is not None and raw.rec_type == "response":
                    for name in _names(raw):
                        found.setdefault(name, frame.offset)
    except ArchiveError:
        return {}
    return found
