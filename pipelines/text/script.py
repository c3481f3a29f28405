"""Simplified and Traditional characters, by OpenCC's tables."""

import re
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
    text = text.translate(_to_simplified())
    return _IN_WORDS.sub(lambda hit: _WORD_FORMS[hit.group()], text)


def script_counts(text: str) -> tuple[int, int]:
    """Return the numbers of characters only Simplified and only Traditional."""
    rare = _RARE.findall(text)
    hans, hant = (
        sum(map(len, runs.findall(text))) + sum(map(only.__contains__, rare))
        for runs, only in zip(_exclusive_runs(), exclusive_characters(), strict=True)
    )
    return hans, hant


_LAST = "\uffff"
_RARE = re.compile("[\U00010000-\U0010ffff]")


@cache
def _exclusive_runs() -> tuple[re.Pattern[str], ...]:
    """Return patterns of runs of `exclusive_characters`, the rare planes aside.

    To count runs is much quicker than to look up each character, but a pattern compares single
    characters of those planes one after the other.
    """
    return tuple(
        re.compile(f"[{''.join(char for char in only if char <= _LAST)}]+")
        for only in exclusive_characters()
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
