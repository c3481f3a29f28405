"""The general reader: three independent extractors, and the one most like the other two.

trafilatura, readability and jusText err in different ways, so where they agree the text is right.
Chinese is fed to them so that they can count: readability weighs commas and knows only the ASCII
one, jusText's thresholds are lengths of English sentences.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import justext
import trafilatura
from lxml import etree
from readability import Document

from crawler.blocks import Block, read_blocks

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_TOKEN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\W\u3400-\u9fff\uf900-\ufaff]+")
_COMMA = ",\ue000"
_STOPWORDS = justext.get_stoplist("English")


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one extractor takes for the text, and its mean likeness to the others (0-1)."""

    name: str
    text: str
    likeness: float


def opinions(html: str) -> tuple[Opinion, ...]:
    """Return what each extractor says of a page, the one most like the others first.

    An extractor that fails says nothing. Ties go to the order trafilatura, readability, jusText.
    """
    chinese = is_chinese(html)
    said = [
        (name, _guarded(read, html, chinese))
        for name, read in (
            ("trafilatura", _trafilatura),
            ("readability", _readability),
            ("justext", _justext),
        )
    ]
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


def choose(blocks: Sequence[Block], text: str) -> list[int]:
    """Return the places of the blocks of a page that make up `text`, which an extractor took from the page.

    Long blocks are told by their 3-grams, short ones by being a line of `text`, and only between
    long ones: a short line may stand in many places.
    """
    grams = _trigrams(text)
    known = {_bare(line) for line in text.splitlines()}
    marks: list[bool | None] = []
    for block in blocks:
        mine = _trigrams(block.text)
        if len(mine) >= 4:
            marks.append(len(mine & grams) >= 0.6 * len(mine))
        else:
            marks.append(None if _bare(block.text) in known else False)
    sure = [place for place, mark in enumerate(marks) if mark]
    first, last = (sure[0], sure[-1]) if sure else (0, len(blocks))
    return [
        place
        for place, mark in enumerate(marks)
        if mark or (mark is None and first - 3 <= place <= last + 3)
    ]


def _trigrams(text: str) -> set[tuple[str, ...]]:
    tokens = _TOKEN.findall(text.lower())
    return {tuple(tokens[at : at + 3]) for at in range(len(tokens) - 2)}


def _bare(text: str) -> str:
    return re.sub(r"\W+", "", text)


def is_chinese(html: str) -> bool:
    """Whether a page's text is mostly Chinese, judged by its Han characters against its letters."""
    text = re.sub(r"<[^>]*>", " ", re.sub(r"(?is)<(script|style).*?</\1>", " ", html))
    return 2 * len(_HAN.findall(text)) > len(re.findall(r"[A-Za-z]{2,}", text))


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Return the 4-grams of a text, each Han character one token, with their counts."""
    tokens = _TOKEN.findall(text.lower())
    if not tokens:
        return Counter()
    return Counter(tuple(tokens[at : at + 4]) for at in range(max(1, len(tokens) - 3)))


def likeness(one: Counter[tuple[str, ...]], other: Counter[tuple[str, ...]]) -> float:
    """Return the F1 of two bags of shingles, 0 when either is empty."""
    if not one or not other:
        return 0.0
    return 2 * (one & other).total() / (one.total() + other.total())


def _guarded(read: Callable[[str, bool], str], html: str, chinese: bool) -> str:
    try:
        return read(html, chinese)
    except Exception:
        # Third-party extractors raise whatever their parsers raise; silence is an opinion too.
        return ""


def _trafilatura(html: str, chinese: bool) -> str:
    return trafilatura.extract(html, include_comments=False, favor_precision=True) or ""


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
