"""Lists read by the shape and arithmetic of what they show, whatever its names."""

import json
from typing import Any

import pytest

from crawler.cms import FAMILIES
from crawler.extract.charset import decode
from crawler.marked import Address, Text, patterns_of

HOST = "http://www.shanhe.example"
TITLES = ("山河市召开春耕工作会议", "山河大桥今日通车", "山河市新增三所小学")
DAYS = ("2024-03-09", "2024-03-08", "2024-03-05")
PATHS = tuple(f"/xw/detail/{number}.html" for number in (41, 42, 43))


def read(text: Any, path: str, family: str = "generic") -> Any:
    written = text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)
    return FAMILIES[family].read_list(written, HOST + path)


def paths(urls: Any) -> list[str]:
    return [str(url).removeprefix(HOST) for url in urls]


def rows(**names: str) -> list[dict[str, Any]]:
    values = {"title": TITLES, "url": PATHS, "day": DAYS}
    return [{names[kind]: values[kind][at] for kind in names} for at in range(3)]


ROWS = rows(title="bt", url="lj", day="rq")


@pytest.mark.parametrize(
    ("answer", "path", "more"),
    [
        ({"list": ROWS, "zs": 9, "mys": 3, "dqy": 1}, "/q?dqy=1&mys=3", [2, 3]),
        ({"list": ROWS, "cnt": 8, "ye": 3}, "/q?ym=1&ts=3", [2, 3]),
        ({"code": 200, "list": ROWS}, "/q?ym=1&ts=3", [2]),
        ({"code": 200, "list": ROWS}, "/q?ym=1&ts=5", []),
        ({"list": ROWS, "total": "共9条"}, "/q?page=1&size=3", [2, 3]),
        ({"list": ROWS, "hasMore": False}, "/q?pageNo=4", []),
        ({"list": ROWS, "hasMore": True}, "/q?pageNo=4", [5]),
    ],
    ids=range(7),
)
def test_numbers_without_known_names_are_known_by_the_others(
    answer: Any, path: str, more: list[int]
) -> None:
    found = read(answer, path)
    assert paths(link.url for link in found.links) == list(PATHS)
    assert [int(url.split("=")[1].split("&")[0]) for url in found.more] == more


@pytest.mark.parametrize(
    ("answer", "path", "more"),
    [
        ({"current_page": 1, "last_page": 3, "data": ROWS, "total": 9}, "/n", "/n?page=2"),
        ({"pageNum": 1, "pages": 3, "data": ROWS}, "/n?c=1a", "/n?c=1a&pageNum=2"),
        ({"rows": ROWS, "total": 9}, "/n/page/1", "/n/page/2"),
        (
            {"edges": [{"node": row} for row in ROWS], "pageInfo": {"endCursor": "x9"}},
            "/g?first=3&after=",
            "/g?first=3&after=x9",
        ),
    ],
    ids=range(4),
)
def test_an_answer_numbers_its_pages(answer: Any, path: str, more: str) -> None:
    assert paths(read(answer, path).more)[:1] == [more]


@pytest.mark.parametrize(
    "answer",
    [
        {"docs": [{key: [value] for key, value in row.items()} for row in ROWS]},
        {"a": [{"attributes": {"title": r["bt"], "path": {"alias": r["lj"]}}} for r in ROWS]},
        {"a": [{"d": {"titleO": r["bt"], "u": json.dumps({"pc": r["lj"]})}} for r in ROWS]},
        {"a": [{"title": r["bt"], "path": "/xw/detail/", "file": r["lj"][11:]} for r in ROWS]},
        "var s1={};var s2={};var s3={};\n"
        + "".join(f"s{n}.title='{r['bt']}';s{n}.url='{r['lj']}';\n" for n, r in enumerate(ROWS)),
        "<R><Items>"
        + "".join(f"<I><H><T>{r['bt']}</T></H><U>{r['lj']}</U></I>" for r in ROWS)
        + "</Items></R>",
    ],
    ids=range(6),
)
def test_an_entry_may_have_its_fields_deeper_or_apart(answer: Any) -> None:
    found = read(answer, "/list")
    assert [link.title for link in found.links] == list(TITLES)
    assert paths(link.url for link in found.links) == list(PATHS)


def test_an_author_is_no_entry() -> None:
    answer = [{"title": title, "author": {"name": "李明", "url": "/u/7"}} for title in TITLES]
    assert read(answer, "/list").links == ()


IDS = json.dumps([{"id": 41 + at, "title": title} for at, title in enumerate(TITLES)])
BY_ID = {"id": "/xw/detail/{}.html", "query": "/xw/view?id={}"}


@pytest.mark.parametrize(
    ("markup", "shape"),
    [
        (f"<script>let l={IDS};l.map(n=>`<a href='/xw/detail/${{n.id}}.html'>`)</script>", "id"),
        (f"<script>let l={IDS};h+='<a href=\"detail/'+l[i].id+'.html\">'</script>", "id"),
        (f"<a :href=\"'/xw/view?id=' + n.id\"></a><script>let l={IDS}</script>", "query"),
        (f"<a href='/xw/detail/{{{{id}}}}.html'></a><script>let l={IDS}</script>", "id"),
        (f"<script>let l={IDS};function go(k){{open('/xw/view?id='+k)}}</script>", "query"),
        (f"<img src='/pic/{{{{id}}}}.html'><script>let l={IDS}</script>", None),
        (f"<a href='/tag/{{{{tag}}}}.html'></a><script>let l={IDS}</script>", None),
    ],
    ids=range(7),
)
def test_an_entry_with_an_id_alone_has_the_address_that_its_page_joins(
    markup: str, shape: str | None
) -> None:
    found = read(f"<html><body>{markup}</body></html>", "/xw/")
    wanted = [BY_ID[shape].format(41 + at) for at in range(3)] if shape else []
    assert paths(link.url for link in found.links) == wanted


def test_the_pattern_of_a_page_goes_with_the_data_that_it_asks_for() -> None:
    page = read(
        "<html><body><ul></ul><script>$.get('/api/list?page=1&size=3',function(r){"
        "h+='<a href=\"show-'+r.id+'.html\">'})</script></body></html>",
        "/xw/",
    )
    assert list(page.more) == [f"{HOST}/api/list?page=1&size=3"]
    listing = FAMILIES["generic"].read_list(f'{{"total":9,"l":{IDS}}}', page.more[0])
    assert paths(link.url for link in listing.links) == [f"/xw/show-{n}.html" for n in (41, 42, 43)]
    assert patterns_of(listing.more[0]) == (f"{HOST}/xw/show-{{id}}.html",)


def test_a_link_shows_the_pattern_of_the_others() -> None:
    data = json.dumps([{"key": f"k{n}", "title": t, "date": DAYS[0]} for n, t in enumerate(TITLES)])
    page = f"<h2><a href='/xw/k0-1.html'>{TITLES[0]}</a></h2>"
    data = data.replace("k0", "k0-1").replace("k1", "k1-1").replace('"k2"', '"k2-1"')
    found = read(f"<html><body>{page}<script>var d={data}</script></body></html>", "/xw/")
    assert paths(link.url for link in found.links) == [f"/xw/k{n}-1.html" for n in range(3)]


LIST = "<ul>" + "".join(
    f"<li><a href='{path}'>{title}</a>{day}</li>"
    for path, title, day in zip(PATHS, TITLES, DAYS, strict=True)
)


@pytest.mark.parametrize(
    ("pager", "more"),
    [
        ("<script>createPageHTML(3,0,'4071','html')</script>", "4071_{}.html 1 2"),
        ("<script>createPageHTML('p',3, 1,'4071','html',9)</script>", "4071_{}.html 2 3"),
        ("<script>fenye(9,3,1,'lb','html')</script>", "lb_{}.html 2 3"),
        ("<script>toPages('p',3,9,1,'lb','html')</script>", "lb_{}.html 2 3"),
        ("<script>toPages(9,3,1,'lb_','.html')</script>", "lb_{}.html 2 3"),
        ("<script>var c={zys:3,dq:1,mc:'lb',hz:'html'};f(c)</script>", "lb_{}.html 2 3"),
        ("<script>var tpl='/xw/l-__PAGE__.html',pageCount=3</script>", "l-{}.html 2 3"),
        (
            "<script>new Pager('#p',1,3,function(p){location.href='/xw/p'+p+'.html'})</script>",
            "p{}.html 2 3",
        ),
        (
            "<a onclick=\"go('c',2)\">下一页</a><a onclick=\"go('c',3)\">尾页</a>"
            "<script>function go(c,p){location='/xw/'+c+p+'.html'}</script>",
            "c{}.html 2 3",
        ),
        (
            "<a onclick='go(2)'>下一页</a><a onclick='go(3)'>尾页</a><script>function go(n){"
            "if(n<2){location='/xw/'}else{location='/xw/i_'+(n-1)+'.html'}}</script>",
            "i_{}.html 1 2",
        ),
        ("<a href='/xw/P3'>2</a><a href='/xw/P6'>3</a>", "P{} 3 6"),
        ("<button data-url='/xw/m' data-page='2'>Load more news</button>", "m?page={} 2"),
        ("<td onclick=\"location='l.asp?page=2'\">下一页</td>", "l.asp?page={} 2"),
    ],
    ids=range(13),
)
def test_a_pager_is_read_by_its_numbers_and_addresses(pager: str, more: str) -> None:
    name, *numbers = more.split()
    found = read(f"<html><body>{LIST}</ul>{pager}</body></html>", "/xw/")
    assert set(paths(found.more)) == {f"/xw/{name.format(number)}" for number in numbers}


def test_what_the_list_has_in_its_query_is_no_page() -> None:
    pager = "共9条 每页3条 1/3 <a href='l.php?id=4&start=3'>下一页</a>"
    found = read(f"<html><body>{LIST}</ul>{pager}</body></html>", "/xw/l.php?id=4")
    assert paths(found.more) == ["/xw/l.php?id=4&start=3", "/xw/l.php?id=4&start=6"]


@pytest.mark.parametrize(
    ("markup", "more"),
    [
        ('<!--#include virtual="/inc/lb.shtml" -->', "/inc/lb.shtml"),
        ("<esi:include src='/inc/lb.html'/>", "/inc/lb.html"),
        ("<div w3-include-html='lb.html'></div>", "/xw/lb.html"),
        ("<div hx-get='/xw/items' hx-trigger='load'></div>", "/xw/items"),
        ("<turbo-frame src='/xw/frame'></turbo-frame>", "/xw/frame"),
        (
            "<script>var h=axios.create({baseURL:'/pa'});h.get('/list',{params:{page:1}})</script>",
            "/pa/list?page=1",
        ),
        (
            "<script>var c={api:'/pa'};axios.get(c.api+'/list',{params:{page:1}})</script>",
            "/pa/list?page=1",
        ),
    ],
    ids=range(7),
)
def test_a_page_that_is_put_into_another_is_a_further_one(markup: str, more: str) -> None:
    assert paths(read(f"<html><body>{markup}</body></html>", "/xw/").more) == [more]


def test_routes_of_a_script_are_named() -> None:
    page = "<a href='#/a/1'>山河市召开春耕工作会议</a><a href='#/a/2'>山河大桥今日通车</a>"
    assert "#/a/1" in read(f"<html><body>{page}</body></html>", "/").unread


@pytest.mark.parametrize(
    ("codec", "header", "sent"),
    [
        ("gbk", "gbk", "%D2%AA"),
        ("big5", "big5", "%ADn"),
        ("gbk", "", "%D2%AA"),
        ("utf-8", "", "要"),
    ],
)
def test_a_query_is_sent_in_the_encoding_that_its_page_was_read_in(
    codec: str, header: str, sent: str
) -> None:
    titles = ("市政府召開防汛工作會議", "新港區碼頭啟用", "圖書館新館開放日")
    rows = "".join(
        f"<li><a href='s?c=要&id={n}'>{t}</a>{DAYS[0]}</li>" for n, t in enumerate(titles)
    )
    body = f"<html><body><ul>{rows}</ul></body></html>".encode(codec)
    text = decode(body, {"content-type": f"text/html; charset={header}" if header else ""}).text
    found = FAMILIES["generic"].read_list(text, f"{HOST}/xw/")
    assert paths(link.url for link in found.links)[0] == f"/xw/s?c={sent}&id=0"


def test_marked_texts_are_equal_to_plain_ones() -> None:
    assert Text.of("a", "gb18030") == "a"
    assert Address.of("a", ("b",)) == "a"
    assert type(Address.of("a", ())) is str


@pytest.mark.parametrize("here", ["/xw/index.html", "/xw/"])
@pytest.mark.parametrize(
    "call",
    [
        "openWindow(800,600,'index','html')",
        "weather(57036,0,'tq','html')",
        "vote(5,1,'poll','html')",
        "slider(5,0,'banner','html')",
    ],
)
def test_windows_polls_and_sliders_are_no_pagers(call: str, here: str) -> None:
    found = read(f"<html><body>{LIST}</ul><script>{call}</script></body></html>", here)
    assert found.more == ()
