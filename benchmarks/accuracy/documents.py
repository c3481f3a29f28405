"""Document pairing measured: precision, recall, F1, calibration, baseline and ablation.

    python -m benchmarks.accuracy.documents                       # generated series, hard setting
    python -m benchmarks.accuracy.documents --ablate  # the same without each evidence column
    SHIZHENG_SHARED=... python -m benchmarks.accuracy.documents --shared   # municipal facts, news

The baseline is what most corpora do: mean sentence vectors, cosine, best first, one to one, at
the threshold that is best for it on the very same articles.
"""

import argparse
import dataclasses
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy import reliability
from benchmarks.series import corpus, notices, siblings
from benchmarks.series.apart import generate
from benchmarks.series.city import HARD, Setting
from benchmarks.series.links import Shares
from pipelines.pairs import pair as documents
from pipelines.pairs.model import PairModel, load_pair_model
from pipelines.pairs.pair import Scored
from pipelines.pairs.prepared import Document, PreparedArticle, prepare
from pipelines.vectors.load import load_encoder

KINDS = {
    "sentences": ("covered_zh", "order"),
    "part": ("part",),
    "numbers": ("figures_agree", "figures_clash", "numbers_agree", "numbers_missing"),
    "dates": ("dates_clash", "dates_lead", "periods_clash", "years_agree", "years_clash"),
    "hours and weekdays": ("hours_clash", "weekday_agree", "weekday_clash"),
    "direction": ("direction_clash",),
    "ordinals": ("ordinals_clash", "sessions_agree"),
    "names": ("names_agree", "names_missing", "guests_clash", "places_agree",
              "places_missing", "countries_clash", "sites_clash"),
    "titles": ("titles_agree", "titles_clash"),
    "stage": ("stage_agree", "stage_clash"),
    "identifying facts": ("bare",),
    "words": ("words_missing",),
    "length_ratio": ("longer",),
    "days_apart": ("soon", "early", "late"),
    "link": ("link",),
    "all clashes": ("figures_clash", "dates_clash", "periods_clash", "years_clash",
                    "ordinals_clash", "guests_clash", "stage_clash", "names_missing",
                    "places_missing", "numbers_missing", "titles_clash", "direction_clash",
                    "hours_clash", "weekday_clash", "countries_clash", "sites_clash"),
}  # fmt: skip


@dataclass(slots=True)
class Tally:
    """Counts over one or more cities.

    `judged` holds (probability, right) for calibration, `related` whether the relation of a right
    pair is the one that gold gives.
    """

    right: int = 0
    found: int = 0
    gold: int = 0
    reached: int = 0
    judged: list[tuple[float, bool]] = field(default_factory=list)
    related: list[bool] = field(default_factory=list)

    def line(self, name: str) -> str:
        """Return one line of the table."""
        p, r = self.right / max(self.found, 1), self.right / max(self.gold, 1)
        f1 = 2 * p * r / max(p + r, 1e-9)
        relation = np.mean(self.related) if self.related else float("nan")
        return (
            f"{name:<26} P {p:.3f}  R {r:.3f}  F1 {f1:.3f}  calibration error {self.error():.3f}"
            f"  candidates hold {self.reached / max(self.gold, 1):.3f}  relation {relation:.3f}"
            f"  ({self.gold} pairs)"
        )

    def error(self) -> float:
        """Expected calibration error over ten bins."""
        if not self.judged:
            return 0.0
        values = np.array(self.judged, float)
        bins = np.minimum((values[:, 0] * 10).astype(int), 9)
        gaps = [
            abs(values[bins == b].mean(axis=0) @ (1, -1)) * (bins == b).sum() for b in set(bins)
        ]
        return float(sum(gaps) / len(values))


@dataclass(frozen=True, slots=True)
class Case:
    """A city to measure on, with its candidates described.
    `gold` maps pairs to relations, if known."""

    zh: list[PreparedArticle]
    en: list[PreparedArticle]
    gold: Mapping[tuple[str, str], str]
    described: list[list[Scored]]


def case(
    articles: Iterable[Document], gold: Mapping[tuple[str, str], str], *, learning: bool = True
) -> Case:
    """Prepare a city and describe its candidates.
    With the names that the city itself teaches, or without."""
    listed, encoder = sorted(articles, key=lambda a: a.id), load_encoder()
    zh, en = (prepare([a for a in listed if a.lang == lang], encoder) for lang in ("zh", "en"))
    found = documents.pair(zh, en, learning=learning)
    described: list[list[Scored]] = [[] for _ in en]
    for one in (*found.pairs, *found.unassigned):
        described[one.en].append(one)
    return Case(zh, en, gold, described)


def measure(cases: Sequence[Case], model: PairModel | None = None) -> Tally:
    """Pair every case and count at the default threshold.
    Calibration is over assigned pairs."""
    tally = Tally()
    for one in cases:
        pairing = documents.decide(one.described, one.zh, one.en, model)
        for pair in pairing.pairs:
            ids = (one.zh[pair.zh].document.id, one.en[pair.en].document.id)
            tally.judged.append((pair.probability, ids in one.gold))
            if pair.probability >= 0.5:
                tally.found += 1
                tally.right += ids in one.gold
                if one.gold.get(ids):
                    tally.related.append(pair.relation == one.gold[ids])
        seen = {
            (one.zh[pair.zh].document.id, one.en[pair.en].document.id)
            for pair in (*pairing.pairs, *pairing.unassigned)
        }
        tally.gold += len(one.gold)
        tally.reached += len(one.gold.keys() & seen)
    return tally


def baseline(cases: Sequence[Case]) -> Tally:
    """Baseline of mean sentence vectors, matched one to one.
    Cosine, best first, at the best threshold for these cases."""
    ranked: list[tuple[float, bool]] = []
    gold = 0
    for one in cases:
        gold += len(one.gold)
        en, zh = (np.array([a.vector for a in side], np.float32) for side in (one.en, one.zh))
        near = en @ zh.T
        used_en: set[int] = set()
        used_zh: set[int] = set()
        for flat in np.argsort(-near, axis=None, kind="stable"):
            e, z = divmod(int(flat), near.shape[1])
            if e in used_en or z in used_zh:
                continue
            used_en.add(e)
            used_zh.add(z)
            ids = (one.zh[z].document.id, one.en[e].document.id)
            ranked.append((float(near[e, z]), ids in one.gold))
    ranked.sort(key=lambda item: -item[0])
    best, right = Tally(gold=gold, reached=gold), 0
    for found, (_, good) in enumerate(ranked, 1):
        right += good
        if 2 * right * (best.found + gold) > 2 * best.right * (found + gold):
            best = Tally(right, found, gold, gold)
    return best


def without(model: PairModel, names: Sequence[str]) -> PairModel:
    """Return the model with these features weighing nothing."""
    kept = {name: 0.0 if name in names else weight for name, weight in model.weights.items()}
    return PairModel(model.version, model.bias, kept)


HALF = dataclasses.replace(HARD, mateless=0.5, english=0.5)
PLAIN_HALF = Setting(
    keep=(0.6, 1.0), drop=0.08, rounded=0.15, wrong=0.03, undated=0.3, date_dropped=0.1,
    english=0.5, mateless=0.5,
)  # fmt: skip
"""Settings in which half of the English articles have no counterpart."""


def generated(seeds: range, size: int, **options: Any) -> list[Case]:
    """Return cities of series, in the hard setting unless `options` differ.
    In the wording of the measuring half."""
    cities = (corpus.generate(seed, half=1, series=size, **options) for seed in seeds)
    return [case(city.articles, {(zh, en): kind for zh, en, kind in city.gold}) for city in cities]


def apart(seeds: range, setting: Setting = HARD) -> list[Case]:
    """Return cities of other kinds of series.
    In wording that the model never met."""
    cities = (generate(seed, setting=setting) for seed in seeds)
    return [case(city.articles, {(zh, en): kind for zh, en, kind in city.gold}) for city in cities]


def every_set(first: int, cities: int, size: int) -> dict[str, list[Case]]:
    """Return the generated sets by name, each of its own seeds."""
    seeds = [range(first + at * 100, first + at * 100 + cities) for at in range(9)]
    return {
        "series, hard": generated(seeds[0], size),
        "series, half missing": generated(seeds[1], size, setting=HALF),
        "series, plain, half missing": generated(seeds[2], size, setting=PLAIN_HALF),
        "notices, half missing": generated(seeds[3], 1, setting=HALF, kinds=notices.KINDS),
        "several links": generated(seeds[4], 1, setting=PLAIN_HALF, shares=Shares()),
        "passing mentions, half missing": generated(seeds[7], 1, setting=HALF, mentions=12),
        "siblings of one day, half missing": generated(
            seeds[8], 0, setting=HALF, lone=siblings.MEASURING
        ),
        "other kinds": apart(seeds[5]),
        "other kinds, half missing": apart(seeds[6], HALF),
    }


def municipal(folder: Path) -> list[Case]:
    """Return short texts with the facts of real pairs, by city.
    Near misses included."""
    rows = [json.loads(line) for line in (folder / "municipal_facts.jsonl").open(encoding="utf-8")]
    lines = (folder / "municipal_facts.gold.tsv").read_text(encoding="utf-8").splitlines()[1:]
    rows_of = (line.split("\t") for line in lines)
    gold = {(row[0], row[1]) for row in rows_of if row[2] == "pair"}
    cases = []
    for city in sorted({row["city"] for row in rows}):
        own = [
            Document(
                row["id"],
                row["lang"],
                row["title"],
                row["text"],
                datetime.fromisoformat(row["published_at"]) if row["published_at"] else None,
                row["url"] or "",
            )
            for row in rows
            if row["city"] == city
        ]
        ids = {one.id for one in own}
        cases.append(case(own, {(zh, en): "" for zh, en in gold if zh in ids}))
    return cases


def news(folder: Path) -> list[Case]:
    """Return 309 news articles as one city.
    The first sentence is the title."""
    articles: list[Document] = []
    gold: dict[tuple[str, str], str] = {}
    for line in (folder / "news_resplit.jsonl").open(encoding="utf-8"):
        row = json.loads(line)
        for lang in ("zh", "en"):
            body = "\n".join(row[lang][1:])
            articles.append(Document(f"{row['id']}-{lang}", lang, row[lang][0], body))
        gold[f"{row['id']}-zh", f"{row['id']}-en"] = ""
    return [case(articles, gold)]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=900)
    parser.add_argument("--cities", type=int, default=10)
    parser.add_argument("--series", type=int, default=4, help="series of each kind per city")
    parser.add_argument("--ablate", action="store_true")
    parser.add_argument("--plot", type=Path, help="write a reliability plot of all sets (SVG)")
    parser.add_argument("--shared", action="store_true")
    args = parser.parse_args()
    model = load_pair_model()
    sets = every_set(args.seed, args.cities, args.series)
    if args.shared:
        folder = Path(os.environ["SHIZHENG_SHARED"]) / "data" / "alignment"
        sets |= {"municipal facts": municipal(folder), "news as documents": news(folder)}
    judged = {}
    for name, cases in sets.items():
        tally = measure(cases, model)
        judged[name] = tally.judged
        print(tally.line(name))
        print(baseline(cases).line("  mean vectors, best cut"))
        if args.ablate:
            for kind, names in KINDS.items():
                print(measure(cases, without(model, names)).line(f"  without {kind}"))
            for feature in model.weights:
                print(measure(cases, without(model, [feature])).line(f"    without {feature}"))
    if args.plot:
        args.plot.write_text(reliability.plot(judged), encoding="utf-8")


if __name__ == "__main__":
    main()
