"""What ends a sentence, in Chinese and in English. In the examples | marks the ends expected."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.rows import rows_in
from pipelines.text.splitting import split

ZH = {
    "stops end sentences": "今天天气很好。|我们开会！|你来吗？|来。",
    "a semicolon does not": "一是抓项目；二是抓服务；三是抓落实。|会议还研究了其他事项。",
    "an ellipsis ends one": "他想了很久……|还是没有说。",
    "closing quotes follow their stop": "他说：“我们要加快建设。”|会议结束了。",
    "corner brackets too": "市長表示：「預計年內完工。」|議員其後提問。",
    "nested quotes close together": "他问：“谁说的‘不行？’”|大家都不作声。",
    "who spoke stays with what was said": "“去哪儿？”老人问。|“南边。”她轻声说。|车开了。",
    "a quotation inside goes on": "有人喊了一声“出水了！”，大家都往外跑。|井边挤满了人。",
    "a title with a mark goes on": "节目《出发！》的收视率很高。|观众很满意。",
    "decimals are no stops": "全年生产总值1.2万亿元，增长6.5%。|进出口增长3.2%。",
    "a full stop slipped in ends one": "工程已经完工.| 居民十分满意。",
    "straight quotes close what they opened": '他说:"项目要快。"|"质量也要好。"|会议强调安全。',
    "clause numbers do not": "一、总体要求。|（一）加强领导。|1.明确责任。",
    "full-width full stops in numbers do not": "1．明确责任。|2．增长3．5%，达到1．2万亿元。",
    "footnotes follow their stop": "完成投资15亿元。[1]|其余下降。",
    "地 and 得 begin words after a stop": "大桥通车。|地铁停运。|雨停了吗？|得知消息的村民赶回家。",
    "and go on after a quotation": "他“啊！”地叫了一声。|“砰！”的一声，门关上了。",
    "a place after a quotation does not": "“好戏开场！”|地点设在海滨剧场。",
    "a full stop after a unit ends one": "全长12.5km.|双向四车道。|每箱重20kg.|单价80元。",
    "several marks are one end": "真的吗？！|是真的！！！",
}
EN = {
    "stops end sentences": "The meeting was held.| Officials spoke!| Did they agree?| They did.",
    "titles do not": "Mr. Li met Dr. Wang and Gen. Zhao.| They talked.",
    "No. before a number does not": "It is No. 5 Middle School.| No.| That is wrong.",
    "states go on into names": "The U.S. Embassy said so.| He left the U.S.| The visit was short.",
    "hours may end one": "It opens at 9 a.m. on Monday.| It closed at 5 p.m.| Visitors left.",
    "months do not before a day": "It began on Jan. 5 and ended in Feb. 2019.",
    "decimals are no stops": "GDP rose 6.5 percent to 1.2 trillion.| Exports fell 3.2 percent.",
    "initials do not": "J. K. Smith and George W. Bush met.| They dined.",
    "closing quotes follow their stop": '"We will speed up."| The mayor left.',
    "a question inside goes on": '"Where to?" the man asked.| "South," she said.',
    "who spoke stays with what was said": '"Where to?" Mr. Li asked.| Nobody knew.',
    "an ellipsis goes on in lower case": "He waited... and waited.| Nothing came.",
    "clause numbers stay with the clause": "1. Strengthen leadership.| It matters.",
    "clause numbers in a line, too": "1. Strengthen leadership.| 2. Improve services.| 3. Be safe.",
    "and those after a semicolon": "It has tasks: 1. Lead; 2. Serve.| They matter.",
    "articles and Roman parts stay": "Article 1. This is law.| II. Targets.",
    "a figure before the stop ends one": "See Fig. 2.| It fell to 5.| He saw it.",
    "companies do not": "Dalian Port Co. Ltd. signed it.| Bingshan Corp. signed too.",
    "streets and saints may": "They met in St. Andrews.| He lives in Yard St.| The house is old.",
    "sites are no stops": "See www.dl.gov.cn for details.| It is free.",
    "footnotes follow their stop": "It grew fast.[3]| Others fell.",
    "brackets close": "It rained (hard.)| The road was closed.",
}


def check(example: str, lang: str) -> None:
    text = example.replace("|", "")
    found = [text[span.start : span.end] for span in split(text, lang)]
    assert found == [part.strip() for part in example.split("|")]


@pytest.mark.parametrize("example", ZH.values(), ids=ZH.keys())
def test_chinese(example: str) -> None:
    check(example, "zh")


@pytest.mark.parametrize("example", EN.values(), ids=EN.keys())
def test_english(example: str) -> None:
    check(example, "en")


LISTED = rows_in((Path(__file__).parent / "split_texts.tsv").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("lang", "example"), LISTED)
def test_texts_in_the_manner_of_municipal_news(lang: str, example: str) -> None:
    check(example.replace("\\n", "\n"), lang)


@pytest.mark.parametrize(
    "example",
    [
        "“鸟叫声真好听！”|这里流传着许多传说。",
        "“出发！”|车队驶上滨海大道。",
        "“准备好了吗？”|无人回答。",
        "《章程》已修订。|《目录》同时公布。",
    ],
)
def test_what_looks_like_a_speaker_or_a_title_is_none(example: str) -> None:
    check(example, "zh")


@pytest.mark.parametrize(
    "example",
    [
        "It opens at 9 a.m.| Monday is a holiday.",
        "Tickets are sold by J. Smith and A. Brown.| They cost 5 yuan.",
        'He asked, "Really?| Why not?"| Officials gave no reason.',
        "The city (pop. 3 million) lies by the sea.| The cork went pop.| Everyone cheered.",
        "It is made of e.g. wood or approx. the same stuff.| It lasts.",
    ],
)
def test_what_looks_like_a_day_a_letter_or_a_phrase_is_none(example: str) -> None:
    check(example, "en")


def test_official_prose_that_runs_on_is_cut_at_its_semicolons() -> None:
    tasks = [f"要抓好第{n}项工作，压实责任，细化措施，确保按期完成" for n in "一二三四五六七"]
    assert len(split("；".join(tasks) + "。", "zh")) == 7
    assert len(split("；".join(tasks[:3]) + "。", "zh")) == 1
    clauses = [f"they are to finish task {n} on time and to report it in full" for n in "abcdefghi"]
    assert len(split("; ".join(clauses) + ".", "en")) == 9


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_paragraph_ends_a_sentence(lang: str) -> None:
    text = "市政府工作报告\n2024年工作回顾\r\n\n  Overview  \nDone"
    found = [text[span.start : span.end] for span in split(text, lang)]
    assert found == ["市政府工作报告", "2024年工作回顾", "Overview", "Done"]


def test_lines_wrapped_within_a_sentence_are_one() -> None:
    text = (
        "Liuwan said on Monday that it would spend 30 million yuan on the\n"
        "harbour bridge, of which the province pays half. Work starts soon.\n\n"
        "Documents needed for registration\nproof of identity\nproof of address\n"
    )
    assert [" ".join(text[s.start : s.end].split()) for s in split(text, "en")] == [
        "Liuwan said on Monday that it would spend 30 million yuan on the harbour bridge, of which "
        "the province pays half.",
        "Work starts soon.",
        "Documents needed for registration",
        "proof of identity",
        "proof of address",
    ]
    text = "会议听取了汇报，\n\n研究了部署。"
    assert len(split(text, "zh")) == 2, "a blank line parts paragraphs"


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u3000\n"])
def test_nothing_has_no_sentences(text: str, lang: str) -> None:
    assert split(text, lang) == []


def test_a_lone_mark_belongs_to_the_sentence_before_it() -> None:
    text = "他说：“好。 ” 。会议结束了。"
    assert [text[s.start : s.end] for s in split(text, "zh")] == [
        "他说：“好。 ” 。",
        "会议结束了。",
    ]


def test_another_language_is_refused() -> None:
    with pytest.raises(ValueError, match="'fr'"):
        split("Bonjour.", "fr")


@given(
    st.text(alphabet="中文市長。！？；…，”“\"'（）《》. !?aB1U.SMr\n \t\u3000", max_size=60),
    st.sampled_from(["zh", "en"]),
)
def test_spans_are_ordered_trimmed_and_lose_only_whitespace(text: str, lang: str) -> None:
    spans = split(text, lang)
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    kept = [text[span.start : span.end] for span in spans]
    assert all(part and part == part.strip() for part in kept)
    assert "".join("".join(kept).split()) == "".join(text.split())


@pytest.mark.parametrize(
    "piece", ["数", "a. ", "1. ", "Mr. ", "”。", '"', "好。", "He left. ", "；", ".", "…"]
)
def test_time_grows_with_the_length_of_a_line_not_its_square(piece: str) -> None:
    # What looked at the whole line at every stop would take a minute here, and the suite notice.
    text = piece * (80_000 // len(piece)) + "x"
    for lang in ("zh", "en"):
        spans = split(text, lang)
        assert "".join("".join(text[s.start : s.end] for s in spans).split()) == "".join(
            text.split()
        )
