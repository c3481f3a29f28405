"""The whole job on the miniature web, as a newcomer runs it, measured against gold.

The floors are the project's promise. The gold is written after the pipeline has ended, and no step
reads it.
"""

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import warm
from builders import store_verdicts, stored_rows, verdict_row

from crawler.city_file import load_cities
from crawler.demo import DEMO_CITIES
from crawler.demo.server import serve
from pipelines.operations.crawl_processes import Options, Outcome, crawl
from pipelines.operations.demo import SETTINGS
from pipelines.tables import articles, files, parquet, runs, schema
from pipelines.terminal import progress

FLOORS = {
    ("articles", "recall"): 0.99,
    ("articles", "text_f1"): 0.98,
    ("pairs", "f1"): 0.97,
    ("sentences", "strict", "f1"): 0.93,
    ("sentences", "lax", "f1"): 0.97,
}
TABLES = ("articles", "pairs", "sentences", "candidates", "rejects")


def shizheng(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return warm.run("pipelines.cli", *map(str, arguments), env=os.environ | environment)


def contents(output: Path, *tables: str) -> dict[str, bytes]:
    return {
        str(path.relative_to(output)): path.read_bytes()
        for table in tables
        for path in sorted((output / table).rglob("*.parquet"))
    }


@pytest.fixture
def copy(demo: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the demo's output that a test may change."""
    shutil.copytree(demo, tmp_path / "output")
    return tmp_path / "output"


def crawl_again(output: Path, counts: Counter[str]) -> dict[str, Outcome]:
    cities = load_cities(DEMO_CITIES)
    run = runs.start(output, "crawl", tuple(cities))
    with progress() as tracker, serve(counts=counts) as port:
        proxy = {"http_proxy": f"http://127.0.0.1:{port}", "no_proxy": ""}
        return crawl(
            output, list(cities), run, tracker,
            Options(cities_dir=DEMO_CITIES, settings=SETTINGS, environment=proxy),
        )  # fmt: skip


@pytest.mark.parametrize("path", FLOORS, ids="-".join)
def test_the_demo_reaches_its_floors(demo: Path, path: tuple[str, ...]) -> None:
    value: Any = json.loads((demo / "evaluation.json").read_text(encoding="utf-8"))
    for key in path:
        value = value[key]
    assert value >= FLOORS[path]


def test_every_trap_of_the_web_is_survived(demo: Path) -> None:
    gold = [json.loads(line) for line in (demo / "gold/articles.jsonl").open(encoding="utf-8")]
    stored = {
        row["article_id"]: row
        for city in files.cities_with_articles(demo)
        for row in articles.read_articles(demo, city).to_pylist()
    }
    assert len({row["trap"] for row in gold if row["trap"]}) >= 8
    for row in gold:
        found = stored[row["article_id"]]
        assert (found["lang"], found["title"]) == (row["lang"], row["title"])
        if row["trap"] not in (None, "interleaved"):
            assert found["text"] == row["text"], row["key"]
        assert found["duplicate_of"] in (None, row["duplicate_of"]), row["key"]
    reposts = [row["article_id"] for row in gold if row["duplicate_of"]]
    assert all(stored[key]["duplicate_of"] for key in reposts)
    scripts = Counter(row["script"] for row in stored.values())
    assert scripts["Hant"] >= 1
    assert set(scripts) == {"Hans", "Hant", "Latn"}


def test_pages_without_an_article_are_rejected_with_a_reason(demo: Path) -> None:
    gold = [json.loads(line) for line in (demo / "gold/rejects.jsonl").open(encoding="utf-8")]
    fetched = {row["url"] for row in gold if row["why"] != "robots"}
    rejected = {
        row["url"]: row["reason"]
        for city in files.cities_with_articles(demo)
        for row in parquet.read_table(
            files.table_path(demo, "rejects", city), schema.REJECTS
        ).to_pylist()
    }
    assert fetched & rejected.keys()
    assert {"image_only", "cover_notice"} <= set(rejected.values())
    assert any(reason.startswith(("challenge", "blocked")) for reason in rejected.values())


def test_crawling_again_asks_for_lists_only_and_changes_no_table(copy: Path) -> None:
    before = contents(copy, *TABLES)
    counts: Counter[str] = Counter()
    outcomes = crawl_again(copy, counts)
    assert all(outcome.ended_well for outcome in outcomes.values())
    assert sum(outcome.counts["new"] for outcome in outcomes.values()) == 0
    first = json.loads(next((copy / "runs").glob("*/counts.json")).read_text())
    assert sum(counts.values()) < 0.25 * sum(city["requests"] for city in first.values())
    assert contents(copy, *TABLES) == before


def test_aligning_again_changes_no_byte(copy: Path) -> None:
    before = contents(copy, *TABLES, "vectors")
    # In a process with another seed of `hash`, so that no byte hangs on the order of a set.
    line = ["align", "--output", str(copy), "--cities-dir", str(DEMO_CITIES)]
    with warm.start_cold("pipelines.cli", *line) as process:
        _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert contents(copy, *TABLES, "vectors") == before


def demanding(folder: Path, assertions: str) -> Path:
    """Return a folder with the city file of Yunze, its assertions replaced."""
    folder.mkdir()
    text = (DEMO_CITIES / "yunze.yaml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("assertions:")]
    (folder / "yunze.yaml").write_text("\n".join([*lines, f"assertions: {assertions}", ""]))
    return folder


def run_yunze(output: Path, cities: Path) -> subprocess.CompletedProcess[str]:
    settings = [part for name, value in SETTINGS.items() for part in ("-s", f"{name}={value}")]
    with serve() as port:
        return shizheng(
            "run", "yunze", "--output", output, "--cities-dir", cities, *settings,
            http_proxy=f"http://127.0.0.1:{port}", no_proxy="",
        )  # fmt: skip


def claimed(output: Path) -> list[Any]:
    """Return the pairs of Yunze at the default threshold."""
    return [row for row in stored_rows(output, "pairs", "yunze") if row["probability"] >= 0.5]


def judge_yunze(output: Path, wrong: int) -> list[str]:
    """Store verdicts on the claimed pairs, the first `wrong` of them `different`: their ids."""
    pairs, judged_at = claimed(output), datetime(2024, 7, 1, tzinfo=UTC)
    rows = [
        verdict_row(row, "different" if n < wrong else "translation", n, judged_at=judged_at)
        for n, row in enumerate(pairs)
    ]
    store_verdicts(output, rows, "wang")
    return [row["pair_id"] for row in pairs[:wrong]]


def test_a_run_that_keeps_its_demands_is_silent(copy: Path, tmp_path: Path) -> None:
    judge_yunze(copy, wrong=0)
    cities = demanding(
        tmp_path / "cities",
        "{min_precision: 0.9, max_drift: {yield: 0.1, score: 0.5, length_ratio: 0.1}}",
    )
    ended = run_yunze(copy, cities)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_run_that_fails_its_demands_says_which_with_examples_and_exits_three(
    copy: Path, tmp_path: Path
) -> None:
    usual = round(100 * len({row["en_id"] for row in claimed(copy)}) / 27)
    judged = len(claimed(copy))
    wrong = judge_yunze(copy, wrong=5)
    lines = [
        {
            "id": f"stray{n}", "city": "yunze", "lang": "en", "title": f"Stray story No. {n}",
            "url": f"http://en.yunze.example/stray/{n}.html", "published_at": None,
            "text": f"Nothing in Chinese tells of the {n * 7 + 3} kites over stray hill {n}.",
        }
        for n in range(30)
    ]  # fmt: skip
    strays = tmp_path / "strays.jsonl"
    strays.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert shizheng("import", strays, "--output", copy).returncode == 0
    cities = demanding(tmp_path / "cities", "{min_precision: 0.9, max_drift: {yield: 0.2}}")
    ended = run_yunze(copy, cities)
    assert ended.returncode == 3, ended.stderr
    right = f"{100 * (judged - 5) / judged:.1f}% of pairs are right by {judged} judged"
    assert right in ended.stderr
    assert f"English articles have a counterpart, {usual}% is usual" in ended.stderr
    assert any(key in ended.stderr for key in wrong)
    assert "http://en.yunze.example/stray/" in ended.stderr
    issues = [json.loads(line) for line in max(copy.glob("runs/*/issues.jsonl")).open()]
    told = [issue for issue in issues if issue["code"] == "assertion"]
    assert [len(issue["examples"]) for issue in told] == [3, 3]
    assert {example["pair_id"] for example in told[0]["examples"]} <= set(wrong)
    last = (copy / "reports" / "history.jsonl").read_text().splitlines()[-1]
    assert json.loads(last)["cities"]["yunze"]["window"] == 57
    page = (copy / "reports" / "index.html").read_text(encoding="utf-8")
    assert "done, but some city failed its checks" in page


def test_the_archive_alone_gives_the_same_articles(demo: Path, tmp_path: Path) -> None:
    archives = sorted((demo / "archive").glob("*/*.warc.gz"))
    ended = shizheng(
        "extract", *archives, "--cities-dir", DEMO_CITIES, "--output", tmp_path, "--json"
    )
    assert ended.returncode == 0, ended.stderr
    columns = ["article_id", "lang", "title", "text", "published_at", "duplicate_of", "flags"]
    for city in load_cities(DEMO_CITIES):
        crawled = articles.read_articles(demo, city, columns)
        assert articles.read_articles(tmp_path, city, columns).equals(crawled)


def test_status_counts_what_is_stored_and_calls_the_cities_well(demo: Path) -> None:
    ended = shizheng("status", "--output", demo, "--cities-dir", DEMO_CITIES, "--json")
    standings = json.loads(ended.stdout)
    assert [s["city"] for s in standings] == ["langang", "qingya", "yunze"]
    for standing in standings:
        assert standing["health"] == "well"
        assert standing["zh"] > standing["en"] > standing["pairs"] > 0
        assert standing["last_success"]


def test_evaluate_gives_what_the_demo_reported(demo: Path) -> None:
    ended = shizheng("evaluate", "--gold", demo / "gold/pairs.tsv", "--output", demo, "--json")
    reported = json.loads((demo / "evaluation.json").read_text(encoding="utf-8"))
    assert json.loads(ended.stdout)["pairs"]["f1"] == reported["pairs"]["f1"]


def test_a_page_is_explained_field_by_field(demo: Path, tmp_path: Path) -> None:
    with serve() as port:
        import urllib.request

        url = "http://www.yunze.example/art/2023/12/28/"
        rows = articles.read_articles(demo, "yunze", ["url", "title"]).to_pylist()
        url, title = next((r["url"], r["title"]) for r in rows if r["url"].startswith(url))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({"http": f"http://127.0.0.1:{port}"})
        )
        (tmp_path / "page.html").write_bytes(opener.open(url).read())
    ended = shizheng(
        "page", tmp_path / "page.html", "--url", url, "--cities-dir", DEMO_CITIES, "--json"
    )
    explained = json.loads(ended.stdout)
    assert explained["city"] == "yunze"
    assert explained["fields"]["title"]["value"] == title
    assert all(field["rule"] for field in explained["fields"].values())
    assert explained["results"][0]["kind"] == "article"


def test_the_demo_refuses_a_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    ended = shizheng("demo", "--output", tmp_path)
    assert ended.returncode == 2
    assert "a folder of its own" in ended.stderr
    assert (tmp_path / "thesis.tex").read_text() == "precious"
