"""Word lists of `words.tsv`, as words and as patterns."""

import re

from crawler import rows

_FILE = "pipelines.facts/words.tsv"


def words(name: str, lang: str) -> tuple[str, ...]:
    """Return a word list. Raises `ValueError` for an unknown one."""
    return rows.words(_FILE, name, lang)


def alternatives(name: str, lang: str) -> str:
    """Return a pattern of any word of a list, the longest first."""
    ordered = sorted(words(name, lang), key=len, reverse=True)
    joined = "|".join(re.escape(word) for word in ordered)
    return joined.replace(r"\-", "[- ]") if lang == "en" else joined
