"""How good the corpus is, estimated from verdicts: precision, recall, sentences, calibration.

Everything is about the corpus as it is stored now: verdicts on pairs that are no more are left out,
those on texts that have changed since are counted apart (`Counts.stale`), and what an item stands
for is counted afresh in its cell of score band and city (post-stratification), so that a plan
judged half way, or two plans together, still tell of the whole.
Verdicts without a weight were not drawn by chance and count for agreement alone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.quality import agreement, intervals, sampling, subjects
from pipelines.quality.agreement import Agreement
from pipelines.quality.intervals import Estimate, Floats
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
from pipelines.tables.columns import Mask
from pipelines.tables.vocabulary import BANDS, DECISION

LEAST = 5
"""Judged items from which a cell of band and city stands for itself."""


@dataclass(frozen=True, slots=True)
class Band:
    """A score band (`.9-1` is band 9): its pairs, and how many of them are right.

    `stated` is the mean probability of the judged pairs and `observed` the share of right ones:
    a point of the reliability curve. None where nothing was judged.
    """

    band: int
    name: str
    pairs: int
    stated: float | None
    observed: Estimate | None


@dataclass(frozen=True, slots=True)
class CityEstimates:
    """One city: pairs claimed, the share of them that is right, the share of mates found."""

    city: str
    claimed: int
    precision: Estimate | None
    translations: Estimate | None
    recall: Estimate | None


@dataclass(frozen=True, slots=True)
class Counts:
    """What the estimates of a level rest on.

    `items` have a verdict that counts, by `reviewers`; `double` were judged blind by two or more;
    `disputed` are not settled (they count by halves); `undecided` are cannot_tell; `drawn` are in
    the estimates: decided, drawn by chance, still in the corpus. `tally` counts items by verdict.
    `stale` verdicts are on texts that the corpus has no more, and count for nothing.
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
    """What verdicts say of a corpus. None where nothing was judged that says it.

    `claimed` pairs are at `threshold` or above in `cities`, the cities estimates speak of.
    `precision` is the share that tells the same thing, `translations` the share in which one
    renders the other; `recall` is the share of English articles with a mate whose mate was found.
    `beads` holds the share of aligned sentences with each verdict. `calibration_error` is expected
    over all pairs stored.
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
    """Estimate everything that the verdicts in `output` tell of its corpus.

    Raises `VerdictError` where there is no verdict yet or none can be read, `store.StoreError` for
    a table that cannot be read.
    """
    return estimate_from(output, judgements(output), threshold)


def judgements(output: Path) -> Judgements:
    """Return what was judged in `output`; raise `VerdictError` where nothing was."""
    found = subjects.judgements(output)
    if not found:
        raise VerdictError(
            f"{output}: holds no verdicts yet; judge some pairs with `shizheng review`, or compare "
            "with known pairs by `shizheng evaluate --gold FILE`"
        )
    return found


def estimate_from(output: Path, found: Judgements, threshold: float = DECISION) -> Estimates:
    """Estimate from judgements that are read already; see `estimate`."""
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
    """Estimate the mean of `outcome` over the pairs of `domain` (a flag for each pair stored)."""
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
    mine = np.array([cells[key] for key in keys[rows].tolist()], np.int64)
    return intervals.proportion(
        outcome[used],
        weight=sample.weight[used],
        stratum=mine,
        cluster=sample.cluster[used],
        sizes=sizes,
    )


def bead_rates(sample: BeadSample) -> dict[str, Estimate]:
    """Return the share of beads with each verdict; beads of one pair are alike."""
    size = len(sample.weight)
    if not size:
        return {}
    whole = np.zeros(size, np.int64)
    return {
        said: intervals.proportion(
            (sample.said == said).astype(np.float64),
            weight=sample.weight,
            stratum=whole,
            cluster=sample.cluster,
            sizes={0: sample.population},
        )
        for said in LEVELS["bead"]
    }


def _cells(present: Sequence[int], seen: Mapping[int, int]) -> dict[int, int]:
    """Return the stratum of every cell (city times `BANDS` plus band) that pairs lie in.

    A cell with `LEAST` judged items is one; the others of its band are one together. Where that has
    no two, it joins the nearest band that has, the lower first.
    """
    stratum = {
        cell: (cell // BANDS if seen.get(cell, 0) >= LEAST else -1, cell % BANDS)
        for cell in present
    }
    held: Counter[tuple[int, int]] = Counter()
    for cell in present:
        held[stratum[cell]] += seen.get(cell, 0)
    firm = {name for name, count in held.items() if count >= 2} or {
        max(held, key=lambda n: held[n])
    }

    def home(name: tuple[int, int]) -> tuple[int, int]:
        if name in firm:
            return name
        return min(firm, key=lambda other: (abs(other[1] - name[1]), other[1], -held[other], other))

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
    """Estimate found / (found + missed): pairs that are right, and unmatched with a mate."""
    known = [city for city in cities if loose.get(city)]
    mine = np.isin(missed.city, known)
    if precision is None or not precision.size:
        return None
    if not known:
        return Estimate(1.0, 1.0, 1.0, precision.judged, precision.effective, precision.size)
    if not mine.any():
        return None
    names = sorted(set(missed.city[mine].tolist()))
    firm = [name for name in names if (missed.city[mine] == name).sum() >= 2] or names[:1]
    # Cities with fewer than two judged stand together with the first that has.
    at = {city: firm.index(city) if city in firm else 0 for city in known}
    sizes: Counter[int] = Counter()
    for city in known:
        sizes[at[city]] += loose[city]
    rate = intervals.proportion(
        missed.missed[mine],
        weight=missed.weight[mine],
        stratum=np.array([at[city] for city in missed.city[mine].tolist()], np.int64),
        cluster=np.arange(int(mine.sum())),
        sizes=sizes,
    )
    lost = tuple(rate.size * x for x in (rate.value, rate.low, rate.high))
    found = tuple(precision.size * x for x in (precision.value, precision.low, precision.high))
    ratio, low, high = intervals.quotient(lost, found)  # type: ignore[arg-type]
    whole = found[0] + lost[0]
    return Estimate(1 / (1 + ratio), 1 / (1 + high), 1 / (1 + low), rate.judged, rate.effective,
                    whole)  # fmt: skip


def _calibration_error(bands: Sequence[Band]) -> float | None:
    """Return the expected calibration error over all pairs of the bands that were judged."""
    known = [(b.pairs, b.stated, b.observed.value) for b in bands
             if b.observed is not None and b.stated is not None]  # fmt: skip
    total = sum(pairs for pairs, _, _ in known)
    return sum(n * abs(stated - seen) for n, stated, seen in known) / total if total else None


def _counts(found: Judgements, level: str, drawn: int) -> Counts:
    mine = [one for one in found.items if one.item.level == level]
    given = [v for one in mine for v in (*one.blind, *filter(None, [one.adjudication]))]
    return Counts(
        level=level,
        items=len(mine),
        reviewers=tuple(sorted({verdict.reviewer for verdict in given})),
        double=sum(len(one.blind) > 1 for one in mine),
        disputed=sum(one.disputed for one in mine),
        undecided=sum(one.verdict == CANNOT_TELL for one in mine),
        drawn=drawn,
        tally=dict(Counter(one.verdict or "disputed" for one in mine)),
        stale=found.of_stale(level),
    )
