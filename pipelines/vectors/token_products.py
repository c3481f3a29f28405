"""First layer of the bundled encoder, cached by token."""

from typing import Any

import numpy as np

from pipelines.vectors.encoder import Vectors
from pipelines.vectors.exact_products import Blocks, Ids

# The architecture: n-gram order and how many tokens to the left its window reaches, per branch.
BRANCHES = ((2, 0), (3, 1), (5, 2))
CHANNELS = 256
EMBEDDING = 512
"""Length of a token's embedding."""
_MOST_TOKENS = 8192
"""Distinct tokens in the cache: 12 KB each, about 100 MB in all."""


def by_position(weights: Any) -> list[Vectors]:
    """Return first-layer weights that map single tokens, by branch.

    `w1[branch]` maps a window of n tokens; it is cut by position in the window.
    """
    return [
        np.ascontiguousarray(
            np.concatenate(
                [weights.w1[b][k * CHANNELS : (k + 1) * CHANNELS] for k in range(order)], axis=1
            )
        )
        for b, (order, _) in enumerate(BRANCHES)
    ]


class TokenProducts:
    """Embeddings, normalised inputs and first-layer products of tokens, in slots.

    The slot `empty` is always zero, for windows beyond a sentence's ends.
    """

    def __init__(self, weights: Any, first: list[Vectors], blocks: Blocks) -> None:
        self._weights, self._first, self._blocks = weights, first, blocks
        self.empty = _MOST_TOKENS
        rows = _MOST_TOKENS + 1
        self._slot_of = np.full(len(weights.table), -1, dtype=np.int64)
        self._tokens = np.zeros(0, np.int64)
        self._uses = np.zeros(rows, np.int64)
        self.embedded = np.zeros((rows, EMBEDDING), np.float32)
        self.normal = [np.zeros((rows, CHANNELS), np.float32) for _ in BRANCHES]
        self.products = [
            [np.zeros((rows, CHANNELS), np.float32) for _ in range(order)] for order, _ in BRANCHES
        ]

    def slots(self, ids: Ids) -> Ids:
        """Return the slot of each token; compute the products of new ones."""
        slots = self._slot_of[ids]
        if (slots < 0).any():
            new = np.unique(ids[slots < 0])
            if len(self._tokens) + len(new) > self.empty:
                self._drop(ids)
                new = np.unique(ids[self._slot_of[ids] < 0])
            self._add(new)
            slots = self._slot_of[ids]
        np.add.at(self._uses, slots, 1)
        return slots

    def _add(self, new: Ids) -> None:
        at = slice(len(self._tokens), len(self._tokens) + len(new))
        w, chunk = self._weights, new % len(self._weights.scale)
        embedded = w.table[new] * w.scale[chunk, None] + w.lo[chunk, None]
        places = self._blocks.places(new)
        normal = places.multiply(places.spread(embedded), w.proj_W)
        normal = standardised(normal + w.proj_b, np.float32(w.eps)) * w.ln_g_all + w.ln_b_all
        self.embedded[at] = embedded
        for b, (order, _) in enumerate(BRANCHES):
            x = normal[:, b * CHANNELS : (b + 1) * CHANNELS]
            y = places.multiply(places.spread(x), self._first[b])
            self.normal[b][at] = x
            for k in range(order):
                self.products[b][k][at] = y[:, k * CHANNELS : (k + 1) * CHANNELS]
        self._slot_of[new] = np.arange(at.start, at.stop)
        self._tokens = np.concatenate([self._tokens, new])

    def _drop(self, needed: Ids) -> None:
        """Drop the less used half of tokens, or all for `needed`."""
        room = self.empty - len(np.unique(needed))
        count = len(self._tokens)
        used = np.sort(np.argsort(-self._uses[:count], kind="stable")[: min(count // 2, room)])
        for rows in (self.embedded, *self.normal, *(p for b in self.products for p in b)):
            rows[: len(used)] = rows[used]
        self._uses[: len(used)] = self._uses[used] // 2
        self._uses[len(used) :] = 0
        self._tokens = self._tokens[used]
        self._slot_of[:] = -1
        self._slot_of[self._tokens] = np.arange(len(used))


def standardised(x: Vectors, eps: np.float32) -> Vectors:
    """Return rows with mean 0 and variance 1, in place."""
    x -= x.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", x, x) / x.shape[1]
    x *= np.reciprocal(np.sqrt(variance + eps))[:, None]
    return x
