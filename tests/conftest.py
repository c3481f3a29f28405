"""Fixtures and settings of several kinds of tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from authored import write_corpus
from hypothesis import settings
from review_corpus import write_judged
from review_server import Review

# Processes of the tests find what an earlier one compiled: that is a third of their time to begin.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Sites learn who crawls them: without a contact every crawl complains.
os.environ.setdefault("SHIZHENG_CONTACT", "tests@corpus.example")

# The same examples at every run: a change is judged by what it changes. To look for new ones:
# HYPOTHESIS_PROFILE=explore python -m pytest tests/unit
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with a small finished corpus; tests only read it."""
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus to judge."""
    return write_judged(tmp_path_factory.mktemp("judged"))


@pytest.fixture(scope="module")
def review(judged: Path) -> Iterator[Review]:
    """A running review of it, entered by the printed address."""
    with Review(judged) as running:
        running.enter()
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests of whole commands and of the browser as slow."""
    for item in items:
        if {"e2e", "browser"} & set(item.path.parts):
            item.add_marker(pytest.mark.slow)
