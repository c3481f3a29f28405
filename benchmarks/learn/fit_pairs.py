"""Learn the weights of document pairing from generated series.
They are written with their origin.

    python -m benchmarks.learn.fit_pairs                 # writes pipelines/pairs/pairing.json

The likelihood is that of `pipelines.pairs.pair`: a pair against its rivals and no link. Weights are
drawn to a prior set by hand from field notes (what clashes is worth more than what agrees), may not
change sign, and are learnt in the training half's wording only. The cities have many habits: from
two texts to thousands, English early or late, abridged or whole, with most counterparts or hardly
any, beside strangers or none, with names that unrelated texts mention in passing or without. Each
city has the kinds of one fold. Every comparison is learnt from twice: as it is, and as if the
English text had not stated some kinds of facts, as real texts state fewer. The log odds are
calibrated last, by a line through the scores of every fold under weights learnt from the others.
"""

import argparse
import dataclasses
import json
import random
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from benchmarks.series import corpus, notices
from benchmarks.series.city import HARD, Setting
from benchmarks.series.links import Shares
from pipelines.pairs import pair
from pipelines.pairs.comparison import FactComparison
from pipelines.pairs.coverage import COVERED
from pipelines.pairs.model import PairModel, features
from pipelines.pairs.pair import Scored
from pipelines.pairs.prepared import Document, PreparedArticle, prepare
from pipelines.pairs.rivals import rivals_of
from pipelines.vectors.load import load_encoder

Array = npt.NDArray[Any]

VERSION = "pairing-3"
PRIOR = {
    "covered_zh": 1.0, "order": 6.0, "part": -1.0, "figures_agree": 2.0, "figures_clash": -5.0,
    "numbers_agree": 2.0, "numbers_missing": -4.0, "dates_clash": -4.0,
    "years_agree": 0.5, "years_clash": -4.0,
    "periods_clash": -4.0, "ordinals_clash": -5.0, "sessions_agree": 2.0, "names_agree": 1.5,
    "names_missing": -2.0, "guests_clash": -3.0, "places_agree": 1.0,
    "places_missing": -1.5, "titles_agree": 1.5, "titles_clash": -2.0, "stage_agree": 0.5,
    "stage_clash": -6.0, "direction_clash": -5.0, "hours_clash": -3.0, "weekday_agree": 0.5,
    "weekday_clash": -3.0, "countries_clash": -4.0, "sites_clash": -4.0, "soon": 1.0,
    "early": -1.0, "late": -1.5, "bare": -3.0,
}  # fmt: skip
PRIOR_BIAS = -6.0
NEVER_LEARNT = {"link": 5.0, "longer": -1.5, "dates_lead": 0.4}
"""Generated articles have no URLs; a link is next to certain. None is many times too long. A day in
both leads is learnt as a lack of `bare`; the little more lets an explanation name it."""
LEAST = {
    "figures_clash": -4.0, "dates_clash": -3.5, "years_clash": -3.5, "periods_clash": -4.0,
    "ordinals_clash": -4.0, "guests_clash": -3.0, "direction_clash": -4.0, "hours_clash": -2.5,
    "weekday_clash": -2.5, "countries_clash": -3.5, "sites_clash": -3.0, "stage_clash": -6.0,
}  # fmt: skip
"""Bounds of what a contradiction weighs: generated series seldom have each of them, and one that
decides must outweigh similarity."""
AT_LEAST = {"early": -2.0, "late": -2.0, "numbers_agree": 0.8, "bare": -4.5}
AT_MOST = LEAST | {"sessions_agree": 3.5}
"""Bounds of other weights: pages are moved and get new dates, which generated ones do not; a
common figure counts also where the encoder matches no sentences; storms have numbers, too, that
many articles give; and a speech without any fact is not as like its kin as a series is."""
FORGOTTEN = (
    ("numbers",), ("dates",), ("years",), ("periods",), ("ordinals", "sessions"), ("names",),
    ("guests", "countries"), ("places", "sites"), ("titles",), ("stage",), ("direction",),
    ("hours",), ("weekday",),
)  # fmt: skip
"""Kinds of facts that an English text may not state, by the fields that begin with their names."""
SHARES = (0.2, 0.5, 0.8)
"""Shares of the kinds that an English text does not state."""
STRENGTH = 0.5
MAX_DAYS = 60
HOPELESS = -12.0
"""Log odds under the prior below which a candidate teaches nothing."""
PLAUSIBLE = -6.0
"""Log odds under the prior from which a candidate can be a rival."""
FOLDS = tuple(tuple((*corpus.KINDS, *notices.KINDS)[fold::5]) for fold in range(5))
SETTINGS = (
    HARD,
    dataclasses.replace(HARD, mateless=0.5, english=0.6),
    dataclasses.replace(HARD, shared_topics=0.2, mateless=0.5, english=0.5),
    Setting(
        keep=(0.6, 1.0), drop=0.08, rounded=0.15, wrong=0.03, undated=0.3, date_dropped=0.1,
        english=0.5, mateless=0.4,
    ),
    Setting(keep=(0.8, 1.0), drop=0.03, wrong=0.0, undated=0.1, english=0.7, mateless=0.6),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Examples:
    """Candidates of one or more cities: features, whether linked, fold, and rivals by row.

    `first` and `second`: rows of which the second is a rival of the first.
    """

    x: Array
    y: Array
    fold: Array
    first: Array
    second: Array

    def only(self, rows: Array) -> "Examples":
        """Return the rows where `rows` is True; rivals are of one city and stay together."""
        place = np.cumsum(rows) - 1
        kept = rows[self.first] & rows[self.second]
        return Examples(self.x[rows], self.y[rows], self.fold[rows],
                        place[self.first[kept]], place[self.second[kept]])  # fmt: skip


Side = list[PreparedArticle]


def described(articles: Sequence[Document]) -> tuple[list[Scored], Side, Side]:
    """Return all candidates of a city with features, and its articles."""
    encoder = load_encoder()
    zh, en = (
        prepare(sorted((a for a in articles if a.lang == lang), key=lambda a: a.id), encoder)
        for lang in ("zh", "en")
    )
    pairing = pair.pair(zh, en, learning=False)
    return [*pairing.pairs, *pairing.unassigned], zh, en


def forgetful(each: Scored, forgotten: Set[str], articles: tuple[Side, Side]) -> dict[str, float]:
    """Return features as if the English text had not stated some kinds of facts."""
    lost = {
        field.name: field.default
        for field in dataclasses.fields(FactComparison)
        if field.name.partition("_")[0] in forgotten
    }
    covers = {name: 0.0 for name in ("titles_agree", "titles_clash") if "titles" in forgotten}
    if "numbers" in forgotten:
        covers |= {"figures_agree": 0.0, "figures_clash": 0.0}
    coverage = dataclasses.replace(each.coverage, **covers)
    facts = dataclasses.replace(each.comparison, **lost)
    zh, en = articles
    return features(zh[each.zh], en[each.en], coverage, facts, max_days=MAX_DAYS)


def examples(
    articles: Sequence[Document],
    gold: set[tuple[str, str]],
    fold: int,
    prior: PairModel,
    rng: random.Random,
) -> Examples:
    """Return a city's candidates as examples, as they are and with facts forgotten."""
    listed, zh, en = described(articles)
    listed = [each for each in listed if prior.score(each.features) > HOPELESS]
    y = np.array([(zh[e.zh].document.id, en[e.en].document.id) in gold for e in listed], float)
    first, second = rivalries(listed, zh, en, prior)
    forgotten = []
    for _ in en:
        share = rng.choice(SHARES)
        forgotten.append({name for kind in FORGOTTEN if rng.random() < share for name in kind})
    both = (
        [each.features for each in listed],
        [forgetful(each, forgotten[each.en], (zh, en)) for each in listed],
    )
    rows = [
        np.array([[values[name] for name in PRIOR] for values in one]).reshape(-1, len(PRIOR))
        for one in both
    ]
    return joined([Examples(x, y, np.full(len(y), fold), first, second) for x in rows])


def rivalries(
    listed: Sequence[Scored], zh: Side, en: Side, prior: PairModel
) -> tuple[Array, Array]:
    """Return positions of candidates and of a rival of each."""
    first: list[int] = []
    second: list[int] = []
    strong = [at for at, each in enumerate(listed) if prior.score(each.features) > PLAUSIBLE]
    for side in ("en", "zh"):
        groups: dict[int, list[int]] = {}
        for at in strong:
            groups.setdefault(getattr(listed[at], side), []).append(at)
        for group in groups.values():
            covers = [listed[at].coverage for at in group]
            if side == "en":
                others = [zh[listed[at].zh] for at in group]
                masks = [coverage.best >= COVERED for coverage in covers]
                parts = [coverage.zh_part < 1 for coverage in covers]
            else:
                others = [en[listed[at].en] for at in group]
                masks = [coverage.zh_covered for coverage in covers]
                parts = [coverage.en_part < 1 for coverage in covers]
            for at, rivals in zip(group, rivals_of(others, masks, parts), strict=True):
                first += [at] * len(rivals)
                second += [group[other] for other in rivals]
    return np.array(first, int), np.array(second, int)


def joined(parts: Sequence[Examples]) -> Examples:
    """Join the examples of several cities."""
    starts = np.cumsum([0, *(len(part.y) for part in parts)])
    shifted = list(zip(parts, starts, strict=False))
    return Examples(
        np.concatenate([part.x for part in parts]), np.concatenate([part.y for part in parts]),
        np.concatenate([part.fold for part in parts]),
        np.concatenate([part.first + start for part, start in shifted]),
        np.concatenate([part.second + start for part, start in shifted]),
    )  # fmt: skip


def gather(seeds: range) -> Examples:
    """Return the examples of generated training cities, by fold of kinds."""
    prior = PairModel("prior", PRIOR_BIAS, PRIOR)
    parts = []
    for seed in seeds:
        rng = random.Random(seed)
        fold, setting = seed % len(FOLDS), SETTINGS[seed // len(FOLDS) % len(SETTINGS)]
        shares = Shares() if rng.random() < 0.7 else None
        length = rng.choice((2, 3, 6, 8))
        city = corpus.generate(
            seed, half=0, series=rng.randint(1, 3) if length > 3 else 4, length=length,
            setting=setting, kinds=FOLDS[fold], shares=shares, mentions=rng.choice((0, 0, 4, 12)),
        )  # fmt: skip
        articles = list(city.articles)
        if rng.random() < 0.5:
            other = corpus.generate(
                seed + 5000, half=0, series=1, kinds=FOLDS[fold], setting=setting
            )
            strangers = rng.choice(("zh", "en"))
            articles += [a for a in other.articles if a.lang == strangers]
        gold = {(zh, en) for zh, en, _ in city.gold}
        parts.append(examples(articles, gold, fold, prior, rng))
    return joined(parts)


def chances(scores: Array, rows: Examples) -> tuple[Array, Array, Array]:
    """Return the odds of each row, of its rivals, and its probability."""
    odds = np.exp(np.clip(scores, -30, 30))
    rivals = np.bincount(rows.first, odds[rows.second], len(scores))
    return odds, rivals, odds / (1 + odds + rivals)


def fit(rows: Examples, start: Array | None = None) -> tuple[Array, float]:
    """Return weights and bias of the greatest penalised likelihood.
    Weights are in the order of `PRIOR`."""
    prior = np.array([*PRIOR.values(), PRIOR_BIAS])
    spread = 0.5 * np.abs(prior) + 0.3
    bounds = [
        (max(AT_LEAST.get(name, -np.inf), 0.0 if value > 0 else -np.inf),
         min(AT_MOST.get(name, np.inf), np.inf if value > 0 else 0.0))
        for name, value in PRIOR.items()
    ]  # fmt: skip

    def penalised(w: Array) -> tuple[float, Array]:
        scores = rows.x @ w[:-1] + w[-1]
        odds, rivals, chance = chances(scores, rows)
        # Of a link: log p = s - log Z. Of another: log (1 - p) = log (1 + R) - log Z.
        error = chance - rows.y
        of_rival = 1 / (1 + odds + rivals) - (1 - rows.y) / (1 + rivals)
        shifted = of_rival[rows.first] * odds[rows.second]
        error = error + np.bincount(rows.second, shifted, len(odds))
        away = (w - prior) / spread
        gradient = np.append(rows.x.T @ error, error.sum()) + STRENGTH * away / spread
        return loss(scores, rows) + STRENGTH * float(away @ away) / 2, gradient

    found = minimize(
        penalised, prior if start is None else start, jac=True, method="L-BFGS-B",
        bounds=[*bounds, (None, None)],
    )  # fmt: skip
    return found.x[:-1], float(found.x[-1])


def calibrated(rows: Examples, start: Array) -> tuple[float, float]:
    """Return slope and shift of log odds, by scores of folds that were left out."""
    scores = np.zeros(len(rows.y))
    for fold in range(len(FOLDS)):
        weights, bias = fit(rows.only(rows.fold != fold), start)
        own = rows.fold == fold
        scores[own] = rows.x[own] @ weights + bias
    best = min(
        (loss(slope * scores + shift, rows), slope, shift)
         for slope in np.arange(0.5, 1.3, 0.05) for shift in np.arange(-1.5, 1.01, 0.1)
    )  # fmt: skip
    return float(best[1]), float(best[2])


def loss(scores: Array, rows: Examples) -> float:
    """Return the log loss of scores, rivals considered."""
    _, _, chance = chances(scores, rows)
    return float(-np.log(np.clip(np.where(rows.y == 1, chance, 1 - chance), 1e-9, 1)).sum())


def main() -> None:
    """Learn and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=150, help="training cities (seeds from 0)")
    default = Path(pair.__file__).parent / "pairing.json"
    parser.add_argument("--to", type=Path, default=default)
    args = parser.parse_args()
    rows = gather(range(args.seeds))
    weights, bias = fit(rows)
    slope, shift = calibrated(rows, np.append(weights, bias))
    links = int(rows.y.sum()) // 2  # each is learnt from twice
    print(f"{len(rows.y)} candidates, {links} links; slope {slope:.2f}, shift {shift:.2f}")
    stored = {
        "version": VERSION,
        "learnt": f"python -m benchmarks.learn.fit_pairs --seeds {args.seeds}: {links} links "
        "of generated series in training wording, prior by hand; no collected or shared text",
        "bias": round(slope * bias + shift, 3),
        "weights": {
            name: round(slope * float(weight), 3)
            for name, weight in zip(PRIOR, weights, strict=True)
        }
        | NEVER_LEARNT,
    }
    args.to.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(stored, indent=1))


if __name__ == "__main__":
    main()
