"""Near-duplicates across the parts of a split, among millions of texts.

Candidates come from MinHash (`pipelines.text.minhash`) over character shingles, computed for whole
batches of texts at once. The decision is `pipelines.articles.duplicates`', from the two texts
themselves.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.articles import duplicates
from pipelines.text import minhash
from pipelines.text.minhash import Integers
from pipelines.text.script import simplified

KEYS = minhash.BANDS + 1
"""Keys of a text: those of its bands, and that of the whole."""
_SHINGLE = {"zh": 4, "en": 12}
"""Characters of a shingle, spaces and punctuation left out; set by hand."""
_MOST = 250_000
"""Comparisons within one band's group; a larger group counts as one text: better too little in
training than a test text. Set by hand, not measured."""


@dataclass(frozen=True, slots=True)
class Leaks:
    """Near-duplicates across parts, as positions.

    `pairs` are (earlier part, later part); `crowded` are in an earlier part and resemble too many
    texts of a later one to be compared.
    """

    pairs: list[tuple[int, int]]
    crowded: list[int]


def keys(texts: pa.Array, lang: str) -> Integers:
    """Return the band keys of texts of one language.

    The shape is (texts, 17); a key of 0 is none. The last key is that of the whole text, for texts
    shorter than a shingle.
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
    result = np.zeros((count, KEYS), dtype=np.uint64)
    salt = np.uint64(len(lang) + ord(lang[0]))
    singles = minhash.mixed(codes + salt)
    result[:, -1] = _sums(singles, owner, count)
    if len(codes) >= size:
        rolled = np.zeros(len(codes) - size + 1, dtype=np.uint64)
        for at in range(size):
            rolled = rolled * np.uint64(0x9E3779B97F4A7C15) + codes[at : at + len(rolled)]
        whole = owner[: len(rolled)] == owner[size - 1 :]
        hashes, owner = minhash.mixed(rolled[whole] + salt), owner[: len(rolled)][whole]
        result[:, :-1] = minhash.bands(minhash.signatures(hashes, owner, count))
    return result


def leaks(
    found: Integers,
    part: Integers,
    read: Callable[[Integers], Iterator[tuple[int, duplicates.ArticleRow]]],
) -> Leaks:
    """Return the near-duplicates that are in different parts.

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


def _prepared(
    rows: Mapping[int, duplicates.ArticleRow],
) -> Callable[[int], duplicates.PreparedText]:
    @lru_cache(maxsize=4096)
    def prepared(position: int) -> duplicates.PreparedText:
        return duplicates.prepare_text(rows[position])

    return prepared


def _candidates(found: Integers, part: Integers) -> tuple[Integers, set[int]]:
    """Return the candidates, and the crowded positions.

    The candidates are sorted, shape (n, 2), the earlier part first.
    """
    listed: list[Integers] = []
    crowded: set[int] = set()
    present = np.flatnonzero(part >= 0)
    for bucket in minhash.buckets(found[present]):
        group = present[bucket]
        parts = part[group]
        if parts.min() != parts.max():
            listed += _across(group, parts, crowded)
    if not listed:
        return np.zeros((0, 2), dtype=np.int64), crowded
    return np.unique(np.concatenate(listed), axis=0), crowded


def _across(group: Integers, parts: Integers, crowded: set[int]) -> list[Integers]:
    """Return a group's pairs across parts; add to `crowded` if too many."""
    pairs = []
    for later in np.unique(parts)[1:]:
        early, late = group[parts < later], group[parts == later]
        if len(early) * len(late) > _MOST:
            crowded.update(early.tolist())
            continue
        pairs.append(np.stack((np.repeat(early, len(late)), np.tile(late, len(early))), axis=1))
    return pairs


def _sums(hashes: Integers, owner: Integers, count: int) -> Integers:
    """Return the wrapping sum of each text's hashes, 0 without any."""
    total = np.concatenate((np.zeros(1, np.uint64), np.cumsum(hashes, dtype=np.uint64)))
    ends = np.searchsorted(owner, np.arange(count + 1))
    return total[ends[1:]] - total[ends[:-1]]


@lru_cache(maxsize=1)
def _folded() -> Integers:
    """Return a folded code for each code point; 0: left out.

    Traditional as Simplified, full-width digits as digits, upper as lower case, as in
    `duplicates`; characters beyond the first plane are left out.
    """
    table = np.zeros(0x10000, dtype=np.uint32)
    for code in range(0x10000):
        char = chr(code)
        if char.isalnum():
            lower = char.lower() if len(char.lower()) == 1 else char
            table[code] = code if 0xD800 <= code < 0xE000 else ord(simplified(lower)[0])
    table[0xFF10:0xFF1A] = np.arange(ord("0"), ord("9") + 1)
    return table
