"""Fetched page, decoded and parsed once, as all rules read it."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cached_property
from html.entities import html5
from urllib.parse import urljoin

from bs4.exceptions import ParserRejectedMarkup
from lxml import etree
from lxml.html import soupparser

from crawler import limits
from crawler.extract import properties, stated
from crawler.extract.blocks import (
    Block,
    read_blocks,
    squeeze_line,
    stands_alone,
    text_of,
    without_invisible,
)
from crawler.extract.charset import Decoded, decode
from crawler.extract.consensus import is_chinese
from crawler.extract.fields import Metas, read_metas
from crawler.extract.furniture import places_apart
from crawler.extract.scripted import named_values, write_dates
from crawler.extract.selectors import ElementIndex
from crawler.extract.swallowed import free_swallowed

_MAX_SLOW = 300_000
"""Characters given to the lenient parser, whose time may grow with their square."""

_DEAD = ("script", "style", "noscript", "template", "svg", "iframe", "frame")
_PLAIN_TAGS = ("textarea", "title", "option", "code")
_SHOWN_TAG = re.compile(r"</?(?:p|br|div)\b[^<>]*>", re.IGNORECASE)
_BREAKS = re.compile(r"(?:<br\b[^<>]*>\s*)+", re.IGNORECASE)
_FEWEST_TAGS = 3
"""Tags in a text that make it markup; one less where it begins with one. Set by hand."""
_ESCAPED_TWICE = re.compile(
    r"&(?:amp;)+(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
)
_END = re.compile(r"</(?:html|body)\s*>", re.IGNORECASE)
_CONTROLS = bytes((*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F))


class ParsedPage:
    """Page as decoded text, tree, meta tags and blocks.

    Each is made once, when needed.
    """

    def __init__(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        self.url = url
        self.body = body
        self.headers = headers
        read, shortened = limits.cut(body)
        self.decoded: Decoded = decode(read, headers)
        text = self.decoded.text
        self.truncated = shortened or len(text) > limits.MAX_CHARS
        # End tags of the page are optional, and what follows the first of two must not be lost.
        self.html = _END.sub("", _meant(_printable(text[: limits.MAX_CHARS])))

    @cached_property
    def served(self) -> date | None:
        """Day (UTC) of the answer's Date header; None without."""
        value = next((str(v) for k, v in self.headers.items() if k.lower() == "date"), "")
        moment = limits.mail_date(value)
        return moment.date() if moment else None

    @property
    def tree(self) -> etree._Element:
        """Parsed page without scripts and styles; an empty element on failure."""
        return self._parsed[0]

    @property
    def taken_out(self) -> list[etree._Element]:
        """Scripts, frames and templates, which are no more in `tree`."""
        return self._parsed[1]

    @cached_property
    def _parsed(self) -> tuple[etree._Element, list[etree._Element]]:
        tree = parse(self.html)
        taken_out = list(tree.iter(*_DEAD))
        for node in taken_out:
            _show_frame(node)
        write_dates(tree, [node for node in taken_out if node.tag == "script"])
        etree.strip_elements(tree, *_DEAD, with_tail=False)
        if "&lt;" in self.html:
            graft_markup(tree)
        return tree, taken_out

    @cached_property
    def elements(self) -> list[etree._Element]:
        """Elements of the page, in document order.

        As long as they are referenced lxml need not make them anew in every walk over the tree.
        """
        return list(self.tree.iter())

    @cached_property
    def _order(self) -> dict[etree._Element, int]:
        """Place of each element in `elements`."""
        return dict(zip(self.elements, range(len(self.elements)), strict=True))

    def _within(self, node: etree._Element) -> range:
        """Return the places of an element and all in it, or none."""
        start = self._order.get(node)
        if start is None:
            return range(0)
        after: etree._Element | None = node
        while after is not None:
            if (following := after.getnext()) is not None:
                return range(start, self._order.get(following, len(self.elements)))
            after = after.getparent()
        return range(start, len(self.elements))

    @cached_property
    def _lines(self) -> list[int]:
        """Place in `elements` of the element around each block."""
        order = self._order
        return [order[block.node] for block in self.blocks]

    @cached_property
    def index(self) -> ElementIndex:
        """Elements by tag, class and id."""
        return ElementIndex(self.tree, self.elements)

    @cached_property
    def markup(self) -> str:
        """Tree as HTML again: well formed and much shorter."""
        return str(etree.tostring(self.tree, encoding="unicode", method="html"))

    @cached_property
    def metas(self) -> Metas:
        """The meta tags of the page."""
        return read_metas(self.tree)

    @cached_property
    def named_values(self) -> list[tuple[str, str]]:
        """Names and values of hidden fields, attributes for data, and scripts."""
        scripts = [node for node in self.taken_out if node.tag == "script"]
        return list(named_values(self.tree, scripts))

    @cached_property
    def _stated(self) -> list[stated.Ranked]:
        """The objects of structured data that may be the article."""
        return stated.objects_in_scripts(self.html, self.url)

    @cached_property
    def stated_date(self) -> str | None:
        """The date of publication that structured data (JSON-LD, schema.org) gives, as written."""
        return stated.date_among(self._stated)

    @cached_property
    def stated_headline(self) -> str | None:
        """The headline that structured data or a box of properties gives."""
        return stated.headline_among(self._stated) or properties.headline(self.blocks)

    def stated_between(self, title: int, start: int) -> str | None:
        """Return the date in attributes between title and text.

        `title` and `start` are places among `blocks`.
        """
        if not title < start < len(self.blocks):
            return None
        first, last = self.blocks[title].node, self.blocks[start].node
        around = set(last.iterancestors())
        order = self._order
        between = self.elements[order.get(first, 0) + 1 : order.get(last, 0) + 1]
        return stated.date_in_attributes(node for node in between if node not in around)

    @cached_property
    def blocks(self) -> list[Block]:
        """Every visible line of the page."""
        body = self.tree.find(".//body")
        return read_blocks(self.tree if body is None else body, frozenset())

    def blocks_of(self, root: etree._Element, dropped: frozenset[etree._Element]) -> list[Block]:
        """Return `read_blocks` of an element, from `blocks` if that is equal."""
        if not dropped and stands_alone(root):
            start, end = self.places_in([root])
            # A picture at the first line may be one above `root`.
            if start < end and not self.blocks[start].pictured:
                return self.blocks[start:end]
        return read_blocks(root, dropped)

    @cached_property
    def links(self) -> dict[etree._Element, str]:
        """The links of the page with their texts."""
        return {
            node: squeeze_line(text_of(node) if len(node) else node.text or "")
            for node in self.tree.iter("a")
        }

    @cached_property
    def apart(self) -> Collection[int]:
        """The places among `blocks` of feet, cookie notices and menus."""
        return places_apart(self.blocks, self.elements)

    @cached_property
    def chinese(self) -> bool:
        """True if the visible text is mostly Chinese."""
        return is_chinese("\n".join(block.text for block in self.blocks[:2000]))

    @cached_property
    def base(self) -> str:
        """The URL that relative links are relative to."""
        node = self.tree.find(".//base")
        href = node.get("href") if node is not None else None
        try:
            return urljoin(self.url, href.strip()) if href else self.url
        except ValueError:
            return self.url

    def places_in(self, nodes: Sequence[etree._Element]) -> tuple[int, int]:
        """Return start and end of the text of `nodes` among `blocks`."""
        places: list[int] = []
        for own in map(self._within, nodes):
            first, end = own.start, own.stop
            places += [at for at, line in enumerate(self._lines) if first <= line < end]
        return (min(places), max(places) + 1) if places else (0, 0)

    def places_of(self, texts: Sequence[str]) -> tuple[int, int]:
        """Return start and end of the lines `texts` among `blocks`."""
        wanted = set(texts)
        places = [at for at, block in enumerate(self.blocks) if block.text in wanted]
        return (places[0], places[-1] + 1) if places else (0, 0)

    def around(self, first: etree._Element, last: etree._Element) -> list[etree._Element]:
        """Return the pictures and links of a text.

        See `between`; with the pictures just above it.
        """
        above: list[etree._Element] = []
        for node in first.itersiblings(preceding=True):
            if text_of(node).strip():
                break
            # A picture that is a link stands for something else: an advertisement, mostly.
            own = [img for img in node.iter("img") if next(img.iterancestors("a"), None) is None]
            above = own + above
        return above + self.between(first, last)

    def between(self, first: etree._Element, last: etree._Element) -> list[etree._Element]:
        """Return pictures and links from `first` to the end of `last`."""
        part = self.elements[self._order[first] : self._within(last).stop]
        return [node for node in part if node.tag in ("img", "a")]

    def outside_furniture(self, *tags: str) -> list[etree._Element]:
        """Return the elements outside links, header, footer and navigation.

        They are an article's, not menus or advertisements.
        """
        outside = ("header", "footer", "nav")
        return [
            node
            for node in self.tree.iter(*tags)
            if next(node.iterancestors(*outside), None) is None
            and next(node.iterancestors("a"), None) is None
        ]


def _printable(text: str) -> str:
    """Return text without control characters.

    As bytes, because hardly any text has one.
    """
    data = text.encode("utf-8", "surrogatepass")
    kept = data.translate(None, _CONTROLS)
    return text if len(kept) == len(data) else kept.decode("utf-8", "surrogatepass")


def _meant(html: str) -> str:
    """Return markup whose characters were escaped twice with them escaped once."""
    if "&amp;" in html:
        html = _ESCAPED_TWICE.sub(
            lambda sign: f"&{sign[1]};" if sign[1][0] == "#" or f"{sign[1]};" in html5 else sign[0],
            html,
        )
    return without_invisible(html)


def _show_frame(node: etree._Element) -> None:
    """Put the page that a frame has as its value behind it."""
    if node.tag == "iframe" and (written := node.get("srcdoc")):
        shown = grown(written)
        parent = node.getparent()
        if shown is not None and parent is not None:
            parent.insert(parent.index(node) + 1, shown)


def graft_markup(tree: etree._Element) -> None:
    """Replace escaped markup in the text of a tree by its elements."""
    for node in list(tree.iter()):
        if node.tag in _PLAIN_TAGS:
            continue
        if (markup := _shown_markup(node.text)) is not None:
            node.text = None
            node.insert(0, markup)
        parent = node.getparent()
        if parent is not None and (markup := _shown_markup(node.tail)) is not None:
            node.tail = None
            parent.insert(parent.index(node) + 1, markup)


def _shown_markup(text: str | None) -> etree._Element | None:
    """Return escaped markup as an element, or None for plain text."""
    if not text or "<" not in text:
        return None
    tags = _SHOWN_TAG.findall(text)
    enough = len(tags) >= _FEWEST_TAGS - text.lstrip().startswith("<")
    return grown(text) if enough else None


def grown(markup: str) -> etree._Element | None:
    """Return a piece of markup as an element, its breaks as paragraphs."""
    paragraphs = _BREAKS.sub("</p><p>", markup)
    found = parse(f"<html><body><div><p>{paragraphs}</p></div></body></html>").find(".//div")
    if found is not None:
        etree.strip_elements(found, *_DEAD, with_tail=False)
    return found


def parse(html: str) -> etree._Element:
    """Parse HTML leniently; an empty element if that is impossible.

    Never raises. lxml first, for speed. If it gives up on markup with text, BeautifulSoup, which is
    slow and reads everything.
    """
    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        tree = etree.fromstring(limits.thinned(html).encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError):
        tree = None
    if (tree is None or len(tree) == 0) and html.strip():
        # A comment that is never closed makes the slow parser look for its end at every mark.
        closed = html.rfind("-->") + 1
        rest = html[closed:].replace("<!", "")
        try:
            tree = soupparser.fromstring((html[:closed] + rest)[:_MAX_SLOW])
        except (etree.LxmlError, ValueError, RecursionError, IndexError, ParserRejectedMarkup):
            tree = None
    if tree is None:
        return etree.Element("html")
    free_swallowed(tree, html)
    # To write a value, libxml2 looks for the end of each comment in it through all the rest.
    for value in tree.xpath("//@*[contains(., '<!--')]"):
        value.getparent().set(value.attrname, value.replace("<!--", "<! --"))
    return tree
