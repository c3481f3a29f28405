"""The one spider: lists, their further pages, the articles they name.

Discovery is sequential: a listing's pages one after the other, listings in the order of the city
file. So the same site gives the same requests in the same order, whichever of two spellings of a
page is met first, and a crawl that died and ran again gives what an undisturbed one gives.
"""

import logging
import re
from collections import Counter, deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
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
from crawler.blocking import REASONS, diagnose
from crawler.charset import decode
from crawler.city import City, Source
from crawler.cms import FAMILIES
from crawler.cms.family import Link, Listing
from crawler.extract import extract, join
from crawler.issues import IssueLog
from crawler.item import Article, Reject, canonical_url
from crawler.middlewares import lower_headers
from crawler.visits import Outcome, Visits, VisitsError

logger = logging.getLogger(__name__)

BLOCKED = ("challenge", "empty_shell")
"""Diagnoses that say nothing of the page itself: it is reported as blocked and asked for again."""

MAX_PARTS = 100
"""Pages of one article; a count above this is a mistake of the page."""


class SpiderError(ValueError):
    """An argument or setting that cannot be used."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one fetched article page came to: the item that goes through the pipelines.

    `url` is the page as fetched (the one its visit is kept under); `results` may be several for a
    bilingual page; `outcome` is what to mark the visit with once the results are stored.
    """

    url: str
    results: tuple[Article | Reject, ...]
    outcome: Outcome = "stored"


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

    async def start(self) -> AsyncIterator[Any]:
        """Yield what an earlier crawl archived but did not store, then the lists' articles."""
        async for page in self._unfinished():
            yield page
        for source in self.city.sources:
            async for request in self._discover(source):
                yield request

    async def article(self, response: Response) -> AsyncIterator[Page]:
        """Read a fetched article page."""
        url = urldefrag(response.url)[0]
        headers = lower_headers(response.headers)
        if (page := await self._read(url, response.status, headers, response.body)) is not None:
            yield page

    def failed(self, failure: Failure) -> None:
        """Record a request that gave no response."""
        request: Request = failure.request  # type: ignore[attr-defined]
        asked = request.meta.get("redirect_urls", [request.url])[0]
        self._failed(asked, failure.value or RuntimeError("no reason given"))

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
                continue  # refused then; asked for again now, if a list still names it
            self._seen.add(canonical_url(record.url))
            page = await self._read(record.url, record.status, record.headers, record.body)
            if page is not None:
                self.count("recovered")
                yield page

    async def _discover(self, source: Source) -> AsyncIterator[Request]:
        """Yield requests for the new articles of one listing, page by page."""
        queue, asked, pages, found = deque([source.list]), {source.list}, 0, 0
        off_host: Counter[str] = Counter()
        last = ""
        while queue and pages < self.list_pages and not self.stopping:
            pages += 1
            read = await self._list(source, queue.popleft())
            if read is None:
                continue
            listing, last = read
            found += len(listing.links)
            for link in listing.links:
                if not self.city.allows(link.url):
                    off_host[urlsplit(link.url).netloc] += 1
                elif (request := self._request(link, source)) is not None:
                    yield request
            if self._all_older(listing):
                queue.clear()
                break
            fresh = [more for more in listing.more if more not in asked and self.city.allows(more)]
            asked.update(fresh)
            queue.extend(fresh)
            # An empty page ends a list whose length is not told; in the middle of one it is a gap.
            if found and queue and not listing.links:
                self.report("list_empty", source.list, f"a page amid others: {last}")
        if last and not found:
            self.report("list_empty", source.list, f"{pages} pages; the last: {last}")
        if queue and not self.stopping:
            self.report("list_cut", source.list, f"{pages} pages read, {len(queue)} known unread")
        if off_host:
            hosts = ", ".join(f"{host} ({n})" for host, n in off_host.most_common(5))
            self.report("links_off_host", source.list, hosts)

    async def _list(self, source: Source, url: str) -> tuple[Listing, str] | None:
        """Return one list page with its articles' links, and a word on it; None if it failed."""
        try:
            response = await self._download(Request(url, meta={"kind": "list"}))
        except Exception as error:
            self._failed(url, error)
            return None
        headers = lower_headers(response.headers)
        # A list may show nothing and hold its entries in a script, so an empty shell is no refusal.
        shell = diagnose(response.url, response.status, headers, response.body) == "empty_shell"
        if not shell and self._refusal(response.url, response.status, headers, response.body):
            return None
        text = decode(response.body, headers).text
        listing = FAMILIES[source.cms].read_list(text, response.url)
        wanted = tuple(link for link in listing.links if _wanted(source, link.url))
        if wanted:
            self.count("lists")
            self.count(f"lists_{source.lang}")
        word = f"{response.url} has {len(listing.links)} links, {len(wanted)} to articles "
        word += f"({source.cms}, {len(response.body)} bytes)"
        return replace(listing, links=wanted), word

    def _request(self, link: Link, source: Source) -> Request | None:
        """Return the request for a listed article, or None if it need not be fetched."""
        if link.date and (
            (self.since and link.date < self.since) or (self.until and link.date > self.until)
        ):
            self.count("outside")
            return None
        request = Request(
            urldefrag(link.url)[0],
            callback=self.article,
            errback=self.failed,
            # Scrapy's own filter knows neither spellings nor earlier crawls.
            dont_filter=True,
            meta={"kind": "article"},
        )
        page = canonical_url(request.url)
        if page in self._seen:
            return None
        chain = self.visits.chain(request.url)
        self._seen.add(page)
        if any(visit.outcome == "stored" for visit in chain):
            self.count("known")
            return None
        if any(
            visit.redirect is None and canonical_url(visit.url) in self._seen
            for visit in chain
            if canonical_url(visit.url) != page
        ):
            return None
        return request

    def _all_older(self, listing: Listing) -> bool:
        """Whether everything on a list page, and so on the later ones, is before the window."""
        since = self.since
        return bool(
            since
            and listing.links
            and all(link.date is not None and link.date < since for link in listing.links)
        )

    async def _read(
        self, url: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> Page | None:
        """Return what an article page, live or archived, comes to; None if it gave nothing."""
        refusal = self._refusal(url, status, headers, body)
        if refusal is not None:
            return Page(url, (refusal,), "retry")
        try:
            found = extract(url, body, headers, self.city)
            if isinstance(found, Reject) or not found.parts:
                return Page(url, (found,))
            return await self._whole(url, found)
        except Exception as error:
            # One page must not end the crawl. It stays unstored, so that a later version reads it.
            logger.exception("cannot read %s", url)
            self.report("internal", url, f"{type(error).__name__}: {error}")
            return None

    async def _whole(self, url: str, first: Article) -> Page:
        """Return a multi-page article with its parts joined, from the archive where they lie."""
        rest: list[Article] = []
        missing = final = 0
        for part in first.parts[:MAX_PARTS]:
            got = await self._part(part)
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
        return Page(url, (whole,), "stored" if missing == final else "retry")

    async def _part(self, url: str) -> tuple[Mapping[str, str], bytes] | None:
        """Return headers and body of a further page of an article, or None (reported)."""
        request = Request(url, meta={"kind": "part"})
        visit = self.visits.get(request.url)
        if visit is not None and 200 <= visit.status < 300:
            record: Record | None = read_at(self.archive_folder, visit.place)
            if record is not None:
                return record.headers, record.body
        try:
            response = await self._download(request)
        except Exception as error:
            self._failed(url, error)
            return None
        headers = lower_headers(response.headers)
        if self._refusal(response.url, response.status, headers, response.body):
            return None
        return headers, response.body

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
            self.report("blocked", url, detail)
            return Reject(url, self.city.key, reason, detail)
        if 200 <= status < 300:
            return None
        self.report(issues.of_status(status), url, f"status {status}")
        detail = f"The server answered with status {status}."
        return Reject(url, self.city.key, "http_error", detail)

    def _failed(self, url: str, error: BaseException) -> None:
        code, evidence = issues.of_error(error)
        self.report(code, url, evidence)
        if isinstance(error, ArchiveError | VisitsError):
            self.break_off("archive_failed")

    def _close(self) -> None:
        self.archive.close()
        self.visits.close()


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
