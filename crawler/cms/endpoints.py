"""Lists as data: JSON answers of endpoints with any field names."""

import json
import math
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawler.cms.family import Link, Listing
from crawler.cms.links import absolute, is_file, shown_date, squeeze
from crawler.cms.paging import MAX_PAGES
from crawler.item import NEWS_TIME

_PAGE_FIELDS = ("currpage", "page", "pageno", "currentpage")
_SIZE_FIELDS = ("pagesize", "_pagesize", "per_page")
_TOTALS = ("total", "totalcount", "totalrecord", "count", "allcount")
_URLS = ("post_url", "link", "url", "linkurl")
_DATES = (
    "pubtime",
    "publishedtimestr",
    "publishedtime",
    "pubdate",
    "publishdate",
    "display_publish_time",
    "first_publish_time",
    "date",
    "created_at",
)


def read_json(text: str) -> Any:
    """Return the JSON value of a text, also inside JSONP, or None.

    None if the text is not JSON.
    """
    body = text.strip().lstrip("\ufeff")
    call = re.match(r"[\w.$]+\((.*)\);?$", body, re.S)
    body = call[1] if call else body
    if not body.startswith(("{", "[")):
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def json_listing(data: Any, url: str, wanted: Callable[[str], bool] = lambda url: True) -> Listing:
    """Return an answer's links, and the requests for its further pages."""
    entries = tuple(_json_links(data, url))
    kept = tuple(link for link in entries if wanted(link.url))
    return Listing(kept, next_pages(url, len(entries), _total(data)))


def page_field(url: str) -> tuple[str, int] | None:
    """Return name and value of the query's page number, or None."""
    for key, value in parse_qsl(urlsplit(url).query):
        if key.lower() in _PAGE_FIELDS and re.fullmatch(r"[0-9]{1,6}", value):
            return key, int(value)
    return None


def next_pages(url: str, found: int, total: int | None) -> tuple[str, ...]:
    """Return the requests for the pages after this one.

    A known total names them all; otherwise the next one is asked for as long as this one is full.
    """
    page = page_field(url)
    if page is None or found == 0:
        return ()
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    sizes = [
        int(v) for k, v in query if k.lower() in _SIZE_FIELDS and re.fullmatch(r"[0-9]{1,4}", v)
    ]
    size = sizes[0] if sizes and sizes[0] > 0 else found
    last = page[1] + (found >= size) if total is None else math.ceil(total / size)
    return tuple(
        urlunsplit(
            parts._replace(
                query=urlencode([(k, str(n) if k == page[0] else v) for k, v in query], safe="/")
            )
        )
        for n in range(page[1] + 1, min(last, MAX_PAGES) + 1)
    )


def _json_links(data: Any, url: str) -> Iterator[Link]:
    seen: set[str] = set()
    for entry in _objects(data):
        href = next((entry[key] for key in _URLS if isinstance(entry.get(key), str)), None)
        title = entry.get("title")
        if isinstance(title, dict):  # WordPress: {"rendered": "..."}
            title = title.get("rendered")
        target = absolute(href, url)
        if not target or not isinstance(title, str) or target in seen or is_file(target):
            continue
        seen.add(target)
        day = next((_day(entry[key]) for key in _DATES if entry.get(key)), None)
        plain = squeeze(re.sub(r"<[^>]+>", "", title))
        yield Link(target, plain or None, day)


def _day(value: Any) -> date | None:
    """Return the day of a text or of seconds since 1970."""
    text = str(value)
    if re.fullmatch(r"[0-9]{9,10}", text):
        return datetime.fromtimestamp(int(text), UTC).astimezone(NEWS_TIME).date()
    return shown_date(text)


def _objects(data: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a JSON value, outermost first.

    Their keys in lower case.
    """
    queue = [data]
    at = 0
    while at < len(queue):
        value = queue[at]
        at += 1
        if isinstance(value, dict):
            yield {str(key).lower(): inner for key, inner in value.items()}
            queue.extend(value.values())
        elif isinstance(value, list):
            queue.extend(value)


def _total(data: Any) -> int | None:
    for entry in _objects(data):
        for key in _TOTALS:
            value = entry.get(key)
            if isinstance(value, int | str) and re.fullmatch(r"[0-9]{1,9}", str(value)):
                return int(value)
    return None
