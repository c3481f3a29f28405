"""Sentence alignment of two texts that may tell the same thing: what is told by what, in order.

A conditional random field over whole alignments: each possible bead gets a score from `beads`,
`trellis` sums over all ways to cut the two texts, which gives every bead a probability. How often
sentences are dropped or merged is a property of the text pair, not of the language pair (nulls are
absent from a close translation, every fifth sentence of an abridged one, and merges rule in
literature), so it is estimated from the pair itself: the expected counts of one pass set the prices
of the next, as in the EM algorithm. Before the last pass `doubts` looks again at pairs of sentences
that are neither sure nor out of the question. The result is the alignment with the most beads
expected to be right, each counted above `_WORTH`, which is what maximises the expected F1 of whole
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
after the second look at what is doubtful."""
_WORTH = 0.45
"""Half the F1 usually reached: a bead less likely than that costs more than it earns. A null counts
in precision only, so it earns half of what another bead earns."""
_MERGE_WORTH = 0.55
"""The same of merges. Where many sentences stand alone, merges that take one of them in are held
for likelier than they are: of those at a half, a third are right."""


_ONE, _LOST, _NEW = (features.SHAPES.index(shape) for shape in ((1, 1), (1, 0), (0, 1)))
_COSTS = np.array([_MERGE_WORTH if a and b and a + b > 2 else _WORTH for a, b in features.SHAPES])[
    :, None, None
]


@dataclass(frozen=True, slots=True)
class Bead:
    """Sentences that say the same: indices from 0, one side empty for what only one text says.

    `probability` is that of exactly this bead, 0-1.
    """

    zh: tuple[int, ...]
    en: tuple[int, ...]
    probability: float


def align(zh: Sequence[str], en: Sequence[str], encoder: Encoder) -> list[Bead]:
    """Return the beads of two texts, covering every sentence once and in order.

    Texts of any length: long ones are cut where both sides clearly meet, so time grows linearly.
    """
    if not zh or not en:
        # Nothing to compare with: certain, and no vectors are needed.
        return [*(Bead((i,), (), 1.0) for i in range(len(zh))),
                *(Bead((), (j,), 1.0) for j in range(len(en)))]  # fmt: skip
    if len(zh) * len(en) <= cuts.WHOLE:
        return _align_section(zh, en, encoder)
    found: list[Bead] = []
    i = j = 0
    for k, m in cuts.sections(zh, en, encoder):
        ahead = (min(k + _AHEAD, len(zh)), min(m + _AHEAD, len(en)))
        part = _align_section(zh[i : ahead[0]], en[j : ahead[1]], encoder)
        if ahead != (len(zh), len(en)):
            part = part[: _meeting(part, k - i, m - j)]
        found += [_moved(bead, i, j) for bead in part]
        i = max((bead.zh[-1] + 1 for bead in found[::-1] if bead.zh), default=0)
        j = max((bead.en[-1] + 1 for bead in found[::-1] if bead.en), default=0)
        if (i, j) == (len(zh), len(en)):
            break
    return found


_AHEAD = 60
"""Sentences read beyond a section's end, so that its last beads know what follows."""


def _meeting(part: Sequence[Bead], n: int, m: int) -> int:
    """How many beads of a section to keep: up to the last sure one that ends within n and m.

    From there the next section starts. Without a sure one, all that end within them.
    """
    inside = sure = i = j = 0
    for count, bead in enumerate(part, 1):
        i, j = i + len(bead.zh), j + len(bead.en)
        if i > n or j > m:
            break
        inside = count
        if bead.zh and bead.en and bead.probability > 0.9:
            sure = count
    return sure if sure > inside // 2 else max(inside, 1)


def _moved(bead: Bead, i: int, j: int) -> Bead:
    return Bead(tuple(at + i for at in bead.zh), tuple(at + j for at in bead.en), bead.probability)


def _align_section(zh: Sequence[str], en: Sequence[str], encoder: Encoder) -> list[Bead]:
    if not zh or not en:
        return [*(Bead((i,), (), 0.5) for i in range(len(zh))),
                *(Bead((), (j,), 0.5) for j in range(len(en)))]  # fmt: skip
    zh_spans = encode_spans(encoder, zh, features.WIDTH)
    en_spans = encode_spans(encoder, en, features.WIDTH)
    found: list[Bead] = []
    for (i, j), (k, m) in cuts.blocks(zh_spans[0], en_spans[0]):
        if i == k or j == m:
            found += [Bead((at,), (), 0.5) for at in range(i, k)]
            found += [Bead((), (at,), 0.5) for at in range(j, m)]
            continue
        pair = features.compare_texts(zh[i:k], en[j:m], _cut(zh_spans, i, k), _cut(en_spans, j, m))
        found += [_moved(bead, i, j) for bead in _align_block(pair)]
    return found


def _cut(spans: list[Vectors], start: int, end: int) -> list[Vectors]:
    """The spans of sentences start to end."""
    return [rows[start : max(start, end - k)] for k, rows in enumerate(spans)]


def _align_block(pair: features.TextPair) -> list[Bead]:
    scores, probable, prices = first_look(pair, features.load_bead_model())
    change = second_look.second_look(pair, probable)
    scores[_ONE, : change.shape[0], : change.shape[1]] += change
    probable = trellis.posteriors(scores + prices, features.SHAPES)
    # A null is the same bead wherever in the other text the path passes it.
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
    """Return every bead's score at the usual rates, its probability at the pair's own rates, and
    the prices of the shapes at the rates that these probabilities give.
    """
    scores = bead_scores(pair, model)
    kinds = [features.kind(shape) for shape in features.SHAPES]
    prices = np.zeros((len(kinds), 1, 1))
    for _ in range(_PASSES - 1):
        probable = trellis.posteriors(scores + prices, features.SHAPES)
        prices = own_prices(probable, model)[kinds][:, None, None]
    return scores, probable, prices


def bead_scores(pair: features.TextPair, model: features.BeadModel) -> trellis.Array:
    """Return the score of every bead at the usual rates, laid out as `trellis` wants it."""
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
    """Return what each of `beads.KINDS` is worth in this text pair above its usual worth."""
    counts = np.zeros(len(features.KINDS))
    for k, shape in enumerate(features.SHAPES):
        counts[features.kind(shape)] += probable[k].sum()
    usual = np.array(model.usual)
    rates = (counts + model.inertia * usual) / (counts.sum() + model.inertia)
    weights = np.array([model.weights[f"rate_{kind}"] for kind in features.KINDS])
    return np.asarray(weights * np.log(rates / usual))
