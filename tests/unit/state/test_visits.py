"""The crawler's memory: what was fetched, where it lies, and what is still to be stored."""

import os
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.archive.reader import Place, read_records
from crawler.archive.writer import ArchiveWriter, Exchange
from crawler.state.database import SKEW
from crawler.state.frontier import MAX_DAYS
from crawler.state.lock import VisitsError
from crawler.state.promises import Promise
from crawler.state.recovery import ArchiveFiles
from crawler.state.visits import REVISIT_DAYS, Outcome, Visit, Visits, visit_of
from crawler.state.walks import Walk

MOMENT = datetime(2024, 3, 5, tzinfo=UTC)
PAGE = b"<p>a page of some length</p>" * 40


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


def test_the_payload_of_an_address_is_the_one_last_fetched_from_it(visits: Visits) -> None:
    one, two = visit("http://a.example/1"), visit("http://a.example/2")
    for number, each in enumerate((one, two, replace(one, digest=two.digest))):
        visits.record(replace(each, place=Place("run.warc.gz", number)), MOMENT)
    found = visits.payload_of(one.url)
    assert found is not None
    assert (found.place.offset, found.url) == (1, two.url), "the first copy of what it says now"
    assert visits.payload_of("http://a.example/3") is None


def test_a_page_that_changed_has_yet_to_be_stored_again(visits: Visits) -> None:
    visits.record(visit("http://a.example/1"), MOMENT)
    visits.mark([("http://a.example/1", "stored")], "run-1")
    visits.record(visit("http://a.example/1"), MOMENT + timedelta(days=1))
    assert urls(visits) == []  # it says what it said
    changed = replace(visit("http://a.example/1"), digest="sha256:other")
    visits.record(changed, MOMENT + timedelta(days=1))
    assert urls(visits) == ["http://a.example/1"]


def test_what_a_list_names_stays_wanted_until_what_came_of_it_is_stored(visits: Visits) -> None:
    one, two = "http://a.example/1", "http://a.example/2"
    visits.frontier.want(two, MOMENT)
    visits.frontier.want(one, MOMENT + timedelta(minutes=1))
    assert visits.frontier.wanted() == [two, one]
    assert "http://a.example/2" in visits.frontier
    visits.record(visit(two, status=503), MOMENT)
    assert visits.frontier.wanted() == [two, one]
    visits.mark([(two, "retry")], "run-1")
    assert visits.frontier.wanted() == [one]
    assert visits.unaccounted() == []


@pytest.mark.parametrize("status", [200, 301, 304, 403, 404, 410, 500, 503, 521])
def test_an_answer_takes_no_address_off_the_frontier(visits: Visits, status: int) -> None:
    url = "http://a.example/1"
    visits.frontier.want(url, MOMENT)
    leads_to = "http://a.example/2" if status == 301 else None
    visits.record(visit(url, status=status, redirect=leads_to), MOMENT)
    assert visits.frontier.wanted() == [url]


@pytest.mark.parametrize("outcome", ["stored", "retry"])
def test_an_address_with_an_outcome_is_wanted_again_once_it_answers_otherwise(
    visits: Visits, outcome: Outcome
) -> None:
    url = "http://a.example/1"
    visits.frontier.want(url, MOMENT)
    visits.record(visit(url), MOMENT)
    visits.mark([(url, outcome)], "run-1")
    assert visits.frontier.wanted() == []
    visits.record(replace(visit(url, status=503), digest="sha256:busy"), MOMENT)
    assert visits.frontier.wanted() == [url]


def test_a_redirect_is_wanted_until_the_page_it_leads_to_has_an_outcome(visits: Visits) -> None:
    old, middle, new = (f"http://a.example/{name}.html" for name in ("old", "middle", "new"))
    visits.frontier.want(old, MOMENT)
    visits.record(visit(old, status=302, redirect=middle), MOMENT)
    visits.record(visit(middle, status=302, redirect=new), MOMENT)
    assert visits.frontier.wanted() == [old]  # a hop is no address that a list named
    visits.record(visit(new, status=503), MOMENT)
    assert (visits.frontier.wanted(), visits.unaccounted()) == ([old], [])
    visits.mark([(new, "retry")], "run-1")
    assert (visits.frontier.wanted(), visits.unaccounted()) == ([], [])


def test_a_redirect_whose_target_gave_no_response_is_given_up_in_the_end(visits: Visits) -> None:
    url = "http://a.example/1"
    visits.frontier.want(url, MOMENT)
    for day in range(MAX_DAYS + 1):
        assert visits.frontier.wanted() == [url]
        moment = MOMENT + timedelta(days=day)
        visits.record(visit(url, status=302, redirect="http://a.example/2"), moment)
        visits.frontier.failed(url, moment, for_good=False)
    assert visits.frontier.wanted() == []


def test_a_page_that_was_refused_and_then_silent_is_given_up_in_the_end(visits: Visits) -> None:
    url = "http://a.example/1"
    visits.record(visit(url, status=503), MOMENT)
    visits.mark([(url, "retry")], "run-1")
    for day in range(MAX_DAYS + 1):
        assert [found.url for found in visits.refused()] == [url]
        visits.frontier.failed(url, MOMENT + timedelta(days=day), for_good=False)
    assert visits.refused() == []


def test_a_stored_article_whose_further_pages_are_looked_at_is_owed_an_outcome(
    visits: Visits,
) -> None:
    url = "http://a.example/1"
    visits.record(visit(url), MOMENT)
    visits.mark([(url, "stored")], "run-1")
    visits.reopen(url)
    assert (urls(visits), visits.frontier.wanted()) == ([url], [url])
    visits.mark([(url, "stored")], "run-2")
    assert (urls(visits), visits.frontier.wanted()) == ([], [])


def test_an_address_that_is_nowhere_is_named(visits: Visits, tmp_path: Path) -> None:
    url = "http://a.example/1"
    visits.record(visit(url, status=404), MOMENT)  # answered, and no list had named it
    assert visits.unaccounted() == [url]


def test_what_an_earlier_version_lost_is_wanted_again(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    opened = Visits.open(path)
    refused, moved, stored = (f"http://a.example/{name}" for name in ("403", "302", "200"))
    opened.record(visit(refused, status=403), MOMENT)
    opened.record(visit(moved, status=302, redirect="http://a.example/never"), MOMENT)
    opened.record(visit(stored), MOMENT)
    opened.mark([(stored, "stored")], "run-1")
    assert opened.frontier.wanted() == []
    opened.close()
    with sqlite3.connect(path) as old:
        old.execute("PRAGMA user_version=2")
    opened = Visits.open(path)
    assert (opened.frontier.wanted(), opened.unaccounted()) == ([moved, refused], [])
    opened.close()


def test_the_version_before_lost_nothing_and_lacked_some_tables(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    opened = Visits.open(path)
    opened.record(visit("http://a.example/403", status=403), MOMENT)
    opened.close()
    with sqlite3.connect(path) as old:
        old.execute("DROP TABLE promises")
        old.execute("PRAGMA user_version=3")
    opened = Visits.open(path)
    opened.promises.add("http://a.example/403", Promise("题"))
    assert opened.frontier.wanted() == []
    opened.close()


def test_a_page_is_known_since_it_was_listed_however_it_is_spelt(visits: Visits) -> None:
    url = "http://a.example/1.html"
    assert visits.known_since(url) is None
    visits.frontier.want(url, MOMENT)
    visits.record(visit(url), MOMENT + timedelta(days=2))
    visits.record(replace(visit(url), digest="sha256:other"), MOMENT + timedelta(days=3))
    assert visits.known_since("http://a.example/1.html#top") == MOMENT


def test_a_page_without_a_response_is_given_up_after_weeks_or_at_once(visits: Visits) -> None:
    slow, shut = "http://a.example/slow", "http://a.example/shut"
    visits.frontier.failed(shut, MOMENT, for_good=True)
    for day in range(MAX_DAYS):
        visits.frontier.failed(slow, MOMENT + timedelta(days=day), for_good=False)
        assert visits.frontier.wanted() == [slow]
    visits.frontier.failed(slow, MOMENT + timedelta(days=MAX_DAYS), for_good=False)
    assert visits.frontier.wanted() == []
    assert slow in visits.frontier  # known, so that a list that names it still can be stopped at


def test_an_article_is_looked_at_again_after_one_seven_and_thirty_days(visits: Visits) -> None:
    url = "http://a.example/1"
    visits.record(visit(url), MOMENT)
    visits.mark([(url, "stored")], "run-1")
    looked = []
    for day in range(50):
        now = MOMENT + timedelta(days=day, hours=1)
        if visits.due(now, 10):
            looked.append(day)
            visits.confirm(url, now)
    assert looked == list(REVISIT_DAYS)
    # After a long pause once is enough.
    visits.record(visit("http://a.example/2"), MOMENT)
    visits.mark([("http://a.example/2", "stored")], "run-1")
    late = MOMENT + timedelta(days=90)
    assert [found.url for found in visits.due(late, 10)] == ["http://a.example/2"]
    visits.confirm("http://a.example/2", late)
    assert visits.due(late + timedelta(days=90), 10) == []


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


def test_a_redirect_to_what_is_no_url_leads_nowhere() -> None:
    place = Place("f", 0)
    headers = {"location": "http://[a.example/"}
    made = visit_of("http://a.example/", 302, headers, kind="list", digest="d", place=place)
    assert made.redirect is None


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
    files = ArchiveFiles(visits)
    writer = ArchiveWriter(
        tmp_path,
        "run",
        known=visits.payload,
        opened=files.begin,
        closed=files.end,
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
    files = ArchiveFiles(visits)
    assert files.recover(tmp_path) == 100
    assert path.read_bytes() == whole
    assert urls(visits) == [each.url for each in exchanges]
    assert visits.get("http://a.example/2") == visit_of(
        "http://a.example/2", 200, {}, kind="article", digest=exchanges[2].digest, place=places[2]
    )
    assert files.recover(tmp_path) == 0
    visits.close()
    assert len(list(read_records(path))) == 3


def test_archives_that_were_completed_are_never_touched(tmp_path: Path) -> None:
    visits = Visits.open(tmp_path / "a.sqlite")
    files = ArchiveFiles(visits)
    files.begin("mine.warc.gz")
    files.end("mine.warc.gz")
    files.begin("never-made.warc.gz")
    for name in ("mine.warc.gz", "theirs.warc.gz"):
        (tmp_path / name).write_bytes(b"\x1f\x8b\x08 not whole")
    assert files.recover(tmp_path) == 0
    assert (tmp_path / "mine.warc.gz").stat().st_size == 13
    visits.close()


def test_without_the_state_the_newest_archive_is_made_whole_and_no_other(tmp_path: Path) -> None:
    made = Exchange("http://a.example/", "GET", (), 200, (), PAGE, MOMENT, "article")
    with ArchiveWriter(tmp_path, "run", known=lambda digest: None) as writer:
        writer.write(made)
    whole = (tmp_path / "run-00000.warc.gz").read_bytes()
    for age, name in enumerate(("newest.warc.gz", "older.warc.gz")):
        (tmp_path / name).write_bytes(whole + whole[:100])
        os.utime(tmp_path / name, (MOMENT.timestamp() - age, MOMENT.timestamp() - age))
    (tmp_path / "run-00000.warc.gz").unlink()
    visits = Visits.open(tmp_path / "a.sqlite")
    files = ArchiveFiles(visits)
    assert files.recover(tmp_path) == 100
    assert (tmp_path / "newest.warc.gz").read_bytes() == whole
    assert len((tmp_path / "older.warc.gz").read_bytes()) == len(whole) + 100
    visits.close()


def test_a_city_has_one_crawl_at_a_time(visits: Visits, tmp_path: Path) -> None:
    with pytest.raises(VisitsError, match=rf"another run \(process {os.getpid()}\) is using it"):
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
    with pytest.raises(VisitsError, match="state of version 99, this shizheng reads version 4"):
        Visits.open(newer)
    # The city is free again after a failure.
    newer.unlink()
    Visits.open(newer).close()


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VisitsError, match="cannot be written"):
        Visits.open(tmp_path / "file/state/a.sqlite")


def test_moments_later_than_now_are_counted_and_put_right_by_another_look(visits: Visits) -> None:
    url, lists = "http://a.example/1", ["http://a.example/"]
    ahead = MOMENT + timedelta(days=2000)
    visits.frontier.want(url, ahead)
    visits.record(visit(url), ahead)
    visits.mark([(url, "stored")], "run-1")
    visits.frontier.want("http://a.example/2", ahead)
    visits.walks.put(lists[0], Walk(ahead, ahead, MOMENT, 3, "digest"))
    assert visits.ahead(MOMENT, lists) == (3, ahead.isoformat())
    assert visits.ahead(MOMENT, []) == (2, ahead.isoformat())
    assert visits.ahead(ahead - SKEW / 2, lists) == (0, "")
    assert [found.url for found in visits.due(MOMENT, 10)] == [url]
    visits.confirm(url, MOMENT)
    assert visits.due(MOMENT, 10) == []
    assert [found.url for found in visits.due(MOMENT + timedelta(days=1), 10)] == [url]
    visits.frontier.failed("http://a.example/2", MOMENT, for_good=False)
    assert visits.ahead(MOMENT, []) == (0, "")


def test_a_walk_of_the_future_is_believed_neither_to_rest_nor_to_have_ended() -> None:
    ahead, long_ago = MOMENT + timedelta(days=900), MOMENT - timedelta(days=90)
    right = Walk(MOMENT, MOMENT, long_ago, 3, "digest", long_ago.date())
    assert right.believed(MOMENT) == right
    assert right.rests(MOMENT + timedelta(hours=1))
    for wrong in (
        replace(right, walked_at=ahead),
        replace(right, checked_at=ahead),
        replace(right, changed_at=ahead),
        replace(right, checked_at=ahead, newest=ahead.date()),
    ):
        found = wrong.believed(MOMENT)
        assert found.walked_at is None
        assert not found.rests(MOMENT)
        assert found.changed_at <= MOMENT
        assert found.newest in (None, long_ago.date())


def test_validators_that_stay_while_the_page_changes_are_not_used_again(visits: Visits) -> None:
    url = "http://a.example/list.html"
    first = replace(visit(url, kind="list"), etag='"x"', last_modified="Mon")
    visits.record(first, MOMENT)
    soon = MOMENT + timedelta(days=1)
    assert visits.validators(url, soon) == {"If-None-Match": '"x"', "If-Modified-Since": "Mon"}
    visits.record(replace(first, digest="sha256:b", last_modified="Tue"), soon)
    assert visits.validators(url, soon) == {"If-Modified-Since": "Tue"}


def test_a_page_not_sent_whole_for_days_is_asked_for_whole(visits: Visits) -> None:
    url = "http://a.example/list.html"
    visits.record(replace(visit(url, kind="list"), etag='"x"'), MOMENT)
    for day in range(1, 6):
        visits.confirm(url, MOMENT + timedelta(days=day))
        assert visits.validators(url, MOMENT + timedelta(days=day))
    # A weekly crawl may start a little earlier than the last one did.
    week = MOMENT + timedelta(days=7, seconds=-9)
    assert visits.validators(url, week) == {}
    visits.record(replace(visit(url, kind="list"), etag='"x"'), week)
    assert visits.validators(url, week + timedelta(hours=20))
    assert visits.validators(url, MOMENT) == {}, "sent whole by a clock that was ahead"
