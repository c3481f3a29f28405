"""WordPress: permalinks or `?p=N`, `/page/2/` for page 2, and its JSON interface.

Permalinks take any shape a site likes; known are `/news/<id>/` (gov.mo), `/YYYY/MM/DD/<slug>/` and
`/archives/<id>`. A list is the archive page of a category or `/wp-json/wp/v2/posts?page=1`.
"""

import re
from urllib.parse import parse_qsl, urlsplit

from crawler.cms.family import Family, Listing, Rules
from crawler.cms.links import WIDGETS, links, once
from crawler.cms.paging import numbered
from crawler.script import HAN

_ARTICLE = re.compile(
    rf"/news/\d+/?$|/\d{{4}}/\d{{2}}(?:/\d{{2}})?/(?!page/)[\w%-]*[a-z{HAN}%-][\w%-]*/?$|"
    r"/archives/\d+(?:\.html)?/?$",
    re.IGNORECASE,
)
_PAGE = r"/page/(?P<number>\d{1,6})(?P<tail>/?(?:\?.*)?)$"
_PAGE_OF = re.compile(r"/page/\d+/?$")


def is_article(url: str) -> bool:
    """Return True for a permalink of a known shape or `?p=<number>`."""
    parts = urlsplit(url)
    if not parts.hostname:
        return False
    if any(key in ("p", "post") and value.isdecimal() for key, value in parse_qsl(parts.query)):
        return True
    return bool(_ARTICLE.search(parts.path))


def read_list(text: str, url: str) -> Listing:
    """Read an archive page."""
    here = urlsplit(url)
    base = _PAGE_OF.sub("", here.path).rstrip("/")

    def own(page: str) -> bool:
        there = urlsplit(page)
        return there.netloc == here.netloc and _PAGE_OF.sub("", there.path).rstrip("/") == base

    # A page links its neighbours and the last one.
    more = numbered(text, url, _PAGE, own)
    return Listing(links(text, url, is_article, chrome=False), once(more, url))


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
