"""Screenshots in the documentation, made from the demo's output: `make screenshots`."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs/images"
WIDTH, HEIGHT = 1280, 720


def draw(report: Path, image: Path) -> None:
    """Draw one pair of the report, its beads open, as the README shows it."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(report.absolute().as_uri())
        pair = page.locator(".pair").first
        pair.locator("summary").first.click()
        pair.evaluate("pair => pair.scrollIntoView()")
        page.screenshot(path=image)
        browser.close()


if __name__ == "__main__":
    demo = ROOT / "demo-output/reports/index.html"
    if not demo.exists():
        sys.exit(f"{demo.relative_to(ROOT)} is not there: make demo first")
    draw(demo, IMAGES / "demo-pair.png")
