"""What is read faster than by the libraries and patterns as they are, and must be read alike."""

import re

import pytest
from lxml import html
from readability import Document
from readability.readability import text_length

from crawler.cms.china_daily import FAMILY
from crawler.extract import extractors
from crawler.extract.dates import moments, strip_dates
from crawler.extract.mojibake import garbled

WIDE = " " * 300


@pytest.mark.parametrize(
    ("text", "day"),
    [
        (f"Posted on\n{WIDE}November{WIDE}20,\n{WIDE}2019 by the desk", "2019-11-20"),
        (f"时间：{WIDE}2019年\n{WIDE}11月{WIDE}20日{WIDE}来源", "2019-11-20"),
        (f"{WIDE}2019-11-20{WIDE}09:30{WIDE}", "2019-11-20"),
    ],
)
def test_a_date_across_wide_gaps_has_its_place(text: str, day: str) -> None:
    [found] = moments(text)
    assert f"{found.at:%Y-%m-%d}" == day
    written = re.sub(r"\s+", " ", text[found.start : found.end]).strip()
    assert [f"{each.at:%Y-%m-%d}" for each in moments(written)] == [day]
    assert not re.search(r"\d", strip_dates(text))


def test_a_gap_before_a_date_is_no_part_of_it() -> None:
    text = f"a{WIDE}b 2019-11-20 c{WIDE}d 2020-01-02"
    assert [text[each.start : each.end].strip() for each in moments(text)] == [
        "2019-11-20",
        "2020-01-02",
    ]


@pytest.mark.parametrize(
    "text", ["", " a ", "a\n  b", "a \t b", "甲，\n\n 乙", "a\r\n\tb  c", " \n ", "a\u3000\u3000b"]
)
def test_links_weigh_as_much_as_for_readability(text: str) -> None:
    markup = f"<div><p>{text}<a>{text}</a> more words <b>of <a>it{text}</a></b></p></div>"
    node = html.fragment_fromstring(markup)
    assert extractors._length(node.text_content()) == text_length(node)
    ours = extractors._Document(node).get_link_density(node)
    assert ours == Document("<p>x</p>").get_link_density(node)


def test_an_extractor_leaves_the_page_to_the_next() -> None:
    story = "".join(
        f"<p>第{n}座泵站的改造已经完成，沿河两个街道受益，居民满意。"
        + "养护单位夜间作业，把影响降到最低。" * 3
        + "</p>"
        for n in range(9)
    )
    tree = extractors.tree_of(f"<html><body><ul><li>首页</ul><div>{story}</div></body></html>")
    before = html.tostring(tree)
    for read in (extractors.by_trafilatura, extractors.by_readability, extractors.by_justext):
        assert "第8座泵站的改造已经完成，沿河" in read(tree, True)
        assert html.tostring(tree) == before


def test_single_letters_that_are_apart_are_no_garbled_text() -> None:
    assert garbled("São Tomé: é à ò ü ã â ê" * 40) == 0.0
    assert garbled("å¤§è¿žå¸‚" * 40) > 0.1


@pytest.mark.parametrize(
    ("markup", "parts"),
    [
        ("<a href='c_7_2.html'>2</a><a href='c_7_3.html'>3</a>", (2, 3)),
        ("<base href='/2019-06/01/'><a href=c_7_2.html>2</a>", (2,)),
        ("<base href='/elsewhere/'><a href=c_7_2.html>2</a>", ()),
        ("<a href='/2019-06/01/c_77_2.htm'>2</a> c_7_2", ()),
    ],
)
def test_parts_are_the_addresses_that_end_alike(markup: str, parts: tuple[int, ...]) -> None:
    url = "http://www.fuhai.example/2019-06/01/c_7.html"
    [rules] = FAMILY.rules
    wanted = tuple(url.replace(".html", f"_{n}.html") for n in parts)
    assert rules.parts(f"<html><body>{markup}</body></html>", url) == wanted
