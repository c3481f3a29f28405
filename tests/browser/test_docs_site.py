"""The documentation's site: built without a warning, and its search answers newcomers."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from loopback import files_of
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]

SHOWN = 5
"""Pages in the list of results that a reader sees without scrolling."""

QUESTIONS = {
    "how do I add a city": ("first-city", "contributing"),
    "export to tsv": ("load-filter-cite",),
    "cite a release": ("load-filter-cite", "releases"),
    "load with polars": ("for-researchers", "load-filter-cite"),
    "split train test": ("for-researchers", "load-filter-cite", "releases"),
    "blocked_challenge": ("crawling",),
    "SHIZHENG_CONTACT": ("overview", "first-corpus", "first-city", "contributing", "operating"),
    "exit codes": ("commands", "overview", "operating"),
    "what is a bead": ("first-corpus", "load-filter-cite", "sentences"),
    "machine translated English": ("releases", "load-filter-cite", "for-researchers", "overview"),
    "run every night systemd": ("operating",),
    "wayback common crawl backfill": ("ten-years", "archives", "commands"),
}
"""Questions as newcomers type them, and the pages that answer."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site, built strictly, on a port of this machine."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT, check=False, capture_output=True, text=True,
        env={"PATH": "", "NO_MKDOCS_2_WARNING": "1", "NO_COLOR": "1"},
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    with files_of(folder) as address:
        yield address


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield page
    page.close()


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_search_answers_in_one_step(question: str, site: str, page: Page) -> None:
    page.goto(f"{site}/index.html?q={quote(question)}")
    results = page.locator(".md-search-result__item > a.md-search-result__link")
    results.first.wait_for(state="attached")
    page.wait_for_timeout(200)
    found = results.evaluate_all("links => links.map(link => link.pathname)")
    found = list(dict.fromkeys(found))[:SHOWN]
    answers = {f"/{name}.html" for name in QUESTIONS[question]}
    assert any(path.endswith(tuple(answers)) for path in found), found


@pytest.mark.parametrize("width", [1280, 390])
def test_the_site_asks_no_other_host_and_fits(width: int, site: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}/tutorial/first-city.html")
    assert [url for url in asked if not url.startswith((site, "data:"))] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()
