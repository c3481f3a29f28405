"""Elements that swallow a page because nobody wrote their end.

A parser closes them where the page ends, and what readers of pages leave out then takes the article
along: a browser shows it.
"""

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree

from crawler.extract.blocks import text_of
from crawler.extract.furniture import is_furniture

_CONTROLS = (
    *("button", "object", "embed", "map", "applet", "svg", "math"),
    *("video", "audio", "canvas", "picture"),
)
_HOLDING = ("noscript", "select")
"""Elements that hold much themselves: they swallow only without an end."""
_PARTS = ("footer", "nav", "aside", "div", "section", "ul")
"""Elements that may be furniture."""
_MOST = 40
"""Such elements, lines in one and pieces of a line that are looked at: it bounds the time."""
_LONGEST_CONTROL, _LONGEST_OPEN = 200, 60
"""Characters in the lines of a control, or of what is shown in place of a film, and of one whose
end nobody wrote; set by hand."""
_SENTENCE = re.compile(r"[。！？!?.][”\"’」』]?\s*$")
_FEWEST = 2
"""Sentences in lines of their own that feet and menus lack; set by hand."""
_SHARE = 0.5
"""Share of the page's text outside links from which an element is no foot; set by hand."""


def free_swallowed(tree: etree._Element, html: str) -> None:
    """Make plain elements of those that have a page's text.

    `html` is the page as written: it shows if an end is missing.
    """
    written = html.lower()
    holding = [tag for tag in _HOLDING if _is_open(tag, written)]
    for node in list(islice(tree.iter(*_CONTROLS, *holding), _MOST)):
        limit = _LONGEST_OPEN if _is_open(str(node.tag), written) else _LONGEST_CONTROL
        if _length_of_lines(node) > limit:
            node.tag = "div"
    # Most pages have two or three of these elements, and to look for one in a tree takes no time.
    present = (tag for tag in _PARTS if next(tree.iter(tag), None) is not None)
    opened = [tag for tag in present if _is_open(tag, written)]
    furniture = filter(is_furniture, tree.iter(*opened) if opened else ())
    for node in list(islice(furniture, _MOST)):
        if _has_story(node) and _unlinked(node) > _SHARE * _unlinked(tree):
            node.tag = "div"
            for name in ("class", "id"):
                node.attrib.pop(name, None)


def _is_open(tag: str, written: str) -> bool:
    """Return True if an element lacks an end as written."""
    return written.count(f"<{tag}") > written.count(f"</{tag}")


def _length_of_lines(node: etree._Element) -> int:
    length = 0
    for block in islice(node.iter("p", "div", "td", "li", "h1", "h2"), _MOST):
        length += len(block.text or "")
        length += sum(len(inner.tail or "") for inner in islice(block, _MOST))
    return length


def _unlinked(node: etree._Element) -> int:
    """Return the characters of an element outside links."""
    linked = sum(len(text_of(link).strip()) for link in node.iter("a"))
    return sum(len(text.strip()) for text in _shown(node)) - linked


def _shown(node: etree._Element) -> Iterator[str]:
    for inner in node.iter():
        if inner.tag not in ("script", "style"):
            yield inner.text or ""
        if inner is not node:
            yield inner.tail or ""


def _has_story(node: etree._Element) -> bool:
    """Return True for an element with a headline, or with sentences."""
    if any(text_of(heading).strip() for heading in islice(node.iter("h1", "h2"), _MOST)):
        return True
    lines = (text_of(line).strip() for line in islice(node.iter("p"), _MOST))
    return sum(bool(_SENTENCE.search(line)) for line in lines) >= _FEWEST
