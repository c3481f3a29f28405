"""Choice of what beads are worth in an alignment, on documents no figure is reported on.

    SHIZHENG_SHARED=... python -m benchmarks.learn.choose_gains [--most N] [--half 0]

Prints the strict F1 of each set of `sentence_sets` (the even documents, as they are and altered)
for a grid of `Gains`, and at the end the mean of all sets but those whose vectors are made up. The
reported figures are of the odd documents.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from benchmarks.accuracy.alignment_sets import Beads
from benchmarks.accuracy.alignment_sets import Document as Gold
from benchmarks.accuracy.sentences import scores
from benchmarks.learn.sentence_sets import Document, sets
from pipelines.sentences import align, cuts, regimes, sections, text_pair, trellis

_NULL, _LEAST, _MERGE = (0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9), (0.4, 0.45), (0.4, 0.45, 0.5, 0.55)
_MADE_UP = ("news_drifted", "literary_drifted", "foreign")
"""Sets of which the vectors are altered, or in which most sentences have no counterpart."""

_Part = tuple[cuts.Corner, regimes.Block, trellis.Array]


def parts(document: Document) -> Iterator[_Part]:
    """Yield a document's blocks with the probabilities of their beads."""
    zh, en = document.side(0), document.side(1)
    model = regimes.load_bead_model()
    found = []
    for (i, j), (k, m) in cuts.blocks(document.spans[0][0], document.spans[1][0]):
        if i < k and j < m:
            spans = (sections.cut_spans(document.spans[0], i, k),
                     sections.cut_spans(document.spans[1], j, m))  # fmt: skip
            pair = text_pair.compare_texts(zh[i:k], en[j:m], *spans)
            found.append(((i, j), regimes.score(pair, model)))
    blocks = [block for _, block in found]
    for (corner, block), rows in zip(found, regimes.posteriors(blocks, model), strict=True):
        yield corner, block, rows.astype(np.float32)


def gold(document: Document) -> Gold:
    """Return a document with its beads by index."""
    beads: Beads = []
    i = j = 0
    for zh, en in document.texts:
        beads.append((tuple(range(i, i + len(zh))), tuple(range(j, j + len(en)))))
        i, j = i + len(zh), j + len(en)
    single = [bead for zh, en in beads for bead in _nulls(zh, en)]
    return Gold(document.name, document.side(0), document.side(1), single)


def _nulls(zh: tuple[int, ...], en: tuple[int, ...]) -> Beads:
    if zh and en:
        return [(zh, en)]
    return [*(((i,), ()) for i in zh), *(((), (j,)) for j in en)]


def beads(listed: Sequence[_Part], worth: align.Gains) -> Beads:
    """Return the alignment of a document's blocks."""
    return [
        (bead.zh, bead.en)
        for (i, j), block, rows in listed
        for bead in (one.moved(i, j) for one in align.best(rows.astype(float), block, worth))
    ]


def main() -> None:
    """Print a row for each choice."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--most", type=int, default=40, help="documents of a set")
    parser.add_argument("--half", type=int, default=0, help="0: the even documents")
    args = parser.parse_args()
    found: dict[align.Gains, dict[str, float]] = {}
    for name, documents in sets(args.half, args.most).items():
        listed = [(gold(one), [*parts(one)]) for one in documents]
        for null, least, merge in product(_NULL, _LEAST, _MERGE):
            worth = align.Gains(null, least, merge)
            ours = [beads(blocks, worth) for _, blocks in listed]
            strict, *_ = scores([one for one, _ in listed], ours)
            found.setdefault(worth, {})[name] = strict
        print(f"{name}: {max(rows[name] for rows in found.values()):.4f} at best", flush=True)
    for worth, rows in sorted(found.items(), key=lambda item: _mean(item[1])):
        listed_rows = " ".join(f"{name} {strict:.4f}" for name, strict in rows.items())
        print(f"{_mean(rows):.5f} {replace(worth)} {listed_rows}")


def _mean(rows: dict[str, float]) -> float:
    return float(np.mean([strict for name, strict in rows.items() if name not in _MADE_UP]))


if __name__ == "__main__":
    main()
