"""Matrix products with rows independent of each other, bit by bit.

A BLAS does not promise that: OpenBLAS's kernel for AVX2 adds up the first six rows of every twelve
in one order and the other six in another, and products of other sizes run through other kernels
again. So products are made only of blocks of a few fixed sizes, and the places of these blocks are
sorted into kinds first, by multiplying the same row in every place: places of one kind produce the
same bits in any block. A row to be multiplied has a kind by its own content, and goes to any free
place of that kind. The number of kinds of a processor changes the time (an uneven share leaves
places empty), never the result.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]

_SIZES = (384, 96, 24)
"""Rows of a block, largest first; multiples of the tiles that kernels work in."""


@dataclass(frozen=True, slots=True)
class Places:
    """Places of rows in blocks: row i at `at[i]` of `sum(sizes)`."""

    at: Ids
    sizes: tuple[int, ...]

    @property
    def total(self) -> int:
        """Number of places of all blocks."""
        return sum(self.sizes)

    def take(self, rows: Ids, empty: int) -> Ids:
        """Return the value of each place, its row's or `empty`."""
        taken = np.full(self.total, empty, np.int64)
        taken[self.at] = rows
        return taken

    def spread(self, x: Array) -> Array:
        """Return rows put in their places, zeros elsewhere."""
        placed = np.zeros((self.total, x.shape[1]), np.float32)
        placed[self.at] = x
        return placed

    def multiply(self, placed: Array, weights: Array) -> Array:
        """Return the product of placed rows, in the order of the rows."""
        return self.placed(placed, weights)[self.at]

    def placed(self, placed: Array, weights: Array) -> Array:
        """Return the product of placed rows, in their places."""
        out = np.empty((self.total, weights.shape[1]), np.float32)
        start = 0
        for size in self.sizes:
            np.matmul(placed[start : start + size], weights, out=out[start : start + size])
            start += size
        return out


class Blocks:
    """Blocks of this processor, for weights of the given shapes.

    They are valid for the number of threads at their creation.
    """

    def __init__(self, shapes: Sequence[tuple[int, int]]) -> None:
        signs = {size: _signs(size, shapes) for size in _SIZES}
        least = _SIZES[-1]
        # A kind must be found in a fair share of the smallest block, lest most places stay empty.
        kinds = [
            sign for sign in dict.fromkeys(signs[least]) if signs[least].count(sign) * 8 >= least
        ] or signs[least][:1]
        self._free = {
            size: [np.flatnonzero([sign == kind for sign in signs[size]]) for kind in kinds]
            for size in _SIZES
            if all(kind in signs[size] for kind in kinds)
        }
        self.kinds = len(kinds)

    def places(self, keys: Ids) -> Places:
        """Return places for rows with kinds by `keys`, whole numbers from 0."""
        kind = keys % self.kinds
        left = np.bincount(kind, minlength=self.kinds)
        free: list[list[Ids]] = [[] for _ in range(self.kinds)]
        sizes: list[int] = []
        for size, listed in self._free.items():
            room = np.array([len(slots) for slots in listed])
            last = size == min(self._free)
            blocks = int((-(-left // room)).max() if last else (left // room).min())
            for _ in range(blocks):
                for k, slots in enumerate(listed):
                    free[k].append(slots + sum(sizes))
                sizes.append(size)
            left = np.maximum(left - blocks * room, 0)
        at = np.empty(len(keys), np.int64)
        for k in range(self.kinds):
            rows = np.flatnonzero(kind == k)
            if len(rows):
                at[rows] = np.concatenate(free[k])[: len(rows)]
        return Places(at, tuple(sizes))

    def product(self, x: Array, weights: Array, keys: Ids) -> Array:
        """Return the matrix product; `keys` must depend on a row's content only."""
        places = self.places(keys)
        return places.multiply(places.spread(x), weights)


def _signs(size: int, shapes: Sequence[tuple[int, int]]) -> list[bytes]:
    """Return the product of one row in every place, for all shapes."""
    rng = np.random.default_rng(0)
    signs = [b""] * size
    for inner, outer in shapes:
        row = rng.standard_normal(inner, np.float32)
        weights = rng.standard_normal((inner, outer), np.float32)
        found = np.matmul(np.repeat(row[None], size, axis=0), weights)
        signs = [sign + line.tobytes() for sign, line in zip(signs, found, strict=True)]
    return signs
