"""Addresses that lead to others, pages disowned and reopened, and the lock of a city."""

import fcntl
import os
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from crawler.archive.reader import Place
from crawler.state.database import SKEW
from crawler.state.lock import LOCK_VARIABLE, VisitsError, holder_of, lock_of
from crawler.state.visits import WHOLE_DAYS, Visit, Visits
from crawler.state.walks import Walk

AT = datetime(2024, 3, 5, 20, tzinfo=UTC)
ROOT = "http://a.example"


def visit(path: str, redirect: str | None = None, kind: str = "article", **more: str) -> Visit:
    url = f"{ROOT}/{path}"
    return Visit(url, kind, 302 if redirect else 200, more.pop("digest", f"sha256:{path}"),
                 Place("a.warc.gz", 0), redirect and f"{ROOT}/{redirect}", **more)  # fmt: skip


def outcome(visits: Visits, path: str) -> str | None:
    found = visits.get(f"{ROOT}/{path}")
    assert found is not None
    return found.outcome


def test_every_address_that_led_to_a_page_is_named_the_nearest_first(visits: Visits) -> None:
    for path, target in (("a", "b"), ("b", "c"), ("x", "b"), ("y", "z"), ("c", "a")):
        visits.record(visit(path, target), AT)
    leading = visits.leading_to(f"{ROOT}/c")
    assert leading[0] == f"{ROOT}/b"
    assert sorted(leading[1:]) == [f"{ROOT}/a", f"{ROOT}/x"]
    assert visits.leading_to(f"{ROOT}/q") == []


def test_so_many_leading_addresses_are_named_and_no_circle_is_endless(visits: Visits) -> None:
    for number in range(130):
        visits.record(visit(f"n{number + 1}", f"n{number}"), AT)
    visits.record(visit("n0", "n130"), AT)
    assert visits.leading_to(f"{ROOT}/n0") == [f"{ROOT}/n{n}" for n in range(1, 101)]


def test_a_page_can_lead_elsewhere_by_itself(visits: Visits) -> None:
    visits.record(visit("old"), AT)
    visits.lead(f"{ROOT}/old", "../new.html#top")
    found = visits.get(f"{ROOT}/old")
    assert found is not None
    assert found.redirect == f"{ROOT}/new.html"
    assert visits.leading_to(f"{ROOT}/new.html") == [f"{ROOT}/old"]


@pytest.mark.parametrize("stored", [True, False])
def test_a_page_that_is_no_article_is_none_unless_it_is_stored(
    visits: Visits, stored: bool
) -> None:
    visits.record(visit("a"), AT)
    if stored:
        visits.mark([(f"{ROOT}/a", "stored")], "r")
    visits.disown(f"{ROOT}/a")
    found = visits.get(f"{ROOT}/a")
    assert found is not None
    assert found.kind == ("article" if stored else "other")


def test_a_page_reopened_is_owed_an_outcome_and_with_a_moment_wanted_anew(visits: Visits) -> None:
    visits.record(visit("a"), AT)
    visits.mark([(f"{ROOT}/a", "stored")], "r")
    visits.reopen(f"{ROOT}/a")
    assert outcome(visits, "a") is None
    assert visits.frontier.wanted() == [f"{ROOT}/a"]
    visits.frontier.failed(f"{ROOT}/gone", AT, for_good=True)
    assert f"{ROOT}/gone" not in visits.frontier.wanted()
    visits.reopen(f"{ROOT}/gone")
    assert f"{ROOT}/gone" not in visits.frontier.wanted()
    visits.reopen(f"{ROOT}/gone", AT)
    assert f"{ROOT}/gone" in visits.frontier.wanted()


def test_new_rules_for_robots_give_the_pages_given_up_on_their_host_another_try(
    visits: Visits,
) -> None:
    rules = visit("robots.txt", kind="robots")
    visits.record(rules, AT)
    for url in (f"{ROOT}/a", "http://b.example/b"):
        visits.frontier.failed(url, AT, for_good=True)
    visits.record(rules, AT)
    assert visits.frontier.wanted() == [], "the rules are the same"
    visits.record(visit("robots.txt", kind="list", digest="sha256:else"), AT)
    assert visits.frontier.wanted() == []
    visits.record(visit("robots.txt", kind="robots", digest="sha256:new"), AT)
    assert visits.frontier.wanted() == [f"{ROOT}/a"]


def test_a_redirect_leaves_the_frontier_once_its_page_has_an_outcome(visits: Visits) -> None:
    visits.frontier.want(f"{ROOT}/old", AT)
    visits.record(visit("old", "new"), AT)
    visits.record(visit("new"), AT)
    visits.settle()
    assert visits.frontier.wanted() == [f"{ROOT}/old"]
    visits.mark([(f"{ROOT}/new", "retry")], "r")
    assert visits.frontier.wanted() == []


@pytest.mark.parametrize(
    ("age", "asked"),
    [
        (timedelta(days=WHOLE_DAYS), False),
        (timedelta(days=WHOLE_DAYS, microseconds=-1), True),
        (-SKEW, True),
        (-SKEW - timedelta(microseconds=1), False),
    ],
)
def test_a_page_is_asked_for_conditionally_for_whole_days(
    visits: Visits, age: timedelta, asked: bool
) -> None:
    visits.record(visit("a", etag='"1"'), AT)
    found = visits.validators(f"{ROOT}/a", AT + age)
    assert found == ({"If-None-Match": '"1"'} if asked else {})
    assert visits.validators(f"{ROOT}/never", AT) == {}


def test_one_failure_within_a_transaction_undoes_it_all_and_is_named(visits: Visits) -> None:
    def fail() -> None:
        with visits.state.changing():
            visits.frontier.want(f"{ROOT}/a", AT)
            with visits.state.changing():
                raise sqlite3.OperationalError("disk full")

    with pytest.raises(VisitsError, match="state cannot be written"):
        fail()
    assert visits.frontier.wanted() == []


def test_a_walk_is_read_back_as_it_was_put(visits: Visits) -> None:
    walks = (
        Walk(AT, AT + timedelta(hours=1), AT - timedelta(days=3), 7, "d", date(2024, 3, 4)),
        Walk(None, AT, AT, 0, ""),
    )
    for walk in walks:
        visits.walks.put(f"{ROOT}/list", walk)
        assert visits.walks.get(f"{ROOT}/list") == walk
    assert visits.walks.get(f"{ROOT}/other") is None
    # The day in the time of the cities: it is past midnight there.
    assert [walk.last_news for walk in walks] == [date(2024, 3, 4), date(2024, 3, 6)]


def test_a_crawl_has_the_lock_that_its_command_took_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state" / "a.sqlite"
    taken = lock_of(path)
    assert holder_of(taken) == str(os.getpid())
    with pytest.raises(VisitsError, match=f"another run .process {os.getpid()}. is using it"):
        lock_of(path)
    other = (tmp_path / "other").open("w")
    for number in (other.fileno(), 987_654, -1):
        monkeypatch.setenv(LOCK_VARIABLE, str(number))
        with pytest.raises(VisitsError, match="another run"):
            lock_of(path)
    monkeypatch.setenv(LOCK_VARIABLE, str(taken.fileno()))
    inherited = lock_of(path)
    # Not taken anew: it ends with the lock of the command.
    taken.close()
    with path.with_suffix(".lock").open("a") as anew:
        fcntl.flock(anew, fcntl.LOCK_EX | fcntl.LOCK_NB)
    inherited.close()
    other.close()


def test_a_lock_that_could_not_be_had_is_not_held_open(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    first = lock_of(path)
    with pytest.raises(VisitsError) as refused:
        lock_of(path)
    frame = refused.traceback[-1].frame
    assert frame.f_locals["lock"].closed
    first.close()
    again = lock_of(path)
    assert again.tell() >= 0
    assert holder_of(again) == str(os.getpid())
    again.close()
