"""Time and memory of drawing and estimating on many pairs.

`python -m benchmarks.cost.sampling_scale [--pairs 100000]`: ten cities as in
`benchmarks.cost.report_scale`; every plan draws 300 items, each is judged, and estimates are made
of them all. CPU seconds of one process; the memory is the peak of all.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cost.report_scale import CITIES, write_city
from pipelines.quality import estimates, sampling
from pipelines.quality.sampling import Drawn, Plan
from pipelines.tables import parquet, schema

WHEN = datetime(2024, 5, 1, tzinfo=UTC)
SAID = {"pair": "translation", "bead": "correct", "unmatched": "none"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=100_000)
    pairs = parser.parse_args().pairs
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        output, rng = Path(folder), np.random.default_rng(1)
        for n in range(CITIES):
            write_city(output, f"city{n}", pairs // CITIES, rng)
        drawn: list[Drawn] = []
        for kind in sampling.KINDS:
            plan = Plan(kind, 300, seed=1, text="meeting" if kind == "search" else "")
            drawn += _timed(seconds, f"draw {kind}", lambda plan=plan: sampling.draw(output, plan))
        rows = [_row(number, one) for number, one in enumerate(drawn)]
        table = parquet.rows_to_table(rows, schema.REVIEWS)
        parquet.write_table(output / "reviews" / "all.parquet", table)
        _timed(seconds, "estimate", lambda: estimates.estimate(output))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"pairs": pairs, "cpu_seconds": seconds, "peak_mb": round(peak)}))


def _timed(seconds: dict[str, float], name: str, work: Callable[[], Any]) -> Any:
    began = time.process_time()
    result = work()
    seconds[name] = round(time.process_time() - began, 2)
    return result


def _row(number: int, one: Drawn) -> parquet.Row:
    return {
        "verdict_id": f"v{number}", "level": one.level, "city": one.city, "pair_id": one.pair_id,
        "position": one.position, "zh_id": one.zh_id, "en_id": one.en_id, "reviewer": "ada",
        "verdict": SAID[one.level], "judged_at": WHEN, "plan": one.plan, "stratum": one.stratum,
        "weight": one.weight, "probability": one.probability, "method": one.method,
    }  # fmt: skip


if __name__ == "__main__":
    main()
