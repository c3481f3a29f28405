"""Settings that must not be lost: what makes the crawler honest, polite and closed."""

import runpy
from typing import Any

import pytest
from scrapy.settings import Settings
from scrapy.utils.misc import load_object

import crawler.settings


def read_again() -> dict[str, Any]:
    return runpy.run_path(crawler.settings.__file__)


def test_every_setting_is_known_to_scrapy_or_ours() -> None:
    # A setting that Scrapy renames would silently fall back to a default.
    known = set(Settings())
    ours = {name for name in vars(crawler.settings) if name.isupper() and name[0] != "_"}
    assert {name for name in ours - known if not name.startswith("SHIZHENG_")} == set()


def test_the_crawler_says_who_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHIZHENG_CONTACT", raising=False)
    assert read_again()["USER_AGENT"].startswith("shizheng/")
    assert "Mozilla" not in read_again()["USER_AGENT"]
    monkeypatch.setenv("SHIZHENG_CONTACT", "mailto:ops@corpus.example")
    assert read_again()["USER_AGENT"].endswith(" (+mailto:ops@corpus.example)")


def test_it_is_polite_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SHIZHENG_DELAY", "SHIZHENG_CONCURRENCY", "SHIZHENG_AUTOTHROTTLE"):
        monkeypatch.delenv(name, raising=False)
    polite = read_again()
    assert polite["ROBOTSTXT_OBEY"]
    assert polite["DOWNLOAD_DELAY"] >= 1
    assert polite["CONCURRENT_REQUESTS_PER_DOMAIN"] == 1
    assert polite["AUTOTHROTTLE_ENABLED"]


def test_politeness_is_set_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIZHENG_DELAY", "7.5")
    monkeypatch.setenv("SHIZHENG_CONCURRENCY", "2")
    monkeypatch.setenv("SHIZHENG_AUTOTHROTTLE", "0")
    given = read_again()
    assert (given["DOWNLOAD_DELAY"], given["AUTOTHROTTLE_START_DELAY"]) == (7.5, 7.5)
    assert (given["CONCURRENT_REQUESTS_PER_DOMAIN"], given["AUTOTHROTTLE_ENABLED"]) == (2, False)


def test_nothing_listens_and_nothing_is_remembered_by_cookies() -> None:
    closed = read_again()
    names = ("TELNETCONSOLE_ENABLED", "REMOTE_CONTROL_ENABLED", "COOKIES_ENABLED")
    assert not any(closed[name] for name in (*names, "HTTPCACHE_ENABLED", "METAREFRESH_ENABLED"))


def test_the_archive_is_next_to_the_network_and_strict_hosts_come_first() -> None:
    settings = Settings()
    settings.setmodule(crawler.settings)
    layers = settings.getwithbase("DOWNLOADER_MIDDLEWARES")
    order = {load_object(path): place for path, place in layers.items() if place is not None}
    by_name = {layer.__name__: place for layer, place in order.items()}
    assert by_name["Archiver"] == max(by_name.values())
    assert by_name["HostGuard"] == min(by_name.values())
    assert by_name["RobotsTxtMiddleware"] < by_name["RobotsGuard"] < by_name["RetryMiddleware"]
    assert "OffsiteMiddleware" not in by_name


def test_the_pipelines_named_exist_in_the_order_of_the_design() -> None:
    pipelines = sorted(crawler.settings.ITEM_PIPELINES.items(), key=lambda item: item[1])
    assert [load_object(path).__name__ for path, _ in pipelines] == [
        "Validate",
        "Language",
        "Store",
    ]
