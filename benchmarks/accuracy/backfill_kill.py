"""Backfills killed at random moments and run again.
SIGKILL; tables and archive are compared with those of an undisturbed one.

`python -m benchmarks.accuracy.backfill_kill [--kills 20] [--seed 1] [--pages 400]`: an invented
Dalian of so many pages is fetched once undisturbed from an archive on loopback: by ranges after an
index server, by ranges after the columnar index, and by replay. Then, into an empty folder, a
backfill is started, killed a drawn time (at most that from the last request to the end) after a
drawn number of requests (at most a quarter of all), and started again, until one comes to its end;
and all that again until all kills are used. Requests are counted, because a busy machine's seconds
are not equal. The tables must be equal but for the columns that name a run, the files of the
archive byte for byte, and of the requests only those may be asked twice that a kill broke off. Exit
code 1 if one is not.
"""

import argparse
import gzip
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.tables import files, schema
from pipelines.tables.articles import read_articles
from pipelines.tables.parquet import read_table

ROOT = Path(__file__).parents[2]
TABLE = "crawl-data/all/cc-index-table.paths.gz"
WAYS = ("collinfo.json", TABLE, "cdx/search/cdx")
LISTS = ("/collinfo.json", f"/{TABLE}")
"""What every command asks for once."""
COMMAND = "import sys; from pipelines.cli.app import main; sys.exit(main(sys.argv[1:]))"
PAUSE = 0.01
"""Seconds that the archive takes for an answer, so that a kill finds requests under way."""


def invented(count: int) -> Iterable[Any]:
    """Yield captures of the old English edition, each in one of three crawls."""
    from archived_dalian import EN, Page, jeecms

    draw = random.Random(count)
    words = [
        "harbour",
        "reservoir",
        "school",
        "orchard",
        "tram",
        "clinic",
        "market",
        "bridge",
        "festival",
        "museum",
    ]
    for number in range(count):
        chosen = draw.sample(words, 4)
        text = " ".join(
            f"The city finished {draw.randrange(2, 900)} works on the {word} of district "
            f"{draw.randrange(2, 90)}, officials reported." for word in chosen
        )  # fmt: skip
        page = jeecms(f"Works on {chosen[0]} and {chosen[1]} number {number}", text)
        at = f"{2017 + number % 3}{number % 12 + 1:02d}10{number % 24:02d}{number % 60:02d}00"
        yield Page(f"{EN}/News/ChinaNews/{20000 + number}.jhtml", at, page)


@contextmanager
def archive(folder: Path, count: int) -> Iterator[Any]:
    """Serve the captures."""
    sys.path.insert(0, str(ROOT / "tests"))
    from archive_services import archive_of, serving, write_table

    made = archive_of(folder, list(invented(count)))
    made.limit = 100
    paths = write_table(folder, made.rows, group=100)
    (folder / TABLE).parent.mkdir(exist_ok=True)
    (folder / TABLE).write_bytes(gzip.compress("\n".join(paths).encode()))
    with serving(made) as served:
        yield served


def start(source: str, output: Path) -> "subprocess.Popen[bytes]":
    line = [sys.executable, "-c", COMMAND, "backfill", "dalian", "--from", source, "--delay", "0"]
    variables = {"SHIZHENG_CONTACT": "me@example.org", "SHIZHENG_PACE_DIR": str(output.parent)}
    return subprocess.Popen(
        [*line, "--jobs", "1", "--output", str(output)], cwd=ROOT, env=os.environ | variables,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def tables(output: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the city's tables without the columns that name a run or its time."""
    rejects = read_table(files.table_path(output, "rejects", "dalian"), schema.REJECTS)
    whole = {"articles": read_articles(output, "dalian"), "rejects": rejects}
    return {
        name: [
            {key: value for key, value in row.items() if key not in ("run_id", "seen_at")}
            for row in table.to_pylist()
        ]
        for name, table in whole.items()
    }


def copies(output: Path) -> dict[str, bytes]:
    paths = (output / "archive/dalian").glob("*.warc.gz")
    return {path.name: path.read_bytes() for path in paths}


def disturbed(made: Any, way: str, kills: int, draw: random.Random, scratch: Path) -> bool:
    """Compare backfills killed so often with an undisturbed one; print; True if equal."""
    source, whole = f"{made.url}/{way}", scratch / "whole"
    scratch.mkdir(parents=True)
    made.pause = PAUSE
    made.asked.clear()
    if start(source, whole).wait() != 0:
        raise SystemExit(f"{way}: the undisturbed backfill failed")
    behind = time.monotonic() - made.times[-1][1]
    requests = len(made.asked)
    twice = max(made.counted("/").values(), default=0)
    done = again = finished = 0
    same = same_bytes = True
    while done < kills:
        made.asked.clear()
        before, broken = done, scratch / f"broken{finished}"
        # Until it has been killed often enough, or has come to its end between two kills.
        while done < kills and killed(
            made, start(source, broken), draw.randint(1, requests // 4 + 1), draw.uniform(0, behind)
        ):
            done += 1
        if start(source, broken).wait() != 0:
            raise SystemExit(f"{way}: the last backfill failed")
        finished += 1
        repeats = (times - 1 for (path, _), times in made.counted("/").items() if path not in LISTS)
        repeated = sum(repeats)
        again += repeated
        same = same and tables(whole) == tables(broken)
        same_bytes = same_bytes and copies(whole) == copies(broken)
        if repeated > done - before:
            raise SystemExit(f"{way}: {repeated} requests repeated for {done - before} kills")
    print(
        f"{way[-22:]:22} {len(tables(whole)['articles']):8} {requests:8} {twice:9} {done:5} "
        f"{finished:9} {again:9} {'equal' if same else 'DIFFERENT':>9} "
        f"{'equal' if same_bytes else 'DIFFERENT':>9}"
    )
    return same and same_bytes and twice == 1


def killed(made: Any, process: "subprocess.Popen[bytes]", count: int, seconds: float) -> bool:
    """Kill a backfill so long after so many requests; return False if it ended before."""
    known = len(made.asked)
    while len(made.asked) < known + count and process.poll() is None:
        time.sleep(0.002)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--way", action="append", choices=WAYS, help="default: all")
    options = parser.parse_args()
    print(f"{'way':22} articles requests most of 1 kills backfills  repeated    tables   archive")
    equal = True
    with (
        tempfile.TemporaryDirectory() as folder,
        archive(Path(folder) / "archive", options.pages) as made,
    ):
        for way in options.way or WAYS:
            draw = random.Random(options.seed)
            scratch = Path(folder) / way.replace("/", "_")
            equal = disturbed(made, way, options.kills, draw, scratch) and equal
    sys.exit(0 if equal else 1)


if __name__ == "__main__":
    main()
