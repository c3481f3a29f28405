"""The demo's gold: complete, consistent with the pages, and as much as the demo promises."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from crawler.demo.content import TRAPS, load_content
from crawler.demo.gold import gold_articles, gold_beads, gold_pairs, write_gold
from crawler.item import article_id

ARTICLES = {row["article_id"]: row for row in gold_articles()}


def test_every_article_has_an_id_of_its_own() -> None:
    assert len(ARTICLES) == sum(len(entries) for entries in load_content().values())


def test_pairs_join_chinese_to_english_of_one_city() -> None:
    for zh, en, _ in gold_pairs():
        assert ARTICLES[zh]["lang"] == "zh"
        assert ARTICLES[en]["lang"] == "en"
        assert ARTICLES[zh]["city"] == ARTICLES[en]["city"]


def test_beads_cover_both_texts_in_order() -> None:
    for row in gold_beads():
        for side, key in enumerate(("zh_id", "en_id")):
            joined = "".join(bead[side] for bead in row["beads"])
            assert re.sub(r"\s", "", joined) == re.sub(r"\s", "", ARTICLES[row[key]]["text"])


def test_no_bead_is_empty_on_both_sides() -> None:
    assert all(any(bead) for row in gold_beads() for bead in row["beads"])


def test_the_demo_holds_what_it_promises() -> None:
    relations = Counter(relation for _, _, relation in gold_pairs())
    paired = {each for zh, en, _ in gold_pairs() for each in (zh, en)}
    alone = Counter(row["lang"] for key, row in ARTICLES.items() if key not in paired)
    assert sum(relations.values()) >= 45
    assert set(relations) == {"translation", "abridged", "part_of", "same_event"}
    assert alone["zh"] >= 90
    assert alone["en"] >= 15
    assert len(list(gold_beads())) >= 12
    assert {row["trap"] for row in ARTICLES.values()} >= set(TRAPS)


def test_an_article_is_the_mate_of_one_unless_it_is_told_in_parts() -> None:
    tellers = Counter(zh for zh, _, relation in gold_pairs() if relation != "part_of")
    assert max(tellers.values()) == 1
    assert max(Counter(en for _, en, _ in gold_pairs()).values()) == 1


def test_a_repost_names_an_original_that_is_none() -> None:
    reposts = [row for row in ARTICLES.values() if row["trap"] == "repost"]
    assert reposts
    assert all(ARTICLES[row["duplicate_of"]]["duplicate_of"] is None for row in reposts)


def test_only_shown_dates_are_expected() -> None:
    for row in ARTICLES.values():
        if row["url"].startswith("http://en.yunze.example/"):
            assert row["published"] is None
        elif "/english/" in row["url"]:
            assert re.fullmatch(r"\d{4}-\d\d-\d\d", row["published"])
        else:
            assert row["published"].endswith(":00+08:00")


def test_an_interleaved_page_is_two_articles_with_variant_ids() -> None:
    rows = [row for row in ARTICLES.values() if row["trap"] == "interleaved"]
    assert len({row["url"] for row in rows}) * 2 == len(rows)
    assert all(row["article_id"] == article_id(row["url"], row["lang"]) for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["articles.jsonl", "beads.jsonl", "rejects.jsonl", "pairs.tsv"])
def test_gold_is_written_whole_and_the_same_each_time(tmp_path: Path, name: str) -> None:
    write_gold(tmp_path / "a")
    write_gold(tmp_path / "b")
    first = (tmp_path / "a" / name).read_text(encoding="utf-8")
    assert first == (tmp_path / "b" / name).read_text(encoding="utf-8")
    lines = first.splitlines()
    if name.endswith(".jsonl"):
        assert all(isinstance(json.loads(line), dict) for line in lines)
    else:
        assert lines[0] == "zh_id\ten_id\trelation"
        assert len(lines) == 1 + len(list(gold_pairs()))
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "articles.jsonl",
        "beads.jsonl",
        "pairs.tsv",
        "rejects.jsonl",
    ]
