"""Speed of extraction, as ratios.

Family rules beside trafilatura and resiliparse, consensus beside the sum of its parts, two
processes beside one.

CPU time, but for the last, which is the time on the clock: run it on an idle machine. Called by
`python -m benchmarks.accuracy.extraction --speed`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import trafilatura

from benchmarks.accuracy.extraction_peers import PEERS
from crawler.city import City, Source, unnamed_city
from crawler.extract.article import extract
from crawler.extract.charset import decode

FIXTURES = Path(__file__).parents[2] / "tests" / "cms"
Case = tuple[str, bytes, dict[str, str], City]

_ROUNDS = 20
_MENU = (
    b"<div class='menu'><ul>"
    + b"".join(b"<li><a href='/col/%d/index.html'>column %d</a></li>" % (n, n) for n in range(400))
    + b"</ul></div><script>"
    + b"var config = {a: 1, b: [2, 3]};\n" * 300
    + b"</script>"
)


def cases() -> list[Case]:
    """Return the fixtures that family rules read, padded with menu and scripts."""
    found = []
    for path in sorted(FIXTURES.glob("*/*/expected.json")):
        wanted = json.loads(path.read_text(encoding="utf-8"))
        if not wanted.get("extractor", "consensus").startswith("consensus"):
            host = wanted["url"].split("/")[2]
            source = Source(wanted["lang"], wanted["cms"], f"http://{host}/")
            city = City(path.parent.parent.name, "", "", (host,), (source,))
            # A real page carries far more around its text than a fixture does.
            body = (path.parent / "page.html").read_bytes()
            padded = body.replace(b"<body>", b"<body>" + _MENU, 1)
            found.append((wanted["url"], padded, wanted.get("headers", {}), city))
    return found


def family_rules() -> None:
    """Print pages a CPU second of family rules, trafilatura and resiliparse.

    On the same pages by turns; the ratio is the median of those of the rounds. resiliparse where it
    is installed.
    """
    pages = cases()
    resiliparse = PEERS.get("resiliparse")
    others: dict[str, Callable[[str], object]] = {"trafilatura": trafilatura.extract}
    if resiliparse is not None:
        others["resiliparse"] = lambda text: resiliparse(text, False)
    rounds = [_round(pages, others) for _ in range(_ROUNDS)]
    for name in ("family rules", *others):
        rate = len(pages) / median(cost[name] for cost in rounds)
        ratio = median(cost[name] / cost["family rules"] for cost in rounds)
        print(f"{name:<14}{rate:8.1f} pages/s, {ratio:5.2f} times the time of family rules")


def _round(
    pages: Sequence[Case], others: Mapping[str, Callable[[str], object]]
) -> dict[str, float]:
    """Return the CPU seconds of each reader for all pages."""
    cost = dict.fromkeys(("family rules", *others), 0.0)
    for url, body, headers, city in pages:
        cost["family rules"] += _cost(extract, url, body, headers, city)
        text = decode(body, headers).text
        for name, read in others.items():
            cost[name] += _cost(read, text)
    return cost


def consensus(
    name: str, pages: Sequence[tuple[str, bytes]], parts: Sequence[Callable[[str, bytes], object]]
) -> None:
    """Print the CPU time of the general reader over its extractors'.
    Its three extractors, each run alone."""
    whole = alone = 0.0
    for url, body in pages:
        city = unnamed_city(url)
        whole += _cost(extract, url, body, {}, city)
        for part in parts:
            alone += _cost(part, url, body)
    print(
        f"{name}: consensus {1000 * whole / len(pages):.0f} ms a page, its three extractors ",
        end="",
    )
    print(f"{1000 * alone / len(pages):.0f}: ratio {whole / alone:.2f}")


def processes() -> None:
    """Print how much sooner two processes read the same pages than one."""
    pages = cases() * 4 * _ROUNDS
    halves = [pages[::2], pages[1::2]]
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        list(pool.map(_read, [pages[:2], pages[:2]]))
        for _ in range(3):
            start = perf_counter()
            pool.submit(_read, pages).result()
            one = perf_counter() - start
            start = perf_counter()
            list(pool.map(_read, halves))
            two = perf_counter() - start
            print(f"one process {one:.1f} s, two {two:.1f} s: {one / two:.2f} times as fast")


def _read(pages: Sequence[Case]) -> int:
    for case in pages:
        extract(*case)
    return len(pages)


def _cost(call: Callable[..., object], *arguments: object) -> float:
    start = process_time()
    call(*arguments)
    return process_time() - start
