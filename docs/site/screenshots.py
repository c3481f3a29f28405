"""Screenshots in the documentation, made from the demo's output: `make screenshots`."""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from crawler.city_file import load_cities
from pipelines.release import build
from pipelines.release.content.selection import Thresholds
from pipelines.terminal import progress

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs/images"
WIDTH, HEIGHT = 1280, 720


@contextmanager
def chromium() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def draw(report: Path, image: Path) -> None:
    """Draw one pair of the report, its beads open, as the README shows it."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(report.absolute().as_uri())
        pair = page.locator(".pair").first
        pair.locator("summary").first.click()
        pair.evaluate("pair => pair.scrollIntoView()")
        page.screenshot(path=image)


def draw_site(output: Path, image: Path) -> None:
    """Draw the site of a release: sentences that were searched."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        corpus = shutil.copytree(
            output, Path(folder) / "corpus", ignore=shutil.ignore_patterns("releases", "vectors")
        )
        order = build.Order("1.0.0", Thresholds(), formats=("site",))
        with progress() as tracker:
            made = build.build(corpus, order, load_cities(corpus / "cities"), tracker)
        page = browser.new_page(viewport={"width": 900, "height": HEIGHT})
        address = (made.folder / "site" / "index.html").as_uri()
        page.goto(f"{address}?q=typhoon&in=sentences")
        page.locator("#list mark").first.wait_for()
        page.locator("#pairs").evaluate("part => part.scrollIntoView()")
        page.screenshot(path=image)


def draw_review(output: Path, images: Path) -> None:
    """Draw the pages of `shizheng review` as a reviewer goes through them."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        corpus = shutil.copytree(output, Path(folder) / "corpus")
        shutil.rmtree(corpus / "reviews", ignore_errors=True)
        with reviewing(corpus) as url:
            context = browser.new_context(
                viewport={"width": WIDTH, "height": 900}, locale="en-GB"
            )  # fmt: skip
            page = context.new_page()
            page.goto(url)
            page.screenshot(path=images / "review-start.png", full_page=True)
            for name, keys in (("anna", "112141"), ("bo", "122151")):
                begin(page, url, name, "stratified")
                if name == "anna":
                    page.screenshot(path=images / "review-judge.png")
                    correct(page, images / "review-correct.png")
                for place, key in enumerate(keys, 1):
                    press(page, key, place)
            origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
            page.goto(f"{origin}/progress?reviewer=cleo")
            page.screenshot(path=images / "review-progress.png")
            page.get_by_role("link", name="Settle them").click()
            page.screenshot(path=images / "review-settle.png")
            begin(page, url, "anna", "unmatched")
            page.screenshot(path=images / "review-unmatched.png")
            phone = browser.new_context(
                viewport={"width": 390, "height": 844}, locale="zh-CN", is_mobile=True
            )  # fmt: skip
            small = phone.new_page()
            small.goto(url)
            begin(small, url, "安娜", "stratified")
            small.screenshot(path=images / "review-phone.png")


@contextmanager
def reviewing(corpus: Path) -> Iterator[str]:
    """Serve a corpus to be judged; yield the address."""
    command = [sys.executable, "-m", "pipelines.cli", "review", "--output", corpus, "--json"]
    server = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, cwd=ROOT)
    try:
        text = b""
        while not text.endswith(b"}\n"):
            text += server.stdout.readline() if server.stdout else b""
        yield json.loads(text)["url"]
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)


def begin(page: Page, url: str, name: str, kind: str) -> None:
    """Begin a plan on the first page."""
    page.goto(url)
    page.locator("input[name=reviewer]").first.fill(name)
    page.locator(f"input[value={kind}]").check()
    page.locator("input[name=size]").fill("12")
    page.locator("form.begin button").click()
    page.wait_for_url("**/judge/**")


def press(page: Page, key: str, then: int) -> None:
    page.keyboard.press(key)
    page.locator(f'.task[data-place="{then}"]').wait_for(state="attached")


def correct(page: Page, image: Path) -> None:
    """Draw the editor of two beads, and leave it."""
    for key in ("ArrowDown", "e"):
        page.keyboard.press(key)
    page.get_by_role("link", name="Take in the next bead").click()
    page.locator('#editor input[name=beads][value="2"]').wait_for(state="attached")
    page.screenshot(path=image)
    page.get_by_role("link", name="Cancel").click()
    page.locator("#verdict").wait_for()


if __name__ == "__main__":
    demo = ROOT / "demo-output/reports/index.html"
    if not demo.exists():
        sys.exit(f"{demo.relative_to(ROOT)} is not there: make demo first")
    draw(demo, IMAGES / "demo-pair.png")
    draw_site(demo.parents[1], IMAGES / "release-site.png")
    draw_review(demo.parents[1], IMAGES)
