"""Romanisations of Hong Kong and Macau, by table, and Taipei, by rule.

Hong Kong and Macau spell Cantonese by custom (李 Lee, 陳 Chan, 賀 Ho), so a table lists characters
by syllable. Wade-Giles (`Chiang Wan-an`) follows from pinyin; apostrophes are rarely printed, so a
syllable has several readings in pinyin.
"""

from collections.abc import Iterable
from functools import cache

from crawler.rows import rows

RUN_TOGETHER = {"szeto": ("sze", "to"), "auyeung": ("au", "yeung"), "kowloon": ("kow", "loon")}
"""Two syllables that are printed as one word."""


@cache
def _table() -> dict[str, str]:
    return {row[0]: row[1] for row in rows("pipelines.facts/romanisation.tsv")}


def characters(syllable: str) -> str:
    """Return the Simplified characters of a syllable of Hong Kong or Macau."""
    return _table().get(syllable, "")


def syllables() -> tuple[str, ...]:
    """Return the syllables of Hong Kong and Macau, the longest first."""
    return tuple(sorted(_table(), key=lambda syllable: (-len(syllable), syllable)))


_INITIALS = (
    ("zh", "ch"), ("ch", "ch"), ("sh", "sh"), ("q", "ch"), ("j", "ch"), ("x", "hs"), ("z", "ts"),
    ("c", "ts"), ("b", "p"), ("d", "t"), ("g", "k"), ("r", "j"), ("p", "p"), ("t", "t"), ("k", "k"),
    ("m", "m"), ("n", "n"), ("l", "l"), ("f", "f"), ("h", "h"), ("s", "s"), ("y", "y"), ("w", "w"),
)  # fmt: skip
_WHOLE = {
    "zhi": "chih", "chi": "chih", "shi": "shih", "ri": "jih", "zi": "tzu", "ci": "tzu", "si": "ssu",
    "ge": "ko", "ke": "ko", "he": "ho", "ye": "yeh", "yan": "yen", "you": "yu", "er": "erh",
    "gui": "kuei", "kui": "kuei", "guo": "kuo", "kuo": "kuo", "huo": "huo", "shuo": "shuo",
    "yi": "i", "wen": "wen", "yong": "yung",
}  # fmt: skip
_FINALS = {"ong": "ung", "iong": "iung", "ian": "ien", "ie": "ieh", "ue": "ueh", "ve": "ueh",
           "uo": "o", "v": "u"}  # fmt: skip


def _from_pinyin(syllable: str) -> str:
    """Return a toneless pinyin syllable in Wade-Giles without apostrophes and diaereses."""
    if syllable in _WHOLE:
        return _WHOLE[syllable]
    initial, spelt = next((pair for pair in _INITIALS if syllable.startswith(pair[0])), ("", ""))
    final = syllable[len(initial) :]
    return spelt + _FINALS.get(final, final)


def wade_giles(syllables: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the possible pinyin `syllables` by Wade-Giles syllable."""
    found: dict[str, list[str]] = {}
    for syllable in sorted(syllables):
        found.setdefault(_from_pinyin(syllable), []).append(syllable)
    return {spelt: tuple(listed) for spelt, listed in found.items()}
