"""Articles from elsewhere: a JSON object a line, checked whole before anything is stored."""

import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawler.item import NEWS_TIME, Article, Precision, Reject
from pipelines import language, textfile

_KEYS = ("id", "city", "lang", "url", "title", "text", "published_at")
_NULLABLE = ("lang", "published_at", "title", "url")
_FORMS: tuple[tuple[str, Precision], ...] = (
    ("%Y", "year"),
    ("%Y-%m", "month"),
    ("%Y-%m-%d", "day"),
)


_FEW = 60
"""Characters below which a text may be a name or a line of figures: what is declared then stands
against a third language, which is told with less certainty than Chinese and English are."""


class ImportFileError(ValueError):
    """A line that is not an article. The message names file, line and what was expected."""


def read_articles(path: Path) -> tuple[list[Article], list[Reject]]:
    """Read `{"id", "city", "lang", "url", "title", "text", "published_at"}` lines.

    `lang` and `published_at` may be null; the id becomes the article's id. Where the text is
    plainly in another language than the one given, what it is in counts, and it is flagged. Returns
    articles, and rejects for texts that are in neither language. Raises `ImportFileError` for the
    first bad line.
    """
    content = textfile.read(path, ImportFileError)
    articles: list[Article] = []
    rejects: list[Reject] = []
    lines: dict[tuple[str, str], int] = {}
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        article = _article(line, where)
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


def _article(line: str, where: str) -> Article:
    try:
        row: Any = json.loads(line)
    except json.JSONDecodeError as error:
        raise ImportFileError(f"{where}: not JSON ({error.msg}, column {error.colno})") from error
    if not isinstance(row, dict):
        raise ImportFileError(f"{where}: expected a JSON object with {', '.join(_KEYS)}")
    for key in _KEYS:
        value = row.get(key)
        if value is None and key in _NULLABLE:
            continue
        if not isinstance(value, str) or (key in ("id", "city") and not value.strip()):
            raise ImportFileError(f"{where}: {key} must be a text, not {json.dumps(value)}")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ImportFileError(f"{where}: {key} holds half of a surrogate pair") from error
    if not re.fullmatch(r"[\w-]+", row["city"]):
        raise ImportFileError(
            f"{where}: city becomes a file name: letters, digits, _ and - only, not {row['city']!r}"
        )
    if row.get("lang") not in ("zh", "en", None):
        raise ImportFileError(f"{where}: lang must be zh, en or null, not {row['lang']!r}")
    published, precision = _published(row.get("published_at"), where)
    url = row.get("url") or ""
    return Article(
        article_id=row["id"],
        city=row["city"],
        site=urlsplit(url).hostname or "",
        url=url,
        title=(row.get("title") or "").strip(),
        text=row["text"].strip(),
        lang_declared=row.get("lang"),
        published_at=published,
        published_precision=precision,
        extractor="import",
    )


def _published(value: str | None, where: str) -> tuple[datetime | None, Precision | None]:
    if not value:
        return None, None
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
            f"not {value!r}"
        ) from error
    moment = moment.replace(tzinfo=NEWS_TIME) if moment.tzinfo is None else moment
    return moment.astimezone(NEWS_TIME), "minute"


def _in_its_language(article: Article) -> Article | Reject:
    """Give an article the language it is in, as a crawled one gets it.

    What the text plainly is counts more than what is declared: an English text that is called
    Chinese would be split, measured and paired as Chinese. What was declared stands where the text
    does not tell, and is needed nowhere else. Where the text is plainly the other one, the flag
    `lang_mismatch` says so: the rows of the file may be mixed up, and `align` compares no such one.
    """
    if not article.text:
        return Reject(
            _where(article), article.city, "empty", f"Article {article.article_id} has no text."
        )
    verdict = language.detect(f"{article.title}\n{article.text}")
    declared = article.lang_declared
    lang: str = verdict.lang
    if lang in ("mixed", "") or (lang == "other" and len(article.text) < _FEW):
        lang = declared or lang
    if lang not in ("zh", "en"):
        detail = f"The text is neither Chinese nor English ({verdict.evidence})."
        return Reject(_where(article), article.city, "other_language", detail)
    flags = article.flags
    if declared and lang != declared:
        flags = (*flags, "lang_mismatch")
    script = "Latn" if lang == "en" else verdict.script if verdict.lang == "zh" else "Hans"
    return replace(article, lang=lang, script=script, lang_evidence=verdict.evidence, flags=flags)


def _where(article: Article) -> str:
    """Return what a reject is known by: rejects are kept by URL, and an import may have none."""
    return article.url or f"import:{article.article_id}"
