"""Cuts of long texts: whole, in order, bounded, and at the best anchors."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from pipelines.sentences import cuts

Vectors = npt.NDArray[np.float32]


def units(count: int, seed: int, near: Vectors | None = None, noise: float = 1.0) -> Vectors:
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, 8)) * noise
    if near is not None:
        rows += near[np.arange(count) * len(near) // count]
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


class Given:
    """Encoder of sentences that are numbers of rows."""

    dim = 8

    def __init__(self, zh: Vectors, en: Vectors) -> None:
        self.rows = {f"z{n}": row for n, row in enumerate(zh)}
        self.rows |= {f"e{n}": row for n, row in enumerate(en)}

    def encode(self, sentences: list[str]) -> Vectors:
        return np.array([self.rows[name] for name in sentences], np.float32)


def area(start: tuple[int, int], end: tuple[int, int]) -> int:
    return (end[0] - start[0]) * (end[1] - start[1])


@pytest.mark.parametrize(
    ("n", "m"), [(3000, 2500), (5000, 700), (300, 4000), (2000, 2), (1, 3000), (4000, 4000)]
)
def test_sections_follow_each_other_to_the_end_of_both_texts_and_are_bounded(
    n: int, m: int
) -> None:
    zh = units(n, 1)
    en = units(m, 2, zh, 0.4)
    encoder = Given(zh, en)
    ends = cuts.sections([f"z{k}" for k in range(n)], [f"e{k}" for k in range(m)], encoder)  # type: ignore[arg-type]
    corners = [(0, 0), *ends]
    assert ends[-1] == (n, m)
    for start, end in pairwise(corners):
        assert start[0] <= end[0]
        assert start[1] <= end[1]
        assert start != end
        # Rounding makes a part a little larger than its share.
        assert area(start, end) <= 1.3 * cuts.WHOLE + max(n, m)
    # The texts run side by side, so their sections are near the diagonal.
    if min(n, m) > 1000:
        assert all(abs(i / n - j / m) < 0.1 for i, j in ends)


@pytest.mark.parametrize(("n", "m"), [(50, 40), (120, 119), (400, 380), (700, 300), (900, 900)])
@pytest.mark.parametrize("noise", [0.3, 5.0])
def test_blocks_cover_both_texts_in_order_and_are_bounded(n: int, m: int, noise: float) -> None:
    zh = units(n, 3)
    en = units(m, 4, zh, noise)
    found = list(cuts.blocks(zh, en))
    assert (found[0][0], found[-1][1]) == ((0, 0), (n, m))
    assert all(end == start for (_, end), (start, _) in pairwise(found))
    assert all(start[0] < end[0] and start[1] < end[1] for start, end in found)
    assert all(area(*block) <= 1.2 * cuts._HARD for block in found)
    if n * m <= 4 * cuts._EASY:
        assert len(found) == 1
    elif noise < 1:
        assert len(found) > 1


@pytest.mark.parametrize("seed", range(8))
def test_anchors_are_the_heaviest_chain_of_pairs_nearest_both_ways(seed: int) -> None:
    zh = units(12, seed)
    en = units(9, seed + 50, zh, 0.5)
    cosine = zh @ en.T
    row_best, margin = cuts._margins(zh, en)
    assert (row_best == cosine.argmax(axis=1)).all()
    for i in range(12):
        j = int(row_best[i])
        if int(cosine[:, j].argmax()) != i:
            assert margin[i] == -np.inf
            continue
        around = [np.sort(cosine[i])[-4:].mean(), np.sort(cosine[:, j])[-4:].mean()]
        assert margin[i] == pytest.approx(cosine[i, j] - np.mean(around), abs=1e-5)
    chain = cuts._anchors(zh, en)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(chain))
    assert all(row_best[i] == j and margin[i] > 0.2 for i, j in chain)
    usable = [(i, int(row_best[i])) for i in range(12) if margin[i] > 0.2]
    heaviest = 0.0
    for choice in range(1 << len(usable)):
        taken = [usable[k] for k in range(len(usable)) if choice >> k & 1]
        if all(a[1] < b[1] for a, b in pairwise(taken)):
            heaviest = max(heaviest, sum(margin[i] for i, _ in taken))
    assert sum(margin[i] for i, _ in chain) == pytest.approx(heaviest)


@pytest.mark.parametrize("rows", [1, 5, 12])
def test_margins_do_not_depend_on_the_rows_in_memory(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    zh, en = units(12, 1), units(9, 2)
    whole = cuts._margins(zh, en)
    monkeypatch.setattr(cuts, "_ROWS", rows)
    parts = cuts._margins(zh, en)
    assert (whole[0] == parts[0]).all()
    assert parts[1] == pytest.approx(whole[1], abs=1e-5)


def test_the_path_of_texts_without_resemblance_is_the_diagonal_and_of_others_the_likest() -> None:
    nothing = np.zeros((6, 4), np.float32)
    assert cuts._path(nothing, nothing) == [(k, k) for k in range(6)]
    rows = np.eye(6, dtype=np.float32)
    assert cuts._path(rows, rows[2:]) == [(k, k - 2) for k in range(2, 6)]
    assert cuts._path(rows[1:], rows) == [(k, k + 1) for k in range(5)]


@pytest.mark.parametrize("most", [10, 100, 10_000])
def test_equal_parts_are_of_about_the_asked_size(most: int) -> None:
    ends = cuts._in_proportion((5, 7), (65, 47), most)
    assert ends[-1] == (65, 47)
    sizes = [area(*pair) for pair in pairwise([(5, 7), *ends])]
    assert len(sizes) == min(40, max(1, int(np.ceil(np.sqrt(2400 / most)))))
    assert max(sizes) <= 3 * min(sizes)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise([(5, 7), *ends]))
    assert cuts._in_proportion((0, 0), (9, 0), most) == [(9, 0)]
