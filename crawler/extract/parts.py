"""Further pages of an article, by the links of its pager."""

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import SplitResult, parse_qsl, urljoin, urlsplit

from lxml import etree

from crawler.cms.paging import called_pages
from crawler.extract.blocks import text_of
from crawler.extract.page import ParsedPage
from crawler.phrases import alternatives

_NUMBER = re.compile(r"^\W*(?:第|page)?\s*(\d{1,2})\s*(?:页|頁)?\W*$", re.IGNORECASE)
_NEXT = re.compile(rf"^\W*{alternatives('crawler.extract/widgets.tsv', 'next')}\W*$", re.IGNORECASE)
_ARROW = re.compile(r"^\s*(?:»|›|>{1,2}|→|＞)\s*$")
_LONGEST = 100
"""Characters of a link that may be a pager's; set by hand, not measured."""
_PARAMETER = re.compile(
    r"(?!.*(?:comment|reply|size|count|total))(?:\w*page\w*|p|pn|pg|pno|part)", re.IGNORECASE
)
"""Name of the number of a page in a query, of neither comments nor a page's length."""
_IN_PATH = re.compile(r"(?:[_-]p?|/(?:page/)?)(\d{1,2})(?:\.\w{2,5}|/)?(?=\?|$)")
_INDEX = re.compile(r"/(?:index|default)\.\w{2,5}$", re.IGNORECASE)
_ENDING = re.compile(r"\.\w{2,5}$")


def linked_parts(page: ParsedPage) -> tuple[str, ...]:
    """Return the pages 2..n in a pager, by their addresses.

    Page n of `.../c_12.htm` is `.../c_12_2.htm` or `c_12-2.htm`, `c_12/2`, `c_12.htm?page=2` and
    so on, and its link has the same number or leads to the next page. Sites that count from nought
    link page 2 by a 1. A page that is read under another address than its pager links (saved, or a
    twin) is found by the link of page 1. Numbers between two of a pager are there, too.
    """
    labels = dict(_labels(page))
    firsts = [target for target, label in labels.items() if label == 1]
    if _has_number(page.url) or any(_is_later(page.url, first, labels) for first in firsts):
        return ()  # page n, read alone, is no first page
    found = _parts_of(page.url, labels)
    if found or any(_path(page.url) == _path(target) for target in labels):
        return found
    return _parts_of(firsts[0], labels) if firsts else ()


def called_parts(page: ParsedPage) -> tuple[str, ...]:
    """Return the pages 2..n that a script names after the page itself."""
    path = _path(page.url)
    own = _ENDING.sub("", path.rpartition("/")[2])
    if not own or not re.search(rf"[\"'](?:\./)?{re.escape(own)}_?[\"']", page.html):
        return ()
    pages = called_pages(page.html, page.url)
    return pages.urls(page.url) if pages and pages.name.rpartition("/")[2] == own else ()


def following_parts(page: ParsedPage) -> tuple[str, ...]:
    """Return the pages after this one, a later page of an article.

    Only who came from the first page knows that it is: neighbours may be numbered alike. A pager
    that shows the next page alone, or a few, is so read to its end.
    """
    if (shape := _own_shape(page.url)) is None:
        return ()
    own, head, tail = shape
    numbers = []
    for target, _ in _labels(page):
        match = re.fullmatch(rf"{re.escape(head)}(\d{{1,2}}){re.escape(tail)}", target)
        numbers += [int(match[1])] if match else []
    return tuple(f"{head}{n}{tail}" for n in range(own + 1, max(numbers, default=0) + 1))


def _own_shape(url: str) -> tuple[int, str, str] | None:
    """Return the page's number in an address, and the parts around it."""
    try:
        names = [name for name, _ in _numbers(urlsplit(url))]
    except ValueError:
        return None
    queries = (_in_query(url, name) for name in names)
    match = next(filter(None, (*queries, _IN_PATH.search(url))), None)
    return (int(match[1]), url[: match.start(1)], url[match.end(1) :]) if match else None


def _labels(page: ParsedPage) -> Iterator[tuple[str, int]]:
    """Yield a pager's targets and numbers, 0 for the next page."""
    seen: set[str] = set()
    for node in page.tree.iter("a", "link", "option"):
        label = _label(node, page.links.get(node) or text_of(node))
        if label is None:
            continue
        written = (node.get("value" if node.tag == "option" else "href") or "").strip()
        if not re.search(r"[./?]", written):
            continue
        try:
            target = urljoin(page.base, written).partition("#")[0]
        except ValueError:
            continue
        if target not in seen:
            seen.add(target)
            yield target, label


def _label(node: etree._Element, text: str) -> int | None:
    """Return a link's number, 0 for the next page, or None."""
    if len(text) <= _LONGEST and (label := _read_label(text)) is not None:
        return label
    for name in (node.get("title"), node.get("aria-label"), node.get("rel")):
        if name and _NEXT.match(name):
            return 0
    return None


@lru_cache(maxsize=4096)  # the links of a site's menus are the same on all its pages
def _read_label(text: str) -> int | None:
    if match := _NUMBER.match(text):
        return int(match[1])
    return 0 if _NEXT.match(text) or _ARROW.match(text) else None


def _is_later(url: str, first: str, labels: dict[str, int]) -> bool:
    """Return True if an address is a later page of `first`."""
    part = _part(first, url)
    if part is None or url == first:
        return False
    counted = ((_part(first, target), label) for target, label in labels.items() if label > 1)
    from_one = any(other is not None and other[0] == label for other, label in counted)
    return part[0] > from_one


def _parts_of(first: str, labels: dict[str, int]) -> tuple[str, ...]:
    """Return the pages 2..n among links, by the page's number."""
    numbered: dict[int, tuple[int, str]] = {}
    for target, label in labels.items():
        part = _part(first, target)
        if part is None or target == first:
            continue
        number, shape = part
        if label == 0 and number in (1, 2):
            numbered.setdefault(2, (number, shape))
        elif label > 1 and label - number in (0, 1):
            numbered[label] = number, shape
    if not numbered:
        return ()
    number, shape = numbered[min(numbered)]
    shift = number - min(numbered)
    return tuple(
        shape.format(n + shift) if n not in numbered else numbered[n][1].format(numbered[n][0])
        for n in range(2, max(numbered) + 1)
    )


def _part(first: str, target: str) -> tuple[int, str] | None:
    """Return number and shape of a page of `first`, or None.

    The shape has `{}` in place of the number.
    """
    try:
        here, there = urlsplit(first), urlsplit(target)
    except ValueError:
        return None
    if here.netloc != there.netloc or _fixed(here) != _fixed(there):
        return None
    safe = target.replace("{", "{{").replace("}", "}}")
    if _home(here.path) == _home(there.path):
        match = next(filter(None, (_in_query(safe, name) for name, _ in _numbers(there))), None)
    else:
        ending = _ENDING.search(here.path)
        stem = here.path.removesuffix(ending[0] if ending else "").rstrip("/")
        stems = "|".join(map(re.escape, {stem, f"{_home(here.path)}/index"}))
        match = re.search(
            rf"(?<={re.escape(there.netloc)})(?:{stems})(?:[_-]p?|/(?:page/)?)(\d{{1,2}})"
            r"(?:\.\w{2,5}|/)?(?=\?|$)",
            safe,
        )
    if match is None:
        return None
    return int(match[1]), f"{safe[: match.start(1)]}{{}}{safe[match.end(1) :]}"


def _in_query(address: str, name: str) -> re.Match[str] | None:
    return re.search(rf"[?&]{re.escape(name)}=(\d{{1,2}})(?=&|$)", address)


def _numbers(parts: SplitResult) -> list[tuple[str, str]]:
    """Return the numbers of pages in a query."""
    return [pair for pair in parse_qsl(parts.query) if _is_number(*pair)]


def _fixed(parts: SplitResult) -> list[tuple[str, str]]:
    """Return a query without numbers of pages, in order."""
    return sorted(pair for pair in parse_qsl(parts.query) if not _is_number(*pair))


def _is_number(name: str, value: str) -> bool:
    return bool(_PARAMETER.fullmatch(name) and re.fullmatch(r"[0-9]{1,2}", value))


def _has_number(url: str) -> bool:
    """Return True if a query has a page's number above 1."""
    try:
        return any(int(number) > 1 for _, number in _numbers(urlsplit(url)))
    except ValueError:
        return False


def _home(path: str) -> str:
    return _INDEX.sub("", path).rstrip("/")


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
