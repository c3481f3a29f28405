"""Is a city well? Its assertions against what is stored, and what `shizheng status` tells."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from crawler.city import CRAWLED, LANGS, City
from pipelines import lock, runs, schema, store
from pipelines.evaluate import DECISION

WEEKS = timedelta(weeks=4)
"""The span whose articles are counted against those of the span before."""

DAMAGED = "damaged"
"""The health of a city with a table that cannot be read."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One city as the stored tables and the history of runs show it. Times are ISO 8601.

    `newest_zh` and `newest_en` are when the newest article of each language was published; `recent`
    counts articles published in the last four weeks, `before` those of the four weeks before.
    `health` is a word - `well`, `unwell` (an assertion does not hold), `failed` (the last run),
    `running`, `never crawled`, `imported`, `damaged` (a table cannot be read, and nothing is
    counted), or the status of a city at rest - and `why` says what is
    wrong, in sentences.
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
    """What the runs tell of one city: when the last ended, and well, which it was; one cut off."""

    last_run: str | None = None
    last_success: str | None = None
    run_id: str | None = None
    cut_off: str | None = None


def standings(
    output: Path, cities: Mapping[str, City], now: datetime, *, held: Collection[str] = ()
) -> list[Standing]:
    """Return how every city stands that has a file or has articles, in order of name.

    `held` are cities whose locks the caller holds: they are not said to be running.
    """
    past = _past(output)
    found = []
    for key in sorted({*cities, *store.cities_with_articles(output)}):
        city, runs_of = cities.get(key), past.get(key, _Past())
        try:
            found.append(_standing(output, key, city, runs_of, now=now, held=held))
        except store.DamagedError as error:
            found.append(
                Standing(
                    city=key, status=city.status if city else "imported", zh=0, en=0, rejects=0,
                    pairs=0, newest_zh=None, newest_en=None, recent=0, before=0,
                    last_run=runs_of.last_run, last_success=runs_of.last_success,
                    health=DAMAGED, why=(str(error),),
                )
            )  # fmt: skip
    return found


def _standing(
    output: Path,
    key: str,
    city: City | None,
    runs_of: _Past,
    *,
    now: datetime,
    held: Collection[str],
) -> Standing:
    health: str
    why: list[str]
    table = store.read_articles(output, key, ["lang", "published_at", "first_seen"])
    langs = table["lang"].to_pylist()
    count = Counter(langs)
    dated: dict[str, list[datetime]] = {lang: [] for lang in LANGS}
    for lang, date in zip(langs, table["published_at"].to_pylist(), strict=True):
        if date is not None and date <= now and lang in dated:
            dated[lang].append(date)
    newest = {lang: max(dates).isoformat() if dates else None for lang, dates in dated.items()}
    ages = [now - date for dates in dated.values() for date in dates]
    rejects = store.read_table(store.table_path(output, "rejects", key), schema.REJECTS)
    pairs = store.read_table(store.table_path(output, "pairs", key), schema.PAIRS)
    if city is None:
        health, why = "imported", []
    elif city.status not in CRAWLED:
        health, why = city.status, [f"since {city.since}: {city.reason}"]
    elif key not in held and (process := lock.holder(output, key)) is not None:
        health, why = "running", [f"process {process} is working on it"]
    else:
        health, why = _health(output, city, runs_of, now)
    return Standing(
        city=key,
        status=city.status if city else "imported",
        zh=count["zh"],
        en=count["en"],
        rejects=rejects.num_rows,
        pairs=sum(p >= DECISION for p in pairs["probability"].to_pylist()),
        newest_zh=newest["zh"],
        newest_en=newest["en"],
        recent=sum(age < WEEKS for age in ages),
        before=sum(WEEKS <= age < 2 * WEEKS for age in ages),
        last_run=runs_of.last_run,
        last_success=runs_of.last_success,
        health=health,
        why=tuple(why),
    )


def _past(output: Path) -> dict[str, _Past]:
    """Return what the runs tell of each city that was crawled."""
    found: dict[str, _Past] = {}
    for run in runs.manifests(output):
        if "counts" in run:
            for key, counts in run["counts"].items():
                if "failed" not in counts:
                    continue  # an import or extraction: it says nothing of the site
                before, ended = found.get(key, _Past()), run["finished_at"]
                success = before.last_success if counts["failed"] else ended
                found[key] = _Past(ended, success, run["run_id"])
        elif run["command"] in ("crawl", "run"):
            how = run.get("cut_short") or "it was killed, or the machine went down"
            told = f"the run begun {run['started_at']} did not end ({how}); run again to go on"
            for key in run["cities"]:
                found[key] = replace(found.get(key, _Past()), cut_off=told)
    return found


def _health(output: Path, city: City, past: _Past, now: datetime) -> tuple[str, list[str]]:
    if past.cut_off is None and past.run_id is None:
        return "never crawled", []
    why = failures(output, city, {}, now)
    if past.cut_off is not None:
        return "failed", [past.cut_off, *why]
    if past.run_id is not None and past.last_run != past.last_success:
        told = runs.failures(output, past.run_id, city.key)
        return "failed", list(dict.fromkeys([*told, *why])) or [f"run {past.run_id} failed"]
    return ("unwell" if why else "well"), why


def failures(output: Path, city: City, counts: Mapping[str, int], now: datetime) -> list[str]:
    """Return which of a city's assertions fail, as sentences; `counts` are those of this run."""
    table = store.read_articles(output, city.key, ["lang", "published_at", "first_seen"])
    langs = Counter(table["lang"].to_pylist())
    found = [
        f"{langs[lang]} {lang} articles stored, at least {least} expected"
        for lang, least in city.assertions.min_articles.items()
        if langs[lang] < least
    ]
    if counts.get("lists"):
        # Half a site can die behind the other half's good news.
        found += [
            f"no {lang} listing gave an article link"
            for lang in sorted({source.lang for source in city.sources})
            if not counts.get(f"lists_{lang}")
        ]
    articles, rejects = counts.get("articles", 0), counts.get("rejects", 0)
    if articles + rejects >= 5 and rejects > city.assertions.max_rejects * (articles + rejects):
        found.append(
            f"{rejects} of {articles + rejects} pages rejected, "
            f"at most {city.assertions.max_rejects:.0%} expected"
        )
    newest = max((seen for seen in table["first_seen"].to_pylist() if seen), default=None)
    if newest and (now - newest).days > city.assertions.quiet_days:
        found.append(
            f"nothing new for {(now - newest).days} days, "
            f"at most {city.assertions.quiet_days} expected"
        )
    return found
