"""A probe's look at lists and articles: the facts and faults of a check and of a detection."""

import asyncio
import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from home_sites import ZH, ZH_TEXT, article, dated, entries, page
from sites_in_memory import Pages, probe_of

from crawler.city import City, Source
from crawler.crawl import probe as probing
from crawler.crawl.probe import main
from crawler.errors import ExitCode
from crawler.fetch import browser

ROOT = "http://www.suxi.example"
LIST, NEXT = f"{ROOT}/xwzx/yw/", f"{ROOT}/xwzx/yw/index_1.html"
DAY = date(2024, 3, 20)
NAMES = [f"/xwzx/yw/{name}" for name in dated(DAY, 12, 7000)]
SOURCE = Source("zh", "generic", LIST, line=7)
CITY = City("suxi", "苏溪市", "Suxi", ("www.suxi.example",), (SOURCE,))
BROKEN = f"{ROOT}{NAMES[0]}"


def site(**changed: str | int | Exception) -> dict[str, str | int | Exception]:
    """Return a list and its articles."""
    pages: dict[str, str | int | Exception] = {
        ROOT + name: article(ZH[n % 8], ZH_TEXT, DAY, n) for n, name in enumerate(NAMES)
    }
    return {LIST: page("苏溪要闻", entries(ZH, NAMES, DAY))} | pages | changed


def run(
    pages: Mapping[str, str | int | Exception], city: City = CITY, **job: Any
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return a probe's results, and what it asked for."""
    engine = Pages(pages)
    probe = probe_of(city, engine)
    probe.result = []
    for name, value in job.items():
        setattr(probe, name, value)

    async def whole() -> None:
        async for _ in probe.start():
            raise AssertionError("a probe schedules nothing")

    asyncio.run(whole())
    return probe.result, engine.asked


@pytest.fixture(autouse=True)
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the machine have no browser, whether it has or not."""
    monkeypatch.setattr(browser, "is_installed", lambda: False)


def test_a_check_has_the_facts_of_a_list_and_of_its_first_two_articles() -> None:
    (result,), asked = run(site())
    articles = result.pop("articles")
    assert result == {
        "line": 7, "lang": "zh", "cms": "generic", "list": LIST, "links": 12, "pages": 1,
        "newest": "2024-03-20", "code": None, "evidence": None,
    }  # fmt: skip
    assert asked == [LIST, ROOT + NAMES[0], ROOT + NAMES[1]]
    assert [each["url"] for each in articles] == asked[1:]
    first = articles[0]
    assert (first["code"], first["lang"], first["title"]) == (None, "zh", ZH[0])
    assert first["published_at"].startswith("2024-03-20T00:00")
    assert first["fields"] == ["title", "text", "published_at", "source"]
    assert first["characters"] > 100
    assert first["extractor"]


def test_a_check_names_the_fault_of_an_article_and_passes_with_the_other() -> None:
    (result,), _ = run(site(**{BROKEN: 404}))
    first, second = result["articles"]
    assert (first["url"], first["code"]) == (BROKEN, "http_4xx")
    assert first["evidence"].startswith("status 404, ")
    assert "fields" not in first
    assert (second["code"], result["code"]) == (None, None)


EMPTY = page("要闻", f"<h1>要闻</h1><p>{'苏溪市人民政府要闻栏目。' * 9}</p>")
OFF_HOST = entries(ZH, [f"http://news.other.example{name}" for name in NAMES], DAY)
BOTH = entries(ZH, [f"http://news.other.example{NAMES[0]}", *NAMES[1:]], DAY)
FAULTS: dict[str, tuple[dict[str, str | int | Exception], str, str]] = {
    "no page": ({LIST: 503}, "http_5xx", "status 503"),
    "no answer": ({LIST: OSError("broken pipe")}, "", "broken pipe"),
    "no links": ({LIST: EMPTY}, "list_empty", f"{LIST}: 0 links, none of them an article's"),
    "other hosts": ({LIST: page("要闻", OFF_HOST)}, "links_off_host",
                    f"{LIST}: all 12 articles are on hosts that the city does not name (generic)"),
    "no article": ({ROOT + name: 404 for name in NAMES}, "http_4xx", "status 404"),
}  # fmt: skip


@pytest.mark.parametrize(("changed", "code", "evidence"), FAULTS.values(), ids=FAULTS)
def test_a_check_names_the_fault_of_a_list(
    changed: dict[str, str | int | Exception], code: str, evidence: str
) -> None:
    (result,), _ = run(site() | changed)
    assert evidence in result["evidence"]
    assert result["code"]
    assert code in ("", result["code"])


def test_links_to_hosts_that_a_city_does_not_name_are_counted_and_not_read() -> None:
    (result,), asked = run(site() | {LIST: page("要闻", BOTH)})
    assert (result["links"], result["code"]) == (12, None)
    assert asked[1:] == [ROOT + name for name in NAMES[1:3]]


def test_a_list_whose_first_page_names_no_article_is_read_at_its_second() -> None:
    more = page("要闻", '<p>苏溪市人民政府要闻栏目。</p><a href="index_1.html">下一页</a>')
    (result,), asked = run(site() | {LIST: more, NEXT: page("要闻", entries(ZH, NAMES, DAY))})
    assert (result["links"], result["code"], asked[:2]) == (12, None, [LIST, NEXT])
    (result,), _ = run(site() | {LIST: more})
    assert result["code"] == "http_4xx"


def test_the_second_page_of_a_list_with_articles_is_counted_and_not_read() -> None:
    text = page("要闻", entries(ZH, NAMES, DAY) + '<a href="index_1.html">下一页</a>')
    (result,), asked = run(site() | {LIST: text})
    assert (result["pages"], NEXT in asked) == (2, False)


def test_a_list_that_a_script_draws_needs_a_browser() -> None:
    drawn = replace(CITY, sources=(replace(SOURCE, render="browser"),))
    (result,), asked = run(site(), drawn)
    assert (result["code"], result["evidence"], asked) == ("browser_missing", browser.MISSING, [])


def test_detection_has_the_family_the_hosts_and_an_article_of_a_list() -> None:
    nowhere = replace(CITY, sources=())
    (result,), asked = run(site(**{BROKEN: 404}), nowhere, urls=(LIST,))
    found = result.pop("article")
    assert result == {
        "list": LIST, "render": None, "cms": "trs", "links": 12, "newest": "2024-03-20",
        "hosts": ["www.suxi.example"], "name": None, "column": "/xwzx/yw/",
        "pattern": r"/xwzx/yw/\d+/t\d+_\d+\.html$", "code": None, "evidence": None, "lang": "zh",
    }  # fmt: skip
    assert asked == [LIST, BROKEN, ROOT + NAMES[1]]
    assert (found["url"], found["fields"]["title"]) == (ROOT + NAMES[1], ZH[1])
    assert bytes.fromhex(found["body"]).decode() == site()[ROOT + NAMES[1]]
    assert found["headers"]["content-type"].startswith("text/html")


def test_detection_names_the_last_article_of_three_that_cannot_be_read() -> None:
    (result,), asked = run(site(**{ROOT + name: 404 for name in NAMES}), urls=(LIST,))
    assert asked == [LIST, *(ROOT + name for name in NAMES[:3])]
    assert (result["code"], "article" in result) == ("http_4xx", False)
    assert result["evidence"].startswith(f"{ROOT}{NAMES[2]}: status 404")


@pytest.mark.parametrize(
    ("changed", "code", "evidence"),
    [
        ({LIST: 404}, "http_4xx", "status 404"),
        ({LIST: EMPTY}, "list_empty", "and no family knows its links"),
        (
            {LIST: page("要闻", OFF_HOST)},
            "links_off_host",
            "12 articles, all on news.other.example",
        ),
    ],
)
def test_detection_names_the_fault_of_a_list(
    changed: dict[str, str | int | Exception], code: str, evidence: str
) -> None:
    (result,), asked = run(site() | changed, urls=(LIST,))
    assert (result["code"], evidence in result["evidence"], asked) == (code, True, [LIST])


@pytest.mark.parametrize(("status", "code"), [(200, ""), (404, "http_4xx")])
def test_a_page_is_fetched_with_its_bytes_whatever_its_faults(status: int, code: str) -> None:
    text = "<title>空</title>"
    answer: str | int = text if status == 200 else status
    (result,), _ = run({BROKEN: answer}, page=BROKEN)
    assert (result["url"], result["code"]) == (BROKEN, code)
    assert base64.b64decode(result["body"]).decode() == (text if status == 200 else "<p>404</p>")
    assert result["headers"]["content-type"].startswith("text/html")


def test_the_program_of_a_probe_runs_the_task_on_its_subjects(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    runs: list[tuple[City, tuple[str, ...], str, bool]] = []

    def noted(city: City, urls: Any, page: str = "", *, finding: bool = False) -> list[str]:
        runs.append((city, tuple(urls), page, finding))
        return ["result"]

    monkeypatch.setattr(probing, "_run", noted)  # it would ask the network
    file = tmp_path / "suxi.yaml"
    file.write_text(
        "name: {zh: 苏溪市, en: Suxi}\ndivision: '339900'\nhosts: [www.suxi.example]\n"
        "status: unverified\nsources:\n"
        f"  - {{lang: zh, cms: generic, list: '{LIST}'}}\n", encoding="utf-8",
    )  # fmt: skip
    more = ["--host", "img.suxi.example", "--tls-waiver", "expired"]
    assert main(["fetch", BROKEN]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out) == ["result"]
    assert main(["check", str(file)]) == ExitCode.DONE
    assert main(["detect", LIST, BROKEN, *more]) == main(["find", ROOT]) == ExitCode.DONE
    assert [(job[1], job[2], job[3]) for job in runs] == [
        ((), BROKEN, False), ((), "", False), ((LIST, BROKEN), "", False), ((ROOT,), "", True),
    ]  # fmt: skip
    fetched, checked, detected, _ = (job[0] for job in runs)
    assert (fetched.hosts, fetched.tls.verify) == (("www.suxi.example",), True)
    assert checked.sources[0].list == LIST
    assert detected.hosts == ("www.suxi.example", "img.suxi.example")
    assert (detected.tls.verify, detected.tls.reason) == (False, "expired")


def test_a_city_file_that_cannot_be_read_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "suxi.yaml"
    file.write_text("name: 1\n", encoding="utf-8")
    assert main(["check", str(file)]) == ExitCode.USAGE
    ended = capsys.readouterr()
    assert (ended.out, str(file) in ended.err) == ("", True)


def test_a_packed_list_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(str(site()[LIST]).encode())
    pages = site()
    engine = Pages(pages)
    plain = engine.download_async

    async def zipped(request: Any) -> Any:
        answer = await plain(request)
        return answer.replace(body=packed) if request.url == LIST else answer

    monkeypatch.setattr(engine, "download_async", zipped)
    probe = probe_of(CITY, engine)
    assert asyncio.run(probe.read_page(LIST)) == (LIST, pages[LIST], "")
