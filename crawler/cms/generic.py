"""Any other list: links of a repeating shape with titles or dates.

There are no body selectors, so articles of this family are read by the general extractor.
"""

import re
from collections import defaultdict
from urllib.parse import parse_qsl, urlsplit

from crawler.cms.family import Family, Link, Listing, Rules
from crawler.cms.links import (
    WIDGETS,
    Anchor,
    anchors,
    is_file,
    shown_date,
    whole_title,
)

_INDEX = re.compile(
    r"/(?:index|list|default|node|more|search|login|sitemap|tag|category)[\w-]*(?:\.\w+)?/?$", re.I
)
_NEXT = re.compile(r"^(?:下一?[页頁]|后一页|next(?: page)?|[>»›]|&gt;)\s*[>»›]*$", re.IGNORECASE)
_ENDING = re.compile(r"(?:index|list)?(?:(?<!\d)\d+|[_-]\d+)?(?:\.\w+)?/?$")
_NAME = re.compile(r"(?<![\w%.-])[\w%.-]+?(?=\.\w+$|$)")
_MIN_TITLE = 6


def is_article(url: str) -> bool:
    """Return True for a URL that can be an article.

    A home page, an index, a list or a file cannot.
    """
    parts = urlsplit(url)
    if is_file(url) or _INDEX.search(parts.path):
        return False
    last = parts.path.rstrip("/").rpartition("/")[2]
    named = bool(re.search(r"\d", last)) or bool(re.search(r"\d", parts.query))
    slug = last.count("-") >= 2 or (last.endswith((".html", ".htm", ".shtml")) and len(last) > 12)
    return named or slug


def read_list(text: str, url: str) -> Listing:
    """Read any list page: repeating article links."""
    every = list(anchors(text, url))
    groups: dict[str, list[Anchor]] = defaultdict(list)
    for anchor in every:
        if not anchor.chrome and is_article(anchor.url) and not _is_page_of(anchor, url):
            groups[_shape(anchor.url)].append(anchor)
    kept = {shape for shape, members in groups.items() if _is_list(members)}
    found: dict[str, Link] = {}
    for shape, members in groups.items():
        for anchor in members if shape in kept else ():
            title = whole_title(anchor)
            seen = found.get(anchor.url)
            if seen is None or (seen.title is None and title):
                found[anchor.url] = Link(anchor.url, title, shown_date(anchor.item))
    order = {anchor.url: place for place, anchor in reversed(list(enumerate(every)))}
    ranked = sorted(found.values(), key=lambda link: order[link.url])
    return Listing(tuple(ranked))


def _is_list(members: list[Anchor]) -> bool:
    """Return True if links of one shape are a list.

    They are if dated, or several with titles.
    """
    titled = [m for m in members if len(m.title or m.text) >= _MIN_TITLE]
    dated = sum(shown_date(m.item) is not None for m in titled)
    different = len({m.url for m in titled})
    return different >= 1 and (dated >= 1 or different >= 3)


def _shape(url: str) -> str:
    """Return a URL's pattern: numbers and hex ids blanked.

    Depth and extension stay.
    """
    parts = urlsplit(url)
    path = re.sub(r"[0-9a-f]{16,}", "H", parts.path.lower())
    folder, _, last = re.sub(r"\d+", "9", path).rpartition("/")
    if not re.search(r"[9H]", last):
        last = _NAME.sub("S", last, count=1)
    keys = "&".join(sorted(key for key, _ in parse_qsl(parts.query)))
    return f"{parts.netloc}{folder}/{last}?{keys}"


def _is_page_of(anchor: Anchor, url: str) -> bool:
    """Return True if a link is another page of a list.

    It is the same but for one number.
    """
    if not (anchor.text.isdigit() or _NEXT.match(anchor.text)):
        return False
    here, there = urlsplit(url), urlsplit(anchor.url)
    if here.netloc != there.netloc:
        return False
    stem = _ENDING.sub("", here.path)
    other = _ENDING.sub("", there.path)
    return stem.rstrip("/") == re.sub(r"/page$", "", other.rstrip("/"))


FAMILY = Family(
    name="generic",
    is_article=is_article,
    read_list=read_list,
    rules=(Rules(body=(), drop=WIDGETS),),
    any_url=True,
)
