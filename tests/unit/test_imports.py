"""Articles from elsewhere keep their id, their date's precision and, if given, their language."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.item import NEWS_TIME
from pipelines import imports

ZH = "市政府昨日召开常务会议，研究部署安全生产工作。"
EN = "The municipal government held an executive meeting yesterday on workplace safety."


def read(tmp_path: Path, **changes: Any) -> imports.Article:
    row = {"id": "x", "city": "a", "lang": "zh", "url": "", "title": "会议", "text": ZH} | changes
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    (article,), rejects = imports.read_articles(path)
    assert not rejects
    return article


@pytest.mark.parametrize(
    ("given", "moment", "precision"),
    [
        ("2024", datetime(2024, 1, 1), "year"),
        ("2024-03", datetime(2024, 3, 1), "month"),
        ("2024-03-05", datetime(2024, 3, 5), "day"),
        ("2024-03-05T09:30", datetime(2024, 3, 5, 9, 30), "minute"),
        ("2024-03-05T01:30:00Z", datetime(2024, 3, 5, 9, 30), "minute"),
    ],
)
def test_a_date_is_read_in_shanghai_time_with_its_precision(
    tmp_path: Path, given: str, moment: datetime, precision: str
) -> None:
    article = read(tmp_path, published_at=given)
    assert article.published_at == moment.replace(tzinfo=NEWS_TIME)
    assert article.published_precision == precision


def test_an_undated_article_has_no_date_and_no_precision(tmp_path: Path) -> None:
    article = read(tmp_path, published_at=None)
    assert (article.published_at, article.published_precision) == (None, None)


@pytest.mark.parametrize(("text", "lang"), [(ZH, "zh"), (EN, "en")])
def test_a_language_that_is_not_given_is_found(tmp_path: Path, text: str, lang: str) -> None:
    assert read(tmp_path, lang=None, text=text, title="").lang == lang


@pytest.mark.parametrize(("declared", "text", "lang"), [("zh", EN, "en"), ("en", ZH, "zh")])
def test_a_text_plainly_in_the_other_language_is_taken_for_what_it_is_and_flagged(
    tmp_path: Path, declared: str, text: str, lang: str
) -> None:
    article = read(tmp_path, lang=declared, text=text, title="")
    assert (article.lang, article.flags) == (lang, ("lang_mismatch",))


@pytest.mark.parametrize("text", ["2024-03-05 12.5%", "Olá, São Vicente!"])
def test_a_given_language_stands_where_the_text_does_not_tell(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, lang="en", text=text, title="").lang == "en"


def test_a_third_language_is_refused_whatever_is_declared(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    text = "O Governo realizou ontem uma reunião sobre a segurança no trabalho em toda a cidade."
    row = {"id": "x", "city": "a", "lang": "en", "text": text}
    path.write_text(json.dumps(row), encoding="utf-8")
    articles, (reject,) = imports.read_articles(path)
    assert (articles, reject.reason) == ([], "other_language")


def test_traditional_script_is_told(tmp_path: Path) -> None:
    text = "市政府昨日召開常務會議，研究部署安全生產工作，並聽取環境保護情況匯報。"
    assert read(tmp_path, text=text, title="會議").script == "Hant"


def test_a_text_in_another_language_is_rejected_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    text = "O Governo realizou ontem uma reunião sobre a segurança no trabalho em toda a cidade."
    path.write_text(json.dumps({"id": "x", "city": "a", "text": text}), encoding="utf-8")
    articles, (reject,) = imports.read_articles(path)
    assert not articles
    assert reject.reason == "other_language"


def test_one_id_may_be_used_in_two_cities(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    rows = [{"id": "x", "city": city, "lang": "zh", "text": ZH} for city in ("a", "b")]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert [article.city for article in imports.read_articles(path)[0]] == ["a", "b"]


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text("\n\n")
    with pytest.raises(imports.ImportFileError, match="holds no article"):
        imports.read_articles(path)


def test_an_article_without_text_is_a_reject_known_by_its_id(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"id": "x", "city": "a", "lang": "zh", "text": " "}', encoding="utf-8")
    articles, (reject,) = imports.read_articles(path)
    assert not articles
    assert (reject.reason, reject.url) == ("empty", "import:x")


def test_half_a_surrogate_pair_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"id": "x", "city": "a", "lang": "zh", "text": "\\ud800"}', encoding="utf-8")
    with pytest.raises(imports.ImportFileError, match=r"in\.jsonl:1: text holds half"):
        imports.read_articles(path)
