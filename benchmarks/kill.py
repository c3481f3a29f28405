"""Kill crawls of the demo with SIGKILL at random moments, run them again, compare the tables.

`python benchmarks/kill.py [--kills 12] [--seed 1]`: every city of the demo is crawled undisturbed
once. Then, for each moment (drawn between its first request and its end), into an empty folder:
start, kill, run again; and at last all moments in a row into one folder. Each result must equal
the undisturbed one in every table and every column but those that say which run wrote a row and
when. Exit code 1 if one does not.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from socketserver import BaseServer
from typing import Any

from crawler.archive import read
from crawler.demo.server import serve
from pipelines import schema, store

ROOT = Path(__file__).parents[1]
CITIES = ROOT / "crawler/demo/cities"
RUN_COLUMNS = {"run_id", "first_seen", "last_seen", "seen_at"}


def start(city: str, output: Path, run: str, port: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "crawler.crawl", city, "--output", str(output)]
    command += ["--run-id", run, "--cities-dir", str(CITIES)]
    polite = {"DOWNLOAD_DELAY": 0.01, "AUTOTHROTTLE_ENABLED": 0, "SHIZHENG_FLUSH": 10}
    command += [f"-s{name}={value}" for name, value in polite.items()]
    return subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, "http_proxy": f"http://127.0.0.1:{port}", "no_proxy": ""},
    )


def first_request(process: "subprocess.Popen[bytes]", asked: "Counter[str]") -> float:
    """Wait until a crawl asks the server for something; return when, by the monotonic clock."""
    before = asked.total()
    while asked.total() == before and process.poll() is None:
        time.sleep(0.002)
    return time.monotonic()


def kill_at(moment: float, process: "subprocess.Popen[bytes]", asked: "Counter[str]") -> bool:
    """Kill a crawl `moment` seconds after its first request; say whether it was still running."""
    first_request(process, asked)
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def tables(output: Path, city: str) -> dict[str, list[dict[str, Any]]]:
    whole = {"articles": store.read_articles(output, city)}
    for name, of in (("rejects", schema.REJECTS), ("revisions", schema.REVISIONS)):
        whole[name] = store.read_table(store.table_path(output, name, city), of)
    return {
        name: [{k: v for k, v in row.items() if k not in RUN_COLUMNS} for row in table.to_pylist()]
        for name, table in whole.items()
    }


def damage(output: Path) -> str:
    """Return what is broken in a corpus's files, or nothing."""
    skipped: Counter[str] = Counter()
    for path in output.rglob("*.warc.gz"):
        for _ in read(path, skipped):
            pass
    left = [path.name for path in output.rglob("*.tmp")]
    for path in output.rglob("*.issues.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            json.loads(line)
    return " ".join([*(f"{n} {reason}" for reason, n in skipped.items()), *left])


def verdict(output: Path, city: str, expected: dict[str, list[dict[str, Any]]]) -> str:
    """Return `equal`, or what is wrong, with the first row that differs."""
    found = tables(output, city)
    problems = []
    for name, rows in expected.items():
        rest = [row for row in found[name] if row not in rows]
        if len(found[name]) != len(rows) or rest:
            problems.append(f"{name} differ ({len(found[name])} rows) {str(rest[:1])[:300]}")
    ids = [row["article_id"] for row in found["articles"]]
    problems += ["an article twice"] if len(set(ids)) < len(ids) else []
    problems += [broken] if (broken := damage(output)) else []
    return "; ".join(problems) or "equal"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    draw = random.Random(args.seed)
    cities = sorted(path.stem for path in CITIES.glob("*.yaml"))
    asked: Counter[str] = Counter()
    # A killed client drops its connections: nothing a server need print.
    BaseServer.handle_error = lambda *_: None  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as name, serve(counts=asked) as port:
        failed = compare(Path(name), cities, args.kills, draw, asked, port=port)
    print(f"{failed} of {args.kills + len(cities)} comparisons failed")
    return 1 if failed else 0


def compare(
    folder: Path,
    cities: list[str],
    kills: int,
    draw: random.Random,
    asked: "Counter[str]",
    *,
    port: int,
) -> int:
    """Print every comparison; return how many failed."""
    whole, row, failed = folder / "whole", folder / "row", 0
    expected, lasted = {}, {}
    for city in cities:
        process = start(city, whole, "undisturbed", port)
        begun = first_request(process, asked)
        if process.wait() != 0:
            sys.exit(f"{city} cannot be crawled even undisturbed; try `shizheng demo` to see why")
        lasted[city] = time.monotonic() - begun
        expected[city] = tables(whole, city)
        counts = {name: len(rows) for name, rows in expected[city].items()}
        print(f"undisturbed  {city:8} {lasted[city]:5.2f} s from its first request  {counts}")
    print(f"{'kill':>4} {'city':8} {'after':>7} {'stored then':>12}  after the next crawl")
    for number in range(kills):
        city = cities[number % len(cities)]
        for attempt in range(20):
            alone = folder / f"{number}-{attempt}"
            moment = draw.uniform(0, 1) * lasted[city]
            if kill_at(moment, start(city, alone, "killed", port), asked):
                break
        then = len(store.read_articles(alone, city))
        start(city, alone, "again", port).wait()
        kill_at(moment, start(city, row, f"killed-{number}", port), asked)
        said = verdict(alone, city, expected[city])
        failed += said != "equal"
        print(f"{number:4} {city:8} {moment:5.2f} s {then:12}  {said}")
    for city in cities:
        start(city, row, "last", port).wait()
        said = verdict(row, city, expected[city])
        failed += said != "equal"
        print(f"all its kills in a row  {city:8}  {said}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
