"""Pages that show no entries: frames, units of jpaas, endpoints, data in scripts."""

import pytest

from crawler.cms import FAMILIES

HERE = "http://www.a.example/xw/index.html"
COLUMN = "http://www.a.example/col/col1234/index.html"
UNIT = "http://www.a.example/api-gateway/jpaas-publish-server/front/page/build/unit"


@pytest.mark.parametrize("family", ["trs", "ucap", "generic", "hanweb"])
@pytest.mark.parametrize(
    ("markup", "frame"),
    [
        ('<iframe src="/xw/yw_list.html" width="100%"></iframe>', "/xw/yw_list.html"),
        (
            "<frameset><frame src='top.html'><frame src='main.html' name='main'></frameset>",
            "/xw/main.html",
        ),
        ('<iframe data-src="./inner.jsp?lm=7"></iframe>', "/xw/inner.jsp?lm=7"),
        ('<iframe data-lazy-src="inner.html"></iframe>', "/xw/inner.html"),
        ('<object type="text/html" data="/xw/inner.html"></object>', "/xw/inner.html"),
        ("<div id='l'></div><script>$('#l').load('/xw/inner.html')</script>", "/xw/inner.html"),
        (
            "<iframe id='f'></iframe><script>document.getElementById('f').src='/xw/inner.html'"
            "</script>",
            "/xw/inner.html",
        ),
    ],
)
def test_a_frame_is_a_further_page(family: str, markup: str, frame: str) -> None:
    listing = FAMILIES[family].read_list(f"<html><body>{markup}</body></html>", HERE)
    assert f"http://www.a.example{frame}" in listing.more
    assert not any("top.html" in url for url in listing.more)


@pytest.mark.parametrize(
    "source",
    ["http://b.example/list.html", "/visitcount.html", "/share.html", "/a.mp4", "about:blank", ""],
)
def test_a_frame_of_something_else_is_not(source: str) -> None:
    text = f'<html><body><iframe src="{source}"></iframe></body></html>'
    assert FAMILIES["trs"].read_list(text, HERE).more == ()


def test_a_frame_beside_one_pinned_entry_is_read() -> None:
    text = (
        '<li><a href="./202406/t20240607_1.html">滨江要闻</a></li><iframe src="in.html"></iframe>'
    )
    listing = FAMILIES["trs"].read_list(text, HERE)
    assert (len(listing.links), listing.more) == (1, ("http://www.a.example/xw/in.html",))


@pytest.mark.parametrize(
    "markup",
    [
        '<script src="/AuthorizedRead/unitbuild.js" url="/api-gateway/jpaas-publish-server/front/'
        "page/build/unit\" queryData=\"{'webId':'9','tplSetId':'Ab1','tagId':'列表',"
        "'pageId':'1234'}\"></script>",
        "<script url='/api-gateway/jpaas-publish-server/front/page/build/unit' querydata='{"
        '"parseType":"bulidstatic","webId":"9","tplSetId":"Ab1","tagId":"列表","pageId":"1234"}\'>'
        "</script>",
        "<div querydata='{&quot;webId&quot;:&quot;9&quot;,&quot;tplSetId&quot;:&quot;Ab1&quot;,"
        "&quot;tagId&quot;:&quot;列表&quot;}'></div>",
        "<script>$.get('/api-gateway/jpaas-publish-server/front/page/build/unit', {webId: '9', "
        "tplSetId: 'Ab1', tagId: '列表', pageId: '1234'})</script>",
    ],
)
def test_a_unit_of_jpaas_is_asked_for(markup: str) -> None:
    listing = FAMILIES["hanweb"].read_list(f"<html><body>{markup}</body></html>", COLUMN)
    assert listing.more[0] == (
        f"{UNIT}?parseType=bulidstatic&webId=9&tplSetId=Ab1&pageType=column"
        "&tagId=%E5%88%97%E8%A1%A8&editType=null&pageId=1234"
    )


@pytest.mark.parametrize("family", ["trs", "generic"])
def test_entries_that_a_script_writes_are_read(family: str) -> None:
    rows = "".join(
        f"<script>s = '<li><a href=\\\"./202407/t2024070{n}_1.html\\\">滨江要闻之第{n}条</a></li>';"
        "document.write(s)</script>"
        for n in (1, 2, 3)
    )
    listing = FAMILIES[family].read_list(f"<html><body><ul>{rows}</ul></body></html>", HERE)
    assert [link.url for link in listing.links] == [
        f"http://www.a.example/xw/202407/t2024070{n}_1.html" for n in (1, 2, 3)
    ]


def test_a_units_markup_states_its_pages() -> None:
    text = (
        '{"success":true,"data":{"html":"<li><a href=\\"/col/col1234/art/2024/art_'
        + "0a" * 16
        + '.html\\">滨江要闻</a></li><div class=\\"page\\" rows=\\"1\\" count=\\"3\\"></div>"}}'
    )
    listing = FAMILIES["hanweb"].read_list(text, f"{UNIT}?webId=9&pageId=1234")
    assert len(listing.links) == 1
    assert [url.partition("paramJson=")[2] for url in listing.more] == [
        "%7B%22pageNo%22%3A2%2C%22pageSize%22%3A1%7D",
        "%7B%22pageNo%22%3A3%2C%22pageSize%22%3A1%7D",
    ]


@pytest.mark.parametrize(
    ("script", "endpoint"),
    [
        ("$.getJSON('/xw/data/list.json', show)", "/xw/data/list.json"),
        (
            'fetch("/api/news/list?channel=7&page=1&size=20")',
            "/api/news/list?channel=7&page=1&size=20",
        ),
        (
            "var u = '/module/xxgk/getList.do?lm=7&currpage=1';",
            "/module/xxgk/getList.do?lm=7&currpage=1",
        ),
        ('loadXML("documents.xml")', "/xw/documents.xml"),
        ("$.getJSON('/api/list', {cid: 7, page: n, size: 20})", "/api/list?cid=7&page=1&size=20"),
        ("$.ajax({url: '/api/list', data: {cid: 7, page: 1}})", "/api/list?cid=7&page=1"),
        ("axios.get('/api/list', {params: {cid: 7, page: 1}})", "/api/list?cid=7&page=1"),
        ("let p = 1; $.get('/api/list?cid=7&page=' + p, show)", "/api/list?cid=7&page=1"),
        ("let p = 1; fetch(`/api/list?cid=7&page=${p}`)", "/api/list?cid=7&page=1"),
    ],
)
def test_an_endpoint_of_a_script_is_asked_for(script: str, endpoint: str) -> None:
    text = f"<html><body><div id='list'></div><script>{script}</script></body></html>"
    assert FAMILIES["trs"].read_list(text, HERE).more == (f"http://www.a.example{endpoint}",)


def test_entries_in_a_script_are_read() -> None:
    text = (
        "<html><body><div id='app'></div><script>window.__STATE__ = "
        '{"list": [{"url": "/xw/202406/t20240607_1.html", '
        '"title": "滨江要闻"}]};</script></body>'
    )
    (link,) = FAMILIES["trs"].read_list(text, HERE).links
    assert (link.url, link.title) == ("http://www.a.example/xw/202406/t20240607_1.html", "滨江要闻")


@pytest.mark.parametrize(
    ("markup", "sign"),
    [
        ("<iframe src='http://b.example/list'></iframe>", "http://b.example/list"),
        ("<script>post('/irs/front/search', body(n))</script>", "/irs/front/search"),
        ("<script src='/js/app.3f2.js'></script>", "/js/app.3f2.js"),
    ],
)
def test_what_cannot_be_read_is_named(markup: str, sign: str) -> None:
    listing = FAMILIES["trs"].read_list(f"<html><body>{markup}</body></html>", HERE)
    assert (listing.links, listing.more) == ((), ())
    assert sign in listing.unread


def test_a_page_that_its_family_cannot_read_is_read_by_the_generic_one() -> None:
    rows = "".join(
        f"<li><a href='/news/{n}.html'>滨江市新闻之{n}</a>2024-06-0{n}</li>" for n in (1, 2, 3)
    )
    listing = FAMILIES["trs"].read_list(f"<ul>{rows}</ul>", HERE)
    assert (len(listing.links), listing.family) == (3, "generic")


@pytest.mark.parametrize(
    ("href", "sent"),
    [
        ("show.asp?lm=新闻", "show.asp?lm=%D0%C2%CE%C5"),
        ("新闻/show.asp?id=1", "新闻/show.asp?id=1"),
        ("show.asp?lm=%D0%C2", "show.asp?lm=%D0%C2"),
    ],
)
def test_a_query_is_sent_in_the_pages_encoding(href: str, sent: str) -> None:
    row = f"<li><a href='{href}&id=1'>滨江市要闻之一</a>2024-06-07</li>"
    text = f"<meta charset='gb2312'><ul>{row}</ul>"
    (link,) = FAMILIES["generic"].read_list(text, HERE).links
    assert link.url == f"http://www.a.example/xw/{sent}&id=1"
