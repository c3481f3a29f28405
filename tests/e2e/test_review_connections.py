"""Idle or keyless connections shut no reviewer out."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from review_corpus import write_judged
from review_server import Review

from pipelines.review import connections


@pytest.fixture
def review(tmp_path: Path) -> Iterator[Review]:
    with Review(write_judged(tmp_path)) as running:
        running.enter()
        yield running


def connect(review: Review, first: bytes = b"") -> socket.socket:
    found = socket.create_connection(("127.0.0.1", review.port), timeout=60)
    found.sendall(first)
    return found


def answered(one: socket.socket) -> bytes:
    """Return all that comes until the server closes the connection."""
    received = b""
    try:
        while part := one.recv(4_096):
            received += part
    except ConnectionResetError:
        pass
    return received


@pytest.mark.parametrize("first", [b"", b"GET / HTTP/1.1\r\nX-Slow: "])
def test_idle_connections_without_a_key_do_not_stand_in_a_reviewers_way(
    review: Review, first: bytes
) -> None:
    address = review.begin("anna")
    idle = [connect(review, first) for _ in range(400)]
    assert review.post(address, reviewer="anna", place=0, code="different").status == 303
    assert review.ask("GET", "/progress").status == 200
    # Those that waited longest had to go, and only so many as there are too many.
    assert answered(idle[0]) == b""
    for one in idle:
        one.close()
    assert review.post(address, reviewer="anna", place=1, code="different").status == 303


def test_answered_connections_without_a_key_are_closed(review: Review) -> None:
    head = f"Host: {review.host}\r\n\r\n".encode()
    for path in (b"/", b"/review.css", b"/judge/0", b"/favicon.ico"):
        told = answered(connect(review, b"GET " + path + b" HTTP/1.1\r\n" + head))
        assert told.startswith(b"HTTP/1.1 ")
        assert b"connection: close" in told.lower()
    assert review.ask("GET", "/").headers.get("connection") != "close"


def test_headers_that_trickle_are_waited_for_so_long_and_no_longer(review: Review) -> None:
    slow = connect(review, b"GET / HTTP/1.1\r\n")
    slow.settimeout(0.2)
    began = time.monotonic()
    closed = False
    # However busy the machine is: the connection ends, and not because the client stops.
    while not closed and time.monotonic() - began < 20 * connections.PATIENCE:
        try:
            slow.sendall(b"X: y\r\n")
            closed = slow.recv(1) == b""
        except TimeoutError:
            continue
        except OSError:
            closed = True
    assert closed
    assert time.monotonic() - began >= connections.PATIENCE / 2
    assert review.ask("GET", "/progress").status == 200


def test_a_connection_with_a_key_is_kept_for_the_next_request(review: Review) -> None:
    head = f"Host: {review.host}\r\nCookie: {review.cookie}\r\n\r\n".encode()
    one = connect(review)
    for _ in range(2):
        one.sendall(b"GET /progress HTTP/1.1\r\n" + head)
        assert one.recv(12) == b"HTTP/1.1 200"
        rest = b""
        while b"</html>" not in rest:
            rest += one.recv(65_536)
    one.close()
