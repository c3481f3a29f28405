"""Pagers of links, buttons and options, in the shapes that sites write them."""

import pytest

from crawler.cms import FAMILIES
from crawler.cms.pagers import pager_of

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
