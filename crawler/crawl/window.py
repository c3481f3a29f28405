"""Window of dates that bounds a crawl."""

from dataclasses import dataclass
from datetime import date
from typing import Self

from crawler.cms.family import Link, Listing
from crawler.crawl.session import CrawlError


@dataclass(frozen=True, slots=True)
class Window:
    """First and last day of the dated links to follow.

    None is an open end.
    """

    since: date | None = None
    until: date | None = None

    @classmethod
    def parse(cls, since: str, until: str) -> Self:
        """Return the window between two dates; empty for an open end.

        Raises `CrawlError`.
        """
        first, last = _day("since", since), _day("until", until)
        if first and last and first > last:
            raise CrawlError(f"since ({first}) is after until ({last}): nothing lies between them")
        return cls(first, last)

    def __bool__(self) -> bool:
        return bool(self.since or self.until)

    def leaves_out(self, link: Link) -> bool:
        """Return True for a link dated outside the window."""
        return link.date is not None and (
            self._too_old(link) or bool(self.until and link.date > self.until)
        )

    def is_past(self, listing: Listing) -> bool:
        """Return True for a list page wholly before the window.

        So are those of the pages behind it.
        """
        return bool(listing.links) and all(self._too_old(link) for link in listing.links)

    def _too_old(self, link: Link) -> bool:
        return bool(self.since and link.date and link.date < self.since)


def _day(name: str, value: str) -> date | None:
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise CrawlError(f"{name} is a date like 2026-11-23, not {value!r}") from None
