"""A page's own link to its other language, and what else a bilingual tree needs."""

from dataclasses import replace

import pytest

from crawler.city import Source, unnamed_city
from crawler.extract.article import extract
from crawler.item import Article, article_id

ZH = "松河市水務局上周完成了三座老舊泵站的改造，新增排澇能力每秒十二立方米，惠及沿河兩個街道。"
EN = (
    "Songhe has rebuilt three ageing pumping stations along the river, adding twelve cubic metres "
    "a second of drainage for residents and shops in two subdistricts."
)
HERE = "http://www.songhe.example/gia/general/202304/18/P2023041800123.htm"
MATE = "http://www.songhe.example/gia/general/202304/18/P2023041800456.htm"
SHORT = "/gia/general/202304/18/P2023041800456.htm"


def release(
    link: str, *, en: bool = True, title: str = "", end: str = "", url: str = HERE
) -> Article:
    text = EN if en else ZH
    title = title or ("Pumping stations rebuilt" if en else "三座泵站完成改造")
    source = (
        f'<html><head><meta charset="utf-8"><title>{title}</title>{link}</head><body>'
        f"<h1 id='PRHeadlineSpan'>{title}</h1>"
        f"<div id='pressrelease'><p>{text}</p><p>{text[:60]}{text}</p>{end}</div>{link}"
        "</body></html>"
    )
    found = extract(url, source.encode(), {}, unnamed_city(url))
    assert isinstance(found, Article)
    return found


@pytest.mark.parametrize(
    ("link", "en"),
    [
        (f"<a href='{SHORT}'><img src='/images/lang_tc.png' alt='Traditional Chinese'></a>", True),
        (f"<a href='{MATE}'><img src='/images/lang_tc.png'></a>", True),
        (f"<a href='{MATE}'>中文版</a>", True),
        (f"<a href='{MATE}' title='繁體中文'>繁</a>", True),
        (f"<a href='{MATE}' aria-label='繁體中文'><i></i></a>", True),
        (f"<a href='{MATE}'>中文版本</a>", True),
        (f"<a href='{MATE}'>本頁中文版</a>", True),
        (f"<a href='{MATE}'>Switch to English</a>", False),
        (f"<a href='javascript:void(0)' data-href='{MATE}'>English</a>", False),
        (f"<button onclick=\"location.href='{MATE}'\">中文</button>", True),
        (
            f"<select><option value='{HERE}'>English</option><option value='{MATE}'>繁體</option>"
            "</select>",
            True,
        ),
        ("<a href='P2023041800456.htm'><img src='lang2.gif' alt='英文版'></a>", False),
        (f"<a href='{MATE}'>English</a>", False),
        (f"<a href='{MATE}'>[ English Version ]</a>", False),
        (f"<a href='{SHORT}#top'><img src='/images/lang_en.png' id='x' alt='English'></a>", False),
        (f"<link rel='alternate' hreflang='en-GB' href='{MATE}'>", False),
    ],
)
def test_link_to_the_other_language_names_the_mate(link: str, *, en: bool) -> None:
    assert release(link, en=en).mate_id == article_id(MATE)


@pytest.mark.parametrize(
    "link",
    [
        "<a href='/gia/general/ctoday.htm'><img src='lang_tc.png' alt='Chinese'></a>",
        "<a href='http://sc.songhe.example.hk/TuniS/www.songhe.example.hk/gia/general/202304/18/"
        "P2023041800456.htm'>簡體版</a>",
        f"<a href='{HERE}'>中文</a>",
        f"<a href='{MATE}'>English</a>",  # its own language
        f"<a href='{MATE}'>Chinese garden reopens</a>",
        "<a href='/'>中文</a>",
        "<a href='http://[broken'>中文</a>",
    ],
)
def test_other_links_name_none(link: str) -> None:
    assert release(link).mate_id is None


def test_markup_states_the_mate_of_a_page_without_a_family() -> None:
    url, mate = "http://www.songhe.example/en/pumps", "http://www.songhe.example/zh/pumps"
    link = f"<link rel='alternate' hreflang='zh-Hant' href='{mate}'>"
    assert release(link, url=url).mate_id == article_id(mate)
    home = "<link rel='alternate' hreflang='zh-Hant' href='http://www.songhe.example/zh/'>"
    assert release(home, url=url).mate_id is None


@pytest.mark.parametrize(
    "note",
    [
        "(English only)", "(Eng only)", "（English only）", "[English Only]", "(in English only)",
        "(English version only)", "(Available in English only)", "(只有英文)", "（只備中文）",
        "(只有中文版)", "【仅有英文版】", "(Chi. only)", "(Only in Chinese)", "- English only",
        "(English-only)", "(with photos) (English only)", "(English only) (with video)",
    ],
)  # fmt: skip
def test_title_that_names_one_language(note: str) -> None:
    assert "no_mate" in release("", title=f"Speech at opening of pumping stations {note}").flags


@pytest.mark.parametrize("title", ["Chinese only team wins in Songhe", "City plants only trees"])
def test_title_with_such_words_of_its_own(title: str) -> None:
    assert "no_mate" not in release("", title=title).flags


@pytest.mark.parametrize(
    "end",
    [
        "<p>NNNN</p>", "<br>NNNN", "<p>Ends/Tuesday, April 18, 2023<br>Issued at HKT 10:20</p>NNNN",
        "<p>Ends</p><p>NNNN</p>", "<p>完</p><p>NNNN</p>", "<p>（完）</p>", "<p>(End)</p>",
        "<p>-30-</p>", "<p># # #</p>", "<p>###</p>", "<p>– ENDS –</p>", "<p>***END***</p>",
        "<p>——完——</p>", "<p>全文完</p>", "<p>(The End)</p>", "<p>【完】</p>", "<p>End/</p>NNNN",
        "<p>～完～</p>", "<p>Ends/Tuesday, April 18, 2023</p>",
        "<p>完／2023年4月18日（星期二）<br>香港時間10時20分</p>NNNN",
    ],
)  # fmt: skip
@pytest.mark.parametrize("en", [True, False])
def test_mark_at_the_end_is_no_text(end: str, *, en: bool) -> None:
    assert len(release("", en=en, end=end).text.split("\n")) == 2


def test_tree_of_both_languages_declares_neither() -> None:
    base = "http://www.songhe.example/gia/general/"
    lists = (("zh", "ctoday.htm"), ("en", "today.htm"))
    sources = tuple(Source(lang, "info_gov_hk", base + name) for lang, name in lists)
    city = replace(unnamed_city(HERE), sources=sources)
    assert city.lang_of(HERE) is None
    assert city.source_of(HERE) is sources[0]
    one = replace(city, sources=sources[1:])
    assert one.lang_of(HERE) == "en"


def test_lost_character_of_text_or_title_is_flagged() -> None:
    assert "mojibake" in release("", title="Pumping stations rebuil\ufffd").flags
    assert "mojibake" not in release("").flags
