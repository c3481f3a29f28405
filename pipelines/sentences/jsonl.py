"""Alignment of documents outside a corpus, as JSON Lines."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pipelines.pool import default_jobs, map_ordered
from pipelines.sentences.align import Bead, align_many
from pipelines.sentences.documents import AlignError, Document, read_documents
from pipelines.tables import atomic
from pipelines.vectors.load import load_encoder

__all__ = ["AlignError", "align_file"]


def align_file(
    source: Path,
    target: Path,
    *,
    english: Path | None = None,
    cut: bool = False,
    jobs: int | None = None,
    encoder: str | None = None,
) -> int:
    """Align a file's documents, or two texts; return their number.

    `documents.read_documents` has the kinds of files. The result is
    `{"id", "beads": [[[zh indices], [en indices]], ...], "probabilities": [of each bead]}`, with
    `cut` the sentences as `"zh"` and `"en"` too, in the order of the input for any `jobs` (default:
    one per core). `target` is replaced only after full success. Raises `AlignError` for a file
    that cannot be read so.
    """
    documents = read_documents(source, english, cut=cut)
    if any(target.exists() and target.samefile(one) for one in (source, english) if one):
        raise AlignError(f"{target}: is the input itself; name another file for the result")
    jobs = min(jobs or default_jobs(), max(1, len(documents) // _WORTH_A_PROCESS))
    work = partial(_lines, encoder=encoder, cut=cut)
    with atomic.replacing(target) as file:
        for _, lines in map_ordered(work, _batches(documents), jobs=jobs):
            file.write(lines.encode())
    return len(documents)


_WORTH_A_PROCESS = 20
"""Documents for each process: starting one for fewer takes longer than it saves."""


_AT_ONCE = 500
"""Sentences of documents that are aligned together, of either side."""


def _batches(documents: Sequence[Document]) -> list[list[Document]]:
    """Return neighbouring documents in batches; a long one is alone."""
    found: list[list[Document]] = []
    sentences = _AT_ONCE
    for one in documents:
        size = max(len(one.zh), len(one.en))
        if sentences + size > _AT_ONCE:
            found.append([])
            sentences = 0
        found[-1].append(one)
        sentences += size
    return found


def _lines(documents: Sequence[Document], *, encoder: str | None, cut: bool) -> str:
    aligned = align_many([(one.zh, one.en) for one in documents], load_encoder(encoder))
    return "".join(
        _line(one, beads, cut=cut) for one, beads in zip(documents, aligned, strict=True)
    )


def _line(one: Document, beads: Sequence[Bead], *, cut: bool) -> str:
    row = {
        "id": one.id,
        "beads": [[list(bead.zh), list(bead.en)] for bead in beads],
        "probabilities": [round(bead.probability, 4) for bead in beads],
    }
    return json.dumps(row | ({"zh": one.zh, "en": one.en} if cut else {})) + "\n"
