"""Simplified and Traditional characters, by OpenCC's tables."""

from functools import cache
from importlib.resources import files


def script_of(text: str) -> str:
    """Return `Hant` for a Chinese text in Traditional writing, else `Hans`.

    Traditional is a text with more characters of only that writing than of only Simplified writing;
    the sets are OpenCC's.
    """
    simplified, traditional = script_counts(text)
    return "Hant" if traditional > simplified else "Hans"


def simplified(text: str) -> str:
    """Replace each Traditional character by its first Simplified form, for comparison.

    One text gives one string in either script. A character with a Simplified reading of its own
    (乾 in 乾隆, 於 as a surname) is replaced, too: the result is compared, never shown.
    """
    return text.translate(_to_simplified())


def script_counts(text: str) -> tuple[int, int]:
    """Return the numbers of characters only Simplified and only Traditional."""
    simplified_only, traditional_only = exclusive_characters()
    return (
        sum(char in simplified_only for char in text),
        sum(char in traditional_only for char in text),
    )


@cache
def exclusive_characters() -> tuple[frozenset[str], frozenset[str]]:
    """Return the characters of Simplified and of Traditional writing only.

    The sets are those that OpenCC converts in one direction only. A character that is also its own
    counterpart (后, 里, 台) is used in both and is in neither.
    """
    to_traditional, to_simplified = _table("STCharacters.txt"), _table("TSCharacters.txt")
    simplified_only = {char for char, forms in to_traditional.items() if char not in forms}
    traditional_only = {char for char, forms in to_simplified.items() if char not in forms}
    return (
        frozenset(simplified_only - traditional_only),
        frozenset(traditional_only - simplified_only),
    )


@cache
def _to_simplified() -> dict[int, str]:
    table = _table("TSCharacters.txt").items()
    return {ord(char): forms[0] for char, forms in table if len(char) == 1}


@cache
def _table(name: str) -> dict[str, list[str]]:
    """Return one of OpenCC's tables: characters with their converted forms."""
    path = files("opencc") / "dictionary" / name
    table: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        char, _, forms = line.partition("\t")
        if forms:
            table[char] = forms.split()
    return table
