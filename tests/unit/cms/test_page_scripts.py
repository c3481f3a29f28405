"""Page numbers in scripts, in the shapes that sites write them."""

import time
from urllib.parse import urljoin

import pytest

from crawler.cms import literals
from crawler.cms.paging import called_pages

HERE = "http://www.a.example/xw/index.html"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('createPageHTML(25, 0, "index", "html");', (24, "index_1.html", "index_24.html")),
        (
            'createPageHTML("page_div", 25, 1, "index", "shtml", 375);',
            (24, "index_2.shtml", "index_25.shtml"),
        ),
        (
            (
                "var countPage = 25;var currentPage = 0;createPageHTML(countPage, currentPa"
                'ge, "index", "html");'
            ),
            (24, "index_1.html", "index_24.html"),
        ),
        (
            ("var nPageCount='25', nCurr='0'; createPageHTML(nPageCount,nCurr,'index','htm')"),
            (24, "index_1.htm", "index_24.htm"),
        ),
        ("createPageHTML('25','0','index','html')", (24, "index_1.html", "index_24.html")),
        ("createPageHTML('index','html',25,0)", (24, "index_1.html", "index_24.html")),
        ("showPage(0, 25, 'index', 'html')", (24, "index_1.html", "index_24.html")),
        ("createPageHTML(375, 25, 0, 'index', 'html')", (24, "index_1.html", "index_24.html")),
        ("createPageHTML(25, 0)", (24, "index_1.html", "index_24.html")),
        (
            ("new Pager({size:25, current:0, prefix:'index', suffix:'html'});"),
            (24, "index_1.html", "index_24.html"),
        ),
        (
            ('new Pager({"size":"25","current":"0","prefix":"list","suffix":"shtml"});'),
            (24, "list_1.shtml", "list_24.shtml"),
        ),
        (
            ("$('#p').pagination({pageCount:25, current:1, prefix:'list', suffix:'.html'})"),
            (24, "list_2.html", "list_25.html"),
        ),
        (
            (
                "var currentPage=0;var countPage=25;var nextPage=currentPage+1;if(countPage"
                ">1)document.write('<a href=\"index_'+nextPage+'.html\">下一页</a>');"
            ),
            (24, "index_1.html", "index_24.html"),
        ),
        (
            (
                "var m_nRecordCount = 375; var m_nPageSize = 15; var m_nCurrPage=0; documen"
                't.write("<a href=\\"index" + "_" + i + "." + "html\\">")'
            ),
            (24, "index_1.html", "index_24.html"),
        ),
        (
            (
                "var totalPage = 25; var curPage = 1; function go(n){location.href='list_"
                "'+n+'.jhtml'}"
            ),
            (24, "list_2.jhtml", "list_25.jhtml"),
        ),
        (
            ("var pageCount=25, page=1; function go(n){location.href='?page='+n;}"),
            (24, "?page=2", "?page=25"),
        ),
        (
            "let totalPages = 25; const href = `list-${n}.html`;",
            (24, "list-2.html", "list-25.html"),
        ),
        ("pageControl(25, 1, 'index', 'html')", (24, "index_2.html", "index_25.html")),
        ("createPageHTML(1, 0, 'index', 'html')", None),
        (
            ("var pageConfig={totalPage:25,currentPage:1,url:'list_{page}.html'}"),
            (24, "list_2.html", "list_25.html"),
        ),
        (
            (
                "laypage.render({elem:'p',count:375,limit:15,curr:1,jump:function(o){loca"
                "tion.href='index_'+o.curr+'.html'}})"
            ),
            (24, "index_2.html", "index_25.html"),
        ),
        (
            (
                "var countPage = 25 //共多少页\nvar currentPage = 0 // 所在页\n var prevPage="
                'currentPage-1\ndocument.write("<a href=\\"index_" + nextPage + ".shtml'
                '\\">下一页</a>")'
            ),
            (24, "index_1.shtml", "index_24.shtml"),
        ),
        ("turnPage('/xw/index', 'html', 25, 1)", (24, "/xw/index_2.html", "/xw/index_25.html")),
        ("gotoPage(3)", None),
        ("pageview(123, 4,'index','js')", None),
        ("var pageSize=15; var total=0;", None),
        (
            (
                "<div class='p' data-page-count='25' data-page-index='1' "
                "data-href='/xw/list_#p#.html'></div>"
            ),
            (24, "/xw/list_2.html", "/xw/list_25.html"),
        ),
        (
            (
                "<div id='pager' data-total-pages='25'></div><script>location='index_"
                "'+i+'.html'</script>"
            ),
            (24, "index_2.html", "index_25.html"),
        ),
    ],
)
def test_a_script_names_its_pages(script: str, expected: tuple[int, str, str] | None) -> None:
    pages = called_pages(f"<script>{script}</script>", HERE)
    urls = pages.urls(HERE) if pages else ()
    if expected is None:
        assert urls == ()
        return
    count, first, last = expected
    assert len(urls) == count
    assert (urls[0].endswith(first), urls[-1].endswith(last)) == (True, True), urls


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (
            "$('#p').pagination('237',{items_per_page:15,current_page:'0',link_to:'?p=__id__'})",
            (15, "?p=1", "?p=15"),
        ),
        (
            "$('#p').pagination({pageIndex:0,pageSize:15,total:237,linkFormat:'/yw/{page}.html'})",
            (15, "/yw/2.html", "/yw/16.html"),
        ),
        (
            "X.pagination('#p',{currentPage:1,pageCount:9,link:'/yw?pageIndex='+'{page}'})",
            (8, "/yw?pageIndex=2", "/yw?pageIndex=9"),
        ),
        (
            "var at='/yw?p=%7Bpage%7D';laypage.render({count:237,limit:15,jump:function(o){"
            "location.href=at.replace('%7Bpage%7D',o.curr)}})",
            (15, "/yw?p=2", "/yw?p=16"),
        ),
        (
            "laypage.render({count:237,jump:function(o){location='list_'+o.curr+'.shtml'}})",
            (15, "list_2.shtml", "list_16.shtml"),
        ),
        (
            "var total=12,h='';for(var i=1;i<=total;i++){h+=i==1?'':'index_'+(i-1)+'.html'}",
            (11, "index_1.html", "index_11.html"),
        ),
        (
            'var n=12;for(let i=0;i<n;i++){h+="<a href=\'list_"+i+".html\'>"} // page',
            (11, "list_1.html", "list_11.html"),
        ),
        ("laypage.render({count:15,jump:function(o){location='list_'+o.curr+'.shtml'}})", None),
    ],
)
def test_entries_are_counted_by_those_shown(
    script: str, expected: tuple[int, str, str] | None
) -> None:
    pages = called_pages(f"<script>{script}</script>", HERE, 15)
    urls = pages.urls(HERE) if pages else ()
    found = (len(urls), urls[0], urls[-1]) if urls else None
    wanted = expected and (expected[0], urljoin(HERE, expected[1]), urljoin(HERE, expected[2]))
    assert found == wanted


def test_attributes_with_the_number_of_entries_name_pages() -> None:
    text = '<div data-total="40" data-current="0" data-name="index" data-ext="html"></div>'
    pages = called_pages(text, HERE, 15)
    assert pages is not None
    assert (pages.total, [url[-12:] for url in pages.urls(HERE)]) == (
        40,
        ["index_1.html", "index_2.html"],
    )
    assert called_pages(text, HERE) is None
    # As many as it names cannot be entries.
    text = """<p data-o='{"total":9,"url":"page_{page}.html"}'></p>"""
    pages = called_pages(text, HERE, 15)
    assert pages is not None
    assert [url[-11:] for url in pages.urls(HERE)] == [f"page_{n}.html" for n in range(2, 10)]


@pytest.mark.parametrize("number", [1, 3])
def test_a_later_page_names_none_again(number: int) -> None:
    text = f"<script>createPageHTML(25, {number}, 'index', 'html')</script>"
    assert called_pages(text, HERE.replace("index", f"index_{number}")) is None


def test_a_query_may_name_the_first_page() -> None:
    text = (
        "<script>var pages = new Pager({pageCount: 3, currentPage: 1, url: '?page={n}'})</script>"
    )
    pages = called_pages(text, HERE + "?page=1")
    assert pages is not None
    assert [url[-7:] for url in pages.urls(HERE)] == ["?page=2", "?page=3"]


def test_numbers_of_a_list_that_a_script_loads_name_no_pages() -> None:
    text = "<script>var totalPage = 25; var currentPage = 1; $.ajax({url: u})</script>"
    assert called_pages(text, HERE) is None


@pytest.mark.parametrize(
    "unit", ['{"<script>page=', "<script>", "<script >a</scrip", "<!--<script>"]
)
def test_scripts_that_never_end_cost_no_more_than_they_are_long(unit: str) -> None:
    def seconds(count: int) -> float:
        began = time.process_time()
        for _ in range(3):
            literals.scripts_of(unit * count)
        return time.process_time() - began

    # Twenty times the length: quadratic, it would take four hundred times as long.
    assert seconds(40_000) < 100 * max(seconds(2_000), 0.001)


def test_a_script_without_an_end_is_none_and_those_before_it_are_read() -> None:
    assert literals.scripts_of("<script>a</script ><SCRIPT x=1>b</SCRIPT><script>c") == ["a", "b"]
