"""Time and memory of aligning one city as it grows.
And of the next hundred articles.

    python -m benchmarks.cost.scale [--sizes 1000 4000 16000] [--share 20] [--folder DIR] [--check]

Articles are those of `benchmarks.series.corpus` of many seeds in one city, one English article to
`share` Chinese ones. Each row is two runs in processes of their own: the city from scratch (no
cache), then with 100 articles more. CPU seconds, wall seconds, peak memory. With `--check` the
grown city is also aligned from scratch elsewhere, and the tables compared byte by byte.
"""

import argparse
import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from threadpoolctl import threadpool_limits

from benchmarks.series.corpus import generate
from crawler.item import Article
from pipelines import align
from pipelines.pairs.prepared import Document
from pipelines.tables import files, parquet, schema
from pipelines.tables.articles import write_articles

CITY = "scale"
NOW = datetime(2024, 6, 1, 8, tzinfo=UTC)
TABLES = {
    "pairs": schema.PAIRS,
    "candidates": schema.CANDIDATES,
    "sentences": schema.SENTENCES,
}


def main() -> None:
    """Print a row a size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 4000, 16000])
    parser.add_argument("--share", type=int, default=20, help="Chinese articles to one in English")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    parser.add_argument("--check", action="store_true", help="compare with aligning from scratch")
    parser.add_argument("--align", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.align:
        measured(args.align)
        return
    print(f"{'zh':>8}{'en':>7}{'pairs':>7}   {'from scratch: CPU s':>20}{'MB':>7}"
          f"   {'100 more: CPU s':>16}{'MB':>7}", flush=True)  # fmt: skip
    for size in args.sizes:
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            row(Path(folder), size, args.share, check=args.check)


def row(folder: Path, size: int, share: int, *, check: bool) -> None:
    """Measure one size."""
    zh, en = articles(size + 95, size // share + 5)
    first, grown = folder / "first", folder / "grown"
    write(first, zh[:size] + en[: size // share])
    pairs, seconds, memory = run(first)
    write(first, zh[size:] + en[size // share :])
    _, more, more_memory = run(first)
    print(f"{size:8}{size // share:7}{pairs:7}   {seconds:20.0f}{memory:7.0f}"
          f"   {more:16.0f}{more_memory:7.0f}", end="", flush=True)  # fmt: skip
    if check:
        write(grown, zh + en)
        run(grown)
        same = [digest(first, table) == digest(grown, table) for table in TABLES]
        print("   as from scratch" if all(same) else "   NOT as from scratch", end="")
    print(flush=True)


def articles(zh_count: int, en_count: int) -> tuple[list[Article], list[Article]]:
    """Return as many articles of each language.
    Of series with seeds from 10,000 up."""
    sides: dict[str, list[Article]] = {"zh": [], "en": []}
    wanted = {"zh": zh_count, "en": en_count}
    step = max(1, zh_count // max(1, en_count) // 3)
    for number, one in enumerate(_generated()):
        side = sides[one.lang]
        # English articles are spread over all seeds, so that most have their mate.
        if len(side) < wanted[one.lang] and (one.lang == "zh" or number % step == 0):
            side.append(_article(one))
        if all(len(sides[lang]) == count for lang, count in wanted.items()):
            break
    return sides["zh"], sides["en"]


def _generated() -> Iterator[Document]:
    seed = 10_000
    while True:
        yield from generate(seed).articles
        seed += 1


def _article(one: Document) -> Article:
    return Article(
        article_id=one.id,
        city=CITY,
        site="www.scale.example",
        url=f"http://www.scale.example/{one.id}.html",
        title=one.title,
        text=one.text,
        lang=one.lang,
        published_at=one.published,
    )


def write(output: Path, listed: list[Article]) -> None:
    write_articles(output, CITY, listed, run_id="r", now=NOW)


def run(output: Path) -> tuple[int, float, float]:
    """Align in a process of its own.
    Returns pairs, CPU seconds and peak memory in MB."""
    command = [sys.executable, "-m", "benchmarks.cost.scale", "--align", str(output)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return int(told[0]), float(told[1]), float(told[2])


def measured(output: Path) -> None:
    start = time.process_time()
    # As `shizheng align` does: see `pipelines.engine`.
    with threadpool_limits(limits=1):
        summary = align.align_shard(output, CITY)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(summary.pairs, time.process_time() - start, peak)


def digest(output: Path, table: str) -> str:
    """Of all columns but the time of aligning."""
    rows = parquet.read_table(files.table_path(output, table, CITY), TABLES[table])
    kept = [name for name in rows.schema.names if name != "aligned_at"]
    return hashlib.sha256(str(rows.select(kept).to_pylist()).encode()).hexdigest()


if __name__ == "__main__":
    main()
