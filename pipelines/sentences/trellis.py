"""Paths of beads through two texts: sums and maximum.

A path leads from (0, 0) to (n, m), each step a bead of a `shape` (zh sentences, en sentences).
Scores are log weights of the beads, one array of shape (n + 1, m + 1) per shape, indexed by the
bead's start; impossible beads are minus infinity. The last shape is always (0, 1): it is the only
step within a row, so a row is one vector operation over the shapes and one running sum.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Shape = tuple[int, int]


def posteriors(scores: Array, shapes: Sequence[Shape]) -> Array:
    """Return the probability of every bead, for weights exp(score) of paths.

    Forward and backward sums as in any hidden Markov model with segments; same layout as `scores`.
    Of the many orders of the same neighbouring nulls only one counts, (1, 0) before (0, 1), lest
    nulls seem the likelier the more of them there are.
    """
    n, m = scores.shape[1] - 1, scores.shape[2] - 1
    forward, fresh, backward, busy = _both_ways(scores, shapes)
    result = np.zeros_like(scores)
    for k, (a, b) in enumerate(shapes):
        if a <= n and b <= m:
            reach = (slice(0, n + 1 - a), slice(0, m + 1 - b))
            before = fresh if b == 0 else forward
            after = busy if a == 0 else backward
            log = before[reach] + scores[k][reach] + after[a:, b:] - forward[n, m]
            result[k][reach] = np.exp(np.minimum(log, 0.0))
    return result


def total(scores: Array, shapes: Sequence[Shape]) -> float:
    """Return the log of the sum of exp(score) over all paths."""
    return float(_both_ways(scores, shapes)[0][-1, -1])


def best_path(gains: Array, shapes: Sequence[Shape]) -> list[tuple[int, int, int]]:
    """Return the path with the greatest sum of `gains`.

    Steps are (index of the shape, zh start, en start).
    """
    n, m = gains.shape[1] - 1, gains.shape[2] - 1
    ends = _by_end(gains, shapes)
    width, offsets, flat = _frame(n, m, shapes)
    choice = np.zeros((n + 1, m + 1), np.int16)
    for i in range(n + 1):
        base = (i + _PAD) * width
        steps = flat[offsets + base] + ends[:-1, i]
        row_choice = steps.argmax(axis=0)
        row = steps[row_choice, np.arange(m + 1)]
        if i == 0:
            row[0] = 0.0
        skipped = np.concatenate([[0.0], np.cumsum(gains[-1, i, :-1])])
        value = np.maximum.accumulate(row - skipped) + skipped
        choice[i] = np.where(value > row + 1e-9, len(shapes) - 1, row_choice)
        flat[base + _PAD : base + _PAD + m + 1] = value
    path, i, j = [], n, m
    while i or j:
        k = int(choice[i, j])
        i, j = i - shapes[k][0], j - shapes[k][1]
        path.append((k, i, j))
    return path[::-1]


_PAD = 5
"""Rows and columns of impossible cells before the first: at least the longest side of a shape."""


def _frame(n: int, m: int, shapes: Sequence[Shape]) -> tuple[int, npt.NDArray[np.int64], Array]:
    """Return width, predecessors' offsets by shape, and a padded flat table."""
    width = m + 1 + _PAD
    flat = np.full((n + 1 + _PAD) * width, -np.inf)
    columns = np.arange(m + 1) + _PAD
    offsets = np.stack([columns - b - a * width for a, b in shapes[:-1]])
    return width, offsets, flat


def _by_end(scores: Array, shapes: Sequence[Shape]) -> Array:
    """Return the scores indexed by the bead's end."""
    n, m = scores.shape[1] - 1, scores.shape[2] - 1
    ends = np.full_like(scores, -np.inf)
    for k, (a, b) in enumerate(shapes):
        if a <= n and b <= m:
            ends[k, a:, b:] = scores[k, : n + 1 - a, : m + 1 - b]
    return ends


def _both_ways(scores: Array, shapes: Sequence[Shape]) -> tuple[Array, Array, Array, Array]:
    """Return four log sums of the paths through each cell.

    From (0, 0) to the cell: all paths, and those not ending in (0, 1). From the cell to (n, m): all
    paths, and those not beginning with (1, 0). Both directions are filled together: in the reversed
    texts a bead ends at its start.
    """
    n, m = scores.shape[1] - 1, scores.shape[2] - 1
    ends = np.stack([_by_end(scores, shapes), scores[:, ::-1, ::-1]])
    width, offsets, frame = _frame(n, m, shapes)
    flat = np.stack([frame, frame])
    fresh, busy = np.full((2, n + 1, m + 1), -np.inf)
    lost = shapes.index((1, 0))
    skipped = np.zeros((2, n + 1, m + 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        np.cumsum(ends[:, -1, :, 1:], axis=2, out=skipped[:, :, 1:])
        for i in range(n + 1):
            base = (i + _PAD) * width
            steps = flat[:, offsets + base] + ends[:, :-1, i]
            gone = steps[1, lost].copy()
            steps[:, lost] = -np.inf
            if i:
                steps[0, lost] = fresh[i - 1] + ends[0, lost, i]
            row = _log_sum(steps)
            if i == 0:
                row[:, 0] = 0.0
            fresh[i] = row[0]
            row = np.logaddexp.accumulate(row - skipped[:, i], axis=1) + skipped[:, i]
            busy[i] = row[1]
            row[1] = np.logaddexp(row[1], gone)
            flat[:, base + _PAD : base + _PAD + m + 1] = row
    forward, backward = flat.reshape(2, n + 1 + _PAD, width)[:, _PAD:, _PAD:]
    return forward, fresh, backward[::-1, ::-1], busy[::-1, ::-1]


def _log_sum(steps: Array) -> Array:
    """Return the log sum of exp over the last axis but one."""
    top = steps.max(axis=-2)
    base = np.where(top > -np.inf, top, 0.0)
    return np.asarray(top + np.log(np.exp(steps - base[:, None]).sum(axis=-2)))
