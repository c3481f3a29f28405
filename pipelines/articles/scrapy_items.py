"""Scrapy item pipelines that check, judge and store each page's results.

The steps themselves are functions, used by every command that brings articles in.
"""

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrapy.crawler import Crawler

from crawler.city import City
from crawler.crawl.articles import PageResults
from crawler.crawl.session import CrawlPart
from crawler.item import Article, Reject
from crawler.state.lock import VisitsError
from crawler.state.visits import Outcome
from pipelines.articles import contract
from pipelines.articles.article_language import judge
from pipelines.articles.duplicates import cluster_shard
from pipelines.tables import articles, damage, files, parquet

logger = logging.getLogger(__name__)

Result = Article | Reject

_ID = re.compile(r"[0-9a-f]{16}")


def checked(result: Result, city: City, seen: datetime | None = None) -> Result:
    """Return the result within the limits, or a reject (`invalid`).

    `seen` is the time at which the page was fetched (default: now).
    """
    if isinstance(result, Reject):
        return result
    problem = _problem(result, city)
    if problem is not None:
        return Reject(result.url, city.key, "invalid", problem)
    return contract.within_limits(result, seen or datetime.now(UTC))


def judged(result: Result) -> tuple[Result, ...]:
    """Return the result with its language, a bilingual page as two articles."""
    return judge(result) if isinstance(result, Article) else (result,)


def _problem(article: Article, city: City) -> str | None:
    if not article.title.strip() or not article.text.strip():
        return "title or text is empty"
    if article.city != city.key:
        return f"it belongs to {article.city}"
    if not city.allows(article.url):
        return "its URL is on a host the city does not name"
    if not _ID.fullmatch(article.article_id):
        return f"its id is {article.article_id!r}, not 16 hex digits"
    if (article.published_at is None) != (article.published_precision is None):
        return "date and precision of the date do not go together"
    if article.published_at is not None and article.published_at.tzinfo is None:
        return "its date has no time zone"
    return None


class Validate(CrawlPart):
    """Put articles within the limits, or turn them into rejects."""

    def process_item(self, item: PageResults) -> PageResults:
        return replace(item, results=tuple(checked(r, self.city) for r in item.results))


class Language(CrawlPart):
    """Set each article's language and script; split bilingual pages."""

    def process_item(self, item: PageResults) -> PageResults:
        return replace(item, results=tuple(new for r in item.results for new in judged(r)))


@dataclass(frozen=True, slots=True)
class _Batch:
    """Results not yet stored: articles by id, rejects and outcomes by URL."""

    articles: dict[str, Article] = field(default_factory=dict)
    rejects: dict[str, Reject] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)


class Store(CrawlPart):
    """Write results in batches: archive first, tables second, visits last.

    So at every moment a page is either marked as stored and in the tables, or will be read back
    from the archive by the next crawl; writing it twice changes nothing.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._limit = crawler.settings.getint("SHIZHENG_FLUSH")
        self._batch = _Batch()
        if crawler.settings.getbool("SHIZHENG_ALONE"):
            parquet.forgo_pandas()

    def open_spider(self) -> None:
        # A writer that was killed leaves the file it was about to rename. The city's lock is
        # held here, and the tables of a city are written by one process at a time.
        output, city = self.session.output, self.city.key
        left = [*files.articles_folder(output, city).glob(".*.tmp")]
        for table in ("rejects", "revisions"):
            left += files.table_path(output, table, city).parent.glob(f".{city}.parquet.*.tmp")
        for path in left:
            path.unlink(missing_ok=True)

    def process_item(self, item: PageResults) -> PageResults:
        for result in item.results:
            if isinstance(result, Article):
                self._batch.articles[result.article_id] = result
                self.session.count("articles")
            else:
                self._batch.rejects[result.url] = result
                self.session.count("rejects")
        self._batch.outcomes[item.url] = item.outcome
        # Once a write has failed the crawl is stopping; the last try is when it closes.
        if len(self._batch.outcomes) >= self._limit and not self.session.stopping:
            self._guarded(self._flush)
        return item

    def close_spider(self) -> None:
        self._guarded(self._flush)
        self._guarded(lambda: cluster_shard(self.session.output, self.city.key))

    def _flush(self) -> None:
        # Not in a thread: results that wait for one while a write fails would keep the crawl from
        # closing. A batch takes a tenth of a second.
        session, batch = self.session, self._batch
        if not batch.outcomes:
            return
        session.archive.sync()
        changes = _write(session.output, session.city.key, session.run_id, batch)
        session.visits.mark(batch.outcomes.items(), session.run_id)
        for name in ("new", "revised", "unchanged"):
            session.count(name, getattr(changes, name))
        self._batch = _Batch()

    def _guarded(self, step: Callable[[], Any]) -> None:
        try:
            step()
        except (damage.StoreError, VisitsError, OSError) as error:
            # What was not stored is still in the archive, and unmarked.
            self.session.report("store", str(self.session.output), str(error))
            self.session.count("store_failed")
            self.session.break_off("store_failed")


def _write(output: Path, city: str, run_id: str, batch: _Batch) -> articles.Changes:
    now = datetime.now(UTC).replace(microsecond=0)
    found, rejects = _sorted(batch.articles), _sorted(batch.rejects)
    changes = articles.write_articles(output, city, found, run_id=run_id, now=now)
    articles.write_rejects(output, city, rejects, run_id=run_id, now=now)
    return changes


def _sorted(results: dict[str, Any]) -> Iterable[Any]:
    return [results[key] for key in sorted(results)]
