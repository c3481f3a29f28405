"""What a release says of itself in the forms of others: Croissant, a datasheet, a citation."""

import hashlib
import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from builders import store_verdicts, stored_rows, verdict_row
from release_corpus import release, rows, write_corpus

from pipelines.release.about.datasheet import cell, render
from pipelines.release.about.statistics import Statistics
from pipelines.release.snapshot import Snapshot
from pipelines.release.tables import ARTICLES, LAYOUTS


@pytest.fixture(scope="module")
def made(output: Path) -> Snapshot:
    return release(output, "1.0.0")


def croissant(made: Snapshot) -> dict[str, Any]:
    return json.loads((made.folder / "croissant.json").read_text("utf-8"))  # type: ignore[no-any-return]


def test_croissant_names_every_file_with_its_checksum_and_every_column(made: Snapshot) -> None:
    said = croissant(made)
    objects = {one["@id"]: one for one in said["distribution"] if one["@type"] == "cr:FileObject"}
    on_disk = {path.relative_to(made.folder).as_posix() for t in LAYOUTS for path in made.files(t)}
    assert objects.keys() == on_disk
    for name, one in objects.items():
        content = (made.folder / name).read_bytes()
        assert one["sha256"] == hashlib.sha256(content).hexdigest()
        assert one["contentSize"] == f"{len(content)} B"
    for records in said["recordSet"]:
        columns = [field["@id"].split("/")[1] for field in records["field"]]
        path = made.files(records["@id"])[0]
        assert columns == pq.read_schema(path).names
        assert all(field["description"] for field in records["field"])


def test_croissant_is_valid_by_mlcroissant_and_its_records_read(
    made: Snapshot, caplog: pytest.LogCaptureFixture
) -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason="needs the extra `validators`")
    with caplog.at_level(logging.WARNING):
        dataset = mlcroissant.Dataset(jsonld=made.folder / "croissant.json")
    assert not dataset.metadata.ctx.issues.errors
    assert not dataset.metadata.ctx.issues.warnings
    for table in LAYOUTS:
        read = [_decoded(row, table) for row in dataset.records(table)]
        expected = rows(made, table)
        assert len(read) == len(expected)
        assert [set(row) for row in read] == [set(row) for row in expected]
        for one, other in zip(read, expected, strict=True):
            for name in ("pair_id", "position", "zh", "article_id", "title", "revision", "city"):
                assert one.get(name) == other.get(name)
            if table == "pairs":
                assert one["evidence"]["days_apart"] == other["evidence"]["days_apart"] == 2


def test_the_citation_says_what_when_and_which(made: Snapshot) -> None:
    said = yaml.safe_load((made.folder / "CITATION.cff").read_text("utf-8"))
    assert said["cff-version"] == "1.2.0"
    assert (said["type"], said["version"]) == ("dataset", "1.0.0")
    assert said["date-released"] == "2024-09-01"
    assert said["identifiers"][0]["value"] == f"sha256:{made.manifest['inputs']['digest']}"
    assert "70 articles of 5 Chinese cities" in said["abstract"]
    assert {"message", "title", "authors"} <= said.keys()


def test_the_citation_is_valid_by_cffconvert(made: Snapshot) -> None:
    cffconvert = pytest.importorskip("cffconvert", reason="needs the extra `validators`")
    citation = cffconvert.Citation((made.folder / "CITATION.cff").read_text("utf-8"))
    citation.validate()
    assert "title = {shizheng: Chinese municipal-government news" in citation.as_bibtex()


def test_the_datasheet_answers_the_usual_questions(made: Snapshot) -> None:
    text = (made.folder / "datasheet.md").read_text("utf-8")
    for question in (
        "Motivation", "Composition", "Collection", "Known biases", "Error rates",
        "Suspicion of machine translation", "People", "Uses", "Distribution and rights",
        "Maintenance",
    ):  # fmt: skip
        assert f"\n## {question}\n" in text
    assert "English editions write their own stories" in text
    assert "obeying\nrobots.txt" in text
    assert "finds\n62 % (95 % interval 32–87 %, 16 judged) of the machine-like ones" in text


def test_without_verdicts_the_datasheet_says_that_nothing_is_known(made: Snapshot) -> None:
    assert made.manifest["quality"] is None
    text = (made.folder / "datasheet.md").read_text("utf-8")
    assert "its error rates are not known" in text


def test_with_verdicts_it_gives_rates_with_intervals(tmp_path: Path) -> None:
    output = write_corpus(tmp_path)
    given = {"reviewer": "Wang Xiaomei", "judged_at": datetime(2024, 7, 1, tzinfo=UTC)}
    verdicts = [
        verdict_row(row, "translation" if n else "different", n, **given)
        for n, row in enumerate(stored_rows(output, "pairs", "anbei"))
    ]
    before = release(output, "before")
    store_verdicts(output, verdicts, "wang")
    made = release(output, "judged", formats=("hf", "site"))
    found = made.manifest["quality"]["precision"]
    assert 0 < found["low"] < found["value"] < found["high"] <= 1
    words = f"{100 * found['value']:.0f} % (95 % interval "
    sheet, card = made.folder / "datasheet.md", made.folder / "hf" / "README.md"
    for path in (sheet, card):
        text = path.read_text("utf-8")
        assert f"pairs that tell the same thing (precision) | {words}" in text
        assert "Nobody has judged" not in text
    # Reviewers are counted and not named; their verdicts are an input like any other.
    everything = "".join(p.read_text("utf-8", "replace") for p in made.folder.rglob("*.*"))
    assert "Wang Xiaomei" not in everything
    assert made.manifest["quality"]["reviewers"] == 1
    assert before.manifest["inputs"]["digest"] != made.manifest["inputs"]["digest"]


def test_words_from_outside_obey_nothing_in_markdown() -> None:
    assert cell("a|b\n# <img src=x> [x](y) `c`") == ("a\\|b \\# \\<img src=x\\> \\[x\\](y) \\`c\\`")


def test_the_statistics_count_what_the_tables_hold(made: Snapshot) -> None:
    found = made.manifest["statistics"]
    articles, pairs, beads = (rows(made, table) for table in LAYOUTS)
    assert found["articles"] == {
        lang: sum(row["lang"] == lang for row in articles) for lang in ("en", "zh")
    }
    assert found["characters"] == {
        lang: sum(len(row["text"] or "") for row in articles if row["lang"] == lang)
        for lang in ("en", "zh")
    }
    days = sorted(row["published_at"].date().isoformat() for row in articles)
    assert found["published"] == {"first": days[0], "last": days[-1]}
    assert found["articles_by_year"] == {"2024": len(articles)}
    assert found["articles_by_archive"] == {}
    assert sum(found["pairs_by_probability"].values()) == len(pairs)
    assert found["pairs_by_probability"]["0.9"] == sum(p["probability"] >= 0.9 for p in pairs)
    assert sum(found["sentences_by_kind"].values()) == len(beads)
    both = [bead for bead in beads if bead["zh"] and bead["en"]]
    assert found["aligned"] == {
        "sentences": len(both),
        "zh_characters": sum(len(bead["zh"]) for bead in both),
        "en_characters": sum(len(bead["en"]) for bead in both),
    }


def _decoded(row: dict[str, Any], table: str) -> dict[str, Any]:
    """Return a record of mlcroissant, whose texts are bytes, by the columns' own names."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        column = name.removeprefix(f"{table}/")
        if isinstance(value, dict):
            found[column] = {key.rpartition("/")[2]: part for key, part in value.items()}
        else:
            found[column] = value.decode() if isinstance(value, bytes) else value
    return found


def test_articles_from_web_archives_are_counted_by_archive_and_crawl() -> None:
    origins = ["common-crawl CC-MAIN-2018-43 2018-11-01T02:03:04Z"] * 2
    origins += ["wayback 2018-11-01T02:03:04Z", None]
    table = pa.Table.from_pylist(
        [{"lang": "en", "text": "x", "fetched_from": origin} for origin in origins], schema=ARTICLES
    )
    counted = Statistics()
    counted.add_articles(table, pa.array([True] * 4))
    found = {"common-crawl CC-MAIN-2018-43": 2, "wayback": 1}
    assert counted.as_json()["articles_by_archive"] == found


def test_the_datasheet_names_the_web_archives(made: Snapshot) -> None:
    assert "No article was fetched from a web archive." in render("datasheet.md.j2", made.manifest)
    archives = {"common-crawl CC-MAIN-2018-43": 1200, "wayback": 34}
    manifest = made.manifest | {
        "statistics": made.manifest["statistics"] | {"articles_by_archive": archives}
    }
    text = " ".join(render("datasheet.md.j2", manifest).split())
    assert "1,234 articles were fetched from web archives" in text
    assert "common-crawl CC-MAIN-2018-43 (1,200), wayback (34)" in text
