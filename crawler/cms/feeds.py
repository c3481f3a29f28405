"""Feeds for lists: RSS 2.0 and 1.0, Atom (RFC 4287), sitemaps.

News sitemaps, too. Any system may publish one; its articles are read by the rules of their own
URLs, or by the general reader. A sitemap index names further sitemaps, an Atom feed its next page
(RFC 5005). An entry's versions in other languages are other pages.
"""

import re
from html.entities import html5
from itertools import islice
from urllib.parse import urlsplit

from lxml import etree

from crawler.cms.family import Family, Link, Listing, Rules
from crawler.cms.links import WIDGETS, absolute, is_file, once, squeeze, stated_date

_ENTRIES = ("item", "entry", "url")
_DATES = (
    "pubdate",
    "publication_date",
    "published",
    "issued",
    "date",
    "created",
    "updated",
    "modified",
    "lastmod",
)
_LINKS = ("link", "loc", "origlink")
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_XHTML = ("{http://www.w3.org/1999/xhtml}", "xhtml:")
_BARE = re.compile(r"&(?!#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|(?:amp|lt|gt|quot|apos);)")
_ENTITY = re.compile(r"&([A-Za-z]{2,8}\d?);")
_AMP = re.compile(r"&(?:amp|#38);")
_CDATA = re.compile(r"(<!\[CDATA\[.*?(?:\]\]>|\Z))", re.DOTALL)
_ROOT = re.compile(r"<(?:rss|rdf:RDF|feed|urlset|sitemapindex)\b", re.IGNORECASE)
_HEAD = 4000
"""Characters in which the root of a feed is looked for; set by hand."""
_INDEX = re.compile(r"/(?:index\.\w+)?$")
_FEEDS = re.compile(r"\.(?:xml|rss|atom|rdf|gz)$", re.IGNORECASE)
_MAX_MORE = 1000
_MAX_FIELDS = 200


def is_article(url: str) -> bool:
    """Return True for any URL but a home page or a file."""
    parts = urlsplit(url)
    if not parts.hostname or is_file(url) or _FEEDS.search(parts.path):
        return False
    return bool(parts.query) or not _INDEX.fullmatch(parts.path or "/")


def read_list(text: str, url: str) -> Listing:
    """Read a feed or a sitemap.

    It may name articles of other hosts, which are left to the caller.
    """
    root = _parse(text)
    if root is None:
        return _plain_list(text, url)
    found: dict[str, Link] = {}
    more: list[str] = []
    for node in root.iter():
        name = _name(node)
        if name in _ENTRIES:
            link = _entry(node, url)
            if link is not None and is_article(link.url):
                found.setdefault(link.url, link)
        elif name == "sitemap":
            more += [t for t in [absolute(_text(node, ("loc",)), _base(node, url))] if t]
        elif name == "link" and node.get("rel") == "next":
            more += [t for t in [absolute(node.get("href"), _base(node, url))] if t]
    return Listing(tuple(found.values()), once(more[:_MAX_MORE], url))


def _plain_list(text: str, url: str) -> Listing:
    """Read a sitemap of one URL a line."""
    lines = text.lstrip("\ufeff").split()
    if not lines or not all(line.startswith(("http://", "https://")) for line in lines):
        return Listing()
    targets = [target for line in lines if (target := absolute(line, url))]
    return Listing(tuple(Link(target) for target in dict.fromkeys(targets) if is_article(target)))


def _parse(text: str) -> etree._Element | None:
    """Parse XML leniently and without entities.

    Entities of a hostile feed could be endless. Those of HTML become their characters, and an `&`
    that begins none is itself.
    """
    # Some programs write a warning first. The declared encoding is no longer true: it is decoded.
    first = _ROOT.search(text[:_HEAD])
    body = text[first.start() :] if first else text
    body = re.sub(r"^\s*<\?xml[^>]*\?>", "", body.lstrip("\ufeff"), count=1).lstrip()
    pieces = _CDATA.split(body)
    pieces[::2] = [_BARE.sub("&amp;", _ENTITY.sub(_character, piece)) for piece in pieces[::2]]
    parser = etree.XMLParser(
        encoding="utf-8", recover=True, no_network=True, resolve_entities=False, load_dtd=False
    )
    try:
        return etree.fromstring("".join(pieces).encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError):
        return None


def _character(match: re.Match[str]) -> str:
    """Return the character of an entity of HTML; others as they are."""
    if match[1] in ("amp", "lt", "gt", "quot", "apos"):
        return match[0]
    return html5.get(f"{match[1]};", match[0])


def _base(node: etree._Element, url: str) -> str:
    """Return the base of an element's links.

    The `xml:base` of the elements around it, or else the page of the channel.
    """
    bases = [
        base for at in (node, *node.iterancestors()) if (base := (at.get(_BASE) or "").strip())
    ]
    for base in reversed(bases):
        url = absolute(base, url) or url
    if bases:
        return url
    for at in node.iterancestors():
        if _name(at) == "channel":
            page = next((c.text for c in at if _name(c) == "link" and (c.text or "").strip()), None)
            return absolute(page, url) or url
        if _name(at) == "rdf":
            page = at.findtext("{*}channel/{*}link")
            return absolute(page, url) or url
    return url


def _entry(node: etree._Element, url: str) -> Link | None:
    base = _base(node, url)
    href = next((child.get("href") for child in node if _is_own_link(child)), None)
    written = href or _text(node, _LINKS, deep=False) or _permanent(node)
    target = absolute(_AMP.sub("&", written or node.get("{*}about") or ""), base)
    if target is None:
        return None
    title = squeeze(re.sub(r"<[^<>]*>", "", _text(node, ("title",))))
    return Link(target, title or None, stated_date(_text(node, _DATES)))


def _is_own_link(node: etree._Element) -> bool:
    """Return True for an Atom link to the entry's page.

    One of XHTML leads to the entry in another language.
    """
    if _name(node) != "link" or str(node.tag).startswith(_XHTML) or not node.get("href"):
        return False
    kind = node.get("type", "text/html")
    return node.get("rel", "alternate") == "alternate" and "html" in kind


def _permanent(node: etree._Element) -> str:
    """Return an entry's `guid` if it is a link."""
    for child in node:
        if _name(child) == "guid" and child.get("isPermaLink", "true").lower() != "false":
            return (child.text or "").strip()
    return ""


def _text(node: etree._Element, names: tuple[str, ...], *, deep: bool = True) -> str:
    """Return the text of the first descendant with one of the names.

    The names in their order; the element's own children come first.
    """
    # Entries within entries, each of which is looked through, would take the square of their size.
    below = node.iterdescendants() if deep else ()
    inside = [(_name(child), child) for child in islice((*node, *islice(below, _MAX_FIELDS)), 400)]
    for name in names:
        for found, child in inside:
            text = "".join(child.itertext()).strip() if found == name else ""
            if text:
                return text
    return ""


def _name(node: etree._Element) -> str:
    """Return an element's name without its namespace, in lower case."""
    # A prefix that is not declared is a part of the name.
    return re.split(r"[}:]", node.tag)[-1].lower() if isinstance(node.tag, str) else ""


FAMILY = Family(
    name="feeds",
    is_article=is_article,
    read_list=read_list,
    pagers=False,
    rules=(Rules(body=(), drop=WIDGETS),),
    any_url=True,
)
