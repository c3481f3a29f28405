"""Lists in shapes of many systems, written for these tests: pagers, scripts, data, frames.

`list_shapes.json` has an object for each: the families that read it, its address and text, and what
they find: at least the further pages `more`, and if given, the number of links and their dates.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from crawler.cms import FAMILIES

SHAPES = json.loads((Path(__file__).parent / "list_shapes.json").read_text(encoding="utf-8"))
CASES = [(shape, family) for shape in SHAPES for family in shape["families"]]
MANY = 130
"""Further pages above which one of these lists was misread: the longest has 120."""


@pytest.mark.parametrize(
    ("shape", "family"), CASES, ids=[f"{shape['name']}-{family}" for shape, family in CASES]
)
def test_a_list_is_read_on(shape: dict[str, Any], family: str) -> None:
    listing = FAMILIES[family].read_list(shape["text"], shape["url"])
    assert set(shape["more"]) <= set(listing.more)
    assert len(listing.more) <= MANY
    if shape["links"] is not None:
        assert len(listing.links) == shape["links"]
    if shape["dates"] is not None:
        assert [str(link.date) for link in listing.links] == shape["dates"]
