"""One pure function: any bytes give an article or a reason, and the same ones always the same."""

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.city import City, Source, unnamed_city
from crawler.extract.article import explain_page, extract, join_parts
from crawler.extract.consensus import ask_extractors, choose_blocks, likeness, shingles
from crawler.extract.kinds import units
from crawler.extract.page import ParsedPage
from crawler.item import Article, Reject

URL = "http://www.anlan.example/art/2024/3/5/art_1204_88213.html"
CITY = City(
    key="anlan",
    name_zh="安澜市",
    name_en="Anlan",
    hosts=("www.anlan.example",),
    sources=(Source("zh", "hanweb", "http://www.anlan.example/col/col1204/index.html"),),
    rights="metadata+excerpt",
)
STRANGE = "http://news.strange.example/story/81245.html"
TITLE = "市政府召开第31次常务会议"
PARAGRAPHS = (
    (
        "市长陆文渊主持召开市政府第31次常务会议，研究部署春季农业生产、"
        "安全生产和防汛抗旱等工作，审议有关方案。"
    ),
    (
        "会议指出，要牢牢守住粮食安全底线，确保全年粮食播种面积稳定在128.6万亩以上，"
        "产量不低于11.2亿斤。"
    ),
    (
        "会议强调，安全生产责任重于泰山，要紧盯危险化学品、建筑施工、道路交通等重点领域，"
        "深入排查整治隐患。"
    ),
    "会议要求，各级各部门要压实责任，加强值班值守，确保群众生命财产安全，完成36座水库除险加固。",
)
MENU = "".join(f"<li><a href='/c{n}/'>栏目{n}</a></li>" for n in range(12))


def page(body: str, head: str = "") -> bytes:
    return (
        f"<html><head><meta charset='utf-8'><title>{TITLE}_安澜市人民政府</title>{head}</head>"
        f"<body><ul>{MENU}</ul><h1>{TITLE}</h1>{body}<div>版权所有</div></body></html>"
    ).encode()


def story(*paragraphs: str) -> str:
    return "".join(f"<p>　　{paragraph}</p>" for paragraph in paragraphs or PARAGRAPHS)


def article(url: str, body: bytes, city: City = CITY) -> Article:
    found = extract(url, body, {}, city)
    assert isinstance(found, Article), found
    return found


def reason(body: bytes | str, url: str = STRANGE) -> str:
    content = body.encode() if isinstance(body, str) else body
    found = extract(url, content, {}, unnamed_city(url))
    assert isinstance(found, Reject), found
    return found.reason


def test_family_rule_reads_the_body_and_names_itself() -> None:
    found = article(URL, page(f"<div id='zoom'>{story()}</div>"))
    assert found.text == "\n".join(PARAGRAPHS)
    assert (found.extractor, found.extract_agreement) == ("hanweb: #zoom", None)
    assert (found.city, found.site, found.lang_declared) == ("anlan", "www.anlan.example", "zh")
    assert found.rights == "metadata+excerpt"


def test_date_of_another_article_in_the_side_column_is_not_taken() -> None:
    side = "".join(f"<li><a href='/{n}'>其他新闻</a></li>" for n in range(20))
    side = f"<div class='small-title'>发布日期：2011-01-01</div><ul>{side}</ul>"
    line = "<div class='small-title'>发布日期：2024-03-05</div>"
    found = article(URL, page(f"{side}{line}<div id='zoom'>{story()}</div>"))
    assert found.published_at is not None
    assert found.published_at.year == 2024


def test_unknown_page_is_read_by_vote_and_tells_the_agreement() -> None:
    found = article(STRANGE, page(f"<div class='x1'>{story()}</div>"), unnamed_city(STRANGE))
    assert found.text == "\n".join(PARAGRAPHS)
    assert found.extractor == "consensus"
    assert found.extract_agreement is not None
    assert found.extract_agreement > 0.8


def test_family_body_of_another_system_is_recognised_by_its_own_mark_only() -> None:
    trs = page(f"<div class='view TRS_UEDITOR trs_web'>{story()}</div>")
    assert article(STRANGE, trs, unnamed_city(STRANGE)).extractor == "trs: .TRS_UEDITOR"
    vague = page(f"<div class='txt'>{story()}</div>")
    assert article(STRANGE, vague, unnamed_city(STRANGE)).extractor == "consensus"


def test_empty_family_body_is_no_reason_to_read_the_menu() -> None:
    assert reason(page("<div id='zoom'><p>　</p><img src='/1.jpg'></div>"), URL) == "image_only"


def test_text_after_the_first_of_two_html_end_tags_is_read() -> None:
    body = page(
        f"<div class='x1'>{story(*PARAGRAPHS[:2])}</div></body></html>{story(*PARAGRAPHS[2:])}"
    )
    assert PARAGRAPHS[3] in article(STRANGE, body, unnamed_city(STRANGE)).text


def test_title_line_above_the_text_is_not_repeated_in_it() -> None:
    found = article(URL, page(f"<div id='zoom'><p>{TITLE}</p>{story()}</div>"))
    assert found.title == TITLE
    assert found.text.startswith(PARAGRAPHS[0])


@pytest.mark.parametrize(
    ("title", "flag"),
    [
        ("漁護署提醒市民勿餵飼野生動物（只有中文）", "no_mate"),
        ("Remarks by mayor at media session (transcript)", "transcript"),
    ],
)
def test_titles_that_say_there_is_no_translation_are_flagged(title: str, flag: str) -> None:
    html = f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{story()}</body></html>"
    assert flag in article(STRANGE, html.encode(), unnamed_city(STRANGE)).flags


def test_short_text_is_flagged_and_too_short_text_refused() -> None:
    short = page(
        "<div id='zoom'><p>经市政府研究决定，任命方可为市水利局局长，免去秦川的职务。</p></div>"
    )
    assert "short" in article(URL, short).flags
    assert reason(page("<div id='zoom'><p>内容更新中。</p></div>"), URL) == "too_short"


def test_list_of_links_is_a_listing() -> None:
    links = "".join(
        (
            f"<li><a href='/2024/{n}.html'>全市第{n}批重点项目集中开工仪式举行</a><span>"
            f"2024-05-0{n}</span></li>"
        )
        for n in range(1, 10)
    )
    assert (
        reason(f"<html><head><title>要闻</title></head><body><ul>{links}</ul></body></html>")
        == "listing"
    )


def test_notice_that_only_points_to_a_document_says_so() -> None:
    html = page(
        "<div id='zoom'><p>现将有关决算予以公布，详见附件。</p><a href='1.pdf'>"
        "2023年决算.pdf</a></div>"
    )
    found = extract(URL, html, {}, CITY)
    assert isinstance(found, Reject)
    assert found.reason == "cover_notice"
    assert "http://www.anlan.example/art/2024/3/5/1.pdf" in found.detail


def test_article_with_an_attachment_is_an_article() -> None:
    html = page(f"<div id='zoom'>{story()}<p>附件：<a href='1.pdf'>方案.pdf</a></p></div>")
    assert article(URL, html).attachments == ("http://www.anlan.example/art/2024/3/5/1.pdf",)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "empty_shell"),
        (b"%PDF-1.4", "not_html"),
        (
            "<html><body><div id='app'></div><script src='a.js'></script></body></html>",
            "empty_shell",
        ),
        (
            "<html><script>document.cookie='__jsl_clearance=1';location.reload()</script></html>",
            "challenge",
        ),
        ("<html><body><h1>404</h1><p>您访问的页面不存在</p></body></html>", "http_error"),
    ],
)
def test_pages_that_hold_nothing_are_refused_for_what_they_are(
    body: bytes | str, expected: str
) -> None:
    assert reason(body) == expected


def test_further_pages_are_named_and_joined_in_order() -> None:
    url = "http://www.strange.example/2024-05/14/c_551202.htm"
    pager = "<div>1 <a href='c_551202_2.htm'>2</a> <a href='c_551202_3.htm'>[3]</a></div>"
    city = unnamed_city(url)
    first = article(url, page(f"<div class='x1'>{story(*PARAGRAPHS[:2])}</div>{pager}"), city)
    assert first.parts == tuple(url.replace(".htm", f"_{n}.htm") for n in (2, 3))
    second = replace(first, text=f"{PARAGRAPHS[1]}\n{PARAGRAPHS[2]}", images=("http://x/1.jpg",))
    whole = join_parts(first, [second])
    assert whole.text == "\n".join(PARAGRAPHS[:3])
    assert (whole.parts, whole.images) == ((), ("http://x/1.jpg",))
    assert {"multi_page", "parts_missing"} <= set(whole.flags)
    assert "parts_missing" not in join_parts(first, [second, second]).flags


def test_pager_is_followed_where_the_page_was_read_under_another_address() -> None:
    pager = (
        "<div><a href='/n1/c1013-311.html'>【1】</a><a href='/n1/c1013-311-2.html'>【2】</a></div>"
    )
    body = page(f"<div class='x1'>{story()}</div>{pager}")
    host = "http://www.strange.example"
    for address in ("/saved.html", "/n1/c1013-311.html"):
        found = article(host + address, body, unnamed_city(host))
        assert found.parts == (f"{host}/n1/c1013-311-2.html",)
    second = article(f"{host}/n1/c1013-311-2.html", body, unnamed_city(host))
    assert second.parts == ()


def test_picture_above_the_first_line_is_the_articles_unless_it_is_a_link() -> None:
    above = "<p><img src='/1.jpg'></p><p><a href='#'><img src='/ad.jpg'></a></p>"
    found = article(STRANGE, page(f"<div class='x1'>{above}{story()}</div>"), unnamed_city(STRANGE))
    assert found.images == ("http://news.strange.example/1.jpg",)


def test_questions_and_answers_are_a_transcript_and_a_list_of_posts_is_not() -> None:
    turns = [
        f"{who}：{PARAGRAPHS[n]}" for n, who in enumerate(["记者", "陆文渊", "记者", "陆文渊"])
    ]
    assert "transcript" in article(URL, page(f"<div id='zoom'>{story(*turns)}</div>")).flags
    labels = ("时间", "地点", "市长", "主任")
    posts = [f"{label}：{text}" for label, text in zip(labels, PARAGRAPHS, strict=True)]
    assert "transcript" not in article(URL, page(f"<div id='zoom'>{story(*posts)}</div>")).flags


def test_explanation_names_the_rule_of_every_field_and_what_was_cut() -> None:
    line = "<div class='small-title'>发布日期：2024-03-05 来源：安澜日报</div>"
    html = page(f"{line}<div id='zoom'>{story()}<p>责任编辑：方可</p></div>")
    told = explain_page(URL, html, {}, CITY)
    rules = {field.name: field.rule for field in told.fields}
    assert rules["text"] == "hanweb: #zoom"
    assert rules["published_at"] == "date line"
    assert rules["source"] == "source line"
    assert rules["author"] == "editor's credit"
    assert [(cut.text, cut.reason) for cut in told.cut] == [("责任编辑：方可", "editor's credit")]
    assert {opinion.name for opinion in told.opinions} == {"trafilatura", "readability", "justext"}
    assert told.result == extract(URL, html, {}, CITY)


def test_units_count_chinese_by_character_and_other_scripts_by_word() -> None:
    assert units("第31次会议 met today") == 4 + 2 * 2
    assert units("городской совет") == 4


def test_vote_takes_what_two_of_three_take_and_ignores_a_failure() -> None:
    html = page(f"<div class='x1'>{story()}</div>").decode()
    blocks = ParsedPage(STRANGE, html.encode(), {}).blocks
    said = ask_extractors(html, True, len(blocks))
    texts = [blocks[place].text for place in choose_blocks(blocks, said)]
    assert [text for text in texts if text in PARAGRAPHS] == list(PARAGRAPHS)
    silent = tuple(replace(one, text="") if one.name == "readability" else one for one in said)
    assert PARAGRAPHS[1] in [blocks[place].text for place in choose_blocks(blocks, silent)]


def test_likeness_is_one_for_equal_texts_and_nothing_for_empty_ones() -> None:
    same = shingles(PARAGRAPHS[0])
    assert likeness(same, shingles(PARAGRAPHS[0])) == 1.0
    assert likeness(same, shingles("")) == 0.0


@pytest.mark.parametrize(
    "body",
    [
        b"<" * 100_000,
        b"<head" * 80_000,
        b"<!--" * 200_000,
        b"<script type='application/ld+json'>" * 20_000,
        b"<div>" * 30_000 + story().encode() + b"</div>" * 30_000,
        b"<table><tr><td>" * 2_000 + story().encode(),
        b"&amp;" * 100_000,
        b"<p>" + "时间：".encode() * 30_000,
        b"<title>" + "标题-".encode() * 30_000 + b"</title>" + story().encode(),
        b"\xff\xfe" + b"\x00" * 5_000,
        b"<meta name=pubdate content=9999-99-99>" * 2_000 + story().encode(),
        b"<p>x</p>" * 20_000,
        b"<a href='http://[::1'>x</a><base href='http://['><img src='//['>" + story().encode(),
    ],
    ids=range(13),
)
def test_hostile_page_costs_one_page(body: bytes) -> None:
    found = extract(STRANGE, body, {"content-type": "text/html"}, unnamed_city(STRANGE))
    assert isinstance(found, Article | Reject)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.binary(max_size=600))
def test_any_bytes_give_an_article_or_a_reason(body: bytes) -> None:
    for url in (URL, "http://[bad", "", "x" * 300):
        assert isinstance(extract(url, b"<html>" + body, {}, CITY), Article | Reject)


@pytest.mark.parametrize("tag", ["button", "object", "embed", "map", "applet", "svg", "math"])
def test_a_control_or_picture_that_is_never_closed_takes_no_text_with_it(tag: str) -> None:
    for open_tag in (f"<{tag}>", f"<{tag} class='print'><b>打印</b>"):
        assert PARAGRAPHS[1] in article(URL, page(open_tag + story())).text


def test_comments_in_a_value_that_nobody_closes_take_no_square_of_its_length() -> None:
    start = time.process_time()
    hostile = page(f"<p class='{'<!--' * 10_000}'>x</p>{story()}")
    assert PARAGRAPHS[1] in article(URL, hostile).text
    assert time.process_time() - start < 2


@pytest.mark.parametrize("tag", ["footer", "NOSCRIPT", "select"])
def test_an_element_with_much_text_of_its_own_takes_no_other_without_an_end(tag: str) -> None:
    long = f"<p>{'建议使用新版浏览器访问本站以获得更好体验' * 20}</p>"
    assert PARAGRAPHS[1] in article(URL, page(f"<{tag} class='top'>" + story())).text
    assert "浏览器" not in article(URL, page(f"<{tag}>{long}</{tag}>{story()}")).text


@pytest.mark.parametrize("tag", ["button", "object", "applet", "svg"])
def test_what_a_control_or_picture_shows_is_no_text(tag: str) -> None:
    shown = "".join(f"<p>请安装播放器后重试第{n}次</p>" for n in range(4))
    found = article(URL, page(f"<div><{tag}>{shown}</{tag}></div>{story()}"))
    assert "播放器" not in found.text
