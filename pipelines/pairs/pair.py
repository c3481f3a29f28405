"""Document pairing within a city: candidates, scores, links, relations.

Similarity proposes, facts decide. The score of two articles is the log odds, learnt on generated
series (`pairing.json`), that they are linked at all; it depends on the two and on their siblings,
other members of the same series, never on unrelated articles. Siblings that tell of different
events exclude each other and share a probability. Everything else is kept: second reports of one
event, instalments and digests in either language.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipelines.facts.rarity import Rarity
from pipelines.pairs import aliases, candidates
from pipelines.pairs.comparison import FactComparison
from pipelines.pairs.coverage import COVERED, Coverage
from pipelines.pairs.model import PairModel, features, length_ratio, load_pair_model
from pipelines.pairs.prepared import PreparedArticle, Unread
from pipelines.pairs.rivals import Mask, are_parts, rivals_of
from pipelines.tables.cache import ByteCache
from pipelines.tables.vocabulary import DECISION

FLOOR = 0.1
"""Probability below which the best candidate of an article is not stored as a pair."""
_MOST = 50.0
"""Log odds that count as certain; the exponential of more would overflow."""
# The constants below are set by hand and not measured one by one.
_PLAUSIBLE = -4.0
"""Log odds from which a candidate can be a rival of others."""
_WHOLE_SENTENCES = 0.87
"""English sentences over Chinese ones, titles included, of a translation: measured on generated
series in training wording, where .85 to .87 decide 134 of 134."""
_WHOLE_LENGTH = 0.5
"""English length (over the usual) below which as many sentences are a summary."""
_PART_AHEAD = 0.7
"""Log odds by which a part of a text must explain a pair better than the whole."""
_PART_COVERED = 0.7
"""Covered share of a text from which another is no part of it."""
_HARDLY, _RENDERED = 0.15, 0.35
"""Covered share of English below which it only reports the same event: in any case, or if it has
figures of its own."""
_OWN_FIGURES = 0.1
"""Share of English figures that are not in Chinese from which they are its own."""
_MORE_SENTENCES, _MORE_LENGTH, _MORE_TOLD = 1.1, 1.2, 0.12
"""English over Chinese sentences, length over the usual, and difference of the covered shares from
which English has a part that Chinese leaves out."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate pair: positions of both articles, features, score, probability.

    The features were read from `coverage` and `comparison`. `rivals` are the odds of all rivals of
    either article; `margin` is the score above the best of them, and above no link.
    """

    zh: int
    en: int
    features: Mapping[str, float]
    coverage: Coverage = field(repr=False)
    comparison: FactComparison = field(repr=False)
    score: float = 0.0
    probability: float = 0.0
    rivals: float = 0.0
    margin: float = math.inf
    relation: str = ""

    def shared(self) -> "Scored":
        """Return the pair with its share among rivals and no link."""
        odds = math.exp(min(self.score, _MOST))
        return replace(self, probability=odds / (1 + odds + self.rivals))


@dataclass(frozen=True, slots=True)
class Pairing:
    """Links of a city's articles, and its other scored candidates."""

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
    listed.sort(key=lambda each: (-each.score, zh[each.zh].document.id))
    return [each for at, each in enumerate(listed) if at <= runners_up or each.score >= _PLAUSIBLE]


def _described(
    compared: Mapping[int, Sequence[candidates.Compared]],
    zh: Sequence[PreparedArticle],
    en: Sequence[PreparedArticle],
    place: int,
    max_days: int,
) -> list[Scored]:
    """Return one English article's comparable candidates with their features."""
    known = {other: readings for other, readings in compared.items() if readings}
    listed = []
    for other, readings in known.items():
        for coverage, facts in readings:
            values = features(zh[other], en[place], coverage, facts, max_days=max_days)
            listed.append(Scored(other, place, values, coverage, facts))
    return listed


def _scored(listed: list[Scored], model: PairModel, zh: Sequence[PreparedArticle]) -> list[Scored]:
    """Score one English article's candidates, rivals included."""
    readings: dict[int, Scored] = {}
    for each in listed:
        score = model.score(each.features)
        other = readings.get(each.zh)
        # The whole texts come first; a part must explain the pair better by far.
        if other is None or score > other.score + _PART_AHEAD:
            readings[each.zh] = replace(each, score=score)
    scored = list(readings.values())
    return _against_rivals(
        scored,
        [zh[each.zh] for each in scored],
        [each.coverage.best >= COVERED for each in scored],
        [each.coverage.zh_part < 1 for each in scored],
    )


def _against_rivals(
    scored: Sequence[Scored],
    articles: Sequence[PreparedArticle],
    masks: Sequence[Mask],
    parts: Sequence[bool],
) -> list[Scored]:
    """Set probability and margin of one article's candidates.

    `articles` are the candidates, `masks` the sentences of the one that each renders, `parts` True
    for those compared in part.
    """
    strong = [at for at, each in enumerate(scored) if each.score >= _PLAUSIBLE]
    listed = rivals_of(
        [articles[at] for at in strong], [masks[at] for at in strong], [parts[at] for at in strong]
    )
    rivals = {
        at: [strong[other] for other in others] for at, others in zip(strong, listed, strict=True)
    }
    found = []
    for at, each in enumerate(scored):
        against = [scored[other].score for other in rivals.get(at, ())]
        odds = each.rivals + sum(math.exp(min(score, _MOST)) for score in against)
        margin = min(each.margin, each.score - max(against, default=0.0), each.score)
        found.append(replace(each, rivals=odds, margin=margin).shared())
    return found


def _assign(
    scored: Sequence[list[Scored]], zh: Sequence[PreparedArticle], en: Sequence[PreparedArticle]
) -> Pairing:
    """Keep likely links, and the best other one of lone articles."""
    by_chinese: dict[int, list[Scored]] = {}
    for listed in scored:
        for each in listed:
            by_chinese.setdefault(each.zh, []).append(each)
    ranked: list[Scored] = []
    for listed in by_chinese.values():
        listed.sort(key=lambda each: en[each.en].document.id)
        ranked += _against_rivals(
            listed,
            [en[each.en] for each in listed],
            [each.coverage.zh_covered for each in listed],
            [each.coverage.en_part < 1 for each in listed],
        )
    ranked.sort(
        key=lambda each: (
            -each.probability, -each.score, en[each.en].document.id, zh[each.zh].document.id
        )
    )  # fmt: skip
    links: list[Scored] = []
    linked: set[tuple[str, int]] = set()
    for each in ranked:
        ends = {("zh", each.zh), ("en", each.en)}
        if each.probability >= DECISION or (each.probability >= FLOOR and not ends & linked):
            linked |= ends
            links.append(each)
    taken = {(each.zh, each.en) for each in links}
    pairs = _related(links, zh, en)
    pairs.sort(key=lambda each: (zh[each.zh].document.id, en[each.en].document.id))
    ranked.sort(key=lambda each: -each.score)
    unassigned = tuple(each for each in ranked if (each.zh, each.en) not in taken)
    return Pairing(tuple(pairs), unassigned)


def _related(
    links: Sequence[Scored], zh: Sequence[PreparedArticle], en: Sequence[PreparedArticle]
) -> list[Scored]:
    """Return links with their relations, by all links of both articles."""
    of_zh: dict[int, list[Mask]] = {}
    of_en: dict[int, list[Mask]] = {}
    for each in links:
        if each.probability >= DECISION:
            of_zh.setdefault(each.zh, []).append(each.coverage.zh_covered)
            of_en.setdefault(each.en, []).append(each.coverage.best >= COVERED)
    related = [
        replace(
            each,
            relation=_relation_of(
                each,
                length_ratio(zh[each.zh], en[each.en], each.coverage),
                is_part=_among_parts(each.coverage.zh_covered, of_zh.get(each.zh, ())),
                is_digest=_among_parts(each.coverage.best >= COVERED, of_en.get(each.en, ())),
            ),
        )
        for each in links
    ]
    # Of a text that has parts, what is hardly covered or seems to tell of the same event only is
    # a shorter part.
    split = {each.zh for each in related if each.relation == "part_of"}
    gathering = {each.en for each in related if each.relation == "digest"}

    def settled(each: Scored) -> str:
        brief = each.relation == "same_event"
        if each.zh in split and (brief or each.coverage.zh < _RENDERED):
            return "part_of"
        if each.en in gathering and (brief or each.coverage.en < _RENDERED):
            return "digest"
        return each.relation

    return [replace(each, relation=settled(each)) for each in related]


def _among_parts(own: Mask, every: Sequence[Mask]) -> bool:
    """Return True if another link renders another part of the article."""
    return any(are_parts(own, other) for other in every)


def _relation_of(each: Scored, ratio: float, *, is_part: bool, is_digest: bool) -> str:
    """Return the relation by coverage, sentences, figures and length (English over usual)."""
    covers = each.coverage
    if covers.zh_part < 1 or (is_part and covers.zh < _PART_COVERED):
        return "part_of"
    if covers.en_part < 1 or (is_digest and covers.en < _PART_COVERED):
        return "digest"
    own = each.comparison.numbers_missing >= _OWN_FIGURES
    if covers.en < (_RENDERED if own else _HARDLY):
        return "same_event"
    sentences = len(covers.best) / len(covers.zh_covered)
    more = sentences >= _MORE_SENTENCES and ratio >= _MORE_LENGTH
    if more and covers.zh - covers.en >= _MORE_TOLD:
        return "abridged"
    whole = sentences >= _WHOLE_SENTENCES and ratio >= _WHOLE_LENGTH
    return "translation" if whole else "abridged"
