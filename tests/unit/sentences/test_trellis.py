"""Sums and maxima over all alignments, checked against writing every alignment out."""

from collections.abc import Iterator

import numpy as np
import pytest

from pipelines.sentences import trellis

SHAPES = ((1, 1), (1, 2), (2, 1), (2, 2), (1, 0), (0, 1))
Step = tuple[int, int, int]


def alignments(n: int, m: int, *, canonical: bool, i: int = 0, j: int = 0) -> Iterator[list[Step]]:
    if (i, j) == (n, m):
        yield []
    for k, (a, b) in enumerate(SHAPES):
        if i + a <= n and j + b <= m:
            for rest in alignments(n, m, canonical=canonical, i=i + a, j=j + b):
                if canonical and (a, b) == (0, 1) and rest and SHAPES[rest[0][0]] == (1, 0):
                    continue
                yield [(k, i, j), *rest]


def scores(n: int, m: int) -> trellis.Array:
    values = np.random.default_rng(n * 10 + m).normal(size=(len(SHAPES), n + 1, m + 1)) * 2
    for k, (a, b) in enumerate(SHAPES):
        values[k, n + 1 - a :] = -np.inf
        values[k, :, m + 1 - b :] = -np.inf
    return values


SIZES = [(1, 1), (2, 3), (3, 4), (4, 2), (3, 0), (0, 2)]


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_posteriors_are_the_shares_of_all_alignments(n: int, m: int) -> None:
    given = scores(n, m)
    listed = list(alignments(n, m, canonical=True))
    weights = np.array([sum(given[step] for step in path) for path in listed])
    total = np.logaddexp.reduce(weights)
    expected = np.zeros_like(given)
    for path, weight in zip(listed, weights, strict=True):
        for step in path:
            expected[step] += np.exp(weight - total)
    assert np.allclose(trellis.posteriors(given, SHAPES), expected, atol=1e-9)
    assert np.isclose(trellis.total(given, SHAPES), total)


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_the_best_path_is_the_best_of_all(n: int, m: int) -> None:
    given = scores(n, m)
    found = trellis.best_path(given, SHAPES)
    best = max(sum(given[step] for step in path) for path in alignments(n, m, canonical=False))
    assert np.isclose(sum(given[step] for step in found), best)
    covered = [SHAPES[k] for k, _, _ in found]
    assert (sum(a for a, _ in covered), sum(b for _, b in covered)) == (n, m)


def test_every_sentence_is_in_exactly_one_bead() -> None:
    probable = trellis.posteriors(scores(4, 5), SHAPES)
    zh = np.zeros(4)
    for k, (a, _) in enumerate(SHAPES):
        for i in range(4 - a + 1):
            zh[i : i + a] += probable[k, i].sum()
    assert np.allclose(zh, 1)
