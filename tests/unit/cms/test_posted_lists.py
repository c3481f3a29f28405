"""Lists for which a page's script or form sends a request by POST."""

import json

import pytest

from crawler.cms import FAMILIES
from crawler.cms.literals import code_of, literal_at
from crawler.posted import Post, post_of, with_form, with_json

HOST = "http://www.a.example"
HERE = f"{HOST}/xw/index.html"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def listed(markup: str, url: str = HERE, family: str = "generic") -> list[Post | None]:
    """The requests for further pages of a list page."""
    page = f"<html><body><div id='list'></div>{markup}</body></html>"
    return [post_of(address) for address in FAMILIES[family].read_list(page, url).more]


@pytest.mark.parametrize("family", ["generic", "trs", "hanweb"])
@pytest.mark.parametrize(
    ("script", "path", "body", "kind"),
    [
        (
            "function load(n){$.ajax({url:'/api/queryNews', type:'POST', data:{cid:7, pageNo:n, "
            "pageSize:20}, success:function(r){show(r.list)}})} load(1)",
            "/api/queryNews",
            "cid=7&pageNo=1&pageSize=20",
            FORM,
        ),
        (
            'var param = {"token": "", "pn": 0, "rn": 10, "cnum": "001"}; $.ajax({type: "post", '
            'url: site.name + "/rest/getFullTextDataNew", contentType: "application/json", '
            "data: JSON.stringify(param)})",
            "/rest/getFullTextDataNew",
            '{"token":"","pn":0,"rn":10,"cnum":"001"}',
            JSON,
        ),
        (
            "axios.post('/irs/front/list', {channelId: 'b7', page: {current: this.page, size: 15}"
            "}).then(r => { this.rows = r.data })",
            "/irs/front/list",
            '{"channelId":"b7","page":{"current":1,"size":15}}',
            JSON,
        ),
        (
            "fetch(`/api/news/list`, {method: 'POST', body: JSON.stringify({pageIndex, columnId: "
            "'88'})})",
            "/api/news/list",
            '{"pageIndex":1,"columnId":"88"}',
            JSON,
        ),
        (
            'var x = new XMLHttpRequest(); x.open("POST", "/jsp/newsList.jsp", true);'
            'x.send("lm=22&curPage=1&num=20")',
            "/jsp/newsList.jsp",
            "lm=22&curPage=1&num=20",
            FORM,
        ),
        (
            "var id = '33'; $.post('/ajax/list.ashx?act=1', {paramJson: JSON.stringify({pageNo:1}),"
            " id: id}, show)",
            "/ajax/list.ashx?act=1",
            "paramJson=%7B%22pageNo%22%3A1%7D&id=33",
            FORM,
        ),
        (
            "var f = new FormData(); f.append('cid', '7'); f.append('page', n);"
            "fetch('/api/newsList', {method: 'POST', body: f})",
            "/api/newsList",
            "cid=7&page=1",
            FORM,
        ),
        (
            "fetch('/api/newsList', {method: 'POST', "
            "body: new URLSearchParams({cid: 7, page: n})})",
            "/api/newsList",
            "cid=7&page=1",
            FORM,
        ),
        (  # beside lists of a side column
            "$.post('/api/hotList', {top: 5}, side); $.post('/api/rightNews/list', {page: 1});"
            "$.post('/api/column/list', {cid: 7, page: 1}, show)",
            "/api/column/list",
            "cid=7&page=1",
            FORM,
        ),
    ],
)
def test_a_script_names_endpoint_and_body(
    family: str, script: str, path: str, body: str, kind: str
) -> None:
    found = listed(f"<script>{script}</script>", family=family)
    assert found == [Post(HOST + path, body.encode(), kind)]


@pytest.mark.parametrize(
    "script",
    [
        "$.post('/visit/count.do', {pageNo: 1})",
        "$.post('/user/login', {page: 1})",
        "$.post('http://b.example/api/list', {page: 1})",
        "$.ajax({url: '/api/list', data: {page: 1}})",
        "$.post('/api/theme', {dark: true})",
        "fetch('/api/list', {method: 'POST', body: made(",
    ],
)
def test_no_other_request_is_sent(script: str) -> None:
    assert not any(listed(f"<script>{script}</script>"))


def test_further_pages_are_asked_for_by_the_numbers_of_the_body() -> None:
    rows = [{"title": f"滨江要闻之{n}", "url": f"/xw/{n}.html"} for n in range(10)]
    answer = json.dumps({"rows": rows, "total": 25})

    def bodies(address: str) -> list[str]:
        further = FAMILIES["trs"].read_list(answer, address).more
        return [post.body.decode() for one in further if (post := post_of(one))]

    pages = with_form(f"{HOST}/api/list", (("lm", "新闻"), ("page", "1"), ("size", "10")))
    assert bodies(pages) == [f"lm=%E6%96%B0%E9%97%BB&page={n}&size=10" for n in (2, 3)]
    nested = with_json(f"{HOST}/api/list", {"page": {"current": 1, "size": 10}, "q": "1"})
    assert bodies(nested) == [f'{{"page":{{"current":{n},"size":10}},"q":"1"}}' for n in (2, 3)]
    counted = with_json(f"{HOST}/api/list", {"pn": 0, "rn": 10})
    assert bodies(counted) == ['{"pn":10,"rn":10}', '{"pn":20,"rn":10}']


def postback(links: str) -> str:
    return (
        "<form method='post' action='./News.aspx?n=3'><input type='hidden' name='__VIEWSTATE' "
        f"value='ab+/='><input name='word' value=''>{links}</form>"
    )


def test_a_postback_sends_the_fields_of_its_page() -> None:
    links = (
        "<a href=\"javascript:__doPostBack('ctl$Pager','Page$2')\">2</a>"
        "<a href=\"javascript:__doPostBack('ctl$Pager','Page$9')\">末页</a>"
    )
    here = f"{HOST}/News.aspx?n=3"
    listing = FAMILIES["aspnet"].read_list(postback(links), here)
    assert len(listing.more) == 8
    sent = post_of(listing.more[-1], listing.state)
    event = "__EVENTTARGET=ctl%24Pager&__EVENTARGUMENT=Page%249"
    assert sent == Post(here, f"__VIEWSTATE=ab%2B%2F%3D&word=&{event}".encode(), FORM)


def test_a_postback_to_the_next_page_alone_goes_on_from_page_to_page() -> None:
    link = "<a href=\"javascript:__doPostBack('lbNext','')\">下一页</a>"
    addresses = [f"{HOST}/News.aspx?n=3"]
    for _ in range(3):
        addresses += FAMILIES["generic"].read_list(postback(link), addresses[-1]).more
    assert len(set(addresses)) == 4
    sent = {post.body for address in addresses if (post := post_of(address))}
    assert sent == {b"__EVENTTARGET=lbNext&__EVENTARGUMENT="}


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("post", "/list.action?__wb_method=POST&lm=7&pager.pageNumber={}"),
        ("get", "/list.action?lm=7&pager.pageNumber={}"),
    ],
)
def test_a_form_with_a_field_for_the_page_is_sent(method: str, address: str) -> None:
    markup = (
        f"<form method='{method}' action='/list.action'><input type='hidden' name='lm' value='7'>"
        "<input type='hidden' name='pager.pageNumber' value='1'></form>"
        "<a href='javascript:jump(2)'>下一页</a><a href='javascript:jump(3)'>尾页</a>"
    )
    found = FAMILIES["trs"].read_list(f"<html><body>{markup}</body></html>", HERE).more
    assert found == tuple(HOST + address.format(n) for n in (2, 3))


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("{a: 1, 'b-c': \"x\\'y\", d: [1, 'z'], e: f(2, {g: 1}), h: k + '/l'}",
         {"a": 1, "b-c": "x'y", "d": [1, "z"], "e": None, "h": "/base/l"}),
        ("JSON.parse('5') + 2", "52"),
        ("`${k}/list`", "/base/list"),
        ("{a: function(){ return {b: '}'} }, c: !0, // no\n d: 2}", {"a": None, "c": None, "d": 2}),
    ],
)  # fmt: skip
def test_values_are_read_without_running_anything(code: str, value: object) -> None:
    assert literal_at(code_of(code), 0, {"k": "/base"})[0] == value


@pytest.mark.parametrize(
    "code", ["{" * 30_000, "x={a:" * 30_000, "`" * 30_000, "$.post(" * 30_000, "'\\" * 30_000]
)
def test_hostile_scripts_cost_no_square_of_their_length(code: str) -> None:
    assert listed(f"<script>post; {code}</script>") == []
