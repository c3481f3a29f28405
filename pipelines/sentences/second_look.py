"""Second look at doubtful 1-1 beads, by comparison with the sure ones.

Two sentences at the same place of their texts may be about one matter without being a translation;
a free translation looks no nearer. The other beads of the texts distinguish the two cases: beside
close translations a distant pair is none, beside free ones it may be. So each 1-1 bead that is
neither sure nor out of the question, and whose sentences would else be nulls, is judged again by a
logistic regression on: the first probabilities of the bead and of the two nulls; its centred cosine
with the mean and spread of the sure beads; its rendered words, and their rank among other
sentences'; figures and names only in English; lengths. Learnt by
`benchmarks/learn/fit_second_look.py`.
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
"""Bounds of the probabilities of 1-1 beads that are judged again."""
_SURE = 0.9
"""Probability from which a 1-1 bead is an example of its texts."""
_USUAL = (0.60, 0.12)
"""Mean and standard deviation of the sure beads' cosines, over many texts."""
_WEIGHT = 4
"""Weight of the usual values, in sure beads of the text's own."""
_MOST_LACKING, _MOST_GAP = 4, 5
"""Bounds of features, as in `features`."""
_ONE, _LOST, _NEW = (SHAPES.index(shape) for shape in ((1, 1), (1, 0), (0, 1)))


@dataclass(frozen=True, slots=True)
class Doubts:
    """Doubtful 1-1 beads of two texts: places and features.

    `alone`: share of "both sentences are nulls" in the alternatives, 0-1.
    """

    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    features: dict[str, Array]
    alone: Array


# A BLAS may raise the flag of an invalid operation although everything is finite.
@np.errstate(invalid="ignore")
def find(pair: TextPair, probable: trellis.Array) -> Doubts:
    """Return the doubtful 1-1 beads by the probabilities of all beads."""
    n, m = len(pair.zh.lengths[0]), len(pair.en.lengths[0])
    one = probable[_ONE, :n, :m]
    rows, columns = np.nonzero((one > DOUBTFUL[0]) & (one < DOUBTFUL[1]))
    p = one[rows, columns]
    # A null is the same bead at any place of the other text.
    lost, new = probable[_LOST].sum(axis=1)[rows], probable[_NEW].sum(axis=0)[columns]
    found = {
        "log_odds": _log_odds(p, 0),
        "lost": _log_odds(lost, 0.01),
        "new": _log_odds(new, 0.01),
    }
    near = np.asarray(pair.zh.centred[0] @ pair.en.centred[0].T, np.float64)
    mean, spread = _mean_and_spread(near[one > _SURE])
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
        found[f"{name}_en"] = np.minimum(lacking, _MOST_LACKING)
    lengths = pair.zh.lengths[0][rows], pair.en.lengths[0][columns]
    found["length"] = np.minimum(np.abs(length_gap(*lengths)), _MOST_GAP).astype(np.float64)
    found["zh_length"] = np.log1p(lengths[0]).astype(np.float64)
    alone = np.minimum(lost, new) / np.maximum(1 - p, 1e-9)
    return Doubts(rows, columns, found, np.minimum(alone, 1))


def second_look(pair: TextPair, probable: trellis.Array) -> Array:
    """Return the score changes of 1-1 beads by start, shape (n, m).

    A bead that may be part of a larger one keeps its score: the alternative here is two nulls.
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


def _mean_and_spread(cosines: Array) -> tuple[float, float]:
    """Return mean and standard deviation of sure cosines, smoothed by `_USUAL`."""
    usual_mean, usual_spread = _USUAL
    total = len(cosines) + _WEIGHT
    mean = (cosines.sum() + _WEIGHT * usual_mean) / total
    squares = ((cosines - mean) ** 2).sum() + _WEIGHT * usual_spread**2
    return float(mean), float(np.sqrt(squares / total))


def _log_odds(p: Array, least: float) -> Array:
    return np.asarray(np.log((p + least) / (1 + least - p)))
