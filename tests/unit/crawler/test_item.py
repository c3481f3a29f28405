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
    assert canonical_url(url) == "http://english.gov.taipei/News_Content.aspx?n=A1&s=3A"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("/News_Content.aspx?n=A1&sms=D2&s=3A", "/News_Content.aspx?n=A1&s=3A", True),
        ("/News_Content.aspx?n=A1&sms=D2&s=3A", "/News_Content.aspx?n=A1&sms=D2&s=3B", False),
        ("/News.aspx?n=A1&sms=D2", "/News.aspx?n=A1&sms=D3", False),
        ("/a/c_12.htm?fontSize=2", "/a/c_12.htm", True),
        ("/a/c_12.htm?xxgkhide=1&id=4", "/a/c_12.htm?id=4", True),
        ("/202406/t20240608_157_app.html", "/202406/t20240608_157.html", True),
        ("/202406/t20240608_157_wap.html", "/202406/t20240608_157_2.html", False),
        ("/our_app.html", "/our.html", False),
        ("/content/mpost_77.html", "/content/post_77.html", True),
        ("/P2024030500123_photo_1034669.htm", "/P2024030500123.htm", True),
        ("/P2024030500123_photo_1.htm", "/P2024030500124_photo_1.htm", False),
        ("/show?id=1&gad_source=5&_hsenc=p2&ivk_sa=1", "/show?id=1", True),
        ("/show?id=1&source=a", "/show?id=1&source=b", False),
        ("/show?id=1&v=1", "/show?id=1&v=2", False),
        ("/show?id=1&v=1711000000", "/show?id=1", True),
        ("/show?id=1711000000", "/show?id=1711000001", False),
        ("/show?id=1&0.7263512345", "/show?id=1", True),
        ("/show?id=1&ref=home", "/show?id=1", True),
        ("/show?ref=2024-17", "/show?ref=2024-18", False),
        ("/show?id=1&cid=2", "/show?cid=2&id=1", True),
        ("/show?id=1&cid=2", "/show?id=2&cid=1", False),
        ("/show?id=1&view=print", "/show?id=1", True),
        ("/show?id=1&view=news", "/show?id=1", False),
        ("/show?id=1&mobile=0", "/show?id=1", True),
        ("/show?id=1&output=amp", "/show?id=1", True),
        ("/show?id=1&amp;cid=2", "/show?id=1&cid=2", True),
        ("/show?id=1?from=app", "/show?id=1", True),
        ("/show?id=1?cid=2", "/show?id=1?cid=3", False),
        ("/a//b/12.htm", "/a/b/12.htm", True),
        ("/a/../b/./12.htm", "/b/12.htm", True),
        ("/a\\12.htm", "/a/12.htm", True),
        ("/a/77/index.html", "/a/77/", True),
        ("/a/77/Default.aspx?id=4", "/a/77/?id=4", True),
        ("/a/77/index_2.html", "/a/77/", False),
        ("/a/77", "/a/77/", False),
        ("/(S(3xkq1fjt0pzw))/News.aspx?id=4", "/News.aspx?id=4", True),
        ("/News(S).aspx?id=4", "/News.aspx?id=4", False),
        ("/a.do;JSESSIONID=B.node1?id=4", "/a.do?id=4", True),
    ],
)
def test_another_view_is_left_out_and_another_article_is_not(
    one: str, other: str, same: bool
) -> None:
    ids = {article_id(f"http://www.some.example{path}") for path in (one, other)}
    assert (len(ids) == 1) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("lb=%B1%F5%BD%AD", "lb=%C7%E5%BA%D3", False),  # two words in GBK
        ("lb=%b1%f5", "lb=%B1%F5", True),
        ("lb=%A4%E5", "lb=%A5%AA", False),  # in Big5
        ("lb=滨江", "lb=%E6%BB%A8%E6%B1%9F", True),
        ("lb=a%20b", "lb=a+b", True),
        ("lb=a%2Bb", "lb=a+b", False),
        ("lb=a%2fb&x", "lb=a/b&x=", True),
        ("lb=a%26x=1", "lb=a&x=1", False),
        ("lb=%41", "lb=A", True),
    ],
)
def test_a_query_is_told_by_its_bytes(one: str, other: str, same: bool) -> None:
    urls = {canonical_url(f"http://www.some.example/show.asp?{query}") for query in (one, other)}
    assert (len(urls) == 1) is same
    assert all(url.isascii() and canonical_url(url) == url for url in urls)


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
