"""Share of English words that a Chinese text lacks.

A word that renders a Chinese one by the dictionary is not missing; of another, the nearest Chinese
word counts by its vector. The constants are set by hand and not measured one by one.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipelines.facts import content_words
from pipelines.facts.facts import Facts
from pipelines.vectors.encoder import Encoder, source

_UNLIKE, _ALIKE = 0.3, 0.8
"""Cosines of single words below which they have nothing, and above which all, in common."""
_MOST = 1 << 15
"""Words in memory: 1 KB each with the bundled encoder."""


class WordVectors:
    """Vectors of single words, each encoded once."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = source(encoder)
        self._known: dict[str, npt.NDArray[np.float16]] = {}

    def of(self, words: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return one row per word."""
        if len(self._known) + len(words) > _MOST:
            self._known.clear()
        new = [word for word in dict.fromkeys(words) if word not in self._known]
        if new:
            self._known |= zip(new, self._encoder.encode(new).astype(np.float16), strict=True)
        return np.array([self._known[word] for word in words], np.float32)


def words_missing(zh: Facts, en: Facts, vectors: WordVectors) -> float:
    """Return the share of the English words that Chinese lacks, 0-1."""
    lost = content_words.missing(zh.words, en.words)
    if not lost or not zh.words:
        return float(bool(lost))
    best = (vectors.of(lost) @ vectors.of(sorted(zh.words)).T).max(axis=1)
    alike = np.clip((best - _UNLIKE) / (_ALIKE - _UNLIKE), 0, 1)
    return float((1 - alike).sum() / len(en.words))
