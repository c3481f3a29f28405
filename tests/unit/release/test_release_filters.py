"""A release takes the filters of exports, states its losses, and tells scripts apart."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from release_corpus import (
    CITY,
    NOW,
    RIGHTS,
    article,
    beads,
    content_of,
    pair,
    release,
    rows,
    sentences,
    site_value,
    write_city,
    write_corpus,
)

from pipelines.cli.app import main
from pipelines.release import difference, verify
from pipelines.release.formats import FORMATS
from pipelines.release.formats.word_index import words
from pipelines.release.snapshot import Snapshot
from pipelines.tables import articles, files, parquet, schema

TRADITIONAL = str.maketrans("号项个湾东开进库桥园学医结渔码头航灯书场电处经",
                            "號項個灣東開進庫橋園學醫結漁碼頭航燈書場電處經")  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a corpus with a city `yuwan` of two pairs, one in Traditional Chinese.

    The beads of its first pair differ in kind, flags and probability.
    """
    output = write_corpus(tmp_path_factory.mktemp("filters"))
    made = CITY.format(key="yuwan", rights=RIGHTS["bolin"])
    (output.parent / "cities" / "yuwan.yaml").write_text(made, encoding="utf-8")
    sides, listed = [], []
    for name, table in (("hans", {}), ("hant", TRADITIONAL)):
        said = "\n".join(sentences("zh", f"yuwan-{name}", 8)).translate(table)
        zh = replace(article("yuwan", "zh", name, said, 4), script=name.capitalize())
        en = article("yuwan", "en", name, "\n".join(sentences("en", name, 8)), 5)
        sides += [zh, en]
        listed.append(pair(zh, en, 0.9) | {"best": name == "hans"})
    write_city(output, "yuwan", sides, listed)
    found = [
        bead for at, row in enumerate(listed) for bead in beads(row, *sides[2 * at : 2 * at + 2])
    ]
    found[0] |= {"kind": "1-2"}
    found[1] |= {"flags": ["number_mismatch"]}
    found[2] |= {"probability": 0.25}
    for bead in found:
        bead["similarity"] = None if not bead["en"] else 0.4 if bead is found[2] else 0.8
    table = parquet.rows_to_table(sorted(found, key=lambda row: row["pair_id"]), schema.SENTENCES)
    parquet.write_table(files.table_path(output, "sentences", "yuwan"), table)
    return output


def removed(made: Snapshot, table: str) -> dict[str, int]:
    assert verify.problems(made) == []
    return dict(made.manifest["removed"][table])


def test_beads_are_chosen_by_probability_kind_and_flags(corpus: Path) -> None:
    whole = release(corpus, "b0", cities=("yuwan",))
    for version, asked, name, gone in (
        ("b1", {"min_bead_probability": 0.5}, "bead probability", 1),
        ("b5", {"min_similarity": 0.5}, "similarity", 3),
        ("b2", {"kinds": ("1-1", "1-0")}, "kind", 1),
        ("b3", {"without_flags": ("number_mismatch",)}, "flags", 1),
        ("b4", {"without_flags": ("any",)}, "flags", 3),
    ):
        made = release(corpus, version, cities=("yuwan",), **asked)
        assert removed(made, "sentences") == {name: gone}
        assert len(rows(whole, "sentences")) - len(rows(made, "sentences")) == gone
        assert len(rows(made, "pairs")) == len(rows(whole, "pairs"))


def test_pairs_are_chosen_by_best_and_script(corpus: Path) -> None:
    best = release(corpus, "p1", cities=("yuwan",), best=True)
    assert [row["best"] for row in rows(best, "pairs")] == [True]
    assert removed(best, "pairs") == {"best": 1}
    assert removed(best, "sentences") == {"their pairs": 9}
    hant = release(corpus, "p2", cities=("yuwan",), scripts=("Hant",))
    scripts = {row["script"] for row in rows(hant, "articles") if row["lang"] == "zh"}
    assert scripts == {"Hant"}
    assert set(removed(hant, "articles")) == {"script"}
    assert removed(hant, "pairs") == {"their articles": 1}
    assert len(rows(hant, "pairs")) == 1


def test_losses_add_up_to_the_stored_corpus(corpus: Path) -> None:
    made = release(corpus, "sum", min_probability=0.8)
    for table, of in (("pairs", schema.PAIRS), ("sentences", schema.SENTENCES)):
        stored = sum(
            parquet.read_table(files.table_path(corpus, table, city), of).num_rows
            for city in files.cities_with(corpus, "pairs")
        )
        assert len(rows(made, table)) + sum(removed(made, table).values()) == stored
    assert set(removed(made, "pairs")) == {"probability"}
    assert {"their pairs", "rights or split"} <= set(removed(made, "sentences"))


def test_a_city_without_articles_in_the_window_counts_its_pairs(corpus: Path) -> None:
    made = release(corpus, "late", cities=("anbei", "yuwan"), since=date(2024, 3, 1))
    assert {row["city"] for row in rows(made, "articles")} == {"anbei"}
    stored = parquet.read_table(files.table_path(corpus, "pairs", "yuwan"), schema.PAIRS)
    assert removed(made, "pairs")["their articles"] >= stored.num_rows > 0


def test_the_card_and_the_datasheet_state_the_losses(corpus: Path) -> None:
    made = release(
        corpus, "card", cities=("yuwan",), formats=("hf",), best=True, min_bead_probability=0.5,
        kinds=("1-1", "1-0"), without_flags=("number_mismatch",), scripts=("Hans",),
    )  # fmt: skip
    for path in (made.folder / "datasheet.md", made.folder / "hf" / "README.md"):
        text = " ".join(path.read_text("utf-8").split())
        assert "the Chinese in Hans" in text
        assert "one to one" in text
        assert "Beads from probability 0.5 on. Beads of the kinds 1-0, 1-1" in text.replace(
            "1-1, 1-0", "1-0, 1-1"
        )
        assert "without the flags number\\_mismatch" in text
        assert "pairs: 1 by their articles" in text
        assert "1 by bead probability, 1 by kind, 1 by flags" in text


def test_the_command_takes_the_filters_and_prints_the_losses(
    corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cities = str(corpus.parent / "cities")
    given = ["--city", "yuwan", "--best", "--script", "Hans", "--min-bead-probability", "0.5"]
    given += ["--kind", "1-1", "--without-flag", "any", "--format", "parquet"]
    assert main(["release", "cli", *given, "--output", str(corpus), "--cities-dir", cities]) == 0
    said = capsys.readouterr().out
    assert "pairs removed: 1 by their articles" in said
    assert "1 by bead probability" in said


def test_a_difference_of_filters_is_no_news(corpus: Path) -> None:
    old = release(corpus, "d1", cities=("yuwan",))
    new = release(corpus, "d2", cities=("yuwan",), best=True)
    found = difference.compare_releases(old, new)["tables"]
    assert set(found["pairs"]["removed"]) == {"outside the new selection"}
    back = difference.compare_releases(new, old)["tables"]
    assert set(back["pairs"]["added"]) == {"outside the old selection"}
    hant = release(corpus, "d3", cities=("yuwan",), scripts=("Hant",))
    found = difference.compare_releases(old, hant)["tables"]
    assert set(found["articles"]["removed"]) == {"outside the new selection"}


def test_every_format_tells_the_scripts_apart(corpus: Path) -> None:
    made = release(
        corpus, "scripts", cities=("yuwan",), formats=("hf", "jsonl", "moses", "tmx")
    )  # fmt: skip
    script = {
        row["article_id"]: row["script"]
        for row in rows(made, "articles", ["article_id", "script"])
    }  # fmt: skip
    of_pair = {row["pair_id"]: script[row["zh_id"]] for row in rows(made, "pairs")}
    assert set(of_pair.values()) == {"Hans", "Hant"}
    for table in ("pairs", "sentences"):
        lines = (made.folder / "jsonl" / f"{table}-all.jsonl").read_text("utf-8").splitlines()
        for row in (*rows(made, table), *map(json.loads, lines)):
            assert row["zh_script"] == of_pair[row["pair_id"]]
    translation = pq.read_table(made.folder / "hf" / "translation" / "train-00000.parquet")
    for row in translation.to_pylist():
        assert row["zh_script"] == of_pair[row["pair_id"]]
    for line in (made.folder / "moses" / "all.ids").read_text("utf-8").splitlines():
        pair_id, _, _, stated = line.split("\t")
        assert stated == of_pair[pair_id]
    units = re.findall(
        r'tuid="(\w+)\.\d+".*\n<tuv xml:lang="zh-(\w+)">',
        (made.folder / "tmx" / "all.tmx").read_text("utf-8"),
    )
    assert len(units) == translation.num_rows > 0
    assert all(of_pair[pair_id] == stated for pair_id, stated in units)


def test_a_column_that_was_added_later_may_be_missing(corpus: Path) -> None:
    made = release(corpus, "before", cities=("yuwan",), formats=())
    for table in ("pairs", "sentences"):
        path = made.files(table)[0]
        pq.write_table(pq.read_table(path).drop_columns(["zh_script"]), path)
    # The digests differ now; the columns are no fault.
    assert all("SHA-256" in problem for problem in verify.problems(made))


# Withdrawn articles in later releases: reposts, counterparts, search words, statistics.
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
