"""The demo: crawl the embedded miniature web, align, report, score."""

import json
import shutil
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from crawler.city_file import load_cities
from crawler.demo import DEMO_CITIES
from crawler.demo.gold import write_gold
from crawler.demo.server import serve
from pipelines import align, pool
from pipelines.articles import reposts
from pipelines.errors import UsageError
from pipelines.operations import crawl_processes
from pipelines.quality import gold as evaluate
from pipelines.quality import history
from pipelines.report import page
from pipelines.tables import atomic, files, parquet, runs, schema, vocabulary
from pipelines.tables.articles import read_articles
from pipelines.terminal import progress, say, show_table

_MARK = ".shizheng-demo"

# The server is ours and on this machine: nobody's bandwidth is spared by waiting.
SETTINGS = {
    "DOWNLOAD_DELAY": "0",
    "AUTOTHROTTLE_ENABLED": "0",
    "CONCURRENT_REQUESTS_PER_DOMAIN": "8",
}


def run(output: Path) -> dict[str, Any]:
    """Do the whole job into `output` and return its scores.

    They are written to `evaluation.json`.

    The folder must be new, or an earlier demo's, which is replaced. Raises `UsageError`.
    """
    _clear(output)
    output = output.resolve()
    # Every later command on this corpus knows its cities by these files.
    shutil.copytree(DEMO_CITIES, output / vocabulary.OWN_CITIES)
    cities = load_cities(DEMO_CITIES)
    seconds: dict[str, float] = {}
    began = time.monotonic()
    current = runs.start(output, "demo", tuple(cities), crawl_processes.terms(cities, SETTINGS))
    with progress() as tracker:
        with serve() as port:
            proxy = f"http://127.0.0.1:{port}"
            outcomes = crawl_processes.crawl(
                output,
                list(cities),
                current,
                tracker,
                crawl_processes.Options(
                    cities_dir=DEMO_CITIES,
                    settings=SETTINGS,
                    environment={"http_proxy": proxy, "HTTP_PROXY": proxy, "no_proxy": ""},
                ),
            )
        seconds["crawl"] = _lap(began, seconds)
        failed = [f"{o.city}: {o.reason}" for o in outcomes.values() if not o.ended_well]
        if failed:
            raise RuntimeError("; ".join(failed))
        reposts.mark(output)
        days = {key: city.max_days for key, city in cities.items()}
        step = partial(align.align_shard, output, max_days=days)
        tracker.update("aligning", 0, len(cities))
        done: list[str] = []

        def on_done(city: str) -> None:
            done.append(city)
            tracker.update("aligning", len(done), len(cities), city)

        pool.map_shards(step, list(cities), on_done=on_done)
        seconds["align"] = _lap(began, seconds)
        runs.gather_issues(current, [])
        counts = {key: {**o.counts, "failed": False} for key, o in outcomes.items()}
        runs.finish(current, counts, 0)
        history.record(output, current.run_id, datetime.now(UTC))
        page.write(output, cities)
        seconds["report"] = _lap(began, seconds)
    gold = output / "gold"
    write_gold(gold)
    result = _scores(output, gold) | {"seconds": {k: round(v, 1) for k, v in seconds.items()}}
    with atomic.replacing(output / "evaluation.json") as file:
        file.write(json.dumps(result, ensure_ascii=False, indent=1).encode() + b"\n")
    return result


def show(result: dict[str, Any], output: Path) -> None:
    """Print the demo's result as tables."""
    rows = []
    for key in load_cities(DEMO_CITIES):
        articles = read_articles(output, key, ["lang", "duplicate_of"]).to_pylist()
        pairs = parquet.read_table(files.table_path(output, "pairs", key), schema.PAIRS).to_pylist()
        kept = {p["pair_id"] for p in pairs if p["probability"] >= vocabulary.DECISION}
        sentences = parquet.read_table(
            files.table_path(output, "sentences", key), schema.SENTENCES, ["pair_id"]
        )
        rejects = parquet.read_table(files.table_path(output, "rejects", key), schema.REJECTS)
        rows.append(
            (
                key,
                sum(a["lang"] == "zh" for a in articles),
                sum(a["lang"] == "en" for a in articles),
                sum(a["duplicate_of"] is not None for a in articles),
                rejects.num_rows,
                len(kept),
                sum(key in kept for key in sentences["pair_id"].to_pylist()),
            )
        )
    header = ("city", "zh articles", "en articles", "duplicates", "rejects", "pairs", "beads")
    show_table(header, rows)
    say("")
    articles, pairs, sentences = result["articles"], result["pairs"], result["sentences"]
    strict, lax = sentences["strict"], sentences["lax"]
    show_table(
        ("against gold", "precision", "recall", "f1"),
        [
            ("articles (f1: of the text)", None, articles["recall"], articles["text_f1"]),
            ("pairs", pairs["precision"], pairs["recall"], pairs["f1"]),
            ("sentences, strict", strict["precision"], strict["recall"], strict["f1"]),
            ("sentences, lax", lax["precision"], lax["recall"], lax["f1"]),
        ],
    )
    say("")
    spent = ", ".join(f"{name} {value} s" for name, value in result["seconds"].items())
    say(f"took {sum(result['seconds'].values()):.0f} s ({spent})")
    say(f"scores: {output / 'evaluation.json'}")
    say(f"report: {output / 'reports' / 'index.html'}")
    say("")
    say("next:")
    say("  open the report in a browser: every pair side by side, with the reasons")
    say(f"  shizheng review --output {output}: judge pairs yourself")
    say(f"  shizheng release 1.0.0 --output {output} --format all: a snapshot to load and cite")
    say("  docs/tutorial/first-city.md: a city of your own")


def _scores(output: Path, gold: Path) -> dict[str, Any]:
    beads = evaluate.score_beads(output, evaluate.read_gold_beads(gold / "beads.jsonl"))
    paired = evaluate.evaluate(output, gold / "pairs.tsv")
    return {
        "articles": evaluate.score_articles(output, gold / "articles.jsonl"),
        "pairs": paired["pairs"]
        | {k: paired[k] for k in ("calibration_error", "relation_accuracy")},
        "sentences": {name: scores.as_json() for name, scores in beads.items()},
    }


def _lap(began: float, seconds: dict[str, float]) -> float:
    return time.monotonic() - began - sum(seconds.values())


def _clear(output: Path) -> None:
    """Empty an earlier demo's folder; refuse any other content."""
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output}: is a file; name a folder with --output")
    inside = [path for path in output.glob("*") if path.name != "README.md"]
    if inside and not (output / _MARK).exists():
        raise UsageError(
            f"{output}: has something that is not a demo's; the demo needs a folder of its own, "
            "for example: shizheng demo --output demo-output"
        )
    for path in inside:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    output.mkdir(parents=True, exist_ok=True)
    (output / _MARK).touch()
