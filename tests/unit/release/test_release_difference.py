"""Two releases tell what changed between them, and why."""

from dataclasses import replace
from pathlib import Path

import pytest
from builders import store_rows, stored_rows
from release_corpus import NOW, article, pair, release, write_corpus

from crawler.item import Article
from pipelines.release import difference
from pipelines.release.snapshot import Snapshot
from pipelines.tables import articles, parquet


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "c")


def changes(old: Snapshot, new: Snapshot, table: str, what: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = (
        difference.compare_releases(old, new)["tables"].get(table, {}).get(what, {})
    )
    return found


def stored_pairs(output: Path) -> list[parquet.Row]:
    rows = stored_rows(output, "pairs", "anbei")
    return sorted(rows, key=lambda row: -row["probability"])


def write_pairs(output: Path, rows: list[parquet.Row]) -> None:
    store_rows(output, "pairs", "anbei", sorted(rows, key=lambda row: str(row["pair_id"])))


def stored(output: Path, key: str) -> Article:
    (row,) = (
        r for r in articles.read_articles(output, "anbei").to_pylist() if r["article_id"] == key
    )
    fields = ("article_id", "city", "site", "url", "title", "text", "lang", "script", "rights",
              "published_at", "published_precision")  # fmt: skip
    return Article(**{name: row[name] for name in fields})


def test_releases_of_the_same_corpus_do_not_differ(output: Path) -> None:
    assert difference.compare_releases(release(output, "a"), release(output, "b")) == {
        "from": "a", "to": "b", "settings": {}, "tables": {},
    }  # fmt: skip


def test_new_and_corrected_and_withdrawn_articles_are_told_apart(output: Path) -> None:
    best, second, *_ = stored_pairs(output)
    old = release(output, "old")
    new_one = article("anbei", "zh", "new", "新的一篇。", 50)
    corrected = replace(stored(output, second["zh_id"]), text="更正后的全文。")
    articles.write_articles(output, "anbei", [new_one, corrected], run_id="r2", now=NOW)
    (output / "withdrawn.yaml").write_text(f"- article: {best['en_id']}\n")
    new = release(output, "new")
    assert changes(old, new, "articles", "added") == {"new": [new_one.article_id]}
    assert changes(old, new, "articles", "changed") == {"corrected": [corrected.article_id]}
    assert changes(old, new, "articles", "removed") == {"withdrawn": [best["en_id"]]}
    assert changes(old, new, "pairs", "removed") == {"withdrawn": [best["pair_id"]]}
    assert changes(new, old, "articles", "added") == {"no longer withdrawn": [best["en_id"]]}


def test_a_pair_that_fell_below_the_threshold_is_told_from_a_raised_threshold(output: Path) -> None:
    best, second, third, *_ = stored_pairs(output)
    old = release(output, "old", cities=("anbei",))
    rest = [row for row in stored_pairs(output) if row["pair_id"] != best["pair_id"]]
    write_pairs(output, [best | {"probability": 0.3}, *rest])
    fell = release(output, "fell", cities=("anbei",))
    assert changes(old, fell, "pairs", "removed") == {
        "no longer above threshold": [best["pair_id"]]
    }
    raised = release(output, "raised", cities=("anbei",), min_probability=0.8)
    (found,) = (
        ids
        for why, ids in changes(fell, raised, "pairs", "removed").items()
        if why == "no longer above threshold: it was raised"
    )
    assert third["pair_id"] in found
    assert second["pair_id"] not in found
    assert (
        difference.compare_releases(fell, raised)["settings"]["thresholds"][1]["min_probability"]
        == 0.8
    )
    assert "now above threshold: it was lowered" in changes(raised, fell, "pairs", "added")


def test_another_mate_another_model_and_another_relation_are_named(output: Path) -> None:
    best, second, third, *rest = stored_pairs(output)
    old = release(output, "old", cities=("anbei",))
    swapped = pair(stored(output, best["zh_id"]), stored(output, second["en_id"]), 0.97)
    changed = third | {"relation": "abridged"}
    write_pairs(output, [swapped, changed, *(row | {"method": "other 2"} for row in rest)])
    new = release(output, "new", cities=("anbei",))
    assert changes(old, new, "pairs", "removed") == {
        "its article has another counterpart": sorted([best["pair_id"], second["pair_id"]])
    }
    assert changes(old, new, "pairs", "added") == {"new": [swapped["pair_id"]]}
    found = changes(old, new, "pairs", "changed")
    assert found["relation"] == [third["pair_id"]]
    above = [row["pair_id"] for row in rest if row["probability"] >= 0.5]
    assert found["another model"] == sorted(above)


def test_rights_that_were_cleared_change_what_is_held(output: Path) -> None:
    old = release(output, "old", cities=("chunan",))
    path = output.parent / "cities" / "chunan.yaml"
    path.write_text(path.read_text().replace("checked: null", "checked: 2024-08-01"))
    new = release(output, "new", cities=("chunan",))
    (why,) = changes(old, new, "articles", "changed")
    assert why == "rights"
