"""Data of script frameworks, and the articles in it."""

import json

import pages
import pytest
from pages import ZH, article

from crawler.cms.hydration import filled, hydrated, rows

TITLE = "松河市完成三座老旧泵站改造工程"
BODY = pages.paragraphs(ZH)


def page(script: str) -> bytes:
    return pages.page(f"<div id='app'></div><script{script}</script>", head="<title>松河</title>")


@pytest.mark.parametrize(
    "script",
    [
        ">window.__NUXT__=(function(a,b,c){return {data:[{d:{title:a,content:b,no:c}}]}}"
        f"({json.dumps(TITLE)},{json.dumps(BODY).replace('<', chr(92) + 'u003C')},null));",
        " type='application/json' id='__NUXT_DATA__'>"
        + json.dumps([{"d": 1}, {"title": 2, "content": 3, "publishTime": 4}, TITLE, BODY, "x"]),
    ],
)
def test_the_article_in_the_data_of_a_framework_is_read(script: str) -> None:
    found = article(page(script))
    assert (found.title, found.text.split("\n")) == (TITLE, list(ZH))


def test_the_rows_that_are_pushed_in_pieces_are_put_together() -> None:
    text = f"2:T{len(BODY.encode()):x},{BODY}3:{json.dumps({'title': TITLE})}\n"
    pieces = (text[:50], text[50:90], text[90:])
    pushes = [f"self.__next_f.push([1,{json.dumps(piece)}])" for piece in pieces]
    assert list(rows(pushes)) == [BODY, json.dumps({"title": TITLE})]
    assert article(page(f">{';'.join(pushes)}")).text.split("\n") == list(ZH)


@pytest.mark.parametrize(
    "code", ["", "f(1)", "(function(a){return {t:a}}", "(function(a,b){return {t:a}}(1))"]
)
def test_a_script_that_calls_no_function_with_all_it_names_stays(code: str) -> None:
    assert filled(code) == code


@pytest.mark.parametrize("data", [[], {}, "x", [{"a": 9}, 1], [{"a": "b"}], [1, 2], None])
def test_other_data_stays(data: object) -> None:
    assert hydrated(data) == data


def test_an_argument_named_again_and_again_is_not_put_in_without_end() -> None:
    once = filled('(function(a){return [a,1]}("x"))')
    assert '["x",1]' in once
    often = filled(f'(function(a){{return [{"a," * 300}1]}}("{"x" * 20_000}"))')
    assert len(often) < 1_100_000


def test_controls_in_the_data_of_a_framework_cost_no_article() -> None:
    fields = {"title": TITLE + "\0", "content": BODY, "publishTime": "2024-03-05\udfff"}
    found = article(page(f" type='application/json'>{json.dumps([{'d': fields}])}"))
    assert (found.title, found.text.split("\n")) == (TITLE, list(ZH))
