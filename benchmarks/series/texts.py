"""Wording of generated series, from `wording.tsv`.
Most sentences have two wordings in each language.

The first way serves training, the second measuring, so that most wording measured on was not learnt
from; layout, some short sentences and all names and subjects are common to both. `{a}`, `{b}`:
figures; everything else is named where it is filled in.
"""

import re
from typing import Any

from crawler.rows import rows


def table(name: str) -> tuple[tuple[Any, ...], ...]:
    """Return a table's rows: texts, pairs of wordings, spans of a figure."""
    listed = (row[1:] for row in rows("benchmarks.series/wording.tsv") if row[0] == name)
    return tuple(tuple(map(_read, row)) for row in listed)


def _read(cell: str) -> str | tuple[str, ...] | tuple[int, ...]:
    if re.fullmatch(r"\d+-\d+", cell):
        return tuple(map(int, cell.split("-")))
    return tuple(cell.split("|")) if "|" in cell else cell


# Subject zh, subject en, sentence zh, sentence en, that one without figures, spans of a and b.
TOPICS = table("texts.topics")
DUTIES, TALKS = table("texts.duties"), table("texts.talks")
# Name zh, name en, unit (yi is 亿元), span of the value.
INDICATORS = table("texts.indicators")
# Country zh, country en, adjective, city zh, city en.
ABROAD, GUESTS, POSTS = table("texts.abroad"), table("texts.guests"), table("texts.posts")
FESTIVALS, PLACES = table("texts.festivals"), table("texts.places")
