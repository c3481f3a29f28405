"""Articles of a city: merging, revisions, duplicates, rejected pages.

A city's articles are in one file per year, sorted by id; a file without a change is not rewritten.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from crawler.item import Article, Reject, is_twin
from pipelines.tables import schema
from pipelines.tables.files import article_files, articles_folder, table_path
from pipelines.tables.parquet import Row, empty, read_table, rows_to_table, write_table

# Fields of an Article that are no columns of the table.
_IN_TRANSIT = {"lang_declared", "parts", "following", "captured_at", "first_capture"}
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
    so that the order of twins makes no difference. Years that nothing changes in are read by their
    ids alone.
    """
    incoming = _views_of_pages(articles)
    if not incoming:
        return Changes()
    stored = _stored(output, city, incoming)
    changes, written, revised = Changes(), dict[str, Row](), list[str]()
    for key, article in incoming.items():
        row = row_of(article) | {"last_seen": now, "run_id": run_id}
        old = stored.get(key)
        if old is None:
            written[key] = row | {"first_seen": now, "revision": 1}
            changes += Changes(new=1)
            continue
        same = old["content_sha256"] == article.content_sha256
        # Imports may have no URL; their ids alone identify them.
        other_view, was_other_view = is_twin(article.url), is_twin(old["url"] or "")
        if (other_view and not was_other_view) or (same and other_view == was_other_view):
            if same and old["rights"] != article.rights:
                written[key] = {"rights": article.rights}
            changes += Changes(unchanged=1)
        elif same:
            # The page itself at last, with the content of its other view.
            unchanged = ("first_seen", "revision", "duplicate_of", "duplicate_city")
            written[key] = row | {name: old[name] for name in unchanged}
            changes += Changes(unchanged=1)
        else:
            written[key] = row | {"first_seen": old["first_seen"], "revision": old["revision"] + 1}
            revised.append(key)
            changes += Changes(revised=1)
    if revised:
        _add_revisions(output, city, list(whole_rows(output, city, revised).values()))
    write_rows(output, city, written)
    return changes


_COMPARED = ["article_id", "revision", "content_sha256", "url", "rights", "first_seen",
             "duplicate_of", "duplicate_city"]  # fmt: skip
"""Columns that decide what becomes of an article that is stored already: not its text."""


def _stored(
    output: Path, city: str, keys: Iterable[str], columns: list[str] | None = _COMPARED
) -> dict[str, Row]:
    """Return the rows of these articles, each in its highest revision."""
    wanted = pa.array(sorted(keys), pa.string())
    rows: dict[str, Row] = {}
    for path in article_files(output, city):
        table = read_table(path, schema.ARTICLES, columns)
        for row in table.filter(pc.is_in(table["article_id"], value_set=wanted)).to_pylist():
            before = rows.get(row["article_id"])
            if before is None or before["revision"] < row["revision"]:
                rows[row["article_id"]] = row
    return rows


def whole_rows(output: Path, city: str, keys: Iterable[str]) -> dict[str, Row]:
    """Return the whole rows of these articles, each in its highest revision."""
    return _stored(output, city, keys, None)


def _views_of_pages(articles: Iterable[Article]) -> dict[str, Article]:
    """Return one article per id: the last, other views of pages aside."""
    found: dict[str, Article] = {}
    for article in articles:
        before = found.get(article.article_id)
        if before is None or not is_twin(article.url) or is_twin(before.url):
            found[article.article_id] = article
    return found


def row_of(article: Article) -> Row:
    """Return an article as a row, without the columns of its history."""
    row = {name: getattr(article, name) for name in _ARTICLE_FIELDS}
    row |= {name: list(row[name]) for name in ("keywords", "images", "attachments", "flags")}
    return row | {"content_sha256": article.content_sha256}


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
    columns = ["article_id", "duplicate_of", "duplicate_city"]
    changed = {}
    for row in read_articles(output, city, columns).to_pylist():
        target = of(row)
        if (row["duplicate_of"], row["duplicate_city"]) != target:
            changed[row["article_id"]] = dict(zip(columns[1:], target, strict=True))
    write_rows(output, city, changed)
    return len(changed)


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
    accepted = _urls_of_articles(output, city, rows)
    kept = [rows[url] for url in sorted(rows) if url not in accepted]
    write_table(path, rows_to_table(kept, schema.REJECTS))
    return changed


def _urls_of_articles(output: Path, city: str, urls: Iterable[str]) -> set[str]:
    """Return those of the URLs that are articles'."""
    wanted = pa.array(sorted(urls), pa.string())
    found: set[str] = set()
    for path in article_files(output, city):
        column = read_table(path, schema.ARTICLES, ["url"]).column("url")
        found.update(column.filter(pc.is_in(column, value_set=wanted)).to_pylist())
    return found


def _add_revisions(output: Path, city: str, superseded: list[Row]) -> None:
    path = table_path(output, "revisions", city)
    rows = read_table(path, schema.REVISIONS).to_pylist() + superseded
    # Keyed, because a crash after this write and before the articles' repeats it on the next run.
    keyed = {(row["article_id"], row["revision"]): row for row in rows}
    write_table(path, rows_to_table((keyed[key] for key in sorted(keyed)), schema.REVISIONS))


def write_rows(output: Path, city: str, rows: Mapping[str, Row]) -> None:
    """Set columns of articles, by article_id, and write the years changed.

    A row without `article_id` changes a stored article; another one replaces it or is new. A
    corrected date moves an article to another year's file. It is written there before it is removed
    from the old one: after a crash in between it is in both, which reading repairs.
    """
    if not rows:
        return
    partial = [key for key, row in rows.items() if "article_id" not in row]
    stored = whole_rows(output, city, partial) if partial else {}
    years: dict[str, list[Row]] = {}
    for key in sorted(rows):
        row = stored[key] | rows[key] if key in stored else rows[key]
        published = row["published_at"]
        years.setdefault(f"{published.year:04d}" if published else "undated", []).append(row)
    folder = articles_folder(output, city)
    for year, listed in sorted(years.items()):
        _replace_rows(folder / f"{year}.parquet", [row["article_id"] for row in listed], listed)
    _settle(output, city, {row["article_id"]: year for year in years for row in years[year]})


def _settle(output: Path, city: str, home: Mapping[str, str]) -> None:
    """Leave each article in one year, by `home` or its revision."""
    revisions = {
        path: read_table(path, schema.ARTICLES, ["article_id", "revision"])
        for path in article_files(output, city)
    }
    best: dict[str, tuple[int, str]] = {}
    for path, table in revisions.items():
        for key, revision in zip(*(column.to_pylist() for column in table.columns), strict=True):
            best[key] = max(best.get(key, (0, "")), (revision or 0, path.stem))
    years = {key: year for key, (_, year) in best.items()} | dict(home)
    for path, table in revisions.items():
        ids = table.column("article_id").to_pylist()
        if leaving := [key for key in ids if years[key] != path.stem]:
            _replace_rows(path, leaving, [])


def _replace_rows(path: Path, keys: list[str], rows: list[Row]) -> None:
    """Replace the rows of a file that have these ids by others."""
    old = read_table(path, schema.ARTICLES)
    others = pc.invert(pc.is_in(old["article_id"], value_set=pa.array(keys, pa.string())))
    whole = pa.concat_tables([old.filter(others), rows_to_table(rows, schema.ARTICLES)])
    # One chunk a column: pages end where chunks do, and equal tables are equal files.
    write_table(path, whole.sort_by("article_id").combine_chunks())
