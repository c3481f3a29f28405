"""WordPress: permalinks or `?p=N`, `/page/2/` for page 2, and its JSON interface.

Permalinks take any shape a site likes; known are `/news/<id>/` (gov.mo), `/YYYY/MM/DD/<slug>/` and
`/archives/<id>`. A list is the archive page of a category or `/wp-json/wp/v2/posts?page=1`.
"""

import re
from urllib.parse import parse_qsl, urlsplit

from crawler.cms.endpoints import json_listing, read_json
from crawler.cms.family import Family, Listing, Rules
from crawler.cms.paging import MAX_PAGES
from crawler.cms.reading import WIDGETS, anchors, links, once

_ARTICLE = re.compile(
    r"/news/\d+/?$|/\d{4}/\d{2}(?:/\d{2})?/(?!page/)[\w%-]*[a-z\u3400-\u9fff%-][\w%-]*/?$|"
    r"/archives/\d+(?:\.html)?/?$",
    re.IGNORECASE,
)
_PAGE = re.compile(r"^(?P<head>.*/page/)(?P<number>\d{1,6})(?P<tail>/?(?:\?.*)?)$")


def is_article(url: str) -> bool:
    """Whether the URL is a post's permalink of a known shape or `?p=<number>`."""
    parts = urlsplit(url)
    if not parts.hostname:
        return False
    if any(key in ("p", "post") and value.isdecimal() for key, value in parse_qsl(parts.query)):
        return True
    return bool(_ARTICLE.search(parts.path))


def read_list(text: str, url: str) -> Listing:
    """Read an archive page or an answer of the JSON interface."""
    data = read_json(text)
    if data is not None:
        return json_listing(data, url)
    return Listing(links(text, url, is_article, chrome=False), once(_more(text, url), url))


def _more(text: str, url: str) -> list[str]:
    """Return the pages of this archive, filling the gaps that the pager leaves out.

    A page links its neighbours and the last one; that of another archive has another path.
    """
    here = urlsplit(url)
    base = re.sub(r"page/\d+/?$", "", here.path).rstrip("/")
    best: tuple[int, str, str] | None = None
    for anchor in anchors(text, url):
        match = _PAGE.match(anchor.url)
        if match is None or urlsplit(anchor.url).netloc != here.netloc:
            continue
        if re.sub(r"/page/\d+/?$", "", urlsplit(anchor.url).path) != base:
            continue
        if best is None or int(match["number"]) > best[0]:
            best = (int(match["number"]), match["head"], match["tail"])
    if best is None:
        return []
    last, head, tail = best
    current = re.search(r"/page/(\d{1,6})/?$", here.path)
    first = int(current[1]) + 1 if current else 2
    return [f"{head}{number}{tail}" for number in range(first, min(last, MAX_PAGES) + 1)]


FAMILY = Family(
    name="wordpress",
    is_article=is_article,
    read_list=read_list,
    rules=(
        Rules(
            version="themes",
            body=(".entry-content", ".post-content", ".single-content"),
            title=(".entry-title", ".post-title", "article h1", "h1"),
            meta_line=(".entry-meta", ".post-meta", ".posted-on", "article header"),
            drop=(*WIDGETS, ".sharedaddy", ".jp-relatedposts", ".post-navigation", ".addtoany"),
        ),
    ),
)
