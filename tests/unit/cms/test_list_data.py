"""Lists as data: entries under any field names, and requests for their further pages."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from crawler.cms import FAMILIES
from crawler.cms.data import read_json, read_xml
from crawler.cms.endpoints import json_listing

HERE = "http://www.a.example/api/news?channelId=7&pageNo=1&pageSize=2"
PAGES = [f"http://www.a.example/xw/2024/{n}.html" for n in (1, 2)]
DAY = date(2024, 6, 7)


def links(text: str, family: str = "ucap", url: str = HERE) -> list[tuple[str, str | None, Any]]:
    listing = FAMILIES[family].read_list(text, url)
    return [(link.url, link.title, link.date) for link in listing.links]


ENTRIES = [
    {"infourl": "/xw/2024/{n}.html", "realtitle": "滨江要闻{n}", "infodate": "2024-06-07 09:30"},
    {"docPubUrl": "/xw/2024/{n}.html", "docTitle": "滨江要闻{n}", "docRelTime": "2024-06-07T09:30"},
    {"URL": "/xw/2024/{n}.html", "TITLE": "<em>滨江</em>要闻{n}", "PUBTIME": 1717723800000},
    {"link_url": "/xw/2024/{n}.html", "news_title": "滨江要闻{n}", "publish_time": 1717723800},
    {"href": "/xw/2024/{n}.html", "bt": "滨江要闻{n}", "fbsj": "20240607093000"},
    {"pcUrl": "/xw/2024/{n}.html", "subject": "滨江要闻{n}", "releaseDate": "2024年6月7日"},
    {"path": "/xw/2024/{n}.html", "name": "滨江要闻{n}", "time": "/Date(1717723800000)/"},
    {"articleUrl": "/xw/2024/{n}.html", "headline": "滨江要闻{n}", "date": {"time": 1717723800000}},
    {"url": "/xw/2024/{n}.html", "title": "滨江…", "fullTitle": "滨江要闻{n}", "date": "2024/6/7"},
    {
        "url": "/xw/2024/{n}.html",
        "title": "滨江要闻{n}",
        "updateTime": "2024-07-01",
        "displayDate": "2024.06.07",
    },
    {"url": "/xw/2024/{n}.html", "titleO": "滨江要闻{n}", "docDate": "2024-06-06T17:00:00Z"},
    {
        "cover": "/a/{n}.jpg",
        "staticUrl": "/xw/2024/{n}.html",
        "content_title": "滨江要闻{n}",
        "issueTime": "2024-06-07",
    },
]


def filled(value: Any, n: int) -> Any:
    return json.loads(json.dumps(value, ensure_ascii=False).replace("{n}", str(n)))


@pytest.mark.parametrize("entry", ENTRIES, ids="-".join)
@pytest.mark.parametrize(
    "wrapped",
    [
        '{"data": %s}',
        '{"code": 200, "result": {"page": {"rows": %s}}}',
        "%s",
        "cb_1(%s);",
        "var list = %s;",
        ")]}',\n%s",
        "while(1);%s",
        "for (;;);%s",
        "typeof cb_1 === 'function' && cb_1(%s);",
        "window['list'] = %s;",
        "var total = 9; // 要闻\nvar list = [\n// 本页\n{rows: %s}];",
        '{"data": {"middle": {"listAndBox": %s}}}',
    ],
)
def test_an_object_with_an_address_and_a_title_is_an_entry(
    entry: dict[str, Any], wrapped: str
) -> None:
    text = wrapped % json.dumps([filled(entry, n) for n in (1, 2)], ensure_ascii=False)
    expected = [(url, f"滨江要闻{n}", DAY) for n, url in enumerate(PAGES, 1)]
    assert links(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        (
            '{"result": "<ul><li><a href=\'/xw/2024/1.html\'>滨江要闻的第一条</a> 20'
            '24-06-07</li></ul>"}'
        ),
        ('{"data": {"html": "<li><a href=\\"/xw/2024/1.html\\">滨江要闻的第一条</a>2024-06-07"}}'),
        'cb("<li><a href=\\"/xw/2024/1.html\\">滨江要闻的第一条</a>2024-06-07</li>")',
        '{"list": "[{\\"url\\": \\"/xw/2024/1.html\\", \\"title\\": \\"滨江要闻的第一条\\", '
        '\\"date\\": \\"2024-06-07\\"}]"}',
        "[{url:'/xw/2024/1.html', title:'滨江要闻的第一条', date:'2024-06-07'},]",
        "<docs total='9'><doc><title>滨江要闻的第一条</title><url>/xw/2024/1.html</url>"
        "<pubDate>2024-06-07</pubDate></doc></docs>",
        "<?xml version='1.0'?><DATA><ROW TITLE='滨江要闻的第一条' LINKURL='/xw/2024/1.html' "
        "PUBDATE='2024-06-07 10:00:00'/></DATA>",
        "<r><RECORD><DOCTITLE><![CDATA[滨江要闻的第一条]]></DOCTITLE>"
        "<DOCPUBURL><![CDATA[http://www.a.example/xw/2024/1.html]]></DOCPUBURL>"
        "<DOCRELTIME>2024-06-07</DOCRELTIME></RECORD></r>",
        (
            "<list><i><![CDATA[<li><a href='/xw/2024/1.html'>滨江要闻的第一条</a>2024"
            "-06-07</li>]]></i></list>"
        ),
    ],
)
@pytest.mark.parametrize("family", ["generic", "trs"])
def test_markup_and_records_in_data_are_read(text: str, family: str) -> None:
    assert links(text, family) == [(PAGES[0], "滨江要闻的第一条", DAY)]


ROWS = [{"url": f"/xw/2024/{n}.html", "title": f"滨江要闻{n}"} for n in (1, 2)]


@pytest.mark.parametrize(
    ("query", "extra", "expected"),
    [
        ("page=1&size=2", {"total": 5}, ["page=2&size=2", "page=3&size=2"]),
        (
            "pageIndex=1&pageSize=2",
            {"totalCount": "5"},
            ["pageIndex=2&pageSize=2", "pageIndex=3&pageSize=2"],
        ),
        ("page=0&size=2", {"totalElements": 5}, ["page=1&size=2", "page=2&size=2"]),
        ("pageNo=1", {"pager": {"pageCount": 3}}, ["pageNo=2", "pageNo=3"]),
        ("curPage=1&rows=2", {"totalPages": 2, "total": 4}, ["curPage=2&rows=2"]),
        ("offset=0&limit=2", {"total": 5}, ["offset=2&limit=2", "offset=4&limit=2"]),
        ("start=0&rows=2", {"numFound": 3}, ["start=2&rows=2"]),
        ("offset=0&limit=2", {}, ["offset=2&limit=2"]),
        ("page_num=1&page_size=2", {"hits": {"total": {"value": 3}}}, ["page_num=2&page_size=2"]),
        ("p=1&n=x", {}, ["p=2&n=x"]),
        ("pageNo=1&lm=%D0%C2", {"total": 4}, ["pageNo=2&lm=%D0%C2"]),
        (
            "q=%7B%22pageNo%22%3A1%2C%22pageSize%22%3A2%7D",
            {"total": 4},
            ["q=%7B%22pageNo%22%3A2%2C%22pageSize%22%3A2%7D"],
        ),
        ("pageNo=2&pageSize=2", {"count": 4}, []),
        ("pageNo=1&pageSize=3", {}, []),
        ("id=7", {"total": 50}, []),
    ],
)
def test_further_pages_are_asked_for_as_the_first_was(
    query: str, extra: dict[str, Any], expected: list[str]
) -> None:
    url = "http://www.a.example/api/news?"
    listing = json_listing({"rows": ROWS} | extra, url + query)
    assert listing.more == tuple(url + page for page in expected)


TEN = [{"title": f"云梦要闻第{i}则标题", "url": f"/yw/{i}.html"} for i in range(10)]


@pytest.mark.parametrize(
    ("url", "answer", "more"),
    [
        ("/api/list/1/10", {"rows": TEN, "total": 25}, ["/api/list/2/10", "/api/list/3/10"]),
        ("/api/list/1/20", {"rows": TEN}, []),
        (
            "/api/list?cursor=0&limit=10",
            {"list": TEN, "nextCursor": "ab/9", "hasMore": True},
            ["/api/list?cursor=ab%2F9&limit=10"],
        ),
        (
            "/api/list.do?bean.curPage=1",
            {"bean": {"totalPage": 3}, "rows": TEN},
            ["/api/list.do?bean.curPage=2", "/api/list.do?bean.curPage=3"],
        ),
        ("/api/list", {"data": TEN, "links": {"next": {"href": "/api/2"}}}, ["/api/2"]),
        ("/api/list?cursor=0", {"list": TEN, "nextCursor": "ab9", "hasMore": False}, []),
        ("/f.json", {"title": "N", "at": "/x.html", "items": TEN, "next_url": "/2"}, ["/2"]),
        (
            "/api/list?page=1",
            {"data": [{"attributes": {"title": r["title"]}, "links": {"self": r["url"]}}
                      for r in TEN], "total": 15},
            ["/api/list?page=2"],
        ),
        (
            "/api/list?page=1",
            {"rows": [r | {"url": f"http%3A%2F%2Fwww.a.example{r['url']}"} for r in TEN],
             "total": 10},
            [],
        ),
    ],
)  # fmt: skip
def test_answers_name_what_follows(url: str, answer: Any, more: list[str]) -> None:
    found = json_listing(answer, f"http://www.a.example{url}")
    assert [link.url for link in found.links] == [f"http://www.a.example{r['url']}" for r in TEN]
    assert list(found.more) == [f"http://www.a.example{each}" for each in more]


def test_a_list_in_numbered_files_leads_to_the_next() -> None:
    url = "http://www.a.example/xw/list_1.json"
    assert json_listing({"rows": ROWS, "pages": 3}, url).more == (
        "http://www.a.example/xw/list_2.json",
        "http://www.a.example/xw/list_3.json",
    )


@pytest.mark.parametrize(
    "text", ["", "<p>x</p>", "hello", "f(", "<!DOCTYPE html><html>", "{a", "x = y", "();"]
)
def test_other_texts_are_no_data(text: str) -> None:
    assert read_json(text) is None
    assert read_xml(text) is None


# Lists in shapes of many systems, written for these tests: pagers, scripts, data, frames.
# `list_shapes.json` has an object for each: the families that read it, its address and text, and
# what they find: at least the further pages `more`, and if given, the number of links and their
# dates.
SHAPES = json.loads((Path(__file__).parent / "list_shapes.json").read_text(encoding="utf-8"))
CASES = [(shape, family) for shape in SHAPES for family in shape["families"]]
MANY = 130
"""Further pages above which one of these lists was misread: the longest has 120."""


@pytest.mark.parametrize(
    ("shape", "family"), CASES, ids=[f"{shape['name']}-{family}" for shape, family in CASES]
)
def test_a_list_is_read_on(shape: dict[str, Any], family: str) -> None:
    listing = FAMILIES[family].read_list(shape["text"], shape["url"])
    assert set(shape["more"]) <= set(listing.more)
    assert len(listing.more) <= MANY
    if shape["links"] is not None:
        assert len(listing.links) == shape["links"]
    if shape["dates"] is not None:
        assert [str(link.date) for link in listing.links] == shape["dates"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("cb( [1] ) ;", [1]),
        ("/* a */ try{a.b([1]);", [1]),
        ("var a = [1] ;", [1]),
        ('a({"b": ")"})', {"b": ")"}),
        ("a=[1]x;", None),
        (f"a({' ' * 4000}x;", None),  # blanks once took their cube
        (f"a=[]{' ' * 60_000}x;", None),
    ],
    ids=range(7),
)
def test_calls_and_assignments_have_their_value_up_to_the_end(text: str, value: Any) -> None:
    assert read_json(text) == value
