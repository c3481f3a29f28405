"""Lists whose entries are no links: opened by scripts, or in another form."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from lxml import html

from crawler.cms import FAMILIES, inline
from crawler.cms.inline import hidden_markup, inline_data
from crawler.cms.literals import code_of, literal_at
from crawler.cms.openers import opened

HERE = "http://www.yunmeng.example/xw/yw/index.html"
ENTRIES = [(f"./202403/t2024030{i}_{70 + i}.html", f"云梦市第{i}次会议部署春耕", f"2024-03-0{i}")
           for i in range(1, 5)]  # fmt: skip
FOUND = [f"http://www.yunmeng.example/xw/yw/202403/t2024030{i}_{70 + i}.html" for i in range(1, 5)]


def each(shape: str) -> str:
    return "".join(shape.format(u=u, t=t, d=d, n=u[-7:-5]) for u, t, d in ENTRIES)


OPENED = {
    "li": each("<li onclick=\"window.location.href='{u}'\">{t}<span>{d}</span></li>"),
    "row": each("<tr onclick=\"window.open('{u}')\"><td>1</td><td>{t}</td><td>{d}</td></tr>"),
    "data": each('<div data-href="{u}"><h3>{t}</h3><p>摘要若干文字，比标题更长一些。{d}</p></div>'),
    "call": each("<li><a href=\"javascript:show('{u}')\">{t}</a> {d}</li>"),
    "element": each("<news-item to='{u}'>{t} {d}</news-item>"),
    "handler": each("<li><a href='#' onclick=\"return show(this,'{u}')\">{t}</a> {d}</li>"),
}


@pytest.mark.parametrize("family", ["trs", "generic"])
@pytest.mark.parametrize("body", OPENED.values(), ids=OPENED)
def test_an_entry_that_a_script_opens_is_an_entry(body: str, family: str) -> None:
    if body.startswith("<tr"):
        body = f"<table>{body}</table>"
    links = FAMILIES[family].read_list(f"<body>{body}</body>", HERE).links
    assert [(link.url, link.title, str(link.date)) for link in links] == [
        (url, title, day) for url, (_, title, day) in zip(FOUND, ENTRIES, strict=True)
    ]


@pytest.mark.parametrize(
    ("function", "call", "address"),
    [
        ("function view(id){window.open('/detail/'+id+'.html')}", "view(7)", "/detail/7.html"),
        ("function view(c,n){location=at+'/d?c='+c+'&id='+n}", "view('yw',7)", "/d?c=yw&id=7"),
        ("var view=function(u){window.open(u)}", "view('n7.html')", "n7.html"),
        ("function view(id){alert(id)}", "view(7)", None),
        ("", "view(7)", None),
        ("", "void(0)", None),
    ],
)  # fmt: skip
def test_a_function_joins_the_address_of_an_entry(
    function: str, call: str, address: str | None
) -> None:
    text = f"<p><script>{function}</script><a href='javascript:;' onclick=\"{call}\">x</a></p>"
    (node,) = html.fromstring(text).iter("a")
    assert opened(node, text) == address


def test_an_element_around_links_is_no_entry() -> None:
    body = (
        f"<div onclick=\"location.href='/x/t20240301_9.html'\">{each('<a href={u}>{t}</a>')}</div>"
    )
    assert [link.url for link in FAMILIES["trs"].read_list(body, HERE).links] == FOUND


DATA = json.dumps({"list": [{"title": t, "url": u, "date": d} for u, t, d in ENTRIES]})
PLAIN = json.dumps(json.loads(DATA), ensure_ascii=False)
MARKUP = "<ul>" + each('<li><a href="{u}">{t}</a>{d}</li>') + "</ul>"
ESCAPED = MARKUP.replace("<", "&lt;").replace('"', "&quot;")
HIDDEN = {
    "attribute": f"<div data-list='{PLAIN}'></div>",
    "field": f"<textarea hidden>{PLAIN}</textarea>",
    "parsed": f"<script>window.state=JSON.parse({json.dumps(DATA)})</script>",
    "single": f"<script>window.state=JSON.parse('{PLAIN}')</script>",
    "percent": f"<script>var d=decodeURIComponent('{quote(PLAIN)}')</script>",
    "function": "<script>window.S=(function(a){return{l:["
    + each("{{title:'{t}',url:'{u}',date:'{d}',top:a}},")
    + "]}}(0))</script>",
    "calls": "<script>" + each("add('{t}','{u}','{d}');") + "</script>",
    "arrays": "<script>var a=[];" + each("a.push(new Array('{t}','{u}','{d}'));") + "</script>",
    "stream": f"<script>self.f.push([1,{json.dumps('5:' + PLAIN)}])</script>",
    "parts": "<script>var a=[" + each("'{t}|{u}|{d}',") + "]</script>",
    "island": "<xml>" + each("<n><title>{t}</title><url>{u}</url><date>{d}</date></n>") + "</xml>",
    "framed": f'<iframe srcdoc="{ESCAPED}"></iframe>',
    "text field": f"<textarea>{ESCAPED}</textarea>",
    "template": f"<script type='text/html'>{MARKUP}</script>",
    "comment": f"<div><!--{MARKUP}--></div>",
}


@pytest.mark.parametrize("family", ["trs", "generic"])
@pytest.mark.parametrize("body", HIDDEN.values(), ids=HIDDEN)
def test_a_list_in_another_form_is_read(body: str, family: str) -> None:
    links = FAMILIES[family].read_list(f"<html><body>{body}</body></html>", HERE).links
    assert [link.url for link in links] == FOUND
    assert [str(link.date) for link in links] == [day for *_, day in ENTRIES]


@pytest.mark.parametrize(
    "body",
    [
        "<!--<ul><li><a href='./202403/t20240301_9.html'>示例一则标题文字</a></li></ul>-->",
        "<script type='text/html'>" + '<a href="{{url}}">{{title}}</a>' * 4 + "</script>",
        "<script>go('./202403/t20240301_9.html')</script>",
    ],
)
def test_examples_and_templates_are_no_list(body: str) -> None:
    assert not FAMILIES["trs"].read_list(f"<html><body>{body}</body></html>", HERE).links


@pytest.mark.parametrize("piece", ["f(", "f('a',", "[", "x={", "='{", "<!--", "<xml", "\"{'", "=["])
def test_hostile_pages_cost_no_square_of_their_length(piece: str) -> None:
    steps = []
    for count in (500, 5000):
        text = f"<script>{piece * count}</script>"
        steps.append(len(list(inline_data(text))) + len(list(hidden_markup(text))))
    assert steps[1] <= 20 * max(steps[0], 1)
    assert code_of(piece * 10).text == piece * 10


def test_values_that_are_no_json_are_not_tried_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    class Counted(json.JSONDecoder):
        def raw_decode(self, s: str, idx: int = 0) -> tuple[Any, int]:
            tried.append(idx)
            return super().raw_decode(s, idx)

    monkeypatch.setattr(inline.json, "JSONDecoder", Counted)
    deep = '[{"a":' * 3000
    list(inline_data(f"<script>x={deep}</script>"))
    assert len(tried) < 500


@pytest.mark.parametrize(
    "code", ["'a'" + "+'abcdefghi'" * 20_000, f"`{'${a}' * 4000}`", "a" + "+a" * 300]
)
def test_what_a_script_puts_together_has_an_end(code: str) -> None:
    value, _ = literal_at(code_of(code), 0, {"a": "x" * 20_000})
    assert 0 < len(value) <= 500_000


def test_a_function_is_looked_through_once_for_all_its_entries() -> None:
    code = f"function f(a){{{'x();' * 50}location='/n/'+a+'.html'}}"
    text = f"<script>{code}</script>"
    [node] = html.fromstring("<ul><li onclick='f(7)'>云梦市会议部署春耕</li></ul>").iter("li")
    assert opened(node, text) == "/n/7.html"
    many = html.fromstring(f"<li onclick='{'g(1);' * 30}f(7)'>云梦市会议部署春耕</li>")
    assert opened(many, text) is None
