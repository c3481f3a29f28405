"""Rivals among candidates: siblings of one series that exclude each other.

A second report of one event excludes nothing, nor does the article that the other text renders in
another part of it. All other candidates that render the same sentences are rivals: at most one of
them is the counterpart. The constants are set by hand and not measured one by one.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipelines.facts.mentions import Day
from pipelines.facts.rarity import Key
from pipelines.pairs.prepared import PreparedArticle

Mask = npt.NDArray[np.bool_]

_SIBLING_COSINE = 0.6
"""Cosine of mean vectors from which two articles of one language may be of one series."""
_TWIN_COSINE = 0.75
"""The same for two reports of one event."""
_TWIN_FACTS, _TWIN_SHARE = 3, 0.6
"""Common facts of two reports of one event: at least so many, and this share of the facts of the
one with fewer."""
_BRIEF_COSINE, _BRIEF_FACTS = 0.85, 2
"""Cosine and common facts of two reports, one of which states nothing else."""
_EVE_DAYS, _EVE_SHARE = 2, 0.75
"""Days by which two reports may differ, as "yesterday" depends on the page, and the share of other
facts that they then have in common."""
_TWIN_DAYS = 14
"""Days between two reports of one event."""
_PARTS_OVERLAP = 0.34
"""Share of the shorter one's sentences that two parts of a text may have in common."""


def are_siblings(first: PreparedArticle, second: PreparedArticle) -> bool:
    """Return True for articles that may be of one series."""
    return _cosine(first, second) >= _SIBLING_COSINE


def are_twins(first: PreparedArticle, second: PreparedArticle) -> bool:
    """Return True for two reports of one event in one language.

    Members of a series are as alike, but their facts differ.
    """
    cosine = _cosine(first, second)
    if cosine < _TWIN_COSINE or _far_apart(first, second):
        return False
    own, other = set(first.keys), set(second.keys)
    ranks, other_ranks = _of_kind(own, "ordinal"), _of_kind(other, "ordinal")
    if not (ranks <= other_ranks or other_ranks <= ranks):
        return False
    stage, other_stage = _of_kind(own, "stage"), _of_kind(other, "stage")
    if stage and other_stage and stage != other_stage:
        return False
    days, other_days = _of_kind(own, "day"), _of_kind(other, "day")
    least = _TWIN_SHARE
    if days and other_days and not days & other_days:
        if not any(_near(one, two) for one in days for two in other_days):
            return False
        own, other, least = own - days, other - other_days, _EVE_SHARE
    shared, fewer = len(own & other), min(len(own), len(other))
    if shared == fewer and cosine >= _BRIEF_COSINE:
        return shared >= _BRIEF_FACTS
    return shared >= _TWIN_FACTS and shared >= least * fewer


def _near(first: Key, second: Key) -> bool:
    """Return True for days that are at most `_EVE_DAYS` apart."""
    day, other = (Day(int(month), int(at)) for _, month, at in (first, second))
    return day.near(other, _EVE_DAYS)


def are_parts(first: Mask, second: Mask) -> bool:
    """Return True if two articles render different sentences of a third.

    The masks are of its sentences, title first, which is no part.
    """
    parts = first[1:], second[1:]
    fewer = min(int(parts[0].sum()), int(parts[1].sum()))
    shared = int((parts[0] & parts[1]).sum())
    return fewer > 0 and shared <= _PARTS_OVERLAP * fewer


def rivals_of(
    articles: Sequence[PreparedArticle], masks: Sequence[Mask], parts: Sequence[bool]
) -> list[tuple[int, ...]]:
    """Return each article's rivals for a third one, by position.

    `masks` are the sentences of the third that each renders; `parts` is True where only a part of
    the article was compared: an item of a digest is no rival of the report of the same event.
    """
    count = len(articles)
    found: list[list[int]] = [[] for _ in articles]
    for one in range(count):
        for other in range(one + 1, count):
            pair = articles[one], articles[other]
            if parts[one] != parts[other] or are_parts(masks[one], masks[other]):
                continue
            if not are_siblings(*pair) or are_twins(*pair):
                continue
            found[one].append(other)
            found[other].append(one)
    return [tuple(listed) for listed in found]


def _far_apart(first: PreparedArticle, second: PreparedArticle) -> bool:
    when, other = first.document.published, second.document.published
    return bool(when and other and abs((when.date() - other.date()).days) > _TWIN_DAYS)


def _cosine(first: PreparedArticle, second: PreparedArticle) -> float:
    return float(first.vector.astype(np.float32) @ second.vector)


def _of_kind(keys: set[Key], kind: str) -> set[Key]:
    return {key for key in keys if key[0] == kind}
