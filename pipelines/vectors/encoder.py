"""Sentences to vectors: what an encoder is, the one that comes with us, and a cache of its work.

Vectors are rounded to float16 before anyone sees them, so that the cache and a fresh encoding give
the same bytes.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from crawler.errors import ShizhengError

Vectors = npt.NDArray[np.float32]

BUNDLED = "use-multilingual-v3"


class EncoderError(ShizhengError):
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
