"""Rest of a listing: a tenth of its quiet time, a week at most, half a day of slack."""

from datetime import datetime, timedelta

import pytest

from crawler.item import NEWS_TIME
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
