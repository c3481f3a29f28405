"""What a city's crawls have seen: one SQLite file per city, the crawler's only memory.

A visit is written when its response has been archived, and marked when what came of it is in the
tables. One rule keeps a crawl that dies from losing anything: an address that a list named is on
the frontier until the transaction that marks its outcome, and one whose answer changed is put back
on it by the transaction that writes the visit down. So at every moment an address is on the
frontier or has an outcome, or leads to one that is or has; `unaccounted` returns the others.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urldefrag, urljoin

from crawler.archive import reader
from crawler.archive.reader import Payload, Place
from crawler.credentials import without_user
from crawler.item import canonical_url
from crawler.state.database import OWED, SKEW, State

REVISIT_DAYS = (1, 7, 30)
"""Ages, in days since it was first listed, at which an article is asked for again."""
MAX_TRIES, MAX_DAYS = 5, 30
"""A page that is not there is given up after so many tries; one that is refused or not answered,
not before so many days have passed, too: a city may be blocked or down for weeks."""

Outcome = Literal["stored", "retry"]
"""`stored`: article or reject is in the tables for good. `retry`: it is in the tables as well as it
could be had (the site refused, a part was missing); the next crawl tries again, within bounds."""

_MAX_HOPS = 10


@dataclass(frozen=True, slots=True)
class Visit:
    """The last response of one URL."""

    url: str
    kind: str
    status: int
    digest: str
    place: Place
    redirect: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """What is remembered of a source's listing. Times are UTC; `walked_at` is None until once read
    to its end. `links` counts those of its first page when it last had any, `newest` is the latest
    date it has shown beside one."""

    walked_at: datetime | None
    checked_at: datetime
    changed_at: datetime
    links: int
    digest: str
    newest: date | None = None


class Visits:
    """The visits of one city, in a `State` that is open for writing."""

    def __init__(self, state: State) -> None:
        self._state, self._database = state, state.database

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or make the file. Raises `VisitsError`: in use, not writable, not ours, damaged."""
        return cls(State.open(path))

    def close(self) -> None:
        """Close the file and give the city free."""
        self._state.close()

    def record(self, visit: Visit, moment: datetime) -> None:
        """Write down a response that was fetched at `moment` (UTC) and has been archived."""
        seen, before = moment.isoformat(), self.get(visit.url)
        with self._state.changing():
            self._database.execute(
                # What is stored of a page stays so while the page says the same.
                "INSERT INTO visits VALUES (?,?,?,?,?,?,?,?,?,?,"
                "min(coalesce((SELECT listed_at FROM frontier WHERE url=?),?),?),?,NULL,NULL,0) "
                "ON CONFLICT (url) DO UPDATE SET kind=excluded.kind, "
                "outcome=iif(outcome='stored' AND digest=excluded.digest "
                "AND status=excluded.status, outcome, NULL), "
                "status=excluded.status, "
                "digest=excluded.digest, etag=excluded.etag, redirect=excluded.redirect, "
                "last_modified=excluded.last_modified, file=excluded.file, "
                "offset=excluded.offset, last_seen=excluded.last_seen, "
                # Seen now, it was first seen no later, whatever the clock said then.
                "first_seen=min(first_seen, excluded.last_seen)",
                (
                    visit.url,
                    canonical_url(visit.url),
                    visit.kind,
                    visit.status,
                    visit.digest,
                    visit.etag,
                    visit.last_modified,
                    visit.redirect,
                    visit.place.file,
                    visit.place.offset,
                    visit.url,
                    seen,
                    seen,
                    seen,
                ),
            )
            self._database.execute(
                "INSERT OR IGNORE INTO payloads VALUES (?,?,?,?,?)",
                (visit.digest, visit.url, visit.place.file, visit.place.offset, seen),
            )
            if before is not None and before.outcome is not None:
                self._owe(visit.url)

    def _owe(self, url: str) -> None:
        """Put an article's address on the frontier if nothing is stored of its last answer."""
        self._database.execute(
            "INSERT OR IGNORE INTO frontier (url, canonical, listed_at) SELECT url, canonical, "
            "first_seen FROM visits WHERE url=? AND kind='article' AND outcome IS NULL",
            (url,),
        )

    def reopen(self, url: str) -> None:
        """Owe a stored article an outcome: its further pages are about to be looked at again."""
        with self._state.changing():
            self._database.execute("UPDATE visits SET outcome=NULL WHERE url=?", (url,))
            self._owe(url)

    def confirm(self, url: str, moment: datetime) -> None:
        """Write down that the site called the page unchanged (304) at `moment` (UTC)."""
        with self._state.changing():
            self._database.execute(
                "UPDATE visits SET last_seen=:now, first_seen=min(first_seen, :now) WHERE url=:url",
                {"now": moment.isoformat(), "url": url},
            )

    def want(self, url: str, moment: datetime) -> None:
        """Write down that a list named `url` at `moment` (UTC) and that it is to be fetched.

        It stays wanted until what came of it is stored, whatever becomes of this crawl.
        """
        with self._state.changing():
            self._database.execute(
                "INSERT OR IGNORE INTO frontier (url, canonical, listed_at) VALUES (?,?,?)",
                (url, canonical_url(url), moment.isoformat()),
            )

    def wanted(self) -> list[str]:
        """Return the pages that were listed and not answered yet, oldest first."""
        rows = self._database.execute(
            "SELECT url FROM frontier WHERE NOT given_up ORDER BY listed_at, url"
        )
        return [url for (url,) in rows]

    def in_frontier(self, canonical: str) -> bool:
        """Whether a page is wanted, or was given up."""
        query = "SELECT 1 FROM frontier WHERE canonical=?"
        return self._database.execute(query, (canonical,)).fetchone() is not None

    def known_since(self, url: str) -> datetime | None:
        """Return when the page at `url`, in any spelling, was first listed (UTC), or None."""
        found = self._database.execute(
            "SELECT min(moment) FROM (SELECT first_seen AS moment FROM visits "
            "WHERE canonical=:page UNION ALL SELECT listed_at FROM frontier "
            "WHERE canonical=:page)",
            {"page": canonical_url(url)},
        ).fetchone()[0]
        return datetime.fromisoformat(found) if found else None

    def failed(self, url: str, moment: datetime, *, for_good: bool) -> None:
        """Count a request without a response; give the page up `for_good`, or when `MAX_TRIES` and
        `MAX_DAYS` have passed."""
        self.want(url, moment)
        with self._state.changing():
            self._database.execute(
                "UPDATE frontier SET tries=tries+1, given_up=max(given_up, :final, tries+1>=:tries "
                "AND julianday(:now)-julianday(listed_at)>=:days), "
                "listed_at=min(listed_at, :now) WHERE url=:url",
                {"final": for_good, "now": moment.isoformat(), "url": url}
                | {"tries": MAX_TRIES, "days": MAX_DAYS},
            )

    def refused(self) -> list[Visit]:
        """Return article pages that were answered without an article, and may be tried again."""
        where = (
            "WHERE outcome='retry' AND kind='article' AND url NOT IN "
            "(SELECT url FROM frontier WHERE given_up) ORDER BY first_seen, url"
        )
        return list(self._select(where, ()))

    def due(self, now: datetime, limit: int) -> list[Visit]:
        """Return at most `limit` stored articles that came of an age to be looked at again.

        So did those that were seen later than now, by a clock that was ahead.
        """
        ages = " OR ".join(
            f"(datetime(last_seen) < datetime(first_seen, '+{days} days') "
            f"AND datetime(first_seen, '+{days} days') <= datetime(:now))"
            for days in REVISIT_DAYS
        )
        rows = self._database.execute(
            f"{_VISIT} WHERE kind='article' AND outcome='stored' AND status=200 "
            f"AND ({ages} OR max(first_seen, last_seen) > :ahead) "
            "ORDER BY last_seen, url LIMIT :limit",
            {"now": now.isoformat(), "ahead": (now + SKEW).isoformat(), "limit": limit},
        )
        return [_visit(row) for row in rows]

    def ahead(self, now: datetime, lists: Sequence[str]) -> tuple[int, str]:
        """Return how many moments lie ahead of the clock, and the latest; of `lists`, and pages."""
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

    def walk(self, url: str) -> Walk | None:
        """Return what is remembered of the source whose first list page is `url`."""
        row = self._database.execute(
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

    def keep_walk(self, url: str, walk: Walk) -> None:
        """Remember what was seen of a source's listing."""
        with self._state.changing():
            self._database.execute(
                "INSERT OR REPLACE INTO listings VALUES (?,?,?,?,?,?,?)",
                (
                    url,
                    walk.walked_at.isoformat() if walk.walked_at else None,
                    walk.checked_at.isoformat(),
                    walk.changed_at.isoformat(),
                    walk.links,
                    walk.digest,
                    walk.newest.isoformat() if walk.newest else None,
                ),
            )

    def payload(self, digest: str) -> Payload | None:
        """Return where a payload was archived first, or None."""
        row = self._database.execute(
            "SELECT file, offset, url, fetched_at FROM payloads WHERE digest=?", (digest,)
        ).fetchone()
        if row is None:
            return None
        return Payload(Place(row[0], row[1]), row[2], datetime.fromisoformat(row[3]))

    def payload_of(self, url: str) -> Payload | None:
        """Return the payload that was last fetched from exactly this URL, or None."""
        visit = self.get(url)
        return self.payload(visit.digest) if visit else None

    def get(self, url: str) -> Visit | None:
        """Return the last response of exactly this URL."""
        return next(self._select("WHERE url=?", (url,)), None)

    def chain(self, url: str) -> list[Visit]:
        """Return the visits of the page at `url`, in any spelling, and of where they redirect."""
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

    def unstored(self) -> Iterator[Visit]:
        """Yield article pages whose article or reject has yet to be stored, oldest first."""
        yield from list(
            self._select(
                "WHERE outcome IS NOT 'stored' AND kind='article' AND status BETWEEN 200 AND 299 "
                "ORDER BY last_seen, url",
                (),
            )
        )

    def mark(self, outcomes: Iterable[tuple[str, Outcome]], run_id: str) -> None:
        """Mark what came of pages, (URL as fetched, outcome), now that it is in the tables."""
        outcomes = list(outcomes)
        with self._state.changing():
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
            self._database.executemany(
                "DELETE FROM frontier WHERE url=?", [(url,) for url, _ in outcomes]
            )
            self._settle()

    def settle(self) -> None:
        """Take the redirects off the frontier that lead to a page with an outcome."""
        with self._state.changing():
            self._settle()

    def _settle(self) -> None:
        owed = self._database.execute(
            "SELECT url FROM frontier JOIN visits USING (url) "
            "WHERE redirect IS NOT NULL AND outcome IS NULL AND NOT given_up"
        ).fetchall()
        settled = [(url,) for (url,) in owed if any(v.outcome for v in self.chain(url))]
        self._database.executemany("DELETE FROM frontier WHERE url=?", settled)

    def unaccounted(self) -> list[str]:
        """Return the article pages that are not on the frontier and have no outcome.

        Nor lead to one that is or has. There are none, at whatever moment a crawl is killed. A page
        that was only redirected to is accounted for by the address that led to it.
        """
        where = (
            "WHERE kind='article' AND outcome IS NULL AND url NOT IN "
            "(SELECT redirect FROM visits WHERE redirect IS NOT NULL) ORDER BY url"
        )
        asked = self._select(where, ())
        return [visit.url for visit in list(asked) if not self.is_accounted(visit.url)]

    def is_accounted(self, url: str) -> bool:
        """Whether the page at `url`, in any spelling, is on the frontier or has an outcome."""
        chain = self.chain(url)
        pages = {canonical_url(url), *(canonical_url(visit.url) for visit in chain)}
        return any(visit.outcome for visit in chain) or any(map(self.in_frontier, pages))

    def begin_archive(self, file: str) -> None:
        """Note that an archive file is about to be created."""
        with self._state.changing():
            self._database.execute("INSERT OR IGNORE INTO archives (file) VALUES (?)", (file,))

    def end_archive(self, file: str) -> None:
        """Note that an archive file is complete."""
        with self._state.changing():
            self._database.execute("UPDATE archives SET closed=1 WHERE file=?", (file,))

    def recover(self, folder: Path) -> int:
        """Make the archive files whole that a killed crawl left open; return the bytes cut.

        Responses that were archived but not yet written down here are written down now. Where no
        file is known, because the state was moved away, the newest is made whole: no other can be
        torn, as a city has one writer, which mends what it finds.
        """
        names = self._database.execute("SELECT file FROM archives WHERE NOT closed").fetchall()
        cut = 0
        if self._database.execute("SELECT 1 FROM archives").fetchone() is None:
            files = sorted(folder.glob("*.warc.gz"), key=lambda path: path.stat().st_mtime_ns)
            with suppress(reader.ArchiveError):  # it may be anything that was put there
                cut += sum(map(reader.repair, files[-1:]))
        for (name,) in names:
            path = folder / name
            if path.exists():
                cut += reader.repair(path)
            self._forget(name, path.stat().st_size if path.exists() else 0)
            if path.exists():
                self._catch_up(path)
            self.end_archive(name)
        if names:
            with self._state.changing():
                self._database.execute(OWED)
        return cut

    def _forget(self, file: str, end: int) -> None:
        """Forget what lay in a file from `end` (bytes) on: a power cut took it from the archive.

        Its articles are wanted again. Their copies are forgotten, too: a page that is fetched anew
        would otherwise only be written down as a reference to what is no longer there.
        """
        lost = {"file": file, "end": end}
        with self._state.changing():
            self._database.execute(
                "INSERT OR IGNORE INTO frontier (url, canonical, listed_at) SELECT url, canonical, "
                "first_seen FROM visits WHERE file=:file AND offset>=:end AND kind='article'",
                lost,
            )
            for table in ("visits", "payloads"):
                self._database.execute(
                    f"DELETE FROM {table} WHERE file=:file AND offset>=:end", lost
                )

    def _catch_up(self, path: Path) -> None:
        last = self._database.execute(
            "SELECT max(offset) FROM (SELECT offset FROM visits WHERE file=:file UNION ALL "
            "SELECT offset FROM payloads WHERE file=:file)",
            {"file": path.name},
        ).fetchone()[0]
        for record in reader.read(path, start=last or 0, unmodified=True):
            if record.status == 304:
                self.confirm(record.url, record.fetched_at)
            elif last is None or record.offset > last:
                place = Place(path.name, record.offset)
                visit = visit_of(
                    record.url,
                    record.status,
                    record.headers,
                    kind=record.kind,
                    digest=record.digest,
                    place=place,
                )
                self.record(visit, record.fetched_at)

    def _select(self, where: str, values: tuple[object, ...]) -> Iterator[Visit]:
        yield from map(_visit, self._database.execute(f"{_VISIT} {where}", values))


_VISIT = (
    "SELECT url, kind, status, digest, file, offset, redirect, etag, last_modified, outcome "
    "FROM visits"
)


def _visit(row: tuple[Any, ...]) -> Visit:
    url, kind, status, digest, file, offset, *rest = row
    return Visit(url, kind, status, digest, Place(file, offset), *rest)


def validators(visit: Visit | None) -> dict[str, str]:
    """Return the headers that ask for a page only if it is not what it was (RFC 9110, 13.1)."""
    found: dict[str, str] = {}
    if visit is not None and visit.status == 200:
        if visit.etag:
            found["If-None-Match"] = visit.etag
        if visit.last_modified:
            found["If-Modified-Since"] = visit.last_modified
    return found


def visit_of(
    url: str, status: int, headers: Mapping[str, str], *, kind: str, digest: str, place: Place
) -> Visit:
    """Return the visit that a response makes; `headers` are in lower case."""
    target = headers.get("location") if 300 <= status < 400 else None
    return Visit(
        url=url,
        kind=kind or "other",
        status=status,
        digest=digest,
        place=place,
        redirect=_led_to(url, target) if target else None,
        etag=headers.get("etag"),
        last_modified=headers.get("last-modified"),
    )


def _led_to(url: str, target: str) -> str | None:
    """Return where a redirect leads, or None if that is no URL."""
    try:
        return without_user(urldefrag(urljoin(url, target))[0])
    except ValueError:
        return None
