"""Processor time and memory of hostile inputs that are no pages: what one of them may cost.

    python -m benchmarks.cost.fuzz_inputs [--seed 1] [--drawn 40]

Lists (of a family each), feeds, sitemaps, robots.txt, compressed bodies, archives, lines to import,
city files and verdict sheets: of each kind the inputs below, and as many drawn by the seed, which
repeat a piece or two of the kind's own marks up to its bound. Every input is read in a process of
its own, ended after a minute of processor time. For each kind the costliest is printed; exit code 1
if one took more than `SLOW` seconds, or ended in anything but an answer or a sentence. Pages have
`fuzz_extract`, long runs in stored texts `tests/unit/facts/test_growth.py`.
"""

import argparse
import gzip
import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from scrapy.robotstxt import ProtegoRobotParser

from crawler import limits
from crawler.archive.reader import read_records
from crawler.city_file import load_city
from crawler.cms import FAMILIES
from crawler.errors import ShizhengError
from crawler.fetch.guards import MAX_ROBOTS, readable_robots
from crawler.unpacking import unpacked
from pipelines.articles.imports import read_jsonl
from pipelines.review import sheets

URL = "http://www.anlan.example/xwzx/index.html"
LIMIT, SLOW = 60, 20.0
"""CPU seconds after which an input is a hang, and after which it is a finding. A list of eight
million characters takes a tenth of the second one; set by hand for slow machines."""
_MB = 1 << 20

Input = tuple[str, bytes]
Reader = Callable[[bytes, Path], object]


def read_lists(body: bytes, _: Path) -> object:
    """Read a list as one family does, another for each content."""
    text, _cut = limits.cut_list(body.decode("utf-8", "replace"))
    family = sorted(FAMILIES)[zlib.crc32(body) % len(FAMILIES)]
    return family, len(FAMILIES[family].read_list(text, URL).links)


def read_robots(body: bytes, _: Path) -> object:
    """Read a robots.txt and ask it for a hundred addresses."""
    rules = ProtegoRobotParser(readable_robots(body), None)
    asked = (f"http://www.anlan.example/{'a' * n}.html" for n in range(100))
    return sum(rules.allowed(url, "shizheng") for url in asked)


def read_archive(body: bytes, folder: Path) -> object:
    path = folder / "x.warc.gz"
    path.write_bytes(body)
    skipped: Counter[str] = Counter()
    return sum(len(record.body) for record in read_records(path, skipped)), dict(skipped)


def read_import(body: bytes, folder: Path) -> object:
    (folder / "x.jsonl").write_bytes(body)
    articles, rejects = read_jsonl(folder / "x.jsonl", datetime(2024, 6, 1, tzinfo=UTC))
    return len(articles), len(rejects)


def read_city(body: bytes, folder: Path) -> object:
    (folder / "x.yaml").write_bytes(body)
    return load_city(folder / "x.yaml").key


def unpack(body: bytes, _: Path) -> object:
    return len(unpacked({"content-encoding": "gzip"}, body)[1])


def read_sheet(body: bytes, _: Path) -> object:
    read = sheets.read_tasks if body[:1] in b"[{" else sheets.read_csv
    return sum(1 for _row in read(body, "x"))


def line(**fields: object) -> bytes:
    """Return a line to import."""
    row = {"id": "a", "city": "anlan", "lang": "zh", "url": None, "title": "题", "text": "文。"}
    return json.dumps(row | {"published_at": "2024-03-05"} | fields, ensure_ascii=False).encode()


def record(*extra: bytes, body: bytes = b"<p>x</p>") -> bytes:
    """Return a record of an archive, not compressed."""
    answer = b"HTTP/1.1 200 OK\r\n" + b"".join(extra) + b"\r\n" + body
    head = (
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/1.html\r\n"
        b"WARC-Date: 2024-05-01T08:00:00Z\r\nWARC-Record-ID: <urn:uuid:1>\r\n"
        b"Content-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n"
    )
    return head % len(answer) + answer + b"\r\n\r\n"


SHEET = b"level,city,pair_id,verdict,reviewer,note\n"
CITY = b"name: {zh: x, en: X}\nhosts: [a.example]\nsources: []\n"
KINDS: dict[str, tuple[Reader, int, tuple[str, ...], tuple[Input, ...]]] = {
    "list": (
        read_lists, limits.MAX_LIST_CHARS // 20,
        ("<a href='/art/2024/1/5/art_1_1.html'>标题</a>", "<li>", "<ul>", "<div>", "<td>", "{\"",
         "[", "2024-01-05", "createPageHTML(9,0,'i','html');", "<!--", "&#x4e2d;", "共9页", "page=",
         "<datastore>", "<record><![CDATA[", "index_2.html", "'", "\"", "<script>", " "),
        (("a link of 8 MB", b"<a href='" + b"x" * 8 * _MB + b"'>x</a>"),
         ("20,000 links in a deep tree", b"<div><a href='/art/1.html'>xxxxxx</a>" * 20_000)),
    ),
    "feed, sitemap": (
        read_lists, limits.MAX_LIST_CHARS // 20,
        ("<item>", "<entry>", "<loc>http://a.example/1.html</loc>", "<url>", "<link>", "&a;",
         "<sitemap>", "<![CDATA[", "]]>", "<pubDate>", "<title>"),
        (("entities in entities", b"<!DOCTYPE r [<!ENTITY a 'xxxxxxxxxx'>" + b"".join(
            b"<!ENTITY b%d '&a;&a;'>" % n for n in range(5_000)) + b"]><rss><channel>&b1;"),
         ("50,000 addresses", b"<urlset>" + b"<url><loc>http://a.example/1.html</loc></url>"
          * 50_000)),
    ),
    "robots.txt": (
        read_robots, MAX_ROBOTS,
        ("Disallow: /", "*", "$", "a", "User-agent: *\n", "\n", "Allow: /", "%", "Sitemap: ", "#"),
        (("stars in a rule", b"User-agent: *\nDisallow: /" + b"*a" * 200_000 + b"$\n"),
         ("30,000 rules", b"User-agent: *\n" + b"".join(
             b"Disallow: /x%d*y\n" % n for n in range(30_000)))),
    ),
    "compressed body": (
        unpack, _MB, ("\x1f\x8b\x08\x00", "\x00"),
        (("gzip, a thousandfold", gzip.compress(b"\x00" * 200 * _MB, 9)),
         ("gzip of gzip", gzip.compress(gzip.compress(b"\x00" * 100 * _MB, 9), 9)),
         ("many members", gzip.compress(b"x") * 50_000)),
    ),
    "archive": (
        read_archive, _MB,
        ("WARC/1.0\r\n", "\r\n", "Content-Length: 9\r\n", "WARC-Type: response\r\n", "\x1f\x8b"),
        (("50,000 headers", record(b"X: y\r\n" * 50_000)),
         ("a head of 20 MB", record(b"X: " + b"y" * 20 * _MB + b"\r\n")),
         ("a bomb in a record", record(b"Content-Encoding: gzip\r\n",
                                       body=gzip.compress(b"\x00" * 200 * _MB, 9))),
         ("10,000 records", b"".join(gzip.compress(record(), 1) for _ in range(10_000)))),
    ),
    "line to import": (
        read_import, _MB, ("{", "[", "\"", "\\u0041", "1", ",", "\n", "null", "é"),
        (("a text of 4,000,000", line(text="市政府召开会议。" * 500_000)),
         ("a text of digits", line(text="1" * 4_000_000)),
         ("a text too long", line(text="文" * 20_000_000)),
         ("100,000 keys", line(**{f"k{n}": n for n in range(100_000)}))),
    ),
    "city file": (
        read_city, 60_000, ("- ", "{", "[", "a: ", "\n", "&a ", "*a ", "? ", "\"", "#", "|\n "),
        (("4,000 hosts", CITY.replace(b"a.example", b", ".join(
            b"h%d.example" % n for n in range(4_000)))),
         ("a comment of 3 MB", CITY + b"# " + b"x" * 3 * _MB),
         ("aliases of aliases", b"".join(
             b"k%d: &k%d [%s]\n" % (n, n, b", ".join([b"*k%d" % (n - 1)] * 9) if n else b"x")
             for n in range(30)))),
    ),
    "verdict sheet": (
        read_sheet, _MB, (",", "\"", "\n", "pair", "level", "[", "{\"data\":", "}", "\r"),
        (("100,000 rows", SHEET + b"pair,anlan,x,different,bo,\n" * 100_000),
         ("a cell of 9 MB", SHEET + b"pair,anlan,x,different,bo," + b"x" * 9 * _MB + b"\n"),
         ("100,000 columns", SHEET.strip() + b",x" * 100_000 + b"\n"),
         ("100,000 tasks", json.dumps([{"data": {"level": "pair"}, "annotations": []}]
                                      * 100_000).encode())),
    ),
}  # fmt: skip
"""Reader, bytes of a drawn input, pieces to repeat, and inputs, by kind."""


def inputs(kind: str, drawn: int, seed: int) -> Iterator[Input]:
    """Yield a kind's inputs by name, then those drawn."""
    _, size, pieces, written = KINDS[kind]
    yield from written
    chance = random.Random(f"{seed} {kind}")
    for _ in range(drawn):
        unit = "".join(chance.choices(pieces, k=chance.randint(1, 3)))
        start = "".join(chance.choices(pieces, k=chance.randint(0, 4)))
        one = unit.encode("latin-1") if unit.isascii() else unit.encode()
        yield f"{start[:20]!r}, {unit[:40]!r} repeated", start.encode() + one * (size // len(one))


def measured(read: Reader, body: bytes, answers: "multiprocessing.SimpleQueue[object]") -> None:
    """Read one input; put CPU seconds, MB added at the peak, and the answer."""
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        try:
            answer = f"read: {read(body, Path(folder))}"
        except (ShizhengError, zlib.error) as error:
            answer = f"refused: {str(error).replace(folder, '')}"
        except Exception as error:
            answer = f"FAILED: {type(error).__name__}: {error}"
    held = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    answers.put((time.process_time() - began, held, answer[:60]))


def apart(read: Reader, body: bytes) -> tuple[float, float, str]:
    """Read one input in a process of its own; CPU seconds, MB added, and the answer."""
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    process = context.Process(target=measured, args=(read, body, answers))
    process.start()
    process.join()
    if answers.empty():
        return float(LIMIT), 0.0, f"FAILED: ended with {process.exitcode}"
    found: tuple[float, float, str] = answers.get()
    return found


def main() -> int:
    """Print each kind's costliest input; return 1 when something was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--drawn", type=int, default=40, help="inputs of each kind that are drawn")
    options = parser.parse_args()
    found = 0
    print(f"{'kind':<16} {'inputs':>6} {'s':>6} {'MB':>6}  costliest")
    for kind, (read, *_) in KINDS.items():
        worst, most, count, slowest = 0.0, 0.0, 0, ""
        for name, body in inputs(kind, options.drawn, options.seed):
            seconds, held, answer = apart(read, body)
            count, most = count + 1, max(most, held)
            if seconds >= worst:
                worst, slowest = seconds, name
            if answer.startswith("FAILED") or seconds > SLOW:
                found += 1
                print(f"  {kind}: {name}: {seconds:.1f} s, {answer}", flush=True)
        print(f"{kind:<16} {count:>6} {worst:>6.2f} {most:>6.0f}  {slowest}", flush=True)
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
