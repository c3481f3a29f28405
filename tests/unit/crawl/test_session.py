"""A crawl's arguments and settings, and the answers that are no pages."""

import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from scrapy.utils.test import get_crawler

from crawler.archive.reader import Answer
from crawler.city import City
from crawler.cms.family import Link, Listing
from crawler.crawl.__main__ import _parser, _settings, main
from crawler.crawl.articles import code_of
from crawler.crawl.session import CrawlError, Session
from crawler.crawl.window import Window

CITY = City(key="luoshan", name_zh="洛山市", name_en="Luoshan", hosts=("a.example",), sources=())
PAGE = "<html><body><h1>市政府召开会议</h1><p>会议听取了工作汇报。</p></body></html>".encode()


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [
        ("March", "", "since is a date like 2026-11-23, not 'March'"),
        ("", "2024-13-01", "until is a date like"),
        ("2024-03-02", "2024-03-01", "is after until"),
    ],
)
def test_a_window_without_a_day_in_it_is_refused(since: str, until: str, message: str) -> None:
    with pytest.raises(CrawlError, match=message):
        Window.parse(since, until)


def test_a_window_bounds_dated_links_and_passes_the_others() -> None:
    window = Window.parse("2024-03-02", "2024-03-04")
    days = [None, *(date(2024, 3, day) for day in range(1, 6))]
    links = [Link("http://a.example/", date=day) for day in days]
    assert [window.leaves_out(link) for link in links] == [False, True, False, False, False, True]
    assert window.is_past(Listing((links[1],)))
    assert not window.is_past(Listing((links[0], links[1])))
    assert not Window.parse("", "")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"SHIZHENG_OUTPUT": "s3://bucket/x"}, "in a local folder"),
        ({"SHIZHENG_OUTPUT": "x", "SHIZHENG_NOW": "today"}, "SHIZHENG_NOW is a time like"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(settings: dict[str, str], message: str) -> None:
    with pytest.raises(CrawlError, match=message):
        Session.open(get_crawler(settings_dict=settings), CITY)


def test_a_session_has_its_own_clock_and_gives_the_city_free(tmp_path: Path) -> None:
    settings = {"SHIZHENG_OUTPUT": str(tmp_path), "SHIZHENG_NOW": "2024-03-05T08:00+08:00"}
    for _ in range(2):  # the second would fail if the first held the lock still
        session = Session.open(get_crawler(settings_dict=settings), CITY)
        assert (session.now() - datetime(2024, 3, 5, tzinfo=UTC)).total_seconds() < 3600
        session.close()


def test_a_session_that_cuts_a_torn_record_off_logs_how_much(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    torn = tmp_path / "archive" / CITY.key / "run-00000.warc.gz"
    torn.parent.mkdir(parents=True)
    torn.write_bytes(gzip.compress(b"WARC/1.0\r\n")[:15])
    crawler = get_crawler(settings_dict={"SHIZHENG_OUTPUT": str(tmp_path)})
    Session.open(crawler, CITY).close()
    assert "cut 15 bytes of a torn record" in caplog.text


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        ("2024-03-02", "2024-03-01", "is after until"),
        ("2024-03-01", "2024-03-02", "no-such-city"),
    ],
)
def test_the_program_of_a_crawl_names_the_option_that_is_wrong(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, since: str, until: str, told: str
) -> None:
    words = ["no-such-city", "--output", str(tmp_path), "--run-id", "r"]
    assert main([*words, "--since", since, "--until", until]) == 2
    assert told in capfd.readouterr().err


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (200, ""),
        (404, "http_4xx"),
        (503, "http_5xx"),
        (399, "odd_status"),
        (403, "http_4xx"),
        (405, "http_4xx"),
        (451, "geo_blocked"),
    ],
)
def test_an_answer_that_is_no_page_has_an_issue_code(status: int, code: str) -> None:
    assert code_of(Answer("http://a.example/1", status, {}, PAGE)) == code


def test_the_program_of_a_crawl_has_the_settings_that_it_is_given(tmp_path: Path) -> None:
    words = ["luoshan", "--output", str(tmp_path), "--run-id", "r7"]
    words += ["-s", "DOWNLOAD_DELAY=0.5", "--set", "SHIZHENG_NOW=2024-03-05T08:00Z"]
    settings = _settings(_parser().parse_args(words))
    assert settings.getpriority("SHIZHENG_OUTPUT") == settings.getpriority("DOWNLOAD_DELAY") == 40
    assert settings["SHIZHENG_OUTPUT"] == str(tmp_path)
    assert (settings["SHIZHENG_RUN_ID"], settings.getfloat("DOWNLOAD_DELAY")) == ("r7", 0.5)
    assert settings["SHIZHENG_NOW"] == "2024-03-05T08:00Z"
    assert settings["BOT_NAME"] == "shizheng", "the project's own settings are below them"
    with pytest.raises(SystemExit):
        _parser().parse_args([*words, "-s", "DOWNLOAD_DELAY"])


@pytest.mark.parametrize(("status", "code"), [(404, "http_4xx"), (403, "geo_blocked")])
def test_only_a_refusal_is_asked_for_its_kind(status: int, code: str) -> None:
    body = b"<html><body><p>This service is not available in your region.</p></body></html>"
    assert code_of(Answer("http://a.example/1", status, {}, body)) == code
