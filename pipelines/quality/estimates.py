"""Estimates from verdicts: precision, recall, sentences, calibration.

Everything is about the corpus as stored now: verdicts on pairs that are gone are left out, those on
texts that have changed are counted separately (`Counts.stale`), and an item's weight is computed
afresh in its cell of score band and city (post-stratification), so that a plan judged half way, or
two plans together, still represent the whole. Verdicts without a weight were not drawn by chance
and count for agreement alone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.quality import agreement, intervals, sampling, subjects
from pipelines.quality.agreement import Agreement
from pipelines.quality.intervals import Estimate
from pipelines.quality.judged import (
    BeadSample,
    PairSample,
    UnmatchedSample,
    read_beads,
    read_pairs,
    read_unmatched,
)
from pipelines.quality.subjects import Judgements
from pipelines.quality.verdicts import CANNOT_TELL, LEVELS, VerdictError
from pipelines.tables.columns import Floats, Mask
from pipelines.tables.vocabulary import BANDS, DECISION

LEAST = 5
"""Judged items from which a cell of band and city is a stratum of its own. Set by hand."""


@dataclass(frozen=True, slots=True)
class Band:
    """A score band (`.9-1` is band 9) with its pairs.

    `stated` is the mean probability of the judged pairs and `observed` the share of right ones: a
    point of the reliability curve. Both are None without judged pairs.
    """

    band: int
    name: str
    pairs: int
    stated: float | None
    observed: Estimate | None


@dataclass(frozen=True, slots=True)
class CityEstimates:
    """One city: pairs claimed, the share that is right, the recall."""

    city: str
    claimed: int
    precision: Estimate | None
    translations: Estimate | None
    recall: Estimate | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Basis of the estimates of a level.

    `items` have a verdict that counts, by `reviewers`; `double` were judged blind by two or more;
    `disputed` are not settled (they count by halves); `undecided` are cannot_tell; `drawn` are in
    the estimates: decided, drawn by chance, still in the corpus. `tally` counts items by verdict.
    `stale` verdicts are on texts that have left the corpus, and do not count.
    """

    level: str
    items: int
    reviewers: tuple[str, ...]
    double: int
    disputed: int
    undecided: int
    drawn: int
    tally: Mapping[str, int]
    stale: int = 0


@dataclass(frozen=True, slots=True)
class Estimates:
    """Estimates of a corpus; None without a verdict to estimate from.

    `claimed` pairs are at `threshold` or above in `cities`, the cities that estimates refer to.
    `precision` is the share that reports the same thing, `translations` the share in which one
    renders the other; `recall` is the share of English articles with a counterpart that are paired
    with it. `beads` is the share of aligned sentences with each verdict. `calibration_error` is
    expected over all pairs stored.
    """

    threshold: float
    cities: tuple[str, ...]
    claimed: int
    unmatched: int
    linked: int
    precision: Estimate | None
    translations: Estimate | None
    recall: Estimate | None
    bands: tuple[Band, ...]
    by_city: tuple[CityEstimates, ...]
    beads: Mapping[str, Estimate]
    calibration_error: float | None
    agreements: tuple[Agreement, ...]
    counts: Mapping[str, Counts]


def estimate(output: Path, threshold: float = DECISION) -> Estimates:
    """Estimate everything from the verdicts in `output`.

    Raises `VerdictError` if there is no verdict yet or one cannot be read, `StoreError` for a table
    that cannot be read.
    """
    return estimate_from(output, judgements(output), threshold)


def judgements(output: Path) -> Judgements:
    """Return the judgements in `output`; raise `VerdictError` without any."""
    found = subjects.judgements(output)
    if not found:
        raise VerdictError(
            f"{output}: holds no verdicts yet; judge some pairs with `shizheng review`, or compare "
            "with known pairs by `shizheng evaluate --gold FILE`"
        )
    return found


def estimate_from(output: Path, found: Judgements, threshold: float = DECISION) -> Estimates:
    """Estimate from given judgements; see `estimate`."""
    judged = found.items
    sample = read_pairs(output, judged)
    scope = sample.scope()
    everything = np.isin(sample.city, scope)
    claimed = everything & (sample.probability >= threshold)
    precision = share(sample, claimed, sample.right)
    alone = {city: sampling.unmatched_english(output, city) for city in sample.cities}
    loose = {city: len(keys) for city, keys in alone.items()}
    missed = read_unmatched(judged, alone)
    bands = tuple(_band(sample, everything, band) for band in range(BANDS))
    beads = read_beads(output, judged, threshold)
    return Estimates(
        threshold=threshold,
        cities=tuple(sample.cities[at] for at in scope),
        claimed=int(claimed.sum()),
        unmatched=sum(loose[sample.cities[at]] for at in scope),
        linked=beads.population,
        precision=precision,
        translations=share(sample, claimed, sample.rendered),
        recall=recall(precision, missed, [sample.cities[at] for at in scope], loose),
        bands=bands,
        by_city=tuple(
            _city(sample, position, threshold, missed, loose)
            for position in range(len(sample.cities))
        ),
        beads=bead_rates(beads),
        calibration_error=_calibration_error(bands),
        agreements=tuple(one for level in LEVELS for one in agreement.agreements(judged, level)),
        counts={
            "pair": _counts(found, "pair", int(sample.usable().sum())),
            "bead": _counts(found, "bead", len(beads.weight)),
            "unmatched": _counts(found, "unmatched", len(missed.weight)),
        },
    )


def share(sample: PairSample, domain: Mask, outcome: Floats) -> Estimate | None:
    """Estimate the mean of `outcome` over the pairs of `domain`.

    `domain` is a mask over all pairs stored, `outcome` has an entry for each judged pair.
    """
    used = np.flatnonzero(sample.usable() & domain[sample.row])
    if len(used) == 0:
        return None
    rows = sample.row[used]
    keys = sample.city * BANDS + sample.band
    present, counts = np.unique(keys[domain], return_counts=True)
    cells = _cells(present.tolist(), Counter(keys[rows].tolist()))
    sizes: Counter[int] = Counter()
    for key, size in zip(present.tolist(), counts.tolist(), strict=True):
        sizes[cells[key]] += size
    strata = np.array([cells[key] for key in keys[rows].tolist()], np.int64)
    return intervals.proportion(
        outcome[used],
        weight=sample.weight[used],
        stratum=strata,
        cluster=sample.cluster[used],
        sizes=sizes,
    )


def bead_rates(sample: BeadSample) -> dict[str, Estimate]:
    """Return the share of beads with each verdict.

    Beads of one pair are one cluster.
    """
    size = len(sample.weight)
    if not size:
        return {}
    whole = np.zeros(size, np.int64)
    return {
        verdict: intervals.proportion(
            (sample.verdict == verdict).astype(np.float64),
            weight=sample.weight,
            stratum=whole,
            cluster=sample.cluster,
            sizes={0: sample.population},
        )
        for verdict in LEVELS["bead"]
    }


def _cells(present: Sequence[int], seen: Mapping[int, int]) -> dict[int, int]:
    """Return the stratum of every cell: city times `BANDS` plus band.

    A cell with `LEAST` judged items is one; the others of its band are one together. If that has
    fewer than two, it joins the nearest band that has two, the lower first.
    """
    stratum = {
        cell: (cell // BANDS if seen.get(cell, 0) >= LEAST else -1, cell % BANDS)
        for cell in present
    }
    judged: Counter[tuple[int, int]] = Counter()
    for cell in present:
        judged[stratum[cell]] += seen.get(cell, 0)
    firm = {name for name, count in judged.items() if count >= 2} or {
        max(judged, key=lambda name: judged[name])
    }

    def home(name: tuple[int, int]) -> tuple[int, int]:
        if name in firm:
            return name
        return min(
            firm, key=lambda other: (abs(other[1] - name[1]), other[1], -judged[other], other)
        )

    numbers = {name: number for number, name in enumerate(sorted(firm))}
    return {cell: numbers[home(name)] for cell, name in stratum.items()}


def _band(sample: PairSample, everything: Mask, band: int) -> Band:
    domain = everything & (sample.band == band)
    used = sample.usable() & domain[sample.row]
    stated = None
    if used.any():
        weight = sample.weight[used]
        stated = float(weight @ sample.probability[sample.row[used]] / weight.sum())
    return Band(band, sampling.band_name(band), int(domain.sum()), stated,
                share(sample, domain, sample.right))  # fmt: skip


def _city(
    sample: PairSample,
    position: int,
    threshold: float,
    missed: UnmatchedSample,
    loose: Mapping[str, int],
) -> CityEstimates:
    name = sample.cities[position]
    local = sample.of_city(position)
    domain = (sample.city == position) & (sample.probability >= threshold)
    precision = share(local, domain, local.right)
    return CityEstimates(
        city=name,
        claimed=int(domain.sum()),
        precision=precision,
        translations=share(local, domain, local.rendered),
        recall=recall(precision, missed, [name], loose),
    )


def recall(
    precision: Estimate | None,
    missed: UnmatchedSample,
    cities: Sequence[str],
    loose: Mapping[str, int],
) -> Estimate | None:
    """Estimate found / (found + missed).

    Found are the pairs that are right, missed the unmatched articles with a counterpart.
    """
    known = [city for city in cities if loose.get(city)]
    judged = np.isin(missed.city, known)
    if precision is None or not precision.size:
        return None
    if not known:
        return Estimate(1.0, 1.0, 1.0, precision.judged, precision.effective, precision.size)
    if not judged.any():
        return None
    names = sorted(set(missed.city[judged].tolist()))
    firm = [name for name in names if (missed.city[judged] == name).sum() >= 2] or names[:1]
    # Cities with fewer than two judged are joined to the first that has two.
    at = {city: firm.index(city) if city in firm else 0 for city in known}
    sizes: Counter[int] = Counter()
    for city in known:
        sizes[at[city]] += loose[city]
    rate = intervals.proportion(
        missed.missed[judged],
        weight=missed.weight[judged],
        stratum=np.array([at[city] for city in missed.city[judged].tolist()], np.int64),
        cluster=np.arange(int(judged.sum())),
        sizes=sizes,
    )
    lost, found = _in_items(rate), _in_items(precision)
    ratio, low, high = intervals.quotient(lost, found)
    whole = found[0] + lost[0]
    return Estimate(1 / (1 + ratio), 1 / (1 + high), 1 / (1 + low), rate.judged, rate.effective,
                    whole)  # fmt: skip


def _in_items(share: Estimate) -> tuple[float, float, float]:
    """Return a share and its interval as numbers of items."""
    return share.size * share.value, share.size * share.low, share.size * share.high


def _calibration_error(bands: Sequence[Band]) -> float | None:
    """Return the expected calibration error over all pairs of judged bands."""
    known = [(b.pairs, b.stated, b.observed.value) for b in bands
             if b.observed is not None and b.stated is not None]  # fmt: skip
    total = sum(pairs for pairs, _, _ in known)
    return sum(n * abs(stated - seen) for n, stated, seen in known) / total if total else None


def _counts(found: Judgements, level: str, drawn: int) -> Counts:
    items = [item for item in found.items if item.item.level == level]
    given = [v for item in items for v in (*item.blind, *filter(None, [item.adjudication]))]
    return Counts(
        level=level,
        items=len(items),
        reviewers=tuple(sorted({verdict.reviewer for verdict in given})),
        double=sum(len(item.blind) > 1 for item in items),
        disputed=sum(item.disputed for item in items),
        undecided=sum(item.verdict == CANNOT_TELL for item in items),
        drawn=drawn,
        tally=dict(Counter(item.verdict or "disputed" for item in items)),
        stale=found.of_stale(level),
    )
