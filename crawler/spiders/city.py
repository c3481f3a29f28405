"""The one spider: lists, their further pages, the articles they name.

Only what is new is fetched. What a list named stays on the frontier (`visits.py`) until what came
of it is stored, so that stopping early loses nothing. Stored articles are asked for again
after 1, 7 and 30 days, on condition that they changed. How lists are read is in `discovery.py`,
what becomes of a page in `reading.py`.
"""

import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urldefrag

import scrapy
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.defer import deferred_from_coro
from twisted.python.failure import Failure

from crawler import issues
from crawler.archive.reader import ArchiveError, read_at
from crawler.archive.writer import Writer
from crawler.city import City
from crawler.crawl.articles import BLOCKED, Page, Reader, as_asked
from crawler.crawl.discovery import Discovery, Window
from crawler.errors import ShizhengError
from crawler.extract.refusals import diagnose
from crawler.fetch import browser
from crawler.fetch.guards import lower_headers
from crawler.issues import IssueLog
from crawler.item import canonical_url
from crawler.legible import visible
from crawler.state.database import VisitsError
from crawler.state.visits import Visit, Visits, validators

logger = logging.getLogger(__name__)


class SpiderError(ShizhengError):
    """An argument or setting that cannot be used."""


class CitySpider(Spider):
    """Crawls one city; the loader makes a subclass with `name` and `city` for each city file.

    Arguments (`-a`): `since` and `until`, dates (inclusive) that bound which dated links are
    followed. `seen` holds the pages asked for in this crawl, `now` is its clock (UTC).
    """

    name = "city"
    city: City
    output: Path
    run_id: str
    now: Callable[[], datetime]
    visits: Visits
    archive_folder: Path
    archive: Writer
    issues: IssueLog
    discovery: Discovery
    reader: Reader
    revisits: int

    def __init__(self, since: str = "", until: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.window = Window(*check_window(since, until))
        self.seen: set[str] = set()
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
        spider.revisits = settings.getint("SHIZHENG_REVISITS")
        spider.now = _clock(settings["SHIZHENG_NOW"])
        spider.discovery = Discovery(spider, spider.window, settings.getint("SHIZHENG_LIST_PAGES"))
        spider.reader = Reader(spider)
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
        crawler.signals.connect(spider._mistaken, scrapy.signals.spider_error)
        crawler.signals.connect(spider._mistaken, scrapy.signals.item_error)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Yield everything there is to do, no faster than it is done.

        Scrapy would take it all at once, and a queue of twenty thousand requests takes more memory
        than the rest of a crawl.
        """
        async for one in self._everything():
            if self.crawler.engine.needs_backout():
                await self.crawler.signals.wait_for(scrapy.signals.scheduler_empty)
            yield one

    async def article(self, response: Response) -> AsyncIterator[Page]:
        """Read a fetched article page; one looked at again gives a page only if it changed."""
        url = urldefrag(response.url)[0]
        status, body = response.status, response.body
        headers: Mapping[str, str] = lower_headers(response.headers)
        before: str | None = response.request.meta.get("digest")  # type: ignore[union-attr]
        visit = self.visits.get(url) if before is not None else None
        same = visit is not None and visit.outcome == "stored"
        if same and visit is not None:
            record = read_at(self.archive_folder, visit.place)
            if record is None:
                return
            status, headers, body = record.status, record.headers, record.body
        page = await self.reader.read(url, status, headers, body, again=before is not None)
        if page is None:
            return
        if page.changed or not same:
            yield page
        elif (looked_at := self.visits.get(url)) and looked_at.outcome is None:
            self.visits.mark([(url, "stored")], self.run_id)  # as the tables have it already

    def failed(self, failure: Failure) -> None:
        """Record a request that gave no response."""
        request: Request = failure.request  # type: ignore[attr-defined]
        asked = request.meta.get("redirect_urls", [request.url])[0]
        error = failure.value or RuntimeError("no reason given")
        code = self.note_failure(asked, error)
        visit = self.visits.get(asked)
        # A stored article that could not be looked at again stays due.
        due = visit is not None and visit.outcome == "stored"
        if not due and code not in ("archive", "store", "internal"):
            final = code in issues.FINAL and not isinstance(error, issues.RobotsUnreachable)
            self.visits.failed(asked, self.now(), for_good=final)

    def note_failure(self, url: str, error: BaseException) -> str:
        """Report a request that gave no response, and return its code."""
        code, evidence = issues.of_error(error)
        self.report(code, url, evidence)
        if isinstance(error, ArchiveError | VisitsError):
            self.break_off("archive_failed")
        return code

    def report(self, code: str, url: str, evidence: str) -> None:
        """Record an issue, in the run's file and in the log."""
        issue = self.issues.add(code, url, evidence)
        self.count("issues")
        logger.warning("%s: %s (%s)", code, visible(issue.url), visible(issue.evidence))

    def count(self, what: str, by: int = 1) -> None:
        """Count something under `shizheng/<what>` of the crawl's statistics."""
        self.crawler.stats.inc_value(f"shizheng/{what}", by)

    def break_off(self, reason: str) -> None:
        """Stop the crawl because what is fetched could not be kept."""
        if not self.stopping:
            self.stopping = True
            deferred_from_coro(self.crawler.engine.close_spider_async(reason=reason))

    async def get(
        self, url: str, kind: str, *, drawn: bool = False
    ) -> tuple[str, int, Mapping[str, str], bytes]:
        """Return URL, status, headers and body of a page; from the archive if it is unmodified.

        It is waited for in place, past the scheduler. All layers apply to it: hosts, robots.txt,
        delays, retries, redirects, the archive. Raises what they raise. A page that a script has
        `drawn` comes from the browser, always anew: it may change while its file does not.
        """
        if drawn:
            request = Request(url, meta={"kind": kind} | browser.meta())
            seen = await self.crawler.engine.download_async(request)
            return seen.url, seen.status, lower_headers(seen.headers), seen.body
        visit = self.visits.get(as_asked(url))
        response = await self._download(url, kind, visit)
        if response.status == 304 and visit is not None:
            record = read_at(self.archive_folder, visit.place)
            if record is not None:
                return record.url, record.status, record.headers, record.body
            response = await self._download(url, kind)  # the archive was moved away
        return response.url, response.status, lower_headers(response.headers), response.body

    def article_request(self, url: str, visit: Visit | None = None) -> Request:
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

    async def _download(self, url: str, kind: str, visit: Visit | None = None) -> Response:
        request = Request(url, meta={"kind": kind}, headers=validators(visit))
        return await self.crawler.engine.download_async(request)

    async def _everything(self) -> AsyncIterator[Any]:
        """Yield what an earlier crawl archived but did not store, what it left unanswered, the
        articles to look at again, then the lists' articles."""
        self._check_clock()
        async for page in self._unfinished():
            yield page
        for request in self._left_over():
            yield request
        for visit in self.visits.due(self.now(), self.revisits):
            if self.city.allows(visit.url):
                self.count("revisits")
                # What changed is unstored for a moment, and a list may name it meanwhile.
                self.seen.add(canonical_url(visit.url))
                yield self.article_request(visit.url, visit)
        for source in self.city.listings:
            async for request in self.discovery.requests(source):
                yield request

    def _check_clock(self) -> None:
        """Report it if the state was written by a clock that was ahead of the present one."""
        now = self.now()
        count, latest = self.visits.ahead(now, [source.list for source in self.city.listings])
        if count:
            self.count("clock", count)
            told = (
                f"{count} moments are later than now ({now:%Y-%m-%dT%H:%MZ}), the latest {latest}"
            )
            self.report("clock", self.city.sources[0].list, told)

    async def _unfinished(self) -> AsyncIterator[Page]:
        for visit in self.visits.unstored():
            record = read_at(self.archive_folder, visit.place)
            if record is None or canonical_url(record.url) in self.seen:
                continue
            if diagnose(record.url, record.status, record.headers, record.body) in BLOCKED:
                continue  # refused then; asked for again now, from the frontier
            self.seen.add(canonical_url(record.url))
            page = await self.reader.read(record.url, record.status, record.headers, record.body)
            if page is not None:
                self.count("recovered")
                yield page

    def _left_over(self) -> Iterator[Request]:
        """Yield requests for what earlier crawls left: without an outcome, or with a refusal."""
        self.visits.settle()
        refused = [visit.url for visit in self.visits.refused()]
        for url in [*refused, *self.visits.wanted()]:
            page = canonical_url(url)
            if page not in self.seen and self.city.allows(url) and not self._leads_to_seen(url):
                self.seen.add(page)
                yield self.article_request(url)

    def _leads_to_seen(self, url: str) -> bool:
        """Whether a page redirected, when last asked for, to one that this crawl has met."""
        return any(
            visit.redirect is None and canonical_url(visit.url) in self.seen
            for visit in self.visits.chain(url)
        )

    def _mistaken(
        self, failure: Failure, response: Response | None = None, item: Page | None = None
    ) -> None:
        """Report what nothing here expected: without it a crawl would only be short of something.

        Of finding articles (no response), of reading a page, of what the pipelines do with it.
        """
        where = item or response
        url = self.city.sources[0].list if where is None else where.url
        self.note_failure(url, failure.value or RuntimeError("no reason given"))

    def _close(self, reason: str) -> None:
        if reason == "finished":
            self.reader.conclude()
            self.discovery.quiet()
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
