"""Letters of a text by script, Simplified and Traditional by OpenCC's tables."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crawler.script import HAN

LATIN = r"A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_KANA = r"\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d"
_HANGUL = r"\u1100-\u11ff\uac00-\ud7af"
# All that is no Han, kana, Hangul or Latin: Greek to Georgian, Ethiopic to Mongolian, Yi, Lisu, ...
_FOREIGN = (
    r"\u0370-\u10ff\u1200-\u1cff\u2c00-\u2dff\ua000-\ua71f\ua800-\uabff"
    r"\U00010000-\U0001efff"
)


class Letters(NamedTuple):
    """Numbers of a text's characters in each script.

    `simplified` and `traditional` are those among `han` of only that writing.
    """

    han: int
    kana: int
    hangul: int
    foreign: int
    latin: int
    simplified: int
    traditional: int


def count_letters(text: str) -> Letters:
    """Count the characters of a text by script.

    In one pass over their code points; those of a paragraph are remembered, since each rule for
    the language of a page asks for them.
    """
    return _counted_line(text) if len(text) <= _LONGEST_LINE else _counted(text)


def _counted(text: str) -> Letters:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    found = np.bincount(_kinds().take(codes, mode="clip"), minlength=len(_OF_KIND))
    return Letters(*(found @ _OF_KIND).tolist())


_counted_line = lru_cache(maxsize=512)(_counted)
_LONGEST_LINE = 500
"""Characters of a text whose counts are remembered; set by hand, not measured."""
_OF_KIND = np.array([[kind >> bit & 1 for bit in range(7)] for kind in range(1 << 7)])
"""For each kind of character, a bit for each field of `Letters`."""
_END = 0x40000
"""Code point from which on no character is counted."""


@cache
def _kinds() -> NDArray[np.uint8]:
    """Return the kind of each code point, and of all beyond."""
    kinds = np.zeros(_END + 1, np.uint8)
    for bit, signs in enumerate((HAN, _KANA, _HANGUL, _FOREIGN, LATIN)):
        for first, last in _spans(signs):
            kinds[first : last + 1] |= 1 << bit
    for bit, only in enumerate(exclusive_characters(), 5):
        kinds[[ord(char) for char in only]] |= 1 << bit
    return kinds


def _spans(signs: str) -> Iterator[tuple[int, int]]:
    """Yield first and last code point of each range of characters."""
    written = signs.encode("ascii").decode("unicode_escape")
    for first, last in re.findall("(.)-(.)", written):
        yield ord(first), ord(last)


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
    text = text.translate(_to_simplified())
    return _IN_WORDS.sub(lambda hit: _WORD_FORMS[hit.group()], text)


def script_counts(text: str) -> tuple[int, int]:
    """Return the numbers of characters only Simplified and only Traditional."""
    found = count_letters(text)
    return found.simplified, found.traditional


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


_WORD_FORMS = {"覆": "复", "著": "着", "藉": "借", "瞭": "了"}
# Characters of both scripts that Traditional writing has in more words: 答覆 is 答复, 覆盖 stays.
_IN_WORDS = re.compile(
    r"(?<=[答回反批])覆|覆(?=[查核议审检])|(?<![慰狼枕蕴])藉|瞭(?!望)"
    r"|(?<![显名专编原论土昭巨卓遗译合新旧大拙执较])著(?![名作称述书者有录])"
)
# Forms of Hong Kong and Taiwan that OpenCC's table of single characters has not.
_REGIONAL = dict(zip("揹擡伕牠牴暱祇彷幷敍枱衞麪", "背抬夫它抵昵只仿并叙台卫面", strict=True))


@cache
def _to_simplified() -> dict[int, str]:
    table = _table("TSCharacters.txt").items()
    forms = {ord(char): forms[0] for char, forms in table if len(char) == 1}
    return forms | {ord(char): form for char, form in _REGIONAL.items()}


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
