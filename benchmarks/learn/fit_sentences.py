"""Learn the weights of the sentence aligner: writes pipelines/sentences/beads.json.

    SHIZHENG_SHARED=... python -m benchmarks.learn.fit_sentences [--out FILE] [--also FILE] \\
        [--regimes]
    SHIZHENG_SHARED=... python -m benchmarks.learn.fit_sentences --ablate [--most N] [--steps N]

Only documents at even places of each set are learnt from; the report is on the odd ones. `--also`
adds documents with gold beads (JSON Lines, as `literary.jsonl`): texts that may be read but not
kept. The likelihood of the gold alignments is maximised (L-BFGS, a little L2), the regime of each
document being a hidden variable, as `pipelines.sentences.regimes` has it: weights of features, and
each regime's prices and prior. Of the regime "free", evidence and level too; of the others these
are 1 and 0, which sets the scale.

Learning begins at the stored weights and holds the new ones near them.
docs/measurements/sentences.md has how the stored ones were made.

`--ablate` writes nothing: it learns on with all features and without each group of them.
"""

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import logsumexp

from benchmarks.learn.sentence_sets import ROOT, Document, encoded, read, sets
from pipelines.sentences import align, cuts, features, regimes, sections, text_pair, trellis
from pipelines.sentences.lengths import MOST_GAP

Array = npt.NDArray[np.float64]
FREE = "free"
"""The regime whose evidence and level are learnt."""
SETS = {
    "resplit": (1.0, 1.0), "abridged": (1.0, 1.0), "thinned": (0.6, 1.0), "literary": (1.0, 2.0),
    "literary_merged": (1.0, 1.0), "literary_drifted": (1.0, 0.7), "news_drifted": (0.6, 0.5),
    "foreign": (0.6, 0.3), "block": (0.6, 0.5), "lines": (0.7, 0.7), "merged": (0.6, 0.5),
    "mixed": (0.7, 0.7), "long": (1.0, 0.5),
}  # fmt: skip
"""Share of `--most` documents of each set that is learnt from, and the weight of a bead of it: what
is further from real texts weighs less."""
_EVIDENCE_SCALE, _LEVEL_SCALE, _USUAL_SCORE = 30, 10, 7
"""Scales at which these two are about as steep as weights, and the usual score of a sentence, by
which less evidence is made up."""
_LEAST = 1e-4
"""Share of a regime below which its gradient is nothing."""


@dataclass
class Part:
    """A block as features.
    For each shape: indices and values of features at the places where beads may start, and a mask.
    """

    size: tuple[int, int]
    shapes: tuple[trellis.Shape, ...]
    kinds: npt.NDArray[np.int64]
    values: dict[int, tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], Array | None]]
    gold: list[tuple[int, int, int]]


@dataclass
class Case:
    """A document."""

    name: str
    parts: list[Part]
    weight: float


@dataclass
class Theta:
    """All that is learnt, by name of feature and by regime."""

    weights: Array
    prices: Array
    prior: Array
    evidence: Array
    level: Array


@dataclass(frozen=True)
class Layout:
    """Places of the weights in one vector."""

    features: list[str]
    regimes: list[str]

    def pack(self, model: regimes.BeadModel) -> Array:
        """Return a model's weights as a vector."""
        free = next(one for one in model.regimes if one.name == FREE)
        level = free.level - (1 - free.evidence) * _USUAL_SCORE
        rows = [(*one.prices, one.prior) for one in model.regimes]
        return np.concatenate(
            [
                [model.weights.get(name, 0.0) for name in self.features],
                np.ravel(rows),
                [free.evidence * _EVIDENCE_SCALE, level * _LEVEL_SCALE],
            ]
        )

    def unpack(self, x: Array) -> Theta:
        """Return the weights in a vector."""
        width, count = len(self.features), len(self.regimes)
        rows = x[width:-2].reshape(count, -1)
        evidence, level = np.ones(count), np.zeros(count)
        free = self.regimes.index(FREE)
        evidence[free] = x[-2] / _EVIDENCE_SCALE
        level[free] = x[-1] / _LEVEL_SCALE + (1 - evidence[free]) * _USUAL_SCORE
        return Theta(x[:width], rows[:, :-1], rows[:, -1], evidence, level)

    def packed_slope(self, slope: Theta) -> Array:
        """Return the slopes in a vector."""
        free = self.regimes.index(FREE)
        evidence = slope.evidence[free] - _USUAL_SCORE * slope.level[free]
        rows = np.column_stack([slope.prices, slope.prior])
        return np.concatenate(
            [
                slope.weights,
                rows.ravel(),
                [evidence / _EVIDENCE_SCALE, slope.level[free] / _LEVEL_SCALE],
            ]
        )

    def model(self, x: Array) -> regimes.BeadModel:
        """Return the model of a vector."""
        theta = self.unpack(x)
        return regimes.BeadModel(
            dict(zip(self.features, theta.weights.tolist(), strict=True)),
            tuple(
                regimes.Regime(
                    name,
                    tuple(theta.prices[r].tolist()),
                    float(theta.evidence[r]),
                    float(theta.level[r]),
                    float(theta.prior[r]),
                )
                for r, name in enumerate(self.regimes)
            ),
        )


def case(document: Document, names: list[str], weight: float = 1.0) -> Case | None:
    """Return a document's features.
    None if no block has all its gold beads among the shapes."""
    zh, en = document.side(0), document.side(1)
    parts = []
    for (i, j), (k, m) in cuts.blocks(document.spans[0][0], document.spans[1][0]):
        if i == k or j == m:
            continue
        spans = (
            sections.cut_spans(document.spans[0], i, k),
            sections.cut_spans(document.spans[1], j, m),
        )
        pair = text_pair.compare_texts(zh[i:k], en[j:m], *spans)
        gold = _gold(document, (i, j), (k, m), pair.shapes)
        part = gold and _part(pair, gold, names)
        if part:
            parts.append(part)
    return Case(document.name, parts, weight) if parts else None


def _gold(
    document: Document,
    start: cuts.Corner,
    end: cuts.Corner,
    shapes: Sequence[trellis.Shape],
) -> list[tuple[int, int, int]] | None:
    """Return the gold beads of a block.
    None if one crosses its border or has no shape."""
    places = {shape: k for k, shape in enumerate(shapes)}
    gold, i, j = [], 0, 0
    for ours, theirs in document.texts:
        shape = (len(ours), len(theirs))
        if (i, j) >= start and i < end[0] + (j < end[1]) and j >= start[1]:
            if shape not in places or i + shape[0] > end[0] or j + shape[1] > end[1]:
                return None
            gold.append((places[shape], i - start[0], j - start[1]))
        i, j = i + shape[0], j + shape[1]
    size = tuple(sum(shapes[k][side] for k, _, _ in gold) for side in (0, 1))
    return gold if size == (end[0] - start[0], end[1] - start[1]) else None


def _part(
    pair: text_pair.TextPair, gold: list[tuple[int, int, int]], names: list[str]
) -> Part | None:
    n, m = len(pair.zh.lengths[0]), len(pair.en.lengths[0])
    values = {}
    for k, shape in enumerate(pair.shapes):
        found = features.features(pair, shape)
        if found is None:
            continue
        names += [name for name in found if name not in names]
        grid = (n + 1 - shape[0], m + 1 - shape[1])
        columns = [np.asarray(value, np.float32) for value in found.values()]
        if shape == (1, 0):
            columns = [column.reshape(-1, 1) for column in columns]
        stacked = np.stack([np.broadcast_to(column, grid) for column in columns], axis=-1)
        mask = None
        if max(shape) > text_pair.WIDTH:
            mask = np.where(found["length"] < MOST_GAP, 0.0, -np.inf)
        values[k] = (np.array([names.index(name) for name in found]), stacked, mask)
    for k, i, j in gold:
        if k not in values or ((mask := values[k][2]) is not None and mask[i, j] < 0):
            return None
    kinds = np.array([features.kind(shape) for shape in pair.shapes])
    return Part((n, m), pair.shapes, kinds, values, gold)


def scored(part: Part, weights: Array) -> Array:
    """Return the scores of a part's beads before any regime's prices."""
    n, m = part.size
    scores = np.full((len(part.shapes), n + 1, m + 1), -np.inf)
    for k, (index, values, mask) in part.values.items():
        a, b = part.shapes[k]
        total = values @ weights[index].astype(np.float32)
        scores[k, : n + 1 - a, : m + 1 - b] = total if mask is None else total + mask
    return scores


def loss(one: Case, theta: Theta) -> tuple[float, Theta]:
    """Return minus the log likelihood of the gold alignment, and its slopes."""
    size = sum(sum(part.size) for part in one.parts) / 2
    scores = [scored(part, theta.weights) for part in one.parts]
    gold_score = sum(
        float(rows[step])
        for part, rows in zip(one.parts, scores, strict=True)
        for step in part.gold
    )
    gold_kinds = sum(
        np.bincount(part.kinds[[k for k, _, _ in part.gold]], minlength=len(features.KINDS))
        for part in one.parts
    )
    base = theta.prior + theta.level * size
    sums = base + sum(
        trellis.total(_under(theta, rows, part), part.shapes)
        for part, rows in zip(one.parts, scores, strict=True)
    )
    gold = base + theta.evidence * gold_score + theta.prices @ gold_kinds
    share, own = np.exp(sums - logsumexp(sums)), np.exp(gold - logsumexp(gold))
    slope = Theta(
        np.zeros(len(theta.weights)),
        -own[:, None] * gold_kinds,
        share - own,
        -own * gold_score,
        (share - own) * size,
    )
    used = share > _LEAST
    for part, rows in zip(one.parts, scores, strict=True):
        probable = trellis.posteriors(_under(theta, rows, part, used), part.shapes)
        probable *= share[used, None, None, None]
        by_shape = probable.sum(axis=(2, 3))
        for r, sums_of in zip(np.flatnonzero(used), by_shape, strict=True):
            slope.prices[r] += np.bincount(part.kinds, sums_of, len(features.KINDS))
        finite = np.where(np.isfinite(rows), rows, 0)
        slope.evidence[used] += (probable * finite).sum(axis=(1, 2, 3))
        at_scores = np.tensordot(theta.evidence[used], probable, 1)
        for k, (index, values, _) in part.values.items():
            a, b = part.shapes[k]
            reach = at_scores[k, : part.size[0] + 1 - a, : part.size[1] + 1 - b]
            slope.weights[index] += np.tensordot(reach, values, 2)
        for k, i, j in part.gold:
            index, values, _ = part.values[k]
            slope.weights[index] -= float(own @ theta.evidence) * values[i, j]
    return float(logsumexp(sums) - logsumexp(gold)), slope


def _under(
    theta: Theta, scores: Array, part: Part, used: npt.NDArray[np.bool_] | slice = slice(None)
) -> Array:
    """Return the scores under each regime in use."""
    prices = theta.prices[used][:, part.kinds, None, None]
    return np.asarray(theta.evidence[used, None, None, None] * scores + prices)


def learn(
    cases: Sequence[Case],
    layout: Layout,
    start: Array,
    free: npt.NDArray[np.bool_],
    *,
    steps: int,
    pull: float = 5e-5,
) -> Array:
    """Fit the weights marked `free`; the others stay as they are.

    `pull`: what a squared distance of 1 from `start` costs, against the log loss of a bead.
    """
    count = sum(one.weight * len(part.gold) for one in cases for part in one.parts)
    with _workers(cases, layout) as summed:

        def objective(values: Array) -> tuple[float, Array]:
            whole = start.copy()
            whole[free] = values
            total, slope = summed(whole)
            away = values - start[free]
            return total / count + pull * float(away @ away), slope[free] / count + 2 * pull * away

        best = minimize(
            objective, start[free], jac=True, method="L-BFGS-B", options={"maxiter": steps}
        )
    print(f"{best.fun:.5f} a bead after {best.nit} steps", file=sys.stderr)
    found = start.copy()
    found[free] = best.x
    return found


Summed = Callable[[Array], tuple[float, Array]]
_JOBS = 2
_held: list[tuple[Sequence[Case], Layout]] = []
"""What the forked processes work on; the last entry."""


@contextmanager
def _workers(cases: Sequence[Case], layout: Layout) -> Iterator[Summed]:
    """Yield a function for the sum of all cases' losses.
    It is computed by processes that are forked with the cases."""
    _held.append((cases, layout))
    with get_context("fork").Pool(_JOBS) as pool:

        def summed(x: Array) -> tuple[float, Array]:
            parts = pool.map(_share, [(x, job) for job in range(_JOBS)])
            return sum(total for total, _ in parts), np.sum([slope for _, slope in parts], axis=0)

        yield summed


def _share(job: tuple[Array, int]) -> tuple[float, Array]:
    x, first = job
    cases, layout = _held[-1]
    total, gradient, theta = 0.0, np.zeros(len(x)), layout.unpack(x)
    for one in cases[first::_JOBS]:
        cost, slope = loss(one, theta)
        total += one.weight * cost
        gradient += one.weight * layout.packed_slope(slope)
    return total, gradient


# The report.


def strict_f1(cases: Sequence[Case], model: regimes.BeadModel, layout: Layout) -> float:
    """F1 of whole beads.
    Nulls count in precision only, wherever the path passes them."""
    weights = np.array([model.weights[name] for name in layout.features])
    hits = size = linked = linked_hits = 0
    for one in cases:
        blocks = [regimes.Block(part.shapes, scored(part, weights)) for part in one.parts]
        probable = regimes.posteriors(blocks, model)
        for part, block, rows in zip(one.parts, blocks, probable, strict=True):
            ours = {(bead.zh, bead.en) for bead in align.best(rows, block)}
            gold = {_bead(part.shapes[k], i, j) for k, i, j in part.gold}
            both = {bead for bead in gold if bead[0] and bead[1]}
            hits, size = hits + len(ours & gold), size + len(ours)
            linked, linked_hits = linked + len(both), linked_hits + len(ours & both)
    precision, recall = hits / max(size, 1), linked_hits / max(linked, 1)
    return 2 * precision * recall / max(precision + recall, 1e-9)


def _bead(shape: trellis.Shape, i: int, j: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return tuple(range(i, i + shape[0])), tuple(range(j, j + shape[1]))


GROUPS = {
    "centring": ("centred", "centred_each"),
    "margin of nulls": ("null_margin",),
    "neighbours": ("shrink", "shrink_loss", "grow", "grow_gain"),
    "length": ("length", "length_each", "short", "null_length"),
    "totals of the pair": ("more", "longer", "null_longer", "null_lacking", "null_more"),
    "figures": ("figures_zh", "figures_en", "null_figures"),
    "names": ("names_zh", "names_en"),
    "dictionary": (
        *("words_zh", "words_en", "words", "words_share", "words_one"),
        *("null_words", "null_words_margin"),
    ),
    "punctuation": ("question", "exclamation", "quote", "wordless"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--out", type=Path, default=ROOT / "pipelines/sentences/beads.json")
    parser.add_argument("--regimes", action="store_true", help="learn nothing but the regimes")
    parser.add_argument("--also", type=Path, help="more documents to learn from")
    parser.add_argument("--most", type=int, default=140, help="documents of a set to learn from")
    parser.add_argument("--held", type=int, default=60, help="documents of a set to report on")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument(
        "--ablate", action="store_true", help="refit without each group of features"
    )
    args = parser.parse_args()
    names: list[str] = []
    cases = [
        one
        for name, listed in sets(0, args.most).items()
        for document in listed[: math.ceil(args.most * SETS[name][0])]
        if (one := case(document, names, SETS[name][1]))
    ]
    if args.also:
        also = (case(encoded(one), names) for one in read(args.also))
        cases += [one for one in also if one]
    stored = regimes.load_bead_model()
    layout = Layout(names, [one.name for one in stored.regimes])
    start = layout.pack(stored)
    everything = np.ones(len(start), bool)
    if args.regimes:
        everything[: len(names)] = False
    x = learn(cases, layout, start, everything, steps=args.steps)
    if not args.ablate:
        args.out.write_text(_text(layout.model(x)), encoding="utf-8")
    held = {
        name: [one for document in listed if (one := case(document, names))]
        for name, listed in sets(1, args.held).items()
    }
    print("strict F1, held apart".ljust(28), *(f"{name[:10]:>10}" for name in held))

    def show(what: str, x: Array) -> None:
        row = (strict_f1(listed, layout.model(x), layout) for listed in held.values())
        print(what.ljust(28), *(f"{value:10.4f}" for value in row), flush=True)

    show("before", start)
    show("all features", x)
    if args.ablate:
        for group, members in GROUPS.items():
            gone = [layout.features.index(name) for name in members]
            free, bare = everything.copy(), start.copy()
            free[gone], bare[gone] = False, 0.0
            show(f"without {group}", learn(cases, layout, bare, free, steps=args.steps))


def _text(model: regimes.BeadModel) -> str:
    stored = {
        "weights": {name: round(value, 4) for name, value in model.weights.items()},
        "regimes": [
            {
                "name": one.name,
                "prices": {
                    kind: round(price, 4)
                    for kind, price in zip(features.KINDS, one.prices, strict=True)
                },
                "evidence": round(one.evidence, 4),
                "level": round(one.level, 4),
                "prior": round(one.prior, 4),
            }
            for one in model.regimes
        ],
    }
    return json.dumps(stored, indent=1) + "\n"


if __name__ == "__main__":
    main()
