"""Web archives (WARC 1.1, ISO 28500:2017), ours or anyone's: reading them, and mending ours.

How they are written is in `capture.py`.
"""

import io
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from warcio.recordloader import ArcWarcRecord, ArcWarcRecordLoader

from crawler.frames import Frame, Frames

# Extension fields of the WARC header. Kind says what the crawler asked for (list, article, part,
# robots); the two others make a revisit readable without an index.
KIND = "Shizheng-Kind"
REFERS_FILE = "WARC-Refers-To-Filename"
REFERS_OFFSET = "WARC-Refers-To-File-Offset"


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
    except Exception:  # decoders, too, raise whatever a body makes them
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
        kind=fields.get_header(KIND) or "",
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
    file = raw.rec_headers.get_header(REFERS_FILE)
    offset = raw.rec_headers.get_header(REFERS_OFFSET) or ""
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
