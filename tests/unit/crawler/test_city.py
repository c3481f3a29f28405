"""A mistake in a city file is named by file and line, with what was expected."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from crawler import city_patterns
from crawler.city import City, Seen, Tls
from crawler.city_file import CityError, load_cities, load_city

GOOD = """\
name: {zh: 某市, en: Somewhere}
division: "210200"
hosts: [www.some.gov.cn, en.some.gov.cn]
status: unverified
rights: {text: metadata+excerpt, terms: null, checked: null}
sources:
  - {lang: zh, cms: hanweb, list: "http://www.some.gov.cn/col/col1/index.html"}
  - {lang: en, cms: jeecms, list: "http://en.some.gov.cn/News/index.jhtml"}
pairing: {max_days: 45}
assertions: {min_articles: {zh: 1, en: 0}, max_rejects: 0.1, quiet_days: 7}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "somewhere.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_city_file_is_read_whole(tmp_path: Path) -> None:
    city = load_city(write(tmp_path, GOOD))
    assert (city.key, city.name_zh, city.name_en) == ("somewhere", "某市", "Somewhere")
    assert [(s.lang, s.cms, s.line) for s in city.sources] == [
        ("zh", "hanweb", 7),
        ("en", "jeecms", 8),
    ]
    assert city.max_days == 45
    assert city.assertions.min_articles == {"zh": 1, "en": 0}
    assert city.assertions.quiet_days == 7


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("pairing:", "paring:", 9, "unknown key 'paring' in the file"),
        ("cms: hanweb", "cms: hanwebb", 7, "cms must be one of"),
        ("lang: zh, cms", "lang: cn, cms", 7, "lang must be one of zh, en, not 'cn'"),
        ('"210200"', '"2102"', 2, "six digits"),
        ("status: unverified", "status: working", 4, "status must be one of"),
        ("status: unverified", "status: blocked", 4, "needs since: and reason:"),
        ("www.some.gov.cn, en", "http://www.some.gov.cn, en", 3, "without scheme or path"),
        ("//www.some.gov.cn/col", "//other.gov.cn/col", 7, "not among hosts"),
        ("max_days: 45", "max_days: soon", 9, "whole number, not 'soon'"),
        ("max_rejects: 0.1", "max_rejects: 10", 10, "share between 0 and 1"),
        ("max_rejects: 0.1", "min_precision: 95", 10, "min_precision must be a share between 0"),
        ("max_rejects: 0.1", "max_drift: 0.2", 10, "max_drift must be"),
        ("max_rejects: 0.1", "max_drift: {speed: 1}", 10, "unknown key 'speed' in max_drift"),
        ("max_rejects: 0.1", "max_drift: {yield: -1}", 10, "yield must be a number above 0"),
        ("name: {zh: 某市, en: Somewhere}", "name: {zh: 某市}", 1, "name lacks the key 'en'"),
        ("hosts: [www.some.gov.cn, en.some.gov.cn]", "hosts: []", 3, "at least one entry"),
        ("checked: null", "checked: today", 5, "a date like"),
        ("sources:", "sources:\n  - [", 7, "not YAML"),
    ],
)
def test_a_mistake_is_named_by_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(CityError) as caught:
        load_city(path)
    assert message in str(caught.value)
    where = str(caught.value).removeprefix(f"{path}:").split(":")[0]
    assert abs(int(where) - line) <= (1 if message == "not YAML" else 0)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", Tls()),
        ("tls: {verify: true}\n", Tls()),
        ('tls: {verify: false, reason: "made by the city"}\n', Tls(False, "made by the city")),
    ],
)
def test_certificates_are_verified_unless_the_file_waives_it_with_a_reason(
    tmp_path: Path, written: str, expected: Tls
) -> None:
    assert load_city(write(tmp_path, GOOD + written)).tls == expected


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("tls: {verify: false}", "verify: false needs reason: beside it"),
        ("tls: {verify: false, reason: null}", "verify: false needs reason: beside it"),
        ('tls: {verify: false, reason: ""}', "reason must be a text"),
        ("tls: {verify: true, reason: sound}", "reason belongs to verify: false"),
        ("tls: {verify: no, reason: old}", "verify must be one of true, false, not 'no'"),
        ("tls: {reason: old}", "tls lacks the key 'verify'"),
        ("tls: {verify: false, reason: old, until: 2030-01-01}", "unknown key 'until' in tls"),
        ("tls: false", "tls must be a mapping"),
    ],
)
def test_an_unfounded_waiver_of_certificates_is_refused(
    tmp_path: Path, written: str, message: str
) -> None:
    with pytest.raises(CityError, match=f"somewhere.yaml:11: {message}"):
        load_city(write(tmp_path, f"{GOOD}{written}\n"))


def test_a_folder_without_city_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CityError, match="found none"):
        load_cities(tmp_path)


def test_only_hosts_that_the_file_names_are_allowed(tmp_path: Path) -> None:
    city = load_city(write(tmp_path, GOOD))
    assert city.allows("https://www.some.gov.cn/art/1.html")
    assert not city.allows("http://www.some.gov.cn.evil.example/art/1.html")
    assert not city.allows("http://user@evil.example/?www.some.gov.cn")
    assert not city.allows("http://user:secret@www.some.gov.cn/")
    assert not city.allows("http://[www.some.gov.cn/")
    assert not city.allows("ftp://www.some.gov.cn/a")
    assert not city.allows("mailto:someone@some.gov.cn")


@pytest.mark.parametrize("user", ["li@", "li:geheim@", ":@", "@", "www.some.gov.cn@", "a%40b@"])
@pytest.mark.parametrize("rest", ["www.some.gov.cn/a", "www.some.gov.cn:8443/a", "port.example:81"])
def test_an_address_with_a_user_is_no_page_of_the_city(user: str, rest: str) -> None:
    city = City("some", "某市", "Some", ("www.some.gov.cn", "port.example:81"), ())
    assert city.allows(f"http://{rest}")
    assert not city.allows(f"http://{user}{rest}")


def test_a_listing_may_be_on_a_host_with_a_port(tmp_path: Path) -> None:
    text = GOOD.replace("hosts: [", 'hosts: ["www.some.gov.cn:8443", ')
    text = text.replace("http://www.some.gov.cn/col", "https://www.some.gov.cn:8443/col")
    city = load_city(write(tmp_path, text.replace(" www.some.gov.cn,", "")))
    assert city.hosts == ("www.some.gov.cn:8443", "en.some.gov.cn")
    assert city.sources[0].list.startswith("https://www.some.gov.cn:8443/")


def test_a_host_with_a_port_is_allowed_at_that_port_alone() -> None:
    city = City("some", "某市", "Some", ("port.example:81",), ())
    assert city.allows("http://port.example:81/@a?b@c")
    for url in ("http://port.example/", "http://port.example:8181/", "http://port.example:8/1"):
        assert not city.allows(url)


def test_an_article_belongs_to_the_source_on_its_host(tmp_path: Path) -> None:
    city = load_city(write(tmp_path, GOOD))
    english = city.source_of("http://en.some.gov.cn/News/23619.jhtml")
    assert english is not None
    assert english.lang == "en"
    assert city.source_of("http://elsewhere.example/1.html") is None


def test_an_english_column_of_the_chinese_host_is_told_by_its_pattern(tmp_path: Path) -> None:
    whole_host = 'list: "http://en.some.gov.cn/News/index.jhtml"'
    column = 'list: "http://www.some.gov.cn/col/col9/index.html", articles: "art_9_"'
    text = GOOD.replace(whole_host, column)
    city = load_city(write(tmp_path, text.replace("cms: jeecms", "cms: hanweb")))
    for url, lang in (("art_9_77", "en"), ("art_1_77", "zh")):
        source = city.source_of(f"http://www.some.gov.cn/art/2024/1/2/{url}.html")
        assert source is not None
        assert source.lang == lang


OLD = "http://www.some.gov.cn/art/2019/1/2/art_1_7.html"


def test_a_page_belongs_to_the_system_that_the_site_used_when_it_was_served(tmp_path: Path) -> None:
    listing = 'list: "http://www.some.gov.cn/col/col1/index.html"'
    new = f"- {{lang: zh, cms: hanweb, {listing}, since: 2021-01-01}}"
    old = f"- {{lang: zh, cms: trs, {listing}, until: 2020-12-31}}"
    file = write(
        tmp_path, GOOD.replace(f"- {{lang: zh, cms: hanweb, {listing}}}", f"{new}\n  {old}")
    )
    city = load_city(file)
    cms = {
        day: source.cms
        for day in ("2020-12-31", "2021-01-01")
        if (source := city.source_of(OLD, date.fromisoformat(day)))
    }
    assert cms == {"2020-12-31": "trs", "2021-01-01": "hanweb"}
    assert [source.cms for source in city.listings] == ["hanweb", "jeecms"]


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ("since: 2021-01-01, until: 2020-12-31", "until .2020-12-31. is before since"),
        ("until: soon", "until must be a date like"),
        ("render: robot", "render must be one of browser, not 'robot'"),
        ("post: page", "post is a form, cid=7&page=1, or a JSON object in quotes, not 'page'"),
        ("post: '{\"page\": }'", "post is a form, cid=7&page=1, or a JSON object in quotes"),
        ("post: '[1]'", "post is a form, cid=7&page=1, or a JSON object in quotes"),
        ("post: page=1, render: browser", "a list with post: is asked for by no browser"),
        ("seen: 2026", "seen must be a mapping"),
        ("seen: {when: 2026}", "seen lacks the key 'where'"),
        ("seen: {when: 2026-13, where: the site}", "when is a day, month or year"),
        ("seen: {when: June 2026, where: the site}", "when is a day, month or year"),
    ],
)
def test_a_mistake_in_a_sources_time_or_renderer_is_named(
    tmp_path: Path, more: str, complaint: str
) -> None:
    text = GOOD.replace('index.jhtml"}', f'index.jhtml", {more}}}')
    with pytest.raises(CityError, match=rf":8: {complaint}"):
        load_city(write(tmp_path, text))


@pytest.mark.parametrize("when", ["2026-11-30", "2026-11", "2026", "unknown"])
def test_a_listing_says_when_and_where_it_was_last_seen(tmp_path: Path, when: str) -> None:
    seen = f"seen: {{when: {when}, where: a web archive}}"
    city = load_city(write(tmp_path, GOOD.replace('index.jhtml"}', f'index.jhtml", {seen}}}')))
    assert [source.seen for source in city.sources] == [None, Seen(when, "a web archive")]


def test_every_city_file_that_ships_is_valid() -> None:
    cities = load_cities()
    assert len(cities) >= 12
    assert "dalian" in cities
    for city in cities.values():
        assert city.status == "unverified", f"{city.key}: no live crawl has verified it"


NARROW = '{lang: zh, cms: hanweb, list: "http://www.some.gov.cn/col/col5/index.html", '


def test_a_source_may_have_rights_of_its_own(tmp_path: Path) -> None:
    own = 'articles: "art_5_", rights: {text: full, terms: CC BY 4.0, checked: 2026-11-01}}'
    city = load_city(write(tmp_path, GOOD.replace("pairing:", f"  - {NARROW}{own}\npairing:")))
    of_source = city.rights_of("http://www.some.gov.cn/art/2024/1/2/art_5_1.html")
    assert (of_source.text, of_source.terms, str(of_source.checked)) == (
        "full", "CC BY 4.0", "2026-11-01",
    )  # fmt: skip
    of_city = city.rights_of("http://www.some.gov.cn/art/2024/1/2/art_1_1.html")
    assert (of_city.text, of_city.checked) == ("metadata+excerpt", None)
    assert city.rights_of("") == of_city


def test_rights_of_a_source_without_a_pattern_are_refused(tmp_path: Path) -> None:
    text = GOOD.replace("pairing:", f"  - {NARROW}rights: {{text: full}}}}\npairing:")
    with pytest.raises(CityError, match=r"somewhere\.yaml:9: rights of a source need articles:"):
        load_city(write(tmp_path, text))


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"a: " + b"[" * 5000 + b"]" * 5000, 1, "nested too deeply"),
        (b"{a: " * 5000 + b"}" * 5000, 1, "nested too deeply"),
        (GOOD.encode() + b"? [a, b]\n: c\n", 11, "a key in the file must be a text"),
        (GOOD.encode() + b"? {a: b}\n: c\n", 11, "a key in the file must be a text"),
        (GOOD.encode() + b"note: \x00\n", 11, "U+0000 is not allowed in YAML"),
        (GOOD.encode() + b"name: \xff\n", 11, "found the byte 0xff; save the file as UTF-8"),
        (GOOD.encode("utf-16"), 1, "found the byte 0xff; save the file as UTF-8"),
        (b"\tname: x\n", 1, "not YAML"),
        (b"# " + b"x" * 100_000, 1, "larger than 65,536 bytes"),
        (b"!!python/object/apply:os.system ['false']\n", 1, "must be a mapping"),
        (b"x: !!timestamp 9999-99-99\n", 1, "unknown key 'x'"),
        (b"k" * 3000 + b": 1\n", 1, "not YAML"),
    ],
)
def test_a_file_that_is_no_city_file_is_named_by_file_and_line(
    tmp_path: Path, content: bytes, line: int, message: str
) -> None:
    path = tmp_path / "somewhere.yaml"
    path.write_bytes(content)
    with pytest.raises(CityError) as caught:
        load_city(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < len(str(path)) + 300


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("quiet_days: 7", f"quiet_days: {'9' * 1900}", "quiet_days must be 36500 at most"),
        ("quiet_days: 7", f"quiet_days: {'9' * 5000}", "quiet_days has 5,000 characters"),
        ("quiet_days: 7", "quiet_days: ²", "quiet_days must be a whole number"),
        ("quiet_days: 7", "quiet_days: ٣", "quiet_days must be a whole number"),
        ("max_days: 45", "max_days: 99999999999999", "max_days must be 36500 at most"),
        ("zh: 1, en: 0}", "zh: 99999999999, en: 0}", "zh must be 1000000000 at most"),
        ("max_rejects: 0.1", f"max_drift: {{yield: {'9' * 400}}}", "yield must be a number"),
        ("www.some.gov.cn, en", "www.some.gov.cn:99999, en", "a port lies between 1 and 65535"),
        ("www.some.gov.cn, en", "..., en", "a host is written like"),
        ("http://www.some.gov.cn/col", "http://[www.some.gov.cn/col", "list is no URL"),
        ("http://www.some.gov.cn/col", "http://www.some.gov.cn:²/col", "list is no URL"),
        ("http://www.some.gov.cn/col", "http://me:pw@www.some.gov.cn/col", "name or password"),
        ("en: Somewhere", 'en: "a\\e[31mb"', "one line of text, without U+001B"),
        ("en: Somewhere", 'en: "a\\u202Eb"', "one line of text, without U+202E"),
        ("en: Somewhere", 'en: "a\\nb"', "one line of text, without U+000A"),
    ],
)
def test_a_value_beyond_reason_is_refused_in_one_sentence(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in GOOD
    with pytest.raises(CityError) as caught:
        load_city(write(tmp_path, GOOD.replace(old, new, 1)))
    assert message in str(caught.value)
    assert "pw" not in str(caught.value)
    assert len(str(caught.value)) < len(str(tmp_path)) + 300


def test_a_listing_pattern_that_takes_for_ever_is_refused_with_its_line(tmp_path: Path) -> None:
    old = 'col/col1/index.html"}'
    text = GOOD.replace(old, old[:-1] + r", articles: '/(?:\w+-?)*\.html$'}")
    with pytest.raises(CityError, match=r"somewhere\.yaml:7: articles .* may read one text in"):
        load_city(write(tmp_path, text))


@pytest.mark.parametrize(
    "name", ["2024", "undated", "con", "COM1", "releases", "a b", "-x", "a__b"]
)
def test_a_file_name_that_no_city_can_have_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.yaml"
    path.write_text(GOOD, encoding="utf-8")
    with pytest.raises(CityError, match=r"the file's name is the city's, and .*: rename the file"):
        load_city(path)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "somewhere.yaml")
    with pytest.raises(CityError, match=r"somewhere\.yaml:1: expected a file"):
        load_cities(tmp_path)


# A pattern that takes for ever is told from one that does not by trying it.
@pytest.mark.parametrize(
    "pattern", [r"(a+)+$", r"(a|aa)+$", r"x/(\w+\s?)*y", r"(a{1,9}){1,9}b", r"news/(?:\d+/?)*t_"]
)
def test_a_group_that_reads_one_text_in_many_ways_is_refused(pattern: str) -> None:
    assert "may read one text in many ways" in (city_patterns.problem(pattern) or "")


@pytest.mark.parametrize(
    "pattern",
    [r"content/(?:\d+/)*post_\d+\.html$", r"([^/]+/)*", r"(\d{4}-)+", r"[(+]+a", r"\(a+\)+", ""],
)
def test_a_pattern_that_repeats_what_ends_in_a_sign_is_taken(pattern: str) -> None:
    assert city_patterns.problem(pattern) is None


@pytest.mark.parametrize("pattern", ["(", "a{99999999999}", "(" * 400, "a" * 501])
def test_what_is_no_pattern_or_too_long_is_refused_in_words(pattern: str) -> None:
    assert len(city_patterns.problem(pattern) or "") in range(1, 200)
