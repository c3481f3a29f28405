"""Whatever goes wrong is reported as what it is: a page or a socket that misbehaves for each code.

One city, asked directly and not through a proxy, so that refused connections, names without an
address and broken TLS are real. Its hosts are ports of loopback, which the crawl is allowed to
visit; a crawl that is not allowed is the last case.
"""

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from socketserver import StreamRequestHandler

import pytest
from conftest import Crawl, Web, page
from loopback import speaking

from crawler.issues import CODES
from pipelines.tables import articles

Answer = bytes | Callable[[socket.socket], None]


def reply(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """Return a response as it goes over the wire."""
    lines = [f"HTTP/1.1 {status}"]
    fields = {"Content_Type": "text/html; charset=utf-8", "Content_Length": str(len(body))}
    fields |= {"Connection": "close"} | headers
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def hang(connection: socket.socket) -> None:
    """Say nothing until the crawler goes away."""
    connection.settimeout(60)
    while connection.recv(4096):
        pass


def endless(connection: socket.socket) -> None:
    """Send a body without an end, until the crawler goes away."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    with suppress(OSError):
        while True:
            connection.sendall(b"a" * 65536)


def head(*lines: bytes) -> bytes:
    """Return an answer with exactly these lines before its body."""
    return b"\r\n".join([*lines, b"", b"<p>a page</p>"])


def article(number: int, parts: int = 0) -> bytes:
    text = "".join(
        f"<p>海晴市第{number}项民生工程第{n}阶段已经完成，共铺设管线{number * 7 + n}公里，惠及居民"
        f"{number * 31 + n}户，市住房和城乡建设局将在下月组织验收，并公布后续养护安排。</p>"
        for n in range(4)
    )
    script = f'<script>createPageHTML({parts}, 0, "t20240301_{number}", "html");</script>'
    body = f"<div class='TRS_Editor'>{text}</div>{script if parts else ''}"
    return reply(page(headline(number), body))


def headline(number: int) -> str:
    return f"海晴市第{number}项民生工程完成"


def address(number: int) -> str:
    return f"202403/t20240301_{number}.html"


def listing(*links: str, pages: int = 1) -> bytes:
    rows = "".join(
        f"<li><a href='{at}'>{headline(int(at.split('_')[-1][:-5]))}</a>"
        "<span>2024-03-01</span></li>"
        for at in links
    )
    script = f'<script>createPageHTML({pages}, 0, "index", "html");</script>'
    return reply(page("列表", f"<ul class='list'>{rows}</ul>{script}"))


def host(answers: dict[str, Answer], robots: Answer | None = None) -> AbstractContextManager[str]:
    """Serve a host that answers each path with bytes, or does to the connection as told."""
    allow = reply(b"User-agent: *\nDisallow: /closed/\n", Content_Type="text/plain")
    answers["/robots.txt"] = robots or allow

    def speak(handler: StreamRequestHandler) -> None:
        asked, connection = b"", handler.connection
        while b"\r\n\r\n" not in asked:
            got = connection.recv(4096)
            if not got:
                return
            asked += got
            if asked.startswith(b"\x16"):  # a TLS handshake: refused with an alert
                connection.sendall(b"\x15\x03\x03\x00\x02\x02\x28")
                return
        words = asked.split()
        path = words[1].decode() if len(words) > 1 else ""
        answer = answers.get(path, reply(b"no such page", "404 Not Found"))
        if callable(answer):
            answer(connection)
        else:
            connection.sendall(answer)

    return speaking(speak)


CHALLENGE = b"<html><script>document.cookie='__jsl_clearance=1';location.reload()</script></html>"
WAF = page("拦截", "<p>您的请求存在可疑行为，已被网站防火墙拦截。</p>")
ABROAD = page("提示", "<p>您所在的地区无法访问本网站。</p>")
NOTICE = page("温馨提示", "<p>门户网站正在升级改造，给各位网民带来不便，敬请谅解。</p>")
LOST = page("提示", "<p>您访问的页面不存在或已删除。</p>")
SHARED = page(
    "本站说明", "<p>全部内容以市政府办公室印发的纸质文件为准，查询请到各镇便民服务中心。</p>"
)
LOGIN = page("用户登录", "<form><input type='password'></form><p>忘记密码</p>")
SHELL = page("海晴市", "<div id='app'></div><script src='/app.js'></script>")

# Articles that the front page lists, what each is answered with, and what is to be told of it.
PAGES: dict[int, tuple[Answer, str, str]] = {
    10: (reply(CHALLENGE, "521 Web server is down"), "blocked_challenge", "__jsl_clearance"),
    11: (reply(CHALLENGE), "blocked_challenge", "status 200"),
    12: (reply(WAF, "403 Forbidden"), "blocked_waf", "已被网站防火墙拦截"),
    13: (reply(WAF), "blocked_waf", "status 200"),
    14: (reply(ABROAD, "403 Forbidden"), "geo_blocked", "您所在的地区无法访问"),
    15: (reply(b"", "451 Unavailable"), "geo_blocked", "status 451"),
    16: (reply(SHELL), "empty_shell", "status 200"),
    17: (reply(b"not here", "410 Gone"), "http_4xx", "status 410"),
    18: (reply(b"down", "500 Internal Server Error"), "http_5xx", "status 500"),
    19: (reply(b"?", "305 Use Proxy"), "odd_status", "status 305"),
    20: (reply(b"\x00" * 9, Content_Type="video/mp4"), "not_a_page", "video/mp4"),
    21: (reply(b" " * 400_000), "too_large", "400000"),
    22: (
        reply(gzip.compress(b" " * 40_000_000), Content_Encoding="gzip"),
        "too_large",
        "unpacks to more than",
    ),
    23: (
        reply(b"", "302 Found", Location=f"/news/{address(23)}?again=1"),
        "redirects",
        "redirections",
    ),
    24: (
        reply(b"", "302 Found", Location="http://mirror.other.example/x.html"),
        "off_host",
        "mirror.other.example is not among the hosts",
    ),
    25: (
        reply(b"<html><p>half a p", Content_Length="5000"),
        "connection",
        "broke off before its end",
    ),
    26: (hang, "timeout", "12.0 seconds"),
    50: (head(b"HTTP/1.1 abc"), "malformed", "non-integer status code"),
    51: (head(b"HTTP/1.1 200 OK", b"Content-Length: many"), "malformed", "many"),
    52: (head(b"HTTP/1.1 200 OK", b"X-\xe5: 1", b"Content-Length: 13"), "malformed", "InvalidHead"),
    53: (head(b"HTTP/1.1 200 OK", b"Transfer-Encoding: foo"), "malformed", "foo"),
    58: (endless, "too_large", "DOWNLOAD_MAXSIZE"),
    **{
        number: (reply(b"", "302 Found", Location=target), "redirects", target[:20])
        for number, target in enumerate(
            ("http://[a.example/", "http://a.example:99999/", "javascript:void(0)"), 59
        )
    },
    62: (
        head(b"HTTP/1.1 503 Busy", b"Retry-After: \xb2", b"Content-Length: 13"),
        "http_5xx",
        "503",
    ),
    64: (reply(b"", "302 Found", Location="/notice.html"), "redirected_away", "温馨提示"),
    65: (reply(LOST), "soft_404", "您访问的页面不存在"),
    66: (reply(SHARED), "same_page", "本站说明"),
    67: (reply(SHARED), "same_page", "2 addresses"),
    63: (reply(LOGIN), "login_wall", "用户登录"),
}
CLOSED = "/closed/202403/t20240301_27.html"


def main_site() -> dict[str, Answer]:
    links = [address(1), address(2), *map(address, PAGES), CLOSED]
    links.append("http://mirror.other.example/202403/t20240301_28.html")
    pages: dict[str, Answer] = {f"/news/{address(n)}": got for n, (got, _, _) in PAGES.items()}
    loop = f"/news/{address(23)}"
    pages |= {
        f"{loop}?again={n}": reply(b"", "302 Found", Location=f"{loop}?again={n + 1}")
        for n in range(1, 12)
    }
    return pages | {
        "/news/index.html": listing(*links),
        f"/news/{address(1)}": article(1),
        f"/news/{address(2)}": article(2, parts=2),
        "/notice.html": reply(NOTICE),
        "/nothing/index.html": reply(page("列表", "<ul></ul><p>海晴市人民政府办公室主办</p>" * 3)),
        "/drawn/index.html": reply(SHELL),
        "/long/index.html": listing(address(40), pages=9),
        "/long/index_1.html": listing(address(41), pages=9),
        f"/long/{address(40)}": article(40),
        f"/long/{address(41)}": article(41),
    }


@dataclass(frozen=True)
class Told:
    """What three crawls of the troubled city told: (code, URL) -> evidence, for each run."""

    runs: dict[str, dict[tuple[str, str], str]]
    hosts: dict[str, str]
    stored: set[str]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Crawl the troubled city; again after a redesign and a quiet month; and without leave,
    by a clock that is behind."""
    folder = tmp_path_factory.mktemp("troubled")
    busy = reply(b"busy", "503 Service Unavailable", Retry_After="86400")
    pages = main_site()
    sites = {
        "main": host(pages),
        "busy": host({"/news/index.html": busy}),
        "robots_fail": host({}, robots=reply(b"oops", "503 Service Unavailable")),
        "robots_hang": host({}, robots=hang),
        "plain": host({}),
    }
    with socket.socket() as closed, ExitStack() as stack:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port
        hosts = {name: stack.enter_context(site) for name, site in sites.items()}
        hosts |= {"shut": f"127.0.0.1:{closed.getsockname()[1]}", "unnamed": "1.2.3.4.5"}
        hosts["local"] = hosts["main"].replace("127.0.0.1", "localhost")
        lists = [f"http://{hosts['main']}/{column}" for column in ("news", "nothing", "drawn")]
        lists += [f"http://{hosts['main']}/long", f"https://{hosts['plain']}/news"]
        others = ("busy", "robots_fail", "robots_hang", "shut", "unnamed")
        lists += [f"http://{hosts[name]}/news" for name in others]
        (folder / "cities").mkdir()
        crawl = Crawl(Web(), folder / "cities", folder / "output", direct=True)

        def run(name: str, roots: list[str], *options: str) -> dict[tuple[str, str], str]:
            sources = "".join(
                f'  - {{lang: zh, cms: trs, list: "{root}/index.html"}}\n' for root in roots
            )
            named = ", ".join(f'"{host}"' for host in hosts.values())
            text = f"name: {{zh: 海晴市, en: Haiqing}}\nhosts: [{named}]\nsources:\n{sources}"
            (folder / "cities/haiqing.yaml").write_text(text, encoding="utf-8")
            limits = ("-sDOWNLOAD_MAXSIZE=300000", "-sDOWNLOAD_TIMEOUT=12", "-sRETRY_TIMES=0")
            crawl(name, *limits, "-sSHIZHENG_LIST_PAGES=2", *options)
            lines = (folder / f"output/runs/{name}/haiqing.issues.jsonl").read_text("utf-8")
            issues = map(json.loads, lines.splitlines())
            return {(issue["code"], issue["url"]): issue["evidence"] for issue in issues}

        leave = "-sSHIZHENG_PRIVATE_ADDRESSES=1"
        runs = {"run-1": run("run-1", lists, leave, "-sSHIZHENG_NOW=2024-03-02T00:00Z")}
        stored = set(articles.read_articles(crawl.output, "haiqing", ["url"])["url"].to_pylist())
        new = page("要闻", "<section data-feed='/api/feed'><p>栏目改版，敬请期待。</p></section>")
        pages["/news/index.html"] = reply(new)
        later = "-sSHIZHENG_NOW=2024-04-09T00:00Z"
        runs["run-2"] = run("run-2", lists[:1], leave, later)
        roots = [lists[0], f"http://{hosts['local']}/news"]
        runs["run-3"] = run("run-3", roots, "-sSHIZHENG_NOW=2024-02-01T00:00Z")
        yield Told(runs, hosts, stored)


@pytest.mark.parametrize("number", PAGES, ids=[f"{n}-{PAGES[n][1]}" for n in PAGES])
def test_a_page_that_is_none_is_reported_as_what_it_is(told: Told, number: int) -> None:
    _, code, evidence = PAGES[number]
    url = f"http://{told.hosts['main']}/news/{address(number)}"
    found = {key: text for key, text in told.runs["run-1"].items() if key[1].startswith(url)}
    assert {key[0] for key in found} == {code}
    assert evidence in "; ".join(found.values())


@pytest.mark.parametrize(
    ("host", "code", "evidence"),
    [
        ("shut", "refused", "refused"),
        ("unnamed", "dns_failure", "1.2.3.4.5"),
        ("plain", "tls_error", "SSL"),
        ("busy", "come_later", "86400 seconds"),
        ("robots_fail", "robots", "status 503"),
        ("robots_hang", "timeout", "robots.txt cannot be had"),
    ],
)
def test_a_host_that_cannot_be_crawled_is_reported_as_why(
    told: Told, host: str, code: str, evidence: str
) -> None:
    # A refused connection or a silence is never filed as a prohibition.
    found = {k[0]: v for k, v in told.runs["run-1"].items() if f"//{told.hosts[host]}/" in k[1]}
    assert set(found) == {code}
    assert evidence in found[code]


@pytest.mark.parametrize(
    ("run", "path", "code", "evidence"),
    [
        ("run-1", CLOSED, "robots", "Forbidden by robots.txt"),
        ("run-1", "/news/index.html", "links_off_host", "mirror.other.example (1)"),
        ("run-1", "/nothing/index.html", "list_empty", "0 links"),
        ("run-1", "/drawn/index.html", "empty_shell", "drawn by scripts"),
        ("run-1", "/long/index.html", "list_cut", "2 pages read, 7 known unread"),
        ("run-1", "/news/202403/t20240301_2_1.html", "part_missing", "could not be fetched"),
        ("run-2", "/news/index.html", "layout_changed", "articles were on its first page before"),
        ("run-2", "/news/index.html", "no_new_articles", "2024-03-01, 39 days ago"),
        ("run-3", "/news/index.html", "private_address", "127.0.0.1 is a private address"),
        ("run-3", "/news/index.html", "clock", "later than now (2024-02-01T00:00Z)"),
    ],
)
def test_a_site_that_is_not_what_it_should_be_is_reported(
    told: Told, run: str, path: str, code: str, evidence: str
) -> None:
    assert evidence in told.runs[run][code, f"http://{told.hosts['main']}{path}"]


def test_a_name_that_leads_into_a_private_network_is_not_followed(told: Told) -> None:
    url = f"http://{told.hosts['local']}/news/index.html"
    evidence = told.runs["run-3"]["private_address", url]
    assert "localhost leads to 127.0.0.1, a private address" in evidence


def test_every_code_but_those_of_the_crawler_itself_was_seen(told: Told) -> None:
    seen = {code for run in told.runs.values() for code, _ in run}
    # See test_crawl.py, test_drawn_list.py for the browser, and test_doubts.py.
    assert set(CODES) - seen == {
        "archive", "store", "internal", "browser_missing", "unreadable", "shared_title"
    }  # fmt: skip


def test_nothing_that_misbehaved_was_stored(told: Told) -> None:
    main = f"http://{told.hosts['main']}"
    good = {f"{main}/news/{address(n)}" for n in (1, 2)}
    assert told.stored == good | {f"{main}/long/{address(n)}" for n in (40, 41)}
