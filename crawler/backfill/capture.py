"""Captures in the index of a web archive, and a city's choice."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from urllib.parse import quote, urlsplit, urlunsplit

from crawler.city import City, Source, host_of, is_public

_TIMESTAMP = re.compile(r"\d{14}", re.ASCII)
_PAGES = frozenset(("", "-", "unk", "text/html", "application/xhtml+xml", "text/plain"))
"""Media types of pages in an index; it does not know all."""
_LANGUAGES = frozenset(("zho", "eng"))
_PART = re.compile(r"_\d{1,2}(?=\.\w+$)")
"""Number of a further page of an article, in the families that have such pages."""
_PORT = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class Capture:
    """One capture of an address.

    `timestamp` is its time (UTC) in 14 digits, `origin` the crawl or collection it belongs to.
    `file`, `offset` and `length` are the place of its record, empty for an archive that only
    replays. `problem` is the reason not to want it, by the index alone.
    """

    url: str
    timestamp: str
    digest: str = ""
    origin: str = ""
    file: str = ""
    offset: int = 0
    length: int = 0
    problem: str = ""

    @property
    def at(self) -> datetime:
        """Time of the capture, UTC."""
        return moment(self.timestamp)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Mark behind the captures of an index that were yielded.

    `value` is the argument with which the stream goes on from here.
    """

    value: str


@dataclass(frozen=True, slots=True)
class Uncaptured:
    """Entries of an archive that are no captures, with the reason."""

    reason: str
    count: int = 1


Found = Capture | Cursor | Uncaptured


@dataclass(frozen=True, slots=True)
class Window:
    """Days between which a capture was made, inclusive; None is open."""

    since: date | None = None
    until: date | None = None

    def has(self, capture: Capture) -> bool:
        """Return True for a capture of these days (UTC)."""
        day = capture.timestamp[:8]
        return (self.since is None or f"{self.since:%Y%m%d}" <= day) and (
            self.until is None or day <= f"{self.until:%Y%m%d}"
        )


def moment(timestamp: str) -> datetime:
    """Return the time (UTC) of 14 digits. Raises `ValueError`."""
    # Four times as fast as strptime, which would be a tenth of a plan's time.
    return datetime.fromisoformat(f"{timestamp[:8]}T{timestamp[8:]}").replace(tzinfo=UTC)


def checked(capture: Capture) -> Capture | None:
    """Return a capture with a plain address; None for an unusable one."""
    if not _TIMESTAMP.fullmatch(capture.timestamp):
        return None
    try:
        moment(capture.timestamp)
        f"{capture.digest}{capture.file}".encode()
        parts = urlsplit(capture.url.strip())
        netloc = parts.netloc.removesuffix(_PORT.get(parts.scheme, " "))
        # Indexes quote as the crawler did; an address in a header is ASCII without blanks. Bytes
        # that are no UTF-8 stay the same bytes.
        url = quote(
            urlunsplit((parts.scheme, netloc, parts.path, parts.query, "")),
            safe="%/:?#[]@!$&'()*+,;=~",
            errors="surrogateescape",
        )
    except ValueError:  # characters that no text has are one, too
        return None
    origin = re.sub(r"[^\w.-]+", "-", capture.origin)
    return replace(capture, url=url, origin=origin) if is_public(url) else None


def problem_of(
    status: str, mime: str, *, truncated: str = "", languages: str = "", detected: str = ""
) -> str:
    """Return the reason against a capture by its fields, or nothing.

    Archives give the status of a revisit as `-` or not at all. Languages are in ISO 639-3.
    """
    revisit = mime == "warc/revisit"
    if status not in ("200", *(("", "-") if revisit else ())):
        return "status"
    if truncated not in ("", "-"):
        return "truncated"
    kind = "" if revisit else (detected or mime).partition(";")[0].strip().lower()
    if kind not in _PAGES:
        return "mime"
    if languages and not _LANGUAGES & set(languages.split(",")):
        return "language"
    return "revisit" if revisit else ""


def source_for(city: City, url: str) -> Source | None:
    """Return the source with articles of an address's shape, or None.

    A further page of an article counts as the article's.
    """
    if not city.allows(url):
        return None
    whole, host = _PART.sub("", url), host_of(url)
    for source in city.sources:
        listed = _list_host(source.list) == host
        if (source.articles or listed) and (source.wants(url) or source.wants(whole)):
            return source
    return None


_list_host = lru_cache(maxsize=1024)(host_of)
"""Host of a listing, asked for at each row of an index."""


def pattern_of(source: Source) -> str:
    """Return the shape of a source's articles in a word, for counts."""
    return source.articles or source.cms


def hosts_of(city: City) -> tuple[str, ...]:
    """Return the hosts of a city without ports, sorted."""
    return tuple(sorted({host.partition(":")[0] for host in city.hosts}))


def joined(
    spans: Iterable[tuple[int, int]], *, gap: int, longest: int
) -> list[list[tuple[int, int]]]:
    """Return byte ranges (start, end), in order, in groups for one request.

    Between two of a group are at most `gap` bytes; a group spans at most `longest`, or one range.
    """
    groups: list[list[tuple[int, int]]] = []
    for start, end in spans:
        if groups and start - groups[-1][-1][1] <= gap and end - groups[-1][0][0] <= longest:
            groups[-1].append((start, end))
        else:
            groups.append([(start, end)])
    return groups
