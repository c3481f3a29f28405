"""The most that convolutions in whole numbers could save of an alignment.

    python -m benchmarks.cost.int8_bound [--series 1]

The bundled encoder's matrix products take a share of the CPU time of `align_city`; onnxruntime's
MatMulInteger (8 bits) takes less time than numpy for products of their shapes. Were all other work
free of change, and cutting to 8 bits free of cost, the whole would be faster by what is printed.
Needs the extra `encoders`, and onnx.
"""

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from threadpoolctl import threadpool_limits

from benchmarks.cost.scale import CITY, NOW, _article
from benchmarks.series.corpus import generate
from pipelines.align import align_city
from pipelines.tables.articles import write_articles
from pipelines.vectors.exact_products import Places
from pipelines.vectors.load import load_encoder


def main() -> None:
    """Print the share of the products, their speeds, and the bound."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=1, help="of each kind in the city")
    options = parser.parse_args()
    listed = [_article(one) for one in generate(10_000, series=options.series).articles]
    load_encoder().encode(["."])
    spent = Counter[tuple[int, int]]()
    rows = Counter[tuple[int, int]]()
    whole = Places.placed

    def placed(self: Places, given: Any, weights: Any) -> Any:
        start = time.process_time()
        found = whole(self, given, weights)
        spent[weights.shape] += time.process_time() - start
        rows[weights.shape] += len(given)
        return found

    Places.placed = placed  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(limits=1):
        write_articles(Path(folder), CITY, listed, run_id="r", now=NOW)
        start = time.process_time()
        align_city(Path(folder), CITY, now=NOW)
        total = time.process_time() - start
        share = sum(spent.values()) / total
        print(f"{len(listed)} articles, {total:.1f} CPU s, {share:.0%} of it products")
        saved = 0.0
        for shape, seconds in spent.most_common(3):
            ratio = _ratio(*shape)
            saved += seconds * (1 - 1 / ratio)
            print(
                f"{shape[0]} x {shape[1]}: {seconds:.1f} CPU s, {ratio:.1f} times faster in 8 bits"
            )
    print(f"the whole at most {total / (total - saved):.2f} times faster")


def _ratio(inner: int, outer: int, rows: int = 512) -> float:
    """Return the seconds of a product in 32 bits by those in 8."""
    draw = np.random.default_rng(0)
    weights = draw.integers(-127, 127, (inner, outer), np.int8)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "b"], ["c"])],
        "product",
        [helper.make_tensor_value_info("a", TensorProto.UINT8, [rows, inner])],
        [helper.make_tensor_value_info("c", TensorProto.INT32, [rows, outer])],
        [onnx.numpy_helper.from_array(weights, "b")],
    )
    opset = [helper.make_opsetid("", 13)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )
    whole = {"a": draw.integers(0, 255, (rows, inner), np.uint8)}
    left, right = whole["a"].astype(np.float32), weights.astype(np.float32)
    return _seconds(lambda: left @ right) / _seconds(lambda: session.run(None, whole))


def _seconds(work: Any) -> float:
    """Return the least CPU seconds of a run, of five times twenty."""
    found = []
    for _ in range(5):
        start = time.process_time()
        for _ in range(20):
            work()
        found.append(time.process_time() - start)
    return min(found)


if __name__ == "__main__":
    main()
