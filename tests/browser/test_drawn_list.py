"""A list that only a script fills is read in the real Chromium, and without it the rest goes on."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error

from crawler.archive.reader import read_records
from crawler.city import City
from crawler.demo.gold import gold_articles
from crawler.demo.response import Response, html, redirect
from crawler.demo.server import serve
from crawler.fetch import browser as drawing
from pipelines.tables import articles

ROOT = Path(__file__).parents[2]
DRAWN = "http://www.qingya.example/english/news/latest.html"
PLAIN = "http://www.qingya.example/english/notices/"
CITY = f"""\
name: {{zh: 青崖市, en: Qingya}}
hosts: [www.qingya.example]
status: active
assertions: {{quiet_days: 36500}}
sources:
  - {{lang: en, cms: generic, list: "{DRAWN}", render: browser}}
  - {{lang: en, cms: generic, list: "{PLAIN}"}}
"""
# The program in a Python that cannot find the extra.
WITHOUT = (
    "import sys; sys.modules['scrapy_playwright'] = None; "
    "from {module} import main; sys.exit(main(sys.argv[1:]))"
)


class Leading:
    """A site one of whose pages leads to another host."""

    def __init__(self, target: str) -> None:
        self.target = target

    def answer(self, url: str) -> Response:
        away = url.endswith("/away")
        return redirect(f"http://{self.target}/") if away else html("<h1>Here</h1>")


class Drawing:
    """A site whose list is nowhere written: a script computes its entries."""

    def answer(self, url: str) -> Response:
        if url.endswith("/robots.txt"):
            return html("")
        if not url.endswith("/latest.html"):
            story = "<p>The harbour office opened another pier for ferries this week.</p>" * 3
            return html(f"<title>Pier</title><h1>Another pier opens at the harbour</h1>{story}")
        return html(
            "<html lang=en><title>Latest news</title><h1>Latest news</h1><ul id=rows></ul><script>"
            "const rows = document.getElementById('rows');"
            "for (let left = 15; left; left--) {"
            "  const row = document.createElement('li'), link = document.createElement('a');"
            "  link.setAttribute('href', ['202403', 'c_' + (986800 + left)].join('/') + '.htm');"
            "  link.textContent = 'Pier number ' + left + ' opens at the harbour for ferries';"
            "  row.append(link, ' 2024-03-' + String(left).padStart(2, '0'));"
            "  rows.append(row);"
            "}</script></html>"
        )


@pytest.fixture(scope="module")
def web() -> Iterator[tuple[int, Counter[str]]]:
    counts: Counter[str] = Counter()
    with serve(counts=counts) as port:
        yield port, counts


@pytest.fixture
def city(tmp_path: Path) -> Path:
    (tmp_path / "cities").mkdir()
    path = tmp_path / "cities" / "qingya.yaml"
    path.write_text(CITY, encoding="utf-8")
    return path


def run(port: int, command: list[str]) -> "subprocess.CompletedProcess[str]":
    polite = {"SHIZHENG_DELAY": "0", "SHIZHENG_AUTOTHROTTLE": "0", "SHIZHENG_CONCURRENCY": "4"}
    proxy = {"http_proxy": f"http://127.0.0.1:{port}", "no_proxy": ""}
    return subprocess.run(
        [sys.executable, *command],
        env={**os.environ, **polite, **proxy},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def crawl(city: Path, output: Path) -> list[str]:
    fixed = ["--output", str(output), "--run-id", "run-1", "--cities-dir", str(city.parent)]
    return ["qingya", *fixed, "--since", "2024-03-01"]


def urls(output: Path) -> set[str]:
    return {row["url"] for row in articles.read_articles(output, "qingya").to_pylist()}


def of_news(found: set[str]) -> set[str]:
    return {url for url in found if "/english/news/" in url}


def test_a_drawn_list_is_read_and_only_the_citys_hosts_are_asked(
    web: tuple[int, Counter[str]], city: Path
) -> None:
    port, counts = web
    undrawn = f'  - {{lang: en, cms: generic, list: "{DRAWN}"}}\n'
    city.write_text(CITY + undrawn, encoding="utf-8")
    ended = run(port, ["-m", "crawler.crawl.probe", "check", str(city)])
    sources: list[dict[str, Any]] = json.loads(ended.stdout)
    assert [(source["code"], source["links"]) for source in sources] == [
        (None, 15),
        (None, 5),
        (None, 15),  # undrawn, its script's own data has the same links
    ]
    # Once by the page's script in the browser, once by who read its address in the script.
    assert counts[DRAWN.replace(".html", ".json")] == 2
    assert not [url for url in counts if "elsewhere" in url or url.endswith(".css")]


@pytest.mark.parametrize("target", ["elsewhere.test", "127.0.0.1"])
def test_the_browser_follows_no_redirect_off_the_citys_hosts(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(drawing, "SHIZHENG_PRIVATE_ADDRESSES", True)
    city = City(key="here", name_zh="", name_en="", hosts=("localhost",), sources=())
    with serve(Leading(target)) as port:
        launch = drawing.settings(city)["PLAYWRIGHT_LAUNCH_OPTIONS"]
        chromium = browser.browser_type.launch(**launch)
        try:
            page = chromium.new_page()
            shown = page.goto(f"http://localhost:{port}/")
            assert shown is not None
            assert shown.ok
            with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
                page.goto(f"http://localhost:{port}/away")
        finally:
            chromium.close()


def test_what_a_browser_behind_a_proxy_was_led_to_is_reported_and_not_archived(
    city: Path, tmp_path: Path
) -> None:
    away = "http://www.qingya.example/away"
    city.write_text(CITY.replace(DRAWN, away), encoding="utf-8")
    with serve(Leading("elsewhere.test")) as port:
        run(port, ["-m", "crawler.crawl", *crawl(city, tmp_path / "out")])
    log = tmp_path / "out" / "runs" / "run-1" / "qingya.issues.jsonl"
    issues = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    told = {issue["url"]: (issue["code"], issue["evidence"]) for issue in issues}
    reason = "elsewhere.test is not among the hosts of qingya"
    assert told[away] == ("off_host", reason)
    (warc,) = (tmp_path / "out" / "archive" / "qingya").glob("*.warc.gz")
    archived = [record.url for record in read_records(warc)]
    assert PLAIN in archived
    assert not [url for url in archived if "elsewhere" in url]


def test_a_host_at_a_private_address_is_unknown_to_the_browser(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    city = City(key="here", name_zh="", name_en="", hosts=("localhost",), sources=())
    arguments = drawing.settings(city)["PLAYWRIGHT_LAUNCH_OPTIONS"]["args"]
    assert arguments[-1] == "--host-resolver-rules=MAP * ~NOTFOUND"


def test_a_crawl_stores_the_articles_of_a_drawn_list(
    web: tuple[int, Counter[str]], city: Path, tmp_path: Path
) -> None:
    ended = run(web[0], ["-m", "crawler.crawl", *crawl(city, tmp_path / "out")])
    assert ended.returncode == 0, ended.stderr
    assert of_news(urls(tmp_path / "out")) == {
        row["url"]
        for row in gold_articles()
        if "qingya.example/english/news/" in row["url"] and row["published"] >= "2024-03-01"
    }


def test_without_the_extra_the_list_is_reported_and_the_other_sources_go_on(
    web: tuple[int, Counter[str]], city: Path, tmp_path: Path
) -> None:
    without = ["-c", WITHOUT.format(module="crawler.crawl.__main__")]
    ended = run(web[0], [*without, *crawl(city, tmp_path / "out")])
    assert ended.returncode == 0, ended.stderr
    found = urls(tmp_path / "out")
    assert found
    assert not of_news(found)
    log = tmp_path / "out" / "runs" / "run-1" / "qingya.issues.jsonl"
    issues = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    told = {issue["url"]: (issue["code"], issue["evidence"]) for issue in issues}
    code, evidence = told[DRAWN]
    assert code == "browser_missing"
    assert 'pip install "shizheng[browser]"' in evidence


def detected(port: int, url: str) -> tuple[str | None, str | None, str]:
    ended = run(port, ["-m", "crawler.crawl.probe", "detect", url])
    (found,) = json.loads(ended.stdout)
    return found["render"], found["code"], found["lang"]


def test_a_list_to_be_added_is_drawn_where_it_shows_nothing_by_itself() -> None:
    with serve(Drawing()) as port:
        assert detected(port, DRAWN) == ("browser", None, "en")


def test_a_list_to_be_added_needs_no_browser_where_its_script_loads_data(
    web: tuple[int, Counter[str]],
) -> None:
    assert detected(web[0], DRAWN) == (None, None, "en")
