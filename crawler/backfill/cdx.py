"""Index servers: Common Crawl's, pywb's, and the Wayback Machine's.

Formats: https://pywb.readthedocs.io/en/latest/manual/cdxserver_api.html (an object a line, pages
where the index has them) and the `wayback-cdx-server` of internetarchive/wayback (one array of
arrays, resume keys). Both leave out what has an error's status; all else is filtered here, because
a filter costs the server more than the rows cost the network.
"""

import json
import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import quote, urlencode, urljoin

from crawler.backfill.capture import Capture, Cursor, Found, Uncaptured, Window, problem_of
from crawler.backfill.client import MAX_ANSWER, Client, ServiceError
from crawler.backfill.lines import NAMES, rows_of

ROWS = 10_000
"""Rows of one answer with a resume key: two megabytes, and minutes of a broken-off query to lose at
most. Set by hand."""

_FIELDS = (
    "timestamp,url,mime,mime-detected,status,digest,length,offset,filename,languages,truncated"
)
_WAYBACK_FIELDS = "timestamp,original,mimetype,statuscode,digest,length"
EXCLUDED = re.compile(rb"AccessControl|\bExcluded|Blocked Site", re.IGNORECASE)
"""Words of the Wayback Machine for sites that it leaves out by robots.txt or at their wish."""
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


def pywb_captures(client: Client, asked: Asked, cursor: str = "") -> Iterator[Found]:
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
        pages = str(first["pages"])
        if not (pages.isascii() and pages.isdecimal() and len(pages) < 10):
            raise ServiceError(f"{api}: expected a number of pages, found {pages[:60]!r}")
        cursor = f"0/{int(pages)}"
        yield Cursor(cursor)
    page, last = map(int, cursor.split("/"))
    while page < last:
        for row in _rows(client, api, words | {"page": str(page)}):
            yield _capture(row, origin)
        page += 1
        yield Cursor(f"{page}/{last}")


def wayback_captures(client: Client, asked: Asked, cursor: str = "") -> Iterator[Found]:
    """Yield the captures of a host in the Wayback Machine's index.

    The cursor is a resume key. Raises `ServiceError`.
    """
    api, origin = asked.api, asked.origin
    words = {"url": asked.host, "matchType": "host", "output": "json", "fl": _WAYBACK_FIELDS}
    words |= {"filter": "!statuscode:[1345]..", **_window(asked.window)}
    words |= {"limit": str(ROWS), "showResumeKey": "true"}
    seen = {cursor}
    while True:
        # The key is given escaped, and asked for as it was given.
        resumed = f"&resumeKey={quote(cursor, safe='%+!*()~')}" if cursor else ""
        answer = client.get(_url(api, words) + resumed, missing=(403,))
        if answer.status == 403:
            if not EXCLUDED.search(answer.body[:2000]):
                raise ServiceError(f"{api}: answered 403; ask its operators, or later")
            yield Uncaptured("excluded")
            return
        if len(answer.body) >= MAX_ANSWER:
            raise ServiceError(f"{api}: more than {MAX_ANSWER >> 20} MB for {ROWS:,} rows")
        rows, cursor = _table(answer.body, api)
        for row in rows:
            yield _capture(row, origin)
        if not cursor:
            return
        if cursor in seen:
            raise ServiceError(f"{api}: gives the resume key {cursor[:60]!r} again; ask it later")
        seen.add(cursor)
        yield Cursor(cursor)


def _table(body: bytes, api: str) -> tuple[list[dict[str, Any]], str]:
    """Return the rows of an answer, and its resume key."""
    fields = _WAYBACK_FIELDS.split(",")
    if not body.strip():
        return [], ""
    if not body.lstrip().startswith(b"["):
        text, _, key = body.strip().partition(b"\n\n")
        rows = list(rows_of(text.split(b"\n"), api, fields))
        if any(row and "timestamp" not in row for row in rows):
            raise ServiceError(f"{api}: expected rows of an index, found {body[:60]!r}")
        return rows, key.strip().decode("ascii", "replace")
    table = _json(body)
    if not all(isinstance(row, list) for row in table):
        raise ServiceError(f"{api}: expected an array of arrays, found {body[:60]!r}")
    behind = table.pop() if len(table) > 2 and not table[-2] else []
    names = [str(name) for name in table[0]] if table else fields
    if not {"timestamp", "original"} <= set(names):
        raise ServiceError(f"{api}: expected the names of its fields first, found {names!r:.60}")
    rows = [dict(zip(names, row, strict=False)) for row in table[1:] if row]
    named = [{NAMES.get(name, name): row[name] for name in row} for row in rows]
    return named, str(behind[0]) if behind else ""


def replay_url(base: str, timestamp: str, url: str) -> str:
    """Return the address of a capture's bytes as they came (`id_`)."""
    return f"{base.rstrip('/')}/{timestamp}id_/{quote(url, safe='%/:?#[]@!$&()*+,;=~')}"


def _rows(
    client: Client, api: str, asked: Mapping[str, str]
) -> Generator[dict[str, Any], None, None]:
    """Yield the rows of an answer, one a line."""
    lines = client.lines(_url(api, asked), missing=_NO_CAPTURES)
    yield from rows_of(lines, api, _FIELDS.split(","))


def _capture(row: Mapping[str, Any], origin: str) -> Capture:
    def text(name: str) -> str:
        value = str(row.get(name) or "")
        return "" if value == "-" else value

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


def _window(window: Window) -> dict[str, str]:
    days = {"from": window.since, "to": window.until}
    return {name: f"{day:%Y%m%d}" for name, day in days.items() if day}


def _url(api: str, asked: Mapping[str, str]) -> str:
    return f"{api}{'&' if '?' in api else '?'}{urlencode(asked)}"


def _json(text: bytes) -> Any:
    try:
        return json.loads(text.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError) as error:
        raise ServiceError(f"expected JSON of the index, found {text[:60]!r}") from error


def _number(value: object) -> int:
    written = str(value)
    return int(written) if written.isascii() and written.isdigit() and len(written) < 16 else 0
