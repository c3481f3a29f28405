"""Guangdong's common system: `content/post_N`, and gkmlpt, its catalogue of records.

List pages are `index.html`, `index_2.html`, ... Catalogues (`/gkmlpt/`) draw their lists by script
from `/gkmlpt/api/all/<category>?page=1&sid=<site>`: `articles[title, url, display_publish_time]`
with a `total`; the page names the site as `SID`. Entries on other hosts (mp.weixin.qq.com mostly)
are no articles of the site.
"""

import re
from urllib.parse import urljoin, urlsplit

from crawler.cms.data import read_json
from crawler.cms.endpoints import json_listing
from crawler.cms.family import Family, Listing, Rules, shaped
from crawler.cms.links import WIDGETS, links, once
from crawler.cms.paging import numbered

is_article = shaped(r"/content/(?:\d+/){0,4}m?post_\d+(?:_print)?\.html$")
"""Test for `content/post_<number>.html` of a column or catalogue."""
_PAGE = r"/index_(?P<number>\d+)(?P<tail>\.html)$"
_SITE = re.compile(r"\bSID[\"']?\s*[:=]\s*[\"'](\d{1,12})[\"']")
_CATALOGUE = re.compile(r"^(?P<base>.*?/gkmlpt)(?:/|$)")


def read_list(text: str, url: str) -> Listing:
    """Read a list page, a catalogue page or its endpoint's answer."""
    data = read_json(text)
    if data is not None:
        return json_listing(data, url, is_article)
    found = links(text, url, is_article, chrome=False)
    more = [*numbered(text, url, _PAGE)]
    site, catalogue = _SITE.search(text), _CATALOGUE.match(urlsplit(url).path)
    if site and catalogue and not found:
        more.append(urljoin(url, f"{catalogue['base']}/api/all/0?page=1&sid={site[1]}"))
    return Listing(found, once(more, url))


_DROP = (*WIDGETS, ".share-box", ".tts", ".listen", ".article-share", ".fj-tip")

FAMILY = Family(
    name="guangdong",
    is_article=is_article,
    read_list=read_list,
    reads_data=True,
    rules=(
        Rules(
            version="gkmlpt",
            body=(".article-content",),
            title=(".title.document-number", ".content-title", "h1.title", "h1"),
            meta_line=(".article-info", ".title_info", ".info"),
            drop=(*_DROP, ".classify"),
        ),
        Rules(
            version="columns",
            body=(
                "#zoomcon",
                ".articleBox",
                ".news_cont_d_wrap",
                ".article_con",
                ".content_article",
            ),
            title=(".content_title", ".title", "h1"),
            meta_line=(".title_info", ".content_info", ".zw-info", ".info"),
            drop=_DROP,
        ),
    ),
)
