"""Hostile pages for the extractor: answers and worst costs.

    python -m benchmarks.cost.fuzz_extract --bombs  # time and memory on a family of bombs
    python -m benchmarks.cost.fuzz_extract --repeat  # tokens repeated: what is quadratic?
    python -m benchmarks.cost.fuzz_extract --minutes 10  # coverage-guided, with atheris (.[fuzz])

Every page is read in a process of its own that is killed after a minute of CPU time, or in one
process under libFuzzer's limits. An answer is an `Article` or a `Reject` that language has
judged; anything else, an exception or a slow page, is a finding and ends in exit code 1.
"""

import argparse
import itertools
import multiprocessing
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from crawler import limits
from crawler.city import unnamed_city
from crawler.extract.article import extract
from crawler.item import Article, Reject
from pipelines.articles.article_language import judge

URL = "http://www.anlan.example/art/2024/3/5/art_1_77.html"
CITY = unnamed_city(URL)
HEADERS = {"content-type": "text/html; charset=utf-8"}
TEXT = "市政府召开常务会议，研究部署安全生产工作，审议通过三年行动方案。".encode()
LIMIT = 60
"""CPU seconds after which a page is a hang."""
_MB = 1 << 20

TOKENS = tuple(
    token.encode()
    for token in (
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
)


def main() -> int:
    """Run what the arguments ask for; return 1 when something was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bombs", action="store_true", help="measure the family of bombs")
    parser.add_argument("--repeat", action="store_true", help="repeat tokens and pairs of tokens")
    parser.add_argument("--seed", type=int, default=1, help="of the pairs that --repeat draws")
    parser.add_argument("--pairs", type=int, default=300, help="how many pairs --repeat draws")
    parser.add_argument("--minutes", type=float, default=0, help="fuzz for so long, with atheris")
    parser.add_argument("--corpus", type=Path, help="folder of pages to start from and add to")
    args = parser.parse_args()
    if args.bombs:
        return bombs()
    if args.repeat:
        return repeat(args.seed, args.pairs)
    if not args.minutes:
        parser.error("say --bombs, --repeat or --minutes N")
    return fuzz(args.minutes, args.corpus)


def family() -> Iterator[tuple[str, bytes]]:
    """Yield named hostile pages, from one to fifty megabytes."""
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


def bombs() -> int:
    """Print CPU seconds, memory and the answer for each bomb.
    Memory above that of the idle process."""
    print(f"{'page':<36}{'MB':>6}{'s':>8}{'MB held':>9}  answer")
    worst_time = worst_memory = 0.0
    found = 0
    for name, body in family():
        seconds, memory, answer = apart(body)
        worst_time, worst_memory = max(worst_time, seconds), max(worst_memory, memory)
        found += not answer.startswith(("Article", "Reject"))
        print(
            f"{name:<36}{len(body) / _MB:>6.1f}{seconds:>8.2f}{memory:>9.0f}  {answer}", flush=True
        )
    print(f"worst: {worst_time:.1f} s, {worst_memory:.0f} MB; {found} without an answer")
    return int(found > 0)


def repeat(seed: int, pairs: int) -> int:
    """Print the slow ones of tokens repeated to 400 kB.
    Every token, and `pairs` pairs of tokens drawn by `seed`."""
    drawn = random.Random(seed).sample(list(itertools.permutations(TOKENS, 2)), pairs)
    units = [(token,) for token in TOKENS] + drawn
    slow = 0
    for unit in units:
        one = b"".join(unit)
        body = b"<html><body><p>" + TEXT * 4 + b"</p>" + one * (400_000 // len(one))
        seconds, _, answer = apart(body)
        if seconds > 4 or not answer.startswith(("Article", "Reject")):
            slow += 1
            print(f"{seconds:>7.2f} s  {one.decode()!r} repeated: {answer}", flush=True)
    print(f"{len(units)} pages of 400 kB, {slow} slower than 4 s or without an answer")
    return int(slow > 0)


def apart(body: bytes) -> tuple[float, float, str]:
    """Read a page in a process of its own.
    Returns CPU seconds, MB added at the peak, and the answer."""
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    process = context.Process(target=_measured, args=(body, answers))
    process.start()
    process.join()
    if process.exitcode in (-signal.SIGXCPU, -signal.SIGKILL):
        return float(LIMIT), 0.0, f"HANG: no answer within {LIMIT} s"
    if answers.empty():
        return 0.0, 0.0, f"CRASH: the process ended with {process.exitcode}"
    seconds, memory, answer = answers.get()
    return seconds, memory, answer


def _measured(
    body: bytes, answers: "multiprocessing.SimpleQueue[tuple[float, float, str]]"
) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    answer = check(URL, body, HEADERS)
    spent = time.process_time() - began
    held = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    answers.put((spent, held, answer))


def check(url: str, body: bytes, headers: dict[str, str]) -> str:
    """Read and judge one page; return the answer in a word.
    Raises if there is no answer."""
    result = extract(url, body, headers, CITY)
    if isinstance(result, Reject):
        if result.reason == "unreadable":
            raise AssertionError(f"the guard had to catch an error: {result.detail}")
        return f"Reject {result.reason}"
    if not isinstance(result, Article):
        raise TypeError(f"extract returned {type(result).__name__}")
    judged = judge(result)
    if not judged or not all(isinstance(one, Article | Reject) for one in judged):
        raise TypeError(f"judge returned {judged!r}")
    result.text.encode()
    result.title.encode()
    return "Article" + "".join(f" {flag}" for flag in result.flags if flag == "truncated")


def fuzz(minutes: float, corpus: Path | None) -> int:
    """Fuzz with atheris.
    libFuzzer prints executions and ends the process at a finding."""
    import atheris

    with atheris.instrument_imports():
        # What is instrumented must be imported anew; the two modules alone are the program's own.
        for name in [n for n in sys.modules if n.startswith(("crawler", "pipelines.articles"))]:
            del sys.modules[name]
        from crawler.city import unnamed_city as city_of
        from crawler.extract.article import extract as read
        from pipelines.articles.article_language import judge as judged

    city = city_of(URL)

    def one(data: bytes) -> None:
        source = atheris.FuzzedDataProvider(data)
        charset = source.PickValueInList(
            ["utf-8", "gb2312", "big5", "latin-1", "utf-16", "x\ud800"]
        )
        kind = source.PickValueInList(["text/html", "", "application/pdf", "text/plain"])
        path = source.PickValueInList(
            [
                "art/2024/3/5/art_1_77.html",
                "202403/t20240305_1.html",
                "News/1.jhtml",
                "\ud800?[=",
                "",
            ]
        )
        times = source.PickValueInList([1, 1, 1, 2, 50])
        body = source.ConsumeBytes(source.remaining_bytes()) * times
        url = f"http://www.anlan.example/{path}"
        result = read(url, body, {"Content-Type": f"{kind}; charset={charset}"}, city)
        if type(result).__name__ == "Article":
            for half in judged(result):
                assert type(half).__name__ in ("Article", "Reject")
        elif result.reason == "unreadable":
            raise AssertionError(result.detail)

    folder = corpus or Path(tempfile.mkdtemp(prefix="fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    for number, (_, body) in enumerate(_seeds()):
        (folder / f"seed-{number}").write_bytes(body)
    words = folder.with_name(folder.name + ".dict")
    lines = ['"' + "".join(f"\\x{byte:02x}" for byte in token) + '"' for token in TOKENS]
    words.write_text("\n".join(lines) + "\n", encoding="ascii")
    atheris.Setup(
        [
            sys.argv[0],
            f"-max_total_time={int(minutes * 60)}",
            "-timeout=20",
            "-rss_limit_mb=2048",
            "-max_len=20000",
            f"-dict={words}",
            f"-artifact_prefix={folder.parent}/finding-",
            "-print_final_stats=1",
            str(folder),
        ],
        one,
    )
    atheris.Fuzz()
    return 0


def _seeds() -> Iterator[tuple[str, bytes]]:
    """Yield small ordinary pages to begin from: the project's own fixtures."""
    fixtures = Path(__file__).parents[2] / "tests" / "cms"
    for path in sorted(fixtures.glob("*/*/*.html")):
        if path.stat().st_size < 20_000:
            yield path.stem, path.read_bytes()
    yield "bounds", b"<p " + b" ".join(b"a%d" % n for n in range(limits.MAX_ATTRIBUTES + 9))


if __name__ == "__main__":
    sys.exit(main())
