"""Where to cut very long texts, before anything is compared sentence by sentence.

The cosines of all sentences of two texts of a megabyte would be billions. So both are read coarsely
first: a thousand stretches a side, each the mean of its sentences, and the best monotone path
through the cosines of the stretches. It tells which sentences to compare with which.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipelines.vectors.encoder import Encoder, Vectors

Corner = tuple[int, int]

WHOLE = 3000 * 3000
"""Pairs of sentences up to which two texts are compared as a whole."""
_STRETCHES = 1000
"""Stretches that a side is read in."""
_LONG = 1500
"""Sentences of a side after which a section ends where the path allows."""
_AT_ONCE = 4096
"""Sentences encoded at once, so that memory does not grow with the text."""


def sections(zh: Sequence[str], en: Sequence[str], encoder: Encoder) -> list[Corner]:
    """Return where the sections of two long texts end, (zh sentences, en sentences), in order.

    The last is the end of both texts. No section has more than `WHOLE` pairs of sentences.
    """
    end = (len(zh), len(en))
    sizes = [math.ceil(len(side) / _STRETCHES) for side in (zh, en)]
    path = _path(*(_read(encoder, s, k) for s, k in zip((zh, en), sizes, strict=True)))
    cuts: list[Corner] = []
    last = (0, 0)
    for corner in [*((i * sizes[0], j * sizes[1]) for i, j in path), end]:
        if corner != end and max(corner[0] - last[0], corner[1] - last[1]) < _LONG:
            continue
        if corner[0] > last[0] and corner[1] > last[1]:
            cuts += _in_proportion(last, corner)
            last = corner
    if last != end:
        # What is left of one side alone belongs to the last section.
        cuts[-1:] = _in_proportion(cuts[-2] if len(cuts) > 1 else (0, 0), end)
    return cuts


def _in_proportion(start: Corner, end: Corner) -> list[Corner]:
    rows, columns = end[0] - start[0], end[1] - start[1]
    parts = math.ceil(math.sqrt(rows * columns / WHOLE))
    parts = max(1, min(parts, rows, columns))
    return [
        (start[0] + rows * step // parts, start[1] + columns * step // parts)
        for step in range(1, parts + 1)
    ]


def _read(encoder: Encoder, sentences: Sequence[str], size: int) -> Vectors:
    """Mean vectors of every `size` neighbouring sentences, without what all have in common."""
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
    """The pairs of stretches of the best path, in order, where it goes from one to the next."""
    gain = np.maximum(zh @ en.T - 0.1, 0)
    n, m = gain.shape
    value: npt.NDArray[np.float64] = np.zeros((n + 1, m + 1))
    # A little more along the diagonal: texts that tell nothing apart are cut in proportion.
    rows, columns = np.arange(n)[:, None] / n, np.arange(m)[None] / m
    gain = gain + 1e-3 * (1 - np.abs(rows - columns))
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
