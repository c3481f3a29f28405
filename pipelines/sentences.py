"""Sentence alignment of two texts that may tell the same thing: who translates whom, in order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.encoder import Encoder, encode_spans
from pipelines.splitting import Span, split

__all__ = ["Bead", "Span", "align", "split"]

SHAPES = ((1, 1), (1, 2), (2, 1), (1, 3), (3, 1), (2, 2), (1, 4), (4, 1), (2, 3), (3, 2))
WIDTH = 4


@dataclass(frozen=True, slots=True)
class Bead:
    """Sentences that say the same: indices from 0, one side empty for what only one text says."""

    zh: tuple[int, ...]
    en: tuple[int, ...]
    probability: float


def align(zh: Sequence[str], en: Sequence[str], encoder: Encoder) -> list[Bead]:
    """Return the beads of two texts, covering every sentence once and in order."""
    n, m = len(zh), len(en)
    if not n or not m:
        return [Bead((i,), (), 1.0) for i in range(n)] + [Bead((), (j,), 1.0) for j in range(m)]
    zv, ev = encode_spans(encoder, zh, WIDTH), encode_spans(encoder, en, WIDTH)
    single = zv[0] @ ev[0].T
    k = min(3, n, m)
    near_zh = np.sort(single, axis=1)[:, -k:].mean(1)
    near_en = np.sort(single, axis=0)[-k:].mean(0)
    best = np.minimum(single.max(1).mean(), single.max(0).mean())
    null = 0.25 * float(best)
    score = {}
    for a, b in SHAPES:
        if a > n or b > m:
            continue
        sim = zv[a - 1] @ ev[b - 1].T
        mz = np.array([near_zh[i : i + a].mean() for i in range(n - a + 1)])
        me = np.array([near_en[j : j + b].mean() for j in range(m - b + 1)])
        score[a, b] = ((a + b) / 2) * (sim - 0.25 * (mz[:, None] + me)) - 0.25 * (a + b - 2)
    value = np.full((n + 1, m + 1), -np.inf)
    value[0, 0] = 0
    step: dict[tuple[int, int], tuple[int, int]] = {}
    for i in range(n + 1):
        for j in range(m + 1):
            for a, b in ((1, 0), (0, 1), *score):
                if a > i or b > j:
                    continue
                gain = null / 2 if not a or not b else score[a, b][i - a, j - b]
                if value[i - a, j - b] + gain > value[i, j]:
                    value[i, j] = value[i - a, j - b] + gain
                    step[i, j] = (a, b)
    beads = []
    i, j = n, m
    while i or j:
        a, b = step[i, j]
        p = 0.5
        if a and b:
            p = float(1 / (1 + np.exp(-12 * (score[a, b][i - a, j - b] * 2 / (a + b) - null))))
        beads.append(Bead(tuple(range(i - a, i)), tuple(range(j - b, j)), p))
        i, j = i - a, j - b
    return beads[::-1]
