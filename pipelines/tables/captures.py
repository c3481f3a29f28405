"""Captures of web archives among the revisions of a city's articles.

A capture has the place that its time gives it: an older text than the stored one is an earlier
revision, a newer one replaces it.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from crawler.item import Article, is_twin
from pipelines.tables import schema
from pipelines.tables.articles import Changes, row_of, whole_rows, write_rows
from pipelines.tables.files import table_path
from pipelines.tables.parquet import Row, read_table, rows_to_table, write_table

_MARKS = ("duplicate_of", "duplicate_city")


def write_captures(output: Path, city: str, articles: Sequence[Article], *, run_id: str) -> Changes:
    """Merge articles from captures into a city's tables and return the changes.

    Revisions are numbered by the times at which their texts were first stored or captured. Another
    view of a page never replaces the page itself.
    """
    if not articles:
        return Changes()
    stored = whole_rows(output, city, {article.article_id for article in articles})
    before = {key: dict(row) for key, row in stored.items()}
    path = table_path(output, "revisions", city)
    past: dict[str, list[Row]] = {}
    for row in read_table(path, schema.REVISIONS).to_pylist():
        now = stored.get(row["article_id"])
        # Both, if the last run died between writing the two tables.
        if now is None or (_seen(now), now["content_sha256"]) != (
            _seen(row),
            row["content_sha256"],
        ):
            past.setdefault(row["article_id"], []).append(row)
    changes = Changes()
    for article in sorted(articles, key=lambda one: (str(one.captured_at), is_twin(one.url))):
        changes += _add(stored, past, article, run_id)
    if past:
        rows = (row for key in sorted(past) for row in past[key])
        write_table(path, rows_to_table(rows, schema.REVISIONS))
    write_rows(output, city, {key: row for key, row in stored.items() if before.get(key) != row})
    return changes


def _add(
    stored: dict[str, Row], past: dict[str, list[Row]], article: Article, run_id: str
) -> Changes:
    """Add one capture to its article's newest and earlier rows."""
    key = article.article_id
    now = stored.get(key)
    if now is not None and is_twin(article.url) and not is_twin(now["url"] or ""):
        return Changes(unchanged=1)
    row = row_of(article) | {
        "first_seen": article.first_capture, "last_seen": article.captured_at, "run_id": run_id,
    }  # fmt: skip
    row |= dict.fromkeys(_MARKS)
    history = sorted([*past.get(key, ()), *([now] if now else ())], key=_seen)
    changed = _insert(history, row)
    first = min(one["first_seen"] for one in (*history, row))
    for number, one in enumerate(history, start=1):
        one |= {"first_seen": first, "revision": number}
    if history[-1]["content_sha256"] == row["content_sha256"]:
        history[-1]["rights"] = row["rights"]
    if now is not None:
        history[-1] |= {mark: now[mark] for mark in _MARKS}
    *earlier, stored[key] = history
    if earlier:
        past[key] = earlier
    if now is None:
        return Changes(new=1)
    return Changes(revised=1) if changed else Changes(unchanged=1)


def _insert(history: list[Row], row: Row) -> bool:
    """Put a capture among its article's rows; return True for news.

    The rows are in order of time. The text before it, seen again, is none; of a text that was first
    seen later, this capture is the first. A capture that is read anew replaces its row.
    """
    for place, one in enumerate(history):
        if one["fetched_from"] == row["fetched_from"]:
            changed: bool = one["content_sha256"] != row["content_sha256"]
            history[place] = row if changed else one
            return changed
    at = bisect_right(history, _seen(row), key=_seen)
    if at and history[at - 1]["content_sha256"] == row["content_sha256"]:
        return False
    if at < len(history) and history[at]["content_sha256"] == row["content_sha256"]:
        if history[at]["fetched_from"] is not None:
            history[at] = row
        return False
    history.insert(at, row)
    return True


def _seen(row: Row) -> datetime:
    seen: datetime = row["last_seen"]
    return seen
