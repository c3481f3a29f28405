"""ASP.NET systems with article ids in the query: `News_Content.aspx?n=..&sms=..&s=..`.

Taipei's is the known one. Its lists are `News.aspx?n=..&sms=..`, further pages have `page` and
`PageSize` in the query. The path is the same for every article, so the whole query counts. A notice
of the whole site (maintenance, say) is outside the body.
"""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawler.cms.family import Family, Listing, Rules
from crawler.cms.links import WIDGETS, anchors, links, once
from crawler.cms.paging import MAX_PAGES

_CONTENT = re.compile(r"/\w*(?:content|cp|detail|view|show)\w*\.aspx$", re.IGNORECASE)
_IDS = frozenset(("s", "id", "newsid", "nid", "articleid", "dataserno", "did", "sn"))
_ID = re.compile(r"[0-9A-Fa-f-]{2,40}|\d+")


def is_article(url: str) -> bool:
    """Return True for a content page with an id in its query.

    Content pages are `*_Content.aspx`, `cp.aspx` and the like.
    """
    parts = urlsplit(url)
    if not _CONTENT.search(parts.path):
        return False
    return any(k.lower() in _IDS and _ID.fullmatch(v) for k, v in parse_qsl(parts.query))


def read_list(text: str, url: str) -> Listing:
    """Read a list page and its pager's links, gaps filled."""
    return Listing(links(text, url, is_article, chrome=False), once(_further_pages(text, url), url))


def _further_pages(text: str, url: str) -> list[str]:
    here = urlsplit(url)
    own = _without_page(here.query)
    best: tuple[int, list[tuple[str, str]]] | None = None
    for anchor in anchors(text, url):
        there = urlsplit(anchor.url)
        if (there.netloc, there.path.lower()) != (here.netloc, here.path.lower()):
            continue
        query = parse_qsl(there.query, keep_blank_values=True)
        number = next((v for k, v in query if k.lower() == "page"), "")
        # A pager adds the page and its size; a link with other ids is another list.
        if not re.fullmatch(r"[0-9]{1,6}", number) or _without_page(there.query) != own:
            continue
        if best is None or int(number) > best[0]:
            best = (int(number), query)
    if best is None:
        return []
    last, query = best
    return [
        urlunsplit(
            here._replace(
                query=urlencode([(k, str(n) if k.lower() == "page" else v) for k, v in query])
            )
        )
        for n in range(2, min(last, MAX_PAGES) + 1)
    ]


def _without_page(query: str) -> list[tuple[str, str]]:
    kept = [(k.lower(), v) for k, v in parse_qsl(query) if k.lower() not in ("page", "pagesize")]
    return sorted(kept)


FAMILY = Family(
    name="aspnet",
    is_article=is_article,
    read_list=read_list,
    rules=(
        Rules(
            version="CCMS",
            body=(".area-essay .essay", ".area-essay"),
            title=("#CCMS_Content h3", ".page-title", "h3.h3", "h2.h2", "h1"),
            meta_line=(".bottom-detail", ".page-info", ".area-essay-info", ".list-text.detail"),
            drop=(*WIDGETS, ".notice", ".file-download-multiple"),
        ),
    ),
)
