"""What each CMS family's list reader finds, on small lists written for these tests."""

import json
import time
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crawler.cms import FAMILIES
from crawler.cms.family import Family, Link
from crawler.cms.links import absolute, links, shown_date

HANWEB = "http://www.a.example/col/col7/index.html"
TRS = "http://www.a.example/xwzx/index.html"
JEECMS = "http://en.a.example/News/index.jhtml"
UCAP = "http://www.a.example/szinf/info/getInfoCommon/?pagesize=2&currpage=1&channelid=c1"
GENERIC = "http://www.a.example/english/news/"


def record(body: str) -> str:
    return f"<record><![CDATA[{body}]]></record>"


class TestHanweb:
    read = staticmethod(FAMILIES["hanweb"].read_list)

    def test_the_title_attribute_stands_in_for_the_cut_text(self) -> None:
        text = record(
            '<li><a href="/art/2024/1/2/art_7_100.html" title="市政府召开第三次全体会议">'
            "市政府召开...</a><b>2024-01-02</b></li>"
        )
        assert self.read(f"<datastore><recordset>{text}</recordset></datastore>", HANWEB).links == (
            Link(
                "http://www.a.example/art/2024/1/2/art_7_100.html",
                "市政府召开第三次全体会议",
                date(2024, 1, 2),
            ),
        )

    def test_a_cut_text_without_an_attribute_is_no_title(self) -> None:
        text = record('<a href="/art/2024/1/2/art_7_100.html">市政府召开...</a>')
        assert self.read(text, HANWEB).links[0].title is None

    def test_records_with_unclosed_tags_and_absolute_urls_are_read(self) -> None:
        text = record('<li><a href="/art/2024/1/2/art_7_1.html" title=甲>甲') + record(
            '<td><a href="http://b.a.example/col9/art/2024/art_9_2.html">乙'
        )
        assert [link.url for link in self.read(text, HANWEB).links] == [
            "http://www.a.example/art/2024/1/2/art_7_1.html",
            "http://b.a.example/col9/art/2024/art_9_2.html",
        ]

    def test_records_whose_markup_is_escaped_are_read(self) -> None:
        text = "<record>&lt;a href='/art/2024/1/2/art_7_1.html'&gt;甲&lt;/a&gt;</record>"
        assert self.read(text, HANWEB).links[0].title == "甲"

    def test_the_next_group_keeps_its_doubly_encoded_name(self) -> None:
        group = (
            '<nextgroup><![CDATA[<a href="/module/web/jpage/dataproxy.jsp?page=1&webid=2'
            '&columnid=7&unitid=9&webname=%25E4%25BA%2591"></a>]]></nextgroup>'
        )
        assert self.read(group, HANWEB).more == (
            "http://www.a.example/module/web/jpage/dataproxy.jsp?page=1&webid=2"
            "&columnid=7&unitid=9&webname=%25E4%25BA%2591",
        )

    def test_record_numbers_cover_all_that_the_page_does_not_show(self) -> None:
        shown = record('<a href="/art/2024/1/2/art_7_1.html">甲</a>') * 6
        script = "{perPage:2, totalRecord: 20, proxyUrl:'/p.jsp', columnid:7, unitid:'9'}"
        more = self.read(shown + script, HANWEB).more
        assert [url.partition("?")[2].split("&perpage")[0] for url in more] == [
            "startrecord=7&endrecord=12",
            "startrecord=13&endrecord=18",
            "startrecord=19&endrecord=20",
        ]
        assert all("columnid=7" in url and "unitid=9" in url for url in more)

    def test_a_page_without_records_is_read_as_plain_html(self) -> None:
        text = '<ul><li><a href="/col/col7/art/2024/art_' + "a1" * 16 + '.html">甲</a></li></ul>'
        assert len(self.read(text, HANWEB).links) == 1

    @pytest.mark.parametrize(
        ("path", "article"),
        [
            ("/art/2023/1/4/art_8632_2060160.html", True),
            ("/col108249/art/2022/art_108249_4776259.html", True),
            ("/col/col108306/art/2026/art_9d5adc9b9332497e97b69892401b9217.html", True),
            ("/col/col108306/index.html", False),
            ("/art/2023/1/4/art_8632_2060160.doc", False),
        ],
    )
    def test_three_generations_of_urls_are_articles(self, path: str, article: bool) -> None:
        assert FAMILIES["hanweb"].is_article(f"http://www.a.example{path}") is article


class TestTrs:
    read = staticmethod(FAMILIES["trs"].read_list)

    def test_page_two_is_index_1_where_counting_starts_at_zero(self) -> None:
        call = '<script>createPageHTML(3, 0, "index", "html");</script>'
        assert self.read(call, TRS).more == (
            "http://www.a.example/xwzx/index_1.html",
            "http://www.a.example/xwzx/index_2.html",
        )

    @pytest.mark.parametrize(
        "text",
        [
            '<script>createPageHTML(3, 1, "index", "html");</script>',
            "<script>createPageHTML('page_div', 3, 1, 'index', 'html', 40);</script>",
            '<script>createPageHTML(3, 0, "index", "html");</script><a href="index_2.html">2</a>',
        ],
        ids=["current is 1", "named element", "link to page 2"],
    )
    def test_page_two_is_index_2_where_counting_starts_at_one(self, text: str) -> None:
        assert self.read(text, TRS).more == (
            "http://www.a.example/xwzx/index_2.html",
            "http://www.a.example/xwzx/index_3.html",
        )

    @pytest.mark.parametrize(
        "text",
        [
            '<script>createPageHTML(1, 0, "index", "html");</script>',
            "<script>function createPageHTML(count, current, name, ext) {}</script>",
            '<!-- <script>createPageHTML(9, 0, "index", "html");</script> -->',
        ],
        ids=["one page", "definition", "commented out"],
    )
    def test_nothing_more_is_asked_for(self, text: str) -> None:
        assert self.read(text, TRS).more == ()

    def test_a_later_page_names_no_others(self) -> None:
        call = '<script>createPageHTML(3, 2, "index", "html");</script>'
        assert self.read(call, "http://www.a.example/xwzx/index_2.html").more == ()

    def test_articles_are_told_from_lists_and_from_later_parts(self) -> None:
        text = "".join(
            f'<li><a href="{href}">{href}</a></li>'
            for href in (
                "./202401/t20240105_77.html",
                "./202401/t20240105_78.shtml",
                "./202401/t20240105_79.htm",
                "./202401/t20240105_77_1.html",
                "../index.html",
            )
        )
        assert [link.url[-20:] for link in self.read(text, TRS).links] == [
            "01/t20240105_77.html",
            "1/t20240105_78.shtml",
            "401/t20240105_79.htm",
        ]

    def test_an_articles_own_call_names_its_parts(self) -> None:
        parts = FAMILIES["trs"].rules[0].parts
        url = "http://www.a.example/xwzx/202401/t20240105_77.html"
        call = '<script>createPageHTML(3, 0, "t20240105_77", "html");</script>'
        assert parts(call, url) == (
            "http://www.a.example/xwzx/202401/t20240105_77_1.html",
            "http://www.a.example/xwzx/202401/t20240105_77_2.html",
        )
        assert parts(call, url.replace("_77", "_77_1")) == ()
        assert parts(call.replace("(3,", "(1,"), url) == ()


class TestJeecms:
    read = staticmethod(FAMILIES["jeecms"].read_list)

    def test_the_pagers_total_names_every_page(self) -> None:
        text = "<div>共31条记录 1/3页 <a href='index_2.jhtml'>下一页</a></div>"
        assert self.read(text, JEECMS).more == (
            "http://en.a.example/News/index_2.jhtml",
            "http://en.a.example/News/index_3.jhtml",
        )

    def test_gaps_between_linked_pages_are_filled(self) -> None:
        text = "<a href='index_2.jhtml'>2</a> ... <a href='index_5.jhtml'>last</a>"
        assert [url[-13:] for url in self.read(text, JEECMS).more] == [
            f"index_{n}.jhtml" for n in (2, 3, 4, 5)
        ]

    def test_a_fraction_in_the_text_is_no_page_count(self) -> None:
        assert self.read("<p>Open 24/7. Group 1/4 final.</p>", JEECMS).more == ()

    def test_numbered_pages_are_articles_and_lists_are_not(self) -> None:
        text = '<a href="23619.jhtml">A meeting</a><a href="../Notices/index.jhtml">Notices</a>'
        assert [link.url for link in self.read(text, JEECMS).links] == [
            "http://en.a.example/News/23619.jhtml"
        ]


class TestUcap:
    read = staticmethod(FAMILIES["ucap"].read_list)

    def test_infolist_entries_become_links(self) -> None:
        text = json.dumps(
            {
                "infolist": [
                    {"title": "<b>甲</b>乙", "link": "/x/1.shtml", "pubtime": "2024-01-02 08:00:00"}
                ]
            }
        )
        listing = self.read(text, UCAP)
        assert listing.links == (Link("http://www.a.example/x/1.shtml", "甲乙", date(2024, 1, 2)),)
        assert listing.more == ()

    def test_a_full_answer_without_a_total_asks_for_the_next(self) -> None:
        entries = [{"title": str(n), "link": f"/x/{n}.shtml"} for n in range(2)]
        assert self.read(json.dumps({"infolist": entries}), UCAP).more == (
            UCAP.replace("currpage=1", "currpage=2"),
        )

    def test_a_total_names_every_further_page(self) -> None:
        url = "http://www.a.example/es-search/search/c9?_template=ucap/list&_pageSize=2&page=1"
        data = {"data": {"total": 5, "results": [{"title": "甲", "url": "/x/1.shtml"}]}}
        assert self.read(json.dumps(data), url).more == (
            url.replace("page=1", "page=2"),
            url.replace("page=1", "page=3"),
        )

    def test_an_empty_answer_ends_the_list(self) -> None:
        assert self.read('{"infolist": []}', UCAP).more == ()

    def test_jsonp_is_json(self) -> None:
        text = 'callback({"results": [{"title": "甲", "url": "http://www.a.example/x/1.shtml"}]});'
        assert len(self.read(text, UCAP).links) == 1

    def test_a_page_that_loads_its_list_names_the_endpoint(self) -> None:
        endpoint = "/szinf/info/getInfoCommon/?pagesize=2&amp;currpage=1&amp;channelid=c1"
        text = f"<html><script>var u='{endpoint}'</script>"
        assert self.read(text, "http://www.a.example/x/nav_list.shtml").more == (UCAP,)

    def test_a_channel_id_alone_leads_to_the_search_endpoint(self) -> None:
        text = '<html><head><meta name="channelId" content="c9"></head></html>'
        assert self.read(text, "http://www.a.example/x/list.shtml").more == (
            "http://www.a.example/es-search/search/c9?_pageSize=20&page=1",
        )

    def test_an_endpoint_may_answer_with_html(self) -> None:
        url = "http://www.a.example/es-search/search/c9?_pageSize=1&page=1"
        text = '<ul><li><a href="/x/202401/' + "0f" * 16 + '.shtml" title="甲">甲</a></li></ul>'
        listing = self.read(text, url)
        assert len(listing.links) == 1
        assert listing.more == (url.replace("page=1", "page=2"),)


class TestGeneric:
    read = staticmethod(FAMILIES["generic"].read_list)

    def page(self, *rows: str) -> str:
        return (
            f"<div id='nav'><a href='/english/a1.html'>About us</a></div><ul>{''.join(rows)}</ul>"
        )

    def test_dated_links_of_one_shape_are_the_list(self) -> None:
        rows = [
            f'<li><a href="2024-01/0{n}/c_{n}.htm">Story number {n}</a> <em>January {n}, 2024</em>'
            for n in (3, 2, 1)
        ]
        assert self.read(self.page(*rows), GENERIC).links == tuple(
            Link(f"{GENERIC}2024-01/0{n}/c_{n}.htm", f"Story number {n}", date(2024, 1, n))
            for n in (3, 2, 1)
        )

    def test_links_in_the_navigation_and_files_are_left_out(self) -> None:
        rows = [
            f'<li><a href="c_{n}.pdf">Report number {n}</a>2024-01-0{n}</li>' for n in (1, 2, 3)
        ]
        assert self.read(self.page(*rows), GENERIC).links == ()

    @pytest.mark.parametrize(
        "pager",
        [
            '<link rel="next" href="list-2.html">',
            '<a href="list-2.html">Next</a>',
            '<a href="list-2.html">下一页</a>',
            '<b>1</b> <a href="list-2.html">2</a>',
        ],
    )
    def test_the_next_page_is_found_by_relation_words_or_number(self, pager: str) -> None:
        assert self.read(self.page() + pager, GENERIC).more == (f"{GENERIC}list-2.html",)

    def test_a_next_page_on_another_host_is_not_followed(self) -> None:
        assert self.read('<a href="http://b.example/2">Next</a>', GENERIC).more == ()


ODD = (
    "",
    "\x00",
    "<",
    "<?xml version='1.0' encoding='gb2312'?><record>",
    "<base href='http://['><a href='/art/2024/1/2/art_7_1.html'>x</a>",
    "<a href='http://[/index_2.jhtml'>2</a><a href='//[::1'>x</a>",
    "<nextgroup><![CDATA[<a href='http://[x'>]]></nextgroup>",
    "{totalRecord: 99999999999999999999, columnid: 1, unitid: 2, perPage: 0}",
    "createPageHTML(99999999999999999999999, 0, '[', 'html')",
    '{"results": [{"url": "http://[", "title": "x"}, {"url": 3}], "total": "9999999999999999"}',
    "[" * 5000,
    '<meta name="channelId" content="1">' + "'/es-search/search/1?page=99999999999999999999'",
)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())
@pytest.mark.parametrize(
    "url", [HANWEB, UCAP, GENERIC, "http://a.example", "http://a.example/?page=1"]
)
@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_reading_a_list_never_raises(family: Family, url: str, text: str) -> None:
    listing = family.read_list(text, url)
    assert all(link.url.startswith("http") for link in listing.links)
    assert len(listing.more) <= 100_000


PIECES = """\
<record>
</record>
<![CDATA[
]]>
<nextgroup>
</nextgroup>
<a href='
'>
index_2.jhtml
/art/2024/1/2/art_7_1.html
http://[
createPageHTML(
3, 0, 'index', 'html')
totalRecord: 40, columnid: 1, unitid: 2
{"results": [
{"url": "/x/1.shtml"
}]}
<!--
-->
<script>
page 1/3
<html>
&lt;
<rss><channel><item><link>
</link></item>
<urlset><url><loc>http://[
?page=2&PageSize=20
_2.htm
/page/3/
SID: "12"
%
""".splitlines()


@settings(max_examples=60, deadline=None, database=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=12).map("".join))
@example("<a href='http://[%'>")
def test_reading_fragments_of_lists_never_raises(text: str) -> None:
    for family in FAMILIES.values():
        family.read_list(text, HANWEB)
        family.read_list(text, UCAP)
        for rules in family.rules:
            rules.parts(text, TRS)


@pytest.mark.parametrize(
    "piece",
    ["<meta ", "<!--", "<record>", "createPageHTML(", 'totalRecord:"', "1 ", "<a rel=", "'"],
)
def test_a_page_of_unclosed_pieces_is_read_in_linear_time(piece: str) -> None:
    start = time.process_time()
    for family in FAMILIES.values():
        family.read_list(piece * 10_000, TRS)
    assert time.process_time() - start < 10


def test_a_type_of_document_without_an_end_is_read_in_linear_time() -> None:
    start = time.process_time()
    FAMILIES["hanweb"].read_list("<!DOCTYPE" + " " * 40_000, TRS)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())
def test_an_article_url_is_told_without_raising(family: Family) -> None:
    for url in ("", "http://", "http://a.example", "javascript:;", "http://a.example/?"):
        assert family.is_article(url) is False


# Dates and titles as lists show them.
@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("关于停水的通知 2024-03-05", date(2024, 3, 5)),
        ("[2024/3/5] 关于停水的通知", date(2024, 3, 5)),
        ("2024年3月5日", date(2024, 3, 5)),
        ("2024.03.05 10:21", date(2024, 3, 5)),
        ("Library opens March 5, 2024", date(2024, 3, 5)),
        ("5 Mar 2024", date(2024, 3, 5)),
        ("5 ſep 2024", date(2024, 9, 5)),  # a pattern that ignores case takes ſ for s
        ("2023-12-31结转事项说明 2024-03-05", date(2024, 3, 5)),
        ("电话 0411-2024-9999", None),
        ("2024-13-45", None),
        ("03-05", None),
        ("March 45, 2024", None),
    ],
)
def test_the_last_whole_date_of_an_item_is_its_date(text: str, day: date | None) -> None:
    assert shown_date(text) == day


def test_the_stamp_of_a_time_element_is_the_date_of_its_item() -> None:
    text = (
        '<article><h2><a href="/202403/t20240305_7.html">City opens a metro line</a></h2>'
        '<time datetime="2024-03-05T08:00:00+08:00">5 Mar</time></article>'
    )
    (link,) = FAMILIES["trs"].read_list(text, "http://www.a.example/").links
    assert link.date == date(2024, 3, 5)


@pytest.mark.parametrize(
    ("item", "day"),
    [
        ("市府說明 113-03-05", date(2024, 3, 5)),
        ("市府說明 113年3月5日", date(2024, 3, 5)),
        ("Press release 25/03/2024", date(2024, 3, 25)),
        ("Press release 03/25/2024", date(2024, 3, 25)),
        ("Press release 05/03/2024", None),
        ("部署春耕 [24-03-05]", date(2024, 3, 5)),
        ("Lot 24-03-05", None),
        ("电话 0512-110-12-11", None),
    ],
)
def test_dates_of_eras_and_orders(item: str, day: date | None) -> None:
    assert shown_date(item) == day


def test_labels_in_a_title_attribute_are_no_title() -> None:
    title = "文章标题：云梦市部署春耕&#10;作    者：佚名&#10;更新时间：2024-3-5 10:00:00"
    text = f'<a href="/202403/t20240305_7.html" title="{title}">云梦市…</a>'
    (link,) = FAMILIES["trs"].read_list(text, "http://www.a.example/").links
    assert link.title == "云梦市部署春耕"


def test_a_neighbours_date_is_not_taken() -> None:
    items = "".join(f"<a href='/{n}.html'>{n}</a>" for n in (1, 2, 3))
    text = f"<div>{items}2024-01-02</div>"
    assert [link.date for link in links(text, "http://a.example/", lambda url: True)] == [None] * 3


@pytest.mark.parametrize(
    ("shown", "title"),
    [
        ("[2024-03-05] 停水通知", "停水通知"),
        ("停水通知（2024-03-05 09:30）", "停水通知"),
        ("Report on 2023 (Abstract)", "Report on 2023 (Abstract)"),
        ("关于2023-12-31前结转事项的说明", "关于2023-12-31前结转事项的说明"),
        ("停水通知...", None),
        ("停水通知……", None),
    ],
)
def test_a_title_loses_the_date_at_its_edge_and_nothing_else(shown: str, title: str | None) -> None:
    found = links(f"<a href='/1.html'>{shown}</a>", "http://a.example/", lambda url: True)
    assert found[0].title == title


def test_a_picture_link_takes_its_title_from_the_text_link() -> None:
    text = "<li><a href='/1.html'><img src='x.jpg'></a><a href='/1.html'>标题</a></li>"
    assert [link.title for link in links(text, "http://a.example/", lambda url: True)] == ["标题"]


@pytest.mark.parametrize(
    "href", ["", "#top", "javascript:;", "mailto:a@b", "ftp://a/b", "http://["]
)
def test_what_leads_to_no_page_has_no_address(href: str) -> None:
    assert absolute(href, "http://a.example/x/") is None


@pytest.mark.parametrize(
    "leaf",
    [
        "<b>05</b><i>2025-07</i>", "<i>2025/7</i><b>5</b>", "<i>2025年7月</i><b>05日</b>",
        "<i>2025</i><b>07-05</b>", "<b>7月5日</b><i>2025</i>",
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["<li>{1}{0}</li>", "<li>{0}{1}</li>"])
def test_a_calendar_leaf_dates_its_item(leaf: str, place: str) -> None:
    link = '<a href="/xw/88.html">道路工程2024年第3标段完工</a>'
    text = f"<ul>{place.format(link, f'<div>{leaf}</div>')}</ul>"
    (found,) = links(text, "http://www.a.example/xw/", lambda url: True)
    assert found.date == date(2025, 7, 5)
