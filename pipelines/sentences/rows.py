"""Rows of the table `sentences`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.articles import bilingual_pages
from pipelines.pairs.prepared import Document
from pipelines.pairs.rows import as_float32
from pipelines.sentences.align import Bead
from pipelines.sentences.cache import AlignmentCache
from pipelines.sentences.flags import flags
from pipelines.tables.parquet import Row
from pipelines.text.splitting import Span, split


@dataclass(frozen=True, slots=True)
class Counterpart:
    """The other article of a bilingual page, and the group of each paragraph."""

    id: str
    groups: tuple[int, ...]


def bead_rows(
    pair_id: str, zh: Document, en: Document, kept: AlignmentCache, mates: Mapping[str, Counterpart]
) -> list[Row]:
    """Align the sentences of a pair: rows of the sentences table."""
    ours, theirs = split(zh.text, "zh"), split(en.text, "en")
    told = [zh.text[span.start : span.end] for span in ours]
    telling = [en.text[span.start : span.end] for span in theirs]
    mate, other = mates.get(zh.id), mates.get(en.id)
    if mate and other and mate.id == en.id and _fits(zh, mate) and _fits(en, other):
        zh_of, en_of = _groups(zh, ours, mate.groups), _groups(en, theirs, other.groups)
        aligned = _align_groups(told, telling, zh_of, en_of, kept)
    else:
        aligned = kept.align(told, telling)
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
        for lang, listed, spans, text in (
            ("zh", bead.zh, ours, zh.text),
            ("en", bead.en, theirs, en.text),
        ):
            if listed:
                start, end = spans[listed[0]].start, spans[listed[-1]].end
                row |= {lang: text[start:end], f"{lang}_start": start, f"{lang}_end": end}
        row["flags"] = flags(row["zh"], row["en"])
        rows.append(row)
    return rows


def _fits(document: Document, mate: Counterpart) -> bool:
    """Whether every paragraph has its group: a text that was changed since has not."""
    return len(mate.groups) == document.text.count("\n") + 1


def _groups(document: Document, spans: Sequence[Span], numbers: Sequence[int]) -> list[int]:
    """Return the group of each sentence: that of its paragraph."""
    found, paragraph, at = [], 0, 0
    for span in spans:
        paragraph += document.text.count("\n", at, span.start)
        at = span.start
        found.append(numbers[paragraph])
    return found


def _align_groups(
    zh: Sequence[str],
    en: Sequence[str],
    zh_of: Sequence[int],
    en_of: Sequence[int],
    kept: AlignmentCache,
) -> list[Bead]:
    """Align within the groups that are known to say the same, never across them."""
    found: list[Bead] = []
    for (i, k), (j, m) in bilingual_pages.blocks(zh_of, en_of):
        if (k - i, m - j) == (1, 1):
            found.append(Bead((i,), (j,), 1.0))
            continue
        found += [
            Bead(tuple(at + i for at in bead.zh), tuple(at + j for at in bead.en), bead.probability)
            for bead in kept.align(zh[i:k], en[j:m])
        ]
    return found
