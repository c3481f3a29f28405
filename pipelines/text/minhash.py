"""One-permutation MinHash (Li, Owen and Zhang, 2012) and its bands.

The first six bits of a hash number its bin; the smallest hash of each bin is the signature. Texts
that share a band of four bins are candidates: of pairs with a Jaccard similarity of .8 more than
.999 share one, of pairs with .5 about .6.
"""

import zlib
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

Integers = np.ndarray[Any, np.dtype[Any]]

BINS, BANDS = 64, 16
_ROWS = BINS // BANDS
SIMILAR = 0.6
"""Estimated Jaccard similarity from which two texts are candidates: four standard errors of 64
bins below .8, from which two texts are the same."""
_EMPTY = np.uint32(0xFFFFFFFF)
_FACTORS = (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53))


def mixed(values: Integers) -> Integers:
    """Return 64 well-mixed bits for each uint64 (the finaliser of MurmurHash3)."""
    values = values ^ (values >> np.uint64(33))
    for factor in _FACTORS:
        values = values * factor
        values ^= values >> np.uint64(33)
    return values


def signatures(hashes: Integers, owner: Integers, count: int) -> Integers:
    """Return the signatures of `count` texts, uint32 of shape (count, 64).

    `hashes` are well-mixed uint64, one a shingle; `owner` is the text of each, from 0.
    """
    result = np.full(count * BINS, _EMPTY, dtype=np.uint32)
    bins = owner * BINS + (hashes >> np.uint64(58)).astype(np.int64)
    rest = (hashes >> np.uint64(26)).astype(np.uint32)
    np.minimum.at(result, bins, rest)
    return result.reshape(count, BINS)


def signature(shingles: Iterable[bytes]) -> Integers:
    """Return the signature of one text, uint32 of shape (64,)."""
    hashes = mixed(np.fromiter(map(zlib.crc32, shingles), np.uint64))
    (signed,) = signatures(hashes, np.zeros(len(hashes), np.int64), 1)
    return np.asarray(signed)


def bands(signed: Integers) -> Integers:
    """Return band keys, uint64 of shape (texts, 16); 0 if empty."""
    grouped = signed.reshape(len(signed), BANDS, _ROWS)
    keys = np.arange(1, BANDS + 1, dtype=np.uint64)[None, :].repeat(len(signed), axis=0)
    for row in range(_ROWS):
        keys = mixed(keys * _FACTORS[1] + grouped[:, :, row])
    keys[(grouped == _EMPTY).all(axis=2)] = 0
    return keys


def buckets(keys: Integers) -> Iterator[Integers]:
    """Yield the positions of rows that share a column's key.

    `keys` has one row a text, one column a band; 0 is no key. Positions are in order.
    """
    for column in keys.T:
        order = np.argsort(column, kind="stable")
        ordered = column[order]
        borders = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1], [True])))
        for begin, end in pairwise(borders.tolist()):
            if end - begin > 1 and ordered[begin] != 0:
                yield order[begin:end]


def similarity(signed: Integers, other: Integers) -> Integers:
    """Return the estimated Jaccard similarity of each signature to another, 0-1.

    Bins that are empty in both count as equal, so that of short texts too many are compared and
    not too few.
    """
    return np.asarray((signed == other).mean(axis=-1))


class Index:
    """Signatures by band, for finding earlier texts similar to a new one."""

    def __init__(self) -> None:
        # Most bands are of one text: a list for each would be most of the memory.
        self._buckets: dict[int, int | list[int]] = {}
        self._signatures = np.empty((256, BINS), dtype=np.uint32)
        self._size = 0

    def add(self, signed: Integers) -> None:
        """Add a signature at the next position."""
        if self._size == len(self._signatures):
            # In place: two copies of a large city's would be in memory otherwise.
            self._signatures.resize((self._size * 3 // 2, BINS), refcheck=False)
        self._signatures[self._size] = signed
        for key in self._keys(signed):
            bucket = self._buckets.setdefault(key, self._size)
            if isinstance(bucket, list):
                bucket.append(self._size)
            elif bucket != self._size:
                self._buckets[key] = [bucket, self._size]
        self._size += 1

    def near(self, signed: Integers, most: int) -> list[int]:
        """Return the positions of the `most` similar signatures, in order."""
        sharing = set[int]()
        for key in self._keys(signed):
            bucket = self._buckets.get(key, [])
            sharing.update([bucket] if isinstance(bucket, int) else bucket)
        positions = np.array(sorted(sharing), dtype=np.int64)
        likeness = similarity(self._signatures[positions], signed)
        best = np.argsort(-likeness, kind="stable")[:most]
        chosen: list[int] = np.sort(positions[best[likeness[best] >= SIMILAR]]).tolist()
        return chosen

    @staticmethod
    def _keys(signed: Integers) -> list[int]:
        return [key for key in bands(signed[None])[0].tolist() if key]
