"""The crawler's memory: what was fetched, where it lies, and what is still to be stored."""

import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.archive import Exchange, Place, Writer, read
from crawler.visits import Visit, Visits, VisitsError, visit_of

MOMENT = datetime(2024, 3, 5, tzinfo=UTC)
PAGE = b"<p>a page of some length</p>" * 40


@pytest.fixture
def visits(tmp_path: Path) -> Iterator[Visits]:
    opened = Visits.open(tmp_path / "state/a.sqlite")
    yield opened
    opened.close()


def visit(url: str, kind: str = "article", status: int = 200, redirect: str | None = None) -> Visit:
    return Visit(url, kind, status, f"sha256:{url}", Place("run.warc.gz", 7), redirect)


def urls(visits: Visits) -> list[str]:
    return [found.url for found in visits.unstored()]


def test_only_article_pages_without_a_stored_result_are_unstored(visits: Visits) -> None:
    for number, (kind, status) in enumerate(
        [("article", 200), ("list", 200), ("article", 404), ("part", 200), ("article", 200)]
    ):
        visits.record(visit(f"http://a.example/{number}", kind, status), MOMENT)
    assert urls(visits) == ["http://a.example/0", "http://a.example/4"]
    visits.mark([("http://a.example/0", "stored"), ("http://a.example/4", "retry")], "run-1")
    assert urls(visits) == ["http://a.example/4"]


def test_a_page_fetched_again_has_yet_to_be_stored_again(visits: Visits) -> None:
    visits.record(visit("http://a.example/1"), MOMENT)
    visits.mark([("http://a.example/1", "stored")], "run-1")
    visits.record(visit("http://a.example/1"), MOMENT + timedelta(days=1))
    assert urls(visits) == ["http://a.example/1"]


def test_a_page_is_known_in_every_spelling_and_through_redirects(visits: Visits) -> None:
    old, new = "http://a.example/old.html", "http://a.example/new.html"
    visits.record(visit(old, status=301, redirect="https://a.example/new.html#top"), MOMENT)
    visits.record(visit(new), MOMENT)
    visits.mark([(new, "stored")], "run-1")
    for spelling in (old, "https://A.example/old_print.html", f"{old}?from=groupmessage"):
        assert [v.outcome for v in visits.chain(spelling)] == [None, "stored"]
    assert [v.url for v in visits.chain(new)] == [new]
    assert visits.chain("http://a.example/other.html") == []


def test_redirects_in_a_circle_end(visits: Visits) -> None:
    for here, there in (("1", "2"), ("2", "1")):
        visits.record(
            visit(f"http://a.example/{here}", status=302, redirect=f"http://a.example/{there}"),
            MOMENT,
        )
    assert len(visits.chain("http://a.example/1")) == 2


def test_a_response_gives_validators_and_the_absolute_target_of_a_redirect() -> None:
    changed = "Mon, 01 Jul 2024 01:00:00 GMT"
    headers = {"etag": '"x"', "last-modified": changed, "location": "../b#c"}
    made = visit_of(
        "http://a.example/1/2.html", 302, headers, kind="", digest="d", place=Place("f", 0)
    )
    assert made.redirect == "http://a.example/b"
    assert (made.kind, made.etag, made.last_modified) == ("other", '"x"', changed)
    plain = visit_of(
        "http://a.example/", 200, headers, kind="list", digest="d", place=Place("f", 0)
    )
    assert plain.redirect is None


def test_the_first_copy_of_a_payload_is_remembered(visits: Visits) -> None:
    first = visit("http://a.example/1")
    visits.record(first, MOMENT)
    later = Visit("http://a.example/2", "list", 200, first.digest, Place("other.warc.gz", 9))
    visits.record(later, MOMENT + timedelta(days=1))
    found = visits.payload(first.digest)
    assert found is not None
    assert (found.place, found.url, found.fetched_at) == (first.place, first.url, MOMENT)
    assert visits.payload("sha256:none") is None


def test_first_seen_stays_and_last_seen_moves(visits: Visits, tmp_path: Path) -> None:
    for days in range(3):
        visits.record(visit("http://a.example/1"), MOMENT + timedelta(days=days))
    database = sqlite3.connect(tmp_path / "state/a.sqlite")
    seen = database.execute("SELECT first_seen, last_seen FROM visits").fetchone()
    assert seen == ("2024-03-05T00:00:00+00:00", "2024-03-07T00:00:00+00:00")


def test_what_a_killed_crawl_left_open_is_made_whole_and_written_down(tmp_path: Path) -> None:
    visits = Visits.open(tmp_path / "a.sqlite")
    writer = Writer(
        tmp_path,
        "run",
        known=visits.payload,
        opened=visits.begin_archive,
        closed=visits.end_archive,
    )
    exchanges = [
        Exchange(f"http://a.example/{n}", "GET", (), 200, (), b"%d" % n + PAGE, MOMENT, "article")
        for n in range(3)
    ]
    places = [writer.write(each) for each in exchanges]
    # Killed after the third response reached the archive, and its visit did not; a fourth was torn.
    for each, place in list(zip(exchanges, places, strict=True))[:2]:
        made = visit_of(each.url, 200, {}, kind="article", digest=each.digest, place=place)
        visits.record(made, MOMENT)
    visits.close()
    path = tmp_path / "run-00000.warc.gz"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:100])

    visits = Visits.open(tmp_path / "a.sqlite")
    assert visits.recover(tmp_path) == 100
    assert path.read_bytes() == whole
    assert urls(visits) == [each.url for each in exchanges]
    assert visits.get("http://a.example/2") == visit_of(
        "http://a.example/2", 200, {}, kind="article", digest=exchanges[2].digest, place=places[2]
    )
    assert visits.recover(tmp_path) == 0
    visits.close()
    assert len(list(read(path))) == 3


def test_archives_that_were_completed_are_never_touched(tmp_path: Path) -> None:
    visits = Visits.open(tmp_path / "a.sqlite")
    visits.begin_archive("mine.warc.gz")
    visits.end_archive("mine.warc.gz")
    visits.begin_archive("never-made.warc.gz")
    for name in ("mine.warc.gz", "theirs.warc.gz"):
        (tmp_path / name).write_bytes(b"\x1f\x8b\x08 not whole")
    assert visits.recover(tmp_path) == 0
    assert (tmp_path / "mine.warc.gz").stat().st_size == 13
    visits.close()


def test_a_city_has_one_crawl_at_a_time(visits: Visits, tmp_path: Path) -> None:
    with pytest.raises(VisitsError, match=rf"another crawl \(process {os.getpid()}\) is using it"):
        Visits.open(tmp_path / "state/a.sqlite")
    visits.close()
    Visits.open(tmp_path / "state/a.sqlite").close()


def test_a_file_that_is_no_state_or_of_another_version_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.sqlite"
    bad.write_bytes(b"no database, but long enough to look at" * 40)
    with pytest.raises(VisitsError, match=r"bad\.sqlite: not a usable state file .*move it away"):
        Visits.open(bad)
    newer = tmp_path / "newer.sqlite"
    with sqlite3.connect(newer) as database:
        database.execute("PRAGMA user_version=99")
    with pytest.raises(VisitsError, match="state of version 99, this shizheng keeps version 1"):
        Visits.open(newer)
    # The city is free again after a failure.
    newer.unlink()
    Visits.open(newer).close()


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VisitsError, match="cannot be written"):
        Visits.open(tmp_path / "file/state/a.sqlite")
