"""Every page of `tests/cms/<city>/<case>/` reads as its expected.json says, field by field.

`expected.json` holds the URL the page was served from, its CMS family and declared language, and
either every field of the article or the reason of its rejection. Names and texts are invented.
"""

from dataclasses import asdict
from datetime import datetime
from functools import cache
from operator import eq
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from recorded import FIXTURES, PAGES, expected, name, page

from crawler.city import City, Source
from crawler.city_file import load_cities
from crawler.cms import FAMILIES
from crawler.demo import DEMO_CITIES
from crawler.demo.gold import gold_articles
from crawler.demo.site import build_site
from crawler.extract.article import extract
from crawler.item import Article, Reject
from pipelines.articles.article_language import judge
from pipelines.quality.gold import text_f1

ONE_LANGUAGE = {"china_daily": ("en",)}
"""Families whose sites are in one language only."""
TEXT_FLOOR, FIELD_FLOOR = 0.995, 0.99
"""The quality that every family keeps: F1 of the text, and the share right of each field."""
FIELDS = (
    "title",
    "text",
    "published_at",
    "published_precision",
    "source",
    "author",
    "column",
    "keywords",
    "images",
    "captions",
    "attachments",
    "flags",
    "extractor",
    "parts",
)


@cache
def result(case: Path) -> Article | Reject:
    return read(case, expected(case).get("headers", {}))


def read(case: Path, headers: dict[str, str]) -> Article | Reject:
    recorded = expected(case)
    url = recorded["url"]
    host = urlsplit(url).netloc
    source = Source(lang=recorded["lang"], cms=recorded["cms"], list=f"http://{host}/")
    city = City(
        key=case.parent.name, name_zh="市", name_en="City", hosts=(host,), sources=(source,)
    )
    return extract(url, page(case).read_bytes(), headers, city)


ARTICLES = [case for case in PAGES if "reject" not in expected(case)]
BILINGUAL = [case for case in ARTICLES if "halves" in expected(case)]
REJECTS = [case for case in PAGES if "reject" in expected(case)]
REDESIGN = FIXTURES / "beiyuan/trs-zh-before-the-redesign"


def value(article: Article, field: str) -> Any:
    """Return a field as expected.json writes it."""
    found = asdict(article)[field]
    if field == "text":
        return found.split("\n")
    if isinstance(found, datetime):
        return found.isoformat(timespec="minutes")
    return list(found) if isinstance(found, tuple) else found


def wanted(case: Path, field: str) -> Any:
    """Return what a field must be; most pages have no captions, and do not say so."""
    return expected(case).get("captions", []) if field == "captions" else expected(case)[field]


@pytest.mark.parametrize("case", ARTICLES, ids=name)
@pytest.mark.parametrize("field", FIELDS)
def test_field_is_as_recorded(case: Path, field: str) -> None:
    article = result(case)
    assert isinstance(article, Article), article
    assert value(article, field) == wanted(case, field)


@pytest.mark.parametrize("family", FAMILIES)
def test_family_keeps_the_floor_on_its_fixtures(family: str) -> None:
    cases = [case for case in ARTICLES if expected(case)["cms"] == family]
    found = [result(case) for case in cases]
    texts = [one.text if isinstance(one, Article) else "" for one in found]
    gold = ["\n".join(expected(case)["text"]) for case in cases]
    assert text_f1(zip(gold, texts, strict=True)) >= TEXT_FLOOR
    for field in FIELDS:
        right = [
            isinstance(one, Article) and value(one, field) == wanted(case, field)
            for one, case in zip(found, cases, strict=True)
        ]
        assert sum(right) / len(right) >= FIELD_FLOOR, field


@pytest.mark.parametrize("city", sorted(load_cities(DEMO_CITIES)))
def test_miniature_web_keeps_the_floor(city: str) -> None:
    """Articles of several pages are joined, and bilingual ones split, elsewhere."""
    site, home = build_site(), load_cities(DEMO_CITIES)[city]
    pages = [
        row
        for row in gold_articles()
        if row["city"] == city and row["trap"] not in ("multipage", "interleaved")
    ]
    found = []
    for row in pages:
        answer = site.answer(row["url"])
        found.append(extract(row["url"], answer.body, dict(answer.headers), home))
    texts = [one.text if isinstance(one, Article) else "" for one in found]
    assert text_f1(zip((row["text"] for row in pages), texts, strict=True)) >= TEXT_FLOOR
    titles = [isinstance(one, Article) and one.title for one in found]
    assert sum(map(eq, titles, (row["title"] for row in pages))) / len(pages) >= FIELD_FLOOR
    dates = [isinstance(one, Article) and shown_date(one) for one in found]
    assert sum(map(eq, dates, (row["published"] for row in pages))) / len(pages) >= FIELD_FLOOR


def shown_date(article: Article) -> str | None:
    """Return the date of an article as the gold of the miniature web writes it."""
    at = article.published_at
    if at is None:
        return None
    return f"{at:%Y-%m-%d}" if article.published_precision == "day" else at.isoformat()


@pytest.mark.parametrize("case", BILINGUAL, ids=name)
def test_bilingual_page_gives_both_articles_and_their_alignment(case: Path) -> None:
    article = result(case)
    assert isinstance(article, Article), article
    halves = [half for half in judge(article) if isinstance(half, Article)]
    assert {half.lang: _half(half) for half in halves} == expected(case)["halves"]
    assert [half.mate_id for half in halves] == [half.article_id for half in reversed(halves)]


def _half(half: Article) -> dict[str, Any]:
    groups = list(half.mate_groups)
    return {"title": half.title, "text": half.text.split("\n"), "mate_groups": groups}


@pytest.mark.parametrize("case", REJECTS, ids=name)
def test_page_without_an_article_is_rejected_for_its_reason(case: Path) -> None:
    reject = result(case)
    assert isinstance(reject, Reject), reject
    assert reject.reason == expected(case)["reject"]
    assert len(reject.detail) > 20


def test_every_family_has_a_fixture_in_each_language() -> None:
    seen = {(expected(case)["cms"], expected(case)["lang"]) for case in ARTICLES}
    both = ("zh", "en")
    assert seen == {(one, lang) for one in FAMILIES for lang in ONE_LANGUAGE.get(one, both)}


def test_pages_of_either_side_of_a_redesign_are_read_by_the_rules_of_their_time() -> None:
    """The old page shows, beside its text, an element that bears the new templates' name."""
    served = expected(REDESIGN)["headers"]
    then = read(REDESIGN, served)
    late = read(REDESIGN, served | {"Date": "Thu, 07 Nov 2024 02:10:00 GMT"})
    assert isinstance(then, Article)
    assert isinstance(late, Article)
    assert (then.extractor, late.extractor) == ("trs: .TRS_Editor", "trs: .trs_editor_view")


@pytest.mark.parametrize("lacking", ["page.html", "expected.json"])
def test_a_fixture_that_lacks_its_page_or_its_expectation_says_so(
    tmp_path: Path, lacking: str
) -> None:
    case = tmp_path / "somewhere" / "trs-zh"
    case.mkdir(parents=True)
    for file in {"page.html", "expected.json"} - {lacking}:
        (case / file).write_text("{}", encoding="utf-8")
    with pytest.raises(pytest.fail.Exception, match=f"somewhere/trs-zh: {lacking} missing"):
        expected(case)


def test_a_draft_is_no_fixture_until_a_person_has_checked_it(tmp_path: Path) -> None:
    (tmp_path / "page.html").touch()
    (tmp_path / "expected.json").write_text('{"draft": "check me"}', encoding="utf-8")
    with pytest.raises(pytest.fail.Exception, match="is a draft"):
        expected(tmp_path)
