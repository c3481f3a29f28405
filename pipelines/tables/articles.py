"""Parquet on disk: one shard per city, whole files only, nothing rewritten that did not change.

A file is written to a temporary name in its folder, fsynced and renamed, so a reader or a crash
sees the old file or the new one. Rows are kept sorted by id; the same rows give the same bytes.

Every page of a file carries a checksum, and every reading verifies it: what a disk altered is
refused, not read as other rows. The footer has none; what it says of the columns stands in it
twice, and the two have to agree.
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

# Fields of an Article that serve the way to the store and are not columns of it.
_IN_TRANSIT = {"lang_declared", "parts"}
_ARTICLE_FIELDS = tuple(f.name for f in fields(Article) if f.name not in _IN_TRANSIT)


@dataclass(frozen=True, slots=True)
class Changes:
    """What storing a batch did, counted in articles."""

    new: int = 0
    revised: int = 0
    unchanged: int = 0

    def __add__(self, other: "Changes") -> "Changes":
        return Changes(
            self.new + other.new, self.revised + other.revised, self.unchanged + other.unchanged
        )


def read_articles(output: Path, city: str, columns: list[str] | None = None) -> pa.Table:
    """Return a city's articles, sorted by `article_id`, each once (its highest revision)."""
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
    """Merge articles into a city's shard and return what changed.

    An article whose content is stored already leaves its row as it is, but for `rights`, which
    follow the city file; other content under a known id is a new revision, the old row moving to
    `revisions`. What another view of a page shows (print, mobile, converted to Simplified) never
    replaces what the page itself does, so that the order in which twins come makes no difference.
    Files without a change are not touched.
    """
    incoming: dict[str, Article] = {}
    for article in articles:
        before = incoming.get(article.article_id)
        if before is None or not is_twin(article.url) or is_twin(before.url):
            incoming[article.article_id] = article
    if not incoming:
        return Changes()
    stored = {row["article_id"]: row for row in read_articles(output, city).to_pylist()}
    changes, superseded = Changes(), []
    for key, article in incoming.items():
        old = stored.get(key)
        # Imports may have no URL; they are told apart by their ids alone.
        first_view = old is not None and is_twin(old["url"] or "") and not is_twin(article.url)
        same = old is not None and old["content_sha256"] == article.content_sha256
        worse = old is not None and is_twin(article.url) and not is_twin(old["url"] or "")
        if old is not None and same:
            old["rights"] = article.rights
        if worse or (same and not first_view):
            changes += Changes(unchanged=1)
            continue
        row = {name: getattr(article, name) for name in _ARTICLE_FIELDS}
        row |= {name: list(row[name]) for name in ("keywords", "images", "attachments", "flags")}
        row |= {"content_sha256": article.content_sha256, "last_seen": now, "run_id": run_id}
        if old is None:
            row |= {"first_seen": now, "revision": 1}
            changes += Changes(new=1)
        elif same:
            # The page itself at last, and it says what its other view said.
            kept = ("first_seen", "revision", "duplicate_of", "duplicate_city")
            row |= {name: old[name] for name in kept}
            changes += Changes(unchanged=1)
        else:
            row |= {"first_seen": old["first_seen"], "revision": old["revision"] + 1}
            superseded.append(old)
            changes += Changes(revised=1)
        stored[key] = row
    if superseded:
        _add_revisions(output, city, superseded)
    _write_shard(output, city, stored.values())
    return changes


def merge_rows(output: Path, city: str, rows: Iterable[Row]) -> None:
    """Add rows to a city's articles; one that is stored already stays as it is stored."""
    stored = {row["article_id"]: row for row in read_articles(output, city).to_pylist()}
    _write_shard(output, city, ({row["article_id"]: row for row in rows} | stored).values())


def mark_duplicates(output: Path, city: str, representatives: Mapping[str, str]) -> int:
    """Set `duplicate_of` from {article_id: representative's id}; return how many rows changed.

    What is marked as a repeat of another city's article, and stands for itself in its own, keeps
    that mark: `mark_reposts` sets and clears it.
    """

    def of(row: Row) -> tuple[str | None, str | None]:
        target = representatives.get(row["article_id"])
        if target is not None and target != row["article_id"]:
            return target, None
        return (row["duplicate_of"], row["duplicate_city"]) if row["duplicate_city"] else _NONE

    return _mark(output, city, of)


def mark_reposts(output: Path, city: str, originals: Mapping[str, tuple[str, str]]) -> int:
    """Set `duplicate_of` and `duplicate_city` from {article_id: (original's id, its city)}.

    Only articles that repeat none of their own city are touched. Returns how many rows changed.
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
    """Merge rejects into a city's table by URL; return how many rows are new or changed.

    A URL that has become an article leaves the table.
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
    """Write all rows of a city by year of publication; a year that became empty is removed.

    A corrected date moves an article to another year's file. It is written there before it leaves
    its old one: a crash between the two leaves it twice, which reading repairs, and never lost.
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
