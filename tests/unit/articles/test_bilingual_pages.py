"""What a bilingual page says of its own alignment is kept, and no sentence crosses it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.item import Article, article_id
from pipelines import align
from pipelines.articles.article_language import judge
from pipelines.articles.bilingual_pages import Line, blocks, groups
from pipelines.tables import articles, files, parquet, schema

NOW = datetime(2024, 6, 1, 8, 0, tzinfo=UTC)
URL = "http://fao.qingya.example/art/2024/5/6/art_9_41.html"
ZH = (
    "外国人来青崖市办理停留延期，应当在有效期届满7日前提出申请。",
    "申请人应当提交护照、住宿登记证明和申请表。受理窗口设在滨湖路88号。",
    "手续费为160元，自受理之日起5个工作日内办结。",
    "咨询电话每日8时30分至17时开通。",
)
EN = (
    "Foreigners who wish to extend their stay in Qingya shall apply 7 days before it expires.",
    "Applicants shall hand in a passport, proof of lodging and an application form. "
    "The window is at 88 Binhu Road.",
    "The fee is 160 yuan, and the matter is settled within 5 working days.",
    "The help line is open daily from 8:30 to 17:00.",
)


def page(*paragraphs: str) -> Article:
    return Article(
        article_id=article_id(URL), city="qingya", site="fao.qingya.example", url=URL,
        title="停留延期办理须知 How to extend a stay", text="\n".join(paragraphs),
    )  # fmt: skip


def turns(*, english_first: bool = False) -> Article:
    pairs = [(en, zh) if english_first else (zh, en) for zh, en in zip(ZH, EN, strict=True)]
    return page(*(line for pair in pairs for line in pair))


@pytest.mark.parametrize("english_first", [False, True])
def test_both_articles_name_each_other_and_number_their_paragraphs(english_first: bool) -> None:
    zh, en = judge(turns(english_first=english_first))
    assert isinstance(zh, Article)
    assert isinstance(en, Article)
    assert (zh.mate_id, en.mate_id) == (en.article_id, zh.article_id)
    assert zh.mate_groups == en.mate_groups == (0, 1, 2, 3)


def lines(*said: tuple[str, str]) -> list[Line]:
    return [Line(text, frozenset(sides.split())) for sides, text in said]


def test_paragraphs_of_one_language_in_a_row_share_a_group() -> None:
    said = lines(
        ("zh", ZH[0]), ("zh", ZH[1]), ("en", " ".join(EN[:2])), ("zh", ZH[2]), ("en", EN[2])
    )  # fmt: skip
    assert groups(said) == {"zh": (0, 0, 1), "en": (0, 1)}


def test_length_tells_which_language_leads_after_an_introduction_in_one() -> None:
    long = "The city's foreign affairs office publishes this guide for guests from everywhere."
    both = [
        line for pair in zip(ZH, EN, strict=True) for line in zip(("zh", "en"), pair, strict=True)
    ]
    assert groups(lines(("en", long), *both)) == {"zh": (1, 2, 3, 4), "en": (0, 1, 2, 3, 4)}


def test_a_line_of_figures_that_both_have_is_a_group_of_its_own() -> None:
    said = lines(
        ("zh", ZH[0]), ("en", EN[0]), ("zh en", "2024.5.6"), ("zh", ZH[1]), ("en", EN[1])
    )  # fmt: skip
    assert groups(said) == {"zh": (0, 1, 2), "en": (0, 1, 2)}


def test_blocks_cover_everything_once_and_in_order() -> None:
    assert list(blocks([0, 0, 2], [0, 1, 2, 2])) == [
        ((0, 2), (0, 1)),
        ((2, 2), (1, 2)),
        ((2, 3), (2, 4)),
    ]


def test_known_mates_are_a_pair_for_certain_and_beads_keep_to_the_groups(tmp_path: Path) -> None:
    zh, en = judge(turns())
    assert isinstance(zh, Article)
    assert isinstance(en, Article)
    # A rival that says word for word what the English half says: similarity would take it.
    rival = replace(
        zh, article_id="f" * 16, url="http://www.qingya.example/1.html", mate_id=None,
        mate_groups=(), text=zh.text.replace("滨湖路", "滨河路"),
    )  # fmt: skip
    articles.write_articles(tmp_path, "qingya", [zh, en, rival], run_id="r", now=NOW)
    align.align_city(tmp_path, "qingya", now=NOW)
    pairs = parquet.read_table(files.table_path(tmp_path, "pairs", "qingya"), schema.PAIRS)
    (pair,) = pairs.to_pylist()
    assert (pair["zh_id"], pair["en_id"]) == (zh.article_id, en.article_id)
    assert (pair["probability"], pair["relation"]) == (1.0, "translation")
    table = parquet.read_table(files.table_path(tmp_path, "sentences", "qingya"), schema.SENTENCES)
    rows = [(row["zh"], row["en"], row["probability"]) for row in table.to_pylist()]
    assert rows[0] == (ZH[0], EN[0], 1.0)
    assert rows[-2:] == [(ZH[2], EN[2], 1.0), (ZH[3], EN[3], 1.0)]
    assert "".join(zh for zh, _, _ in rows) == "".join(ZH)


def test_a_text_changed_since_is_aligned_without_the_groups(tmp_path: Path) -> None:
    zh, en = judge(turns())
    assert isinstance(zh, Article)
    assert isinstance(en, Article)
    shorter = replace(zh, text="\n".join(ZH[:3]))
    articles.write_articles(tmp_path, "qingya", [shorter, en], run_id="r", now=NOW)
    assert align.align_city(tmp_path, "qingya", now=NOW).pairs == 1
