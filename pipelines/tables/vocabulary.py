"""Words that tables share: languages, relations, the decision threshold."""

BANDS = 10
"""Probability bands of equal width."""


LANGS = ("zh", "en")


DECISION = 0.5
"""A pair counts as claimed from this probability on."""


RELATIONS = ("translation", "abridged", "part_of", "same_event")
