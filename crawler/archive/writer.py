"""Writer of web archives (WARC 1.1, ISO 28500:2017).

A response and its request are one gzip member each, written with one call, so that a process that
dies leaves at most one torn record, at the end. A payload is archived once: later copies become
`revisit` records with the file and offset of the first. Credentials are left out of both
(`credentials.py`).
"""

import base64
import errno
import gzip
import hashlib
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote, urlsplit

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.archive.reader import KIND, REFERS_FILE, REFERS_OFFSET, ArchiveError, Payload, Place
from crawler.credentials import public_headers, without_user
from crawler.item import LISTED
from crawler.posted import plain_url

Headers = Sequence[tuple[str, str]]

MAX_FILE = 1 << 30
"""Bytes after which the next file is begun, as web archives do, so that files stay movable."""

_WORTH_REFERRING = 512
"""Bytes of a payload below which a revisit record is no smaller."""

_LEVEL = 5
"""Level of compression; see `Members`."""

# ISO 28500:2017, 6.7.3: the server itself answered that nothing changed.
_NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"


@dataclass(frozen=True)
class Exchange:
    """One request and its response as sent; `body` is still content-encoded.

    The address of a request by POST has the body, too (`crawler.posted`). `listed` is the title
    that a list gave the page.
    """

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
    request_body: bytes = b""
    listed: str = ""

    @cached_property
    def digest(self) -> str:
        """Label of the payload: SHA-256 in base 32, as in WARC headers."""
        return "sha256:" + base64.b32encode(hashlib.sha256(self.body).digest()).decode()


class ArchiveWriter:
    """Writes exchanges to `<folder>/<name>-NNNNN.warc.gz`, always in a new file.

    `known` finds an earlier payload by digest; `opened` and `closed` are called with the name of
    each file before it is created and after it is complete.
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
        self.folder, self._name = folder, name
        self._known, self._opened, self._closed = known, opened, closed
        self._software, self._max_file = software, max_file
        self._file: IO[bytes] | None = None
        self._dirty = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def write(self, exchange: Exchange, confirmed: Payload | None = None) -> Place:
        """Append one exchange and return the place of its response. Raises `ArchiveError`.

        `confirmed` is the current payload of a page answered with 304.

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
            append(self._file, members.getbuffer())
        except OSError as error:
            raise ArchiveError(
                f"{self.folder}: the archive cannot be written ({error.strerror}); "
                "check the folder's permissions and the free space"
            ) from error
        self._dirty = True
        return place

    def sync(self) -> None:
        """Flush all records to the disk, against a power cut."""
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
        self.folder.mkdir(parents=True, exist_ok=True)
        number = 0
        while (path := self.folder / f"{self._name}-{number:05d}.warc.gz").exists():
            number += 1
        self._opened(path.name)
        # Unbuffered: one record is one write(2), and nothing waits in this process.
        file = path.open("xb", buffering=0)
        info = io.BytesIO()
        writer = Members(info)
        writer.write_record(
            writer.create_warcinfo_record(
                path.name, {"software": self._software, "format": "WARC File Format 1.1"}
            )
        )
        file.write(info.getbuffer())
        return file


def append(file: IO[bytes], members: memoryview) -> None:
    """Append a record to an unbuffered file: all of it or nothing.

    Raises OSError.
    """
    begin = file.tell()
    try:
        # A disk that fills up takes a part first, and only the count shows it.
        if file.write(members) < len(members):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        file.truncate(begin)
        file.seek(begin)
        raise


class Members(WARCWriter):  # type: ignore[misc]
    """Writes each record as a gzip member, at level 5 of zlib.

    On real pages zlib's default takes nearly twice the time for under two bytes in a hundred;
    warcio's, the highest, as long again for a half more.
    """

    def __init__(self, out: IO[bytes]) -> None:
        super().__init__(out, gzip=False, warc_version="1.1")

    def _write_warc_record(self, out: IO[bytes], record: ArcWarcRecord) -> None:
        plain = io.BytesIO()
        super()._write_warc_record(plain, record)
        out.write(gzip.compress(plain.getbuffer(), _LEVEL, mtime=0))


def _write_pair(
    out: IO[bytes], exchange: Exchange, earlier: Payload | None, confirmed: Payload | None
) -> None:
    writer = Members(out)
    url = without_user(exchange.url)
    fields = {
        "WARC-Date": warc_date(exchange.fetched_at),
        KIND: exchange.kind,
    }
    if exchange.listed:
        fields[LISTED] = quote(exchange.listed)
    if exchange.ip:
        fields["WARC-IP-Address"] = exchange.ip
    status = response_head(exchange)
    if exchange.status == 304:
        if confirmed is not None:
            fields["WARC-Refers-To-Target-URI"] = confirmed.url
            fields["WARC-Refers-To-Date"] = warc_date(confirmed.fetched_at)
            fields |= _reference(confirmed.place)
        response = writer.create_warc_record(
            url,
            "revisit",
            http_headers=status,
            warc_headers_dict=fields | {"WARC-Profile": _NOT_MODIFIED},
        )
    elif earlier is None:
        response = writer.create_warc_record(
            url,
            "response",
            payload=io.BytesIO(exchange.body),
            length=len(exchange.body),
            http_headers=status,
            warc_headers_dict=fields | {"WARC-Payload-Digest": exchange.digest},
        )
    else:
        response = writer.create_revisit_record(
            url,
            exchange.digest,
            earlier.url,
            warc_date(earlier.fetched_at),
            http_headers=status,
            warc_headers_dict=fields | _reference(earlier.place),
        )
    target = urlsplit(plain_url(url))
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    headers = public_headers(exchange.request_headers)
    if not any(name.lower() == "host" for name, _ in headers):
        headers.insert(0, ("Host", target.netloc))
    sent = exchange.request_body
    request = writer.create_warc_record(
        url,
        "request",
        payload=io.BytesIO(sent),
        length=len(sent),
        http_headers=StatusAndHeaders(f"{path} HTTP/1.1", headers, protocol=exchange.method),
    )
    writer.write_request_response_pair(request, response)


def _reference(place: Place) -> dict[str, str]:
    return {REFERS_FILE: place.file, REFERS_OFFSET: str(place.offset)}


_STATUSES = {int(status) for status in HTTPStatus}


def response_head(exchange: Exchange) -> StatusAndHeaders:
    """Return the status line and headers of a response to archive.

    The headers have the true length and no cookies: chunks were joined before the body got here,
    and nobody must be let in by means of an archive.
    """
    reason = HTTPStatus(exchange.status).phrase if exchange.status in _STATUSES else ""
    dropped = ("transfer-encoding", "content-length")
    public = public_headers(exchange.headers)
    headers = [(name, value) for name, value in public if name.lower() not in dropped]
    if exchange.status != 304:  # it has no payload to give the length of
        headers.append(("Content-Length", str(len(exchange.body))))
    return StatusAndHeaders(
        f"{exchange.status} {reason}".strip(),
        headers,
        protocol=exchange.protocol if exchange.protocol in ("HTTP/1.0", "HTTP/1.1") else "HTTP/1.1",
    )


def warc_date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
