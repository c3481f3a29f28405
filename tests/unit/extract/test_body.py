"""The body's lines become paragraphs; what is not news is cut and named."""

import pytest

from crawler.extract.blocks import read_blocks, squeeze
from crawler.extract.body import images, read_body
from crawler.extract.documents import attachments
from crawler.extract.page import parse

LONG = (
    "市长陆文渊主持召开市政府第31次常务会议，研究部署春季农业生产、"
    "安全生产和防汛抗旱等工作，并作讲话，要求各部门抓好落实工作。"
)
ENGLISH = (
    "The meeting considered the plan for the renewal of the old town, which covers nine streets."
)


def body(html: str, title: str = "") -> list[str]:
    return list(read_body(read_blocks(parse(html), frozenset()), title).paragraphs)


def reasons(html: str, title: str = "") -> dict[str, str]:
    found = read_body(read_blocks(parse(html), frozenset()), title)
    return {cut.text: cut.reason for cut in found.cut}


def test_paragraphs_breaks_and_headings_each_are_a_line() -> None:
    html = f"<h3>一、总体要求</h3><p>　　{LONG}</p>{LONG}乙<br>　　{LONG}丙<div>{LONG}丁</div>"
    assert body(html) == ["一、总体要求", LONG, LONG + "乙", LONG + "丙", LONG + "丁"]


def test_inline_markup_and_source_line_breaks_do_not_split_chinese_words() -> None:
    assert body(f"<p>第<b>31</b>次<span>常务\n   会议</span>召开。{LONG}</p>")[0].startswith(
        "第31次常务会议召开"
    )


def test_source_line_breaks_are_spaces_in_english() -> None:
    assert body("<p>The municipal\n  government <b>met</b> on Monday.</p>") == [
        "The municipal government met on Monday."
    ]


def test_short_cells_of_a_row_are_one_line_and_layout_cells_are_not() -> None:
    data = (
        "<table><tr><th>指标</th><th>数值</th></tr><tr><td>地区生产总值</td><td>"
        "1486.32亿元</td></tr></table>"
    )
    layout = f"<table><tr><td><p>{LONG}</p><p>{LONG}乙</p></td><td>{LONG}丙</td></tr></table>"
    assert body(data) == ["指标 | 数值", "地区生产总值 | 1486.32亿元"]
    assert body(layout) == [LONG, LONG + "乙", LONG + "丙"]


def test_lines_wrapped_by_hand_are_joined_and_indented_ones_begin_a_paragraph() -> None:
    wrapped = (
        "　　三月四日上午市长主持召开市政府常务会议研究部署<br>"
        "春季农业生产和安全生产等项工作并审议通过有关的<br>"
        "实施方案会议指出要牢牢守住粮食安全的底线确保全<br>"
        "年粮食播种面积稳定在一百二十八万亩以上并抓紧备<br>"
        "好种子化肥等各类农资。<br>"
        "　　会议强调安全生产责任重于泰山要紧盯重点领域和薄<br>弱环节深入排查整治。"
    )
    first, second = wrapped.replace("好种子化肥等各类农资。<br>", "好种子化肥等各类农资。|").split(
        "|"
    )
    assert body(wrapped) == [part.replace("<br>", "").strip() for part in (first, second)]


def test_hidden_elements_scripts_and_buttons_are_not_read() -> None:
    html = (
        f"<p style='display: none'>隐藏文字</p><script>x</script><button>提交</button><p>{LONG}</p>"
    )
    assert body(html) == [LONG]


@pytest.mark.parametrize(
    "line",
    [
        "【打印本页】【关闭窗口】",
        "字体：大 中 小",
        "分享到： 微信 微博 QQ空间",
        "扫一扫在手机打开当前页面",
        "语音播报 暂停",
        "Print | Share | Font size: Large Medium Small",
        "A+ A-",
        "浏览次数：1234次",
    ],
)
def test_widgets_are_cut_wherever_they_stand(line: str) -> None:
    html = f"<p>{LONG}</p><p>{line}</p><p>{LONG}乙</p>"
    assert body(html) == [LONG, LONG + "乙"]
    assert reasons(html)[line] == "widget"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("发布日期：2024-03-05 09:30 来源：安澜日报", "date and source line"),
        ("Date: 2024-03-05 Source: Anlan Daily", "date and source line"),
        ("当前位置：首页 > 新闻 > 要闻", "breadcrumb"),
        ("市政府召开第31次常务会议", "title"),
        ("本报记者 高岑 柏舟", "byline"),
    ],
)
def test_lines_above_the_text_are_cut(line: str, reason: str) -> None:
    html = f"<p>{line}</p><p>{LONG}</p>"
    assert body(html, "市政府召开第31次常务会议") == [LONG]
    assert reasons(html, "市政府召开第31次常务会议")[line] == reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("责任编辑：方可", "editor's credit"),
        ("（责编：汤若、丁南）", "editor's credit"),
        ("来源：安澜日报", "date and source line"),
        ("[1] [2] [3] 下一页", "page numbers"),
        ("版权所有：安澜市人民政府", "notice"),
    ],
)
def test_lines_below_the_text_are_cut(line: str, reason: str) -> None:
    html = f"<p>{LONG}</p><p>{line}</p>"
    assert body(html) == [LONG]
    assert reasons(html)[line] == reason


@pytest.mark.parametrize(
    "line",
    [
        "时间：2024年5月1日上午9点 地点：会议室",
        "来源于群众，服务于群众。",
        "2024年5月27日",
        "打印店老板赠书",
        "9:20—9:50",
        "附件工作由市司法局负责解释。",
    ],
)
def test_lines_that_only_resemble_furniture_are_kept(line: str) -> None:
    assert body(f"<p>{LONG}</p><p>{line}</p>") == [LONG, line]


def test_editor_in_brackets_at_the_end_of_a_paragraph_becomes_a_field() -> None:
    found = read_body(read_blocks(parse(f"<p>{LONG}（责任编辑：方可）</p>"), frozenset()), "")
    assert (found.text, found.editor) == (LONG, "方可")


def test_reporter_in_brackets_stays_in_the_text() -> None:
    assert body(f"<p>{LONG}（记者 高岑）</p>") == [LONG + "（记者 高岑）"]


def test_related_links_are_cut_with_what_follows() -> None:
    links = "".join(
        f"<li><a href='{n}.html'>全市春耕生产现场会召开之{n}</a></li>" for n in range(5)
    )
    html = f"<p>{LONG}</p><h4>相关新闻</h4><ul>{links}</ul>"
    assert body(html) == [LONG]
    assert set(reasons(html).values()) == {"related links"}


def test_pointer_to_another_article_inside_the_text_is_cut() -> None:
    html = (
        f"<p>{ENGLISH}</p><p>Read more: <a href='/1'>Old town to be renewed</a></p><p>{ENGLISH}</p>"
    )
    assert body(html) == [ENGLISH, ENGLISH]


def test_captions_are_kept_apart_and_a_story_in_such_a_box_is_not() -> None:
    html = f"<p>{LONG}</p><figure><img src='1.jpg'><figcaption>会议现场</figcaption></figure>"
    assert reasons(html) == {"会议现场": "caption"}
    assert body(f"<div class='caption'><p>{LONG * 8}</p></div>") == [LONG * 8]


def test_icons_placeholders_and_data_are_no_images() -> None:
    html = (
        "<img src='/images/icon_doc.gif'><img src='data:image/gif;base64,AA'><img src='a/b.jpg'>"
        "<img src='/loading.gif' data-src='c.png'><img src='a/b.jpg'><img "
        "src='x.gif' width=1 height=1>"
    )
    assert images([parse(html)], "http://h.example/p/1.html") == (
        "http://h.example/p/a/b.jpg",
        "http://h.example/p/c.png",
    )


def test_documents_are_attachments_by_link_or_by_name() -> None:
    html = (
        "<a href='P01.pdf'>全文</a><a href='/down?id=3'>实施方案.docx</a><a "
        "href='2.html'>下一条</a>"
        "<a href='javascript:void(0)'>表.xls</a>"
    )
    assert attachments([parse(html)], "http://h.example/p/1.html") == (
        "http://h.example/p/P01.pdf",
        "http://h.example/down?id=3",
    )


def test_squeeze_drops_invisible_characters() -> None:
    assert squeeze("\ufeff　安\u200b澜 \n 市 ") == "安澜市"


@pytest.mark.parametrize(
    "line",
    [
        "文章字号：【小】【中】【大】",
        "点击播放 朗读 语速 慢 正常 快",
        "智能语音播报 00:00 / 00:00",
        "收听本文 · 3分12秒",
        "扫一扫，在手机上看",
        "索引号：000014349/2024-00012 主题分类：其他",
        "Updated: 2024-03-05 09:30 (Anlan Daily)",
        "(Anlan Daily Online) 09:30, March 05, 2024",
        "Listen to this article 3 min",
        "By ZHOU MIN (Anlan Daily) 2024-03-05",
        "Font Size: [ L M S ]",
    ],
)
def test_what_stands_above_a_story_is_cut(line: str) -> None:
    assert body(f"<p>{line}</p><p>{LONG}</p><p>{LONG}乙</p>") == [LONG, LONG + "乙"]


@pytest.mark.parametrize(
    "line",
    [
        "下一篇：没有了",
        "上一篇：市政府召开会议",
        "扫码关注安澜发布",
        "关注“安澜发布”微信公众号",
        "文字：方可 图片：周敏",
        "记者 方可 通讯员 周敏",
        "（本报记者 方可）",
        "主办：安澜市人民政府办公室 备案号：苏ICP备000号",
        "（完）",
        "Enditem",
        "点击下载：安澜市实施方案.pdf",
        "初审：方可；复审：周敏；终审：李方",
        "Previous: City opens metro line",
        "Share this article",
    ],
)
def test_what_stands_below_a_story_is_cut(line: str) -> None:
    assert body(f"<p>{LONG}</p><p>{LONG}乙</p><p>{line}</p>") == [LONG, LONG + "乙"]


@pytest.mark.parametrize("mark", ["（完）", "【全文完】", " Enditem", " (END)", " ###", "NNNN"])
def test_an_end_mark_after_the_last_sentence_is_cut(mark: str) -> None:
    assert body(f"<p>{LONG}</p><p>{LONG}乙。{mark}</p>") == [LONG, f"{LONG}乙。"]


@pytest.mark.parametrize("line", ["工程上月已全部建成（完）", "He will stay until the end."])
def test_words_of_an_end_mark_within_a_sentence_stay(line: str) -> None:
    assert body(f"<p>{LONG}</p><p>{LONG}{line}</p>") == [LONG, LONG + line]


@pytest.mark.parametrize(
    "line",
    [
        "附件：1.安澜市城市更新实施方案",
        "安澜市人民政府",
        "2024年3月5日",
        "会议还研究了其他事项。",
        "记者从市水利局获悉，水库蓄水正常。",
    ],
)
def test_what_belongs_to_a_document_stays(line: str) -> None:
    assert body(f"<p>{LONG}</p><p>{LONG}乙</p><p>{line}</p>")[-1] == line


PICTURE = "<p style='text-align:center'><img src='1.jpg'></p>"


@pytest.mark.parametrize(
    "caption",
    [
        f"{PICTURE}<p style='text-align:center'>会议现场</p>",
        "<center><img src='1.jpg'><br>会议现场</center>",
        f"{PICTURE}<p>图为会议现场。</p>",
        "<p>会议现场。本报记者 方可 摄</p>",
        "<p>会议现场。（方可摄）</p>",
        "<p>The hall on Monday. [Photo by Fang Ke/Anlan Daily]</p>",
    ],
)
def test_line_at_a_picture_is_a_caption(caption: str) -> None:
    found = read_body(read_blocks(parse(f"<p>{LONG}</p>{caption}<p>{LONG}乙</p>"), frozenset()), "")
    assert found.paragraphs == (LONG, LONG + "乙")
    assert len(found.captions) == 1


@pytest.mark.parametrize(
    "line",
    [
        f"{PICTURE}<p style='text-align:center'>一、总体要求</p>",
        f"{PICTURE}<p style='text-align:center'>安政发〔2024〕5号</p>",
        f"{PICTURE}<p>会议现场气氛热烈</p>",
        "<p style='text-align:center'>第二章</p>",
        "<p>这部电影在安澜实地拍摄</p>",
    ],
)
def test_heading_or_sentence_at_a_picture_is_text(line: str) -> None:
    assert len(body(f"<p>{LONG}</p>{line}<p>{LONG}乙</p>")) == 3


def test_reporters_in_brackets_are_the_author_and_stay_in_the_text() -> None:
    for told in (f"本报讯（记者 高岑 柏舟）{LONG}", f"{LONG}（记者 高岑 柏舟）"):
        found = read_body(read_blocks(parse(f"<p>{told}</p>"), frozenset()), "")
        assert (found.text, found.reporter) == (told, "高岑 柏舟")


def test_rows_are_lines_also_where_cells_hold_paragraphs() -> None:
    row = "<tr><td><p>泊位数</p></td><td><p>5</p></td></tr>"
    assert body(f"{LONG}<br><br><table>{row}{row}</table>") == [LONG, "泊位数 | 5", "泊位数 | 5"]
