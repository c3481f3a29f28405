"""Pages that hold both languages by turns: which paragraphs of the two articles say the same.

Such a page (a foreign affairs office's notice, a bilingual guide) was aligned by who wrote it, so
the alignment is known and kept: `mate_id` names the other article, `mate_groups` numbers, for each
paragraph, the group of paragraphs it belongs to; paragraphs of both articles with one number say
the same.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from crawler.item import Article
from crawler.script import HAN

_HAN = re.compile(f"[{HAN}]")
_WORD = re.compile(r"[A-Za-z]+")
_CHARACTERS = 1.6
"""Chinese characters an English word stands for."""


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph of the page and the halves it went to: `zh`, `en`, or both."""

    text: str
    sides: frozenset[str]


def link(text: str, halves: Sequence[Article]) -> tuple[Article, ...]:
    """Return the Chinese and the English half of a page with what each is to the other.

    `text` is the text of the whole page. What stands in neither half (a headline that became a
    title) is in no group; should a half not be made of the page's own paragraphs, none has one.
    """
    zh, en = halves
    own = {"zh": zh.text.split("\n"), "en": en.text.split("\n")}
    numbers = groups(list(_lines(text.split("\n"), own["zh"], own["en"])))
    if any(len(numbers[side]) != len(own[side]) for side in own):
        numbers = {"zh": (), "en": ()}
    return (
        replace(zh, mate_id=en.article_id, mate_groups=numbers["zh"]),
        replace(en, mate_id=zh.article_id, mate_groups=numbers["en"]),
    )


def groups(lines: Sequence[Line]) -> Mapping[str, tuple[int, ...]]:
    """Return for each side the group number of each of its paragraphs, counted from 0.

    A group begins where the language that leads comes back. Which one leads is told by length:
    what says the same is about as long.
    """
    ways = [_numbered(lines, lead) for lead in ("zh", "en")]
    numbers = min(ways, key=lambda way: _misfit(lines, way))
    return {
        side: tuple(n for line, n in zip(lines, numbers, strict=True) if side in line.sides)
        for side in ("zh", "en")
    }


def _numbered(lines: Sequence[Line], lead: str) -> list[int]:
    numbers: list[int] = []
    before: frozenset[str] = frozenset()
    at = -1
    for line in lines:
        returns = lead in line.sides and before != line.sides
        if at < 0 or returns or len(line.sides) == 2 or len(before) == 2:
            at += 1
        numbers.append(at)
        before = line.sides
    return numbers


def _misfit(lines: Sequence[Line], numbers: Sequence[int]) -> float:
    """Return how badly the two sides of the groups fit in length: log ratios, one-sided worst."""
    sizes: dict[int, dict[str, float]] = {}
    for line, number in zip(lines, numbers, strict=True):
        group = sizes.setdefault(number, {"zh": 1.0, "en": 1.0})
        for side in line.sides:
            group[side] += _size(line.text)
    return sum(abs(math.log(group["zh"] / group["en"])) for group in sizes.values())


def _size(text: str) -> float:
    return len(_HAN.findall(text)) + _CHARACTERS * len(_WORD.findall(text))


def _lines(whole: Sequence[str], zh: Sequence[str], en: Sequence[str]) -> Iterator[Line]:
    """Yield the paragraphs of the page that the halves hold; both are subsequences of it."""
    at = {"zh": 0, "en": 0}
    own = {"zh": zh, "en": en}
    for paragraph in whole:
        sides = [s for s in own if at[s] < len(own[s]) and own[s][at[s]] == paragraph]
        for side in sides:
            at[side] += 1
        if sides:
            yield Line(paragraph, frozenset(sides))


def blocks(
    zh: Sequence[int], en: Sequence[int]
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield for each group, in order, where it starts and ends among things of either side.

    `zh` and `en` are the group of each thing (a sentence), in order.
    """
    i = j = 0
    while i < len(zh) or j < len(en):
        group = min([*zh[i : i + 1], *en[j : j + 1]])
        k, m = i, j
        while k < len(zh) and zh[k] <= group:
            k += 1
        while m < len(en) and en[m] <= group:
            m += 1
        yield (i, k), (j, m)
        i, j = k, m
