"""Texts of many sections, of which votes of extractors find only some.

A page of news has one story, and what one extractor alone finds beside it is mostly not the story.
A guide or documentation has many sections under headings, and an answer that has all of the text
found, and much more, is the better one.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from crawler.extract.blocks import Block, bare
from crawler.extract.consensus import ExtractedText, Line, shingles

_FEWEST = 3
"""Fewest headings of a text in sections; set by hand on one half of a set."""
_MORE = 0.15
"""Characters that an answer adds at least, as a share of the text; set by hand on one half."""
_HAS = 0.9
"""Share of the text found that an answer must have; set by hand, not measured."""
_VOTES = 0.5
"""Share of added characters that another extractor found, too; set by hand on one half of a set."""
_PROSE = 60
"""Characters from which a line is a paragraph of prose; set by hand, not measured."""
_LINKED = 0.3
"""Share of linked characters of a line of text at most; set by hand, not measured."""


def with_sections(
    blocks: Sequence[Block],
    chosen: Sequence[int],
    texts: Mapping[str, str],
    apart: Collection[int],
    ask: Callable[[], Mapping[str, str]],
) -> list[int]:
    """Return a text's places, with sections that the votes missed.

    `texts` are the extractors' answers by name. Only where the page has headings and prose enough
    does `ask` return more of them: `recall`, and those not asked yet.
    """
    known = {bare(blocks[place].text) for place in chosen}
    others = [
        place
        for place, block in enumerate(blocks)
        if place not in apart and block.link_density <= _LINKED and bare(block.text) not in known
    ]
    prose = sum(len(blocks[place].text) for place in others if len(blocks[place].text) >= _PROSE)
    have = sum(len(blocks[place].text) for place in chosen)
    if not chosen or prose < _MORE * have or _headings(blocks, [*chosen, *others]) < _FEWEST:
        return list(chosen)
    text = shingles("\n".join(blocks[place].text for place in chosen))

    def added(answer: ExtractedText) -> list[int]:
        """Return the places that a better answer adds."""
        found = [place for place in others if answer.contains(Line(blocks[place].text))]
        once = list({bare(blocks[place].text): place for place in reversed(found)}.values())
        more = sum(len(blocks[place].text) for place in once)
        whole = len(text & answer.shingles) >= _HAS * len(text) > 0
        sections = _headings(blocks, [*chosen, *once]) >= _FEWEST
        return once if whole and sections and more >= _MORE * have else []

    more = added(ExtractedText(texts.get("trafilatura", "")))
    if not more:
        texts = {**texts, **ask()}
        more = added(ExtractedText(texts.get("recall", "")))
        rest = [ExtractedText(each) for name, each in texts.items() if name != "recall"]
        seconded = sum(
            len(blocks[place].text)
            for place in more
            if any(each.contains(Line(blocks[place].text)) for each in rest)
        )
        if seconded < _VOTES * sum(len(blocks[place].text) for place in more):
            more = []
    return sorted({*chosen, *more})


def _headings(blocks: Sequence[Block], places: Sequence[int]) -> int:
    """Return the number of headings among some lines."""
    return sum(blocks[place].kind == "heading" for place in places)
