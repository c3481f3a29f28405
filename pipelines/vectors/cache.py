"""Cache of sentence vectors in one Parquet file."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.tables import atomic, parquet, schema
from pipelines.tables.spill import Places, Rows
from pipelines.vectors.encoder import Encoder, EncoderError, Vectors


class VectorCache:
    """Encoder with a cache of vectors by sentence digest.

    `encode` returns exactly the vectors of `source`, the encoder. The file is written by `save`
    only; memory contains a digest and a place for each sentence, the vectors are spilled. Raises
    `EncoderError` for a file with vectors of another length.
    """

    def __init__(self, path: Path, encoder: Encoder) -> None:
        self._path = path
        self.source = encoder
        self.name, self.dim = encoder.name, encoder.dim
        self._rows = Rows(self.dim)
        known = [np.empty(0, _DIGEST)]
        for table in parquet.read_parts(path, schema.VECTORS):
            vectors = table.column("vector").combine_chunks().flatten()
            # Its buffer: converting half floats value by value takes a hundred times as long.
            found = np.frombuffer(vectors.buffers()[1] or b"", np.float16)
            found = found[vectors.offset : vectors.offset + len(vectors)]
            if len(found) != table.num_rows * self.dim:
                raise EncoderError(
                    f"{path}: its vectors are not {self.dim} long, so another encoder than "
                    f"{self.name} made them; delete the file, it is only a cache"
                )
            self._rows.append(found.reshape(-1, self.dim))
            known.append(_array(table.column("digest").to_pylist()))
        # Places of vectors: known ones by sorted digest, and recent ones by dict.
        self._known = np.concatenate(known)
        self._places = np.arange(len(self._known))
        self._fresh: dict[bytes, int] = {}
        self._changed = False
        self._settle()

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """Return one unit row per sentence, encoding only unknown sentences."""
        digests = [_digest(sentence) for sentence in sentences]
        places = self._find(digests)
        unknown = {digests[at]: sentences[at] for at in np.flatnonzero(places < 0).tolist()}
        if unknown:
            vectors = self.source.encode(list(unknown.values())).astype(np.float16)
            new = self._rows.append(vectors).tolist()
            self._fresh |= dict(zip(unknown, new, strict=True))
            self._changed = True
            places = self._find(digests)
            if len(self._fresh) > _MOST_FRESH:
                self._settle()
        return self._rows.take(places).astype(np.float32)

    def save(self) -> bool:
        """Write the file, sorted by digest; return True if it was rewritten.

        Without new vectors nothing is written.
        """
        if not self._changed:
            return False
        self._settle()
        with atomic.replacing(self._path) as file:
            writer = pq.ParquetWriter(file, schema.VECTORS, use_dictionary=False, **parquet.WRITTEN)
            for start in range(0, len(self._known), _ROWS):
                end = start + _ROWS
                values = self._rows.take(self._places[start:end])
                offsets = np.arange(0, values.size + 1, self.dim, dtype=np.int32)
                column = pa.ListArray.from_arrays(offsets, pa.array(values.ravel()))
                # Not tolist: numpy would cut zeros off the ends.
                digests = self._known[start:end].tobytes()
                packed = pa.py_buffer(digests)
                key = pa.FixedSizeBinaryArray.from_buffers(
                    pa.binary(16), len(digests) // 16, [None, packed]
                )
                writer.write_table(pa.Table.from_arrays([key, column], schema=schema.VECTORS))
            writer.close()
        self._changed = False
        return True

    def _find(self, digests: Sequence[bytes]) -> Places:
        """Return the place of each digest, -1 for an unknown one."""
        found = np.array([self._fresh.get(digest, -1) for digest in digests], np.int64)
        if len(self._known) and len(digests):
            sought = _array(digests)
            at = np.minimum(np.searchsorted(self._known, sought), len(self._known) - 1)
            found = np.where(self._known[at] == sought, self._places[at], found)
        return found

    def _settle(self) -> None:
        """Merge recent digests into the array, a tenth of a dict's size."""
        known = np.concatenate([self._known, _array(list(self._fresh))])
        places = np.concatenate([self._places, np.array(list(self._fresh.values()), np.int64)])
        order = np.argsort(known, kind="stable")
        self._known, self._places, self._fresh = known[order], places[order], {}


_DIGEST = np.dtype("S16")
_MOST_FRESH = 100_000
"""Recent digests from which they are merged into the sorted array."""


def _array(digests: Sequence[bytes]) -> npt.NDArray[np.bytes_]:
    return np.frombuffer(b"".join(digests), _DIGEST)


_ROWS = 20_000
"""Rows of a cache written at once."""


def _digest(sentence: str) -> bytes:
    return hashlib.sha256(sentence.encode("utf-8", "surrogatepass")).digest()[:16]
