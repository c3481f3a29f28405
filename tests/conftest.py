"""What several kinds of tests share."""

from pathlib import Path

import pytest
from authored import write_corpus


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with a small finished corpus; tests only read it."""
    return write_corpus(tmp_path_factory.mktemp("corpus"))
