"""Hanweb JCMS (大汉): columns of CDATA records, three generations of URLs.

A column page `/col/colN/index.html` carries its first records in a script element and gets the rest
from `dataproxy.jsp`: either by its `<nextgroup>` link, or by record numbers that its script
computes from `totalRecord`. Records are markup inside CDATA, often not well formed.
"""

import html as entities
import re
from urllib.parse import urlencode

from crawler.cms.family import Family, Link, Listing, Rules, shaped
from crawler.cms.links import WIDGETS, absolute, between, links, once
from crawler.limits import whole_number

is_article = shaped(
    r"/art/\d{4}/\d{1,2}/\d{1,2}/art_\d+_\d+(?:_print)?\.html$"
    r"|/col\d+/art/\d{4}/art_\d+_\d+(?:_print)?\.html$"
    r"|/col/col\d+/art/\d{4}/art_[0-9a-f]{32}(?:_print)?\.html$"
)
_HREF = re.compile(r"href\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
_MAX_RECORDS = 100_000
_GROUP_PAGES = 3
"""Pages of records that the column page and each answer of dataproxy.jsp carry at once."""


def read_list(text: str, url: str) -> Listing:
    """Read a column page or an answer of dataproxy.jsp."""
    records = _elements(text, "record")
    found: dict[str, Link] = {}
    for record in records:
        markup = entities.unescape(record) if "&lt;" in record else record
        for link in links(f"<ul>{markup}</ul>", url, is_article):
            found.setdefault(link.url, link)
    if not found:
        found = {link.url: link for link in links(text, url, is_article)}
    more = [
        target
        for group in _elements(text, "nextgroup")
        if (href := _HREF.search(group)) and (target := absolute(entities.unescape(href[1]), url))
    ]
    more += _by_record_number(text, url, len(records))
    return Listing(tuple(found.values()), once(more, url))


def _elements(text: str, name: str) -> list[str]:
    """Return the contents of the elements `name`, without CDATA marks."""
    held = (text[a:b].strip() for a, b in between(text, f"<{name}>", f"</{name}>"))
    return [part.removeprefix("<![CDATA[").removesuffix("]]>") for part in held]


def _by_record_number(text: str, url: str, shown: int) -> list[str]:
    """Return the script's dataproxy.jsp requests for a column's other records.

    The site sends them as POST with these fields; the same endpoint answers GET.
    """
    total = whole_number(_option(text, "totalRecord") or "")
    column = _option(text, "columnid")
    unit = _option(text, "unitid")
    proxy = absolute(_option(text, "proxyUrl") or "/module/web/jpage/dataproxy.jsp", url)
    if not (total and column and unit and proxy):
        return []
    asked = _option(text, "perPage") or ""
    per_page = int(asked) if re.fullmatch(r"[1-9]\d{0,2}", asked) else 15
    fields = {"col": "1"}
    for name in ("appid", "webid", "path", "columnid", "sourceContentType", "unitid", "webname"):
        value = _option(text, name)
        if value:
            fields[name] = value
    fields["permissiontype"] = _option(text, "permissiontype") or "0"
    step = per_page * _GROUP_PAGES
    return [
        f"{proxy}?"
        + urlencode(
            {
                "startrecord": at,
                "endrecord": min(at + step - 1, total),
                "perpage": per_page,
            }
            | fields
        )
        for at in range(shown + 1, min(total, _MAX_RECORDS) + 1, step)
    ]


def _option(text: str, name: str) -> str | None:
    """Return the value a script gives the option `name`, quoted or bare."""
    match = re.search(rf"\b{name}[\"']?\s*:\s*(?:\"([^\"]*)\"|'([^']*)'|([\w%./-]+))", text, re.I)
    return next((part for part in match.groups() if part is not None), None) if match else None


FAMILY = Family(
    name="hanweb",
    is_article=is_article,
    read_list=read_list,
    rules=(
        Rules(
            body=("#zoom", "#zoomcon", "#zwcontent"),
            title=(".con-title", ".article-title", ".bt-title", ".main-tit", "h1"),
            meta_line=(".small-title", ".article-info", ".bt-info", ".main-fl-riqi", ".xxly"),
            drop=(*WIDGETS, ".bt-share", ".main-fl-fx"),
        ),
        Rules(
            body=(".main-txt", ".bt-content", ".bt_content"),
            title=(".bt-title", ".bt_title", "h1"),
            meta_line=(".bt-info", ".bt_info"),
            drop=WIDGETS,
        ),
    ),
)
