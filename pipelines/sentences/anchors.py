"""Where to cut long texts: two neighbouring sentences that on both sides are clear favourites.

Alignment proper looks at every cell of a block, so its time grows with the product of the lengths.
Cut at anchors, time and memory grow with the length instead.
"""

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from pipelines.vectors.encoder import Vectors

Corner = tuple[int, int]

_SURE = 0.2
"""Margin of a pair of sentences to cut at: cosine above the mean of the four nearest, both ways."""
_EASY = 60 * 60
"""Cells (zh sentences times en sentences) that a block has before it is cut at an anchor."""
_HARD = 240 * 240
"""Cells that a block has at most, anchors or not."""
_ROWS = 1000
"""Rows of the cosine matrix held at a time."""


def blocks(zh: Vectors, en: Vectors) -> Iterator[tuple[Corner, Corner]]:
    """Yield the corners of the blocks that lead from the beginning to the end of two texts."""
    start, end = (0, 0), (len(zh), len(en))
    if _cells(start, end) <= 4 * _EASY:
        yield start, end
        return
    chain = _chain(zh, en)
    sure = set(chain)
    for cut in [*((i, j) for i, j in chain if (i - 1, j - 1) in sure), end]:
        if cut == end or _cells(start, cut) >= _EASY:
            yield from _bounded(start, cut, chain)
            start = cut


def _bounded(start: Corner, end: Corner, chain: list[Corner]) -> Iterator[tuple[Corner, Corner]]:
    """Cut a block that is too large: at lone anchors, then in proportion."""
    if _cells(start, end) <= _HARD:
        yield start, end
        return
    for cut in [*(c for c in chain if start < c and c[0] < end[0] and c[1] < end[1]), end]:
        if cut[1] <= start[1] or (cut != end and _cells(start, cut) < _HARD // 4):
            continue
        parts = math.ceil(math.sqrt(_cells(start, cut) / _HARD))
        steps = range(parts + 1)
        zh = [start[0] + (cut[0] - start[0]) * step // parts for step in steps]
        en = [start[1] + (cut[1] - start[1]) * step // parts for step in steps]
        yield from pairwise(zip(zh, en, strict=True))
        start = cut


def _cells(start: Corner, end: Corner) -> int:
    return (end[0] - start[0]) * (end[1] - start[1])


def _chain(zh: Vectors, en: Vectors) -> list[Corner]:
    """Return the heaviest chain of anchors that is in order on both sides."""
    n, m = len(zh), len(en)
    row_best, row_top, row_near = np.zeros(n, np.int64), np.zeros(n), np.zeros(n)
    nearest = np.full((0, m), -1.0, np.float32)
    column_best, column_top = np.zeros(m, np.int64), np.full(m, -2.0)
    for a in range(0, n, _ROWS):
        cosine = zh[a : a + _ROWS] @ en.T
        b = a + len(cosine)
        row_best[a:b], row_top[a:b] = cosine.argmax(axis=1), cosine.max(axis=1)
        row_near[a:b] = np.sort(cosine, axis=1)[:, -4:].mean(axis=1)
        better = cosine.max(axis=0) > column_top
        column_best[better] = a + cosine.argmax(axis=0)[better]
        column_top = np.maximum(column_top, cosine.max(axis=0))
        nearest = np.sort(np.concatenate([nearest, cosine]), axis=0)[-4:]
    margin = row_top - (row_near + nearest.mean(axis=0)[row_best]) / 2
    mutual = (column_best[row_best] == np.arange(n)) & (margin > _SURE)
    # Heaviest increasing subsequence: the best weight of a chain that ends before each column.
    weight, ends = np.zeros(m + 1), np.full(m + 1, -1)
    before: dict[int, int] = {}
    for i in np.flatnonzero(mutual).tolist():
        j = int(row_best[i])
        prior = int(weight[: j + 1].argmax())
        total = weight[prior] + margin[i]
        before[i] = int(ends[prior])
        if total > weight[j + 1]:
            weight[j + 1], ends[j + 1] = total, i
    chain: list[Corner] = []
    i = int(ends[int(weight.argmax())])
    while i >= 0:
        chain.append((i, int(row_best[i])))
        i = before[i]
    return chain[::-1]
