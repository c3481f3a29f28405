"""Prometheus text of a run."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

NAME = "shizheng.prom"
"""The file's name in a collector's folder; such a folder takes only names that end in .prom."""


Sample = tuple[Mapping[str, str], float]


def of_run(
    started: datetime, ended: datetime, exit_code: int, counts: Mapping[str, Mapping[str, Any]]
) -> str:
    """Return a run's end and counts."""
    counted = [
        ({"city": city, "what": name}, float(value))
        for city, values in counts.items()
        for name, value in values.items()
        if isinstance(value, int) and not isinstance(value, bool)
    ]
    failed = [({"city": city}, float(bool(v.get("failed")))) for city, v in counts.items()]
    return "".join(
        (
            gauge("run_started_seconds", "When the last run began, Unix time.", _at(started)),
            gauge("run_finished_seconds", "When the last run ended, Unix time.", _at(ended)),
            gauge("run_exit_code", "Exit code of the last run.", [({}, exit_code)]),
            gauge("run_failed", "Whether the city failed in the last run.", failed),
            gauge("run_count", "What the last run counted, by city.", counted),
        )
    )


def gauge(name: str, text: str, samples: Iterable[Sample]) -> str:
    """Return a gauge with its help text, one line a sample."""
    lines = [f"# HELP shizheng_{name} {text}", f"# TYPE shizheng_{name} gauge"]
    for labels, value in samples:
        inside = ",".join(f'{key}="{_escaped(label)}"' for key, label in labels.items())
        lines.append(f"shizheng_{name}{f'{{{inside}}}' if inside else ''} {value:.15g}")
    return "\n".join(lines) + "\n"


def _at(moment: datetime) -> list[Sample]:
    return [({}, moment.timestamp())]


def _escaped(label: str) -> str:
    return label.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
