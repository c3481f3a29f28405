"""Articles from JSON Lines, tables and folders, checked before storage."""

import csv
import io
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.city import host_of, is_public, key_problem
from crawler.credentials import without_user
from crawler.errors import ShizhengError
from crawler.extract.mojibake import is_garbled, repaired
from crawler.item import EARLIEST, NEWS_TIME, Article, Precision, Reject
from crawler.limits import MAX_TITLE, MAX_URL
from pipelines.articles import contract, language
from pipelines.tables import text_files
from pipelines.tables.json_text import JsonError, parse_json
from pipelines.tables.vocabulary import LANGS
from pipelines.text.normal import visible

_KEYS = ("id", "city", "lang", "url", "title", "text", "published_at")
_NULLABLE = ("lang", "published_at", "title", "url")
_LONGEST = {
    "id": contract.MAX_ID,
    "url": MAX_URL,
    "title": MAX_TITLE,
    "text": contract.MAX_TEXT,
}
_SHOWN = 60
"""Characters of a wrong value that a message repeats."""
_FORMS: tuple[tuple[str, Precision], ...] = (
    ("%Y", "year"),
    ("%Y-%m", "month"),
    ("%Y-%m-%d", "day"),
)


_FEW = 60
"""Characters below which a text may be a name or a line of figures: the declared language then
overrules a third language, which is detected with less certainty than Chinese and English."""


class ImportFileError(ShizhengError):
    """Line that is no article.

    The message names file, line and the expected form.
    """


def read_jsonl(path: Path, now: datetime | None = None) -> tuple[list[Article], list[Reject]]:
    """Read `{"id", "city", "lang", "url", "title", "text", "published_at"}` lines.

    `lang` and `published_at` may be null; the id becomes the article's id. A text plainly in
    another language than the declared one gets its own language and a flag. Dates may not be after
    `now` (default: the clock). Returns articles, and rejects for texts in neither language. Raises
    `ImportFileError` for the first bad line.
    """
    return _read(path, _json_lines(path), now or datetime.now(UTC))


def read_table(
    path: Path, columns: Mapping[str, str], city: str, now: datetime | None = None
) -> tuple[list[Article], list[Reject]]:
    """Read the articles of a CSV or TSV file, or a folder.

    `columns` names the file's columns by those of JSON Lines; only a text is needed: ids are rows
    by number, the city is `city`. A folder has text files, `zh/*.txt` and `en/*.txt`, named by
    id; the first line is the title. Raises `ImportFileError`.
    """
    rows = _text_files(path) if path.is_dir() else _cells(path, columns)
    blank = dict.fromkeys(_NULLABLE)
    complete = ((where, blank | {"city": city} | row) for where, row in rows)
    return _read(path, complete, now or datetime.now(UTC))


def _read(
    path: Path, rows: Iterable[tuple[str, dict[str, Any]]], now: datetime
) -> tuple[list[Article], list[Reject]]:
    articles: list[Article] = []
    rejects: list[Reject] = []
    lines: dict[tuple[str, str], str] = {}
    for where, row in rows:
        article = _article(row, where, now)
        number = where.rpartition(":")[2]
        first = lines.setdefault((article.city, article.article_id), number)
        if first != number:
            raise ImportFileError(f"{where}: id {article.article_id!r} was on line {first} already")
        judged = _in_its_language(article)
        if isinstance(judged, Reject):
            rejects.append(judged)
        else:
            articles.append(judged)
    if not articles and not rejects:
        raise ImportFileError(f"{path}: holds no article; expected one JSON object a line")
    return articles, rejects


def _json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    content = text_files.read_text(path, ImportFileError)
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            yield f"{path}:{number}", _row(line, f"{path}:{number}")


def _cells(path: Path, columns: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of a table; empty cells are left out."""
    content = text_files.read_text(path, ImportFileError)
    csv.field_size_limit(contract.MAX_TEXT * 4)
    table = csv.DictReader(
        io.StringIO(content.removeprefix("\ufeff"), newline=""),
        delimiter="\t" if path.suffix.lower() == ".tsv" else ",",
    )
    names = {key: columns.get(key, key) for key in _KEYS}
    missing = [
        names[key] for key in ("text", *columns) if names[key] not in (table.fieldnames or ())
    ]
    if missing:
        have = ", ".join(table.fieldnames or ()) or "none"
        raise ImportFileError(
            f"{path}:1: no column {', '.join(dict.fromkeys(missing))}; there are: {have}. Name "
            "yours like --column text=body"
        )
    for number, row in enumerate(table, start=1):
        found = {key: row[name] for key, name in names.items() if row.get(name)}
        yield f"{path}:{table.line_num}", {"id": f"row-{number}", "text": ""} | found


def _text_files(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for lang in LANGS:
        for file in sorted((folder / lang).glob("*.txt")):
            title, _, text = text_files.read_text(file, ImportFileError).strip().partition("\n")
            row = {"id": f"{lang}-{file.stem}", "lang": lang, "title": title, "text": text or title}
            yield f"{file}:1", row


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
        raise ImportFileError(f"{where}: {error}") from error
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
    text = json.dumps(value, ensure_ascii=not str(value).isprintable())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


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
