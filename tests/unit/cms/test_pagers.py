"""Pagers of links, buttons and options, in the shapes that sites write them."""

import time
from datetime import UTC, datetime

import pytest

from crawler.cms import FAMILIES
from crawler.cms.pagers import pager_of
from crawler.fetch.pace import retry_after
from crawler.limits import whole_number

HERE = "http://www.a.example/xw/index.html"


@pytest.mark.parametrize(
    ("url", "markup", "expected"),
    [
        (
            "http://www.a.example/xw/index.html",
            '<a href="index_2.html">Next →</a>',
            ["index_2.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            '<a href="index_2.html" title="下一页"><i class="icon"></i></a>',
            ["index_2.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            '<div>共25页 <a href="index_25.html">尾页</a></div>',
            ["index_2.html", "index_25.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            '<div>共25页 <a href="index_24.html">尾页</a></div>',
            ["index_1.html", "index_24.html"],
        ),
        ("http://www.a.example/xw/", '<a href="/xw/?paged=2">Older posts</a>', ["/xw/?paged=2"]),
        (
            "http://www.a.example/xw/list?c=3&page=1",
            "<a href='#' onclick='go(2)'>2</a><a href='#' onclick='go(9)'>9</a><script>function go("
            "n){const u=new URL(location.href);u.searchParams.set('page',n);go(u)}</script>",
            ["?c=3&page=2", "?c=3&page=9"],
        ),
        (
            "http://www.a.example/xw/list?c=3",
            "<a href='#' onclick='go(2)'>2</a><script>function go(n){location=at+sep+'page='+n}"
            "</script>",
            ["?c=3&page=2"],
        ),
        (
            "http://www.a.example/xw/index.html",
            '<span>共45条 每页15条</span><a href="index_1.html">下一页</a>',
            ["index_1.html", "index_2.html"],
        ),
        (
            "http://www.a.example/xw/",
            '<p>Showing 1-15 of 45</p><a rel=next href="?page=2">Next</a>',
            ["?page=2", "?page=3"],
        ),
        ("http://www.a.example/xw/", '<div data-next="?page=2">More</div>', ["?page=2"]),
        ("http://www.a.example/xw/", '<button hx-get="?page=2">Load more</button>', ["?page=2"]),
        ("http://www.a.example/xw/", '<button formaction="?page=2">Next</button>', ["?page=2"]),
        (
            "http://www.a.example/xw/index.html",
            "<select onchange=\"location.href='index_'+this.value+'.html'\"><option value=0>1"
            "</option><option value=1>2</option><option value=2>3</option></select>",
            ["index_1.html", "index_2.html"],
        ),
        (
            "http://www.a.example/xw/list.aspx",
            "<a onclick=\"turn(event, '/xw/list.aspx?Paged=TRUE\\u0026FirstRow=16')\" "
            'href="javascript:"><img alt="Next"></a>',
            ["/xw/list.aspx?Paged=TRUE&FirstRow=16"],
        ),
        (
            "http://www.a.example/xw/index.html",
            (
                '<span>共25页</span> <span>1</span> <a href="index_1.html">2</a> <a href='
                '"index_2.html">3</a> <a href="index_1.html">下一页</a> <a href="index'
                '_24.html">尾页</a>'
            ),
            ["index_1.html", "index_24.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            (
                '<a href="index.html?uid=4&amp;pageNum=2">2</a> <a href="index.html?uid='
                '4&amp;pageNum=3">3</a> <a href="index.html?uid=4&amp;pageNum=25">尾页</'
                "a>"
            ),
            ["?uid=4&pageNum=2", "?uid=4&pageNum=25"],
        ),
        (
            "http://www.a.example/xw/index.html",
            '<a href="list_2.html">后页</a><a href="list_9.html">末页</a>',
            ["list_2.html", "list_8.html"],
        ),
        ("http://www.a.example/xw/index.html", '<a href="/xw/page/2/">›</a>', ["/xw/page/2/"]),
        (
            "http://www.a.example/xw/index.html",
            '<link rel="next" href="/xw/p2.html">',
            ["/xw/p2.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            '<a class="next" href="index_2.html"></a>',
            ["index_2.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            ("<button onclick=\"location.href='index_2.html'\">Next page</button>"),
            ["index_2.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            (
                '<select><option value="index.html">1</option><option value="index_2.htm'
                'l">2</option><option value="index_3.html">3</option></select>'
            ),
            ["index_2.html", "index_3.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            (
                '<a href="javascript:;" tagname="/xw/abc-2.html" onclick="queryArticle'
                "ByCondition(this,'/xw/abc-2.html')\">下一页</a>"
            ),
            ["/xw/abc-2.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            ('<a href="?start=20">2</a><a href="?start=40">3</a><a href="?start=180">10</a>'),
            ["?start=20", "?start=160", "?start=180"],
        ),
        (
            "http://www.a.example/xw/index.html",
            (
                '<a href="javascript:goPage(2)">2</a><a href="javascript:goPage(9)">尾'
                '页</a><script>function goPage(n){location.href="index_"+n+".html"}</sc'
                "ript>"
            ),
            ["index_2.html", "index_9.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            '<a href="index_2.html"><img src="x.gif" alt="下一页"></a>',
            ["index_2.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            ('<a href="index_2.html" aria-label="Next page"><svg></svg></a>'),
            ["index_2.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            '<li class="page-next"><a href="index_2.html"></a></li>',
            ["index_2.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            '<a href="index_02.html">2</a><a href="index_12.html">12</a>',
            ["index_02.html", "index_12.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            '<a href="index_2.html">[下一页]</a> 1/30页',
            ["index_2.html", "index_30.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            '<a href="index_2.html">下一頁&gt;&gt;</a>',
            ["index_2.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            'Page 1 of 4 <a href="index_2.html">Next</a>',
            ["index_2.html", "index_4.html"],
        ),
        ("http://www.a.example/xw/index.html", '<a href="index_2.html">››</a>', ["index_2.html"]),
        (
            "http://www.a.example/xw/index.html",
            ('<a href="index.html?page=1">1</a><a href="index.html?page=2">2</a>'),
            ["?page=2"],
        ),
        (
            "http://www.a.example/xw/index.html",
            (
                '<a href="index.html?page=0">1</a><a href="index.html?page=1">2</a><a h'
                'ref="index.html?page=2">3</a><a href="index.html?page=7">last »</a>'
            ),
            ["?page=1", "?page=7"],
        ),
        ("http://www.a.example/xw/index.html", '<a href="/xw/2024/881.html">下一篇</a>', []),
        ("http://www.a.example/xw/index.html", '<a href="/other/">更多&gt;&gt;</a>', []),
        ("http://www.a.example/xw/index.html", '<a href="http://b.example/2">Next</a>', []),
        (
            "http://www.a.example/xw/index.html",
            ('<li><a href="/x/1.html">全书共300页出版</a></li><a href="index_2.html">下一页</a>'),
            ["index_2.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            '<a href="index_0.html">上一页</a><a href="index.html">首页</a>',
            [],
        ),
        (
            "http://www.a.example/xw/index.html",
            '<a href="list_2.html">二</a><a href="list_3.html">三</a><a href="list_9.html">九</a>',
            ["list_2.html", "list_5.html", "list_9.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            '<span>总页数：<b>12</b></span><a href="list_2.html">次页</a>',
            ["list_2.html", "list_12.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            '<input type=hidden id="totalPage" value="12"><a href="list_2.html">⇒</a>',
            ["list_2.html", "list_12.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            '共58条 分12页显示 <a href="list_2.html">More news</a>',
            ["list_2.html", "list_12.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            '<base href="/yw/"><a href="list_2.html">2</a><a href="list_3.html">3</a>',
            ["/yw/list_2.html", "/yw/list_3.html"],
        ),
        (
            "http://www.a.example/xw/index.html",
            '<ul><li data-page="2">2</li><li data-page="12">12</li></ul><script>'
            '$("li").click(function(){location.href="list_"+$(this).data("page")+".html"})</script>',
            ["list_2.html", "list_12.html"],
        ),
    ],
)
def test_a_pager_leads_on(url: str, markup: str, expected: list[str]) -> None:
    found = pager_of(f"<html><body>{markup}</body></html>", url, lambda page: "/2024/" in page).urls
    assert all(any(page.endswith(end) for page in found) for end in expected), found
    assert bool(found) == bool(expected)
    assert len(found) <= 40


@pytest.mark.parametrize("family", sorted(FAMILIES.keys() - {"feeds", "info_gov_hk"}))
@pytest.mark.parametrize(
    "pager",
    [
        '<a href="list_1.html">2</a><a href="list_2.html">3</a><a href="list_8.html">尾页</a>',
        '<span>共9页</span><a href="list_1.html" title="下一页"></a>',
        '<link rel="next" href="list_1.html"><a href="list_8.html">最后一页</a>',
        "<script>var countPage = 9, currentPage = 0;\nlist('<a href=\"list_' + n + '.html\">')"
        "</script>",
    ],
)
def test_every_family_reads_a_plain_pager(family: str, pager: str) -> None:
    rows = "".join(f"<li><a href='/about/{n}/'>滨江市概况之{n}</a></li>" for n in range(5))
    listing = FAMILIES[family].read_list(f"<ul>{rows}</ul>{pager}", HERE)
    assert {"http://www.a.example/xw/list_1.html", "http://www.a.example/xw/list_8.html"} <= set(
        listing.more
    )


@pytest.mark.parametrize(
    ("markup", "pages", "entries"),
    [
        ("<div>共<b>25</b>页 <span>1/25</span></div>", 25, None),
        ("<div>共 375 条记录，每页 15 条</div>", None, 375),
        ("<div>Page 1 of 12</div>", 12, None),
        ("<div>1 - 10 of 120 results</div>", None, 120),
        ("<div>Showing 1-10 of 120</div>", None, 120),
        ("<div>120 results found</div>", None, 120),
        ("<div>共1,312条</div>", None, 1312),
        ("<div>总记录数：<b>312</b></div>", None, 312),
        ("<div>为您查询到 312 条结果</div>", None, 312),
        ("<div class='list' data-total='312' data-size='5'></div>", None, 312),
        ("<li><a href='/1.html'>全书共300页</a></li>", None, None),
        (
            "<p>这本书由滨江出版社出版发行，全书二十万字，分上下两册，附图片，共300页。</p>",
            None,
            None,
        ),
    ],
)
def test_a_pager_states_its_pages_and_entries(
    markup: str, pages: int | None, entries: int | None
) -> None:
    pager = pager_of(f"<html><body>{markup}</body></html>", HERE, lambda url: False)
    assert (pager.stated, pager.entries) == (pages, entries)


def test_a_pager_without_addresses_is_named() -> None:
    text = "<body><a href='javascript:void(0)' onclick='go(2)'>下一页</a></body>"
    listing = FAMILIES["trs"].read_list(text, HERE)
    assert listing.more == ()
    assert "next page" in listing.unread


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="2023.html">2023</a><a href="2022.html">2022</a>',
        '<ul class="slide"><li onclick="go(1)">1</li><li onclick="go(2)">2</li></ul>'
        '<a class="next" href="javascript:;"></a>',
        "<p>Copyright 2024 1/2 page</p>",
    ],
)
def test_years_and_rows_of_pictures_are_no_pager(markup: str) -> None:
    pager = pager_of(f"<html><body>{markup}</body></html>", HERE, lambda url: False)
    assert (pager.urls, pager.unread) == ((), "")


# Numbers that no page has: whatever a list writes, reading it gives a listing.
NUMBERS = (
    "9" * 5000, "²", "٣", "-1", "+1", "0", "00", "1e999", "NaN", "Infinity", "inf", "true", "null",
    '"' + "9" * 5000 + '"', "99999999999", "253402300800000", "9999-99-99", "0000-00-00",
)  # fmt: skip
PLACES = {
    "link": "<a href='index_{n}.html'>{n}</a>",
    "jhtml": "<a href='index_{n}.jhtml'>{n}</a> {n}/{n}页",
    "query": "<a href='index.html?page={n}'>{n}</a><a href='?n={n}&page={n}'>下一页</a>",
    "path": "<a href='/x/page/{n}/'>{n}</a>",
    "call": "createPageHTML({n}, {n}, 'index', 'html'); <a href='index_{n}.html'>2</a>"
    "createPageHTML(9, 0, 'index', 'html');",
    "total": "共{n}页 totalRecord: {n}, columnid: {n}, unitid: '1', perPage: {n}",
    "date": "<li><a href='/art/2024/1/5/art_1_1.html'>滨江市新闻标题</a>{n}-01-05 {n}年{n}月{n}日",
    "json": '{{"total":{n},"infolist":[{{"title":"a","link":"/content_1.html","pubtime":{n}}}]}}',
    "feed": "<rss><item><title>t</title><link>http://h.example/1.html</link>"
    "<pubDate>{n}, 0{n} Jan {n} {n}:00 +{n}</pubDate></item></rss>",
}
ADDRESSES = ("http://h.example/x/index.html", "http://h.example/x/a.aspx?n={n}&page={n}")


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:12])
@pytest.mark.parametrize("family", FAMILIES)
def test_no_number_keeps_a_list_from_being_read(family: str, number: str) -> None:
    for text in PLACES.values():
        for url in ADDRESSES:
            listing = FAMILIES[family].read_list(text.format(n=number), url.format(n=number))
            assert len(listing.more) <= 7000
    for path in (f"art_{number}_{number}.html", f"{number}/{number}/t{number}_{number}.html"):
        FAMILIES[family].is_article(f"http://h.example/{path}?id={number}")


def test_whole_numbers_are_ascii_digits_of_bounded_length() -> None:
    assert [whole_number(text) for text in ("0", " 12 ", "0007", "999999999")] == [
        0,
        12,
        7,
        999999999,
    ]
    assert [whole_number(text) for text in ("", "²", "٣", "-1", "1.0", "1" * 10, "9" * 5000)] == [
        None
    ] * 7
    assert whole_number("1" * 15, digits=15) == 111111111111111


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("120", 120), ("²", None), ("9" * 5000, float("inf")), ("-5", None), ("Mon, 32 Foo", None)],
)
def test_a_rest_is_as_long_as_it_is_asked_for_or_not_asked_for(
    told: str, seconds: float | None
) -> None:
    assert retry_after(told, datetime(2024, 4, 2, tzinfo=UTC)) == seconds


@pytest.mark.parametrize("piece", ["9", "a.1-", "a"])
def test_a_long_address_is_read_in_linear_time(piece: str) -> None:
    # Endings that are cut off were looked for from each of its digits on.
    page = f"<a href='list_{piece * 20_000}(.html'>2</a>" * 20
    before = time.process_time()
    FAMILIES["generic"].read_list(page, HERE)
    assert time.process_time() - before < 5  # seconds of CPU; 20,000 digits took 15 each
