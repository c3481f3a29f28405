"""News lists found from a home page: which pages are asked for, proposed and chosen, and why."""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from home_sites import EN, ZH, ZH_TEXT, Web, article, dated, entries, huwan, luoqiao, page, tingxi
from sites_in_memory import Pages, probe_of

from crawler.city import City
from crawler.crawl.finding import find
from crawler.fetch import browser

DAY = date(2024, 3, 20)
ROOT = "http://www.suxi.example"
HOME = f"{ROOT}/"


def found(pages: Mapping[str, str | int], home: str = HOME) -> tuple[list[dict[str, Any]], Pages]:
    """Return the proposals for a home page, and what was asked for."""
    site = Pages(pages)
    host = home.split("/")[2]
    probe = probe_of(City("probe", "", "", (host,), ()), site, finding=True)
    return asyncio.run(find(probe, home)), site


@pytest.fixture(autouse=True)
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the machine have no browser, whether it has or not."""
    monkeypatch.setattr(browser, "is_installed", lambda: False)


def whole(web: Web) -> dict[str, str | int]:
    return {f"http://{at}": text for at, text in web.pages.items()}


def news(at: str, days_ago: int = 1, count: int = 12, number: int = 7000) -> dict[str, str | int]:
    """Return a list in a folder, and its articles."""
    first = DAY - timedelta(days=days_ago)
    names = [at + name for name in dated(first, count, number)]
    pages: dict[str, str | int] = {ROOT + at: page("栏目", entries(ZH, names, first))}
    pages |= {ROOT + to: article(ZH[0], ZH_TEXT, first, n) for n, to in enumerate(names)}
    return pages


def front(*links: tuple[str, str], more: str = "") -> str:
    """Return a Chinese home page with links: name, address."""
    rows = "".join(f'<li><a href="{to}">{name}</a></li>' for name, to in links)
    return page("苏溪市人民政府", f"<ul>{rows}<li><a href='/bs/x'>办事服务大厅</a></li></ul>{more}")


@pytest.mark.parametrize(
    ("make", "key", "expected"),
    [
        (luoqiao, "luoqiao", [
            ("zh", "http://www.luoqiao.example/xwzx/lqyw/", True),
            ("zh", "http://www.luoqiao.example/xwzx/bmdt/", False),
            ("en", "http://en.luoqiao.example/news/", True),
        ]),
        (huwan, "huwan", [
            ("zh", "http://www.huwan.example/xwzx/jrhw/", True),
            ("zh", "http://www.huwan.example/xwzx/gsgg/", False),
            ("en", "http://www.huwan.example/english/pr/", True),
        ]),
        (tingxi, "tingxi", [
            ("zh", "http://www.tingxi.example/list.php?cid=3", True),
            ("en", "http://www.tingxi.example/en/list.php?cid=31", True),
        ]),
    ],
)  # fmt: skip
def test_the_newest_news_of_each_language_is_chosen_with_its_reasons(
    make: Callable[[date], Web], key: str, expected: list[tuple[str, str, bool]]
) -> None:
    proposals, _ = found(whole(make(DAY)), f"http://www.{key}.example/")
    assert [(each["lang"], each["list"], each["chosen"]) for each in proposals] == expected
    for each in proposals:
        assert (each["code"], each["render"]) == (None, None)
        assert any(reason.startswith("called ") for reason in each["reasons"])
        assert f"{each['links']} entries" in each["reasons"]
        read = [reason for reason in each["reasons"] if "an article of it was read" in reason]
        assert len(read) == each["chosen"] == ("article" in each)
        edition = any(each == "en edition: the page's link English" for each in each["reasons"])
        assert edition == (each["lang"] == "en")
        if each["chosen"]:
            size = len(each["article"]["fields"]["text"])
            assert read == [f"an article of it was read: {size} characters"]
            assert "as new as any of the site" in each["reasons"]


def test_a_home_page_that_cannot_be_read_is_the_only_finding() -> None:
    (only,), site = found({HOME: 404})
    assert only == {"list": HOME, "chosen": False, "code": "http_4xx", "links": 0,
                    "evidence": "the home page cannot be read"}  # fmt: skip
    assert site.asked == [HOME]


def test_a_site_without_a_list_is_proposed_with_the_number_of_columns_read() -> None:
    pages = {HOME: front(("新闻", "/xw/"), ("要闻", "/yw/"), ("旅游", "/ly/"))}
    (only,), site = found(pages)
    assert (only["code"], only["chosen"]) == ("list_empty", False)
    assert only["evidence"] == "2 columns of it read, none a list"
    assert f"{ROOT}/ly/" not in site.asked, "what is called otherwise is not asked for"


def test_the_address_with_or_without_www_is_of_the_same_site() -> None:
    bare = "http://suxi.example/"
    for home, other in ((HOME, bare), (bare, HOME)):
        probe = probe_of(City("probe", "", "", (home.split("/")[2],), ()), Pages({}))
        asyncio.run(find(probe, home))
        assert probe.city.allows(other)
        assert not probe.city.allows("http://www.www.suxi.example/")


def test_columns_of_other_sites_are_not_asked_for() -> None:
    pages = news("/xwzx/yw/") | {
        HOME: front(("要闻", "/xwzx/yw/"), ("要闻", "http://www.other.example/yw/"))
    }
    proposals, site = found(pages)
    assert [each["list"] for each in proposals] == [f"{ROOT}/xwzx/yw/"]
    assert not any("other.example" in url for url in site.asked)


def test_ten_columns_of_an_edition_are_looked_at() -> None:
    lists = [(f"新闻{n}", f"/xw/c{n}/") for n in range(12)]
    _, site = found({HOME: front(*lists)})
    assert sum("/xw/c" in url for url in site.asked) == 10


@pytest.mark.parametrize(
    ("second", "days_ago", "name", "chosen"),
    [
        ("/xwzx/dt/", 1, "要闻动态", True),
        ("/xwzx/dt/", 400, "动态", False),  # stale: far fewer points than the best
        ("/cz/dt/", 1, "某某栏", False),  # not called news
    ],
)
def test_a_second_list_is_chosen_if_it_is_news_and_about_as_good(
    second: str, days_ago: int, name: str, chosen: bool
) -> None:
    first = "/xwzx/yw/"
    pages = news(first) | news(second, days_ago, number=8000)
    pages[HOME] = front(("要闻", first), (name, second))
    proposals, _ = found(pages)
    kept = {each["list"]: each["chosen"] for each in proposals}
    assert kept.get(ROOT + first) is True
    assert kept.get(ROOT + second, False) is chosen


@pytest.mark.parametrize(("shared", "chosen"), [(7, True), (8, False), (10, False)])
def test_a_list_of_four_fifths_the_same_entries_is_no_second_one(shared: int, chosen: bool) -> None:
    pages = news("/xwzx/yw/", count=10)
    day = DAY - timedelta(days=1)
    names = [f"/xwzx/yw/{name}" for name in dated(day, 10, 7000)][:shared]
    names += [f"/xwzx/dt/{name}" for name in dated(day, 10 - shared, 9000)]
    pages[f"{ROOT}/xwzx/dt/"] = page("动态", entries(ZH, names, day))
    pages[HOME] = front(("要闻", "/xwzx/yw/"), ("动态要闻", "/xwzx/dt/"))
    proposals, _ = found(pages)
    assert sum(each["chosen"] for each in proposals) == 1 + chosen


def test_two_lists_of_a_language_are_chosen_at_most_and_come_first() -> None:
    names = [("要闻", "/xwzx/a/"), ("要闻", "/xwzx/b/"), ("要闻", "/xwzx/c/")]
    pages = {HOME: front(*names)}
    for number, (_, at) in enumerate(names):
        pages |= news(at, number=7000 + 100 * number)
    proposals, _ = found(pages)
    assert [each["chosen"] for each in proposals] == [True, True, False]


def test_a_list_whose_articles_cannot_be_read_leaves_its_place_to_the_next() -> None:
    pages = news("/xwzx/yw/") | news("/xwzx/dt/", 3, number=8000)
    broken = {url: 404 for url in pages if "/yw/20" in url}
    proposals, _ = found(
        pages | broken | {HOME: front(("要闻", "/xwzx/yw/"), ("动态", "/xwzx/dt/"))}
    )
    assert [(each["list"], each["chosen"], each["code"]) for each in proposals] == [
        (f"{ROOT}/xwzx/dt/", True, None),
        (f"{ROOT}/xwzx/yw/", False, "http_4xx"),
    ]


@pytest.mark.parametrize("folder", ["english", "en"])
def test_an_edition_that_no_page_links_is_looked_for_where_editions_usually_are(
    folder: str,
) -> None:
    at, day = f"/{folder}/news/", DAY - timedelta(days=2)
    names = [at + name for name in dated(day, 9, 5000)]
    pages = news("/xwzx/yw/") | {HOME: front(("要闻", "/xwzx/yw/"))}
    there = '<ul><li><a href="news/">City News</a></li><li><a href="x/">About us</a></li></ul>'
    pages[f"{ROOT}/{folder}/"] = page("Suxi", there, lang="en")
    pages[ROOT + at] = page("News", entries(EN, names, day), lang="en")
    pages |= {ROOT + to: article(EN[0], ("Work began in May. " * 9,), day, 1) for to in names}
    proposals, _ = found(pages)
    (english,) = [each for each in proposals if each["lang"] == "en"]
    assert (english["list"], english["chosen"]) == (ROOT + at, True)
    assert "en edition: where editions usually are" in english["reasons"]


def test_a_usual_folder_in_chinese_is_no_english_edition() -> None:
    pages = news("/xwzx/yw/") | {HOME: front(("要闻", "/xwzx/yw/"))}
    pages |= {f"{ROOT}/en/": front(("要闻", "/en/yw/"))}
    _, site = found(pages)
    assert f"{ROOT}/en/" in site.asked
    assert f"{ROOT}/en/yw/" not in site.asked


def test_a_linked_edition_in_the_language_of_the_home_page_is_none() -> None:
    english = "http://en.suxi.example/"
    pages = news("/xwzx/yw/") | {HOME: front(("要闻", "/xwzx/yw/"), ("English", english))}
    _, site = found(pages | {english: front(("要闻", "/yw/"))})
    assert english in site.asked
    assert not any(url.startswith(english + "yw") for url in site.asked)
    assert f"{ROOT}/en/" not in site.asked, "an edition was linked, so that none is guessed"


def test_a_column_that_loads_its_list_is_read_behind_its_shell() -> None:
    shell = (
        "<script>new Vue({data(){return{page:1}},created(){axios.get('/api/list',"
        "{params:{c:'yw',page:this.page}})}})</script>"
    )
    urls = [f"/detail/{n}.html" for n in range(90, 96)]
    rows = [{"title": f"苏溪要闻第{n}则标题", "url": url} for n, url in enumerate(urls)]
    pages: dict[str, str | int] = {
        HOME: front(("苏溪要闻", "/channel/yw")),
        f"{ROOT}/channel/yw": page("苏溪", f"<div id=app></div>{shell}"),
        f"{ROOT}/api/list?c=yw&page=1": json.dumps({"rows": rows}),
    }
    pages |= {ROOT + to: article(ZH[0], ZH_TEXT, DAY, n) for n, to in enumerate(urls)}
    (only,), _ = found(pages)
    assert (only["list"], only["cms"], only["chosen"]) == (f"{ROOT}/channel/yw", "generic", True)
    assert (only["links"], only["name"]) == (6, "苏溪市")


def test_columns_come_from_a_linked_site_map() -> None:
    links = front(("网站地图", "/map.html"), ("概况", "/gk/"))
    pages = news("/xwzx/yw/") | {HOME: links, f"{ROOT}/map.html": front(("要闻", "/xwzx/yw/"))}
    assert [each["list"] for each in found(pages)[0]] == [f"{ROOT}/xwzx/yw/"]


@pytest.mark.parametrize("news_linked", [False, True])
def test_the_site_map_for_machines_is_read_only_without_a_column_of_news(
    news_linked: bool,
) -> None:
    urls = [ROOT + "/xwzx/yw/", "http://www.other.example/xwzx/yw/"]
    listed = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
    links = [("概况", "/gk/"), *([("要闻", "/xwzx/yw/")] if news_linked else [])]
    pages = news("/xwzx/yw/") | {
        HOME: front(*links),
        f"{ROOT}/sitemap.xml": f"<?xml version='1.0'?><urlset>{listed}</urlset>",
    }
    proposals, site = found(pages)
    assert [each["list"] for each in proposals] == urls[:1]
    assert (f"{ROOT}/sitemap.xml" in site.asked) is not news_linked
    assert not any("other.example" in url for url in site.asked)
    mapped = [reason for reason in proposals[0]["reasons"] if reason == "named by the site map"]
    assert bool(mapped) is not news_linked


def test_a_list_is_of_the_language_of_its_entries_or_else_of_its_edition() -> None:
    day = DAY - timedelta(days=1)
    names = [f"/xwzx/en/{name}" for name in dated(day, 12, 7000)]
    pages: dict[str, str | int] = {HOME: front(("新闻动态", "/xwzx/en/"))}
    pages[f"{ROOT}/xwzx/en/"] = page("栏目", entries(EN, names, day))
    pages |= {ROOT + to: article(EN[0], ("Work began in May. " * 9,), day, 1) for to in names}
    proposals, _ = found(pages)
    assert [(each["lang"], each["chosen"]) for each in proposals] == [("en", True)]
