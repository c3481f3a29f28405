"""Texts that are in the page's bytes but not in what a browser without scripts shows."""

import base64
import html
import json
from urllib.parse import quote

import pages
import pytest

from crawler.city import unnamed_city
from crawler.extract.article import extract
from crawler.item import Article, Reject

URL = "http://www.baishui.example/news/640.html"
TITLE = "白水河生态修复项目通过验收"
LINES = (
    "白水河生态修复项目日前通过省级验收，治理河道二十三公里，栽植水生植物十一万平方米。",
    "市水利局局长宋知远介绍，项目实施三年来，河水透明度由不足三十厘米提高到一米以上。",
    "沿河居民反映，过去夏天河边气味难闻，如今岸边建起步道和凉亭，成为散步健身的好去处。",
)
ENGLISH = (
    "The restoration of the Baishui River has passed its final inspection, the water bureau said.",
    "Over three years, 23 kilometres of river were cleared and reed beds planted on both banks.",
    "Residents who once kept their windows shut now walk along the river every evening.",
)
MARKUP = "".join(f"<p>{line}</p>" for line in LINES)
PLAIN = "\n".join(LINES)


def page(body: str, title: str = TITLE, head: str = "", shown: bool = True) -> bytes:
    around = f"<h1>{title}</h1><div class='info'>2022-11-03 来源：白水日报</div>" if shown else ""
    return pages.page(around + body, head=f"<title>{title}</title>{head}")


def script(code: str, **attributes: str) -> str:
    named = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<script{named}>{code}</script>"


def data(**fields: object) -> str:
    return json.dumps(fields, ensure_ascii=False)


def js(text: str) -> str:
    return json.dumps(text)


CONCEALED = {
    "display none": f"<div class='con' style='display:none'>{MARKUP}</div>",
    "display none important": f"<div style='DISPLAY : none !important'>{MARKUP}</div>",
    "visibility": f"<div id='nr' style='visibility:hidden;opacity:0'>{MARKUP}</div>",
    "hidden around": f"<div style='display:none'><div class='a'><div>{MARKUP}</div></div></div>",
    "noscript": f"<div id='c'></div><noscript>{MARKUP}</noscript>",
    "template": f"<div id='c'></div><template id='t'><article>{MARKUP}</article></template>",
    "editor": script(MARKUP, type="text/plain", id="container"),
    "textarea": f"<textarea style='display:none'>{html.escape(MARKUP)}</textarea>",
    "textarea raw": f"<textarea id='v' hidden>{MARKUP}</textarea>",
    "textarea plain": f"<textarea readonly>{PLAIN}</textarea>",
    "input": f"<input type='hidden' id='content' value='{html.escape(MARKUP)}'>",
    "attribute": f"<div id='c' data-content='{html.escape(MARKUP)}'></div>",
    "state": script(f"window.__STATE__={data(data={'title': TITLE, 'content': MARKUP})};"),
    "state spaced": script(f"var detail = {data(news={'body': MARKUP}, ok=True)}\nrender(detail)"),
    "next data": script(data(props={"pageProps": {"news": {"html": MARKUP}}}), id="__NEXT_DATA__",
                        type="application/json"),
    "json string in json": script(f"window.S = {data(payload=data(content=MARKUP))}"),
    "json parse": script(f"var d = JSON.parse({js(data(content=MARKUP))});"),
    "variable": script(f"var content = {js(MARKUP)}; $('#c').html(content);"),
    "variable single": script("var newsContent = '" + MARKUP.replace("'", "\\'") + "';"),
    "backticks": script(f"const articleBody = `{MARKUP}`;"),
    "object literal": script(f"init({{id: 640, title: '{TITLE}', content: '{MARKUP}'}});"),
    "concatenated": script("var html = '" + "' +\n '".join(MARKUP.split("</p>")) + "';"),
    "document write": script(f"document.write({js(MARKUP)});"),
    "inner html": script("document.getElementById('c').innerHTML = '" + MARKUP + "';"),
    "percent": script(f"$('#c').html(decodeURIComponent('{quote(MARKUP)}'));"),
    "percent u": script("c.innerHTML=unescape('" + "".join(
        f"%u{ord(c):04x}" if ord(c) > 255 else quote(c) for c in MARKUP) + "');"),
    "base64": script(f"var body = Base64.decode('{base64.b64encode(MARKUP.encode()).decode()}');"),
    "html template": script(MARKUP, type="text/html", id="tpl"),
    "ld body": script(data(**{"@type": "NewsArticle", "articleBody": PLAIN}),
                      type="application/ld+json"),
    "ld graph": script(data(**{"@graph": [{"@type": "WebSite", "name": "白水"},
                      {"@type": "Article", "articleBody": MARKUP}]}), type="application/ld+json"),
    "microdata": f"<meta itemprop='articleBody' content='{PLAIN}'>",
    "paragraphs": script(f"var a = {data(title=TITLE, paragraphs=list(LINES))};"),
    "blocks": script(f"var a = {data(blocks=[{'type': 'p', 'text': line} for line in LINES])};"),
    "escaped": script(f"var a = {data(content=html.escape(MARKUP))};"),
}  # fmt: skip


@pytest.mark.parametrize("kind", CONCEALED)
@pytest.mark.parametrize("shown", [True, False])
def test_text_that_a_script_would_show_is_read(kind: str, shown: bool) -> None:
    found = extract(URL, page(CONCEALED[kind], shown=shown), {}, unnamed_city(URL))
    assert isinstance(found, Article), found
    assert found.text.split("\n") == list(LINES)
    assert found.title == TITLE
    if shown:
        assert str(found.published_at)[:10] == "2022-11-03"


def test_english_body_in_structured_data_is_read() -> None:
    story = {"@type": "NewsArticle", "headline": "River passes inspection",
             "articleBody": " ".join(ENGLISH), "datePublished": "2022-11-03"}  # fmt: skip
    head = script(json.dumps(story), type="application/ld+json")
    body = page("<div id='root'></div>", "River passes inspection", head, shown=False)
    found = extract(URL, body, {}, unnamed_city(URL))
    assert isinstance(found, Article), found
    assert found.text == " ".join(ENGLISH)
    assert str(found.published_at)[:10] == "2022-11-03"


def test_title_and_date_beside_the_text_are_read() -> None:
    state = data(detail={"title": TITLE, "publishTime": "2022-11-03 08:15:00", "content": MARKUP})
    body = page(script(f"window.S={state}"), title="白水市人民政府", shown=False)
    found = extract(URL, body, {}, unnamed_city(URL))
    assert isinstance(found, Article), found
    assert found.title == TITLE
    assert str(found.published_at)[:10] == "2022-11-03"


ELSE = (
    "白水市位于省境西部，下辖三区四县，是重要的交通枢纽和商贸物流中心，欢迎海内外朋友前来投资兴业。"
)
ROWS = [{"title": line, "url": f"/n/{n}.html"} for n, line in enumerate(LINES)]
MENU = "".join(f"<li><a href='{row['url']}'>{row['title']}</a></li>" for row in ROWS * 3)
PLAYER = "您的浏览器不支持播放该视频，请升级浏览器后重新访问本页面，谢谢您的配合。"
SCRIPT = "'function(a){return a.b}; if(x){y()} for(var i=0;i<9;i++){z(i)}' + '.x{y:z}'"
NOT_CONCEALED = {
    "summary": script(
        data(**{"@type": "NewsArticle", "description": ELSE * 2}), type="application/ld+json"
    ),
    "list": script(f"var list = {data(items=[{**row, 'summary': ELSE} for row in ROWS])};"),
    "titles": script(f"var list = {data(rows=ROWS)};"),
    "messages": script(f"var lang = {data(tip=ELSE, error=ELSE, agreement=ELSE * 3)};"),
    "code": script(f"var s = {SCRIPT};"),
    "hidden notice": f"<div style='display:none' class='footer'><p>{ELSE}版权所有</p></div>",
    "player": f"<div style='display:none'>{PLAYER}</div>",
    "menu": f"<ul style='display:none'>{MENU}</ul>",
    "search": "<textarea placeholder='请输入'></textarea><input type='hidden' value='a8f3'>",
}


@pytest.mark.parametrize("kind", NOT_CONCEALED)
@pytest.mark.parametrize("shown", [True, False])
def test_other_hidden_things_are_no_text(kind: str, shown: bool) -> None:
    found = extract(URL, page(NOT_CONCEALED[kind], shown=shown), {}, unnamed_city(URL))
    assert isinstance(found, Reject), found.text


@pytest.mark.parametrize("kind", ["display none", "textarea", "state", "ld body", "noscript"])
def test_hidden_text_is_left_where_a_page_shows_one(kind: str) -> None:
    story = "".join(f"<p>{ELSE}{line}</p>" for line in LINES)
    found = extract(
        URL, page(f"<div class='c'>{story}</div>{CONCEALED[kind]}"), {}, unnamed_city(URL)
    )
    assert isinstance(found, Article)
    assert found.text.split("\n") == [f"{ELSE}{line}" for line in LINES]
