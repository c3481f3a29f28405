"""Finding articles: the listings of a city, newest first, as far as there is something new.

Discovery is sequential: a listing's pages one after the other, listings in the order of the city
file. So the same site gives the same requests in the same order, whichever of two spellings of a
page is met first, and a crawl that died and ran again gives what an undisturbed one gives.

A listing that was once read to its end is read until a page names only what was known by then:
what a crawl that died had listed since does not count, because it may have died amid new pages. A
window of dates reads a listing as far as the window reaches, whatever is known.
"""

import hashlib
from collections import Counter, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urlsplit

from scrapy import Request

from crawler.city import Source
from crawler.cms import FAMILIES
from crawler.cms.family import Link, Listing
from crawler.extract.charset import decode
from crawler.extract.refusals import REASONS, diagnose, is_drawn
from crawler.fetch import browser
from crawler.item import NEWS_TIME, canonical_url
from crawler.limits import cut_list
from crawler.state.database import SKEW
from crawler.state.visits import Walk
from crawler.unpacking import is_packed

if TYPE_CHECKING:
    from crawler.spiders.city import CitySpider


@dataclass(frozen=True, slots=True)
class Window:
    """The dates, inclusive, that bound which dated links are followed; None: open."""

    since: date | None = None
    until: date | None = None

    def __bool__(self) -> bool:
        return bool(self.since or self.until)

    def leaves_out(self, link: Link) -> bool:
        """Whether a link is dated, and outside."""
        return link.date is not None and (self._too_old(link) or self._too_new(link))

    def is_past(self, listing: Listing) -> bool:
        """Whether everything on a list page, and so on the later ones, is before the window."""
        return bool(listing.links) and all(self._too_old(link) for link in listing.links)

    def _too_old(self, link: Link) -> bool:
        return bool(self.since and link.date and link.date < self.since)

    def _too_new(self, link: Link) -> bool:
        return bool(self.until and link.date and link.date > self.until)


@dataclass(slots=True)
class _Tally:
    """What one walk over a listing has come to."""

    pages: int = 0
    links: int = 0
    failed: int = 0
    last: str = ""
    drawn: bool = False
    off_host: Counter[str] = field(default_factory=Counter)


class Discovery:
    """Finds what is new in the listings of one crawl's city."""

    def __init__(self, crawl: "CitySpider", window: Window, max_pages: int) -> None:
        self._crawl, self._window, self._max_pages = crawl, window, max_pages

    async def requests(self, source: Source) -> AsyncIterator[Request]:
        """Yield requests for the new articles of one listing, page by page."""
        crawl = self._crawl
        if source.render and not browser.is_installed():
            crawl.report("browser_missing", source.list, browser.MISSING)
            return
        walk = self._walk(source)
        if walk is not None and not self._window and rests(walk, crawl.now()):
            crawl.count("rested")
            self._count_list(source)
            return
        queue, asked, tally = deque([source.list]), {source.list}, _Tally()
        while queue and tally.pages < self._max_pages and not crawl.stopping:
            tally.pages += 1
            listing = await self._page(source, queue.popleft(), tally)
            if listing is None:
                continue
            if listing.links and not tally.links:
                walk = self._remember(source, walk, listing)
            tally.links += len(listing.links)
            behind = self._window.is_past(listing) or self._is_known(listing, walk)
            for request in self._new(listing, tally):
                yield request
            if behind:
                queue.clear()
                break
            fresh = [m for m in listing.further if m not in asked and crawl.city.allows(m)]
            asked.update(fresh)
            queue.extend(fresh)
            # An empty page ends a list whose length is not told; in the middle of one it is a gap.
            if tally.links and queue and not listing.links:
                crawl.report("list_empty", source.list, f"a page amid others: {tally.last}")
        if not crawl.stopping:
            self._conclude(source, walk, tally, len(queue))

    def quiet(self) -> None:
        """Report it if no listing has shown anything new for as long as the city file allows."""
        crawl, now = self._crawl, self._crawl.now()
        days = crawl.city.assertions.quiet_days
        walks = [self._walk(source) for source in crawl.city.listings]
        last = max((_last_news(walk) for walk in walks if walk is not None), default=None)
        if last is not None and (age := (_day(now) - last).days) > days:
            told = f"the newest entry of any listing is of {last}, {age} days ago"
            crawl.report(
                "no_new_articles",
                crawl.city.sources[0].list,
                f"{told}; at most {days} are expected (quiet_days)",
            )

    def _walk(self, source: Source) -> Walk | None:
        """Return what can be believed of the last walk over a listing, if there was one."""
        walk = self._crawl.visits.walk(source.list)
        return walk and believed(walk, self._crawl.now())

    async def _page(self, source: Source, url: str, tally: _Tally) -> Listing | None:
        """Return one list page with its articles' links, or None if it failed (reported)."""
        crawl = self._crawl
        try:
            drawn = source.render is not None
            at, status, headers, body = await crawl.get(url, "list", drawn=drawn)
        except Exception as error:
            crawl.note_failure(url, error)
            tally.failed += 1
            return None
        # A list may show nothing and hold its entries in a script, so an empty shell is no refusal.
        shell = not is_packed(headers) and diagnose(at, status, headers, body) == "empty_shell"
        tally.drawn = shell and is_drawn(body)
        if not shell and crawl.reader.refusal(at, status, headers, body):
            tally.failed += 1
            return None
        text, cut = cut_list(decode(body, headers).text)
        if cut:
            crawl.report("list_cut", at, f"its first {len(text)} characters are read")
        listing = FAMILIES[source.cms].read_list(text, at)
        wanted = tuple(link for link in listing.links if source.wants(link.url))
        if wanted:
            self._count_list(source)
        tally.last = (
            f"{at} has {len(listing.links)} links, {len(wanted)} to articles "
            f"({source.cms}, {len(body)} bytes)"
        )
        return replace(listing, links=wanted)

    def _new(self, listing: Listing, tally: _Tally) -> list[Request]:
        """Return the requests for the articles of a list page that have yet to be fetched."""
        found = []
        for link in listing.links:
            if not self._crawl.city.allows(link.url):
                tally.off_host[urlsplit(link.url).netloc] += 1
            elif (request := self._request(link)) is not None:
                found.append(request)
        return found

    def _request(self, link: Link) -> Request | None:
        """Return the request for a listed article, or None if it need not be fetched."""
        crawl = self._crawl
        if self._window.leaves_out(link):
            crawl.count("outside")
            return None
        request = crawl.article_request(urldefrag(link.url)[0])
        page = canonical_url(request.url)
        if page in crawl.seen:
            return None
        crawl.seen.add(page)
        chain = crawl.visits.chain(request.url)
        # What is unanswered, refused or given up is asked for, if at all, before the lists are.
        if any(visit.outcome for visit in chain) or crawl.visits.in_frontier(page):
            crawl.count("known")
            return None
        if any(
            visit.redirect is None and canonical_url(visit.url) in crawl.seen
            for visit in chain
            if canonical_url(visit.url) != page
        ):
            return None
        crawl.visits.want(request.url, crawl.now())
        return request

    def _is_known(self, listing: Listing, walk: Walk | None) -> bool:
        """Whether a list page names only what the last whole walk knew, and so do those behind."""
        if self._window or not listing.links or walk is None or walk.walked_at is None:
            return False
        ours = [link.url for link in listing.links if self._crawl.city.allows(link.url)]
        since = [self._crawl.visits.known_since(url) for url in ours]
        # What a clock that was ahead has marked was known before a walk that can be believed.
        ahead = self._crawl.now() + SKEW
        return all(m is not None and (m <= walk.walked_at or m > ahead) for m in since)

    def _count_list(self, source: Source) -> None:
        self._crawl.count("lists")
        self._crawl.count(f"lists_{source.lang}")

    def _remember(self, source: Source, walk: Walk | None, listing: Listing) -> Walk:
        """Keep what the first page of a listing shows; what an empty one showed before stays."""
        now = self._crawl.now()
        names = "\n".join(canonical_url(link.url) for link in listing.links)
        digest = hashlib.sha256(names.encode()).hexdigest()
        same = walk is not None and walk.digest == digest
        dates = [link.date for link in listing.links if link.date]
        dates += [walk.newest] if walk is not None and walk.newest else []
        walk = Walk(
            walked_at=walk.walked_at if walk is not None else None,
            checked_at=now,
            changed_at=walk.changed_at if walk is not None and same else now,
            links=len(listing.links),
            digest=digest,
            # A date to come is that of an event, or a mistake; it is no news from the future.
            newest=max((day for day in dates if day <= _day(now)), default=None),
        )
        self._crawl.visits.keep_walk(source.list, walk)
        return walk

    def _conclude(self, source: Source, walk: Walk | None, tally: _Tally, unread: int) -> None:
        """Report what a listing lacks, and remember that it was read to its end if it was."""
        crawl = self._crawl
        if tally.last and not tally.links:
            shown = f"{tally.pages} pages; the last: {tally.last}"
            if tally.drawn:
                shown += f"; {REASONS['empty_shell']}"
            if walk is not None and walk.links:
                had = f"{walk.links} articles were on its first page before; now: {shown}"
                crawl.report("layout_changed", source.list, had)
            else:
                crawl.report("empty_shell" if tally.drawn else "list_empty", source.list, shown)
        if walk is not None and tally.links and not tally.failed:
            crawl.visits.keep_walk(source.list, replace(walk, walked_at=crawl.now()))
        if unread:
            told = f"{tally.pages} pages read, {unread} known unread"
            crawl.report("list_cut", source.list, told)
        if tally.off_host:
            hosts = ", ".join(f"{host} ({n})" for host, n in tally.off_host.most_common(5))
            crawl.report("links_off_host", source.list, hosts)


def believed(walk: Walk, now: datetime) -> Walk:
    """Return a walk without moments later than now: a clock that was ahead has stored them.

    A listing with such a moment is read to its end anew, so that it neither rests nor is cut short.
    """
    if max(walk.checked_at, walk.changed_at, walk.walked_at or walk.checked_at) <= now + SKEW:
        return walk
    newest = walk.newest if walk.newest and walk.newest <= _day(now) else None
    return replace(walk, walked_at=None, changed_at=min(walk.changed_at, now), newest=newest)


def rests(walk: Walk, now: datetime) -> bool:
    """Whether a listing may be passed over: one that has not changed for long is read less often.

    After a month without a new article every third day, after two months once a week, never less.
    """
    if walk.walked_at is None:
        return False
    quiet = walk.checked_at - walk.changed_at
    return now - walk.checked_at < min(quiet / 10, timedelta(days=7)) - timedelta(hours=12)


def _last_news(walk: Walk) -> date:
    """Return the day of a listing's newest entry: as it is dated, or as it was first seen."""
    return walk.newest or _day(walk.changed_at)


def _day(moment: datetime) -> date:
    return moment.astimezone(NEWS_TIME).date()
