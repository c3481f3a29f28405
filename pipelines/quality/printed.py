"""Estimates as sentences, tables and JSON, for `shizheng evaluate`."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipelines.pairs import calibration
from pipelines.pairs.calibration import CalibrationRecord, FitMeasures
from pipelines.quality import calibrate, estimates, verdicts
from pipelines.quality.agreement import Agreement, Kappa
from pipelines.quality.estimates import Estimates
from pipelines.quality.intervals import Estimate
from pipelines.quality.pace import paces
from pipelines.terminal import complain, say, say_json, show_table

_NOTHING = (
    "No verdict so far supports an estimate: none was drawn by chance and decided; "
    "judge by the plan `stratified`."
)

_FAIR = 0.4
"""Kappa up to which agreement is called fair at best (Landis and Koch 1977)."""

CODES = {
    "correct": "C",
    "partly": "P",
    "wrong": "X",
    "wrong_language": "WL",
    "not_language": "NL",
    "boilerplate": "CB",
}
"""Codes of Kreutzer et al. 2022 (TACL 10:50) by verdict on a bead; `partly` is this project's."""


def evaluate(output: Path) -> dict[str, Any]:
    """Return the estimates of `output` as JSON values.

    Raises `VerdictError` without verdicts.
    """
    given = estimates.judgements(output)
    found = estimates.estimate_from(output, given)
    compared = calibrate.compare(output, given.items)
    record = calibration.in_force(output)
    return {
        "sentences": quote(found),
        "warnings": warnings(found),
        "stale": given.sentence(),
        "estimates": _rounded(asdict(found)),
        "time": [_rounded(asdict(pace)) for pace in paces(verdicts.read(output))],
        "codes": {
            CODES[verdict]: _rounded(asdict(one)) for verdict, one in found.beads.items()
        },
        "calibration": {
            "in_force": record.version if record else None,
            "before": _rounded(asdict(compared[0])) if compared else None,
            "after": _rounded(asdict(compared[1])) if compared else None,
        },
    }  # fmt: skip


def warnings(found: Estimates) -> list[str]:
    """Return sentences on reviewers who disagree too much to be quoted."""
    return [
        f"{a.first} and {a.second} disagree on what is right: kappa {_point(a.decision.value, 2)} "
        f"over {a.items} items of level {a.level}; settle the differences (`shizheng review`, "
        "“Settle”) and agree on the guidelines before you quote an estimate"
        for a in found.agreements
        if a.decision.value is not None and a.decision.value < _FAIR
    ]


def quote(found: Estimates) -> list[str]:
    """Return quotable sentences, one for each estimate."""
    sentences = []
    where = "" if len(found.cities) != 1 else f" of {found.cities[0]}"
    if found.translations is not None and found.precision is not None:
        pairs = found.counts["pair"]
        reviewers = _reviewers(pairs.reviewers, [a for a in found.agreements if a.level == "pair"])
        sentences.append(
            f"Of the {found.claimed:,} pairs{where} at or above {_point(found.threshold)}, an "
            f"estimated {_percent(found.translations)}, {found.translations.judged} judged by "
            f"{reviewers}) are translations, whole, abridged or in part; "
            f"{_percent(found.precision)}) tell at least of the same event."
        )
    if found.recall is not None:
        sentences.append(
            f"Of the English articles{where} that have a Chinese counterpart in the corpus, an "
            f"estimated {_percent(found.recall)}, {found.counts['unmatched'].drawn} of "
            f"{found.unmatched:,} unmatched articles judged) are paired with it."
        )
    if "correct" in found.beads:
        one = found.beads["correct"]
        sentences.append(
            f"Of the {found.linked:,} sentence alignments of these pairs, an estimated "
            f"{_percent(one)}, {one.judged} judged) are correct."
        )
    if found.calibration_error is not None:
        sentences.append(
            f"The probabilities stored are off by {_point(found.calibration_error, 3)} on average "
            "(expected calibration error)."
        )
    return sentences


def show(output: Path) -> None:
    """Print the estimates as sentences and tables."""
    given = estimates.judgements(output)
    found = estimates.estimate_from(output, given)
    for sentence in [*(quote(found) or [_NOTHING]), *filter(None, [given.sentence()])]:
        say(sentence)
    for warning in warnings(found):
        complain(warning)
    say("")
    show_table(
        ("band", "pairs", "judged", "stated", "right", "from", "to"),
        [
            (b.name, b.pairs, b.observed.judged if b.observed else 0, b.stated, *_cells(b.observed))
            for b in found.bands
        ],
        "Pairs by score band",
    )
    show_table(
        ("city", "claimed", "judged", "right", "from", "to", "recall", "from", "to"),
        [
            (c.city, c.claimed, c.precision.judged if c.precision else 0, *_cells(c.precision),
             *_cells(c.recall))
            for c in found.by_city
        ],
        "Pairs claimed by city",
    )  # fmt: skip
    if found.beads:
        show_table(
            ("verdict", "code", "share", "from", "to"),
            [(verdict, CODES[verdict], *_cells(one)) for verdict, one in found.beads.items()],
            "Aligned sentences",
        )
    if found.agreements:
        show_table(
            ("level", "reviewers", "items", "agreed", "kappa", "from", "to", "right or not"),
            [
                (a.level, f"{a.first}, {a.second}", a.items, a.raw, *_kappa(a.kappa),
                 a.decision.value)
                for a in found.agreements
            ],
            "Agreement of reviewers",
        )  # fmt: skip
    spent = paces(verdicts.read(output))
    if spent:
        show_table(
            ("level", "reviewer", "items", "seconds an item", "hours"),
            [(p.level, p.reviewer, p.items, p.median, p.total / 3600) for p in spent],
            "Time of reviewers (median, pauses cut)",
        )
    compared = calibrate.compare(output, given.items)
    if compared is not None:
        show_figures(*compared, f"Calibration, in force: {_version(calibration.in_force(output))}")


def show_figures(before: FitMeasures, after: FitMeasures, title: str) -> None:
    """Print the fit of probabilities before and after calibration."""
    show_table(
        ("probabilities", "log loss", "Brier", "calibration error"),
        [
            ("of the model", before.log_loss, before.brier, before.calibration_error),
            ("calibrated, cross-validated", after.log_loss, after.brier, after.calibration_error),
        ],
        title,
    )


def show_calibrations(output: Path, *, as_json: bool) -> None:
    """Print every stored calibration, with the one in force marked."""
    kept, current = calibration.history(output), calibration.in_force(output)
    if as_json:
        say_json({"in_force": current.version if current else None,
                  "calibrations": [asdict(record) for record in kept]})  # fmt: skip
        return
    if not kept:
        say("no calibration has been made; probabilities are the model's own")
        return
    show_table(
        ("version", "made", "for", "judged", "shift", "slope", "log loss before", "after", ""),
        [
            (r.version, r.made_at, r.method, r.judged, r.shift, r.slope, r.before.log_loss,
             r.after.log_loss, "in force" if current and r.version == current.version else "")
            for r in kept
        ],
    )  # fmt: skip


def show_reverted(
    given_up: CalibrationRecord, now: CalibrationRecord | None, *, as_json: bool
) -> None:
    """Print the calibration in force after a reversal."""
    if as_json:
        say_json({"given_up": given_up.version, "in_force": now.version if now else None})
        return
    left = now.version if now else "none: probabilities will be the model's own"
    say(f"{given_up.version} is no longer in force; in force: {left}. {_ALIGN}")


def show_learnt(
    record: CalibrationRecord, before: CalibrationRecord | None, *, dry: bool, as_json: bool
) -> None:
    """Print a learnt calibration, its effect and the next step."""
    same = before is not None and before.version == record.version
    if as_json:
        say_json(asdict(record) | {"kept": not dry, "new": not same})
        return
    show_figures(
        record.before,
        record.after,
        f"{record.judged} pairs judged; log odds become "
        f"{record.shift:+.3f} {record.slope:+.3f} x log odds",
    )
    if record.stale:
        say(f"{record.stale} verdicts on pairs were left out: their texts have changed since")
    if same:
        say(f"{record.version} is in force already: it was learnt from these verdicts")
    elif dry:
        say("nothing was kept; without --dry-run this would be in force")
    else:
        say(f"{record.version} is in force. {_ALIGN}")


_ALIGN = "The tables change when `shizheng align` runs next."


def _version(record: CalibrationRecord | None) -> str:
    return record.version if record else "none"


def _reviewers(names: Sequence[str], agreed: Sequence[Agreement]) -> str:
    """Return the number of reviewers and their mean agreement."""
    known = [(a.items, a.kappa.value) for a in agreed if a.kappa.value is not None]
    text = f"{len(names)} reviewer{'s' if len(names) != 1 else ''}"
    if not known:
        return text
    mean = sum(items * value for items, value in known) / sum(items for items, _ in known)
    return f"{text}, {'mean ' if len(known) > 1 else ''}kappa {_point(mean, 2)}"


def _percent(one: Estimate) -> str:
    """Write a share and its interval, with the bracket left open."""
    value, low, high = (f"{100 * x:.1f}" for x in (one.value, one.low, one.high))
    if one.counted:
        return f"{value} % (counted, not estimated: every one was judged"
    return f"{value} % (95 % interval {low}-{high}"


def _point(value: float, digits: int | None = None) -> str:
    """Write a number below one without its zero: .84."""
    text = f"{value:.{digits}f}" if digits is not None else f"{value:g}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def _cells(one: Estimate | None) -> tuple[float | None, float | None, float | None]:
    if one is None or one.counted:
        return (one.value if one else None, None, None)
    return (one.value, one.low, one.high)


def _kappa(one: Kappa) -> tuple[float | None, float | None, float | None]:
    return one.value, one.low, one.high


def _rounded(value: Any) -> Any:
    """Round every number within to six digits.

    More would suggest a precision that was not measured.
    """
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value
