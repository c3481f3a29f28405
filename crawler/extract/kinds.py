"""Kinds of page: reasons for a reject, and flags of articles.

Refused (a reason, see `refusals.REASONS`): listing, image_only, cover_notice, too_short. Accepted
and flagged: `digest` (several items under one headline: one article, each item's headline a line of
its own, so that an English item can be found in it as a part), `transcript` (spoken words, which
are never translated), `no_mate` (the page states that there is no other language). Bilingual pages
are split by the language step.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from crawler.extract.blocks import Block
from crawler.phrases import alternatives
from crawler.script import HAN

_RUN = re.compile(rf"([{HAN}]+)|[^\W\d_{HAN}]+")
_ATTACHED = re.compile(alternatives("crawler.extract/kinds.tsv", "attached"), re.IGNORECASE)
_NO_COUNTERPART = re.compile(
    rf"[(（\[【〔]\s*{alternatives('crawler.extract/kinds.tsv', 'one language')}\s*[)）\]】〕]|"
    rf"[-–—:：*]\s*{alternatives('crawler.extract/kinds.tsv', 'one language')}\s*$",
    re.IGNORECASE,
)
_TRANSCRIPT = re.compile(alternatives("crawler.extract/kinds.tsv", "transcript"), re.IGNORECASE)
_DIGEST = re.compile(
    r"^(?:news )?(?:in brief|briefs|digest|round-?up)\b|in brief$|"
    + alternatives("crawler.extract/kinds.tsv", "digest"),
    re.IGNORECASE,
)
_TURN = re.compile(
    rf"^[【\[(（]?(?P<who>记者|記者|媒体记者|问|問|答|主持人|网友|網友|[{HAN}]{{2,4}}(?:记者|局长|"
    r"市长|主任|發言人|发言人|司長|司长|局長)?|[QA]\d{0,2}|[A-Z][A-Za-z .'’-]{1,40})"
    r"\s*[】\])）]?\s*(?:[“\"‘「『【\[(（@][^”\"’」』】\])）:：]{1,20}[”\"’」』】\])）]?\s*)?[:：]\s*\S"
)
_ASKS = re.compile(rf"记者$|記者$|^(?:Q\d*|{alternatives('crawler.extract/kinds.tsv', 'asks')})$")
_NO_SPEAKER = re.compile(rf"^{alternatives('crawler.extract/kinds.tsv', 'no speaker')}$")
_SENTENCE = re.compile(r"^.{20,}[。！？.!?][”\"’」』）)]?$")
"""A line that is a sentence; its length is set by hand."""
_TOO_SHORT = 16
"""Units of text below which a page is no article; set by hand, not measured."""
_SHORT = 80
"""Units of text below which an article is flagged; set by hand, not measured."""
_COVER, _LONGEST_COVER = 40, 160
"""Units below which a text with documents is a notice of them, alone and if it announces them; set
by hand, not measured."""
_TURNS = 4
"""Fewest turns of a dialogue; set by hand, not measured."""
_ITEMS = 3
"""Fewest items of a digest; set by hand, not measured."""
_PARAGRAPH = 40
"""Units of text from which a line under a headline is a paragraph; set by hand, not measured."""
_TITLES = 8
"""Fewest titles of a listing; set by hand, not measured."""
_TITLE, _LONGEST_TITLE = 8, 160
"""Fewest and most characters of a linked title; set by hand, not measured."""
_PROSE = 60
"""Characters of a listing's own paragraph, units of its text; set by hand, not measured."""
_LINK, _MOSTLY_LINK, _HARDLY_LINK = 0.9, 0.5, 0.3
"""Shares of linked characters: a headline's at least, a title's at least, prose's at most."""


def units(text: str) -> int:
    """Return a text's length in Chinese characters; other words count two."""
    return sum(len(han) or 2 for han in _RUN.findall(text))


def reaches(texts: Iterable[str], least: int) -> bool:
    """Return True if the `units` of texts add up to `least`.

    Long texts are not read to their end.
    """
    total = 0
    for text in texts:
        for run in _RUN.finditer(text):
            total += len(run[1]) if run[1] else 2
            if total >= least:
                return True
    return total >= least


def reject_reason(
    text: str, blocks: Sequence[Block], *, general: bool, documents: int, pictures: int
) -> str | None:
    """Return the reason to refuse a page, or None.

    `text` is the body after cutting, `blocks` are its lines before (or those of the whole page,
    with `general`), `documents` and `pictures` the numbers of links and pictures in it.
    """
    if documents and (
        not reaches([text], _COVER)
        or (not reaches([text], _LONGEST_COVER) and _ATTACHED.search(text))
    ):
        return "cover_notice"
    if is_listing(blocks, text, general=general):
        return "listing"
    if not reaches([text], _TOO_SHORT):
        return "image_only" if pictures else "too_short"
    return None


def kind_flags(title: str, paragraphs: Sequence[str], blocks: Sequence[Block]) -> list[str]:
    """Return the flags for the kind of an article."""
    found = []
    if not reaches(paragraphs, _SHORT):
        found.append("short")
    if _NO_COUNTERPART.search(title):
        found.append("no_mate")
    if _TRANSCRIPT.search(title) or _is_dialogue(paragraphs):
        found.append("transcript")
    if _DIGEST.search(title) or has_items(blocks):
        found.append("digest")
    return found


def is_listing(blocks: Sequence[Block], text: str, *, general: bool) -> bool:
    """Return True if blocks are mostly linked titles without paragraphs.

    `text` is the body after cutting, which only a page read in `general` needs.
    """
    titles = [b for b in blocks if b.link_density > _MOSTLY_LINK and len(b.text) >= _TITLE]
    prose = [b for b in blocks if b.link_density < _HARDLY_LINK and len(b.text) >= _PROSE]
    if general:
        told = prose or _tells(blocks)
        return len(titles) >= _TITLES and (not told or not reaches([text], _PROSE))
    return len(titles) >= _TITLES and len(titles) > 2 * len(prose)


def _tells(blocks: Sequence[Block]) -> bool:
    """Return True for two sentences in a row, as no list has."""
    told = [b.link_density < _HARDLY_LINK and bool(_SENTENCE.search(b.text)) for b in blocks]
    return any(map(all, pairwise(told)))


def _is_dialogue(paragraphs: Sequence[str]) -> bool:
    """Return True if people take turns, one of them asking.

    A turn is a paragraph that begins with its speaker.
    """
    turns = [match["who"].strip() for text in paragraphs if (match := _TURN.match(text))]
    turns = [who for who in turns if not _NO_SPEAKER.match(who)]
    asked = sum(bool(_ASKS.search(who)) for who in turns)
    return (
        len(turns) >= _TURNS
        and asked >= 2
        and len(set(turns)) < len(turns)
        and any(not _ASKS.search(who) for who in turns)
    )


def with_headlines(blocks: Sequence[Block], chosen: Sequence[int]) -> list[int]:
    """Return the places of a text, a digest's with its headlines.

    Extractors leave a headline out that is a link. It belongs to the text if most paragraphs have
    one: among the paragraphs of one article such links are advertisements of others.
    """
    kept = set(chosen)
    prose = [place for place in chosen if units(blocks[place].text) >= _PARAGRAPH]
    above = [place - 1 for place in prose if place and _is_headline(blocks[place - 1])]
    if len(above) < _ITEMS or 2 * len(above) < len(prose):
        return list(chosen)
    return sorted(kept.union(above))


def has_items(blocks: Sequence[Block]) -> bool:
    """Return True if the body is several items.

    Each has a headline that is a link, and a paragraph.
    """
    items = sum(
        _is_headline(block)
        and blocks[place + 1].link_density < _HARDLY_LINK
        and units(blocks[place + 1].text) >= _PARAGRAPH
        for place, block in enumerate(blocks[:-1])
    )
    return items >= _ITEMS


def _is_headline(block: Block) -> bool:
    return block.link_density > _LINK and _TITLE <= len(block.text) <= _LONGEST_TITLE
