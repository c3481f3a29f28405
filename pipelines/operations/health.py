"""Health of a city, by its assertions, tables and runs."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from crawler.city import CRAWLED, City
from crawler.state.database import SKEW
from pipelines.tables import damage, files, lock, parquet, runs, schema
from pipelines.tables.articles import read_articles
from pipelines.tables.vocabulary import DECISION, LANGS

_CLOCK = "this machine's clock was ahead, or is behind"

WEEKS = timedelta(weeks=4)
"""Span whose articles are compared with those of the span before."""

LEAST_PAGES = 5
"""Pages from which the share of rejects is judged. Set by hand; not measured."""

DAMAGED = "damaged"
"""Health of a city with a table that cannot be read."""
_GAVE_NONE, _QUIET = "listing gave an article link", "nothing new for"
"""Parts of the sentences on lists that may have moved."""

RUNNING = "running"
"""Health of a city that a process is working on."""


@dataclass(frozen=True, slots=True)
class CityStatus:
    """Status of a city by its tables and runs.

    Times are ISO 8601. `newest_zh` and `newest_en` are when the newest article of each language was
    published; `recent` counts articles published in the last four weeks, `before` those of the four
    weeks before. `health` is one of `well`, `unwell` (an assertion fails), `failed` (the last run),
    `running`, `never crawled`, `imported`, `damaged` (a table cannot be read, and nothing is
    counted), or the status of a city that is not crawled; `why` are the reasons, in sentences.
    """

    city: str
    status: str
    zh: int
    en: int
    rejects: int
    pairs: int
    newest_zh: str | None
    newest_en: str | None
    recent: int
    before: int
    last_run: str | None
    last_success: str | None
    health: str
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Past:
    """Runs of a city: the last, the last success, one cut off.

    `failed` is True if the last failed, `ahead` counts the moments of the city's state that it
    found to be later than its clock.
    """

    last_run: str | None = None
    last_success: str | None = None
    run_id: str | None = None
    failed: bool = False
    ahead: int = 0
    cut_off: str | None = None


def statuses(
    output: Path, cities: Mapping[str, City], now: datetime, *, held: Collection[str] = ()
) -> list[CityStatus]:
    """Return the status of every city with a file or articles, sorted.

    `held` are cities whose locks the caller holds: they do not count as running.
    """
    past = _past(output)
    return [
        _status(output, key, cities.get(key), past.get(key, _Past()), now=now, held=key in held)
        for key in sorted({*cities, *files.cities_with_articles(output)})
    ]


def _status(
    output: Path, key: str, city: City | None, past: _Past, *, now: datetime, held: bool
) -> CityStatus:
    """Return the status of a city.

    With a damaged table it has failed, and nothing is counted.
    """
    damaged: list[str] = []
    try:
        counts = _counts(output, key, now)
    except damage.StoreError as error:
        if error.city is None:
            raise
        damaged, counts = [str(error)], _Counts()
    health: str
    why: list[str]
    if city is None:
        health, why = (DAMAGED if damaged else "imported"), []
    elif city.status not in CRAWLED:
        health, why = city.status, [f"since {city.since}: {city.reason}"]
    elif not held and (process := lock.holder(output, key)) is not None:
        health, why = RUNNING, [f"process {process} is working on it"]
    else:
        health, why = _health(output, city, past, now)
        health = DAMAGED if damaged else health
    return CityStatus(
        city=key,
        status=city.status if city else "imported",
        zh=counts.zh,
        en=counts.en,
        rejects=counts.rejects,
        pairs=counts.pairs,
        newest_zh=counts.newest_zh,
        newest_en=counts.newest_en,
        recent=counts.recent,
        before=counts.before,
        last_run=past.last_run,
        last_success=past.last_success,
        health=health,
        why=tuple(dict.fromkeys([*why, *damaged])),
    )


@dataclass(frozen=True, slots=True)
class _Counts:
    """Counts over the tables of a city, named as in `CityStatus`."""

    zh: int = 0
    en: int = 0
    rejects: int = 0
    pairs: int = 0
    newest_zh: str | None = None
    newest_en: str | None = None
    recent: int = 0
    before: int = 0


def _counts(output: Path, key: str, now: datetime) -> _Counts:
    table = read_articles(output, key, ["lang", "published_at", "first_seen"])
    langs = table["lang"].to_pylist()
    count = Counter(langs)
    dated: dict[str, list[datetime]] = {lang: [] for lang in LANGS}
    for lang, date in zip(langs, table["published_at"].to_pylist(), strict=True):
        if date is not None and date <= now and lang in dated:
            dated[lang].append(date)
    newest = {lang: max(dates).isoformat() if dates else None for lang, dates in dated.items()}
    ages = [now - date for dates in dated.values() for date in dates]
    rejects = parquet.read_table(files.table_path(output, "rejects", key), schema.REJECTS)
    pairs = parquet.read_table(files.table_path(output, "pairs", key), schema.PAIRS)
    return _Counts(
        zh=count["zh"],
        en=count["en"],
        rejects=rejects.num_rows,
        pairs=sum(p >= DECISION for p in pairs["probability"].to_pylist()),
        newest_zh=newest["zh"],
        newest_en=newest["en"],
        recent=sum(age < WEEKS for age in ages),
        before=sum(WEEKS <= age < 2 * WEEKS for age in ages),
    )


def _past(output: Path) -> dict[str, _Past]:
    """Return the runs of each city that was crawled."""
    found: dict[str, _Past] = {}
    for run in runs.manifests(output):
        if "counts" in run:
            for key, counts in run["counts"].items():
                if "failed" not in counts:
                    continue  # an import or extraction, which does not visit the site
                before, ended = found.get(key, _Past()), run["finished_at"]
                failed = bool(counts["failed"])
                success = before.last_success if failed else ended
                ahead = int(counts.get("clock", 0))
                found[key] = _Past(ended, success, run["run_id"], failed, ahead)
        elif run["command"] in ("crawl", "run"):
            how = run.get("cut_short") or "it was killed, or the machine went down"
            cut = f"the run begun {run['started_at']} did not end ({how}); run again to go on"
            for key in run["cities"]:
                found[key] = replace(found.get(key, _Past()), cut_off=cut)
    return found


def _health(output: Path, city: City, past: _Past, now: datetime) -> tuple[str, list[str]]:
    if past.cut_off is None and past.run_id is None:
        return "never crawled", []
    why = failures(output, city, {"clock": past.ahead}, now)
    if past.last_run and datetime.fromisoformat(past.last_run) > now + SKEW:
        why.append(f"its last run ended {past.last_run}, which is later than now: {_CLOCK}")
    if past.cut_off is not None:
        return "failed", [past.cut_off, *why]
    if past.run_id is not None and past.failed:
        noted = runs.failures(output, past.run_id, city.key)
        return "failed", list(dict.fromkeys([*noted, *why])) or [f"run {past.run_id} failed"]
    return ("unwell" if why else "well"), why


def failures(output: Path, city: City, counts: Mapping[str, int], now: datetime) -> list[str]:
    """Return the failed assertions of a city, as sentences.

    `counts` are those of this run. Articles that cannot be read fail in a sentence that names the
    file.
    """
    try:
        table = read_articles(output, city.key, ["lang", "published_at", "first_seen"])
    except damage.StoreError as error:
        if error.city is None:
            raise
        return [str(error)]
    langs = Counter(table["lang"].to_pylist())
    seen = [moment for moment in table["first_seen"].to_pylist() if moment]
    few = [
        f"{langs[lang]} {lang} articles stored, at least {least} expected"
        for lang, least in city.assertions.min_articles.items()
        if langs[lang] < least
    ]
    return [
        *few,
        *_silent_listings(city, counts),
        *_many_rejects(city, counts),
        *_quiet(city, seen, counts.get("clock", 0), now),
    ]


def may_have_moved(why: Sequence[str]) -> bool:
    """Return True for reasons that a moved list may have."""
    return any(_GAVE_NONE in reason or reason.startswith(_QUIET) for reason in why)


def _silent_listings(city: City, counts: Mapping[str, int]) -> Iterator[str]:
    """Yield the languages whose listings gave no article link."""
    if counts.get("lists"):
        for lang in sorted({source.lang for source in city.sources}):
            if not counts.get(f"lists_{lang}"):
                yield f"no {lang} {_GAVE_NONE}"


def _many_rejects(city: City, counts: Mapping[str, int]) -> Iterator[str]:
    rejects = counts.get("rejects", 0)
    pages = counts.get("articles", 0) + rejects
    most = city.assertions.max_rejects
    if pages >= LEAST_PAGES and rejects > most * pages:
        yield f"{rejects} of {pages} pages rejected, at most {most:.0%} expected"


def _quiet(city: City, seen: Sequence[datetime], ahead: int, now: datetime) -> Iterator[str]:
    """Yield a long quiet of a city, or moments later than now.

    `seen` are when its articles were first seen, `ahead` counts the later moments of its state.
    """
    # A row stored by a clock that was ahead is no measure of how quiet it has been since.
    newest = max((moment for moment in seen if moment <= now + SKEW), default=None)
    if ahead:
        yield f"{ahead} moments of its state are later than now: {_CLOCK}"
    elif seen and newest is None:
        yield f"every article was first seen later than now: {_CLOCK}"
    days, most = (now - newest).days if newest else 0, city.assertions.quiet_days
    if days > most:
        yield f"{_QUIET} {days} days, at most {most} expected"
