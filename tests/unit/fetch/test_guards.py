"""Hosts, robots.txt and types: what a crawl asks for, and what it does not."""

import gzip
from collections.abc import Callable
from types import SimpleNamespace
from typing import TypeVar

import pytest
from scrapy import Request, signals
from scrapy.exceptions import IgnoreRequest, StopDownload
from scrapy.http import Headers, Response
from scrapy.robotstxt import ProtegoRobotParser
from scrapy.utils.test import get_crawler

from crawler.city import City
from crawler.crawl.session import CrawlPart
from crawler.fetch.guards import (
    MAX_ROBOTS,
    HostGuard,
    OnlyPages,
    Redirects,
    RobotsGuard,
    Unpacker,
    readable_robots,
)
from crawler.issues import BadRedirect, NotAPage, OffHost, RobotsUnreachable
from crawler.unpacking import MAX_BODY, TOO_LARGE

HOST = "www.luoshan.example"
CITY = City("luoshan", "洛山市", "Luoshan", (HOST, "en.luoshan.example"), ())
PAGE = f"http://{HOST}/xwzx/t20240301_1.html"
ROBOTS = f"http://{HOST}/robots.txt"

P = TypeVar("P", bound=CrawlPart)


def part(kind: type[P]) -> P:
    crawler = get_crawler()
    crawler.spider = SimpleNamespace(city=CITY)  # type: ignore[assignment]
    return kind(crawler)


def robots(url: str = ROBOTS, **meta: object) -> Request:
    """Return Scrapy's own request for a robots.txt."""
    return Request(url, meta={"dont_obey_robotstxt": True, **meta})


def is_closed(guard: RobotsGuard, url: str = PAGE) -> bool:
    try:
        guard.process_request(Request(url))
    except RobotsUnreachable:
        return True
    return False


@pytest.mark.parametrize(
    ("status", "closed"),
    [(200, False), (301, False), (401, False), (404, False), (429, False), (499, False),
     (500, True), (503, True), (521, True), (599, True)],
)  # fmt: skip
def test_a_robots_txt_that_its_server_fails_to_give_closes_the_host(
    status: int, closed: bool
) -> None:
    guard = part(RobotsGuard)
    assert not is_closed(guard)
    answer = guard.process_response(robots(), Response(ROBOTS, status, body=b"Disallow: /x\n"))
    assert answer.body == b"Disallow: /x\n"
    assert is_closed(guard) is closed
    # The other host, and the same one at another scheme, have a robots.txt of their own.
    assert not is_closed(guard, "http://en.luoshan.example/a.html")
    assert not is_closed(guard, f"https://{HOST}/a.html")


def test_a_closed_host_is_named_with_its_status_and_may_be_asked_for_its_robots_txt() -> None:
    guard = part(RobotsGuard)
    guard.process_response(robots(), Response(ROBOTS, 503))
    with pytest.raises(RobotsUnreachable, match=r"robots\.txt cannot be had: status 503") as raised:
        guard.process_request(Request(PAGE))
    assert raised.value.code == "robots"
    guard.process_request(robots())


def test_rules_are_asked_for_requests_that_passed_while_their_file_was_awaited() -> None:
    guard = part(RobotsGuard)
    rules = ProtegoRobotParser(b"User-agent: *\nDisallow: /xwzx/", None)
    crawler = guard.crawler
    crawler.signals.send_catch_log(
        signals.robots_parsed, robotparser=rules, request=Request(f"http://{HOST}/")
    )
    with pytest.raises(IgnoreRequest, match=r"Forbidden by robots\.txt"):
        guard.process_request(Request(PAGE))
    guard.process_request(Request(f"http://{HOST}/gk/a.html"))
    guard.process_request(Request(PAGE.replace(HOST, CITY.hosts[1])))
    guard.process_request(robots())


def test_a_page_that_its_server_fails_to_give_closes_no_host() -> None:
    guard = part(RobotsGuard)
    whole = b"x" * (MAX_ROBOTS + 1)
    answer = guard.process_response(Request(PAGE), Response(PAGE, 503, body=whole))
    assert answer.body == whole
    guard.process_exception(Request(PAGE), ConnectionResetError(104, "reset"))
    assert not is_closed(guard)


def test_a_robots_txt_without_an_answer_closes_its_host_for_the_same_reason() -> None:
    guard = part(RobotsGuard)
    guard.process_exception(robots(), ConnectionResetError(104, "reset"))
    with pytest.raises(RobotsUnreachable, match="reset") as raised:
        guard.process_request(Request(PAGE))
    assert raised.value.code == "connection"


def test_a_robots_txt_that_leads_to_a_foreign_host_allows_everything() -> None:
    guard = part(RobotsGuard)
    guard.process_exception(robots(), OffHost("elsewhere.example is not among the hosts"))
    assert not is_closed(guard)


def test_a_robots_txt_fails_for_the_host_that_was_first_asked() -> None:
    guard = part(RobotsGuard)
    moved = "http://en.luoshan.example/robots.txt"
    guard.process_response(robots(moved, redirect_urls=[ROBOTS]), Response(moved, 500))
    assert is_closed(guard)
    assert not is_closed(guard, "http://en.luoshan.example/a.html")


def test_a_robots_txt_that_unpacks_to_too_much_closes_its_host() -> None:
    guard = part(RobotsGuard)
    packed = Response(ROBOTS, 200, {"Content-Encoding": "gzip"}, b"\x1f\x8b")
    guard.process_response(robots(), packed)
    with pytest.raises(RobotsUnreachable, match=TOO_LARGE):
        guard.process_request(Request(PAGE))


@pytest.mark.parametrize("over", [-1, 0, 1, 40])
def test_a_long_robots_txt_is_read_to_its_last_whole_line(over: int) -> None:
    line = b"Disallow: /archive/old\n"
    body = (line * (MAX_ROBOTS // len(line) + 9))[: MAX_ROBOTS + over]
    found = part(RobotsGuard).process_response(robots(), Response(ROBOTS, 200, body=body)).body
    assert found == readable_robots(body)
    if over <= 0:
        assert found == body
    else:
        assert found == line * (MAX_ROBOTS // len(line))


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        (PAGE, PAGE),
        (f"http://li:geheim@{HOST}/a", f"http://{HOST}/a"),
        (f"http://li@{HOST}/a@b", f"http://{HOST}/a@b"),
        (f"http://{HOST}/a@b?c=d@e", f"http://{HOST}/a@b?c=d@e"),
    ],
)
def test_a_user_in_an_address_is_not_asked_with(url: str, asked: str) -> None:
    request = part(HostGuard).process_request(Request(url))
    assert (request.url if request else url) == asked


@pytest.mark.parametrize(
    "url",
    [
        "http://mirror.example/a",
        f"http://{HOST}@mirror.example/a",
        f"http://mirror.example/{HOST}",
        f"http://mirror.example#@{HOST}/",
        f"ftp://{HOST}/a",
    ],
)
def test_a_foreign_host_is_not_asked(url: str) -> None:
    with pytest.raises(OffHost, match="is not among the hosts of luoshan") as raised:
        part(HostGuard).process_request(Request(url))
    assert "@" not in str(raised.value)


def only_pages() -> tuple[OnlyPages, Callable[[str, Request], None]]:
    guard = part(OnlyPages)

    def receive(declared: str, request: Request) -> None:
        headers = Headers({"Content-Type": declared} if declared else {})
        guard._headers_received(headers, request)

    return guard, receive


@pytest.mark.parametrize(
    "declared", ["image/png", "VIDEO/mp4", "application/pdf", "application/zip"]
)
def test_a_download_of_a_type_without_an_article_is_broken_off(declared: str) -> None:
    guard, receive = only_pages()
    request = Request(PAGE)
    with pytest.raises(StopDownload):
        receive(declared, request)
    with pytest.raises(NotAPage, match=f"its type is {declared.lower()}"):
        guard.process_exception(request, StopDownload())
    guard.process_exception(request, ConnectionResetError())  # the reason was for that one alone


@pytest.mark.parametrize("declared", ["text/html", "application/octet-stream", "", "text/xml"])
def test_a_download_that_may_have_an_article_goes_on(declared: str) -> None:
    guard, receive = only_pages()
    receive(declared, Request(PAGE))
    guard.process_exception(Request(PAGE), StopDownload())


def test_a_robots_txt_of_any_type_is_read() -> None:
    _, receive = only_pages()
    receive("image/png", robots())


def test_a_body_is_unpacked_and_one_too_large_is_left_packed() -> None:
    unpacker = part(Unpacker)
    packed = {"Content-Encoding": "gzip", "Content-Type": "text/html"}
    small = Response(PAGE, 200, packed, gzip.compress(b"<p>text</p>"))
    found = unpacker.process_response(Request(PAGE), small)
    assert (found.body, b"Content-Encoding" in found.headers) == (b"<p>text</p>", False)
    assert found.headers[b"Content-Type"] == b"text/html"
    bomb = Response(PAGE, 200, packed, gzip.compress(bytes(MAX_BODY + 1)))
    assert unpacker.process_response(Request(PAGE), bomb) is bomb


def test_a_redirect_to_no_address_is_named() -> None:
    crawler = get_crawler()
    redirects = Redirects.from_crawler(crawler)
    answer = Response(PAGE, 302, {"Location": "http://[luoshan/"})
    with pytest.raises(BadRedirect, match="it leads to no address"):
        redirects.process_response(Request(PAGE), answer)
