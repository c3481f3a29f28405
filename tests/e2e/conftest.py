"""A small city on loopback, and crawls of it over HTTP.
Each crawl is a process of its own, most of them forked from one that is warm.

The server answers as a proxy, so the city's hosts are real names and nothing in the crawler knows
that it is a test. Unlike the demo it can be told to misbehave, and remembers what was asked.
"""

import fcntl
import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import warm
from loopback import HTML, HTTP, Handler, running

ROOT = Path(__file__).parents[2]
ZH, EN, ELSEWHERE = "www.haiqing.example", "en.haiqing.example", "mirror.other.example"
NEWS, NOTICES, PRESS = f"http://{ZH}/xwzx/", f"http://{ZH}/tzgg/", f"http://{EN}/news/"

CITY = f"""\
name: {{zh: 海晴市, en: Haiqing}}
division: "990900"
hosts: [{ZH}, {EN}]
status: active
sources:
  - {{lang: zh, cms: trs, list: "{NEWS}index.html"}}
  - {{lang: zh, cms: trs, list: "{NOTICES}index.html"}}
  - {{lang: en, cms: trs, list: "{PRESS}index.html"}}
assertions: {{quiet_days: 36500}}
"""

_SUBJECTS = (
    ("滨海大道雨水管网改造", "the storm drains of Binhai Avenue"),
    ("第三中学新校区建设", "the new campus of No. 3 Middle School"),
    ("渔港冷链仓库扩建", "the cold store at the fishing port"),
    ("老旧小区加装电梯", "lifts for older housing estates"),
    ("市民广场夜间照明", "night lighting on Citizens' Square"),
    ("山区公路护栏更换", "guard rails on the mountain roads"),
    ("社区食堂补贴发放", "subsidies for community canteens"),
)


@dataclass(frozen=True)
class Answer:
    """The server's answer to one URL."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=HTML.copy)


@dataclass
class Web:
    """The pages of the small city by URL.
    `asked` is every GET in order, `pause` the seconds before each answer.

    `unmodified` are those answered with 304, `sent` counts the bytes of all bodies.
    """

    pages: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    unmodified: list[str] = field(default_factory=list)
    sent: int = 0
    pause: float = 0.0
    on_request: Callable[[int], None] = lambda number: None
    port: int = 0

    def answer(self, url: str) -> Answer:
        self.asked.append(url)
        self.on_request(len(self.asked))
        time.sleep(self.pause)
        return self.pages.get(url, Answer(page("没有此页", "<p>404</p>"), status=404))


@dataclass(frozen=True)
class Ended:
    """Exit code, JSON lines and standard error of a crawl."""

    code: int
    lines: list[dict[str, Any]]
    errors: str

    @property
    def last(self) -> dict[str, Any]:
        return self.lines[-1]


@dataclass
class Crawl:
    """Crawls of the small city into `output`.
    `direct` crawls without the proxy that `web` answers as; `cold` begins each as a scheduler does,
    with its own seed of `hash`: what others are compared with."""

    web: Web
    cities: Path
    output: Path
    direct: bool = False
    cold: bool = False
    city: str = "haiqing"

    def words(self, run: str, *options: str) -> list[str]:
        start = [self.city, "--output", str(self.output)]
        fixed = ["--run-id", run, "--cities-dir", str(self.cities)]
        polite = {"DOWNLOAD_DELAY": "0", "AUTOTHROTTLE_ENABLED": "0", "RETRY_TIMES": "1"}
        polite |= {"CONCURRENT_REQUESTS_PER_DOMAIN": "4", "SHIZHENG_FLUSH": "3"}
        return [*start, *fixed, *(f"-s{k}={v}" for k, v in polite.items()), *options]

    def start(self, run: str, *options: str) -> "subprocess.Popen[str] | warm.Process":
        proxy = {"http_proxy": f"http://127.0.0.1:{self.web.port}", "no_proxy": ""}
        if self.direct:
            proxy = {"no_proxy": "*"}
        start = warm.start_cold if self.cold else warm.start
        return start("crawler.crawl", *self.words(run, *options), env={**os.environ, **proxy})

    def __call__(self, run: str = "run-1", *options: str) -> Ended:
        with self.start(run, *options) as process:
            out, errors = process.communicate(timeout=120)
        return Ended(process.wait(), [json.loads(line) for line in out.splitlines()], errors)

    def killed_after(self, requests: int, run: str, *options: str) -> int:
        """Crawl, SIGKILL the process after so many requests; return its exit code."""
        before = len(self.web.asked)
        reached = threading.Event()

        def watch(number: int) -> None:
            if number - before >= requests:
                reached.set()

        self.web.on_request = watch
        try:
            # Nobody reads what it says meanwhile, and a full pipe would hold it up.
            with self.start(run, *options, "-sLOG_LEVEL=CRITICAL") as process:
                while process.poll() is None and not reached.wait(0.02):
                    pass
                process.send_signal(signal.SIGKILL)
                process.communicate()
        finally:
            self.web.on_request = lambda number: None
        return process.wait()

    def issues(self, run: str = "run-1") -> list[tuple[str, str]]:
        """Return (code, url) of the run's issues."""
        path = self.output / "runs" / run / f"{self.city}.issues.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [(issue["code"], issue["url"]) for issue in map(json.loads, lines)]


def page(title: str, body: str, head: str = "") -> bytes:
    """Return an HTML page."""
    return (
        f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{title}</title>{head}</head>"
        f"<body><h1>{title}</h1>{body}</body></html>"
    ).encode()


def listing(entries: Sequence[tuple[str, str, str]], count: int = 1, current: int = 0) -> Answer:
    """Return a list page of (href, title, date), as TRS makes them."""
    rows = "".join(
        f"<li><a href='{href}' title='{title}'>{title[:9]}...</a><span>{day}</span></li>"
        for href, title, day in entries
    )
    script = f'<script>createPageHTML({count}, {current}, "index", "html");</script>'
    return Answer(page("列表", f"<ul class='list'>{rows}</ul>{script}"))


def news(number: int, lang: str = "zh", part: int = 0, parts: int = 1) -> Answer:
    """Return an article page with facts of its own.
    `parts` > 1: it has further pages."""
    zh, en = _SUBJECTS[number % len(_SUBJECTS)]
    cost, days = 3 + 17 * number + part, 11 + 3 * number + part
    if lang == "zh":
        title = f"海晴市推进{zh}第{number}期工程"
        body = (
            f"<p>本报讯 记者{number}日从市住房和城乡建设局获悉，{zh}第{number}期工程第{part + 1}"
            f"标段已经开工，计划投资{cost}万元，工期{days}天。</p><p>项目负责人介绍，施工期间将"
            f"保留{days % 4 + 1}条车道通行，并在现场设置{cost % 23 + 2}名引导员。居民如有疑问，"
            f"可以拨打服务热线或者到街道办事处咨询，工作人员会在{days % 5 + 1}个工作日内答复。</p>"
        )
    else:
        title = f"Phase {number} of work on {en} begins"
        body = (
            f"<p>Haiqing has begun phase {number} of its work on {en}, the housing bureau said. "
            f"The city will spend {cost}0,000 yuan and expects to finish within {days} days.</p>"
            f"<p>Traffic will keep {days % 4 + 1} lanes while crews are at work, and "
            f"{cost % 23 + 2} wardens will direct people around the site, the bureau added. "
            f"Residents may call the service line with questions and will hear back soon.</p>"
        )
    day = f"2024-03-{number % 28 + 1:02d}"
    meta = (
        f"<meta name='ArticleTitle' content='{title}'><meta name='PubDate' content='{day} 09:30'>"
    )
    pager = ""
    if parts > 1 and part == 0:
        call = f'createPageHTML({parts}, 0, "{stem(number)}", "html");'
        pager = f"<script>{call}</script>"
    return Answer(page(title, f"<div class='TRS_Editor'>{body}</div>{pager}", meta))


def stem(number: int) -> str:
    """Return the file name, without extension, of an article."""
    return f"t202403{number % 28 + 1:02d}_{1000 + number}"


def href(number: int, part: int = 0) -> str:
    """Return the address of an article relative to its list.
    Or that of its further page `part`."""
    return f"202403/{stem(number)}{f'_{part}' if part else ''}.html"


def entry(number: int) -> tuple[str, str, str]:
    """Return an article's entry in a list."""
    title = f"海晴市推进{_SUBJECTS[number % len(_SUBJECTS)][0]}第{number}期工程"
    return (href(number), title, f"2024-03-{number % 28 + 1:02d}")


def small_city() -> dict[str, Answer]:
    """Return the pages: 21 Chinese and 5 English articles, and oddities."""
    pages = {f"http://{host}/robots.txt": _robots("/xwzx/secret/") for host in (ZH, EN)}
    numbers = range(18, 0, -1)  # newest first, as lists are
    for number in numbers:
        pages[NEWS + href(number)] = news(number)
    pages[NEWS + href(5)] = news(5, parts=3)
    for part in (1, 2):
        pages[NEWS + href(5, part)] = news(5, part=part)
    rows = [entry(n) for n in numbers]
    pages[NEWS + "index.html"] = listing(rows[:6], 4, 0)
    pages[NEWS + "index_1.html"] = listing(
        [
            *rows[6:12],
            # Another spelling of an article of page 1, a page that moved, pages that are not there.
            (href(17).replace(".html", "_print.html"), "打印", "2024-03-18"),
            ("202403/t20240301_7001.html", entry(3)[1], "2024-03-01"),
            ("202403/t20240301_7002.html", "搬到别处的页面", "2024-03-01"),
            ("202403/t20240301_7003.html", "被删除的页面", "2024-03-01"),
        ],
        4,
        1,
    )
    pages[NEWS + "index_2.html"] = listing(
        [
            *rows[12:15],
            ("202403/t20240301_7004.html", "被拦截的页面", "2024-03-01"),
            ("secret/202403/t20240301_7005.html", "不许机器人访问的页面", "2024-03-01"),
            (f"http://{ELSEWHERE}/202403/t20240301_7006.html", "别家的页面", "2024-03-01"),
        ],
        4,
        2,
    )
    pages[NEWS + "index_3.html"] = listing(rows[15:], 4, 3)
    for number in range(30, 33):
        pages[NOTICES + href(number)] = news(number)
    pages[NOTICES + "index.html"] = listing([entry(n) for n in range(30, 33)])
    for number in range(50, 55):
        pages[PRESS + href(number)] = news(number, "en")
    pages[PRESS + "index.html"] = listing([entry(n) for n in range(50, 55)])
    moved = {"Content-Type": "text/html", "Location": f"/xwzx/{href(3)}"}
    pages[NEWS + "202403/t20240301_7001.html"] = Answer(b"moved", 301, moved)
    away = {"Content-Type": "text/html", "Location": f"http://{ELSEWHERE}/"}
    pages[NEWS + "202403/t20240301_7002.html"] = Answer(b"moved", 302, away)
    pages[NEWS + "202403/t20240301_7004.html"] = Answer(
        b"<html><script>document.cookie='__jsl_clearance=1';location.reload()</script></html>", 521
    )
    return pages


def _robots(closed: str) -> Answer:
    return Answer(f"User-agent: *\nDisallow: {closed}\n".encode(), headers={})


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The output of `shizheng demo`, made once, also for tests that run in parallel. Not to be
    changed."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder if worker_id == "master" else folder.parent
    output = folder / "demo" / "output"
    with (folder / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (output / "evaluation.json").exists():
            ended = subprocess.run(
                [sys.executable, "-m", "pipelines.cli", "demo", "--output", str(output)],
                capture_output=True, text=True, check=False, cwd=ROOT,
            )  # fmt: skip
            assert ended.returncode == 0, ended.stderr
            assert str(output / "evaluation.json") in ended.stdout
    return output


@dataclass(frozen=True)
class Crawled:
    """The small city after one undisturbed crawl, which took so many seconds, to be looked at by
    many tests."""

    web: Web
    crawl: Crawl
    ended: Ended
    seconds: float


@pytest.fixture(scope="session")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    """Crawl the small city once. One page is sent compressed; nothing here may be changed."""
    with serving(Web(small_city())) as web:
        url = NEWS + href(4)
        headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
        web.pages[url] = Answer(gzip.compress(web.pages[url].body), 200, headers)
        crawl = crawl_into(web, tmp_path_factory.mktemp("crawled"), cold=True)
        began = time.monotonic()
        ended = crawl()
        yield Crawled(web, crawl, ended, time.monotonic() - began)


@pytest.fixture
def web() -> Iterator[Web]:
    """Serve the small city; its pages may be changed while it runs."""
    with serving(Web(small_city())) as served:
        yield served


@pytest.fixture
def crawl(web: Web, tmp_path: Path) -> Crawl:
    """Give a crawl of the small city into an empty folder."""
    return crawl_into(web, tmp_path)


def crawl_into(web: Web, folder: Path, *, cold: bool = False) -> Crawl:
    """Return a crawl of the small city into `folder`/output."""
    cities = folder / "cities"
    cities.mkdir(parents=True)
    (cities / "haiqing.yaml").write_text(CITY, encoding="utf-8")
    return Crawl(web, cities, folder / "output", cold=cold)


@contextmanager
def serving(web: Web) -> Iterator[Web]:
    """Serve a `Web` on loopback while the block runs."""

    class Proxy(Handler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            answer = web.answer(self.path)
            tag = answer.headers.get("ETag")
            if tag and self.headers.get("If-None-Match") == tag:
                web.unmodified.append(self.path)
                self.send(status=304, headers={"ETag": tag})
                return
            web.sent += len(answer.body)
            self.send(answer.body, answer.status, answer.headers)

    with running(HTTP(Proxy)) as host:
        web.port = int(host.rpartition(":")[2])
        yield web
