"""Visits: last response and outcome of each URL, in SQLite.

A visit is recorded once its response has been archived, and marked once its outcome is in the
tables. One rule protects against a crawl that dies: an address that a list named is on the frontier
until the transaction that marks its outcome, and one with a changed answer is put back on it by the
transaction that records the visit. So at every moment an address is on the frontier or has an
outcome, or leads to one that is or has; `unaccounted` returns the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urldefrag, urljoin

from crawler.archive.reader import Payload, Place
from crawler.credentials import without_user
from crawler.item import canonical_url
from crawler.state.database import SKEW, State
from crawler.state.frontier import MAX_DAYS, MAX_TRIES, Frontier
from crawler.state.promises import Promises
from crawler.state.walks import Walks

REVISIT_DAYS = (1, 7, 30)
"""Ages, in days since it was first listed, at which an article is fetched again; set by hand."""

Outcome = Literal["stored", "retry"]
"""`stored`: article or reject is in the tables for good. `retry`: it is in the tables as far as it
could be had (the site refused, a part was missing); the next crawl tries again, within bounds."""

WHOLE_DAYS = 6
"""Days for which a page is asked for on condition that it changed, before it is asked for whole:
under a week, so that a weekly crawl heals itself, too. Set by hand."""

_MAX_LEADING = 100
"""Addresses that lead to one page, of which no more are looked up; set by hand."""

_MAX_HOPS = 10
"""Redirects followed from a page; Scrapy follows five in one crawl."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Last response of one URL."""

    url: str
    kind: str
    status: int
    digest: str
    place: Place
    redirect: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    outcome: str | None = None


class Visits:
    """Visits, frontier and walks of one city, in a writable `State`."""

    def __init__(self, state: State) -> None:
        self.state, self._database = state, state.database
        self.frontier, self.walks = Frontier(state), Walks(state)
        self.promises = Promises(state)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or make the file.

        Raises `VisitsError`: in use, not writable, foreign, damaged.
        """
        return cls(State.open(path))

    def close(self) -> None:
        """Close the file and release the city's lock."""
        self.state.close()

    def record(self, visit: Visit, moment: datetime) -> None:
        """Record a response archived already, fetched at `moment` (UTC)."""
        seen, page, before = moment.isoformat(), canonical_url(visit.url), self.get(visit.url)
        visit = _without_stuck(visit, before)
        with self.state.changing():
            self._database.execute(
                # An outcome stays while the page stays the same.
                "INSERT INTO visits VALUES (:url, :canonical, :kind, :status, :digest, :etag, "
                ":last_modified, :redirect, :file, :offset, min(coalesce("
                "(SELECT listed_at FROM frontier WHERE url=:url), :seen), :seen), :seen, NULL, "
                "NULL, 0) "
                "ON CONFLICT (url) DO UPDATE SET kind=excluded.kind, "
                "outcome=iif(outcome='stored' AND digest=excluded.digest "
                "AND status=excluded.status, outcome, NULL), "
                "status=excluded.status, "
                "digest=excluded.digest, etag=excluded.etag, redirect=excluded.redirect, "
                "last_modified=excluded.last_modified, file=excluded.file, "
                "offset=excluded.offset, last_seen=excluded.last_seen, "
                # Seen now, it was first seen no later, whatever the clock showed then.
                "first_seen=min(first_seen, excluded.last_seen)",
                asdict(visit) | asdict(visit.place) | {"canonical": page, "seen": seen},
            )
            self._database.execute(
                "INSERT OR IGNORE INTO payloads VALUES (?,?,?,?,?)",
                (visit.digest, visit.url, visit.place.file, visit.place.offset, seen),
            )
            self._database.execute("INSERT OR REPLACE INTO whole VALUES (?,?)", (visit.url, seen))
            if before is not None and before.outcome is not None:
                self.frontier.owe(visit.url)
            if visit.kind == "robots" and before is not None and before.digest != visit.digest:
                # What the old rules forbade may be allowed by the new.
                self.frontier.want_again(visit.url.removesuffix("robots.txt"))

    def reopen(self, url: str, moment: datetime | None = None) -> None:
        """Remove an article's outcome before it is fetched again.

        With `moment`, an address that was never fetched or was given up is wanted anew.
        """
        with self.state.changing():
            self._database.execute("UPDATE visits SET outcome=NULL, tries=0 WHERE url=?", (url,))
            if moment is not None:
                self.frontier.drop([url])
            self.frontier.owe(url)
        if moment is not None:
            self.frontier.want(url, moment)

    def confirm(self, url: str, moment: datetime) -> None:
        """Record that the site called the page unchanged (304) at `moment` (UTC)."""
        with self.state.changing():
            self._database.execute(
                "UPDATE visits SET last_seen=:now, first_seen=min(first_seen, :now) WHERE url=:url",
                {"now": moment.isoformat(), "url": url},
            )

    def lead(self, url: str, target: str) -> None:
        """Record that the page itself, just recorded, leads to another address."""
        with self.state.changing():
            self._database.execute(
                "UPDATE visits SET redirect=:target WHERE url=:url",
                {"url": url, "target": as_target(url, target)},
            )

    def disown(self, url: str) -> None:
        """Record that a page that others led to is no article.

        One that is stored as an article stays one.
        """
        with self.state.changing():
            self._database.execute(
                "UPDATE visits SET kind='other' WHERE url=? AND outcome IS NOT 'stored'", (url,)
            )

    def leading_to(self, url: str) -> list[str]:
        """Return the addresses that led to a page, the nearest first."""
        found: list[str] = []
        waiting = [url]
        while waiting and len(found) < _MAX_LEADING:
            query = "SELECT url FROM visits WHERE redirect=?"
            rows = self._database.execute(query, (waiting.pop(),)).fetchall()
            new = [row[0] for row in rows if row[0] not in found and row[0] != url]
            found += new
            waiting += new
        return found

    def validators(self, url: str, now: datetime) -> dict[str, str]:
        """Return the headers of a conditional request for a page visited.

        None once the page was last sent whole `WHOLE_DAYS` ago: some hosts answer unmodified for
        ever.
        """
        row = self._database.execute("SELECT moment FROM whole WHERE url=?", (url,)).fetchone()
        if row is None:
            return {}
        age = now - datetime.fromisoformat(row[0])
        if not -SKEW <= age < timedelta(days=WHOLE_DAYS):
            return {}
        return validators(self.get(url))

    def known_since(self, url: str) -> datetime | None:
        """Return the time (UTC) a page was first listed, or None.

        The page may be given in any spelling.
        """
        found = self._database.execute(
            "SELECT min(moment) FROM (SELECT first_seen AS moment FROM visits "
            "WHERE canonical=:page UNION ALL SELECT listed_at FROM frontier "
            "WHERE canonical=:page)",
            {"page": canonical_url(url)},
        ).fetchone()[0]
        return datetime.fromisoformat(found) if found else None

    def refused(self) -> list[Visit]:
        """Return article pages answered without an article that may be tried again."""
        return self._select(
            "WHERE outcome='retry' AND kind='article' AND url NOT IN "
            "(SELECT url FROM frontier WHERE given_up) ORDER BY first_seen, url"
        )

    def due(self, now: datetime, limit: int) -> list[Visit]:
        """Return at most `limit` stored articles due to be fetched again.

        Those seen later than now, by a clock that was ahead, are due as well.
        """
        ages = " OR ".join(
            f"(datetime(last_seen) < datetime(first_seen, '+{days} days') "
            f"AND datetime(first_seen, '+{days} days') <= datetime(:now))"
            for days in REVISIT_DAYS
        )
        return self._select(
            "WHERE kind='article' AND outcome='stored' AND status=200 "
            f"AND ({ages} OR max(first_seen, last_seen) > :ahead) "
            "ORDER BY last_seen, url LIMIT :limit",
            {"now": now.isoformat(), "ahead": (now + SKEW).isoformat(), "limit": limit},
        )

    def ahead(self, now: datetime, lists: Sequence[str]) -> tuple[int, str]:
        """Return the number of stored moments after now, and the latest.

        Those of pages, of the frontier, and of the listings `lists`.
        """
        count, latest = self._database.execute(
            "SELECT count(*), max(moment) FROM ("
            "SELECT max(first_seen, last_seen) AS moment FROM visits "
            "WHERE kind='article' AND outcome='stored' AND status=200 "
            "UNION ALL SELECT listed_at FROM frontier WHERE NOT given_up "
            "UNION ALL SELECT max(checked_at, changed_at, coalesce(walked_at, '')) FROM listings "
            f"WHERE url IN ({','.join('?' * len(lists))})) WHERE moment > ?",
            (*lists, (now + SKEW).isoformat()),
        ).fetchone()
        return count, latest or ""

    def payload(self, digest: str) -> Payload | None:
        """Return the first archived copy of a payload, or None."""
        row = self._database.execute(
            "SELECT file, offset, url, fetched_at FROM payloads WHERE digest=?", (digest,)
        ).fetchone()
        if row is None:
            return None
        return Payload(Place(row[0], row[1]), row[2], datetime.fromisoformat(row[3]))

    def payload_of(self, url: str) -> Payload | None:
        """Return the payload last fetched from exactly this URL, or None."""
        visit = self.get(url)
        return self.payload(visit.digest) if visit else None

    def get(self, url: str) -> Visit | None:
        """Return the last response of exactly this URL."""
        return next(iter(self._select("WHERE url=?", (url,))), None)

    def chain(self, url: str) -> list[Visit]:
        """Return a page's visits, in any spelling, and its redirect targets'."""
        found: dict[str, Visit] = {}
        spellings = [canonical_url(url)]
        for _ in range(_MAX_HOPS):
            before = len(found)
            for spelling in spellings:
                for visit in self._select("WHERE canonical=?", (spelling,)):
                    found.setdefault(visit.url, visit)
            spellings = [canonical_url(v.redirect) for v in found.values() if v.redirect]
            if len(found) == before:
                break
        return list(found.values())

    def unstored(self) -> list[Visit]:
        """Return article pages without a stored article or reject, oldest first."""
        return self._select(
            "WHERE outcome IS NOT 'stored' AND kind='article' AND status BETWEEN 200 AND 299 "
            "AND redirect IS NULL ORDER BY last_seen, url"
        )

    def mark(self, outcomes: Iterable[tuple[str, Outcome]], run_id: str) -> None:
        """Mark the outcomes, now in the tables, of pages by URL."""
        outcomes = list(outcomes)
        with self.state.changing():
            self._database.executemany(
                "UPDATE visits SET run_id=:run, tries=iif(:outcome='retry', tries+1, 0), "
                "outcome=iif(:outcome='retry' AND tries+1>=:tries AND (status IN (404, 410) "
                "OR julianday(last_seen)-julianday(first_seen)>=:days), 'stored', :outcome) "
                "WHERE url=:url",
                [
                    {"url": url, "outcome": outcome, "run": run_id}
                    | {"tries": MAX_TRIES, "days": MAX_DAYS}
                    for url, outcome in outcomes
                ],
            )
            self.frontier.drop(url for url, _ in outcomes)
            self._settle()

    def settle(self) -> None:
        """Take redirects to a page with an outcome off the frontier."""
        with self.state.changing():
            self._settle()

    def _settle(self) -> None:
        owed = self._database.execute(
            "SELECT url FROM frontier JOIN visits USING (url) "
            "WHERE redirect IS NOT NULL AND outcome IS NULL AND NOT given_up"
        ).fetchall()
        self.frontier.drop(url for (url,) in owed if any(v.outcome for v in self.chain(url)))

    def unaccounted(self) -> list[str]:
        """Return the article pages neither on the frontier nor with an outcome.

        Nor do they lead to a page with one. There are none, at whatever moment a crawl is killed. A
        page that was only redirected to is accounted for by the address that led to it.
        """
        unmarked = self._select(
            "WHERE kind='article' AND outcome IS NULL AND url NOT IN "
            "(SELECT redirect FROM visits WHERE redirect IS NOT NULL) ORDER BY url"
        )
        return [visit.url for visit in unmarked if not self.is_accounted(visit.url)]

    def is_accounted(self, url: str) -> bool:
        """Return True for a page on the frontier or with an outcome.

        The page may be given in any spelling.
        """
        chain = self.chain(url)
        pages = {canonical_url(url), *(canonical_url(visit.url) for visit in chain)}
        return any(visit.outcome for visit in chain) or any(p in self.frontier for p in pages)

    def _select(
        self, where: str, values: Sequence[object] | Mapping[str, object] = ()
    ) -> list[Visit]:
        return [_visit(row) for row in self._database.execute(f"{_VISIT} {where}", values)]


_VISIT = (
    "SELECT url, kind, status, digest, file, offset, redirect, etag, last_modified, outcome "
    "FROM visits"
)


def _visit(row: tuple[Any, ...]) -> Visit:
    url, kind, status, digest, file, offset, *rest = row
    return Visit(url, kind, status, digest, Place(file, offset), *rest)


def validators(visit: Visit | None) -> dict[str, str]:
    """Return the headers of a conditional request (RFC 9110, 13.1)."""
    found: dict[str, str] = {}
    if visit is not None and visit.status == 200:
        if visit.etag:
            found["If-None-Match"] = visit.etag
        if visit.last_modified:
            found["If-Modified-Since"] = visit.last_modified
    return found


def _without_stuck(visit: Visit, before: Visit | None) -> Visit:
    """Return a visit without the validators that stayed while its page changed."""
    if before is None or before.digest == visit.digest:
        return visit
    etag = None if visit.etag == before.etag else visit.etag
    changed = None if visit.last_modified == before.last_modified else visit.last_modified
    return replace(visit, etag=etag, last_modified=changed)


def visit_of(
    url: str, status: int, headers: Mapping[str, str], *, kind: str, digest: str, place: Place
) -> Visit:
    """Return the visit of a response.

    Names of `headers` are in lower case.
    """
    target = headers.get("location") if 300 <= status < 400 else None
    return Visit(
        url=url,
        kind=kind or "other",
        status=status,
        digest=digest,
        place=place,
        redirect=as_target(url, target) if target else None,
        etag=headers.get("etag"),
        last_modified=headers.get("last-modified"),
    )


def as_target(url: str, location: str) -> str | None:
    """Return the target of a redirect; None for no URL."""
    try:
        return without_user(urldefrag(urljoin(url, location))[0])
    except ValueError:
        return None
