"""China Daily's sub-sites for cities: `/YYYY-MM/DD/c_N.htm`, pages `c_N_2.htm`.

English only. Many pages are digests: several items under one headline, which remain one article.
Lists link further pages as `<name>_2.htm`, like articles do; the number only counts pages, so an
article's later page is never an article of its own.
"""

import re
from urllib.parse import urljoin, urlsplit

from crawler.cms.family import Family, Listing, Rules, shaped
from crawler.cms.links import WIDGETS, absolute, base_of, links, once, root_of
from crawler.cms.paging import numbered

is_article = shaped(r"/\d{4}-\d{2}/\d{2}/c_\d+(?:_print)?\.html?$")
"""Test of an article's first page: `c_N_2.htm` is a second one."""
_PART = re.compile(r"/c_\d+_\d+\.html?$", re.IGNORECASE)
_PAGE = r"/(?!c_)\w+_(?P<number>\d+)(?P<tail>\.html?)$"
_NUMBERED = re.compile(r"(?:_\d+)?\.html?$")
_MAX_PARTS = 50


def read_list(text: str, url: str) -> Listing:
    """Read a section page and the numbered links of its pager."""
    return Listing(links(text, url, is_article, chrome=False), further_pages(text, url))


def further_pages(text: str, url: str) -> tuple[str, ...]:
    """Return the pages of a section that its pager links, gaps filled."""
    here = urlsplit(url)
    stem = _NUMBERED.sub("", here.path)

    def own(page: str) -> bool:
        there = urlsplit(page)
        name = _NUMBERED.sub("", there.path)
        return there.netloc == here.netloc and name in (stem, f"{stem}index")

    return once(numbered(text, url, _PAGE, own), url)


def parts(html: str, url: str) -> tuple[str, ...]:
    """Return the URLs of pages 2..n of an article, gaps filled.

    Of a first page; a later page has none.
    """
    stem, _, extension = url.rpartition(".")
    if _PART.search(urlsplit(url).path) or not is_article(url):
        return ()
    shape = re.compile(re.escape(urlsplit(stem).path) + r"_(\d{1,2})\.html?$")
    leaf = re.escape(stem.rpartition("/")[2])
    # Only the addresses that end alike: to read all links of a page takes as long as its article.
    written = re.findall(rf"[^\"'\s<>=()]*{leaf}_\d{{1,2}}\.html?", html)
    base = base_of(root, url) if written and (root := root_of(html)) is not None else url
    targets = (absolute(address, base) for address in dict.fromkeys(written))
    numbers = [
        int(match[1])
        for target in targets
        if target and (match := shape.search(urlsplit(target).path))
    ]
    last = min(max(numbers, default=1), _MAX_PARTS)
    return tuple(urljoin(url, f"{stem}_{n}.{extension}") for n in range(2, last + 1))


FAMILY = Family(
    name="china_daily",
    is_article=is_article,
    read_list=read_list,
    own_pager=further_pages,
    rules=(
        Rules(
            version="sub-site",
            body=("#Content", "#content"),
            title=(".artTitle", ".art_tit", ".content h1", "h1", "h2"),
            meta_line=(".artInfo", ".art_info", ".info_l", ".info"),
            drop=(*WIDGETS, "#div_currpage", "#div_page_roll1", ".pages", ".related"),
            parts=parts,
        ),
    ),
)
