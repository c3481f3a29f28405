"""Duplicates: reposts found, and near misses merged by mistake.

    python -m benchmarks.accuracy.duplicates  # generated series, the miniature web
    python -m benchmarks.accuracy.duplicates --scale 20000      # cost of the step across cities

In the generated series (`benchmarks.series.corpus`) every article tells an event of its own, and
shares officials, phrases and layout with the next: whatever is merged is an error. Each is then
published again with an edit that reposts make, and should be found. Times are CPU time.
"""

import argparse
import random
import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

from benchmarks.series.corpus import generate
from crawler.demo.gold import gold_articles
from crawler.item import NEWS_TIME, Article
from pipelines.articles import reposts
from pipelines.articles.duplicates import ArticleRow, cluster
from pipelines.tables.articles import write_articles

Edit = Callable[[ArticleRow, random.Random], str]


def main() -> None:
    """Print what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=4000, help="of the first generated city")
    parser.add_argument("--cities", type=int, default=10)
    parser.add_argument("--scale", type=int, default=0, help="articles to mark across cities")
    args = parser.parse_args()
    if args.scale:
        scale(args.scale, args.seed)
    else:
        generated(args.seed, args.cities)
        miniature()


def generated(seed: int, cities: int) -> None:
    """Print errors among distinct articles and the share of reposts found.
    The share for each kind of repost."""
    rows = [series(seed + number) for number in range(cities)]
    articles = sum(map(len, rows))
    merged = sum(key != head for city in rows for key, head in cluster(city).items())
    print(f"generated series: {articles} distinct articles, {merged} merged by mistake")
    for name, edit in EDITS.items():
        tried = found = wrong = 0
        for number, city in enumerate(rows):
            rng = random.Random(f"{name} {seed + number}")
            again = [repeated(row, edit, rng) for row in city]
            again = [row for row in again if row is not None]
            heads = cluster([*city, *again])
            for row in again:
                tried += 1
                found += heads[row.article_id] == row.article_id.removesuffix("+")
                wrong += heads[row.article_id] not in (
                    row.article_id, row.article_id.removesuffix("+"),
                )  # fmt: skip
        share = 100 * found / max(1, tried)
        print(f"  {name:<28}{tried:>5} reposts, {share:>5.1f} % found, {wrong} given to another")


def miniature() -> None:
    """Print how the reposts of the miniature web are found."""
    rows = list(gold_articles())
    found = missed = wrong = 0
    for city in sorted({row["city"] for row in rows}):
        own = [row for row in rows if row["city"] == city]
        heads = cluster(
            ArticleRow(
                row["article_id"], row["lang"], row["title"], row["text"], _date(row["published"])
            )
            for row in own
        )
        for row in own:
            head = heads[row["article_id"]]
            if head != row["article_id"]:
                found += head == row["duplicate_of"]
                wrong += head != row["duplicate_of"]
            else:
                missed += row["duplicate_of"] is not None
    print(f"miniature web: {found} reposts found, {missed} missed, {wrong} merged by mistake")


def scale(count: int, seed: int) -> None:
    """Time the step across 20 cities.
    `count` articles are stored, a tenth of them reposts of another city."""
    pool = [row for number in range(60) for row in series(seed + number, long=True)]
    now = datetime(2024, 7, 1, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder)
        for city in range(20):
            articles = []
            for number in range(count // 20):
                # A tenth of a city's articles are what the next city published.
                owner, told = (city, number) if number % 10 else ((city + 1) % 20, number + 1)
                row = pool[(owner * 7919 + told * 31) % len(pool)]
                articles.append(_article(row, f"city{city:02}", f"{city}-{number}", owner, told))
            write_articles(output, f"city{city:02}", articles, run_id="r", now=now)
        for name in ("first run, no cache", "again, nothing new"):
            began = process_time()
            changed = reposts.mark(output).changed
            print(
                f"{name}: {process_time() - began:.1f} s CPU for {count} articles, {changed} marked"
            )


def series(seed: int, *, long: bool = False) -> list[ArticleRow]:
    """Return the articles of one generated city."""
    rows = [
        ArticleRow(one.id, one.lang, one.title, one.text, one.published)
        for one in generate(seed).articles
    ]
    return [row for row in rows if len(row.text) >= 150] if long else rows


def repeated(row: ArticleRow, edit: Edit, rng: random.Random) -> ArticleRow | None:
    """Return a row published again a day later with an edit.
    None if the edit finds nothing to change."""
    text = edit(row, rng)
    if text == row.text:
        return None
    published = row.published_at + timedelta(days=1) if row.published_at else None
    return replace(row, article_id=row.article_id + "+", text=text, published_at=published)


def _credited(row: ArticleRow, rng: random.Random) -> str:
    return row.text + ("（来源：市政府办公室）" if row.lang == "zh" else " (Source: city office)")


def _shortened(row: ArticleRow, rng: random.Random) -> str:
    stop = r"(?<=[。！？])" if row.lang == "zh" else r"(?<=[.!?]) "
    sentences = [s for s in re.split(stop, row.text) if s.strip()]
    return (
        ("" if row.lang == "zh" else " ").join(sentences[:-1]) if len(sentences) > 5 else row.text
    )


def _corrected(row: ArticleRow, rng: random.Random) -> str:
    figures = list(re.finditer(r"(?<![\d.,第])\d+\.\d+", row.text))
    if not figures:
        return row.text
    one = rng.choice(figures)
    other = f"{float(one.group()) + 0.3:.{len(one.group().partition('.')[2])}f}"
    return row.text[: one.start()] + other + row.text[one.end() :]


EDITS: dict[str, Edit] = {
    "with a credit added": _credited,
    "with the last sentence gone": _shortened,
    "with one figure corrected": _corrected,
}


def _article(row: ArticleRow, city: str, key: str, owner: int, told: int) -> Article:
    # Without digits, so that it makes each text one of its own and no number contradicts another.
    mark = f"{owner:02}{told:06}".translate(str.maketrans("0123456789", "甲乙丙丁戊己庚辛壬癸"))
    return Article(
        article_id=key,
        city=city,
        site="",
        url="",
        title=row.title,
        text=f"{row.text}\n卷宗{mark * 12}。",
        lang=row.lang,
        published_at=row.published_at,
        published_precision="day" if row.published_at else None,
    )


def _date(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value).replace(tzinfo=NEWS_TIME) if value else None


if __name__ == "__main__":
    main()
