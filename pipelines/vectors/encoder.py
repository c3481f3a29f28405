"""The encoder protocol: sentences to vectors.

Encoders round vectors to float16, so that cached and new vectors have the same bytes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from crawler.errors import ShizhengError
from pipelines.tables import files

Vectors = npt.NDArray[np.float32]

BUNDLED = "use-multilingual-v3"


class EncoderError(ShizhengError):
    """An encoder that cannot be loaded, or a cache of another encoder."""


@runtime_checkable
class Encoder(Protocol):
    """Map from sentences of either language to comparable unit vectors."""

    @property
    def name(self) -> str:
        """Name and version in file names and the column `method`."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """Return one unit row per sentence, shape (n, dim)."""


@runtime_checkable
class SpanEncoder(Encoder, Protocol):
    """Encoder with a faster way for overlapping runs of sentences."""

    def encode_spans(self, sentences: Sequence[str], width: int) -> list[Vectors]:
        """Return the vectors of every run of 1 to `width` sentences.

        A run is encoded as one sentence. Entry k - 1 has shape (n - k + 1, dim), or (0, dim) for
        fewer than k sentences.
        """


@runtime_checkable
class CachedEncoder(Encoder, Protocol):
    """Encoder with a cache; `source`: the encoder behind it."""

    @property
    def source(self) -> Encoder:
        """Encoder of what is not in the cache."""


def source(encoder: Encoder) -> Encoder:
    """Return the encoder itself, without its cache."""
    return encoder.source if isinstance(encoder, CachedEncoder) else encoder


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
    """Round vectors to float16 precision, as a cache does; dtype float32."""
    return vectors.astype(np.float16).astype(np.float32)


def _starts(sentences: Sequence[str], width: int) -> range:
    return range(max(len(sentences) - width + 1, 0))


def model_name(path: Path, content: Path) -> str:
    """Return a model's own name with the digest of `content`.

    Another model has another name, and so another cache.
    """
    digest = files.sha256(content)[:8]
    own = path.parent if path.name == "model.onnx" else path
    own = own.parent if own.name == "onnx" else own
    return f"{own.stem or 'model'}-{digest}"
