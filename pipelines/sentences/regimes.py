"""Regimes: how two texts relate, and the price of each bead.

No single price of leaving a sentence alone serves both abridged news and literature full of merges.
A price estimated from the very alignment that it decides runs away: sentences left alone make it
cheaper to leave more alone. So there are a few fixed regimes, each with its own prices, and a text
pair's regime is a hidden variable: its probability follows from the sum over all alignments under
it. In a free translation all similarity is weaker, which is no sign that anything was left out:
that regime trusts the evidence less, and expects less of it (`evidence`, `level`).

Learnt, with the weights of features, by `benchmarks/learn/fit_sentences.py`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from pipelines.sentences import features, text_pair, trellis
from pipelines.sentences.lengths import MOST_GAP
from pipelines.sentences.trellis import Array, Shape

_LEAST = 0.02
"""Probability below which a regime is left out: it would cost time and change nothing."""


@dataclass(frozen=True, slots=True)
class Regime:
    """One way two texts relate.

    `prices`: added to beads by `features.KINDS`; `evidence`: factor of all scores; `level`: what is
    expected of a pair of sentences besides; `prior`: log weight.
    """

    name: str
    prices: tuple[float, ...]
    evidence: float
    level: float
    prior: float

    def scores(self, scores: Array, shapes: Sequence[Shape]) -> Array:
        """Return the scores of beads under this regime."""
        return np.asarray(self.evidence * scores + self.listed(shapes)[:, None, None])

    def listed(self, shapes: Sequence[Shape]) -> Array:
        """Return the price of each shape."""
        return np.array([self.prices[features.kind(shape)] for shape in shapes])


@dataclass(frozen=True, slots=True)
class BeadModel:
    """Weights by feature, and the regimes."""

    weights: Mapping[str, float]
    regimes: tuple[Regime, ...]


@cache
def load_bead_model() -> BeadModel:
    """Return the model of the package."""
    path = resources.files("pipelines.sentences") / "beads.json"
    return read_bead_model(path.read_text(encoding="utf-8"))


def read_bead_model(text: str) -> BeadModel:
    """Return a model from its JSON."""
    stored = json.loads(text)
    return BeadModel(
        stored["weights"],
        tuple(
            Regime(
                one["name"],
                tuple(one["prices"][kind] for kind in features.KINDS),
                one["evidence"],
                one["level"],
                one["prior"],
            )
            for one in stored["regimes"]
        ),
    )


@dataclass(frozen=True, slots=True)
class Block:
    """Scores of all beads of one part, in `trellis` layout."""

    shapes: tuple[Shape, ...]
    scores: Array

    @property
    def sentences(self) -> float:
        """Mean number of sentences of both sides."""
        return float(sum(self.scores.shape[1:]) - 2) / 2


def score(pair: text_pair.TextPair, model: BeadModel) -> Block:
    """Return the scores of all beads before any regime's prices."""
    n, m = len(pair.zh.lengths[0]), len(pair.en.lengths[0])
    scores = np.full((len(pair.shapes), n + 1, m + 1), -np.inf)
    for k, shape in enumerate(pair.shapes):
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
        if max(a, b) > text_pair.WIDTH:
            total = np.where(found["length"] < MOST_GAP, total, -np.inf)
        scores[k, : n + 1 - a, : m + 1 - b] = total
    return Block(pair.shapes, scores)


def posteriors(blocks: Sequence[Block], model: BeadModel) -> list[Array]:
    """Return the probability of every bead of one text pair.

    All blocks share the regime; the probabilities are means over the regimes.
    """
    size = sum(block.sentences for block in blocks)
    sums = np.array([one.prior + one.level * size for one in model.regimes])
    evidence = np.array([one.evidence for one in model.regimes])
    for b in blocks:
        prices = np.array([one.listed(b.shapes) for one in model.regimes])
        sums += trellis.totals(b.scores, b.shapes, evidence, prices)
    shares = np.exp(sums - sums.max())
    shares[shares < _LEAST * shares.sum()] = 0
    shares /= shares.sum()
    return [
        sum(
            (
                share * trellis.posteriors(one.scores(b.scores, b.shapes), b.shapes)
                for share, one in zip(shares.tolist(), model.regimes, strict=True)
                if share
            ),
            np.zeros_like(b.scores),
        )
        for b in blocks
    ]
