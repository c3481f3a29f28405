"""The examples for researchers run as they stand, on the demo's release, and agree."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import duckdb
import pandas
import polars
import pyarrow as pa
import pyarrow.dataset as pads
import pytest

from pipelines.cli import app
from pipelines.release.tables import LAYOUTS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "how-to" / "for-researchers.md"
TUTORIAL = DOCS / "tutorial" / "load-filter-cite.md"
VERSION = "1.0.0"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str, page: Path = PAGE) -> list[str]:
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [code for named, code in found if named == language]


PYTHON, SPARK, R = blocks("python"), blocks("py"), blocks("r")
READERS = {
    "pandas": lambda folder: pa.Table.from_pandas(
        pandas.read_parquet(folder, dtype_backend="pyarrow"), preserve_index=False
    ),
    "polars": lambda folder: polars.read_parquet(f"{folder}/*.parquet").to_arrow(),
    "duckdb": lambda folder: duckdb.sql(f"from '{folder}/*.parquet'").to_arrow_table(),
    "pyarrow": lambda folder: pads.dataset(folder).to_table(),
}


@pytest.fixture(scope="module")
def folder(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `demo-output`, and the release 1.0.0 of it that the page asks for."""
    folder = tmp_path_factory.mktemp("researcher")
    shutil.copytree(demo, folder / "demo-output")
    output = str(folder / "demo-output")
    assert app.main(["release", VERSION, "--output", output, "--format", "all"]) == 0
    return folder


@pytest.fixture
def here(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    return folder


def beads(folder: Path) -> pa.Table:
    return pads.dataset(folder / "demo-output/releases" / VERSION / "data/sentences").to_table()


def test_the_page_has_an_example_for_every_reader() -> None:
    code = "\n".join(PYTHON)
    for name in ("pandas", "polars", "duckdb", "pyarrow.dataset", "datasets"):
        assert f"import {name}\n" in code
    assert "streaming=True" in code
    assert "library(arrow)" in R[0]


@pytest.mark.parametrize("code", PYTHON, ids=lambda code: re.sub(r"\W+", "-", code[:40]))
def test_an_example_runs_as_it_stands(
    code: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), names)
    said = capsys.readouterr().out
    assert said or "assert" in code
    if "sentences" in names:
        # A DuckDB relation says its length in its shape, the others have one.
        read = names["sentences"]
        rows = read.shape[0] if hasattr(read, "shape") else len(read)
        assert rows == beads(here).num_rows > 900


def test_a_release_of_the_demo_says_that_it_is_invented(here: Path) -> None:
    release = here / "demo-output/releases" / VERSION
    for name in ("datasheet.md", "hf/README.md", "site/index.html"):
        assert "Everything here is invented" in (release / name).read_text(encoding="utf-8")


def test_choosing_leaves_some_and_takes_some(here: Path) -> None:
    code = next(code for code in PYTHON if "plain = " in code)
    names: dict[str, Any] = {}
    exec(code, names)
    assert 0 < len(names["plain"]) < len(names["english"])
    assert 0 < len(names["chosen"]) < len(names["sentences"])


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("table", LAYOUTS)
def test_every_reader_sees_equal_rows_and_types(here: Path, table: str, reader: str) -> None:
    of = LAYOUTS[table].of
    read: Callable[[str], pa.Table] = READERS[reader]
    found = read(f"demo-output/releases/{VERSION}/data/{table}")
    assert found.column_names == of.names
    for field in of:
        assert kind(found.schema.field(field.name).type) == kind(field.type), field.name
    expected = pads.dataset(here / "demo-output/releases" / VERSION / "data" / table).to_table()
    assert found.num_rows == expected.num_rows
    for name in ("city", "split", "pair_id", "article_id", "zh", "title", "probability"):
        if name in of.names:
            assert found[name].to_pylist() == expected[name].to_pylist()


@pytest.mark.parametrize("table", LAYOUTS)
def test_datasets_sees_equal_rows_and_types(here: Path, table: str) -> None:
    path = f"demo-output/releases/{VERSION}/hf"
    loaded = datasets.load_dataset(path, table, split="train")
    streamed = datasets.load_dataset(path, table, split="train", streaming=True)
    expected = pads.dataset(here / "demo-output/releases" / VERSION / "data" / table).to_table()
    assert loaded.num_rows == sum(1 for _ in streamed) == expected.num_rows
    for field in LAYOUTS[table].of:
        assert kind(loaded.features.arrow_schema.field(field.name).type) == kind(field.type)


@pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="needs pyspark and Java")
def test_the_example_for_spark_counts_every_bead(here: Path) -> None:
    (code,) = SPARK
    asked = [sys.executable, "-c", code]
    ran = subprocess.run(asked, cwd=here, check=True, capture_output=True, text=True)
    assert int(ran.stdout.split()[-1]) == beads(here).num_rows


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="needs R")
@pytest.mark.parametrize("code", R)
def test_the_examples_in_r_are_r(code: str) -> None:
    asked = ["Rscript", "-e", "invisible(parse(text = commandArgs(TRUE)))", "--args", code]
    ran = subprocess.run(asked, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def has_arrow() -> bool:
    rscript = shutil.which("Rscript")
    if rscript is None:
        return False
    asked = ["-e", "quit(status = as.integer(!requireNamespace('arrow', quietly = TRUE)))"]
    return subprocess.run([rscript, *asked], check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not has_arrow(), reason="needs R with the package arrow")
@pytest.mark.parametrize("code", R)
def test_the_examples_in_r_run_as_they_stand(code: str, folder: Path) -> None:
    ran = subprocess.run(
        ["Rscript", "-e", code],
        cwd=folder, check=False, capture_output=True, text=True, env=os.environ,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split()[0] == str(beads(folder).num_rows)
    for name in LAYOUTS["sentences"].of.names:
        assert f'"{name}"' in ran.stdout


def kind(of: pa.DataType) -> str:
    """Return a type as all readers mean it: whatever the width of offsets and the name of items."""
    if pa.types.is_list(of) or pa.types.is_large_list(of):
        return f"list of {kind(of.value_type)}"
    if pa.types.is_struct(of):
        return str([(part.name, kind(part.type)) for part in of])
    if pa.types.is_timestamp(of):
        return "time"  # readers differ in precision and in the zone they show
    if pa.types.is_string(of) or pa.types.is_large_string(of) or pa.types.is_string_view(of):
        return "string"
    return str(of)


def test_the_tutorial_runs_from_top_to_bottom(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "\n".join(blocks("python", TUTORIAL))
    names: dict[str, Any] = {}
    exec(compile(code, str(TUTORIAL), "exec"), names)
    assert 0 < len(names["clean"]) < len(names["both"]) < len(names["sentences"])
    written = pandas.read_csv(here / "sentences.tsv", sep="\t")
    assert len(written) == len(names["clean"])
    assert capsys.readouterr().out.count("\n") == 4


def test_the_rows_of_the_readme_are_beads_of_the_demo(here: Path) -> None:
    found = {
        (row["zh"].strip(), row["en"].strip()): row["probability"]
        for row in beads(here).to_pylist()
    }
    for page in ("README.md", "README.zh-CN.md"):
        text = (DOCS.parent / page).read_text(encoding="utf-8")
        rows = re.findall(r"^\| (.+) \| (.+) \| (\.\d\d) \|$", text, re.MULTILINE)
        assert len(rows) == 10, page
        for zh, en, stated in rows:
            assert found[zh, en] == pytest.approx(float(stated), abs=0.15), zh
