"""Builders of articles, table rows and verdicts."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.city import Assertions, City
from crawler.item import Article
from pipelines.tables import files, parquet, schema
from pipelines.tables.articles import Changes, write_articles

NOW = datetime(2024, 5, 1, 8, tzinfo=UTC)
SCRIPTS = {"zh": "Hans", "en": "Latn"}
SCHEMAS = {
    "pairs": schema.PAIRS, "candidates": schema.CANDIDATES, "sentences": schema.SENTENCES,
    "rejects": schema.REJECTS, "revisions": schema.REVISIONS,
}  # fmt: skip


def city(key: str, *, hosts: Sequence[str] = ("x.example",), **assertions: Any) -> City:
    """Return a city without sources; keywords are its assertions."""
    return City(key, f"{key}市", key.title(), tuple(hosts), (), assertions=Assertions(**assertions))


def article(
    key: str, lang: str = "zh", published: datetime | None = None, **fields: Any
) -> Article:
    """Return an article, dated to the day if at all."""
    plain = {
        "city": "x", "site": "", "url": f"http://x.example/{key}", "title": "题", "text": "文",
        "script": SCRIPTS[lang], "published_precision": "day" if published else None,
    }  # fmt: skip
    return Article(article_id=key, lang=lang, published_at=published, **plain | fields)


def numbered_pairs(
    city: str, probabilities: Iterable[float], key: str = "", **fields: Any
) -> list[parquet.Row]:
    """Return rows of pairs, numbered from 0 in their ids."""
    return [
        {"pair_id": f"{city}{n:04d}", "city": city, "zh_id": f"z{key}{n}", "en_id": f"e{key}{n}",
         "probability": float(p), "method": "m", **fields}
        for n, p in enumerate(probabilities)
    ]  # fmt: skip


def bead_row(pair_id: str, position: int, kind: str = "1-1", **fields: Any) -> parquet.Row:
    """Return the row of one aligned bead."""
    plain = {"zh": "一", "en": "one", "probability": 0.9}
    return {"pair_id": pair_id, "position": position, "kind": kind, **plain} | fields


def verdict_row(pair: parquet.Row, code: str | None, number: int = 0, **fields: Any) -> parquet.Row:
    """Return the row of a verdict on a pair."""
    names = ("city", "pair_id", "zh_id", "en_id", "probability")
    return {
        "verdict_id": f"v{number}", "level": "pair", "reviewer": "Wang", "judged_at": NOW,
        "verdict": code, "plan": "stratified seed=1 size=40", "stratum": "all", "weight": 1.0,
        **{name: pair.get(name) for name in names},
    } | fields  # fmt: skip


def store_articles(
    output: Path, *articles: Article, run: str = "r", now: datetime = NOW
) -> Changes:
    """Store articles of one city."""
    return write_articles(output, articles[0].city, articles, run_id=run, now=now)


def store_rows(output: Path, table: str, city: str, rows: Sequence[parquet.Row]) -> None:
    """Replace a table of a city."""
    path = files.table_path(output, table, city)
    parquet.write_table(path, parquet.rows_to_table(rows, SCHEMAS[table]))


def store_verdicts(output: Path, rows: Sequence[parquet.Row], name: str = "all") -> None:
    """Replace a reviewer's verdicts."""
    path = output / "reviews" / f"{name}.parquet"
    parquet.write_table(path, parquet.rows_to_table(rows, schema.REVIEWS))


def stored_rows(output: Path, table: str, city: str) -> list[parquet.Row]:
    """Return the rows of a table of a city."""
    found = parquet.read_table(files.table_path(output, table, city), SCHEMAS[table])
    rows: list[parquet.Row] = found.to_pylist()
    return rows
