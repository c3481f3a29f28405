"""Titles that a page gives for machines: head, structured data, scripts."""

import re
from collections.abc import Iterable, Iterator, Sequence

from lxml import etree

from crawler.extract.blocks import Block, squeeze, text_of
from crawler.extract.fields import Found, Metas
from crawler.extract.kinds import reaches
from crawler.script import HAN

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
"""Markup that a meta tag has within its value."""
_TITLE = re.compile(
    r"(?:article|news|info|doc|document|content|page|art|share|wx|bd|detail|cms|story|post)?"
    r"(?:title|headline|subject|biaoti)|bdtext|sharetext"
)
"""Names of a title in meta tags, fields and scripts, without their signs."""
_SHORT = 8
"""Units of text below which a value rather names a column or button; set by hand."""
_LONGEST = 300
_WORD = re.compile(rf"(?=([{HAN}]{{2}}))|([A-Za-z]{{4,}})")
_SHARED = 2
"""Words that a story and its title share at least; set by hand."""
_OPENING = 4_000
"""Characters of a text in which its title's words are looked for; set by hand."""


def is_title(name: str) -> bool:
    """Return True for the name of a title."""
    return bool(_TITLE.fullmatch(re.sub(r"[\W_]", "", name).lower()))


def in_head(tree: etree._Element, metas: Metas, data: str | None) -> Iterator[Found[str]]:
    """Yield the titles that head and structured data give, as written."""
    element = next((squeeze(text_of(node)) for node in tree.iter("title")), "")
    others = dict.fromkeys(name for name, _ in metas.entries if is_title(name))
    found = (
        Found(element, "title element") if element else None,
        metas.own("articletitle"),
        metas.first("og:title", "twitter:title"),
        metas.first("headline", "dc.title", "dcterms.title", "title", *others),
        Found(squeeze(data), "structured data") if data else None,
    )
    for each in found:
        if each and (value := squeeze(_TAG.sub(" ", each.value))):
            yield Found(value, each.rule)
    yield from _pictured(tree)


def in_values(values: Iterable[tuple[str, str]], blocks: Sequence[Block]) -> Iterator[Found[str]]:
    """Yield the titles among named values that fit a text.

    A title and its story share words; `blocks` are the story's.
    """
    text = ""
    for name, written in values:
        value = squeeze(_TAG.sub(" ", written)) if is_title(name) else ""
        if not 0 < len(value) <= _LONGEST or not reaches([value], _SHORT):
            continue
        text = text or " ".join(block.text for block in blocks)[:_OPENING].lower()
        words = {match[1] or match[2].lower() for match in _WORD.finditer(value)}
        if sum(word in text for word in words) >= _SHARED:
            yield Found(value, f"value {name}")


def _pictured(tree: etree._Element) -> Iterator[Found[str]]:
    """Yield the headings that a picture shows, by its other text."""
    for node in tree.iter("h1", "h2"):
        names = [squeeze(picture.get("alt") or "") for picture in node.iter("img")]
        if len(names) != 1 or len(names[0]) < _SHORT:
            continue
        if not squeeze(text_of(node)) and not _leads(node):
            yield Found(names[0], "picture of the headline")


def _leads(node: etree._Element) -> bool:
    """Return True for a heading in a link, or with one."""
    return any(True for _ in node.iter("a")) or any(True for _ in node.iterancestors("a"))
