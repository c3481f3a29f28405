"""Details that make two articles of two sentences that are otherwise one.

A copy may be corrected in its wording. Another place, person, number, day or direction is another
event: municipal news is full of texts that differ in nothing else. The words are in `details.tsv`.
"""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import partial

from crawler.rows import words
from crawler.script import HAN
from pipelines.facts import places
from pipelines.text import numerals
from pipelines.text.numerals import ZH_NUMERAL

_words = partial(words, "pipelines.articles/details.tsv")
_CONTEXT = 4
"""Characters beside a changed one that may belong to its word; set by hand, not measured."""
_LONGEST_NAME = 8
"""Characters of a name exchanged before its last word; set by hand, not measured."""
_LONGEST_PERSON = 3
"""Characters of a person's name, with a family name of one."""
_HAN_RUN = re.compile(f"[{HAN}]{{1,{_CONTEXT}}}")
_WORD = re.compile(r"[^\W_]+(?:['’.,-][^\W_]+)*")
_HAN_NUMERAL = re.compile(f"[{ZH_NUMERAL}]")
_DIGIT = re.compile(r"\d")

_QUARTERS = frozenset("东西南北")

Span = tuple[int, int, int, int]


def differ(first: str, second: str, *, chinese: bool) -> bool:
    """Return True if two similar sentences differ in a detail that decides."""
    return _differ_chinese(first, second) if chinese else _differ_english(first, second)


def _exchanged(first: "str | list[str]", second: "str | list[str]") -> Iterator[Span]:
    """Yield the places where something is exchanged for something else."""
    for kind, a, b, c, d in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if kind == "replace":
            yield a, b, c, d


def _differ_chinese(first: str, second: str) -> bool:
    if _other_numerals(first, second) or _other_places(first, second):
        return True
    return any(_decides(first, second, span) for span in _exchanged(first, second))


def _decides(first: str, second: str, span: Span) -> bool:
    a, b, c, d = span
    own, other = first[a:b], second[c:d]
    here = _words("here", "zh")
    if own in here and other in here:
        return False  # 全市, 我市
    if _HAN_NUMERAL.search(own) and _HAN_NUMERAL.search(other):
        return True
    if own in _QUARTERS and other in _QUARTERS:
        return True
    around = (
        first[max(0, a - _CONTEXT) : b + _CONTEXT], second[max(0, c - _CONTEXT) : d + _CONTEXT]
    )  # fmt: skip
    if _another_way(*around, "zh") or other_words(*around):
        return True
    if "·" in first[max(0, a - 1) : b + 1] and "·" in second[max(0, c - 1) : d + 1]:
        return True
    if first[:a].endswith(_words("post", "zh")) and _is_name(own) and _is_name(other):
        return True
    # 主任周敏, 主任周明: only the end of the name is exchanged.
    begun = _begun_name(first[:a])
    if begun and all(_is_name(begun + end) for end in (own, other)):
        return True
    follows = _HAN_RUN.match(first, b)
    named = _words("named", "zh")
    if max(len(own), len(other)) > _LONGEST_NAME:
        return False
    if own.endswith(named) and other.endswith(named):
        # 全市, 全省: each office says where it is, not where something else happened.
        return not first[:a].endswith(here)
    rest = follows.group() if follows else ""
    if rest.startswith(_words("no name", "zh")):
        return False
    return rest.startswith(named) or (
        # Names of one length before a kind of body: 江湾机械厂, 东坝机械厂.
        len(own) == len(other) > 1 and any(rest[at:].startswith(named) for at in (1, 2))
    )


_NUMERALS = re.compile(rf"[{ZH_NUMERAL}]+|[\u2160-\u217f]+|\b[IVX]+\b")


def _other_numerals(first: str, second: str) -> bool:
    """Return True if numerals are exchanged: 26路, 62路; II, III.

    A diff may find one of them in the other.
    """
    own, other = (
        [numerals.chinese(hit.group()) or hit.group() for hit in _NUMERALS.finditer(text)]
        for text in (first, second)
    )
    return len(own) == len(other) and sum(a != b for a, b in zip(own, other, strict=True)) == 1


def _other_places(first: str, second: str) -> bool:
    """Return True if each text names a place of its own."""
    own, other = (places.places(text, "zh") for text in (first, second))
    return bool(own - other and other - own)


def _is_name(text: str) -> bool:
    """Return True for a family name with one or two characters."""
    return 1 < len(text) <= _LONGEST_PERSON and text.startswith(_words("family", "zh"))


def _begun_name(before: str) -> str:
    """Return the beginning of a person's name after a post."""
    for length in (1, 2):
        begun = before[-length:]
        if before[:-length].endswith(_words("post", "zh")) and begun.startswith(
            _words("family", "zh")
        ):
            return begun
    return ""


def _another_way(first: str, second: str, lang: str) -> bool:
    """Return True if one text goes up and the other down."""
    if lang == "zh":
        up, down = (
            [any(word in text for word in _words(name, lang)) for text in (first, second)]
            for name in ("up", "down")
        )
    else:
        up, down = (
            [not {*text.split()}.isdisjoint(_words(name, lang)) for text in (first, second)]
            for name in ("up", "down")
        )
    return (up[0] and down[1] and not (down[0] or up[1])) or (
        down[0] and up[1] and not (up[0] or down[1])
    )


def other_words(first: str, second: str) -> bool:
    """Return True if each Chinese text has its own of exclusive words."""
    for name in _EXCLUSIVE:
        own, other = ({w for w in _words(name, "zh") if w in text} for text in (first, second))
        if own - other and other - own:
            return True
    return False


_EXCLUSIVE = ("when", "colour", "side", "sport", "weather", "office", "crop", "people", "body")
"""Lists of words that exclude each other."""


def _differ_english(first: str, second: str) -> bool:
    own, other = _WORD.findall(first), _WORD.findall(second)
    return any(
        _decides_english(own[a:b], other[c:d], opens=a == 0 or c == 0)
        for a, b, c, d in _exchanged(own, other)
    )


def _decides_english(own: list[str], other: list[str], *, opens: bool) -> bool:
    lower, others = ([word.lower() for word in side] for side in (own, other))
    if lower == others:
        return False
    telling = {word for name in (*_EXCLUSIVE, "numeral") for word in _words(name, "en")}
    # twenty, twenty-five
    parts, other_parts = (
        {part for word in side for part in word.split("-")} for side in (lower, others)
    )
    if not telling.isdisjoint(parts) and not telling.isdisjoint(other_parts):
        return True
    if _another_way(" ".join(lower), " ".join(others), "en"):
        return True
    named, others_named = (
        [word for word in side[opens:] if word[0].isupper() or _DIGIT.search(word)]
        for side in (own, other)
    )
    return bool(named and others_named)
