"""Paths of beads through two texts: sums and maximum.

A path leads from (0, 0) to (n, m), each step a bead of a `shape` (zh sentences, en sentences).
Scores are log weights of the beads, one array of shape (n + 1, m + 1) per shape, indexed by the
bead's start; impossible beads are minus infinity. Axes before these three are alternatives, each
summed for itself. The last shape is always (0, 1): it is the only step within a row, so a row is
one vector operation over the shapes and one running sum.
"""

from collections.abc import Callable, Sequence

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
    n, m = scores.shape[-2] - 1, scores.shape[-1] - 1
    ways = _sweep(np.stack([_by_end(scores, shapes), scores[..., ::-1, ::-1]]), shapes)
    forward, fresh = ways[0][0], ways[1][0]
    backward, busy = ways[0][1][..., ::-1, ::-1], ways[1][1][..., ::-1, ::-1]
    whole = forward[..., n, m, None, None]
    result = np.zeros_like(scores)
    for k, (a, b) in enumerate(shapes):
        if a <= n and b <= m:
            reach = (..., slice(0, n + 1 - a), slice(0, m + 1 - b))
            before = fresh if b == 0 else forward
            after = busy if a == 0 else backward
            log = before[reach] + scores[..., k, :, :][reach] + after[..., a:, b:] - whole
            result[..., k, :, :][reach] = np.exp(np.minimum(log, 0.0))
    return result


def total(scores: Array, shapes: Sequence[Shape]) -> Array:
    """Return the log of the sum of exp(score) over all paths."""
    return np.asarray(_sweep(_by_end(scores, shapes)[None], shapes)[0][0, ..., -1, -1])


def totals(scores: Array, shapes: Sequence[Shape], factors: Array, prices: Array) -> Array:
    """Return the `total` of scores times each factor plus its prices.

    `prices` has a row for each factor, a column for each shape. All are summed together, a row of
    the table at a time: they are never all in memory.
    """

    def priced(rows: Array) -> Array:
        return np.asarray(factors[:, None, None] * rows[..., None, :, :] + prices[..., None])

    return np.asarray(_sweep(_by_end(scores, shapes)[None], shapes, priced)[0][0, ..., -1, -1])


def best_path(gains: Array, shapes: Sequence[Shape]) -> list[tuple[int, int, int]]:
    """Return the path with the greatest sum of `gains`.

    Steps are (index of the shape, zh start, en start).
    """
    n, m = gains.shape[1] - 1, gains.shape[2] - 1
    ends = _by_end(gains, shapes)
    pad, offsets, flat = _frame(n, m, shapes)
    width = m + 1 + pad
    choice = np.zeros((n + 1, m + 1), np.int16)
    for i in range(n + 1):
        base = (i + pad) * width
        steps = flat[offsets + base] + ends[:-1, i]
        row_choice = steps.argmax(axis=0)
        row = steps[row_choice, np.arange(m + 1)]
        if i == 0:
            row[0] = 0.0
        skipped = np.concatenate([[0.0], np.cumsum(gains[-1, i, :-1])])
        value = np.maximum.accumulate(row - skipped) + skipped
        choice[i] = np.where(value > row + 1e-9, len(shapes) - 1, row_choice)
        flat[base + pad : base + width] = value
    path, i, j = [], n, m
    while i or j:
        k = int(choice[i, j])
        i, j = i - shapes[k][0], j - shapes[k][1]
        path.append((k, i, j))
    return path[::-1]


def _frame(n: int, m: int, shapes: Sequence[Shape]) -> tuple[int, npt.NDArray[np.int64], Array]:
    """Return padding, predecessors' offsets by shape, and a padded flat table.

    Before the first row and column are as many impossible cells as the longest side of a shape.
    """
    pad = max(max(shape) for shape in shapes)
    width = m + 1 + pad
    flat = np.full((n + 1 + pad) * width, -np.inf)
    columns = np.arange(m + 1) + pad
    offsets = np.stack([columns - b - a * width for a, b in shapes[:-1]])
    return pad, offsets, flat


def _by_end(scores: Array, shapes: Sequence[Shape]) -> Array:
    """Return the scores indexed by the bead's end."""
    n, m = scores.shape[-2] - 1, scores.shape[-1] - 1
    ends = np.full_like(scores, -np.inf)
    for k, (a, b) in enumerate(shapes):
        if a <= n and b <= m:
            ends[..., k, a:, b:] = scores[..., k, : n + 1 - a, : m + 1 - b]
    return ends


def _sweep(
    ends: Array, shapes: Sequence[Shape], priced: Callable[[Array], Array] = np.asarray
) -> tuple[Array, Array]:
    """Return log sums of the paths to each cell: all, some.

    `ends` has the scores by the bead's end in the texts' order and, if the first axis has two
    entries, in the reversed order, in which a bead ends at its start: both are filled together. In
    the texts' order "some" are the paths not ending in (0, 1), in the other those not beginning
    with (1, 0). `priced` makes alternatives of the scores of one row.
    """
    n, m = ends.shape[-2] - 1, ends.shape[-1] - 1
    pad, offsets, frame = _frame(n, m, shapes)
    width = m + 1 + pad
    lanes = priced(ends[..., 0, :]).shape[:-2]
    flat = np.broadcast_to(frame, (*lanes, len(frame))).copy()
    some = np.full((*lanes, n + 1, m + 1), -np.inf)
    lost = shapes.index((1, 0))
    skipped = np.zeros((*lanes, m + 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        for i in range(n + 1):
            base = (i + pad) * width
            own = priced(ends[..., i, :])
            np.cumsum(own[..., -1, 1:], axis=-1, out=skipped[..., 1:])
            steps = flat[..., offsets + base] + own[..., :-1, :]
            gone = steps[1:, ..., lost, :].copy()
            steps[..., lost, :] = -np.inf
            if i:
                steps[0, ..., lost, :] = some[0, ..., i - 1, :] + own[0, ..., lost, :]
            row = _log_sum(steps)
            if i == 0:
                row[..., 0] = 0.0
            some[0, ..., i, :] = row[0]
            row = np.logaddexp.accumulate(row - skipped, axis=-1) + skipped
            some[1:, ..., i, :] = row[1:]
            row[1:] = np.logaddexp(row[1:], gone)
            flat[..., base + pad : base + width] = row
    return flat.reshape(*lanes, n + 1 + pad, width)[..., pad:, pad:], some


def _log_sum(steps: Array) -> Array:
    """Return the log sum of exp over the last axis but one."""
    top = steps.max(axis=-2)
    base = np.where(top > -np.inf, top, 0.0)
    return np.asarray(top + np.log(np.exp(steps - base[..., None, :]).sum(axis=-2)))
