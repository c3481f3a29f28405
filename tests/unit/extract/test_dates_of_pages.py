"""The day of publication, on whole pages: what counts as one, and in what forms it is written."""

import pages
import pytest
from pages import ADDRESS, EN, ZH, article, paragraphs

from crawler.city import unnamed_city
from crawler.extract.article import extract
from crawler.item import Article

DATED = "http://www.songhe.example/art/2023/4/18/art_31_4711.html"
BANNER = "2026年9月12日"


def page(info: str, *, head: str = "", top: str = "", foot: str = "", en: bool = False) -> bytes:
    title = "Songhe rebuilds three pumping stations" if en else "松河市完成三座泵站改造工程"
    text = paragraphs(EN if en else ZH)
    body = f"<div><h1>{title}</h1>{info}<div class='content'>{text}</div></div>"
    return pages.page(body, head=f"<title>{title}</title>{head}", top=top, foot=foot)


def published(source: bytes, url: str = ADDRESS) -> str:
    found = article(source, url)
    if found.published_at is None:
        return ""
    shown = f"{found.published_at:%Y-%m-%d %H:%M}"
    return {"minute": shown, "day": shown[:10], "month": shown[:7]}.get(
        found.published_precision or "", shown[:4]
    )


@pytest.mark.parametrize(
    ("line", "date"),
    [
        # full-width signs
        ("发布时间：2023－04－18 09：05", "2023-04-18 09:05"),
        ("发布时间：2023．04．18", "2023-04-18"),
        ("发布日期：２０２３／０４／１８", "2023-04-18"),
        ("日期：2023–04–18", "2023-04-18"),
        ("2023―4―18 来源：松河日报", "2023-04-18"),
        ("发布日期：２０２３年　４月　１８日", "2023-04-18"),
        # the day first
        ("发布日期：18.04.2023", "2023-04-18"),
        ("18-04-2023 09:05", "2023-04-18 09:05"),
        ("日期：25．4．2023", "2023-04-25"),
        ("日期：4.5.2023", ""),  # either day
        ("日期：18 . 04 . 2023", "2023-04-18"),
        # other signs between
        ("发布时间：2023·04·18", "2023-04-18"),
        ("发布时间：2023、04、18", "2023-04-18"),
        ("发布时间：2023～04～18", "2023-04-18"),
        ("发布时间：2023_04_18 09:05", "2023-04-18 09:05"),
        # zones spelled out, or after an hour that comes first
        ("发布时间：Tue Apr 18 2023 09:05:31 GMT+0800 (中国标准时间)", "2023-04-18 09:05"),
        ("发布时间：Tue Apr 18 2023 09:05:31 GMT+0800 (China Standard Time)", "2023-04-18 09:05"),
        ("发布时间：Mon, 17 Apr 2023 23:05:00 UT", "2023-04-18 07:05"),
        ("Published: 11:05 PM UTC, April 17, 2023", "2023-04-18 07:05"),
        ("Published: 23:05 GMT on 17 April 2023", "2023-04-18 07:05"),
        # Republican days
        ("張貼日：112/4/18", "2023-04-18"),
        ("發布日：112.04.18", "2023-04-18"),
        # zones
        ("发布时间：2023-04-18 01:05:00 UTC", "2023-04-18 09:05"),
        ("发布时间：2023-04-18 01:05 GMT+00:00", "2023-04-18 09:05"),
        ("发布时间：2023-04-18 09:05（北京时间）", "2023-04-18 09:05"),
        ("发布时间：北京时间2023-04-18 09:05", "2023-04-18 09:05"),
        ("发布时间：2023-04-17T20:05:00-05:00", "2023-04-18 09:05"),
        ("发布时间：2023-04-18 09:05 UTC+8", "2023-04-18 09:05"),
        # as a machine writes it
        ("发布时间：Tue Apr 18 09:05:33 CST 2023", "2023-04-18 09:05"),
        ("时间：Tue Apr 18 2023 09:05:33 GMT+0800 (中国标准时间)", "2023-04-18 09:05"),
        ("发布时间：1681779933000", "2023-04-18 09:05"),
        ("发布时间：1681779933", "2023-04-18 09:05"),
        ("发布时间：/Date(1681779933000+0800)/", "2023-04-18 09:05"),
        ("发布时间：20230418T010533Z", "2023-04-18 09:05"),
        ("发布时间：20230418T090533+0800", "2023-04-18 09:05"),
        ("发布时间：20230418 09:05:33", "2023-04-18 09:05"),
        # Republican years
        ("張貼日期：112-04-18", "2023-04-18"),
        ("上版日期：112.4.18", "2023-04-18"),
        ("刊登日期：112年04月18日", "2023-04-18"),
        ("新聞日期：1120418", "2023-04-18"),
        ("發文日期：中華民國112年4月18日", "2023-04-18"),
        ("民國一百一十二年四月十八日", "2023-04-18"),
        ("中華民國一一二年四月十八日", "2023-04-18"),
        ("發布時間：112/04/18 下午 03:20", "2023-04-18 15:20"),
        ("二〇二三年四月十八日", "2023-04-18"),
        ("日期：一一二年四月十八日", "2023-04-18"),
        # without a colon
        ("发布日期 2023-04-18 来源 松河日报", "2023-04-18"),
        ("发布于 2023-04-18 09:05", "2023-04-18 09:05"),
    ],
)
def test_forms_in_a_chinese_line(line: str, date: str) -> None:
    assert published(page(f"<div class='info'>{line}</div>")) == date


@pytest.mark.parametrize(
    ("line", "date"),
    [
        ("Date: 18.4.2023", "2023-04-18"),
        ("18.04.2023 9:05 p.m.", "2023-04-18 21:05"),
        ("Published: 18 April 2023 01:05 GMT", "2023-04-18 09:05"),
        ("Published on April 18, 2023 at 1:05 AM UTC", "2023-04-18 09:05"),
        ("Tuesday, 18th of April, 2023", "2023-04-18"),
        ("Apr. 18th, 2023 | Source: Songhe Daily", "2023-04-18"),
        ("April 18 (Tuesday), 2023", "2023-04-18"),
        ("2023 April 18", "2023-04-18"),
        ("18/Apr/2023", "2023-04-18"),
        ("2023-Apr-18 09:05", "2023-04-18 09:05"),
        ("18-Apr-2023 09:05 HKT", "2023-04-18 09:05"),
        ("Apr 18, 2023 Tuesday 09:05", "2023-04-18 09:05"),
        ("Updated: 2023-04-20 Published: 2023-04-18", "2023-04-18"),
        ("Posted 18 Apr 2023", "2023-04-18"),
        ("09:05, 18 April 2023", "2023-04-18 09:05"),
        ("Release Time: Tue, 18 Apr 2023 01:05:33 +0000", "2023-04-18 09:05"),
    ],
)
def test_forms_in_an_english_line(line: str, date: str) -> None:
    assert published(page(f"<div class='info'>{line}</div>", en=True)) == date


@pytest.mark.parametrize(
    "info",
    [
        "<div class='d'><b>18</b><i>2023-04</i></div>",
        "<div class='d'><span>18</span><span>2023年4月</span></div>",
        "<div class='d'><p class='day'>18</p><p class='ym'>2023.04</p></div>",
        "<div class='d'><div>18</div><div>2023/04</div></div>",
        "<div class='d'><em>04-18</em><em>2023</em></div>",
        "<div class='d'><em>2023</em><em>04/18</em></div>",
        "<div class='d'><p>2023年</p><p>4月18日</p></div>",
        "<div class='d'><p>4月18日</p><p>2023年</p></div>",
        "<div class='d'><span>2023</span><span>04</span><span>18</span></div>",
        "<div class='d'><b>2023-04</b><b>18</b></div>",
        "<div class='d'><p>18</p><p>Apr</p><p>2023</p></div>",
        "<div class='d'><p>Apr 18</p><p>2023</p></div>",
        "<div class='d'><p>18</p><p>April 2023</p></div>",
        "<table><tr><td>18</td><td>2023-04</td></tr></table>",
        "<div class='d'><i>18</i>/<i>04</i>/<i>2023</i></div>",
        "<div class='d'><b>18</b>日<i>2023年4月</i></div>",
        "<div class='d'><b>18</b><i>四月</i><i>2023</i></div>",
        "<div class='d'><b>十八</b><i>2023-04-18</i></div>",
        "<div><span>发布时间：</span><b>18</b><i>2023-04</i></div>",
        "<div class='d'><b>18</b><i>2023-04</i>来源：松河日报</div>",
    ],
)
def test_day_month_and_year_in_elements_of_their_own(info: str) -> None:
    assert published(page(info)) == "2023-04-18"


@pytest.mark.parametrize(
    "info",
    [
        "成文日期：2023-03-02 发布日期：2023-04-18",
        "<p>成文日期：2023-03-02</p><p>公开日期：2023-04-18</p>",
        "创建时间：2023-03-02 10:11 发布时间：2023-04-18",
        "<p>录入时间：2023-03-02</p><p>发布时间：2023-04-18</p>",
        "<p>发布日期：2023-04-18</p><p>成文日期：2023-03-02</p>",
        "生成日期：2023-03-02 发布日期：2023-04-18",
        "签发日期：2023-03-02　发布日期：2023-04-18",
        "修改时间：2023-05-02 发布日期：2023-04-18",
        "<table><tr><td>成文日期</td><td>2023-03-02</td></tr>"
        "<tr><td>发布日期</td><td>2023-04-18</td></tr></table>",
        "审核时间：2023-03-02 发布日期：2023-04-18",
        "<p>活动时间：2023年3月2日</p><p>2023-04-18</p>",
        "<p>报名截止日期：2023-03-02</p><p>发布时间：2023-04-18</p>",
        "<p>打印时间：2026-09-12</p><p>发布日期：2023-04-18</p>",
        "<p>Created: 2023-03-02</p><p>Published: 2023-04-18</p>",
        "<p>发文日期：2023-03-02</p><p>发布日期：2023-04-18</p>",
        "<p>Event date: 2 March 2023</p><p>18 April 2023</p>",
        "<p>Last reviewed: 2 March 2023</p><p>Published: 18 April 2023</p>",
    ],
)
def test_other_days_are_not_of_publication(info: str) -> None:
    assert published(page(f"<div class='info'>{info}</div>")) == "2023-04-18"


@pytest.mark.parametrize(
    ("info", "date"),
    [
        ("成文日期：2023-03-02", "2023-03-02"),
        ("活动时间：2023年3月2日", ""),
        ("Last reviewed: 2 March 2023", ""),
        ("打印时间：2026-09-12", ""),
        ("Event date: 2 March 2023", ""),
        ("有效期至：2026-09-12", ""),
        ("施行日期：2026-09-12", ""),
    ],
)
def test_other_day_alone(info: str, date: str) -> None:
    assert published(page(f"<div class='info'>{info}</div>")) == date


@pytest.mark.parametrize(
    "info",
    [
        "成文日期：2023-03-02",
        "创建时间：2023-03-02",
        "录入时间：2023-05-02",
        "修改时间：2023-05-02",
        "更新时间：2023-05-02",
        "活动时间：2023-05-02",
        "2023-05-02",  # bare, and the address has another
        "Last reviewed: 2 May 2023",
        "来源：松河日报",
    ],
)
def test_address_counts_before_days_that_are_not_of_publication(info: str) -> None:
    assert published(page(f"<div class='info'>{info}</div>"), DATED) == "2023-04-18"


def test_bare_date_of_the_addresss_day_adds_the_hour() -> None:
    assert published(page("<div>2023-04-18 09:05</div>"), DATED) == "2023-04-18 09:05"


def test_bare_date_and_address_that_disagree_are_flagged() -> None:
    found = extract(DATED, page("<div>2023-05-02</div>"), {}, unnamed_city(DATED))
    assert isinstance(found, Article)
    assert "date_conflict" in found.flags


@pytest.mark.parametrize(
    "banner",
    [
        f"<div class='top'>今天是{BANNER} 星期六</div>",
        f"<div>{BANNER} 星期六 晴 12~25℃</div>",
        f"<div>今日：{BANNER}</div>",
        f"<div><span>欢迎您！</span> 现在是{BANNER} 10:21</div>",
        f"<div>{BANNER} 星期六 农历八月初二</div>",
        "<div>Today is Saturday, September 12, 2026</div>",
        "<div>Saturday, September 12, 2026 Cloudy 12-25°C</div>",
        "<div>Sat. Sep 12, 2026</div>",
        f"<div>当前时间：{BANNER} 10:21:30</div>",
        f"<div>北京时间：{BANNER} 10:21:30</div>",
        f"<div>日期：{BANNER} 星期六</div>",
    ],
)
@pytest.mark.parametrize(("url", "date"), [(ADDRESS, ""), (DATED, "2023-04-18")])
def test_clock_of_the_page_is_no_date(banner: str, url: str, date: str) -> None:
    info = "<div class='info'>来源：松河日报</div>"
    assert published(page(info, top=banner), url) == date
    if "日期" not in banner:
        assert published(page(info, foot=f"<div class='foot'>{banner}</div>"), url) == date


@pytest.mark.parametrize(
    "head",
    [
        '<meta name="PubDate" content="Tue Apr 18 09:05:33 CST 2023">',
        '<meta name="publishdate" content="1681779933000">',
        '<meta property="article:published_time" content="Tue, 18 Apr 2023 01:05:33 GMT">',
        '<meta name="publication_date" content="2023-04-18 09:05">',
        '<meta name="release-date" content="2023-04-18 09:05">',
        '<meta itemprop="datePublished" content="2023-04-18T09:05:00+08:00">',
        '<meta name="dcterms.date" content="2023-04-18T01:05Z">',
        '<meta name="createDate" content="2023-03-02"><meta name="pub_date" '
        'content="2023-04-18 09:05">',
        # the article's own object among others
        '<script type="application/ld+json">[{"@type":"Organization","datePublished":"2011-01-01"},'
        '{"@type":["NewsArticle"],"datePublished":"2023-04-18T01:05:00Z"}]</script>',
        '<script type="application/ld+json">{"@context":"https://schema.org","@graph":['
        '{"datePublished":"2011-01-01","@type":"WebSite"},{"@type":"WebPage","mainEntity":'
        '{"@type":"BlogPosting","datePublished":"2023-04-18T09:05:00+08:00"}}]}</script>',
        '<script type="application/ld+json">{"@type":"NewsArticle","url":"/news/9.html",'
        '"headline":"另一篇","datePublished":"2011-01-01"}</script><script type="application/ld'
        '+json">{"@type":"NewsArticle","url":"http://www.songhe.example/news/4711.html",'
        '"datePublished":"2023-04-18T09:05:00+08:00"}</script>',
        '<script type="application/ld+json">{"@type":"ItemList","itemListElement":[{"@type":'
        '"NewsArticle","headline":"另一篇","datePublished":"2011-01-01"}]}</script>'
        '<script type="application/ld+json">{"pubDate":"2023-04-18T09:05:00"}</script>',
        # a trailing comma, as templates leave it
        '<script type="application/ld+json">{"@type":"WebSite","datePublished":"2011-01-01"}'
        '</script><script type="application/ld+json">{"@type":"Article",'
        '"datePublished":"2023-04-18T09:05:00+08:00",}</script>',
    ],
)
def test_head_states_the_date(head: str) -> None:
    assert published(page("<div class='info'></div>", head=head)) == "2023-04-18 09:05"


def test_date_of_the_site_is_none_of_the_article() -> None:
    site = (
        '<script type="application/ld+json">'
        '{"@type":"WebSite","datePublished":"2011-01-01"}</script>'
    )
    assert published(page("<div></div>", head=site)) == ""
    assert published(page("<div></div>", head=site), DATED) == "2023-04-18"


@pytest.mark.parametrize(
    "info",
    [
        '<time datetime="2023-04-18T01:05:00Z">3 天前</time>',
        '<time datetime="2023-04-18T09:05:00+08:00"></time>',
        '<span itemprop="datePublished" content="2023-04-18 09:05">昨天</span>',
        '<span class="time" data-time="1681779933"></span>',
        '<span class="pub" data-publish-time="2023-04-18 09:05"></span>',
        '<span class="date" data-date="1681779933000">刚刚</span>',
        '<abbr class="published" title="2023-04-18T09:05:00+08:00">4月18日</abbr>',
    ],
)
def test_attribute_between_title_and_text_states_the_date(info: str) -> None:
    assert published(page(f"<div class='info'>{info}</div>")) == "2023-04-18 09:05"


def test_attribute_of_another_article_is_none() -> None:
    others = '<ul><li><a href="/news/1.html">别的新闻</a><time datetime="2011-01-01"></time></ul>'
    assert published(page("<div></div>", foot=others, top=others)) == ""


LEAVES = [
    "<b>4月</b><strong>18</strong><span>2023</span>",
    "<table><tr><td>18</td></tr><tr><td>2023/04</td></tr></table>",
    "<p>2023</p><p>04-18</p>",
    "<dl><dt>18</dt><dd>2023-04</dd></dl>",
    "<time itemprop='datePublished' datetime='2023-04-18'>18 Apr</time>",
]


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_calendar_leaf_is_the_day_and_no_text(leaf: str) -> None:
    found = extract(ADDRESS, page(f"<div class='date'>{leaf}</div>"), {}, unnamed_city(ADDRESS))
    assert isinstance(found, Article)
    assert str(found.published_at)[:10] == "2023-04-18"
    assert found.text.split("\n") == list(ZH)


@pytest.mark.parametrize(
    "rows",
    [
        "<tr><td>成文日期</td><td>2023-03-01</td></tr><tr><td>发布日期</td><td>2023-04-18</td></tr>",
        "<tr><td>索引号</td><td>SH-7</td><td>成文日期</td><td>2023-03-01</td></tr>"
        "<tr><td>发布机构</td><td>市水务局</td><td>发布日期</td><td>2023-04-18</td></tr>",
    ],
)
def test_a_table_of_properties_has_the_day_and_is_no_text(rows: str) -> None:
    source = page(f"<table>{rows}</table>")
    assert published(source) == "2023-04-18"
    found = extract(ADDRESS, source, {}, unnamed_city(ADDRESS))
    assert isinstance(found, Article)
    assert found.text.split("\n") == list(ZH)
