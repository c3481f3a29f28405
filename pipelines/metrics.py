"""A run and its cities in Prometheus' text format, for node_exporter's textfile collector.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format. What is to be
watched are ages (`time() - shizheng_city_last_success_seconds`), so times are given as Unix times.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.health import Standing

NAME = "shizheng.prom"
"""The file's name in a collector's folder; such a folder takes only names that end in .prom."""

Sample = tuple[Mapping[str, str], float]


def of_run(
    started: datetime, ended: datetime, exit_code: int, counts: Mapping[str, Mapping[str, Any]]
) -> str:
    """Return how a run ended and what it counted."""
    counted = [
        ({"city": city, "what": name}, float(value))
        for city, values in counts.items()
        for name, value in values.items()
        if isinstance(value, int) and not isinstance(value, bool)
    ]
    failed = [({"city": city}, float(bool(v.get("failed")))) for city, v in counts.items()]
    return "".join(
        (
            _gauge("run_started_seconds", "When the last run began, Unix time.", _at(started)),
            _gauge("run_finished_seconds", "When the last run ended, Unix time.", _at(ended)),
            _gauge("run_exit_code", "Exit code of the last run.", [({}, exit_code)]),
            _gauge("run_failed", "Whether the city failed in the last run.", failed),
            _gauge("run_count", "What the last run counted, by city.", counted),
        )
    )


def of_cities(standings: "Sequence[Standing]") -> str:
    """Return how the cities stand, those of the last run and all others."""
    cities = [standing for standing in standings if standing.last_run]
    langs = ("zh", "en")

    def each(name: str) -> list[Sample]:
        return [({"city": s.city}, getattr(s, name)) for s in cities]

    def times(name: str) -> list[Sample]:
        found = ((s.city, getattr(s, name)) for s in cities)
        return [({"city": c}, datetime.fromisoformat(t).timestamp()) for c, t in found if t]

    newest = [
        ({"city": s.city, "lang": lang}, datetime.fromisoformat(moment).timestamp())
        for s in cities
        for lang in langs
        if (moment := getattr(s, f"newest_{lang}"))
    ]
    stored = [({"city": s.city, "lang": lang}, getattr(s, lang)) for s in cities for lang in langs]
    well = [({"city": s.city}, float(s.health == "well")) for s in cities]
    return "".join(
        (
            _gauge("city_well", "Whether the city is well (1) or not (0).", well),
            _gauge("city_last_run_seconds", "When the city's last run ended.", times("last_run")),
            _gauge(
                "city_last_success_seconds",
                "When the city's last run without a failure ended.",
                times("last_success"),
            ),
            _gauge(
                "city_newest_article_seconds",
                "When the newest article stored was published.",
                newest,
            ),
            _gauge("city_articles", "Articles stored.", stored),
            _gauge("city_articles_recent", "Articles of the last four weeks.", each("recent")),
            _gauge("city_articles_before", "Articles of the four weeks before.", each("before")),
            _gauge("city_pairs", "Pairs kept.", each("pairs")),
            _gauge("city_rejects", "Pages that gave no article.", each("rejects")),
        )
    )


def _gauge(name: str, text: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP shizheng_{name} {text}", f"# TYPE shizheng_{name} gauge"]
    for labels, value in samples:
        inside = ",".join(f'{key}="{_escaped(label)}"' for key, label in labels.items())
        lines.append(f"shizheng_{name}{f'{{{inside}}}' if inside else ''} {value:.15g}")
    return "\n".join(lines) + "\n"


def _at(moment: datetime) -> list[Sample]:
    return [({}, moment.timestamp())]


def _escaped(label: str) -> str:
    return label.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
