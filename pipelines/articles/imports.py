"""Articles from files that people bring, checked before storage."""

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.city import host_of, is_public, key_problem
from crawler.credentials import without_user
from crawler.extract.mojibake import is_garbled, repaired
from crawler.item import EARLIEST, NEWS_TIME, Article, Precision, Reject
from crawler.limits import MAX_TITLE, MAX_URL
from crawler.ordinary import ordinary
from pipelines.articles import contract, language, parallel, records
from pipelines.articles.records import ImportFileError, Record, Table
from pipelines.errors import check_words
from pipelines.tables import text_files
from pipelines.tables.json_text import JsonError, parse_json
from pipelines.tables.vocabulary import LANGS
from pipelines.text.normal import visible

_KEYS = ("id", "city", "lang", "url", "title", "text", "published_at")
_PARALLEL = ("zh", "en", "translation")
"""Columns of both languages, in tables of parallel texts."""
ARCHIVES = (".warc", ".warc.gz", ".wacz")
"""Endings of web archives, which `shizheng extract` reads."""
_EXPECTED = (
    "expected a JSON object a line, a table with a text column, TMX with Chinese and English, or a "
    "folder with .txt files"
)
_JSON = (".json", ".jsonl", ".ndjson")
_OTHERS = {
    b"\x1f\x8b": "a file packed by gzip; unpack it",
    b"PK": "a zip file, as workbooks and documents are; unpack it, or save a sheet as CSV",
}
"""What files are that people bring in place of others, by their first bytes."""
_NULLABLE = ("lang", "published_at", "title", "url")
_LONGEST = {
    "id": contract.MAX_ID,
    "url": MAX_URL,
    "title": MAX_TITLE,
    "text": contract.MAX_TEXT,
}
_SHOWN = 60
"""Characters of a wrong value, and columns of a table, that a message repeats."""
_FORMS: tuple[tuple[str, Precision], ...] = (
    ("%Y", "year"),
    ("%Y-%m", "month"),
    ("%Y-%m-%d", "day"),
)


_FEW = 60
"""Characters below which a text may be a name or a line of figures: the declared language then
overrules a third language, which is detected with less certainty than Chinese and English."""


def read_jsonl(path: Path, now: datetime | None = None) -> tuple[list[Article], list[Reject]]:
    """Read `{"id", "city", "lang", "url", "title", "text", "published_at"}` lines.

    `lang` and `published_at` may be null; the id becomes the article's id. A text plainly in
    another language than the declared one gets its own language and a flag. Dates may not be after
    `now` (default: the clock). Returns articles, and rejects for texts in neither language. Raises
    `ImportFileError` for the first bad line.
    """
    return _read(path, _json_lines(path), now or datetime.now(UTC))


def read_file(
    path: Path,
    columns: Mapping[str, str],
    city: str,
    english: Path | None = None,
    now: datetime | None = None,
) -> tuple[list[Article], list[Reject]]:
    """Read the articles of any file or folder that is imported.

    `columns` names a table's columns by those of JSON Lines, or `zh`, `en` and `translation`; only
    a text is needed: ids are rows by number, the city is `city`. TMX, the Chinese lines of
    `english` and tables with both languages give pairs that are known. Raises `ImportFileError`.
    """
    check_words("column", columns, (*_KEYS, *_PARALLEL))
    now = now or datetime.now(UTC)
    if english is not None:
        return _known(path, parallel.moses(path, english), city, now, english)
    if path.suffix.lower() == ".tmx":
        return _known(path, parallel.tmx(path), city, now)
    if (path.is_dir() and not records.is_table(path)) or path.suffix.lower() == ".txt":
        return _read(path, _complete(city, records.texts(path)), now)
    table = records.table(path) if records.is_table(path) else _json_table(path)
    _check_columns(path, table, columns.values())
    units = parallel.rows(table, columns)
    if units is not None:
        return _known(path, units, city, now)
    return _read(path, _complete(city, _cells(path, table, columns)), now)


def _known(
    path: Path,
    units: Iterable[parallel.Unit],
    city: str,
    now: datetime,
    english: Path | None = None,
) -> tuple[list[Article], list[Reject]]:
    """Return the articles of parallel texts, as mates."""
    if english is not None and english.resolve() == path.resolve():
        raise ImportFileError(f"{path}: named for both languages; expected a file of each")
    rows = list(parallel.articles(units))
    if not rows:
        raise ImportFileError(
            f"{path}: holds no article: nothing in it has both a Chinese and an English text"
        )
    articles, rejects = _read(path, _complete(city, rows), now)
    swapped = sum("lang_mismatch" in article.flags for article in articles)
    if swapped > len(articles) / 2:
        meant = (
            f"or {english} not English; expected the Chinese file first, then --english and the "
            "other"
            if english is not None
            else "though it is named zh, or not English, though it is named en; rename the columns "
            "or tags, or name them like --column zh=target --column en=source"
        )
        raise ImportFileError(f"{path}: most of it is not Chinese, {meant}")
    return parallel.linked(articles), rejects


def _read(path: Path, rows: Iterable[Record], now: datetime) -> tuple[list[Article], list[Reject]]:
    articles: list[Article] = []
    rejects: list[Reject] = []
    lines: dict[tuple[str, str], str] = {}
    for where, row in rows:
        article = _article(row, where, now)
        first = lines.setdefault((article.city, article.article_id), where)
        if first != where:
            number = first.rpartition(":")[2]
            raise ImportFileError(
                f"{where}: id {article.article_id!r} was on line {number} already"
            )
        judged = _in_its_language(article)
        if isinstance(judged, Reject):
            rejects.append(judged)
        else:
            articles.append(judged)
    if not articles and not rejects:
        raise ImportFileError(f"{path}: holds no article; {_EXPECTED}")
    return articles, rejects


def _json_lines(path: Path) -> Iterator[Record]:
    content = text_files.read_text(path, ImportFileError)
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            yield f"{path}:{number}", _row(line, f"{path}:{number}")


def _json_table(path: Path) -> Table:
    _check_json(path)
    rows = _json_list(path) or list(_json_lines(path))
    return Table(list(rows[0][1]) if rows else _KEYS, iter(rows))


def _json_list(path: Path) -> list[Record]:
    """Return the objects of a JSON list, or an object over lines."""
    content = text_files.read_text(path, ImportFileError).strip()
    if "\n" not in content and not content.startswith("["):
        return []  # an object on a line, which is named as such
    try:
        found = parse_json(content)
    except JsonError:
        return []  # a line each, or an error that names the line
    listed = found if isinstance(found, list) else [found]
    return [
        (f"{path}, object {number}", _object(one, f"{path}, object {number}"))
        for number, one in enumerate(listed, start=1)
    ]


def _check_json(path: Path) -> None:
    """Raise `ImportFileError` for a file that is plainly something else."""
    try:
        with ordinary(path).open("rb") as file:
            start = file.read(64)
    except OSError:
        return  # the reader's sentence is the better one
    other = next((said for mark, said in _OTHERS.items() if start.startswith(mark)), None)
    if other is None and path.suffix.lower() not in _JSON:
        other = None if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[", b"") else "no JSON"
    if other is not None:
        raise ImportFileError(f"{path}: {other}; {_EXPECTED}")


def _cells(path: Path, table: Table, columns: Mapping[str, str]) -> Iterator[Record]:
    """Yield the rows of a table, by the keys of JSON Lines."""
    names = {key: columns.get(key, key) for key in _KEYS}
    _check_columns(path, table, [names["text"]])
    for number, (where, row) in enumerate(table.rows, start=1):
        found = {key: row[name] for key, name in names.items() if name in row}
        # A cell that is empty is left out of a row; a line of JSON that has no text is a mistake.
        blank = {"text": ""} if records.is_table(path) else {}
        yield where, {"id": f"row-{number}"} | blank | found


def _check_columns(path: Path, table: Table, wanted: Iterable[str]) -> None:
    """Raise `ImportFileError` for a column that a table lacks."""
    missing = [name for name in wanted if name not in table.names]
    if missing:
        there = ", ".join(map(_cut, table.names[:_SHOWN])) or "none"
        there += f" and {len(table.names) - _SHOWN:,} more" if len(table.names) > _SHOWN else ""
        raise ImportFileError(
            f"{path}: no column {', '.join(dict.fromkeys(missing))}; there are: {there}. Name "
            "yours like --column text=body, or both languages like --column zh=source --column "
            "en=target"
        )


def _complete(city: str, rows: Iterable[Record]) -> Iterator[Record]:
    blank = dict.fromkeys(_NULLABLE) | {"city": city}
    return ((where, blank | row) for where, row in rows)


def _article(row: dict[str, Any], where: str, now: datetime) -> Article:
    for key in _KEYS:
        _check_text(row.get(key), key, where)
    if any(unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") for char in row["id"]):
        raise ImportFileError(f"{where}: id must be one line of visible characters")
    problem = key_problem(row["city"])
    if problem is not None:
        raise ImportFileError(
            f"{where}: city becomes a file name, and {problem}; not {_shown(row['city'])}"
        )
    if row.get("lang") not in ("zh", "en", None):
        raise ImportFileError(f"{where}: lang must be zh, en or null, not {_shown(row['lang'])}")
    published, precision = _published(row.get("published_at"), where, now)
    url = (row.get("url") or "").strip()
    return Article(
        article_id=row["id"],
        city=row["city"],
        site=_host(url, where),
        url=url,
        title=contract.one_line(_legible(row.get("title") or "")),
        text=contract.plain(_legible(row["text"])).strip(),
        lang_declared=row.get("lang"),
        published_at=published,
        published_precision=precision,
        extractor="import",
    )


def _legible(text: str) -> str:
    """Return a text composed, seen, and decoded if doubly encoded."""
    return visible(repaired(text))


def _row(line: str, where: str) -> dict[str, Any]:
    """Return the object on a line. Raises `ImportFileError` for anything else."""
    try:
        row = parse_json(line)
    except JsonError as error:
        raise ImportFileError(f"{where}: {error}; {_EXPECTED}") from error
    return _object(row, where)


def _object(row: Any, where: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise ImportFileError(f"{where}: expected a JSON object with {', '.join(_KEYS)}")
    return row


def _check_text(value: Any, key: str, where: str) -> None:
    if value is None and key in _NULLABLE:
        return
    if not isinstance(value, str) or (key in ("id", "city") and not value.strip()):
        raise ImportFileError(f"{where}: {key} must be a text, not {_shown(value)}")
    most = _LONGEST.get(key)
    if most is not None and len(value) > most:
        raise ImportFileError(
            f"{where}: {key} has {len(value):,} characters, {most:,} at most are taken"
        )
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ImportFileError(f"{where}: {key} holds half of a surrogate pair") from error


def _host(url: str, where: str) -> str:
    """Return the host of an article's URL.

    Raises `ImportFileError` for no web address.
    """
    if not url:
        return ""
    bare = without_user(url)
    if not is_public(bare) or contract.one_line(url) != url:
        raise ImportFileError(
            f"{where}: url must be an http or https address, or null, not {_shown(url)}"
        )
    if bare != url:
        raise ImportFileError(
            f"{where}: url holds a user's name or password, which would be published; leave it out"
        )
    return host_of(url)


def _shown(value: Any) -> str:
    """Return a value for a message: as JSON, cut if long."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, bytes):
        return "bytes"
    text = json.dumps(value, ensure_ascii=not str(value).isprintable())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _cut(name: str) -> str:
    """Return a column's name for a message, cut if long."""
    return name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"


def _published(
    value: str | None, where: str, now: datetime
) -> tuple[datetime | None, Precision | None]:
    if not value:
        return None, None
    moment, precision = _moment(value, where)
    if not contract.is_plausible(moment, now):
        raise ImportFileError(
            f"{where}: published_at must lie between {EARLIEST} and the day after "
            f"tomorrow, or be null; not {_shown(value)}"
        )
    return moment.astimezone(NEWS_TIME), precision


def _moment(value: str, where: str) -> tuple[datetime, Precision]:
    for form, precision in _FORMS:
        try:
            return datetime.strptime(value, form).replace(tzinfo=NEWS_TIME), precision
        except ValueError:
            continue
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise ImportFileError(
            f"{where}: published_at must be like 2024-03-05 or 2024-03-05T09:30+08:00, "
            f"not {_shown(value)}"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=NEWS_TIME), "minute"


def _in_its_language(article: Article) -> Article | Reject:
    """Set an imported article's language, or refuse it.

    The detected language overrules the declared one: an English text declared Chinese would be
    split, measured and paired as Chinese. The declared one counts only for a text without a clear
    language. A mismatch is flagged `lang_mismatch`: the rows of the file may be mixed up, and
    `align` compares no such article.
    """
    if not any(unicodedata.category(char)[0] in "LNPS" for char in article.text):
        return Reject(
            _where(article), article.city, "empty", f"Article {article.article_id} has no text."
        )
    verdict = language.detect(f"{article.title}\n{article.text}")
    declared = article.lang_declared
    lang: str = verdict.lang
    doubtful = len(article.text) < _FEW or is_garbled(article.text)
    if lang in ("mixed", "") or (lang == "other" and doubtful):
        lang = declared or lang
    if lang not in LANGS:
        detail = f"The text is neither Chinese nor English ({verdict.evidence})."
        return Reject(_where(article), article.city, "other_language", detail)
    flags = article.flags
    if is_garbled(article.text):
        flags = (*flags, "mojibake")
    if declared and lang != declared:
        flags = (*flags, "lang_mismatch")
    script = "Latn" if lang == "en" else verdict.script if verdict.lang == "zh" else "Hans"
    return replace(article, lang=lang, script=script, lang_evidence=verdict.evidence, flags=flags)


def _where(article: Article) -> str:
    """Return a reject's URL, or one made of the id."""
    return article.url or f"import:{article.article_id}"
