"""A researcher's hour: open the demo's corpus, filter, export, split without leakage."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import datasets
import pyarrow.compute as pc
import pyarrow.dataset as pads
import pytest

import shizheng
from pipelines.cli.app import main

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_first_code_of_the_readme_runs_after_the_demo(
    readme: str, demo: Path, tmp_path: Path
) -> None:
    block = (ROOT / readme).read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    (tmp_path / "demo-output").symlink_to(demo)
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{block}\nassert len(beads) > 100"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=300)


@pytest.mark.parametrize("table", ["sentences", "pairs", "articles"])
def test_the_folder_of_a_corpus_is_opened_by_itself(table: str, demo: Path, tmp_path: Path) -> None:
    loaded = datasets.load_dataset(str(demo), table, cache_dir=str(tmp_path), split="train")
    assert loaded.num_rows == pads.dataset(demo / table).count_rows() > 0


def test_an_hour_of_a_researcher(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = shizheng.open(demo)
    beads = corpus.sentences(min_probability=0.9, min_bead_probability=0.9, without_flags="any")
    assert 100 < beads.num_rows < corpus.sentences().num_rows
    out = tmp_path / "beads.tsv"
    filters = ["--min-probability", "0.9", "--min-bead-probability", "0.9"]
    filters += ["--without-flag", "any"]
    assert main(["export", "sentences", str(out), *filters, "--output", str(demo)]) == 0
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [row["pair_id"] for row in rows] == beads["pair_id"].to_pylist()
    command = ["release", "hour", "--split", "time", "--format", "hf", "--min-probability", "0.9"]
    assert main([*command, "--output", str(demo)]) == 0
    release = demo / "releases/hour"
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    pairs = datasets.load_dataset(str(release / "hf"), "pairs")
    parts = {name: set(part["pair_id"]) for name, part in pairs.items()}
    assert {"train", "test"} <= set(parts)
    assert not parts["train"] & parts["test"]
    articles = pads.dataset(release / "data/articles").to_table(columns=["article_id", "split"])
    assert pc.count_distinct(articles["article_id"]).as_py() == articles.num_rows
    card = (release / "hf/README.md").read_text(encoding="utf-8")
    assert "Pairs from probability 0.9 on" in card
    assert re.search(r"Removed from the stored corpus[^.]*; pairs: [0-9]+ by probability", card)
