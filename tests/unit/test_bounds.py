"""No page costs more than its size: what would hang a parser is cut before it gets there."""

import pytest

from crawler import bounds
from crawler.city import unnamed_city
from crawler.extract import extract
from crawler.item import Article, Reject
from pipelines.language import detect

URL = "http://www.haiqing.example/xwzx/202403/t20240305_1.html"
CITY = unnamed_city(URL)
TEXT = "3月4日，海晴市召开防汛工作会议，部署水库除险加固和城区排涝设施检修，要求四月底前完成。"


def read(body: bytes) -> Article | Reject:
    return extract(URL, body, {"content-type": "text/html; charset=utf-8"}, CITY)


def test_markup_within_bounds_is_left_as_it_is() -> None:
    html = (
        f"<p class=a {'b ' * 200} title='{'长' * 5000}'>{'word ' * 3000}</p><p>\"{'x ' * 3000}</p>"
    )
    assert bounds.thinned(html) == html


@pytest.mark.parametrize("start", ["<p ", "<p a='<' ", '<p a=">" ', "<p\n"])
def test_a_tag_keeps_its_first_attributes_and_what_follows_it(start: str) -> None:
    html = f"{start}{' '.join(f'x{n}=1' for n in range(5000))}>{TEXT}</p>"
    thin = bounds.thinned(html)
    assert thin.startswith(start + "x0=1")
    assert thin.endswith(f">{TEXT}</p>")
    assert thin.count("=1") <= bounds.MAX_ATTRIBUTES


def test_text_behind_a_huge_script_is_read() -> None:
    body = b"<html><body><script>" + b"x" * (bounds.MAX_CHARS + 1) + b"</script>"
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
        b"<p>a<br>" * (bounds.MAX_ELEMENTS // 2 + 1),
        b"<div class=TRS_Editor>" + "市政府<br>".encode() * (bounds.MAX_LINES + 1),
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
    assert bounds.thinned("<p " * 5000).count("<p") == bounds.MAX_ATTRIBUTES + 1


def test_a_body_is_framed_by_the_first_comment_that_opens_and_the_first_that_closes() -> None:
    framed = f"<!--正文begin--><p>{TEXT * 3}</p><!--正文end-->"
    found = read(f"<html><body><div>导航</div>{framed}<p>{'版权所有' * 9}</p>".encode())
    assert isinstance(found, Article)
    assert (found.text, found.extractor) == (TEXT * 3, "comments around the body")
    # One that never closes frames nothing, however often it stands there.
    open_ended = read(f"<html><body>{'<!--正文begin-->' * 50_000}<p>{TEXT * 3}</p>".encode())
    assert isinstance(open_ended, Article)
    assert open_ended.extractor == "consensus"


@pytest.mark.parametrize(
    "mark", [">", "<p ", "<head>", "a", "中", "<!--", "&#20013;", "<img src=a.png>"]
)
def test_a_mark_repeated_through_a_page_is_answered(mark: str) -> None:
    # What took the square of these lengths would not end within this suite.
    body = ("<html><body>" + mark * (400_000 // len(mark))).encode()
    assert isinstance(read(body), Article | Reject)
    detect(mark * 400_000)
