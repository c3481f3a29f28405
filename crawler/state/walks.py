"""Walks over listings: last look at each, and time of the next."""

from dataclasses import astuple, dataclass, replace
from datetime import date, datetime, timedelta

from crawler.item import NEWS_TIME
from crawler.state.database import SKEW, State

REST_SHARE = 10
"""A listing rests for this part of the time since it last changed: after a month without a new
article it is read every third day. Set by hand, not measured."""
LONGEST_REST = timedelta(days=7)
"""Longest rest of a listing; set by hand, not measured."""
SLACK = timedelta(hours=12)
"""Taken off a rest, so that a crawl started a little early in the day does not skip a listing."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Last walk over one listing. Times are UTC.

    `walked_at` is None until the listing was once read to its end. `links` counts those of its
    first page when it last had any, `newest` is the latest date shown beside one.
    """

    walked_at: datetime | None
    checked_at: datetime
    changed_at: datetime
    links: int
    digest: str
    newest: date | None = None

    @property
    def last_news(self) -> date:
        """Day of the newest entry: as dated, or as first seen."""
        return self.newest or news_day(self.changed_at)

    def believed(self, now: datetime) -> "Walk":
        """Return the walk without moments later than now.

        A clock that was ahead stored those. A listing with such a moment is read to its end anew:
        it neither rests nor is cut short.
        """
        latest = max(self.checked_at, self.changed_at, self.walked_at or self.checked_at)
        if latest <= now + SKEW:
            return self
        newest = self.newest if self.newest and self.newest <= news_day(now) else None
        return replace(self, walked_at=None, changed_at=min(self.changed_at, now), newest=newest)

    def rests(self, now: datetime) -> bool:
        """Return True for a listing to pass over, as it seldom changes."""
        if self.walked_at is None:
            return False
        quiet = self.checked_at - self.changed_at
        return now - self.checked_at < min(quiet / REST_SHARE, LONGEST_REST) - SLACK


class Walks:
    """Last walk over each listing, by the URL of its first page."""

    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, url: str) -> Walk | None:
        """Return the last walk over a listing, or None."""
        row = self._state.database.execute(
            "SELECT walked_at, checked_at, changed_at, links, digest, newest FROM listings "
            "WHERE url=?",
            (url,),
        ).fetchone()
        if row is None:
            return None
        walked, checked, changed, links, digest, newest = row
        return Walk(
            walked_at=datetime.fromisoformat(walked) if walked else None,
            checked_at=datetime.fromisoformat(checked),
            changed_at=datetime.fromisoformat(changed),
            links=links,
            digest=digest,
            newest=date.fromisoformat(newest) if newest else None,
        )

    def put(self, url: str, walk: Walk) -> None:
        """Store the last walk over a listing. Raises `VisitsError`."""
        values = (v.isoformat() if isinstance(v, date) else v for v in astuple(walk))
        with self._state.changing():
            self._state.database.execute(
                "INSERT OR REPLACE INTO listings VALUES (?,?,?,?,?,?,?)", (url, *values)
            )


def news_day(moment: datetime) -> date:
    """Return the day of a moment in the time of the cities."""
    return moment.astimezone(NEWS_TIME).date()
