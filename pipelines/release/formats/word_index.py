"""Index of the words of titles or sentences, in small files.

A word is a run of Latin letters of two characters or more, a number, or two neighbouring Han
characters. Letters are in lower case and without accents (`Élaine` is `elaine`, `Xi'an` is `xian`);
a number keeps its decimals and loses the commas of its thousands; the commonest English words are
no words. A file has the words with one remainder of their first two characters:
`{word: [first number, steps to the next ones]}`. A page looks up the words of a query without
reading all; `site.js` cuts a query in the same way. What is indexed is numbered; a part of a larger
whole has an index of its own, so that memory has one part.
"""

import re
import unicodedata
from array import array
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from pipelines.release.formats.page_data import store

# As in `site.js`, which writes the same rules: an index is read by the pages beside it.
_ACCENTS = re.compile("[\u0300-\u036f]")
_NO_ACCENTS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"}
)
"""Letters that Unicode does not take apart into one of ours and an accent."""
_MARKS = re.compile("['\u2018\u2019\u02bc](?:s(?![a-z0-9]))?|(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_RUNS = re.compile("(?<![0-9.])[0-9]+[.][0-9]+(?![.]?[0-9])[a-z]*|[a-z0-9]+|[\u3007\u3400-\u9fff]+")
_COMMON = frozenset(
    ["the", "of", "in", "to", "and", "for", "on", "at", "is", "by", "with", "an", "as", "its"]
)
_A_SHARD, _MOST_SHARDS = 400, 512
"""Texts that one more file is written for, and files at most; set by hand."""


class WordIndex:
    """Numbers of about `count` things by the words of their texts."""

    def __init__(self, count: int) -> None:
        self.shards = max(1, min(_MOST_SHARDS, count // _A_SHARD))
        self._found: dict[str, array[int]] = {}

    def add(self, number: int, text: str) -> None:
        """Add a text of a number. Numbers must not fall."""
        for word in words(text):
            numbers = self._found.get(word)
            if numbers is None:
                self._found[word] = array("l", [number])
            elif numbers[-1] != number:
                numbers.append(number)

    def write(self, data: Path, name: str) -> None:
        """Write `<name>/<shard>` for each shard, empty or not."""
        parts: list[list[str]] = [[] for _ in range(self.shards)]
        for word in self._found:
            parts[shard(word, self.shards)].append(word)
        for number, part in enumerate(parts):
            lists = {word: _steps(self._found[word]) for word in sorted(part)}
            store(data, f"{name}/{number}", lists)


def words(text: str) -> Iterator[str]:
    """Yield the words of a text."""
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text).lower()).translate(_NO_ACCENTS)
    for run in _RUNS.findall(_MARKS.sub("", plain)):
        if run[0] < "\u3000":
            if (len(run) > 1 or run.isdigit()) and run not in _COMMON:
                yield run
        else:
            yield from (run[at : at + 2] for at in range(len(run) - 1))


def shard(word: str, shards: int) -> int:
    """Return the number of a word's file."""
    return (31 * ord(word[0]) + (ord(word[1]) if len(word) > 1 else 0)) % shards


def _steps(numbers: "array[int]") -> list[int]:
    return [numbers[0], *(b - a for a, b in pairwise(numbers))]
