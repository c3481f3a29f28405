"""Waiting times and bytes of a large release's site, in Chromium.

`python -m benchmarks.cost.site_scale [--pairs 100000] [--beads 5]`: a release of twenty cities over
ten years is written with articles that have nothing but titles, pairs and beads of each, and its
site made and served on loopback. For the first view, searches of titles and sentences, a month and
a pair: milliseconds until the list is shown, files and kilobytes read.
"""

import argparse
import functools
import http.server
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.cost.release_scale import pool
from benchmarks.cost.report_scale import table
from pipelines.release.about.statistics import Statistics
from pipelines.release.formats import site
from pipelines.release.shards import Shards
from pipelines.release.snapshot import Snapshot
from pipelines.release.tables import ARTICLES, LAYOUTS, PAIRS, SENTENCES, WHOLE

CITIES, DAYS = 20, 3650
FIRST = datetime(2014, 1, 1, 1, tzinfo=UTC)


def write_release(folder: Path, pairs: int, beads: int) -> Snapshot:
    """Write the tables that a site is made from."""
    draw = random.Random(7)
    chinese, english = pool(draw, 5000)
    zh, en = [said[:28] for said in chinese], [said[:60] for said in english]
    each = pairs // CITIES
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(Shards(folder / "data" / name, LAYOUTS[name]))
            for name in LAYOUTS
        }
        for number in range(CITIES):
            city = f"city{number:02d}"
            days = [FIRST + timedelta(days=draw.randrange(DAYS)) for _ in range(each)]
            ids = [f"{city}-{n}" for n in range(each)]
            titles = {side: draw.choices(said, k=each) for side, said in (("zh", zh), ("en", en))}
            links = {side: [f"http://{side}.{city}.example/{n}.html" for n in range(each)]
                     for side in titles}  # fmt: skip
            for side, said in titles.items():
                rows = table(
                    ARTICLES, each, article_id=[f"{side}{one}" for one in ids], city=city,
                    lang=side, title=said, url=links[side], published_at=days, held="metadata",
                    split=WHOLE,
                )  # fmt: skip
                writers["articles"].write(rows, WHOLE)
            rows = table(
                PAIRS, each, pair_id=ids, city=city, zh_id=[f"zh{one}" for one in ids],
                en_id=[f"en{one}" for one in ids], zh_title=titles["zh"], en_title=titles["en"],
                zh_url=links["zh"], en_url=links["en"], probability=0.9, relation="translation",
                split=WHOLE,
            )  # fmt: skip
            writers["pairs"].write(rows, WHOLE)
            said = {side: draw.choices(words, k=each * beads)
                    for side, words in (("zh", chinese), ("en", english))}  # fmt: skip
            rows = table(
                SENTENCES, each * beads, pair_id=[one for one in sorted(ids) for _ in range(beads)],
                position=[*range(beads)] * each, kind="1-1", probability=0.9, city=city,
                flags=[[]] * (each * beads), split=WHOLE, **said,
            )  # fmt: skip
            writers["sentences"].write(rows, WHOLE)
    named = {"zh": "某市", "en": "Some City"}
    counts = {"articles": {}, "pairs": pairs, "sentences": 0, "name": named}
    facts = {
        "release": "1.0.0", "as_of": "2024-01-01T00:00:00Z", "shizheng": "0", "formats": [],
        "quality": None, "runs": [], "statistics": Statistics().as_json(),
        "counts": {name: {"all": size} for name, size in (
            ("articles", 2 * pairs), ("pairs", pairs), ("sentences", pairs * beads))},
        "cities": {f"city{number:02d}": counts for number in range(CITIES)},
    }  # fmt: skip
    facts["statistics"]["mt_suspect"] |= {"suspect": 0, "not_suspect": 0, "not_told": 0}
    return Snapshot(folder, facts)


def measured(page: Page, name: str, act: Callable[[], object], words: str) -> None:
    """Print the cost of an action until the status line shows words."""
    sizes: list[int] = []

    def seen(response: object) -> None:
        sizes.append(int(response.headers.get("content-length", 0)))  # type: ignore[attr-defined]

    page.on("response", seen)
    begun = time.monotonic()
    act()
    while words not in page.locator("#status").inner_text():
        page.wait_for_timeout(5)
    took = time.monotonic() - begun
    page.remove_listener("response", seen)
    said = page.locator("#status").inner_text()
    print(
        f"{name:14} {1000 * took:5.0f} ms  {len(sizes):3} files {sum(sizes) / 1e3:6.0f} kB  {said}"
    )


def look(folder: Path) -> None:
    """Open the site in Chromium and measure."""
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    handler = functools.partial(quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/site/"
    with sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page()
        measured(page, "first view", lambda: page.goto(address), "shown")
        first = page.locator("#list li").nth(3)
        words = first.locator("[lang=en]").inner_text().split()[:2]
        han = first.locator("[lang=zh]").inner_text()[:6]
        for name, query in (("English search", " ".join(words)), ("Chinese search", han)):
            page.locator("#query").fill(query)
            measured(page, name, lambda: page.locator("#query").press("Enter"), f"“{query}”: ")
        page.locator("#query").fill("")
        measured(page, "back to all", lambda: page.locator("#query").press("Enter"), "All cities")
        month = page.locator("#month option").nth(40).get_attribute("value") or ""
        measured(page, "a month", lambda: page.locator("#month").select_option(month), month)
        page.locator("#in").select_option("sentences")
        page.locator("#query").fill("")
        measured(page, "all sentences", lambda: page.locator("#query").press("Enter"), "shown")
        common = page.locator("#list [lang=en]").first.inner_text().split()[:2]
        rare = page.locator("#list [lang=zh]").nth(3).inner_text()[:8]
        for name, query in (("two words", " ".join(common)), ("eight characters", rare)):
            page.locator("#query").fill(query)
            measured(page, name, lambda: page.locator("#query").press("Enter"), f"“{query}”: ")
        both = page.get_by_role("link", name="Side by side").first
        measured(page, "side by side", both.click, "Both texts")
        browser.close()
    server.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--beads", type=int, default=5, help="beads of each pair")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        release = write_release(Path(name), args.pairs, args.beads)
        (release.folder / site.NAME).mkdir()
        begun = time.process_time()
        site.write(release, release.folder / site.NAME)
        files = [path for path in (release.folder / site.NAME).rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        largest = max(path.stat().st_size for path in files)
        print(
            f"{args.pairs} pairs, {args.beads} beads each: {time.process_time() - begun:.1f} s "
            f"CPU, {len(files)} files, {size / 1e6:.1f} MB, largest {largest / 1e3:.0f} kB"
        )
        look(release.folder)


if __name__ == "__main__":
    main()
