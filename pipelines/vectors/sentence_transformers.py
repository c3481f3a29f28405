"""Sentence encoders in folders of sentence-transformers, run by that package."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.vectors.encoder import EncoderError, Vectors, model_name, rounded

_SENTENCES, _GPU_SENTENCES = 16, 64
"""Sentences of a batch, of similar length: the package sorts them, and masks what it pads."""


class SentenceTransformersEncoder:
    """Encoder of a sentence-transformers folder, on a GPU if there is one.

    Raises `EncoderError` if the package is missing or cannot read the folder.
    """

    def __init__(self, path: Path) -> None:
        try:
            import torch  # type: ignore[import-not-found,unused-ignore]
            import transformers  # type: ignore[import-not-found,unused-ignore]
            from sentence_transformers import (  # type: ignore[import-not-found,unused-ignore]
                SentenceTransformer,
            )
        except ImportError as error:
            raise EncoderError(
                f"{path}: a sentence-transformers folder needs the package {error.name}, and has "
                "no model.onnx that could be used without; pip install sentence-transformers"
            ) from error
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self._batch = _GPU_SENTENCES if device == "cuda" else _SENTENCES
        if device == "cpu":
            # Processes use the cores.
            torch.set_num_threads(1)
        transformers.utils.logging.disable_progress_bar()
        try:
            self._model: Any = SentenceTransformer(str(path), device=device, local_files_only=True)
        except Exception as error:
            raise EncoderError(f"{path}: sentence-transformers cannot read it ({error})") from error
        weights = [p for p in sorted(path.rglob("*")) if p.suffix in (".safetensors", ".bin")]
        self.name = model_name(path, weights[0] if weights else path / "modules.json")
        self.dim = self.encode(["."]).shape[1]

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """Return one unit row per sentence, rounded to float16, shape (n, dim)."""
        if not sentences:
            return np.empty((0, self.dim), np.float32)
        texts = [s.encode(errors="replace").decode() for s in sentences]
        out = self._model.encode(
            texts, batch_size=self._batch, show_progress_bar=False, convert_to_numpy=True,
            normalize_embeddings=True,
        )  # fmt: skip
        return rounded(np.asarray(out, np.float32))
