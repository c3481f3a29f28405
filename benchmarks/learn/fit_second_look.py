"""Learn the weights of the second look at doubtful beads: writes
pipelines/sentences/second_look.json.

    [SHIZHENG_SHARED=...] python -m benchmarks.learn.fit_second_look DOCUMENTS.jsonl [--out FILE]

DOCUMENTS holds text pairs with gold beads from which the weights of `pipelines.sentences.features`
were not learnt, as `benchmarks.learn.wmt_documents` writes them. Each is abridged several times.
A logistic regression with a little L2 learns which of the doubtful 1-1 beads are right, among those
that are right or whose two sentences are both left alone in gold.

Printed: how many of these beads would be told wrongly at a half, and the log loss of each, by the
first look and by the second; on folds of documents that the weights were not learnt from, and on
the abridged news under SHIZHENG_SHARED, of which nothing is learnt here.
"""

import argparse
import json
import os
import random
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from benchmarks.learn.sentence_sets import ROOT, Document, drop, read
from pipelines.sentences import features, second_look
from pipelines.sentences.align import first_look
from pipelines.vectors.encoder import encode_spans
from pipelines.vectors.load import load_encoder

Array = npt.NDArray[np.float64]
RATES = (0.05, 0.2)
"""Shares of beads that lose their Chinese and their English side, as in the abridged news set."""
TIMES = 6
"""Abridgements of each document."""
FOLDS = 5
PULL = 0.1
"""How weakly weights, in standard deviations, are pulled to nothing: the C of scikit-learn."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("documents", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "pipelines/sentences/second_look.json")
    args = parser.parse_args()
    with threadpool_limits(limits=1):
        documents = read(args.documents)
        groups = [_rows(_abridged(documents[fold::FOLDS])) for fold in range(FOLDS)]
        names = list(groups[0][2])
        judged = []
        for fold in range(FOLDS):
            x, y = _joined(groups[:fold] + groups[fold + 1 :])
            judged.append(_judge(groups[fold][0], learn(x, y)))
        x, y = _joined(groups)
        _report("by folds", x[:, names.index("log_odds")], np.concatenate(judged), y)
        weights = learn(x, y)
        stored = dict(zip(["bias", *names], weights.round(4).tolist(), strict=True))
        args.out.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
        if shared := os.environ.get("SHIZHENG_SHARED"):
            news = read(Path(shared) / "data" / "alignment" / "news_abridged.jsonl")
            for half in (0, 1):
                x, y, _ = _rows(news[half::2])
                first, second = x[:, names.index("log_odds")], _judge(x, weights)
                _report(f"abridged, {'odd' if half else 'even'}", first, second, y)


def _abridged(documents: Iterable[Document]) -> Iterable[Document]:
    for one in documents:
        rng = random.Random(one.name)
        for _ in range(TIMES):
            texts = drop(one.texts, rng, *RATES)
            if any(zh for zh, _ in texts) and any(en for _, en in texts):
                yield Document(one.name, texts)


def _rows(documents: Iterable[Document]) -> tuple[Array, Array, tuple[str, ...]]:
    """Return the features of all doubtful beads, labels and names.
    The label is True if the bead is right.

    Beads are left out where gold has one of the sentences in another bead.
    """
    rows, right = [], []
    names: tuple[str, ...] = ()
    for one in documents:
        zh, en = one.side(0), one.side(1)
        spans = (encode_spans(load_encoder(), side, features.WIDTH) for side in (zh, en))
        pair = features.compare_texts(zh, en, *spans)
        _, probable, _ = first_look(pair, features.load_bead_model())
        found = second_look.find(pair, probable)
        names = tuple(found.features)
        linked, lost, new = set(), set(), set()
        i = j = 0
        for ours, theirs in one.texts:
            if len(ours) == len(theirs) == 1:
                linked.add((i, j))
            elif not theirs:
                lost |= set(range(i, i + len(ours)))
            elif not ours:
                new |= set(range(j, j + len(theirs)))
            i, j = i + len(ours), j + len(theirs)
        values = np.stack(list(found.features.values()), axis=1)
        for at, (row, column) in enumerate(zip(found.rows, found.columns, strict=True)):
            if (row, column) in linked or (row in lost and column in new):
                rows.append(values[at])
                right.append((row, column) in linked)
    return np.array(rows), np.array(right, np.float64), names


def _joined(groups: list[tuple[Array, Array, tuple[str, ...]]]) -> tuple[Array, Array]:
    return np.concatenate([x for x, _, _ in groups]), np.concatenate([y for _, y, _ in groups])


def learn(x: Array, y: Array) -> Array:
    """Return the bias and the weights of a logistic regression."""
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    fitted = LogisticRegression(C=PULL, tol=1e-8, max_iter=10_000).fit((x - mean) / spread, y)
    weights = fitted.coef_[0] / spread
    return np.concatenate([fitted.intercept_ - weights @ mean, weights])


def _judge(x: Array, weights: Array) -> Array:
    return np.asarray(weights[0] + x @ weights[1:])


def _report(what: str, first: Array, second: Array, y: Array) -> None:
    print(f"{what}: {len(y)} doubtful beads, {int(len(y) - y.sum())} of them wrong")
    for look, logits in (("first", first), ("second", second)):
        taken, left = int(((logits > 0) & (y == 0)).sum()), int(((logits <= 0) & (y == 1)).sum())
        loss = (np.logaddexp(0, logits) - y * logits).mean()
        print(f"  {look} look: {taken} wrong taken, {left} right left; log loss {loss:.4f}")


if __name__ == "__main__":
    main()
