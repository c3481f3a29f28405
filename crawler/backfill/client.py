"""HTTP client of web archives, with a pace and back-off.

It sends one request at a time, names its operator, reads no more than asked for, and counts its
requests and bytes.
"""

import http.client
import math
import socket
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, Any
from urllib.error import URLError
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import HTTPErrorProcessor, OpenerDirector, Request, build_opener

from crawler.backfill import pace
from crawler.city import is_public
from crawler.errors import ExitCode, ShizhengError
from crawler.limits import retry_after

TIMEOUT = 120.0
"""Seconds without a byte: an index may search that long. Set by hand."""
TRIES = 8
"""Requests for one answer while a service is busy; with doubled pauses some five minutes."""
BREAKS = 3
"""Requests for one answer that breaks off. Set by hand."""
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
"""Seconds between two tries, doubled from the first to the longest, as cdx_toolkit does."""
MAX_ANSWER = 64 << 20
"""Bytes of an answer that is read at once: a record, or a page of an index."""
_BUSY = (408, 429)
"""Statuses besides 5xx of a service that may answer later."""
_PLAIN = "%/:?#[]@!$&'()*+,;=~"
"""Characters of an address that stay as they are."""

_SLICE = 1 << 16
_HOPS = 5


class ServiceError(ShizhengError):
    """Unexpected answer of a web archive. The message has the remedy."""

    exit_code = ExitCode.UNUSABLE


class BrokenOffError(ServiceError):
    """An answer that ended before its end."""


class CeilingError(ShizhengError):
    """The most bytes that a command may fetch were reached."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer of a service; header names are in lower case."""

    url: str
    status: int
    headers: Mapping[str, str]
    header_list: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(slots=True)
class Client:
    """Client of the services of one command.

    `agent` names program and operator, `delay` is the wanted pause in seconds, `ceiling` the most
    bytes to fetch. `requests` counts the requests sent, `received` the bytes.
    """

    agent: str
    delay: float | None = None
    ceiling: float = math.inf
    requests: int = 0
    received: int = 0
    _lists: dict[str, bytes] = field(default_factory=dict)
    _opener: OpenerDirector = field(default_factory=lambda: build_opener(_EveryStatus))

    def get(
        self, url: str, *, span: tuple[int, int] | None = None, missing: Collection[int] = ()
    ) -> Answer:
        """Return an answer with its body.

        `span` is first byte and end of a range. Redirects within the host are followed. Answers
        with a status in `missing` are returned, as those with 200 and 206 are, and so are replayed
        ones. An answer that breaks off is asked for again. Raises `ServiceError`, `CeilingError`.
        """
        for _ in range(_HOPS):
            answer = self._whole(url, span, missing)
            leads = 300 <= answer.status < 400 and not is_replayed(answer.headers)
            if not leads or answer.status in missing:
                return answer
            target = quote(urljoin(url, answer.headers.get("location", "")), safe=_PLAIN)
            if urlsplit(target).netloc != urlsplit(url).netloc:
                raise ServiceError(f"{url}: leads to {target}, another host; check the address")
            url = target
        raise ServiceError(f"{url}: led on more than {_HOPS} times; check the address")

    def _whole(self, url: str, span: tuple[int, int] | None, missing: Collection[int]) -> Answer:
        """Return one answer, asked for again where it breaks off."""
        host, pause = urlsplit(url).netloc, FIRST_PAUSE
        for left in reversed(range(BREAKS)):
            try:
                with self._opened(url, span, missing) as (status, headers, stream):
                    length = span[1] - span[0] if span and status == 206 else MAX_ANSWER
                    body = b"".join(self._read(stream, length, url))
                break
            except BrokenOffError:
                if not left:
                    raise
                pace.rest(host, pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        named = tuple((name, value) for name, value in headers.items())
        lower = {name.lower(): value for name, value in named}
        return Answer(url, status, lower, named, body)

    def listed(self, url: str) -> bytes:
        """Return a list, asked for once a command.

        Such lists change once a month. Raises `ServiceError`, `CeilingError`.
        """
        if url not in self._lists:
            self._lists[url] = self.get(url).body
        return self._lists[url]

    def tail(self, url: str, length: int) -> tuple[int, bytes]:
        """Return the size of a file and its last bytes.

        Raises `ServiceError`, `CeilingError`.
        """
        with self._opened(url, (-length, 1), ()) as (_, headers, stream):
            body = b"".join(self._read(stream, length, url))
        size = (headers.get("content-range") or "").rpartition("/")[2]
        if not (size.isascii() and size.isdigit()):
            raise ServiceError(f"{url}: the server does not give the size of the file")
        return int(size), body

    def lines(self, url: str, *, missing: Collection[int] = ()) -> Iterator[bytes]:
        """Yield the lines of an answer as they come.

        There are none for a status in `missing`. The host's turn lasts until the last line is read.
        Raises `ServiceError`, `CeilingError`.
        """
        with self._opened(url, None, missing) as (status, _, stream):
            rest = b""
            for part in self._read(stream, None, url) if status not in missing else ():
                *whole, rest = (rest + part).split(b"\n")
                yield from whole
                if len(rest) > MAX_ANSWER:
                    raise ServiceError(f"{url}: a line has more than {MAX_ANSWER >> 20} MB")
            if rest:
                yield rest

    @contextmanager
    def _opened(
        self, url: str, span: tuple[int, int] | None, missing: Collection[int]
    ) -> "Iterator[tuple[int, http.client.HTTPMessage, IO[bytes]]]":
        """Open a URL at its host's turn, again while it is busy."""
        if self.received >= self.ceiling:
            raise CeilingError(f"the ceiling of {self.ceiling:,.0f} bytes was reached")
        if not is_public(url):
            raise ServiceError(f"{url}: is no address of a server; check it")
        host = urlsplit(url).netloc
        pause = FIRST_PAUSE
        for left in reversed(range(TRIES)):
            with pace.turn(host, pace.seconds_for(host, self.delay)):
                self.requests += 1
                found = self._sent(url, span)
                if isinstance(found, str):
                    asked, reason = None, found
                elif is_replayed(found.headers) or not _is_busy(found.status):
                    with found:
                        if not is_replayed(found.headers):
                            self._check(url, found.status, span, missing)
                        yield found.status, found.headers, found
                        return
                else:
                    with found:
                        told = found.headers.get("retry-after")
                        asked = retry_after(told, datetime.now(UTC)) if told else None
                        reason = f"it answered {found.status}"
            wait = max(pause, asked or 0.0)
            if not left or wait > pace.LONGEST_REST:
                rests = f" and asked for {asked:.0f} seconds of rest" if asked else ""
                raise ServiceError(
                    f"{host}: {reason}{rests}, {TRIES - left} times; what was fetched is kept: "
                    "run the command again later to go on"
                )
            pace.rest(host, wait)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _sent(self, url: str, span: tuple[int, int] | None) -> http.client.HTTPResponse | str:
        """Return the response of one request, or the reason for none."""
        headers = {"User-Agent": self.agent, "Accept-Encoding": "identity"}
        if span is not None:
            # A negative start is that many bytes at the end.
            headers["Range"] = f"bytes={span[0]}" + (f"-{span[1] - 1}" if span[0] >= 0 else "")
        try:
            found = self._opener.open(Request(url, headers=headers), timeout=TIMEOUT)
        except URLError as error:
            if isinstance(error.reason, socket.gaierror):
                raise ServiceError(f"{url}: no such host; check the address") from error
            return f"no answer ({error.reason})"
        except (http.client.HTTPException, OSError, UnicodeError) as error:
            return f"no answer ({error})"
        response: http.client.HTTPResponse = found
        return response

    def _check(
        self, url: str, status: int, span: tuple[int, int] | None, missing: Collection[int]
    ) -> None:
        if status in missing or 300 <= status < 400:
            return
        if span is not None and status == 200:
            raise ServiceError(f"{url}: the server does not answer ranges, and sent the whole file")
        if status not in (200, 206):
            raise ServiceError(f"{url}: answered {status}; check the address")

    def _read(self, stream: IO[bytes], length: int | None, url: str) -> Iterator[bytes]:
        left: float = math.inf if length is None else length
        try:
            while left > 0 and (part := stream.read(int(min(left, _SLICE)))):
                left -= len(part)
                self.received += len(part)
                yield part
        except (http.client.HTTPException, OSError) as error:
            raise _broken_off(url, str(error)) from error
        # http.client reads on to the end of a connection, and does not mind an early one.
        lacking = getattr(stream, "length", 0) or 0
        if left > 0 and lacking > 0:
            raise _broken_off(url, f"{lacking:,} bytes lack")


def is_replayed(headers: Mapping[str, str] | http.client.HTTPMessage) -> bool:
    """Return True for an archived answer (RFC 7089).

    Its status is that of its page.
    """
    return headers.get("memento-datetime") is not None


def _is_busy(status: int) -> bool:
    return status in _BUSY or status >= 500


def _broken_off(url: str, reason: str) -> BrokenOffError:
    return BrokenOffError(f"{url}: the answer broke off ({reason}); run the command again to go on")


class _EveryStatus(HTTPErrorProcessor):
    """Returns answers of every status; the client follows redirects itself."""

    def http_response(self, request: Request, response: Any) -> Any:
        return response

    https_response = http_response
