"""Articles to look at behind the figures that count articles: a seeded few of each kind."""

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

_COLUMNS = ["article_id", "lang", "title", "url", "published_at", "duplicate_of", "flags"]


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One article. `published` is a date in Asia/Shanghai, ISO 8601; of a duplicate, `first` is the
    title of the article it repeats."""

    city: str
    lang: str
    title: str
    url: str
    published: str | None
    first: str = ""


@dataclass(frozen=True, slots=True)
class Exhibits:
    """Articles without a mate by city and language, with a flag by language and flag, and
    duplicates by language."""

    unmatched: Mapping[tuple[str, str], tuple[Exhibit, ...]]
    flagged: Mapping[tuple[str, str], tuple[Exhibit, ...]]
    duplicates: Mapping[str, tuple[Exhibit, ...]]


def read(output: Path, few: int = FEW) -> Exhibits:
    """Choose the articles to show. Raises `store.StoreError` for a table that cannot be read."""
    unmatched: dict[tuple[str, str], tuple[Exhibit, ...]] = {}
    flagged: dict[tuple[str, str], list[Exhibit]] = {}
    repeated: dict[str, list[Exhibit]] = {lang: [] for lang in LANGS}
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
            ours = pc.equal(articles["lang"], lang)
            unmatched[city, lang] = _some(city, articles.filter(pc.and_(ours, alone)), few)
            repeats = articles.filter(pc.and_(ours, twice))
            repeated[lang] += _some(city, repeats, few, _titles(articles, repeats))
            rows = articles.filter(ours)
            owners = pc.list_parent_indices(flat(rows["flags"]))
            values = flat(rows["flags"]).flatten()
            for flag in pc.unique(values).to_pylist():
                hits = rows.take(owners.filter(pc.equal(values, flag)))
                flagged.setdefault((lang, flag), []).extend(_some(city, hits, few))
    return Exhibits(
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
) -> tuple[Exhibit, ...]:
    ids = articles["article_id"].to_pylist()
    chosen = sorted(range(len(ids)), key=lambda i: _rank(ids[i] or ""))[:few]
    return tuple(
        Exhibit(
            city=city,
            lang=row["lang"] or "",
            title=row["title"] or "",
            url=row["url"] or "",
            published=f"{row['published_at']:%Y-%m-%d}" if row["published_at"] else None,
            first=(firsts or {}).get(row["duplicate_of"] or "", ""),
        )
        for row in articles.take(pa.array(chosen, pa.int64())).to_pylist()
    )


def _drawn(found: Iterable[Exhibit], few: int) -> tuple[Exhibit, ...]:
    return tuple(sorted(found, key=lambda one: _rank(f"{one.city} {one.url}"))[:few])


def _rank(text: str) -> bytes:
    return hashlib.sha256(f"{SEED}\n{text}".encode()).digest()
