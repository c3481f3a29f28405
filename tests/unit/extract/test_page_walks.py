"""What a page is walked for once is what walking it again would give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.extract.blocks import read_blocks
from crawler.extract.page import ParsedPage, parse
from crawler.extract.selectors import select

TAGS = ("div", "p", "ul", "li", "table", "tr", "td", "h2", "center", "form", "figure", "figcaption",
        "a", "span", "b", "font", "wbr", "select")  # fmt: skip
MARKS = ("", " class='body'", " class='share  main'", " class='caption'", " id='zoom'",
         " style='display:none'", " style='text-align:center'", " align='center'")  # fmt: skip
WORDS = ("", "市政府召开会议。", "　　记者 方可", "News", "\u00a0", "\n", "2024-03-01")
VOID = ("<br>", "<img src='a.png'>", "<!-- note -->", "<script>x</script>")


def elements(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pieces = st.lists(inner | st.sampled_from(VOID), max_size=3).map("".join)
    parts = st.tuples(
        st.sampled_from(TAGS), st.sampled_from(MARKS), st.sampled_from(WORDS), pieces,
        st.sampled_from(WORDS),
    )  # fmt: skip
    return parts.map(lambda made: "<{0}{1}>{2}{3}</{0}>{4}".format(*made))


TREES = st.recursive(st.sampled_from(WORDS), elements, max_leaves=25)
SELECTORS = ("div", ".body", "#zoom", "p.body", ".share.main", "div.caption", ".none", "form",
             "div .body", "td, .share")  # fmt: skip


def page(markup: str) -> ParsedPage:
    return ParsedPage("http://a.example/", f"<html><body>{markup}</body></html>".encode(), {})


@given(TREES)
def test_the_lines_of_an_element_cut_out_of_the_pages_are_those_of_a_walk_of_its_own(
    markup: str,
) -> None:
    read = page(markup)
    for node in read.elements:
        assert read.blocks_of(node, frozenset()) == read_blocks(node, frozenset())


@pytest.mark.parametrize(
    "around",
    ["{}", "<div>{}</div>", "<ul><li>{}</li></ul>", "<table><tr><td>{}</td><td>x</td></tr></table>",
     "<h2>{}</h2>", "<center>{}</center>", "<div style='text-align:center'>{}</div>",
     "<div class='caption'>{}</div>", "<a href='/'>{}</a>", "<img src='a.png'>{}",
     "<div style='display:none'>{}</div>", "<span>x{}y</span>"],
)  # fmt: skip
def test_what_stands_around_an_element_does_not_show_in_its_lines(around: str) -> None:
    body = "<div class='body'><p>一</p>二<br><img src='b.png'><p>三</p><ul><li>四</li></ul></div>"
    read = page(around.format(body))
    (node,) = read.index.select([".body"])
    lines = read.blocks_of(node, frozenset())
    assert lines == read_blocks(node, frozenset())
    assert [line.text for line in lines] == ["一", "二", "三", "四"]


@given(TREES)
def test_what_is_dropped_of_an_element_is_dropped_however_it_is_read(markup: str) -> None:
    read = page(markup)
    for node in read.elements:
        dropped = frozenset(node.iter("a", "li", "img"))
        assert read.blocks_of(node, dropped) == read_blocks(node, dropped)


@given(TREES)
def test_a_selector_that_is_looked_up_finds_what_a_path_through_the_tree_does(markup: str) -> None:
    read = page(markup)
    for selector in SELECTORS:
        assert read.index.select([selector]) == select(read.tree, [selector])
    assert read.index.select(SELECTORS) == select(read.tree, SELECTORS)
    for root in read.elements:
        assert read.index.inside(root, SELECTORS) == frozenset(select(root, SELECTORS)) - {root}


def test_a_page_keeps_no_control_or_invisible_characters_and_every_other() -> None:
    text = "第一段\x00\x0b。\t\r\n\x7fText\x1f\u0085\u200b\U0001f600"
    assert page(text).html == "<html><body>第一段。\t\r\nText\u0085\U0001f600"


def test_the_walk_over_an_unknown_tag_goes_on_as_over_an_inline_one() -> None:
    tree = parse("<html><body><p>第一<o:p>段</o:p>。<unknown>第二</unknown>句</p></body></html>")
    assert [block.text for block in read_blocks(tree, frozenset())] == ["第一段。第二句"]
