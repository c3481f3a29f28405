"""Rarity of facts within a city."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from pipelines.facts.figures import Quantity

Key = tuple[str, ...]
"""A fact as it is counted: its kind, then what tells it from others of the kind."""


def key(figure: Quantity) -> Key:
    """Return a figure's key: its class aside, three digits and the power of ten."""
    if figure.value <= 0:
        return ("figure", "0")
    power = math.floor(math.log10(figure.value))
    return ("figure", f"{figure.value / 10.0**power:.2f}e{power}")


class Rarity:
    """How rare a fact is within a corpus: 1 for one article's own, near 0 for everybody's.

    Articles are counted in half octaves: an article more changes the rarity of few facts, and so
    what is known of few pairs. Twenty imagined articles smooth small corpora. `asked` collects the
    facts whose rarity was asked for.
    """

    def __init__(self, counts: Mapping[Key, int], articles: int) -> None:
        self._counts = counts
        self._whole = _level(articles + 20)
        self.asked: set[Key] = set()

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
        self.asked.add(fact)
        return max(0.02, 1 - _level(self._counts.get(fact, 0)) / self._whole)

    def alone(self, fact: Key) -> float:
        """How far a fact names one article: 1 if one or none gives it, falling with the root."""
        self.asked.add(fact)
        return 1 / math.sqrt(max(1.0, 2 ** (_level(self._counts.get(fact, 0)) / 2) - 1))

    def levels(self, facts: Iterable[Key]) -> list[int]:
        """Return all that the rarities of these facts depend on: the whole, then of each."""
        return [self._whole, *(_level(self._counts.get(fact, 0)) for fact in facts)]


@cache
def _level(count: int) -> int:
    """Half octaves of a count; none is 0, one is 2, three are 4."""
    return round(2 * math.log2(count + 1))
