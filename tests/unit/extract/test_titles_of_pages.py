"""The headline, on whole pages: whole, and never the name of the site or of a column."""

import pages
import pytest
from pages import ADDRESS, EN, ZH, article, paragraphs

from crawler.city import unnamed_city
from crawler.extract.article import extract
from crawler.item import LISTED, Article

TITLE = "松河市完成三座老旧泵站改造工程"
ENGLISH = "Songhe rebuilds three ageing pumping stations before the rains"
LONG = (
    "Songhe water bureau rebuilds three ageing pumping stations along the lower river, adds twelve "
    "cubic metres a second of drainage capacity, begins a survey of forty-six low-lying sections "
    "of road before the rains and invites residents of the two riverside subdistricts to report "
    "blocked drains by telephone, letter or in person (with photos)"
)


def page(
    head: str,
    headline: str,
    *,
    top: str = "",
    info: str = "<div>2023-04-18 来源：松河日报</div>",
    en: bool = False,
    body: str = "class='content'",
) -> bytes:
    text = paragraphs(EN if en else ZH)
    main = f"<div class='main'>{headline}{info}<div {body}>{text}</div></div>"
    return pages.page(main, head=head, top=top)


def title(source: bytes, url: str = ADDRESS) -> str:
    found = article(source, url)
    assert found.text.split("\n")[0] in (ZH[0], EN[0])
    return found.title


@pytest.mark.parametrize(
    "head",
    [
        "松河市人民政府",
        "松河市人民政府门户网站",
        "中国·松河",
        "松河市水务局",
        "魅力松河",
        "正文",
        "文章内容",
        "新闻详情页",
        "新闻动态",
        "新闻动态-松河市人民政府门户网站",
        "松河政府网_新闻动态_正文",
        "Songhe China",
        "无标题文档",
        "",
        "content",
    ],
)
@pytest.mark.parametrize(
    "headline",
    [
        f"<h1>{TITLE}</h1>",
        f"<h2>{TITLE}</h2>",
        f"<h3 class='tit'>{TITLE}</h3>",
        f"<div class='article-title'>{TITLE}</div>",
        f"<div class='title'>{TITLE}</div>",
        f"<p id='title'>{TITLE}</p>",
        f"<div class='dqwz'>当前位置：<a href='/'>首页</a> &gt; <a href='/xw/'>新闻动态</a></div>"
        f"<h1>{TITLE}</h1>",
    ],
)
def test_head_that_names_no_story(head: str, headline: str) -> None:
    assert title(page(f"<title>{head}</title>", headline)) == TITLE


@pytest.mark.parametrize(
    "head",
    [
        "Songhe Municipal People's Government",
        "The People's Government of Songhe City",
        "Latest News",
        "News Detail",
        "Songhe, China",
        "Official website of Songhe Municipality",
        "News | Songhe",
        "Untitled Document",
    ],
)
@pytest.mark.parametrize("tag", ["h1", "h2", "h3"])
def test_english_head_that_names_no_story(head: str, tag: str) -> None:
    source = page(f"<title>{head}</title>", f"<{tag}>{ENGLISH}</{tag}>", en=True)
    assert title(source) == ENGLISH


@pytest.mark.parametrize(
    "top",
    [
        "<h1>松河市人民政府</h1>",
        "<h1><a href='/'>松河市人民政府门户网站</a></h1>",
        "<header><h1>魅力松河</h1><h2>新闻动态</h2></header>",
        "<h1>新闻动态</h1>",
    ],
)
@pytest.mark.parametrize("head", ["松河市人民政府", f"{TITLE}_松河市人民政府", "新闻动态"])
def test_heading_of_the_site_or_column_is_no_headline(top: str, head: str) -> None:
    assert title(page(f"<title>{head}</title>", f"<h2>{TITLE}</h2>", top=top)) == TITLE


def test_headings_within_and_beside_the_text_are_none() -> None:
    side = (
        "<div class='side'><h3>一周热点新闻排行</h3><ul><li><a href='/1'>另一条新闻</a></ul></div>"
    )
    assert title(page("<title>松河市人民政府</title>", f"<h1>{TITLE}</h1>", top=side)) == TITLE


@pytest.mark.parametrize(
    "meta",
    [
        f'<meta name="ArticleTitle" content="{TITLE}">',
        f'<meta property="og:title" content="{TITLE}">',
        f'<meta itemprop="headline" content="{TITLE}">',
        f'<meta name="twitter:title" content="{TITLE}_松河市人民政府">',
        f'<script type="application/ld+json">{{"@type":"NewsArticle","headline":"{TITLE}"}}'
        "</script>",
    ],
)
def test_head_names_the_story_once(meta: str) -> None:
    assert title(page(f"<title>松河市人民政府</title>{meta}", "")) == TITLE


def test_meta_tag_with_the_name_of_the_site_is_none() -> None:
    meta = '<meta property="og:title" content="松河市人民政府门户网站">'
    assert title(page(f"<title>{TITLE}</title>{meta}", f"<h1>{TITLE}</h1>")) == TITLE
    assert title(page(f"<title>{TITLE}_松河市人民政府</title>{meta}", "")) == TITLE
    named = (
        '<meta name="ArticleTitle" content="新闻动态"><meta name="ColumnName" content="新闻动态">'
    )
    assert title(page(f"<title>{TITLE}</title>{named}", f"<h1>{TITLE}</h1>")) == TITLE


@pytest.mark.parametrize(
    "headline",
    [
        "<h1>松河市完成三座<br>老旧泵站改造工程</h1>",
        "<h1>松河市完成三座<br/>\n<br/>老旧泵站改造工程</h1>",
        "<h1><span>松河市完成三座</span><span>老旧泵站改造工程</span></h1>",
        "<h1><p>松河市完成三座</p><p>老旧泵站改造工程</p></h1>",
        "<h2><div>松河市完成三座</div><div>老旧泵站改造工程</div></h2>",
        "<div class='t'><p>松河市完成三座</p><p>老旧泵站改造工程</p></div>",
        "<div class='article-title'>松河市完成三座<br>老旧泵站改造工程</div>",
        "<h1>松河市完成<br>三座老旧<br>泵站改造工程</h1>",
        "<h1>松河市完成三座</h1><h1>老旧泵站改造工程</h1>",
    ],
)
@pytest.mark.parametrize("head", [TITLE, f"{TITLE}_新闻动态_松河市人民政府", "松河市人民政府"])
def test_headline_of_several_lines(headline: str, head: str) -> None:
    # A paragraph ends the heading around it.
    apart = "class='t'" in headline or "<h1><p>" in headline or headline.count("<h1>") > 1
    if head == "松河市人民政府" and apart:
        pytest.skip("nothing tells that these lines are one headline")
    assert title(page(f"<title>{head}</title>", headline)) == TITLE


@pytest.mark.parametrize(
    "headline",
    [
        "<h1>Songhe rebuilds three ageing<br>pumping stations before the rains</h1>",
        "<h1>Songhe rebuilds three ageing <span>pumping stations before the rains</span></h1>",
        "<h1><div>Songhe rebuilds three ageing</div>"
        "<div>pumping stations before the rains</div></h1>",
        "<h2>Songhe rebuilds three<br/>ageing pumping stations<br/>before the rains</h2>",
    ],
)
@pytest.mark.parametrize("head", [ENGLISH, f"{ENGLISH} | Songhe", "Songhe Government"])
def test_english_headline_of_several_lines(headline: str, head: str) -> None:
    assert title(page(f"<title>{head}</title>", headline, en=True)) == ENGLISH


@pytest.mark.parametrize(
    ("head", "headline"),
    [
        ("<title>松河市人民政府</title>", f"<h1><img src='/t.png' alt='{TITLE}'></h1>"),
        (
            "<title>要闻动态</title><meta property='og:title' content='要闻动态'>",
            f"<h1>{TITLE}</h1>",
        ),
        (f"<title>松河</title><meta name='ArticleTitle' content='&lt;b&gt;{TITLE}&lt;/b&gt;'>", ""),
    ],
)
def test_headline_in_a_picture_or_beside_the_name_of_a_column(head: str, headline: str) -> None:
    assert title(page(head, headline)) == TITLE


@pytest.mark.parametrize(
    ("head", "headline"),
    [
        (f"<title>{TITLE[:8]}…</title>", f"<h1>{TITLE}</h1>"),
        (f"<title>{TITLE[:8]}...-松河市人民政府</title>", f"<h1>{TITLE}</h1>"),
        (f"<title>{TITLE[:8]}……_新闻动态</title>", f"<div class='title'>{TITLE}</div>"),
        (f"<title>{TITLE}</title>", f"<h1>{TITLE[:8]}...</h1>"),
        (f"<title>{TITLE}</title>", f"<h1 title='{TITLE}'>{TITLE[:8]}…</h1>"),
        ("<title>松河市人民政府</title>", f"<h1 title='{TITLE}'>{TITLE[:8]}…</h1>"),
        (
            f'<title>{TITLE[:8]}...</title><meta name="ArticleTitle" content="{TITLE}">',
            f"<h1>{TITLE[:8]}...</h1>",
        ),
        (
            f'<title>{TITLE[:8]}...</title><meta name="ArticleTitle" content="{TITLE[:9]}...">',
            f"<h1>{TITLE}</h1>",
        ),
        (f'<title>{TITLE[:8]}</title><meta name="ArticleTitle" content="{TITLE}">', ""),
    ],
)
def test_cut_headline_is_made_whole(head: str, headline: str) -> None:
    assert title(page(head, headline)) == TITLE


@pytest.mark.parametrize(
    ("head", "headline"),
    [
        (LONG, f"<h1>{LONG}</h1>"),
        (f"{LONG} - Songhe", f"<h1>{LONG}</h1>"),
        ("Songhe Government", f"<h1>{LONG}</h1>"),
        (LONG, f"<div class='article-title'>{LONG}</div><h2>Photo gallery</h2>"),
        ("Songhe", f"<div class='article-title'>{LONG}</div>"),
    ],
)
def test_long_headline(head: str, headline: str) -> None:
    assert title(page(f"<title>{head}</title>", headline, en=True)) == LONG


@pytest.mark.parametrize(
    ("body", "url"),
    [
        ("id='zoom'", "http://www.songhe.example/art/2023/4/18/art_31_4711.html"),
        ("class='TRS_UEDITOR'", "http://www.songhe.example/xw/202304/t20230418_4711.html"),
        ("id='pressrelease'", "http://www.songhe.example/gia/general/202304/18/P2023041800123.htm"),
    ],
)
@pytest.mark.parametrize("head", ["松河市人民政府", "正文", "新闻公报"])
def test_family_with_a_head_that_names_no_story(body: str, url: str, head: str) -> None:
    headline = f"<h1 class='article-title' id='PRHeadlineSpan'>{TITLE}</h1>"
    assert title(page(f"<title>{head}</title>", headline, body=body), url) == TITLE


@pytest.mark.parametrize(
    "headline",
    [
        "<h1>新闻动态</h1>",
        "<h1><a href='/'>松河市人民政府</a></h1>",
        "<h2>详细内容</h2>",
        "<h1>您好，欢迎访问松河市人民政府门户网站</h1>",
    ],
)
def test_head_counts_where_the_page_shows_no_headline(headline: str) -> None:
    assert title(page(f"<title>{TITLE}-松河市人民政府</title>", headline)) == TITLE


@pytest.mark.parametrize(
    "story",
    ["市长调研松河市气象局", "松河市政府网站改版上线", "Mayor visits Songhe municipal government"],
)
@pytest.mark.parametrize("headline", ["<h1>{}</h1><h2>新闻中心</h2>", "<p>{}</p>", ""])
def test_story_about_an_office_is_no_name(story: str, headline: str) -> None:
    head = f"<title>{story}</title>"
    assert title(page(head, headline.format(story))) == story


STUCK = "<title>松河市2019年防汛工作会议召开_松河市政府网</title>"


@pytest.mark.parametrize("listed", [TITLE, TITLE[:12]])
@pytest.mark.parametrize(
    ("head", "headline"),
    [
        ("<title>松河市人民政府</title>", f"<div>{TITLE}</div>"),
        ("<title>详细信息</title>", f"<table><tr><td><b>{TITLE}</b></td></tr></table>"),
        (STUCK, f"<p>{TITLE}</p>"),
        ("", f"<center>{TITLE}</center>"),
        ("<title>松河市人民政府</title>", f"<h1>松河要闻</h1><div>{TITLE}</div>"),
    ],
)
def test_the_title_that_a_list_gave_shows_the_headline(
    head: str, headline: str, listed: str
) -> None:
    found = extract(ADDRESS, page(head, headline), {LISTED: listed}, unnamed_city(ADDRESS))
    assert isinstance(found, Article)
    assert found.title == TITLE


@pytest.mark.parametrize("cut", ["松河市完成三座老旧泵站…", "松河市完成三座老旧..."])
def test_the_title_that_a_list_gave_makes_a_cut_one_whole(cut: str) -> None:
    source = page(f"<title>{cut}_松河市政府网</title>", f"<h1>{cut}</h1>")
    found = extract(ADDRESS, source, {LISTED: TITLE}, unnamed_city(ADDRESS))
    assert isinstance(found, Article)
    assert found.title == TITLE


def test_the_title_that_a_list_gave_is_none_of_a_page_without_it() -> None:
    source = page("<title>系统公告</title>", "<h1>系统升级公告</h1>")
    found = extract(ADDRESS, source, {LISTED: TITLE}, unnamed_city(ADDRESS))
    assert isinstance(found, Article)
    assert found.title == "系统升级公告"
