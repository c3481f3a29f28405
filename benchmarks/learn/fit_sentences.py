"""Learn the weights of the sentence aligner: writes pipelines/sentences/beads.json.

    SHIZHENG_SHARED=... python -m benchmarks.learn.fit_sentences [--out FILE] [--on]
    SHIZHENG_SHARED=... python -m benchmarks.learn.fit_sentences --ablate [--most N] [--steps N]

Only documents at even places of each set are learnt from; the report is on the odd ones. The
weights maximise the likelihood of the gold alignments (L-BFGS, a little L2), the rates of nulls and
merges being estimated per text pair as `pipelines.sentences.align` does.

`--on` learns on from the stored weights and holds the new ones near them; features that have none
yet start at nothing. So the stored ones were made, several times over;
docs/measurements/sentences.md has the last steps.

`--ablate` writes nothing: it starts from the stored weights and learns on, with all features and
without each group of them.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from benchmarks.learn.sentence_sets import ROOT, Document, sets
from pipelines.sentences import features, trellis

USUAL = np.array([0.80, 0.05, 0.03, 0.055, 0.055, 0.01])
INERTIA = 4.0
KINDS = np.array([features.kind(shape) for shape in features.SHAPES])
WORTH = 0.45
Array = npt.NDArray[np.float64]


@dataclass
class Case:
    """A document as features.
    For each shape: indices and values of features at the places where beads may start."""

    name: str
    size: tuple[int, int]
    values: dict[int, tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]]
    gold: list[tuple[int, int, int]]
    rates: Array


def case(document: Document, names: list[str]) -> Case | None:
    """Return a document's features.
    None if its gold has a bead wider than any shape."""
    zh, en = document.side(0), document.side(1)
    shapes = {shape: k for k, shape in enumerate(features.SHAPES)}
    gold, i, j = [], 0, 0
    for ours, theirs in document.texts:
        shape = (len(ours), len(theirs))
        if shape not in shapes:
            return None
        gold.append((shapes[shape], i, j))
        i, j = i + shape[0], j + shape[1]
    pair = features.compare_texts(zh, en, *document.spans)
    values = {}
    for k, shape in enumerate(features.SHAPES):
        found = features.features(pair, shape)
        if found is None:
            continue
        names += [name for name in found if name not in names]
        grid = (len(zh) + 1 - shape[0], len(en) + 1 - shape[1])
        parts = [np.asarray(value, np.float32) for value in found.values()]
        if shape == (1, 0):
            parts = [part.reshape(-1, 1) for part in parts]
        stacked = np.stack([np.broadcast_to(part, grid) for part in parts], axis=-1)
        values[k] = (np.array([names.index(name) for name in found]), stacked)
    return Case(document.name, (len(zh), len(en)), values, gold, np.zeros(len(features.KINDS)))


def scored(one: Case, weights: Array, width: int) -> Array:
    n, m = one.size
    scores = np.full((len(features.SHAPES), n + 1, m + 1), -np.inf)
    prices = weights[width:] * one.rates
    for k, (index, values) in one.values.items():
        a, b = features.SHAPES[k]
        total = values @ weights[index].astype(np.float32)
        scores[k, : n + 1 - a, : m + 1 - b] = total + prices[KINDS[k]]
    return scores


def own_rates(probable: Array) -> Array:
    counts = np.bincount(KINDS, probable.sum(axis=(1, 2)), len(features.KINDS))
    return np.log((counts + INERTIA * USUAL) / (counts.sum() + INERTIA) / USUAL)


def loss(one: Case, weights: Array, width: int) -> tuple[float, Array]:
    """Return minus the log likelihood of the gold alignment, and its gradient."""
    scores = scored(one, weights, width)
    probable = trellis.posteriors(scores, features.SHAPES)
    gradient = np.zeros(len(weights))
    for k, (index, values) in one.values.items():
        a, b = features.SHAPES[k]
        share = probable[k, : one.size[0] + 1 - a, : one.size[1] + 1 - b]
        gradient[index] += np.tensordot(share, values, 2)
        gradient[width + KINDS[k]] += probable[k].sum() * one.rates[KINDS[k]]
    gold = 0.0
    for k, i, j in one.gold:
        index, values = one.values[k]
        at = values[i, j]
        gold += float(at @ weights[index]) + weights[width + KINDS[k]] * one.rates[KINDS[k]]
        gradient[index] -= at
        gradient[width + KINDS[k]] -= one.rates[KINDS[k]]
    return trellis.total(scores, features.SHAPES) - gold, gradient


def learn(
    cases: Sequence[Case],
    width: int,
    start: Array,
    free: npt.NDArray[np.bool_],
    *,
    steps: int,
    near: tuple[Array, float],
) -> Array:
    """Fit the weights marked `free`; the others are 0.
    Three rounds, each at new own rates.

    `near`: where the weights are held, and what a squared distance of 1 from there costs, against
    the log loss of a bead.
    """
    home, pull = near
    weights = np.where(free, start, 0.0)
    count = sum(len(one.gold) for one in cases)
    for one in cases:
        one.rates = np.zeros(len(features.KINDS))
    for turn in range(3):
        if turn:
            for one in cases:
                for _ in range(2 if turn == 1 else 1):
                    found = scored(one, weights, width)
                    one.rates = own_rates(trellis.posteriors(found, features.SHAPES))
        with _workers(cases, width) as summed:

            def objective(values: Array, summed: Summed = summed) -> tuple[float, Array]:
                whole = weights.copy()
                whole[free] = values
                total, gradient = summed(whole)
                away = values - home[free]
                cost = total / count + pull * float(away @ away)
                return cost, gradient[free] / count + 2 * pull * away

            best = minimize(
                objective, weights[free], jac=True, method="L-BFGS-B", options={"maxiter": steps}
            )
        weights[free] = best.x
        print(f"round {turn}: {best.fun:.5f} a bead after {best.nit} steps", file=sys.stderr)
    return weights


Summed = Callable[[Array], tuple[float, Array]]
_JOBS = 2
_held: list[tuple[Sequence[Case], int]] = []
"""What the forked processes work on; the last entry."""


@contextmanager
def _workers(cases: Sequence[Case], width: int) -> Iterator[Summed]:
    """Yield a function for the sum of all cases' losses.
    It is computed by processes that are forked with the cases."""
    _held.append((cases, width))
    with get_context("fork").Pool(_JOBS) as pool:

        def summed(weights: Array) -> tuple[float, Array]:
            parts = pool.map(_share, [(weights, job) for job in range(_JOBS)])
            return sum(total for total, _ in parts), np.sum([slope for _, slope in parts], axis=0)

        yield summed


def _share(job: tuple[Array, int]) -> tuple[float, Array]:
    weights, first = job
    cases, width = _held[-1]
    total, gradient = 0.0, np.zeros(len(weights))
    for one in cases[first::_JOBS]:
        cost, slope = loss(one, weights, width)
        total += cost
        gradient += slope
    return total, gradient


# The report.


def found(one: Case, weights: Array, width: int, passes: int = 3) -> list[tuple[int, int, int]]:
    """Decode by the first look alone, every bead counted alike.
    The weights are for this decision."""
    one.rates = np.zeros(len(features.KINDS))
    for _ in range(passes):
        scores = scored(one, weights, width)
        probable = trellis.posteriors(scores, features.SHAPES)
        one.rates = own_rates(probable)
    probable[-2] = probable[-2].sum(axis=1, keepdims=True)
    probable[-1] = probable[-1].sum(axis=0, keepdims=True)
    gains = np.where(np.isfinite(scores), probable - WORTH, -np.inf)
    return trellis.best_path(gains, features.SHAPES)


def strict_f1(cases: Sequence[Case], weights: Array, width: int, passes: int = 3) -> float:
    """F1 of whole beads.
    Nulls count in precision only, wherever the path passes them."""
    hits = size = linked = linked_hits = 0
    for one in cases:
        ours = {_bead(step) for step in found(one, weights, width, passes)}
        gold = {_bead(step) for step in one.gold}
        both = {bead for bead in gold if bead[0] and bead[1]}
        hits, size = hits + len(ours & gold), size + len(ours)
        linked, linked_hits = linked + len(both), linked_hits + len(ours & both)
    precision, recall = hits / max(size, 1), linked_hits / max(linked, 1)
    return 2 * precision * recall / max(precision + recall, 1e-9)


def _bead(step: tuple[int, int, int]) -> tuple[range, range]:
    k, i, j = step
    a, b = features.SHAPES[k]
    return range(i, i + a) if a else range(0), range(j, j + b) if b else range(0)


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
    parser.add_argument("--most", type=int, default=140, help="documents of a set to learn from")
    parser.add_argument("--held", type=int, default=160, help="documents of a set to report on")
    parser.add_argument("--steps", type=int, default=25, help="steps of each of three rounds")
    parser.add_argument("--on", action="store_true", help="learn on from the stored weights")
    parser.add_argument(
        "--ablate", action="store_true", help="refit without each group of features"
    )
    args = parser.parse_args()
    names: list[str] = []
    cases = [
        one
        for listed in sets(0, args.most).values()
        for document in listed
        if (one := case(document, names))
    ]
    width = len(names)
    start = np.zeros(width + len(features.KINDS))
    start[[names.index("centred_each"), names.index("merge")]] = 8, -1
    start[width:] = 1
    everything = np.ones(len(start), bool)
    labels = [*names, *(f"rate_{kind}" for kind in features.KINDS)]
    near = (np.zeros(len(start)), 1e-5)
    if args.ablate or args.on:
        start = np.array([features.load_bead_model().weights.get(label, 0) for label in labels])
        near = (start, 1e-4)
    weights = learn(cases, width, start, everything, steps=args.steps, near=near)
    if not args.ablate:
        stored = {
            "weights": {k: round(float(v), 4) for k, v in zip(labels, weights, strict=True)},
            "usual": USUAL.tolist(),
            "inertia": INERTIA,
        }
        args.out.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    held = {
        name: [one for document in listed if (one := case(document, names))]
        for name, listed in sets(1, args.held).items()
    }
    print("strict F1, held apart".ljust(28), *(f"{name[:10]:>10}" for name in held))

    def show(what: str, weights: Array, passes: int = 3) -> None:
        row = (strict_f1(listed, weights, width, passes) for listed in held.values())
        print(what.ljust(28), *(f"{value:10.4f}" for value in row), flush=True)

    show("all features", weights)
    show("usual rates (one pass)", weights, 1)
    if args.ablate:
        for group, members in GROUPS.items():
            free = np.array([label not in members for label in labels])
            show(
                f"without {group}", learn(cases, width, weights, free, steps=args.steps, near=near)
            )


if __name__ == "__main__":
    main()
