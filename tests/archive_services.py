"""Web archives on loopback, in the formats that the real ones speak.

Files are served by Starlette, a real server of ranges. The indexes are ours, after the servers'
documentation: Common Crawl's (`collinfo.json`, pages, an object a line) and the Wayback Machine's
(arrays, resume keys) with its replay (`id_`, `x-archive-orig-` headers). `test_pywb.py` asks a real
pywb where one is installed.
"""

import base64
import hashlib
import io
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import uvicorn
from archived_dalian import Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.backfill.columnar import registered_domain

FIELDS = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]
PER_PAGE = 5
"""Rows of a page of the index; Common Crawl's have fifteen thousand."""


def surt(host: str) -> str:
    """Return a host as indexes sort it: `cn,gov,dl,en`, without `www`."""
    return ",".join(reversed(host.removeprefix("www.").split(".")))


def crawl_of(timestamp: str) -> str:
    """Return the crawl that a capture of ours belongs to: one a year."""
    return f"CC-MAIN-{timestamp[:4]}-43"


def write_warcs(folder: Path, pages: Sequence[Page]) -> list[dict[str, Any]]:
    """Write pages as Common Crawl's files are laid out; return the rows of their index."""
    rows: list[dict[str, Any]] = []
    for crawl in sorted({crawl_of(page.timestamp) for page in pages}):
        name = f"crawl-data/{crawl}/segments/1/warc/{crawl}-00000.warc.gz"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            writer = WARCWriter(file, gzip=True, warc_version="1.0")
            info = {"isPartOf": crawl, "software": "Apache Nutch", "format": "WARC 1.0"}
            writer.write_record(writer.create_warcinfo_record(path.name, info))
            for page in pages:
                if crawl_of(page.timestamp) == crawl:
                    rows.append(_write(writer, file, page, name) | {"crawl": crawl})
    return sorted(rows, key=lambda row: (row["urlkey"], row["timestamp"]))


def _write(writer: Any, file: Any, page: Page, name: str) -> dict[str, Any]:
    at = datetime.strptime(page.timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    headers = [
        ("Content-Type", page.content_type),
        ("Set-Cookie", "s=1"),
        ("X-Crawl-Content-Length", "9"),
    ]
    request = StatusAndHeaders("GET / HTTP/1.1", [("User-Agent", "CCBot/2.0")])
    writer.write_record(writer.create_warc_record(page.url, "request", http_headers=request))
    start = file.tell()
    body = page.data
    record = writer.create_warc_record(
        page.url, "response", payload=io.BytesIO(body),
        http_headers=StatusAndHeaders(f"{page.status} OK", headers, protocol="HTTP/1.1"),
        warc_headers_dict={"WARC-Date": f"{at:%Y-%m-%dT%H:%M:%SZ}"},
    )  # fmt: skip
    writer.write_record(record)
    host, _, path = page.url.partition("://")[2].partition("/")
    return {
        "urlkey": f"{surt(host)})/{path.lower()}", "timestamp": page.timestamp, "url": page.url,
        "mime": page.mime, "mime-detected": page.mime, "status": str(page.status),
        "digest": base64.b32encode(hashlib.sha1(body).digest()).decode(),
        "length": str(file.tell() - start), "offset": str(start), "filename": name,
        "languages": "eng" if host.startswith("en") else "zho", "encoding": "UTF-8",
    }  # fmt: skip


def write_table(folder: Path, rows: Sequence[Mapping[str, Any]], *, group: int = 4) -> list[str]:
    """Write the columnar index in Common Crawl's layout and schema; return its paths."""
    paths = []
    for crawl in sorted({row["crawl"] for row in rows}):
        own = [row for row in rows if row["crawl"] == crawl]
        for subset, listed in (
            ("warc", [row for row in own if row["status"] == "200"]),
            ("crawldiagnostics", [row for row in own if row["status"] != "200"]),
        ):
            partition = f"cc-index/table/cc-main/warc/crawl={crawl}/subset={subset}"
            name = f"{partition}/part-00000-1f2e.c000.gz.parquet"
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            table = pa.Table.from_pylist([_table_row(row) for row in listed], schema=SCHEMA)
            if crawl < "CC-MAIN-2018-39":  # older crawls have no languages
                table = table.drop_columns(["content_languages", "content_charset"])
            pq.write_table(table, path, compression="gzip", row_group_size=group)
            paths.append(name)
    return paths


SCHEMA = pa.schema(
    [(name, pa.string()) for name in (
        "url_surtkey", "url", "url_host_name", "url_host_tld", "url_host_registry_suffix",
        "url_host_registered_domain", "url_host_private_domain", "url_protocol", "url_path",
        "url_query",
    )]
    + [("fetch_time", pa.timestamp("ms")), ("fetch_status", pa.int16())]
    + [(name, pa.string()) for name in (
        "content_digest", "content_mime_type", "content_mime_detected", "content_charset",
        "content_languages", "content_truncated", "warc_filename",
    )]
    + [("warc_record_offset", pa.int32()), ("warc_record_length", pa.int32())]
    + [("warc_segment", pa.string())]
)  # fmt: skip


def _table_row(row: Mapping[str, Any]) -> dict[str, Any]:
    scheme, _, rest = row["url"].partition("://")
    host, _, path = rest.partition("/")
    return {
        "url_surtkey": row["urlkey"], "url": row["url"], "url_host_name": host,
        "url_host_registered_domain": registered_domain(host), "url_protocol": scheme,
        "url_path": f"/{path}", "fetch_time": datetime.strptime(row["timestamp"], "%Y%m%d%H%M%S"),
        "fetch_status": int(row["status"]), "content_digest": row["digest"],
        "content_mime_type": row["mime"], "content_mime_detected": row["mime-detected"],
        "content_languages": row["languages"], "content_truncated": row.get("truncated"),
        "warc_filename": row["filename"], "warc_record_offset": int(row["offset"]),
        "warc_record_length": int(row["length"]),
    }  # fmt: skip


@dataclass
class Archive:
    """An archive's servers: what they were asked, and what they answer instead."""

    folder: Path
    rows: list[dict[str, Any]]
    pages: Mapping[tuple[str, str], Page]
    port: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Paths with queries, and ranges, in order."""
    times: list[tuple[float, float]] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    faults: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    """By beginning of a path: answers before the right one."""
    pause: float = 0.0
    limit: int = 4
    """Rows of one answer with a resume key."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def counted(self, start: str) -> Counter[tuple[str, str]]:
        return Counter(one for one in self.asked if one[0].startswith(start))

    def app(self) -> Any:
        routes = [
            Route("/collinfo.json", self._collinfo),
            Route("/cdx/search/cdx", self._wayback),
            Route("/web/{rest:path}", self._replay),
            Route("/{crawl}-index", self._index),
            Mount("/", StaticFiles(directory=self.folder)),
        ]
        inner = Starlette(routes=routes)

        async def logged(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await inner(scope, receive, send)
                return
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            query = scope["query_string"].decode()
            path = scope["raw_path"].decode() + (f"?{query}" if query else "")
            began = time.monotonic()
            self.asked.append((path, headers.get("range", "")))
            self.agents.add(headers.get("user-agent", ""))
            time.sleep(self.pause)
            for start, answers in self.faults.items():
                if path.startswith(start) and answers:
                    status, extra = answers.pop(0)
                    await PlainTextResponse("busy", status, extra)(scope, receive, send)
                    break
            else:
                await inner(scope, receive, send)
            self.times.append((began, time.monotonic()))

        return logged

    async def _collinfo(self, request: Request) -> Response:
        crawls = sorted({row["crawl"] for row in self.rows}, reverse=True)
        return Response(json.dumps([
            {"id": crawl, "name": f"{crawl} Index", "timegate": f"{self.url}/{crawl}/",
             "cdx-api": f"{self.url}/{crawl}-index", "from": f"{crawl[8:12]}-01-01T00:00:00",
             "to": f"{crawl[8:12]}-12-31T23:59:59"}
            for crawl in crawls
        ]))  # fmt: skip

    def _host_rows(self, host: str, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        first, last = asked.get("from", ""), asked.get("to", "99999999")
        return [
            row for row in self.rows
            if row["urlkey"].startswith(f"{surt(host)})") and first <= row["timestamp"][:8] <= last
            and (row["status"] == "-" or row["status"][:1] not in "1345")
        ]  # fmt: skip

    async def _index(self, request: Request) -> Response:
        asked = request.query_params
        crawl = request.path_params["crawl"]
        own = [
            row
            for row in self._host_rows(asked["url"].removesuffix("/*"), asked)
            if row["crawl"] == crawl
        ]
        count = -(-len(own) // PER_PAGE)
        if asked.get("showNumPages"):
            return Response(json.dumps({"pages": count, "pageSize": 5, "blocks": count}) + "\n")
        if not own:
            return Response(json.dumps({"message": f"No Captures found for: {asked['url']}"}), 404)
        page = int(asked.get("page", 0))
        if page >= count:
            return Response("", 400)
        fields = asked["fl"].split(",")
        lines = [
            json.dumps({name: row[name] for name in fields if name in row})
            for row in own[page * PER_PAGE : (page + 1) * PER_PAGE]
        ]
        return Response("\n".join(lines) + "\n", media_type="text/x-ndjson")

    async def _wayback(self, request: Request) -> Response:
        asked = request.query_params
        own = self._host_rows(asked["url"], asked)
        start = int(asked.get("resumeKey", "0").removesuffix("!").rpartition(" ")[2])
        part = own[start : start + self.limit]
        if not part or "%" in asked.get("resumeKey", ""):  # escaped twice: no key of ours
            return Response("[]")
        names = {"original": "url", "mimetype": "mime", "statuscode": "status"}
        fields = asked.get("fl", ",".join(FIELDS)).split(",")
        table: list[list[str]] = [fields]
        table += [[row[names.get(name, name)] for name in fields] for row in part]
        if start + self.limit < len(own):
            table += [[], [f"cn%2Cgov%29%2F+{start + self.limit}%21"]]
        return Response("[" + ",\n ".join(json.dumps(row) for row in table) + "]\n")

    async def _replay(self, request: Request) -> Response:
        timestamp, _, url = request.path_params["rest"].partition("id_/")
        page = self.pages.get((timestamp, url))
        if page is None:
            return PlainTextResponse("not in archive", 404)
        at = datetime.strptime(timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        return Response(
            page.data, page.status,
            {
                "content-type": page.content_type, "x-archive-src": "crawl-1.warc.gz",
                "x-archive-orig-server": "Apache-Coyote/1.1", "x-archive-orig-content-length": "1",
                "x-archive-orig-content-type": page.content_type,
                "memento-datetime": f"{at:%a, %d %b %Y %H:%M:%S GMT}",
            },
        )  # fmt: skip


@contextmanager
def serving(archive: Archive) -> Iterator[Archive]:
    """Serve an archive on a free port of the loopback."""
    config = uvicorn.Config(archive.app(), host="127.0.0.1", port=0, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    archive.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield archive
    finally:
        server.should_exit = True
        thread.join(5)


def archive_of(folder: Path, pages: Sequence[Page]) -> Archive:
    """Write pages into an archive's files and return its servers."""
    rows = write_warcs(folder, pages)
    write_table(folder, rows)
    return Archive(folder, rows, {(page.timestamp, page.url): page for page in pages})
