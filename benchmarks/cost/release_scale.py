"""Cost of releasing a large corpus: time, CPU, memory, size.

`python -m benchmarks.cost.release_scale [--articles 1000000] [--rounds 1] [--parquet]`: twenty
cities over ten years are written (nine in ten articles Chinese; a tenth as many pairs, of twenty
beads each; one article in fifty names a private number). In each round, each in a process of its
own:

* bare: the stored tables are read and written again with pyarrow alone, with a release's settings;
* parquet: the same tables are released (chosen, checked, masked, sorted, digested).

At the end, unless `--parquet` asks for no more: everything, released split by time, with every
format.

Expected: parquet within 1.5 times the time of bare, and 2 GB in each process.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.cost.report_scale import table
from pipelines.tables import files, parquet, schema

CITIES, YEARS, BEADS = 20, 10, 20
SEEN = datetime(2024, 1, 1, tzinfo=UTC)
RIGHTS = "rights: {text: full, terms: made for a benchmark, checked: 2024-07-01}"
CITY = """name: {{zh: 某市, en: Some City}}
hosts: [www.{key}.example]
{rights}
sources: [{{lang: zh, cms: generic, list: "http://www.{key}.example/"}}]
"""
MEASURE = """
import json, resource, sys, time
from pathlib import Path
def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
"""
TELL = """
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"cpu_s": round(spent() - began, 1), "wall_s": round(time.monotonic() - clock, 1),
                  "peak_mb": round(peak), **more}))
"""
BARE = """
import pyarrow.parquet as pq
from pipelines.release.shards import LEVEL
from pipelines.release.tables import LAYOUTS
output, target = Path(sys.argv[1]), Path(sys.argv[2])
target.mkdir()
began, clock, more = spent(), time.monotonic(), {}
for name, layout in LAYOUTS.items():
    writer = None
    for path in sorted((output / name).rglob("*.parquet")):
        table = pq.ParquetFile(path).read()
        if writer is None:
            kept = [column for column in layout.repeated if column in table.column_names]
            writer = pq.ParquetWriter(target / f"{name}.parquet", table.schema, compression="zstd",
                                      compression_level=LEVEL, use_dictionary=kept)
        writer.write_table(table, row_group_size=layout.group)
    writer.close()
more["size_mb"] = round(sum(p.stat().st_size for p in target.iterdir()) / 1e6, 1)
"""
RELEASE = """
from crawler.city_file import load_cities
from pipelines.release import build, partition
from pipelines.release.formats import FORMATS
from pipelines.release.content.selection import Thresholds
from pipelines.terminal import progress
output, everything = Path(sys.argv[1]), sys.argv[3] == "everything"
cities = load_cities(output.parent / "cities")
laps = {}
def timed(name, step):
    def run(*arguments):
        begun = spent()
        result = step(*arguments)
        laps[name] = round(spent() - begun, 1)
        return result
    return run
FORMATS.update({name: timed(name, step) for name, step in FORMATS.items()})
partition.divide = timed("split", partition.divide)
formats = tuple(sorted(FORMATS)) if everything else ()
wanted = build.Order(sys.argv[3], Thresholds(), "time" if everything else None, formats)
began, clock, more = spent(), time.monotonic(), {}
with progress() as tracker:
    made = build.build(output, wanted, cities, tracker)
sizes = {}
for row in made.manifest["files"]:
    top = row["path"].split("/")[0]
    sizes[top] = sizes.get(top, 0) + row["bytes"] / 1e6
more = {"size_mb": {name: round(size, 1) for name, size in sizes.items()}, "parts_cpu_s": laps,
        "rows": {t: c["all"] for t, c in made.manifest["counts"].items()},
        "masked": made.manifest["masked"], "left_out": made.manifest["left_out"]}
"""


def pool(draw: random.Random, size: int) -> tuple[list[str], list[str]]:
    """Return invented sentences.
    Some 32 characters of Chinese, some 14 words of English."""
    han = [chr(code) for code in range(0x4E00, 0x9F00)]
    words = ["".join(draw.choices(han[:2500], k=2)) for _ in range(8000)]
    latin = ["".join(draw.choices("etaoinshrdlucmfwypvbgk", k=draw.randint(2, 9))) for _ in words]
    zh = [
        f"{''.join(draw.choices(words, k=8))}，{draw.randint(1, 9999)}.{draw.randint(1, 9)}万"
        f"{''.join(draw.choices(words, k=5))}。"
        for _ in range(size)
    ]
    en = [f"{' '.join(draw.choices(latin, k=13))} {draw.randint(1, 999)}." for _ in range(size)]
    return zh, en


def write_city(output: Path, key: str, articles: int, seed: int) -> None:
    """Write a city's articles, pairs and sentences with true offsets."""
    draw, chance = random.Random(seed), np.random.default_rng(seed)
    pairs = articles // 10
    english = np.arange(articles) < pairs
    said = {
        lang: _said(sentences, lang, int(mine.sum()), chance, np.flatnonzero(mine) % 50 == 0)
        for lang, sentences, mine in zip(
            ("en", "zh"), reversed(pool(draw, 20_000)), (english, ~english), strict=True
        )
    }
    number = np.arange(articles)
    # A pair is the English article n and the Chinese article pairs + n, some days before.
    day = number % pairs * (YEARS * 365 - 5) // pairs + np.where(english, 2, number // pairs % 3)
    ids = pa.array([f"{key}-{n:08x}" for n in range(articles)])
    texts = pa.concat_arrays([pc.binary_join(said[lang], "\n") for lang in ("en", "zh")])
    titles = pc.utf8_slice_codeunits(
        pa.concat_arrays([pc.list_element(said[lang], 0) for lang in ("en", "zh")]), 0, 30
    )
    published = np.datetime64("2014-01-01T01:00", "ms") + day * np.timedelta64(1, "D")
    for year in np.unique(2014 + day // 366):
        here = np.flatnonzero(2014 + day // 366 == year)
        own, size = ids.take(pa.array(here)), len(here)
        empty: list[list[str]] = [[]] * size
        made = table(
            schema.ARTICLES, size, article_id=own, city=key, site=f"www.{key}.example",
            url=pc.binary_join_element_wise(f"http://www.{key}.example/", own, ".html", ""),
            lang=np.where(english[here], "en", "zh").tolist(), title=titles.take(pa.array(here)),
            text=texts.take(pa.array(here)), keywords=empty, published_at=published[here].tolist(),
            published_precision="day", source="某报", images=empty, attachments=empty, flags=empty,
            first_seen=SEEN, last_seen=SEEN, revision=1, extractor="generic", rights="full",
            run_id="20240101T000000Z-aaaa", script="Hans",
            content_sha256=pc.utf8_lpad(own, 64, "0"),
        )  # fmt: skip
        parquet.write_table(files.articles_folder(output, key) / f"{year}.parquet", made)
    mates = {"en": (0, pairs), "zh": (pairs, pairs)}
    pair_ids = pa.array([f"{key}-{n:08d}" for n in range(pairs)])
    made = table(
        schema.PAIRS, pairs, pair_id=pair_ids, city=key,
        **{f"{lang}_id": ids.slice(*place) for lang, place in mates.items()},
        **{f"{lang}_title": titles.slice(*place) for lang, place in mates.items()},
        probability=0.9, relation="translation", score=2.0, margin=1.0,
        evidence={"similarity": 0.8}, method="bench 1", aligned_at=SEEN,
    )  # fmt: skip
    parquet.write_table(files.table_path(output, "pairs", key), made)
    columns: dict[str, Any] = {}
    for lang in ("zh", "en"):
        columns[lang] = said[lang].slice(0, pairs).flatten()
        lengths = pc.utf8_length(columns[lang]).to_numpy().reshape(pairs, BEADS)
        ends = np.cumsum(lengths + 1, axis=1) - 1
        columns[f"{lang}_start"] = pa.array((ends - lengths).ravel(), pa.int32())
        columns[f"{lang}_end"] = pa.array(ends.ravel(), pa.int32())
    made = table(
        schema.SENTENCES, pairs * BEADS,
        pair_id=pair_ids.take(pa.array(np.arange(pairs).repeat(BEADS))), kind="1-1",
        position=pa.array(np.tile(np.arange(BEADS), pairs), pa.int32()), probability=0.9,
        flags=[[]] * (pairs * BEADS), **columns,
    )  # fmt: skip
    parquet.write_table(files.table_path(output, "sentences", key), made)


def _said(
    sentences: list[str], lang: str, articles: int, chance: np.random.Generator, named: np.ndarray
) -> pa.ListArray:
    """Return `BEADS` sentences for each article.
    Those `named` end with a private number."""
    chosen = pa.array(sentences).take(
        pa.array(chance.integers(len(sentences), size=articles * BEADS))
    )
    last = np.zeros(articles * BEADS, dtype=bool)
    last[BEADS - 1 :: BEADS] = named
    more = " Contact Mr Gao: 13812345678." if lang == "en" else "联系人：13812345678。"
    chosen = pc.if_else(pa.array(last), pc.binary_join_element_wise(chosen, more, ""), chosen)
    return pa.ListArray.from_arrays(
        pa.array(np.arange(articles + 1, dtype=np.int32) * BEADS), chosen
    )


def measured(script: str, *arguments: str | Path) -> dict[str, Any]:
    """Run a script in a process of its own; return its measurements."""
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE + script + TELL, *map(str, arguments)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--parquet", action="store_true", help="leave out the other formats")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        output = Path(name) / "output"
        (Path(name) / "cities").mkdir()
        for n in range(CITIES):
            key = f"city{n:02d}"
            (Path(name) / "cities" / f"{key}.yaml").write_text(CITY.format(key=key, rights=RIGHTS))
            write_city(output, key, args.articles // CITIES, n)
        print(f"{args.articles} articles, pyarrow {pa.__version__}", flush=True)
        rounds: list[tuple[dict[str, Any], dict[str, Any]]] = []
        for number in range(args.rounds):
            bare = measured(BARE, output, Path(name) / f"bare{number}")
            print("bare      ", json.dumps(bare), flush=True)
            rounds.append((bare, _released(output, number, "parquet", bare)))
            shutil.rmtree(Path(name) / f"bare{number}")
        for what in ("wall_s", "cpu_s"):
            least = min(made[what] for _, made in rounds) / min(bare[what] for bare, _ in rounds)
            print(f"parquet: {least:.2f} times bare in {what}, the least of {args.rounds} rounds")
        if not args.parquet:
            _released(output, args.rounds, "everything", rounds[-1][0])


def _released(output: Path, number: int, kind: str, bare: dict[str, Any]) -> dict[str, Any]:
    """Make a release, print what it cost beside `bare` and return it."""
    found = measured(RELEASE, output, number, kind)
    ratios = ", ".join(f"{found[what] / bare[what]:.2f} in {what}" for what in ("wall_s", "cpu_s"))
    print(f"{kind:10}", json.dumps(found), f"times bare: {ratios}", flush=True)
    shutil.rmtree(output / "releases" / kind)
    return found


if __name__ == "__main__":
    main()
