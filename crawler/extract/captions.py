"""Caption lines: descriptions of pictures and photographers' credits.

They are stored apart from the text. Few pages mark them up. A photographer's credit is known by its
words; other lines only by their place: beside a picture, set in the middle.
"""

import re
from collections.abc import Sequence

from crawler.extract.blocks import Block, bare
from crawler.script import HAN

_PHOTO_CREDIT = re.compile(
    r"(?:[(（【\[][^()（）【】\[\]]{2,30}(?<![拍航实])[摄攝][)）】\]]"
    rf"|(?:记者|记者站|通讯员|摄影队)[{HAN}·、\s]{{2,14}}(?<![拍航实])[摄攝]"
    rf"|(?<=[\s\u3000。])[{HAN}·、]{{2,12}}\s*(?<![拍航实])[摄攝]"
    rf"|[(（\s\u3000][{HAN}·、]{{2,20}}(?:供图|提供图片|资料图片?)[)）]?"
    r"|(?:网页|报道|视频|网站)截图)\s*[。)）]?$"
    r"|[\[(（](?i:(?:file )?(?:photo|image)s?)\s*(?:/|:|by\b|from\b|provided\b|courtesy\b)"
    r"[^\])）]{2,80}[\])）]\s*$"
    r"|(?:^|[.\s])(?:Photos?|Image|Picture) (?:by|courtesy of|provided by|credit:)\s[A-Z].{1,60}$",
)
_SHOWS = re.compile(
    r"^(?:图为|上图|下图|左图|右图|资料图|图片来源|图片说明|[▲△↑↓]|图\s*\d{0,2}\s*[:：]|"
    r"(?:photo|picture|image) shows\b|pictured (?:is|are|here)\b)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"^[一二三四五六七八九十]{1,3}[、.．]|^[(（][一二三四五六七八九十\d]{1,3}[)）]|"
    r"^第[一二三四五六七八九十百\d]{1,4}[章节條条]|^\d{1,2}[、.．]|[〔\[]\d{4}[〕\]]|[:：]$"
)
_HAN = re.compile(f"[{HAN}]")
_LONGEST = 300
"""Most characters of a caption that is not marked up; set by hand, not measured."""
_NEAR, _FAR = 160, 80
"""Most characters of a photographer's credit beside a picture and elsewhere; set by hand."""
_LONGEST_ZH, _LONGEST_EN = 60, 160
"""Most characters of a caption that only its place shows; set by hand, not measured."""


def marks(blocks: Sequence[Block], title: str) -> list[bool]:
    """Return for each block of a body if it is a caption.

    `title` is the headline in letters alone: repeated in the middle below a picture it is no
    caption.
    """
    found: list[bool] = []
    for place, block in enumerate(blocks):
        after = blocks[place + 1] if place + 1 < len(blocks) else None
        found.append(_is_caption(block, after, title))
    return found


def _is_caption(block: Block, after: Block | None, title: str) -> bool:
    if block.kind == "caption":
        return True
    if len(block.text) > _LONGEST or block.kind == "heading" or block.link_density > 0.5:
        return False
    beside = block.pictured or block.centred or bool(after and after.pictured)
    return _describes(block.text, beside=beside) or _is_alone_below(block, after, title)


def _describes(text: str, *, beside: bool) -> bool:
    """Return True if a line is a photographer's credit or a description.

    A description counts only `beside` a picture.
    """
    if len(text) <= (_NEAR if beside else _FAR) and _PHOTO_CREDIT.search(text):
        return True
    return beside and len(text) <= _NEAR and bool(_SHOWS.match(text))


def _is_alone_below(block: Block, after: Block | None, title: str) -> bool:
    """Return True if a short centred line follows a picture alone.

    Several centred lines are headings; a caption has its picture to itself.
    """
    text = block.text
    if not (block.pictured and block.centred) or _NUMBERED.search(text):
        return False
    if after is not None and after.centred and not after.pictured:
        return False
    limit = _LONGEST_ZH if _HAN.search(text) else _LONGEST_EN
    return len(text) <= limit and bare(text) != title
