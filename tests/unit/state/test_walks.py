"""Rest of a listing: a tenth of its quiet time, a week at most, half a day of slack."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from crawler.item import NEWS_TIME
from crawler.state.promises import Promise
from crawler.state.visits import Visits
from crawler.state.walks import Walk

CHECKED = datetime(2031, 5, 20, 8, tzinfo=NEWS_TIME)
HOUR = timedelta(hours=1)


def quiet_for(days: int, *, to_its_end: bool = True) -> Walk:
    """A walk over a listing that had not changed for these days when it was last read."""
    walked = CHECKED if to_its_end else None
    return Walk(walked, CHECKED, CHECKED - timedelta(days=days), 3, "digest")


@pytest.mark.parametrize(
    ("quiet", "rest"),
    [
        (30, timedelta(days=2.5)),
        (70, timedelta(days=6.5)),
        (700, timedelta(days=6.5)),
    ],
)
def test_a_listing_rests_for_a_tenth_of_its_quiet_time_and_a_week_at_most(
    quiet: int, rest: timedelta
) -> None:
    walk = quiet_for(quiet)
    assert not walk.rests(CHECKED + rest)
    assert walk.rests(CHECKED + rest - HOUR)


def test_a_listing_does_not_rest_for_less_than_the_slack() -> None:
    assert not quiet_for(5).rests(CHECKED)
    assert quiet_for(6).rests(CHECKED)


def test_a_listing_that_was_never_read_to_its_end_does_not_rest() -> None:
    assert quiet_for(700).rests(CHECKED)
    assert not quiet_for(700, to_its_end=False).rests(CHECKED)


# Promises: what lists say of an address, one for each title.
URL = "http://www.luoshan.example/xwzx/t20240301_1.html"


def test_an_address_keeps_the_promise_of_each_title_with_its_latest_day(tmp_path: Path) -> None:
    visits = Visits.open(tmp_path / "luoshan.sqlite")
    try:
        for title, day in (("甲", 3), ("乙", 1), ("甲", 5), ("甲", 4), (None, 2)):
            visits.promises.add(URL, Promise(title, date(2024, 3, day)))
        assert set(visits.promises.of([URL])) == {
            Promise(None, date(2024, 3, 2)),
            Promise("乙", date(2024, 3, 1)),
            Promise("甲", date(2024, 3, 5)),
        }
    finally:
        visits.close()
