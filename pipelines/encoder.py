"""Sentences to vectors: what an encoder is, the one that comes with us, and a cache of its work.

Vectors are rounded to float16 before anyone sees them, so that the cache and a fresh encoding give
the same bytes.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines import schema, store

Vectors = npt.NDArray[np.float32]

BUNDLED = "use-multilingual-v3"


class EncoderError(RuntimeError):
    """An encoder that cannot be loaded, or a cache that belongs to another one."""


@runtime_checkable
class Encoder(Protocol):
    """Whatever turns sentences of either language into comparable unit vectors."""

    @property
    def name(self) -> str:
        """Name and version, as files and the `method` column give it."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """Return one unit row per sentence, shape (n, dim)."""


@runtime_checkable
class SpanEncoder(Encoder, Protocol):
    """An encoder that is quicker at overlapping runs of sentences than at the joined strings."""

    def encode_spans(self, sentences: Sequence[str], width: int) -> list[Vectors]:
        """Return, for k = 1..width, the vectors of every k neighbouring sentences read as one.

        Entry k - 1 has shape (n - k + 1, dim), or (0, dim) when there are fewer than k sentences.
        """


def load_encoder(name: str | None = None) -> Encoder:
    """Return the encoder called `name`; None is the bundled one.

    Raises `EncoderError` for a name that is not known.
    """
    if name is None or name == BUNDLED:
        # Not at the top: it takes this module's types.
        from pipelines.universal import bundled

        return bundled()
    raise EncoderError(f"no encoder is called {name!r}; known: {BUNDLED}")


def encode_spans(encoder: Encoder, sentences: Sequence[str], width: int) -> list[Vectors]:
    """Return span vectors as `SpanEncoder.encode_spans` does, with any encoder."""
    if isinstance(encoder, SpanEncoder):
        return encoder.encode_spans(sentences, width)
    rows = [
        " ".join(sentences[i : i + k]) for k in range(1, width + 1) for i in _starts(sentences, k)
    ]
    vectors, spans, at = encoder.encode(rows), [], 0
    for k in range(1, width + 1):
        count = len(_starts(sentences, k))
        spans.append(vectors[at : at + count])
        at += count
    return spans


def rounded(vectors: Vectors) -> Vectors:
    """Return vectors as float16 can hold them, still as float32: what a cache gives back."""
    return vectors.astype(np.float16).astype(np.float32)


def _starts(sentences: Sequence[str], width: int) -> range:
    return range(max(len(sentences) - width + 1, 0))


class VectorCache:
    """An encoder that remembers: vectors by sentence digest in one Parquet file.

    `encode` gives exactly what the encoder gives. Nothing is written before `save`.
    Raises `EncoderError` when the file holds vectors of another length.
    """

    def __init__(self, path: Path, encoder: Encoder) -> None:
        self._path = path
        self._encoder = encoder
        self.name, self.dim = encoder.name, encoder.dim
        table = store.read_table(path, schema.VECTORS)
        digests = table.column("digest").to_pylist()
        flat = table.column("vector").combine_chunks()
        values = np.asarray(flat.flatten().to_numpy(zero_copy_only=False), dtype=np.float16)
        if len(values) != len(digests) * self.dim:
            raise EncoderError(
                f"{path}: its vectors are not {self.dim} long, so another encoder than "
                f"{self.name} made them; delete the file, it is only a cache"
            )
        self._stored = values.reshape(len(digests), self.dim)
        self._rows = {digest: row for row, digest in enumerate(digests)}
        self._new: list[npt.NDArray[np.float16]] = []

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """Return one unit row per sentence, encoding only what is not known yet."""
        digests = [_digest(sentence) for sentence in sentences]
        unknown = {d: s for d, s in zip(digests, sentences, strict=True) if d not in self._rows}
        if unknown:
            fresh = self._encoder.encode(list(unknown.values())).astype(np.float16)
            base = len(self._stored) + len(self._new)
            self._rows |= {digest: base + i for i, digest in enumerate(unknown)}
            self._new.extend(fresh)
        if not sentences:
            return np.empty((0, self.dim), np.float32)
        held = len(self._stored)
        rows = (self._rows[digest] for digest in digests)
        return np.array(
            [self._stored[r] if r < held else self._new[r - held] for r in rows], dtype=np.float32
        )

    def encode_spans(self, sentences: Sequence[str], width: int) -> list[Vectors]:
        """Return span vectors; only single sentences are remembered."""
        return encode_spans(self._encoder, sentences, width)

    def save(self) -> bool:
        """Write the file, sorted by digest, if anything is new. Says whether it wrote."""
        if not self._new:
            return False
        vectors = np.concatenate([self._stored, np.array(self._new)])
        order = sorted(self._rows.items())
        values = vectors[[row for _, row in order]]
        offsets = np.arange(0, values.size + 1, self.dim, dtype=np.int32)
        column = pa.ListArray.from_arrays(offsets, pa.array(values.ravel()))
        digests = pa.array([digest for digest, _ in order], type=pa.binary(16))
        table = pa.Table.from_arrays([digests, column], schema=schema.VECTORS)
        return store.write_table(self._path, table)


def _digest(sentence: str) -> bytes:
    return hashlib.sha256(sentence.encode("utf-8", "surrogatepass")).digest()[:16]
