"""Sentences to vectors: what an encoder is, the one that comes with us, and a cache of its work.

Vectors are rounded to float16 before anyone sees them, so that the cache and a fresh encoding give
the same bytes.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

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
    """Return the encoder called `name`: None is the bundled one, a path a model on disk.

    The same one for the same name, within a process. Raises `EncoderError` for a name that is not
    known and for a path that holds no encoder, saying what was expected.
    """
    # Not at the top: these take this module's types.
    if name is None or name == BUNDLED:
        from pipelines.universal import bundled

        return bundled()
    if "/" not in name and "\\" not in name and not Path(name).exists():
        raise EncoderError(
            f"no encoder is called {name!r}; known: {BUNDLED}, or the path of a model on disk "
            "(a .onnx file or the folder of a model)"
        )
    return _on_disk(str(Path(name).expanduser().resolve()))


@cache
def _on_disk(path: str) -> Encoder:
    from pipelines import models

    return models.load(Path(path))


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
        blocks = [
            np.asarray(chunk.flatten().to_numpy(zero_copy_only=False), dtype=np.float16)
            for chunk in table.column("vector").chunks
        ]
        if sum(len(block) for block in blocks) != len(digests) * self.dim:
            raise EncoderError(
                f"{path}: its vectors are not {self.dim} long, so another encoder than "
                f"{self.name} made them; delete the file, it is only a cache"
            )
        # Where a vector lies: its block and its row there. Blocks are never copied together.
        self._blocks = [block.reshape(-1, self.dim) for block in blocks]
        places = ((k, row) for k, block in enumerate(self._blocks) for row in range(len(block)))
        self._places = dict(zip(digests, places, strict=True))
        self._changed = False

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """Return one unit row per sentence, encoding only what is not known yet."""
        digests = [_digest(sentence) for sentence in sentences]
        unknown = {d: s for d, s in zip(digests, sentences, strict=True) if d not in self._places}
        if unknown:
            fresh = self._encoder.encode(list(unknown.values())).astype(np.float16)
            self._places |= {d: (len(self._blocks), row) for row, d in enumerate(unknown)}
            self._blocks.append(fresh)
            self._changed = True
        return self._vectors(digests).astype(np.float32)

    def encode_spans(self, sentences: Sequence[str], width: int) -> list[Vectors]:
        """Return span vectors; only single sentences are remembered."""
        return encode_spans(self._encoder, sentences, width)

    def save(self) -> bool:
        """Write the file, sorted by digest, if anything is new. Says whether it wrote."""
        if not self._changed:
            return False
        order = sorted(self._places)
        with store.replacing(self._path) as file:
            writer = pq.ParquetWriter(file, schema.VECTORS, compression="zstd")
            for start in range(0, len(order), _ROWS):
                digests = order[start : start + _ROWS]
                values = self._vectors(digests)
                offsets = np.arange(0, values.size + 1, self.dim, dtype=np.int32)
                column = pa.ListArray.from_arrays(offsets, pa.array(values.ravel()))
                rows = [pa.array(digests, type=pa.binary(16)), column]
                writer.write_table(pa.Table.from_arrays(rows, schema=schema.VECTORS))
            writer.close()
        self._changed = False
        return True

    def forget(self) -> None:
        """Hold no vector in memory any more; what was not saved is lost."""
        self._blocks, self._places, self._changed = [], {}, False

    def _vectors(self, digests: Sequence[bytes]) -> npt.NDArray[np.float16]:
        rows = np.empty((len(digests), self.dim), np.float16)
        for at, digest in enumerate(digests):
            block, row = self._places[digest]
            rows[at] = self._blocks[block][row]
        return rows


_ROWS = 20_000
"""Rows of a cache written at once."""


def _digest(sentence: str) -> bytes:
    return hashlib.sha256(sentence.encode("utf-8", "surrogatepass")).digest()[:16]
