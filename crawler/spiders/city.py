"""The one spider: lists, their further pages, the articles they name.

Discovery is sequential: a listing's pages one after the other, listings in the order of the city
file. So the same site gives the same requests in the same order, whichever of two spellings of a
page is met first, and a crawl that died and ran again gives what an undisturbed one gives.

Only what is new is fetched. A listing that was once read to its end is read, newest first, until a
page names nothing new. What a list named and was not answered stays in the frontier (`visits.py`)
until it is, so that stopping early loses nothing. Stored articles are asked for again after 1, 7
and 30 days, on condition that they changed. A window of dates reads a listing as far as the window
reaches, whatever is known.
"""

import hashlib
import logging
import re
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urldefrag, urlsplit

import scrapy
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.defer import deferred_from_coro
from twisted.python.failure import Failure

from crawler import issues
from crawler.archive import ArchiveError, Record, Writer, read_at
from crawler.blocking import REASONS, diagnose, refusal
from crawler.charset import decode
from crawler.city import City, Source
from crawler.cms import FAMILIES
from crawler.cms.family import Link, Listing
from crawler.extract import extract, join
from crawler.issues import IssueLog
from crawler.item import Article, Reject, canonical_url
from crawler.middlewares import lower_headers
from crawler.visits import Outcome, Visit, Visits, VisitsError, Walk

logger = logging.getLogger(__name__)

BLOCKED = ("challenge", "empty_shell")
"""Diagnoses that say nothing of the page itself: it is reported as blocked and asked for again."""

MAX_PARTS = 100
"""Pages of one article; a count above this is a mistake of the page."""

MANY = 5
"""Articles from which on it is no accident that the rules of their family read none of them."""


class SpiderError(ValueError):
    """An argument or setting that cannot be used."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one fetched article page came to: the item that goes through the pipelines.

    `url` is the page as fetched (the one its visit is kept under); `results` may be several for a
    bilingual page; `outcome` is what to mark the visit with once the results are stored.
    `changed` says that a further page of the article changed since it was stored.
    """

    url: str
    results: tuple[Article | Reject, ...]
    outcome: Outcome = "stored"
    changed: bool = False


class CitySpider(Spider):
    """Crawls one city; the loader makes a subclass with `name` and `city` for each city file.

    Arguments (`-a`): `since` and `until`, dates (inclusive) that bound which dated links are
    followed.
    """

    name = "city"
    city: City
    output: Path
    run_id: str
    visits: Visits
    archive: Writer
    issues: IssueLog

    def __init__(self, since: str = "", until: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.since, self.until = check_window(since, until)
        self._seen: set[str] = set()
        self._by_family: Counter[bool] = Counter()
        self.stopping = False

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Make the spider and open its archive and visits. Raises `VisitsError`, `SpiderError`."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        settings = crawler.settings
        folder = str(settings["SHIZHENG_OUTPUT"])
        if "://" in folder:
            raise SpiderError(f"{folder}: a crawl keeps its archive and state in a local folder")
        spider.output, city = Path(folder), spider.city
        spider.run_id = settings["SHIZHENG_RUN_ID"] or f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        spider.list_pages = settings.getint("SHIZHENG_LIST_PAGES")
        spider.revisits = settings.getint("SHIZHENG_REVISITS")
        spider.now = _clock(settings["SHIZHENG_NOW"])
        spider.visits = Visits.open(spider.output / "state" / f"{city.key}.sqlite")
        spider.archive_folder = spider.output / "archive" / city.key
        cut = spider.visits.recover(spider.archive_folder)
        if cut:
            logger.warning("cut %d bytes of a torn record off the archive", cut)
        spider.archive = Writer(
            spider.archive_folder,
            spider.run_id,
            known=spider.visits.payload,
            opened=spider.visits.begin_archive,
            closed=spider.visits.end_archive,
            software=str(settings["USER_AGENT"]),
        )
        log = spider.output / "runs" / spider.run_id / f"{city.key}.issues.jsonl"
        spider.issues = IssueLog(log, spider.run_id, city.key)
        crawler.signals.connect(spider._close, scrapy.signals.spider_closed)
        return spider

    archive_folder: Path
    list_pages: int
    revisits: int
    now: Callable[[], datetime]

    async def start(self) -> AsyncIterator[Any]:
        """Yield what an earlier crawl archived but did not store, what it left unanswered, the
        articles to look at again, then the lists' articles."""
        async for page in self._unfinished():
            yield page
        for request in self._left_over():
            yield request
        for visit in self.visits.due(self.now(), self.revisits):
            if self.city.allows(visit.url):
                self.count("revisits")
                yield self._article_request(visit.url, visit)
        for source in self.city.sources:
            async for request in self._discover(source):
                yield request

    async def article(self, response: Response) -> AsyncIterator[Page]:
        """Read a fetched article page."""
        url = urldefrag(response.url)[0]
        headers, body, status = lower_headers(response.headers), response.body, response.status
        before: str | None = response.request.meta.get("digest")  # type: ignore[union-attr]
        if before is not None:
            visit = self.visits.get(url)
            if visit is not None and visit.digest == before:
                record = read_at(self.archive_folder, visit.place)
                if record is None:
                    return
                page = await self._read(url, record.status, record.headers, record.body, again=True)
                if page is not None and page.changed:
                    yield page
                return
        page = await self._read(url, status, headers, body, again=before is not None)
        if page is not None:
            yield page

    def failed(self, failure: Failure) -> None:
        """Record a request that gave no response."""
        request: Request = failure.request  # type: ignore[attr-defined]
        asked = request.meta.get("redirect_urls", [request.url])[0]
        self._failed(asked, failure.value or RuntimeError("no reason given"), "article")

    def report(self, code: str, url: str, evidence: str) -> None:
        """Record an issue, in the run's file and in the log."""
        self.issues.add(code, url, evidence)
        self.count("issues")
        logger.warning("%s: %s (%s)", code, url, evidence)

    def count(self, what: str, by: int = 1) -> None:
        """Count something under `shizheng/<what>` of the crawl's statistics."""
        self.crawler.stats.inc_value(f"shizheng/{what}", by)

    def break_off(self, reason: str) -> None:
        """Stop the crawl because what is fetched could not be kept."""
        if not self.stopping:
            self.stopping = True
            deferred_from_coro(self.crawler.engine.close_spider_async(reason=reason))

    async def _unfinished(self) -> AsyncIterator[Page]:
        for visit in self.visits.unstored():
            record = read_at(self.archive_folder, visit.place)
            if record is None or canonical_url(record.url) in self._seen:
                continue
            if diagnose(record.url, record.status, record.headers, record.body) in BLOCKED:
                continue  # refused then; asked for again now
            self._seen.add(canonical_url(record.url))
            page = await self._read(record.url, record.status, record.headers, record.body)
            if page is not None:
                self.count("recovered")
                yield page

    def _left_over(self) -> Iterator[Request]:
        """Yield requests for what earlier crawls left: unanswered, or answered with a refusal."""
        refused = [visit.url for visit in self.visits.refused()]
        for url in [*refused, *self.visits.wanted()]:
            page = canonical_url(url)
            if page not in self._seen and self.city.allows(url):
                self._seen.add(page)
                yield self._article_request(url)

    async def _discover(self, source: Source) -> AsyncIterator[Request]:
        """Yield requests for the new articles of one listing, page by page."""
        walk = self.visits.walk(source.list)
        if walk is not None and not self._windowed and _rests(walk, self.now()):
            self.count("rested")
            self._count_list(source)
            return
        queue, asked, pages, found = deque([source.list]), {source.list}, 0, 0
        off_host: Counter[str] = Counter()
        last, whole = "", True
        while queue and pages < self.list_pages and not self.stopping:
            pages += 1
            read = await self._list(source, queue.popleft())
            if read is None:
                whole = False
                continue
            listing, last = read
            found += len(listing.links)
            if pages == 1:
                walk = self._remember(source, walk, listing)
            new = 0
            for link in listing.links:
                if not self.city.allows(link.url):
                    off_host[urlsplit(link.url).netloc] += 1
                elif (request := self._request(link, source)) is not None:
                    new += 1
                    yield request
            if self._all_older(listing) or self._all_known(listing, walk, new):
                queue.clear()
                break
            fresh = [more for more in listing.more if more not in asked and self.city.allows(more)]
            asked.update(fresh)
            queue.extend(fresh)
            # An empty page ends a list whose length is not told; in the middle of one it is a gap.
            if found and queue and not listing.links:
                self.report("list_empty", source.list, f"a page amid others: {last}")
        if last and not found:
            if walk is not None and walk.links:
                had = f"{walk.links} articles were on its first page before; now: {last}"
                self.report("layout_changed", source.list, had)
            else:
                self.report("list_empty", source.list, f"{pages} pages; the last: {last}")
        if walk is not None and whole and found and not self.stopping:
            self.visits.keep_walk(source.list, replace(walk, walked_at=self.now()))
        if queue and not self.stopping:
            self.report("list_cut", source.list, f"{pages} pages read, {len(queue)} known unread")
        if off_host:
            hosts = ", ".join(f"{host} ({n})" for host, n in off_host.most_common(5))
            self.report("links_off_host", source.list, hosts)

    async def _list(self, source: Source, url: str) -> tuple[Listing, str] | None:
        """Return one list page with its articles' links, and a word on it; None if it failed."""
        try:
            got = await self._conditional(url, "list")
        except Exception as error:
            self._failed(url, error)
            return None
        at, status, headers, body = got
        # A list may show nothing and hold its entries in a script, so an empty shell is no refusal.
        shell = diagnose(at, status, headers, body) == "empty_shell"
        if not shell and self._refusal(at, status, headers, body):
            return None
        text = decode(body, headers).text
        listing = FAMILIES[source.cms].read_list(text, at)
        wanted = tuple(link for link in listing.links if _wanted(source, link.url))
        if wanted:
            self._count_list(source)
        word = f"{at} has {len(listing.links)} links, {len(wanted)} to articles "
        word += f"({source.cms}, {len(body)} bytes)"
        return replace(listing, links=wanted), word

    async def _conditional(self, url: str, kind: str) -> tuple[str, int, Mapping[str, str], bytes]:
        """Return URL, status, headers and body of a page; from the archive if it is unmodified."""
        visit = self.visits.get(urldefrag(url)[0])
        response = await self._download(
            Request(url, meta={"kind": kind}, headers=validators(visit))
        )
        if response.status == 304 and visit is not None:
            record = read_at(self.archive_folder, visit.place)
            if record is None:  # the archive was moved away
                response = await self._download(Request(url, meta={"kind": kind}))
            else:
                return record.url, record.status, record.headers, record.body
        return response.url, response.status, lower_headers(response.headers), response.body

    def _count_list(self, source: Source) -> None:
        self.count("lists")
        self.count(f"lists_{source.lang}")

    def _remember(self, source: Source, walk: Walk | None, listing: Listing) -> Walk | None:
        """Keep what the first page of a listing shows; what an empty one showed before stays."""
        if not listing.links:
            return walk
        now = self.now()
        names = "\n".join(canonical_url(link.url) for link in listing.links)
        digest = hashlib.sha256(names.encode()).hexdigest()
        same = walk is not None and walk.digest == digest
        changed = walk.changed_at if walk is not None and same else now
        walked = walk.walked_at if walk is not None else None
        walk = Walk(walked, now, changed, len(listing.links), digest)
        self.visits.keep_walk(source.list, walk)
        return walk

    def _request(self, link: Link, source: Source) -> Request | None:
        """Return the request for a listed article, or None if it need not be fetched."""
        if link.date and (
            (self.since and link.date < self.since) or (self.until and link.date > self.until)
        ):
            self.count("outside")
            return None
        request = self._article_request(urldefrag(link.url)[0])
        page = canonical_url(request.url)
        if page in self._seen:
            return None
        chain = self.visits.chain(request.url)
        self._seen.add(page)
        # What is unanswered, refused or given up is the business of `_left_over`.
        if any(visit.outcome for visit in chain) or self.visits.in_frontier(page):
            self.count("known")
            return None
        if any(
            visit.redirect is None and canonical_url(visit.url) in self._seen
            for visit in chain
            if canonical_url(visit.url) != page
        ):
            return None
        self.visits.want(request.url, self.now())
        return request

    def _article_request(self, url: str, visit: Visit | None = None) -> Request:
        """Return the request for an article; on condition that it changed if `visit` is given."""
        return Request(
            url,
            callback=self.article,
            errback=self.failed,
            # Scrapy's own filter knows neither spellings nor earlier crawls.
            dont_filter=True,
            headers=validators(visit),
            meta={"kind": "article"} | ({"digest": visit.digest} if visit else {}),
        )

    @property
    def _windowed(self) -> bool:
        return bool(self.since or self.until)

    def _all_known(self, listing: Listing, walk: Walk | None, new: int) -> bool:
        """Whether a list page names nothing new, and what comes after it was read before."""
        walked = walk is not None and walk.walked_at is not None
        return walked and bool(listing.links) and not new and not self._windowed

    def _all_older(self, listing: Listing) -> bool:
        """Whether everything on a list page, and so on the later ones, is before the window."""
        since = self.since
        return bool(
            since
            and listing.links
            and all(link.date is not None and link.date < since for link in listing.links)
        )

    async def _read(
        self,
        url: str,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        *,
        again: bool = False,
    ) -> Page | None:
        """Return what an article page, live or archived, comes to; None if it gave nothing.

        With `again`, the further pages of the article are asked for, too, if they changed.
        """
        refusal = self._refusal(url, status, headers, body)
        if refusal is not None:
            return Page(url, (refusal,), "retry")
        try:
            found = extract(url, body, headers, self.city)
            self._note_reading(url, found)
            if isinstance(found, Reject) or not found.parts:
                return Page(url, (found,))
            return await self._whole(url, found, again=again)
        except Exception as error:
            # One page must not end the crawl. It stays unstored, so that a later version reads it.
            logger.exception("cannot read %s", url)
            self.report("internal", url, f"{type(error).__name__}: {error}")
            return None

    async def _whole(self, url: str, first: Article, *, again: bool) -> Page:
        """Return a multi-page article with its parts joined, from the archive where they lie."""
        rest: list[Article] = []
        missing = final = changed = 0
        for part in first.parts[:MAX_PARTS]:
            before = self.visits.get(_as_asked(part))
            got = await self._part(part, again=again)
            after = self.visits.get(_as_asked(part))
            changed += before is None or after is None or before.digest != after.digest
            found = extract(part, got[1], got[0], self.city) if got else None
            if isinstance(found, Article):
                rest.append(found)
                continue
            missing += 1
            final += found is not None
            evidence = f"{found.reason}: {found.detail}" if found else "could not be fetched"
            self.report("part_missing", part, f"of {url}: {evidence}")
        whole = join(first, rest)
        # What could not be fetched may be had next time; what was rejected stays rejected.
        return Page(url, (whole,), "stored" if missing == final else "retry", changed > 0)

    async def _part(self, url: str, *, again: bool) -> tuple[Mapping[str, str], bytes] | None:
        """Return headers and body of a further page of an article, or None (reported)."""
        visit = self.visits.get(_as_asked(url))
        if visit is not None and 200 <= visit.status < 300 and not again:
            record: Record | None = read_at(self.archive_folder, visit.place)
            if record is not None:
                return record.headers, record.body
        try:
            at, status, headers, body = await self._conditional(url, "part")
        except Exception as error:
            self._failed(url, error)
            return None
        if self._refusal(at, status, headers, body):
            return None
        return headers, body

    async def _download(self, request: Request) -> Response:
        """Return the response to a request that is waited for in place, past the scheduler.

        All layers apply to it: hosts, robots.txt, delays, retries, redirects, the archive.
        """
        return await self.crawler.engine.download_async(request)

    def _refusal(
        self, url: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> Reject | None:
        """Return None for a page; for a refusal or an error report it and say so as a reject."""
        reason = diagnose(url, status, headers, body)
        if reason in BLOCKED:
            detail = f"status {status}, {len(body)} bytes: {REASONS[reason]}"
            kind = "empty_shell" if reason == "empty_shell" else refusal(status, body)
            self.report(kind or "blocked_challenge", url, detail)
            return Reject(url, self.city.key, reason, detail)
        if 200 <= status < 300:
            return None
        kind = refusal(status, body) if status in (403, 405, 451) else ""
        self.report(kind or issues.of_status(status), url, f"status {status}")
        detail = f"The server answered with status {status}."
        return Reject(url, self.city.key, "http_error", detail)

    def _note_reading(self, url: str, found: Article | Reject) -> None:
        """Count whether an article was read by the rules of its source's family."""
        source = self.city.source_of(url)
        if isinstance(found, Article) and source is not None and FAMILIES[source.cms].rules:
            self._by_family[found.extractor.startswith(f"{source.cms}:")] += 1

    def _failed(self, url: str, error: BaseException, kind: str = "") -> None:
        code, evidence = issues.of_error(error)
        self.report(code, url, evidence)
        if kind == "article" and code not in ("archive", "store", "internal"):
            self.visits.failed(url, self.now(), for_good=code in issues.FINAL)
        if isinstance(error, ArchiveError | VisitsError):
            self.break_off("archive_failed")

    def _close(self) -> None:
        general, ours = self._by_family[False], self._by_family[True]
        if general >= MANY and general > 4 * ours:
            told = f"{general} of {general + ours} articles do not look as their family's do"
            self.report("layout_changed", self.city.sources[0].list, told)
        self.archive.close()
        self.visits.close()


def _clock(moment: str) -> Callable[[], datetime]:
    """Return the clock of a crawl: the machine's, or one that starts at `moment` (ISO 8601)."""
    if not moment:
        return lambda: datetime.now(UTC)
    try:
        start = datetime.fromisoformat(moment).astimezone(UTC)
    except ValueError:
        raise SpiderError(
            f"SHIZHENG_NOW is a time like 2026-11-23T08:00Z, not {moment!r}"
        ) from None
    began = datetime.now(UTC)
    return lambda: start + (datetime.now(UTC) - began)


def _rests(walk: Walk, now: datetime) -> bool:
    """Whether a listing may be passed over: one that has not changed for long is read less often.

    After a month without a new article every third day, after two months once a week, never less.
    """
    if walk.walked_at is None:
        return False
    quiet = walk.checked_at - walk.changed_at
    return now - walk.checked_at < min(quiet / 10, timedelta(days=7)) - timedelta(hours=12)


def _as_asked(url: str) -> str:
    """Return the spelling in which a page is asked for, and its visit kept."""
    return urldefrag(Request(url).url)[0]


def validators(visit: Visit | None) -> dict[str, str]:
    """Return the headers that ask for a page only if it is not what it was (RFC 9110, 13.1)."""
    found: dict[str, str] = {}
    if visit is not None and visit.status == 200:
        if visit.etag:
            found["If-None-Match"] = visit.etag
        if visit.last_modified:
            found["If-Modified-Since"] = visit.last_modified
    return found


def _wanted(source: Source, url: str) -> bool:
    """Whether a link of a listing is one of its articles."""
    if source.articles is not None:
        return bool(re.search(source.articles, url))
    return FAMILIES[source.cms].is_article(url)


def check_window(since: str, until: str) -> tuple[date | None, date | None]:
    """Return the two dates of a window, None where it is open. Raises `SpiderError`."""
    first, last = _day("since", since), _day("until", until)
    if first and last and first > last:
        raise SpiderError(f"since ({first}) is after until ({last}): nothing lies between them")
    return first, last


def _day(name: str, value: str) -> date | None:
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise SpiderError(f"{name} is a date like 2026-11-23, not {value!r}") from None
