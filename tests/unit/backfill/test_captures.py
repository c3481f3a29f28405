"""Captures that a city wants, by address, fields of the index and window."""

from datetime import date

import pytest
from builders import city as small_city

from crawler.backfill.capture import (
    Capture,
    Window,
    checked,
    joined,
    problem_of,
    source_for,
)
from crawler.city import City, Source
from crawler.city_file import load_cities


def city(cms: str, articles: str | None = None) -> City:
    source = Source("zh", cms, "http://www.x.example/list/index.html", articles)
    return City("x", "x市", "X", ("www.x.example", "en.x.example"), (source,))


@pytest.mark.parametrize(
    ("cms", "path", "wanted"),
    [
        ("trs", "/202403/t20240305_4567890.html", True),
        ("trs", "/202403/t20240305_4567890_1.html", True),  # a further page of it
        ("trs", "/202403/index.html", False),
        ("trs", "/logo.png", False),
        ("jeecms", "/News/ChinaNews/23619.jhtml", True),
        ("jeecms", "/News/ChinaNews/index_2.jhtml", False),
        ("hanweb", "/art/2018/10/16/art_21_1116619.html", True),
        ("china_daily", "/2024-06/18/c_90420_2.htm", True),
        ("generic", "/", False),
    ],
)
def test_an_address_is_wanted_by_its_shape(cms: str, path: str, wanted: bool) -> None:
    assert (source_for(city(cms), f"http://www.x.example{path}") is not None) is wanted


def test_an_address_is_wanted_on_the_host_of_its_source_or_by_its_pattern() -> None:
    article = "/202403/t20240305_4567890.html"
    assert source_for(city("trs"), f"http://en.x.example{article}") is None
    assert source_for(city("trs"), f"http://mirror.example{article}") is None
    by_pattern = city("trs", "/news/")
    assert source_for(by_pattern, "http://en.x.example/news/1.html") is not None
    assert source_for(by_pattern, f"http://www.x.example{article}") is None


def test_both_systems_of_a_host_are_wanted() -> None:
    dalian = load_cities()["dalian"]
    old = source_for(dalian, "http://en.dl.gov.cn/News/ChinaNews/23619.jhtml")
    new = source_for(dalian, "http://en.dl.gov.cn/art/2023/1/4/art_8632_2060160.html")
    assert (old and old.cms, new and new.cms) == ("jeecms", "hanweb")
    assert source_for(small_city("x"), "http://x.example/1.html") is None  # it has no source


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        (("200", "text/html"), ""),
        (("200", "unk"), ""),
        (("200", "text/html; charset=gb2312"), ""),
        (("404", "text/html"), "status"),
        (("301", "unk"), "status"),
        (("-", "text/html"), "status"),
        (("200", "application/pdf"), "mime"),
        (("-", "warc/revisit"), "revisit"),
        (("", "warc/revisit"), "revisit"),  # pywb gives none
        (("200", "warc/revisit"), "revisit"),
        (("404", "warc/revisit"), "status"),
    ],
)
def test_fields_of_an_index_decide(fields: tuple[str, str], problem: str) -> None:
    assert problem_of(*fields) == problem


def test_truncation_language_and_detected_type_count_where_an_index_knows_them() -> None:
    assert problem_of("200", "text/html", truncated="length") == "truncated"
    assert problem_of("200", "text/html", truncated="-") == ""
    assert problem_of("200", "text/html", languages="zho,eng") == ""
    assert problem_of("200", "text/html", languages="deu") == "language"
    assert problem_of("200", "text/plain", detected="application/pdf") == "mime"
    assert problem_of("200", "application/octet-stream", detected="text/html") == ""


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("http://en.dl.gov.cn:80/a.jhtml", "http://en.dl.gov.cn/a.jhtml"),
        ("https://en.dl.gov.cn:443/a.jhtml#top", "https://en.dl.gov.cn/a.jhtml"),
        ("http://en.dl.gov.cn/新闻 1.html", "http://en.dl.gov.cn/%E6%96%B0%E9%97%BB%201.html"),
        ("http://en.dl.gov.cn/a%20b?x=1&y=%E5", "http://en.dl.gov.cn/a%20b?x=1&y=%E5"),
        ("http://en.dl.gov.cn/\r\nX-Evil: 1", "http://en.dl.gov.cn/X-Evil:%201"),
        ("http://user@en.dl.gov.cn/a", None),
        ("ftp://en.dl.gov.cn/a", None),
        ("http:///a", None),
        ("http://[::1/a", None),
    ],
)
def test_an_address_has_one_plain_spelling(url: str, plain: str | None) -> None:
    found = checked(Capture(url, "20181101020304", origin="CC MAIN\n1"))
    assert (found and found.url) == plain
    if found:
        assert found.origin == "CC-MAIN-1"


@pytest.mark.parametrize("timestamp", ["", "2018", "20181301000000", "2018110102030x", "２" * 14])
def test_a_capture_without_a_time_is_none(timestamp: str) -> None:
    assert checked(Capture("http://en.dl.gov.cn/a", timestamp)) is None


def test_a_window_bounds_days_inclusively() -> None:
    capture = Capture("http://x.example/", "20180930235959")
    assert Window().has(capture)
    assert Window(date(2018, 9, 30), date(2018, 9, 30)).has(capture)
    assert not Window(since=date(2018, 10, 1)).has(capture)
    assert not Window(until=date(2018, 9, 29)).has(capture)


def test_near_ranges_are_joined_up_to_a_length() -> None:
    spans = [(0, 10), (15, 20), (40, 50), (50, 200), (201, 203)]
    assert joined(spans, gap=10, longest=60) == [
        [(0, 10), (15, 20)], [(40, 50)], [(50, 200)], [(201, 203)],
    ]  # fmt: skip
    assert joined([], gap=1, longest=1) == []
