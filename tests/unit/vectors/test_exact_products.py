"""A row's product is the same bits whatever is multiplied beside it, and however much of it."""

from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from pipelines.vectors.exact_products import Blocks

SHAPES = [(512, 256), (320, 512)]
RNG = np.random.default_rng(5)
WEIGHTS = {shape: RNG.standard_normal(shape, np.float32) for shape in SHAPES}


@pytest.fixture(scope="module")
def blocks() -> Iterator[Blocks]:
    with threadpool_limits(limits=1):
        yield Blocks(SHAPES)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_row_does_not_depend_on_the_others(blocks: Blocks, shape: tuple[int, int]) -> None:
    x, keys = RNG.standard_normal((600, shape[0]), np.float32), np.arange(600) * 7 % 31
    whole = blocks.product(x, WEIGHTS[shape], keys)
    for rows in ([3], [599, 3, 17], list(range(590, 600)), list(range(1, 500, 2))):
        part = blocks.product(x[rows], WEIGHTS[shape], keys[rows])
        assert part.tobytes() == whole[rows].tobytes()


@pytest.mark.parametrize("count", [0, 1, 23, 24, 97, 400])
def test_it_is_the_matrix_product(blocks: Blocks, count: int) -> None:
    x = RNG.standard_normal((count, 512), np.float32)
    found = blocks.product(x, WEIGHTS[512, 256], np.arange(count))
    assert found.shape == (count, 256)
    assert np.allclose(found, x @ WEIGHTS[512, 256], rtol=1e-3, atol=1e-3)


def test_every_row_has_a_place_of_its_own_and_few_stay_empty(blocks: Blocks) -> None:
    places = blocks.places(np.arange(1000))
    assert len(set(places.at.tolist())) == 1000
    assert places.total <= 1000 + 24 * blocks.kinds


def test_rows_that_are_all_of_one_kind_have_places_too(blocks: Blocks) -> None:
    places = blocks.places(np.zeros(500, np.int64))
    assert len(set(places.at.tolist())) == 500
