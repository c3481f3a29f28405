"""Parts of texts that other texts render: items, instalments.

Where one text renders only a stretch of the other, the two are compared by that stretch: the days
and figures of a digest's other items are no evidence about this one. The constants are set by hand
and not measured one by one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.facts.facts import Facts, facts
from pipelines.pairs.coverage import COVERED, Coverage, Sentences
from pipelines.pairs.prepared import PreparedArticle

Mask = npt.NDArray[np.bool_]

_LEAD_ONLY = 0.15
"""Covered share of the text that may be an item, whose title or first sentence is covered: digests
often have no more."""
_RENDERED, _SEVERAL = 0.5, 4
"""The same of one whose lead is not covered, and the sentences covered: an instalment may begin
with words of its own."""
_MOST = 0.6
"""Share of the other text that a part is at most."""
_OUTSIDE = 0.34
"""Covered share of the rest at most: else the text is abridged, and no part of it an item."""
_ALMOST = 0.99
"""Share that a part states at most: it is not the whole."""
_FEWEST = 4
"""Sentences, title included, of which a part can be cut."""


@dataclass(frozen=True, slots=True)
class Part:
    """Sentences of one text that the other one renders.

    They are counted title first; `end` is not one of them.
    """

    lang: str
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Sides:
    """Sentences, facts and shares of both texts, Chinese first."""

    sentences: tuple[Sentences, Sentences]
    facts: tuple[Facts, Facts]
    shares: tuple[float, float]


def part_of(coverage: Coverage) -> Part | None:
    """Return the part of one text that the other renders."""
    if coverage.title >= COVERED:
        return None  # a digest or round-up has a title of its own
    zh, en = coverage.zh_covered, coverage.best >= COVERED
    of_zh, of_en = _stretch(zh, coverage.en, en), _stretch(en, coverage.zh, zh)
    if of_zh and not of_en:
        return Part("zh", *of_zh)
    if of_en and not of_zh:
        return Part("en", *of_en)
    return None


def sides(zh: PreparedArticle, en: PreparedArticle, part: Part | None) -> Sides:
    """Return what is compared of two articles."""
    read = [
        _cut(article, part)
        if part is not None and part.lang == article.document.lang
        else (article.sentences, article.facts, 1.0)
        for article in (zh, en)
    ]
    return Sides((read[0][0], read[1][0]), (read[0][1], read[1][1]), (read[0][2], read[1][2]))


def _cut(article: PreparedArticle, part: Part) -> tuple[Sentences, Facts, float]:
    """Return the sentences, facts and share of a part."""
    sentences, whole = article.sentences, article.facts.whole
    first, end = part.first, part.end
    begin = int(sentences.starts[first])
    last = int(sentences.starts[end]) if end < len(sentences.starts) else len(whole)
    document = article.document
    # The title belongs to what begins with the lead; above other parts is an empty line.
    title = whole.partition("\n")[0] if first == 1 else ""
    found = facts(
        whole[begin:last], document.lang, title=title, published=document.published,
        url=document.url,
    )  # fmt: skip
    weights = sentences.weights[first:end]
    share = min(float(weights.sum()), _ALMOST)
    starts = sentences.starts[first:end] - begin + len(title) + 1
    return Sentences(starts, weights / weights.sum(), sentences.vectors[first:end]), found, share


def _stretch(covered: Mask, share: float, item: Mask) -> tuple[int, int] | None:
    """Return a covered stretch without title; None for all or scattered sentences.

    `share` and `item` are what is covered of the text that may be an item.
    """
    several = share >= _RENDERED and int(item.sum()) >= _SEVERAL
    told = several or (share >= _LEAD_ONLY and bool(item[:2].any()))
    if not told or len(covered) < _FEWEST or not covered[1:].any():
        return None
    first, end = _densest(covered)
    inside = (end - first) / len(covered)
    outside = int(covered.sum()) - int(covered[first:end].sum())
    if first == 0 or inside > _MOST or outside > _OUTSIDE * (len(covered) - end + first):
        return None
    return first, end


def _densest(covered: Mask) -> tuple[int, int]:
    """Return the stretch with most covered sentences over the others."""
    best, chosen, start, total = 0, (0, 0), 0, 0
    for at, is_covered in enumerate(covered.tolist()):
        if total <= 0:
            start, total = at, 0
        total += 1 if is_covered else -1
        if total > best:
            best, chosen = total, (start, at + 1)
    return chosen
