"""Parts of texts that other texts render: an item of a digest, an instalment.

Where one text renders only a stretch of the other, the two are compared by that stretch: the days
and figures of a digest's other items are no evidence about this one. The constants are set by hand
and not measured one by one.
"""

import numpy as np
import numpy.typing as npt

from pipelines.facts.facts import Facts, facts
from pipelines.pairs.coverage import COVERED, Array, Coverage, Sentences
from pipelines.pairs.prepared import PreparedArticle

Mask = npt.NDArray[np.bool_]

_RENDERED = 0.5
"""Covered share of the text that may be an item."""
_LEAD_ONLY = 0.15
"""The same of one whose title or first sentence is covered: digests often have no more."""
_MOST = 0.6
"""Share of the other text that a part is at most."""
_OUTSIDE = 0.34
"""Covered share of the rest at most: else the text is abridged, and no part of it an item."""
_FEWEST = 4
"""Sentences, title included, of which a part can be cut."""


def part_of_chinese(zh: PreparedArticle, coverage: Coverage) -> tuple[int, int] | None:
    """Return the Chinese sentences that English renders, if only a part."""
    covered = coverage.best >= COVERED
    return _stretch(coverage.zh_covered, zh.sentences.weights, coverage.en, covered)


def part_of_english(en: PreparedArticle, coverage: Coverage) -> tuple[int, int] | None:
    """Return the English sentences that Chinese tells, if only a part."""
    covered = coverage.best >= COVERED
    return _stretch(covered, en.sentences.weights, coverage.zh, coverage.zh_covered)


def cut(article: PreparedArticle, part: tuple[int, int]) -> tuple[Sentences, Facts, float]:
    """Return the sentences and facts of a part, and its share of the text."""
    first, end = part
    sentences, whole = article.sentences, article.facts.whole
    begin = int(sentences.starts[first])
    last = int(sentences.starts[end]) if end < len(sentences.starts) else len(whole)
    document = article.document
    # A part has no title: in the text of its facts an empty line replaces it.
    found = facts(
        whole[begin:last], document.lang, published=document.published, url=document.url
    )
    weights = sentences.weights[first:end]
    share = float(weights.sum())
    starts = sentences.starts[first:end] - begin + 1
    return Sentences(starts, weights / share, sentences.vectors[first:end]), found, share


def _stretch(
    covered: Mask, weights: Array, share: float, item: Mask
) -> tuple[int, int] | None:
    """Return a covered stretch without title; None for all or scattered sentences.

    `share` and `item` are what is covered of the text that may be an item.
    """
    told = share >= _RENDERED or (share >= _LEAD_ONLY and bool(item[:2].any()))
    if not told or len(covered) < _FEWEST or not covered[1:].any():
        return None
    first, end = _densest(np.where(covered, weights, -weights))
    inside = float(weights[first:end].sum())
    outside = float(weights[covered].sum() - weights[first:end] @ covered[first:end])
    if first == 0 or inside > _MOST or outside > _OUTSIDE * (1 - inside):
        return None
    return first, end


def _densest(values: Array) -> tuple[int, int]:
    """Return the stretch with the greatest sum."""
    best, chosen, start, total = -1.0, (0, 0), 0, 0.0
    for at, value in enumerate(values.tolist()):
        if total <= 0:
            start, total = at, 0.0
        total += value
        if total > best:
            best, chosen = total, (start, at + 1)
    return chosen
