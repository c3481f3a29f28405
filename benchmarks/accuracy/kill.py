"""Crawls of the demo killed at random moments and run again.
SIGKILL; the tables are compared with those of an undisturbed crawl.

`python -m benchmarks.accuracy.kill [--kills 100] [--seed 1] [--list-pages 100]`: every city of the
demo is crawled undisturbed once. Some of its articles, drawn by the seed, answer 403, 404, 410, 500
or 503, or have moved. Then, for each moment, into an empty folder: start, kill, run again; and the
same kill once more into one folder that all kills share, run to its end at last. Each result must
equal the undisturbed one in every table and every column but those that say which run wrote a row
and when; and after every kill each address that a list named must be on the frontier or have an
outcome (`lost`). Exit code 1 if one does not.

Moments are drawn in turn from the whole time between a crawl's first request and its end (`time`),
from the moments at which a table is being written (`store`: its temporary file is there), and from
those at which the archive has just grown (`archive`). Crawls are forked from a process that has
imported everything, so that the time goes into crawling; what is forked runs
`crawler.crawl.__main__.main`.
"""

import argparse
import json
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from socketserver import BaseServer
from typing import Any
from urllib.parse import urlsplit

from crawler.archive.reader import read_records
from crawler.city import City
from crawler.city_file import load_cities
from crawler.cms import FAMILIES
from crawler.crawl.__main__ import main as crawl_city
from crawler.demo.content import load_content
from crawler.demo.response import Response, html, redirect, request_key
from crawler.demo.server import serve
from crawler.demo.site import Site, build_site, url_of
from crawler.extract.charset import decode
from crawler.state.visits import Visits
from pipelines.tables import articles, schema
from pipelines.tables.files import table_path
from pipelines.tables.parquet import read_table

ROOT = Path(__file__).parents[2]
CITIES = ROOT / "crawler/demo/cities"
RUN_COLUMNS = {"run_id", "first_seen", "last_seen", "seen_at"}
AIMS = ("time", "store", "archive")
SETTINGS = {"DOWNLOAD_DELAY": 0.01, "AUTOTHROTTLE_ENABLED": 0, "SHIZHENG_FLUSH": 5}
SETTINGS |= {"RETRY_TIMES": 1}

ERRORS = (403, 404, 410, 500, 503)
TROUBLED = 0.3
"""Part of the articles that answer with an error, or have moved (as many as for each error)."""

READY = [
    "crawler.crawl",
    "pipelines.articles.scrapy_items",
    "crawler.fetch.pace",
    "pandas",
    "aiohttp",
    "tldextract",
]
"""What a crawl imports, but for what starts a reactor; pandas is what pyarrow imports if it can."""

Tables = dict[str, list[dict[str, Any]]]


@dataclass
class Undisturbed:
    """Tables, seconds, archived bytes and writes of an undisturbed crawl."""

    tables: Tables
    seconds: float
    archived: int
    writes: int


@dataclass
class Tally:
    """Failed comparisons, and states that the kills met, by kind."""

    failed: int = 0
    met: "Counter[str]" = field(default_factory=Counter)


@dataclass
class Crawl:
    """A crawl of one city under way."""

    process: ForkServerProcess
    output: Path
    city: str

    def wait(self) -> int | None:
        self.process.join()
        return self.process.exitcode


def start(city: str, output: Path, run: str) -> Crawl:
    arguments = [city, "--output", str(output), "--run-id", run, "--cities-dir", str(CITIES)]
    arguments += [f"-s{name}={value}" for name, value in SETTINGS.items()]
    process = multiprocessing.get_context("forkserver").Process(target=silent, args=(arguments,))
    process.start()
    return Crawl(process, output, city)


def silent(arguments: list[str]) -> None:
    """Crawl in this process without a word."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(null, stream)
    sys.exit(crawl_city(arguments))


def first_request(crawl: Crawl, asked: "Counter[str]") -> float:
    """Wait for a crawl's first request.
    Returns its moment by the monotonic clock."""
    before = asked.total()
    while asked.total() == before and crawl.process.is_alive():
        time.sleep(0.002)
    return time.monotonic()


def archived(output: Path, city: str) -> int:
    return sum(path.stat().st_size for path in output.glob(f"archive/{city}/*.warc.gz"))


def being_written(output: Path, city: str) -> bool:
    for folder in (output / "articles" / city, output / "rejects"):
        try:
            if any(entry.name.endswith(".tmp") for entry in os.scandir(folder)):
                return True
        except OSError:
            pass
    return False


def writes(output: Path, city: str) -> Callable[[], int]:
    """Return a counter of the temporary files seen so far.
    It looks for them whenever it is called."""
    seen = {"there": False, "count": 0}

    def count() -> int:
        there = being_written(output, city)
        seen["count"] += there and not seen["there"]
        seen["there"] = there
        return seen["count"]

    return count


def kill(crawl: Crawl, aim: str, part: float, usual: Undisturbed, asked: "Counter[str]") -> bool:
    """Kill a crawl at a `part` of its time, writes or archive.
    `part` is 0 to 1. Returns True if it was still running."""
    begun = first_request(crawl, asked)
    before = archived(crawl.output, crawl.city)
    count, wanted = writes(crawl.output, crawl.city), 1 + int(part * usual.writes)
    while crawl.process.is_alive():
        if aim == "time":
            hit = time.monotonic() - begun >= part * usual.seconds
        elif aim == "store":
            hit = count() >= wanted
        else:
            hit = archived(crawl.output, crawl.city) - before > part * usual.archived
        if hit:
            crawl.process.kill()
            crawl.wait()
            return True
        time.sleep(0.0005)
    crawl.wait()
    return False


def troubled(draw: random.Random) -> Site:
    """Return the demo with errors and redirects for some articles."""
    site, content = build_site(), load_content()
    responses: dict[str, Response] = dict(site.responses)
    for entries in content.values():
        for entry in entries:
            url, kind = url_of(entry, entries), draw.choice((*ERRORS, 0))
            parts, key = urlsplit(url), request_key(url)
            if draw.random() >= TROUBLED or key not in responses:
                continue
            if kind:
                responses[key] = html(f"<p>An error, {kind}.</p>", status=kind)
                continue
            folder, _, name = parts.path.rpartition("/")
            moved = f"{parts.scheme}://{parts.netloc}{folder}/moved-{name}"
            responses[request_key(moved)] = responses[key]
            responses[key] = redirect(moved)
    return replace(site, responses=responses)


def lost(output: Path, city: City) -> list[str]:
    """Return addresses lost: named by a list, without outcome, off the frontier.

    Of a list that was not read to its end yet only those that had been taken from it: the next
    crawl reads it again.
    """
    if not (output / f"state/{city.key}.sqlite").exists():
        return []
    with tempfile.TemporaryDirectory() as folder:
        # A copy: what is looked at is what the next crawl finds.
        state = Path(shutil.copytree(output / "state", Path(folder) / "state"))
        (state / f"{city.key}.sqlite-shm").unlink(missing_ok=True)
        visits = Visits.open(state / f"{city.key}.sqlite")
        try:
            return visits.unaccounted() + [
                url for url in named(output, city, visits) if not visits.is_accounted(url)
            ]
        finally:
            visits.close()


def named(output: Path, city: City, visits: Visits) -> list[str]:
    """Return the articles' addresses on archived pages of lists.
    Of lists that were read to their end."""
    found = []
    for path in sorted(output.glob(f"archive/{city.key}/*.warc.gz")):
        for record in read_records(path):
            source = city.source_of(record.url) if record.kind == "list" else None
            walk = visits.walks.get(source.list) if source else None
            if source is None or walk is None or walk.walked_at is None:
                continue
            if record.status == 200 and record.fetched_at <= walk.walked_at:
                text = decode(record.body, record.headers).text
                links = FAMILIES[source.cms].read_list(text, record.url).links
                found += [
                    link.url for link in links if source.wants(link.url) and city.allows(link.url)
                ]
    return found


def tables(output: Path, city: str) -> Tables:
    whole = {"articles": articles.read_articles(output, city)}
    for name, of in (("rejects", schema.REJECTS), ("revisions", schema.REVISIONS)):
        whole[name] = read_table(table_path(output, name, city), of)
    return {
        name: [{k: v for k, v in row.items() if k not in RUN_COLUMNS} for row in table.to_pylist()]
        for name, table in whole.items()
    }


def pages(output: Path, skipped: "Counter[str]") -> int:
    """Return the number of archived article pages.
    Unreadable records are counted in `skipped`."""
    found = [record for path in output.rglob("*.warc.gz") for record in read_records(path, skipped)]
    del skipped["not_modified"]  # a page that had not changed: nothing is wrong with the record
    return sum(record.kind == "article" and record.status == 200 for record in found)


def met(output: Path, city: str) -> list[str]:
    """Return what a kill left: words to count."""
    torn: Counter[str] = Counter()
    fetched, stored = pages(output, torn), len(articles.read_articles(output, city))
    found = ["a table half-written"] if being_written(output, city) else []
    found += ["an archive torn"] if torn else []
    return found + (["pages archived and not stored"] if fetched > stored else [])


def damage(output: Path) -> str:
    """Return what is broken in a corpus's files, or nothing."""
    skipped: Counter[str] = Counter()
    pages(output, skipped)
    left = [path.name for path in output.rglob("*.tmp")]
    for path in output.rglob("*.issues.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            json.loads(line)
    return " ".join([*(f"{n} {reason}" for reason, n in skipped.items()), *left])


def verdict(output: Path, city: str, expected: Tables) -> str:
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
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list-pages", type=int, default=100, help="of each listing; 100 are all")
    args = parser.parse_args()
    SETTINGS["SHIZHENG_LIST_PAGES"] = args.list_pages
    cities = sorted(path.stem for path in CITIES.glob("*.yaml"))
    asked: Counter[str] = Counter()
    # A killed client drops its connections: nothing a server need print.
    BaseServer.handle_error = lambda *_: None  # type: ignore[method-assign]
    began = time.monotonic()
    site = troubled(random.Random(args.seed))
    with tempfile.TemporaryDirectory() as name, serve(site, counts=asked) as port:
        # The process that forks them keeps the environment in which it is started.
        os.environ |= {"http_proxy": f"http://127.0.0.1:{port}", "no_proxy": ""}
        multiprocessing.set_forkserver_preload(READY)
        usual = {city: undisturbed(Path(name) / "whole", city, asked) for city in cities}
        tally = compare(Path(name), usual, args.kills, random.Random(args.seed), asked)
    for what, count in tally.met.most_common():
        print(f"{count:4} kills left {what}")
    took = time.monotonic() - began
    print(f"{tally.failed} of {args.kills + len(cities)} comparisons failed ({took:.0f} s)")
    return 1 if tally.failed else 0


def undisturbed(output: Path, city: str, asked: "Counter[str]") -> Undisturbed:
    """Crawl a city to its end; say what that gave and took."""
    crawl = start(city, output, "undisturbed")
    begun = first_request(crawl, asked)
    count, written = writes(output, city), 0
    while crawl.process.is_alive():
        written = count()
        time.sleep(0.0005)
    seconds = time.monotonic() - begun
    if crawl.wait() != 0:
        sys.exit(f"{city} cannot be crawled even undisturbed; try `shizheng demo` to see why")
    found = Undisturbed(tables(output, city), seconds, archived(output, city), written)
    rows = {name: len(table) for name, table in found.tables.items()}
    print(f"undisturbed  {city:8} {seconds:5.2f} s, {written} writes of tables  {rows}", flush=True)
    return found


def compare(
    folder: Path,
    usual: dict[str, Undisturbed],
    kills: int,
    draw: random.Random,
    asked: "Counter[str]",
) -> Tally:
    """Print every comparison; return what failed and what was met."""
    tally, cities, row = Tally(), list(usual), folder / "row"
    files = load_cities(CITIES)
    print(f"{'kill':>4} {'city':8} {'at':8} {'part':>5} {'stored then':>12}  after the next crawl")
    for number in range(kills):
        city, aim = cities[number % len(cities)], AIMS[number // len(cities) % len(AIMS)]
        for attempt in range(20):
            alone, part = folder / f"{number}-{attempt}", draw.random()
            if kill(start(city, alone, "killed"), aim, part, usual[city], asked):
                break
        then = len(articles.read_articles(alone, city))
        tally.met.update(met(alone, city))
        missing = lost(alone, files[city])
        start(city, alone, "again").wait()
        kill(start(city, row, f"killed-{number}"), aim, part, usual[city], asked)
        missing += lost(row, files[city])
        said = verdict(alone, city, usual[city].tables)
        if missing:
            said = f"{len(missing)} addresses are nowhere, such as {missing[0]}; {said}"
        tally.failed += said != "equal"
        print(f"{number:4} {city:8} {aim:8} {part:5.2f} {then:12}  {said}", flush=True)
    for city in cities:
        start(city, row, "last").wait()
        said = verdict(row, city, usual[city].tables)
        tally.failed += said != "equal"
        print(f"all its kills in a row  {city:8}  {said}", flush=True)
    return tally


if __name__ == "__main__":
    sys.exit(main())
