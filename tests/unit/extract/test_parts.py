"""Further pages of an article, by the shapes in which sites number them."""

import pytest
from pages import article, page, paragraphs

from crawler.city import unnamed_city
from crawler.extract.article import extract
from crawler.item import Article

HOST = "http://www.shangyan.example"
LINES = (
    "上堰区文化馆昨日启动“百场文艺进社区”活动，首场演出在东湖社区文化广场举行，吸引居民近千人。",
    "活动将持续到十月底，内容包括戏曲、舞蹈、合唱和非遗展示，由区内二十四支群众文艺团队轮流承担。",
)


def parts(address: str, pager: str) -> list[str]:
    body = (
        "<div class='nav'><a href='/whjs/2/'>文化</a></div><h1>百场文艺进社区</h1>"
        f"<div class='c'>{paragraphs(LINES * 2)}</div><div class='pages'>{pager}</div>"
        "<div class='rel'><a href='/n/89.html'>下一篇：区图书馆延长开放时间</a></div>"
    )
    found = article(page(body, head="<title>百场文艺进社区</title>", foot=""), HOST + address)
    return [part.removeprefix(HOST) for part in found.parts]


def links(*targets: str) -> str:
    numbered = "".join(f"<a href='{to}'>{n}</a> " for n, to in enumerate(targets, 2))
    return f"<span>1</span> {numbered}<a href='{targets[0]}'>下一页</a>"


SHAPES = [
    ("/n/512.html", ("/n/512_2.html", "/n/512_3.html")),
    ("/n/512.html", ("/n/512-2.html", "/n/512-3.html")),
    ("/n/512.html", ("/n/512_1.html", "/n/512_2.html")),
    ("/n/512.html", ("/n/512_p2.html", "/n/512_p3.html")),
    ("/n/512.html", ("/n/512/2.html", "/n/512/3.html")),
    ("/n/512.html", ("/n/512.html?page=2", "/n/512.html?page=3")),
    ("/n/512.html", ("/n/512.html?p=2", "/n/512.html?p=3")),
    ("/n/512.html?page=1", ("/n/512.html?page=2", "/n/512.html?page=3")),
    ("/show.jsp?id=512", ("/show.jsp?id=512&page=2", "/show.jsp?id=512&page=3")),
    ("/show.jsp?id=512", ("/show.jsp?pageNo=2&id=512", "/show.jsp?pageNo=3&id=512")),
    ("/show.aspx?id=512&currentPage=1", ("/show.aspx?id=512&currentPage=2",)),
    ("/2023/06/08/arts/", ("/2023/06/08/arts/2/", "/2023/06/08/arts/3/")),
    ("/2023/06/08/arts", ("/2023/06/08/arts/2", "/2023/06/08/arts/3")),
    ("/2023/06/08/arts/", ("/2023/06/08/arts/page/2/", "/2023/06/08/arts/page/3/")),
    ("/n/512/", ("/n/512/index_2.html", "/n/512/index_3.html")),
    ("/n/512/index.html", ("/n/512/index_1.html", "/n/512/index_2.html")),
    ("/n/arts.html", ("/n/arts_2.html", "/n/arts_3.html")),
    ("/?p=512", ("/?p=512&page=2", "/?p=512&page=3")),
    ("/node/512", ("/node/512?page=1", "/node/512?page=2")),
]


@pytest.mark.parametrize(("address", "wanted"), SHAPES)
def test_numbered_pages_are_parts(address: str, wanted: tuple[str, ...]) -> None:
    assert parts(address, links(*wanted)) == list(wanted)


@pytest.mark.parametrize(("address", "wanted"), SHAPES)
@pytest.mark.parametrize(
    "link",
    [
        "<a href='{}'>下一页</a>",
        "<a href='{}'>下一页&gt;&gt;</a>",
        "<a rel='next' href='{}'>继续</a>",
        "<a class='next' href='{}' title='下一页'>&rsaquo;</a>",
        "<a href='{}'>Next page »</a>",
        "<a href='{}'>[下页]</a>",
    ],
)
def test_next_page_alone_is_a_part(link: str, address: str, wanted: tuple[str, ...]) -> None:
    assert parts(address, link.format(wanted[0])) == [wanted[0]]


@pytest.mark.parametrize(("address", "wanted"), SHAPES)
def test_a_link_to_the_first_page_changes_nothing(address: str, wanted: tuple[str, ...]) -> None:
    pager = links(*wanted).replace("<span>1</span>", f"<a href='{address}'>1</a>")
    assert parts(address, pager) == list(wanted)


def test_numbers_that_a_pager_leaves_out_are_parts_too() -> None:
    pager = "<a href='512_2.html'>2</a> … <a href='512_5.html'>5</a>"
    assert parts("/n/512.html", pager) == [f"/n/512_{n}.html" for n in (2, 3, 4, 5)]


@pytest.mark.parametrize(("address", "wanted"), SHAPES[:6])
def test_a_list_of_choices_names_the_parts(address: str, wanted: tuple[str, ...]) -> None:
    options = "".join(f"<option value='{to}'>第{n}页</option>" for n, to in enumerate(wanted, 2))
    pager = f"<select onchange='go(this)'><option value=''>第1页</option>{options}</select>"
    assert parts(address, pager) == list(wanted)


@pytest.mark.parametrize(
    ("address", "pager"),
    [
        ("/n/88.html", "<a href='/n/89.html'>下一页</a>"),
        ("/n/88.html", "<a href='/n/89.html'>2</a> <a href='/n/90.html'>3</a>"),
        ("/show.jsp?id=88", "<a href='/show.jsp?id=89'>Next</a>"),
        ("/n/88.html", "<a href='/n/88.html?comment-page=2'>2</a>"),
        ("/n/88.html", "<a href='/n/88.html?size=2'>2</a>"),
        ("/n/88.html", "<a href='/n/list_2.html'>2</a>"),
        ("/n/88.html", "<a href='http://www.other.example/n/88_2.html'>2</a>"),
        ("/n/88_2.html", "<a href='/n/88.html'>1</a> <a href='/n/88_3.html'>3</a>"),
        ("/n/88.html?page=2", "<a href='/n/88.html'>1</a> <a href='/n/88.html?page=3'>3</a>"),
        ("/2023/06/08/arts/2/", "<a href='../'>1</a> <a href='/2023/06/08/arts/3/'>3</a>"),
        ("/n/88.html", "<a href='/n/88.html?year=2023'>2023</a>"),
        ("/n/88.html", "<a href='/n/88.html#2'>2</a>"),
    ],
)
def test_other_links_are_no_parts(address: str, pager: str) -> None:
    assert parts(address, pager) == []


@pytest.mark.parametrize(
    ("address", "pager", "following"),
    [
        ("/n/88_2.html", "<a href='/n/88_3.html'>下一页</a>", ["/n/88_3.html"]),
        ("/n/88-4.html", "<a href='88-3.html'>上一页</a><a href='88-5.html'>下一页</a>",
         ["/n/88-5.html"]),
        ("/n/88.html?page=2", "<a href='?page=3'>Next</a>", ["/n/88.html?page=3"]),
        ("/a/arts/2/", "<a href='/a/arts/3/'>3</a> <a href='/a/arts/5/'>5</a>",
         ["/a/arts/3/", "/a/arts/4/", "/a/arts/5/"]),
        ("/n/88_9.html", "<a href='/n/88_8.html'>上一页</a>下一页", []),
        ("/n/88_2.html", "<a href='/n/89_3.html'>下一页</a>", []),
        ("/n/88.html", "<a href='/n/88_2.html'>下一页</a>", []),
    ],
)  # fmt: skip
def test_a_later_page_shows_those_after_it(address: str, pager: str, following: list[str]) -> None:
    text = "".join(f"<p>{line}</p>" for line in LINES * 2)
    body = f"<html><body><h1>百场文艺进社区</h1>{text}<div>{pager}</div></body></html>".encode()
    found = extract(HOST + address, body, {}, unnamed_city(HOST))
    assert isinstance(found, Article)
    assert [part.removeprefix(HOST) for part in found.following] == following


@pytest.mark.parametrize("arrow", ["»", "›", "&gt;&gt;", "→"])
def test_an_arrow_alone_leads_to_the_next_page(arrow: str) -> None:
    assert parts("/n/512.html", f"<a href='/n/512_2.html'>{arrow}</a>") == ["/n/512_2.html"]


@pytest.mark.parametrize("name", ["./t20240618_20871", "c_20871"])
def test_pages_that_a_script_names_after_the_page_itself_are_its_parts(name: str) -> None:
    own = name.removeprefix("./")
    script = f"<script>createPageHTML(3, 0, '{name}', 'html');</script>"
    source = page(f"<h1>标题是泵站改造</h1>{paragraphs(LINES)}{script}")
    found = article(source, f"http://a.example/xw/{own}.html")
    assert found.parts == tuple(f"http://a.example/xw/{own}_{n}.html" for n in (1, 2))
