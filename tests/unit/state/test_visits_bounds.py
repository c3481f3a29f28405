"""Bounds of a page's life: tries, statuses, first moments, and what a power cut took."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.archive.reader import Place
from crawler.archive.writer import ArchiveWriter, Exchange
from crawler.state.frontier import MAX_DAYS, MAX_TRIES
from crawler.state.recovery import ArchiveFiles
from crawler.state.visits import Visit, Visits, validators, visit_of

MOMENT = datetime(2024, 3, 5, tzinfo=UTC)
DAY = timedelta(days=1)
URL = "http://a.example/1"
PAGE = b"<p>a page of some length</p>" * 40


def visit(url: str = URL, kind: str = "article", status: int = 200, redirect: str = "") -> Visit:
    place = Place("run.warc.gz", 7)
    return Visit(url, kind, status, f"sha256:{url}", place, redirect or None)


def urls(visits: Visits) -> list[str]:
    return [found.url for found in visits.unstored()]


def refuse(visits: Visits, status: int, times: int) -> None:
    """Answer a page with `status` and mark it to be tried again, `times` times on one day."""
    for _ in range(times):
        visits.record(visit(status=status), MOMENT)
        visits.mark([(URL, "retry")], "run")


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_given_up_after_the_tries(visits: Visits, status: int) -> None:
    refuse(visits, status, MAX_TRIES - 1)
    assert [found.url for found in visits.refused()] == [URL]
    refuse(visits, status, 1)
    assert visits.refused() == []


@pytest.mark.parametrize("status", [200, 401, 403, 409, 411, 429, 500, 503])
def test_any_other_page_is_tried_on_whatever_the_tries(visits: Visits, status: int) -> None:
    refuse(visits, status, MAX_TRIES * 3)
    assert [found.url for found in visits.refused()] == [URL]


@pytest.mark.parametrize(
    ("days", "given_up"), [(MAX_DAYS - 1, False), (MAX_DAYS, True)], ids=["sooner", "then"]
)
def test_a_refused_page_is_given_up_once_it_is_known_for_the_days(
    visits: Visits, days: int, given_up: bool
) -> None:
    refuse(visits, 503, MAX_TRIES)
    visits.record(visit(status=503), MOMENT + days * DAY)
    visits.mark([(URL, "retry")], "run")
    assert (visits.refused() == []) is given_up


def test_a_refused_page_is_not_given_up_before_the_tries_however_long_it_is_known(
    visits: Visits,
) -> None:
    for number in range(MAX_TRIES - 1):
        visits.record(visit(status=503), MOMENT + number * MAX_DAYS * DAY)
        visits.mark([(URL, "retry")], "run")
        assert [found.url for found in visits.refused()] == [URL]


def test_tries_are_counted_anew_after_a_page_was_stored(visits: Visits) -> None:
    refuse(visits, 404, MAX_TRIES - 1)
    visits.record(visit(), MOMENT)
    visits.mark([(URL, "stored")], "run")
    refuse(visits, 404, MAX_TRIES - 1)
    assert [found.url for found in visits.refused()] == [URL]


def test_a_silent_page_is_not_given_up_before_the_tries_however_long_it_is_known(
    visits: Visits,
) -> None:
    for number in range(MAX_TRIES):
        visits.frontier.failed(URL, MOMENT + number * MAX_DAYS * DAY, for_good=False)
        assert (visits.frontier.wanted() == []) is (number == MAX_TRIES - 1)


@pytest.mark.parametrize(
    ("status", "unstored"), [(199, False), (200, True), (206, True), (299, True), (300, False)]
)
def test_a_page_to_be_stored_was_answered_with_a_status_of_success(
    visits: Visits, status: int, unstored: bool
) -> None:
    visits.record(visit(status=status), MOMENT)
    assert urls(visits) == ([URL] if unstored else [])


def test_unstored_pages_come_in_the_order_in_which_they_were_last_seen(visits: Visits) -> None:
    for number, day in ((1, 2), (2, 0), (3, 1)):
        visits.record(visit(f"http://a.example/{number}"), MOMENT + day * DAY)
    assert [url[-1] for url in urls(visits)] == ["2", "3", "1"]


def test_a_page_of_a_known_digest_and_another_status_has_yet_to_be_stored_again(
    visits: Visits,
) -> None:
    visits.record(visit(status=404), MOMENT)
    visits.mark([(URL, "stored")], "run")
    visits.record(visit(status=200), MOMENT)
    assert urls(visits) == [URL]


def test_a_list_that_was_refused_is_no_refused_article(visits: Visits) -> None:
    for kind in ("list", "part", "article"):
        url = f"http://a.example/{kind}"
        visits.record(visit(url, kind, 503), MOMENT)
        visits.mark([(url, "retry")], "run")
    assert [found.url for found in visits.refused()] == ["http://a.example/article"]


def test_only_articles_that_were_answered_are_fetched_again_and_no_more_than_asked_for(
    visits: Visits,
) -> None:
    for number, status in enumerate([200, 200, 404, 200]):
        url = f"http://a.example/{number}"
        visits.record(visit(url, status=status), MOMENT + timedelta(minutes=number))
        visits.mark([(url, "stored")], "run")
    due = [found.url[-1] for found in visits.due(MOMENT + 2 * DAY, 9)]
    assert due == ["0", "1", "3"]
    assert [found.url[-1] for found in visits.due(MOMENT + 2 * DAY, 2)] == ["0", "1"]


def test_a_stored_page_is_known_since_a_list_named_it(visits: Visits) -> None:
    visits.frontier.want(URL, MOMENT)
    visits.record(visit(), MOMENT + 2 * DAY)
    visits.mark([(URL, "stored")], "run")
    assert URL not in visits.frontier
    assert visits.known_since(URL) == MOMENT


def test_a_page_is_known_no_later_than_it_was_fetched(visits: Visits) -> None:
    # The clock was ahead when the list named it, and right when the page was fetched.
    visits.frontier.want(URL, MOMENT + 900 * DAY)
    visits.record(visit(), MOMENT)
    visits.mark([(URL, "stored")], "run")
    assert visits.known_since(URL) == MOMENT


@pytest.mark.parametrize("again", ["answered", "confirmed"])
def test_a_page_first_seen_by_a_clock_ahead_is_known_since_it_was_seen_again(
    visits: Visits, again: str
) -> None:
    visits.record(visit(), MOMENT + 900 * DAY)
    if again == "answered":
        visits.record(visit(), MOMENT)
    else:
        visits.confirm(URL, MOMENT)
    assert visits.known_since(URL) == MOMENT
    visits.record(visit(), MOMENT + DAY)
    visits.confirm(URL, MOMENT + DAY)
    assert visits.known_since(URL) == MOMENT


def test_an_unanswered_page_named_by_a_clock_ahead_is_put_right(visits: Visits) -> None:
    visits.frontier.want(URL, MOMENT + 900 * DAY)
    visits.frontier.failed(URL, MOMENT, for_good=False)
    assert visits.known_since(URL) == MOMENT


def test_a_redirect_given_up_stays_known_once_its_target_has_an_outcome(visits: Visits) -> None:
    target = "http://a.example/2"
    visits.record(visit(status=302, redirect=target), MOMENT)
    visits.frontier.failed(URL, MOMENT, for_good=True)
    visits.record(visit(target), MOMENT)
    visits.mark([(target, "stored")], "run")
    assert URL in visits.frontier
    assert visits.frontier.wanted() == []


@pytest.mark.parametrize(
    ("status", "leads"), [(200, False), (299, False), (300, True), (399, True), (400, False)]
)
def test_only_a_redirect_leads_elsewhere(status: int, leads: bool) -> None:
    headers = {"location": "/2"}
    made = visit_of(URL, status, headers, kind="list", digest="d", place=Place("f", 0))
    assert made.redirect == ("http://a.example/2" if leads else None)


def test_a_redirect_loses_the_user_of_its_target() -> None:
    headers = {"location": "http://li:geheim@a.example/2#top"}
    made = visit_of(URL, 301, headers, kind="list", digest="d", place=Place("f", 0))
    assert made.redirect == "http://a.example/2"


@pytest.mark.parametrize("status", [200, 206, 301, 404])
def test_only_a_whole_answer_is_asked_for_conditionally(status: int) -> None:
    marked = replace(
        visit(status=status), etag='"e"', last_modified="Mon, 04 Mar 2024 01:00:00 GMT"
    )
    asked = {"If-None-Match": '"e"', "If-Modified-Since": "Mon, 04 Mar 2024 01:00:00 GMT"}
    assert validators(marked) == (asked if status == 200 else {})
    assert validators(None) == {}


def exchange(number: int, kind: str = "article", status: int = 200) -> Exchange:
    body = b"%d" % number + PAGE if status == 200 else b""
    url = f"http://a.example/{number}"
    return Exchange(url, "GET", (), status, (), body, MOMENT, kind)


def crawled(folder: Path, *exchanges: Exchange) -> tuple[Path, list[Place]]:
    """Archive and record answers; return the archive, left open, and their places."""
    visits = Visits.open(folder / "a.sqlite")
    files = ArchiveFiles(visits)
    writer = ArchiveWriter(
        folder, "run", known=visits.payload, opened=files.begin, closed=files.end
    )
    places = []
    for each in exchanges:
        places.append(place := writer.write(each))
        made = visit_of(each.url, each.status, {}, kind=each.kind, digest=each.digest, place=place)
        visits.record(made, each.fetched_at)
    visits.close()
    return folder / "run-00000.warc.gz", places


def test_what_a_power_cut_took_from_the_archive_is_wanted_again(tmp_path: Path) -> None:
    path, places = crawled(tmp_path, exchange(0), exchange(1), exchange(2, "list"), exchange(3))
    lost = exchange(1)
    with path.open("r+b") as file:
        file.truncate(places[1].offset)  # just before the second
    visits = Visits.open(tmp_path / "a.sqlite")
    assert ArchiveFiles(visits).recover(tmp_path) == 0
    # The three are forgotten; the articles among them are wanted, the list is not.
    assert [visits.get(f"http://a.example/{n}") is None for n in range(4)] == [
        False, True, True, True,
    ]  # fmt: skip
    assert visits.frontier.wanted() == [f"http://a.example/{n}" for n in (0, 1, 3)]
    assert visits.payload(exchange(0).digest) is not None
    # Fetched anew, the page is archived in whole, not as a reference to lost bytes.
    assert visits.payload(lost.digest) is None
    assert visits.known_since(lost.url) == MOMENT
    visits.close()


def test_an_archive_that_is_gone_takes_all_its_visits_with_it(tmp_path: Path) -> None:
    path, _ = crawled(tmp_path, exchange(0), exchange(1))
    path.unlink()
    visits = Visits.open(tmp_path / "a.sqlite")
    assert ArchiveFiles(visits).recover(tmp_path) == 0
    assert [visits.get(f"http://a.example/{n}") for n in range(2)] == [None, None]
    assert visits.frontier.wanted() == ["http://a.example/0", "http://a.example/1"]
    visits.close()


def test_a_killed_crawl_owes_the_articles_that_no_list_had_named(tmp_path: Path) -> None:
    crawled(tmp_path, exchange(0), exchange(1, "list"))
    visits = Visits.open(tmp_path / "a.sqlite")
    target = "http://a.example/9"
    visits.record(visit("http://a.example/8", status=302, redirect=target), MOMENT)
    visits.record(visit(target), MOMENT)
    assert visits.frontier.wanted() == []
    ArchiveFiles(visits).recover(tmp_path)
    # The target of a redirect is accounted for by the address that leads to it.
    assert visits.frontier.wanted() == ["http://a.example/0", "http://a.example/8"]
    visits.close()


def test_a_recovered_archive_is_complete_and_recovered_once(tmp_path: Path) -> None:
    path, _ = crawled(tmp_path, exchange(0))
    visits = Visits.open(tmp_path / "a.sqlite")
    files = ArchiveFiles(visits)
    files.recover(tmp_path)
    visits.mark([("http://a.example/0", "stored")], "run")
    path.unlink()  # moved to another disk, say, now that it is complete
    files.recover(tmp_path)
    assert visits.get("http://a.example/0") is not None
    visits.close()


def test_an_answer_archived_but_not_recorded_is_recorded_and_no_other_anew(tmp_path: Path) -> None:
    path, _ = crawled(tmp_path, exchange(0), exchange(1))
    visits = Visits.open(tmp_path / "a.sqlite")
    newer = replace(visit("http://a.example/0"), digest="sha256:newer", place=Place("later", 0))
    visits.record(newer, MOMENT + DAY)
    ArchiveFiles(visits).recover(tmp_path)
    assert visits.get("http://a.example/0") == newer
    visits.close()
    assert path.exists()


def test_a_confirmation_archived_but_not_recorded_is_recorded(tmp_path: Path) -> None:
    visits = Visits.open(tmp_path / "a.sqlite")
    files = ArchiveFiles(visits)
    writer = ArchiveWriter(
        tmp_path, "run", known=visits.payload, opened=files.begin, closed=files.end
    )
    each = exchange(0)
    place = writer.write(each)
    visits.record(
        visit_of(each.url, 200, {}, kind="article", digest=each.digest, place=place), MOMENT
    )
    visits.mark([(each.url, "stored")], "run")
    same = replace(each, status=304, body=b"", fetched_at=MOMENT + 8 * DAY)
    writer.write(same, confirmed=visits.payload_of(each.url))
    assert [found.url for found in visits.due(MOMENT + 9 * DAY, 9)] == [each.url]
    files.recover(tmp_path)
    # It was looked at on the eighth day: not due before the thirtieth, and as it was.
    assert visits.due(MOMENT + 9 * DAY, 9) == []
    assert (found := visits.get(each.url)) is not None
    assert (found.status, found.outcome) == (200, "stored")
    visits.close()
