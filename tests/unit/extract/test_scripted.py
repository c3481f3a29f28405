"""What the scripts and fields of a page state: its date, its title."""

from typing import Any

import pages
import pytest
from pages import ZH, article

from crawler.extract import scripted

TITLE = "松河市完成三座老旧泵站改造工程"


def page(info: str, *, headline: str = f"<h1>{TITLE}</h1>", head: str = TITLE) -> bytes:
    body = f"{headline}{info}<div class='nr'>{pages.paragraphs(ZH)}</div>"
    return pages.page(body, head=f"<title>{head}</title>")


@pytest.mark.parametrize(
    ("info", "date"),
    [
        ("<p>时间：<script>document.write('2023-04-18 09:30')</script></p>", "2023-04-18 09:30"),
        ("<p><script>document.write(\"2023-04\" + '-18');</script></p>", "2023-04-18 00:00"),
        ("<script>var d='2023-04-18 09:30:00';</script><p>日期："
         "<script>document.writeln(d.substring(0, 10));</script></p>", "2023-04-18 00:00"),
        ("<p>时间：<script>document.write('2023-04-18T09:30:00'.split('T')[0])</script></p>",
         "2023-04-18 00:00"),
        ("<p>时间：<i id='t'></i></p><script>document.getElementById('t').innerText = "
         "formatDate(new Date(1681781400000));</script>", "2023-04-18 09:30"),
        ("<p>时间：<i id='t'></i></p><script>$('#t').text('2023年4月18日');</script>",
         "2023-04-18 00:00"),
        ("<p>时间：<script>var p=new Date(2023, 3, 18); document.write(p.getFullYear()+'-'+"
         "(p.getMonth()+1)+'-'+p.getDate());</script></p>", "2023-04-18 00:00"),
        ("<p>时间：<script>document.write(new Date('2023/04/18').toLocaleDateString())</script>",
         "2023-04-18 00:00"),
        ("<p>时间：<i class='t'></i></p><script>document.querySelector('.t').innerHTML="
         "\"2023-04-18\";</script>", "2023-04-18 00:00"),
        ("<p>时间：<script>document.write(moment(1681781400000).format('YYYY-MM-DD'))</script></p>",
         "2023-04-18 09:30"),
        ("<script>var pubDate = '2023-04-18 09:30:00';</script>", "2023-04-18 09:30"),
        ("<script>var a={\"publish_time\":1681781400000};</script>", "2023-04-18 09:30"),
        ("<input type='hidden' id='releaseTime' value='2023-04-18 09:30'>", "2023-04-18 09:30"),
        ("<p><span title='2023-04-18 09:30'>3天前</span></p>", "2023-04-18 09:30"),
        ("<p>发布时间：23-04-18</p>", "2023-04-18 00:00"),
        ("<p>日期：23/4/18 09:30</p>", "2023-04-18 09:30"),
        ("<p>发布日期：23年4月18日</p>", "2023-04-18 00:00"),
        ("<p>2023年4月18日（农历闰二月廿八）来源：松河日报</p>", "2023-04-18 00:00"),
    ],
)  # fmt: skip
def test_a_date_that_a_script_or_field_states_is_the_pages(info: str, date: str) -> None:
    found = article(page(info))
    assert found.text.split("\n") == list(ZH)
    assert f"{found.published_at:%Y-%m-%d %H:%M}" == date


@pytest.mark.parametrize(
    "info",
    [
        "<p><script>var d=new Date();document.write(d.getFullYear()+'年'+(d.getMonth()+1)+'月');"
        "</script></p>",
        "<p><script>document.write(now())</script></p>",
        "<script>var pubDate='2023-04-18';var pubDate2='x';var b={pubDate:'2023-05-01'};</script>",
        "<script>var updateTime='2023-04-18',expireDate='2023-04-18';</script>",
        "<p>Date: 05/06/24</p>",
        "<p>2023年4月18日 农历闰二月廿八</p>",
    ],
)
def test_the_clock_of_the_visit_and_dates_of_other_things_are_none(info: str) -> None:
    assert article(page(info)).published_at is None


def test_a_text_without_a_date_that_a_script_writes_is_not_read() -> None:
    written = "<p><script>document.write('政策解读：')</script>图解社评</p>"
    body = f"<h1>{TITLE}</h1>{written}<div class='nr'>{pages.paragraphs(ZH)}</div>"
    assert "政策解读：" not in article(pages.page(body, head=f"<title>{TITLE}</title>")).text


@pytest.mark.parametrize(
    "data",
    [
        f"<input type='hidden' name='title' value='{TITLE}'>",
        f"<input type='hidden' id='articleTitle' value='{TITLE}_松河市人民政府'>",
        f"<script>var title = '{TITLE}';</script>",
        f'<script>var shareData={{"shareTitle":"{TITLE}","desc":"x"}};</script>',
        f"<script>document.title = '{TITLE}';</script>",
        f"<div data-title='{TITLE}'></div>",
        f"<meta name='Article_Title' content='{TITLE}'>",
        f"<meta name='docTitle' content='{TITLE}'>",
    ],
)
def test_a_page_whose_head_names_the_site_has_the_title_of_its_data(data: str) -> None:
    assert article(page(data, headline="", head="松河市人民政府")).title == TITLE


@pytest.mark.parametrize(
    "data",
    [
        "<script>layer.open({title: '请选择您要打开的应用程序'});</script>",
        "<script>var title = '松河市人民政府门户网站';</script>",
        "<input type='hidden' name='siteTitle' value='松河市水务局泵站改造'>",
    ],
)
def test_a_title_in_data_that_has_nothing_of_the_text_is_none(data: str) -> None:
    found = article(page(data, headline="", head="松河市人民政府"))
    assert found.title == "松河市人民政府"


def test_a_page_in_a_frame_of_its_own_is_read() -> None:
    inner = pages.paragraphs(ZH).replace("<", "&lt;")
    source = pages.page(f"<h1>{TITLE}</h1><iframe srcdoc='{inner}'></iframe>")
    assert article(source).text.split("\n") == list(ZH)


@pytest.mark.parametrize(
    "heading",
    [
        "{}<span>【字号：<a href='#'>大</a> <a href='#'>中</a>】</span>",
        "{} [打印] [关闭]",
        "{}<a href='javascript:print()'>打印</a>",
        "{}<small>浏览次数：<b>27</b></small>",
        "{}<em>分享到：</em><i>微信</i><i>微博</i>",
        "{}（分享）",
    ],
)
@pytest.mark.parametrize("head", [TITLE, "松河市人民政府"])
def test_buttons_in_a_heading_are_no_part_of_the_title(heading: str, head: str) -> None:
    shown = f"<h1>{heading.format(TITLE)}</h1>"
    assert article(page("<p>2023-04-18</p>", headline=shown, head=head)).title == TITLE
    inside = shown + pages.paragraphs(ZH)
    whole = pages.page(f"<div class='nr'>{inside}</div>", head=f"<title>{head}</title>")
    assert article(whole).text.split("\n") == list(ZH)


@pytest.mark.parametrize(
    "title", ["泵站改造纪实（中）", "松河打造<b>3D</b>打印产业", "再走长征路（上）"]
)
def test_words_of_buttons_within_a_headline_stay(title: str) -> None:
    plain = title.replace("<b>", "").replace("</b>", "")
    assert article(page("", headline=f"<h1>{title}</h1>", head=plain)).title == plain


def test_a_dash_before_a_small_letter_is_within_an_english_headline() -> None:
    title = "Songhe pumps - three of them rebuilt - ready before the rains"
    body = f"<p>April 18, 2023</p>{pages.paragraphs(pages.EN)}"
    source = pages.page(body, head=f"<title>{title} - Songhe China</title>")
    assert article(source).title == title


@pytest.mark.parametrize(
    "value",
    [
        "parseInt('三月')",
        "Number('2023年')",
        "''.split('')[0]",
        "'  '.split('')[0]",
        "'2023-04-18\\ud800'",
        "'2023-04-18\\x00'",
        "'2023-04-18\\ufffe'",
        "new Date(999999, 1, 1)",
        "moment(999999999999999).format('x')",
        f"{'(' * 390}1{')' * 390}",
    ],
)
def test_a_value_that_cannot_be_shown_costs_no_article(value: str) -> None:
    written = f"<p><i id='t'></i><script>document.write({value})</script></p>"
    assigned = f"<script>document.getElementById('t').innerText={value};</script>"
    assert article(page(written + assigned)).text.split("\n") == list(ZH)


def test_variables_are_read_once_however_often_others_name_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = []

    class Counted(scripted._Reader):
        def __init__(self, *given: Any) -> None:
            read.append(given)
            super().__init__(*given)

    monkeypatch.setattr(scripted, "_Reader", Counted)
    code = ";".join(f"v{n}={'+'.join([f'v{n + 1}'] * 8)}" for n in range(3))
    article(page(f"<script>{code};v3='';{'document.write(v0);' * 5}</script>"))
    assert len(read) == 5 + 4


def test_a_text_that_a_script_doubles_again_and_again_is_not_put_together() -> None:
    code = ";".join(f"v{n}={'+'.join([f'v{n + 1}'] * 60)}" for n in range(3))
    long = page(f"<script>{code};v3='{'x' * 80}';document.write(v0+'2023-04-18');</script>")
    assert article(long).published_at is None
