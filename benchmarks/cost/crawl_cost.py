"""CPU of a page: shizheng against a bare Scrapy spider.
The same pages, in one run.

    python -m benchmarks.cost.crawl_cost [--pages 1000] [--rounds 5] [--memory 20000] [--profile]

The bare spider is what one writes first, with Scrapy's defaults: it follows the lists, picks title,
date and paragraphs by CSS selectors and yields an item; no robots.txt, no archive, no memory, no
tables. Ours runs twice: without tables (archive, visits, discovery, extraction by the rules of the
family), and whole. All three run at the same time, each against a server of its own, so that
whatever else the machine does slows them alike; and what is compared is the CPU of their processes,
user and system, over the same stretch of time: from when each has read a hundred pages, until ours
has read `--pages`. Starting up and shutting down count on no side; the same extension takes the
figures in all of them. `--memory` crawls so many short pages, because what a crawl remembers of one
does not grow with it, and prints the resident memory on the way; `--profile` says where our time
goes.
"""

import argparse
import asyncio
import contextlib
import json
import os
import pstats
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:  # the server needs no Scrapy
    from scrapy.crawler import Crawler
    from scrapy.http import Response

ROOT = Path(__file__).parents[2]
HOST = "www.bench.example"
PER_LIST = 100
WARM = 100
"""Articles after which a crawl is under way."""
EVERY = 20
"""Articles between two looks at what they cost."""
SIDES = {"bare": "bare Scrapy", "ours": "archive, visits, extraction", "whole": "and tables"}

CITY = f"""\
name: {{zh: 测试市, en: Bench}}
hosts: [{HOST}]
sources:
  - {{lang: zh, cms: trs, list: "http://{HOST}/xwzx/index.html"}}
assertions: {{quiet_days: 36500}}
"""
NAV = "".join(
    f"<li class='nav-item'><a href='/lm/{n}/index.html'><i class='dot'></i><span>栏目{n}"
    "</span></a></li>"
    for n in range(80)
)
SCRIPT = (
    "<script>var cfg={};" + "".join(f"cfg['k{n}']='{n * 7919}';" for n in range(700)) + "</script>"
)
SENTENCE = (
    "第{n}批重点项目中的第{k}个已经完成主体施工，累计投资{m}万元，市住房和城乡建设局表示，"
    "下一步将组织有关单位做好验收和移交，并在年底前向社会公布使用安排。"
)


def article(number: int, *, short: bool = False) -> bytes:
    """Return an article page of 30 KB.
    With about as many elements and lines as real ones.

    Seven stored pages of Chinese news sites have medians of 94 KB, 397 elements and 98 lines; the
    two between 30 and 50 KB have 397 and 493 elements, 91 and 98 lines. This one: 357 and 93.
    """
    paragraphs = "".join(
        f"<p><span>{SENTENCE.format(n=number, k=k, m=number * 3 + k) * 3}</span></p>"
        for k in range(2 if short else 10)
    )
    menu, script = ("", "") if short else (NAV, SCRIPT)
    day = f"2024-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
    return (
        f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>第{number}批重点项目推进会召开"
        f"</title><meta name='ArticleTitle' content='第{number}批重点项目推进会召开'><meta "
        f"name='PubDate' content='{day} 09:30'>{script}</head><body><div><ul>{menu}</ul>"
        f"</div><div class='main'><h1>第{number}批重点项目推进会召开</h1><div class='info'><span>"
        f"时间：{day} 09:30</span><span>来源：测试日报</span></div><div class='TRS_Editor'>"
        f"{paragraphs}</div></div><div><p>测试市人民政府办公室主办</p></div></body></html>"
    ).encode()


def listing(page: int, articles: int) -> bytes:
    """Return a list page of a column.
    `page` counts from 0; `articles` is the number of articles of the column."""
    numbers = range(page * PER_LIST, min(articles, (page + 1) * PER_LIST))
    rows = "".join(
        f"<li><a href='{path(n)}'>第{n}批重点项目推进会召开</a><span>2024-06-01</span></li>"
        for n in numbers
    )
    pages = -(-articles // PER_LIST)
    return (
        f"<html><head><title>要闻</title></head><body><ul>{rows}</ul>"
        f"<script>createPageHTML({pages}, {page}, 'index', 'html');</script></body></html>"
    ).encode()


def path(number: int) -> str:
    """Return an article's address below its list."""
    return f"202406/t20240601_{number + 1000000}.html"


def respond(target: str, articles: int, *, short: bool) -> tuple[int, bytes]:
    """Return status and body of a request as a proxy gets it."""
    name = target.rpartition("/")[2]
    if name == "robots.txt":
        return 404, b""
    if name.startswith("index"):
        page = int(name.removesuffix(".html").partition("_")[2] or 0)
        return 200, listing(page, articles)
    return 200, article(int(name.removesuffix(".html").rpartition("_")[2]) - 1000000, short=short)


def serve(articles: int, *, short: bool) -> None:
    """Answer on a free port, which is printed, until killed."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                status, body = respond(head.split(b" ", 2)[1].decode(), articles, short=short)
                writer.write(
                    f"HTTP/1.1 {status} X\r\nContent-Type: text/html; charset=utf-8\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
        writer.close()

    async def forever() -> None:
        server = await asyncio.start_server(one, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    asyncio.run(forever())


@contextlib.contextmanager
def serving(articles: int, *, short: bool = False) -> Iterator[int]:
    """Serve a column in a process of its own; yields its port."""
    command = [sys.executable, "-m", "benchmarks.cost.crawl_cost", "--serve", str(articles)]
    command += ["--short"] if short else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGKILL)


class Meter:
    """Scrapy extension that logs the CPU time every few articles.

    A line of JSON each in the file that the setting `METER_FILE` names: how many articles, the
    moment (monotonic), and the CPU seconds of the process.
    """

    def __init__(self, crawler: "Crawler") -> None:
        from scrapy import signals

        self._path, self._articles = Path(str(crawler.settings["METER_FILE"])), 0
        crawler.signals.connect(self._received, signals.response_received)

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> Self:
        return cls(crawler)

    def _received(self, response: "Response") -> None:
        self._articles += "/t20" in response.url
        if self._articles % EVERY == 0:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(
                    json.dumps([self._articles, time.monotonic(), time.process_time()]) + "\n"
                )


def bare(meter: str) -> None:
    """Crawl with a spider as one writes it first.
    Scrapy is loaded here: the server needs none."""
    import scrapy
    from scrapy.crawler import CrawlerProcess

    class Bare(scrapy.Spider):
        name = "bare"
        start_urls = (f"http://{HOST}/xwzx/index.html",)

        def parse(self, response: scrapy.http.Response) -> Iterator[object]:
            for link in response.css("li a::attr(href)").getall():
                yield response.follow(link, self.article)
            pages = response.css("script::text").re(r"createPageHTML\((\d+), (\d+)")
            if pages and int(pages[1]) + 1 < int(pages[0]):
                yield response.follow(f"index_{int(pages[1]) + 1}.html", self.parse)

        def article(self, response: scrapy.http.Response) -> Iterator[object]:
            yield {
                "url": response.url,
                "title": response.css("h1::text").get(),
                "date": response.css(".info span::text").re_first(r"\d{4}-\d\d-\d\d \d\d:\d\d"),
                "text": "\n".join(response.css(".TRS_Editor p ::text").getall()),
            }

    process = CrawlerProcess(
        {
            "LOG_LEVEL": "INFO",
            "TELNETCONSOLE_ENABLED": False,
            "EXTENSIONS": {"benchmarks.cost.crawl_cost.Meter": 0},
            "METER_FILE": meter,
        }
    )
    process.crawl(Bare)
    process.start()


def command(side: str, folder: Path, profile: Path | None = None) -> list[str]:
    """Return the command of one crawl: `bare`, `ours` without tables, or `whole`."""
    meter = folder / "meter.json"
    if side == "bare":
        return [sys.executable, "-m", "benchmarks.cost.crawl_cost", "--bare", str(meter)]
    (folder / "cities").mkdir(parents=True)
    (folder / "cities/bench.yaml").write_text(CITY, encoding="utf-8")
    start = [sys.executable, *(["-m", "cProfile", "-o", str(profile)] if profile else [])]
    start += ["-m", "crawler.crawl", "bench", "--output", str(folder / "output")]
    start += ["--run-id", "run-1", "--cities-dir", str(folder / "cities")]
    extensions = {"crawler.crawl.progress.ProgressLines": 0, "benchmarks.cost.crawl_cost.Meter": 0}
    options: dict[str, object] = {
        "DOWNLOAD_DELAY": 0,
        "AUTOTHROTTLE_ENABLED": 0,
        "SHIZHENG_LIST_PAGES": 100_000,
        # What Scrapy does by default, and so the bare spider.
        "CONCURRENT_REQUESTS": 16,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
        "EXTENSIONS": json.dumps(extensions),
        "METER_FILE": meter,
    }
    if side == "ours":
        options["ITEM_PIPELINES"] = "{}"
    return start + [f"-s{name}={value}" for name, value in options.items()]


def measure(articles: int) -> dict[str, float]:
    """Return the CPU seconds of an article on each side.
    All sides work at the same time."""
    with contextlib.ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        crawls = {}
        for side in SIDES:
            (root / side).mkdir()
            port = stack.enter_context(serving(10 * articles))  # more than any side gets to
            crawls[side] = start(command(side, root / side), port)
            stack.callback(crawls[side].wait)
            stack.callback(crawls[side].kill)
        while not (noted := read_meter(root / "ours")) or noted[-1][0] < articles + WARM:
            for side, process in crawls.items():
                if process.poll() is not None:
                    sys.exit(f"{side}: the crawl ended with code {process.returncode}")
            time.sleep(0.2)
        meters = {side: read_meter(root / side) for side in SIDES}
    begin = max(next(at for done, at, _ in noted if done >= WARM) for noted in meters.values())
    found = {}
    for side, noted in meters.items():
        stretch = [(done, cpu) for done, at, cpu in noted if at >= begin]
        found[side] = (stretch[-1][1] - stretch[0][1]) / (stretch[-1][0] - stretch[0][0])
    return found


def read_meter(folder: Path) -> list[tuple[int, float, float]]:
    """Return what a crawl's meter has noted so far."""
    path = folder / "meter.json"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    return [tuple(json.loads(line)) for line in lines if line.endswith("\n")]


def start(words: Sequence[str], port: int) -> "subprocess.Popen[bytes]":
    """Start a crawl through the server as its proxy."""
    environment = {**os.environ, "http_proxy": f"http://127.0.0.1:{port}", "no_proxy": ""}
    quiet = subprocess.DEVNULL
    return subprocess.Popen(words, env=environment, cwd=ROOT, stdout=quiet, stderr=quiet)


def costs(pages: int, rounds: int) -> None:
    """Print the CPU of a page for each side.
    And the ratios to the bare spider."""
    measured = [measure(pages) for _ in range(rounds)]
    print(f"{pages} pages of {len(article(1)) / 1000:.0f} KB, medians of {rounds} rounds")
    for side, name in SIDES.items():
        seconds = [one[side] for one in measured]
        ratios = [one[side] / one["bare"] for one in measured]
        each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        middle, ratio = statistics.median(seconds) * 1000, statistics.median(ratios)
        print(f"{name:<30}{middle:7.2f} ms a page  x{ratio:.2f}  ({each})", flush=True)


def memory(pages: int, side: str = "ours") -> None:
    """Print the resident memory of a crawl as it goes."""
    marks = [mark for mark in (1000, 2000, 5000, 10_000, 15_000, 20_000) if mark <= pages]
    with tempfile.TemporaryDirectory() as folder, serving(pages, short=True) as port:
        process = start(command(side, Path(folder)), port)
        archive = Path(folder) / "output/archive/bench"
        size_of_page = 0.0
        while process.poll() is None and marks:
            time.sleep(0.2)
            done = pages_done(Path(folder))
            if done >= marks[0]:
                with contextlib.suppress(OSError):
                    resident = Path(f"/proc/{process.pid}/status").read_text().split("VmRSS:")[1]
                    size_of_page = sum(p.stat().st_size for p in archive.iterdir()) / done
                    print(f"{done:>7} pages{int(resident.split()[0]) / 1024:>8.0f} MB", flush=True)
                marks.pop(0)
        _, _, usage = os.wait4(process.pid, 0) if process.returncode is None else (0, 0, None)
        if usage is not None:
            print(f"   peak{usage.ru_maxrss / 1024:>14.0f} MB; {size_of_page:.0f} bytes a page")


def pages_done(folder: Path) -> int:
    """Return how many pages the state of a running crawl holds."""
    state = folder / "output/state/bench.sqlite"
    if not state.exists():
        return 0
    try:
        with contextlib.closing(sqlite3.connect(f"file:{state}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM visits").fetchone()[0])
    except sqlite3.Error:
        return 0


STEPS = (
    ("the archive (hash, gzip, records, write)", "archive/writer.py", "write"),
    ("visits: a response written down", "state/visits.py", "record"),
    ("visits: a list's links looked up and wanted", "crawl/discovery.py", "_new"),
    ("visits: is a list page known", "crawl/discovery.py", "_is_known"),
    ("refusals: is it a page at all", "extract/refusals.py", "diagnose"),
    ("extraction by the family's rules", "extract/article.py", "extract"),
    ("the page against what lists promised", "crawl/doubts.py", "sift"),
    ("list pages: reading", "cms/reading.py", "read_list"),
)


def profile(pages: int) -> None:
    """Print where the time of our crawl goes."""
    with tempfile.TemporaryDirectory() as folder, serving(pages) as port:
        target = Path(folder) / "profile"
        start(command("ours", Path(folder) / "city", target), port).wait()
        stats = pstats.Stats(str(target)).stats  # type: ignore[attr-defined]
    total = sum(row[2] for row in stats.values())
    print(f"profile of {pages} pages, {total:.1f} s in all (profiled code is slower)")
    for name, file, function in STEPS:
        seconds = [
            row[3] for (where, _, called), row in stats.items()
            if called == function and where.endswith(f"crawler/{file}")
        ]  # fmt: skip
        assert seconds, f"{file} has no {function}"  # moved: a share of nought would be no news
        print(f"{name:<44}{max(seconds) / total:7.1%}")
    own: dict[str, float] = {}
    for (where, _, called), row in stats.items():
        for package in ("twisted", "scrapy", "warcio", "lxml", "crawler", "asyncio"):
            if f"/{package}/" in where:
                own[package] = own.get(package, 0.0) + row[2]
                break
        else:
            key = called if where == "~" else "the rest"
            own[key] = own.get(key, 0.0) + row[2]
    print("own time by package, or by built-in function:")
    for key, seconds in sorted(own.items(), key=lambda pair: -pair[1])[:14]:
        print(f"  {key:<60}{seconds / total:6.1%}")


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", type=int, metavar="PAGES")
    parser.add_argument("--side", choices=("bare", "ours", "whole"), default="ours")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--short", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--bare", metavar="FILE", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve is not None:
        serve(args.serve, short=args.short)
    elif args.bare:
        bare(args.bare)
    elif args.memory:
        memory(args.memory, args.side)
    elif args.profile:
        profile(args.pages)
    else:
        costs(args.pages, args.rounds)


if __name__ == "__main__":
    main()
