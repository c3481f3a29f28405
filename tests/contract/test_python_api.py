"""The Python API: its examples run, what it promises is there, and filters do what they say."""

import doctest
import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest

import shizheng
from pipelines.errors import UsageError

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "python-api.md"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["shizheng", *(f"shizheng.{n}" for n in ("texts", "pairing"))])
def test_every_example_runs(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted
    assert not found.failed


@pytest.mark.slow
def test_the_examples_of_the_page_run(monkeypatch: pytest.MonkeyPatch, corpus: Path) -> None:
    monkeypatch.chdir(corpus.parent)
    text = PAGE.read_text(encoding="utf-8").replace('"output"', repr(str(corpus)))
    blocks = [part.split("```")[0] for part in text.split("```python\n")[1:]]
    assert blocks
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), {})


@pytest.mark.parametrize("name", shizheng.__all__)
def test_all_that_is_stable_is_documented_and_on_the_page(name: str) -> None:
    assert inspect.getdoc(getattr(shizheng, name))
    assert f"`{name}" in PAGE.read_text(encoding="utf-8")


def test_filters_are_keywords(corpus: Path) -> None:
    found = shizheng.open(corpus)
    every = found.pairs(min_probability=0.0)
    likely = found.pairs()
    assert 0 < likely.num_rows <= every.num_rows
    assert min(likely["probability"].to_pylist()) >= 0.5
    city = every["city"][0].as_py()
    assert set(found.pairs(cities=city, min_probability=0.0)["city"].to_pylist()) == {city}
    beads = found.sentences(kinds="1-1", without_flags=["any"])
    assert set(beads["kind"].to_pylist()) == {"1-1"}
    assert not any(beads["flags"].to_pylist())
    texts = found.documents()
    assert all(texts["zh_text"].to_pylist())
    assert len(texts.to_pandas()) == texts.num_rows


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        shizheng.open(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("filters", "error", "said"),
    [
        ({"relations": "translated"}, UsageError, "did you mean translation"),
        ({"cities": "nowhere"}, UsageError, "no pairs of nowhere"),
        ({"min_probability": 90}, UsageError, "from 0 to 1"),
        ({"kinds": "1-1"}, UsageError, "chooses sentences"),
        ({"relation": "translation"}, TypeError, "did you mean relations"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(
    corpus: Path, filters: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        shizheng.open(corpus).pairs(**filters)
