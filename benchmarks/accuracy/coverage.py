"""Coverage of the intervals, by simulated verdicts on corpora of known truth.

`python -m benchmarks.accuracy.coverage [--simulations 1000] [--seed 1]`: for every interval the
share of simulations in which it holds the truth, its mean width, and the share of a plain one:
Wilson's with the same effective size, for kappa the large-sample one. Expected: 94 % or more for
each that claims 95 %. `--only NAME` for one scenario.

A corpus is made once for each scenario; what is random is the draw and, for kappa and clustered
outcomes, the items themselves. Draws go through the plans and estimates that the commands use.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

import numpy as np
import pyarrow as pa
from scipy.special import ndtri

from pipelines.quality import agreement, estimates, intervals, sampling, verdicts
from pipelines.quality.intervals import Estimate
from pipelines.quality.judged import PairSample, UnmatchedSample, place, place_beads
from pipelines.quality.sampling import Drawn, Plan
from pipelines.quality.verdicts import Verdict
from pipelines.tables.columns import Floats, Mask, probabilities
from pipelines.tables.vocabulary import DECISION

WHEN = datetime(2024, 5, 1, tzinfo=UTC)
Generator = np.random.Generator


@dataclass(frozen=True, slots=True)
class Trial:
    """One simulated interval, the truth and the `plain` interval beside it."""

    name: str
    truth: float
    value: float
    low: float
    high: float
    plain: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """Pairs as they are read from disk, and whether each is right."""

    pairs: pa.Table
    right: Floats
    cities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """Coverage and mean width of an interval.
    `plain` is the coverage of the plain interval.

    `bias` is how far the estimates are off on average, `spread` their standard deviation.
    """

    covers: float
    width: float
    plain: float | None
    bias: float
    spread: float


Scenario = Callable[[Generator], Iterator[list[Trial]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=[one.__name__ for one in SCENARIOS])
    args = parser.parse_args()
    print(f"{args.simulations} simulations each; claimed rate 95 %")
    print(f"{'interval':58} {'covers':>7} {'width':>6} {'plain':>7} {'bias':>7}")
    lowest = 1.0
    for scenario in SCENARIOS:
        if args.only not in (None, scenario.__name__):
            continue
        for name, rate in rates(scenario, args.simulations, args.seed).items():
            beside = "      -" if rate.plain is None else f"{rate.plain:7.3f}"
            print(f"{name:58} {rate.covers:7.3f} {rate.width:6.3f} {beside} {rate.bias:+7.4f}",
                  flush=True)  # fmt: skip
            lowest = min(lowest, rate.covers)
    print(f"lowest: {lowest:.3f}")


def rates(scenario: Scenario, simulations: int, seed: int) -> dict[str, Rate]:
    """Return how often each interval of a scenario holds the truth."""
    found: dict[str, list[Trial]] = {}
    for trials in islice(scenario(np.random.default_rng(seed)), simulations):
        for trial in trials:
            found.setdefault(trial.name, []).append(trial)
    return {name: _rate(trials) for name, trials in found.items()}


def _rate(trials: list[Trial]) -> Rate:
    gaps = [t.value - t.truth for t in trials]
    plain = [t.plain[0] <= t.truth <= t.plain[1] for t in trials if t.plain is not None]
    return Rate(
        covers=float(np.mean([t.low - 1e-9 <= t.truth <= t.high + 1e-9 for t in trials])),
        width=float(np.mean([t.high - t.low for t in trials])),
        plain=float(np.mean(plain)) if plain else None,
        bias=float(np.mean(gaps)),
        spread=float(np.std(gaps)),
    )


def simple(rng: Generator) -> Iterator[list[Trial]]:
    """Pairs at random from all, with nothing to weigh: the textbook case."""
    while True:
        trials = []
        for rate, size in ((0.5, 50), (0.9, 100), (0.97, 214), (0.995, 200)):
            right = (rng.random(size) < rate).astype(np.float64)
            one = intervals.proportion(
                right,
                weight=np.ones(size),
                stratum=np.zeros(size, np.int64),
                cluster=np.arange(size),
                sizes={0: 1e9},
            )
            trials.append(_trial(f"simple random, {size} judged, {rate:.1%} right", rate, one))
        yield trials


def stratified(rng: Generator) -> Iterator[list[Trial]]:
    """Plan by score band and city, judged to its end.
    For the corpus, the bands and the cities."""
    corpus = _corpus(rng, 20_000, sharp=2.5)
    for seed in _seeds():
        judged = _judged(corpus, sampling.stratified(corpus.pairs, Plan("stratified", 300, seed)))
        sample = place(corpus.pairs, corpus.cities, judged)
        yield [
            _precision("stratified, 300 of 20,000", corpus, sample),
            *_bands("stratified, band", corpus, sample, (5, 7, 9)),
            *_city("stratified, city", corpus, sample),
        ]


def good(rng: Generator) -> Iterator[list[Trial]]:
    """A corpus almost without errors, so that few are seen."""
    corpus = _corpus(rng, 20_000, sharp=12, slope=1.1)
    for seed in _seeds():
        drawn = sampling.stratified(corpus.pairs, Plan("stratified", 200, seed))
        yield [
            _precision(
                "stratified, 200 of 20,000, nearly all right", corpus, _sample(corpus, drawn)
            )
        ]


def half(rng: Generator) -> Iterator[list[Trial]]:
    """The plan given up half way."""
    corpus = _corpus(rng, 20_000, sharp=2.5)
    for seed in _seeds():
        drawn = sampling.stratified(corpus.pairs, Plan("stratified", 300, seed))
        sample = _sample(corpus, drawn[:150])
        yield [_precision("stratified, stopped at 150 of 300", corpus, sample)]


def several(rng: Generator) -> Iterator[list[Trial]]:
    """Four plans pooled.
    Two over all cities, one over a single city and one that chooses."""
    corpus = _corpus(rng, 20_000, sharp=2.5)
    for seed in _seeds():
        local = corpus.pairs.filter(pa.compute.equal(corpus.pairs["city"], "city1"))
        drawn = sampling.stratified(corpus.pairs, Plan("stratified", 120, seed))
        drawn += sampling.stratified(corpus.pairs, Plan("stratified", 80, seed + 10**6))
        drawn += sampling.stratified(local, Plan("stratified", 60, seed, ("city1",)))
        drawn += sampling.uncertain(corpus.pairs, Plan("uncertain", 100, seed))
        sample = place(corpus.pairs, corpus.cities, _judged(corpus, drawn))
        yield [_precision("four plans pooled", corpus, sample),
               *_city("four plans pooled, city", corpus, sample)]  # fmt: skip


def small(rng: Generator) -> Iterator[list[Trial]]:
    """A corpus so small that much of it is judged."""
    corpus = _corpus(rng, 300, sharp=2.5)
    for seed in _seeds():
        drawn = sampling.stratified(corpus.pairs, Plan("stratified", 120, seed))
        yield [_precision("stratified, 120 of 300", corpus, _sample(corpus, drawn))]


def documents(rng: Generator) -> Iterator[list[Trial]]:
    """Several English instalments of one Chinese article stand and fall together."""
    corpus = _corpus(rng, 6_000, sharp=2.5, instalments=4)
    for seed in _seeds():
        drawn = sampling.stratified(corpus.pairs, Plan("stratified", 600, seed))
        yield [_precision("stratified, four pairs to a document", corpus, _sample(corpus, drawn))]


def beads(rng: Generator) -> Iterator[list[Trial]]:
    """Aligned sentences with errors in runs.
    So beads of one pair are alike."""
    pairs = 3_000
    corpus = _corpus(rng, pairs, sharp=2.5)
    held = rng.integers(1, 40, pairs)
    owner = np.repeat(np.arange(pairs), held)
    position = np.concatenate([np.arange(n) for n in held])
    ids = np.array(corpus.pairs["pair_id"].to_pylist())
    table = pa.table({"pair_id": ids[owner], "position": position,
                      "probability": np.full(len(owner), 0.9, np.float32)})  # fmt: skip
    # A beta share of wrong beads in each pair: intraclass correlation .25.
    wrong = rng.random(len(owner)) < rng.beta(0.24, 2.76, pairs)[owner]
    truth = {(ids[p], int(at)): bool(w) for p, at, w in zip(owner, position, wrong, strict=True)}
    for seed in _seeds():
        drawn = sampling.beads(corpus.pairs, table, Plan("beads", 300, seed))
        rows = [_verdict(d, "wrong" if truth[d.pair_id or "", d.position or 0] else "correct")
                for d in drawn]  # fmt: skip
        sample = place_beads(verdicts.by_item(rows), len(owner))
        rates = estimates.bead_rates(sample)
        yield [_trial("beads, five to a pair, correct", 1 - wrong.mean(), rates["correct"]),
               _trial("beads, five to a pair, wrong", wrong.mean(), rates["wrong"])]  # fmt: skip


def recall(rng: Generator) -> Iterator[list[Trial]]:
    """Recall at two rates of misses.
    From pairs claimed and a sample of unmatched English articles."""
    corpus = _corpus(rng, 4_000, sharp=2.5)
    claimed = _claimed(corpus)
    found = float(corpus.right[claimed].sum())
    for seed in _seeds():
        judged = _judged(corpus, sampling.stratified(corpus.pairs, Plan("stratified", 200, seed)))
        sample = place(corpus.pairs, corpus.cities, judged)
        precision = estimates.share(sample, claimed, sample.right)
        trials = []
        for rate in (0.02, 0.2):
            loose = {city: 200 + 150 * at for at, city in enumerate(corpus.cities)}
            # Which articles have a mate is fixed: every so many of each city, more in the later.
            mates = {c: int(n * rate * (0.5 + at / 4)) for at, (c, n) in enumerate(loose.items())}
            counts = sampling.allocate(list(loose.values()), 200)
            city, missed, weight = [], [], []
            for name, count in zip(loose, counts, strict=True):
                city += [name] * count
                missed += (rng.choice(loose[name], count, replace=False) < mates[name]).tolist()
                weight += [loose[name] / count] * count
            unmatched = UnmatchedSample(
                np.array(city), np.array(missed, np.float64), np.array(weight)
            )
            one = estimates.recall(precision, unmatched, corpus.cities, loose)
            truth = found / (found + sum(mates.values()))
            trials.append(_trial(f"recall, true {truth:.1%}", truth, one, wilson=False))
        yield trials


def kappas(rng: Generator) -> Iterator[list[Trial]]:
    """Two reviewers of known kappa, on two labels and on six."""
    six = (0.6, 0.2, 0.08, 0.05, 0.05, 0.02)
    cases = [
        ("even", (0.5, 0.5), 0.6, 100),
        ("one label 90 %", (0.9, 0.1), 0.7, 100),
        ("one label 97 %", (0.97, 0.03), 0.84, 214),
        ("six labels", six, 0.8, 200),
        ("six labels", six, 0.8, 60),
        ("six labels, one 90 %", (0.9, 0.04, 0.02, 0.02, 0.01, 0.01), 0.7, 200),
    ]
    while True:
        trials = []
        for name, margin, truth, size in cases:
            share = truth * np.diag(margin) + (1 - truth) * np.outer(margin, margin)
            counts = rng.multinomial(size, share.ravel()).reshape(share.shape).astype(np.float64)
            one = agreement.kappa(counts)
            if one.value is None or one.low is None or one.high is None:
                continue
            title = f"kappa {truth}, {name}, {size} items"
            reach = 1.96 * agreement.large_sample(counts)[1]
            plain = (one.value - reach, one.value + reach)
            trials.append(Trial(title, truth, one.value, one.low, one.high, plain))
        yield trials


SCENARIOS: tuple[Scenario, ...] = (
    simple, stratified, good, half, several, small, documents, beads, recall, kappas,
)  # fmt: skip


def _corpus(
    rng: Generator, pairs: int, *, sharp: float, slope: float = 1.8, instalments: int = 1
) -> Corpus:
    """Make pairs of eight cities of very unequal size.
    Their stated probability is too high."""
    cities = tuple(f"city{n}" for n in range(8))
    city = np.sort(rng.choice(8, pairs, p=np.array([40, 20, 12, 10, 8, 5, 3, 2]) / 100))
    probability = np.clip(rng.beta(sharp, 0.6, pairs), 0.1, 1).astype(np.float32)
    document = np.arange(pairs) // instalments
    mean = np.bincount(document, probability) / np.bincount(document)
    if instalments > 1:
        probability = np.clip(mean[document] + rng.normal(0, 0.03, pairs), 0.1, 1)
    # Right less often than stated, most of all where it is stated with less than certainty, and
    # differently from city to city.
    chance = np.clip(1 - slope * (1 - mean[document]) * (1 + city % 3 / 4), 0, 1)
    right = rng.random(document.max() + 1)[document] < chance
    table = pa.table(
        {
            "pair_id": [f"p{n:06d}" for n in range(pairs)],
            "zh_id": [f"z{n:06d}" for n in document],
            "en_id": [f"e{n:06d}" for n in range(pairs)],
            "probability": pa.array(probability, pa.float32()),
            "method": ["m"] * pairs,
            "city": [cities[n] for n in city],
        }
    )
    return Corpus(table, right.astype(np.float64), cities)


def _claimed(corpus: Corpus) -> Mask:
    return probabilities(corpus.pairs) >= DECISION


def _judged(corpus: Corpus, drawn: list[Drawn]) -> list[verdicts.Judged]:
    rows = [
        _verdict(
            one, "translation" if corpus.right[int((one.pair_id or "p0")[1:])] else "different"
        )
        for one in drawn
    ]
    return verdicts.by_item(rows)


def _verdict(drawn: Drawn, said: str) -> Verdict:
    return Verdict(
        verdict_id=f"{drawn.plan} {drawn.pair_id} {drawn.position}", level=drawn.level,
        city=drawn.city, pair_id=drawn.pair_id, position=drawn.position, zh_id=drawn.zh_id,
        en_id=drawn.en_id, verdict=said, note=None, reviewer="a", judged_at=WHEN, plan=drawn.plan,
        stratum=drawn.stratum, weight=drawn.weight, probability=drawn.probability,
        method=drawn.method,
    )  # fmt: skip


def _sample(corpus: Corpus, drawn: list[Drawn]) -> PairSample:
    return place(corpus.pairs, corpus.cities, _judged(corpus, drawn))


def _precision(name: str, corpus: Corpus, sample: PairSample) -> Trial:
    claimed = _claimed(corpus)
    truth = float(corpus.right[claimed].mean())
    return _trial(f"{name}: {truth:.1%}", truth, estimates.share(sample, claimed, sample.right))


def _bands(
    name: str, corpus: Corpus, sample: PairSample, wanted: tuple[int, ...]
) -> Iterator[Trial]:
    for band in wanted:
        domain = np.asarray(sample.band == band)
        truth = float(corpus.right[domain].mean())
        one = estimates.share(sample, domain, sample.right)
        yield _trial(f"{name} {sampling.band_name(band)}: {truth:.1%}", truth, one)


def _city(name: str, corpus: Corpus, sample: PairSample) -> Iterator[Trial]:
    for at in (0, 1, 4):
        domain = (sample.city == at) & _claimed(corpus)
        local = sample.of_city(at)
        truth = float(corpus.right[domain].mean())
        yield _trial(
            f"{name} {at}: {truth:.1%}", truth, estimates.share(local, domain, local.right)
        )


def _trial(name: str, truth: float, one: Estimate | None, *, wilson: bool = True) -> Trial:
    if one is None:
        return Trial(name, truth, truth, 0, 0)
    plain = _wilson(one.value, one.effective) if wilson else None
    return Trial(name, truth, one.value, one.low, one.high, plain)


def _wilson(value: float, effective: float) -> tuple[float, float]:
    """Return Wilson's score interval (1927) of a share seen in `effective` items."""
    z = float(ndtri(0.5 + intervals.CONFIDENCE / 2))
    middle = value + z * z / (2 * effective)
    half = z * math.sqrt(value * (1 - value) / effective + z * z / (4 * effective**2))
    scale = 1 + z * z / effective
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def _seeds() -> Iterator[int]:
    yield from range(10**6)


if __name__ == "__main__":
    main()
