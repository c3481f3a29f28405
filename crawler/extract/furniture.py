"""Feet, cookie notices, menus and boxes of properties."""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import chain

from lxml import etree

from crawler.extract import properties
from crawler.extract.blocks import Block

_PARTS = r"(?:box|wrap(?:per)?|container|inner|bar|info|text|main|con(?:tent)?|area|bg|links?|\d+)"
_FOOT = re.compile(
    rf"(?:[a-z]{{1,12}}[-_]?)?(?:foot(?:er|s)?|copyright|copy-right)(?:[-_]?{_PARTS})*|"
    rf"(?:page|site|web)?[-_]?bottom(?:[-_]?{_PARTS})*|"
    r"(?:[a-z]{1,12}[-_])?(?:cookies?|gdpr|consent)(?:[-_][a-z]+)*",
    re.IGNORECASE,
)
_MENU = re.compile(
    rf"(?:[a-z]{{1,12}}[-_]?)?(?:nav(?:bar|igation)?|menu|breadcrumbs?)(?:[-_]?{_PARTS})*",
    re.IGNORECASE,
)
_LINKED = 0.5
"""Share of linked characters above which a line of a menu is a part of it; set by hand."""
_MOST = 0.3
"""Share of a page's characters above which an element is not its foot; set by hand."""


def places_apart(blocks: Sequence[Block], elements: Sequence[etree._Element]) -> Collection[int]:
    """Return the places of feet, notices, menus and boxes of properties.

    An element with a headline, or with much of the page's text, is none of them.
    """
    feet: set[etree._Element] = set()
    menus: set[etree._Element] = set()
    for node in elements:
        if node not in feet and _is_foot(node):
            feet.update(node.iter())
        elif node not in menus and _is_menu(node):
            menus.update(node.iter())
    apart = [place for place, block in enumerate(blocks) if block.node in feet]
    if sum(len(blocks[place].text) for place in apart) > _MOST * sum(len(b.text) for b in blocks):
        apart = list(_at_the_end(blocks, apart))
    linked = (
        place
        for place, block in enumerate(blocks)
        if block.link_density > _LINKED and block.node in menus
    )
    return {*apart, *linked, *chain.from_iterable(properties.boxes(blocks))}


def is_furniture(node: etree._Element) -> bool:
    """Return True for a foot, cookie notice or menu."""
    return _is_foot(node) or _is_menu(node)


def _at_the_end(blocks: Sequence[Block], apart: Sequence[int]) -> Iterator[int]:
    """Yield the places of last lines as far as all are apart."""
    for place, last in zip(reversed(apart), range(len(blocks) - 1, -1, -1), strict=False):
        if place != last:
            return
        yield place


def _is_foot(node: etree._Element) -> bool:
    return node.tag == "footer" or "foot" in _called(node)


def _is_menu(node: etree._Element) -> bool:
    return node.tag == "nav" or "menu" in _called(node)


def _called(node: etree._Element) -> Collection[str]:
    """Return what an element's class and id name."""
    if node.tag in ("html", "body", "main", "article"):
        return ()
    mark, identity = node.get("class"), node.get("id")
    if not identity:
        return _named(mark) if mark else ()
    return _named(f"{mark or ''} {identity}")


@lru_cache(maxsize=4096)  # most elements of a page share their class with others
def _named(called: str) -> Collection[str]:
    names = called.split()
    kinds = {"foot": _FOOT, "menu": _MENU}
    return {kind for kind, pattern in kinds.items() if any(map(pattern.fullmatch, names))}
