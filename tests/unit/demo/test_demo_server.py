"""The demo's HTTP server: both request forms, conditional requests, counting, and its end."""

import http.client
import socket
from collections import Counter

import pytest

from crawler.demo.response import Response, html, redirect, request_key, static
from crawler.demo.server import serve
from crawler.demo.site import Site, build_site

PAGE = "http://www.a.example/x.html"
SITE = Site(
    {
        request_key(PAGE): html("<p>你好</p>"),
        request_key("http://www.a.example/old.html"): redirect(PAGE),
        request_key("http://www.a.example/api/getInfoCommon/?channelid=1&currpage=2"): Response(
            b"{}", 200, {"Content-Type": "application/json"}
        ),
        request_key("http://www.a.example/p.png"): static(b"png", "image/png", etag=False),
    },
    frozenset({"www.a.example"}),
)


def ask(
    port: int, target: str, *, method: str = "GET", **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, target, headers=named)
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read()
    finally:
        connection.close()


def test_it_answers_as_a_proxy_and_as_the_host_itself() -> None:
    with serve(SITE) as port:
        as_proxy = ask(port, PAGE)
        as_host = ask(port, "/x.html", Host="www.a.example")
    assert as_proxy[0] == as_host[0] == 200
    assert as_proxy[2] == as_host[2] == "<p>你好</p>".encode()


def test_requests_are_counted_by_absolute_url() -> None:
    counts: Counter[str] = Counter()
    with serve(SITE, counts=counts) as port:
        ask(port, PAGE)
        ask(port, "/x.html", Host="www.a.example")
        ask(port, "http://www.a.example/nowhere")
    assert counts == {PAGE: 2, "http://www.a.example/nowhere": 1}


@pytest.mark.parametrize("name", ["If-None-Match", "If-Modified-Since"])
def test_a_visitor_who_has_the_page_gets_304_without_a_body(name: str) -> None:
    validator = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}[name]
    with serve(SITE) as port:
        _, headers, _ = ask(port, PAGE)
        status, _, body = ask(port, PAGE, **{name: headers[validator]})
    assert (status, body) == (304, b"")


@pytest.mark.parametrize(
    "headers",
    [
        {"If-None-Match": '"other"'},
        {"If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"},
        {"If-Modified-Since": "yesterday"},
        {"If-None-Match": '"other"', "If-Modified-Since": "Sat, 01 Jan 2050 00:00:00 GMT"},
    ],
)
def test_a_visitor_who_has_another_page_gets_this_one(headers: dict[str, str]) -> None:
    with serve(SITE) as port:
        assert ask(port, PAGE, **headers)[0] == 200


def test_what_is_not_there_is_404_and_what_moved_is_301() -> None:
    with serve(SITE) as port:
        assert ask(port, "http://nobody.example/")[0] == 404
        status, headers, _ = ask(port, "http://www.a.example/old.html")
    assert (status, headers["Location"]) == (301, PAGE)


def test_head_gives_the_length_and_no_body() -> None:
    with serve(SITE) as port:
        status, headers, body = ask(port, PAGE, method="HEAD")
    assert (status, headers["Content-Length"], body) == (200, "13", b"")


def test_static_pages_ignore_their_query_and_endpoints_heed_theirs() -> None:
    with serve(SITE) as port:
        assert ask(port, f"{PAGE}?spm=1")[0] == 200
        assert (
            ask(port, "http://www.a.example/api/getInfoCommon/?currpage=2&x=1&channelid=1")[0]
            == 200
        )
        assert ask(port, "http://www.a.example/api/getInfoCommon/?currpage=3&channelid=1")[0] == 404


def test_one_connection_serves_many_requests() -> None:
    with serve(SITE) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        for _ in range(3):
            connection.request("GET", PAGE)
            assert len(connection.getresponse().read()) == 13
        connection.close()


def test_the_server_ends_with_its_block() -> None:
    with serve(SITE) as port:
        pass
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 1):
        pass


@pytest.mark.slow
def test_building_twice_gives_the_same_bytes() -> None:
    assert build_site() == build_site()
