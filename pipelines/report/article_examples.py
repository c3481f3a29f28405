"""Example articles behind the figures: a seeded few of each kind."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.tables import files, parquet, schema
from pipelines.tables.articles import read_articles
from pipelines.tables.columns import claimed, flat
from pipelines.tables.vocabulary import LANGS

FEW = 5
"""Articles shown of one kind."""

SEED = "shizheng exhibits"
"""Seed of the draw: another one would show other articles."""

_COLUMNS = ["article_id", "lang", "title", "url", "published_at", "duplicate_of", "flags"]


@dataclass(frozen=True, slots=True)
class ArticleExample:
    """One article. `published` is a date in Asia/Shanghai, ISO 8601.

    Of a duplicate, `first` is the title of the article it repeats.
    """

    city: str
    lang: str
    title: str
    url: str
    published: str | None
    first: str = ""


@dataclass(frozen=True, slots=True)
class ArticleExamples:
    """Examples of each kind of article.

    `unmatched` by city and language, `flagged` by language and flag, `duplicates` by language.
    """

    unmatched: Mapping[tuple[str, str], tuple[ArticleExample, ...]]
    flagged: Mapping[tuple[str, str], tuple[ArticleExample, ...]]
    duplicates: Mapping[str, tuple[ArticleExample, ...]]


def read_examples(output: Path, few: int = FEW) -> ArticleExamples:
    """Choose the articles to show.

    Raises `StoreError` for a table that cannot be read.
    """
    unmatched: dict[tuple[str, str], tuple[ArticleExample, ...]] = {}
    flagged: dict[tuple[str, str], list[ArticleExample]] = {}
    repeated: dict[str, list[ArticleExample]] = {lang: [] for lang in LANGS}
    for city in files.cities_in(output, "pairs", "rejects"):
        articles = read_articles(output, city, _COLUMNS)
        path = files.table_path(output, "pairs", city)
        pairs = parquet.read_table(path, schema.PAIRS, ["zh_id", "en_id", "probability"])
        kept = claimed(pairs)
        used = pa.concat_arrays([flat(kept["zh_id"]), flat(kept["en_id"])])
        alone = pc.and_(
            pc.invert(pc.is_in(articles["article_id"], value_set=used)),
            pc.is_null(articles["duplicate_of"]),
        )
        twice = pc.is_valid(articles["duplicate_of"])
        for lang in LANGS:
            in_lang = pc.equal(articles["lang"], lang)
            unmatched[city, lang] = _some(city, articles.filter(pc.and_(in_lang, alone)), few)
            repeats = articles.filter(pc.and_(in_lang, twice))
            repeated[lang] += _some(city, repeats, few, _titles(articles, repeats))
            rows = articles.filter(in_lang)
            owners = pc.list_parent_indices(flat(rows["flags"]))
            values = flat(rows["flags"]).flatten()
            for flag in pc.unique(values).to_pylist():
                hits = rows.take(owners.filter(pc.equal(values, flag)))
                flagged.setdefault((lang, flag), []).extend(_some(city, hits, few))
    return ArticleExamples(
        unmatched=unmatched,
        flagged={key: _drawn(found, few) for key, found in flagged.items()},
        duplicates={lang: _drawn(found, few) for lang, found in repeated.items()},
    )


def _titles(articles: pa.Table, repeats: pa.Table) -> dict[str, str]:
    wanted = pc.is_in(articles["article_id"], value_set=flat(repeats["duplicate_of"]))
    found = articles.filter(wanted)
    ids, titles = found["article_id"].to_pylist(), found["title"].to_pylist()
    return dict(zip(ids, titles, strict=True))


def _some(
    city: str, articles: pa.Table, few: int, firsts: Mapping[str, str] | None = None
) -> tuple[ArticleExample, ...]:
    ids = articles["article_id"].to_pylist()
    chosen = sorted(range(len(ids)), key=lambda i: _rank(ids[i] or ""))[:few]
    return tuple(
        ArticleExample(
            city=city,
            lang=row["lang"] or "",
            title=row["title"] or "",
            url=row["url"] or "",
            published=f"{row['published_at']:%Y-%m-%d}" if row["published_at"] else None,
            first=(firsts or {}).get(row["duplicate_of"] or "", ""),
        )
        for row in articles.take(pa.array(chosen, pa.int64())).to_pylist()
    )


def _drawn(found: Iterable[ArticleExample], few: int) -> tuple[ArticleExample, ...]:
    return tuple(sorted(found, key=lambda example: _rank(f"{example.city} {example.url}"))[:few])


def _rank(text: str) -> bytes:
    return hashlib.sha256(f"{SEED}\n{text}".encode()).digest()
