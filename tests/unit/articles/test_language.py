"""Chinese is never Korean, and nothing raises."""

from dataclasses import replace
from pathlib import Path

import pytest

from crawler.item import Article, Reject, article_id
from crawler.rows import rows_in
from pipelines.articles import language
from pipelines.articles.article_language import judge
from pipelines.articles.language import detect, paragraphs
from pipelines.text.script import script_of, simplified

ZH = (
    "市政府召开第二十九次常务会议，研究部署安全生产和春季农业生产工作，"
    "审议通过城市更新三年行动方案。"
)
EN = (
    "The municipal government held its 29th executive meeting on Monday, and discussed work safety "
    "and spring farming across the city."
)
PT = (
    "O Governo anunciou hoje que as medidas de apoio às pequenas empresas serão "
    "prorrogadas até ao fim do ano."
)
URL = "http://wb.anlan.example/home/202402/t20240204_1.html"


def article(text: str, title: str = "题目", declared: str | None = None) -> Article:
    return Article(
        article_id=article_id(URL),
        city="anlan",
        site="wb.anlan.example",
        url=URL,
        title=title,
        text=text,
        lang_declared=declared,
    )


@pytest.mark.parametrize(
    ("text", "lang", "script"),
    [
        (ZH, "zh", "Hans"),
        ("政府預留六億六千萬元支援中小企業數碼轉型", "zh", "Hant"),
        ("財政司司長出席APEC會議", "zh", "Hant"),
        ("行政长官会见传媒谈话全文", "zh", "Hans"),
        ("GDP增长5%", "zh", "Hans"),
        ("一の谷公园开园", "zh", "Hans"),
        ("其他球员还有 Neto、Nelson Semedo、Junior Firpo 和 Samuel Umtiti。", "zh", "Hans"),
        (EN, "en", "Latn"),
        ("APEC 2014", "en", "Latn"),
        ("Dalian", "en", "Latn"),
        ("Mayor meets guests", "en", "Latn"),
        ("Beijing Xi'an Chengdu Shenzhen", "en", "Latn"),
        ("5G+AI", "en", "Latn"),
    ],
)
def test_language_and_script_of_titles_and_texts(text: str, lang: str, script: str) -> None:
    verdict = detect(text)
    assert (verdict.lang, verdict.script) == (lang, script)
    assert verdict.evidence


@pytest.mark.parametrize(
    "text",
    [
        PT,
        "서울시는 오늘 시민 안전 대책을 발표했다.",
        "東京の天気は晴れです。明日も晴れるでしょう。",
        "La ville de Paris a annoncé hier un nouveau plan pour les transports publics.",
        "Городской совет утвердил бюджет на следующий год.",
        "Der Bürgermeister hat heute die neue Schule eröffnet und mit den Kindern gesprochen.",
        "Hội đồng thành phố đã thông qua kế hoạch phát triển đô thị trong năm nay.",
    ],
)
def test_other_languages_are_other(text: str) -> None:
    assert detect(text).lang == "other"
    (reject,) = judge(article(text))
    assert isinstance(reject, Reject)
    assert reject.reason == "other_language"


@pytest.mark.parametrize(
    "text", ["", "2024-02-05", "12.5%", "“”", "http://www.anlan.example/", "\x00"]
)
def test_text_without_letters_has_no_language_and_raises_nothing(text: str) -> None:
    assert detect(text).lang == ""


def test_same_text_gets_the_same_verdict() -> None:
    mixed = "关于 ISO 9001 质量管理体系 certification notice and the list of companies 的通知"
    assert {detect(mixed) for _ in range(5)} == {detect(mixed)}


def test_declared_language_that_is_not_found_is_flagged() -> None:
    (found,) = judge(article(EN, declared="zh"))
    assert isinstance(found, Article)
    assert (found.lang, found.script, found.flags) == ("en", "Latn", ("lang_mismatch",))
    (same,) = judge(article(EN, declared="en"))
    assert isinstance(same, Article)
    assert same.flags == ()


def test_judging_keeps_everything_else() -> None:
    before = article(ZH, declared="zh")
    (after,) = judge(before)
    assert isinstance(after, Article)
    assert replace(after, lang="", script="", lang_evidence=None) == before


def test_interleaved_page_gives_its_chinese_and_its_english_article() -> None:
    chinese = [f"第{n}条　{ZH}" for n in range(1, 5)]
    english = [f"Article {n}. {EN}" for n in range(1, 5)]
    text = "\n".join(line for pair in zip(chinese, english, strict=True) for line in pair)
    zh, en = judge(
        article(text, title="市政府工作要点 Highlights of the municipal government's work")
    )
    assert isinstance(zh, Article)
    assert isinstance(en, Article)
    assert (zh.text, en.text) == ("\n".join(chinese), "\n".join(english))
    assert (zh.title, en.title) == (
        "市政府工作要点",
        "Highlights of the municipal government's work",
    )
    assert (zh.article_id, en.article_id) == (
        article_id(URL, variant="zh"),
        article_id(URL, variant="en"),
    )
    assert zh.flags == en.flags == ("interleaved",)


def test_english_half_takes_its_headline_from_the_text_when_the_title_has_none() -> None:
    text = "\n".join([EN.split(",", maxsplit=1)[0], *[line for _ in range(3) for line in (ZH, EN)]])
    zh, en = judge(article(text, title="市政府召开常务会议"))
    assert isinstance(zh, Article)
    assert isinstance(en, Article)
    assert zh.title == "市政府召开常务会议"
    assert en.title == EN.split(",", maxsplit=1)[0]
    assert en.text == "\n".join([EN] * 3)


def test_chinese_article_that_quotes_english_stays_one() -> None:
    (found,) = judge(article("\n".join([ZH, ZH, f"他说：“{EN}”", ZH, ZH])))
    assert isinstance(found, Article)
    assert found.lang == "zh"


def test_script_is_told_by_characters_of_one_script_only() -> None:
    assert script_of("后里台") == "Hans"
    assert script_of("里程碑後續") == "Hant"
    assert simplified("財政司後續會議") == "财政司后续会议"


def test_of_chinese_and_portuguese_by_turns_the_chinese_is_kept() -> None:
    text = "\n".join(line for _ in range(4) for line in (ZH, PT))
    zh, reject = judge(article(text, title="市政府公报"))
    assert isinstance(zh, Article)
    assert (zh.lang, zh.text) == ("zh", "\n".join([ZH] * 4))
    assert isinstance(reject, Reject)
    assert reject.reason == "other_language"


def test_paragraphs_in_another_language_are_remarked_on_and_counted() -> None:
    (found,) = judge(article("\n".join([ZH, ZH, ZH, ZH, PT])))
    assert isinstance(found, Article)
    assert (found.lang, found.flags) == ("zh", ("foreign_paragraphs",))
    assert (found.lang_evidence or "").endswith("paragraphs: other 1, zh 4")


def test_each_paragraph_has_a_verdict_of_its_own() -> None:
    verdicts = paragraphs("\n".join([ZH, EN, PT, "2024-03-05", "財政司司長會見傳媒"]))
    assert [(v.lang, v.script) for v in verdicts] == [
        ("zh", "Hans"),
        ("en", "Latn"),
        ("other", ""),
        ("", ""),
        ("zh", "Hant"),
    ]


def test_a_page_of_thousands_of_doubtful_paragraphs_is_asked_about_a_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(language, "_langdetect", lambda text, priors: asked.append(text) or "pt")
    verdicts = paragraphs("\n".join([PT] * 3000))
    assert {verdict.lang for verdict in verdicts} == {"other"}
    assert len(asked) == 40


# Languages beside Chinese and English that cities of the region publish in, and odd forms.
@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("other", "Ngoenzneix raeuz bae ranz de gwn haeux, lwgnyez cungj angq dangqmaz."),
        (
            "other",
            "Nagpulong kahapon ang mga opisyal ng lungsod ang badyet sa susunod na taon.",
        ),
        (
            "other",
            "Pejabat itu telah mengumumkan bahawa jambatan baharu akan dibuka kepada orang ramai.",
        ),
        ("other", "A Câmara aprovou o orçamento para a construção de três escolas."),
        ("other", "ཐེངས་འདིའི་ཚོགས་འདུར་མི་ཉི་ཤུ་ཞུགས།"),
        ("other", "ꆈꌠꁱꂷꉬꄮꐨꄉꑞꌠ"),
        ("other", "ទីក្រុងបានបើកស្ពានថ្មីនៅថ្ងៃនេះ។"),
        ("other", "ዛሬ አዲስ ድልድይ ተከፈተ።"),
        ("other", "დღეს ახალი ხიდი გაიხსნა."),
        ("other", "Belediye bugün yeni köprüyü hizmete açtı ve törene çok sayıda kişi katıldı."),
        ("other", "Meya wa jiji alifungua daraja jipya leo katika hafla kubwa."),
        ("other", "Burmistrz otworzył dziś nowy most w centrum miasta i podziękował mieszkańcom."),
        ("en", "Ｔｈｅ ｍａｙｏｒ ｏｐｅｎｅｄ ａ ｂｒｉｄｇｅ．"),
        ("en", "New bridge opens to traffic"),
        ("en", "Songpu Tea Festival wraps up"),
        ("en", "Songpu exports up 12 pct"),
        (
            "en",
            "Visitors flock Songpu flower market ahead holiday despite cold weather",
        ),
        ("en", "Mayor Qian Weimin inspects flood control works"),
        ("zh-Hant", "呢條橋今日開咗，啲街坊話好方便。"),
        ("zh", "松浦市ＧＤＰ增长６％"),
        ("zh", "IBM Watson大会 IBM Watson Summit"),
    ],
)
def test_a_short_text_is_filed_under_its_language(expected: str, text: str) -> None:
    verdict = detect(text)
    assert "-".join(filter(None, (verdict.lang, verdict.script))).startswith(expected)


def test_written_cantonese_is_named_in_the_evidence() -> None:
    assert "written Cantonese" in detect("呢條橋今日開咗，啲街坊話好方便。").evidence
    assert "Cantonese" not in detect("這座橋今天開通，市民說很方便。").evidence


# A floor for short titles that mislead: the file says what each is in.
DATA = Path(__file__).parents[3] / "benchmarks" / "accuracy" / "data"
FLOOR = 0.985
"""Share of titles whose language is right; the script must be right for every Chinese one that
holds a character of one script only."""


def test_hard_titles_are_told_and_none_is_korean() -> None:
    names = ("titles.tsv", "titles_unseen.tsv")
    rows = [row for name in names for row in rows_in((DATA / name).read_text(encoding="utf-8"))]
    assert len(rows) >= 200
    found = [detect(title) for _, _, title in rows]
    wrong = [
        (lang, title, verdict.lang)
        for (lang, _, title), verdict in zip(rows, found, strict=True)
        if verdict.lang != lang.replace("-", "")
    ]
    assert len(wrong) <= (1 - FLOOR) * len(rows), wrong
    assert not [title for (lang, title, got) in wrong if lang == "zh" and got == "other"]
    scripts = [
        (title, verdict.script)
        for (lang, script, title), verdict in zip(rows, found, strict=True)
        if lang == verdict.lang == "zh"
        and verdict.script != script
        and "traditional 0" not in verdict.evidence
    ]
    assert not scripts
