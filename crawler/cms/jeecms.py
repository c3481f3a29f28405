"""JEECMS and its like: `.jhtml` articles, table layouts.

Page 2 of a list is `index_2.jhtml`.
"""

import re
from urllib.parse import urljoin

from crawler.cms.family import Family, Listing, Rules, shaped
from crawler.cms.links import WIDGETS, links, once
from crawler.cms.paging import MAX_PAGES, numbered

is_article = shaped(r"/\d+(?:_print)?\.jhtml$")
_PAGE = r"/index_(?P<number>\d+)(?P<tail>\.jhtml)$"
# The pager reads "共84条记录 1/6页" or "Page 1/6" also where its links are script calls.
_TOTAL = re.compile(r"(?:\bpages?\s*:?\s*)?\b(\d{1,4})\s*/\s*(\d{1,4})\s*(页|pages?\b)?", re.I)


def read_list(text: str, url: str) -> Listing:
    """Read a list page, and links or total of its pager.

    Further pages are `index_N.jhtml`.
    """
    more = numbered(text, url, _PAGE)
    total = _pager_total(text)
    if total > len(more) + 1:
        more = tuple(urljoin(url, f"index_{n}.jhtml") for n in range(2, total + 1))
    return Listing(links(text, url, is_article), once(more, url))


def _pager_total(text: str) -> int:
    """Return the number of pages in the pager's text, or 0."""
    for match in _TOTAL.finditer(text):
        named = match[3] or match[0].lower().startswith("page")
        if named and 1 <= int(match[1]) <= int(match[2]) <= MAX_PAGES:
            return int(match[2])
    return 0


FAMILY = Family(
    name="jeecms",
    is_article=is_article,
    read_list=read_list,
    rules=(
        # Every site draws its own templates; these names are the stock ones. Others are read by
        # the general extractor, which asks for no names.
        Rules(
            body=("#content_text", ".content_text", "td.content"),
            title=(".content_title", "h1"),
            meta_line=(".content_info", ".msgbar"),
            drop=WIDGETS,
        ),
    ),
)
