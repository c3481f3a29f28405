"""Alignment of documents that are already split, JSON Lines in and out."""

import json
from functools import partial
from pathlib import Path

from crawler.errors import ShizhengError
from pipelines.pool import default_jobs, map_ordered
from pipelines.sentences.align import align
from pipelines.tables import atomic
from pipelines.tables.json_text import JsonError, parse_json
from pipelines.tables.vocabulary import LANGS
from pipelines.vectors.load import load_encoder


class AlignError(ShizhengError):
    """An unreadable file or row; the message names file and line."""


def align_file(
    source: Path, target: Path, *, jobs: int | None = None, encoder: str | None = None
) -> int:
    """Align the documents of a JSON Lines file; return their number.

    A row is `{"id", "zh": [sentences], "en": [sentences]}`, other keys are ignored; the result is
    `{"id", "beads": [[[zh indices], [en indices]], ...]}`, in the order of the input for any
    `jobs` (default: one per core). `target` is replaced only after full success. Raises
    `AlignError` naming file and line for a row that is not one.
    """
    rows = _read(source)
    if target.exists() and target.samefile(source):
        raise AlignError(f"{target}: is the input itself; name another file for the result")
    jobs = min(jobs or default_jobs(), max(1, len(rows) // _WORTH_A_PROCESS))
    with atomic.replacing(target) as file:
        for _, line in map_ordered(partial(_line, encoder=encoder), rows, jobs=jobs):
            file.write(line.encode())
    return len(rows)


_WORTH_A_PROCESS = 20
"""Documents for each process: starting one for fewer takes longer than it saves."""

_Row = tuple[str, list[str], list[str]]


def _line(row: _Row, *, encoder: str | None) -> str:
    key, zh, en = row
    found = [[list(bead.zh), list(bead.en)] for bead in align(zh, en, load_encoder(encoder))]
    return json.dumps({"id": key, "beads": found}) + "\n"


def _read(source: Path) -> list[_Row]:
    rows = []
    try:
        lines = source.read_bytes().split(b"\n")
    except OSError as error:
        raise AlignError(f"{source}: cannot be read ({error.strerror})") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{source}:{number}"
        try:
            row = parse_json(line)
        except JsonError as error:
            raise AlignError(f"{where}: {error}; expected one object a line") from error
        if not isinstance(row, dict) or "id" not in row:
            raise AlignError(f'{where}: expected an object with "id", "zh" and "en"')
        for side in LANGS:
            listed = row.get(side)
            if not isinstance(listed, list) or not all(isinstance(s, str) for s in listed):
                raise AlignError(f'{where}: "{side}" must be a list of sentences (strings)')
        rows.append((row["id"], row["zh"], row["en"]))
    return rows
