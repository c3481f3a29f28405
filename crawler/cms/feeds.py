"""Feeds for lists: RSS 2.0 and 1.0, Atom (RFC 4287), sitemaps.

News sitemaps, too. Any system may publish one; its articles are read by the rules of their own
URLs, or by the general reader. A sitemap index names further sitemaps, an Atom feed its next page
(RFC 5005).
"""

import re
from datetime import date
from itertools import islice
from urllib.parse import urlsplit

from lxml import etree

from crawler.cms.family import Family, Link, Listing, Rules
from crawler.cms.links import WIDGETS, absolute, is_file, once, shown_date, squeeze
from crawler.item import NEWS_TIME
from crawler.limits import mail_date

_ENTRIES = ("item", "entry", "url")
_DATES = ("pubdate", "publication_date", "published", "date", "updated", "lastmod")
_INDEX = re.compile(r"/(?:index\.\w+)?$")
_MAX_MORE = 1000
_MAX_FIELDS = 200


def is_article(url: str) -> bool:
    """Return True for any URL but a home page or a file."""
    parts = urlsplit(url)
    if not parts.hostname or is_file(url) or parts.path.endswith((".xml", ".rss", ".atom")):
        return False
    return bool(parts.query) or not _INDEX.fullmatch(parts.path or "/")


def read_list(text: str, url: str) -> Listing:
    """Read a feed or a sitemap.

    It may name articles of other hosts, which are left to the caller.
    """
    root = _parse(text)
    if root is None:
        return Listing()
    found: dict[str, Link] = {}
    more: list[str] = []
    for node in root.iter():
        name = _name(node)
        if name in _ENTRIES:
            link = _entry(node, url)
            if link is not None and is_article(link.url):
                found.setdefault(link.url, link)
        elif name == "sitemap":
            more += [t for t in [absolute(_text(node, ("loc",)), url)] if t]
        elif name == "link" and node.get("rel") == "next":
            more += [t for t in [absolute(node.get("href"), url)] if t]
    return Listing(tuple(found.values()), once(more[:_MAX_MORE], url))


def _parse(text: str) -> etree._Element | None:
    """Parse XML leniently and without entities.

    Entities of a hostile feed could be endless.
    """
    # The declared encoding is no longer true: the text is decoded.
    body = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.lstrip("\ufeff"), count=1)
    parser = etree.XMLParser(
        encoding="utf-8", recover=True, no_network=True, resolve_entities=False, load_dtd=False
    )
    try:
        return etree.fromstring(body.encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError):
        return None


def _entry(node: etree._Element, url: str) -> Link | None:
    href = next(
        (
            child.get("href")
            for child in node
            if _name(child) == "link" and child.get("rel", "alternate") == "alternate"
        ),
        None,
    )
    target = absolute(href or _text(node, ("link", "loc", "guid")), url)
    if target is None:
        return None
    return Link(target, squeeze(_text(node, ("title",))) or None, _day(_text(node, _DATES)))


def _text(node: etree._Element, names: tuple[str, ...]) -> str:
    """Return the text of the first descendant with one of the names.

    The names in their order.
    """
    # Entries within entries, each of which is looked through, would take the square of their size.
    inside = [(_name(child), child) for child in islice(node.iterdescendants(), _MAX_FIELDS)]
    for name in names:
        for found, child in inside:
            text = "".join(child.itertext()).strip() if found == name else ""
            if text:
                return text
    return ""


def _day(text: str) -> date | None:
    """Return the day in Asia/Shanghai of a feed's date.

    As RSS (RFC 822) or Atom (ISO 8601) writes it.
    """
    at = mail_date(text)
    if at is None:
        return shown_date(text)
    return at.astimezone(NEWS_TIME).date() if at.tzinfo else at.date()


def _name(node: etree._Element) -> str:
    """Return an element's name without its namespace, in lower case."""
    return etree.QName(node).localname.lower() if isinstance(node.tag, str) else ""


FAMILY = Family(
    name="feeds",
    is_article=is_article,
    read_list=read_list,
    rules=(Rules(body=(), drop=WIDGETS),),
    any_url=True,
)
