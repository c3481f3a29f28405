"""A corpus to release for each module of tests."""

from pathlib import Path

import pytest
from release_corpus import write_corpus


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))
