"""Lists as data, with any field names, in JSON, JSONP or XML.

An object with an address and a title is an entry. Markup within a text is read like a page. Further
pages are asked for by the numbers in the request: a page, an offset, a name like `list_2.json`, or
a parameter with a JSON object of its own (`paramJson={"pageNo":1}`).
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlsplit, urlunsplit

from crawler.cms.data import read_json
from crawler.cms.family import Link, Listing
from crawler.cms.field_names import field_names, param_name, plain_name
from crawler.cms.links import absolute, is_file, squeeze, stated_date
from crawler.cms.paging import MAX_PAGES
from crawler.script import HAN

PAGE_FIELDS = frozenset(field_names("page"))
_SIZE_FIELDS = frozenset(field_names("page size"))
OFFSETS = frozenset(field_names("offset"))
_COUNTED, _COUNTED_SIZES = frozenset(("pn",)), frozenset(("rn",))
"""Epoint's `pn` is no page beside `rn`: it counts entries."""
_TOTALS = field_names("total")
_PAGE_COUNTS = field_names("pages")
_NEXT = field_names("next address")
_URLS = field_names("address")
_TITLES = field_names("title")
_DATES = field_names("date")
_ANY_URL = re.compile(r"(?:url|link|href|path)$")
_ANY_TITLE = re.compile(r"(?:title|headline|subject|biaoti)")
_ANY_DATE = re.compile(
    r"(?:pub|release|issue|deploy|show|news|info|doc)\w*(?:time|date|at|ed|day|datestr)$|fb(?:sj|rq)"
)
_NO_URL = re.compile(
    r"^(?:next|prev|first|last|feed|home|icon|logo|img|image|pic|cover|thumb|avatar|photo|author|user)"
)
_INNER = frozenset(
    ("attributes", "fields", "links", "link", "self", "source", "node", "item", "article", "doc")
)
"""Objects within an entry that have its fields."""
_NO_DATE = re.compile(r"update|modif|end|expire|begin|start|event|audit|deadline")
_ADDRESS = re.compile(
    r"(?:https?:/|\.{1,2})?(?:/[^\s/<>\"']+)+/?|[^\s<>\"'?]{1,80}\.(?:[sjx]?html?|aspx?|jsp|php|do)(?:\?\S*)?"
)
"""Value that is an address by its looks."""
_DATE = re.compile(r"(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[T ][\d:.+Z]+)?\s*$")
_ESCAPED = re.compile(r"https?%3A(?:%2F){2}", re.IGNORECASE)
_FOLDER = re.compile(r"/(?:index\.\w+)?$")
_MARKS = re.compile(r"(?:cursor|token|after|id)$")
"""Ends of the names of a parameter that marks the last entry read."""
_PAGE_AND_SIZE = re.compile(r"/(?P<page>\d{1,5})/(?P<size>\d{1,3})/?$")
_CUT = re.compile(r"(?:\.{2,}|…+)\s*$")
_WORDS = re.compile(rf"[{HAN}]{{4}}|[A-Za-z]+(?: [A-Za-z'’-]+){{2}}")
_NUMBERED_NAME = re.compile(r"(?<=[_/-])(?P<number>\d{1,5})(?=\.(?:json|js|xml)$)", re.IGNORECASE)
_MARKUP = re.compile(r"<(?:a|record|item)\b[^<>]*>", re.IGNORECASE)
_ATTRIBUTE_TOTAL = re.compile(r"\b(?:count|total|totalcount|data-count)=[\"']?(\d{1,7})\b", re.I)
_ATTRIBUTE_SIZE = re.compile(r"\b(?:rows|pagesize|data-rows)=[\"']?(\d{1,3})\b", re.I)
UNIT = "/jpaas-publish-server/front/page/build/unit"
"""Endpoint of jpaas, Hanweb's successor: markup of a list in JSON."""
FULL = "one page, which is full"
"""Sign of further entries in an answer without a number to ask for them."""
_MAX_PARTS = 10
"""Parts of an entry that is written as one text; set by hand."""
_MAX_FIELDS = 60
"""Fields of one entry that are looked at; set by hand, not measured."""


@dataclass(frozen=True, slots=True)
class _Paging:
    """Numbers of entries and pages: found, in all, to a page."""

    found: int
    total: int | None = None
    pages: int | None = None
    size: int | None = None


def json_listing(
    data: Any,
    url: str,
    wanted: Callable[[str], bool] = lambda url: True,
    read_markup: Callable[[str, str], Listing] | None = None,
) -> Listing:
    """Return an answer's links, and the requests for its further pages.

    `read_markup` reads texts of the answer that are markup.
    """
    entries = _without_columns(tuple(_json_links(data, url)))
    more: tuple[str, ...] = ()
    paging = _Paging(len(entries), *_totals(data, len(entries)))
    if not entries and read_markup is not None:
        markup = "\n".join(_markup(data))
        inner = read_markup(markup, url) if markup else Listing()
        entries, more = inner.links, inner.more
        rows, count = _ATTRIBUTE_SIZE.search(markup), _ATTRIBUTE_TOTAL.search(markup)
        total = int(count[1]) if count else paging.total
        paging = _Paging(len(entries), total, paging.pages, int(rows[1]) if rows else None)
    kept = tuple(link for link in entries if wanted(link.url))
    further = _further(url, paging) or _next(data, url) or _after(data, url)
    unread = "" if further or more or paging.total or not _is_full(url, paging) else FULL
    return Listing(kept, (*more, *further), total=paging.total, unread=unread)


def page_field(url: str) -> tuple[str, int] | None:
    """Return name and value of the query's page number, or None."""
    for key, value in parse_qsl(urlsplit(url).query):
        if param_name(key) in PAGE_FIELDS and re.fullmatch(r"[0-9]{1,6}", value):
            return key, int(value)
    return None


def next_pages(url: str, found: int, total: int | None) -> tuple[str, ...]:
    """Return the requests for the pages after this one.

    A known total names them all; otherwise the next one is asked for as long as this one is full.
    """
    return _further(url, _Paging(found, total))


def _further(url: str, paging: _Paging) -> tuple[str, ...]:
    if paging.found == 0:
        return ()
    parts = urlsplit(url)
    pairs = [pair.partition("=")[::2] for pair in parts.query.split("&") if pair]
    values = {plain_name(key): unquote_plus(value) for key, value in pairs}
    counted = _COUNTED & values.keys() if _COUNTED_SIZES & values.keys() else frozenset()
    sizes = [int(v) for k, v in values.items() if k in _SIZE_FIELDS and v.isascii() and v.isdigit()]
    size = next((size for size in sizes if 0 < size <= 1000), paging.size or paging.found)

    def asked(name: str, value: str) -> str:
        query = "&".join(f"{k}={value if k == name else v}" for k, v in pairs)
        return urlunsplit(parts._replace(query=query))

    for key, written in pairs:
        value, name = unquote_plus(written), param_name(key)
        if name in PAGE_FIELDS - counted and re.fullmatch(r"[0-9]{1,6}", value):
            return tuple(asked(key, str(n)) for n in _numbers(int(value), size, paging))
        if (
            name in OFFSETS | counted
            and re.fullmatch(r"[0-9]{1,7}", value)
            and (sizes or paging.total)
        ):
            here = int(value) // size + 1
            step = int(value) % size
            return tuple(
                asked(key, str((n - 1) * size + step)) for n in _numbers(here, size, paging)
            )
        if (inner := _inner_page(value)) is not None:
            own = inner.size or size
            here = inner.number // own + 1 if inner.offset else inner.number
            return tuple(
                asked(key, quote(inner.with_number((n - 1) * own if inner.offset else n), safe=""))
                for n in _numbers(here, own, paging)
            )
    if match := _NUMBERED_NAME.search(parts.path):
        numbers = _numbers(int(match["number"]), size, paging)
        head, tail = parts.path[: match.start()], parts.path[match.end() :]
        return tuple(urlunsplit(parts._replace(path=f"{head}{n}{tail}")) for n in numbers)
    found = _PAGE_AND_SIZE.search(parts.path)
    if found and paging.found <= int(found["size"]) and int(found["page"]) <= MAX_PAGES:
        head, tail = parts.path[: found.start("page")], parts.path[found.end("page") :]
        numbers = _numbers(int(found["page"]), int(found["size"]), paging)
        return tuple(urlunsplit(parts._replace(path=f"{head}{n}{tail}")) for n in numbers)
    if parts.path.endswith(UNIT):  # page 1 is asked for without its number
        numbers = _numbers(1, size, paging)
        given = (f'{{"pageNo":{n},"pageSize":{size}}}' for n in numbers)
        return tuple(f"{url}&paramJson={quote(value)}" for value in given)
    return ()


def _next(data: Any, url: str) -> tuple[str, ...]:
    """Return the address of the next page that an answer names."""
    for entry in _objects(data):
        for name in _NEXT:
            value = entry.get(name)
            if isinstance(value, dict):
                value = value.get("href") or value.get("url")
            target = absolute(value, url) if isinstance(value, str) else None
            if target and target != url:
                return (target,)
    return ()


def _after(data: Any, url: str) -> tuple[str, ...]:
    """Return the request for what follows the mark that an answer names."""
    parts = urlsplit(url)
    pairs = [pair.partition("=")[::2] for pair in parts.query.split("&") if pair]
    names = {plain_name(key): key for key, _ in pairs if _MARKS.search(plain_name(key))}
    for entry in _objects(data) if names else ():
        if any(entry.get(name) is False for name in ("hasmore", "hasnext", "hasnextpage", "more")):
            return ()
        for field, value in entry.items():
            name = next((key for plain, key in names.items() if field.endswith(plain)), None)
            if name and field.startswith(("next", "end", "last", "scroll")) and value:
                query = "&".join(
                    f"{k}={quote(str(value), safe='') if k == name else v}" for k, v in pairs
                )
                target = urlunsplit(parts._replace(query=query))
                return (target,) if target != url else ()
    return ()


def _is_full(url: str, paging: _Paging) -> bool:
    """Return True if an answer has all entries asked for."""
    sizes = [v for k, v in parse_qsl(urlsplit(url).query) if plain_name(k) in _SIZE_FIELDS]
    return paging.found > 1 and str(paging.found) in sizes


def _numbers(page: int, size: int, paging: _Paging) -> range:
    """Return the known numbers of the pages after one."""
    if paging.pages is not None:
        last = paging.pages
    elif paging.total is not None:
        last = math.ceil(paging.total / size)
    else:
        last = page + (paging.found >= size)
    if page == 0 and (paging.pages or paging.total):
        last -= 1  # pages are numbered from 0
    return range(page + 1, min(last, MAX_PAGES) + 1)


@dataclass(frozen=True, slots=True)
class _Inner:
    """Page in a JSON parameter: text, place of the number, size."""

    text: str
    start: int
    end: int
    number: int
    size: int | None
    offset: bool

    def with_number(self, number: int) -> str:
        """Return the parameter with another number."""
        return f"{self.text[: self.start]}{number}{self.text[self.end :]}"


def _inner_page(value: str) -> _Inner | None:
    """Return the page in a JSON parameter, or None."""
    if not value.startswith("{"):
        return None
    found: dict[str, re.Match[str]] = {}
    for match in re.finditer(r"\\?[\"'](\w{1,30})\\?[\"']\s*:\s*\\?[\"']?(\d{1,6})\b", value):
        found.setdefault(plain_name(match[1]), match)
    counted = _COUNTED if _COUNTED_SIZES & found.keys() else frozenset[str]()
    sizes = _SIZE_FIELDS | _COUNTED_SIZES
    size = next((int(match[2]) for name, match in found.items() if name in sizes), None)
    page = next((m for name, m in found.items() if name in PAGE_FIELDS - counted), None)
    offset = next((m for name, m in found.items() if name in OFFSETS | counted), None)
    place = page or (offset if size else None)
    if place is None:
        return None
    return _Inner(value, *place.span(2), int(place[2]), size or None, page is None)


def _json_links(data: Any, url: str) -> Iterator[Link]:
    seen: set[str] = set()
    for own in _objects(data):
        entry, target = own, _target(own, url)
        title = None if target is None else _title(own)
        if target is None or title is None:
            entry = _merged(own)
            target = None if entry is own else _target(entry, url)
            title = None if target is None else _title(entry)
        if target is None or title is None or target in seen:
            continue
        seen.add(target)
        yield Link(target, title or None, _date(entry))


def _without_columns(entries: tuple[Link, ...]) -> tuple[Link, ...]:
    """Return the entries but for undated folders beside dated articles."""
    if not any(link.date for link in entries):
        return entries
    return tuple(link for link in entries if link.date or not _FOLDER.search(link.url))


def _merged(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry with the fields of the objects within it."""
    found = entry
    for name in _INNER & entry.keys():
        inner = entry[name]
        if isinstance(inner, dict):
            fields = {plain_name(str(key)): inner[key] for key in list(inner)[:_MAX_FIELDS]}
            found = _merged(fields) | found
    return found


def _target(entry: dict[str, Any], url: str) -> str | None:
    """Return the address of an entry's page, or None.

    Under a name for addresses, or else the only value that looks like one.
    """
    named = [entry[name] for name in _URLS if name in entry]
    named += [
        value
        for name, value in entry.items()
        if _ANY_URL.search(name) and name not in _URLS and not _NO_URL.match(name)
    ]
    for value in named:
        if not isinstance(value, str) or not re.search(r"[/?.]|^\d+$", value.strip()):
            continue
        written = unquote(value) if _ESCAPED.match(value) else value
        target = absolute(written, url)
        if target and not is_file(target):
            return target
    if any(isinstance(v, list) and v and isinstance(v[0], dict) for v in entry.values()):
        return None  # what has entries is none, whatever addresses it names
    texts = (v.strip() for k, v in entry.items() if isinstance(v, str) and not _NO_URL.match(k))
    pages = {absolute(text, url) for text in texts if _ADDRESS.fullmatch(text)}
    pages = {page for page in pages if page and not is_file(page)}
    return pages.pop() if len(pages) == 1 else None


def _title(entry: dict[str, Any]) -> str | None:
    """Return an entry's title, whole if there is one; None without."""
    named = [entry[name] for name in _TITLES if name in entry]
    named += [v for k, v in entry.items() if _ANY_TITLE.search(k) and k not in _TITLES]
    if not named:
        named = [v for v in entry.values() if isinstance(v, str) and _WORDS.match(v.strip())][:1]
    found: str | None = None
    for value in named:
        # WordPress: {"rendered": "..."}
        written = value.get("rendered") if isinstance(value, dict) else value
        if isinstance(written, str):
            plain = squeeze(re.sub(r"<[^>]+>", "", written))
            if plain and not _CUT.search(plain):
                return plain
            found = found if found is not None else ""
    return found


def _date(entry: dict[str, Any]) -> date | None:
    """Return an entry's day of publication, or None."""
    named = [entry[name] for name in _DATES if entry.get(name)]
    named += [v for k, v in entry.items() if v and _ANY_DATE.search(k) and not _NO_DATE.search(k)]
    for value in named:
        # java.util.Date
        written = value.get("time") if isinstance(value, dict) else value
        if isinstance(written, str | int | float) and (day := stated_date(_whole(written))):
            return day
    texts = (v.strip() for k, v in entry.items() if isinstance(v, str) and not _NO_DATE.search(k))
    days = {stated_date(text) for text in texts if _DATE.match(text)}
    return days.pop() if len(days) == 1 else None


def _whole(value: str | int | float) -> str | int:
    return int(value) if isinstance(value, float) and math.isfinite(value) else str(value)


def _objects(data: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a JSON value, outermost first.

    Their keys in lower case, without `_`, `-` and `.`.
    """
    queue = [data]
    for value in queue:  # grows while it is read
        if isinstance(value, dict):
            yield {plain_name(str(key)): value[key] for key in list(value)[:_MAX_FIELDS]}
            queue.extend(value.values())
        elif isinstance(value, list):
            if 2 <= len(value) <= _MAX_FIELDS and all(isinstance(v, str | int) for v in value):
                yield {str(at): field for at, field in enumerate(value)}  # fields without names
            queue.extend(value)
        elif isinstance(value, str) and value[:1] in ("{", "[") and (inner := read_json(value)):
            queue.append(inner)  # JSON within JSON
        elif isinstance(value, str) and 0 < value.count("|") < _MAX_PARTS:
            yield {str(at): field for at, field in enumerate(value.split("|"))}


def _markup(data: Any) -> Iterator[str]:
    """Yield the texts of a JSON value that are markup with links."""
    queue = [data]
    for value in queue:  # grows while it is read
        if isinstance(value, dict):
            queue.extend(value.values())
        elif isinstance(value, list):
            queue.extend(value)
        elif isinstance(value, str) and _MARKUP.search(value):
            yield value


def _totals(data: Any, found: int) -> tuple[int | None, int | None]:
    """Return the numbers of entries and of pages that an answer states."""
    total = pages = None
    for entry in _objects(data):
        for name in _TOTALS:
            number = _number(entry.get(name))
            # A `count` may be that of this page.
            if number is not None and total is None and (name != "count" or number > found):
                total = number
        for name in _PAGE_COUNTS:
            pages = pages if pages is not None else _number(entry.get(name))
    if total is not None and total < found:
        total = None
    return total, pages


def _number(value: Any) -> int | None:
    if isinstance(value, dict):  # Elasticsearch: {"value": 9, "relation": "eq"}
        value = value.get("value")
    if isinstance(value, int | str) and re.fullmatch(r"[0-9]{1,9}", str(value)):
        return int(value)
    return None
