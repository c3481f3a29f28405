"""Alignment of documents outside a corpus, as JSON Lines."""

import json
from functools import partial
from pathlib import Path

from pipelines.pool import default_jobs, map_ordered
from pipelines.sentences.align import align
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
    work = partial(_line, encoder=encoder, cut=cut)
    with atomic.replacing(target) as file:
        for _, line in map_ordered(work, documents, jobs=jobs):
            file.write(line.encode())
    return len(documents)


_WORTH_A_PROCESS = 20
"""Documents for each process: starting one for fewer takes longer than it saves."""


def _line(one: Document, *, encoder: str | None, cut: bool) -> str:
    beads = align(one.zh, one.en, load_encoder(encoder))
    row = {
        "id": one.id,
        "beads": [[list(bead.zh), list(bead.en)] for bead in beads],
        "probabilities": [round(bead.probability, 4) for bead in beads],
    }
    return json.dumps(row | ({"zh": one.zh, "en": one.en} if cut else {})) + "\n"
