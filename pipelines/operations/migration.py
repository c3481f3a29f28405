"""`shizheng migrate`: tables of an older schema version to today's, file by file.

One step leads from each version to the next; a file takes as many as it needs. A file that is up to
date is not touched, one of a newer version is refused before anything is written. Each file is
replaced whole, and an old file goes only when what was in it stands in new ones: a migration that
is killed goes on when it is run again.

Version 0 is the layout from before files said their version (no `schema_version` in the metadata):

* `articles/<city>.parquet`: id, city, lang, url, title, body (paragraphs parted by a blank line),
  date (text: 2023-04-05, with or without a time of Shanghai, or empty), source, fetched_at
* `pairs/<city>.parquet`: zh_id, en_id, probability, relation
* `sentences/<city>.parquet`: zh_id, en_id, n, zh, en, type (`1:1`, `1:0`, …), score
"""

import argparse
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawler.item import NEWS_TIME, article_id
from pipelines.tables import articles, lock, schema
from pipelines.tables import files as tables_files
from pipelines.tables.files import Row
from pipelines.terminal import say, say_json, show_table
from pipelines.text.script import script_of

_FOLDERS = ("articles", "revisions", "rejects", "pairs", "candidates", "sentences", "reviews")
_DATE_FORMS = (("%Y-%m-%d %H:%M", "minute"), ("%Y-%m-%d %H:%M:%S", "minute"), ("%Y-%m-%d", "day"))


class MigrationError(ValueError):
    """Tables that cannot be brought up to date. The message says which file and what to do."""


@dataclass(frozen=True, slots=True)
class Outdated:
    """A file of an older schema version."""

    path: Path
    table: str
    city: str
    version: int
    rows: int


Step = Callable[[Path, Outdated], None]
"""Writes what a file holds as the next version's; the file itself is removed by the caller if the
new layout has no file in its place."""


def outdated(output: Path) -> list[Outdated]:
    """Return the files of older versions, in the order in which they are migrated.

    Raises `MigrationError` for a file that is newer than this program, or not Parquet.
    """
    found = []
    for table in _FOLDERS:
        for path in sorted((output / table).rglob("*.parquet")):
            if path.name.startswith("."):
                continue
            try:
                with tables_files.opened(path) as file:
                    stated, rows = file.schema_arrow, file.metadata.num_rows
            except tables_files.StoreError as error:
                raise MigrationError(str(error)) from error
            number = schema.version_of(stated)
            if number > int(schema.SCHEMA_VERSION):
                raise MigrationError(
                    f"{path}: schema version {number}, written by a newer shizheng; this one knows "
                    f"up to {schema.SCHEMA_VERSION}: install the newer one. Nothing was changed"
                )
            if number < int(schema.SCHEMA_VERSION):
                city = path.parent.name if path.parent.name != table else path.stem
                found.append(Outdated(path, table, city, number, rows))
    _check(found)
    return found


def migrate(output: Path, files: list[Outdated]) -> None:
    """Bring these files up to date. The cities must be locked. Raises `MigrationError`."""
    for file in files:
        _STEPS[file.version, file.table](output, file)


def migrate_command(args: argparse.Namespace) -> int:
    """List the older files and, unless --dry-run, bring them up to date."""
    output = args.output
    if not output.is_dir():
        raise MigrationError(f"{output}: no such folder")
    output = output.resolve()
    files = outdated(output)
    if files and not args.dry_run:
        with lock.hold(output, {file.city for file in files}):
            # Listed again: until the lock was held, another migration may have been at them.
            migrate(output, outdated(output))
    listed = [
        {
            "file": file.path.relative_to(output).as_posix(),
            "from": file.version,
            "to": int(schema.SCHEMA_VERSION),
            "rows": file.rows,
        }
        for file in files
    ]
    if args.json:
        say_json({"dry_run": args.dry_run, "files": listed})
    elif not files:
        say(f"everything in {output} is of schema version {schema.SCHEMA_VERSION}")
    else:
        show_table(("file", "from", "to", "rows"), [tuple(row.values()) for row in listed])
        say("nothing was changed (--dry-run)" if args.dry_run else f"{len(files)} files migrated")
    return 0


def _check(files: list[Outdated]) -> None:
    """Refuse, before anything is written, what no step leads out of."""
    for file in files:
        if (file.version, file.table) not in _STEPS:
            raise MigrationError(
                f"{file.path}: a {file.table} table without a schema version; no such table was "
                "ever written by shizheng. Move it away and run again. Nothing was changed"
            )
        expected = _COLUMNS[file.table]
        with tables_files.opened(file.path) as opened:
            names = set(opened.schema_arrow.names)
        if not expected <= names:
            raise MigrationError(
                f"{file.path}: not a {file.table} table of schema version 0: it lacks "
                f"{', '.join(sorted(expected - names))}. Nothing was changed"
            )


_COLUMNS = {
    "articles": {"id", "city", "lang", "url", "title", "body", "date", "source", "fetched_at"},
    "pairs": {"zh_id", "en_id", "probability", "relation"},
    "sentences": {"zh_id", "en_id", "n", "zh", "en", "type", "score"},
}


def _articles_0(output: Path, file: Outdated) -> None:
    rows = [_article(row, file) for row in _rows(file)]
    if len({row["article_id"] for row in rows}) < len(rows):
        raise MigrationError(f"{file.path}: an article is in it twice; nothing of it was changed")
    articles.merge_rows(output, file.city, rows)
    file.path.unlink()


def _pairs_0(output: Path, file: Outdated) -> None:
    known = _known(output, file.city)
    rows = []
    for row in _rows(file):
        zh, en = (known.get(_key(row[name]), {}) for name in ("zh_id", "en_id"))
        rows.append(
            {
                "pair_id": _pair_id(row),
                "city": file.city,
                "zh_id": _key(row["zh_id"]),
                "en_id": _key(row["en_id"]),
                "probability": row["probability"],
                "relation": row["relation"],
                "method": "before schema version 1",
                **{
                    f"{side}_{name}": of.get(name)
                    for side, of in (("zh", zh), ("en", en))
                    for name in ("url", "title")
                },
            }
        )
    rows.sort(key=lambda row: str(row["pair_id"]))
    tables_files.write_table(file.path, tables_files.rows_to_table(rows, schema.PAIRS))


def _sentences_0(output: Path, file: Outdated) -> None:
    texts = {key: row["text"] or "" for key, row in _known(output, file.city).items()}
    rows = []
    # Looked for one after the other, so that a sentence said twice has two places.
    reached: dict[tuple[str, str], int] = {}
    for old in sorted(_rows(file), key=lambda row: (_pair_id(row), row["n"])):
        row: Row = {
            "pair_id": _pair_id(old),
            "position": old["n"],
            "kind": old["type"].replace(":", "-"),
            "zh": old["zh"] or "",
            "en": old["en"] or "",
            "probability": old["score"],
            "flags": [],
        }
        for side in ("zh", "en"):
            place = (row["pair_id"], side)
            begin = texts.get(_key(old[f"{side}_id"]), "").find(row[side], reached.get(place, 0))
            if row[side] and begin >= 0:
                reached[place] = begin + len(row[side])
                row |= {f"{side}_start": begin, f"{side}_end": reached[place]}
        rows.append(row)
    tables_files.write_table(file.path, tables_files.rows_to_table(rows, schema.SENTENCES))


_STEPS: dict[tuple[int, str], Step] = {
    (0, "articles"): _articles_0,
    (0, "pairs"): _pairs_0,
    (0, "sentences"): _sentences_0,
}
"""By version and table: what leads to the next version."""


def _article(row: Row, file: Outdated) -> Row:
    text = re.sub(r"\n\s*\n", "\n", row["body"] or "").strip()
    title = row["title"] or ""
    published, precision = _published(row["date"], file)
    seen = row["fetched_at"]
    seen = seen.replace(tzinfo=UTC) if seen is not None and seen.tzinfo is None else seen
    return {
        "article_id": _key(row["id"]),
        "city": file.city,
        "site": (urlsplit(row["url"] or "").hostname or "").lower(),
        "url": row["url"],
        "lang": row["lang"],
        "script": script_of(text) if row["lang"] == "zh" else "Latn",
        "title": title,
        "text": text,
        "published_at": published,
        "published_precision": precision,
        "source": row["source"] or None,
        "keywords": [],
        "images": [],
        "attachments": [],
        "first_seen": seen,
        "last_seen": seen,
        "revision": 1,
        "content_sha256": hashlib.sha256(f"{title}\n\n{text}".encode()).hexdigest(),
        "extractor": "before schema version 1",
        "flags": [],
    }


def _key(old: str) -> str:
    """Return the article's id of today: version 0 used the URL itself."""
    return article_id(old) if "://" in old else old


def _pair_id(row: Row) -> str:
    joined = f"{_key(row['zh_id'])} {_key(row['en_id'])}"
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


def _published(value: str | None, file: Outdated) -> tuple[datetime | None, str | None]:
    if not value:
        return None, None
    for form, precision in _DATE_FORMS:
        try:
            return datetime.strptime(value, form).replace(tzinfo=NEWS_TIME), precision
        except ValueError:
            continue
    raise MigrationError(
        f"{file.path}: date {value!r}, expected 2023-04-05 or 2023-04-05 09:30; nothing of this "
        "file was changed"
    )


def _rows(file: Outdated) -> Iterator[dict[str, Any]]:
    with tables_files.opened(file.path) as opened:
        for batch in opened.iter_batches():
            yield from batch.to_pylist()


def _known(output: Path, city: str) -> dict[str, Row]:
    columns = ["article_id", "url", "title", "text"]
    return {
        row["article_id"]: row for row in articles.read_articles(output, city, columns).to_pylist()
    }
