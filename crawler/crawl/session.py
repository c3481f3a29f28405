"""Session of one crawl: the objects that its parts share."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from scrapy.crawler import Crawler
from scrapy.utils.defer import deferred_from_coro

from crawler import issues
from crawler.archive.reader import ArchiveError, Place, Record, read_record
from crawler.archive.writer import ArchiveWriter
from crawler.city import City
from crawler.errors import ShizhengError
from crawler.issues import IssueLog
from crawler.legible import visible
from crawler.state.lock import VisitsError
from crawler.state.recovery import ArchiveFiles
from crawler.state.visits import Visits

logger = logging.getLogger(__name__)


class CrawlError(ShizhengError):
    """An argument or setting of a crawl that cannot be used."""


@dataclass(frozen=True, slots=True)
class Session:
    """One crawl of a city: archive, visits, issues, clock (UTC), counts.

    `seen` collects the canonical URLs of the articles asked for in this crawl.
    """

    city: City
    output: Path
    run_id: str
    now: Callable[[], datetime]
    visits: Visits
    archive: ArchiveWriter
    issues: IssueLog
    crawler: Crawler
    seen: set[str] = field(default_factory=set)
    _reasons: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, crawler: Crawler, city: City) -> Self:
        """Open a city's archive and visits as the settings name them.

        Raises `VisitsError`, `CrawlError`.
        """
        settings = crawler.settings
        folder = str(settings["SHIZHENG_OUTPUT"])
        if "://" in folder:
            raise CrawlError(f"{folder}: a crawl keeps its archive and state in a local folder")
        output = Path(folder)
        run_id = settings["SHIZHENG_RUN_ID"] or f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        now = _clock(settings["SHIZHENG_NOW"])
        visits = Visits.open(output / "state" / f"{city.key}.sqlite")
        files, archive_folder = ArchiveFiles(visits), output / "archive" / city.key
        if cut := files.recover(archive_folder):
            logger.warning("cut %d bytes of a torn record off the archive", cut)
        archive = ArchiveWriter(
            archive_folder,
            run_id,
            known=visits.payload,
            opened=files.begin,
            closed=files.end,
            software=str(settings["USER_AGENT"]),
        )
        log = IssueLog(output / "runs" / run_id / f"{city.key}.issues.jsonl", run_id, city.key)
        return cls(city, output, run_id, now, visits, archive, log, crawler)

    def close(self) -> None:
        """Complete the archive's file and release the city's lock."""
        self.archive.close()
        self.visits.close()

    @property
    def stopping(self) -> bool:
        """True once the crawl was broken off."""
        return bool(self._reasons)

    def archived(self, place: Place) -> Record | None:
        """Return an archived response, or None if it cannot be read."""
        return read_record(self.archive.folder, place)

    def count(self, name: str, by: int = 1) -> None:
        """Add to `shizheng/<name>` of the crawl's statistics."""
        self.crawler.stats.inc_value(f"shizheng/{name}", by)

    def report(self, code: str, url: str, evidence: str) -> None:
        """Record an issue, in the run's file and in the log."""
        issue = self.issues.add(code, url, evidence)
        self.count("issues")
        logger.warning("%s: %s (%s)", code, visible(issue.url), visible(issue.evidence))

    def report_failure(self, url: str, error: BaseException) -> str:
        """Report a request without a response, and return its issue code."""
        code, evidence = issues.of_error(error)
        self.report(code, url, evidence)
        if isinstance(error, ArchiveError | VisitsError):
            self.break_off("archive_failed")
        return code

    def break_off(self, reason: str) -> None:
        """Stop the crawl: a response or result could not be stored."""
        if not self.stopping:
            self._reasons.append(reason)
            deferred_from_coro(self.crawler.engine.close_spider_async(reason=reason))


class CrawlPart:
    """A middleware or item pipeline, with the session of its crawl."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @property
    def city(self) -> City:
        """City of the crawl or probe."""
        city: City = self.crawler.spider.city  # type: ignore[union-attr]
        return city

    @property
    def session(self) -> Session:
        """Session of the crawl; a probe has none."""
        session: Session = self.crawler.spider.session  # type: ignore[union-attr]
        return session


def _clock(moment: str) -> Callable[[], datetime]:
    """Return the clock of a crawl.

    It is the machine's, or one that starts at `moment` (ISO 8601).
    """
    if not moment:
        return lambda: datetime.now(UTC)
    try:
        start = datetime.fromisoformat(moment).astimezone(UTC)
    except ValueError:
        raise CrawlError(f"SHIZHENG_NOW is a time like 2026-11-23T08:00Z, not {moment!r}") from None
    began = datetime.now(UTC)
    return lambda: start + (datetime.now(UTC) - began)
