"""What a release of a large corpus costs: processor time, peak memory and size.

`python -m benchmarks.release_scale [--articles 1000000] [--rounds 1]`: twenty cities over ten years
are written (nine in ten articles Chinese; a tenth as many pairs, of twenty beads each; one article
in fifty names a private number). In each round, each in a process of its own:

* bare: the stored tables are read and written again with pyarrow alone, with a release's settings;
* parquet: the same tables are released (chosen, checked, masked, sorted, digested);
* everything: released split by time, with every format.

Expected: parquet within 1.5 times the processor time of bare, and 2 GB in each process.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.report_scale import table
from pipelines import schema, store

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
from pipelines.release.shards import CODEC, LEVEL
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
            writer = pq.ParquetWriter(target / f"{name}.parquet", table.schema, compression=CODEC,
                                      compression_level=LEVEL, use_dictionary=kept)
        writer.write_table(table, row_group_size=layout.group)
    writer.close()
more["size_mb"] = round(sum(p.stat().st_size for p in target.iterdir()) / 1e6, 1)
"""
RELEASE = """
from crawler.city import load_cities
from pipelines.release import build, partition
from pipelines.release.formats import FORMATS
from pipelines.release.selection import Thresholds
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
    """Return invented sentences: some 32 characters of Chinese, some 14 words of English."""
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


def write_city(output: Path, key: str, articles: int, draw: random.Random) -> None:
    """Write a city's articles, pairs and sentences with true offsets."""
    sentences = dict(zip(("zh", "en"), pool(draw, 20_000), strict=True))
    pairs = articles // 10
    first = np.datetime64("2014-01-01T01:00", "ms")
    years: dict[int, list[tuple[str, str, str, list[str], int]]] = {}
    kept: list[tuple[str, str, list[str]]] = []
    for number in range(articles):
        lang = "en" if number < pairs else "zh"
        said = draw.choices(sentences[lang], k=BEADS)
        if number % 50 == 0:
            said[-1] += " Contact Mr Gao: 13812345678." if lang == "en" else "联系人：13812345678。"
        # A pair is the English article n and the Chinese article pairs + n, some days before.
        later = 2 if lang == "en" else number // pairs % 3
        day = number % pairs * (YEARS * 365 - 5) // pairs + later
        row = (f"{key}-{number:08x}", lang, said[0][:30], said, day)
        years.setdefault(2014 + day // 366, []).append(row)
        if number < 2 * pairs:
            kept.append((row[0], row[2], said))
    for year, rows in years.items():
        ids, langs, titles, texts, days = zip(*rows, strict=True)
        empty: list[list[str]] = [[]] * len(rows)
        made = table(
            schema.ARTICLES, len(rows), article_id=list(ids), city=key, site=f"www.{key}.example",
            url=[f"http://www.{key}.example/{one}.html" for one in ids], lang=list(langs),
            title=list(titles), text=["\n".join(said) for said in texts], keywords=empty,
            published_at=(first + np.array(days) * np.timedelta64(1, "D")).tolist(),
            published_precision="day", source="某报", images=empty, attachments=empty, flags=empty,
            first_seen=SEEN, last_seen=SEEN, revision=1, extractor="generic", rights="full",
            run_id="20240101T000000Z-aaaa", script="Hans",
            content_sha256=[f"{one:>064}" for one in ids],
        )  # fmt: skip
        store.write_table(store.articles_folder(output, key) / f"{year}.parquet", made)
    ids = [f"{key}-{n:08d}" for n in range(pairs)]
    en, zh = kept[:pairs], kept[pairs:]
    made = table(
        schema.PAIRS, pairs, pair_id=ids, city=key, zh_id=[a[0] for a in zh],
        en_id=[a[0] for a in en], zh_title=[a[1] for a in zh], en_title=[a[1] for a in en],
        probability=0.9, relation="translation", score=2.0, margin=1.0,
        evidence={"similarity": 0.8}, method="bench 1", aligned_at=SEEN,
    )  # fmt: skip
    store.write_table(store.table_path(output, "pairs", key), made)
    columns: dict[str, Any] = {}
    for lang, side in (("zh", zh), ("en", en)):
        lengths = np.array([[len(sentence) for sentence in said] for _, _, said in side])
        ends = np.cumsum(lengths + 1, axis=1) - 1
        columns[lang] = [sentence for _, _, said in side for sentence in said]
        columns[f"{lang}_start"] = (ends - lengths).ravel()
        columns[f"{lang}_end"] = ends.ravel()
    made = table(
        schema.SENTENCES, pairs * BEADS, pair_id=np.repeat(ids, BEADS).tolist(), kind="1-1",
        position=np.tile(np.arange(BEADS), pairs), probability=0.9,
        flags=[[]] * (pairs * BEADS), **columns,
    )  # fmt: skip
    store.write_table(store.table_path(output, "sentences", key), made)


def measured(script: str, *arguments: str | Path) -> dict[str, Any]:
    """Run one of the scripts in a process of its own and return what it measured."""
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
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        output = Path(name) / "output"
        (Path(name) / "cities").mkdir()
        for n in range(CITIES):
            key = f"city{n:02d}"
            (Path(name) / "cities" / f"{key}.yaml").write_text(CITY.format(key=key, rights=RIGHTS))
            write_city(output, key, args.articles // CITIES, random.Random(n))
        print(f"{args.articles} articles, pyarrow {pa.__version__}", flush=True)
        for number in range(args.rounds):
            bare = measured(BARE, output, Path(name) / f"bare{number}")
            print("bare      ", json.dumps(bare), flush=True)
            for kind in ("parquet", "everything"):
                found = measured(RELEASE, output, number, kind)
                ratio = found["cpu_s"] / bare["cpu_s"]
                print(f"{kind:10}", json.dumps(found), f"{ratio:.2f} times bare", flush=True)
                subprocess.run(["rm", "-r", output / "releases" / kind], check=True)


if __name__ == "__main__":
    main()
