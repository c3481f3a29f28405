"""A transformer of random weights in ONNX, as exports of sentence encoders are built."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split

MOST = 512
"""Tokens of a text at most."""


def build(
    folder: Path,
    texts: list[str],
    *,
    layers: int = 2,
    dim: int = 64,
    heads: int = 4,
    masked: bool = True,
    rows: int | str = "rows",
) -> Path:
    """Write a model, and a tokenizer of the characters of `texts`.

    `masked`: whether it heeds its attention mask; `rows`: of a batch, any number by default.
    """
    folder.mkdir(parents=True)
    characters = ["[PAD]", "[?]", *sorted({char for text in texts for char in text})]
    words = WordLevel({char: at for at, char in enumerate(characters)}, unk_token="[?]")
    tokenizer = Tokenizer(words)
    tokenizer.pre_tokenizer = Split("", "isolated")
    tokenizer.save(str(folder / "tokenizer.json"))
    graph = _Graph(dim, heads)
    graph.layers(layers, len(characters), masked=masked)
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, [rows, "length"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info(
        "last_hidden_state", TensorProto.FLOAT, [rows, "length", dim]
    )
    model = helper.make_model(
        helper.make_graph(graph.nodes, "transformer", inputs, [output], graph.weights),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.save(model, str(folder / "model.onnx"))
    return folder


class _Graph:
    """Nodes and weights, one after the other."""

    def __init__(self, dim: int, heads: int) -> None:
        self._dim, self._heads = dim, heads
        self._draw = np.random.default_rng(1)
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def layers(self, count: int, tokens: int, *, masked: bool) -> None:
        dim, heads = self._dim, self._heads
        length = self._node("Shape", "input_ids", start=1, end=2)
        places = self._node("Slice", self._random(MOST, dim, scale=1), self._array([0]), length)
        found = self._node("Gather", self._random(tokens, dim, scale=1), "input_ids")
        x = self._normal(self._node("Add", found, places))
        mask = self._node("Cast", "attention_mask", to=TensorProto.FLOAT)
        mask = self._node("Unsqueeze", mask, self._array([1, 2]))
        mask = self._node("Sub", self._scalar(1), mask)
        mask = self._node("Mul", mask, self._scalar(-1e9 if masked else 0))
        cut, join = self._array([0, 0, heads, dim // heads]), self._array([0, 0, dim])
        for _ in range(count):
            query, key, value = (
                self._node(
                    "Transpose",
                    self._node("Reshape", self._dense(x, dim, dim), cut),
                    perm=order,
                )
                for order in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
            )
            scale = self._scalar((dim // heads) ** -0.5)
            scores = self._node("Mul", self._node("MatMul", query, key), scale)
            shares = self._node("Softmax", self._node("Add", scores, mask), axis=-1)
            read = self._node("Transpose", self._node("MatMul", shares, value), perm=[0, 2, 1, 3])
            read = self._dense(self._node("Reshape", read, join), dim, dim)
            x = self._normal(self._node("Add", x, read))
            wide = self._node("Tanh", self._dense(x, dim, 4 * dim))
            x = self._normal(self._node("Add", x, self._dense(wide, 4 * dim, dim)))
        self.nodes.append(helper.make_node("Identity", [x], ["last_hidden_state"]))

    def _dense(self, x: str, rows: int, columns: int) -> str:
        product = self._node("MatMul", x, self._random(rows, columns, scale=rows**-0.5))
        return self._node("Add", product, self._random(columns, scale=0.02))

    def _normal(self, x: str) -> str:
        gain, shift = np.ones(self._dim, np.float32), np.zeros(self._dim, np.float32)
        return self._node("LayerNormalization", x, self._weight(gain), self._weight(shift))

    def _node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"node{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def _random(self, *shape: int, scale: float) -> str:
        return self._weight((self._draw.standard_normal(shape) * scale).astype(np.float32))

    def _array(self, values: list[int]) -> str:
        return self._weight(np.array(values, np.int64))

    def _scalar(self, value: float) -> str:
        return self._weight(np.float32(value))

    def _weight(self, value: Any) -> str:
        name = f"weight{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(value), name))
        return name
