"""Every page of `tests/cms/<city>/<case>/` reads as its expected.json says, field by field.

`expected.json` holds the URL the page was served from, its CMS family and declared language, and
either every field of the article or the reason of its rejection. Names and texts are invented.
"""

import json
from dataclasses import asdict
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from crawler.city import City, Source
from crawler.extract import extract
from crawler.item import Article, Reject
from pipelines.language import judge

FIXTURES = Path(__file__).parent
CASES = sorted(path for path in FIXTURES.glob("*/*") if path.is_dir() and path.name[0] not in "._")
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
def expected(case: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"captions": []}
    missing = [file for file in ("page.html", "expected.json") if not (case / file).is_file()]
    if missing:
        pytest.fail(
            f"tests/cms/{name(case)}: {' and '.join(missing)} missing. A fixture is a page "
            "and what a person, looking at it, says it holds; see CONTRIBUTING.md.",
            pytrace=False,
        )
    found |= json.loads((case / "expected.json").read_text(encoding="utf-8"))
    return found


@cache
def result(case: Path) -> Article | Reject:
    wanted = expected(case)
    url = wanted["url"]
    host = urlsplit(url).netloc
    source = Source(lang=wanted["lang"], cms=wanted["cms"], list=f"http://{host}/")
    city = City(
        key=case.parent.name, name_zh="市", name_en="City", hosts=(host,), sources=(source,)
    )
    return extract(url, (case / "page.html").read_bytes(), wanted.get("headers", {}), city)


def name(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


ARTICLES = [case for case in CASES if "reject" not in expected(case)]
BILINGUAL = [case for case in ARTICLES if "halves" in expected(case)]
REJECTS = [case for case in CASES if "reject" in expected(case)]


@pytest.mark.parametrize("case", ARTICLES, ids=name)
@pytest.mark.parametrize("field", FIELDS)
def test_field_is_as_recorded(case: Path, field: str) -> None:
    article = result(case)
    assert isinstance(article, Article), article
    found, wanted = asdict(article)[field], expected(case)[field]
    if field == "text":
        found = found.split("\n")
    elif field == "published_at":
        wanted = wanted and datetime.fromisoformat(wanted)
    elif isinstance(found, tuple):
        found = list(found)
    assert found == wanted


@pytest.mark.parametrize(
    "case", [case for case in ARTICLES if "halves" in expected(case)], ids=name
)
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
    families = ("hanweb", "trs", "jeecms", "ucap", "generic")
    assert seen == {(family, lang) for family in families for lang in ("zh", "en")}
