"""Discovery of new articles in the listings of a city, newest first.

Discovery is sequential: a listing's pages one after the other, listings in the order of the city
file. So the same site gives the same requests in the same order, whichever of two spellings of a
page is met first, and a crawl that died and ran again gives the result of an undisturbed one.

A listing once read to its end is read until a page names only articles known by then. Those that a
crawl that died had listed since do not count, because it may have died amid new pages. A window of
dates reads a listing as far as the window reaches, whatever is known.
"""

import hashlib
from collections import Counter, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from crawler.city import Source
from crawler.cms import FAMILIES
from crawler.cms.family import Link, Listing
from crawler.crawl.articles import diagnosis, rejected
from crawler.crawl.fit import MANY, same_title
from crawler.crawl.session import Session
from crawler.crawl.window import Window
from crawler.extract.charset import decode
from crawler.extract.refusals import REASONS, is_drawn
from crawler.fetch import browser
from crawler.fetch.pages import as_requested, get
from crawler.item import canonical_url
from crawler.limits import MAX_URL, cut_list
from crawler.marked import Address, patterns_of
from crawler.posted import Fields
from crawler.state.database import SKEW
from crawler.state.promises import Promise
from crawler.state.walks import Walk, news_day
from crawler.unpacking import is_packed, opened

_NO_ENTRIES = 0.1
"""Share of a stated number of entries that may be files, repeats or hidden; set by hand."""
_DATED = 3
"""Dated entries from which on a page is a list, whatever its system; set by hand, as `cities add`
has it."""


@dataclass(slots=True)
class _Reading:
    """Progress of one reading of a listing."""

    source: Source
    walk: Walk | None
    queue: deque[str]
    queued: set[str]
    pages: int = 0
    links: int = 0
    failed: int = 0
    last: str = ""
    drawn: bool = False
    off_host: Counter[str] = field(default_factory=Counter)
    too_long: int = 0
    entries: set[str] = field(default_factory=set)
    total: int = 0
    stated: int = 0
    unread: str = ""
    behind: bool = False
    state: Fields = ()

    def note(self, listing: Listing) -> None:
        """Note a page's entries, and the list's stated totals."""
        self.entries.update(link.url for link in listing.links)
        self.total = max(self.total, listing.total or 0)
        self.stated = max(self.stated, listing.pages or 0)
        self.unread = self.unread or listing.unread
        self.state = listing.state or self.state

    def missing(self) -> str:
        """Return the sign that a list read to its end has more."""
        if self.total * (1 - _NO_ENTRIES) > len(self.entries):
            return f"{self.total} entries are stated, {len(self.entries)} were read"
        if self.stated > self.pages:
            return f"{self.stated} pages are stated, {self.pages} were read"
        return self.unread

    def enqueue(self, urls: list[str]) -> None:
        """Queue the pages that were not queued before."""
        new = [url for url in urls if url not in self.queued]
        self.queued.update(new)
        self.queue.extend(new)


class Discovery:
    """Finds new articles in the listings of one crawl's city."""

    def __init__(self, session: Session, window: Window, max_pages: int) -> None:
        self._session, self._window, self._max_pages = session, window, max_pages

    async def articles(self, source: Source) -> AsyncIterator[str]:
        """Yield the addresses of new articles of one listing, page by page."""
        session = self._session
        if source.render and not browser.is_installed():
            session.report("browser_missing", source.list, browser.MISSING)
            return
        walk = self._walk(source)
        if walk is not None and not self._window and walk.rests(session.now()):
            session.count("rested")
            self._count_list(source)
            return
        reading = _Reading(source, walk, deque([source.list]), {source.list})
        while reading.queue and reading.pages < self._max_pages and not session.stopping:
            reading.pages += 1
            listing = await self._page(reading, reading.queue.popleft())
            if listing is not None:
                for url in self._read(reading, listing):
                    yield url
        if not session.stopping:
            self._conclude(reading)

    def report_quiet(self) -> None:
        """Report listings without anything new for longer than the city file allows."""
        session, now = self._session, self._session.now()
        days = session.city.assertions.quiet_days
        walks = [self._walk(source) for source in session.city.listings]
        last = max((walk.last_news for walk in walks if walk is not None), default=None)
        if last is not None and (age := (news_day(now) - last).days) > days:
            newest = f"the newest entry of any listing is of {last}, {age} days ago"
            session.report(
                "no_new_articles",
                session.city.sources[0].list,
                f"{newest}; at most {days} are expected (quiet_days)",
            )

    def _walk(self, source: Source) -> Walk | None:
        """Return the credible part of a listing's last walk, or None."""
        walk = self._session.visits.walks.get(source.list)
        return walk and walk.believed(self._session.now())

    async def _page(self, reading: _Reading, url: str) -> Listing | None:
        """Return a list page with its articles; None if it failed (reported)."""
        session, source = self._session, reading.source
        try:
            drawn = source.render is not None
            answer = await get(session, url, "list", drawn=drawn, state=reading.state)
            answer = replace(answer, body=opened(answer.body))  # a sitemap may be a gzip file
        except Exception as error:
            session.report_failure(url, error)
            reading.failed += 1
            return None
        # A list may show nothing and have its entries in a script: an empty shell is no refusal.
        shell = not is_packed(answer.headers) and diagnosis(answer) == "empty_shell"
        reading.drawn = shell and is_drawn(answer.body)
        if not shell and rejected(session, answer):
            reading.failed += 1
            return None
        text, cut = cut_list(decode(answer.body, answer.headers).text)
        if cut:
            session.report("list_cut", answer.url, f"its first {len(text)} characters are read")
        at = Address.of(answer.url, patterns_of(url))
        listing = FAMILIES[source.cms].read_list(text, at)
        reading.note(listing)
        wanted = _articles_of(source, listing)
        if wanted:
            self._count_list(source)
        reading.last = (
            f"{answer.url} has {len(listing.links)} links, {len(wanted)} to articles "
            f"({source.cms}, {len(answer.body)} bytes)"
        )
        short = tuple(link for link in wanted if len(link.url) <= MAX_URL)
        reading.too_long += len(wanted) - len(short)
        return replace(listing, links=short)

    def _read(self, reading: _Reading, listing: Listing) -> list[str]:
        """Return the new articles of a list page; queue further pages."""
        session, source = self._session, reading.source
        if listing.links and not reading.links:
            reading.walk = self._remember(source, reading.walk, listing)
        reading.links += len(listing.links)
        behind = self._window.is_past(listing) or self._is_known(listing, reading.walk)
        found = self._new(reading, listing)
        if behind:
            reading.behind = True
            reading.queue.clear()
            return found
        reading.enqueue([url for url in listing.more if session.city.allows(url)])
        # An empty page ends a list of unknown length; in the middle of one it is a gap.
        if reading.links and reading.queue and not listing.links:
            session.report("list_empty", source.list, f"a page amid others: {reading.last}")
        return found

    def _new(self, reading: _Reading, listing: Listing) -> list[str]:
        """Return the articles of a list page still to be fetched."""
        found = []
        titles = Counter(link.title for link in listing.links)
        # One transaction for the page: one for each link and promise took longer than the rest.
        with self._session.visits.state.changing():
            for link in listing.links:
                # Such as "details" beside every entry: it is no entry's own.
                shared = titles[link.title] >= MANY
                own = replace(link, title=None) if shared else link
                if not self._session.city.allows(link.url):
                    reading.off_host[urlsplit(link.url).netloc] += 1
                elif (url := self._wanted(own)) is not None:
                    found.append(url)
        return found

    def _wanted(self, link: Link) -> str | None:
        """Return the address of a listed article, or None if known."""
        session = self._session
        if self._window.leaves_out(link):
            session.count("outside")
            return None
        url = as_requested(link.url)
        page = canonical_url(url)
        if page in session.seen:
            return None
        session.seen.add(page)
        chain = session.visits.chain(url)
        renewed = self._note(link, page)
        # Unanswered, refused and given-up pages are asked for, if at all, before the lists are.
        waits = page in session.visits.frontier
        if waits or any(visit.outcome for visit in chain):
            if waits and not renewed:
                session.seen.discard(page)  # it is not asked for here
            if not renewed:
                session.count("known")
                return None
            session.count("renewed")
            session.visits.reopen(url, session.now())
            return url
        if any(
            visit.redirect is None and canonical_url(visit.url) in session.seen
            for visit in chain
            if canonical_url(visit.url) != page
        ):
            return None
        session.visits.frontier.want(url, session.now())
        return url

    def _note(self, link: Link, page: str) -> bool:
        """Store what the list promises; return True for another article than before.

        It has another title, or a later day.
        """
        promises = self._session.visits.promises
        new, before = Promise(link.title, link.date), promises.of([page])
        if new not in before:
            promises.add(page, new)
        titles = [promise.title for promise in before if promise.title]
        days = [promise.day for promise in before if promise.day]
        if new.title and titles and not any(same_title(new.title, title) for title in titles):
            return True
        return bool(new.day and days and new.day > max(days))

    def _is_known(self, listing: Listing, walk: Walk | None) -> bool:
        """Return True for a list page known to the last whole walk.

        The pages behind it are then known, too.
        """
        if self._window or not listing.links or walk is None or walk.walked_at is None:
            return False
        session = self._session
        allowed = [link.url for link in listing.links if session.city.allows(link.url)]
        since = [session.visits.known_since(url) for url in allowed]
        # Pages marked by a clock that was ahead were known before any walk that can be believed.
        ahead = session.now() + SKEW
        return all(m is not None and (m <= walk.walked_at or m > ahead) for m in since)

    def _count_list(self, source: Source) -> None:
        self._session.count("lists")
        self._session.count(f"lists_{source.lang}")

    def _remember(self, source: Source, walk: Walk | None, listing: Listing) -> Walk:
        """Store the links of a listing's first page.

        An empty page leaves the walk before it in place.
        """
        now = self._session.now()
        names = "\n".join(canonical_url(link.url) for link in listing.links)
        digest = hashlib.sha256(names.encode()).hexdigest()
        dates = [link.date for link in listing.links if link.date]
        before = walk or Walk(None, now, now, 0, "")
        if before.newest:
            dates.append(before.newest)
        walk = Walk(
            walked_at=before.walked_at,
            checked_at=now,
            changed_at=before.changed_at if before.digest == digest else now,
            links=len(listing.links),
            digest=digest,
            # A date to come is that of an event, or a mistake; it is no news from the future.
            newest=max((day for day in dates if day <= news_day(now)), default=None),
        )
        self._session.visits.walks.put(source.list, walk)
        return walk

    def _conclude(self, reading: _Reading) -> None:
        """Report a listing's failings; store a walk to its end."""
        session, source, walk = self._session, reading.source, reading.walk
        if reading.last and not reading.links:
            self._report_empty(reading)
        if walk is not None and reading.links and not reading.failed:
            session.visits.walks.put(source.list, replace(walk, walked_at=session.now()))
        if reading.queue:
            unread = f"{reading.pages} pages read, {len(reading.queue)} known unread"
            session.report("list_cut", source.list, unread)
        elif self._is_whole(reading) and (missing := reading.missing()):
            session.report("list_cut", source.list, missing)
        if reading.too_long:
            left_out = f"{reading.too_long} links have more than {MAX_URL:,} characters"
            session.report("list_cut", source.list, left_out)
        if reading.off_host:
            hosts = ", ".join(f"{host} ({n})" for host, n in reading.off_host.most_common(5))
            session.report("links_off_host", source.list, hosts)

    def _is_whole(self, reading: _Reading) -> bool:
        """Return True for a list read to its end without failures."""
        return bool(reading.links) and not (reading.behind or reading.failed or self._window)

    def _report_empty(self, reading: _Reading) -> None:
        session, source, walk = self._session, reading.source, reading.walk
        shown = f"{reading.pages} pages; the last: {reading.last}"
        if reading.unread:
            shown += f"; it has {reading.unread}"
        if reading.drawn:
            shown += f"; {REASONS['empty_shell']}"
        if walk is not None and walk.links:
            had = f"{walk.links} articles were on its first page before; now: {shown}"
            session.report("layout_changed", source.list, had)
        else:
            session.report("empty_shell" if reading.drawn else "list_empty", source.list, shown)


def _articles_of(source: Source, listing: Listing) -> tuple[Link, ...]:
    """Return the articles among a page's links.

    A page that only the generic family could read has its articles if most of them are dated.
    """
    wanted = tuple(link for link in listing.links if source.wants(link.url))
    if wanted or not listing.family or source.articles is not None:
        return wanted
    dated = sum(link.date is not None for link in listing.links)
    return listing.links if dated >= max(_DATED, len(listing.links) / 2) else ()
