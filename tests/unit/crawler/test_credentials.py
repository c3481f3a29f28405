"""User names and passwords are taken out of URLs, and nothing else is."""

import pytest

from crawler.cms.links import absolute
from crawler.credentials import masked, public_headers, user_of, without_user


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("http://a:b@h.example/x?y#z", "http://h.example/x?y#z"),
        ("https://a@h.example:8443/", "https://h.example:8443/"),
        ("http://a:p@ss@h.example/", "http://h.example/"),
        ("HTTP://a:b@H.example/", "HTTP://H.example/"),
        ("http://h.example/@a//b@c", "http://h.example/@a//b@c"),
        ("http://h.example?u=a@b", "http://h.example?u=a@b"),
        ("a:b@h.example", "a:b@h.example"),
        ("", ""),
    ],
)
def test_a_url_loses_its_user_and_nothing_else(url: str, plain: str) -> None:
    assert without_user(url) == plain


def test_urls_in_a_text_lose_theirs() -> None:
    told = "proxy http://a:b@10.0.0.1:3128 refused; see https://x.example/@y, write to c@d.example"
    assert masked(told) == told.replace("a:b@", "")


def test_a_link_with_a_user_name_is_the_page_itself() -> None:
    assert absolute("//a:b@h.example/1.html", "http://x.example/") == "http://h.example/1.html"


def test_the_user_of_a_proxy_is_read_unescaped() -> None:
    assert user_of("http://li:a%40b@h.example:3128") == ("li", "a@b")
    assert user_of("http://h.example:3128") == ("", "")


def test_headers_that_let_someone_in_are_left_out_whatever_their_case() -> None:
    kept = [("Accept", "text/html"), ("WWW-Authenticate", "Basic realm=x")]
    secret = [("PROXY-Authorization", "x"), ("cookie", "x"), ("Set-Cookie", "x")]
    assert public_headers([*secret, *kept]) == kept
