"""Processor time and memory of hostile inputs: what one of them may cost.

    python -m benchmarks.cost.fuzz_inputs [--seed 1] [--drawn 40] [--only KIND] [--each]

Pages, lists (of a family each), feeds, sitemaps, robots.txt, compressed bodies, archives, lines to
import, city files and verdict sheets: of each kind the inputs below, and as many drawn by the seed,
which repeat a piece or two of the kind's own marks up to its bound. Every input is read in a
process of its own, ended after a minute of processor time. For each kind the costliest is printed,
with `--each` every one; exit code 1 if one took more than `SLOW` seconds, or ended in anything but
an answer or a sentence. Long runs in stored texts: `tests/unit/facts/test_growth.py`.
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
from crawler.city import unnamed_city
from crawler.city_file import load_city
from crawler.cms import FAMILIES
from crawler.errors import ShizhengError
from crawler.extract.article import extract
from crawler.fetch.guards import MAX_ROBOTS, readable_robots
from crawler.item import Article, Reject
from crawler.unpacking import unpacked
from pipelines.articles.article_language import judge
from pipelines.articles.imports import read_jsonl
from pipelines.review import sheets

URL = "http://www.anlan.example/art/2024/3/5/art_1_77.html"
CITY = unnamed_city(URL)
TEXT = "市政府召开常务会议，研究部署安全生产工作，审议通过三年行动方案。".encode()
LIMIT, SLOW = 60, 20.0
"""CPU seconds after which an input is a hang, and after which it is a finding. A list of eight
million characters takes a tenth of the second one; set by hand for slow machines."""
_MB = 1 << 20

Input = tuple[str, bytes]
Reader = Callable[[bytes, Path], object]


def read_page(body: bytes, _: Path) -> object:
    """Read and judge one page."""
    result = extract(URL, body, {"content-type": "text/html; charset=utf-8"}, CITY)
    if isinstance(result, Reject):
        if result.reason == "unreadable":
            raise AssertionError(f"the guard had to catch an error: {result.detail}")
        return f"Reject {result.reason}"
    if not all(isinstance(one, Article | Reject) for one in judge(result)):
        raise TypeError("the language step returned another thing")
    (result.title + result.text).encode()
    return "Article" + " truncated" * ("truncated" in result.flags)


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
CITY_FILE = b"name: {zh: x, en: X}\nhosts: [a.example]\nsources: []\n"
TOKENS = (
    *("<p>", "</p>", "<p ", "<div>", "</div>", "<b>", "<a href=x.doc>", "</a>", "<br>", "<td>"),
    *("<tr>", "<table>", "<li>", "<ul>", "<span>", "<h1>", "<head>", "<body>", "</html>"),
    *("<!--", "-->", "<!--正文begin-->", "<!--正文end-->", "<script>", "</script>", "<style>"),
    *("<title>", "<meta name=PubDate content='2024-03-05'>", "<meta ", "<![CDATA[", "<?xml "),
    *("<!DOCTYPE ", "<img src=a.png>", "<div class=TRS_Editor>", "<div id=zoom>", "<iframe>"),
    *("<ucapcontent>", "<select>", "<option>", "<svg>", "<form>", "<base href=//a>"),
    *("&", "&amp;", "&#20013;", "&#", "<", ">", "'", '"', "=", "/", " ", "\n", "\t", "\x00"),
    *("a", "1", "中", "。", "，", "：", "时间：", "来源：", "2024-03-05 ", "2024年", "作者"),
    *("责任编辑：", "（", "）", "[", "]", "【", "|", ">>", "－", "createPageHTML(", "(1,"),
    *("http://", "附件：", "\u3000", "\u00a0", "\ud7a3", "の", "é"),
)
"""Marks of pages."""


def pages() -> Iterator[Input]:
    """Yield hostile pages, from one to fifty megabytes."""
    start = b"<html><body>"
    page = TEXT * 20
    yield "depth: 1,000,000 div", start + b"<div>" * 1_000_000 + TEXT
    yield "depth: 300,000 unclosed b, i", start + b"<p>" + b"<b><i>" * 300_000 + TEXT
    yield "depth: 100,000 tables", start + b"<table><tr><td>" * 100_000 + TEXT
    yield "depth: 100,000 lists", start + b"<ul><li>" * 100_000 + page
    yield "depth: 100,000 captions", start + b"<div class='caption'>" * 100_000 + page
    yield "depth: 30,000 bodies (TRS)", start + b"<div class='TRS_Editor'>" * 30_000 + page
    row = b"<tr>" + b"<td>12.5</td>" * 30 + b"</tr>"
    yield "table: 300,000 cells", start + b"<table>" + row * 10_000 + b"</table>"
    yield "table: 45,000 cells in 1,500 rows", start + b"<table>" + row * 1_500 + b"</table>" + page
    yield "table: one row of 45,000", start + b"<table><tr>" + b"<td>1</td>" * 45_000
    yield "entities: 50 MB", start + b"<p>" + b"&nbsp;&lt;&#20013;" * (50 * _MB // 18)
    declared = b'<!DOCTYPE html [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
    yield "entities: declared in themselves", declared + start + b"&b;" * 1_000_000
    paragraph = b"<p>" + TEXT * 5 + b"</p>"
    yield "prose: 50 MB", start + paragraph * (50 * _MB // len(paragraph))
    yield (
        "prose: 11 MB in a known body",
        (start + b"<div class=TRS_Editor>" + paragraph * (11 * _MB // len(paragraph))),
    )
    yield "prose: one paragraph of 50 MB", start + b"<p>" + TEXT * (50 * _MB // len(TEXT))
    yield "prose: one paragraph of 5.5 MB", start + b"<p>" + TEXT * 59_000
    yield (
        "prose: one English of 50 MB",
        start + b"<p>" + b"The city said so on Monday. " * (50 * _MB // 28),
    )
    numbered = (f"<p>第{n}条，市政府。</p>".encode() for n in range(29_000))
    yield "prose: 29,000 short lines", start + b"".join(numbered)
    yield "zeros: 50 MB", start + b"<p>" + b"\x00" * 50 * _MB
    yield "zeros between letters: 40 MB", start + b"<p>" + b"\x00a" * 20 * _MB
    yield "attribute: one of 40 MB", start + b"<p class='" + b"a " * 20 * _MB + b"'>" + page
    many = b" ".join(b"a%d=1" % n for n in range(200_000))
    yield "attributes: 200,000 in a tag", start + b"<p " + many + b">" + page
    yield "attributes: tags in a tag", start + b"<p " * 300_000 + page
    yield "comments: never closed", start + b"<!--" * 5 * _MB
    yield "comments: body begins, never ends", start + "<!--正文begin-->".encode() * 400_000
    yield "scripts: 800,000", start + b"<script>var a=1;</script>" * 800_000
    yield (
        "script: one of 50 MB, then text",
        (start + b"<script>" + b"x" * 50 * _MB + b"</script>" + page),
    )
    yield "metas: 45,000", b"<html><head>" + b"<meta name=k content=v>" * 45_000 + page
    yield "blanks: 50 MB", start + b"<p>" + b" " * 50 * _MB + TEXT
    yield "digits: 10 MB", start + b"<p>" + b"2024-" * 2 * _MB
    yield "lines: 200,000 dates", start + "<p>时间：2024-03-05 来源：".encode() * 200_000
    yield "lines: 29,000 breaks", start + b"<div id=zoom>" + "市政府<br>".encode() * 29_000
    yield "links: 45,000", start + "<a href=art_1_78.html>市政府召开会议</a>".encode() * 45_000
    yield "links: 45,000 documents", start + b"<div id=zoom>" + b"<a href=a.doc>" * 45_000 + page
    yield "pictures: 45,000", start + b"<div id=zoom>" + b"<img src=a.png>" * 45_000 + page
    yield "bytes: 20 MB at random", b"<html>" + random.Random(1).randbytes(20 * _MB)
    yield "bytes: 20 MB of half characters", start + b"<p>" + b"\x81\x30" * 10 * _MB
    yield "bytes: UTF-16 of 6 MB", ("<html><body><p>" + TEXT.decode() * 100_000).encode("utf-16")


Written = tuple[Input, ...] | Callable[[], Iterator[Input]]
"""Inputs, or a function of them where all at once are too large."""
KINDS: dict[str, tuple[Reader, int, tuple[str, ...], Written]] = {
    "page": (read_page, 400_000, TOKENS, pages),
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
        (("4,000 hosts", CITY_FILE.replace(b"a.example", b", ".join(
            b"h%d.example" % n for n in range(4_000)))),
         ("a comment of 3 MB", CITY_FILE + b"# " + b"x" * 3 * _MB),
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
    yield from written() if callable(written) else written
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
    parser.add_argument("--only", choices=KINDS, action="append", help="kinds to read")
    parser.add_argument("--each", action="store_true", help="print every input")
    options = parser.parse_args()
    found = 0
    print(f"{'kind':<16} {'inputs':>6} {'s':>6} {'MB':>6}  costliest")
    for kind in options.only or KINDS:
        read = KINDS[kind][0]
        worst, most, count, slowest = 0.0, 0.0, 0, ""
        for name, body in inputs(kind, options.drawn, options.seed):
            seconds, held, answer = apart(read, body)
            count, most = count + 1, max(most, held)
            if seconds >= worst:
                worst, slowest = seconds, name
            if options.each:
                print(
                    f"{len(body) / _MB:6.1f} MB {seconds:6.2f} s {held:5.0f} MB  {name}: {answer}"
                )
            if answer.startswith("FAILED") or seconds > SLOW:
                found += 1
                print(f"  {kind}: {name}: {seconds:.1f} s, {answer}", flush=True)
        print(f"{kind:<16} {count:>6} {worst:>6.2f} {most:>6.0f}  {slowest}", flush=True)
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
