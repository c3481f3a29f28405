"""Columns of a site, and its other edition.

Read from its home page or site map. Pure: texts in, findings out. A column's name and its links
order the candidates; only a look at each shows whether it is a list of news.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urljoin, urlsplit

from lxml import etree

from crawler.cms.family import Link, Listing
from crawler.cms.links import Anchor, absolute, anchors, base_of, is_file, root_of, squeeze
from crawler.rows import rows
from crawler.script import HAN

_BEST, _GOOD, _POOR = 3.0, 2.0, -2.0
_FOLDER = 0.5
"""Weights of a column's name, and the part that its address has of them. Set by hand: the name is
what people read, and an abbreviation in an address may be anything."""
_FEED, _IN_MENU = 1.0, 0.5
_DATED, _FRESH, _STALE = 2.0, 1.0, -1.0
_FULL = 20
"""Entries of a list that need no more: most show 15 to 20 a page. Set by hand."""
_YEAR = 365
"""Days behind the newest list of the site from which one is stale. Set by hand."""
_LABEL_HAN, _LABEL_WORDS = 12, 5
"""Longest name of a column, in characters or words; longer ones are headlines. Set by hand."""
NEWS = _GOOD
"""Points from which a column is called news."""
_FOLDER_ENTRIES = 3
"""Articles of a site map in one folder from which it may be a column."""

_COLUMN = re.compile(
    r"/$|/(?:col|node|index|list|\w*_?list|default|more|column|channel|category)[\w-]*(?:\.\w+)?$|"
    r"/[a-z][a-z_-]*(?:\.\w+)?$|/News\.aspx$",
    re.I,
)
_DATED_PART = re.compile(r"/(?:\d[\d-]*|art|content|t?\d{6,}).*$")
_TODAY = re.compile(rf"今日[{HAN}]{{1,6}}")
_HAN = re.compile(f"[{HAN}]")
_ROOT = re.compile(
    r"/?|/(?:index|default|home|main|portal)\.\w+"
    r"|/(?:en|eng|english|zh|cn|chn|chinese|zh-cn|zh-hans)/?(?:(?:index|default|home)\.\w+)?",
    re.I,
)
_OPENED = re.compile(r"[\"']((?:https?:)?/[^\"'\s<>]{0,300}|https?://[^\"'\s<>]{1,300})[\"']")
_SECOND_LEVEL = frozenset(("gov", "com", "org", "net", "edu", "co", "ac"))


@dataclass(frozen=True, slots=True)
class Column:
    """Candidate for a list of news, with points and reasons."""

    url: str
    label: str
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """Link to another edition, with the sign by which it is known."""

    lang: str
    url: str
    reason: str


def is_home(url: str) -> bool:
    """Return True for the address of a site's or edition's home page."""
    parts = urlsplit(url)
    return not parts.query and _ROOT.fullmatch(parts.path) is not None


def site_of(url: str) -> str:
    """Return the domain that the hosts of one site share."""
    host = urlsplit(url).hostname or ""
    labels = host.split(".")
    if host.replace(".", "").isdigit() or len(labels) < 3:
        return host
    return ".".join(labels[-3 if labels[-2] in _SECOND_LEVEL else -2 :])


def language_of(titles: Iterable[str]) -> str | None:
    """Return the language of most titles, or None without any."""
    votes = Counter("zh" if _HAN.search(title) else "en" for title in titles if title.strip())
    return votes.most_common(1)[0][0] if votes else None


def columns(text: str, url: str) -> tuple[Column, ...]:
    """Return the columns that a page links to, the likeliest first."""
    found: dict[str, Column] = {}
    root = root_of(text)
    base = url if root is None else base_of(root, url)
    every = [*_feeds(root, base), *(_column(anchor) for anchor in anchors(text, url))]
    for column in every:
        if column is None or column.url.rstrip("/") == url.rstrip("/") or is_home(column.url):
            continue
        before = found.get(column.url)
        if before is None or column.score > before.score:
            found[column.url] = column
    return _ranked(found.values())


def mapped(listing: Listing) -> tuple[Column, ...]:
    """Return the columns of a site map's entries."""
    folders = Counter(_folder(link.url) for link in listing.links if not _is_column(link.url))
    whole = {link.url for link in listing.links if _is_column(link.url) and not is_home(link.url)}
    named = whole | {url for url, count in folders.items() if count >= _FOLDER_ENTRIES}
    reason = "named by the site map"
    return _ranked(_scored(url, "", reason, _IN_MENU) for url in sorted(named) if not is_home(url))


def editions(text: str, url: str) -> tuple[Edition, ...]:
    """Return the links to English and Chinese editions, surest first."""
    found: dict[tuple[str, str], Edition] = {}
    for lang, target, reason in (*_alternates(text, url), *_named_editions(text, url)):
        if target.rstrip("/") != url.rstrip("/"):
            found.setdefault((lang, target), Edition(lang, target, reason))
    return tuple(found.values())


def maps(text: str, url: str) -> tuple[str, ...]:
    """Return a page's site maps and frames: pages with more columns."""
    root = root_of(text)
    if root is None:
        return ()
    named = [a.url for a in anchors(text, url) if a.text.casefold() in _words("map")]
    base = base_of(root, url)
    frames = [absolute(node.get("src"), base) for node in root.iter("frame", "iframe")]
    return tuple(dict.fromkeys([*named, *(frame for frame in frames if frame)]))


def worth(listing: Sequence[Link], newest_of_site: str) -> tuple[float, tuple[str, ...]]:
    """Return the points of a list's entries, and the reasons.

    `newest_of_site` is the newest day (ISO 8601) of all lists of the site, empty without one.
    """
    days = sorted(link.date for link in listing if link.date)
    points = min(len(listing), _FULL) / _FULL
    reasons = [f"{len(listing)} entries"]
    if len(days) * 2 >= len(listing):
        points += _DATED
        reasons.append(f"{len(days)} of them dated, the newest {days[-1]}")
        if newest_of_site:
            behind = (type(days[-1]).fromisoformat(newest_of_site) - days[-1]).days
            points += _FRESH if behind <= 0 else _STALE if behind > _YEAR else 0
            reasons += ["as new as any of the site"] if behind <= 0 else []
    return points, tuple(reasons)


def _ranked(found: Iterable[Column]) -> tuple[Column, ...]:
    return tuple(sorted(found, key=lambda column: -column.score))


def _feeds(root: etree._Element | None, base: str) -> Iterator[Column]:
    for node in () if root is None else root.iter("link"):
        kind = (node.get("type") or "").lower()
        target = absolute(node.get("href"), base)
        if (
            target
            and "alternate" in (node.get("rel") or "").lower()
            and re.search("rss|atom", kind)
        ):
            yield _scored(target, squeeze(node.get("title") or ""), "a feed of the page", _FEED)


def _column(anchor: Anchor) -> Column | None:
    """Return the column that an anchor leads to, or None."""
    label = anchor.text or anchor.title
    if label.casefold() in _words("more"):
        block = re.sub(re.escape(label), " ", anchor.item)
        label = squeeze(block if _is_short(squeeze(block)) else anchor.title)
        if label.casefold() in _words("more"):
            label = ""
    elif not _is_short(label):
        return None
    if is_file(anchor.url) or (_points(label, "") <= 0 and not _is_column(anchor.url)):
        return None
    if label.casefold() in (*_words("english"), *_words("chinese"), *_words("map")):
        return None
    reason, points = ("linked in the menu", _IN_MENU) if anchor.chrome else ("linked", 0.0)
    return _scored(anchor.url, label, reason, points)


def _scored(url: str, label: str, reason: str, points: float) -> Column:
    name = _points(label, "")
    folder = _FOLDER * max((_points(part, " folder") for part in _parts(url)), key=abs, default=0.0)
    reasons = [reason]
    if label:
        reasons.insert(0, f"called {label}")
    if folder > 0:
        reasons.append("its address names news")
    return Column(url, label, points + name + folder, tuple(reasons))


def _points(label: str, suffix: str) -> float:
    """Return the points of a name."""
    low = label.casefold()
    if not low:
        return 0.0
    for kind, points in (("best", _BEST), ("good", _GOOD)):
        if any(_has(low, word) for word in _words(kind + suffix)):
            poor = any(_has(low, word) for word in _words("poor" + suffix))
            return points + (_POOR if poor else 0.0)
    if not suffix and _TODAY.search(label):
        return _BEST
    return _POOR if any(_has(low, word) for word in _words("poor" + suffix)) else 0.0


def _has(low: str, word: str) -> bool:
    if _HAN.search(word):
        return word in low
    return re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", low) is not None


def _parts(url: str) -> list[str]:
    """Return the folders and the name in an address, in lower case."""
    names = [re.sub(r"\.\w+$", "", part) for part in urlsplit(url).path.lower().split("/")]
    return [name for name in names if name]


def _is_short(label: str) -> bool:
    if _HAN.search(label):
        return len(label) <= _LABEL_HAN
    return bool(label) and len(label.split()) <= _LABEL_WORDS


def _is_column(url: str) -> bool:
    return _COLUMN.search(urlsplit(url).path) is not None


def _folder(url: str) -> str:
    parts = urlsplit(url)
    folder = _DATED_PART.sub("", parts.path.rpartition("/")[0])
    return f"{parts.scheme}://{parts.netloc}{folder}/"


def _alternates(text: str, url: str) -> Iterator[tuple[str, str, str]]:
    root = root_of(text)
    for node in () if root is None else root.iter("link", "a"):
        code = (node.get("hreflang") or "").lower()
        target = absolute(node.get("href"), base_of(root, url)) if code else None
        if target and code.startswith("en"):
            yield "en", target, "declared by the page (hreflang)"
        elif target and code in ("zh", "zh-cn", "zh-hans"):
            yield "zh", target, "declared by the page (hreflang)"


def _named_editions(text: str, url: str) -> Iterator[tuple[str, str, str]]:
    by_address: list[tuple[str, str, str]] = []
    for label, target in (*_labelled(text, url), *_chosen(text, url)):
        low = label.casefold().strip(" |>»·[]()")
        for lang, kind in (("en", "english"), ("zh", "chinese")):
            if low in _words(kind):
                yield lang, target, f"the page's link {label}"
        first = (urlsplit(target).hostname or "").partition(".")[0]
        if first in _words("english folder") or (
            is_home(target) and set(_parts(target)) & set(_words("english folder"))
        ):
            by_address.append(("en", target, "its address is an English edition's"))
    yield from by_address


def _labelled(text: str, url: str) -> Iterator[tuple[str, str]]:
    """Yield names and addresses of links, pictures included."""
    root = root_of(text)
    base = url if root is None else base_of(root, url)
    for node in () if root is None else root.iter("a"):
        target = absolute(node.get("href"), base)
        names = ("".join(node.itertext()), node.get("title"), *_pictures(node))
        if target:
            yield next((name for each in names if (name := squeeze(each or ""))), ""), target


def _pictures(node: etree._Element) -> Iterator[str]:
    for image in node.iter("img"):
        yield image.get("alt") or image.get("title") or ""


def _chosen(text: str, url: str) -> Iterator[tuple[str, str]]:
    """Yield the names and addresses in menus that a script follows."""
    root = root_of(text)
    for node in () if root is None else root.iter("option", "span", "div", "li", "button"):
        value = node.get("value") or node.get("data-url") or node.get("data-href")
        opened = _OPENED.search(node.get("onclick") or "")
        target = absolute(value if value and "/" in value else None, url)
        if target is None and opened:
            target = urljoin(url, opened[1])
        if target:
            yield squeeze("".join(node.itertext()))[:40], target


@cache
def _words(kind: str) -> tuple[str, ...]:
    listed = rows("crawler.cms/column_words.tsv")
    return tuple(word.casefold() for found, word in listed if found == kind)
