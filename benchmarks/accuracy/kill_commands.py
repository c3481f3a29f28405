"""Commands killed at random moments and run again.
SIGKILL; what they leave is compared with what undisturbed ones give.

`python -m benchmarks.accuracy.kill_commands [--kills 12] [--seed 1] [--only align,release]`: a
corpus of one city of the demo is made by the commands below, one after the other. Then, for each
kill, a command starts from what it found the first time, is killed at a moment drawn from its time,
and runs again to its end. Every file of the corpus must then be what an undisturbed command left:
tables row by row but for the columns that name a run or its time, other files byte for byte. A file
that two undisturbed commands wrote differently (a page with the hour of its making) is compared by
its presence. Nothing may be left over, temporary files included. `push`, `pull` and `gather` use a
SeaweedFS on loopback, and what is compared after a `push` is what a `pull` from it gives. `run`
crawls the demo on loopback. Of `review` it is the server of the page that is killed while two
people judge: every verdict that was answered must be stored once, and beside them at most the one
of each that was under way. Crawls and backfills are killed by `kill` and `backfill_kill`. Exit code
1 if anything differs.
"""

import argparse
import csv
import hashlib
import http.client
import io
import itertools
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from benchmarks.cost.review_load import Reviewer
from crawler.demo.content import load_content
from crawler.demo.response import request_key
from crawler.demo.server import serve
from crawler.demo.site import build_site, url_of
from crawler.errors import ExitCode
from pipelines.cli.app import main as run_command
from pipelines.quality import verdicts

ROOT = Path(__file__).parents[2]
CITY = "qingya"
VARYING = {
    *("run_id", "first_seen", "last_seen", "seen_at", "aligned_at", "judged_at", "verdict_id"),
    *("read_at", "verdict_file"),
}
"""Columns that name a run, or the time at which it was."""
SKIPPED = ("runs", "state", "vectors", "archive")
"""Folders that are not compared: logs of runs, locks, and a cache that is safe to delete; and the
archive, which only `run` has here: its records have the moments of their answers (see `kill`)."""
HOURLY = ("reports/index.html", "reports/history.jsonl")
"""Files that state the hour of their making, or have a line for each: compared by presence."""
READY = ["pipelines.cli.app", "pipelines.align", "pipelines.release.build", "pipelines.report"]

Snapshot = dict[str, str]


def silent(words: Sequence[str], environment: dict[str, str]) -> None:
    """Run a command in this process without a word."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(null, stream)
    os.environ |= environment
    sys.exit(run_command(list(words)))


def start(words: Sequence[str], output: Path, environment: dict[str, str]) -> Any:
    """Start a command on a corpus, forked from a process that has imported everything."""
    arguments = [*(word.replace("{output}", str(output)) for word in words)]
    arguments += ["--output", str(output)]
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=silent, args=(arguments, environment))
    process.start()
    return process


def contents(output: Path) -> Snapshot:
    """Return a digest of every file that is data, tables without what varies by run."""
    found = {}
    for path in sorted(output.rglob("*")):
        name = path.relative_to(output).as_posix()
        if not path.is_file() or name.split("/")[0] in SKIPPED:
            continue
        content = path.read_bytes()
        if path.suffix == ".parquet" and not name.startswith("releases/"):
            table = pq.read_table(io.BytesIO(content))
            kept = [column for column in table.column_names if column not in VARYING]
            rows = sorted(json.dumps(row, sort_keys=True, default=str)
                          for row in table.select(kept).to_pylist())  # fmt: skip
            content = "\n".join(rows).encode()
        found[name] = "" if name in HOURLY else hashlib.sha256(content).hexdigest()
    return found


def difference(found: Snapshot, first: Snapshot, second: Snapshot) -> str:
    """Return how a corpus differs from two undisturbed ones, or nothing."""
    problems = [f"{name} is left over" for name in sorted(found.keys() - first.keys())]
    problems += [f"{name} is missing" for name in sorted(first.keys() - found.keys())]
    problems += [
        f"{name} differs"
        for name in sorted(found.keys() & first.keys())
        if first[name] == second.get(name) != found[name]
    ]
    return "; ".join(problems)[:300]


def articles_to_import(folder: Path, count: int = 40) -> Path:
    """Write a city's articles as lines to import."""
    entries = load_content()[CITY]
    lines = [
        {
            "id": entry.key, "city": CITY, "lang": entry.lang, "url": url_of(entry, entries),
            "title": entry.title, "text": entry.text, "published_at": entry.date.isoformat(),
        }
        for entry in entries[:count]
    ]  # fmt: skip
    path = folder / "articles.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def pages_to_extract(folder: Path) -> Path:
    """Write a city's pages as a web archive of somebody else's."""
    site, entries = build_site(), load_content()[CITY]
    path = folder / "pages.warc.gz"
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for url in (url_of(entry, entries) for entry in entries):
            response = site.responses.get(request_key(url))
            if response is None or response.status != 200:
                continue
            headers = StatusAndHeaders(
                "200 OK", list(response.headers.items()), protocol="HTTP/1.1"
            )
            record = writer.create_warc_record(
                url, "response", payload=io.BytesIO(response.body), http_headers=headers,
                warc_headers_dict={"WARC-Date": "2024-05-01T08:00:00Z"},
            )  # fmt: skip
            writer.write_record(record)
    return path


def filled_sheet(output: Path, path: Path) -> Path:
    """Export a plan's pairs and fill every verdict in."""
    exported = ["review", "export", str(path), "--plan", "stratified size=20 seed=1"]
    process = start(exported, output, {})
    process.join()
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.DictWriter(file, rows[0].keys())
        sheet.writeheader()
        for number, row in enumerate(rows):
            said = "different" if number % 5 == 0 else "translation"
            sheet.writerow(row | {"verdict": said, "reviewer": "anna"})
    return path


def run(words: Sequence[str], output: Path, environment: dict[str, str]) -> float:
    """Run a command to its end and return its seconds. Exits if it fails."""
    while True:
        began = time.monotonic()
        process = start(words, output, environment)
        process.join()
        if process.exitcode != ExitCode.BUSY:
            break
        time.sleep(0.5)  # crawls of a `run` that was killed notice it within ten seconds
    if process.exitcode not in (0, 3):
        sys.exit(f"{' '.join(words)}: exit code {process.exitcode}")
    return time.monotonic() - began


def kill(words: Sequence[str], output: Path, environment: dict[str, str], after: float) -> bool:
    """Start a command and kill it after so many seconds; return False if it was done by then."""
    process = start(words, output, environment)
    process.join(after)
    done = process.exitcode is not None
    process.kill()
    process.join()
    return not done


def steps(scratch: Path, output: Path) -> dict[str, Callable[[str], list[str]]]:
    """Return the commands in order, each as a function of a store's address to its words."""
    cities = ["--cities-dir", str(ROOT / "crawler/demo/cities")]
    imported, pages = articles_to_import(scratch), pages_to_extract(scratch)
    sheet = scratch / "sheet.csv"
    quick = {"DOWNLOAD_DELAY": "0.01", "AUTOTHROTTLE_ENABLED": "0", "SHIZHENG_FLUSH": "5"}
    settings = [word for name, value in quick.items() for word in ("-s", f"{name}={value}")]
    return {
        "import": lambda _: ["import", str(imported)],
        "extract": lambda _: ["extract", str(pages), *cities],
        "align": lambda _: ["align"],
        "report": lambda _: ["report", *cities],
        "review import": lambda _: ["review", "import", str(filled_sheet(output, sheet))],
        "release": lambda _: ["release", "1.0.0", "--format", "all"],
        "export": lambda _: ["export", "sentences", "{output}/exports/beads.moses"],
        "gather": lambda _: ["gather", *cities],
        "push": lambda url: ["push", url],
        "pull": lambda url: ["pull", url],
        "run": lambda _: ["run", CITY, *cities, *settings],
    }


def kill_review(before: Path, kills: int, draw: random.Random, scratch: Path) -> int:
    """Kill the server of the review page so often while two people judge; the count of wrong."""
    wrong = 0
    for number in range(1, kills + 1):
        trial = copied(before, scratch / "trial")
        known = {one.verdict_id for one in verdicts.read(trial)}
        line = [sys.executable, "-m", "pipelines.cli", "review", "--json", "--port", "0"]
        answered = Counter[str]()
        with subprocess.Popen(
            [*line, "--output", str(trial)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as server:
            said = ""
            while not said.endswith("}\n"):
                said += server.stdout.readline() if server.stdout else ""
            judging = [
                threading.Thread(target=judge, args=(json.loads(said)["url"], name, answered))
                for name in ("anna", "bo")
            ]
            for one in judging:
                one.start()
            time.sleep(draw.uniform(0.2, 2))
            server.kill()
            for one in judging:
                one.join()
        # What a server that ends well does, too: the journals become tables.
        run(["evaluate"], trial, {})
        stored = Counter(
            one.reviewer for one in verdicts.read(trial) if one.verdict_id not in known
        )
        for name in ("anna", "bo"):
            if not answered[name] <= stored[name] <= answered[name] + 1:
                wrong += 1
                print(f"  review, kill {number}: {answered[name]} answered, {stored[name]} stored")
    return wrong


def judge(url: str, name: str, answered: "Counter[str]") -> None:
    """Judge a plan's items over and over until the server is gone, and count the answers."""
    try:
        person = Reviewer(url, name)
        plan = {"kind": "stratified", "size": 10, "seed": 1}
        address = person.send("POST", "/begin", plan)[1]["location"].split("?")[0]
        for number in itertools.count():
            code = ("translation", "different")[number // 10 % 2]
            person.send("POST", address, {"place": number % 10, "code": code})
            answered[name] += 1
    except (OSError, http.client.HTTPException):
        return


def copied(folder: Path, to: Path) -> Path:
    """Return a copy of a folder, in place of any that is there."""
    shutil.rmtree(to, ignore_errors=True)
    return Path(shutil.copytree(folder, to))


def result(name: str, words: Sequence[str], output: Path, environment: dict[str, str]) -> Snapshot:
    """Return what a command left: of a push what a pull from there gives."""
    if name == "push":
        shutil.rmtree(output)
        output.mkdir()
        run(["pull", words[1]], output, environment)
    return contents(output)


def main() -> int:
    """Kill every command so often; print a line for each; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=12, help="of each command")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="commands to kill, with commas between them")
    options = parser.parse_args()
    multiprocessing.set_forkserver_preload(READY)
    wrong = total = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        stored(Path(folder) / "store") as store,
        serve() as port,
    ):
        scratch, output = Path(folder), Path(folder) / "output"
        output.mkdir()
        environment = store.environment | {"http_proxy": f"http://127.0.0.1:{port}"}
        environment["no_proxy"] = "127.0.0.1"
        print(f"{'command':<14} {'seconds':>7} {'killed':>6} {'unequal':>7}")
        for name, words_for in steps(scratch, output).items():
            words = words_for(f"{store.url}/whole")
            before = scratch / "before"
            shutil.rmtree(before, ignore_errors=True)
            if name == "pull":
                before.mkdir()
            else:
                shutil.copytree(output, before)
            run(words, output, environment)
            if options.only and name not in options.only.split(","):
                continue
            undisturbed = [copied(before, scratch / f"undisturbed{number}") for number in (1, 2)]
            seconds, expected = 0.0, list[Snapshot]()
            for number, trial in enumerate(undisturbed, 1):
                line = words_for(f"{store.url}/undisturbed{number}") if name == "push" else words
                seconds = run(line, trial, environment)
                expected.append(result(name, line, trial, environment))
            draw, killed, unequal = random.Random(f"{options.seed} {name}"), 0, 0
            while killed < options.kills:
                trial = copied(before, scratch / "trial")
                if name == "push":
                    words = words_for(f"{store.url}/{killed}")
                if kill(words, trial, environment, draw.uniform(0.02, seconds)):
                    killed += 1
                    run(words, trial, environment)
                    found = result(name, words, trial, environment)
                    if problem := difference(found, *expected):
                        unequal += 1
                        print(f"  {name}, kill {killed}: {problem}", flush=True)
            print(f"{name:<14} {seconds:>7.2f} {killed:>6} {unequal:>7}", flush=True)
            wrong, total = wrong + unequal, total + killed
        if not options.only or "review" in options.only.split(","):
            unequal = kill_review(output, options.kills, random.Random(options.seed), scratch)
            print(f"{'review':<14} {'':>7} {options.kills:>6} {unequal:>7}", flush=True)
            wrong, total = wrong + unequal, total + options.kills
    print(f"{wrong} of {total} kills left something else")
    return int(wrong > 0)


def stored(folder: Path) -> Any:
    """Return the context of an object store of its own."""
    sys.path.insert(0, str(ROOT / "tests"))
    from object_store import serving

    return serving(folder)


if __name__ == "__main__":
    sys.exit(main())
