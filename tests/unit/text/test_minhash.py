"""Similar texts share a band of their MinHash signatures; texts with little in common do not."""

import random

import numpy as np
import pytest

from pipelines.text import minhash


def two_sets(rng: random.Random, size: int, shared: float) -> tuple[set[bytes], set[bytes]]:
    """Return two sets of `size` shingles in all whose Jaccard similarity is `shared`."""
    every = [rng.randbytes(12) for _ in range(size)]
    common, rest = every[: round(shared * size)], every[round(shared * size) :]
    return {*common, *rest[::2]}, {*common, *rest[1::2]}


@pytest.mark.parametrize("size", [20, 60, 300, 3_000])
def test_texts_that_share_four_fifths_are_found_and_unrelated_ones_are_not(size: int) -> None:
    rng = random.Random(size)
    found = unrelated = 0
    for _ in range(200):
        one, other = two_sets(rng, size, 0.8)
        index = minhash.Index()
        index.add(minhash.signature(one))
        found += index.near(minhash.signature(other), 50) == [0]
        unrelated += len(index.near(minhash.signature(two_sets(rng, size, 0)[0]), 50))
    assert found >= 199
    assert unrelated == 0


@pytest.mark.parametrize("shared", [0.2, 0.5, 0.8])
def test_the_share_of_equal_bins_estimates_the_jaccard_similarity(shared: float) -> None:
    rng = random.Random(7)
    estimates = []
    for _ in range(200):
        one, other = (minhash.signature(shingles) for shingles in two_sets(rng, 2_000, shared))
        estimates.append(float(minhash.similarity(one, other)))
    assert np.mean(estimates) == pytest.approx(shared, abs=0.02)
    assert np.std(estimates) < 0.08


def test_a_batch_gives_each_text_the_signature_that_it_has_alone() -> None:
    rng = np.random.default_rng(3)
    owner = np.sort(rng.integers(0, 9, 400))
    hashes = minhash.mixed(rng.integers(0, 2**63, 400, dtype=np.uint64))
    batch = minhash.signatures(hashes, owner, 10)
    for text in range(10):
        own = hashes[owner == text]
        alone = minhash.signatures(own, np.zeros(len(own), np.int64), 1)
        assert np.array_equal(batch[text], alone[0])


def test_a_text_without_shingles_has_no_key_and_meets_none() -> None:
    empty = minhash.signature([])
    assert not minhash.bands(np.stack([empty, empty])).any()
    assert list(minhash.buckets(minhash.bands(np.stack([empty, empty])))) == []
    index = minhash.Index()
    index.add(empty)
    assert index.near(empty, 50) == []


def test_buckets_are_the_rows_that_share_a_key_of_one_column() -> None:
    keys = np.array([[5, 1], [7, 5], [5, 0], [5, 0], [7, 2]], dtype=np.uint64)
    assert [bucket.tolist() for bucket in minhash.buckets(keys)] == [[0, 2, 3], [1, 4]]


def test_of_many_similar_texts_the_most_similar_come_back_in_order_of_position() -> None:
    rng = random.Random(11)
    one, near = two_sets(rng, 400, 0.9)
    far = set(sorted(one)[: len(one) * 3 // 4]) | set(two_sets(rng, 40, 0)[0])
    index = minhash.Index()
    for shingles in (*(far,) * 300, near, *(far,) * 300, one):
        index.add(minhash.signature(shingles))
    assert index.near(minhash.signature(one), 2) == [300, 601]
    assert index.near(minhash.signature(one), 4) == [0, 1, 300, 601]
