"""A site that sends more than a crawl can hold, and a proxy with a password."""

import base64
import gzip
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from socketserver import StreamRequestHandler

import pytest
import warm
from conftest import NEWS, Answer, Crawl, Web, href, page
from loopback import speaking
from operating import tables

from crawler.archive.reader import MAX_HEAD
from crawler.unpacking import MAX_BODY

USER, PASSWORD = "wangluo", "tongxing-4471"
SECRET = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@cache
def bomb() -> bytes:
    """Return a small body of 16 times what is read of any."""
    return gzip.compress(bytes(MAX_BODY * 16), 1)


def everything_under(folder: Path) -> bytes:
    """Return the bytes of every file under a folder, unpacked where they are packed."""
    found = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    return b"\n".join(gzip.decompress(d) if d.startswith(b"\x1f\x8b") else d for d in found)


@dataclass
class Relay:
    """A proxy that answers nobody without the password, and hands all others on to a `Web`."""

    host: str = ""
    let_in: int = 0
    turned_away: int = 0
    cookies: list[str] = field(default_factory=list)


@contextmanager
def guarding(web: Web) -> Iterator[Relay]:
    """Serve such a proxy on loopback while the block runs."""
    relay = Relay()

    def speak(asked: StreamRequestHandler) -> None:
        line = asked.rfile.readline().decode("latin-1")
        headers = {}
        while header := asked.rfile.readline().decode("latin-1").strip():
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("proxy-authorization") != f"Basic {SECRET}":
            relay.turned_away += 1
            asked.wfile.write(b"HTTP/1.1 407 Who is there\r\nContent-Length: 0\r\n\r\n")
            return
        relay.let_in += 1
        answer = web.answer(line.split()[1])
        head = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        asked.wfile.write(
            f"HTTP/1.1 {answer.status} X\r\n{head}Set-Cookie: visit={PASSWORD}\r\n"
            f"Content-Length: {len(answer.body)}\r\nConnection: close\r\n\r\n".encode()
            + answer.body
        )

    with speaking(speak) as relay.host:
        yield relay


def test_no_credential_is_left_behind_by_a_crawl(web: Web, crawl: Crawl) -> None:
    host = NEWS.split("/")[2]
    with_user = NEWS.replace(host, f"gast:offen-58@{host}")
    moved = {"Content-Type": "text/html", "Location": with_user + href(3)}
    web.pages[NEWS + "202403/t20240301_7001.html"] = Answer(b"moved", 302, moved)
    lists = web.pages[NEWS + "index.html"]
    link = f"<li><a href='{with_user}{href(4)}'>海晴市推进的一项工程</a></li>".encode()
    # And an address that no request is made of: the crawl must end all the same.
    link += f"<li><a href='{href(4)}?{'x' * 3000}'>海晴市推进的又一项工程</a></li></ul>".encode()
    web.pages[NEWS + "index.html"] = Answer(lists.body.replace(b"</ul>", link))
    gone = f"{with_user}202403/t20240301_7999.html"
    web.pages[NEWS + "index_3.html"] = Answer(
        web.pages[NEWS + "index_3.html"].body.replace(
            b"</ul>", f"<li><a href='{gone}'>海晴市推进的另一项工程</a></li></ul>".encode()
        )
    )
    with guarding(web) as relay:
        environment = {"http_proxy": f"http://{USER}:{PASSWORD}@{relay.host}"}
        ended = warm.run(
            "crawler.crawl",
            *crawl.words("run-1", "-sLOG_LEVEL=DEBUG"),
            env={**os.environ, **environment, "no_proxy": ""},
        )
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert (relay.let_in > 30, relay.turned_away) == (True, 0)
    assert ("http_4xx", NEWS + "202403/t20240301_7999.html") in crawl.issues()
    assert ("list_cut", NEWS + "index.html") in crawl.issues()
    kept = everything_under(crawl.output)
    for secret in (PASSWORD, SECRET, f"{USER}:"):
        assert secret.encode() not in kept
    # What a site writes into its own pages is archived with them, and goes no further.
    for folder in ("articles", "rejects", "state", "runs"):
        assert b"offen-58" not in everything_under(crawl.output / folder)
    assert SECRET not in ended.stderr
    assert all(f"@{host}" not in row["url"] for row in tables(crawl.output)["articles"])


def test_a_bomb_is_one_reject_now_and_later_and_extraction_agrees(
    web: Web, crawl: Crawl, tmp_path: Path
) -> None:
    url = NEWS + href(4)
    headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
    web.pages[url] = Answer(bomb(), 200, headers)
    first = crawl("run-1")
    assert (first.code, first.last["rejects"] > 0) == (0, True)
    assert ("too_large", url) in crawl.issues("run-1")
    refused = {row["url"]: row["reason"] for row in tables(crawl.output)["rejects"]}
    assert refused[url] == "too_large"
    asked = web.asked.count(url)
    crawl("run-2")
    assert web.asked.count(url) == asked
    archives = map(str, crawl.output.rglob("*.warc.gz"))
    where = ["--output", str(tmp_path / "again"), "--cities-dir", str(crawl.cities)]
    ended = warm.run("pipelines.cli", "extract", *where, *archives)
    assert ended.returncode == 0, ended.stderr
    again = {row["url"]: row["reason"] for row in tables(tmp_path / "again")["rejects"]}
    assert again[url] == "too_large"


def test_a_list_or_robots_txt_that_is_a_bomb_is_reported(web: Web, crawl: Crawl) -> None:
    packed = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
    web.pages[NEWS + "index.html"] = Answer(bomb(), 200, packed)
    host = "en.haiqing.example"
    web.pages[f"http://{host}/robots.txt"] = Answer(bomb(), 200, packed)
    assert crawl().code == 0
    assert ("too_large", NEWS + "index.html") in crawl.issues()
    assert ("robots", f"http://{host}/news/index.html") in crawl.issues()
    assert not any(url.startswith(f"http://{host}/news") for url in web.asked)


HEADS = {
    "lines": b"X-Tide: high\r\n" * 1000,
    "interim answers": b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
    "one line": b"X-Tide: " + b"high" * 4000,
}


@pytest.mark.parametrize("kind", HEADS)
def test_a_head_without_end_is_cut(crawl: Crawl, kind: str) -> None:
    sent = 0
    start = b"" if kind == "interim answers" else b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"

    def speak(asked: StreamRequestHandler) -> None:
        nonlocal sent
        if b"robots.txt" in asked.rfile.readline():
            asked.wfile.write(b"HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n")
            return
        with suppress(OSError):
            asked.wfile.write(start)
            while sent < MAX_HEAD * 1000:
                sent += asked.wfile.write(HEADS[kind])

    with speaking(speak) as host:
        crawl.web.port = int(host.rpartition(":")[2])
        ended = crawl("run-1", "-sRETRY_TIMES=0")
    assert ended.code == 1  # no list could be read
    codes = {code for code, _ in crawl.issues()}
    assert codes == ({"connection"} if kind == "one line" else {"too_large"})
    assert sent < MAX_HEAD * 200  # what lies in the buffers of three connections


def explained(url: str, tmp_path: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run `shizheng page URL` without a proxy, with the small city's file."""
    (tmp_path / "none").mkdir(exist_ok=True)
    plain = {name: value for name, value in os.environ.items() if not name.endswith("_proxy")}
    environment = {**plain, "SHIZHENG_DELAY": "0", **more}
    return warm.run("pipelines.cli", "page", "--json", url, env=environment)


ALLOWED = {"SHIZHENG_PRIVATE_ADDRESSES": "1"}


@contextmanager
def site(pages: dict[str, bytes]) -> Iterator[str]:
    """Serve raw answers by path on loopback; anything else is gone."""
    gone = b"HTTP/1.1 404 Gone\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngone"

    def speak(asked: StreamRequestHandler) -> None:
        asked.wfile.write(pages.get(asked.rfile.readline().split()[1].decode(), gone))

    with speaking(speak) as host:
        yield f"http://{host}"


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


TEXT = "<p>5月6日，滨江市图书馆新馆开馆，藏书二十万册，设有少儿阅览区、自习室和报告厅。</p>" * 4


def test_one_page_is_fetched_by_the_rules_of_a_crawl(tmp_path: Path) -> None:
    html = "Content-Type: text/html; charset=utf-8"
    pages = {
        "/robots.txt": answer(b"User-agent: *\nDisallow: /closed/\n"),
        "/xw/a1.html": answer(page("滨江市图书馆新馆开馆", TEXT), "200 OK", html),
        "/closed/a2.html": answer(page("不许访问", TEXT), "200 OK", html),
        "/away.html": answer(b"", "302 Found", "Location: http://169.254.169.254/latest/"),
        "/bomb.html": answer(bomb(), "200 OK", html, "Content-Encoding: gzip"),
    }
    with site(pages) as base:
        # An address of the own network is asked for nothing unless that is allowed.
        refused = explained(f"{base}/xw/a1.html", tmp_path)
        assert (refused.returncode, "private address" in refused.stderr) == (4, True)
        ended = explained(f"{base}/xw/a1.html", tmp_path, **ALLOWED)
        assert ended.returncode == 0, ended.stderr
        assert "图书馆" in json.loads(ended.stdout)["fields"]["title"]["value"]
        found = explained(f"{base}/bomb.html", tmp_path, **ALLOWED)
        assert json.loads(found.stdout)["results"][0]["reason"] == "too_large"
        for path, said in (
            ("/closed/a2.html", "robots"),
            ("/away.html", "off_host"),
            ("/missing.html", "404"),
        ):
            told = explained(f"{base}{path}", tmp_path, **ALLOWED)
            assert (told.returncode, told.stderr.count("\n")) == (4, 1), told.stderr
            assert said in told.stderr


def test_a_port_nobody_listens_on_is_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    told = explained(f"http://127.0.0.1:{port}/x.html", tmp_path, **ALLOWED)
    assert (told.returncode, "refused" in told.stderr) == (4, True)
