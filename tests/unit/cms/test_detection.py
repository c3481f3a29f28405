"""What the catalogue's commands refuse before any page is asked for, and how a list is told."""

from datetime import date
from pathlib import Path

import pytest

from crawler.cms import FAMILIES, detection
from crawler.cms.family import Family, Link, Listing, Rules
from pipelines.cli import app

GOOD = """\
name: {zh: 某市, en: Somewhere}
hosts: [www.some.example]
sources: [{lang: zh, cms: trs, list: "http://www.some.example/xw/index.html"}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cities").mkdir()
    (tmp_path / "cities" / "some.yaml").write_text(GOOD, encoding="utf-8")
    return tmp_path


def run(folder: Path, *command: str) -> int:
    return app.main([*command, "--cities-dir", str(folder / "cities")])


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (["www.other.example/xw/"], "expected the address of a home or list page"),
        (["http://www.other.example/", "--key", "Some City"], "is no name for a city's file"),
        (["http://www.other.example/", "--key", "some"], "is there already"),
        (["http://www.some.example/tzgg/", "--key", "another"], "www.some.example belongs to some"),
    ],
)
def test_a_city_that_cannot_be_added_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], more: list[str], complaint: str
) -> None:
    more = [*more, "--fixtures", str(folder / "fixtures")]
    assert run(folder, "cities", "add", *more) == 2
    assert complaint in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["cities"]


def test_only_the_cities_named_are_checked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "cities" / "bad.yaml").write_text("name: 1\n", encoding="utf-8")
    assert run(folder, "cities", "check", "some") == 0
    assert run(folder, "cities", "check") == 2
    assert run(folder, "cities", "check", "nowhere") == 2
    captured = capsys.readouterr()
    assert "bad.yaml:1" in captured.err
    assert "unknown city nowhere; known: bad, some" in captured.err


@pytest.mark.parametrize(
    ("urls", "pattern"),
    [
        (
            ["/en/2024-06/18/c_90420.htm", "/en/2024-05/2/c_90.htm"],
            r"/en/\d{4}-\d+/\d+/c_\d+\.htm$",
        ),
        ([f"/a/{'0a' * 16}.html", f"/a/{'1b' * 16}.html"], r"/a/[0-9a-f]{32}\.html$"),
        (["/News_Content.aspx?s=1", "/News_Content.aspx?s=2"], r"/News_Content\.aspx\?"),
    ],
)
def test_a_pattern_keeps_what_all_addresses_share(urls: list[str], pattern: str) -> None:
    links = [Link(f"http://www.a.example{url}") for url in urls]
    assert detection.pattern_of(links) == pattern


@pytest.mark.parametrize(
    ("urls", "column"),
    [
        (["/art/2024/1/2/art_7_1.html", "/art/2023/1/2/art_7_2.html"], "/art_7_|/col/?(?:col)?7/"),
        (["/en/news/2024/a-1.html", "/en/news/2023/b-2.html"], "/en/news/"),
        (["/zh/1.html", "/en/2.html"], None),
    ],
)
def test_a_column_is_told_by_number_or_folder(urls: list[str], column: str | None) -> None:
    links = [Link(f"http://www.a.example{url}") for url in urls]
    assert detection.column_of(links) == column


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('<meta name="SiteName" content="云泽市人民政府">', "云泽市"),
        ("<title>要闻_岚港市人民政府门户网站</title>", "岚港市"),
        ("<title>News</title>", None),
    ],
)
def test_a_citys_name_is_what_its_site_calls_itself(text: str, name: str | None) -> None:
    assert detection.city_name(text) == name


def test_every_family_with_urls_of_its_own_is_told_by_them() -> None:
    urls = {
        "hanweb": "/art/2024/1/2/art_7_{}.html",
        "trs": "/xw/202401/t20240105_{}.html",
        "jeecms": "/News/{}.jhtml",
        "ucap": "/xw/2024-01/05/content_{}.shtml",
        "guangdong": "/xw/content/post_{}.html",
        "china_daily": "/2024-01/05/c_{}.htm",
        "info_gov_hk": "/gia/general/202305/09/P20230509{:05d}.htm",
        "wordpress": "/zh-hant/news/{}/",
        "aspnet": "/News_Content.aspx?n=1&sms=2&s={}",
    }
    assert set(urls) == {name for name, family in FAMILIES.items() if not family.any_url}
    for name, shape in urls.items():
        rows = "".join(
            f'<li><a href="{shape.format(900 + n)}">第{n}条新闻的标题</a> 2024-01-05</li>'
            for n in range(5)
        )
        found = detection.family_of(f"<ul>{rows}</ul>", "http://www.a.example/list/")
        assert found is not None
        assert (found.cms, len(found.listing.links)) == (name, 5)


def test_rules_that_held_when_a_page_was_served_come_first_and_none_is_left_out() -> None:
    old = Rules(body=("#a",), version="old", until=date(2020, 12, 31))
    new = Rules(body=("#b",), version="new", since=date(2021, 1, 1))
    family = Family("f", lambda url: True, lambda text, url: Listing(), (new, old))

    def order(day: date | None) -> list[str]:
        return [rules.version for rules in family.rules_on(day)]

    assert order(None) == ["new", "old"]
    assert order(date(2020, 12, 31)) == ["old", "new"]
    assert order(date(2021, 1, 1)) == ["new", "old"]


def test_comments_before_what_is_no_feed_are_passed_over_in_one_way_only() -> None:
    # Sixty comments could be parted in 2**59 ways.
    assert (
        detection.family_of("<!---->" * 60 + "<html></html>", "http://www.anlan.example/") is None
    )
    item = "<item><title>市政府召开会议</title><link>http://www.anlan.example/1.html</link></item>"
    feed = f"<?xml version='1.0'?><!-- a --> <!-- b > -->\n<rss><channel>{item}</channel></rss>"
    found = detection.family_of(feed, "http://www.anlan.example/")
    assert found is not None
    assert found.cms == "feeds"
