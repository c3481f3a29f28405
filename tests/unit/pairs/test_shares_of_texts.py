"""Which sentences of one article another renders: parts, rivals, and nothing at all."""

from typing import Any

import numpy as np
import pytest

from pipelines.pairs import parts
from pipelines.pairs.coverage import Coverage


def mask(*covered: int, of: int) -> Any:
    return np.isin(np.arange(of), covered)


def coverage(zh: Any, en: Any) -> Coverage:
    best = np.where(en, 0.9, 0.1).astype(np.float32)
    return Coverage(0.6, 0.1, float(zh.mean()), float(en.mean()), 1.0, best, zh, 0.0, 0.0)


@pytest.mark.parametrize(
    ("covered", "part"),
    [
        (range(6, 10), (6, 10)),
        (range(4), None),  # from the title on: an abridgement, no item of a digest
        (range(1, 12), None),  # nearly all
        ((1, 3, 5, 7, 8, 9, 11), None),  # scattered
        ((6, 7, 9), (6, 8)),
        ((), None),
    ],
)
def test_a_part_is_a_stretch_of_one_text_without_its_title(
    covered: Any, part: tuple[int, int] | None
) -> None:
    found = parts.part_of(coverage(mask(*covered, of=12), mask(0, 1, 2, of=3)))
    assert found == (part and parts.Part("zh", *part))


@pytest.mark.parametrize(
    ("item", "of", "is_one"),
    [
        ((0,), 4, True),  # the lead is enough
        ((2, 3), 4, False),  # an end that many texts have
        ((2, 3, 4, 5), 6, True),  # an instalment that begins with words of its own
    ],
)
def test_an_item_is_rendered_with_its_lead_or_in_several_sentences(
    item: tuple[int, ...], of: int, is_one: bool
) -> None:
    found = parts.part_of(coverage(mask(*range(6, 10), of=12), mask(*item, of=of)))
    assert (found is not None) is is_one
