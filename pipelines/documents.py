"""Which articles of a city tell the same thing: candidates, scoring, assignment, relation.

Similarity proposes, facts decide. Every English article chooses among its Chinese candidates and
having no mate at all; the probability is the share of the choice (a conditional logit whose
weights were learnt on generated series, see `data/pairing.json`). English editions are the scarce
side, and several English instalments may render one Chinese article, never the other way round.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import numpy as np

from pipelines import comparison, evidence
from pipelines.comparison import Comparison
from pipelines.coverage import Array, Coverage, cover
from pipelines.evidence import Rarity
from pipelines.preparation import Document, Prepared, prepare, readable

__all__ = ["Document", "Model", "Pairing", "Prepared", "Scored", "load_model", "pair", "prepare"]

WORDS_PER_CHARACTER = 0.7
"""English words a full translation has for each Chinese character (news .65, officials .85)."""
BY_VECTOR, BY_FACTS, BY_TITLE, BY_CHINESE = 16, 12, 4, 16
"""Candidates of an English article by each way of finding them, at most."""
_NEAREST = 2
"""English articles near a Chinese one that take it for a candidate."""
_COMMON = 500
"""Articles from which a fact is too common to propose any of them, in a large city."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate pair: positions of its articles, features by name, log odds, probability.

    `coverage` and `comparison` are what the features were read from. `margin` is the score above
    the best other candidate of the English article.
    """

    zh: int
    en: int
    features: Mapping[str, float]
    coverage: Coverage = field(repr=False)
    comparison: Comparison = field(repr=False)
    score: float = 0.0
    probability: float = 0.0
    margin: float = 0.0
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Pairing:
    """The outcome for a city: assigned pairs, and the scored candidates that were not assigned."""

    pairs: tuple[Scored, ...]
    rest: tuple[Scored, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of the conditional logit over features, with a version for the `method` column."""

    version: str
    bias: float
    weights: Mapping[str, float]

    def score(self, features: Mapping[str, float]) -> float:
        """Log odds of the pair against no mate at all."""
        return self.bias + sum(weight * features[name] for name, weight in self.weights.items())


@cache
def load_model() -> Model:
    """Return the model that comes with the package."""
    text = (resources.files("pipelines") / "data" / "pairing.json").read_text(encoding="utf-8")
    stored = json.loads(text)
    return Model(stored["version"], stored["bias"], stored["weights"])


def candidates(zh: Sequence[Prepared], en: Sequence[Prepared]) -> list[tuple[int, ...]]:
    """Return, for each English article, the positions of the Chinese ones worth comparing.

    Nearest by vector (language means removed), by rare facts shared, by title, and those to which
    the English one is among the nearest. Dates exclude nothing; an article without words of its
    language has no candidates.
    """
    if not zh or not en:
        return [()] * len(en)
    chosen: list[set[int]] = [set() for _ in en]
    for ways, first in ((BY_VECTOR, False), (BY_TITLE, True)):
        left, right = _centred(zh, first), _centred(en, first)
        for start in range(0, len(en), 256):
            near = right[start : start + 256] @ left.T
            for row, index in enumerate(_top(near, ways)):
                chosen[start + row].update(index)
    left, right = _centred(zh, False), _centred(en, False)
    nearest: list[list[tuple[float, int]]] = [[] for _ in en]
    for start in range(0, len(zh), 1024):
        near = left[start : start + 1024] @ right.T
        for row, index in enumerate(_top(near, _NEAREST)):
            for english in index:
                nearest[english].append((-float(near[row, english]), start + row))
    for position, rows in enumerate(nearest):
        # Where English is scarce it is the nearest of very many.
        chosen[position].update(other for _, other in sorted(rows)[:BY_CHINESE])
    rarity = Rarity.of(one.keys for one in zh)
    holders: dict[evidence.Key, list[int]] = {}
    for position, ours in enumerate(zh):
        for fact in ours.keys:
            holders.setdefault(fact, []).append(position)
    limit = max(50, min(len(zh) // 50, _COMMON))
    for position, theirs in enumerate(en):
        shared: dict[int, float] = {}
        for fact in theirs.keys:
            found = holders.get(fact, ())
            if len(found) <= limit:
                for other in found:
                    shared[other] = shared.get(other, 0.0) + rarity(fact) ** 2
        ranked = sorted(shared, key=lambda other: (-shared[other], other))
        chosen[position].update(ranked[:BY_FACTS])
    mute = {position for position, one in enumerate(zh) if not readable(one.document)}
    return [
        tuple(sorted(found - mute)) if readable(one.document) else ()
        for found, one in zip(chosen, en, strict=True)
    ]


def _centred(side: Sequence[Prepared], titles: bool) -> Array:
    rows = np.array([one.title if titles else one.vector for one in side], np.float32)
    # In place: a large city's vectors are the most that is held at once.
    if len(rows) > 20:
        rows -= rows.mean(axis=0)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return rows


def _top(near: Array, count: int) -> list[list[int]]:
    count = min(count, near.shape[1])
    kept = np.argpartition(-near, count - 1, axis=1)[:, :count]
    return [sorted(map(int, row)) for row in kept]


def pair(
    zh: Sequence[Prepared],
    en: Sequence[Prepared],
    *,
    max_days: int = 60,
    model: Model | None = None,
    runners_up: int | None = None,
) -> Pairing:
    """Pair the articles of one city. `max_days` is how late English usually is: a soft prior.

    The order of the articles does not matter to the outcome: ties fall to the smaller id. Of the
    candidates of an English article that are not its pair, the best `runners_up` are returned, and
    any that could have been; None returns all.
    """
    described = _described(zh, en, candidates(zh, en), max_days)
    return decide(described, zh, en, model, runners_up)


def decide(
    described: Iterable[list[Scored]],
    zh: Sequence[Prepared],
    en: Sequence[Prepared],
    model: Model | None = None,
    runners_up: int | None = None,
) -> Pairing:
    """Score and assign candidates whose features are known, one list per English article."""
    model = model or load_model()
    chosen = (_choose(listed, model, zh) for listed in described)
    return _assign([_foremost(listed, zh, runners_up) for listed in chosen], zh, en)


def _foremost(listed: list[Scored], zh: Sequence[Prepared], runners_up: int | None) -> list[Scored]:
    """Return what may become a pair or a runner-up: the rest of a large city would fill memory."""
    if runners_up is None:
        return listed
    listed.sort(key=lambda one: (-one.probability, -one.score, zh[one.zh].document.id))
    return [one for at, one in enumerate(listed) if at <= runners_up or one.probability >= FLOOR]


def _described(
    zh: Sequence[Prepared],
    en: Sequence[Prepared],
    found: Sequence[tuple[int, ...]],
    max_days: int,
) -> Iterable[list[Scored]]:
    """Yield, for each English article, its candidates with their features."""
    zh_rarity = Rarity.of(one.keys for one in zh)
    en_rarity = Rarity.of(one.keys for one in en)
    for position, (one, others) in enumerate(zip(en, found, strict=True)):
        covers = [cover(zh[o].sentences, one.sentences, zh[o].facts, one.facts) for o in others]
        listed = []
        for other, covered, edge in zip(others, covers, _edges(covers, one), strict=True):
            facts = comparison.compare(zh[other].facts, one.facts, zh_rarity, en_rarity)
            weighed = features(zh[other], one, covered, facts, edge=edge, max_days=max_days)
            listed.append(Scored(other, position, weighed, covered, facts))
        yield listed


def _edges(covers: Sequence[Coverage], en: Prepared) -> list[float]:
    """How much better each candidate tells the English sentences than the best others do.

    Members of a series share most sentences; what is left tells them apart.
    """
    if len(covers) < 2:
        return [0.0] * len(covers)
    best = np.array([one.best for one in covers])
    others = min(_RIVALS, len(best) - 1)
    top = np.sort(best, axis=0)[-others - 1 :]
    # Of the best values, those that remain when a candidate's own is taken out.
    own = (top == best[:, None]).argmax(axis=1)
    rest = [np.where(at < own, top[at], top[at + 1]) for at in range(others)]
    rivals = np.stack(rest).mean(axis=0)
    weights = en.sentences.weights
    return [float(row @ weights) for row in best - rivals]


_RIVALS = 3
"""Candidates that one is set against, at each sentence the best others."""


def features(
    zh: Prepared,
    en: Prepared,
    coverage: Coverage,
    facts: Comparison,
    *,
    edge: float,
    max_days: int,
) -> dict[str, float]:
    """Return the named numbers that the model weighs, each of order one."""
    ratio = en.size / (zh.size * WORDS_PER_CHARACTER)
    days = days_apart(zh.document, en.document)
    figures = coverage.figures_agree + coverage.figures_clash
    return {
        "similarity": coverage.similarity,
        "title": coverage.title,
        "covered_en": coverage.en,
        "covered_zh": coverage.zh,
        "order": coverage.order,
        "edge": 5 * edge,
        "figures_agree": 1 - math.exp(-coverage.figures_agree / 12),
        "figures_clash": coverage.figures_clash / (figures + 4),
        "numbers_agree": facts.numbers_agree * (1 - math.exp(-facts.numbers_bits / 8)),
        "numbers_missing": facts.numbers_missing,
        "dates_agree": facts.dates_agree,
        "dates_clash": facts.dates_clash,
        "dates_lead": facts.dates_lead,
        "years_agree": facts.years_agree,
        "years_clash": facts.years_clash,
        "periods_agree": facts.periods_agree,
        "periods_clash": facts.periods_clash,
        "ordinals_agree": facts.ordinals_agree,
        "ordinals_clash": facts.ordinals_clash,
        "sessions_agree": facts.sessions_agree,
        "names_agree": facts.names_agree,
        "names_missing": facts.names_missing,
        "guests_agree": facts.guests_agree,
        "guests_clash": facts.guests_clash,
        "places_agree": facts.places_agree,
        "places_missing": facts.places_missing,
        "titles_agree": coverage.titles_agree,
        "titles_clash": coverage.titles_clash,
        "stage_agree": facts.stage_agree,
        "stage_clash": facts.stage_clash,
        "longer": max(0.0, math.log(ratio / 1.3)),
        "shorter": max(0.0, -math.log(ratio / 0.7)) / 3,
        "soon": 0.0 if days is None else math.exp(-max(days, 0) / 7) * float(days >= -2),
        "early": 0.0 if days is None else min(1.0, max(0, -days - 2) / 14),
        "late": 0.0 if days is None else min(1.0, max(0.0, days - max_days / 2) / max_days),
        "link": float(linked(zh.document, en.document)),
    }


def days_apart(zh: Document, en: Document) -> int | None:
    """English publication minus Chinese in days; None when either is undated."""
    if zh.published is None or en.published is None:
        return None
    return (en.published.date() - zh.published.date()).days


_LANGUAGE_PART = re.compile(
    r"(?<=[/._-])(?:zh[_-]?(?:cn|hans|hant|tw|hk)?|chi|chs|cht|cn|tc|sc|gb|en(?:g|glish)?(?:[_-]us)?)(?=[/._-])",
    re.IGNORECASE,
)


def linked(zh: Document, en: Document) -> bool:
    """Whether both came from one page, or their URLs differ only in naming the language."""
    if not zh.url or not en.url:
        return False
    if zh.url == en.url:
        return True
    swapped = _LANGUAGE_PART.sub("*", zh.url)
    return swapped != zh.url and swapped == _LANGUAGE_PART.sub("*", en.url)


def _choose(listed: list[Scored], model: Model, zh: Sequence[Prepared]) -> list[Scored]:
    """Score the candidates of one English article and share the choice among them and none.

    Of candidates that report the same thing twice the best stands for all: it takes their shares.
    """
    scores = [model.score(one.features) for one in listed]
    peak = max([0.0, *scores])
    total = math.exp(-peak) + sum(math.exp(score - peak) for score in scores)
    shares = [math.exp(score - peak) / total for score in scores]
    ranked = sorted(range(len(listed)), key=lambda at: (-scores[at], zh[listed[at].zh].document.id))
    twins: set[int] = set()
    for at in ranked[:1]:
        near = [other for other in ranked[1:_TWINS] if shares[other] > 0.001]
        twins = {other for other in near if _twins(zh[listed[at].zh], zh[listed[other].zh])}
        shares[at] += sum(shares[other] for other in twins)
    chosen = []
    for at, (one, score) in enumerate(zip(listed, scores, strict=True)):
        rivals = [
            other
            for index, other in enumerate(scores)
            if index != at and not (at == ranked[0] and index in twins)
        ]
        chosen.append(
            Scored(one.zh, one.en, one.features, one.coverage, one.comparison, score,
                   0.0 if at in twins else shares[at], score - max(rivals, default=0.0))
        )  # fmt: skip
    return chosen


_TWINS = 12


def _twins(first: Prepared, second: Prepared) -> bool:
    """Whether two Chinese articles report the same: alike, with the same rare facts and days.

    Members of a series are as alike, but their facts differ.
    """
    if float(first.vector @ second.vector) < 0.9:
        return False
    ours, theirs = set(first.keys), set(second.keys)
    days = [{(d.month, d.day) for d in one.facts.calendar.days} for one in (first, second)]
    ranks = [{(o.label, o.rank) for o in one.facts.ordinals if o.label} for one in (first, second)]
    if min(len(days[0]), len(days[1])) and not days[0] & days[1]:
        return False
    if ranks[0] != ranks[1] and not (ranks[0] < ranks[1] or ranks[1] < ranks[0]):
        return False
    return len(ours & theirs) >= 3 and len(ours & theirs) >= 0.7 * len(ours | theirs)


FLOOR = 0.1
"""Assigned pairs below this probability are not stored as pairs."""


def _assign(
    scored: Sequence[list[Scored]], zh: Sequence[Prepared], en: Sequence[Prepared]
) -> Pairing:
    """Give each English article at most one Chinese one, best first.

    A Chinese article serves a second English one only when they tell different parts of it.
    """
    everything = [one for listed in scored for one in listed]
    everything.sort(
        key=lambda one: (
            -one.probability, -one.score, en[one.en].document.id, zh[one.zh].document.id
        )
    )  # fmt: skip
    done: set[int] = set()
    serves: dict[int, list[Scored]] = {}
    for one in everything:
        if one.probability < FLOOR or one.en in done:
            continue
        holders = serves.get(one.zh, [])
        if holders and not (one.probability >= 0.5 and all(_apart(one, h) for h in holders)):
            continue
        done.add(one.en)
        serves.setdefault(one.zh, []).append(one)
    pairs = []
    for holders in serves.values():
        parts = len([one for one in holders if one.probability >= 0.5]) > 1
        for one in holders:
            ratio = en[one.en].size / (zh[one.zh].size * WORDS_PER_CHARACTER)
            kind = "part_of" if parts else relation(one.coverage, ratio)
            pairs.append(
                Scored(one.zh, one.en, one.features, one.coverage, one.comparison, one.score,
                       one.probability, one.margin, kind)
            )  # fmt: skip
    taken = {(one.zh, one.en) for one in pairs}
    pairs.sort(key=lambda one: (zh[one.zh].document.id, en[one.en].document.id))
    rest = [one for one in everything if (one.zh, one.en) not in taken]
    return Pairing(tuple(pairs), tuple(rest))


def _apart(first: Scored, second: Scored) -> bool:
    """Whether two English articles tell different parts of the same Chinese one."""
    ours, theirs = first.coverage.told[1:], second.coverage.told[1:]
    fewer = min(int(ours.sum()), int(theirs.sum()))
    return fewer >= 2 and int((ours & theirs).sum()) <= 0.34 * fewer


def relation(coverage: Coverage, ratio: float) -> str:
    """Return the relation that coverage each way and length (English over usual) suggest."""
    if coverage.en < 0.3:
        return "same_event"
    whole = ratio >= 0.8 and coverage.zh >= 0.35
    if whole or (ratio >= 0.65 and coverage.zh >= 0.8):
        return "translation"
    return "abridged"
