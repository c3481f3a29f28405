"""Articles from web archives: the crawler's own, or anyone's (wget, Common Crawl).

Files are read by several processes and stored by one, in the order given, so that the number of
processes changes nothing but the time. Files read are recorded: a command that was killed goes on
from there, and one that ended has nothing to do.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from crawler.archive import reader
from crawler.archive.reader import Record
from crawler.city import City, is_public, unnamed_site
from crawler.errors import ExitCode, ShizhengError
from crawler.extract.article import extract as extract_page
from crawler.extract.article import join_parts
from crawler.extract.forwarding import forward_of
from crawler.item import Article, Reject, canonical_url
from crawler.state.visits import as_target
from pipelines import pool
from pipelines.articles import contract, duplicates
from pipelines.articles.archives_read import Progress, identity, settings_digest
from pipelines.articles.article_language import judge
from pipelines.articles.stand_ins import stand_ins
from pipelines.tables import damage, files, lock, parquet, schema
from pipelines.tables.articles import write_articles, write_rejects
from pipelines.tables.captures import write_captures
from pipelines.tables.runs import Run
from pipelines.terminal import Tracker

# Pages fetched to find articles; in anyone else's archive a record has no kind.
_NOT_ARTICLES = ("list", "robots")
MAX_PARTS = 100
"""Pages of one article, as in a crawl; a count above this is a mistake of the page. By hand."""
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Count:
    """Articles of one city in the archives; `records` are the pages read."""

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
    """Result of reading archives.

    Counts by city, records skipped by reason, the number of files left alone because they had been
    read before, and the reason by city for tables that could not be used.
    """

    counts: Mapping[str, Count]
    skipped: Counter[str]
    read_before: int = 0
    damaged: Mapping[str, str] = field(default_factory=dict)


class ReaderDiedError(ShizhengError):
    """Death of a process that read an archive, named in the message."""

    exit_code = ExitCode.INTERNAL


@dataclass(slots=True)
class _Pages:
    """Pages of one city in one file, not yet joined."""

    city: City
    articles: dict[str, Article] = field(default_factory=dict)
    rejects: dict[str, Reject] = field(default_factory=dict)
    records: int = 0
    earlier: list[Article] = field(default_factory=list)
    """Captures of pages that are in `articles` with a later one."""
    led: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Addresses that led to each page."""

    def lead(self, url: str, target: str | None) -> None:
        """Note that an address leads to another page."""
        if target:
            self.led[canonical_url(target)].add(url)

    def drop_stand_ins(self) -> None:
        """Refuse the pages that stand in the place of others."""
        for url, reject in stand_ins(self.articles, self.led).items():
            del self.articles[url]
            self.rejects[url] = reject

    def add(self, url: str, article: Article) -> None:
        """Add a page's article; of two captures both, else the last."""
        before = self.articles.get(url)
        if before is not None and before.captured_at and article.captured_at:
            before, article = sorted((before, article), key=lambda one: one.captured_at or _NEVER)
            self.earlier.append(before)
        self.articles[url] = article
        self.rejects.pop(url, None)


@dataclass(frozen=True, slots=True)
class _Found:
    """Articles and rejects of one city in one file."""

    records: int
    articles: tuple[Article, ...]
    rejects: tuple[Reject, ...]


@dataclass(frozen=True, slots=True)
class _Filter:
    """Filter of the pages of an archive by city, prefix and host."""

    cities: Mapping[str, City]
    prefix: str | None
    any_host: bool
    city: str | None = None

    def city_of(self, url: str) -> City | None:
        if url.partition("?")[0].endswith("/robots.txt"):
            return None
        if self.prefix is not None and not url.startswith(self.prefix):
            return None
        city = next((city for city in self.cities.values() if city.allows(url)), None)
        if city is None and self.any_host:
            return unnamed_site(url, self.city)
        return city

    def city_of_record(self, url: str, skipped: Counter[str]) -> City | None:
        """Return the city of a record; count an unusable address as `no_host`."""
        if is_public(url):
            return self.city_of(url)
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
    city: str | None = None,
    jobs: int | None = None,
    again: bool = False,
) -> Extracted:
    """Extract and store the articles of archives, `jobs` files at once.

    By default one file a core. A page belongs to the first city that allows its URL; with
    `any_host`, a page of another host belongs to `city`, or to one named after its site. A file
    that was read before, by this version and with these city files and options, is left alone
    unless `again`; one with revisits without their originals is always read. Nothing is stored of a
    city with a damaged table; the others go on, and the file is read again the next time. Raises
    `ArchiveError` for a file that is no web archive, before anything is stored, and
    `ReaderDiedError`; articles stored until then stay.
    """
    for path in paths:
        next(reader.read_records(path), None)
    wanted = _Filter(cities, prefix, any_host, city)
    mark = settings_digest(cities, prefix, any_host, city)
    storing = _Storing(output, run)
    with Progress.open(output) as progress:
        keys = {path: identity(path, mark) for path in paths}
        fresh = [path for path in keys if again or not progress.has(keys[path])]
        tracker.update("archives", 0, len(fresh))
        number = 0
        results = pool.map_ordered(partial(_read, wanted=wanted), fresh, jobs=jobs)
        try:
            for number, (path, (found, skipped)) in enumerate(results, start=1):
                stored = storing.add(found, skipped)
                if not skipped["unresolved"] and len(stored) == len(found):
                    progress.add(keys[path], path.name, stored, run.run_id)
                else:
                    progress.owe(stored)
                tracker.update("archives", number, len(fresh), path.name)
        except BrokenProcessPool as error:
            raise ReaderDiedError(
                f"a process died while {fresh[number]} was read (killed, or out of memory); "
                "what was stored is whole: run the command again to go on, or with --jobs 1"
            ) from error
        storing.mark_duplicates(progress)
    read_before = len(keys) - len(fresh)
    return Extracted(storing.counts, storing.skipped, read_before, storing.damaged)


@dataclass(slots=True)
class _Storing:
    """Counts of articles stored so far, and cities with damaged tables."""

    output: Path
    run: Run
    counts: dict[str, Count] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    damaged: dict[str, str] = field(default_factory=dict)

    def add(self, found: Mapping[str, _Found], skipped: Counter[str]) -> list[str]:
        """Store the articles of a file; return the cities without damage."""
        self.skipped += skipped
        for key, pages in found.items():
            with self._noting_damage(key):
                stored = _store(self.output, key, pages, self.run)
                self.counts[key] = self.counts.get(key, Count()) + stored
        return [key for key in found if key not in self.damaged]

    def mark_duplicates(self, progress: Progress) -> None:
        """Mark the duplicates in cities with new articles.

        A command that was killed may have stored articles and not compared them yet.
        """
        for key in progress.owed():
            with self._noting_damage(key):
                with lock.hold(self.output, [key]):
                    duplicates.cluster_shard(self.output, key)
                progress.settle(key)

    @contextmanager
    def _noting_damage(self, key: str) -> Iterator[None]:
        try:
            yield
        except damage.StoreError as error:
            if error.city is None:
                raise
            self.damaged[key] = str(error)


def _read(path: Path, *, wanted: _Filter) -> tuple[dict[str, _Found], Counter[str]]:
    """Return a file's pages by city, and its skipped records by reason."""
    gathered: dict[str, _Pages] = {}
    skipped: Counter[str] = Counter()
    for record in reader.read_records(path, skipped):
        if record.kind in _NOT_ARTICLES:
            continue
        city = wanted.city_of_record(record.url, skipped)
        if city is None:
            continue
        pages = gathered.setdefault(city.key, _Pages(city))
        if 300 <= record.status < 400:
            pages.lead(record.url, as_target(record.url, record.headers.get("location", "")))
            continue
        pages.records += 1
        if record.status != 200:
            detail = f"The server answered with status {record.status}."
            pages.rejects[record.url] = Reject(record.url, city.key, "http_error", detail)
            continue
        result = extract_page(record.url, record.body, record.headers, city)
        if isinstance(result, Reject) and result.reason == "moved":
            pages.lead(record.url, forward_of(record.url, record.body))
            continue  # it is a redirect, and another record has the page it leads to
        if isinstance(result, Reject):
            # A capture that gives no article takes nothing from one that does.
            if not (record.source and record.url in pages.articles):
                pages.rejects[record.url] = result
        else:
            article = contract.within_limits(result, record.fetched_at)
            pages.add(record.url, _captured(article, record) if record.source else article)
    return {key: _judged(pages) for key, pages in gathered.items() if pages.records}, skipped


def _judged(pages: _Pages) -> _Found:
    pages.drop_stand_ins()
    articles, rejects = [], list(pages.rejects.values())
    for article in joined(pages.articles, pages.earlier):
        for judged in judge(article):
            if isinstance(judged, Reject):
                rejects.append(judged)
            else:
                articles.append(judged)
    return _Found(pages.records, tuple(articles), tuple(rejects))


def _store(output: Path, key: str, found: _Found, run: Run) -> Count:
    with lock.hold(output, [key]):
        # An archive that is read again has texts superseded since: they are no new revision.
        past = parquet.read_table(
            files.table_path(output, "revisions", key),
            schema.REVISIONS,
            ["article_id", "content_sha256"],
        )
        known = {(row["article_id"], row["content_sha256"]) for row in past.to_pylist()}
        captures = [article for article in found.articles if article.captured_at is not None]
        pages = [article for article in found.articles if article.captured_at is None]
        current = [a for a in pages if (a.article_id, a.content_sha256) not in known]
        changes = write_articles(output, key, current, run_id=run.run_id, now=run.started_at)
        changes += write_captures(output, key, captures, run_id=run.run_id)
        write_rejects(output, key, found.rejects, run_id=run.run_id, now=run.started_at)
    unchanged = changes.unchanged + len(pages) - len(current)
    return Count(found.records, changes.new, changes.revised, unchanged, len(found.rejects))


def _captured(article: Article, record: Record) -> Article:
    """Return an article with its provenance from a web archive.

    A page without a date was published before it was captured, which is flagged `bounded`: the
    latest possible time is that of the first capture.
    """
    first = min(record.first_capture or record.fetched_at, record.fetched_at)
    return replace(
        article,
        fetched_from=f"{record.source} {record.fetched_at:%Y-%m-%dT%H:%M:%SZ}",
        captured_at=record.fetched_at.replace(microsecond=0),
        first_capture=first.replace(microsecond=0),
        flags=article.flags if article.published_at else (*article.flags, "bounded"),
    )


def joined(articles: Mapping[str, Article], earlier: Sequence[Article]) -> list[Article]:
    """Return the articles with multi-page ones joined.

    An earlier capture is joined with the further pages at hand.
    """
    every = {url: _parts_of(article, articles) for url, article in articles.items()}
    continuations = {part for parts in every.values() for part in parts}
    whole = []
    for article in (*earlier, *articles.values()):
        if article.url in continuations:
            continue
        parts = _parts_of(article, articles)
        rest = [articles[part] for part in parts if part in articles]
        whole.append(join_parts(replace(article, parts=parts), rest) if parts else article)
    return whole


def _parts_of(article: Article, articles: Mapping[str, Article]) -> tuple[str, ...]:
    """Return an article's further pages; later ones show more of them."""
    parts = [*article.parts]
    for part in parts:  # grows while it is read
        if part == parts[-1] and part in articles and len(parts) < MAX_PARTS:
            parts += [p for p in articles[part].following if p not in (article.url, *parts)]
    return tuple(parts)
