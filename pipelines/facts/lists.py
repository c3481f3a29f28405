"""Data files of this room, and the word lists of `words.tsv`."""

import re
from functools import cache
from importlib import resources


def rows(name: str) -> list[list[str]]:
    """Return the rows of a data file as cells, without comments."""
    text = (resources.files("pipelines.facts") / name).read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return [line.split("\t") for line in lines]


@cache
def _lists() -> dict[tuple[str, str], tuple[str, ...]]:
    return {(name, lang): tuple(words.split("|")) for name, lang, words in rows("words.tsv")}


def words(name: str, lang: str) -> tuple[str, ...]:
    """Return a word list. Raises `KeyError` for an unknown one."""
    return _lists()[name, lang]


def alternatives(name: str, lang: str) -> str:
    """Return a pattern of any word of a list, the longest first."""
    ordered = sorted(words(name, lang), key=len, reverse=True)
    joined = "|".join(re.escape(word) for word in ordered)
    return joined.replace(r"\-", "[- ]") if lang == "en" else joined
