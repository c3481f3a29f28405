"""Answers that are no articles, and articles that do not fit their family's rules."""

import asyncio
import json
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse
from scrapy.utils.test import get_crawler

from crawler.archive.reader import Answer
from crawler.city import City, Source
from crawler.crawl.articles import ArticleReader, rejected
from crawler.crawl.session import Session
from crawler.extract.article import extract
from crawler.item import Article
from pipelines.articles.archives import joined

LIST = "http://www.a.example/news/"
CITY = City(
    key="luoshan",
    name_zh="洛山市",
    name_en="Luoshan",
    hosts=("www.a.example",),
    sources=(Source("zh", "trs", LIST),),
)
HTML = {"content-type": "text/html; charset=utf-8"}
TEXT = "<p>市政府三日召开会议，听取全市水利工程建设情况的汇报，部署下一阶段的工作。</p>" * 4


def page(number: int, *, by_rules: bool) -> Answer:
    """An article page, with or without the element that the family's rules name."""
    name = "TRS_Editor" if by_rules else "new-design"
    html = f"""<html><head><title>市政府召开第{number}次会议</title></head><body>
        <h1>市政府召开第{number}次会议</h1><p>发布时间：2024-03-05</p>
        <div class="{name}">{TEXT}</div></body></html>"""
    url = f"{LIST}202403/t20240305_{number}.html"
    return Answer(url, 200, HTML, html.encode())


def opened(output: Path) -> Session:
    return Session.open(get_crawler(settings_dict={"SHIZHENG_OUTPUT": str(output)}), CITY)


def issues(output: Path) -> list[tuple[str, str]]:
    """Code and evidence of each issue of the run."""
    files = output.glob("runs/*/luoshan.issues.jsonl")
    found = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    return [(issue["code"], issue["evidence"]) for issue in found]


@pytest.mark.parametrize(
    ("by_rules", "without", "reported"),
    [
        (0, 4, None),
        (0, 5, "5 of 5 articles do not look as their family's do"),
        (1, 5, "5 of 6 articles do not look as their family's do"),
        (2, 8, None),
        (2, 9, "9 of 11 articles do not look as their family's do"),
    ],
)
def test_a_layout_has_changed_if_few_of_five_articles_fit_the_rules(
    by_rules: int, without: int, reported: str | None, tmp_path: Path
) -> None:
    session = opened(tmp_path)
    reader = ArticleReader(session)
    for number in range(by_rules + without):
        asyncio.run(reader.read(page(number, by_rules=number < by_rules)))
    reader.conclude()
    session.close()
    assert issues(tmp_path) == ([("layout_changed", reported)] if reported else [])


@pytest.mark.parametrize(
    ("answer", "reason", "code"),
    [
        (Answer(LIST, 404, HTML, "<p>没有这个页面</p>".encode()), "http_error", "http_4xx"),
        (Answer(LIST, 503, HTML, "<p>维护</p>".encode()), "http_error", "http_5xx"),
        (Answer(LIST, 412, HTML, b""), "challenge", "blocked_challenge"),
        (Answer(LIST, 200, HTML, b""), "empty_shell", "empty_shell"),
        (Answer(LIST, 200, {"content-encoding": "gzip"}, b"\x1f"), "too_large", "too_large"),
    ],
)
def test_an_answer_without_a_page_is_reported_and_rejected_for_one_reason(
    answer: Answer, reason: str, code: str, tmp_path: Path
) -> None:
    session = opened(tmp_path)
    reject = rejected(session, answer)
    session.close()
    assert reject is not None
    assert (reject.url, reject.city, reject.reason) == (LIST, "luoshan", reason)
    assert [found for found, _ in issues(tmp_path)] == [code]


def test_a_page_is_not_rejected(tmp_path: Path) -> None:
    session = opened(tmp_path)
    assert rejected(session, page(1, by_rules=True)) is None
    session.close()
    assert issues(tmp_path) == []


class Later:
    """A site of the later pages of one article, each of which shows the next alone."""

    last = 4

    async def download_async(self, request: Request) -> HtmlResponse:
        number = int(request.url.rpartition("_")[2].removesuffix(".html"))
        return HtmlResponse(request.url, 200, body=part(number).body, request=request)


def part(number: int) -> Answer:
    name = f"{LIST}88{f'_{number}' if number > 1 else ''}.html"
    further = f"<a href='88_{number + 1}.html'>下一页</a>" if number < Later.last else "下一页"
    text = "".join(f"<p>第{number}页的第{n}段，{TEXT[3:40]}。</p>" for n in (1, 2, 3))
    html = f"<html><body><h1>水利工程建设纪实</h1><div>{text}</div><p>{further}</p></body></html>"
    return Answer(name, 200, HTML, html.encode())


def test_an_article_is_read_to_its_end_through_links_to_the_next_page(tmp_path: Path) -> None:
    session = opened(tmp_path)
    session.crawler.engine = Later()  # type: ignore[assignment]
    found = asyncio.run(ArticleReader(session).read(part(1)))
    session.close()
    assert found is not None
    (article,) = found.results
    assert isinstance(article, Article)
    pages = [int(line[1]) for line in article.text.splitlines()]
    assert pages == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
    assert "parts_missing" not in article.flags
    assert issues(tmp_path) == []


@pytest.mark.parametrize("missing", [None, 3])
def test_an_archive_joins_the_pages_that_later_ones_show(missing: int | None) -> None:
    answers = [part(number) for number in range(1, Later.last + 1) if number != missing]
    read = [extract(answer.url, answer.body, HTML, CITY) for answer in answers]
    articles = {found.url: found for found in read if isinstance(found, Article)}
    whole = joined(articles, ())
    alone = [f"{LIST}88_4.html"] if missing else []
    assert [article.url for article in whole] == [f"{LIST}88.html", *alone]
    assert ("parts_missing" in whole[0].flags) == (missing is not None)
