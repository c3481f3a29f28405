"""Frontier: addresses that a list named and nothing is stored of yet."""

from collections.abc import Iterable
from datetime import datetime

from crawler.item import canonical_url
from crawler.state.database import State

MAX_TRIES, MAX_DAYS = 5, 30
"""Bounds after which a page is given up: a missing one after the tries; a refused or unanswered one
after the days, too, because a city may be blocked or down for weeks."""


class Frontier:
    """Frontier of one city, in an open `State`."""

    def __init__(self, state: State) -> None:
        self._state, self._database = state, state.database

    def __contains__(self, canonical: object) -> bool:
        """Return True for a canonical URL that is wanted or given up."""
        query = "SELECT 1 FROM frontier WHERE canonical=?"
        return self._database.execute(query, (canonical,)).fetchone() is not None

    def want(self, url: str, moment: datetime) -> None:
        """Add an address that a list named at `moment` (UTC).

        It stays until its outcome is stored, whatever becomes of this crawl.
        """
        with self._state.changing():
            self._database.execute(
                "INSERT OR IGNORE INTO frontier (url, canonical, listed_at) VALUES (?,?,?)",
                (url, canonical_url(url), moment.isoformat()),
            )

    def wanted(self) -> list[str]:
        """Return the listed pages without an answer, oldest first."""
        rows = self._database.execute(
            "SELECT url FROM frontier WHERE NOT given_up ORDER BY listed_at, url"
        )
        return [url for (url,) in rows]

    def failed(self, url: str, moment: datetime, *, for_good: bool) -> None:
        """Count a request without a response.

        The page is given up if `for_good`, or after `MAX_TRIES` and `MAX_DAYS`.
        """
        self.want(url, moment)
        with self._state.changing():
            self._database.execute(
                "UPDATE frontier SET tries=tries+1, given_up=max(given_up, :final, tries+1>=:tries "
                "AND julianday(:now)-julianday(listed_at)>=:days), "
                "listed_at=min(listed_at, :now) WHERE url=:url",
                {"final": for_good, "now": moment.isoformat(), "url": url}
                | {"tries": MAX_TRIES, "days": MAX_DAYS},
            )

    def want_again(self, root: str) -> None:
        """Want the pages given up below an address; inside the caller's transaction."""
        self._database.execute(
            "UPDATE frontier SET given_up=0 WHERE given_up AND substr(url, 1, length(:root))=:root",
            {"root": root},
        )

    def owe(self, url: str) -> None:
        """Add an article without an outcome; inside the caller's transaction."""
        self._database.execute(f"{_OWED} AND url=?", (url,))

    def owe_all(self) -> None:
        """Add every article without an outcome, but for the targets of redirects.

        For a state that a power cut tore.
        """
        with self._state.changing():
            self._database.execute(
                f"{_OWED} AND url NOT IN (SELECT redirect FROM visits WHERE redirect IS NOT NULL)"
            )

    def drop(self, urls: Iterable[str]) -> None:
        """Remove addresses; inside the caller's transaction."""
        self._database.executemany("DELETE FROM frontier WHERE url=?", [(url,) for url in urls])


_OWED = (
    "INSERT OR IGNORE INTO frontier (url, canonical, listed_at) SELECT url, canonical, first_seen "
    "FROM visits WHERE kind='article' AND outcome IS NULL"
)
