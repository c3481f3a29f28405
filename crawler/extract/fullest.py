"""Element of a page with nearly all of its prose.

On a page of one story whose paragraphs are siblings it is the story. It costs no parsing, so that
where an extractor finds the same no other need be asked.
"""

from collections import Counter
from collections.abc import Collection, Sequence

from lxml import etree

from crawler.extract.blocks import Block

_PROSE = 30
"""Characters from which a line without links is prose; set by hand, not measured."""
_LINKED = 0.3
"""Share of linked characters of a line of prose at most; set by hand, not measured."""
_ELSEWHERE = 0.1
"""Prose outside the element at most, as a share of that inside; set by hand on Chinese pages."""


def fullest(blocks: Sequence[Block], apart: Collection[int]) -> str:
    """Return the text of the element with a page's prose.

    Empty if much of the prose is elsewhere. Lines at the places `apart` do not count.
    """
    prose = [
        block
        for place, block in enumerate(blocks)
        if len(block.text) >= _PROSE and block.link_density <= _LINKED and place not in apart
    ]
    sizes: Counter[etree._Element] = Counter()
    for block in prose:
        around = block.node.getparent()
        if around is not None:
            sizes[around] += len(block.text)
    if not sizes:
        return ""
    best, size = sizes.most_common(1)[0]
    inside = set(best.iter())
    if sum(len(block.text) for block in prose if block.node not in inside) > _ELSEWHERE * size:
        return ""
    return "\n".join(block.text for block in blocks if block.node in inside)
