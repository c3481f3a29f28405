"""The one spider: lists, their further pages, their articles.

Only new articles are fetched. An address that a list named stays on the frontier (`frontier.py`)
until its outcome is stored, so that stopping early loses nothing. Stored articles are asked for
again after 1, 7 and 30 days, on condition that they changed. Lists are read in `discovery.py`,
articles in `articles.py`.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any, Self
from urllib.parse import urldefrag

import scrapy
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler import issues
from crawler.city import City
from crawler.crawl.articles import ArticleReader, PageResults, code_of
from crawler.crawl.discovery import Discovery
from crawler.crawl.doubts import Doubts
from crawler.crawl.session import Session
from crawler.crawl.window import Window
from crawler.fetch.pages import answer_of
from crawler.issues import RobotsUnreachable
from crawler.item import canonical_url
from crawler.state.visits import Visit

_WAIT = 1
"""Seconds after which a crawl that waits for its last answers sees that it was broken off."""


class CitySpider(Spider):
    """Crawls one city.

    The loader makes a subclass with `name` and `city` for each city file. Arguments (`-a`): `since`
    and `until`, dates (inclusive) that bound the dated links to follow.
    """

    name = "city"
    city: City
    session: Session
    discovery: Discovery
    reader: ArticleReader
    doubts: Doubts

    def __init__(self, since: str = "", until: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.window = Window.parse(since, until)
        self._open, self._quiet = 0, asyncio.Event()
        self._quiet.set()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Make the spider and open its session. Raises `VisitsError`, `CrawlError`."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        session = spider.session = Session.open(crawler, spider.city)
        list_pages = crawler.settings.getint("SHIZHENG_LIST_PAGES")
        spider.discovery = Discovery(session, spider.window, list_pages)
        spider.reader = ArticleReader(session)
        spider.doubts = Doubts(session)
        crawler.signals.connect(spider._close, scrapy.signals.spider_closed)
        crawler.signals.connect(spider._report_mistake, scrapy.signals.spider_error)
        crawler.signals.connect(spider._report_mistake, scrapy.signals.item_error)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Yield all requests and recovered pages, no faster than they are handled.

        Scrapy would take them all at once, and a queue of twenty thousand requests takes more
        memory than the rest of a crawl.
        """
        async for request_or_page in self._everything():
            if self.crawler.engine.needs_backout():
                await self.crawler.signals.wait_for(scrapy.signals.scheduler_empty)
            yield request_or_page

    async def article(self, response: Response) -> AsyncIterator[PageResults]:
        """Read a fetched article page; again, only if it changed."""
        try:
            for page in await self._read(response):
                yield page
        finally:
            self._answered()

    async def _read(self, response: Response) -> list[PageResults]:
        """Return the results of a response that can be stored by now."""
        visits, request = self.session.visits, response.request
        assert request is not None
        answer, meta = answer_of(response), request.meta
        asked = urldefrag(meta.get("redirect_urls", [request.url])[0])[0]
        again = "digest" in meta
        visit = visits.get(answer.url) if again else None
        same = visit is not None and visit.outcome == "stored"
        if same and visit is not None:
            record = self.session.archived(visit.place)
            if record is None:
                return []
            answer = record
        page = await self.reader.read(answer, again=again, asked=asked)
        if page is None:
            return []
        if page.changed or not same:
            return self.doubts.sift(asked, answer, page, new=meta["new"])
        if (now := visits.get(answer.url)) and now.outcome is None:
            visits.mark([(answer.url, "stored")], self.session.run_id)  # in the tables already
        return []

    def failed(self, failure: Failure) -> None:
        """Record a request without a response."""
        self._answered()
        request: Request = failure.request  # type: ignore[attr-defined]
        requested = request.meta.get("redirect_urls", [request.url])[0]
        error = failure.value or RuntimeError("no reason given")
        code = self.session.report_failure(requested, error)
        visit = self.session.visits.get(requested)
        # A stored article that could not be fetched again stays due.
        due = visit is not None and visit.outcome == "stored"
        if not due and code not in ("archive", "store", "internal"):
            # A redirect may lead elsewhere tomorrow; only the address itself is out for good.
            moved = "redirect_urls" in request.meta
            final = code in issues.FINAL and not moved and not isinstance(error, RobotsUnreachable)
            self.session.visits.frontier.failed(requested, self.session.now(), for_good=final)

    def _answered(self) -> None:
        """Count a request that ended, and wake who waits for the last."""
        self._open -= 1
        if not self._open:
            self._quiet.set()

    def _request(
        self, url: str, visit: Visit | None = None, *, whole: bool = False, new: bool = False
    ) -> Request:
        """Return the request for an article.

        It is conditional on a change since `visit` if that is given, unless it is to be sent
        `whole`. It is `new` if a list named it in this crawl.
        """
        self._open += 1
        self._quiet.clear()
        known = self.session.visits.validators(url, self.session.now()) if visit else {}
        return Request(
            url,
            callback=self.article,
            errback=self.failed,
            # Scrapy's own filter knows neither spellings nor earlier crawls.
            dont_filter=True,
            headers={} if whole else known,
            meta={"kind": "article", "new": new, "listed": self._listed(url)}
            | ({"digest": visit.digest} if visit else {}),
        )

    def _listed(self, url: str) -> str:
        """Return the title that a list gave a page, or nothing."""
        promises = self.session.visits.promises.of([url])
        return next((promise.title for promise in promises if promise.title), "")

    async def _everything(self) -> AsyncIterator[Any]:
        """Yield unstored pages, then unanswered, due and new requests."""
        session = self.session
        self._check_clock()
        async for page in self._unfinished():
            yield page
        for request in self._left_over():
            yield request
        revisits = self.crawler.settings.getint("SHIZHENG_REVISITS")
        for visit in session.visits.due(session.now(), revisits):
            if self.city.allows(visit.url):
                session.count("revisits")
                # A changed page is unstored for a moment, and a list may name it meanwhile.
                session.seen.add(canonical_url(visit.url))
                yield self._request(visit.url, visit)
        for source in self.city.listings:
            async for url in self.discovery.articles(source):
                before = session.visits.get(url)
                renewed = before if before is not None and before.status == 200 else None
                yield self._request(url, renewed, whole=True, new=True)
        for request in self._left_over():  # what a robots.txt read meanwhile allows again
            yield request
        # Some pages are judged by how many there are of them.
        while self._open and not session.stopping:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._quiet.wait(), _WAIT)
        for page in self.doubts.conclude():
            yield page

    def _check_clock(self) -> None:
        """Report a state written by a clock that was ahead."""
        now = self.session.now()
        lists = [source.list for source in self.city.listings]
        count, latest = self.session.visits.ahead(now, lists)
        if count:
            self.session.count("clock", count)
            evidence = (
                f"{count} moments are later than now ({now:%Y-%m-%dT%H:%MZ}), the latest {latest}"
            )
            self.session.report("clock", self.city.sources[0].list, evidence)

    async def _unfinished(self) -> AsyncIterator[PageResults]:
        session = self.session
        for visit in session.visits.unstored():
            record = session.archived(visit.place)
            if record is None or canonical_url(record.url) in session.seen:
                continue
            refused = visit.outcome == "retry" and not self.reader.has_parts(record)
            if refused or code_of(record):
                continue  # no article then; asked for again now
            asked = self._led_from(record.url)
            page = await self.reader.read(record, asked=asked)
            if page is None:
                continue
            if asked != record.url and not self.doubts.fits(asked, record, page):
                session.visits.disown(record.url)  # the address that led there is asked for again
                continue
            session.seen.add(canonical_url(record.url))
            session.count("recovered")
            for result in self.doubts.sift(asked, record, page, new=False):
                yield result

    def _led_from(self, url: str) -> str:
        """Return the address that led to a page that no list named."""
        visits = self.session.visits
        if visits.promises.of([url]) or canonical_url(url) in visits.frontier:
            return url
        return next(reversed(visits.leading_to(url)), url)

    def _left_over(self) -> Iterator[Request]:
        """Yield requests for pages that earlier crawls left unanswered or refused."""
        session, visits = self.session, self.session.visits
        visits.settle()
        refused = [visit.url for visit in visits.refused()]
        for url in [*refused, *visits.frontier.wanted()]:
            page = canonical_url(url)
            if page not in session.seen and self.city.allows(url) and not self._leads_to_seen(url):
                session.seen.add(page)
                yield self._request(url)

    def _leads_to_seen(self, url: str) -> bool:
        """Return True if a page last redirected to a seen one."""
        return any(
            visit.redirect is None and canonical_url(visit.url) in self.session.seen
            for visit in self.session.visits.chain(url)
        )

    def _report_mistake(
        self, failure: Failure, response: Response | None = None, item: PageResults | None = None
    ) -> None:
        """Report an unexpected error: the crawl would only be short of something.

        Of finding articles (no response), of reading a page, or of the item pipelines.
        """
        page = item or response
        url = self.city.sources[0].list if page is None else page.url
        self.session.report_failure(url, failure.value or RuntimeError("no reason given"))

    def _close(self, reason: str) -> None:
        self._quiet.set()
        if reason == "finished":
            self.reader.conclude()
            self.doubts.report()
            self.discovery.report_quiet()
        self.session.close()
