"""TRS WCM: static lists with scripted pagers, `t<date>_<id>` articles."""

import re
from datetime import date
from urllib.parse import urlsplit

from crawler.cms.family import Family, Listing, Rules, shaped
from crawler.cms.links import WIDGETS, links
from crawler.cms.paging import called_pages

is_article = shaped(r"/\d{6}/t\d{8}_\d+(?:_print)?\.s?html?$")
"""Test of an article's first page: `tDATE_ID_1.html` is a second one."""
_PART = re.compile(r"/t\d{8}_\d+_\d+\.s?html?$", re.IGNORECASE)


def read_list(text: str, url: str) -> Listing:
    """Read a list page; its pager is a script's call."""
    return Listing(links(text, url, is_article))


def parts(html: str, url: str) -> tuple[str, ...]:
    """Return the URLs of an article's pages 2..n.

    Nothing on those pages themselves.
    """
    if _PART.search(urlsplit(url).path):
        return ()
    pages = called_pages(html, url)
    if pages is None or not re.match(r"(?:\./)?t\d{8}_\d+$", pages.name):
        return ()
    return pages.urls(url)


_DROP = (*WIDGETS, ".art-tool", ".relevant", ".article-share")

FAMILY = Family(
    name="trs",
    is_article=is_article,
    read_list=read_list,
    second=1,
    rules=(
        Rules(
            version="UEDITOR",
            since=date(2018, 1, 1),
            body=(".TRS_UEDITOR", ".trs_editor_view"),
            title=(".article-title", ".detail-title", ".xl-title", "h1"),
            meta_line=(".article-infos", ".detail-article-infos", ".xl-info", ".info"),
            drop=_DROP,
            parts=parts,
        ),
        Rules(
            version="Editor",
            until=date(2023, 12, 31),
            body=(".TRS_Editor", ".Custom_UnionStyle"),
            title=(".art-title", ".detail-article-title", ".article-title", ".title", "h1"),
            meta_line=(".art-meta", ".detail-article-infos", ".article-infos", ".info", ".xl-info"),
            drop=_DROP,
            parts=parts,
        ),
    ),
)
