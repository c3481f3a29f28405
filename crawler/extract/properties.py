"""Boxes of an official document's properties: 索引号, 发文字号, 成文日期.

A box is a table, a list or lines. Its entries are lines, rows of several, or labels with their
values below them.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from crawler.extract import lines
from crawler.extract.blocks import SEPARATOR, Block, pieces, squeeze
from crawler.phrases import alternatives

_FEWEST = 2
"""Fewest entries of an official document that make a box; set by hand, not measured."""
_TITLE = range(4, 300)
"""Characters of a headline among properties; set by hand, not measured."""
_COLON = re.compile(r"[:：]")
_HEADLINE = re.compile(alternatives("crawler.extract/labels.tsv", "headline"), re.IGNORECASE)


def boxes(blocks: Sequence[Block]) -> Iterator[range]:
    """Yield the places of each box of properties."""
    place = 0
    while place < len(blocks):
        start, known = place, 0
        while place < len(blocks) and (length := _entry(blocks, place)):
            known += sum(lines.is_catalogue(f"{piece}:") for piece in pieces(blocks[place]))
            place += length
        if known >= _FEWEST:
            yield range(start, place)
        place += place == start


def _entry(blocks: Sequence[Block], place: int) -> int:
    """Return the length in lines of an entry, or 0."""
    text = blocks[place].text
    if lines.is_label(text):
        # A value may be missing.
        valued = place + 1 < len(blocks) and not _begins(blocks[place + 1].text)
        return 1 + valued
    return int(lines.is_property(text))


def _begins(text: str) -> bool:
    return lines.is_label(text) or lines.is_property(text)


def pieces_of(blocks: Sequence[Block], box: range) -> str:
    """Return the properties of a box as the pieces of one line."""
    parts: list[str] = []
    for place in box:
        parts.append(blocks[place].pieces.strip())
        if lines.is_label(blocks[place].text):
            parts[-1] = parts[-1].rstrip(f" :：{SEPARATOR}") + "："
            continue
        parts.append(SEPARATOR)
    return "".join(parts)


def headline(blocks: Sequence[Block]) -> str | None:
    """Return the headline that a box gives among its properties."""
    for box in boxes(blocks):
        parts = [squeeze(part) for part in pieces_of(blocks, box).split(SEPARATOR)]
        parts = [part for part in parts if part]
        for label, value in [*(_halves(part) for part in parts), *pairwise(parts)]:
            if _HEADLINE.fullmatch(label.rstrip(":： ")) and len(value) in _TITLE:
                return value
    return None


def _halves(part: str) -> tuple[str, str]:
    label, _, value = _COLON.sub("\0", part, count=1).partition("\0")
    return label.strip(), value.strip()
