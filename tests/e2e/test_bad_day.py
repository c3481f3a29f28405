"""The miniature web on a day when its articles answer with something else, and the day after."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from conftest import Crawl, Web
from operating import damage, tables

from crawler.demo.content import load_content
from crawler.demo.response import Response, html, redirect, request_key
from crawler.demo.server import serve
from crawler.demo.site import Site, build_site, url_of

CITIES = ("langang", "qingya", "yunze")
"""Of six families together; their longest lists are left out, for time's sake."""
ROOT = Path(__file__).parents[2]

NOTICE = "<title>公告</title><h1>网站升级公告</h1><p>本站今日升级，暂停服务，请明日再来。</p>"
LOGIN = "<title>用户登录</title><form><input type=password></form><p>请先登录，忘记密码请来电。</p>"
LOST = "<title>提示</title><p>您访问的页面不存在，可能已被移走。</p>"
CHECK = "<title>安全验证</title><p>请拖动滑块完成安全验证</p><script src='/captcha.js'></script>"
SHARED = "<title>说明</title><h1>说明</h1><p>内容整理期间，请到市民中心查阅纸质文件。</p>"
CODES = {
    "notice": "redirected_away", "login": "login_wall", "home": "redirected_away",
    "missing": "soft_404", "shared": "same_page", "script": "redirected_away",
    "loop": "redirects", "away": "off_host", "empty": "empty_shell", "check": "blocked_waf",
}  # fmt: skip
"""Faults, and the issues that name them."""


def troubled(site: Site, city: str) -> tuple[Site, dict[str, set[str]]]:
    """Return a site with every fault by turns, and the addresses of each."""
    responses, struck = dict(site.responses), {fault: set[str]() for fault in CODES}
    entries = load_content()[city]
    crawled = (entry for entry in entries if entry.column != "news")
    for number, url in enumerate(dict.fromkeys(url_of(entry, entries) for entry in crawled)):
        key, fault = request_key(url), list(CODES)[number % len(CODES)]
        host = f"http://{urlsplit(url).netloc}"
        answers = {
            "notice": redirect(f"{host}/wh/notice.html"),
            "login": redirect(f"{host}/sso?back={url}"),
            "home": redirect(f"{host}/"),
            "missing": html(LOST),
            "shared": html(SHARED),
            "script": html(f"<script>window.location.replace('{host}/wh/notice.html')</script>"),
            "loop": redirect(url),
            "away": redirect("http://sso.province.example/login"),
            "empty": html(""),
            "check": html(CHECK),
        }
        if key not in responses:
            continue
        responses[key] = answers[fault]
        responses[request_key(f"{host}/wh/notice.html")] = html(NOTICE)
        responses[request_key(f"{host}/sso")] = html(LOGIN)
        struck[fault].add(url)
    # What a fault answers with has no validators: they would outlast the day.
    plain = {key: _without_validators(got) for key, got in responses.items()}
    return replace(site, responses=plain), struck


def _without_validators(response: Response) -> Response:
    kept = {k: v for k, v in response.headers.items() if k not in ("ETag", "Last-Modified")}
    return replace(response, headers=kept)


def shortened(city: str, folder: Path) -> Path:
    """Return a folder with a city's file without its longest lists."""
    lines = (ROOT / f"crawler/demo/cities/{city}.yaml").read_text(encoding="utf-8").splitlines()
    for lang in ("zh", "en"):
        lines.remove(next(line for line in lines if f"lang: {lang}" in line))
    folder.mkdir()
    (folder / f"{city}.yaml").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="module", params=CITIES)
def days(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """A healthy crawl; and one on a bad day, with another on the day after."""
    city, folder = request.param, tmp_path_factory.mktemp("bad-day")
    healthy, cities = build_site(), shortened(city, folder / "cities")
    faulty, struck = troubled(healthy, city)
    told: dict[str, Any] = {"struck": struck}
    for name, runs in (
        ("usual", [("run-1", healthy, "2024-07-02T08:00Z")]),
        ("after", [("bad", faulty, "2024-07-02T08:00Z"), ("good", healthy, "2024-07-03T09:00Z")]),
    ):
        crawl = Crawl(Web(), cities, folder / name, city=city)
        for run, site, now in runs:
            with serve(site) as port:
                crawl.web.port = port
                ended = crawl(run, f"-sSHIZHENG_NOW={now}")
            assert ended.code == 0, ended.errors[-2000:]
            told[run] = tables(crawl.output, city)
        told[name] = crawl
    return told


def test_on_the_bad_day_nothing_false_is_stored(days: dict[str, Any]) -> None:
    usual = {row["article_id"]: row["text"] for row in days["run-1"]["articles"]}
    stored = {row["article_id"]: row["text"] for row in days["bad"]["articles"]}
    assert not [key for key, text in stored.items() if usual.get(key) != text]
    assert all(urls for urls in days["struck"].values()), "every fault had its pages"


def test_every_fault_is_named(days: dict[str, Any]) -> None:
    issues = set(days["after"].issues("bad"))
    listed = {url for _, url in issues}
    for fault, code in CODES.items():
        asked = days["struck"][fault] & listed
        assert asked, fault
        assert {(code, url) for url in asked} <= issues, fault


def test_on_the_healthy_day_everything_is_there(days: dict[str, Any]) -> None:
    usual = {row["article_id"]: row["text"] for row in days["run-1"]["articles"]}
    after = {row["article_id"]: row["text"] for row in days["good"]["articles"]}
    assert after == usual
    assert days["good"]["revisions"] == []
    assert damage(days["after"].output) == []
