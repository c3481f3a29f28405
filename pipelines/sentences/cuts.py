"""Cuts of long text pairs, so that time and memory grow linearly.

`sections` cuts texts of a megabyte before any two sentences are compared (all their cosines would
be billions): each side is read as a thousand stretches, the means of their sentences, and the best
monotone path through the stretches' cosines is cut. `blocks` cuts a section, or a shorter pair, at
anchors: two neighbouring sentences, each clearly the other side's nearest. Alignment scores every
cell of a block, so its time grows with the product of a block's lengths.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pipelines.vectors.encoder import Encoder, Vectors

Corner = tuple[int, int]
"""A position in both texts: Chinese sentences, English sentences."""

WHOLE = 3000 * 3000
"""Cells (pairs of sentences) up to which a text pair is one section."""
_STRETCHES = 1000
"""Stretches of a side."""
_LONG = 1500
"""Sentences of a side after which a section ends where the path allows."""
_AT_ONCE = 4096
"""Sentences encoded at once, so that memory does not grow with the text."""
_LEAST_COSINE = 0.1
"""Cosine of two stretches that is worth nothing on the path; set by hand, not measured."""
_TOWARDS_DIAGONAL = 1e-3
"""Bonus of the diagonal: texts without any resemblance are cut in proportion."""

_ANCHOR = 0.2
"""Margin of an anchor: cosine above the mean of the four nearest, both ways."""
_NEAREST = 4
_EASY = 60 * 60
"""Cells of a block from which it is cut at an anchor."""
_HARD = 240 * 240
"""Most cells of a block, with anchors or without."""
_ROWS = 1000
"""Rows of the cosine matrix in memory at a time."""


def sections(zh: Sequence[str], en: Sequence[str], encoder: Encoder) -> list[Corner]:
    """Return the ends of the sections of two long texts, in order.

    The last is the end of both texts. No section has more than `WHOLE` cells.
    """
    end = (len(zh), len(en))
    sizes = [math.ceil(len(side) / _STRETCHES) for side in (zh, en)]
    path = _path(*(_stretches(encoder, s, k) for s, k in zip((zh, en), sizes, strict=True)))
    cuts: list[Corner] = []
    last = (0, 0)
    for corner in [*((i * sizes[0], j * sizes[1]) for i, j in path), end]:
        if corner != end and max(corner[0] - last[0], corner[1] - last[1]) < _LONG:
            continue
        if corner[0] > last[0] and corner[1] > last[1]:
            cuts += _in_proportion(last, corner, WHOLE)
            last = corner
    if last != end:
        # The remainder of one side alone belongs to the last section.
        cuts[-1:] = _in_proportion(cuts[-2] if len(cuts) > 1 else (0, 0), end, WHOLE)
    return cuts


def _in_proportion(start: Corner, end: Corner, most: int) -> list[Corner]:
    """Return the ends of equal parts of about `most` cells."""
    rows, columns = end[0] - start[0], end[1] - start[1]
    parts = max(1, min(math.ceil(math.sqrt(rows * columns / most)), rows, columns))
    return [
        (start[0] + rows * step // parts, start[1] + columns * step // parts)
        for step in range(1, parts + 1)
    ]


def _stretches(encoder: Encoder, sentences: Sequence[str], size: int) -> Vectors:
    """Return centred unit mean vectors of every `size` neighbouring sentences."""
    step = size * math.ceil(_AT_ONCE / size)
    parts = []
    for start in range(0, len(sentences), step):
        rows = encoder.encode(sentences[start : start + step])
        parts.append(np.add.reduceat(rows, np.arange(0, len(rows), size), axis=0))
    means = np.concatenate(parts)
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    means -= means.mean(axis=0)
    return np.asarray(means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-6))


def _path(zh: Vectors, en: Vectors) -> list[Corner]:
    """Return the diagonal steps of the best monotone path through stretches."""
    gain = np.maximum(zh @ en.T - _LEAST_COSINE, 0)
    n, m = gain.shape
    value: npt.NDArray[np.float64] = np.zeros((n + 1, m + 1))
    rows, columns = np.arange(n)[:, None] / n, np.arange(m)[None] / m
    gain = gain + _TOWARDS_DIAGONAL * (1 - np.abs(rows - columns))
    for i in range(n):
        step = np.maximum(value[i, 1:], value[i, :-1] + gain[i])
        value[i + 1, 1:] = np.maximum.accumulate(step)
    path, i, j = [], n, m
    while i and j:
        if value[i, j] == value[i, j - 1]:
            j -= 1
        elif value[i, j] == value[i - 1, j]:
            i -= 1
        else:
            i, j = i - 1, j - 1
            path.append((i, j))
    return path[::-1]


def blocks(zh: Vectors, en: Vectors) -> Iterator[tuple[Corner, Corner]]:
    """Yield start and end of the blocks of two texts, in order."""
    start, end = (0, 0), (len(zh), len(en))
    if _cells(start, end) <= 4 * _EASY:
        yield start, end
        return
    chain = _anchors(zh, en)
    anchors = set(chain)
    for cut in [*((i, j) for i, j in chain if (i - 1, j - 1) in anchors), end]:
        if cut == end or _cells(start, cut) >= _EASY:
            yield from _bounded(start, cut, chain)
            start = cut


def _bounded(start: Corner, end: Corner, chain: list[Corner]) -> Iterator[tuple[Corner, Corner]]:
    """Cut a block above `_HARD` cells at single anchors, then in proportion."""
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


def _anchors(zh: Vectors, en: Vectors) -> list[Corner]:
    """Return the heaviest chain of anchors in the order of both sides."""
    row_best, margin = _margins(zh, en)
    # Heaviest increasing subsequence: the best weight of a chain that ends before each column.
    weight, ends = np.zeros(len(en) + 1), np.full(len(en) + 1, -1)
    before: dict[int, int] = {}
    for i in np.flatnonzero(margin > _ANCHOR).tolist():
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


def _margins(zh: Vectors, en: Vectors) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return each row's nearest column and margin (-inf unless mutually nearest)."""
    n, m = len(zh), len(en)
    row_best, row_top, row_near = np.zeros(n, np.int64), np.zeros(n), np.zeros(n)
    nearest = np.full((0, m), -1.0, np.float32)
    column_best, column_top = np.zeros(m, np.int64), np.full(m, -2.0)
    for a in range(0, n, _ROWS):
        cosine = zh[a : a + _ROWS] @ en.T
        b = a + len(cosine)
        row_best[a:b], row_top[a:b] = cosine.argmax(axis=1), cosine.max(axis=1)
        row_near[a:b] = np.sort(cosine, axis=1)[:, -_NEAREST:].mean(axis=1)
        better = cosine.max(axis=0) > column_top
        column_best[better] = a + cosine.argmax(axis=0)[better]
        column_top = np.maximum(column_top, cosine.max(axis=0))
        nearest = np.sort(np.concatenate([nearest, cosine]), axis=0)[-_NEAREST:]
    margin = row_top - (row_near + nearest.mean(axis=0)[row_best]) / 2
    return row_best, np.where(column_best[row_best] == np.arange(n), margin, -np.inf)
