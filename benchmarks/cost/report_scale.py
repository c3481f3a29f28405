"""Time, memory and size of the report on many pairs.

`python benchmarks/cost/report_scale.py [--pairs 100000]`: ten cities of even size are written
(twenty sentence groups a pair, five candidates a pair, as many unmatched Chinese articles as
pairs), two hundred of the pairs are judged, a run is recorded, and all is then reported on in a
process of its own. Expected on two cores: under 60 s, 1 GB and 10 MB.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.quality import history
from pipelines.tables import files, parquet, schema

CITIES, BEADS, CANDIDATES = 10, 20, 5
JUDGED = datetime(2024, 6, 1, tzinfo=UTC)
ZH = "5月{0}日，市政府召开第{1}次常务会议，研究老旧小区改造等工作，惠及居民{2}户。"
EN = "On May {0} the {1}th executive meeting studied old estates, to the benefit of {2} households."
MEASURE = """
import json, resource, sys, time
from pathlib import Path
from pipelines.report import page
began = time.monotonic()
path = page.write(Path(sys.argv[1]))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": round(time.monotonic() - began, 1), "peak_mb": round(peak),
                  "page_mb": round(path.stat().st_size / 1e6, 2)}))
"""


def table(of: pa.Schema, rows: int, **columns: Any) -> pa.Table:
    """Return a table of `rows` rows with these columns.
    A single value is repeated."""
    arrays = []
    for name in of.names:
        kind, value = of.field(name).type, columns.get(name)
        if isinstance(value, pa.Array):
            arrays.append(value)
            continue
        repeated = pa.repeat(pa.scalar(value, type=kind), rows) if not _many(value) else None
        arrays.append(repeated if repeated is not None else pa.array(value, type=kind))
    return pa.Table.from_arrays(arrays, schema=of)


def _many(value: Any) -> bool:
    return isinstance(value, list | np.ndarray)


def write_city(output: Path, city: str, pairs: int, rng: np.random.Generator) -> None:
    """Write one city's articles, pairs, candidates and sentences."""
    ids = [f"{city}-{n:06d}" for n in range(pairs)]
    zh, en = [f"z{key}" for key in ids], [f"e{key}" for key in ids]
    days = (np.datetime64("2012-01-01", "ms") + rng.integers(0, 4400, pairs) * 86_400_000).tolist()
    base = {"city": city, "evidence": {"similarity": 0.6, "numbers": 0.5, "length_ratio": 1.0,
            "days_apart": 3}, "method": "none", "zh_title": "市政府召开第29次常务会议",
            "en_title": "29th executive meeting held", "relation": "translation"}  # fmt: skip
    links = {"zh_url": "http://www.x.example/1", "en_url": "http://en.x.example/1"}
    probability = rng.beta(3, 1, pairs)
    for lang, keys in (("zh", zh), ("zh", [f"{key}u" for key in zh]), ("en", en)):
        text = "\n".join((ZH if lang == "zh" else EN).format(8, n, 100 * n) for n in range(BEADS))
        rows = table(
            schema.ARTICLES, pairs, article_id=keys, city=city, lang=lang, text=text,
            title=base[f"{lang}_title"], published_at=days, revision=1,
        )  # fmt: skip
        parquet.write_table(output / "articles" / city / f"{keys[0][0]}{keys[0][-1]}.parquet", rows)
    made = table(schema.PAIRS, pairs, pair_id=ids, zh_id=zh, en_id=en, probability=probability,
                 score=probability, margin=probability, **base, **links)  # fmt: skip
    parquet.write_table(files.table_path(output, "pairs", city), made)
    many = pairs * CANDIDATES
    others = table(
        schema.CANDIDATES, many, pair_id=[f"{key}-{n}" for key in ids for n in range(CANDIDATES)],
        zh_id=np.repeat(zh, CANDIDATES), en_id=np.roll(np.repeat(en, CANDIDATES), 7),
        probability=rng.random(many) / 2, score=rng.normal(size=many), **base, **links,
    )  # fmt: skip
    parquet.write_table(files.table_path(output, "candidates", city), others)
    beads = table(
        schema.SENTENCES, pairs * BEADS, pair_id=np.repeat(ids, BEADS),
        position=np.tile(np.arange(BEADS), pairs), kind="1-1", probability=0.9,
        flags=[[]] * (pairs * BEADS),
        zh=np.tile([ZH.format(8, n, 100 * n) for n in range(BEADS)], pairs),
        en=np.tile([EN.format(8, n, 100 * n) for n in range(BEADS)], pairs),
    )  # fmt: skip
    parquet.write_table(files.table_path(output, "sentences", city), beads)


def judge(output: Path, city: str, count: int, weight: float) -> None:
    """Store verdicts on the first pairs of a city.
    Every tenth is wrong."""
    columns = ["pair_id", "zh_id", "en_id", "probability"]
    pairs = parquet.read_table(files.table_path(output, "pairs", city), schema.PAIRS, columns)[
        :count
    ]
    rows = table(
        schema.REVIEWS, count, verdict_id=[f"{city}-v{n}" for n in range(count)], level="pair",
        city=city, reviewer="Wang", judged_at=JUDGED, plan="first", weight=weight,
        verdict=["translation" if n % 10 else "different" for n in range(count)],
        **{name: pairs[name].to_pylist() for name in columns},
    )  # fmt: skip
    parquet.write_table(output / "reviews" / f"{city}.parquet", rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=100_000)
    pairs = parser.parse_args().pairs
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        for n in range(CITIES):
            write_city(Path(folder), f"city{n}", pairs // CITIES, rng)
            judged = min(20, pairs // CITIES)
            judge(Path(folder), f"city{n}", judged, pairs / CITIES / judged)
        history.record(Path(folder), "benchmark", JUDGED)
        ran = subprocess.run(
            [sys.executable, "-c", MEASURE, folder], check=True, capture_output=True, text=True
        )
    print(json.dumps({"pairs": pairs, "sentences": pairs * BEADS} | json.loads(ran.stdout)))


if __name__ == "__main__":
    main()
