"""Headings without the buttons and counters that stand in them."""

import re

from crawler.extract.blocks import SEPARATOR, Block, squeeze
from crawler.extract.dates import moments, strip_dates
from crawler.extract.widgets import NOISE, WIDGET
from crawler.script import HAN

_BOUNDARY = re.compile(rf"\s*{SEPARATOR}[\s{SEPARATOR}]*|\s*(?=[【\[(（])")
_COUNTER = re.compile(rf"^\W*(?:{WIDGET.pattern})\s*[:：]", re.IGNORECASE)
_BADGE = re.compile(r"\W*(?:热|新|荐|顶|精|图|视频|置顶|推荐|原创|new|hot|top)\W*", re.IGNORECASE)
_NAMED = re.compile(rf"^\s*[【\[(（]\s*[{HAN}]{{2}}")
_MANY = 2
"""Buttons from which nothing but buttons is no part of a headline; set by hand."""
_MOST_PIECES = 40
"""Pieces of a heading that are looked at; set by hand."""


def tidied(block: Block) -> Block:
    """Return a heading without the buttons at its end."""
    if SEPARATOR not in block.pieces.strip(SEPARATOR) and not re.search(r"[【\[(（]", block.text):
        return block
    for count, boundary in enumerate(_BOUNDARY.finditer(block.pieces)):
        text = squeeze(block.pieces[: boundary.start()].replace(SEPARATOR, ""))
        if count >= _MOST_PIECES:
            break
        if text and _is_tools(block.pieces[boundary.end() :].replace(SEPARATOR, " "), block):
            return block._replace(text=text, pieces=block.pieces[: boundary.start()], linked=0)
    return block


def _is_tools(rest: str, block: Block) -> bool:
    """Return True for buttons and counters at a heading's end.

    A single word may belong to the headline, such as （中） for the second of three, unless it is a
    link, a counter or a longer word in brackets.
    """
    # Of a headline whose letters have elements of their own the last may be any.
    if _BADGE.fullmatch(rest) and len([*filter(str.strip, block.pieces.split(SEPARATOR))]) == 2:
        return True
    left, words = WIDGET.subn("", rest)
    if not NOISE.sub("", strip_dates(rest)) and moments(rest):
        return True
    if not words or NOISE.sub("", left):
        return False
    linked = 0 < block.linked <= len(NOISE.sub("", rest)) + 1
    return bool(words >= _MANY or linked or _COUNTER.match(rest) or _NAMED.match(rest))
