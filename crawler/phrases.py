"""Phrase lists of both languages, as regular expressions.

They come from TSV files beside their readers; the head of each file explains how its rows are
written.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from crawler.errors import ExitCode, ShizhengError
from crawler.item import LANGS
from crawler.rows import text_of

_TOKEN = re.compile(r"<any (\d+)>|<(number|word|edge)>|\\(.)|(.)")
_DESCRIBED = re.compile(r"^#   ([\w ]+): ", re.MULTILINE)
_OPEN, _CLOSE = {"[": "(?:", "(": "(?:"}, {"]": ")?", ")": ")"}
_SIGNS = {**_OPEN, **_CLOSE, "|": "|", "~": r"\s*"}
_CLASSES = {"number": r"\d", "word": r"\S", "~": r"\s"}
_NAMED = {"number": r"\d+", "word": r"\S+", "edge": r"\b"}


class PhraseError(ShizhengError, ValueError):
    """Unreadable row of a phrase list; the message names file and line."""

    exit_code = ExitCode.INTERNAL


class Phrase(NamedTuple):
    """Row of a phrase list as a pattern.

    `length` is that of the longest text the phrase is made of, `first` the characters that may
    begin it, as parts of a class.
    """

    language: str
    pattern: str
    length: int
    first: frozenset[str]


def alternatives(file: str, *lists: str, whole_words: bool = False) -> str:
    """Return a group that matches any phrase of a file's lists.

    `file` is a package and a name, such as `crawler.extract/labels.tsv`. With `whole_words`, an
    English phrase must end a word unless it ends in a colon. Raises
    `PhraseError` for a row that cannot be read, `KeyError` for a list that the file lacks.
    """
    phrases = [phrase for name in lists for phrase in _lists(file)[name]]
    return group(phrases, whole_words=whole_words)


def group(phrases: Iterable[Phrase], *, whole_words: bool = False) -> str:
    """Return a group that matches any of some phrases, longer ones first."""
    listed = sorted(phrases, key=lambda phrase: -phrase.length)
    patterns = (
        rf"{pattern}\b" if whole_words and language == "en" and pattern[-1] != ":" else pattern
        for language, pattern, _, _ in listed
    )
    # One look at the next character; where letter case is ignored, `re` would try each phrase.
    first = "".join(sorted(frozenset().union(*(phrase.first for phrase in listed))))
    return f"(?:(?=[{first}])(?:{'|'.join(dict.fromkeys(patterns))}))"


@cache
def _lists(file: str) -> dict[str, list[Phrase]]:
    return read_lists(text_of(file), file)


def read_lists(text: str, file: str) -> dict[str, list[Phrase]]:
    """Return the phrases in a file's text by list.

    Raises `PhraseError` for a row that cannot be read.
    """
    lists: dict[str, list[Phrase]] = {name: [] for name in _DESCRIBED.findall(text)}
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        name, *row = line.split("\t")
        if len(row) != 2 or row[0] not in LANGS:
            raise PhraseError(f"{file}:{number}: expected a list, zh or en, and a phrase: {line!r}")
        if name not in lists:
            raise PhraseError(
                f"{file}:{number}: there is no list {name!r}; its head names {', '.join(lists)}"
            )
        lists[name].append(_phrase(*row, place=f"{file}:{number}"))
    return lists


def _phrase(language: str, written: str, *, place: str) -> Phrase:
    pattern = ""
    lengths = [[0]]  # of each open bracket, the lengths of its alternatives
    for most, named, escaped, sign in _TOKEN.findall(written):
        if sign in _OPEN:
            lengths.append([0])
        elif sign in _CLOSE and len(lengths) > 1:
            lengths[-2][-1] += max(lengths.pop())
        elif sign == "|":
            lengths[-1].append(0)
        else:
            lengths[-1][-1] += 1
        if most:
            pattern += rf".{{0,{most}}}"
        else:
            pattern += _NAMED.get(named) or _SIGNS.get(sign) or re.escape(escaped or sign)
    try:
        empty = re.match(pattern, "")
    except re.error as error:
        raise PhraseError(f"{place}: {written!r} cannot be read: {error}") from error
    if (
        empty
        or written != written.strip()
        or re.search(r"(?<!\\)<(?!any \d+>|number>|word>|edge>)", written)
    ):
        raise PhraseError(
            f"{place}: {written!r} is empty, has spaces around it or an unknown <mark>"
        )
    first, _ = _beginnings(iter(_TOKEN.findall(written)))
    return Phrase(language, pattern, max(lengths[0]), frozenset(first))


def _beginnings(tokens: Iterator[tuple[str, str, str, str]]) -> tuple[set[str], bool]:
    """Return what may begin tokens, and if they may be empty.

    Up to the bracket that closes them.
    """
    first: set[str] = set()
    empty, at_start = False, True
    for most, named, escaped, sign in tokens:
        if sign == "]":
            return first, True
        if sign == ")":
            break
        if sign == "|":
            empty, at_start = empty or at_start, True
        elif sign in _OPEN:
            inner, optional = _beginnings(tokens)
            first |= inner if at_start else set()
            at_start = at_start and optional
        elif at_start:
            wide = r"\s\S" if most else _CLASSES.get(named) or _CLASSES.get(sign)
            first.add(re.escape(escaped or sign) if wide is None else wide)
            at_start = bool(most) or named == "edge" or sign == "~"
    return first, empty or at_start
