"""Pages other than the promised ones: invented sites on a day when they are out of order."""

import asyncio
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from scrapy.utils.test import get_crawler

from crawler.archive.reader import Answer, Place
from crawler.city import City, Source
from crawler.crawl import doubts
from crawler.crawl.articles import ArticleReader
from crawler.crawl.doubts import Doubts
from crawler.crawl.session import Session
from crawler.item import Article
from crawler.state.promises import Promise
from crawler.state.visits import Visit

ROOT = "http://www.tongshan.example"
CITY = City("tongshan", "铜山市", "Tongshan", ("www.tongshan.example",),
            (Source("zh", "trs", f"{ROOT}/yw/index.html"),))  # fmt: skip
HTML = {"content-type": "text/html; charset=utf-8"}
NOW = datetime(2024, 5, 6, 8, tzinfo=UTC)

PROMISED = {
    "/yw/202405/t20240506_11.html": ("铜山市夏粮收购工作全面启动", date(2024, 5, 6)),
    "/yw/202405/t20240505_12.html": ("铁路西站改造工程通过验收", date(2024, 5, 5)),
    "/yw/202405/t20240504_13.html": ("Tongshan opens three new ferry lines", date(2024, 5, 4)),
}
NOTICE = """<title>提示</title><h1>温馨提示</h1><div>2024-05-06</div>
<p>因机房迁移，本站将于六日零时起暂停服务，预计当日十八时恢复，给您带来不便，敬请谅解。</p>"""
BUSY = """<title>Tongshan</title><h1>Please come back later</h1>
<p>Our portal is under maintenance this morning and will be back at noon. Thank you all.</p>"""
LOGIN = """<title>铜山市统一登录平台</title><form><input type="password"></form>
<p>请使用政务账号登录，首次使用需要完成实名认证，忘记密码请联系管理员。</p>"""
HOME = (
    "<title>铜山市人民政府</title><ul>"
    + "".join(f"<li><a href='{path}'>{title}</a></li>" for path, (title, _) in PROMISED.items())
    + "".join(f"<li><a href='/a/{n}.html'>铜山市第{n}号公开事项办理情况</a></li>" for n in range(9))
    + "</ul>"
)
PLAIN = """<title>铜山市人民政府</title><h1>内容整理中</h1>
<p>栏目内容正在整理，整理完毕后将重新发布，期间可到市档案馆现场查阅纸质文件。</p>"""


def news(title: str, day: str, source: str = "铜山日报") -> str:
    return f"""<title>{title}</title><h1>{title}</h1><div class="info">{day} 来源：{source}</div>
    <div class="TRS_Editor"><p>{title}。记者昨日从有关部门了解到，此项工作自年初启动以来进展顺利，
    各乡镇已经落实人员和经费，群众反映良好。</p><p>下一步将加强调度，按月公布进度。</p></div>"""


class Day:
    """A crawl of one day: answers by the address asked for, and what came of them."""

    def __init__(self, output: Path, promised: dict[str, tuple[str, date]] = PROMISED) -> None:
        crawler = get_crawler(settings_dict={"SHIZHENG_OUTPUT": str(output)})
        self.session = Session.open(crawler, CITY)
        self.output, self.doubts = output, Doubts(self.session)
        self.reader = ArticleReader(self.session)
        self.stored: list[str] = []
        self.rejected: dict[str, str] = {}
        for path, (title, day) in promised.items():
            self.session.visits.promises.add(ROOT + path, Promise(title, day))

    def answer(self, asked: str, html: str, final: str = "", *, new: bool = True) -> None:
        url = ROOT + (final or asked)
        visits = self.session.visits
        visits.frontier.want(ROOT + asked, NOW)
        if final:
            visits.record(self._visit(ROOT + asked, 302, url), NOW)
        visits.record(self._visit(url, 200), NOW)
        answer = Answer(url, 200, HTML, f"<html><body>{html}</body></html>".encode())
        page = asyncio.run(self.reader.read(answer, asked=ROOT + asked))
        assert page is not None
        self._keep(self.doubts.sift(ROOT + asked, answer, page, new=new))

    def end(self) -> list[str]:
        """Close the day; return the codes of its issues."""
        return sorted({code for code, _ in self.issues()})

    def issues(self) -> list[tuple[str, str]]:
        """Close the day; return code and evidence of its issues."""
        self._keep(self.doubts.conclude())
        self.doubts.report()
        self.session.close()
        texts = [file.read_text() for file in self.output.glob("runs/*/tongshan.issues.jsonl")]
        found = [json.loads(line) for text in texts for line in text.splitlines()]
        return [(issue["code"], issue["evidence"]) for issue in found]

    def _keep(self, pages: list) -> None:  # type: ignore[type-arg]
        for page in pages:
            for result in page.results:
                if isinstance(result, Article):
                    self.stored.append(result.url.removeprefix(ROOT))
                else:
                    self.rejected[result.url.removeprefix(ROOT)] = result.reason
                    assert page.outcome == "retry"
            self.session.visits.mark([(page.url, page.outcome)], "run")

    def _visit(self, url: str, status: int, redirect: str | None = None) -> Visit:
        return Visit(url, "article", status, f"sha256:{url}", Place("a.warc.gz", 0), redirect)


AWAY = {
    "notice": (NOTICE, "/tz/weihu.html", "redirected_away"),
    "english notice": (BUSY, "/busy.html", "redirected_away"),
    "login": (LOGIN, "/sso/login?back={}", "login_wall"),
    "home": (HOME, "/", "redirected_away"),
    "plain": (PLAIN, "/error/5.html", "redirected_away"),
    "newest": (news("全市安全生产会议召开", "2024-05-06"), "/yw/202405/t20240506_9.html",
               "redirected_away"),
}  # fmt: skip


@pytest.mark.parametrize(("html", "final", "code"), AWAY.values(), ids=AWAY)
def test_where_every_address_led_elsewhere_nothing_is_stored_and_all_are_asked_again(
    html: str, final: str, code: str, tmp_path: Path
) -> None:
    day = Day(tmp_path)
    for asked in PROMISED:
        day.answer(asked, html, final.format(asked))
    day._keep(day.doubts.conclude())
    assert {visit.url for visit in day.session.visits.refused()} == {
        ROOT + path for path in PROMISED
    }
    assert day.session.visits.unaccounted() == []
    assert day.end() == sorted([code, "layout_changed"])
    assert (day.stored, set(day.rejected)) == ([], set(PROMISED))


@pytest.mark.parametrize("html", [NOTICE, LOGIN, HOME, PLAIN, BUSY], ids=range(5))
def test_one_address_that_led_elsewhere_is_not_stored_either(html: str, tmp_path: Path) -> None:
    day = Day(tmp_path)
    first, second, third = PROMISED
    day.answer(first, html, "/elsewhere.html")
    day.answer(second, news(PROMISED[second][0], "2024-05-05"))
    day.answer(third, news(PROMISED[third][0], "2024-05-04"))
    assert "layout_changed" not in day.end()
    assert (day.stored, list(day.rejected)) == ([second, third], [first])


MOVED = {
    "title": ("/zt/2024/xialiang.html", "夏粮收购工作全面启动", "2024-05-07"),
    "place": ("/news/202405/t20240506_11.html", "夏收", "2024-05-07"),
    "day": ("/zt/xl/1.html", "各粮站开秤迎来第一批售粮农户", "2024-05-06"),
}


@pytest.mark.parametrize(("final", "title", "on"), MOVED.values(), ids=MOVED)
def test_an_article_that_moved_is_stored_at_its_new_address(
    final: str, title: str, on: str, tmp_path: Path
) -> None:
    day = Day(tmp_path)
    first = next(iter(PROMISED))
    day.answer(first, news(title, on), final)
    assert day.session.visits.promises.of([ROOT + first])
    assert day.end() == []
    assert day.stored == [final]


@pytest.mark.parametrize("html", [PLAIN, news("要闻", "2024-05-06"), NOTICE], ids=range(3))
def test_one_page_at_the_addresses_of_several_articles_is_none_of_them(
    html: str, tmp_path: Path
) -> None:
    day = Day(tmp_path)
    for asked in PROMISED:
        day.answer(asked, html)
    codes = day.end()
    assert (day.stored, set(day.rejected)) == ([], set(PROMISED))
    assert "same_page" in codes or "soft_404" in codes
    assert "layout_changed" in codes


def test_the_newest_article_at_every_address_is_stored_once(tmp_path: Path) -> None:
    day = Day(tmp_path)
    first, second, _ = PROMISED
    for asked in (second, first):
        day.answer(asked, news(PROMISED[first][0], "2024-05-06"))
    assert day.end() == ["same_page"]
    assert (day.stored, list(day.rejected)) == ([first], [second])


def test_titles_edited_by_the_list_lose_no_article(tmp_path: Path) -> None:
    day = Day(tmp_path)
    for number, asked in enumerate(PROMISED):
        title = ("粮站开秤", "西站焕新", "Ferries set sail")[number]
        day.answer(asked, news(title, "2024-05-01"))
    assert day.end() == []
    assert sorted(day.stored) == sorted(PROMISED)


LOST = [
    "<p>哎呀，您好像迷路了，去别处看看吧</p>",
    "<title>铜山市人民政府</title><p>参数有误，请检查链接是否完整</p>",
    "<p>Unfortunately, something unexpected happened.</p>",
]


@pytest.mark.parametrize("html", LOST)
def test_hardly_a_word_and_not_the_promised_title_is_no_page(html: str, tmp_path: Path) -> None:
    day = Day(tmp_path)
    first, second, third = PROMISED
    day.answer(first, html)
    day.answer(second, news(PROMISED[second][0], "2024-05-05"))
    day.answer(third, news(PROMISED[third][0], "2024-05-04"))
    assert {visit.url for visit in day.session.visits.refused()} == {ROOT + first}
    assert day.end() == ["soft_404"]
    assert day.rejected == {first: "http_error"}


@pytest.mark.parametrize(
    ("away", "fitting", "new", "reported"),
    [
        (1, 0, True, None),
        (2, 2, True, "2 of 4 new addresses gave another page than lists promised"),
        (2, 3, True, None),
        (3, 0, True, "3 of 3 new addresses gave another page than lists promised"),
        (3, 0, False, None),
    ],
)
def test_a_site_has_changed_once_half_of_its_new_addresses_show_other_pages(
    away: int, fitting: int, new: bool, reported: str | None, tmp_path: Path
) -> None:
    paths = [f"/yw/202405/t20240501_{n}.html" for n in range(away + fitting)]
    titles = [f"铜山市第{n}批便民服务点建成投用" for n in range(len(paths))]
    promised = {path: (title, date(2024, 5, 1)) for path, title in zip(paths, titles, strict=True)}
    day = Day(tmp_path, promised)
    for number, path in enumerate(paths):
        if number < away:
            day.answer(path, LOGIN, "/sso/login", new=new)
        else:
            day.answer(path, news(titles[number], "2024-05-01"), new=new)
    found = [evidence for code, evidence in day.issues() if code == "layout_changed"]
    assert found == ([reported] if reported else [])
    assert len(day.stored) == fitting


def test_a_reject_tells_where_its_address_led_and_what_is_there(tmp_path: Path) -> None:
    day = Day(tmp_path)
    for asked in PROMISED:
        day.answer(asked, PLAIN, "/error/5.html")
    found = [evidence for code, evidence in day.issues() if code == "redirected_away"]
    assert (
        found
        == [
            f"it led to {ROOT}/error/5.html; it is titled '内容整理中'; "
            "3 addresses that lists promise other titles for show this page"
        ]
        * 3
    )
    assert day.session.crawler.stats.get_stats()["shizheng/away"] == 3


@pytest.mark.parametrize(("count", "reported"), [(2, False), (3, True)])
def test_a_title_is_shared_from_three_articles_on(
    count: int, reported: bool, tmp_path: Path
) -> None:
    day = Day(tmp_path)
    texts = ("泵站清淤结束，水质达标。", "校舍加固完成，师生返校。", "公交线路延长，早班提前。")
    for asked, text in list(zip(PROMISED, texts, strict=True))[:count]:
        day.answer(asked, f"<title>铜山之窗</title><h1>铜山之窗</h1><p>{text * 12}</p>")
    shared = "3 articles that lists promised under other titles have '铜山之窗'"
    assert day.issues() == [("shared_title", shared)] * reported
    assert len(day.stored) == count


def test_pages_held_are_decided_once_they_are_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubts, "HELD", 2)
    day = Day(tmp_path)
    first, second, third = PROMISED
    stored = []
    for asked, text in zip(
        (first, second, third), ("粮站开秤。", "西站焕新。", "渡轮启航。"), strict=True
    ):
        day.answer(asked, f"<title>铜山之窗</title><h1>铜山之窗</h1><p>{text * 25}</p>")
        stored.append(len(day.stored))
    assert stored == [0, 2, 2]
    day.end()
    assert len(day.stored) == 3


@pytest.mark.parametrize(
    ("promised", "html", "stored"),
    [
        # A crawl that was killed may have lost the promise: whatever is no notice may be the page.
        ({}, news("各粮站开秤迎来第一批售粮农户", "2024-05-01"), True),
        ({}, NOTICE, False),
        # A list that promises neither title nor day promises nothing that a whole article breaks.
        ({"": None}, news("各粮站开秤迎来第一批售粮农户", "2024-05-01"), True),
        ({"": None}, news("各粮站开秤迎来第一批售粮农户", "2024-05-01", ""), False),
        ({"夏收": date(2024, 5, 1)}, news("各粮站开秤迎来第一批售粮农户", "2024-05-01"), True),
        ({"夏收": date(2024, 5, 2)}, news("各粮站开秤迎来第一批售粮农户", "2024-05-01"), False),
        ({"夏收": None}, news("各粮站开秤迎来第一批售粮农户", "2024-05-01"), False),
    ],
)
def test_an_address_that_led_to_a_whole_article_of_the_promised_day_has_moved(
    promised: dict[str, date | None], html: str, stored: bool, tmp_path: Path
) -> None:
    day = Day(tmp_path, {})
    for title, on in promised.items():
        day.session.visits.promises.add(f"{ROOT}/a/1.html", Promise(title or None, on))
    day.answer("/a/1.html", html, "/zt/xl.html")
    assert day.end() == ([] if stored else ["redirected_away"])
    assert bool(day.stored) is stored


def test_a_page_led_to_fits_by_its_title_and_not_where_nothing_led(tmp_path: Path) -> None:
    day = Day(tmp_path)
    path, (title, _) = next(iter(PROMISED.items()))
    for final, html, fits in (
        ("/zt/1.html", news(title, "2024-05-06"), True),
        ("/zt/1.html", news("全市安全生产会议召开", "2024-05-06"), False),
        (path, news(title, "2024-05-06"), False),
    ):
        answer = Answer(ROOT + final, 200, HTML, f"<html><body>{html}</body></html>".encode())
        page = asyncio.run(day.reader.read(answer, asked=ROOT + path))
        assert page is not None
        assert day.doubts.fits(ROOT + path, answer, page) is fits
    day.session.close()


def test_the_text_of_an_article_that_fits_is_none_of_another_address(tmp_path: Path) -> None:
    day = Day(tmp_path)
    first, second, _ = PROMISED
    fitting = news(PROMISED[first][0], "2024-05-06")
    day.answer(first, fitting)
    day.answer(second, fitting)
    assert day.end() == ["same_page"]
    assert (day.stored, day.rejected) == ([first], {second: "same_page"})


def test_lists_that_repeat_a_title_name_one_article_at_two_addresses(tmp_path: Path) -> None:
    title, on = "铜山市夏粮收购工作全面启动", date(2024, 5, 6)
    day = Day(tmp_path, {"/yw/a.html": (title, on), "/zw/b.html": (title, on)})
    for asked in ("/yw/a.html", "/zw/b.html"):
        day.answer(
            asked, f"<title>铜山</title><h1>粮站开秤</h1><p>{'各乡镇粮站今日开秤。' * 30}</p>"
        )
    assert day.end() == []
    assert len(day.stored) == 2
