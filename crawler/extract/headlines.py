"""Lines of a page that may be its headline."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from crawler.extract import lines
from crawler.extract.blocks import Block, bare, read_blocks
from crawler.extract.fields import Found
from crawler.extract.headings import tidied
from crawler.extract.kinds import reaches
from crawler.extract.site_names import Names, is_name, without_site
from crawler.script import HAN

_KICKER = re.compile(
    r"sub|pre|kick|shoulder|yinti|futi|fubiaoti|zhuti|introtitle|deck|bt2|ft", re.I
)
_MARK = re.compile(
    r"(?:^|[-_\s])(?:(?:article|news|content|info|detail|post|main|page|entry|show|txt|text|con|xl|"
    r"big|arti|wz|nr)?[-_]?(?:tit(?:le)?s?|headline|bt|biaoti|subject))(?:$|[-_\s\d])",
    re.I,
)
"""Classes and ids of a headline, of whatever system."""
_OUTSIDE = frozenset(("nav", "aside", "footer"))
_HEADINGS = {"h1": 3.0, "h2": 2.5, "h3": 1.5, "h4": 1.2}
_MARKED = 2.0
"""Weight of a line as headline by its tag, or by its class; set by hand, not measured."""
_SHOWN, _SUBTITLE = range(4, 461), range(4, 81)
"""Characters of a line that may be the title, and of a kicker or subtitle; set by hand. Hong Kong's
longest headlines have 280."""
_LINKED_COST, _HEADING_GAIN = 0.6, 1.25
"""Weight that a headline loses as a link, and gains as a heading; set by hand, not measured."""
_LEAST_SHOWN = 0.3
"""Share of the head's title below which a line shows only site or section; set by hand."""
_MOST_LINES = 4
"""Most lines of one headline; set by hand, not measured."""
_PART = 2
"""Fewest letters of a line that is part of a headline; set by hand, not measured."""
ABOVE, INTO = 14, 3
"""Lines above the text, and of its own first ones, that may be the headline; set by hand."""
_SHORT, _SHORT_COST = 8, 1.0
"""Units of text below which a line rather names a column or place, and its weight less; set by
hand, not measured."""
_FAR = 0.1
"""Weight that a line loses for each line between it and the text; set by hand, not measured."""


@dataclass(frozen=True, slots=True)
class Line:
    """Line, or lines of one headline, that the page shows."""

    text: str
    node: etree._Element
    place: int
    heading: bool
    link_density: float
    joined: bool = False


def echo_of(heads: Sequence[str], blocks: Sequence[Block], names: Names) -> Line | None:
    """Return the lines of a page that repeat its head most fully."""
    best: Line | None = None
    score = 0.0
    keys = [bare(head) for head in heads]
    together = "\n".join(keys)
    stripped = [bare(without_site(head, Names(names.metas))) for head in heads]
    for place, block in enumerate(blocks if heads else ()):
        if len(block.text) > _SHOWN[-1] or bare(block.text) not in together:
            continue
        line = _grown(blocks, place, stripped)
        if len(line.text) not in _SHOWN or is_name(line.text, names):
            continue
        value = len(bare(line.text)) * (1.0 - _LINKED_COST * min(1.0, line.link_density))
        value *= _HEADING_GAIN if line.heading else 1.0
        if value > score:
            best, score = line, value
    if best is None:
        return None
    if len(bare(best.text)) < _LEAST_SHOWN * len(keys[0]):
        # Only the site's name or a section was found, unless the head itself is mostly site.
        return best if best.heading else None
    return _spelled(best, heads) if best.joined else best


def line_above(blocks: Sequence[Block], start: int, names: Names) -> Line | None:
    """Return the likeliest headline just above the text."""
    best: tuple[float, Line] | None = None
    for line in runs(blocks, start):
        weight = _HEADINGS.get(_heading_tag(line.node), 0.0)
        if not weight and _MARK.search(_mark(line.node)):
            weight = _MARKED
        if not weight or len(line.text) not in _SHOWN or is_name(line.text, names):
            continue
        if _is_outside(line.node):
            continue
        if lines.is_furniture(line.text) or lines.is_property(line.text):
            continue
        if line.link_density * len(line.text) > 1:
            continue
        weight -= _FAR * abs(start - line.place)
        weight -= 0 if reaches([line.text], _SHORT) else _SHORT_COST
        if best is None or weight > best[0]:
            best = (weight, line)
    return best[1] if best else _above_date(blocks, start, names)


def _above_date(blocks: Sequence[Block], start: int, names: Names) -> Line | None:
    """Return the plain line directly above the line of date and source."""
    for place in range(max(start - INTO, 1), min(start + INTO, len(blocks))):
        if not lines.is_meta_line(blocks[place].text, lines.read_line(blocks[place].pieces)):
            continue
        block = blocks[place - 1]
        text = block.text
        if len(text) not in _SUBTITLE or block.linked or lines.is_furniture(text):
            return None
        if is_name(text, names) or lines.is_property(text) or re.search(r"[。；;！]$", text):
            return None
        return Line(text, block.node, place - 1, False, 0.0)
    return None


def _is_outside(node: etree._Element) -> bool:
    """Return True in navigation, a side column, foot or head."""
    around = [str(outer.tag) for outer in node.iterancestors()]
    if "header" in around and not {"article", "main"}.intersection(around):
        return True
    return not _OUTSIDE.isdisjoint(around)


def runs(blocks: Sequence[Block], start: int) -> Iterator[Line]:
    """Yield the lines and headings around the start of the text."""
    place, end = max(0, start - ABOVE), min(len(blocks), start + INTO)
    while place < end:
        last = place
        owner = _owner(blocks[place].node)
        while owner is not None and last + 1 < len(blocks) and last - place < _MOST_LINES:
            if _owner(blocks[last + 1].node) is not owner or _has_fields(blocks[last + 1]):
                break
            last += 1
        run = blocks[place : last + 1]
        linked = sum(block.linked for block in run)
        text = _joined([block.text for block in run])
        node = owner if owner is not None else blocks[place].node
        yield Line(text, node, place, run[0].kind == "heading", linked / max(1, len(text)))
        place = last + 1


def _has_fields(block: Block) -> bool:
    found = lines.read_line(block.pieces)
    return lines.is_furniture(block.text) or bool(found.bare or found.published or found.source)


def _owner(node: etree._Element) -> etree._Element | None:
    """Return the heading or marked element around a line."""
    marked = None
    for around in (node, *node.iterancestors()):
        if around.tag in _HEADINGS:
            return around
        if around.tag in ("body", "td", "section", "article", "main"):
            break
        if marked is None and _MARK.search(_mark(around)):
            marked = around
    return marked


def _heading_tag(node: etree._Element) -> str:
    owner = _owner(node)
    return str(owner.tag) if owner is not None else ""


def _mark(node: etree._Element) -> str:
    return f"{node.get('class') or ''} {node.get('id') or ''}"


def _grown(blocks: Sequence[Block], place: int, heads: Sequence[str]) -> Line:
    """Return a line with those that continue it in the head."""
    last, key = place, bare(blocks[place].text)
    while len(key) >= _PART and last + 1 < len(blocks) and last + 1 - place < _MOST_LINES:
        more = bare(blocks[last + 1].text)
        if len(more) < _PART or not any(key + more in head for head in heads):
            break
        key, last = key + more, last + 1
    run = blocks[place : last + 1]
    text = _joined([block.text for block in run])
    owner = _owner(run[0].node) if len(run) > 1 else None
    node = owner if owner is not None else run[0].node
    linked = sum(block.linked for block in run)
    return Line(
        text, node, place, run[0].kind == "heading", linked / max(1, len(text)), len(run) > 1
    )


def _spelled(line: Line, heads: Sequence[str]) -> Line:
    """Return a headline of several lines as the head spells it."""
    key = bare(line.text)
    for head in heads:
        for text in (head, without_site(head)):
            if bare(text) == key:
                return Line(text, line.node, line.place, line.heading, line.link_density)
    return line


def _joined(texts: Sequence[str]) -> str:
    """Return the lines of a headline as one."""
    whole = ""
    for text in texts:
        tight = bool(re.search(rf"[{HAN}\W]$", whole) and re.match(rf"[{HAN}\W]", text))
        whole += text if tight or not whole else f" {text}"
    return whole


def line_of(node: etree._Element, claims: Sequence[Found[str]]) -> Line | None:
    """Return the text of a family's title element."""
    blocks = [tidied(block) for block in read_blocks(node, frozenset())]
    if not blocks:
        return None
    kicker = any(_KICKER.search(_mark(block.node)) for block in blocks if block.node is not node)
    texts = [block.text for block in blocks]
    spaced = " ".join(texts)
    keys = {bare(without_site(claim.value)) for claim in claims}
    text = _joined(texts) if not kicker and (bare(spaced) in keys or _soft(blocks)) else spaced
    line = Line(text, node, 0, node.tag in _HEADINGS, 0.0)
    return _spelled(line, [claim.value for claim in claims]) if len(blocks) > 1 else line


def _soft(blocks: Sequence[Block]) -> bool:
    return all(block.soft for block in blocks[1:])


def with_siblings(line: Line, names: Names) -> str:
    """Return a headline with kicker and subtitle, joined by spaces."""
    node, text = line.node, line.text
    key = bare(text)
    before: list[str] = []
    after: list[str] = []
    for sibling, into in ((node.getprevious(), before), (node.getnext(), after)):
        other = sibling
        while other is not None and not isinstance(other.tag, str):
            other = other.getprevious() if into is before else other.getnext()
        if other is None or not _is_kicker(other, node):
            continue
        beside = " ".join(block.text for block in read_blocks(other, frozenset()))
        if len(beside) not in _SUBTITLE or bare(beside) in key or lines.is_furniture(beside):
            continue
        if not is_name(beside, names):
            into.append(beside)
    return " ".join([*before, text, *after])


def _is_kicker(node: etree._Element, title: etree._Element) -> bool:
    if node.tag in ("h1", "h2", "h3", "h4", "h5") and title.tag in ("h1", "h2", "h3", "h4"):
        return True
    return node.tag in ("p", "div", "span", "h3", "h4", "h5") and bool(_KICKER.search(_mark(node)))
