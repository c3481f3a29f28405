"""Articles from elsewhere keep their id, their date's precision and, if given, their language."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.item import NEWS_TIME, Article
from pipelines.articles import imports

ZH = "市政府昨日召开常务会议，研究部署安全生产工作。"
EN = "The municipal government held an executive meeting yesterday on workplace safety."


def read(tmp_path: Path, **changes: Any) -> Article:
    row = {"id": "x", "city": "a", "lang": "zh", "url": "", "title": "会议", "text": ZH} | changes
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    (article,), rejects = imports.read_jsonl(path)
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


@pytest.mark.parametrize("lang", ["en", None])
def test_a_third_language_is_refused_whatever_is_declared(tmp_path: Path, lang: str | None) -> None:
    path = tmp_path / "in.jsonl"
    text = "O Governo realizou ontem uma reunião sobre a segurança no trabalho em toda a cidade."
    row = {"id": "x", "city": "a", "lang": lang, "text": text}
    path.write_text(json.dumps(row), encoding="utf-8")
    articles, (reject,) = imports.read_jsonl(path)
    assert (articles, reject.reason) == ([], "other_language")


def test_traditional_script_is_told(tmp_path: Path) -> None:
    text = "市政府昨日召開常務會議，研究部署安全生產工作，並聽取環境保護情況匯報。"
    assert read(tmp_path, text=text, title="會議").script == "Hant"


def test_one_id_may_be_used_in_two_cities(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    rows = [{"id": "x", "city": city, "lang": "zh", "text": ZH} for city in ("a", "b")]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert [article.city for article in imports.read_jsonl(path)[0]] == ["a", "b"]


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text("\n\n")
    with pytest.raises(imports.ImportFileError, match="holds no article"):
        imports.read_jsonl(path)


NOW = datetime(2024, 5, 1, 12, tzinfo=NEWS_TIME)
GOOD = {"id": "one", "city": "a", "lang": "zh", "url": None, "title": "会议", "text": ZH}


def refused(tmp_path: Path, line: str | bytes) -> str:
    """Return what is said of a bad second line, without the file and the line."""
    path = tmp_path / "in.jsonl"
    first = json.dumps(GOOD, ensure_ascii=False).encode() + b"\n"
    path.write_bytes(first + (line if isinstance(line, bytes) else line.encode()) + b"\n")
    with pytest.raises(imports.ImportFileError) as caught:
        imports.read_jsonl(path, NOW)
    told = str(caught.value)
    assert told.startswith(f"{path}:2: ")
    assert "\n" not in told
    assert len(told) < len(str(path)) + 250
    return told.removeprefix(f"{path}:2: ")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[" * 100_000, "nested too deeply"),
        ('{"id": ' + '{"a":' * 100_000, "nested too deeply"),
        ('{"id": ' + "9" * 5000 + "}", "a number of 5,000 digits"),
        ('{"id": "x", "city": "a", "text": "t", "more": ' + "9" * 5000 + "}", "5,000 digits"),
        ('{"id": "x", "city": "a", "text": "t", "more": NaN}', "NaN is no number"),
        ('{"id": "x", "city": "a", "text": "t", "more": -Infinity}', "-Infinity is no number"),
        ('{"id": "x", "id": "y", "city": "a", "text": "t"}', 'the key "id" appears twice'),
        ('\ufeff{"id": "x", "city": "a", "text": "t"}', "not JSON"),
        ('{"id": "x", "city": "a", "text": "t"', "not JSON"),
        ('{"id": "x"} {"id": "y"}', "not JSON"),
        ("12", "expected a JSON object with id, city, lang"),
        ('{"id": "x", "city": "a"}', "text must be a text"),
    ],
)
def test_a_line_that_is_no_object_is_refused_with_its_line(
    tmp_path: Path, line: str, message: str
) -> None:
    assert message in refused(tmp_path, line)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("id", 5, "id must be a text, not 5"),
        ("id", " ", "id must be a text"),
        ("id", "x" * 201, "id has 201 characters, 200 at most are taken"),
        ("id", "a\nb", "one line of visible characters"),
        ("id", "a\x00b", "one line of visible characters"),
        ("id", "a\u2028b", "one line of visible characters"),
        ("id", "a\u202eb", "one line of visible characters"),
        ("id", "one", "id 'one' was on line 1 already"),
        ("city", None, "city must be a text"),
        ("city", ["a"], "city must be a text, not a list"),
        ("city", "../a", "city becomes a file name"),
        ("city", "x" * 300, "100 bytes at most"),
        ("city", "2024", "are taken"),
        ("city", "undated", "are taken"),
        ("city", "news__luoshan__example", "kept for hosts"),
        ("city", "--help", "begins with a letter or a digit"),
        ("city", "con\n", "letters, digits, _ and -"),
        ("lang", "ZH", 'lang must be zh, en or null, not "ZH"'),
        ("lang", "x" * 9000, "lang must be zh, en or null"),
        ("lang", {"is": "zh"}, "lang must be a text, not an object"),
        ("text", None, "text must be a text"),
        ("text", ["a"], "text must be a text, not a list"),
        ("text", "x" * 4_000_001, "text has 4,000,001 characters, 4,000,000 at most"),
        ("text", "a\ud800", "text holds half of a surrogate pair"),
        ("title", "x" * 1_001, "title has 1,001 characters"),
        ("url", "javascript:alert(1)", "url must be an http or https address"),
        ("url", "data:text/html,x", "url must be an http or https address"),
        ("url", "//a.example/x", "url must be an http or https address"),
        ("url", "http://[::1", "url must be an http or https address"),
        ("url", "http://a.example:²/", "url must be an http or https address"),
        ("url", "http:///x", "url must be an http or https address"),
        ("url", "http://a.example/\nx", "url must be an http or https address"),
        ("url", "http://a.example/" + "x" * 2_000, "url has 2,017 characters"),
    ],
)
def test_a_field_that_cannot_be_kept_is_refused_by_name(
    tmp_path: Path, field: str, value: Any, message: str
) -> None:
    assert message in refused(tmp_path, json.dumps(GOOD | {"id": "two"} | {field: value}))


def test_a_url_with_a_password_is_refused_without_repeating_it(tmp_path: Path) -> None:
    row = GOOD | {"id": "two", "url": "https://me:sesame@a.example/x"}
    told = refused(tmp_path, json.dumps(row))
    assert "url holds a user's name or password" in told
    assert "sesame" not in told


@pytest.mark.parametrize(
    "value",
    [
        "0001-01-01",
        "0001-01-01T00:00:00+08:00",
        "0001-01-01T00:00:00-12:00",
        "9999-12-31",
        "9999-12-31T23:59:59-12:00",
        "9999-12-31T23:59:59+14:00",
        "1948-12-31T23:59:59+08:00",
        "1948-12-31",
        "0000",
        "1899",
        "2024-05-04",
        "2024-05-03T23:59:59-01:00",
        "2025",
        "2403-01",
        "-2024-01-01",
        "1714521600000",
        " ",
    ],
)
def test_a_date_that_cannot_be_is_refused(tmp_path: Path, value: str) -> None:
    assert "published_at must" in refused(
        tmp_path, json.dumps(GOOD | {"id": "two", "published_at": value})
    )


@pytest.mark.parametrize("value", ["1949-01-01", "1949", "2024-05-03", "2024-05-03T15:59:59Z"])
def test_the_first_day_and_the_day_after_tomorrow_are_dates(tmp_path: Path, value: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps(GOOD | {"published_at": value}), encoding="utf-8")
    (article,), _ = imports.read_jsonl(path, NOW)
    assert article.published_at is not None


def test_line_ends_of_any_kind_become_newlines_and_control_characters_go(tmp_path: Path) -> None:
    ends = "".join(f"{ZH}{end}" for end in ("\r\n", "\r", "\u2028", "\u2029", "\x85", "\x0b"))
    article = read(
        tmp_path, title="第一\u2028次\r\n会\x00议\uffff\x1b", text=ends + "\x07\ufffe完。"
    )
    assert article.title == "第一 次 会议"
    assert article.text == "\n".join([*([ZH] * 6), "完。"])


def test_marks_of_direction_are_part_of_a_text(tmp_path: Path) -> None:
    assert read(tmp_path, title="会议\u200f\u202e记录").title == "会议\u200f\u202e记录"


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u2060", "\x00\x07", "\u3000\ufeff"])
def test_a_text_of_which_nothing_is_seen_is_a_reject(tmp_path: Path, text: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps(GOOD | {"text": text}), encoding="utf-8")
    articles, (reject,) = imports.read_jsonl(path)
    assert (articles, reject.reason, reject.url) == ([], "empty", "import:one")


def test_text_that_was_encoded_twice_is_turned_back_or_flagged(tmp_path: Path) -> None:
    plain = "松浦市茶叶节今天开幕，市长致辞，来自三十个国家的客商参加，预计签约四十亿元。"
    twice = read(tmp_path, text=plain.encode().decode("latin-1"))
    assert (twice.text, twice.flags) == (plain, ())
    lost = read(tmp_path, text=plain.encode().decode("gbk", "replace"))
    assert "mojibake" in lost.flags


def test_a_text_is_stored_composed_and_without_invisible_spaces(tmp_path: Path) -> None:
    stored = read(
        tmp_path, lang="en", title="Cafe\u0301 fair", text="\u200bThe fair\ufeff opened in Songpu."
    )
    assert (stored.title, stored.text) == ("Café fair", "The fair opened in Songpu.")
