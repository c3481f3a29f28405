"""Documents that a page shows or links, for lack of text too."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from lxml import etree

from crawler.extract.blocks import text_of

_KINDS = r"pdf|docx?|xlsx?|pptx?|wps|et|dps|ofd|ceb|zip|rar|7z|txt|csv|rtf"
_DOCUMENT = re.compile(rf"\.(?:{_KINDS})(?:$|[?#&])", re.IGNORECASE)
_SHOWN = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|wps|ofd|ceb)$", re.IGNORECASE)
_NAME = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|wps|et|ofd|zip|rar)\s*$", re.IGNORECASE)
_QUOTED = re.compile(r"[\"']([^\"'\s<>]{1,400})[\"']")
FRAMES = ("iframe", "frame", "embed", "object", "param")
_SCRIPTS, _LONGEST_SCRIPT = 40, 100_000
"""Scripts of a page, and characters of one, that are looked at; set by hand, not measured."""


def is_named_document(name: str) -> bool:
    """Return True for a text that ends in a document's name."""
    return bool(_NAME.search(name))


def attachments(nodes: Sequence[etree._Element], base: str) -> tuple[str, ...]:
    """Return the absolute URLs of the documents linked under `nodes`."""
    found: dict[str, None] = {}
    for root in nodes:
        for node in root.iter("a"):
            href = (node.get("href") or "").strip()
            name = text_of(node).strip()
            if _DOCUMENT.search(href) or (href and is_named_document(name)):
                absolute = resolve(base, href)
                if absolute:
                    found.setdefault(absolute)
    return tuple(found)


def framed(elements: Sequence[etree._Element], base: str) -> tuple[str, ...]:
    """Return the absolute URLs of documents in frames among `elements`."""
    frames = (node for node in elements if node.tag in FRAMES)
    return _once(url for node in frames for url in _named_by(node, base))


def pointed(elements: Sequence[etree._Element], base: str) -> tuple[str, ...]:
    """Return the absolute URLs of documents that attributes and scripts name.

    Only for a page without a text: elsewhere they may be anything.
    """
    scripts = (node.text or "" for node in elements if node.tag == "script")
    literals = (
        literal
        for script in islice(scripts, _SCRIPTS)
        for literal in _QUOTED.findall(script[:_LONGEST_SCRIPT])
    )
    named = (url for node in elements for url in _named_by(node, base))
    return _once((*named, *(url for text in literals for url in _document_in(text, base))))


def _named_by(node: etree._Element, base: str) -> Iterator[str]:
    """Yield the documents in an element's attributes, its scripts among them."""
    if not isinstance(node.tag, str):
        return
    for name, value in node.attrib.items():
        if str(name).startswith("on"):
            for literal in _QUOTED.findall(value):
                yield from _document_in(literal, base)
        else:
            yield from _document_in(value, base)


def _document_in(written: str, base: str) -> Iterator[str]:
    """Yield the document at an address, or in a viewer's query."""
    if "." not in written:
        return
    try:
        parts = urlsplit(written.strip())
        values = [value for _, value in parse_qsl(f"{parts.query}&{parts.fragment}")]
    except ValueError:
        return
    places = [written] if _SHOWN.search(parts.path) else values
    for place in places:
        path = unquote(place).partition("?")[0].partition("#")[0].strip()
        if _SHOWN.search(path) and (absolute := resolve(base, place.strip())):
            yield absolute


def resolve(base: str, href: str) -> str | None:
    """Return `href` as an absolute http(s) URL, or None."""
    try:
        absolute = urljoin(base, href.strip())
        parts = urlsplit(absolute)
    except ValueError:
        return None
    return absolute if parts.scheme in ("http", "https") and parts.hostname else None


def _once(urls: Iterator[str] | Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(urls))
