"""UCAP (开普云): `<ucapcontent>` bodies, lists as static pages or JSON endpoints.

Two endpoints are known: `/szinf/info/getInfoCommon/?pagesize&currpage&channelid` with
`infolist[title, link, pubtime]`, and `/es-search/search/<channelId>?_pageSize&page` with
`results[title, url, publishedTimeStr]`; the second answers with HTML instead if its template does
so. A list page that loads from one of them names it in its scripts.
"""

import html as entities
import re
from urllib.parse import urljoin

from crawler.cms.endpoints import next_pages, page_field
from crawler.cms.family import Family, Listing, Rules, shaped
from crawler.cms.links import WIDGETS, absolute, links, once

is_article = shaped(
    r"/\d{6}/[0-9a-f]{32}(?:_print)?\.s?html?$"
    r"|/content_(?:[0-9a-f]{32}|\d+)(?:_print)?\.s?html?$"
    r"|/\d{4}-\d\d/\d\d/[^/]+\.shtml$"
)
# A quoted text is taken whole, and then looked at: a mark repeated within would be tried at
# each of its places otherwise.
_QUOTED = re.compile(r"[\"'](?P<url>[^\"'\s]{10,2000}+)(?=[\"'])")
_ENDPOINT = re.compile(r"/getInfoCommon/?\?|/es-search/search/")
_CHANNEL = re.compile(
    r"<meta\s[^<>]*name=[\"']channelId[\"'][^<>]*content=[\"'](\w+)[\"']", re.IGNORECASE
)


def read_list(text: str, url: str) -> Listing:
    """Read a list page, or an endpoint's answer in HTML."""
    found = links(text, url, is_article, chrome=False)
    page = page_field(url)
    if page and page[1] > 0 and "<html" not in text[:2000].lower():
        return Listing(found, next_pages(url, len(found), None))
    more: list[str] = []
    for match in _QUOTED.finditer(text):
        if not _ENDPOINT.search(match["url"]):
            continue
        endpoint = absolute(entities.unescape(match["url"]), url)
        if endpoint and page_field(endpoint):
            more.append(endpoint)
    if not found and not more and (channel := _CHANNEL.search(text)):
        more.append(urljoin(url, f"/es-search/search/{channel[1]}?_pageSize=20&page=1"))
    return Listing(found, once(more, url))


FAMILY = Family(
    name="ucap",
    is_article=is_article,
    read_list=read_list,
    rules=(
        Rules(
            body=("ucapcontent", "#UCAP-CONTENT", ".detail_content"),
            title=("ucaptitle", ".detail_title", ".article-title", "h1"),
            meta_line=(".detail_info", ".article-info", ".info", ".xl-info"),
            drop=(*WIDGETS, ".tts-bar"),
        ),
        Rules(
            body=(".pages_content",),
            title=(".pages-title", "h1"),
            meta_line=(".pages-date",),
            drop=WIDGETS,
        ),
    ),
)
