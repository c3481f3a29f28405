"""Beads to be joined, divided or shifted, as lines of text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.quality import corrections
from pipelines.quality.sampling import Drawn
from pipelines.review.stored_pairs import StoredPairs
from pipelines.tables.parquet import Row
from pipelines.tables.vocabulary import LANGS

MOST = 20
"""Stored beads of one correction at most; set by hand."""

LONGEST = 5_000
"""Characters of a side at most, so that a form can hold them; set by hand."""


@dataclass(frozen=True, slots=True)
class Run:
    """Stored beads of a pair to edit: `count` from `position` on.

    The pair has `total`. `sources` are the articles' texts that they cover, Chinese and English;
    `lines` the sides of the beads, a line each, as they are or as they were corrected before.
    """

    position: int
    count: int
    total: int
    sources: tuple[str, str]
    lines: tuple[tuple[str, ...], tuple[str, ...]]


def read_run(
    stored: StoredPairs, drawn: Drawn, position: int, count: int, before: str | None
) -> Run | None:
    """Return beads to edit, None for none and for too long ones.

    A `count` of 0 are the beads of `before`, the correction in force, or one. With their number the
    correction is continued, with any other the stored beads are shown.
    """
    rows, texts = stored.beads(drawn.city, drawn.pair_id or "")
    if not 0 <= position < len(rows):
        return None
    made = corrections.parsed(before) if before else ()
    covered = corrections.covered(rows, position, made) if made else 0
    count = max(1, min(count or covered, MOST, len(rows) - position))
    made = made if count == covered else ()
    run = rows[position : position + count]
    beads = made or [(row["zh"] or "", row["en"] or "") for row in run]
    lines = tuple(tuple(" ".join(bead[side].split()) for bead in beads) for side in (0, 1))
    sources = tuple(_source(run, lang, texts.get(lang) or "") for lang in LANGS)
    if max(map(len, sources)) > LONGEST:
        return None
    return Run(position, count, len(rows), (sources[0], sources[1]), (lines[0], lines[1]))


def _source(run: Sequence[Row], lang: str, text: str) -> str:
    """Return the text that beads cover, spaces between them included."""
    sides = [row for row in run if row[lang]]
    if not sides:
        return ""
    whole = text[sides[0][f"{lang}_start"] or 0 : sides[-1][f"{lang}_end"] or 0]
    parts = [row[lang] for row in sides]
    # An article that was corrected since has another text there.
    return whole if "".join(whole.split()) == "".join("".join(parts).split()) else " ".join(parts)


def corrected(run: Run, zh: str, en: str) -> str:
    """Return the correction that lines make of beads.

    Raises ValueError for lines with other texts.
    """
    sides = [
        corrections.cut(source, re.split(r"\r\n|\r|\n", lines))
        for source, lines in zip(run.sources, (zh, en), strict=True)
    ]
    most = max(map(len, sides))
    padded = [side + [""] * (most - len(side)) for side in sides]
    beads = [bead for bead in zip(*padded, strict=True) if any(bead)]
    made = corrections.written((bead[0], bead[1]) for bead in beads)
    corrections.parsed(made)  # not more of them than a correction has
    return made
