"""Alignment of documents that are already split, JSON Lines in and out."""

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from threadpoolctl import threadpool_limits

from crawler.errors import ShizhengError
from pipelines.pool import default_jobs
from pipelines.sentences.align import align
from pipelines.tables import atomic
from pipelines.vectors.load import load_encoder


class AlignError(ShizhengError):
    """A file that cannot be aligned. The message names the file and the line."""


def align_file(
    source: Path, target: Path, *, jobs: int | None = None, encoder: str | None = None
) -> int:
    """Align every document of a JSON Lines file; return how many there were.

    A row is `{"id", "zh": [sentences], "en": [sentences]}`, other keys are ignored; the result is
    `{"id", "beads": [[[zh indices], [en indices]], ...]}`, in the order of the input whatever
    `jobs` is (default: one per core). `target` is replaced only when all went well. Raises
    `AlignError` naming file and line for a row that is not one.
    """
    rows = _read(source)
    if target.exists() and target.samefile(source):
        raise AlignError(f"{target}: is the input itself; name another file for the result")
    jobs = min(jobs or default_jobs(), max(1, len(rows) // _WORTH_A_PROCESS))
    with atomic.replacing(target) as file:
        for line in _aligned(rows, jobs, encoder):
            file.write(line.encode())
    return len(rows)


_WORTH_A_PROCESS = 20
"""Documents that outweigh starting a process for them."""


_Row = tuple[str, list[str], list[str]]


def _aligned(rows: list[_Row], jobs: int, encoder: str | None) -> Iterator[str]:
    if jobs == 1:
        yield from (_line(row, encoder) for row in rows)
        return
    # Spawned, not forked: numerical libraries may hold threads that do not survive a fork.
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        yield from pool.map(_line, rows, [encoder] * len(rows), chunksize=8)


def _line(row: _Row, encoder: str | None) -> str:
    key, zh, en = row
    # One thread of linear algebra: the processes share the cores already.
    with threadpool_limits(limits=1):
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
            row = json.loads(line)
        except ValueError as error:
            raise AlignError(f"{where}: not JSON ({error}); expected one object a line") from error
        if not isinstance(row, dict) or "id" not in row:
            raise AlignError(f'{where}: expected an object with "id", "zh" and "en"')
        for side in ("zh", "en"):
            listed = row.get(side)
            if not isinstance(listed, list) or not all(isinstance(s, str) for s in listed):
                raise AlignError(f'{where}: "{side}" must be a list of sentences (strings)')
        rows.append((row["id"], row["zh"], row["en"]))
    return rows
