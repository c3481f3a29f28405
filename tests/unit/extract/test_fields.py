"""Fields come from the place on the page that is to be believed, and name the rule."""

import pytest

from crawler.extract import dates, fields, titles
from crawler.extract.fields import Metas, read_metas
from crawler.extract.lines import read_line
from crawler.extract.page import ParsedPage, parse

URL = "http://www.anlan.example/art/2024/3/5/art_1_2.html"


def metas(*pairs: tuple[str, str]) -> Metas:
    tags = "".join(f'<meta name="{name}" content="{value}">' for name, value in pairs)
    return read_metas(parse(f"<html><head>{tags}</head><body></body></html>"))


def when(found_metas: Metas, *lines: str, url: str = "http://a.example/x.html") -> str | None:
    published, _ = fields.published_of(found_metas, [read_line(line) for line in lines], url)
    if published is None:
        return None
    return f"{fields.cut_to(published.value):%Y-%m-%d %H:%M} {published.value.precision}"


def title(head: str, body: str, selectors: tuple[str, ...] = ()) -> str | None:
    markup = f"<html><head>{head}</head><body>{body}</body></html>"
    page = ParsedPage("http://a.example/x.html", markup.encode(), {})
    named, end = page.index.select(selectors), len(page.blocks)
    shown = titles.title_of(titles.Page(page.tree, page.metas, named, page.blocks, page.links, end))
    return shown.value if shown else None


def test_meta_names_are_matched_without_regard_to_case() -> None:
    assert when(metas(("PUBDATE", "2024-03-05 09:30"))) == "2024-03-05 09:30 minute"
    source = fields.source_of(metas(("contentSource", "省发改委")), [])
    assert source is not None
    assert source.value == "省发改委"


def test_empty_meta_tag_gives_way_to_a_filled_one_of_the_same_name() -> None:
    assert when(metas(("PubDate", ""), ("PubDate", "2024-03-05"))) == "2024-03-05 00:00 day"


def test_keywords_before_the_national_block_are_the_sites() -> None:
    both = metas(("keywords", "安澜市;市政府"), ("ArticleTitle", "要闻"), ("Keywords", ""))
    assert fields.keywords_of(both) is None
    own = metas(("keywords", "安澜市;市政府"), ("ArticleTitle", "要闻"), ("Keywords", "春耕;水利"))
    words = fields.keywords_of(own)
    assert words is not None
    assert words.value == ("春耕", "水利")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a, b;c，d；e、f", ("a", "b", "c", "d", "e", "f")),
        ("投资 完成 亿元", ("投资", "完成", "亿元")),
        ("rural road, rural road,", ("rural road",)),
    ],
)
def test_keywords_are_split_and_kept_once(value: str, words: tuple[str, ...]) -> None:
    split = fields.keywords_of(metas(("Keywords", value)))
    assert split is not None
    assert split.value == words


def test_date_is_taken_from_meta_then_line_then_url() -> None:
    meta = metas(("PubDate", "2024-03-05"))
    assert when(meta, "时间：2024-03-06", url=URL) == "2024-03-05 00:00 day"
    assert when(metas(), "时间：2024-03-06", url=URL) == "2024-03-06 00:00 day"
    assert when(metas(), url=URL) == "2024-03-05 00:00 day"
    assert when(metas()) is None


def test_line_of_the_same_day_adds_the_hour() -> None:
    assert when(metas(("PubDate", "2024-03-05")), "时间：2024-03-05 15:08") == (
        "2024-03-05 15:08 minute"
    )


def test_labelled_date_counts_before_a_bare_one_and_both_before_an_update() -> None:
    assert when(metas(), "2024-03-07", "发布时间：2024-03-05") == "2024-03-05 00:00 day"
    assert when(metas(), "更新时间：2024-04-01", "2024-03-07") == "2024-03-07 00:00 day"
    assert when(metas(), "更新时间：2024-04-01") == "2024-04-01 00:00 day"


def test_page_filled_in_long_after_publication_is_flagged_migrated() -> None:
    moved = metas(("Maketime", "2019-03-22 12:28:37"), ("PubDate", "2016-11-22 09:53"))
    found_date, flags = fields.published_of(moved, [], "http://a.example/x.html")
    assert found_date is not None
    assert found_date.value.at.year == 2016
    assert flags == ("migrated",)


def test_meta_and_line_that_disagree_are_flagged() -> None:
    line = read_line("发布日期：2024-01-02")
    _, flags = fields.published_of(metas(("PubDate", "2024-03-05")), [line], "http://a.example/")
    assert flags == ("date_conflict",)


def test_numbers_and_addresses_are_no_authors() -> None:
    assert fields.author_of(metas(("author", "104363")), [], None) is None
    assert fields.author_of(metas(("article:author", "http://x.example/me")), [], None) is None


def test_author_counts_before_editor() -> None:
    seen = [read_line("责任编辑：方可"), read_line("作者：柏舟")]
    author = fields.author_of(metas(), seen, "秦")
    assert author is not None
    assert author.value == "柏舟"


def test_source_meta_with_its_own_label_is_cleaned() -> None:
    source = fields.source_of(metas(("source", "来源：安澜网-文化频道 原创稿")), [])
    assert source is not None
    assert source.value == "安澜网-文化频道"


def test_element_the_family_names_counts_only_if_the_head_agrees() -> None:
    head = "<title>全市春耕生产现场会召开</title>"
    page = "<div class='title'>安澜市人民政府</div><h2>全市春耕生产现场会召开</h2>"
    assert title(head, page, (".title",)) == "全市春耕生产现场会召开"


def test_kicker_and_subtitle_belong_to_the_title() -> None:
    head = '<title>论坛开幕</title><meta name="ArticleTitle" content="论坛开幕">'
    page = "<h3>向海图强</h3><h2>论坛开幕</h2><h3>46个项目签约</h3><h4>时间：2024-03-05</h4>"
    assert title(head, page) == "向海图强 论坛开幕 46个项目签约"


def test_title_element_alone_loses_the_names_of_site_and_section() -> None:
    assert title("<title>全市春耕生产现场会召开-要闻-安澜网</title>", "<p>正文</p>") == (
        "全市春耕生产现场会召开"
    )


def test_bilingual_separators_inside_an_english_headline_survive() -> None:
    headline = "Anlan-Beiyuan railway opens to traffic"
    assert title(f"<title>{headline} | Anlan China</title>", f"<h1>{headline}</h1>") == headline


def test_structured_data_counts_before_a_bare_date_and_after_a_labelled_one() -> None:
    bare, labelled = read_line("2024-03-05"), read_line("发布时间：2024-03-04 08:00")
    url = "http://a.example/x.html"
    told, _ = fields.published_of(metas(), [bare], url, "2024-03-05T02:46:57")
    assert told is not None
    assert (told.rule, told.value.precision) == ("structured data", "minute")
    told, _ = fields.published_of(metas(), [labelled], url, "2024-03-05T02:46:57")
    assert told is not None
    assert told.rule == "date line"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("安澜日报记者 高岑", "高岑"),
        ("全媒体记者：高岑 柏舟", "高岑 柏舟"),
        ("通讯员高岑", "高岑"),
        ("高岑", "高岑"),
        ("安澜记者站", "安澜记者站"),
    ],
)
def test_office_before_a_name_is_no_part_of_it(given: str, name: str) -> None:
    author = fields.author_of(metas(("author", given)), [], None)
    assert author is not None
    assert author.value == name


def test_reporter_in_the_text_counts_between_author_line_and_editor() -> None:
    lines = [read_line("责任编辑：方可")]
    told = fields.author_of(metas(), lines, None, "高岑")
    assert told is not None
    assert (told.value, told.rule) == ("高岑", "reporter in the text")
    told = fields.author_of(metas(), [*lines, read_line("作者：柏舟")], None, "高岑")
    assert told is not None
    assert told.value == "柏舟"


def test_a_month_with_a_long_s_and_an_address_that_is_none_are_read_like_any_other() -> None:
    assert [moment.at.month for moment in dates.moments("Posted May 3, 2024; ſept. 5, 2024")] == [
        5,
        9,
    ]
    assert dates.date_in_url("http://[anlan.example/2024/3/5/x.html") is None


@pytest.mark.parametrize(
    "account",
    ["系统管理员", "admin", "松河新闻网", "管理员", "Administrator", "Songhe China", "佚名"],
)
def test_account_or_site_that_filled_the_page_in_is_no_author(account: str) -> None:
    site = metas(("author", account), ("SiteName", "Songhe China"))
    assert fields.author_of(site, [], None) is None
    assert fields.author_of(site, [read_line(f"作者：{account}")], None) is None
    named = fields.author_of(site, [read_line("作者：方可")], None)
    assert named is not None
    assert named.value == "方可"
