"""Which articles of a city tell the same thing: candidates, scoring, assignment, relation.

Similarity proposes, facts decide. Every English article chooses among its Chinese candidates and
having no mate at all; the probability is the share of the choice (a conditional logit whose
weights were learnt on generated series, see `data/pairing.json`). English editions are the scarce
side, and several English instalments may render one Chinese article, never the other way round.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pipelines.facts.rarity import Rarity
from pipelines.pairs import aliases, candidates
from pipelines.pairs.comparison import FactComparison
from pipelines.pairs.coverage import Coverage
from pipelines.pairs.model import WORDS_PER_CHARACTER, PairModel, features, load_pair_model
from pipelines.pairs.prepared import PreparedArticle, Unread
from pipelines.tables.cache import Findings
from pipelines.tables.vocabulary import DECISION


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
    comparison: FactComparison = field(repr=False)
    score: float = 0.0
    probability: float = 0.0
    margin: float = 0.0
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Pairing:
    """The outcome for a city: assigned pairs, and the scored candidates that were not assigned."""

    pairs: tuple[Scored, ...]
    unassigned: tuple[Scored, ...]


def pair(
    zh: Sequence[PreparedArticle],
    en: Sequence[PreparedArticle],
    *,
    max_days: int = 60,
    model: PairModel | None = None,
    runners_up: int | None = None,
    kept: Findings | None = None,
    learning: bool = True,
    unread: list[Unread] | None = None,
) -> Pairing:
    """Pair the articles of one city. `max_days` is how late English usually is: a soft prior.

    The order of the articles does not matter to the outcome: ties fall to the smaller id. Of the
    candidates of an English article that are not its pair, the best `runners_up` are returned, and
    any that could have been; None returns all. Of candidates that `kept` knows, as far as what is
    known still holds, no text is looked at, and their `comparison` has no remarks. With `learning`
    what confident pairs show of names (`pipelines.pairs.aliases`) is used where it applies. Two
    articles that cannot be compared are no candidates, which `unread` reports; without, the error
    is raised.
    """
    model = model or load_pair_model()
    found = candidates.find(zh, en)
    rarities = (Rarity.of(one.keys for one in zh), Rarity.of(one.keys for one in en))

    def chosen(places: Sequence[int], learnt: Mapping[str, str]) -> list[list[Scored]]:
        choices = ((en[at], [zh[other] for other in found[at]]) for at in places)
        compared = candidates.compare_candidates(choices, rarities, kept, learnt, unread)
        listed = (
            _described(dict(zip(found[at], both, strict=True)), zh, en, at, max_days)
            for at, both in zip(places, compared, strict=True)
        )
        return [_foremost(_choose(one, model, zh), zh, runners_up) for one in listed]

    lists = chosen(range(len(en)), {})
    pairing = _assign(lists, zh, en)
    certain = [one for one in pairing.pairs if one.probability >= aliases.CERTAIN]
    learnt = aliases.learn((zh[one.zh], en[one.en]) for one in certain) if learning else {}
    touched = [at for at, one in enumerate(en) if learnt and aliases.of(one, learnt)]
    if not touched:
        return pairing
    for at, listed in zip(touched, chosen(touched, learnt), strict=True):
        lists[at] = listed
    return _assign(lists, zh, en)


def decide(
    described: Iterable[list[Scored]],
    zh: Sequence[PreparedArticle],
    en: Sequence[PreparedArticle],
    model: PairModel | None = None,
    runners_up: int | None = None,
) -> Pairing:
    """Score and assign candidates whose features are known, one list per English article."""
    model = model or load_pair_model()
    chosen = (_choose(listed, model, zh) for listed in described)
    return _assign([_foremost(listed, zh, runners_up) for listed in chosen], zh, en)


def _foremost(
    listed: list[Scored], zh: Sequence[PreparedArticle], runners_up: int | None
) -> list[Scored]:
    """Return what may become a pair or a runner-up: the rest of a large city would fill memory."""
    if runners_up is None:
        return listed
    listed.sort(key=lambda one: (-one.probability, -one.score, zh[one.zh].document.id))
    return [one for at, one in enumerate(listed) if at <= runners_up or one.probability >= FLOOR]


def _described(
    compared: Mapping[int, candidates.Compared | None],
    zh: Sequence[PreparedArticle],
    en: Sequence[PreparedArticle],
    place: int,
    max_days: int,
) -> list[Scored]:
    """Return the candidates of one English article that could be compared, with their features."""
    known = {other: both for other, both in compared.items() if both is not None}
    edges = _edges([covered for covered, _ in known.values()], en[place])
    listed = []
    for (other, (covered, facts)), edge in zip(known.items(), edges, strict=True):
        weighed = features(zh[other], en[place], covered, facts, edge=edge, max_days=max_days)
        listed.append(Scored(other, place, weighed, covered, facts))
    return listed


def _edges(covers: Sequence[Coverage], en: PreparedArticle) -> list[float]:
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


def _choose(listed: list[Scored], model: PairModel, zh: Sequence[PreparedArticle]) -> list[Scored]:
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


def _twins(first: PreparedArticle, second: PreparedArticle) -> bool:
    """Whether two Chinese articles report the same: alike, with the same rare facts and days.

    Members of a series are as alike, but their facts differ.
    """
    if float(first.vector.astype(np.float32) @ second.vector) < 0.9:
        return False
    ours, theirs = set(first.keys), set(second.keys)
    days = [{key for key in keys if key[0] == "day"} for keys in (ours, theirs)]
    ranks = [{key for key in keys if key[0] == "ordinal"} for keys in (ours, theirs)]
    if min(len(days[0]), len(days[1])) and not days[0] & days[1]:
        return False
    if ranks[0] != ranks[1] and not (ranks[0] < ranks[1] or ranks[1] < ranks[0]):
        return False
    return len(ours & theirs) >= 3 and len(ours & theirs) >= 0.7 * len(ours | theirs)


FLOOR = 0.1
"""Assigned pairs below this probability are not stored as pairs."""


def _assign(
    scored: Sequence[list[Scored]], zh: Sequence[PreparedArticle], en: Sequence[PreparedArticle]
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
        if holders and not (one.probability >= DECISION and all(_apart(one, h) for h in holders)):
            continue
        done.add(one.en)
        serves.setdefault(one.zh, []).append(one)
    pairs = []
    for holders in serves.values():
        parts = len([one for one in holders if one.probability >= DECISION]) > 1
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
