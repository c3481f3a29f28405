"""Texts in unusual markup: escaped twice, typed into `pre`, with invisible signs, in tables."""

import html

import pages
import pytest
from pages import article

from crawler.item import Article

URL = "http://www.linhe.example/news/512.html"
TITLE = "老城区供水管网改造全面完工"
LINES = (
    "记者从市水务集团获悉，历时两年的老城区供水管网改造工程昨日全面完工，惠及居民三万六千余户。",
    "据介绍，工程共更换老旧管道一百八十公里，新建加压泵站七座，管网漏损率下降到百分之八以下。",
    "家住北关街的居民陈阿姨告诉记者，以前夏天高峰时段水压不足，现在六楼也能随时用上热水器。",
    "下一步，水务集团将建立智能监测平台，对管网压力和水质实行全天候监控，确保群众用水安全。",
)
ENGLISH = (
    (
        "The city’s water company said on Thursday that a two-year programme to "
        "replace worn-out mains in the old town is complete."
    ),
    (
        "Some 180 kilometres of pipe were replaced and seven pumping stations built, "
        "cutting leakage to “below eight percent”."
    ),
    (
        "Residents who used to wait until midnight for hot water now have it at "
        "any hour of the day, the company’s manager said."
    ),
)


def page(body: str, title: str = TITLE, head: str = "") -> bytes:
    around = f"<h1>{title}</h1><div class='info'>2023-06-08 来源：临河日报</div>{body}"
    return pages.page(around, head=f"<title>{title}</title>{head}")


def read(body: str, **rest: str) -> Article:
    return article(page(body, **rest), URL)


def paragraphs(lines: tuple[str, ...] = LINES) -> str:
    return pages.paragraphs(lines)


@pytest.mark.parametrize("around", ["<div class='txt'>{}</div>", "<td><div>{}</div></td>"])
@pytest.mark.parametrize(
    "inner",
    [
        "".join(f"<p>&amp;nbsp;&amp;emsp;{line}</p>" for line in LINES),
        "".join(f"<p>&amp;amp;nbsp;{line}</p>" for line in LINES),
        "".join(f"<p>&amp;#160;&amp;#xa0;&amp;#12288;{line}</p>" for line in LINES),
        html.escape(paragraphs()),
        html.escape(
            "".join(f"<p style='text-indent:2em'><span>{line}</span></p>" for line in LINES)
        ),
        html.escape("<br/><br/>".join(LINES)),
        html.escape("".join(f"<div>&nbsp;&nbsp;{line}</div>" for line in LINES)),
        html.escape(html.escape(paragraphs())),
        "<p>" + html.escape("</p><p>".join(LINES)) + "</p>",
    ],
)
def test_text_escaped_twice_is_read_as_meant(around: str, inner: str) -> None:
    assert read(around.format(inner)).text.split("\n") == list(LINES)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("市水务集团&amp;ldquo;一网统管&amp;rdquo;平台上线", "市水务集团“一网统管”平台上线"),
        ("市水务集团&amp;quot;一网统管&amp;quot;平台上线", '市水务集团"一网统管"平台上线'),
        (
            "Farmers&amp;#8217; market reopens on North Gate Street",
            "Farmers’ market reopens on North Gate Street",
        ),
        ("Parks &amp;amp; gardens stay open until ten", "Parks & gardens stay open until ten"),
    ],
)
def test_title_escaped_twice_is_read_as_meant(written: str, meant: str) -> None:
    assert read(paragraphs(), title=written).title == meant


def test_english_escaped_twice_has_its_quotes() -> None:
    inner = "".join(f"<p>{html.escape(line)}</p>" for line in ENGLISH)
    for sign, name in (("’", "rsquo"), ("“", "ldquo"), ("”", "rdquo")):
        inner = inner.replace(sign, f"&amp;{name};")
    assert read(f"<div>{inner}</div>", title="New mains for the old town").text == "\n".join(
        ENGLISH
    )


def test_markup_that_a_text_writes_about_stays() -> None:
    line = (
        "教程提到，网页段落写作&lt;p&gt;标签，初学者常常忘记把它关上，老师建议"
        "养成成对书写标签的好习惯。"
    )
    text = read(f"<div>{paragraphs()}<p>{line}</p></div>").text
    assert "写作<p>标签" in text


@pytest.mark.parametrize(
    "markup",
    [
        "<pre>" + "\n".join(LINES) + "</pre>",
        "<pre>\r\n　　" + "\r\n\r\n　　".join(LINES) + "\r\n</pre>",
        "<pre><font size=3>" + "\n".join(LINES) + "</font></pre>",
        "<div style='white-space: pre-wrap'>" + "\n".join(LINES) + "</div>",
        "<div style='WHITE-SPACE:pre-line;color:#333'><span>" + "\n".join(LINES) + "</span></div>",
        "<xmp>" + "\n".join(LINES) + "</xmp>",
        "<div id='zoom'><pre>" + "\n".join(LINES) + "</pre></div>",
    ],
)
def test_typed_lines_are_paragraphs(markup: str) -> None:
    assert read(f"<div>{markup}</div>").text.split("\n") == list(LINES)


@pytest.mark.parametrize("space", ["normal", "nowrap"])
def test_lines_of_the_source_are_no_paragraphs(space: str) -> None:
    wrapped = "".join(
        f"<p style='white-space:{space}'>{line[:20]}\n{line[20:]}</p>" for line in LINES
    )
    assert read(f"<div>{wrapped}</div>").text.split("\n") == list(LINES)


def test_hand_wrapped_english_in_pre_is_joined() -> None:
    import textwrap

    typed = "\n\n".join("\n".join(textwrap.wrap(line * 2, 66)) for line in ENGLISH)
    lines = read(f"<pre>{typed}</pre>", title="New mains for the old town").text.split("\n")
    assert len(lines) == len(ENGLISH)


@pytest.mark.parametrize(
    "sign",
    ["\u200e", "\u200f", "\u202a", "\u202c", "\u2066", "\u2069", "\u061c", "\ufeff", "\u200b",
     "\u00ad", "\u2060", "\u2063", "\ufe0f", "\U000e0001", "\ufffc", "&lrm;", "&#8203;", "&shy;",
     "\uf06c", "\uf0b7", "&#xf0a7;", "\uf0d8 "],
)  # fmt: skip
def test_invisible_signs_are_left_out(sign: str) -> None:
    body = "".join(f"<p>{sign}{line[:9]}{sign.strip()}{line[9:]}{sign}</p>" for line in LINES)
    found = read(f"<div>{body}</div>", title=f"{sign}{TITLE}{sign}")
    assert found.text.split("\n") == list(LINES)
    assert found.title == TITLE


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "&#8232;"])
def test_line_separators_end_a_line(separator: str) -> None:
    assert read(f"<div>{separator.join(LINES)}</div>").text.split("\n") == list(LINES)


def test_private_wide_space_of_gbk_is_a_space() -> None:
    body = "".join(f"<p>\ue5e5\ue5e5{line}</p>" for line in LINES)
    assert read(f"<div>{body}</div>").text.split("\n") == list(LINES)


TABLES = {
    "two rows": "<table><tr><td>项目</td><td>数量</td></tr>"
    "<tr><td>管道</td><td>180公里</td></tr></table>",
    "one row": "<table><tr><td>管道总长</td><td>180公里</td><td>泵站</td><td>7座</td></tr></table>",
    "four rows": "<table><tbody>" + "".join(
        f"<tr><td><p>{name}</p></td><td><p>{value}</p></td></tr>"
        for name, value in (("街道", "户数"), ("北关", "8200"), ("南关", "7600"), ("西关", "6900"))
    ) + "</tbody></table>",
    "list": "<ul><li>北关街道8200户</li><li>南关街道7600户</li></ul>",
}  # fmt: skip


@pytest.mark.parametrize("kind", TABLES)
def test_short_rows_between_paragraphs_stay(kind: str) -> None:
    text = read(
        f"<div class='c'>{paragraphs(LINES[:2])}{TABLES[kind]}{paragraphs(LINES[2:])}</div>"
    ).text
    lines = text.split("\n")
    assert lines[:2] == list(LINES[:2])
    assert lines[-2:] == list(LINES[2:])
    assert len(lines) == 4 + max(TABLES[kind].count("<tr"), TABLES[kind].count("<li"))


def test_text_around_inline_elements_of_a_layout_table_is_whole() -> None:
    cell = "<p>".join(line.replace("，", "，<b><font>其中</font></b>", 1) for line in LINES)
    rows = f"<table width=900><tr><td width=180>&nbsp;</td><td>{cell}</td></tr></table>"
    assert read(rows).text.split("\n") == [line.replace("，", "，其中", 1) for line in LINES]
