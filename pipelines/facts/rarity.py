"""Rarity of facts within a city."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from pipelines.facts.figures import Quantity

Key = tuple[str, ...]
"""Fact as it is counted: its kind, then its value."""


def key(figure: Quantity) -> Key:
    """Return a figure's key: three digits and the power of ten."""
    if not figure.value:
        return ("figure", "0")
    power = math.floor(math.log10(abs(figure.value)))
    return ("figure", f"{figure.value / 10.0**power:.2f}e{power}")


_SMOOTHING = 20
"""Articles added to each corpus; set by hand, not measured."""
_COMMONEST = 0.02
"""Rarity of a fact of all articles; set by hand, not measured."""


class Rarity:
    """Rarity of facts within a corpus.

    1 is the rarity of a fact of one article, near 0 that of one of all. Articles are counted in
    half octaves: another article changes the rarity of few facts, and so few cached comparisons.
    `_SMOOTHING` articles are added to smooth small corpora. `used` collects the facts that were
    weighed.
    """

    def __init__(self, counts: Mapping[Key, int], articles: int) -> None:
        self._counts = counts
        self._whole = _level(articles + _SMOOTHING)
        self.used: set[Key] = set()

    @classmethod
    def of(cls, corpus: Iterable[Iterable[Key]]) -> "Rarity":
        """Count the keys of the facts of one language's articles."""
        counts: Counter[Key] = Counter()
        size = 0
        for keys in corpus:
            counts.update(keys)
            size += 1
        return cls(counts, size)

    def __call__(self, fact: Key) -> float:
        self.used.add(fact)
        return max(_COMMONEST, 1 - _level(self._counts.get(fact, 0)) / self._whole)

    def uniqueness(self, fact: Key) -> float:
        """Return 1 over the root of a fact's number of articles."""
        self.used.add(fact)
        return 1 / math.sqrt(max(1.0, 2 ** (_level(self._counts.get(fact, 0)) / 2) - 1))

    def levels(self, facts: Iterable[Key]) -> list[int]:
        """Return the levels of the corpus and of each fact."""
        return [self._whole, *(_level(self._counts.get(fact, 0)) for fact in facts)]


@cache
def _level(count: int) -> int:
    """Return the half octaves of a count plus one."""
    return round(2 * math.log2(count + 1))
