"""Calibrations of pair probabilities, and the one in force."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from crawler.errors import ShizhengError
from crawler.ordinary import ordinary
from pipelines.tables import atomic

CALIBRATED = "calibration-"
"""Prefix of a calibration's version, the last word of a calibrated pair's method."""


def split_method(method: str) -> tuple[str, str | None]:
    """Return a pair's method without calibration, and the calibration's version, if any."""
    base, _, last = method.rpartition(" ")
    return (base, last) if last.startswith(CALIBRATED) else (method, None)


class CalibrationError(ShizhengError):
    """A calibration that cannot be made or read."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Linear map of log odds (`shift`, `slope`), for one method."""

    version: str
    method: str
    shift: float
    slope: float

    def apply(self, probability: float) -> float:
        """Return the calibrated probability for a probability of the model."""
        return _probability(self.shift + self.slope * log_odds(probability))

    def undo(self, probability: float) -> float:
        """Return the model's probability for a calibrated one."""
        return _probability((log_odds(probability) - self.shift) / self.slope)


@dataclass(frozen=True, slots=True)
class FitMeasures:
    """Errors of probabilities against verdicts; less is better.

    Mean log loss (nats), Brier score, expected calibration error; weighted as pairs are stored.
    """

    log_loss: float
    brier: float
    calibration_error: float


@dataclass(frozen=True, slots=True)
class CalibrationRecord:
    """A calibration with its provenance, as stored.

    `before` measures the model's own probabilities, `after` probabilities that were each calibrated
    without the verdicts on their own document (cross-validation in ten folds). `verdicts`: digest
    of the verdicts learnt from; `replaces`: version in force before; `stale`: verdicts left out
    because the texts of their pairs have changed.
    """

    version: str
    method: str
    made_at: str
    shift: float
    slope: float
    judged: int
    right: float
    wrong: float
    verdicts: str
    before: FitMeasures
    after: FitMeasures
    replaces: str | None = None
    stale: int = 0

    @property
    def calibration(self) -> Calibration:
        return Calibration(self.version, self.method, self.shift, self.slope)


def in_force(output: Path) -> CalibrationRecord | None:
    """Return the calibration in force; None if there is none."""
    path = _path(output, "in-force")
    if not path.exists():
        return None
    version = _load(path).get("version")
    return None if version is None else _record(_path(output, str(version)))


def for_method(output: Path, method: str) -> Calibration | None:
    """Return the calibration in force for `method` (encoder and model), if any."""
    record = in_force(output)
    return record.calibration if record is not None and record.method == method else None


def history(output: Path) -> list[CalibrationRecord]:
    """Return all stored calibrations, oldest first."""
    paths = (output / "calibration").glob(f"{CALIBRATED}*.json")
    return sorted((_record(path) for path in paths), key=lambda record: _number(record.version))


def next_version(output: Path) -> str:
    """Return the version of the next calibration."""
    return f"{CALIBRATED}{1 + max((_number(r.version) for r in history(output)), default=0)}"


def store(output: Path, record: CalibrationRecord) -> None:
    """Write a calibration and put it in force."""
    _write(_path(output, record.version), asdict(record))
    put_in_force(output, record.version)


def put_in_force(output: Path, version: str | None) -> None:
    """Put a stored calibration in force; None for no calibration."""
    _write(_path(output, "in-force"), {"version": version})


def log_odds(probability: float) -> float:
    """Return log odds of a probability, bounded away from 0 and 1."""
    cut = min(max(probability, 1e-9), 1 - 1e-9)
    return math.log(cut / (1 - cut))


def _probability(odds: float) -> float:
    return 1 / (1 + math.exp(-odds)) if odds > -700 else 0.0


def _number(version: str) -> int:
    tail = version.removeprefix(CALIBRATED)
    return int(tail) if tail.isdigit() else 0


def _path(output: Path, name: str) -> Path:
    return output / "calibration" / f"{name}.json"


def _write(path: Path, value: Mapping[str, Any]) -> None:
    with atomic.replacing(path) as file:
        file.write((json.dumps(value, indent=1) + "\n").encode())


def _load(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(ordinary(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CalibrationError(
            f"{path}: not a readable calibration ({error}); restore the file, or remove "
            f"{path.parent / 'in-force.json'} to have none in force"
        ) from error
    if not isinstance(value, dict):
        raise CalibrationError(f"{path}: expected a JSON object")
    return value


def _record(path: Path) -> CalibrationRecord:
    value = _load(path)
    try:
        record = CalibrationRecord(
            **value | {k: FitMeasures(**value[k]) for k in ("before", "after")}
        )
    except (TypeError, KeyError) as error:
        raise CalibrationError(f"{path}: not a calibration as this version writes it") from error
    if not (isinstance(record.slope, float) and record.slope > 0):
        raise CalibrationError(f"{path}: slope must be above 0, not {record.slope!r}")
    return record
