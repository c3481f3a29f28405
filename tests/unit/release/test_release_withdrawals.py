"""Withdrawn articles in later releases: reposts, counterparts, search words, statistics."""

from dataclasses import replace
from pathlib import Path

import pytest
from release_corpus import (
    NOW,
    article,
    content_of,
    pair,
    release,
    rows,
    site_value,
    write_city,
    write_corpus,
)

from pipelines.release import verify
from pipelines.release.formats import FORMATS
from pipelines.release.formats.word_index import words
from pipelines.tables import articles

ALL = tuple(sorted(FORMATS))


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return write_corpus(tmp_path)


def withdraw(output: Path, article_id: str) -> None:
    (output / "withdrawn.yaml").write_text(f"- article: {article_id}\n")


@pytest.mark.parametrize("cities", [(), ("bolin",)], ids=["both cities", "the other city alone"])
def test_a_repost_in_another_city_goes_with_the_article(
    output: Path, cities: tuple[str, ...]
) -> None:
    first = article("anbei", "zh", "first", "全文仅此一处：蓝鲸形状的风筝飞过旧码头。", 3)
    repost = article("bolin", "zh", "repost", first.text + "（转载）", 4)
    articles.write_articles(output, "anbei", [first], run_id="r2", now=NOW)
    articles.write_articles(output, "bolin", [repost], run_id="r2", now=NOW)
    marks = {repost.article_id: (first.article_id, "anbei")}
    articles.mark_duplicates(output, "bolin", {key: head for key, (head, _) in marks.items()})
    before = content_of(release(output, "before", formats=ALL, cities=cities).folder)
    assert repost.article_id in before
    withdraw(output, first.article_id)
    made = release(output, "after", formats=ALL, cities=cities)
    after = content_of(made.folder)
    for trace in (first.article_id, repost.article_id, first.url, repost.url, "蓝鲸形状的风筝"):
        assert trace not in after
    assert verify.problems(made) == []


def test_the_other_half_of_a_page_in_both_languages_no_longer_names_it(output: Path) -> None:
    zh = article("anbei", "zh", "half", "双语页面的中文一半，讲的是潮汐电站。", 3)
    en = article("anbei", "en", "half", "The English half, about the tidal power station.", 3)
    zh = replace(zh, mate_id=en.article_id, mate_groups=(0,))
    en = replace(en, mate_id=zh.article_id, mate_groups=(0,))
    articles.write_articles(output, "anbei", [zh, en], run_id="r2", now=NOW)
    before = {row["article_id"]: row for row in rows(release(output, "before"), "articles")}
    assert before[en.article_id]["mate_id"] == zh.article_id
    withdraw(output, zh.article_id)
    made = release(output, "after", formats=ALL)
    (left,) = (row for row in rows(made, "articles") if row["article_id"] == en.article_id)
    assert (left["mate_id"], left["mate_groups"]) == (None, None)
    assert zh.article_id not in content_of(made.folder)


def test_its_title_is_in_no_search_file_and_no_example(tmp_path: Path) -> None:
    output = write_corpus(tmp_path)
    zh = article("bolin", "zh", "k1", "独角兽号轮渡今日首航，码头上站满了人。共有三百人乘船。", 5)
    en = article("bolin", "en", "k1", "The ferry Unicorn sailed today. 300 people were on it.", 6)
    zh, en = replace(zh, title="独角兽号轮渡首航"), replace(en, title="Zebrafish ferry sails")
    write_city(output, "bolin", [zh, en], [pair(zh, en, 0.99)])
    site = release(output, "before", formats=ALL).folder / "site"
    searched = "".join(path.read_text("utf-8") for path in (site / "data/search").iterdir())
    assert all(f'"{word}"' in searched for word in ("zebrafish", "独角", "角兽", "轮渡"))
    assert "Zebrafish ferry sails" in content_of(site)
    assert "站满了人" in content_of(site)  # an example on the first page
    withdraw(output, en.article_id)
    made = release(output, "after", formats=ALL)
    after = content_of(made.folder)
    for trace in ("zebrafish", "Zebrafish", en.article_id, "was on it", '"独角"', '"角兽"'):
        assert trace not in after
    index = site_value(made.folder / "site/data/index.js")
    assert sum(count for *_, count in index["files"]) == len(rows(made, "pairs"))


def test_words_are_cut_as_a_reader_types_them() -> None:
    assert list(words("Ｌｉｎｅ 2 of the Métro: No. 29 地铁2号线，开通！")) == [
        "line", "2", "metro", "no", "29", "地铁", "2", "号线", "开通",
    ]  # fmt: skip
