"""Lenient reading of list pages: links with titles and dates."""

import html as entities
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import islice
from string import ascii_lowercase, ascii_uppercase
from urllib.parse import quote, urljoin, urlsplit

from lxml import etree
from parsel import Selector

from crawler.cms.family import Link
from crawler.cms.openers import clickable, entry_title, opened
from crawler.credentials import without_user
from crawler.item import NEWS_TIME
from crawler.limits import MAX_URL, mail_date, thinned
from crawler.marked import Text
from crawler.script import HAN, MONTH_NAMES, month_number

WIDGETS = (
    "script",
    "style",
    "noscript",
    "iframe",
    "form",
    ".share",
    ".bdsharebuttonbox",
    ".social-share",
    ".font-size",
    ".fontsize",
    ".print",
    ".qrcode",
    ".ewm",
    ".audio-reader",
    ".pagination",
    ".page-nav",
    ".prev-next",
    ".editor-credit",
)
"""What sits inside many a body without being text: share and font buttons, codes, page numbers."""

_FILES = re.compile(
    r"\.(?:jpe?g|png|gif|bmp|svg|ico|css|js|pdf|docx?|xlsx?|pptx?|zip|rar|mp[34]|wps|ofd|apk)$",
    re.IGNORECASE,
)
_NUMERIC = re.compile(r"(?<!\d)((?:19|20)\d\d)[-./年]\s?(\d{1,2})[-./月]\s?(\d{1,2})(?!\d)")
_EDGE_DATE = re.compile(
    rf"^[\[(（]?{_NUMERIC.pattern}日?[\])）]?|[\[(（]?{_NUMERIC.pattern}日?(?: [\d:]+)?[\])）]?$"
)
_ROC = re.compile(r"(?<![\d.-])(1[0-4]\d)([-./年])(\d{1,2})[-./月](\d{1,2})(?![\d.-])")
"""Date of the Republic's era, as Taiwan writes it."""
_SHORT = re.compile(r"(?<![\d-])(\d\d)-(\d\d)-(\d\d)(?![\d-])")
_DAY_MONTH = re.compile(r"(?<![\d/.])(\d\d?)([/.-])(\d\d?)\2((?:19|20)\d\d)(?![\d/.])")
_Y, _M, _D = r"(?P<y>(?:19|20)\d\d)", r"(?P<m>\d{1,2})", r"(?P<d>\d{1,2})"
_LEAVES = tuple(
    re.compile(edge)
    for leaf in (
        rf"{_D}日? {_Y}[-./年]{_M}月?",
        rf"{_Y}[-./年]{_M}月? {_D}日?",
        rf"{_Y}年? {_M}[-./月]{_D}日?",
        rf"{_M}[-./月]{_D}日? {_Y}年?",
    )
    for edge in (rf"^{leaf}(?=\D|$)", rf"(?:^|(?<=\s)){leaf}$")
)
"""Day, month and year in elements of their own, at either end of a list item."""
_STAMP = re.compile(r"(?:/?Date\()?(\d{13})(?:[+-]\d{4})?(?:\)/?)?|([1-9]\d{8,9})")
"""Milliseconds since 1970, as JSON of .NET writes them, too; or seconds."""
_HAS_HAN = re.compile(f"[{HAN}]")
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?:[T ]?\d{4}(?:\d\d)?)?")
_MONTH = rf"({'|'.join(name[:3] for name in MONTH_NAMES)})[a-z]*\.?"
_MONTH_FIRST = re.compile(rf"\b{_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+((?:19|20)\d\d)\b", re.I)
_DAY_FIRST = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH},?\s+((?:19|20)\d\d)\b", re.I)
_END = re.compile(r"</(?:html|body)\s*>", re.IGNORECASE)
_CHARSET = re.compile(r"charset=[\"']?\s*(gb\w+|big5[\w-]*)", re.IGNORECASE)
_QUERY_SAFE = "%!$&'()*+,;=:@/?~#[]"
_CLIMB = 4
"""Levels above a link at which its list item is looked for; set by hand, not measured."""
_LONGEST_ITEM = 600
"""Characters of a list item that are read for a date; set by hand, not measured."""
_ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_CUT = re.compile(r"(?:\.{2,}|…+)\s*$")
_LABEL = re.compile(r"^(?:文章|信息|新闻)?标\s{0,6}题\s?[:：]\s?")
_TAIL = re.compile(
    r"\s(?:作\s{0,6}者|来\s{0,6}源|(?:发布|更新|添加|录入)(?:时间|日期)|时\s{0,6}间|日\s{0,6}期|点击数?|浏览)"
    r"\s?[:：].*$"
)
"""Labels in a title attribute that also has author, day and count of an article."""
_CHROME = re.compile(r"(?:^|[\s_-])(?:nav|menu|crumbs?|breadcrumbs?|header|footer|foot|top)\b")
_BLOCKS = frozenset(("li", "tr", "dd", "dt", "article", "p", "record"))


@dataclass(frozen=True, slots=True)
class Anchor:
    """`<a href>` of a page: absolute URL, text, `title` attribute, context.

    `item` is the text of its list item (where a date would be). `chrome` marks navigation, header
    and footer.
    """

    url: str
    text: str
    title: str
    item: str
    chrome: bool


def anchors(text: str, url: str) -> Iterator[Anchor]:
    """Yield the followable anchors of an HTML text, in page order.

    Their URLs are absolute and have no fragments.
    """
    yield from _anchors(text, url, query_encoding(text))


@lru_cache(maxsize=1)  # a family reads a page for its articles, and again for its further pages
def _anchors(text: str, url: str, encoding: str | None) -> tuple[Anchor, ...]:
    return tuple(_found(text, url, encoding))


def _found(text: str, url: str, encoding: str | None) -> Iterator[Anchor]:
    root = root_of(text)
    if root is None:
        return
    base = base_of(root, url)
    chrome: dict[etree._Element, bool] = {}
    for node in clickable(root, text):
        target = absolute(encoded(node.get("href"), encoding), base)
        if target is None:
            target = absolute(encoded(opened(node, text), encoding), base)
        if target is None:
            continue
        link = node.tag == "a"
        yield Anchor(
            url=target,
            text=squeeze("".join(node.itertext()) if link else entry_title(node)),
            title=squeeze(node.get("title") or ""),
            item=_item_text(node) if link else squeeze(" ".join(node.itertext()))[:_LONGEST_ITEM],
            chrome=_is_chrome(node, chrome),
        )


@lru_cache(maxsize=1)  # a list is read for its articles, and again for its further pages
def root_of(text: str) -> etree._Element | None:
    """Return the root element of an HTML text, or None without."""
    try:
        # What follows the first end of a page put together from several is dropped otherwise.
        root = Selector(text=_END.sub("", thinned(text)), type="html").root
    except (ValueError, TypeError, etree.LxmlError):
        return None
    return root if isinstance(root, etree._Element) else None


def base_of(root: etree._Element, url: str) -> str:
    """Return the base of a page's links."""
    hrefs = root.xpath("//base/@href")
    return (absolute(str(hrefs[0]), url) if hrefs else None) or url


def query_encoding(text: str) -> str | None:
    """Return the encoding of a page's queries, None for UTF-8.

    The one that it was read in, or else the one that it declares.
    """
    if isinstance(text, Text) and text.encoding:
        return None if text.encoding == "utf-8" else text.encoding
    match = _CHARSET.search(text[:4096])
    if match is None:
        return None
    return "big5" if match[1].lower().startswith("big5") else "gb18030"


def encoded(href: str | None, encoding: str | None) -> str | None:
    """Return a link with its query in the page's encoding."""
    if not href or not encoding or href.isascii() or "?" not in href:
        return href
    path, mark, query = href.partition("?")
    return path + mark + quote(query, safe=_QUERY_SAFE, encoding=encoding, errors="replace")


def absolute(href: str | None, base: str) -> str | None:
    """Return `href` as an absolute http(s) URL without fragment, or None.

    None if it leads to no page. Of a longer one than `MAX_URL` the beginning is returned, which is
    too long as well. A user name in it is left out: it is nobody's to use, and part of
    no page's name.
    """
    href = (href or "").strip()[: MAX_URL + 1]
    if not href or href.startswith(("#", "javascript:", "mailto:", "tel:", "data:")):
        return None
    if "\\" in href:  # a browser reads it as a slash
        path, mark, rest = href.partition("?")
        href = path.replace("\\", "/") + mark + rest
    try:
        target = urljoin(base, href).partition("#")[0]
        parts = urlsplit(target)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return without_user(target) if "@" in parts.netloc else target


def links(
    text: str, url: str, wanted: Callable[[str], bool], *, chrome: bool = True
) -> tuple[Link, ...]:
    """Return the links that `wanted` accepts, once each, in page order.

    The title is the `title` attribute if there is one, since lists cut the text; a cut text counts
    as no title. `chrome=False` leaves out navigation, header and footer.
    """
    found: dict[str, Link] = {}
    for anchor in anchors(text, url):
        if not wanted(anchor.url) or is_file(anchor.url) or (anchor.chrome and not chrome):
            continue
        title = whole_title(anchor)
        seen = found.get(anchor.url)
        if seen is None or (seen.title is None and title):
            day = shown_date(anchor.item) or (seen.date if seen else None)
            found[anchor.url] = Link(anchor.url, title, day)
    return tuple(found.values())


def whole_title(anchor: Anchor) -> str | None:
    """Return an anchor's full title; None for a cut or empty one."""
    title = _LABEL.sub("", _TAIL.sub("", anchor.title))
    if title and not _CUT.search(title):
        return title
    text = _EDGE_DATE.sub("", anchor.text).strip(" ·•")
    return text if text and not _CUT.search(text) else None


def shown_date(text: str) -> date | None:
    """Return the last whole date (year, month, day) in a text.

    None without. The last, because a list item reads title, then date, and a title may have a date
    of its own.
    """
    for match in reversed(list(_NUMERIC.finditer(text))):
        day = _date(int(match[1]), int(match[2]), int(match[3]))
        if day:
            return day
    for match in reversed(list(_MONTH_FIRST.finditer(text))):
        return _date(int(match[3]), month_number(match[1]), int(match[2]))
    for match in reversed(list(_DAY_FIRST.finditer(text))):
        return _date(int(match[3]), month_number(match[2]), int(match[1]))
    for pattern in _LEAVES:
        if leaf := pattern.search(text):
            return _date(int(leaf["y"]), int(leaf["m"]), int(leaf["d"]))
    if era := _ROC.search(text):
        return _date(int(era[1]) + 1911, int(era[3]), int(era[4]))
    if (turned := _DAY_MONTH.search(text)) and max(int(turned[1]), int(turned[3])) > 12:
        # Where neither number can be a month alone, nothing tells the order.
        month_of, day_of = sorted((int(turned[1]), int(turned[3])))
        return _date(int(turned[4]), month_of, day_of)
    short = _SHORT.search(text) if _HAS_HAN.search(text) else None
    return _date(2000 + int(short[1]), int(short[2]), int(short[3])) if short else None


def stated_date(value: object) -> date | None:
    """Return the day in Asia/Shanghai of a date in data, or None.

    Of a text in any form that feeds and endpoints use, or of seconds or milliseconds since 1970.
    """
    text = str(value).strip()
    if stamp := _STAMP.fullmatch(text):
        seconds = int(stamp[1] or stamp[2]) / (1 if stamp[2] else 1000)
        return datetime.fromtimestamp(seconds, UTC).astimezone(NEWS_TIME).date()
    if compact := _COMPACT.fullmatch(text):
        return _date(int(compact[1]), int(compact[2]), int(compact[3]))
    at = mail_date(text) or _moment(text)
    if at is None:
        return shown_date(text)
    return at.astimezone(NEWS_TIME).date() if at.tzinfo else at.date()


def _moment(text: str) -> datetime | None:
    """Return a moment as ISO 8601 writes it, or None."""
    try:
        moment = datetime.fromisoformat(text) if text[:2] in ("19", "20") else None
    except ValueError:
        return None
    # Converting one at the edge of the calendar may overflow.
    return moment if moment and 1900 <= moment.year <= 2200 else None


def squeeze(text: str) -> str:
    """Return a text with entities resolved and single spaces."""
    return re.sub(r"\s+", " ", entities.unescape(text)).strip()


def between(text: str, opening: str, closing: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of the stretches between two ASCII marks.

    Letter case aside, in linear time.
    """
    # Only ASCII letters are folded, so that places in the folded text are places in the text.
    folded = text.translate(_ASCII_LOWER)
    at = folded.find(opening)
    while at >= 0:
        start = at + len(opening)
        end = folded.find(closing, start)
        if end < 0:
            return
        yield start, end
        at = folded.find(opening, end + len(closing))


def is_file(url: str) -> bool:
    """Return True for the URL of an image, document or script."""
    return bool(_FILES.search(urlsplit(url).path))


def once(urls: Iterable[str], url: str) -> tuple[str, ...]:
    """Return `urls` without repetitions and without `url` itself, in order."""
    return tuple(found for found in dict.fromkeys(urls) if found != url)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _item_text(node: etree._Element) -> str:
    """Return the text of the closest block around a link alone.

    It must be the block of this link alone.
    """
    at = node
    for _ in range(_CLIMB):
        parent = at.getparent()
        if parent is None or len(list(islice(parent.iter("a"), 3))) > 2:
            break
        at = parent
        if at.tag in _BLOCKS:
            break
    written = squeeze(" ".join(at.itertext()))[:_LONGEST_ITEM]
    stamped = next(at.iter("time"), None) if shown_date(written) is None else None
    return written if stamped is None else f"{written} {stamped.get('datetime') or ''}".strip()


def _is_chrome(node: etree._Element, known: dict[etree._Element, bool]) -> bool:
    """Return True for a link in navigation, header or footer.

    `known` caches the result by element: links far down a deep tree share their ancestors, and each
    is looked at once.
    """
    found = False
    above: list[etree._Element] = []
    for parent in node.iterancestors():
        if parent in known:
            found = known[parent]
            break
        above.append(parent)
        if _frames(parent):
            found = True
            break
    known.update(dict.fromkeys(above, found))
    return found


def _frames(node: etree._Element) -> bool:
    """Return True for a navigation, header or footer element.

    By its tag or its name.
    """
    if node.tag in ("nav", "header", "footer"):
        return True
    return bool(_CHROME.search(f"{node.get('id') or ''} {node.get('class') or ''}".lower()))
