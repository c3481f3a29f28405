"""The one spider: lists, their further pages, their articles.

Only new articles are fetched. An address that a list named stays on the frontier (`frontier.py`)
until its outcome is stored, so that stopping early loses nothing. Stored articles are asked for
again after 1, 7 and 30 days, on condition that they changed. Lists are read in `discovery.py`,
articles in `articles.py`.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

import scrapy
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler import issues
from crawler.city import City
from crawler.crawl.articles import BLOCKED, ArticleReader, PageResults, diagnosis
from crawler.crawl.discovery import Discovery
from crawler.crawl.session import Session
from crawler.crawl.window import Window
from crawler.fetch.pages import answer_of
from crawler.item import canonical_url
from crawler.state.visits import Visit, validators


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

    def __init__(self, since: str = "", until: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.window = Window.parse(since, until)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Make the spider and open its session. Raises `VisitsError`, `CrawlError`."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        session = spider.session = Session.open(crawler, spider.city)
        list_pages = crawler.settings.getint("SHIZHENG_LIST_PAGES")
        spider.discovery = Discovery(session, spider.window, list_pages)
        spider.reader = ArticleReader(session)
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
        visits = self.session.visits
        answer = answer_of(response)
        again = "digest" in response.request.meta  # type: ignore[union-attr]
        visit = visits.get(answer.url) if again else None
        same = visit is not None and visit.outcome == "stored"
        if same and visit is not None:
            record = self.session.archived(visit.place)
            if record is None:
                return
            answer = record
        page = await self.reader.read(answer, again=again)
        if page is None:
            return
        if page.changed or not same:
            yield page
        elif (now := visits.get(answer.url)) and now.outcome is None:
            visits.mark([(answer.url, "stored")], self.session.run_id)  # in the tables already

    def failed(self, failure: Failure) -> None:
        """Record a request without a response."""
        request: Request = failure.request  # type: ignore[attr-defined]
        requested = request.meta.get("redirect_urls", [request.url])[0]
        error = failure.value or RuntimeError("no reason given")
        code = self.session.report_failure(requested, error)
        visit = self.session.visits.get(requested)
        # A stored article that could not be fetched again stays due.
        due = visit is not None and visit.outcome == "stored"
        if not due and code not in ("archive", "store", "internal"):
            final = code in issues.FINAL and not isinstance(error, issues.RobotsUnreachable)
            self.session.visits.frontier.failed(requested, self.session.now(), for_good=final)

    def _request(self, url: str, visit: Visit | None = None) -> Request:
        """Return the request for an article.

        It is conditional on a change since `visit` if that is given.
        """
        return Request(
            url,
            callback=self.article,
            errback=self.failed,
            # Scrapy's own filter knows neither spellings nor earlier crawls.
            dont_filter=True,
            headers=validators(visit),
            meta={"kind": "article"} | ({"digest": visit.digest} if visit else {}),
        )

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
                yield self._request(url)

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
            if diagnosis(record) in BLOCKED:
                continue  # refused then; asked for again now, from the frontier
            session.seen.add(canonical_url(record.url))
            page = await self.reader.read(record)
            if page is not None:
                session.count("recovered")
                yield page

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
        if reason == "finished":
            self.reader.conclude()
            self.discovery.report_quiet()
        self.session.close()
