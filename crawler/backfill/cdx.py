"""Index servers: Common Crawl's, pywb's, and the Wayback Machine's.

Formats: https://pywb.readthedocs.io/en/latest/manual/cdxserver_api.html (an object a line, pages
where the index has them) and the `wayback-cdx-server` of internetarchive/wayback (one array of
arrays, resume keys). Both leave out what has an error's status; all else is filtered here, because
a filter costs the server more than the rows cost the network.
"""

import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import quote, urlencode, urljoin

from crawler.backfill.capture import Capture, Cursor, Window, problem_of
from crawler.backfill.client import Client, ServiceError

ROWS = 10_000
"""Rows of one answer with a resume key: two megabytes, and minutes of a broken-off query to lose at
most. Set by hand."""

_FIELDS = (
    "timestamp,url,mime,mime-detected,status,digest,length,offset,filename,languages,truncated"
)
_WAYBACK_FIELDS = "timestamp,original,mimetype,statuscode,digest,length"
_NO_CAPTURES = (404,)
"""Status of pywb for no captures, with a message."""


@dataclass(frozen=True, slots=True)
class Crawl:
    """Index of one crawl of Common Crawl."""

    name: str
    api: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Question to an index server about a host in a window.

    `api` is the server's address, `origin` the crawl or collection of its captures.
    """

    api: str
    host: str
    window: Window
    origin: str = ""


def crawls(client: Client, collinfo: str, window: Window) -> list[Crawl]:
    """Return the crawls of a `collinfo.json`, oldest first. Raises `ServiceError`."""
    text = client.listed(collinfo)
    try:
        rows = [(row["id"], row["cdx-api"], row.get("from"), row.get("to")) for row in _json(text)]
        chosen = [
            Crawl(str(name), urljoin(collinfo, api))
            for name, api, first, last in rows
            if not (window.since and last and last[:10] < window.since.isoformat())
            and not (window.until and first and first[:10] > window.until.isoformat())
        ]
    except (TypeError, KeyError, ValueError) as error:
        raise ServiceError(f"{collinfo}: is no list of crawls ({error}); check it") from error
    return sorted(chosen, key=lambda crawl: crawl.name)


def pywb_captures(client: Client, asked: Asked, cursor: str = "") -> Iterator[Capture | Cursor]:
    """Yield the captures of a host in a pywb's index.

    An index without pages ignores the question for their number and gives every row at once. The
    cursor is the next page and the number of pages, such as `2/7`. Raises `ServiceError`.
    """
    api, origin = asked.api, asked.origin
    words = {"url": f"{asked.host}/*", "output": "json", "fl": _FIELDS, **_window(asked.window)}
    words["filter"] = "!~status:[1345]"
    if not cursor:
        rows = _rows(client, api, words | {"showNumPages": "true"})
        first = next(rows, None)
        if first is None:
            return
        if "pages" not in first:
            for row in chain([first], rows):
                yield _capture(row, origin)
            return
        rows.close()
        cursor = f"0/{_number(first['pages'])}"
        yield Cursor(cursor)
    page, pages = map(int, cursor.split("/"))
    while page < pages:
        for row in _rows(client, api, words | {"page": str(page)}):
            yield _capture(row, origin)
        page += 1
        yield Cursor(f"{page}/{pages}")


def wayback_captures(client: Client, asked: Asked, cursor: str = "") -> Iterator[Capture | Cursor]:
    """Yield the captures of a host in the Wayback Machine's index.

    The cursor is a resume key. Raises `ServiceError`.
    """
    api, origin = asked.api, asked.origin
    words = {"url": asked.host, "matchType": "host", "output": "json", "fl": _WAYBACK_FIELDS}
    words |= {"filter": "!statuscode:[1345]..", **_window(asked.window)}
    words |= {"limit": str(ROWS), "showResumeKey": "true"}
    while True:
        # The key is given escaped, and asked for as it was given.
        resumed = f"&resumeKey={quote(cursor, safe='%+!*()~')}" if cursor else ""
        body = client.get(_url(api, words) + resumed).body
        table = _json(body) if body.strip() else []
        if not isinstance(table, list) or not all(isinstance(row, list) for row in table):
            raise ServiceError(f"{api}: expected an array of arrays, found {body[:60]!r}")
        key = table.pop()[0] if len(table) > 2 and not table[-2] else ""
        names = table[0] if table else []
        for values in table[1:]:
            if values:
                yield _wayback_capture(dict(zip(names, values, strict=False)), origin)
        if not key or key == cursor:
            return
        cursor = str(key)
        yield Cursor(cursor)


def replay_url(base: str, timestamp: str, url: str) -> str:
    """Return the address of a capture's bytes as they came (`id_`)."""
    return f"{base.rstrip('/')}/{timestamp}id_/{quote(url, safe='%/:?#[]@!$&()*+,;=~')}"


def _rows(
    client: Client, api: str, asked: Mapping[str, str]
) -> Generator[dict[str, Any], None, None]:
    """Yield the objects of an answer, one a line."""
    for line in client.lines(_url(api, asked), missing=_NO_CAPTURES):
        if line.strip():
            row = _json(line)
            if not isinstance(row, dict):
                raise ServiceError(f"{api}: expected an object a line, found {line[:60]!r}")
            yield row


def _capture(row: Mapping[str, Any], origin: str) -> Capture:
    def text(name: str) -> str:
        return str(row.get(name) or "")

    return Capture(
        url=text("url"),
        timestamp=text("timestamp"),
        digest=text("digest"),
        origin=origin,
        file=text("filename"),
        offset=_number(row.get("offset")),
        length=_number(row.get("length")),
        problem=problem_of(
            text("status"),
            text("mime"),
            truncated=text("truncated"),
            languages=text("languages"),
            detected=text("mime-detected"),
        ),
    )


def _wayback_capture(row: Mapping[str, Any], origin: str) -> Capture:
    return Capture(
        url=str(row.get("original") or ""),
        timestamp=str(row.get("timestamp") or ""),
        digest=str(row.get("digest") or ""),
        origin=origin,
        length=_number(row.get("length")),
        problem=problem_of(str(row.get("statuscode") or ""), str(row.get("mimetype") or "")),
    )


def _window(window: Window) -> dict[str, str]:
    days = {"from": window.since, "to": window.until}
    return {name: f"{day:%Y%m%d}" for name, day in days.items() if day}


def _url(api: str, asked: Mapping[str, str]) -> str:
    return f"{api}{'&' if '?' in api else '?'}{urlencode(asked)}"


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ServiceError(f"expected JSON of the index, found {text[:60]!r}") from error


def _number(value: object) -> int:
    written = str(value)
    return int(written) if written.isascii() and written.isdigit() and len(written) < 16 else 0
