"""UCAP (开普云): a `<ucapcontent>` body, lists that are static pages or JSON endpoints.

Two endpoints are known: `/szinf/info/getInfoCommon/?pagesize&currpage&channelid` with
`infolist[title, link, pubtime]`, and `/es-search/search/<channelId>?_pageSize&page` with
`results[title, url, publishedTimeStr]`; the second answers with HTML instead where its template
says so. A list page that loads from one of them names it in its scripts.
"""

import html as entities
import json
import math
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from crawler.cms.family import Family, Link, Listing, Rules
from crawler.cms.paging import MAX_PAGES, called_pages
from crawler.cms.reading import WIDGETS, absolute, is_file, links, once, shown_date, squeeze

_ARTICLE = re.compile(
    r"/\d{6}/[0-9a-f]{32}(?:_print)?\.s?html?$"
    r"|/content_(?:[0-9a-f]{32}|\d+)(?:_print)?\.s?html?$"
    r"|/\d{4}-\d\d/\d\d/[^/]+\.shtml$",
    re.IGNORECASE,
)
_ENDPOINT = re.compile(
    r"[\"'](?P<url>(?:https?:)?[^\"'\s]*(?:/getInfoCommon/?\?|/es-search/search/)[^\"'\s]*)[\"']"
)
_CHANNEL = re.compile(
    r"<meta\s[^<>]*name=[\"']channelId[\"'][^<>]*content=[\"'](\w+)[\"']", re.IGNORECASE
)
_PAGE_FIELDS = ("currpage", "page", "pageno", "currentpage")
_SIZE_FIELDS = ("pagesize", "_pagesize")
_TOTALS = ("total", "totalcount", "totalrecord", "count", "allcount")
_URLS = ("link", "url", "linkurl")
_DATES = ("pubtime", "publishedtimestr", "publishedtime", "pubdate", "publishdate")


def is_article(url: str) -> bool:
    """Whether the URL has an article's shape: month folder and 32 hex digits, or content_<id>."""
    return bool(_ARTICLE.search(urlsplit(url).path))


def read_list(text: str, url: str) -> Listing:
    """Read a static list page, a page that names its endpoint, or an endpoint's answer."""
    data = _json(text)
    if data is not None:
        found = tuple(_json_links(data, url))
        return Listing(found, _next_pages(url, len(found), _total(data)))
    found = links(text, url, is_article, chrome=False)
    page = _page_field(url)
    if page and page[1] > 0 and "<html" not in text[:2000].lower():
        return Listing(found, _next_pages(url, len(found), None))
    more: list[str] = []
    pages = called_pages(text, url)
    if pages:
        more += pages.urls(url)
    for match in _ENDPOINT.finditer(text):
        endpoint = absolute(entities.unescape(match["url"]), url)
        if endpoint and _page_field(endpoint):
            more.append(endpoint)
    if not found and not more and (channel := _CHANNEL.search(text)):
        more.append(urljoin(url, f"/es-search/search/{channel[1]}?_pageSize=20&page=1"))
    return Listing(found, once(more, url))


def _json(text: str) -> Any:
    """Return the JSON value that `text` is, also inside a JSONP call; None if it is not JSON."""
    body = text.strip().lstrip("\ufeff")
    call = re.match(r"[\w.$]+\((.*)\);?$", body, re.S)
    body = call[1] if call else body
    if not body.startswith(("{", "[")):
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _dicts(data: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a JSON value, outermost first, keys in lower case."""
    queue = [data]
    while queue:
        at = queue.pop(0)
        if isinstance(at, dict):
            yield {str(key).lower(): value for key, value in at.items()}
            queue.extend(at.values())
        elif isinstance(at, list):
            queue.extend(at)


def _json_links(data: Any, url: str) -> Iterator[Link]:
    seen: set[str] = set()
    for entry in _dicts(data):
        href = next((entry[key] for key in _URLS if isinstance(entry.get(key), str)), None)
        title = entry.get("title")
        target = absolute(href, url)
        if not target or not isinstance(title, str) or target in seen or is_file(target):
            continue
        seen.add(target)
        shown = next((str(entry[key]) for key in _DATES if entry.get(key)), "")
        plain = squeeze(re.sub(r"<[^>]+>", "", title))
        yield Link(target, plain or None, shown_date(shown))


def _total(data: Any) -> int | None:
    for entry in _dicts(data):
        for key in _TOTALS:
            value = entry.get(key)
            if isinstance(value, int | str) and re.fullmatch(r"[0-9]{1,9}", str(value)):
                return int(value)
    return None


def _page_field(url: str) -> tuple[str, int] | None:
    """Return the name and value of the query field that holds the page number."""
    for key, value in parse_qsl(urlsplit(url).query):
        if key.lower() in _PAGE_FIELDS and re.fullmatch(r"[0-9]{1,6}", value):
            return key, int(value)
    return None


def _next_pages(url: str, found: int, total: int | None) -> tuple[str, ...]:
    """Return the requests for the pages after this one.

    A known total names them all; otherwise the next one is asked for as long as this one is full.
    """
    page = _page_field(url)
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


FAMILY = Family(
    name="ucap",
    is_article=is_article,
    read_list=read_list,
    rules=(
        Rules(
            body=("ucapcontent", "#UCAP-CONTENT", ".detail_content"),
            title=("ucaptitle", ".detail_title", ".article-title", "h1"),
            meta_line=(".detail_info", ".article-info", ".info", ".xl-info"),
            drop=(*WIDGETS, ".tts-bar"),
        ),
        Rules(
            body=(".pages_content",),
            title=(".pages-title", "h1"),
            meta_line=(".pages-date",),
            drop=WIDGETS,
        ),
    ),
)
