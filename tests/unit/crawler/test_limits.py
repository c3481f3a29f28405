"""No page costs more than its size: what would hang a parser is cut before it gets there."""

import time
from dataclasses import replace

import pytest

from crawler import limits
from crawler.city import unnamed_city
from crawler.cms import FAMILIES
from crawler.extract.article import extract, join_parts
from crawler.item import Article, Reject
from pipelines.articles.language import detect

URL = "http://www.haiqing.example/xwzx/202403/t20240305_1.html"
CITY = unnamed_city(URL)
TEXT = "3月4日，海晴市召开防汛工作会议，部署水库除险加固和城区排涝设施检修，要求四月底前完成。"


def read(body: bytes) -> Article | Reject:
    return extract(URL, body, {"content-type": "text/html; charset=utf-8"}, CITY)


def test_markup_within_bounds_is_left_as_it_is() -> None:
    html = (
        f"<p class=a {'b ' * 200} title='{'长' * 5000}'>{'word ' * 3000}</p><p>\"{'x ' * 3000}</p>"
    )
    assert limits.thinned(html) == html


@pytest.mark.parametrize("start", ["<p ", "<p a='<' ", '<p a=">" ', "<p\n"])
def test_a_tag_keeps_its_first_attributes_and_what_follows_it(start: str) -> None:
    html = f"{start}{' '.join(f'x{n}=1' for n in range(5000))}>{TEXT}</p>"
    thin = limits.thinned(html)
    assert thin.startswith(start + "x0=1")
    assert thin.endswith(f">{TEXT}</p>")
    assert thin.count("=1") <= limits.MAX_ATTRIBUTES


def test_text_behind_a_huge_script_is_read() -> None:
    body = b"<html><body><script>" + b"x" * (limits.MAX_CHARS + 1) + b"</script>"
    found = read(body + f"<h1>防汛会议</h1><p>{TEXT * 3}</p>".encode())
    assert isinstance(found, Article)
    assert "truncated" not in found.flags


def test_a_page_whose_text_lies_past_the_cut_says_that_it_is_too_large() -> None:
    found = read(b"<html><body><p class='" + b"a " * (3 << 20) + b"'>" + TEXT.encode() * 3)
    assert isinstance(found, Reject)
    assert (found.reason, "characters" in found.detail) == ("too_large", True)


@pytest.mark.parametrize(
    "body",
    [
        b"<p>a<br>" * (limits.MAX_ELEMENTS // 2 + 1),
        b"<div class=TRS_Editor>" + "市政府<br>".encode() * (limits.MAX_LINES + 1),
    ],
    ids=["elements", "lines"],
)
def test_more_elements_or_lines_than_an_article_has_are_refused_with_their_number(
    body: bytes,
) -> None:
    found = read(b"<html><body>" + body)
    assert isinstance(found, Reject)
    assert found.reason == "too_large"


def test_a_tag_that_swallows_others_is_thinned_too() -> None:
    assert limits.thinned("<p " * 5000).count("<p") == limits.MAX_ATTRIBUTES + 1


def test_a_body_is_framed_by_the_first_comment_that_opens_and_the_first_that_closes() -> None:
    framed = f"<!--正文begin--><p>{TEXT * 3}</p><!--正文end-->"
    found = read(f"<html><body><div>导航</div>{framed}<p>{'版权所有' * 9}</p>".encode())
    assert isinstance(found, Article)
    assert (found.text, found.extractor) == (TEXT * 3, "comments around the body")
    # One that never closes frames nothing, however often it stands there.
    open_ended = read(f"<html><body>{'<!--正文begin-->' * 50_000}<p>{TEXT * 3}</p>".encode())
    assert isinstance(open_ended, Article)
    assert open_ended.extractor == "consensus"


@pytest.mark.slow
@pytest.mark.parametrize(
    "mark", [">", "<p ", "<head>", "a", "中", "<!--", "&#20013;", "<img src=a.png>"]
)
def test_a_mark_repeated_through_a_page_is_answered(mark: str) -> None:
    # What took the square of these lengths would not end within this suite.
    body = ("<html><body>" + mark * (400_000 // len(mark))).encode()
    assert isinstance(read(body), Article | Reject)
    detect(mark * 400_000)


@pytest.mark.slow
@pytest.mark.parametrize(
    "line", ["责任编辑：王", "相关阅读：", "相关链接<br>防汛", "（记者 李）", "图为市民（摄影 王）"]
)
def test_a_line_that_ends_a_story_repeated_is_answered(line: str) -> None:
    # Each was compared with all lines after it: ten times as many took a hundred times as long.
    spent = []
    for times in (2_500, 25_000):
        body = f"<html><body><div class=TRS_Editor><p>{TEXT * 3}</p>" + f"<p>{line}</p>" * times
        before = time.process_time()
        assert isinstance(read(body.encode()), Article | Reject)
        spent.append(time.process_time() - before)
    assert spent[1] < 40 * spent[0] + 1


def test_a_text_or_a_title_that_no_article_has_is_refused_with_its_size() -> None:
    long = f"<html><body><div class=TRS_Editor><p>{TEXT * (limits.MAX_TEXT // len(TEXT) + 1)}</p>"
    title = f"<title>{'长' * (limits.MAX_TITLE + 1)}</title>"
    for body in (long, f"<html><head>{title}</head><body><h1>{'长' * 1001}</h1><p>{TEXT * 3}</p>"):
        found = read(body.encode())
        assert isinstance(found, Reject)
        assert (found.reason, "characters" in found.detail) == ("too_large", True)


def test_parts_are_joined_as_far_as_an_article_has_room() -> None:
    page = f"<html><body><h1>防汛工作会议召开</h1><div class=TRS_Editor><p>{TEXT * 3}</p>"
    first = read(page.encode())
    assert isinstance(first, Article)
    part = replace(first, text="水" * (limits.MAX_TEXT // 2))
    whole = join_parts(replace(first, parts=("a", "b", "c")), [part, part, part])
    assert len(whole.text) <= limits.MAX_TEXT + 1
    assert "parts_missing" in whole.flags


def test_a_list_is_read_up_to_its_bounds_and_says_if_anything_was_left_out() -> None:
    link = "<li><a href='/xw/202404/t20240402_{}.html'>滨江市新闻标题</a></li>"
    short = "".join(link.format(n) for n in range(100))
    assert limits.cut_list(short) == (short, False)
    long = "".join(link.format(n) for n in range(limits.MAX_ANCHORS + 5))
    kept, cut = limits.cut_list(long)
    assert (kept.count("<a "), cut) == (limits.MAX_ANCHORS, True)
    assert len(FAMILIES["trs"].read_list(kept, URL).links) == limits.MAX_ANCHORS
    assert limits.cut_list("a" * (limits.MAX_LIST_CHARS + 1))[1]


@pytest.mark.parametrize("family", ["generic", "trs"])  # all read links in one way
def test_links_far_down_a_deep_tree_are_read(family: str) -> None:
    # Each asked all its ancestors where it stands; 20,000 links took the square of that.
    deep = "<div><a href='/art/2024/4/2/art_1_1.html'>滨江市新闻标题</a>" * 20_000
    before = time.process_time()
    FAMILIES[family].read_list(deep, URL)
    assert time.process_time() - before < 10  # seconds of CPU, for a busy machine


@pytest.mark.parametrize(
    "written",
    ["1 Jan 1800 00:00:00 +1400", "1 Jan 9999 23:59:59 -1400", "1 Jan 2024 1:1 +99999999999"],
)
def test_a_date_of_no_age_is_none(written: str) -> None:
    assert limits.mail_date(written) is None


def test_an_endpoint_named_again_and_again_within_one_quote_is_answered() -> None:
    before = time.process_time()
    FAMILIES["ucap"].read_list('"' + "/es-search/search/" * 50_000, URL)
    assert time.process_time() - before < 10  # seconds of CPU, for a busy machine


@pytest.mark.parametrize("value", ['">"', "'>'", "'\">'", '\n "a>b"'])
def test_a_bracket_within_quotes_ends_no_tag(value: str) -> None:
    html = "<a " + " ".join(f"x{n}={value}" for n in range(5000)) + ">text</a>"
    thin = limits.thinned(html)
    assert thin.count("=") == limits.MAX_ATTRIBUTES
    assert thin.endswith(">text</a>")
    ordinary = "<p title='a > b' class=x>text</p>" * 200
    assert limits.thinned(ordinary) == ordinary


def test_words_of_a_script_are_no_attributes() -> None:
    words = "var a = 1; " * 500
    for name in ("script", "STYLE"):
        html = f"<{name} id='x'>{words}</{name}><p id=a  class=b>text</p>"
        assert limits.thinned(html) == html


@pytest.mark.parametrize(
    "html",
    [
        # A bracket in a value: the tag goes on.
        "<script x='>' {} </script>",
        "<p x='>' {}>",
        # After the end of a script: a tag again.
        "<script>var a;</script><p {}>",
        "<script>a</script <p {}>",
    ],
)
def test_attributes_that_look_like_words_of_a_script_are_thinned(html: str) -> None:
    crowded = html.format(" ".join(f"attribute{n}='1'" for n in range(2000)))
    thin = limits.thinned(crowded)
    assert len(thin.split("'1'")) <= limits.MAX_ATTRIBUTES + 2
