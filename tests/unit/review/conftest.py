"""A corpus to judge for each test of the review."""

from pathlib import Path

import pytest
from review_corpus import write_judged


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return write_judged(tmp_path)
