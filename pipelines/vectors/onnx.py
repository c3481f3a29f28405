"""Sentence encoders in ONNX, run by onnxruntime.

A model is a `.onnx` file with a `tokenizer.json` beside it or in the folder above, as exports have
it (`model.onnx`, `onnx/model.onnx`). It runs on a GPU if onnxruntime has one. Its output is a
sentence's vector, or one vector a token: these are averaged over the tokens, unless
`1_Pooling/config.json` selects the first token.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.vectors.encoder import EncoderError, Vectors, model_name, rounded

_MAX_TOKENS = 512
_GPU_BATCH = 16384
"""Tokens of a batch on a GPU. On a processor sentences are run one by one: batches gain little on
one core, and so a vector's bits do not depend on what else is encoded."""


class OnnxEncoder:
    """A transformer or other sentence encoder in ONNX.

    Raises `EncoderError` when the extra `encoders` is not installed, or for files that are not a
    model and its tokenizer.
    """

    def __init__(self, path: Path) -> None:
        try:
            import onnxruntime
            import tokenizers
        except ImportError as error:
            raise EncoderError(
                f"{path}: reading ONNX models needs {error.name}; install shizheng[encoders]"
            ) from error
        folders = (path.parent, path.parent.parent)
        found = [f / "tokenizer.json" for f in folders if (f / "tokenizer.json").is_file()]
        if not found:
            raise EncoderError(f"{path}: no tokenizer.json beside it or in {folders[1]}")
        try:
            self._tokenizer: Any = tokenizers.Tokenizer.from_file(str(found[0]))
        except Exception as error:
            raise EncoderError(f"{found[0]}: not a tokenizer ({error})") from error
        options = onnxruntime.SessionOptions()
        # One thread: processes use the cores, and sums in one order give the same bits everywhere.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        known = onnxruntime.get_available_providers()
        providers = [p for p in ("CUDAExecutionProvider", "CPUExecutionProvider") if p in known]
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(path), options, providers=providers
            )
        except Exception as error:
            raise EncoderError(f"{path}: not an ONNX model that can be run ({error})") from error
        self._inputs = [each.name for each in self._session.get_inputs()]
        if unknown := set(self._inputs) - {"input_ids", "attention_mask", "token_type_ids"}:
            raise EncoderError(
                f"{path}: asks for {', '.join(sorted(unknown))}; an encoder of sentences is given "
                "input_ids, attention_mask and token_type_ids only"
            )
        outputs = {each.name: each for each in self._session.get_outputs()}
        self._output = next(
            (name for name in ("sentence_embedding", "last_hidden_state") if name in outputs),
            next(iter(outputs)),
        )
        self._batch = _GPU_BATCH if "CUDAExecutionProvider" in self._session.get_providers() else 1
        self._first = _pools_first(folders)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self.name = model_name(path, path)
        self.dim = self.encode(["."]).shape[1]

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """Return one unit row per sentence, rounded to float16, shape (n, dim).

        A batch has sentences of one number of tokens: there is no padding to mask.
        """
        texts = [s.encode(errors="replace").decode() for s in sentences]
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]
        rows = [ids or [0] for ids in rows]
        order = sorted(range(len(rows)), key=lambda at: len(rows[at]))
        found: dict[int, Vectors] = {}
        start = 0
        while start < len(order):
            length = len(rows[order[start]])
            batch = order[start : start + max(1, self._batch // length)]
            batch = [at for at in batch if len(rows[at]) == length]
            vectors = self._run(np.array([rows[at] for at in batch], np.int64))
            found |= dict(zip(batch, vectors, strict=True))
            start += len(batch)
        if not found:
            return np.empty((0, self.dim), np.float32)
        return np.stack([found[at] for at in range(len(rows))])

    def _run(self, ids: Any) -> Vectors:
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        given["token_type_ids"] = np.zeros_like(ids)
        (out,) = self._session.run([self._output], {name: given[name] for name in self._inputs})
        out = np.asarray(out, np.float32)
        if out.ndim == 3:
            out = out[:, 0] if self._first else out.mean(axis=1)
        if out.ndim != 2:
            raise EncoderError(f"{self.name}: its output has shape {out.shape}, not one row each")
        norm = np.linalg.norm(out, axis=1, keepdims=True)
        return rounded(np.asarray(out / np.maximum(norm, 1e-9), np.float32))


def _pools_first(folders: Sequence[Path]) -> bool:
    """Return True if the first token's vector is the sentence's."""
    for folder in folders:
        path = folder / "1_Pooling" / "config.json"
        if path.is_file():
            return bool(json.loads(path.read_text("utf-8")).get("pooling_mode_cls_token"))
    return False
