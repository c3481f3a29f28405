"""A real Chromium: the system's, else Playwright's own (`make browser`)."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from pipelines.report.page import write

# No sandbox: containers seldom allow one to root. The rest keeps the browser off the network.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Browser of a module's tests; each takes its own context.

    Not of the session: while it is there an event loop runs in this thread, and no other test could
    start one.
    """
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def page_url(corpus: Path) -> str:
    """The report on the authored corpus, as a file."""
    return write(corpus).as_uri()


@pytest.fixture(scope="session")
def violations() -> Callable[[Page], list[str]]:
    """What axe-core finds wrong with a page as it is shown now: rule, impact and element, a line
    for each. An empty list is an accessible page, as far as a program can tell."""
    axe = Axe()

    def found(page: Page) -> list[str]:
        return [
            f"{rule['id']} ({rule['impact']}): {' '.join(node['target'])}: {node['failureSummary']}"
            for rule in axe.run(page).response["violations"]
            for node in rule["nodes"]
        ]

    return found
