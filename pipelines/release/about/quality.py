"""Error rates of the corpus, estimated from verdicts, with intervals.

Estimated by `pipelines.quality.estimates` over the stored corpus at the release's threshold; the
release may be a part of it. No reviewer is named.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.quality import estimates, subjects
from pipelines.quality.intervals import Estimate


def judged(output: Path, threshold: float) -> dict[str, Any] | None:
    """Return the estimates for a manifest; None without any verdict.

    Raises `VerdictError` for verdicts that cannot be read.
    """
    given = subjects.judgements(output)
    if not given:
        return None
    found = estimates.estimate_from(output, given, threshold)
    return {
        "threshold": threshold,
        "cities": list(found.cities),
        "precision": _rate(found.precision),
        "translations": _rate(found.translations),
        "recall": _rate(found.recall),
        "sentences": {name: _rate(rate) for name, rate in found.beads.items()},
        "verdicts": {level: counts.items for level, counts in found.counts.items()},
        "reviewers": len({name for counts in found.counts.values() for name in counts.reviewers}),
    }


def files(output: Path) -> list[Path]:
    """Return the files of the verdicts."""
    folder = output / "reviews"
    return sorted(p for p in folder.glob("*") if p.suffix in (".parquet", ".jsonl"))


def percent(rate: Mapping[str, Any] | None) -> str:
    """Return a rate and its interval in words."""
    if rate is None:
        return "not judged"
    if rate["low"] == rate["high"]:
        return f"{100 * rate['value']:.0f} % (counted: all {rate['judged']} judged)"
    return (
        f"{100 * rate['value']:.0f} % (95 % interval {100 * rate['low']:.0f}–"
        f"{100 * rate['high']:.0f} %, {rate['judged']} judged)"
    )


def _rate(found: Estimate | None) -> dict[str, float | int] | None:
    if found is None:
        return None
    return {
        "value": round(found.value, 4),
        "low": round(found.low, 4),
        "high": round(found.high, 4),
        "judged": found.judged,
    }
