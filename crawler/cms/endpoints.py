"""Lists as data, with any field names, in JSON, JSONP or XML.

An object with an address and a title is an entry. Markup within a text is read like a page. Further
pages are asked for by the numbers in the request: a page, an offset, a name like `list_2.json`, or
a parameter with a JSON object of its own (`paramJson={"pageNo":1}`). Numbers with unknown names are
known by the others: a size is the number of entries, a page is repeated by the answer.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit, urlunsplit

from crawler.cms.family import Listing
from crawler.cms.field_names import field_names, param_name, plain_name
from crawler.cms.links import absolute
from crawler.cms.paging import MAX_PAGES
from crawler.cms.records import links_of, objects, without_columns
from crawler.marked import Address, patterns_of
from crawler.posted import plain_url

PAGE_FIELDS = frozenset(field_names("page"))
_SIZE_FIELDS = frozenset(field_names("page size"))
OFFSETS = frozenset(field_names("offset"))
_COUNTED, _COUNTED_SIZES = frozenset(("pn",)), frozenset(("rn",))
"""Epoint's `pn` is no page beside `rn`: it counts entries."""
_TOTALS = field_names("total")
_PAGE_COUNTS = field_names("pages")
_NEXT = field_names("next address")
_MARKS = re.compile(r"(?:cursor|token|after|id)$")
"""Ends of the names of a parameter that marks the last entry read."""
_PAGE_WORD = re.compile(
    r"/(?:page|p|pageno|pagenum|pageindex)[/_-](?P<page>\d{1,5})(?=/|\.|$)", re.IGNORECASE
)
_PAGE_AND_SIZE = re.compile(r"/(?P<page>\d{1,5})/(?P<size>\d{1,3})/?$")
_NUMBERED_NAME = re.compile(r"(?<=[_/-])(?P<number>\d{1,5})(?=\.(?:json|js|xml)$)", re.IGNORECASE)
_MARKUP = re.compile(r"<(?:a|record|item)\b[^<>]*>", re.IGNORECASE)
_ATTRIBUTE_TOTAL = re.compile(r"\b(?:count|total|totalcount|data-count)=[\"']?(\d{1,7})\b", re.I)
_ATTRIBUTE_SIZE = re.compile(r"\b(?:rows|pagesize|data-rows)=[\"']?(\d{1,3})\b", re.I)
UNIT = "/jpaas-publish-server/front/page/build/unit"
"""Endpoint of jpaas, Hanweb's successor: markup of a list in JSON."""
FULL = "one page, which is full"
"""Sign of further entries in an answer without a number to ask for them."""
_STATED = re.compile(r"[^\d]{0,6}(\d{1,9})[^\d]{0,6}")
_NO_COUNT = re.compile(r"code|status|^ret|err|time|stamp|version|^id$|id$|success|state|cost|took")
_CURRENT = re.compile(
    r"^(?:(?:current|curr|cur|now)(?:page|index)?|page(?:no|num|index|number)?|number)$"
)
_MORE = frozenset(("hasmore", "hasnext", "hasnextpage", "more", "next", "ismore", "havemore"))
_LAST = frozenset(("last", "islast", "islastpage", "end", "isend", "nomore", "finished"))
_DEEP = 4


@dataclass(frozen=True, slots=True)
class _Paging:
    """Numbers of entries and pages: found, in all, to a page.

    `echoed` are the names of the answer's numbers that are 0 or 1, `ended` is True for an answer
    that nothing follows.
    """

    found: int
    total: int | None = None
    pages: int | None = None
    size: int | None = None
    echoed: frozenset[str] = frozenset()
    ended: bool = False


def json_listing(
    data: Any,
    url: str,
    wanted: Callable[[str], bool] = lambda url: True,
    read_markup: Callable[[str, str], Listing] | None = None,
    patterns: tuple[str, ...] = (),
) -> Listing:
    """Return an answer's links, and the requests for its further pages.

    `read_markup` reads texts of the answer that are markup. `patterns` are those of the addresses
    of entries without one.
    """
    patterns = patterns or patterns_of(url)
    entries = without_columns(tuple(links_of(data, url, patterns)))
    more: tuple[str, ...] = ()
    paging = _paging(data, len(entries))
    if not entries and read_markup is not None:
        markup = "\n".join(_markup(data))
        inner = read_markup(markup, url) if markup else Listing()
        entries, more = inner.links, inner.more
        rows, count = _ATTRIBUTE_SIZE.search(markup), _ATTRIBUTE_TOTAL.search(markup)
        total = int(count[1]) if count else paging.total
        paging = replace(
            paging, found=len(entries), total=total, size=int(rows[1]) if rows else None
        )
    kept = tuple(link for link in entries if wanted(link.url))
    further = _further(url, paging) or _next(data, url) or _after(data, url)
    further = further or _added(data, url, paging)
    asked = (Address.of(target, patterns) for target in further)
    unread = "" if further or more or paging.total or not _is_full(url, paging) else FULL
    return Listing(kept, (*more, *asked), total=paging.total, unread=unread)


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
    if paging.found == 0 or paging.ended:
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
    if role := _page_by_role(pairs, paging):
        value = unquote_plus(dict(pairs)[role])
        size = next((int(v) for _, v in pairs if v == str(paging.found)), size)
        return tuple(asked(role, str(n)) for n in _numbers(int(value), size, paging))
    if match := _NUMBERED_NAME.search(parts.path) or _PAGE_WORD.search(parts.path):
        numbers = _numbers(int(match[1]), size, paging)
        head, tail = parts.path[: match.start(1)], parts.path[match.end(1) :]
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


def _page_by_role(pairs: Sequence[tuple[str, str]], paging: _Paging) -> str | None:
    """Return the parameter of the page by its value, or None.

    It is the only one that is 0 or 1, and beside the size of a page, or repeated by the answer.
    """
    firsts = [key for key, value in pairs if value in ("0", "1")]
    if len(firsts) != 1:
        return None
    name = plain_name(firsts[0])
    if _NO_COUNT.search(name) or _MARKS.search(name):
        return None
    sized = any(value == str(paging.found) for key, value in pairs if key not in firsts)
    return firsts[0] if sized or name in paging.echoed else None


def _added(data: Any, url: str, paging: _Paging) -> tuple[str, ...]:
    """Return the requests for further pages of an answer that numbers itself.

    Its own request has no number.
    """
    if paging.ended or not (paging.pages or (paging.total or 0) > paging.found):
        return ()
    if paging.found == 0 or page_field(url) or plain_url(url) != url:
        return ()
    for name, value in _numbers_of(data):
        if _CURRENT.fullmatch(plain_name(name)) and value in (0, 1):
            plain = plain_name(name)
            param = name if plain.startswith("page") else "page"
            sign = "&" if urlsplit(url).query else "?"
            numbers = _numbers(value, paging.found, paging)
            return tuple(f"{url}{sign}{param}={number}" for number in numbers)
    return ()


def _next(data: Any, url: str) -> tuple[str, ...]:
    """Return the address of the next page that an answer names."""
    for entry in objects(data):
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
    for entry in objects(data) if names and not _ended(data) else ():
        for field, value in entry.items():
            name = next((key for plain, key in names.items() if field.endswith(plain)), None)
            if name is None and len(names) == 1 and _MARKS.search(field):
                name = next(iter(names.values()))  # `after` for an `endCursor`
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


def _paging(data: Any, found: int) -> _Paging:
    """Return the numbers that an answer with so many entries states."""
    total, pages = _totals(data, found)
    if total is None and pages is None and found:
        total = _total_by_role(data, found)
    small = (name for name, value in _numbers_of(data) if value in (0, 1))
    ended = total is None and pages is None and _ended(data)
    return _Paging(found, total, pages, echoed=frozenset(map(plain_name, small)), ended=ended)


def _numbers_of(data: Any) -> Iterator[tuple[str, int]]:
    """Yield names and numbers of what surrounds the entries of an answer."""
    queue = [(data, 0)]
    for value, deep in queue:  # grows while it is read
        if isinstance(value, list) and len(value) and deep < _DEEP:
            several = [inner for inner in value if isinstance(inner, dict)]
            flat = all(not isinstance(v, dict | list) for inner in several for v in inner.values())
            if several and flat and "title" not in str(list(several[0])).lower():
                queue.append((several[0], _DEEP))  # the records of XML
        for name, inner in value.items() if isinstance(value, dict) else ():
            if isinstance(inner, dict | list):
                queue.append((inner, deep + 1))
            elif (number := _number(inner)) is not None and not isinstance(inner, bool):
                yield str(name), number


def _total_by_role(data: Any, found: int) -> int | None:
    """Return the number of entries by its value, or None.

    It is the only one above those shown, beside their own number or that of the pages they make.
    """
    numbers = {
        name: value for name, value in _numbers_of(data) if not _NO_COUNT.search(name.lower())
    }
    larger = [value for value in numbers.values() if value > found]
    for total in larger:
        pages = math.ceil(total / found)
        if pages > 1 and pages in numbers.values() and pages != total:
            return total
    return larger[0] if len(larger) == 1 and found in numbers.values() else None


def _ended(data: Any) -> bool:
    """Return True for an answer by which nothing follows."""
    for entry in objects(data):
        if any(entry.get(name) is False for name in _MORE):
            return True
        if any(entry.get(name) is True for name in _LAST):
            return True
    return False


def _totals(data: Any, found: int) -> tuple[int | None, int | None]:
    """Return the numbers of entries and of pages that an answer states."""
    total = pages = None
    for entry in objects(data):
        for name in _TOTALS:
            number = _stated(entry.get(name))
            # A `count` may be that of this page.
            if number is not None and total is None and (name != "count" or number > found):
                total = number
        for name in _PAGE_COUNTS:
            pages = pages if pages is not None else _stated(entry.get(name))
    if total is not None and total < found:
        total = None
    return total, pages


def _stated(value: Any) -> int | None:
    """Return a number in few words, or None."""
    number = _number(value)
    if number is None and isinstance(value, str) and (found := _STATED.fullmatch(value.strip())):
        number = int(found[1])
    return number


def _number(value: Any) -> int | None:
    if isinstance(value, dict):  # Elasticsearch: {"value": 9, "relation": "eq"}
        value = value.get("value")
    if isinstance(value, int | str) and re.fullmatch(r"[0-9]{1,9}", str(value)):
        return int(value)
    return None
