"""Listings: quiet ones are reported, and a failed walk is no walk to the end."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, Response
from scrapy.utils.test import get_crawler

from crawler.city import Assertions, City, Source
from crawler.crawl.discovery import Discovery
from crawler.crawl.session import Session
from crawler.crawl.window import Window
from crawler.limits import MAX_URL
from crawler.posted import with_text
from crawler.state.walks import Walk, news_day

HOST = "www.luoshan.example"
LIST, SECOND = f"http://{HOST}/xwzx/index.html", f"http://{HOST}/xwzx/index_2.html"
NOW = datetime(2024, 3, 20, 4, tzinfo=UTC)


class Site:
    """Pages by URL; an error among them is raised, as by a connection that breaks."""

    def __init__(self, pages: dict[str, str | int | Exception]) -> None:
        self.pages, self.asked, self.sent = pages, list[str](), list[bytes]()

    async def download_async(self, request: Request) -> Response:
        self.asked.append(request.url)
        self.sent.append(request.body)
        page = self.pages.get(request.url + request.body.decode(), 404)
        if isinstance(page, Exception):
            raise page
        if isinstance(page, int):
            return HtmlResponse(request.url, page, body="<p>出错了</p>".encode(), request=request)
        body = page.encode()
        return HtmlResponse(request.url, 200, body=body, encoding="utf-8", request=request)


def page(*numbers: int, following: str = "", day: date = date(2024, 3, 1)) -> str:
    entries = "".join(
        f'<li><a href="/xwzx/t{day:%Y%m%d}_{n}.html">市政府召开第{n}次常务会议部署春耕生产</a>'
        f"<span>{day}</span></li>"
        for n in numbers
    )
    more = f'<a href="{following}">下一页</a>' if following else ""
    return f"<html><head><meta charset='utf-8'></head><body><ul>{entries}</ul>{more}</body></html>"


def city(*sources: Source, quiet_days: int = 14) -> City:
    return City(
        "luoshan", "洛山市", "Luoshan", (HOST,), sources or (Source("zh", "generic", LIST),),
        assertions=Assertions(quiet_days=quiet_days),
    )  # fmt: skip


@contextmanager
def session_of(folder: Path, of: City, site: Site | None = None) -> Iterator[Session]:
    settings = {"SHIZHENG_OUTPUT": str(folder), "SHIZHENG_NOW": NOW.isoformat()}
    crawler = get_crawler(settings_dict=settings)
    crawler.engine = site  # type: ignore[assignment]
    session = Session.open(crawler, of)
    try:
        yield session
    finally:
        session.close()


def walked(
    folder: Path,
    site: Site,
    of: City | None = None,
    *,
    window: Window | None = None,
    pages: int = 9,
) -> tuple[list[str], Walk | None, dict[str, int]]:
    """Return the articles found by one crawl of the list, its walk, and its issues' counts."""
    of = of or city()
    with session_of(folder, of, site) as session:

        async def read() -> list[str]:
            discovery = Discovery(session, window or Window(), pages)
            return [url async for url in discovery.articles(of.sources[0])]

        found = asyncio.run(read())
        return found, session.visits.walks.get(LIST), dict(session.issues.counts)


def quiet(folder: Path, of: City, walks: dict[str, Walk]) -> list[str]:
    """Return the evidence of quiet listings after walks by list."""
    reported: list[str] = []
    with session_of(folder, of) as session:
        for url, walk in walks.items():
            session.visits.walks.put(url, walk)
        Discovery(session, Window(), 9).report_quiet()
        if session.issues.counts["no_new_articles"]:
            reported = (folder / "runs").rglob("*.jsonl").__next__().read_text().splitlines()
    return reported


def walk_with_news(days_ago: int) -> Walk:
    newest = news_day(NOW) - timedelta(days=days_ago)
    return Walk(NOW, NOW, NOW, 3, "digest", newest)


@pytest.mark.parametrize(("age", "reported"), [(13, False), (14, False), (15, True)])
def test_a_city_is_quiet_once_its_newest_entry_is_older_than_its_file_allows(
    tmp_path: Path, age: int, reported: bool
) -> None:
    found = quiet(tmp_path, city(quiet_days=14), {LIST: walk_with_news(age)})
    assert len(found) == reported
    if reported:
        assert f"of 2024-03-05, {age} days ago; at most 14 are expected" in found[0]


def test_a_city_with_one_list_of_late_news_is_not_quiet(tmp_path: Path) -> None:
    lists = [f"http://{HOST}/{name}/index.html" for name in ("a", "b", "c")]
    of = city(*(Source("zh", "generic", url) for url in lists))
    ages = dict(zip(lists, map(walk_with_news, (90, 2, 400)), strict=True))
    assert quiet(tmp_path, of, ages) == []


def test_a_list_that_the_site_gave_up_makes_no_city_lively(tmp_path: Path) -> None:
    old, new = f"http://{HOST}/old/index.html", f"http://{HOST}/new/index.html"
    of = city(Source("zh", "generic", new), Source("zh", "generic", old, until=date(2023, 12, 31)))
    (evidence,) = quiet(tmp_path, of, {new: walk_with_news(60), old: walk_with_news(1)})
    assert "60 days ago" in evidence


def test_a_city_of_which_no_list_was_ever_read_is_not_called_quiet(tmp_path: Path) -> None:
    assert quiet(tmp_path, city(), {}) == []


def test_entries_without_a_date_are_news_of_the_day_that_the_list_changed(tmp_path: Path) -> None:
    long_ago = NOW - timedelta(days=20)
    (evidence,) = quiet(tmp_path, city(), {LIST: Walk(NOW, NOW, long_ago, 3, "digest")})
    assert "20 days ago" in evidence


def test_a_list_read_to_its_end_is_a_walk(tmp_path: Path) -> None:
    site = Site({LIST: page(1, 2, 3, following=SECOND), SECOND: page(4, 5, 6)})
    found, walk, counts = walked(tmp_path, site)
    assert (len(found), site.asked, counts) == (6, [LIST, SECOND], {})
    assert walk is not None
    assert walk.walked_at is not None


@pytest.mark.parametrize("failure", [ConnectionResetError(104, "reset"), 503, 404], ids=str)
def test_a_walk_with_a_failed_page_is_read_to_its_end_the_next_time(
    tmp_path: Path, failure: int | Exception
) -> None:
    pages: dict[str, str | int | Exception]
    pages = {LIST: page(1, 2, 3, following=SECOND), SECOND: failure}
    found, walk, counts = walked(tmp_path, Site(pages))
    assert len(found) == 3
    assert walk is not None
    assert walk.walked_at is None
    assert sum(counts.values()) == 1
    # The first page has nothing new; the second, which failed, is asked for all the same.
    again = Site(pages | {SECOND: page(4, 5, 6)})
    found, walk, _ = walked(tmp_path, again)
    assert (len(found), again.asked) == (3, [LIST, SECOND])
    assert walk is not None
    assert walk.walked_at is not None


def test_a_failed_walk_leaves_the_one_before_it(tmp_path: Path) -> None:
    site = Site({LIST: page(1, 2, 3)})
    _, before, _ = walked(tmp_path, site)
    _, walk, _ = walked(tmp_path, Site({LIST: 503}))
    assert walk == before


def test_a_walk_once_whole_stops_at_a_page_of_known_articles(tmp_path: Path) -> None:
    site = Site({LIST: page(1, 2, 3, following=SECOND), SECOND: page(4, 5, 6)})
    walked(tmp_path, site)
    # A clock that starts anew with each session would put the articles after the walk.
    site.asked.clear()
    found, _, _ = walked(tmp_path, site)
    assert (found, site.asked) == ([], [LIST])


def test_a_window_reads_a_resting_list_and_past_known_articles(tmp_path: Path) -> None:
    site = Site({LIST: page(1, 2, 3, following=SECOND), SECOND: page(4, 5, 6)})
    walked(tmp_path, site)
    with session_of(tmp_path, city()) as session:
        at = NOW - timedelta(days=1)
        session.visits.walks.put(LIST, Walk(at, at, at - timedelta(days=300), 3, "digest"))
    site.asked.clear()
    assert walked(tmp_path, site)[0] == []
    assert site.asked == []  # unchanged for months: it rests
    walked(tmp_path, site, window=Window.parse("2024-01-01", ""))
    assert site.asked == [LIST, SECOND]


def test_more_pages_than_are_read_are_reported_and_counted(tmp_path: Path) -> None:
    site = Site({LIST: page(1, 2, 3, following=SECOND), SECOND: page(4, 5, 6)})
    found, _, counts = walked(tmp_path, site, pages=1)
    assert (len(found), site.asked, counts) == (3, [LIST], {"list_cut": 1})
    assert "1 pages read, 1 known unread" in evidence(tmp_path)


def test_a_link_longer_than_addresses_are_is_left_out_and_counted(tmp_path: Path) -> None:
    whole = page(1, 2, 3)
    longest = f"/xwzx/t20240301_9.html?{'x' * MAX_URL}"[: MAX_URL - len(f"http://{HOST}")]
    for extra, expected in ((longest, {}), (longest + "x", {"list_cut": 1})):
        entry = f"<li><a href='{extra}'>市政府召开第9次常务会议部署春耕生产</a></li></ul>"
        site = Site({LIST: whole.replace("</ul>", entry)})
        folder = tmp_path / str(len(extra))
        found, walk, counts = walked(folder, site)
        assert (len(found), counts) == (4 - len(expected), expected)
        assert walk is not None
        # It is no new article in the next crawl, either, which would then read all pages anew.
        assert walked(folder, site)[0] == []


def test_an_empty_list_is_a_changed_layout_only_if_it_had_articles(tmp_path: Path) -> None:
    text = "<p>市政府信息公开目录</p>" * 40
    empty = f"<html><head><meta charset='utf-8'></head><body>{text}</body></html>"
    assert walked(tmp_path / "new", Site({LIST: empty}))[2] == {"list_empty": 1}
    walked(tmp_path / "old", Site({LIST: page(1, 2, 3)}))
    assert walked(tmp_path / "old", Site({LIST: empty}))[2] == {"layout_changed": 1}


def test_an_unchanged_list_keeps_the_moment_of_its_change_and_the_date_of_its_newest(
    tmp_path: Path,
) -> None:
    site = Site({LIST: page(1, 2, 3)})
    walked(tmp_path, site)
    earlier = NOW - timedelta(days=3)
    with session_of(tmp_path, city()) as session:
        first = session.visits.walks.get(LIST)
        assert first is not None
        session.visits.walks.put(
            LIST, Walk(earlier, earlier, earlier, 3, first.digest, date(2024, 3, 8))
        )
    _, walk, _ = walked(tmp_path, site)
    assert walk is not None
    assert (walk.changed_at, walk.newest) == (earlier, date(2024, 3, 8))
    assert walk.checked_at >= NOW
    _, walk, _ = walked(tmp_path, Site({LIST: page(1, 2, 3, 4)}))
    assert walk is not None
    assert walk.changed_at >= NOW


def test_an_event_to_come_is_no_news_of_the_future(tmp_path: Path) -> None:
    _, walk, _ = walked(tmp_path, Site({LIST: page(1, 2, 3, day=date(2024, 6, 1))}))
    assert walk is not None
    assert walk.newest is None


def paged(*numbers: int, tail: str) -> str:
    return page(*numbers).replace("</body>", f"{tail}</body>")


@pytest.mark.parametrize(
    "tail",
    [
        "<div>共375条记录</div>",
        "<div>共<b>25</b>页</div>",
        "<div>Page 1 of 12</div>",
        "<a href='javascript:void(0)' onclick='turn(2)'>下一页</a>",
    ],
)
def test_a_list_that_shows_more_than_was_read_is_cut(tmp_path: Path, tail: str) -> None:
    found, walk, issues = walked(tmp_path, Site({LIST: paged(1, 2, 3, tail=tail)}))
    assert (len(found), issues.get("list_cut")) == (3, 1)
    assert walk is not None


@pytest.mark.parametrize("tail", ["共3条", "共1页", "Page 1 of 1", "<a href='/xwzx/'>首页</a>"])
def test_a_list_that_shows_its_end_is_whole(tmp_path: Path, tail: str) -> None:
    _, _, issues = walked(tmp_path, Site({LIST: paged(1, 2, 3, tail=f"<p>{tail}</p>")}))
    assert "list_cut" not in issues


def test_all_stated_pages_are_read(tmp_path: Path) -> None:
    more = '<a href="index_2.html">下一页</a> 共3页，共9条'
    site = Site(
        {LIST: paged(1, 2, 3, tail=more), SECOND: page(4, 5, 6)}
        | {SECOND.replace("_2", "_3"): page(7, 8, 9)}
    )
    found, _, issues = walked(tmp_path, site)
    assert (len(found), issues) == (9, {})


def evidence(folder: Path) -> str:
    return "".join(path.read_text("utf-8") for path in (folder / "runs").rglob("*.jsonl"))


@pytest.mark.parametrize(
    ("body", "sign"),
    [
        ("<iframe src='http://elsewhere.example/list.html'></iframe>", "elsewhere.example/list"),
        ("<div id='l'></div><script>post('/irs/front/search', f)</script>", "/irs/front/search"),
    ],
)
def test_an_empty_list_names_what_it_shows_instead(tmp_path: Path, body: str, sign: str) -> None:
    text = f"<html><body><h1>要闻</h1><p>{'洛山市人民政府要闻栏目。' * 9}</p>{body}</body></html>"
    _, _, issues = walked(tmp_path, Site({LIST: text}))
    assert (issues, sign in evidence(tmp_path)) == ({"list_empty": 1}, True)


def test_a_frame_is_read_for_its_entries(tmp_path: Path) -> None:
    text = "<html><body><h1>要闻</h1><iframe src='in.html'></iframe></body></html>"
    of = city(Source("zh", "generic", LIST))
    site = Site({LIST: text, LIST.replace("index", "in"): page(1, 2, 3)})
    found, _, issues = walked(tmp_path, site, of)
    assert (len(found), issues) == (3, {})


def test_a_list_of_another_system_is_read_if_its_entries_are_dated(tmp_path: Path) -> None:
    of = city(Source("zh", "trs", LIST))
    dated, _, issues = walked(tmp_path / "a", Site({LIST: page(1, 2, 3)}), of)
    assert (len(dated), issues) == (3, {})
    undated = page(1, 2, 3).replace("<span>2024-03-01</span>", "")
    found, _, issues = walked(tmp_path / "b", Site({LIST: undated}), of)
    assert (found, issues) == ([], {"list_empty": 1})


def test_the_pages_of_a_list_asked_for_by_post_are_asked_for_by_post(tmp_path: Path) -> None:
    search = f"http://{HOST}/api/search"
    rows = [[{"title": f"洛山要闻之{n}", "url": f"/xwzx/t20240301_{n}.html"}] for n in (1, 2)]
    answers = [json.dumps({"rows": found, "total": 2, "totalPage": 2}) for found in rows]
    site = Site({f"{search}lm=7&page={n}": answer for n, answer in enumerate(answers, 1)})
    of = city(Source("zh", "generic", with_text(search, "lm=7&page=1")))
    found, _, issues = walked(tmp_path, site, of)
    assert found == [f"http://{HOST}/xwzx/t20240301_{n}.html" for n in (1, 2)]
    assert (site.asked, site.sent) == ([search] * 2, [b"lm=7&page=1", b"lm=7&page=2"])
    assert not issues


def test_a_postback_carries_the_state_of_the_page_before(tmp_path: Path) -> None:
    def state(name: str, further: str) -> str:
        link = f"<a href=\"javascript:__doPostBack('p','{further}')\">{further}</a>"
        return f"<form><input type=hidden name=__VIEWSTATE value={name}>{link}</form>"

    def sent(name: str, number: int) -> str:
        return f"{LIST}__VIEWSTATE={name}&__EVENTTARGET=p&__EVENTARGUMENT={number}"

    pages = {LIST: page(1) + state("a", "2"), sent("a", 2): page(2) + state("b", "3")}
    site = Site(pages | {sent("b", 3): page(3) + state("c", "2")})
    found, _, issues = walked(tmp_path, site)
    assert len(found) == len(site.asked) == 3
    assert not issues
