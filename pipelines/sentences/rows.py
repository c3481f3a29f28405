"""Rows of the table `sentences`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.articles import bilingual_pages, language
from pipelines.pairs.prepared import Document
from pipelines.pairs.rows import as_float32
from pipelines.sentences.align import Bead
from pipelines.sentences.cache import AlignmentCache
from pipelines.sentences.flags import flags, length_ratio
from pipelines.tables.parquet import Row
from pipelines.text.splitting import Span, split


@dataclass(frozen=True, slots=True)
class Counterpart:
    """The other article of a bilingual page; `groups`: one of each paragraph.

    Paragraphs with the same number in both articles are translations.
    """

    id: str
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """Sentences that are aligned with each other only.

    `start`: the sentences before them on either side; `certain`: a bead of the page itself.
    """

    start: tuple[int, int]
    zh: Sequence[str]
    en: Sequence[str]
    certain: bool = False


def texts_to_align(
    zh: Document, en: Document, counterparts: Mapping[str, Counterpart]
) -> list[tuple[Sequence[str], Sequence[str]]]:
    """Return what `bead_rows` asks its cache to align."""
    _, parts = _parts(zh, en, counterparts)
    return [(part.zh, part.en) for part in parts if not part.certain]


def bead_rows(
    pair_id: str,
    zh: Document,
    en: Document,
    cache: AlignmentCache,
    counterparts: Mapping[str, Counterpart],
) -> list[Row]:
    """Align the sentences of a pair; return rows of `sentences`."""
    spans, parts = _parts(zh, en, counterparts)
    aligned: list[Bead] = []
    for part in parts:
        if part.certain:
            aligned.append(Bead((part.start[0],), (part.start[1],), 1.0))
        else:
            aligned += [bead.moved(*part.start) for bead in cache.align(part.zh, part.en)]
    rows: list[Row] = []
    for position, bead in enumerate(aligned):
        row: Row = {
            "pair_id": pair_id,
            "position": position,
            "kind": f"{len(bead.zh)}-{len(bead.en)}",
            "zh": "",
            "en": "",
            "probability": as_float32(bead.probability),
        }
        for document, listed, own in ((zh, bead.zh, spans[0]), (en, bead.en, spans[1])):
            if listed:
                lang, start, end = document.lang, own[listed[0]].start, own[listed[-1]].end
                side = document.text[start:end]
                row |= {lang: side, f"{lang}_start": start, f"{lang}_end": end}
                row[f"{lang}_lang"] = language.detect(side, ask=False).lang
        row["flags"] = flags(row["zh"], row["en"])
        if bead.zh and bead.en:
            sides = [
                [document.text[own[at].start : own[at].end] for at in listed]
                for document, listed, own in ((zh, bead.zh, spans[0]), (en, bead.en, spans[1]))
            ]
            row["similarity"] = _score(cache.similarity(*sides))
            row["length_ratio"] = _score(length_ratio(row["zh"], row["en"]))
        rows.append(row)
    return rows


def _score(value: float) -> float:
    # Three decimals: what is beyond is of the machine that added it up.
    return as_float32(round(value, 3))


_REPEATED = 4
"""Articles of a city in which a line occurs that is its pages'; set by hand, not measured."""
_SENTENCE_END = re.compile(r"[。！？!?.…；;：:][”’」』）)\"']*$")


def flag_repeated(beads: Sequence[Row], pairs: Sequence[Row]) -> None:
    """Add the flag boilerplate to beads of lines that pages repeat.

    Whole sentences repeat in reports of meetings, too: only lines without an end are flagged.
    """
    articles = {row["pair_id"]: {"zh": row["zh_id"], "en": row["en_id"]} for row in pairs}
    places: dict[tuple[str, str], set[str]] = {}
    for bead in beads:
        for side, ids in articles[bead["pair_id"]].items():
            if bead[side] and not _SENTENCE_END.search(bead[side]):
                places.setdefault((side, bead[side]), set()).add(ids)
    for bead in beads:
        if any(len(places.get((side, bead[side]), ())) >= _REPEATED for side in ("zh", "en")):
            bead["flags"] = sorted({*bead["flags"], "boilerplate"})


def _parts(
    zh: Document, en: Document, counterparts: Mapping[str, Counterpart]
) -> tuple[tuple[list[Span], list[Span]], list[_Part]]:
    """Return the spans of a pair's sentences, and its parts.

    Groups of a bilingual page are known translations: nothing is aligned across them.
    """
    spans = split(zh.text, "zh"), split(en.text, "en")
    sentences = [
        [document.text[span.start : span.end] for span in listed]
        for document, listed in zip((zh, en), spans, strict=True)
    ]
    groups = _sentence_groups(zh, en, spans, counterparts)
    if groups is None:
        return spans, [_Part((0, 0), sentences[0], sentences[1])]
    return spans, [
        _Part((i, j), sentences[0][i:k], sentences[1][j:m], certain=(k - i, m - j) == (1, 1))
        for (i, k), (j, m) in bilingual_pages.blocks(*groups)
    ]


Groups = tuple[list[int], list[int]]


def _sentence_groups(
    zh: Document,
    en: Document,
    spans: tuple[Sequence[Span], Sequence[Span]],
    counterparts: Mapping[str, Counterpart],
) -> Groups | None:
    """Return the groups of the sentences of a bilingual page's two articles.

    None for articles of two pages, and for a text that has changed since: it has other paragraphs.
    """
    of_zh, of_en = counterparts.get(zh.id), counterparts.get(en.id)
    if of_zh is None or of_en is None or of_zh.id != en.id:
        return None
    for document, numbers in ((zh, of_zh.groups), (en, of_en.groups)):
        if len(numbers) != document.text.count("\n") + 1:
            return None
    return _groups(zh, spans[0], of_zh.groups), _groups(en, spans[1], of_en.groups)


def _groups(document: Document, spans: Sequence[Span], numbers: Sequence[int]) -> list[int]:
    """Return the group of each sentence, that of its paragraph."""
    found, paragraph, at = [], 0, 0
    for span in spans:
        paragraph += document.text.count("\n", at, span.start)
        at = span.start
        found.append(numbers[paragraph])
    return found
