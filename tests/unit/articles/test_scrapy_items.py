"""An article that breaks its own contract is a reject, not a row."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.city import City
from crawler.city_file import load_city
from crawler.item import NEWS_TIME, Article, Reject, article_id
from pipelines.articles.scrapy_items import checked, judged

URL = "http://www.haiqing.example/xwzx/202403/t20240305_1.html"
ARTICLE = Article(
    article_id=article_id(URL),
    city="haiqing",
    site="www.haiqing.example",
    url=URL,
    title="市政府召开第29次常务会议",
    text="3月4日，市政府召开第29次常务会议，研究城市防汛工作。",
    published_at=datetime(2024, 3, 5, 9, 30, tzinfo=NEWS_TIME),
    published_precision="minute",
)


@pytest.fixture
def city(tmp_path: Path) -> City:
    path = tmp_path / "haiqing.yaml"
    path.write_text(
        "name: {zh: 海晴市, en: Haiqing}\nhosts: [www.haiqing.example]\n"
        'sources: [{lang: zh, cms: trs, list: "http://www.haiqing.example/xwzx/index.html"}]\n',
        encoding="utf-8",
    )
    return load_city(path)


def test_a_sound_article_and_any_reject_pass(city: City) -> None:
    assert checked(ARTICLE, city) is ARTICLE
    reject = Reject(URL, "haiqing", "too_short", "12 characters")
    assert checked(reject, city) is reject
    assert judged(reject) == (reject,)


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"title": " "}, "title or text is empty"),
        ({"text": "\n"}, "title or text is empty"),
        ({"city": "elsewhere"}, "it belongs to elsewhere"),
        ({"url": "http://mirror.example/1"}, "on a host the city does not name"),
        ({"article_id": "1"}, "not 16 hex digits"),
        ({"published_precision": None}, "do not go together"),
        ({"published_at": datetime(2024, 3, 5)}, "no time zone"),
    ],
)
def test_an_article_that_breaks_its_contract_is_rejected_with_the_reason(
    city: City, change: dict[str, Any], detail: str
) -> None:
    result = checked(replace(ARTICLE, **change), city)
    assert isinstance(result, Reject)
    assert result.reason == "invalid"
    assert detail in result.detail


def test_language_is_judged_for_every_article() -> None:
    (article,) = judged(ARTICLE)
    assert isinstance(article, Article)
    assert (article.lang, article.script) == ("zh", "Hans")
