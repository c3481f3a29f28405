"""Entries of a list that is read again: renewed, dated outside, on other hosts, or led to."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from scrapy.utils.test import get_crawler
from sites_in_memory import Pages

from crawler.archive.reader import Place
from crawler.city import City, Source
from crawler.crawl.discovery import Discovery
from crawler.crawl.session import Session
from crawler.crawl.window import Window
from crawler.fetch import browser
from crawler.limits import MAX_ANCHORS
from crawler.state.visits import Visit

HOST = "www.meixi.example"
ROOT = f"http://{HOST}"
LIST = f"{ROOT}/xw/index.html"
NOW = datetime(2024, 3, 20, 4, tzinfo=UTC)
TITLE = "梅溪市新建三座人行天桥"
ROOM = "<p>梅溪市人民政府要闻栏目，每日更新。</p>" * 30


def rows(*entries: tuple[str, str, date | None]) -> str:
    """Return a list page of entries: address, title, day."""
    listed = "".join(
        f'<li><a href="{to}">{title}</a><span>{day or ""}</span></li>' for to, title, day in entries
    )
    return f"<html><head><meta charset='utf-8'></head><body><ul>{listed}</ul></body></html>"


class Crawl:
    """One crawl of the list: addresses found, counts, issues, and what was asked for."""

    def __init__(
        self,
        folder: Path,
        pages: Mapping[str, str | int | Exception],
        *,
        window: Window | None = None,
        source: Source | None = None,
        earlier: tuple[Visit, ...] = (),
        days: int = 0,
    ) -> None:
        source = source or Source("zh", "generic", LIST)
        now = NOW + timedelta(days=days)
        settings = {
            "SHIZHENG_OUTPUT": str(folder), "SHIZHENG_NOW": now.isoformat(),
            "SHIZHENG_RUN_ID": f"r{days}",
        }  # fmt: skip
        crawler = get_crawler(settings_dict=settings)
        engine = Pages(pages)
        crawler.engine = engine  # type: ignore[assignment]
        session = Session.open(crawler, City("meixi", "梅溪市", "Meixi", (HOST,), (source,)))
        for visit in earlier:
            session.visits.record(visit, NOW)
        session.visits.mark([(visit.url, "stored") for visit in earlier], "r")
        discovery = Discovery(session, window or Window(), 9)

        async def read() -> list[str]:
            return [url async for url in discovery.articles(source)]

        self.found = asyncio.run(read())
        self.asked, stats = engine.asked, crawler.stats.get_stats()
        self.counts = {
            name.removeprefix("shizheng/"): count
            for name, count in stats.items()
            if name.startswith("shizheng/")
        }
        self.waiting = session.visits.frontier.wanted()
        session.visits.mark([(url, "stored") for url in self.found], "r")
        session.close()
        path = folder / "runs" / f"r{days}" / "meixi.issues.jsonl"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        issues: list[dict[str, Any]] = [json.loads(line) for line in lines]
        self.issues = {issue["code"]: issue["evidence"] for issue in issues}


def visit(to: str, status: int = 200, redirect: str | None = None) -> Visit:
    return Visit(ROOT + to, "article", status, f"sha256:{to}", Place("a.warc.gz", 0), redirect)


@pytest.mark.parametrize(
    ("title", "day", "again"),
    [
        (TITLE, date(2024, 3, 10), False),
        (TITLE + "（图）", date(2024, 3, 10), False),
        (TITLE, date(2024, 3, 9), False),
        (TITLE, date(2024, 3, 11), True),
        ("图书馆延长周末开放时间", date(2024, 3, 10), True),
    ],
)
def test_a_stored_address_is_asked_again_once_its_entry_is_of_another_article(
    tmp_path: Path, title: str, day: date | None, again: bool
) -> None:
    to = "/xw/2024/1007.html"
    first = Crawl(tmp_path, {LIST: rows((to, TITLE, date(2024, 3, 10)))}, earlier=(visit(to),))
    assert (first.found, first.counts["known"]) == ([], 1)
    second = Crawl(tmp_path, {LIST: rows((to, title, day))}, days=1)
    assert second.found == [ROOT + to] * again
    assert second.counts.get("renewed", 0) == again
    assert second.counts.get("known", 0) == (not again)
    # What has been noted once is no news the next time.
    assert Crawl(tmp_path, {LIST: rows((to, title, day))}, days=2).found == []


def test_entries_outside_the_window_are_counted_and_neither_sought_nor_noted(
    tmp_path: Path,
) -> None:
    entries = [(f"/xw/{n}.html", TITLE + str(n), date(2024, 3, n)) for n in (12, 11, 10, 9)]
    crawl = Crawl(
        tmp_path, {LIST: rows(*entries)}, window=Window(date(2024, 3, 10), date(2024, 3, 11))
    )
    assert crawl.found == crawl.waiting == [f"{ROOT}/xw/11.html", f"{ROOT}/xw/10.html"]
    assert crawl.counts["outside"] == 2


def test_entries_on_hosts_that_the_city_does_not_name_are_counted_by_host(tmp_path: Path) -> None:
    day = date(2024, 3, 10)
    others = [(f"http://{h}.example/{n}.html", TITLE + h + n, day) for h, n in ("a1", "b1", "b2")]
    crawl = Crawl(tmp_path, {LIST: rows(*others, ("/xw/1.html", TITLE, day))})
    assert crawl.found == [f"{ROOT}/xw/1.html"]
    assert crawl.issues == {"links_off_host": "b.example (2), a.example (1)"}


@pytest.mark.parametrize("both", [True, False])
def test_an_entry_that_leads_to_another_of_the_list_is_asked_for_once(
    tmp_path: Path, both: bool
) -> None:
    old, new, day = "/old/1.html", "/new/1.html", date(2024, 3, 10)
    Crawl(tmp_path, {LIST: 404})
    earlier = (visit(old, 302, ROOT + new), visit(new))
    listed = [(new, TITLE, day)] * both + [(old, TITLE, day)]
    settings = Crawl(tmp_path, {LIST: rows(*listed)}, earlier=earlier, days=1)
    assert settings.found == []


def test_an_entry_named_twice_is_asked_for_once(tmp_path: Path) -> None:
    day = date(2024, 3, 10)
    pages = {LIST: rows(("/xw/1.html", TITLE, day), (f"http://{HOST}/xw/1.html#top", TITLE, day))}
    assert Crawl(tmp_path, pages).found == [f"{ROOT}/xw/1.html"]


def test_an_entry_that_waits_for_another_try_is_not_sought_by_the_list(tmp_path: Path) -> None:
    to = "/xw/1.html"
    pages = {LIST: rows((to, TITLE, date(2024, 3, 10)))}
    assert Crawl(tmp_path, pages).found == [ROOT + to]
    gone = Visit(ROOT + to, "article", 503, "sha256:x", Place("a.warc.gz", 0))
    settings = {"SHIZHENG_OUTPUT": str(tmp_path), "SHIZHENG_NOW": NOW.isoformat()}
    session = Session.open(
        get_crawler(settings_dict=settings), City("meixi", "梅溪市", "Meixi", (HOST,), ())
    )
    session.visits.frontier.want(ROOT + to, NOW)
    session.visits.record(gone, NOW)
    session.close()
    crawl = Crawl(tmp_path, pages, days=1)
    assert (crawl.found, crawl.waiting) == ([], [ROOT + to])


def test_an_empty_page_amid_others_is_a_gap(tmp_path: Path) -> None:
    day, pages = date(2024, 3, 10), [f"{ROOT}/xw/index_{n}.html" for n in (2, 3)]
    links = "".join(f'<a href="index_{n}.html">{n}</a>' for n in (2, 3))
    first = rows(("/xw/1.html", TITLE, day)).replace("</body>", f"<div>{links}</div></body>")
    third = rows(("/xw/3.html", TITLE, day))
    empty = f"<html><head><meta charset='utf-8'></head><body>{ROOM}</body></html>"
    crawl = Crawl(tmp_path / "gap", {LIST: first, pages[0]: empty, pages[1]: third})
    assert (crawl.found, crawl.asked) == ([f"{ROOT}/xw/{n}.html" for n in (1, 3)], [LIST, *pages])
    assert crawl.issues["list_empty"].startswith(f"a page amid others: {pages[0]} has 0 links")
    last = Crawl(tmp_path / "end", {LIST: first, pages[0]: third, pages[1]: empty})
    assert "list_empty" not in last.issues, "an empty page ends a list"


def test_what_a_list_counts_and_the_size_of_an_empty_one(tmp_path: Path) -> None:
    day = date(2024, 3, 10)
    counts = Crawl(tmp_path / "a", {LIST: rows(("/xw/1.html", TITLE, day))}).counts
    assert (counts["lists"], counts["lists_zh"], counts.get("lists_en")) == (1, 1, None)
    crawl = Crawl(tmp_path / "b", {LIST: ROOM})
    size = len(ROOM.encode())
    last = f"{LIST} has 0 links, 0 to articles (generic, {size} bytes)"
    assert crawl.issues == {"list_empty": f"1 pages; the last: {last}"}


def test_a_list_that_a_script_draws_needs_a_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "is_installed", lambda: False)
    drawn = Source("zh", "generic", LIST, render="browser")
    crawl = Crawl(tmp_path, {LIST: rows(("/xw/1.html", TITLE, None))}, source=drawn)
    assert (crawl.found, crawl.asked) == ([], [])
    assert crawl.issues == {"browser_missing": browser.MISSING}


def test_an_empty_shell_is_a_list_that_a_script_draws(tmp_path: Path) -> None:
    shell = "<html><body><div id='app'></div><script src='/js/app.3f2a.js'></script></body></html>"
    crawl = Crawl(tmp_path, {LIST: shell})
    assert list(crawl.issues) == ["empty_shell"]


def test_a_list_of_more_links_than_are_read_is_cut(tmp_path: Path) -> None:
    day = date(2024, 3, 10)
    text = rows(("/xw/1.html", TITLE, day)).replace(
        "</ul>", "</ul>" + "<a href=#x>x</a>" * (MAX_ANCHORS + 5)
    )
    assert "characters are read" in Crawl(tmp_path, {LIST: text}).issues["list_cut"]
