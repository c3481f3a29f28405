"""Metrics of cities in Prometheus' text format, for node_exporter's collector.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format. What is
watched are ages (`time() - shizheng_city_last_success_seconds`), so times are Unix times.
"""

from collections.abc import Sequence
from datetime import datetime

from pipelines.operations.health import CityStatus
from pipelines.tables.run_metrics import Sample, gauge
from pipelines.tables.vocabulary import LANGS


def of_cities(statuses: Sequence[CityStatus]) -> str:
    """Return the metrics of every city that was ever run."""
    cities = [status for status in statuses if status.last_run]

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
