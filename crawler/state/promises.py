"""Promises: titles and days that lists showed beside an address.

A response is an article if it is the one that a list promised there; and a list that shows another
title beside an address has given it to another article.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from crawler.item import canonical_url
from crawler.state.database import State


@dataclass(frozen=True, slots=True)
class Promise:
    """Title and day that a list showed, or None."""

    title: str | None = None
    day: date | None = None


class Promises:
    """Promises of one city, in an open `State`."""

    def __init__(self, state: State) -> None:
        self._state, self._database = state, state.database

    def of(self, urls: Iterable[str]) -> list[Promise]:
        """Return the promises of pages in any spelling, the latest day first."""
        names = list(dict.fromkeys(map(canonical_url, urls)))
        rows = self._database.execute(
            f"SELECT title, day FROM promises WHERE canonical IN ({','.join('?' * len(names))}) "
            "ORDER BY day DESC, title",
            names,
        )
        return [
            Promise(title or None, date.fromisoformat(day) if day else None) for title, day in rows
        ]

    def add(self, url: str, promise: Promise) -> None:
        """Add a promise; of one title the latest day is kept."""
        day = promise.day.isoformat() if promise.day else ""
        with self._state.changing():
            self._database.execute(
                "INSERT INTO promises VALUES (?,?,?) "
                "ON CONFLICT (canonical, title) DO UPDATE SET day=max(day, excluded.day)",
                (canonical_url(url), promise.title or "", day),
            )
