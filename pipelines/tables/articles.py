"""Articles of a city: merging, revisions, duplicates, rejected pages.

A city's articles are in one file per year, sorted by id; a file without a change is not rewritten.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from crawler.item import Article, Reject, is_twin
from pipelines.tables import schema
from pipelines.tables.files import article_files, articles_folder, table_path
from pipelines.tables.parquet import Row, empty, read_table, rows_to_table, write_table

# Fields of an Article that are no columns of the table.
_IN_TRANSIT = {"lang_declared", "parts"}
_ARTICLE_FIELDS = tuple(f.name for f in fields(Article) if f.name not in _IN_TRANSIT)


@dataclass(frozen=True, slots=True)
class Changes:
    """Articles of a stored batch, by outcome."""

    new: int = 0
    revised: int = 0
    unchanged: int = 0

    def __add__(self, other: "Changes") -> "Changes":
        return Changes(
            self.new + other.new, self.revised + other.revised, self.unchanged + other.unchanged
        )


def read_articles(output: Path, city: str, columns: list[str] | None = None) -> pa.Table:
    """Return a city's articles by `article_id`, each in its highest revision."""
    wanted = None if columns is None else [*dict.fromkeys((*columns, "article_id", "revision"))]
    parts = [read_table(path, schema.ARTICLES, wanted) for path in article_files(output, city)]
    if not parts:
        nothing = empty(schema.ARTICLES)
        return nothing.select(columns) if columns else nothing
    whole = pa.concat_tables(parts).sort_by(
        [("article_id", "ascending"), ("revision", "descending")]
    )
    ids = whole.column("article_id").to_pylist()
    if len(set(ids)) < len(ids):
        # A crash between two renames can leave an article in its old year as well as its new one.
        whole = whole.take([i for i, key in enumerate(ids) if i == 0 or ids[i - 1] != key])
    return whole.select(columns) if columns else whole


def write_articles(
    output: Path, city: str, articles: Iterable[Article], *, run_id: str, now: datetime
) -> Changes:
    """Merge articles into a city's tables and return the changes.

    An article with the content already stored changes nothing but `rights`, which follow the city
    file. Other content under a known id is a new revision; the old row moves to `revisions`.
    Another view of a page (print, mobile, converted to Simplified) never replaces the page itself,
    so that the order of twins makes no difference.
    """
    incoming = _views_of_pages(articles)
    if not incoming:
        return Changes()
    stored = {row["article_id"]: row for row in read_articles(output, city).to_pylist()}
    changes, superseded = Changes(), []
    for key, article in incoming.items():
        row = _row(article) | {"last_seen": now, "run_id": run_id}
        old = stored.get(key)
        if old is None:
            stored[key] = row | {"first_seen": now, "revision": 1}
            changes += Changes(new=1)
            continue
        same = old["content_sha256"] == article.content_sha256
        if same:
            old["rights"] = article.rights
        # Imports may have no URL; their ids alone identify them.
        other_view, was_other_view = is_twin(article.url), is_twin(old["url"] or "")
        if (other_view and not was_other_view) or (same and other_view == was_other_view):
            changes += Changes(unchanged=1)
        elif same:
            # The page itself at last, with the content of its other view.
            unchanged = ("first_seen", "revision", "duplicate_of", "duplicate_city")
            stored[key] = row | {name: old[name] for name in unchanged}
            changes += Changes(unchanged=1)
        else:
            stored[key] = row | {"first_seen": old["first_seen"], "revision": old["revision"] + 1}
            superseded.append(old)
            changes += Changes(revised=1)
    if superseded:
        _add_revisions(output, city, superseded)
    _write_shard(output, city, stored.values())
    return changes


def _views_of_pages(articles: Iterable[Article]) -> dict[str, Article]:
    """Return one article per id: the last, other views of pages aside."""
    found: dict[str, Article] = {}
    for article in articles:
        before = found.get(article.article_id)
        if before is None or not is_twin(article.url) or is_twin(before.url):
            found[article.article_id] = article
    return found


def _row(article: Article) -> Row:
    row = {name: getattr(article, name) for name in _ARTICLE_FIELDS}
    row |= {name: list(row[name]) for name in ("keywords", "images", "attachments", "flags")}
    return row | {"content_sha256": article.content_sha256}


def merge_rows(output: Path, city: str, rows: Iterable[Row]) -> None:
    """Add rows to a city's articles; a stored article is not changed."""
    stored = {row["article_id"]: row for row in read_articles(output, city).to_pylist()}
    _write_shard(output, city, ({row["article_id"]: row for row in rows} | stored).values())


def mark_duplicates(output: Path, city: str, representatives: Mapping[str, str]) -> int:
    """Set `duplicate_of` from {article_id: representative's id}; return the rows changed.

    The mark of a repost from another city is left in place: `mark_reposts` sets and clears it.
    """

    def of(row: Row) -> tuple[str | None, str | None]:
        target = representatives.get(row["article_id"])
        if target is not None and target != row["article_id"]:
            return target, None
        return (row["duplicate_of"], row["duplicate_city"]) if row["duplicate_city"] else _NONE

    return _mark(output, city, of)


def mark_reposts(output: Path, city: str, originals: Mapping[str, tuple[str, str]]) -> int:
    """Set `duplicate_of` and `duplicate_city` from {article_id: (original's id, its city)}.

    Articles that repeat one of their own city are left alone. Returns the number of rows changed.
    """

    def of(row: Row) -> tuple[str | None, str | None]:
        if row["duplicate_of"] and not row["duplicate_city"]:
            return row["duplicate_of"], None
        return originals.get(row["article_id"], _NONE)

    return _mark(output, city, of)


_NONE: tuple[None, None] = (None, None)


def _mark(output: Path, city: str, of: Callable[[Row], tuple[str | None, str | None]]) -> int:
    rows = read_articles(output, city).to_pylist()
    changed = 0
    for row in rows:
        target = of(row)
        if (row["duplicate_of"], row["duplicate_city"]) != target:
            row["duplicate_of"], row["duplicate_city"] = target
            changed += 1
    if changed:
        _write_shard(output, city, rows)
    return changed


def write_rejects(
    output: Path, city: str, rejects: Iterable[Reject], *, run_id: str, now: datetime
) -> int:
    """Merge rejects into a city's table by URL; return the rows changed.

    A URL that has become an article is removed.
    """
    path = table_path(output, "rejects", city)
    old = {row["url"]: row for row in read_table(path, schema.REJECTS).to_pylist()}
    rows, changed = dict(old), 0
    for reject in rejects:
        row = {name: getattr(reject, name) for name in ("url", "city", "reason", "detail")}
        before = old.get(reject.url, {})
        if all(before.get(name) == value for name, value in row.items()):
            continue
        rows[reject.url] = row | {"seen_at": now, "run_id": run_id}
        changed += 1
    accepted = set(read_articles(output, city, ["url"]).column("url").to_pylist())
    kept = [rows[url] for url in sorted(rows) if url not in accepted]
    write_table(path, rows_to_table(kept, schema.REJECTS))
    return changed


def _add_revisions(output: Path, city: str, superseded: list[Row]) -> None:
    path = table_path(output, "revisions", city)
    rows = read_table(path, schema.REVISIONS).to_pylist() + superseded
    # Keyed, because a crash after this write and before the articles' repeats it on the next run.
    keyed = {(row["article_id"], row["revision"]): row for row in rows}
    write_table(path, rows_to_table((keyed[key] for key in sorted(keyed)), schema.REVISIONS))


def _write_shard(output: Path, city: str, rows: Iterable[Row]) -> None:
    """Write a city's rows by year of publication, removing empty years.

    A corrected date moves an article to another year's file. It is written there before it is
    removed from the old one: after a crash in between it is in both, which reading repairs.
    """
    folder = articles_folder(output, city)
    years: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: str(row["article_id"])):
        published = row["published_at"]
        years.setdefault(f"{published.year:04d}" if published else "undated", []).append(row)
    existing = {path.stem: path for path in article_files(output, city)}
    new_home = {row["article_id"]: year for year, listed in years.items() for row in listed}
    leaving: dict[str, list[Row]] = {}
    for year, path in existing.items():
        ids = read_table(path, schema.ARTICLES, ["article_id"]).column("article_id").to_pylist()
        if any(new_home.get(key, year) != year for key in ids):
            old = read_table(path, schema.ARTICLES).to_pylist()
            leaving[year] = [r for r in old if new_home.get(r["article_id"], year) != year]
    for year in years if leaving else ():
        both = sorted(years[year] + leaving.get(year, []), key=lambda row: str(row["article_id"]))
        write_table(folder / f"{year}.parquet", rows_to_table(both, schema.ARTICLES))
    for year, listed in years.items():
        write_table(folder / f"{year}.parquet", rows_to_table(listed, schema.ARTICLES))
    for year in existing.keys() - years.keys():
        existing[year].unlink()
