"""A run and its cities in Prometheus' text format, for node_exporter's textfile collector.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format. What is to be
watched are ages (`time() - shizheng_city_last_success_seconds`), so times are given as Unix times.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.tables.run_metrics import Sample, gauge
from pipelines.tables.vocabulary import LANGS


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


def of_cities(standings: Sequence[Standing]) -> str:
    """Return how the cities stand, those of the last run and all others."""
    cities = [standing for standing in standings if standing.last_run]

    def each(name: str) -> list[Sample]:
        return [({"city": s.city}, getattr(s, name)) for s in cities]

    def times(name: str) -> list[Sample]:
        found = ((s.city, getattr(s, name)) for s in cities)
        return [({"city": c}, datetime.fromisoformat(t).timestamp()) for c, t in found if t]

    newest = [
        ({"city": s.city, "lang": lang}, datetime.fromisoformat(moment).timestamp())
        for s in cities
        for lang in LANGS
        if (moment := getattr(s, f"newest_{lang}"))
    ]
    stored = [({"city": s.city, "lang": lang}, getattr(s, lang)) for s in cities for lang in LANGS]
    well = [({"city": s.city}, float(s.health == "well")) for s in cities]
    return "".join(
        (
            gauge("city_well", "Whether the city is well (1) or not (0).", well),
            gauge("city_last_run_seconds", "When the city's last run ended.", times("last_run")),
            gauge(
                "city_last_success_seconds",
                "When the city's last run without a failure ended.",
                times("last_success"),
            ),
            gauge(
                "city_newest_article_seconds",
                "When the newest article stored was published.",
                newest,
            ),
            gauge("city_articles", "Articles stored.", stored),
            gauge("city_articles_recent", "Articles of the last four weeks.", each("recent")),
            gauge("city_articles_before", "Articles of the four weeks before.", each("before")),
            gauge("city_pairs", "Pairs kept.", each("pairs")),
            gauge("city_rejects", "Pages that gave no article.", each("rejects")),
        )
    )
