"""Sentence encoders in ONNX, run by onnxruntime.

A model is a `.onnx` file with a `tokenizer.json` beside it or in the folder above, as exports have
it (`model.onnx`, `onnx/model.onnx`). It runs on a GPU if onnxruntime has one. Its output is a
sentence's vector, or one vector a token: these are averaged over the tokens, unless
`1_Pooling/config.json` selects the first token.

Sentences run in batches of similar length, the shorter ones padded and masked. Not every export
heeds its mask or takes more than one row: each model is tried once, and runs in batches only as far
as they change nothing.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.vectors.encoder import EncoderError, Vectors, model_name, rounded

_MAX_TOKENS = 512
_BATCH, _GPU_BATCH = 768, 16384
"""Tokens of a batch: on a processor what stays in its cache."""
_LEAST_FILLED = 0.75
"""Length of a batch's shortest row as a part of the longest."""
_EQUAL, _GPU_EQUAL = 1e-4, 5e-3
"""Difference of two unit vectors that batching may make; a GPU multiplies in fewer bits."""
_PROBES = ("a", "one two three 一二三四 " * 4)
"""Texts of different length that show what a batch changes."""


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
        self._on_gpu = "CUDAExecutionProvider" in self._session.get_providers()
        self._first = _pools_first(folders)
        padding = self._tokenizer.padding or {}
        self._pad = int(padding.get("pad_id", _pad_id(self._tokenizer)))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self.name = model_name(path, path)
        self._least_filled, self._most = self._batching()
        self.dim = self.encode(["."]).shape[1]

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """Return one unit row per sentence, rounded to float16, shape (n, dim).

        On a processor a sentence's bits do not depend on those beside it.
        """
        rows = self._tokenised(sentences)
        if not rows:
            return np.empty((0, self.dim), np.float32)
        order = sorted(range(len(rows)), key=lambda at: len(rows[at]), reverse=True)
        found: dict[int, Vectors] = {}
        start = 0
        while start < len(order):
            longest = len(rows[order[start]])
            batch = order[start : start + max(1, self._most // longest)]
            batch = [at for at in batch if len(rows[at]) >= self._least_filled * longest]
            vectors = self._run([rows[at] for at in batch])
            found |= dict(zip(batch, rounded(vectors), strict=True))
            start += len(batch)
        return np.stack([found[at] for at in range(len(rows))])

    def _batching(self) -> tuple[float, int]:
        """Return the least part of a batch's length, and a batch's tokens.

        What batches do to the model's vectors is tried: padded ones, then ones of equal length.
        """
        short, long = self._tokenised(_PROBES)
        alone = np.concatenate([self._run([short]), self._run([long])])
        most = _GPU_BATCH if self._on_gpu else _BATCH
        # A row of the same length that differs: scales over a whole batch would change with it.
        for least, rows in ((_LEAST_FILLED, [short, long]), (1.0, [long, long[::-1]])):
            try:
                batched = self._run(rows)
            except Exception:
                # An export of one row only. Its session raises classes of its own.
                continue
            expected = alone if least < 1 else alone[1:]
            difference = np.abs(batched[: len(expected)] - expected).max()
            if difference < (_GPU_EQUAL if self._on_gpu else _EQUAL):
                return least, most
        return 1.0, 1

    def _tokenised(self, sentences: Sequence[str]) -> list[list[int]]:
        texts = [s.encode(errors="replace").decode() for s in sentences]
        return [encoding.ids or [0] for encoding in self._tokenizer.encode_batch(texts)]

    def _run(self, rows: Sequence[Sequence[int]]) -> Vectors:
        """Return the unit vectors of one batch, the shorter rows padded."""
        ids = np.full((len(rows), max(map(len, rows))), self._pad, np.int64)
        mask = np.zeros_like(ids)
        for at, row in enumerate(rows):
            ids[at, : len(row)], mask[at, : len(row)] = row, 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (out,) = self._session.run([self._output], {name: given[name] for name in self._inputs})
        out = np.asarray(out, np.float32)
        if out.ndim == 3:
            out = out[:, 0] if self._first else _means(out, [len(row) for row in rows])
        if out.ndim != 2 or len(out) != len(rows):
            raise EncoderError(f"{self.name}: its output has shape {out.shape}, not one row each")
        norm = np.linalg.norm(out, axis=1, keepdims=True)
        return np.asarray(out / np.maximum(norm, 1e-9), np.float32)


def _means(out: Vectors, lengths: Sequence[int]) -> Vectors:
    """Return the mean of each row's own tokens."""
    return np.stack([row[:length].mean(axis=0) for row, length in zip(out, lengths, strict=True)])


def _pad_id(tokenizer: Any) -> int:
    """Return the id of the token that fills a row, or 0."""
    ids = (tokenizer.token_to_id(token) for token in ("<pad>", "[PAD]", "<|pad|>"))
    return next((found for found in ids if found is not None), 0)


def _pools_first(folders: Sequence[Path]) -> bool:
    """Return True if the first token's vector is the sentence's."""
    for folder in folders:
        path = folder / "1_Pooling" / "config.json"
        if path.is_file():
            return bool(json.loads(path.read_text("utf-8")).get("pooling_mode_cls_token"))
    return False
