"""Sentence alignment of a text pair into beads.

A conditional random field over whole alignments: each possible bead gets a score from `features`,
`trellis` sums over all ways to cut the two texts, and every bead gets a probability. The rate of
dropped and merged sentences is a property of the text pair, not of the language pair (nulls are
absent from a close translation, every fifth sentence of an abridged one, and merges are common in
literature), so it is estimated from the pair itself: the expected counts of one pass set the prices
of the next, as in the EM algorithm. Before the last pass `second_look` judges again the pairs of
sentences that are neither sure nor out of the question. The result is the alignment with the most
beads expected to be right, each counted above `_LEAST`: it maximises the expected F1 of whole
beads.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.sentences import cuts, features, second_look, trellis
from pipelines.vectors.encoder import Encoder, Vectors, encode_spans

_PASSES = 3
"""Passes over a text pair: the first at the usual rates, the others at its own, the last of them
after the second look at doubtful beads."""
_LEAST = 0.45
"""Half the usual F1: a less likely bead lowers the expected F1. A null counts in precision only, so
its gain is half that of another bead."""
_LEAST_MERGE = 0.55
"""The same of merges. In texts with many nulls, merges that include a null's sentence are less
likely than their probability: of those at a half, a third are right."""
_SURE = 0.9
"""Probability of a bead at which a section of a long text may end; set by hand, not measured."""
_AHEAD = 60
"""Sentences after a section's end that are aligned too: its last beads depend on them."""
_UNKNOWN = 0.5
"""Probability of nulls opposite an empty stretch: they were not compared with anything."""

_ONE, _LOST, _NEW = (features.SHAPES.index(shape) for shape in ((1, 1), (1, 0), (0, 1)))
_COSTS = np.array([_LEAST_MERGE if a and b and a + b > 2 else _LEAST for a, b in features.SHAPES])[
    :, None, None
]


@dataclass(frozen=True, slots=True)
class Bead:
    """Sentences that are translations of each other, by index from 0.

    One side is empty for a sentence of one text only (a null). `probability` is that of exactly
    this bead, 0-1.
    """

    zh: tuple[int, ...]
    en: tuple[int, ...]
    probability: float

    def moved(self, i: int, j: int) -> "Bead":
        """Return the bead of texts with `i` and `j` more sentences before."""
        return Bead(
            tuple(at + i for at in self.zh), tuple(at + j for at in self.en), self.probability
        )


def _nulls(zh: range, en: range, probability: float) -> list[Bead]:
    return [
        *(Bead((i,), (), probability) for i in zh),
        *(Bead((), (j,), probability) for j in en),
    ]


def align(zh: Sequence[str], en: Sequence[str], encoder: Encoder) -> list[Bead]:
    """Return beads that cover every sentence of two texts, in order.

    Long texts are cut at clear matches (`cuts`), so time grows linearly.
    """
    if not zh or not en:
        # Nothing to compare with: certain, and no vectors are needed.
        return _nulls(range(len(zh)), range(len(en)), 1.0)
    if len(zh) * len(en) <= cuts.WHOLE:
        return _align_section(zh, en, encoder)
    found: list[Bead] = []
    i = j = 0
    for k, m in cuts.sections(zh, en, encoder):
        ahead = (min(k + _AHEAD, len(zh)), min(m + _AHEAD, len(en)))
        part = _align_section(zh[i : ahead[0]], en[j : ahead[1]], encoder)
        if ahead != (len(zh), len(en)):
            part = part[: _complete(part, k - i, m - j)]
        found += [bead.moved(i, j) for bead in part]
        i = max((bead.zh[-1] + 1 for bead in found[::-1] if bead.zh), default=0)
        j = max((bead.en[-1] + 1 for bead in found[::-1] if bead.en), default=0)
        if (i, j) == (len(zh), len(en)):
            break
    return found


def _complete(part: Sequence[Bead], n: int, m: int) -> int:
    """Return the number of beads up to the last sure one.

    The next section starts after it. Without a sure one, all beads that end within n and m count.
    """
    inside = sure = i = j = 0
    for count, bead in enumerate(part, 1):
        i, j = i + len(bead.zh), j + len(bead.en)
        if i > n or j > m:
            break
        inside = count
        if bead.zh and bead.en and bead.probability > _SURE:
            sure = count
    return sure if sure > inside // 2 else max(inside, 1)


def _align_section(zh: Sequence[str], en: Sequence[str], encoder: Encoder) -> list[Bead]:
    if not zh or not en:
        return _nulls(range(len(zh)), range(len(en)), _UNKNOWN)
    zh_spans = encode_spans(encoder, zh, features.WIDTH)
    en_spans = encode_spans(encoder, en, features.WIDTH)
    found: list[Bead] = []
    for (i, j), (k, m) in cuts.blocks(zh_spans[0], en_spans[0]):
        if i == k or j == m:
            found += _nulls(range(i, k), range(j, m), _UNKNOWN)
            continue
        pair = features.compare_texts(zh[i:k], en[j:m], _cut(zh_spans, i, k), _cut(en_spans, j, m))
        found += [bead.moved(i, j) for bead in _align_block(pair)]
    return found


def _cut(spans: list[Vectors], start: int, end: int) -> list[Vectors]:
    """Return the spans of sentences start to end."""
    return [rows[start : max(start, end - k)] for k, rows in enumerate(spans)]


def _align_block(pair: features.TextPair) -> list[Bead]:
    scores, probable, prices = first_look(pair, features.load_bead_model())
    change = second_look.second_look(pair, probable)
    scores[_ONE, : change.shape[0], : change.shape[1]] += change
    probable = trellis.posteriors(scores + prices, features.SHAPES)
    # A null is the same bead at any place of the other text.
    probable[_LOST] = probable[_LOST].sum(axis=1, keepdims=True)
    probable[_NEW] = probable[_NEW].sum(axis=0, keepdims=True)
    gains = np.where(np.isfinite(scores), probable, -np.inf)
    gains[[_LOST, _NEW]] /= 2
    gains -= _COSTS
    path = []
    for k, i, j in trellis.best_path(gains, features.SHAPES):
        a, b = features.SHAPES[k]
        path.append(Bead(tuple(range(i, i + a)), tuple(range(j, j + b)), float(probable[k, i, j])))
    return path


def first_look(
    pair: features.TextPair, model: features.BeadModel
) -> tuple[trellis.Array, trellis.Array, trellis.Array]:
    """Return scores, probabilities and prices of all beads before the second look.

    Scores are at the usual rates, probabilities at the pair's own; prices of the shapes are at the
    rates of these probabilities.
    """
    scores = bead_scores(pair, model)
    kinds = [features.kind(shape) for shape in features.SHAPES]
    prices = np.zeros((len(kinds), 1, 1))
    for _ in range(_PASSES - 1):
        probable = trellis.posteriors(scores + prices, features.SHAPES)
        prices = own_prices(probable, model)[kinds][:, None, None]
    return scores, probable, prices


def bead_scores(pair: features.TextPair, model: features.BeadModel) -> trellis.Array:
    """Return all beads' scores at the usual rates, in `trellis` layout."""
    n, m = len(pair.zh.lengths[0]), len(pair.en.lengths[0])
    scores = np.full((len(features.SHAPES), n + 1, m + 1), -np.inf)
    for k, shape in enumerate(features.SHAPES):
        found = features.features(pair, shape)
        if found is None:
            continue
        total: npt.NDArray[np.float64] = np.zeros(())
        constant = 0.0
        for name, value in found.items():
            if isinstance(value, float):
                constant += model.weights[name] * value
            else:
                total = total + model.weights[name] * value
        total = total + constant
        a, b = shape
        if b == 0:
            total = total[:, None]
        scores[k, : n + 1 - a, : m + 1 - b] = total
    return scores


def own_prices(probable: trellis.Array, model: features.BeadModel) -> npt.NDArray[np.float64]:
    """Return the score changes of `features.KINDS` in a text pair."""
    counts = np.zeros(len(features.KINDS))
    for k, shape in enumerate(features.SHAPES):
        counts[features.kind(shape)] += probable[k].sum()
    usual = np.array(model.usual)
    rates = (counts + model.inertia * usual) / (counts.sum() + model.inertia)
    weights = np.array([model.weights[f"rate_{kind}"] for kind in features.KINDS])
    return np.asarray(weights * np.log(rates / usual))
