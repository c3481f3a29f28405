"""The memory of one city, for each test of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.state.visits import Visits


@pytest.fixture
def visits(tmp_path: Path) -> Iterator[Visits]:
    opened = Visits.open(tmp_path / "state/a.sqlite")
    yield opened
    opened.close()
