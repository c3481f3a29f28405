"""Near-duplicates across the parts of a split, among millions of texts.

Candidates come from one-permutation MinHash over character shingles (Li, Owen and Zhang, 2012),
computed for whole batches of texts at once: 64 bins, in 16 bands of 4. Two texts that share four
fifths of their shingles meet in a band with probability above .999. The decision is
`pipelines.articles.duplicates`', from the two texts themselves.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.articles import duplicates
from pipelines.text.script import simplified

Integers = np.ndarray[Any, np.dtype[Any]]

BINS, BANDS = 64, 16
_KEYS = BANDS + 1
_SHINGLE = {"zh": 4, "en": 12}
"""Characters of a shingle, spaces and punctuation left out."""
_MOST = 250_000
"""Comparisons within one band's group; a larger group counts as one text: better too little in
training than a test text."""
_MIX = (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53))
_EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Leaks:
    """Pairs of positions (earlier part, later part) whose texts are the same, and positions in an
    earlier part that look like too many texts of a later one to be compared."""

    pairs: list[tuple[int, int]]
    crowded: list[int]


def keys(texts: pa.Array, lang: str) -> Integers:
    """Return the band keys of texts of one language: shape (texts, 17), 0 where there is none.

    The last key is that of the whole text, for texts shorter than a shingle.
    """
    size = _SHINGLE[lang]
    count = len(texts)
    texts = pc.fill_null(texts, "")
    lengths = pc.utf8_length(texts).to_numpy()
    joined = "".join(texts.to_pylist()).encode("utf-32-le", "surrogatepass")
    codes = _folded()[np.minimum(np.frombuffer(joined, np.uint32), 0xFFFF)]
    owner = np.repeat(np.arange(count, dtype=np.int64), lengths)
    kept = codes > 0
    codes, owner = codes[kept].astype(np.uint64), owner[kept]
    result = np.zeros((count, _KEYS), dtype=np.uint64)
    salt = np.uint64(len(lang) + ord(lang[0]))
    singles = _mixed(codes + salt)
    result[:, BANDS] = _sums(singles, owner, count)
    if len(codes) >= size:
        rolled = np.zeros(len(codes) - size + 1, dtype=np.uint64)
        for at in range(size):
            rolled = rolled * np.uint64(0x9E3779B97F4A7C15) + codes[at : at + len(rolled)]
        whole = owner[: len(rolled)] == owner[size - 1 :]
        hashes, owner = _mixed(rolled[whole] + salt), owner[: len(rolled)][whole]
        sketch = np.full(count * BINS, _EMPTY, dtype=np.uint64)
        places = owner * BINS + (hashes >> np.uint64(58)).astype(np.int64)
        np.minimum.at(sketch, places, hashes)
        result[:, :BANDS] = _bands(sketch.reshape(count, BINS))
    return result


def leaks(
    found: Integers,
    part: Integers,
    read: Callable[[Integers], Iterator[tuple[int, duplicates.Row]]],
) -> Leaks:
    """Return the near-duplicates that stand in different parts.

    `found` are the band keys of all texts, `part` each text's part (0 first; below 0: in none),
    `read(positions)` yields the texts at sorted positions.
    """
    candidates, crowded = _candidates(found, part)
    if not len(candidates):
        return Leaks([], sorted(crowded))
    needed = np.unique(candidates)
    texts = _prepared(dict(read(needed)))
    pairs = [
        (int(early), int(late))
        for early, late in candidates.tolist()
        if early not in crowded and duplicates.alike(texts(early), texts(late))
    ]
    return Leaks(pairs, sorted(crowded))


def _prepared(rows: Mapping[int, duplicates.Row]) -> Callable[[int], duplicates.Prepared]:
    @lru_cache(maxsize=4096)
    def prepared(position: int) -> duplicates.Prepared:
        return duplicates.prepare(rows[position])

    return prepared


def _candidates(found: Integers, part: Integers) -> tuple[Integers, set[int]]:
    """Return the candidate pairs (shape (n, 2), the earlier part first, sorted) and the crowded."""
    listed: list[Integers] = []
    crowded: set[int] = set()
    present = np.flatnonzero(part >= 0)
    for band in range(found.shape[1]):
        values = found[present, band]
        order = present[np.argsort(values, kind="stable")]
        values = found[order, band]
        borders = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1], [True])))
        for begin, end in pairwise(borders.tolist()):
            if end - begin < 2 or values[begin] == 0:
                continue
            group = order[begin:end]
            parts = part[group]
            if parts.min() == parts.max():
                continue
            listed += _across(group, parts, crowded)
    if not listed:
        return np.zeros((0, 2), dtype=np.int64), crowded
    return np.unique(np.concatenate(listed), axis=0), crowded


def _across(group: Integers, parts: Integers, crowded: set[int]) -> list[Integers]:
    """Return a group's pairs that stand in different parts; note what is too many to compare."""
    pairs = []
    for later in np.unique(parts)[1:]:
        early, late = group[parts < later], group[parts == later]
        if len(early) * len(late) > _MOST:
            crowded.update(early.tolist())
            continue
        pairs.append(np.stack((np.repeat(early, len(late)), np.tile(late, len(early))), axis=1))
    return pairs


def _bands(sketch: Integers) -> Integers:
    rows = BINS // BANDS
    grouped = sketch.reshape(len(sketch), BANDS, rows)
    empty = (grouped == _EMPTY).all(axis=2)
    key = np.arange(1, BANDS + 1, dtype=np.uint64)[None, :].repeat(len(sketch), axis=0)
    for at in range(rows):
        key = _mixed(key * _MIX[1] + grouped[:, :, at])
    key[empty] = 0
    return key


def _sums(hashes: Integers, owner: Integers, count: int) -> Integers:
    """Return the sum of each text's hashes, wrapping; 0 for a text without characters."""
    total = np.concatenate((np.zeros(1, np.uint64), np.cumsum(hashes, dtype=np.uint64)))
    ends = np.searchsorted(owner, np.arange(count + 1))
    return total[ends[1:]] - total[ends[:-1]]


def _mixed(values: Integers) -> Integers:
    """Return 64 well-mixed bits for each value (the finaliser of MurmurHash3)."""
    values = values ^ (values >> np.uint64(33))
    for factor in _MIX:
        values = values * factor
        values ^= values >> np.uint64(33)
    return values


@lru_cache(maxsize=1)
def _folded() -> Integers:
    """Return for each code point below 65,536 what it is compared as; 0: it is left out.

    Traditional as Simplified, full-width digits as digits, upper as lower case, as in
    `duplicates`; what lies beyond the first plane is left out.
    """
    table = np.zeros(0x10000, dtype=np.uint32)
    for code in range(0x10000):
        char = chr(code)
        if char.isalnum():
            lower = char.lower() if len(char.lower()) == 1 else char
            table[code] = code if 0xD800 <= code < 0xE000 else ord(simplified(lower)[0])
    table[0xFF10:0xFF1A] = np.arange(ord("0"), ord("9") + 1)
    return table
