"""The name of a city is the name of its files: valid anywhere, and nobody else's."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.city import LONGEST_KEY, City, host_of, is_public, key_problem, unnamed_city
from crawler.city_file import CITIES_DIR

HOSTS = st.text(st.characters(exclude_characters="/?#\\", exclude_categories=("Cs",)), max_size=80)


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("news.luoshan.example", "news__luoshan__example"),
        ("NEWS.luoshan.example:8080", "news__luoshan__example"),
        ("news-luoshan.example", "news-luoshan__example"),
        ("news.luoshan.example.", "news__luoshan__example"),
        ("政务.洛山.example", "xn--zfr164b__xn--rhtr10b__example"),
        ("2024.parquet", "2024__parquet"),
        ("198.51.100.7", "198__51__100__7"),
    ],
)
def test_a_host_without_a_file_is_known_by_itself(host: str, key: str) -> None:
    assert unnamed_city(f"http://{host}/a.html").key == key


@pytest.mark.parametrize(
    "host",
    ["政府", "...", "..", "_", "-", "dalian", "2024", "undated", "con", "a b c", "[::1]", "[::1",
     "x" * 300 + ".example", "政." * 60 + "example", "a_b.example", "-a.example", ""],
)  # fmt: skip
def test_a_host_that_is_no_domain_goes_by_a_digest(host: str) -> None:
    key = unnamed_city(f"http://{host}/a.html").key
    assert "___" in key
    assert len(key) <= LONGEST_KEY
    assert key.isascii()
    assert key == unnamed_city(f"https://{host}/b.html").key


@given(HOSTS, HOSTS)
def test_no_two_hosts_have_one_name_and_none_has_a_citys(one: str, other: str) -> None:
    keys = [unnamed_city(f"http://{host}/").key for host in (one, other)]
    for key in keys:
        assert key_problem(key) == "two underscores are kept for hosts that no city file names"
        assert 1 <= len(key.encode()) <= LONGEST_KEY
    hosts = [host_of(f"http://{host}/").removesuffix(".") for host in (one, other)]
    if all(host.isascii() for host in hosts) and hosts[0] != hosts[1]:
        assert (keys[0] == keys[1]) == (not hosts[0] and not hosts[1])


def test_hosts_that_look_alike_as_names_are_kept_apart() -> None:
    alike = ["a.b.example", "a-b.example", "a.b-example", "a--b.example", "a__b.example",
             "a_b.example", "a-.b.example", "a..b.example", "xn--a.b.example"]  # fmt: skip
    assert len({unnamed_city(f"http://{host}/").key for host in alike}) == len(alike)


@pytest.mark.parametrize("path", sorted(CITIES_DIR.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_cities_that_ship_have_names_that_hold(path: Path) -> None:
    assert key_problem(path.stem) is None


@pytest.mark.parametrize("key", ["luoshan", "luo-shan_2", "洛山", "20240", "CON1", "undated-2"])
def test_an_ordinary_name_is_a_citys(key: str) -> None:
    assert key_problem(key) is None


@pytest.mark.parametrize(
    "key",
    ["", "_", "-", "--help", "．．", "../x", "a/b", "a b", "a\n", "a\x00", "2024", "undated", "Con",
     "com1", "calibration", "releases", "a__b", "x" * 101, "政" * 34, "e\u0301", "."],
)  # fmt: skip
def test_a_name_that_is_no_file_or_another_file_is_nobodys(key: str) -> None:
    assert key_problem(key) is not None


@pytest.mark.parametrize(
    "url", ["http://[::1/a", "http://a:²/", "//a/", "javascript:x", "", "\ud800"]
)
def test_what_is_no_web_address_belongs_to_no_city(url: str) -> None:
    city = City("luoshan", "洛山", "Luoshan", ("luoshan.example",), ())
    assert not city.allows(url)


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://news.luoshan.example/2024/1.html?a=b@c", True),
        ("http://政务.洛山.example:8080/一.html", True),
        ("http://a_b.example/", True),
        ("http://198.51.100.7/", True),
        ("http://[2001:db8::7]:80/", True),
        ("http://[2001:db8::7/", False),
        ("http://luoshan.example:0x50/", False),
        ("http://luoshan.example:65536/", False),
        ("http://anna@luoshan.example/", False),
        ("http://luoshan%20.example/", False),
        ("http://luoshan.example/a\x1b[31m", False),
        ("http://-._/", False),
        ("ftp://luoshan.example/", False),
        ("/2024/1.html", False),
    ],
)
def test_an_address_is_public_if_anybody_could_ask_for_it(url: str, public: bool) -> None:
    assert is_public(url) == public
