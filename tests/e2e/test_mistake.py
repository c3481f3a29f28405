"""A mistake of the program's own is reported as one, costs one city, and the next run goes on."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from conftest import CITY, NEWS, NOTICES, PRESS, Web
from operating import call

from crawler.state.visits import Visits
from pipelines.tables import articles


def test_a_mistake_of_the_program_is_reported_as_itself_and_costs_one_city(
    web: Web, tmp_path: Path
) -> None:
    output, cities = tmp_path / "output", tmp_path / "cities"
    cities.mkdir()
    for city in ("haiqing", "haiyan"):
        (cities / f"{city}.yaml").write_text(CITY, encoding="utf-8")
    # A moment in the state that is none: nothing in a crawl expects that.
    state = output / "state" / "haiqing.sqlite"
    Visits.open(state).close()
    with closing(sqlite3.connect(state)) as database:
        database.execute(
            "INSERT INTO listings (url, checked_at, changed_at, links, digest) "
            "SELECT value, '0', '0', 1, '' FROM json_each(?)",
            (json.dumps([f"{place}index.html" for place in (NEWS, NOTICES, PRESS)]),),
        )
        database.commit()

    ended = call(web, "crawl", output, cities, "--all")

    assert ended.returncode == 3
    told = ended.stderr.splitlines()
    assert told[0].startswith("shizheng: 1 of 2 cities need a look; 26 new articles, 0 revised")
    assert told[1].startswith("shizheng: haiqing: no list could be read (1 x internal)")
    assert len(articles.read_articles(output, "haiyan")) == 26
    found = Path(told[-1].removeprefix("shizheng: details: ")).read_text().splitlines()
    mistakes = [row for row in map(json.loads, found) if row["code"] == "internal"]
    assert [(row["city"], row["evidence"]) for row in mistakes] == [
        ("haiqing", "ValueError: Invalid isoformat string: '0'")
    ]

    state.unlink()  # as the docs say
    again = call(web, "crawl", output, cities, "haiqing")
    assert (again.returncode, again.stderr) == (0, "")
    assert len(articles.read_articles(output, "haiqing")) == 26
