"""Facts of two texts as marks, with their counterparts."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pipelines.facts.facts import Facts
from pipelines.facts.figures import Quantity, agree
from pipelines.facts.mentions import Day, Period
from pipelines.facts.ordinals import Ordinal
from pipelines.text import numerals
from pipelines.text.normal import offsets

Kind = Literal["date", "rank", "figure", "name"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of text that states a fact.

    Offsets run over the normal form of title, newline, text. `shared`: the other text states it,
    too. Marks of both texts with the same fact have the same `group`; a shared mark is in group 0
    if only part of it (a year) is found.
    """

    start: int
    end: int
    kind: Kind
    shared: bool = False
    group: int = 0


MOST = 400
"""Most marks of one text, so that a table of figures cannot stall the page. Set by hand."""

_Fact = Day | Period | Ordinal | Quantity | int | str
_Stated = tuple[Mark, tuple[_Fact, ...]]

# How far a figure reaches is bounded: read to the end of a row of figures from each of them, the
# row would take the square of its length.
_ZH_EXTENT = re.compile(
    r"[^\d一二两三四五六七八九十百千万亿\n]{0,3}"
    r"(?:\d[\d,.]{0,24}\d|\d|[零〇一二两三四五六七八九十百千点]{1,24})"
    r"(?:[-—–~～至到](?:\d[\d,.]{0,24}\d|\d))?[十百千万亿]{0,8}(?:%|‰|℃|个百分点|美元|港元|欧元|元)?"
)
_EN_EXTENT = re.compile(
    r"(?:[a-z]{1,24} ){0,3}?(?:[a-z]{2,3}\$?|[$¥￥€£])? ?"
    rf"(?:\d[\d,.]{{0,24}}\d|\d|\b{numerals.EN_CARDINAL}\b)"
    r"(?: ?(?:-|–|—|to) ?\d[\d,.]{0,24})?"
    r"(?:[- ]?(?:hundred million|trillion|billion|million|thousand|hundred|bn\b|mn\b)){0,4}"
    r"(?: ?%| per ?cent\b| percentage points?| yuan\b| dollars?\b)?",
    re.IGNORECASE,
)


def marks(zh: Facts, en: Facts) -> tuple[list[Mark], list[Mark]]:
    """Return the marks of a Chinese and of an English text.

    In order, none overlapping.
    """
    zh_marks, en_marks = _stated(zh), _stated(en)
    named_zh, named_en = _names(zh, en)
    zh_marks, en_marks = _apart([*zh_marks, *named_zh]), _apart([*en_marks, *named_en])
    links = [
        (i, j)
        for i, (mark, facts) in enumerate(zh_marks)
        for j, (other, others) in enumerate(en_marks)
        if mark.kind == other.kind and any(_same(a, b) for a in facts for b in others)
    ]
    groups = _groups(links)
    return (
        [_linked(zh_marks, i, groups.get((0, i), 0), en_marks) for i in range(len(zh_marks))],
        [_linked(en_marks, j, groups.get((1, j), 0), zh_marks) for j in range(len(en_marks))],
    )


def as_written(found: Sequence[Mark], text: str) -> list[Mark]:
    """Lead marks of a text's normal form back to the text."""
    at = offsets(text)
    return [replace(mark, start=at[mark.start], end=at[mark.end]) for mark in found]


def _linked(side: list[_Stated], index: int, group: int, other: list[_Stated]) -> Mark:
    """Return a mark with its group.

    A year alone is shared by a date with the same year, too.
    """
    mark, facts = side[index]
    shared = bool(group)
    if not shared and facts and all(isinstance(fact, int) for fact in facts):
        years = {_year(fact) for _, others in other for fact in others}
        shared = any(fact in years for fact in facts)
    return replace(mark, shared=shared, group=group)


def _year(fact: _Fact) -> int | None:
    if isinstance(fact, Day | Period):
        return fact.year
    return fact if isinstance(fact, int) else None


def _groups(links: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Number the sets of linked marks from 1 in reading order.

    Keys are (0, i) for Chinese marks and (1, j) for English ones.
    """
    parent: dict[tuple[int, int], tuple[int, int]] = {}

    def root(node: tuple[int, int]) -> tuple[int, int]:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for i, j in links:
        parent[root((1, j))] = root((0, i))
    numbers: dict[tuple[int, int], int] = {}
    return {node: numbers.setdefault(root(node), len(numbers) + 1) for node in sorted(parent)}


def _stated(facts: Facts) -> list[_Stated]:
    """Return the dates, ranks and figures of a text with their stretches."""
    found: list[_Stated] = []
    when = facts.calendar
    dated: dict[int, list[_Fact]] = {}
    years: dict[int, list[_Fact]] = {}
    for day in when.days:
        dated.setdefault(day.start, []).append(day)
    for period in when.periods:
        dated.setdefault(period.start, []).append(period)
    for year, at in when.years:
        years.setdefault(at, []).append(year)
    for start, end in when.spans:
        blank = len(facts.whole[start:end]) - len(facts.whole[start:end].lstrip())
        stated = dated.get(start) or years.get(start, [])
        found.append((Mark(start + blank, end, "date"), tuple(stated)))
    found += [(Mark(rank.start, rank.end, "rank"), (rank,)) for rank in facts.ordinals]
    extent = _ZH_EXTENT if facts.lang == "zh" else _EN_EXTENT
    by_start: dict[int, list[Quantity]] = {}
    for figure in facts.figures:
        by_start.setdefault(figure.start, []).append(figure)
    for at, figures in by_start.items():
        start = next((i for i in range(at, len(facts.whole)) if not facts.whole[i].isspace()), at)
        if hit := extent.match(facts.whole, start):
            found.append((Mark(start, hit.end(), "figure"), tuple(figures)))
    return found


def _names(zh: Facts, en: Facts) -> tuple[list[_Stated], list[_Stated]]:
    """Return the names of both texts as marks.

    Names spelt in pinyin if Chinese characters read like them; persons also without a counterpart.
    """
    zh_marks: list[_Stated] = []
    en_marks: list[_Stated] = []
    found: dict[str, list[tuple[int, int]]] = {}
    for name in en.pinyin:
        if name.letters not in found:
            found[name.letters] = list(_read_like(zh, name.readings))
            zh_marks += [(Mark(*span, "name"), (name.letters,)) for span in found[name.letters]]
        if found[name.letters] or name.person:
            end = _spelt_end(en.whole, name.start, len(name.letters))
            en_marks.append((Mark(name.start, end, "name"), (name.letters,)))
    for person in zh.persons:
        zh_marks += [
            (Mark(hit.start(), hit.end(), "name"), ())
            for hit in re.finditer(re.escape(person), zh.whole)
        ]
    return zh_marks, en_marks


def _read_like(zh: Facts, readings: Sequence[tuple[str, ...]]) -> Iterator[tuple[int, int]]:
    positions = zh.pinyin_index.positions
    for shape in readings:
        for at in sorted(positions.get(shape[0], ())):
            if all(at + n in positions.get(sound, ()) for n, sound in enumerate(shape)):
                yield at, at + len(shape)


def _spelt_end(text: str, start: int, letters: int) -> int:
    """Return the end of the name at `start`, after so many letters.

    Other characters do not count.
    """
    at = start
    while letters and at < len(text):
        letters -= text[at].isalpha()
        at += 1
    return at


def _apart(
    stated: list[_Stated],
) -> list[_Stated]:
    """Return marks in order, without those that overlap a weightier one."""
    weight = {"date": 0, "rank": 1, "figure": 2, "name": 3}
    taken: list[_Stated] = []
    filled: set[int] = set()
    for item in sorted(stated, key=lambda item: (weight[item[0].kind], not item[1], item[0].start)):
        cells = range(item[0].start, item[0].end)
        if cells and filled.isdisjoint(cells):
            filled.update(cells)
            taken.append(item)
    return sorted(taken, key=lambda item: item[0].start)[:MOST]


def _same(zh: _Fact, en: _Fact) -> bool:
    match zh, en:
        case Day(), Day():
            if zh.relative or en.relative:
                return zh.near(en, 1)
            years = {zh.year, en.year} - {None}
            return (zh.month, zh.day) == (en.month, en.day) and len(years) < 2
        case Period(), Period():
            years = {zh.year, en.year} - {None}
            return (zh.first, zh.last) == (en.first, en.last) and len(years) < 2
        case Ordinal(), Ordinal():
            # A term is a session to one translator; a third of one thing is no third of another.
            labels = {zh.label, en.label}
            same_label = len(labels) == 1 or "" in labels or labels == {"event", "meeting"}
            return zh.rank == en.rank and (same_label or zh.rank > 3)
        case Quantity(), Quantity():
            return agree(zh, en)
    return isinstance(zh, int | str) and zh == en
