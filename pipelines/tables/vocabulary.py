"""Terms that tables share: languages, relations, the decision threshold, probability bands."""

from crawler.item import LANGS, RELATIONS

__all__ = ["BANDS", "DECISION", "FLAGS", "LANGS", "RELATIONS", "SCRIPTS", "TRANSLATIONS"]

TRANSLATIONS = ("translation", "abridged", "part_of", "digest")
"""Relations in which one article renders the other, or a part of it."""

SCRIPTS = ("Hans", "Hant")
"""Scripts of Chinese: simplified, traditional."""

FLAGS = ("boilerplate", "fragment", "length_outlier", "number_mismatch")
"""Flags of beads."""

DECISION = 0.5
"""Least probability of a pair that counts as claimed."""

BANDS = 10
"""Probability bands of equal width."""

OWN_CITIES = "cities"
"""Folder of a corpus with city files of its user, which add to those that ship."""
