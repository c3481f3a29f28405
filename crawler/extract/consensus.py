"""General reader: three independent extractors vote on the lines of a page.

trafilatura, readability and jusText err in different ways, so if they agree the text is right.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from lxml import etree

from crawler.extract.blocks import Block
from crawler.extract.extractors import (
    by_justext,
    by_readability,
    by_trafilatura,
    guarded,
    may_judge,
    trafilatura_at_ease,
    tree_of,
)
from crawler.limits import MAX_LINES
from crawler.script import HAN

Shingles = frozenset[int]
"""n-grams by their hashes: only ever compared within one process."""
_HAN_RUN = re.compile(rf"[{HAN}]+")
_TOKEN = re.compile(rf"[{HAN}]|[^\W{HAN}]+")
_WORD = re.compile(r"[A-Za-z]{2,}")
_KEPT = re.compile(r"\w+")
_LARGEST = 2_000_000
"""Characters of markup, scripts left out, above which a page is not asked about."""
_AGREED = 0.9
"""Likeness of the first two from which the third is not asked: its vote could change little."""
_LONG = 4
"""3-grams from which a line is found by them; fewer may occur at many places."""
_BEGINNING = 48
"""Characters of a line that are looked at first; set by hand, not measured."""
_UNLIKE = 0.5
"""Likeness of readability to the others, as a share of theirs to each other, below which it is
wrong as a whole; set by hand, not measured."""
_ALONE = 0.05
"""Likeness below which the others have nothing of readability's text; set by hand, not measured."""
_PART = 0.5
"""Length of trafilatura's text, as a share of jusText's, up to which it is asked again, and share
of another's text that its answer must have; set by hand on one half of a set."""
_INSIDE, _FRAGMENT = 0.8, 0.4
"""Share of readability's text that trafilatura has, and of trafilatura's that readability has, from
which and below which readability found one section of several; set by hand on one half of a set."""
_PARTIAL = 0.6
"""Share of what the other two agree on below which readability found a part of the text, and most
votes decide; set by hand on one half of a set."""
_CONTAINED = 0.6
"""Share of a line's 3-grams that a text with this line has; set by hand, not measured."""
_STRAY = 2
"""Lines around the text among which short ones may belong to it; set by hand, not measured."""
_REPEATED = 3
"""Distance in lines from the text at which a repeated line is a copy; set by hand, not measured."""
_MOST_ROWS, _LINKED = 40, 0.3
"""Most rows between two paragraphs that are part of the text, and the share of linked characters of
a row, or of a line of a missed section, at most; set by hand, not measured."""


_FULLEST = "fullest element"
_CERTAIN = 0.98
"""Likeness of readability to the fullest element from which trafilatura is not asked."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """Text that one extractor found, and its mean likeness to the others.

    The likeness is 0-1.
    """

    name: str
    text: str
    likeness: float


def ask_extractors(
    html: str, chinese: bool, lines: int, *, own: str = "", every: bool = False
) -> tuple[Opinion, ...]:
    """Return the extractors' opinions of a page, the most agreed first.

    `chinese` decides the form of their input, `lines` is the number of blocks, `own` the text of
    the fullest element: where readability finds the same, it stands for trafilatura, which is asked
    only with `every`. jusText is asked if the first two disagree, or with `every`. An extractor
    that fails, or would take too long, gives an empty text. A page beyond reason gives no opinion
    at all.
    """
    if len(html) > _LARGEST or lines > MAX_LINES:
        return ()
    tree = tree_of(html)
    texts = {"readability": guarded(by_readability, tree, chinese)}
    if likeness(shingles(own), shingles(texts["readability"])) >= _CERTAIN:
        texts[_FULLEST] = own
    if every or _FULLEST not in texts:
        texts["trafilatura"] = guarded(by_trafilatura, tree, chinese)
    if (every or not _agreed(texts)) and may_judge(html):
        texts["justext"] = guarded(by_justext, tree, chinese)
    grams = {name: shingles(text) for name, text in texts.items()}
    if _FULLEST not in texts and len(grams["trafilatura"]) <= _PART * len(grams.get("justext", ())):
        # Asked for precision, it gives up on pages of many sections; asked again, it does not.
        again = guarded(trafilatura_at_ease, tree, chinese)
        if _agrees_with_one(shingles(again), grams):
            texts["trafilatura"], grams["trafilatura"] = again, shingles(again)
    rated = []
    for name, text in texts.items():
        others = [likeness(grams[name], grams[other]) for other in texts if other != name]
        rated.append(Opinion(name, text, round(sum(others) / len(others), 4)))
    return tuple(sorted(rated, key=lambda opinion: -opinion.likeness))


def ask_again(html: str, chinese: bool, asked: Collection[str]) -> dict[str, str]:
    """Return trafilatura's answer for `recall`, and jusText's unless asked."""
    tree = tree_of(html)
    texts = {"recall": guarded(trafilatura_at_ease, tree, chinese)}
    if "justext" not in asked and may_judge(html):
        texts["justext"] = guarded(by_justext, tree, chinese)
    return texts


def _agrees_with_one(text: Shingles, grams: Mapping[str, Shingles]) -> bool:
    """Return True if a text has most of what another extractor found."""
    return any(len(text & other) > _PART * len(other) > 0 for other in grams.values())


def agreement(opinions: Sequence[Opinion]) -> float:
    """Return the agreement of the extractors, 0-1.

    Of trafilatura and readability if they agree, else the best mean likeness.
    """
    texts = {opinion.name: opinion.text for opinion in opinions}
    if _agreed(texts):
        both = likeness(shingles(_first_of(texts)), shingles(texts["readability"]))
        return round(both, 4)
    return max(opinion.likeness for opinion in opinions)


def choose_blocks(
    blocks: Sequence[Block], opinions: Sequence[Opinion], apart: Collection[int] = ()
) -> list[int]:
    """Return the places of the blocks that the extractors together accept.

    Lines at the places `apart` are the site's, not the text's.

    readability finds one subtree, so it seldom gathers strays but is wrong as a whole when it is
    wrong; the other two judge line by line. So a line of readability counts if one of the others
    has it, too; if it has only a part of what the others share, a line of these two counts as well,
    and between the lines chosen one of trafilatura alone; and if readability is unlike both and
    they are alike, the lines that these two share. A lone opinion counts if there is no other. If
    the first two agree, jusText has no vote, so that asking it makes no difference.
    """
    texts = {opinion.name: opinion.text for opinion in opinions}
    third = "" if _agreed(texts) else texts.get("justext", "")
    main = ExtractedText(texts["readability"])
    others = (ExtractedText(_first_of(texts)), ExtractedText(third))
    shared = max(likeness(main.shingles, other.shingles) for other in others)
    together = likeness(others[0].shingles, others[1].shingles)

    lines = [Line(block.text) for block in blocks]
    others_share = others[0].shingles & others[1].shingles
    partial = len(main.shingles & others_share) < _PARTIAL * len(others_share)
    fragment = main.is_fragment_of(others[0]) and (not third or others[1].is_fragment_of(others[0]))

    def accepted(line: Line) -> bool:
        whole = main.contains(line)
        first, second = (other.contains(line) for other in others)
        if not shared and not together:
            return whole or first or second
        if not main.shingles:
            return first
        if shared < _UNLIKE * together:
            return first and second
        if fragment:
            return first
        if shared < _ALONE:
            return whole
        if partial:
            return whole + first + second > 1
        return whole and (first or second)

    marks = [place not in apart and accepted(line) for place, line in enumerate(lines)]
    core = [place for place, mark in enumerate(marks) if mark and lines[place].long]
    if not core:
        return [place for place, mark in enumerate(marks) if mark]
    chosen = _compact(lines, core)
    low, high = min(chosen), max(chosen)
    for place in range(max(0, low - _STRAY), min(len(lines), high + _STRAY + 1)):
        if marks[place] and not lines[place].long:
            chosen.add(place)
    for place in range(low + 1, high):
        # A short line inside the text that only readability saw: a subheading, a speaker's name.
        if place - 1 in chosen and place + 1 in chosen and main.contains(lines[place]):
            chosen.add(place)
    if partial:
        chosen.update(_sections_between(blocks, lines, sorted(chosen), others[0], apart))
    chosen.update(_rows_between(blocks, sorted(chosen)))
    chosen.update(_heading_above(blocks, sorted(chosen), main, lines))
    chosen.update(_rows_below(blocks, max(chosen), apart))
    return sorted(chosen)


def _heading_above(
    blocks: Sequence[Block], chosen: Sequence[int], found: "ExtractedText", lines: Sequence["Line"]
) -> Iterator[int]:
    """Yield the place of the first section's heading, above its paragraph.

    It is a sibling of the paragraph, and like that of another section.
    """
    above, first = chosen[0] - 1, chosen[0]
    if above < 0 or blocks[above].kind != "heading" or blocks[above].link_density > _LINKED:
        return
    node = blocks[above].node
    others = (blocks[place].node for place in chosen if blocks[place].kind == "heading")
    beside = node.getparent() is blocks[first].node.getparent() and found.contains(lines[above])
    if beside and any(other.tag == node.tag and other is not node for other in others):
        yield above


def _rows_below(blocks: Sequence[Block], last: int, apart: Collection[int]) -> Iterator[int]:
    """Yield the places of a table or list that ends a text.

    It is a sibling of the last paragraph, in an element that is not the whole page.
    """
    around = blocks[last].node.getparent()
    if blocks[last].kind not in ("text", "item") or around is None or around.tag == "body":
        return
    for place in range(last + 1, min(last + 1 + _MOST_ROWS, len(blocks))):
        row = blocks[place]
        if row.kind not in ("cell", "item") or row.link_density > _LINKED or place in apart:
            return
        rows = next(row.node.iterancestors("table", "ul", "ol", "dl"), None)
        if rows is None or rows.getparent() is not around:
            return
        yield place


def _sections_between(
    blocks: Sequence[Block],
    lines: Sequence["Line"],
    chosen: Sequence[int],
    found: "ExtractedText",
    apart: Collection[int],
) -> Iterator[int]:
    """Yield the places of lines between others that one extractor found.

    Of a text in many sections the others miss some. Links are not looked at, nor repetitions.
    """
    known = {lines[place].bare for place in chosen}
    for place in range(chosen[0], chosen[-1]):
        plain = place not in apart and blocks[place].link_density <= _LINKED
        if plain and lines[place].bare not in known and found.contains(lines[place]):
            known.add(lines[place].bare)
            yield place


def _rows_between(blocks: Sequence[Block], chosen: Sequence[int]) -> Iterator[int]:
    """Yield the places of tables and lists between paragraphs.

    Extractors pass over short rows. A table among the paragraphs, in the element that has them, is
    part of the text: a box of something else has an element of its own.
    """
    for before, after in pairwise(chosen):
        run = range(before + 1, after)
        if not 0 < len(run) <= _MOST_ROWS:
            continue
        rows = [blocks[place] for place in run]
        if any(row.kind not in ("cell", "item") or row.link_density > _LINKED for row in rows):
            continue
        around = {_place_of_rows(row.node) for row in rows}
        ends = (blocks[before].node, blocks[after].node)
        if any(next(row.node.iterancestors("form"), None) is not None for row in rows):
            continue
        if None not in around and all(
            place in node.iterancestors() or place is node for place in around for node in ends
        ):
            yield from run


def _place_of_rows(node: etree._Element) -> etree._Element | None:
    """Return the element around a row's table or list, or None."""
    rows = next(node.iterancestors("table", "ul", "ol", "dl"), None)
    around = rows.getparent() if rows is not None else None
    while around is not None and len(around) == 1 and not (around.text or "").strip():
        around = around.getparent()
    return around


class Line:
    """A block as it is compared: its letters alone, and its 3-grams."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.bare = _bare(text)

    @cached_property
    def grams(self) -> Shingles:
        """The 3-grams of the line."""
        return _trigrams(self.text)

    @cached_property
    def long(self) -> bool:
        """True if a line has enough 3-grams to be found by them."""
        # Mostly its beginning shows it; the last word of that may be cut.
        first = _TOKEN.findall(self.text[:_BEGINNING].lower())[:-1]
        return len(_grams_of(first)) >= _LONG or len(self.grams) >= _LONG


class ExtractedText:
    """Text of one extractor, indexed for look-ups of the page's lines."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.shingles = shingles(text)
        self.lines = {_bare(line) for line in text.splitlines()}

    @cached_property
    def grams(self) -> Shingles:
        """The 3-grams of the text."""
        return _trigrams(self.text)

    def is_fragment_of(self, other: "ExtractedText") -> bool:
        """Return True for a text that is a small part of another."""
        both = len(self.shingles & other.shingles)
        return both > _INSIDE * len(self.shingles) and both < _FRAGMENT * len(other.shingles)

    def contains(self, line: Line) -> bool:
        """Return True if the text contains a line.

        Of a long line most 3-grams must be there, a short one must be a line.
        """
        if line.bare in self.lines:
            return True
        if line.long:
            return len(line.grams & self.grams) > _CONTAINED * len(line.grams)
        return bool(line.grams) and line.grams <= self.grams


def _compact(lines: Sequence[Line], core: Sequence[int]) -> set[int]:
    """Return `core` without distant repetitions.

    Pages show a headline or a whole story twice, for telephones or in a box of related news. The
    copy nearest to the middle of the text counts.
    """
    half = sum(len(lines[place].bare) for place in core) / 2
    middle, passed = core[0], 0
    for place in core:
        passed += len(lines[place].bare)
        if passed >= half:
            middle = place
            break
    chosen: set[int] = set()
    seen: set[str] = set()
    low = high = middle
    for place in sorted(core, key=lambda at: abs(at - middle)):
        key = lines[place].bare
        if key in seen and min(abs(place - low), abs(place - high)) > _REPEATED:
            continue
        seen.add(key)
        chosen.add(place)
        low, high = min(low, place), max(high, place)
    return chosen


def _trigrams(text: str) -> Shingles:
    return _grams_of(_tokens(text))


def _grams_of(tokens: Sequence[str]) -> Shingles:
    return frozenset(map(hash, zip(tokens, tokens[1:], tokens[2:], strict=False)))


def _bare(text: str) -> str:
    return "".join(_KEPT.findall(text)).lower()


@lru_cache(maxsize=8)
def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text.lower())


def voters(opinions: Sequence[Opinion]) -> dict[str, str]:
    """Return the texts that decide, by name, whoever else was asked."""
    texts = {opinion.name: opinion.text for opinion in opinions}
    if _FULLEST in texts:
        texts.pop("trafilatura", None)
    return texts


def _first_of(texts: Mapping[str, str]) -> str:
    """Return the text that is compared with readability's."""
    return texts[_FULLEST] if _FULLEST in texts else texts["trafilatura"]


def _agreed(texts: Mapping[str, str]) -> bool:
    """Return True if trafilatura and readability make a third vote idle."""
    first, second = shingles(_first_of(texts)), shingles(texts["readability"])
    return likeness(first, second) >= _AGREED


def is_chinese(text: str) -> bool:
    """Return True if a text has more Chinese than English.

    Two Han characters count as one word.
    """
    return 2 * sum(map(len, _HAN_RUN.findall(text))) > len(_WORD.findall(text))


@lru_cache(maxsize=8)
def shingles(text: str) -> Shingles:
    """Return hashes of a text's 4-grams, each Han character a token."""
    tokens = _tokens(text)
    if len(tokens) < 4:
        return frozenset([hash(tuple(tokens))] if tokens else ())
    return frozenset(map(hash, zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False)))


@lru_cache(maxsize=16)
def likeness(a: Shingles, b: Shingles) -> float:
    """Return the F1 of two sets of shingles.

    0 if either is empty.
    """
    if not a or not b:
        return 0.0
    return 2 * len(a & b) / (len(a) + len(b))
