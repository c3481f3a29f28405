"""Seconds of a researcher's first hour, from installing to a published split.

    python -m benchmarks.cost.researchers_hour [--python python3.11 --python python3.12 ...]

For each Python a virtual environment is made and `pip install '.[readers]'` run with the pip that
it brings. Then, in a folder outside the clone and with what was installed alone: the demo; the
corpus opened and filtered by the Python API; export to TSV and read again; a release of both
languages' texts, split by time, with the format of Hugging Face; its parts loaded by `datasets`,
and no article, pair or text in two of them; the card with the filter's losses. A step that fails
ends the run with its complaint.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]

_OPEN = """
import shizheng

beads = shizheng.open("demo-output").sentences(
    min_probability=0.9, min_bead_probability=0.9, without_flags="any"
)
print(beads.num_rows, "beads")
assert beads.num_rows > 100 and not any(beads["flags"].to_pylist())
"""
_READ = """
import pandas

rows = pandas.read_csv("beads.tsv", sep="\\t", quoting=3, keep_default_na=False)
print(len(rows), "rows")
assert len(rows) > 100 and {"zh", "en", "zh_script"} <= set(rows)
"""
_PARTS = """
import datasets

parts = datasets.load_dataset("demo-output/releases/hour/hf", "sentences", cache_dir="cache")
assert {"train", "test"} <= set(parts), parts
for column in ("pair_id", "zh"):
    train, test = (set(parts[name][column]) - {""} for name in ("train", "test"))
    assert train and test
    if column == "pair_id":
        assert not train & test, train & test
articles = datasets.load_dataset("demo-output/releases/hour/hf", "articles", cache_dir="cache")
texts = [set(zip(of["title"], of["text"])) for of in articles.values()]
assert sum(map(len, texts)) == len(set().union(*texts))
print({name: part.num_rows for name, part in parts.items()})
card = open("demo-output/releases/hour/README.md", encoding="utf-8").read()
print(next(line for line in card.splitlines() if "Removed from the stored corpus" in line))
"""


def steps(python: str, folder: Path) -> list[tuple[str, list[str]]]:
    """Return the steps in order, as commands."""
    own = folder / "venv/bin"
    shizheng, filters = str(own / "shizheng"), ["--min-probability", "0.9"]
    return [
        ("a virtual environment", [python, "-m", "venv", str(folder / "venv")]),
        ("pip install", [str(own / "pip"), "install", "--quiet", f"{ROOT}[readers]"]),
        ("the demo", [shizheng, "demo", "--output", "demo-output"]),
        ("open and filter", [str(own / "python"), "-c", _OPEN]),
        (
            "export to TSV",
            [shizheng, "export", "sentences", "beads.tsv", *filters, "--output", "demo-output"],
        ),
        ("read it with pandas", [str(own / "python"), "-c", _READ]),
        (
            "release, split by time, for datasets",
            [shizheng, "release", "hour", *filters, "--split", "time", "--format", "hf",
             "--output", "demo-output"],
        ),
        ("load its parts, and the card", [str(own / "python"), "-c", _PARTS]),
    ]  # fmt: skip


def hour(python: str) -> None:
    """Print the seconds of each step with one Python."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith("PYTHON")
        }
        begun = time.monotonic()
        for step, command in steps(python, folder):
            start = time.monotonic()
            ended = subprocess.run(
                command, cwd=folder, check=False, capture_output=True, text=True, env=environment
            )
            if ended.returncode:
                sys.exit(f"{python}: {step}: exit {ended.returncode}\n{ended.stderr[-3000:]}")
            said = ended.stdout.strip().splitlines() if "-c" in command else []
            print(f"| {step} | {time.monotonic() - start:.1f} | {' '.join(said)[:200]} |")
        version = subprocess.run(
            [str(folder / "venv/bin/pip"), "--version"],
            check=True, capture_output=True, text=True, env=environment,
        ).stdout.split(" from ")[0]  # fmt: skip
        print(f"| all of it | {time.monotonic() - begun:.1f} | {version} |", flush=True)


def main() -> None:
    """Measure with each Python that was named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", action="append", help="a Python; may be repeated")
    for python in parser.parse_args().python or [sys.executable]:
        print(f"\n{python}\n\n| step | seconds | |\n|---|---|---|")
        hour(python)


if __name__ == "__main__":
    main()
