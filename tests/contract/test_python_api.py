"""The Python API: its examples run, what it promises is there, and filters do what they say."""

import doctest
import importlib
import inspect
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import shizheng
from pipelines.articles.records import ImportFileError
from pipelines.errors import UsageError
from pipelines.sentences.documents import AlignError

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


def test_days_are_dates_or_texts(corpus: Path) -> None:
    found = shizheng.open(corpus)
    first = min(found.documents(min_probability=0.0)["zh_published_at"].drop_null().to_pylist())
    for day in (first.date(), first.date().isoformat(), first):
        assert found.pairs(min_probability=0.0, since=day).num_rows > 0
        assert found.pairs(min_probability=0.0, until=day, since=day).num_rows < 4
    assert found.pairs(since="2090-01-01").num_rows == 0


def test_what_is_no_corpus_is_named_for_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "release/data").mkdir(parents=True)
    (tmp_path / "release/manifest.json").write_text("{}")
    with pytest.raises(UsageError, match=r"a release, whose tables are Parquet: read .*/data/sent"):
        shizheng.open(tmp_path / "release")
    with pytest.raises(UsageError, match="s3://bucket/x: expected a folder"):
        shizheng.open("s3://bucket/x")


ENGLISH = ["The port opened today in the city.", "It was a fine day for all of them."]
CHINESE = ["港口今天在本市开放。", "当天天气晴好，人人高兴。"]


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (
            lambda: shizheng.detect(None),
            TypeError,
            r"^detect: text: expected a text \(str\), not N",
        ),
        (lambda: shizheng.detect("x", 1), TypeError, "^detect: too many positional arguments"),
        (lambda: shizheng.split(b"x", "en"), TypeError, r"expected a text \(str\), not bytes"),
        (lambda: shizheng.split("x", "fr"), ValueError, "lang: expected zh or en, not 'fr'"),
        (lambda: shizheng.split("x", None), ValueError, "lang: expected zh or en, not None"),
        (lambda: shizheng.facts("x", "de"), ValueError, "lang: expected zh or en, not 'de'"),
        (lambda: shizheng.facts("x", "en", title=3), TypeError, r"title: expected a text \(str\)"),
        (
            lambda: shizheng.facts("x", "en", published="2024-03-05"),
            TypeError,
            "published: expected a datetime or None, not str",
        ),
        (lambda: shizheng.extract(None, "u"), TypeError, r"html: expected bytes or a text \(str\)"),
        (lambda: shizheng.extract("x", None), TypeError, r"url: expected a text \(str\), not None"),
        (
            lambda: shizheng.extract("x", "u", headers=["a"]),
            TypeError,
            "headers: expected a mapping or None, not list",
        ),
        (
            lambda: shizheng.align(None, "a"),
            TypeError,
            r"^align: zh: expected a text \(str\) or a list of texts, not None$",
        ),
        (
            lambda: shizheng.align([1], ["a"]),
            TypeError,
            r"zh\[0\]: expected a text \(str\), not int",
        ),
        (lambda: shizheng.align({"a": 1}, "a"), TypeError, "a list of texts, not dict"),
        (lambda: shizheng.align(b"a", "a"), TypeError, "a list of texts, not bytes"),
        (lambda: shizheng.align("", "", encoder=3), TypeError, r"encoder: .* or None, not int"),
        (lambda: shizheng.open(None), TypeError, r"^open: output: .* or a path, not None"),
        (
            lambda: shizheng.pair("一", "a"),
            TypeError,
            "expected a list of mappings or texts, not s",
        ),
        (lambda: shizheng.pair(["一"], iter([3])), TypeError, r"en_articles\[0\]: expected a map"),
        (
            lambda: shizheng.pair(["一"], ["a"], max_days="3"),
            TypeError,
            "max_days: expected a whole",
        ),
        (
            lambda: shizheng.pair(["一"], ["a"], max_days=-1),
            ValueError,
            "expected 0 or more, not -1",
        ),
        (
            lambda: shizheng.pair(["一"], ["a"], min_probability=2),
            UsageError,
            "min_probability: expected a number from 0 to 1, not 2",
        ),
        (
            lambda: shizheng.pair(ENGLISH, CHINESE),
            AlignError,
            "of 4 articles 4 are in another lang",
        ),
        (
            lambda: shizheng.pair([{"id": "1", "text": "一"}], [{"id": "1", "text": "a"}]),
            ImportFileError,
            r"^en_articles\[0\]: id '1' was on zh_articles\[0\] already",
        ),
        (lambda: shizheng.align(ENGLISH, CHINESE), AlignError, "the languages are swapped"),
        (
            lambda: shizheng.pair(["一"], ["a", {"text": "b", "published_at": "5 March"}]),
            ImportFileError,
            r"^en_articles\[1\]: published_at must be like",
        ),
    ],
)
def test_an_argument_that_is_none_is_a_sentence(
    call: Callable[[], object], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        call()


def test_no_articles_are_no_pairs(corpus: Path) -> None:
    assert shizheng.pair([], []).schema.names == shizheng.open(corpus).pairs().schema.names


def test_articles_of_which_none_is_a_pair_are_no_rows() -> None:
    days = {"published_at": date(2024, 3, 5), "title": float("nan")}
    found = shizheng.pair([{"text": CHINESE[0]} | days], ["Rain is expected in the hills."])
    assert (found.num_rows, found.schema) == (0, shizheng.pair([], []).schema)


@pytest.mark.parametrize(
    ("filters", "error", "said"),
    [
        ({"relations": "translated"}, UsageError, "did you mean translation"),
        ({"cities": "nowhere"}, UsageError, "no pairs of nowhere"),
        ({"min_probability": 90}, UsageError, "from 0 to 1"),
        ({"kinds": "1-1"}, UsageError, "chooses sentences"),
        ({"relation": "translation"}, TypeError, "did you mean relations"),
        ({"min_probability": "0.9"}, UsageError, "min_probability: expected a number, not str"),
        ({"min_probability": None}, UsageError, "min_probability: expected a number, not None"),
        ({"min_probability": True}, UsageError, "min_probability: expected a number, not bool"),
        ({"relations": None}, UsageError, "relations: .* or a list of texts, not None"),
        ({"best": "yes"}, UsageError, "best: expected True or False, not str"),
        ({"since": "5 March"}, UsageError, "expected a date like 2024-03-05, not '5 March'"),
        ({"since": 2024}, UsageError, r"since: expected a date or a text \(str\) or None, not int"),
        ({"since": "2024-05-01", "until": "2024-04-30"}, UsageError, "is later than until"),
        ({"kinds": (1, 1)}, UsageError, r"kinds\[0\]: expected a text \(str\), not int"),
        ({"scripts": ["7"]}, UsageError, "unknown script 7; known: Hans, Hant"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(
    corpus: Path, filters: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        shizheng.open(corpus).pairs(**filters)
