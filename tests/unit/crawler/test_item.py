"""An article's identity: what falls together and what must not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.item import article_id, canonical_url, is_twin

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
        "http://www.some.gov.cn/amp/art/2024/3/5/art_1_77.html",
        "http://www.some.gov.cn/art/2024/3/5/art_1_77.amp.html?fbclid=x",
        "http://wap.some.gov.cn/m/art/2024/3/5/art_1_77.html?amp",
        "http://www.some.gov.cn/art/2024/3/5/art_1_77.html;jsessionid=A1?_=1700000000",
        "http://www.some.gov.cn./%61rt/2024/3/5/art_1_77.html",
        "http://www.some.gov.cn/mobile/mobile/art/2024/3/5/art_1_77.html",
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


RELEASE = "http://www.info.gov.hk/gia/general/202403/05/P2024030500123.htm"


@pytest.mark.parametrize(
    "view",
    [
        "https://www.info.gov.hk/gia/general/202403/05/P2024030500123p.htm",
        "https://www.info.gov.hk/gia/general/202403/05/P2024030500123_print.htm",
        "https://www.info.gov.hk/gia/general/202403/05/P2024030500123_photo_2.htm",
        "https://sc.isd.gov.hk/TuniS/www.info.gov.hk/gia/general/202403/05/P2024030500123.htm",
        "http://sc.info.gov.hk/gb/www.info.gov.hk/gia/general/202403/05/P2024030500123p.htm",
        "http://www.info.gov.hk/gb/gia/general/202403/05/P2024030500123.htm",
    ],
)
def test_print_photograph_and_machine_simplified_views_are_twins_of_the_release(view: str) -> None:
    assert (canonical_url(view), is_twin(view)) == (RELEASE, True)


@pytest.mark.parametrize(
    "url",
    [
        RELEASE,
        "https://www.info.gov.hk/gia/general/202403/05/P202403050012.htm",
        "http://www.gov.mo/gb/news/1.html",  # an edition that people write
        "http://www.some.gov.cn/photo/2024/t20240305_1.html",
        "http://www.some.gov.cn/print/",
        "https://www.some.gov.cn:443/a.html?from=x#top",
    ],
)
def test_a_page_itself_is_no_twin_however_it_is_spelled(url: str) -> None:
    assert is_twin(url) is (url == "http://www.some.gov.cn/print/")


PIECES = (
    "m.",
    "TuniS/",
    "gb/",
    "x.gov.hk/",
    "amp/",
    "print/",
    "_print",
    "_photo_1",
    ".htm",
    "%2",
    "%41",
    "?a=1",
    "&print=1",
    ";",
    "#",
    "..",
    "//",
    "[",
    ":",
    ":80",
    "\ud800",
    "二",
    " ",
)
ODD = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=8).map("".join)


@given(st.text(max_size=40) | ODD.map("http://".__add__))
def test_any_text_has_one_canonical_spelling_and_an_id(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once
    assert article_id(url) == article_id(once)
