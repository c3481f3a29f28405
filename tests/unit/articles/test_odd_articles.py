"""Odd articles are paired, or there is a reason why not; none disturbs the others."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from builders import NOW, article, stored_rows

from crawler.item import Article
from pipelines import align
from pipelines.articles import duplicates, imports
from pipelines.facts import facts
from pipelines.pairs import comparison
from pipelines.pairs.prepared import MAX_FIGURES, MAX_SENTENCES, Document, prepare
from pipelines.sentences import rows
from pipelines.tables.articles import write_articles
from pipelines.vectors.encoder import Vectors

ZH = article(
    "z",
    city="yunze",
    url="",
    title="市政府召开第29次常务会议",
    text="3月5日，市长谭成旭主持召开市政府第29次常务会议。\n会议指出，今年以来共排查隐患1842处。"
    "会议要求，各部门要抓好落实。",
)
EN = replace(
    ZH,
    article_id="e",
    lang="en",
    script="Latn",
    title="Municipal government holds its 29th executive meeting",
    text="Mayor Tan Chengxu presided over the 29th executive meeting on March 5.\nSo far this year "
    "1,842 hazards have been found. Departments were told to act.",
)
NUMBERS = "123 456 78.9% 2024"


def aligned(output: Path, articles: list[Article]) -> list[tuple[str, str]]:
    write_articles(output, "yunze", articles, run_id="r1", now=NOW)
    duplicates.cluster_shard(output, "yunze")
    align.align_city(output, "yunze", now=NOW)
    rows = stored_rows(output, "pairs", "yunze")
    return [(row["zh_id"], row["en_id"]) for row in rows if row["probability"] >= 0.5]


@pytest.mark.parametrize(
    "odd",
    [
        [replace(ZH, article_id="odd", title="", text="")],
        [replace(EN, article_id="odd", title="", text="")],
        [replace(ZH, article_id="odd", title="", text=NUMBERS),
         replace(EN, article_id="odd2", title="", text=NUMBERS)],
        [replace(ZH, article_id="odd", lang="en", script="Latn")],
        [replace(EN, article_id="odd", lang="zh", script="Hans")],
        [replace(ZH, article_id="odd", text="市" * 40_000)],
        [replace(EN, article_id="odd", text="city " * 8_000)],
        [replace(ZH, article_id="odd", lang="zh", extractor="import", flags=("lang_mismatch",))],
    ],
    ids=["empty zh", "empty en", "only numbers", "zh filed as en", "en filed as zh", "40,000 zh",
         "40,000 en", "imported as en"],
)  # fmt: skip
def test_an_odd_article_has_no_mate_and_takes_none(tmp_path: Path, odd: list[Article]) -> None:
    assert aligned(tmp_path, [ZH, EN, *odd]) == [("z", "e")]


def test_the_same_article_500_times_is_one(tmp_path: Path) -> None:
    copies = [replace(ZH, article_id=f"z{n:03}") for n in range(500)]
    twins = [replace(EN, article_id=f"e{n:03}") for n in range(200)]
    assert aligned(tmp_path, [*copies, *twins]) == [("z000", "e000")]


def test_an_article_in_the_wrong_language_is_given_as_the_reason(tmp_path: Path) -> None:
    aligned(tmp_path, [ZH, EN, replace(ZH, article_id="odd", lang="en", script="Latn")])
    told = align.explain(tmp_path, "z", "odd")
    assert told.startswith("Not a pair: odd was not compared, because it is filed as English")


@pytest.mark.parametrize(("declared", "one", "other"), [("en", ZH, EN), ("zh", EN, ZH)])
def test_an_import_declared_to_be_in_the_other_language_is_not_paired(
    tmp_path: Path, declared: str, one: Article, other: Article
) -> None:
    path = tmp_path / "in.jsonl"
    rows = [
        {"id": article.article_id, "city": "yunze", "lang": lang, "title": article.title,
         "text": article.text}
        for article, lang in ((one, declared), (other, other.lang))
    ]  # fmt: skip
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    articles, rejects = imports.read_jsonl(path)
    assert (len(articles), rejects) == (2, [])
    assert aligned(tmp_path, articles) == []
    told = align.explain(tmp_path, "z", "e")
    assert told.startswith(
        f"Not a pair: {one.article_id} was not compared, because it was imported"
    )


@pytest.mark.slow
def test_two_texts_far_above_what_is_compared_are_answered(tmp_path: Path) -> None:
    rng = random.Random(1)
    zh, en = "", ""
    while len(en) < 200_000:
        a, b, c = (rng.randint(1, 9999) for _ in range(3))
        zh += f"副市长王建国主持第{a}次会议，投资{b / 10}亿元，改造{c}户。\n"
        en += f"The city of Yunze planted {b} trees, opened {c} rooms and saw {a} guests arrive. "
    title = "Municipal government holds its 31st executive meeting"
    texts = [replace(ZH, text=zh * 2), replace(EN, title=title, text=f"It met on May 20. {en}")]
    assert aligned(tmp_path, texts) == []
    assert "31" in align.explain(tmp_path, "z", "e")
    # What is compared is bounded, however long the text.
    prepared = prepare([Document("z", "zh", "", zh)], Still())
    assert len(prepared[0].sentences.starts) <= MAX_SENTENCES + 1
    assert len(prepared[0].facts.figures) <= MAX_FIGURES
    assert prepared[0].facts.whole.count("\n") <= MAX_SENTENCES


class Still:
    """An encoder that tells nothing."""

    name, dim = "still", 4

    def encode(self, sentences: Sequence[str]) -> Vectors:
        return np.ones((len(sentences), 4), np.float32)


@pytest.mark.parametrize(
    ("text", "published"),
    [
        ("展览将持续至31日，欢迎市民参观。展品120件。", datetime(2024, 12, 10, tzinfo=UTC)),
        ("市科技局20日发布通知，申报截止时间为2月29日。", datetime(2023, 12, 20, tzinfo=UTC)),
        ("截至31日，全市共完成投资12.5亿元。", datetime(1, 1, 1, tzinfo=UTC)),
        ("昨日，明日，全市共完成投资12.5亿元。", datetime(9999, 12, 31, tzinfo=UTC)),
    ],
    ids=["31st", "February 29", "year 1", "year 9999"],
)  # fmt: skip
def test_a_day_that_does_not_exist_disturbs_nobody(
    tmp_path: Path, text: str, published: datetime
) -> None:
    prepared = prepare([Document("odd", "zh", "市博物馆", text, published)], Still())
    assert prepared[0].keys
    if published.year not in (1, 9999):
        odd = replace(ZH, article_id="odd", text=text, published_at=published)
        assert aligned(tmp_path, [ZH, EN, odd]) == [("z", "e")]


def test_a_number_beyond_all_bounds_disturbs_nobody(tmp_path: Path) -> None:
    said = "The report said that " + "one hundred " * 400 + "homes were built."
    assert aligned(tmp_path, [ZH, EN, replace(EN, article_id="odd", text=said)]) == [("z", "e")]


def unreadable(monkeypatch: pytest.MonkeyPatch, holder: ModuleType, name: str) -> None:
    """Let one reader raise at a certain word: no text is known that does it by itself."""
    reader = getattr(holder, name)

    def reads(*arguments: object, **more: object) -> object:
        if "unreadable" in repr((arguments, more)).lower():
            raise ZeroDivisionError("a mistake in a reader")
        return reader(*arguments, **more)

    monkeypatch.setattr(holder, name, reads)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_article_that_cannot_be_read_is_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    one = {"zh": ZH, "en": EN}[lang]
    odd = replace(one, article_id="odd", url="http://www.yunze.example/9.html",
                  text=f"UNREADABLE {one.text[:20]}")  # fmt: skip
    unreadable(monkeypatch, facts, "facts")
    assert aligned(tmp_path, [ZH, EN, odd]) == [("z", "e")]
    summary = align.align_city(tmp_path, "yunze", now=NOW)
    assert [(one.article_id, one.url) for one in summary.unread] == [
        ("odd", "http://www.yunze.example/9.html")
    ]
    assert summary.unread[0].reason == "not read (ZeroDivisionError: a mistake in a reader)"
    assert (summary.zh, summary.en) == (1, 1)
    told = (
        align.explain(tmp_path, "odd", "e") if lang == "zh" else align.explain(tmp_path, "z", "odd")
    )
    assert told.startswith("Not a pair: odd was not read (ZeroDivisionError")


def test_two_articles_that_cannot_be_compared_leave_both_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreadable(monkeypatch, comparison, "compare")
    odd = replace(ZH, article_id="odd", title="UNREADABLE", text=ZH.text + "会议还研究了其他事项。")
    write_articles(tmp_path, "yunze", [ZH, EN, odd], run_id="r1", now=NOW)
    summary = align.align_city(tmp_path, "yunze", now=NOW)
    assert summary.pairs == 1
    assert {(one.article_id, one.reason) for one in summary.unread} == {
        ("e", "not compared with odd (ZeroDivisionError: a mistake in a reader)")
    }


def test_a_pair_whose_sentences_cannot_be_aligned_is_kept_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreadable(monkeypatch, rows, "flags")
    titled = [
        replace(ZH, text=f"{ZH.text}\nUNREADABLE"),
        replace(EN, text=f"{EN.text}\nUNREADABLE"),
    ]
    write_articles(tmp_path, "yunze", titled, run_id="r1", now=NOW)
    summary = align.align_city(tmp_path, "yunze", now=NOW)
    assert (summary.pairs, summary.sentences) == (1, 0)
    assert [one.reason for one in summary.unread] == [
        "not aligned with z (ZeroDivisionError: a mistake in a reader)"
    ]


def test_what_no_article_is_to_blame_for_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(facts, "facts", full)
    with pytest.raises(OSError, match="No space left"):
        aligned(tmp_path, [ZH, EN])
