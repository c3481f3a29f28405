"""Articles from web archives: ours again, or anyone's (wget, Common Crawl).

Files are read by several processes and stored by one, in the order they were given, so that the
number of processes changes nothing but the time. What was read is remembered: a command that was
killed goes on where it stopped, and one that ended has nothing to do.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from crawler.archive import reader
from crawler.city import City, host_of, unnamed_city
from crawler.errors import ExitCode, ShizhengError
from crawler.extract.article import extract as extract_page
from crawler.extract.article import join_parts
from crawler.item import Article, Reject
from pipelines import pool
from pipelines.articles import contract, duplicates
from pipelines.articles.archives_read import Progress, identity, settings_digest
from pipelines.articles.article_language import judge
from pipelines.tables import damage, files, lock, parquet, schema
from pipelines.tables.articles import write_articles, write_rejects
from pipelines.tables.runs import Run
from pipelines.terminal import Tracker

# What the crawler asked for to find articles; in anyone else's archive a record has no kind.
_NOT_ARTICLES = ("list", "robots")


# The key of a city names its files, so it needs a letter or a digit, and may not be longer than
# a file name may be.
_KEY = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,98}[a-z0-9])?")
_NOBODY = City(key="", name_zh="", name_en="", hosts=(), sources=())


@dataclass(frozen=True, slots=True)
class Count:
    """What the archives gave for one city: `records` are the pages looked at."""

    records: int = 0
    new: int = 0
    revised: int = 0
    unchanged: int = 0
    rejected: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.records + other.records,
            self.new + other.new,
            self.revised + other.revised,
            self.unchanged + other.unchanged,
            self.rejected + other.rejected,
        )


@dataclass(frozen=True, slots=True)
class Extracted:
    """What reading archives came to: counts by city, records skipped by reason, how many of the
    files had been read before and were left alone, and why a city's tables could not be used."""

    counts: Mapping[str, Count]
    skipped: Counter[str]
    read_before: int = 0
    damaged: Mapping[str, str] = field(default_factory=dict)


class ReaderDiedError(ShizhengError):
    """A process that read an archive was killed. The message names the file."""

    exit_code = ExitCode.INTERNAL


@dataclass(slots=True)
class _Pages:
    """What one file holds of one city, before pages are joined."""

    city: City
    articles: dict[str, Article] = field(default_factory=dict)
    rejects: dict[str, Reject] = field(default_factory=dict)
    records: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    """What one file gives for one city, ready to be stored."""

    records: int
    articles: tuple[Article, ...]
    rejects: tuple[Reject, ...]


@dataclass(frozen=True, slots=True)
class _Filter:
    """Which pages of an archive are wanted, and whose they are."""

    cities: Mapping[str, City]
    prefix: str | None
    any_host: bool

    def city_of(self, url: str) -> City | None:
        if url.partition("?")[0].endswith("/robots.txt"):
            return None
        if self.prefix is not None and not url.startswith(self.prefix):
            return None
        city = next((city for city in self.cities.values() if city.allows(url)), None)
        return unnamed_city(url) if city is None and self.any_host and host_of(url) else city

    def city_of_record(self, url: str, skipped: Counter[str]) -> City | None:
        """Return whose page a record is; one without a usable host is counted as `no_host`."""
        try:
            city = self.city_of(url)
        except ValueError:  # a host that is none, such as half an IPv6 address
            city = _NOBODY
        if city is None or _KEY.fullmatch(city.key):
            return city
        skipped["no_host"] += 1
        return None


def extract(
    output: Path,
    paths: Sequence[Path],
    cities: Mapping[str, City],
    run: Run,
    tracker: Tracker,
    *,
    prefix: str | None = None,
    any_host: bool = False,
    jobs: int | None = None,
    again: bool = False,
) -> Extracted:
    """Extract and store what `paths` hold, `jobs` files at once (default: one a core).

    A page belongs to the first city that allows its URL; with `any_host`, a page of another host
    belongs to a city named after it. A file that was read before, by this version and with these
    city files and options, is left alone unless `again`; one with revisits whose originals were
    missing is always read. Nothing is stored of a city with a damaged table; the others go on, and
    the file is read again the next time. Raises `archive.ArchiveError` for a file that is no web
    archive, before anything is stored, and `ReaderDiedError`; what was stored until then stays.
    """
    for path in paths:
        next(reader.read_records(path), None)
    wanted = _Filter(cities, prefix, any_host)
    mark = settings_digest(cities, prefix, any_host)
    counts: dict[str, Count] = {}
    skipped: Counter[str] = Counter()
    damaged: dict[str, str] = {}
    with Progress.open(output) as progress:
        keys = {path: identity(path, mark) for path in paths}
        fresh = [path for path in keys if again or not progress.has(keys[path])]
        tracker.update("archives", 0, len(fresh))
        number = 0
        try:
            for path, (found, lost) in pool.map_ordered(
                partial(_read, wanted=wanted), fresh, jobs=jobs
            ):
                for key, pages in found.items():
                    try:
                        counts[key] = counts.get(key, Count()) + _store(output, key, pages, run)
                    except damage.StoreError as error:
                        if error.city is None:
                            raise
                        damaged[key] = str(error)
                skipped += lost
                stored = [key for key in found if key not in damaged]
                if not lost["unresolved"] and len(stored) == len(found):
                    progress.add(keys[path], path.name, stored, run.run_id)
                else:
                    progress.owe(stored)
                number += 1
                tracker.update("archives", number, len(fresh), path.name)
        except BrokenProcessPool as error:
            raise ReaderDiedError(
                f"a process died while {fresh[number]} was read (killed, or out of memory); "
                "what was stored is whole: run the command again to go on, or with --jobs 1"
            ) from error
        # A command that was killed may have stored articles and not compared them yet.
        for key in progress.owed():
            try:
                with lock.hold(output, [key]):
                    duplicates.cluster_shard(output, key)
            except damage.StoreError as error:
                if error.city is None:
                    raise
                damaged[key] = str(error)
            else:
                progress.settle(key)
    return Extracted(counts, skipped, len(keys) - len(fresh), damaged)


def _read(path: Path, *, wanted: _Filter) -> tuple[dict[str, _Found], Counter[str]]:
    """Return what one file gives, by city, and what of it was skipped, by reason."""
    gathered: dict[str, _Pages] = {}
    skipped: Counter[str] = Counter()
    for record in reader.read_records(path, skipped):
        if record.kind in _NOT_ARTICLES or 300 <= record.status < 400:
            continue
        city = wanted.city_of_record(record.url, skipped)
        if city is None:
            if not host_of(record.url):
                skipped["no_host"] += 1
            continue
        pages = gathered.setdefault(city.key, _Pages(city))
        pages.records += 1
        if record.status != 200:
            detail = f"The server answered with status {record.status}."
            pages.rejects[record.url] = Reject(record.url, city.key, "http_error", detail)
            continue
        result = extract_page(record.url, record.body, record.headers, city)
        if isinstance(result, Reject):
            pages.rejects[record.url] = result
        else:
            pages.articles[record.url] = contract.within_limits(result, record.fetched_at)
            pages.rejects.pop(record.url, None)
    return {key: _judged(pages) for key, pages in gathered.items()}, skipped


def _judged(pages: _Pages) -> _Found:
    articles, rejects = [], list(pages.rejects.values())
    for article in _joined(pages.articles):
        for judged in judge(article):
            if isinstance(judged, Reject):
                rejects.append(judged)
            else:
                articles.append(judged)
    return _Found(pages.records, tuple(articles), tuple(rejects))


def _store(output: Path, key: str, found: _Found, run: Run) -> Count:
    with lock.hold(output, [key]):
        # An archive that is read again holds what was superseded since; that is no new revision.
        past = parquet.read_table(
            files.table_path(output, "revisions", key),
            schema.REVISIONS,
            ["article_id", "content_sha256"],
        )
        known = {(row["article_id"], row["content_sha256"]) for row in past.to_pylist()}
        current = [a for a in found.articles if (a.article_id, a.content_sha256) not in known]
        changes = write_articles(output, key, current, run_id=run.run_id, now=run.started_at)
        write_rejects(output, key, found.rejects, run_id=run.run_id, now=run.started_at)
    unchanged = changes.unchanged + len(found.articles) - len(current)
    return Count(found.records, changes.new, changes.revised, unchanged, len(found.rejects))


def _joined(articles: Mapping[str, Article]) -> list[Article]:
    """Return the articles with the pages of each multi-page one joined to its first."""
    continuations = {url for article in articles.values() for url in article.parts}
    whole = []
    for url, article in articles.items():
        if url in continuations:
            continue
        rest = [articles[part] for part in article.parts if part in articles]
        whole.append(join_parts(article, rest) if article.parts else article)
    return whole
