"""Boxes of an official document's properties, in whatever markup, on whole pages."""

import pages
import pytest
from pages import ZH, article, paragraphs

TITLE = "松河市完成三座老旧泵站改造工程"
ROWS = (
    (("索引号", "SH0001-2023-0418"), ("主题分类", "城乡建设")),
    (("发布机构", "松河市水务局"), ("成文日期", "2023-04-10")),
    (("标题", TITLE), ("发文字号", "松水发〔2023〕18号")),
    (("发布日期", "2023-04-18"), ("有效性", "有效")),
)
CELLS = "<table>{}</table>", "<tr>{}</tr>", "<td>{}</td><td>{}</td>"
COLONS = "<table>{}</table>", "<tr>{}</tr>", "<td>{}：{}</td>"
ITEMS = "<ul>{}</ul>", "{}", "<li><b>{}：</b><span>{}</span></li>"
TERMS = "<dl>{}</dl>", "{}", "<dt>{}</dt><dd>{}</dd>"
LINES = "<div>{}</div>", "{}", "<p>{}：{}</p>"
DIVS = "<div>{}</div>", "<div>{}</div>", "<div>{}</div><div>{}</div>"


def box(shape: tuple[str, str, str]) -> str:
    outer, row, entry = shape
    return outer.format("".join(row.format("".join(entry.format(*e) for e in r)) for r in ROWS))


@pytest.mark.parametrize("headline", [f"<h1>{TITLE}</h1>", ""], ids=["heading", "property"])
@pytest.mark.parametrize("shape", [CELLS, COLONS, ITEMS, TERMS, LINES, DIVS])
def test_properties_are_fields_and_no_text(shape: tuple[str, str, str], headline: str) -> None:
    body = f"{box(shape)}{headline}<div class='con'>{paragraphs(ZH)}</div>"
    found = article(pages.page(body, head="<title>松河市人民政府</title>"))
    assert (found.title, found.text.split("\n")) == (TITLE, list(ZH))
    assert f"{found.published_at:%Y-%m-%d}" == "2023-04-18"
    assert found.source == "松河市水务局"


@pytest.mark.parametrize(
    ("info", "date"),
    [
        (
            "<em>发布时间</em><span>2023.04.18</span><em>来源</em><span>松河日报</span>",
            "2023-04-18 00:00",
        ),
        ("更新时间：2023-04-20 首发时间：2023-04-18 来源：松河日报", "2023-04-18 00:00"),
        ("2023-04-18 | 2023-04-18 09:05:31 松河日报", "2023-04-18 09:05"),
        ("<script>var createTime = '2023-04-18 09:05';</script>", "2023-04-18 09:05"),
    ],
)
def test_labels_apart_and_days_said_twice(info: str, date: str) -> None:
    body = f"<h1>{TITLE}</h1><div class='info'>{info}</div><div>{paragraphs(ZH)}</div>"
    found = article(pages.page(body, head=f"<title>{TITLE}</title>"))
    assert found.text.split("\n") == list(ZH)
    assert f"{found.published_at:%Y-%m-%d %H:%M}" == date


@pytest.mark.parametrize(
    "around",
    [
        "<div class='player'><p>Your browser does not support the video tag.</p></div>{}",
        "<p>您的浏览器不支持HTML5视频播放</p>{}",
        "<p>首页-要闻</p>{}",
        "<p>昨天 来源：松河日报</p>{}",
    ],
    ids=["player", "zh player", "breadcrumb", "yesterday"],
)
def test_lines_of_the_page_are_no_text(around: str) -> None:
    body = f"<h1>{TITLE}</h1><div class='con'>{around.format(paragraphs(ZH))}</div>"
    found = article(pages.page(body, head=f"<title>{TITLE}</title>"))
    assert found.text.split("\n") == list(ZH)


def test_badge_is_no_part_of_the_headline() -> None:
    for badge in ("<span>热</span>", "<i class='new'>NEW</i>", "<em>置顶</em>"):
        body = f"<h1>{TITLE}{badge}</h1><div>{paragraphs(ZH)}</div>"
        assert article(pages.page(body, head="<title>松河市人民政府</title>")).title == TITLE


def test_last_letter_of_a_headline_of_letters_is_no_badge() -> None:
    letters = "".join(f"<span>{letter}</span>" for letter in "老泵站改造后焕然一新")
    body = f"<h1>{letters}</h1><div>{paragraphs(ZH)}</div>"
    found = article(pages.page(body, head="<title>松河市人民政府</title>"))
    assert found.title == "老泵站改造后焕然一新"


def test_documents_below_a_text_are_attached() -> None:
    links = "<p>附件：<a href='/u/1.docx'>改造名单</a></p><p><a href='/u/2.pdf'>示意图</a></p>"
    body = f"<h1>{TITLE}</h1><div class='con'>{paragraphs(ZH)}{links}</div>"
    found = article(pages.page(body, head=f"<title>{TITLE}</title>"))
    assert found.attachments == (
        "http://www.songhe.example/u/1.docx",
        "http://www.songhe.example/u/2.pdf",
    )
