"""Three crawls of the grown miniature web.
Everything; nothing new; a few articles new or corrected.

    python -m benchmarks.cost.incremental [--articles 2000] [--new 20] [--corrected 5]

The authored articles are repeated, each time with another date, number and facts, until there are
`--articles` of them in the three cities. They are crawled over real HTTP in processes of their own,
a minute later once more, and a day later with new and corrected ones. Requests are counted by the
server; bytes are those of the heads and bodies that the archive of each run holds as received.
Exit code 1 if the second run costs more than 3 % of the first, or if the third does not find
exactly what is new and what was corrected, or asks for anything else but lists, robots.txt, the
pages that are refused or gone, and the articles that are due.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from crawler.archive.reader import read_records
from crawler.demo import DEMO_CITIES
from crawler.demo.content import Entry, load_content
from crawler.demo.response import request_key
from crawler.demo.server import serve
from crawler.demo.site import Site, build_site, url_of
from pipelines.tables import files, parquet, schema
from pipelines.tables.articles import read_articles

ROOT = Path(__file__).parents[2]
Content = dict[str, tuple[Entry, ...]]

FIRST, SOON, NEXT_DAY = "2024-07-01T00:00Z", "2024-07-01T03:00Z", "2024-07-02T03:00Z"
MOST = 0.03
"""Share of the first run's requests and bytes that a run without news may cost."""


@dataclass(frozen=True)
class Run:
    """Counts of one crawl of all cities.
    `asked` counts URLs by the reason for the request."""

    requests: int
    size: int
    unmodified: int
    asked: Mapping[str, Counter[str]]
    counts: Counter[str]


def grown(size: int) -> Content:
    """Return the authored content, grown to `size` articles.
    Repeated with other facts."""
    content = load_content()
    plain = [entry for entries in content.values() for entry in entries if _repeats(entry)]
    made: dict[str, list[Entry]] = {city: list(entries) for city, entries in content.items()}
    total, times = sum(map(len, made.values())), 0
    while total < size:
        times += 1
        for entry in plain[: size - total]:
            made[entry.city].append(again(entry, times))
        total += min(len(plain), size - total)
    return {city: tuple(entries) for city, entries in made.items()}


def _repeats(entry: Entry) -> bool:
    return entry.trap is None and not entry.repost_of


def again(entry: Entry, times: int) -> Entry:
    """Return another article in the manner of `entry`.
    Older by `times` times 29 days."""
    zh = entry.lang == "zh"
    note = (
        f"本文为第{times}次通报，编号{times * 37}。"
        if zh
        else f"Bulletin {times}, no. {times * 37}."
    )
    return replace(
        entry,
        key=f"{entry.key}-again-{times}",
        title=f"{entry.title}（第{times}次）" if zh else f"{entry.title} ({times})",
        date=entry.date - timedelta(days=29 * times),
        paragraphs=(*entry.paragraphs, note),
        runs=(),
        mates=(),
        relation=None,
        beads=False,
    )


def with_news(content: Content, new: int, corrected: int) -> tuple[Content, list[Entry], set[str]]:
    """Return the content a day later.
    With its new entries and the keys of the corrected ones."""
    plain = [entry for entries in content.values() for entry in entries if _repeats(entry)]
    added = [
        replace(
            again(entry, 1000 + number),
            date=max(e.date for e in content[entry.city]) + timedelta(minutes=number + 1),
        )
        for number, entry in enumerate(plain[:: max(1, len(plain) // new)][:new])
    ]
    # The repeated ones reach back to years that a robots.txt closes.
    plain = [entry for entry in plain if "-again-" not in entry.key]
    wrong = {entry.key for entry in plain[1 :: max(1, len(plain) // corrected)][:corrected]}
    later = {
        city: tuple(
            replace(entry, paragraphs=(*entry.paragraphs, _correction(entry)))
            if entry.key in wrong
            else entry
            for entry in entries
        )
        + tuple(entry for entry in added if entry.city == city)
        for city, entries in content.items()
    }
    return later, added, wrong


def _correction(entry: Entry) -> str:
    return "更正：文中金额应为720万元。" if entry.lang == "zh" else "Correction: 7.2 million yuan."


def crawl(site: Site, output: Path, run: str, now: str) -> Run:
    """Crawl every city once, one after the other."""
    tally: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    with serve(site, counts=tally) as port:
        for city in sorted(path.stem for path in DEMO_CITIES.glob("*.yaml")):
            command = [
                sys.executable,
                "-m",
                "crawler.crawl",
                city,
                "--output",
                str(output),
            ]
            command += ["--run-id", run, "--cities-dir", str(DEMO_CITIES)]
            polite = {"DOWNLOAD_DELAY": 0, "AUTOTHROTTLE_ENABLED": 0, "SHIZHENG_NOW": now}
            polite |= {"SHIZHENG_REVISITS": 100_000, "CONCURRENT_REQUESTS_PER_DOMAIN": 8}
            command += [f"-s{name}={value}" for name, value in polite.items()]
            proxy = {"http_proxy": f"http://127.0.0.1:{port}", "no_proxy": ""}
            ended = subprocess.run(
                command, capture_output=True, text=True, check=False, cwd=ROOT,
                env=os.environ | proxy,
            )  # fmt: skip
            if ended.returncode:
                sys.exit(f"{city}: {ended.stderr}")
            last = json.loads(ended.stdout.splitlines()[-1])
            counts.update({k: v for k, v in last.items() if isinstance(v, int) and k != "done"})
    asked: dict[str, Counter[str]] = {}
    size = unmodified = 0
    for path in sorted((output / "archive").glob(f"*/{run}-*.warc.gz")):
        for record in read_records(path, unmodified=True):
            asked.setdefault(record.kind, Counter())[record.url] += 1
            unmodified += record.status == 304
            size += len(record.body) if record.status != 304 else 0
            size += sum(len(name) + len(value) + 4 for name, value in record.headers.items())
    received = sum(kind.total() for kind in asked.values())
    if received != tally.total():
        sys.exit(f"{run}: {tally.total()} requests answered, {received} archived")
    return Run(tally.total(), size, unmodified, asked, counts)


def rows(output: Path) -> dict[str, str]:
    """Return the digest of every stored article by URL."""
    found = {}
    for path in DEMO_CITIES.glob("*.yaml"):
        table = read_articles(output, path.stem, ["url", "content_sha256"])
        found |= {row["url"]: row["content_sha256"] for row in table.to_pylist()}
    return found


def revisions(output: Path) -> int:
    """Return how many superseded articles are kept."""
    paths = (files.table_path(output, "revisions", p.stem) for p in DEMO_CITIES.glob("*.yaml"))
    return sum(parquet.read_table(path, schema.REVISIONS).num_rows for path in paths)


def contents(output: Path) -> dict[str, bytes]:
    """Return the tables byte by byte."""
    return {str(path): path.read_bytes() for path in output.rglob("*.parquet")}


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line a run and the articles found.
    See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--new", type=int, default=20)
    parser.add_argument("--corrected", type=int, default=5)
    args = parser.parse_args(argv)
    content = grown(args.articles)
    later, added, wrong = with_news(content, args.new, args.corrected)
    site = build_site(content)
    entries = [entry for each in content.values() for entry in each]
    print(f"{len(entries)} articles, {len(site.responses)} pages, {len(content)} cities")
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        first = crawl(site, output, "run-1", FIRST)
        show("first run", first, first)
        stored, tables = rows(output), contents(output)
        second = crawl(site, output, "run-2", SOON)
        show("nothing new", second, first)
        for name in ("requests", "size"):
            if getattr(second, name) > MOST * getattr(first, name):
                faults.append(f"the second run's {name} are over {MOST:.0%} of the first's")
        if contents(output) != tables or second.counts["revised"] + second.counts["new"]:
            faults.append("the second run changed the tables")
        third = crawl(build_site(later), output, "run-3", NEXT_DAY)
        show(f"{len(added)} new, {len(wrong)} corrected", third, first)
        after = rows(output)
        found = {url for url in after if url not in stored}
        revised = {url for url in stored if after.get(url) != stored[url]}
        fixed = {
            url_of(e, later[e.city]) for each in later.values() for e in each if e.key in wrong
        }
        expected = {url_of(entry, later[entry.city]) for entry in added}
        print(f"found {len(found & expected)} of {len(expected)} new and {len(revised & fixed)} of "
              f"{len(fixed)} corrected; {revisions(output)} revisions")  # fmt: skip
        if (found, revised, revisions(output)) != (expected, fixed, len(fixed)):
            faults.append("the third run did not find what it should, or found more")
        faults += beside(first, third, expected)
    print("\n".join(faults) or "as it should be")
    return 1 if faults else 0


def show(name: str, run: Run, first: Run) -> None:
    """Print a line."""
    kinds = ", ".join(f"{kind} {urls.total()}" for kind, urls in sorted(run.asked.items()))
    print(
        f"{name:<24}{run.requests:>6} requests ({run.requests / first.requests:6.2%})"
        f"{run.size / 1e6:>8.2f} MB ({run.size / first.size:6.2%}), {run.unmodified} unmodified; "
        f"{kinds}; new {run.counts['new']}, revised {run.counts['revised']}, "
        f"issues {run.counts['issues']}",
        flush=True,
    )


def beside(first: Run, third: Run, expected: set[str]) -> list[str]:
    """Return the third run's requests that were neither new nor due."""
    articles = set(third.asked.get("article", ())) - expected
    known = set(first.asked["article"])
    new = {request_key(url) for url in expected}
    other = {url for url in articles - known if request_key(url) not in new}
    twice = [url for url, times in third.asked["article"].items() if times > 1]
    return [f"asked for {url}" for url in sorted(other)] + [f"asked twice for {u}" for u in twice]


if __name__ == "__main__":
    sys.exit(main())
