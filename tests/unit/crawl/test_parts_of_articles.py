"""Further pages of an article: kept, asked for again, missing; and faults of one page."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from scrapy.utils.test import get_crawler
from sites_in_memory import Pages

from crawler.archive.reader import Answer, Place
from crawler.archive.writer import Exchange
from crawler.city import City, Source
from crawler.crawl import articles
from crawler.crawl.articles import ArticleReader, PageResults
from crawler.crawl.session import CrawlPart, Session
from crawler.item import Article, Reject
from crawler.state.lock import VisitsError
from crawler.state.visits import Visit

ROOT = "http://www.meixi.example/xw/"
CITY = City("meixi", "梅溪市", "Meixi", ("www.meixi.example",),
            (Source("zh", "generic", ROOT),))  # fmt: skip
HTML = {"content-type": "text/html; charset=utf-8"}
NOW = datetime(2024, 3, 20, 4, tzinfo=UTC)
LAST = 3


def name(number: int) -> str:
    return f"{ROOT}88{f'_{number}' if number > 1 else ''}.html"


def text(number: int, word: str = "") -> str:
    further = f"<a href='88_{number + 1}.html'>下一页</a>" if number < LAST else "下一页"
    body = "".join(
        f"<p>第{number}页的第{n}段{word}，市里连续三年整治河道，沿线新建步道二十余公里，居民可以散步。</p>"
        for n in (1, 2, 3)
    )
    return f"<html><body><h1>河道整治纪实</h1><div>{body}</div><p>{further}</p></body></html>"


def opened(folder: Path, pages: Mapping[str, str | int | Exception]) -> tuple[Session, Pages]:
    session = Session.open(get_crawler(settings_dict={"SHIZHENG_OUTPUT": str(folder)}), CITY)
    engine = Pages(pages)
    session.crawler.engine = engine  # type: ignore[assignment]
    return session, engine


def stored(session: Session, number: int, word: str = "") -> None:
    """Archive a further page, as an earlier crawl did."""
    body = text(number, word).encode()
    head = (("Content-Type", "text/html; charset=utf-8"),)
    sent = Exchange(name(number), "GET", (), 200, head, body, NOW, "part")
    place = session.archive.write(sent)
    session.visits.record(Visit(name(number), "part", 200, sent.digest, place), NOW)


def read(session: Session, *, again: bool = False) -> PageResults:
    answer = Answer(name(1), 200, HTML, text(1).encode())
    found = asyncio.run(ArticleReader(session).read(answer, again=again))
    assert found is not None
    return found


def pages_of(results: PageResults) -> list[int]:
    (article,) = results.results
    assert isinstance(article, Article)
    return [int(line[1]) for line in article.text.splitlines()][::3]


def issues(folder: Path) -> list[dict[str, Any]]:
    files = folder.glob("runs/*/meixi.issues.jsonl")
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("again", [False, True])
def test_an_archived_part_is_asked_for_only_when_the_article_is_read_again(
    tmp_path: Path, again: bool
) -> None:
    session, engine = opened(tmp_path, {name(n): text(n) for n in (2, 3)})
    stored(session, 2)
    found = read(session, again=again)
    session.close()
    assert pages_of(found) == [1, 2, 3]
    assert engine.asked == ([name(2), name(3)] if again else [name(3)])
    assert (found.url, found.outcome) == (name(1), "stored")


def test_a_part_that_the_archive_has_lost_is_asked_for(tmp_path: Path) -> None:
    session, engine = opened(tmp_path, {name(n): text(n) for n in (2, 3)})
    session.visits.record(Visit(name(2), "part", 200, "sha256:x", Place("gone.warc.gz", 0)), NOW)
    assert pages_of(read(session)) == [1, 2, 3]
    session.close()
    assert engine.asked == [name(2), name(3)]


@pytest.mark.parametrize(
    ("part", "outcome", "reason"),
    [
        (404, "retry", "could not be fetched"),
        (OSError("broken"), "retry", "could not be fetched"),
        (
            f"<h1>纪实</h1><p>本页仅有图片，请横屏浏览。</p><!--{'-' * 2000}",
            "stored",
            "too_short: ",
        ),
    ],
    ids=str,
)
def test_an_article_without_a_part_is_tried_again_unless_the_part_is_none(
    tmp_path: Path, part: str | int | Exception, outcome: str, reason: str
) -> None:
    session, _ = opened(tmp_path, {name(2): part})
    found = read(session)
    session.close()
    assert (pages_of(found), found.outcome) == ([1], outcome)
    (article,) = found.results
    assert isinstance(article, Article)
    assert "parts_missing" in article.flags
    (missing,) = [issue for issue in issues(tmp_path) if issue["code"] == "part_missing"]
    assert missing["url"] == name(2)
    assert missing["evidence"].startswith(f"of {name(1)}: {reason}")


def test_a_crawl_that_dies_amid_changed_parts_does_not_call_the_article_stored(
    tmp_path: Path,
) -> None:
    session, _ = opened(tmp_path, {name(n): text(n) for n in (2, 3)})
    session.visits.record(Visit(name(1), "article", 200, "sha256:x", Place("a.gz", 0)), NOW)
    session.visits.mark([(name(1), "stored")], "r")
    read(session)
    visit = session.visits.get(name(1))
    assert visit is not None
    assert visit.outcome == "stored"
    read(session, again=True)
    visit = session.visits.get(name(1))
    session.close()
    assert visit is not None
    assert visit.outcome is None


def test_only_an_article_with_further_pages_has_parts(tmp_path: Path) -> None:
    session, _ = opened(tmp_path, {})
    reader = ArticleReader(session)
    assert reader.has_parts(Answer(name(1), 200, HTML, text(1).encode()))
    assert not reader.has_parts(Answer(name(3), 200, HTML, text(3).encode()))
    assert not reader.has_parts(Answer(name(1), 200, HTML, b"<p>x</p>"))
    session.close()


def test_a_page_that_cannot_be_read_is_reported_and_stays_unstored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("no such tree")

    monkeypatch.setattr(articles, "extract", fails)
    session, _ = opened(tmp_path, {})
    answer = Answer(name(1), 200, HTML, text(1).encode())
    assert asyncio.run(ArticleReader(session).read(answer)) is None
    session.close()
    (issue,) = issues(tmp_path)
    assert (issue["code"], issue["url"]) == ("internal", name(1))
    assert (issue["city"], issue["run_id"]) == ("meixi", session.run_id)
    assert issue["evidence"] == "RuntimeError: no such tree"
    assert f"cannot read {name(1)}" in caplog.text
    # The log has what the file has, the address before the evidence.
    assert f"internal: {name(1)} (RuntimeError: no such tree)" in caplog.text


PACKED = {"content-encoding": "gzip"}


@pytest.mark.parametrize(
    ("asked", "packed", "outcome", "reason"),
    [
        (name(1), True, "stored", "too_large"),
        (f"{ROOT}old/88.html", True, "retry", "too_large"),
        (name(1), False, "retry", "http_error"),
    ],
)
def test_a_page_too_large_is_final_at_its_own_address(
    tmp_path: Path, asked: str, packed: bool, outcome: str, reason: str
) -> None:
    session, _ = opened(tmp_path, {})
    headers, status = (PACKED, 200) if packed else (HTML, 503)
    answer = Answer(name(1), status, headers, b"\x1f\x8b")
    found = asyncio.run(ArticleReader(session).read(answer, asked=asked))
    session.close()
    assert found is not None
    (reject,) = found.results
    assert isinstance(reject, Reject)
    assert (reject.url, reject.reason) == (asked, reason)
    assert (found.url, found.outcome) == (asked, outcome)


def test_the_evidence_of_a_refusal_has_status_size_words_and_where_it_led(tmp_path: Path) -> None:
    session, _ = opened(tmp_path, {})
    body = "<html><title>维护中</title><body><p>请稍后</p></body></html>".encode()
    answer = Answer(name(1), 503, HTML, body)
    articles.rejected(session, answer, f"{ROOT}old.html")
    articles.rejected(session, Answer(name(1), 503, HTML, b""))
    session.close()
    led, plain = (issue["evidence"] for issue in issues(tmp_path))
    assert led.startswith(f"status 503, {len(body)} bytes; ")
    assert "维护中" in led
    assert led.endswith(f"; it led to {name(1)}")
    assert plain == "status 503, 0 bytes"


def test_a_reader_of_a_crawl_stops_it_once_something_cannot_be_stored(tmp_path: Path) -> None:
    closed: list[str] = []

    class Engine:
        async def close_spider_async(self, *, reason: str) -> None:
            closed.append(reason)

    session, _ = opened(tmp_path, {})
    session.crawler.engine = Engine()  # type: ignore[assignment]

    async def fail(error: Exception) -> None:
        assert session.report_failure(name(1), error)
        await asyncio.sleep(0)

    asyncio.run(fail(OSError("reset")))
    assert (session.stopping, closed) == (False, [])
    for _ in range(2):
        asyncio.run(fail(VisitsError("the disk is full")))
    session.close()
    assert (session.stopping, closed) == (True, ["archive_failed"])
    assert session.crawler.stats.get_stats()["shizheng/issues"] == 3


def test_a_part_of_a_crawl_has_its_city_and_session(tmp_path: Path) -> None:
    session, _ = opened(tmp_path, {})

    class Spider:
        city = CITY

    Spider.session = session  # type: ignore[attr-defined]
    session.crawler.spider = Spider()  # type: ignore[assignment]
    part = CrawlPart.from_crawler(session.crawler)
    assert (part.city, part.session, part.crawler) == (CITY, session, session.crawler)
    session.close()


@pytest.mark.parametrize(("known", "changed"), [((2, 3), False), ((2,), True), ((), True)])
def test_an_article_has_changed_if_one_of_its_parts_is_new(
    tmp_path: Path, known: tuple[int, ...], changed: bool
) -> None:
    session, _ = opened(tmp_path, {name(n): text(n) for n in (2, 3)})
    for number in known:
        stored(session, number)
    found = read(session)
    session.close()
    assert (pages_of(found), found.changed) == ([1, 2, 3], changed)
