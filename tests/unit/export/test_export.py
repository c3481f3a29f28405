"""Exports: each filter removes what it names, each format reads back, scripts are told apart."""

import csv
import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from builders import article, store_articles, store_rows

from crawler.item import NEWS_TIME
from pipelines.cli.app import main
from pipelines.export.filters import Filters, Losses, chosen_beads
from pipelines.export.formats import FORMATS
from pipelines.sentences.flags import flags
from pipelines.tables import schema
from pipelines.tables.vocabulary import FLAGS

LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def day(number: int) -> datetime:
    return datetime(2024, 3, number, tzinfo=NEWS_TIME)


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cities, one of them in Traditional Chinese, with texts that break careless files."""
    output = tmp_path_factory.mktemp("corpus")
    texts = {"a": "第一段。\n第二\t段\\。", "b": "=1+1。", "c": "港口開放。"}
    store_articles(
        output,
        article("a", "zh", day(1), city="luoshan", text=texts["a"], script="Hans"),
        article("b", "zh", day(5), city="luoshan", text=texts["b"], script="Hans"),
        article("x", "en", day(2), city="luoshan", text='One, "two".\nThree.', script="Latn"),
        article("y", "en", day(6), city="luoshan", text="Four.", script="Latn"),
    )
    store_articles(
        output,
        article("c", "zh", day(9), city="gangkou", text=texts["c"], script="Hant"),
        article("z", "en", None, city="gangkou", text="The port <opened>.", script="Latn"),
    )
    links = {"a": ("x", 0.95, "translation", True), "b": ("y", 0.6, "digest", False),
             "c": ("z", 0.9, "translation", True)}  # fmt: skip
    for city, keys in (("luoshan", "ab"), ("gangkou", "c")):
        rows: list[dict[str, Any]] = []
        beads: list[dict[str, Any]] = []
        for key in keys:
            en, probability, relation, best = links[key]
            pair = {"pair_id": f"5981421907361e6{key}".replace("e6a", "e60"), "city": city,
                    "zh_id": key, "en_id": en, "probability": probability, "relation": relation,
                    "best": best, "zh_title": "标题", "en_title": "Title",
                    "evidence": {"similarity": 0.5}}  # fmt: skip
            rows.append(pair)
            beads += [
                {"pair_id": pair["pair_id"], "position": 0, "kind": "1-1", "zh": texts[key],
                 "en": "A <b> & c", "probability": 0.99, "flags": []},
                {"pair_id": pair["pair_id"], "position": 1, "kind": "1-0", "zh": "独有。",
                 "en": "", "probability": 0.4, "flags": ["fragment"]},
            ]  # fmt: skip
        store_rows(output, "pairs", city, rows)
        store_rows(output, "sentences", city, beads)
    return output


def export(output: Path, out: Path, kind: str, *options: str) -> dict[str, Any]:
    """Run the command; return what it told."""
    import contextlib
    import io

    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        code = main(["export", kind, str(out), *options, "--output", str(output), "--json"])
    assert code == 0
    found: dict[str, Any] = json.loads(told.getvalue())
    return found


@pytest.mark.parametrize(
    ("options", "kept", "removed"),
    [
        ((), 3, {}),
        (("--min-probability", "0.9"), 2, {"probability": 1}),
        (("--relation", "digest"), 1, {"relation": 2}),
        (("--best",), 2, {"best": 1}),
        (("--city", "gangkou"), 1, {}),
        (("--script", "Hant"), 1, {"script": 2}),
        (("--script", "Hans", "--best"), 1, {"best": 1, "script": 1}),
        (("--since", "2024-03-02"), 1, {"date": 2}),
        (("--until", "2024-03-03"), 1, {"date": 2}),
    ],
)
def test_each_filter_removes_what_it_names_and_says_so(
    output: Path, tmp_path: Path, options: tuple[str, ...], kept: int, removed: dict[str, int]
) -> None:
    for kind in ("pairs", "documents"):
        told = export(output, tmp_path / f"{kind}.jsonl", kind, *options)
        assert told["kept"] == kept
        assert {name: count for name, count in told["removed"].items() if count} == removed


@pytest.mark.parametrize(
    ("options", "kept", "removed"),
    [
        ((), 6, {}),
        (("--min-bead-probability", "0.99"), 3, {"bead probability": 3}),
        (("--kind", "1-1", "1-2"), 3, {"kind": 3}),
        (("--kind", "1-1,1-2"), 3, {"kind": 3}),
        (("--without-flag", "fragment"), 3, {"flags": 3}),
        (("--without-flag", "any", "--best"), 2, {"their pairs": 2, "flags": 2}),
        (("--without-flag", "boilerplate"), 6, {}),
    ],
)
def test_each_filter_of_beads_removes_what_it_names(
    output: Path, tmp_path: Path, options: tuple[str, ...], kept: int, removed: dict[str, int]
) -> None:
    told = export(output, tmp_path / "beads.jsonl", "sentences", *options)
    assert told["kept"] == kept
    assert {name: count for name, count in told["removed"].items() if count} == removed


def test_a_bead_that_a_person_set_passes_a_filter_by_cosine() -> None:
    # Nobody computed its cosine; that of a sentence alone, or of an old corpus, is not its like.
    beads = [("1-1", 1.0, None), ("1-1", 0.9, 0.8), ("1-1", 1.0, 0.2), ("1-0", 1.0, None),
             ("12-1", 1.0, None), ("1-1", 0.9, None)]  # fmt: skip
    rows = [dict(zip(("kind", "probability", "similarity"), bead, strict=True)) for bead in beads]
    table = pa.Table.from_pylist(rows, schema.SENTENCES)
    losses = Losses()
    kept = chosen_beads(table, Filters(min_similarity=0.5), losses)
    assert [*zip(kept["kind"].to_pylist(), kept["similarity"].to_pylist(), strict=True)] == [
        ("1-1", None), ("1-1", pytest.approx(0.8)), ("12-1", None),
    ]  # fmt: skip
    assert losses.removed == {"similarity": 3}


def test_a_file_without_rows_is_announced(
    output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "none.tsv"
    command = ["export", "sentences", str(out), "--since", "2090-01-01", "--output", str(output)]
    assert main(command) == 0
    assert "none.tsv has no sentences: none passes the filters" in capsys.readouterr().err
    assert out.read_text(encoding="utf-8").count("\n") == 1


def test_beads_that_go_with_their_pairs_are_accounted_for(
    output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = export(output, tmp_path / "a.tsv", "sentences", "--best", "--min-probability", "0.92")
    assert told["removed"]["their pairs"] == 4
    assert told["pairs_removed"] == {"probability": 2, "best": 0}
    command = ["export", "sentences", str(tmp_path / "b.tsv"), "--relation", "digest"]
    assert main([*command, "--output", str(output)]) == 0
    assert (
        "kept; removed: 4 by their pairs; pairs removed: 2 by relation" in capsys.readouterr().out
    )


@pytest.mark.parametrize("kind", ["pairs", "documents", "sentences"])
@pytest.mark.parametrize("name", [*FORMATS])
def test_every_format_is_written_and_tells_scripts_apart(
    output: Path, tmp_path: Path, kind: str, name: str
) -> None:
    out = tmp_path / f"out.{name}"
    export(output, out, kind, *(["--format", "sheet"] if name == "sheet" else []))
    scripts = {"Hans", "Hant"}
    if name == "moses":
        lines = [(tmp_path / f"out.{end}").read_text().split("\n") for end in ("zh", "en", "ids")]
        assert len({len(side) for side in lines}) == 1
        assert {line.split("\t")[3] for line in lines[2][:-1]} == scripts
    elif name == "tmx":
        units = ET.parse(out).getroot().findall("body/tu")
        langs = {side.get(LANG) for unit in units for side in unit.findall("tuv")}
        assert langs == {"zh-Hans", "zh-Hant", "en"}
    elif name == "parquet":
        assert set(pd.read_parquet(out)["zh_script"]) == scripts
    elif name == "jsonl":
        rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        assert {row["zh_script"] for row in rows} == scripts
    else:
        separator = "\t" if name == "tsv" else ","
        assert set(pd.read_csv(out, sep=separator)["zh_script"]) == scripts
        text = out.read_text(encoding="utf-8-sig")
        assert pl.read_csv(text.encode(), separator=separator).height == len(pd.read_csv(
            out, sep=separator))  # fmt: skip


def test_a_sheet_stays_text_and_plain_csv_stays_plain(output: Path, tmp_path: Path) -> None:
    export(output, tmp_path / "plain.csv", "documents")
    export(output, tmp_path / "sheet.csv", "documents", "--format", "sheet")
    read = {}
    for name in ("plain", "sheet"):
        with (tmp_path / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            read[name] = list(csv.DictReader(file))
    assert [row["zh_text"] for row in read["plain"] if row["zh_id"] == "b"] == ["=1+1。"]
    assert [row["zh_text"] for row in read["sheet"] if row["zh_id"] == "b"] == ["'=1+1。"]
    assert [row["pair_id"] for row in read["sheet"] if row["zh_id"] == "a"] == ["'5981421907361e60"]
    assert [row["zh_text"] for row in read["plain"] if row["zh_id"] == "a"] == [
        "第一段。\n第二\t段\\。"
    ]


@pytest.mark.skipif(not shutil.which("soffice"), reason="needs LibreOffice")
def test_a_sheet_comes_back_from_libreoffice_unchanged(output: Path, tmp_path: Path) -> None:
    export(output, tmp_path / "sheet.csv", "documents", "--format", "sheet")
    # Read as its dialogue does with “detect special numbers” on, and written again.
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile",
         "--infilter=CSV:44,34,76,1,,2052,false,true", "--convert-to",
         "csv:Text - txt - csv (StarCalc):44,34,76,1,,2052,false,true",
         "--outdir", tmp_path / "out", tmp_path / "sheet.csv"],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    read = []
    for path in (tmp_path / "sheet.csv", tmp_path / "out/sheet.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            read.append(list(csv.DictReader(file)))
    assert len(read[0]) == len(read[1]) == 3
    for before, after in zip(*read, strict=True):
        for name in ("pair_id", "zh_id", "zh_title", "zh_text", "en_text", "relation", "zh_script"):
            assert after[name] == before[name], name


def test_a_line_of_a_tsv_is_a_row(output: Path, tmp_path: Path) -> None:
    export(output, tmp_path / "out.tsv", "documents")
    header, *rows = (tmp_path / "out.tsv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 3
    (first,) = (row for row in rows if "\ta\tx\t" in row)
    assert r"第一段。\n第二\t段\\。" in first
    assert {len(row.split("\t")) for row in rows} == {len(header.split("\t"))}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["pairs", "out.doc"], ".tsv"),
        (["pairs", "out.tsv", "--city", "nowhere"], "nowhere"),
        (["pairs", "out.tsv", "--script", "Latn"], "Hans"),
        (["words", "out.tsv"], "words"),
        (["pairs", "out.tsv", "--since", "2024-02-02", "--until", "2024-02-01"], "later"),
    ],
)
def test_a_mistake_is_a_sentence_and_no_file(
    output: Path, tmp_path: Path, arguments: list[str], named: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    kind, out, *options = arguments
    words = [kind, str(tmp_path / out), *options, "--output", str(output)]
    assert main(["export", *words]) == 2
    assert named in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("sentences --kind 1:1", "did you mean 1-1?"),
        ("sentences --kind １－２", "did you mean 1-2?"),
        ("sentences --kind 0-0", "like 1-1 or 1-2, not '0-0'"),
        ("sentences --without-flag number-mismatch", "did you mean number_mismatch?"),
        ("sentences --without-flag Any", "did you mean any?"),
        ("pairs --relation translated", "did you mean translation?"),
        ("pairs --script hans", "did you mean Hans?"),
        ("pairs --city Luoshan", "did you mean luoshan?"),
        ("pairs --kind 1-1", "--kind chooses sentences"),
        ("documents --without-flag any", "--without-flag chooses sentences"),
        ("documents --min-bead-probability .5", "--min-bead-probability chooses sentences"),
        ("pairs --min-similarity .5", "--min-similarity chooses sentences"),
    ],
)
def test_a_filter_that_no_row_can_pass_is_refused_with_what_was_meant(
    output: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    said: str,
) -> None:
    out = tmp_path / "a.tsv"
    kind, *options = command.split()
    assert main(["export", kind, str(out), *options, "--output", str(output)]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_a_place_where_no_file_can_be_is_refused(
    output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "afile").touch()
    (tmp_path / "folder.tsv").mkdir()
    for name, told in (
        ("afile/x.tsv", "afile is no folder"),
        ("afile/deeper/x.tsv", "afile is no folder"),
        ("folder.tsv", "is a folder"),
    ):
        assert main(["export", "pairs", str(tmp_path / name), "--output", str(output)]) == 2
        assert told in capsys.readouterr().err


def test_flags_that_beads_get_are_those_that_filters_know() -> None:
    beads = {
        "number_mismatch": ("新增12所学校。", "It added 15 schools."),
        "length_outlier": ("会议今天召开。", "word " * 60),
        "fragment": ("是。", "Yes."),
        "boilerplate": ("责任编辑：王某", "Editor: Wang"),
    }
    assert sorted(beads) == list(FLAGS)
    for flag, (zh, en) in beads.items():
        assert flag in flags(zh, en)
