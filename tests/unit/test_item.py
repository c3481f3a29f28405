"""An article's identity: what falls together and what must not."""

import pytest

from crawler.item import article_id, canonical_url

BASE = "http://www.some.gov.cn/art/2024/3/5/art_1_77.html"


@pytest.mark.parametrize(
    "twin",
    [
        "https://www.some.gov.cn/art/2024/3/5/art_1_77.html",
        "http://WWW.SOME.GOV.CN:80/art/2024/3/5/art_1_77.html#top",
        "http://www.some.gov.cn/art/2024/3/5/art_1_77_print.html",
        "http://m.some.gov.cn/art/2024/3/5/art_1_77.html",
        "http://www.some.gov.cn/mobile/art/2024/3/5/art_1_77.html",
        "http://www.some.gov.cn/art/2024/3/5/art_1_77.html?from=timeline&isappinstalled=0",
        "http://www.some.gov.cn/art/2024/3/5/art_1_77.html?utm_source=x&spm=1.2&print=1",
    ],
)
def test_twins_of_a_page_are_one_article(twin: str) -> None:
    assert canonical_url(twin) == BASE
    assert article_id(twin) == article_id(BASE)


@pytest.mark.parametrize(
    "other",
    [
        "http://www.some.gov.cn/art/2024/3/5/art_1_78.html",
        "http://www.some.gov.cn/art/2024/3/5/art_1_77.html?n=2",
        "http://en.some.gov.cn/art/2024/3/5/art_1_77.html",
        "http://www.some.gov.cn/art/2024/3/5/ART_1_77.html",
    ],
)
def test_other_pages_are_other_articles(other: str) -> None:
    assert article_id(other) != article_id(BASE)


def test_an_id_in_the_query_is_kept() -> None:
    url = "https://english.gov.taipei/News_Content.aspx?n=A1&sms=D2&s=3A"
    assert canonical_url(url) == "http://english.gov.taipei/News_Content.aspx?n=A1&sms=D2&s=3A"


def test_the_two_languages_of_one_page_have_ids_of_their_own() -> None:
    assert len({article_id(BASE), article_id(BASE, "zh"), article_id(BASE, "en")}) == 3
