"""Elements without an end, in which a page's article would be lost."""

import pages
import pytest
from pages import FOOT, ZH, article

from crawler.extract.blocks import read_blocks
from crawler.extract.page import parse

HEAD = "<title>松河市完成三座老旧泵站改造</title>"
STORY = f"<h1>松河市完成三座老旧泵站改造</h1><div class='zw'>{pages.paragraphs(ZH)}</div>"
LINKS = "<a href='/'>首页</a><a href='/xw/'>要闻</a>"


@pytest.mark.parametrize(
    "opened",
    ["<select><option>友情链接", "<video src='a.mp4' controls>", "<audio src='a.mp3'>",
     "<canvas id='c'>", "<picture>",
     "<button>搜索", "<footer><p>关于我们</p>", f"<nav>{LINKS}", f"<aside>{LINKS}",
     "<div class='footer'>", f"<div class='menu'>{LINKS}", f"<section class='nav'>{LINKS}"],
)  # fmt: skip
def test_the_article_after_an_element_that_never_ends_is_read(opened: str) -> None:
    found = article(pages.page(f"{opened}<div>{STORY}</div>", head=HEAD, foot=""))
    assert found.text.split("\n") == list(ZH)


def test_the_rest_of_an_article_after_a_film_that_never_ends_is_read() -> None:
    body = f"<p>{ZH[0]}</p><video src='a.mp4'><p>{ZH[1]}</p><p>{ZH[2]}</p>"
    found = article(pages.page(f"<h1>松河市完成三座老旧泵站改造</h1><div>{body}</div>", head=HEAD))
    assert found.text.split("\n") == list(ZH)


@pytest.mark.parametrize(
    "ended",
    ["<video><p>您的浏览器不支持播放。</p></video>", "<footer><p>关于我们。</p></footer>"],
)
def test_what_is_shown_in_place_of_a_film_is_no_text(ended: str) -> None:
    assert article(pages.page(STORY + ended, head=HEAD)).text.split("\n") == list(ZH)


def test_the_foot_of_a_page_is_a_foot_without_an_end() -> None:
    foot = "<footer><p>松河市人民政府主办。</p><p>地址：松河市人民路一号。</p>"
    assert article(pages.page(STORY, head=HEAD, foot=foot)).text.split("\n") == list(ZH)


def test_the_mark_of_a_place_makes_no_links_of_what_follows() -> None:
    found = article(pages.page(f"<a name='top'>{STORY}{FOOT}", head=HEAD))
    assert found.text.split("\n") == list(ZH)


def test_a_name_in_an_anchor_without_an_address_counts_as_a_link() -> None:
    tree = parse("<html><body><p>请见<a name='c1'>方可的评论</a></p></body></html>")
    assert read_blocks(tree, frozenset())[0].linked == 5


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-16"])
def test_a_page_in_utf_16_without_a_header_is_a_page(codec: str) -> None:
    source = pages.page(STORY, head=HEAD).decode()
    assert article(source.encode(codec)).text.split("\n") == list(ZH)
