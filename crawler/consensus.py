"""The general reader: three independent extractors vote on the lines of a page.

trafilatura, readability and jusText err in different ways, so where they agree the text is right.
Chinese is fed to them so that they can count: readability weighs commas and knows only the ASCII
one, jusText's thresholds are lengths of English sentences.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import justext
import trafilatura
from lxml import etree
from readability import Document

from crawler.blocks import Block, read_blocks

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_TOKEN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\W\u3400-\u9fff\uf900-\ufaff]+")
_WORD = re.compile(r"[A-Za-z]{2,}")
_COMMA = ",\ue000"
_LARGE = 1_000_000
"""Characters of markup above which what never shows is taken out before the extractors see it."""
_MOST_JUDGED = 3_000
"""Lines above which jusText is not asked: its time grows with their square."""
_MOST_LINES = 30_000
_DEAD = re.compile(
    r"<(script|style|noscript|svg|template)\b.*?</\1\s*>|<!--.*?-->|data:[\w/+.-]+;base64,[\w+/=]+",
    re.IGNORECASE | re.DOTALL,
)
_LONG = 4
"""3-grams from which a line is told by them; fewer may stand in many places."""
_STOPWORDS = justext.get_stoplist("English")


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one extractor takes for the text, and its mean likeness to the others (0-1)."""

    name: str
    text: str
    likeness: float


def opinions(html: str, chinese: bool, lines: int) -> tuple[Opinion, ...]:
    """Return what each extractor says of a page, the one most like the others first.

    `chinese` says how to feed it, `lines` how many blocks the page has. An extractor that fails, or
    would take too long, says nothing. Nothing at all is returned for a page beyond reason. Ties go
    to the order trafilatura, readability, jusText.
    """
    if len(html) > _LARGE:
        html = _DEAD.sub("", html)
    if len(html) > 2 * _LARGE or lines > _MOST_LINES:
        return ()
    readers = {"trafilatura": _trafilatura, "readability": _readability}
    if lines <= _MOST_JUDGED:
        readers["justext"] = _justext
    said = [(name, _guarded(read, html, chinese)) for name, read in readers.items()]
    if "justext" not in readers:
        said.append(("justext", ""))
    grams = [shingles(text) for _, text in said]
    rated = [
        Opinion(
            name,
            text,
            sum(likeness(grams[place], other) for at, other in enumerate(grams) if at != place)
            / (len(said) - 1),
        )
        for place, (name, text) in enumerate(said)
    ]
    return tuple(sorted(rated, key=lambda opinion: -opinion.likeness))


def choose(blocks: Sequence[Block], said: Sequence[Opinion]) -> list[int]:
    """Return the places of the blocks of a page that the extractors together take for its text.

    readability finds one subtree, so it seldom gathers strays but is wrong as a whole when it is
    wrong; the other two judge line by line. So what readability takes counts where one of the
    others takes it too; and where readability is unlike both and they are alike, what those two
    take. A lone opinion stands if there is no other.
    """
    texts = {opinion.name: _Taken(opinion.text) for opinion in said}
    others = [texts[name] for name in ("trafilatura", "justext") if name in texts]
    main = texts["readability"]
    apart = max(likeness(main.shingles, other.shingles) for other in others)
    together = likeness(others[0].shingles, others[1].shingles)

    def kept(block: Block) -> bool:
        mine, first, second = main.holds(block), others[0].holds(block), others[1].holds(block)
        if not apart and not together:
            return mine or first or second
        if apart < 0.5 * together:
            return first and second
        if apart < 0.05:
            return mine
        return mine and (first or second)

    marks = [kept(block) for block in blocks]
    core = [place for place, mark in enumerate(marks) if mark and _is_long(blocks[place])]
    if not core:
        return [place for place, mark in enumerate(marks) if mark]
    chosen = _compact(blocks, core)
    low, high = min(chosen), max(chosen)
    for place in range(max(0, low - 2), min(len(blocks), high + 3)):
        if marks[place] and not _is_long(blocks[place]):
            chosen.add(place)
    for place in range(low + 1, high):
        # A short line inside the text that only readability saw: a subheading, a speaker's name.
        if place - 1 in chosen and place + 1 in chosen and main.holds(blocks[place]):
            chosen.add(place)
    return sorted(chosen)


class _Taken:
    """What one extractor took, ready to be asked about lines of the page."""

    def __init__(self, text: str) -> None:
        self.shingles = shingles(text)
        self.grams = _trigrams(text)
        self.lines = {_bare(line) for line in text.splitlines()}

    def holds(self, block: Block) -> bool:
        """Whether this text holds the line: most 3-grams of a long one, a short one as a line."""
        mine = _trigrams(block.text)
        if len(mine) >= _LONG:
            return len(mine & self.grams) > 0.6 * len(mine)
        return _bare(block.text) in self.lines or (bool(mine) and mine <= self.grams)


def _is_long(block: Block) -> bool:
    return len(_trigrams(block.text)) >= _LONG


def _compact(blocks: Sequence[Block], core: Sequence[int]) -> set[int]:
    """Return `core` without lines that repeat, far from the rest, what it holds already.

    Pages show a headline or a whole story twice, for telephones or in a box of related news. The
    copy nearest to the middle of the text is the one that counts.
    """
    half = sum(len(blocks[place].text) for place in core) / 2
    middle, passed = core[0], 0
    for place in core:
        passed += len(blocks[place].text)
        if passed >= half:
            middle = place
            break
    chosen: set[int] = set()
    seen: set[str] = set()
    low = high = middle
    for place in sorted(core, key=lambda at: abs(at - middle)):
        key = _bare(blocks[place].text)
        if key in seen and min(abs(place - low), abs(place - high)) > 3:
            continue
        seen.add(key)
        chosen.add(place)
        low, high = min(low, place), max(high, place)
    return chosen


@lru_cache(maxsize=4096)
def _trigrams(text: str) -> frozenset[tuple[str, ...]]:
    tokens = _TOKEN.findall(text.lower())
    return frozenset(zip(tokens, tokens[1:], tokens[2:], strict=False))


def _bare(text: str) -> str:
    return re.sub(r"\W+", "", text).lower()


def is_chinese(text: str) -> bool:
    """Whether a text is mostly Chinese, judged by its Han characters against its words."""
    return 2 * len(_HAN.findall(text)) > len(_WORD.findall(text))


@lru_cache(maxsize=8)
def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Return the 4-grams of a text, each Han character one token."""
    tokens = _TOKEN.findall(text.lower())
    if len(tokens) < 4:
        return frozenset([tuple(tokens)] if tokens else ())
    return frozenset(zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False))


def likeness(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    """Return the F1 of two sets of shingles, 0 when either is empty."""
    if not one or not other:
        return 0.0
    return 2 * len(one & other) / (len(one) + len(other))


def _guarded(read: Callable[[str, bool], str], html: str, chinese: bool) -> str:
    try:
        return read(html, chinese)
    except Exception:
        # Third-party extractors raise whatever their parsers raise; silence is an opinion too.
        return ""


def _trafilatura(html: str, chinese: bool) -> str:
    return trafilatura.extract(html, include_comments=False, favor_precision=True, fast=True) or ""


def _readability(html: str, chinese: bool) -> str:
    summary = Document(html.replace("，", _COMMA) if chinese else html).summary()
    return _plain(summary.replace(_COMMA, "，"))


def _justext(html: str, chinese: bool) -> str:
    found = (
        justext.justext(
            html.encode(), frozenset(), 20, 50, stopwords_low=0, stopwords_high=0, encoding="utf-8"
        )
        if chinese
        else justext.justext(html.encode(), _STOPWORDS, encoding="utf-8")
    )
    return "\n".join(paragraph.text for paragraph in found if not paragraph.is_boilerplate)


def _plain(html: str) -> str:
    tree = etree.fromstring(html.encode(), etree.HTMLParser(encoding="utf-8"))
    return "" if tree is None else "\n".join(b.text for b in read_blocks(tree, frozenset()))
