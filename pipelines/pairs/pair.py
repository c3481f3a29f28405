"""Document pairing within a city: candidates, scores, assignment, relations.

Similarity proposes, facts decide. Each English article chooses among its Chinese candidates and no
counterpart at all; a probability is a share of that choice (a conditional logit whose weights were
learnt on generated series, see `pairing.json`). English editions are the scarce side, and several
English instalments may render one Chinese article, never the other way round.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pipelines.facts.rarity import Rarity
from pipelines.pairs import aliases, candidates
from pipelines.pairs.comparison import FactComparison
from pipelines.pairs.coverage import Coverage
from pipelines.pairs.model import PairModel, features, length_ratio, load_pair_model
from pipelines.pairs.prepared import PreparedArticle, Unread
from pipelines.tables.cache import ByteCache
from pipelines.tables.vocabulary import DECISION

FLOOR = 0.1
"""Probability below which an assigned pair is not stored as a pair."""
_RIVALS = 3
"""Other candidates with the best cosines, the rivals at each English sentence."""

# The constants below are set by hand and not measured one by one.
_TWINS_RANKED = 12
_TWIN_PROBABILITY = 0.001
"""Candidates by rank, and their least probability, among which twins of the best are looked for."""
_TWIN_COSINE = 0.9
"""Cosine of twins' mean vectors."""
_TWIN_FACTS, _TWIN_SHARE = 3, 0.7
"""Common facts of twins: at least so many, and this share of all facts of both."""
_PART_SENTENCES, _PART_OVERLAP = 2, 0.34
"""Instalments cover at least so many Chinese sentences each, and share at most this part of the
shorter one's."""
_WHOLE_LENGTH, _WHOLE_COVERED = 0.8, 0.35
"""English length (over the usual) and covered share of Chinese from which a text is translated."""
_SHORT_LENGTH, _SHORT_COVERED = 0.65, 0.8
"""The same of a concise translation."""
_RENDERED = 0.3
"""Covered share of English below which it only reports the same event."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate pair: positions of both articles, features, score, probability.

    The features were read from `coverage` and `comparison`. `margin` is the score above the best
    other candidate of the English article.
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
    """Assigned pairs of a city, and its other scored candidates."""

    pairs: tuple[Scored, ...]
    unassigned: tuple[Scored, ...]


def pair(
    zh: Sequence[PreparedArticle],
    en: Sequence[PreparedArticle],
    *,
    max_days: int = 60,
    model: PairModel | None = None,
    runners_up: int | None = None,
    cache: ByteCache | None = None,
    learning: bool = True,
    unread: list[Unread] | None = None,
) -> Pairing:
    """Pair the articles of one city.

    `max_days`: the usual delay of English at most, a soft prior. `runners_up`: candidates of an
    English article that are returned beside its pair, with any that could have been the pair
    (None: all). Candidates whose comparison is valid in `cache` are not read, and their
    `comparison` has no remarks. With `learning`, names that confident pairs teach
    (`pipelines.pairs.aliases`) are used where they apply. Articles that cannot be compared are no
    candidates and are added to `unread`; without that list the error is raised. The order of the
    articles does not matter: ties go to the smaller id.
    """
    model = model or load_pair_model()
    found = candidates.find(zh, en)
    rarities = (
        Rarity.of(article.keys for article in zh),
        Rarity.of(article.keys for article in en),
    )

    def scored(places: Sequence[int], known: Mapping[str, str]) -> list[list[Scored]]:
        choices = ((en[at], [zh[other] for other in found[at]]) for at in places)
        compared = candidates.compare_candidates(choices, rarities, cache, known, unread)
        described = (
            _described(dict(zip(found[at], results, strict=True)), zh, en, at, max_days)
            for at, results in zip(places, compared, strict=True)
        )
        return [_best(_scored(listed, model, zh), zh, runners_up) for listed in described]

    lists = scored(range(len(en)), {})
    pairing = _assign(lists, zh, en)
    certain = [each for each in pairing.pairs if each.probability >= aliases.CERTAIN]
    learnt = aliases.learn((zh[each.zh], en[each.en]) for each in certain) if learning else {}
    affected = [at for at, article in enumerate(en) if learnt and aliases.used(article, learnt)]
    if not affected:
        return pairing
    for at, listed in zip(affected, scored(affected, learnt), strict=True):
        lists[at] = listed
    return _assign(lists, zh, en)


def decide(
    described: Iterable[list[Scored]],
    zh: Sequence[PreparedArticle],
    en: Sequence[PreparedArticle],
    model: PairModel | None = None,
    runners_up: int | None = None,
) -> Pairing:
    """Score and assign candidates with known features, one list per English article."""
    model = model or load_pair_model()
    scored = (_scored(listed, model, zh) for listed in described)
    return _assign([_best(listed, zh, runners_up) for listed in scored], zh, en)


def _best(
    listed: list[Scored], zh: Sequence[PreparedArticle], runners_up: int | None
) -> list[Scored]:
    """Drop candidates that can become neither pair nor runner-up.

    All candidates of a large city would fill the memory.
    """
    if runners_up is None:
        return listed
    listed.sort(key=lambda each: (-each.probability, -each.score, zh[each.zh].document.id))
    return [each for at, each in enumerate(listed) if at <= runners_up or each.probability >= FLOOR]


def _described(
    compared: Mapping[int, candidates.Compared | None],
    zh: Sequence[PreparedArticle],
    en: Sequence[PreparedArticle],
    place: int,
    max_days: int,
) -> list[Scored]:
    """Return one English article's comparable candidates with their features."""
    known = {other: result for other, result in compared.items() if result is not None}
    ahead = _ahead_of_rivals([coverage for coverage, _ in known.values()], en[place])
    listed = []
    for (other, (coverage, facts)), gap in zip(known.items(), ahead, strict=True):
        values = features(zh[other], en[place], coverage, facts, ahead=gap, max_days=max_days)
        listed.append(Scored(other, place, values, coverage, facts))
    return listed


def _ahead_of_rivals(covers: Sequence[Coverage], en: PreparedArticle) -> list[float]:
    """Return each candidate's lead in cosine over its rivals.

    The lead is a weighted mean over English sentences. Members of a series share most sentences;
    the others distinguish them.
    """
    if len(covers) < 2:
        return [0.0] * len(covers)
    best = np.array([coverage.best for coverage in covers])
    others = min(_RIVALS, len(best) - 1)
    top = np.sort(best, axis=0)[-others - 1 :]
    # Of the best values, those that remain when a candidate's own is taken out.
    own = (top == best[:, None]).argmax(axis=1)
    remaining = [np.where(at < own, top[at], top[at + 1]) for at in range(others)]
    rivals = np.stack(remaining).mean(axis=0)
    weights = en.sentences.weights
    return [float(row @ weights) for row in best - rivals]


def _scored(listed: list[Scored], model: PairModel, zh: Sequence[PreparedArticle]) -> list[Scored]:
    """Score one English article's candidates; share the choice among them and none.

    Of candidates that report the same thing twice the best takes the shares of all.
    """
    scores = [model.score(each.features) for each in listed]
    peak = max([0.0, *scores])
    total = math.exp(-peak) + sum(math.exp(score - peak) for score in scores)
    shares = [math.exp(score - peak) / total for score in scores]
    ranked = sorted(range(len(listed)), key=lambda at: (-scores[at], zh[listed[at].zh].document.id))
    twins = _twins_of_best(ranked, shares, [zh[each.zh] for each in listed])
    if twins:
        shares[ranked[0]] += sum(shares[other] for other in sorted(twins))
    for other in twins:
        shares[other] = 0.0
    found = []
    for at, each in enumerate(listed):
        ignored = {at, *twins} if at == ranked[0] else {at}
        best = max((s for other, s in enumerate(scores) if other not in ignored), default=0.0)
        found.append(
            replace(each, score=scores[at], probability=shares[at], margin=scores[at] - best)
        )
    return found


def _twins_of_best(
    ranked: Sequence[int], shares: Sequence[float], zh: Sequence[PreparedArticle]
) -> list[int]:
    """Return the candidates that report the same as the best one."""
    near = [at for at in ranked[1:_TWINS_RANKED] if shares[at] > _TWIN_PROBABILITY]
    return [at for at in near if _are_twins(zh[ranked[0]], zh[at])]


def _are_twins(first: PreparedArticle, second: PreparedArticle) -> bool:
    """Return True for similar Chinese articles with the same rare facts.

    Members of a series are as alike, but their facts differ.
    """
    if float(first.vector.astype(np.float32) @ second.vector) < _TWIN_COSINE:
        return False
    own, other = set(first.keys), set(second.keys)
    days, other_days = _of_kind(own, "day"), _of_kind(other, "day")
    ranks, other_ranks = _of_kind(own, "ordinal"), _of_kind(other, "ordinal")
    if days and other_days and not days & other_days:
        return False
    if not (ranks <= other_ranks or other_ranks <= ranks):
        return False
    shared = len(own & other)
    return shared >= _TWIN_FACTS and shared >= _TWIN_SHARE * len(own | other)


def _of_kind(keys: set[tuple[str, ...]], kind: str) -> set[tuple[str, ...]]:
    return {key for key in keys if key[0] == kind}


def _assign(
    scored: Sequence[list[Scored]], zh: Sequence[PreparedArticle], en: Sequence[PreparedArticle]
) -> Pairing:
    """Assign each English article at most one Chinese one, best first.

    A Chinese article gets a second English one only if they render different parts of it.
    """
    ranked = [each for listed in scored for each in listed]
    ranked.sort(
        key=lambda each: (
            -each.probability, -each.score, en[each.en].document.id, zh[each.zh].document.id
        )
    )  # fmt: skip
    done: set[int] = set()
    by_chinese: dict[int, list[Scored]] = {}
    for each in ranked:
        if each.probability < FLOOR or each.en in done:
            continue
        earlier = by_chinese.setdefault(each.zh, [])
        if not earlier or (
            each.probability >= DECISION and all(_are_parts(each, other) for other in earlier)
        ):
            done.add(each.en)
            earlier.append(each)
    pairs = [
        replace(each, relation=_relation_of(each, assigned, zh, en))
        for assigned in by_chinese.values()
        for each in assigned
    ]
    taken = {(each.zh, each.en) for each in pairs}
    pairs.sort(key=lambda each: (zh[each.zh].document.id, en[each.en].document.id))
    unassigned = tuple(each for each in ranked if (each.zh, each.en) not in taken)
    return Pairing(tuple(pairs), unassigned)


def _relation_of(
    each: Scored,
    assigned: Sequence[Scored],
    zh: Sequence[PreparedArticle],
    en: Sequence[PreparedArticle],
) -> str:
    if sum(other.probability >= DECISION for other in assigned) > 1:
        return "part_of"
    return relation(each.coverage, length_ratio(zh[each.zh], en[each.en]))


def _are_parts(first: Scored, second: Scored) -> bool:
    """Return True if two English articles render different Chinese parts."""
    parts = first.coverage.zh_covered[1:], second.coverage.zh_covered[1:]
    fewer = min(int(parts[0].sum()), int(parts[1].sum()))
    shared = int((parts[0] & parts[1]).sum())
    return fewer >= _PART_SENTENCES and shared <= _PART_OVERLAP * fewer


def relation(coverage: Coverage, ratio: float) -> str:
    """Return the relation by coverage each way and length (English over usual)."""
    if coverage.en < _RENDERED:
        return "same_event"
    whole = ratio >= _WHOLE_LENGTH and coverage.zh >= _WHOLE_COVERED
    if whole or (ratio >= _SHORT_LENGTH and coverage.zh >= _SHORT_COVERED):
        return "translation"
    return "abridged"
