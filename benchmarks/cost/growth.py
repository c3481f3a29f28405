"""Memory and CPU of steps as a city grows, and as cities become more.

    python -m benchmarks.cost.growth [--sizes 1000 4000 16000] [--steps flush duplicates ...]
    python -m benchmarks.cost.growth --cities 1 10 100 300
    python -m benchmarks.cost.growth --sizes 1000000 --steps index news

`flush` stores 50 articles of the last year more; a crawl ends with `duplicates`; `more` is reposts
after 50 articles more, `none` without a change; `index` and `news` are the same index with
signatures drawn at random instead of texts, anew and after 100 articles more. `align`, `report` and
`release` are of the whole corpus.

Articles of some 800 characters in fifteen years, one of twenty in English, written at random from
a fixed seed, in two cities of which a fiftieth repeats the other; with `--cities`, ten articles in
each of so many. Each step of each size runs in a process of its own: CPU seconds and the peak of
its memory above that of its imports.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.cost.release_scale import CITY, RIGHTS
from crawler.city_file import load_cities
from crawler.item import NEWS_TIME, Article
from pipelines.align import align_shard
from pipelines.articles import duplicates, repost_index, reposts
from pipelines.release import build
from pipelines.release.content.selection import Thresholds
from pipelines.report import page
from pipelines.tables.articles import write_articles
from pipelines.terminal import progress
from pipelines.text import minhash

OF_A_CITY = ("flush", "duplicates", "reposts", "more", "none", "align", "report", "release")
OF_ALL = ("reposts", "more", "none", "align", "report", "release")
STEPS = (*OF_A_CITY, "index", "news")
NOW = datetime(2024, 7, 1, tzinfo=UTC)
FLUSHED = 50
"""Articles of a flush: a crawl's, when it finds news."""
SYLLABLES = (
    "市政府召开会议研究部署经济社会发展工作推进项目建设加强民生保障优化营商环境提升城市治理水平"
)
WORDS = ("the", "city", "held", "a", "meeting", "on", "water", "roads", "schools", "this", "year")
CITIES = ("anlan", "beiyu")
FEW = 10
"""Articles of each of many cities."""


def articles(city: str, start: int, count: int, days: int = 15 * 365) -> Iterator[Article]:
    """Yield articles of random characters, numbered from `start`.

    They are of the last `days` before 2025.
    """
    for number in range(start, start + count):
        repeats = number % 50 == 0
        draw = random.Random(f"{'' if repeats else city} {number}")
        lang = "en" if number % 20 == 7 else "zh"
        text = "\n".join(_line(draw, lang) for _ in range(14))
        published = datetime(2024, 12, 31, tzinfo=NEWS_TIME) - timedelta(days=draw.randrange(days))
        yield Article(
            article_id=f"{city}{number:010d}",
            city=city,
            site="",
            url=f"http://{city}.example/{number}.html",
            lang=lang,
            script="Hans" if lang == "zh" else "Latn",
            title=f"第{number}次会议" if lang == "zh" else f"The {number}th meeting",
            text=text,
            published_at=published,
            published_precision="day",
        )


def _line(draw: random.Random, lang: str) -> str:
    figure = draw.randrange(10**6)
    if lang == "en":
        return " ".join(draw.choices(WORDS, k=12)) + f", {figure} in all."
    return "".join(draw.choices(SYLLABLES, k=50)) + f"，共{figure}项。"


def fill(output: Path, cities: Sequence[str], size: int) -> None:
    """Store `size` articles in each of these cities, and their files."""
    folder = output / "cities"
    folder.mkdir(parents=True)
    for city in cities:
        write_articles(output, city, articles(city, 0, size), run_id="r", now=NOW)
        (folder / f"{city}.yaml").write_text(CITY.format(key=city, rights=RIGHTS))


def step(name: str, output: Path, size: int) -> None:
    """Take one step of the first city, or of all."""
    if name in ("index", "news"):
        _index(output, size, FLUSHED if name == "news" else 0)
        return
    first, *_ = cities = sorted(path.stem for path in (output / "cities").glob("*.yaml"))
    if name in ("flush", "more"):
        write_articles(output, first, articles(first, size, FLUSHED, 300), run_id="s", now=NOW)
    if name in ("reposts", "more", "none"):
        reposts.mark(output)
    elif name == "duplicates":
        duplicates.cluster_shard(output, first)
    elif name == "align":
        with threadpool_limits(limits=1):
            for city in cities:
                align_shard(output, city, now=NOW)
    elif name == "report":
        page.write(output, load_cities(output / "cities"))
    elif name == "release":
        wanted = build.Order("1.0.0", Thresholds())
        with progress() as tracker:
            build.build(output, wanted, load_cities(output / "cities"), tracker)


def _index(output: Path, size: int, more: int) -> None:
    """Bring an index to `size` articles, half in each city, or add `more`.

    A fiftieth of them repeats the other city's, as above.
    """
    with repost_index.opened(output / "index.sqlite", "1") as index:
        for city in CITIES:
            index.set_city(city, "")
            first, end = (size // 2, size // 2 + more) if more else (0, size // 2)
            for start in range(first, end, 10_000):
                index.add(city, [_signed(city, n) for n in range(start, min(end, start + 10_000))])
        index.settle(lambda named: lambda later, earlier: True)


def _signed(city: str, number: int) -> tuple[repost_index.Entry, bytes]:
    content = f"{'' if number % 50 == 0 else city} {number}"
    seed = int.from_bytes(sha256(content.encode()).digest()[:8])
    signature = minhash.mixed(np.arange(minhash.BINS, dtype=np.uint64) + np.uint64(seed))
    entry = repost_index.Entry(f"{city}{number}", "zh", number * 7919 % 10**9, content)
    return entry, signature.astype("<u4").tobytes()


def measured(name: str, output: Path, size: int) -> dict[str, float]:
    """Return CPU seconds, and the peak of memory above the imports in MB."""
    before, start = _peak(), time.process_time()
    step(name, output, size)
    return {"cpu_s": time.process_time() - start, "mb": _peak() - before, "base_mb": before}


def _peak() -> float:
    # Not getrusage: its peak is inherited from the process that started this one.
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+)", status)[1]) / 1024  # type: ignore[index]


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 4000, 16000])
    parser.add_argument("--cities", type=int, nargs="+", help="numbers of small cities instead")
    parser.add_argument("--steps", nargs="+", choices=STEPS, help="default: all but the last two")
    parser.add_argument(
        "--take", nargs=3, metavar=("STEP", "OUTPUT", "SIZE"), help=argparse.SUPPRESS
    )
    arguments = parser.parse_args(argv)
    if arguments.take:
        name, output, size = arguments.take
        print(json.dumps(measured(name, Path(output), int(size))))
        return
    if arguments.cities:
        for count in arguments.cities:
            cities = [f"city{number:03d}" for number in range(count)]
            _measure(count, "cities", cities, FEW, arguments.steps or OF_ALL)
        return
    for size in arguments.sizes:
        steps = arguments.steps or OF_A_CITY
        cities = CITIES[: 1 if {"flush", "duplicates"}.issuperset(steps) else 2]
        _measure(size, "articles", cities, size, steps)


def _measure(count: int, of: str, cities: Sequence[str], size: int, steps: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        output.mkdir()
        if not {"index", "news"}.issuperset(steps):
            fill(output, cities, size)
        for name in steps:
            done = json.loads(_alone(["--take", name, str(output), str(size)]))
            print(f"{count:>8} {of} {name:<12} {done['cpu_s']:8.2f} CPU s {done['mb']:8.0f} MB "
                  f"above {done['base_mb']:.0f}", flush=True)  # fmt: skip


def _alone(arguments: Sequence[str]) -> str:
    command = [sys.executable, "-m", "benchmarks.cost.growth", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
