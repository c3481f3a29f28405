"""SIGKILL at any moment and another crawl give what an undisturbed crawl gives."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from conftest import Crawl, Crawled, Web

from crawler.archive import read
from pipelines import schema, store

# Which run wrote a row, and when, is all that may differ.
_RUN_COLUMNS = {"run_id", "first_seen", "last_seen", "seen_at"}


def tables(output: Path) -> dict[str, list[dict[str, Any]]]:
    """Return every table of the small city without the columns of runs and times."""
    rejects = store.read_table(store.table_path(output, "rejects", "haiqing"), schema.REJECTS)
    whole = {"articles": store.read_articles(output, "haiqing"), "rejects": rejects}
    return {
        name: [
            {column: value for column, value in row.items() if column not in _RUN_COLUMNS}
            for row in table.to_pylist()
        ]
        for name, table in whole.items()
    }


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
        for key in store.read_table(path, schema.ARTICLES)["article_id"].to_pylist()
    ]
    assert len(ids) == len(set(ids)) == 26

    skipped: Counter[str] = Counter()
    answers: Counter[str] = Counter()
    for path in files:
        if path.name.endswith(".warc.gz"):
            answers.update(r.url for r in read(path, skipped) if r.kind in ("article", "part"))
    assert not skipped
    # What was archived was not asked for again: only what failed, and the target of the redirect.
    tried_again = {url for url, times in answers.items() if times > 1}
    assert {url.rpartition("_")[2] for url in tried_again} <= {
        "7001.html", "7002.html", "7003.html", "7004.html", "1003.html",
    }  # fmt: skip
    for path in files:
        if path.name.endswith(".jsonl"):
            assert all(json.loads(line)["city"] == "haiqing" for line in path.open())
