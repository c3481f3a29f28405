"""Region of a page with the article's text.

A family's rules find it, or comments of the publishing system, or the general reader.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from crawler.city import Source
from crawler.cms import FAMILIES
from crawler.cms.family import Rules
from crawler.extract import lines
from crawler.extract.blocks import Block, read_blocks
from crawler.extract.consensus import Opinion, agreement, ask_again, choose_blocks, voters
from crawler.extract.documents import attachments
from crawler.extract.kinds import is_listing, reaches, with_headlines
from crawler.extract.page import ParsedPage, parse
from crawler.extract.sections import with_sections

_MARKERS = tuple(
    (re.compile(rf"<!--\s*{begin}\s*-->"), re.compile(rf"<!--\s*{end}"))
    for begin, end in (
        (r"<\$\[信息内容\]>begin", r"<\$\[信息内容\]>end\s*-->"),
        (r"ZJEG_RSS\.content\.begin", r"ZJEG_RSS\.content\.end"),
        (r"(?:文章)?正文\s*(?:begin|start|开始)", r"(?:文章)?正文\s*(?:end|结束)"),
    )
)
"""Comments with which publishing systems frame the body they fill in (Hanweb and its like)."""
_PARTICULAR = re.compile(
    r"trs_|ucap|#zoom|custom_union|#pressrelease|entry-content|area-essay", re.IGNORECASE
)
ENOUGH = 24
"""Units of text from which a family's rule has found the body; set by hand, not measured."""
_TEASER, _LINE = 0.2, 60
"""Share of a page's prose that a body by the name of a family not its own has at least, and
characters of a line of prose; set by hand."""
_DOCUMENTS = 12
"""Lines below a text among which its documents are linked; set by hand, not measured."""
_CAPTION = range(4, 61)
"""Characters of a centred line between paragraphs that may be a caption; set by hand."""


@dataclass(frozen=True, slots=True)
class Region:
    """Blocks of a text with their elements and places, and the rule."""

    blocks: list[Block]
    nodes: list[etree._Element]
    places: tuple[int, int]
    rule: str
    rules: Rules | None = None
    agreement: float | None = None
    concealed: bool = False


def family_region(page: ParsedPage, source: Source | None) -> Region | None:
    """Return the body that a family's rules find, or None.

    The family that the city file names comes first, then those to which the URL's shape belongs,
    then all others: their selectors are particular enough to be tried anywhere. A body that is all
    but empty is the last resort: an empty element for the text is evidence, too.
    """
    thin: Region | None = None
    for name, rules, known in _rules_for(page, source):
        for selector in rules.body:
            if not known and not _PARTICULAR.search(selector):
                continue
            nodes = page.index.select([selector])
            if not nodes:
                continue
            node = nodes[0] if len(nodes) == 1 else max(nodes, key=_length)
            blocks = page.blocks_of(node, page.index.inside(node, rules.drop))
            if is_listing(blocks, "", general=False):
                continue
            text = Region(blocks, [node], page.places_in([node]), f"{name}: {selector}", rules)
            if reaches((block.text for block in blocks), ENOUGH) and (
                known or _is_most(page, blocks)
            ):
                return text
            if known and thin is None:
                thin = text
    return thin


def _is_most(page: ParsedPage, blocks: Sequence[Block]) -> bool:
    """Return True unless a page has far more prose outside some blocks.

    Themes of other systems give a teaser the name of a body.
    """
    within = sum(map(_prose, blocks))
    return within >= _TEASER * sum(map(_prose, page.blocks))


def _prose(block: Block) -> int:
    return len(block.text) if len(block.text) >= _LINE and not block.linked else 0


def _rules_for(page: ParsedPage, source: Source | None) -> Iterator[tuple[str, Rules, bool]]:
    """Yield the rules to try, each with its family's name and claim.

    The claim is True if the family is known to be the page's own. Of a family with several
    generations of templates, those that were in use on the day the page was served come first: an
    archive may span a redesign.
    """
    own = [source.cms] if source else []
    own += [name for name, family in FAMILIES.items() if family.is_own_article(page.url)]
    served = page.served
    for name in dict.fromkeys([*own, *FAMILIES]):
        for rules in FAMILIES[name].rules_on(served):
            yield name, rules, name in own


def marked_region(page: ParsedPage) -> Region | None:
    """Return the body framed by a publishing system's comments."""
    if "<!--" not in page.html:
        return None
    for begin, end in _MARKERS:
        # Sought one after the other: one pattern for both takes the square of the page's length.
        opened = begin.search(page.html)
        closed = end.search(page.html, opened.end()) if opened else None
        framed = page.html[opened.end() : closed.start()] if opened and closed else ""
        if framed.strip():
            node = parse(f"<html><body><div>{framed}</div></body></html>")
            blocks = read_blocks(node, frozenset())
            if reaches((block.text for block in blocks), ENOUGH):
                places = page.places_of([block.text for block in blocks])
                return Region(blocks, [node], places, "comments around the body")
    return None


def general_region(page: ParsedPage, opinions: tuple[Opinion, ...]) -> Region:
    texts = voters(opinions)
    chosen = with_sections(
        page.blocks,
        choose_blocks(page.blocks, opinions, page.apart),
        texts,
        page.apart,
        lambda: ask_again(page.markup, page.chinese, texts),
    )
    chosen = with_headlines(page.blocks, chosen)
    places = (chosen[0], chosen[-1] + 1) if chosen else (0, 0)
    kept = set(chosen)
    blocks = [
        block if place in kept else block._replace(kind="caption")
        for place, block in enumerate(page.blocks[: places[1]])
        # What the extractors pass over in the middle of a text, set in the middle, is a caption.
        if place in kept or (place > places[0] and block.centred and _may_be_caption(block))
    ]
    last = page.blocks[_last_document(page, places[1]) - 1].node if blocks else None
    nodes = page.around(blocks[0].node, last) if last is not None else []
    return Region(blocks, nodes, places, "consensus", None, agreement(opinions))


def _last_document(page: ParsedPage, end: int) -> int:
    """Return the end of the lines below a text that link documents."""
    for place in range(end, min(end + _DOCUMENTS, len(page.blocks))):
        block = page.blocks[place]
        links = [block.node] if block.linked and block.node.tag != "body" else []
        if attachments(links, page.base):
            end = place + 1
        elif not lines.is_attachment_label(block.text):
            break
    return end


def _may_be_caption(block: Block) -> bool:
    return len(block.text) in _CAPTION and not block.linked and not lines.is_furniture(block.text)


def _length(node: etree._Element) -> int:
    return sum(len(text.strip()) for text in node.itertext())
