"""What is wrong with one city costs that city: it is named, the others are aligned and reported."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import CITY, Web, serving, small_city
from loopback import Webhook, webhook
from operating import call, environment, inside, manifests

from pipelines.tables import articles, files, schema

MISTAKE = "internal error: error: unpack_from requires a buffer of at least"


@dataclass
class Corpus:
    """Two cities that are alike, crawled, aligned and reported once."""

    output: Path
    cities: Path

    def shizheng(self, *arguments: str) -> tuple[int, str, str]:
        return inside(self.output, self.cities, *arguments)

    def garble(self, city: str) -> None:
        """Make what was kept of a city's articles nonsense in a table that is whole."""
        (path,) = (self.output / "vectors" / city).glob("*.articles.parquet")
        kept = pq.read_table(path)
        nonsense = pa.array([b"?"] * kept.num_rows, pa.binary())
        columns = [kept.column("key"), nonsense]
        pq.write_table(pa.Table.from_arrays(columns, schema=schema.VALUE_CACHE), path)


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with serving(Web(small_city())) as made:
        yield made


@pytest.fixture(scope="module")
def whole(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("whole")
    made = Corpus(folder / "output", folder / "cities")
    made.cities.mkdir()
    for city in ("haiqing", "haiyan"):
        (made.cities / f"{city}.yaml").write_text(CITY, encoding="utf-8")
    first = call(web, "run", made.output, made.cities, "--jobs", "1")
    assert (first.returncode, first.stderr) == (0, "")
    return made


@pytest.fixture
def corpus(whole: Corpus, tmp_path: Path) -> Corpus:
    """A copy to damage."""
    shutil.copytree(whole.output, tmp_path / "output")
    return Corpus(tmp_path / "output", whole.cities)


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as received:
        yield received


def test_a_run_goes_on_without_the_city_that_cannot_be_aligned_and_names_it(
    web: Web, corpus: Corpus, hook: Webhook
) -> None:
    corpus.garble("haiyan")
    (corpus.output / "reports" / "index.html").unlink()
    env = environment(web, no_proxy="127.0.0.1", SHIZHENG_PRIVATE_ADDRESSES="1")
    ended = call(
        web, "run", corpus.output, corpus.cities, "--jobs", "1", "--webhook", hook.url, env=env
    )

    assert ended.returncode == 3
    told = ended.stderr.splitlines()
    assert told[0].startswith("shizheng: 1 of 2 cities need a look")
    assert told[1].startswith(f"shizheng: haiyan: {MISTAKE}")
    assert (corpus.output / "reports" / "index.html").is_file()
    assert [row["exit_code"] for row in manifests(corpus.output)] == [0, 3]
    (message,) = hook.messages
    assert (message["event"], list(message["failures"])) == ("failed", ["haiyan"])
    assert MISTAKE in message["text"]
    issues = Path(told[-1].removeprefix("shizheng: details: ")).read_text().splitlines()
    assert ("haiyan", "align") in [(one["city"], one["code"]) for one in map(json.loads, issues)]
    standing = json.loads(corpus.shizheng("status", "--json")[1])
    assert [(one["city"], one["health"]) for one in standing] == [
        ("haiqing", "well"),
        ("haiyan", "failed"),
    ]
    assert standing[1]["why"][0].startswith(MISTAKE)


def test_align_does_the_other_cities_and_ends_with_three_and_with_four_if_there_is_none(
    corpus: Corpus,
) -> None:
    corpus.garble("haiqing")
    (kept,) = (corpus.output / "vectors" / "haiyan").glob("*.articles.parquet")
    kept.unlink()
    code, out, errors = corpus.shizheng("align", "--jobs", "1", "--json")
    assert (code, errors.startswith(f"shizheng: haiqing: {MISTAKE}")) == (3, True)
    found = json.loads(out)
    assert found["haiqing"]["failed"].startswith(MISTAKE)
    assert found["haiyan"]["unread"] == []
    assert kept.is_file()
    assert corpus.shizheng("align", "haiqing")[0] == 4


def test_a_damaged_table_takes_no_other_citys_report(corpus: Corpus) -> None:
    path = next(files.articles_folder(corpus.output, "haiyan").glob("*.parquet"))
    path.write_bytes(b"PAR1 not really")
    code, out, errors = corpus.shizheng("report")
    assert code == 3
    assert out.startswith("report: ")
    assert f"shizheng: haiyan: left out: {path}: not a readable Parquet file" in errors
    code, out, _ = corpus.shizheng("status")
    assert code == 3
    assert "damaged" in next(line for line in out.splitlines() if line.startswith("haiyan "))
    assert corpus.shizheng("align", "--jobs", "1")[0] == 3


def test_articles_that_cannot_be_read_are_named_by_run_and_by_align(
    web: Web, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.facts import facts as evidence

    read = evidence.facts
    rows = articles.read_articles(
        corpus.output, "haiyan", ["article_id", "url", "lang"]
    ).to_pylist()
    odd = next(row for row in rows if row["lang"] == "en")

    def facts(*arguments: Any, **more: Any) -> Any:
        if more.get("url") == odd["url"]:
            raise ZeroDivisionError("a mistake in a reader")
        return read(*arguments, **more)

    monkeypatch.setattr(evidence, "facts", facts)
    for kept in (corpus.output / "vectors").glob("*/*.articles.parquet"):
        kept.unlink()
    sentence = (
        f"article {odd['article_id']} ({odd['url']}): not read (ZeroDivisionError: a mistake in a "
        "reader); the others were aligned"
    )
    code, out, errors = corpus.shizheng("align", "haiyan", "--jobs", "1", "--json")
    assert (code, errors) == (0, f"shizheng: haiyan: {sentence}\n")
    assert [one["article_id"] for one in json.loads(out)["haiyan"]["unread"]] == [odd["article_id"]]

    for name, value in environment(web).items():
        monkeypatch.setenv(name, value)
    code, out, errors = corpus.shizheng("run", "--jobs", "1", "-sDOWNLOAD_DELAY=0")
    assert code == 0
    assert f"shizheng: haiyan: {sentence}" in errors.splitlines()
    last = max(corpus.output.glob("runs/*/issues.jsonl"), key=lambda path: path.stat().st_mtime_ns)
    issues = [json.loads(line) for line in last.read_text(encoding="utf-8").splitlines()]
    assert ("haiyan", "unreadable", odd["url"]) in [
        (one["city"], one["code"], one.get("url")) for one in issues
    ]
