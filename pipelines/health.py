"""Is a city well? Its assertions against what is stored, and what `shizheng status` tells."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from crawler.city import City
from pipelines import runs, schema, store


@dataclass(frozen=True, slots=True)
class Standing:
    """One city as the stored tables and the history of runs show it. Times are ISO 8601."""

    city: str
    status: str
    zh: int
    en: int
    rejects: int
    pairs: int
    newest: str | None
    last_run: str | None
    last_success: str | None
    health: str


def standings(output: Path, cities: Mapping[str, City], now: datetime) -> list[Standing]:
    """Return how every city stands that has a file or has articles, in order of name."""
    last: dict[str, str] = {}
    success: dict[str, str] = {}
    for run in runs.history(output):
        for key, counts in run["counts"].items():
            last[key] = run["finished_at"]
            if counts.get("failed") is False:
                success[key] = run["finished_at"]
    found = []
    for key in sorted({*cities, *store.cities_with_articles(output)}):
        city = cities.get(key)
        table = store.read_articles(output, key, ["lang", "published_at", "first_seen"])
        langs = Counter(table["lang"].to_pylist())
        newest = max((d for d in table["published_at"].to_pylist() if d), default=None)
        if city is None:
            health = "imported"
        elif city.status not in ("unverified", "active"):
            health = f"{city.status}: {city.reason}"
        elif key not in last:
            health = "never crawled"
        else:
            found_wrong = failures(output, city, {}, now)
            if last[key] != success.get(key):
                found_wrong.insert(0, f"the last run failed, {last[key]}")
            health = "; ".join(found_wrong) or "well"
        rejects = store.read_table(store.table_path(output, "rejects", key), schema.REJECTS)
        pairs = store.read_table(store.table_path(output, "pairs", key), schema.PAIRS)
        found.append(
            Standing(
                city=key,
                status=city.status if city else "imported",
                zh=langs["zh"],
                en=langs["en"],
                rejects=rejects.num_rows,
                pairs=sum(p >= 0.5 for p in pairs["probability"].to_pylist()),
                newest=newest.isoformat() if newest else None,
                last_run=last.get(key),
                last_success=success.get(key),
                health=health,
            )
        )
    return found


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


def as_json(standing: Standing) -> dict[str, Any]:
    """Return a standing as a JSON object."""
    return asdict(standing)
