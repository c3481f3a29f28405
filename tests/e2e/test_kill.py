"""SIGKILL at any moment and another crawl give what an undisturbed crawl gives."""

import json
import random
from collections import Counter
from pathlib import Path

from conftest import NOTICES, Answer, Crawl, Crawled, Web, crawl_into, entry, href, listing, news
from operating import tables

from benchmarks.accuracy.kill import lost
from crawler.archive.reader import read_records
from crawler.city_file import load_cities
from pipelines.tables import schema
from pipelines.tables.parquet import read_table


def test_a_crawl_killed_three_times_gives_what_an_undisturbed_one_gives(
    web: Web, crawl: Crawl, crawled: Crawled
) -> None:
    web.pause = 0.03  # so that a kill finds requests under way
    unstored = "-sSHIZHENG_FLUSH=1000"
    # Among the lists; with articles archived and none of them stored; again.
    assert crawl.killed_after(5, "run-1") == -9
    assert crawl.killed_after(14, "run-1", unstored) == -9
    assert crawl.killed_after(9, "run-2", unstored) == -9
    ended = crawl("run-3")
    assert ended.code == 0, ended.errors
    assert ended.last["recovered"] > 0

    assert tables(crawl.output) == tables(crawled.crawl.output)
    assert not (crawl.output / "revisions").exists()
    files = sorted(path for path in crawl.output.rglob("*") if path.is_file())
    assert not [path for path in files if path.name.endswith(".tmp")]
    ids = [
        key
        for path in files
        if path.parent.name == "haiqing" and path.suffix == ".parquet"
        for key in read_table(path, schema.ARTICLES)["article_id"].to_pylist()
    ]
    assert len(ids) == len(set(ids)) == 26

    skipped: Counter[str] = Counter()
    answers: Counter[str] = Counter()
    for path in files:
        if path.name.endswith(".warc.gz"):
            answers.update(
                r.url for r in read_records(path, skipped) if r.kind in ("article", "part")
            )
    assert not skipped
    # What was archived was not asked for again: only what failed or moved, and where it moved to.
    tried_again = {url for url, times in answers.items() if times > 1}
    assert {url.rpartition("_")[2] for url in tried_again} <= {
        "7001.html", "7002.html", "7003.html", "7004.html", "1003.html",
    }  # fmt: skip
    for path in files:
        if path.name.endswith(".jsonl"):
            assert all(json.loads(line)["city"] == "haiqing" for line in path.open())


PAGES, EACH, FIRST = 12, 4, 100
"""List pages of the notices in the large city, articles on each, the number of the first."""


def large_city(web: Web) -> None:
    """Give the notices many list pages, and every other article an error or another address."""
    odd = [403, 404, 410, 500, 503, 301]
    numbers = range(FIRST, FIRST + PAGES * EACH)
    for number in numbers:
        url = NOTICES + href(number)
        web.pages[url] = news(number)
        status = odd[number // 2 % len(odd)] if number % 2 else 200
        if status == 301:
            moved = url.replace(".html", "9.html")
            web.pages[moved] = web.pages[url]
            web.pages[url] = Answer(b"moved", 301, {"Content-Type": "text/html", "Location": moved})
        elif status != 200:
            web.pages[url] = Answer(f"<p>An error, {status}.</p>".encode(), status)
    for at in range(PAGES):
        rows = [entry(n) for n in numbers[at * EACH : (at + 1) * EACH]]
        name = f"index_{at}.html" if at else "index.html"
        web.pages[NOTICES + name] = listing(rows, PAGES, at)


def test_many_lists_and_errors_lose_nothing_to_kills_at_random_moments(
    web: Web, crawl: Crawl, tmp_path: Path
) -> None:
    large_city(web)
    whole = crawl_into(web, tmp_path / "whole", cold=True)
    options = ("-sRETRY_TIMES=0", "-sSHIZHENG_FLUSH=1000")
    assert whole("undisturbed", *options).code == 0
    requests, city = len(web.asked), load_cities(crawl.cities)["haiqing"]
    assert not lost(whole.output, city)
    web.pause, draw = 0.02, random.Random(15)
    # Late ones first: by then lists have been read to their ends, and nothing is stored.
    for number, part in enumerate(sorted((draw.random() for _ in range(4)), reverse=True)):
        killed = crawl.killed_after(3 + int(part * (requests - 6)), f"run-{number}", *options)
        assert killed in (-9, 0)  # what is left to do becomes less
        assert not lost(crawl.output, city)
    web.pause = 0.0
    ended = crawl("last", *options)
    assert ended.code == 0, ended.errors
    assert tables(crawl.output) == tables(whole.output)
    assert not lost(crawl.output, city)


def test_what_was_refused_when_a_crawl_died_is_asked_for_again(web: Web, crawl: Crawl) -> None:
    large_city(web)
    unstored = "-sSHIZHENG_FLUSH=1000"
    # Its first list is read to its end; the last is not answered until the crawl is killed.
    assert crawl.killed_after(60, "run-1", "-sRETRY_TIMES=0", unstored) == -9
    refused = {url for url in web.asked if url in web.pages and web.pages[url].status >= 400}
    assert len(refused) > 5
    web.asked.clear()
    assert crawl("run-2").code == 0
    assert refused <= set(web.asked)
