"""Calibration of probabilities, learnt from verdicts: `shizheng calibrate`.

Pairing gives each pair a probability of its own. A calibration maps it to another so that, of the
pairs stated at .9, nine in ten are right: Platt's two parameters on the log odds (Platt 1999),
drawn the more towards no change, the fewer verdicts there are. Not isotonic regression: a
reviewer's few hundred verdicts are too few for it (Niculescu-Mizil and Caruana 2005, ICML: about a
thousand). And a strictly rising map preserves the order of pairs, so that the assignment of
articles does not change, and can be undone, so that the next calibration is learnt on the model's
own probabilities again.

Calibrations are stored in `calibration/<version>.json`, never changed once made; `in-force.json`
beside them names the one that `align` applies. `pairs.method` names it, too. One is valid for the
encoder and the model it was learnt with; others ignore it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from pipelines.pairs.calibration import (
    Calibration,
    CalibrationError,
    CalibrationRecord,
    FitMeasures,
    history,
    in_force,
    log_odds,
    next_version,
    put_in_force,
    split_method,
    store,
)
from pipelines.quality import subjects
from pipelines.quality.judged import PairSample, read_pairs
from pipelines.quality.verdicts import Judged
from pipelines.tables.columns import Floats, Ints
from pipelines.tables.vocabulary import BANDS

LEAST_JUDGED, LEAST_EACH = 100, 10
"""Least number of decided pairs in all, and of right and of wrong ones. Set by hand."""
FOLDS = 10
_SPREAD_SHIFT, _SPREAD_SLOPE = 1.0, 0.5
"""Standard deviations of the prior on shift (around 0) and slope (around 1), in log odds.

Set by hand; not measured."""
_LIMIT = 12.0
"""Log odds beyond which fitting sees no difference."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """Training data: log odds of judged pairs, outcomes, weights.

    `document` numbers the document of each, for cross-validation; `left_out` pairs were judged, but
    made by another encoder or model.
    """

    method: str
    odds: Floats
    right: Floats
    weight: Floats
    document: Ints
    digest: str
    left_out: int = 0


def learn(output: Path, *, now: datetime | None = None, keep: bool = True) -> CalibrationRecord:
    """Learn a calibration from the verdicts in `output`.

    It is put in force if `keep`; the tables change when `align` runs next. The verdicts behind the
    one in force yield that one again. Raises `CalibrationError` if verdicts are too few, or if
    cross-validated probabilities got worse.
    """
    given = subjects.judgements(output)
    lesson = read_lesson(output, given.items)
    current = in_force(output)
    if current is not None and (current.verdicts, current.method) == (lesson.digest, lesson.method):
        return current
    wrong, right = float((1 - lesson.right).sum()), float(lesson.right.sum())
    if len(lesson.right) < LEAST_JUDGED or min(wrong, right) < LEAST_EACH:
        raise CalibrationError(
            f"{output}: too few verdicts to learn from: {len(lesson.right)} pairs decided, "
            f"{_short(right)} right and {_short(wrong)} wrong; expected at least {LEAST_JUDGED}, "
            f"{LEAST_EACH} of each (the plan `uncertain` finds wrong ones fastest)"
            + (f". {lesson.left_out} more were made by another encoder or model"
               if lesson.left_out else "")
            + (f". {given.sentence('pair')}" if given.of_stale("pair") else "")
        )  # fmt: skip
    before, after = cross_validated(lesson)
    shift, slope = fit(lesson.odds, lesson.right, lesson.weight)
    if slope <= 0:
        raise CalibrationError(
            f"{output}: refused: judged pairs of higher probability are not right more often"
        )
    if after.log_loss >= before.log_loss or after.brier > before.brier:
        raise CalibrationError(
            f"{output}: refused: pairs held apart were told no better than by the probabilities as "
            f"they are (log loss {before.log_loss:.4f} before, {after.log_loss:.4f} after; Brier "
            f"score {before.brier:.4f} before, {after.brier:.4f} after); nothing was changed"
        )
    record = CalibrationRecord(
        version=next_version(output),
        method=lesson.method,
        made_at=(now or datetime.now(UTC)).replace(microsecond=0).isoformat(),
        shift=shift,
        slope=slope,
        judged=len(lesson.right),
        right=right,
        wrong=wrong,
        verdicts=lesson.digest,
        before=before,
        after=after,
        replaces=current.version if current else None,
        stale=given.of_stale("pair"),
    )
    if keep:
        store(output, record)
    return record


def compare(output: Path, judged: Sequence[Judged]) -> tuple[FitMeasures, FitMeasures] | None:
    """Return figures of the model's own and of cross-validated probabilities.

    The effect of a calibration, independent of any in force; None without judged pairs of both
    outcomes.
    """
    lesson = read_lesson(output, judged)
    if len(lesson.right) < 2 or len(set(lesson.right.tolist())) < 2:
        return None
    return cross_validated(lesson)


def revert(output: Path) -> tuple[CalibrationRecord, CalibrationRecord | None]:
    """Put the calibration that was in force before in force again.

    Returns the one given up and the one in force now, None for none. Raises `CalibrationError`
    where none is in force.
    """
    current = in_force(output)
    if current is None:
        raise CalibrationError(f"{output}: no calibration is in force, there is nothing to revert")
    put_in_force(output, current.replaces)
    return current, in_force(output)


def read_lesson(output: Path, judged: Sequence[Judged]) -> Lesson:
    """Return the training data for the most judged encoder and model.

    A pair weighs as many pairs as its score band has for each one judged, however it was chosen: a
    choice by score, as of the uncertain ones, is no evidence on being right at that score.
    """
    sample = read_pairs(output, judged)
    bases = [split_method(name)[0] for name in sample.methods]
    base = np.array(bases or [""], dtype=np.str_)[sample.method]
    judged_bases = base[sample.row] if len(sample.row) else np.array([], dtype=np.str_)
    names, counts = np.unique(judged_bases, return_counts=True)
    method = str(names[int(np.argmax(counts))]) if len(names) else ""
    kept = np.flatnonzero(judged_bases == method)
    made = {record.version: record.calibration for record in history(output)}
    odds = [_own_odds(sample, int(row), made) for row in sample.row[kept]]
    stored = np.bincount(sample.band[base == method], minlength=BANDS)
    bands = sample.band[sample.row[kept]]
    seen = np.bincount(bands, minlength=BANDS)
    return Lesson(
        method=method,
        odds=np.clip(np.array(odds, np.float64), -_LIMIT, _LIMIT),
        right=sample.right[kept],
        weight=(stored / np.maximum(seen, 1))[bands].astype(np.float64),
        document=sample.cluster[kept],
        digest=_digest(judged),
        left_out=len(judged_bases) - len(kept),
    )


def fit(odds: Floats, right: Floats, weight: Floats) -> tuple[float, float]:
    """Return (shift, slope) of the most probable logistic curve given the prior.

    `right` may be a share. Weights count in proportion, for as many verdicts as they are worth
    (Kish), so that the prior is weighed against the verdicts and not against the corpus.
    """
    scaled = weight * (weight.sum() / float((weight**2).sum()))
    design = np.column_stack([np.ones_like(odds), odds])
    prior = np.diag([1 / _SPREAD_SHIFT**2, 1 / _SPREAD_SLOPE**2])
    expected = np.array([0.0, 1.0])

    def loss(values: Floats) -> float:
        line = design @ values
        gap = values - expected
        return float(scaled @ (np.logaddexp(0, line) - right * line) + gap @ prior @ gap / 2)

    values = expected.copy()
    for _ in range(100):
        chance = _sigmoid(design @ values)
        slope = design.T @ (scaled * (chance - right)) + prior @ (values - expected)
        curve = (design * (scaled * chance * (1 - chance))[:, None]).T @ design + prior
        step = np.linalg.solve(curve, slope)
        size = 1.0
        # Newton's step may overshoot where the curve is flat.
        while loss(values - size * step) > loss(values) and size > 1e-6:
            size /= 2
        values = values - size * step
        if float(np.abs(size * step).max()) < 1e-10:
            break
    return round(float(values[0]), 9), round(float(values[1]), 9)


def cross_validated(lesson: Lesson) -> tuple[FitMeasures, FitMeasures]:
    """Return the figures before, and after by cross-validation over documents."""
    # Spread evenly whatever the numbers mean; the same documents always fall together.
    order = np.random.default_rng(0).permutation(int(lesson.document.max(initial=0)) + 1)
    fold = order[lesson.document] % FOLDS
    after = np.empty_like(lesson.odds)
    for number in range(FOLDS):
        out = fold == number
        if out.any() and not out.all():
            shift, slope = fit(lesson.odds[~out], lesson.right[~out], lesson.weight[~out])
            after[out] = shift + slope * lesson.odds[out]
        else:
            after[out] = lesson.odds[out]
    return figures(lesson, lesson.odds), figures(lesson, after)


def figures(lesson: Lesson, odds: Floats) -> FitMeasures:
    """Return the figures of log odds against the verdicts of a lesson."""
    line = np.clip(odds, -_LIMIT, _LIMIT)
    share = lesson.weight / lesson.weight.sum()
    chance = _sigmoid(line)
    return FitMeasures(
        log_loss=float(share @ (np.logaddexp(0, line) - lesson.right * line)),
        brier=float(share @ (chance - lesson.right) ** 2),
        calibration_error=expected_calibration_error(chance, lesson.right, lesson.weight),
    )


def expected_calibration_error(
    probability: Floats, outcome: Floats, weight: Floats | None = None, bins: int = BANDS
) -> float:
    """Return the weighted mean gap between stated and observed, by bin.

    Bins are of equal width. With equal weights: Naeini, Cooper and Hauskrecht 2015 (AAAI), as it is
    generally computed.
    """
    weight = np.ones(len(probability)) if weight is None else weight
    at = np.clip((probability * bins + 1e-6).astype(np.int64), 0, bins - 1)
    stated, observed = (np.bincount(at, weight * x, bins) for x in (probability, outcome))
    return float(np.abs(stated - observed).sum() / weight.sum()) if weight.sum() else 0.0


def _own_odds(sample: PairSample, row: int, made: Mapping[str, Calibration]) -> float:
    """Return the model's own log odds of a stored pair, calibrations undone."""
    odds = log_odds(float(sample.probability[row]))
    _, version = split_method(sample.methods[int(sample.method[row])])
    if version is None:
        return odds
    if version not in made:
        raise CalibrationError(
            f"pairs were calibrated by {version}, whose file is gone from calibration/; "
            "run `shizheng align` to make them afresh, then calibrate"
        )
    return (odds - made[version].shift) / made[version].slope


def _digest(judged: Sequence[Judged]) -> str:
    lines = sorted(
        f"{verdict.verdict_id} {verdict.verdict}"
        for one in judged
        if one.item.level == "pair"
        for verdict in (*one.blind, *filter(None, [one.adjudication]))
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _sigmoid(odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -700, 700))), np.float64)


def _short(count: float) -> str:
    return f"{count:.0f}" if count == int(count) else f"{count:.1f}"
