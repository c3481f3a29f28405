"""A second look at doubtful pairs of sentences: what are the sure ones of the same two texts like?

Where each text says something of its own at the same place, two sentences stand side by side that
tell of one matter and are not a translation; a free translation looks no nearer. What tells them
apart is the company: beside close translations a distant pair is none, beside free ones it may be.
So each 1-1 bead that is neither sure nor out of the question, and whose sentences would else be
left alone, is judged again by a logistic regression: from how likely it and the two nulls were at
the first look, from its centred cosine beside the mean and spread of the sure beads', from what a
dictionary renders and whether it renders more of no other sentence, from figures and names that
only English has, and from lengths. Learnt by `benchmarks/learn/fit_second_look.py`.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from pipelines.sentences import trellis
from pipelines.sentences.features import SHAPES, TextPair, length_gap

Array = npt.NDArray[np.float64]

DOUBTFUL = (0.01, 0.995)
"""Probabilities of 1-1 beads that are looked at again."""
_SURE = 0.9
"""Probability of a 1-1 bead that shows what such beads are like in these texts."""
_USUAL = (0.60, 0.12)
"""Mean and spread of the sure beads' cosines, over many texts."""
_WEIGHT = 4
"""How many sure beads of the texts' own the usual values weigh."""
_ONE, _LOST, _NEW = (SHAPES.index(shape) for shape in ((1, 1), (1, 0), (0, 1)))


@dataclass(frozen=True, slots=True)
class Doubts:
    """The doubtful 1-1 beads of two texts: where, and by name what speaks for or against each."""

    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    features: dict[str, Array]
    alone: Array
    """Share of "both sentences are left alone" in what else may be true, 0-1."""


# A BLAS may raise the flag of an invalid operation although everything is finite.
@np.errstate(invalid="ignore")
def find(pair: TextPair, probable: trellis.Array) -> Doubts:
    """Return the doubtful 1-1 beads, given the probabilities of all beads, laid out as scores."""
    n, m = len(pair.zh.lengths[0]), len(pair.en.lengths[0])
    one = probable[_ONE, :n, :m]
    rows, columns = np.nonzero((one > DOUBTFUL[0]) & (one < DOUBTFUL[1]))
    p = one[rows, columns]
    # A null is the same bead wherever in the other text the path passes it.
    lost, new = probable[_LOST].sum(axis=1)[rows], probable[_NEW].sum(axis=0)[columns]
    found = {
        "log_odds": _log_odds(p, 0),
        "lost": _log_odds(lost, 0.01),
        "new": _log_odds(new, 0.01),
    }
    near = np.asarray(pair.zh.centred[0] @ pair.en.centred[0].T, np.float64)
    mean, spread = _company(near[one > _SURE])
    found |= {
        "centred": near[rows, columns],
        "centred_mean": np.full(len(p), mean),
        "centred_spread": np.full(len(p), spread),
    }
    own = pair.share[rows, columns]
    first = (own >= pair.share.max(axis=1)[rows]) & (own >= pair.share.max(axis=0)[columns])
    found |= {"words": own.astype(np.float64), "words_first": first.astype(np.float64)}
    for name, zh_bag, en_bag, weights in (
        ("figures", pair.zh.figures[0], pair.en.figures[0], pair.figure_weights),
        ("names", pair.zh.names[0], pair.en.names[0], pair.name_weights),
    ):
        lacking = ((1 - zh_bag[rows]) * en_bag[columns] * weights).sum(axis=1, dtype=np.float64)
        found[f"{name}_en"] = np.minimum(lacking, 4)
    lengths = pair.zh.lengths[0][rows], pair.en.lengths[0][columns]
    found["length"] = np.minimum(np.abs(length_gap(*lengths)), 5).astype(np.float64)
    found["zh_length"] = np.log1p(lengths[0]).astype(np.float64)
    alone = np.minimum(lost, new) / np.maximum(1 - p, 1e-9)
    return Doubts(rows, columns, found, np.minimum(alone, 1))


def second_look(pair: TextPair, probable: trellis.Array) -> Array:
    """Return what to add to the scores of the 1-1 beads, by where they start, shape (n, m).

    What may be part of a larger bead instead keeps its score: that was not asked.
    """
    weights, doubts = _weights(), find(pair, probable)
    judged = np.full(len(doubts.rows), weights["bias"])
    for name, values in doubts.features.items():
        judged += weights[name] * values
    change = np.zeros((len(pair.zh.lengths[0]), len(pair.en.lengths[0])))
    change[doubts.rows, doubts.columns] = (judged - doubts.features["log_odds"]) * doubts.alone
    return change


@cache
def _weights() -> dict[str, float]:
    path = resources.files("pipelines.sentences") / "second_look.json"
    stored: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    return stored


def _company(cosines: Array) -> tuple[float, float]:
    """Mean and spread of the sure beads' cosines, the usual ones counting as a few more."""
    mean, spread = _USUAL
    total = len(cosines) + _WEIGHT
    own = (cosines.sum() + _WEIGHT * mean) / total
    around = ((cosines - own) ** 2).sum() + _WEIGHT * spread**2
    return float(own), float(np.sqrt(around / total))


def _log_odds(p: Array, least: float) -> Array:
    return np.asarray(np.log((p + least) / (1 + least - p)))
