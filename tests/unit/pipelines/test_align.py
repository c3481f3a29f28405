"""The shard step: the same articles make the same tables, at any time."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import builders
import pytest
from builders import stored_rows

from crawler.item import NEWS_TIME, Article
from pipelines import align
from pipelines.pool import map_shards
from pipelines.sentences import align as sentences
from pipelines.tables import parquet
from pipelines.tables.articles import mark_duplicates, write_articles

NOW = datetime(2024, 6, 1, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=9)

ZH = (
    "4月8日，市长欧阳景澄主持召开市政府第十七届第29次常务会议。会议听取了防汛备汛情况汇报。\n"
    "会议指出，要在4月底前完成37处险工险段加固，备足编织袋120万条。\n"
    "会议原则同意轨道交通4号线建设方案，线路全长28.3公里，总投资196.5亿元。"
)
EN = (
    "Mayor Ouyang Jingcheng chaired the 29th executive meeting of the 17th municipal government on "
    "April 8. The meeting heard a report on flood preparation.\n"
    "By the end of April 37 dangerous dike sections are to be reinforced and 1.2 million sandbags "
    "stored.\n"
    "The plan for Metro Line 4 was agreed to. "
    "The line is 28.3 kilometers long and costs 91.5 billion yuan."
)


def article(key: str, lang: str, title: str, text: str, day: int) -> Article:
    published = datetime(2024, 4, day, 9, 0, tzinfo=NEWS_TIME)
    return builders.article(key, lang, published, city="yunze", title=title, text=text)


def articles() -> list[Article]:
    other = ZH.replace("29次", "30次").replace("4月8日", "4月15日").replace("37处", "52处")
    return [
        article("a1", "zh", "市政府召开第29次常务会议", ZH, 9),
        article("a2", "zh", "市政府召开第30次常务会议", other, 16),
        article("b1", "en", "City government studies flood preparation", EN, 12),
        article("b2", "en", "A taste of spring", "Anna folds dumplings with her neighbour.", 3),
    ]


def changed() -> Article:
    return article("b1", "en", "City government studies flood preparation", EN + " It ended.", 12)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    write_articles(tmp_path, "yunze", articles(), run_id="r1", now=NOW)
    return tmp_path


def digests(output: Path) -> dict[str, str]:
    tables = ("pairs", "candidates", "sentences", "vectors")
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for table in tables
        for path in sorted((output / table).rglob("*.parquet"))
    }


def rows(output: Path, table: str) -> list[parquet.Row]:
    return stored_rows(output, table, "yunze")


def test_the_pair_is_found_with_its_evidence(output: Path) -> None:
    summary = align.align_city(output, "yunze", now=NOW)
    (pair,) = (row for row in rows(output, "pairs") if row["probability"] >= 0.5)
    assert (pair["zh_id"], pair["en_id"]) == ("a1", "b1")
    assert pair["evidence"]["ordinals"] > 0
    assert pair["evidence"]["days_apart"] == 3
    assert pair["aligned_at"] == NOW
    assert summary.likely == 1
    assert ("a2", "b1") in {(row["zh_id"], row["en_id"]) for row in rows(output, "candidates")}


def test_running_twice_changes_no_byte(output: Path) -> None:
    align.align_city(output, "yunze", now=NOW)
    before = digests(output)
    align.align_city(output, "yunze", now=LATER)
    assert digests(output) == before


def test_a_corrected_article_dates_its_pair_anew_and_no_other(output: Path) -> None:
    align.align_city(output, "yunze", now=NOW)
    write_articles(output, "yunze", [changed()], run_id="r2", now=LATER)
    align.align_city(output, "yunze", now=LATER)
    assert {row["aligned_at"] for row in rows(output, "pairs") if row["en_id"] == "b1"} == {LATER}


def test_adding_articles_in_steps_gives_what_all_at_once_gives(
    output: Path, tmp_path: Path
) -> None:
    stepwise = tmp_path / "steps"
    for count in (2, 3, 4):
        write_articles(stepwise, "yunze", articles()[:count], run_id="r1", now=NOW)
        align.align_city(stepwise, "yunze", now=NOW)
    align.align_city(output, "yunze", now=NOW)
    whole = {path.removeprefix(str(output)): digest for path, digest in digests(output).items()}
    parts = {path.removeprefix(str(stepwise)): d for path, d in digests(stepwise).items()}
    assert parts == {path: digest for path, digest in whole.items() if "steps" not in path}


@pytest.mark.slow
def test_two_processes_write_what_one_writes_byte_for_byte(tmp_path: Path) -> None:
    found = {}
    for jobs in (1, 2):
        folder = tmp_path / str(jobs)
        for city in ("anlan", "yunze"):
            own = [replace(one, city=city) for one in articles()]
            write_articles(folder, city, own, run_id="r1", now=NOW)
        step = partial(align.align_shard, folder, now=NOW)
        assert {s.likely for s in map_shards(step, ["anlan", "yunze"], jobs=jobs).values()} == {1}
        found[jobs] = {path.removeprefix(str(folder)): d for path, d in digests(folder).items()}
    assert len(found[1]) == 14
    assert found[1] == found[2]


def test_only_new_pairs_are_aligned_and_others_keep_their_bytes(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    align.align_city(output, "yunze", now=NOW)
    before = digests(output)

    def refuse(*_: object) -> None:
        raise AssertionError("aligned again")

    monkeypatch.setattr(sentences, "align", refuse)
    align.align_city(output, "yunze", now=NOW)
    assert digests(output) == before
    write_articles(output, "yunze", [changed()], run_id="r2", now=LATER)
    again = align.align_city(output, "yunze", now=LATER)
    assert ["aligned again" in one.reason for one in again.unread] == [True]


def test_caches_may_be_deleted(output: Path) -> None:
    align.align_city(output, "yunze", now=NOW)
    before = digests(output)
    for path in (output / "vectors").rglob("*.parquet"):
        path.unlink()
    align.align_city(output, "yunze", now=NOW)
    assert digests(output) == before


def test_sentences_cover_both_texts_and_carry_flags(output: Path) -> None:
    align.align_city(output, "yunze", now=NOW)
    (pair,) = rows(output, "pairs")
    beads = [row for row in rows(output, "sentences") if row["pair_id"] == pair["pair_id"]]
    assert [row["position"] for row in beads] == list(range(len(beads)))
    for lang, text in (("zh", ZH), ("en", EN)):
        assert "".join(row[lang] for row in beads if row[lang]).replace(" ", "") == "".join(
            text.split()
        )
        for row in beads:
            if row[lang]:
                assert text[row[f"{lang}_start"] : row[f"{lang}_end"]] == row[lang]
    assert any("number_mismatch" in row["flags"] for row in beads)


def test_duplicates_are_compared_through_their_first(output: Path) -> None:
    twin = article("a0", "zh", "市政府召开第29次常务会议", ZH, 9)
    write_articles(output, "yunze", [twin], run_id="r2", now=NOW)
    mark_duplicates(output, "yunze", {"a0": "a1", "a1": "a1"})
    align.align_city(output, "yunze", now=NOW)
    assert [row["zh_id"] for row in rows(output, "pairs") if row["probability"] >= 0.5] == ["a1"]


@pytest.mark.parametrize("present", [[], ["a1"], ["b1"], ["b2", "b1"]])
def test_a_city_with_one_language_or_none_has_empty_tables(
    tmp_path: Path, present: list[str]
) -> None:
    chosen = [one for one in articles() if one.article_id in present]
    write_articles(tmp_path, "yunze", chosen, run_id="r1", now=NOW)
    assert align.align_city(tmp_path, "yunze", now=NOW).pairs == 0
    assert rows(tmp_path, "pairs") == rows(tmp_path, "sentences") == []


def test_explain_says_why_not(output: Path) -> None:
    explained = align.explain(output, "a2", "b1")
    assert "Not a pair" in explained
    assert "eeting numbers clash: [30] against [29]" in explained
    assert "A pair (" in align.explain(output, "a1", "b1")


def test_explain_looks_in_the_named_city_only(output: Path) -> None:
    assert "A pair (" in align.explain(output, "a1", "b1", cities=["yunze"])
    with pytest.raises(align.UnknownPairError, match="none of elsewhere holds"):
        align.explain(output, "a1", "b1", cities=["elsewhere"])


def test_explain_names_what_it_cannot_find(output: Path) -> None:
    with pytest.raises(align.UnknownPairError, match="no city holds a Chinese article nothing"):
        align.explain(output, "nothing", "b1")
