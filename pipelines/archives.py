"""Articles from web archives: ours again, or anyone's (wget, Common Crawl)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crawler import archive
from crawler.city import City, unnamed_city
from crawler.extract import extract as extract_page
from crawler.extract import join
from crawler.item import Article, Reject
from pipelines import duplicates, language, lock, store
from pipelines.runs import Run
from pipelines.terminal import Tracker

# What the crawler asked for to find articles; in anyone else's archive a record has no kind.
_NOT_ARTICLES = ("list", "robots")


@dataclass(frozen=True, slots=True)
class Count:
    """What the archives gave for one city: `records` are the pages looked at."""

    records: int = 0
    new: int = 0
    revised: int = 0
    unchanged: int = 0
    rejected: int = 0


@dataclass(slots=True)
class _Pages:
    """What one file holds of one city, before pages are joined and stored."""

    city: City
    articles: dict[str, Article] = field(default_factory=dict)
    rejects: dict[str, Reject] = field(default_factory=dict)
    records: int = 0


def extract(
    output: Path,
    paths: Sequence[Path],
    cities: Mapping[str, City],
    run: Run,
    tracker: Tracker,
    *,
    prefix: str | None = None,
    any_host: bool = False,
) -> tuple[dict[str, Count], Counter[str]]:
    """Extract and store what `paths` hold; return counts by city, and records skipped by reason.

    A page belongs to the first city that allows its URL; with `any_host`, a page of another host
    belongs to a city named after it. Files are taken one at a time and stored before the next, so
    that stopping loses nothing that a second run does not bring back. Raises
    `archive.ArchiveError` for a file that is no web archive, before anything is stored.
    """
    for path in paths:
        next(archive.read(path), None)
    counts: dict[str, Count] = {}
    skipped: Counter[str] = Counter()
    for number, path in enumerate(paths):
        tracker.update("archives", number, len(paths), path.name)
        for pages in _read(path, cities, prefix, any_host, skipped).values():
            key = pages.city.key
            counts[key] = _add(counts.get(key, Count()), _store(output, pages, run))
    tracker.update("archives", len(paths), len(paths))
    for key in counts:
        with lock.hold(output, [key]):
            duplicates.cluster_shard(output, key)
    return counts, skipped


def _read(
    path: Path,
    cities: Mapping[str, City],
    prefix: str | None,
    any_host: bool,
    skipped: Counter[str],
) -> dict[str, _Pages]:
    found: dict[str, _Pages] = {}
    for record in archive.read(path, skipped):
        if record.kind in _NOT_ARTICLES or record.url.endswith("/robots.txt"):
            continue
        if prefix is not None and not record.url.startswith(prefix):
            continue
        city = next((city for city in cities.values() if city.allows(record.url)), None)
        if city is None and any_host:
            city = unnamed_city(record.url)
        if city is None or 300 <= record.status < 400:
            continue
        pages = found.setdefault(city.key, _Pages(city))
        pages.records += 1
        if record.status != 200:
            detail = f"The server answered with status {record.status}."
            pages.rejects[record.url] = Reject(record.url, city.key, "http_error", detail)
            continue
        result = extract_page(record.url, record.body, record.headers, city)
        if isinstance(result, Reject):
            pages.rejects[record.url] = result
        else:
            pages.articles[record.url] = result
            pages.rejects.pop(record.url, None)
    return found


def _store(output: Path, pages: _Pages, run: Run) -> Count:
    articles, rejects = [], list(pages.rejects.values())
    for article in _joined(pages.articles):
        for judged in language.judge(article):
            if isinstance(judged, Reject):
                rejects.append(judged)
            else:
                articles.append(judged)
    key = pages.city.key
    with lock.hold(output, [key]):
        changes = store.write_articles(output, key, articles, run_id=run.run_id, now=run.started_at)
        store.write_rejects(output, key, rejects, run_id=run.run_id, now=run.started_at)
    return Count(pages.records, changes.new, changes.revised, changes.unchanged, len(rejects))


def _joined(articles: Mapping[str, Article]) -> list[Article]:
    """Return the articles with the pages of each multi-page one joined to its first."""
    continuations = {url for article in articles.values() for url in article.parts}
    whole = []
    for url, article in articles.items():
        if url in continuations:
            continue
        rest = [articles[part] for part in article.parts if part in articles]
        whole.append(join(article, rest) if article.parts else article)
    return whole


def _add(a: Count, b: Count) -> Count:
    return Count(
        a.records + b.records,
        a.new + b.new,
        a.revised + b.revised,
        a.unchanged + b.unchanged,
        a.rejected + b.rejected,
    )
