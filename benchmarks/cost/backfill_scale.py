"""Memory and time of a plan over many rows of an index, by way of asking.

`python -m benchmarks.cost.backfill_scale [--rows 500000]`: an invented Dalian with so many captures
(three of each address, a tenth of the rows no articles) is planned with `--dry-run`, from a server
on loopback that speaks as Common Crawl's does (pages of 15,000 rows) or as the Wayback Machine
does (resume keys), and from the columnar index over HTTP with ranges, where ours are a part of
three times as many rows. Prints rows, requests, megabytes received, seconds by the clock and of the
processor, and the peak memory of the command beyond that of one with a hundred rows. Each runs in a
process of its own; Linux only.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

PAGE = 15_000
"""Rows of a page of Common Crawl's index: five blocks of 3,000."""
GROUP = 100_000
"""Rows of a row group of the columnar index."""
FIELDS = ["timestamp", "original", "mimetype", "statuscode", "digest", "length"]
COMMAND = """
import re, sys, time
from pathlib import Path
from pipelines.cli.app import main
began = time.process_time()
code = main(sys.argv[1:])
peak = re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]
print(time.process_time() - began, peak, file=sys.stderr)
sys.exit(code)
"""


def row(number: int) -> tuple[str, str, str]:
    """Return address, timestamp and digest of a row, in the order of an index."""
    page, capture = divmod(number, 3)
    at = datetime(2012 + page % 8, 1, 1) + timedelta(days=page % 300 + capture * 30)
    kind = "index_{}.jhtml" if page % 10 == 0 else "{}.jhtml"
    url = f"http://en.dl.gov.cn/News/ChinaNews/{kind.format(page)}"
    return url, f"{at:%Y%m%d}{page % 86400:06d}"[:8] + "120000", f"{page:029d}{capture:03d}"


class Server(BaseHTTPRequestHandler):
    """Index of `rows` captures, and the files of a folder by ranges."""

    rows = 0
    folder = Path()
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        own = "en." in asked.get("url", "")
        if parts.path == "/collinfo.json":
            crawl = {"id": "CC-MAIN-2020-10", "cdx-api": "/CC-MAIN-2020-10-index"}
            self.answer(json.dumps([crawl]).encode())
        elif parts.path.endswith("-index"):
            pages = -(-self.rows // PAGE) if own else 0
            if "showNumPages" in asked:
                self.answer(json.dumps({"pages": pages, "pageSize": 5}).encode())
            else:
                self.answer("".join(self.objects(int(asked["page"]))).encode())
        elif parts.path == "/cdx/search/cdx":
            start = int(asked.get("resumeKey", "0")) if own else self.rows
            end = min(start + int(asked["limit"]), self.rows)
            table: list[list[str]] = [FIELDS]
            for number in range(start, end):
                url, timestamp, digest = row(number)
                table.append([timestamp, url, "text/html", "200", digest, "9000"])
            table += [[], [str(end)]] if end < self.rows else []
            self.answer(json.dumps(table).encode())
        else:
            self.file(self.folder / parts.path.lstrip("/"))

    def objects(self, page: int) -> Iterator[str]:
        for number in range(page * PAGE, min((page + 1) * PAGE, self.rows)):
            url, timestamp, digest = row(number)
            yield json.dumps({
                "timestamp": timestamp, "url": url, "mime": "text/html", "status": "200",
                "mime-detected": "text/html", "digest": digest, "length": "9000",
                "offset": str(number * 9000), "filename": "crawl-data/a.warc.gz",
            }) + "\n"  # fmt: skip

    def file(self, path: Path) -> None:
        size = path.stat().st_size
        first, last = re.fullmatch(r"bytes=(-?\d+)(?:-(\d+))?", self.headers["Range"]).groups()  # type: ignore[union-attr]
        start = max(0, size + int(first)) if first.startswith("-") else int(first)
        end = min(size, int(last) + 1) if last else size
        with path.open("rb") as file:
            file.seek(start)
            body = file.read(end - start)
        self.answer(body, 206, {"Content-Range": f"bytes {start}-{end - 1}/{size}"})

    def answer(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def write_table(path: Path, rows: int) -> None:
    """Write a columnar index: a third before ours, ours, a third behind."""
    writer = None
    for part, domain in enumerate(("dk.gov.cn", "dl.gov.cn", "dm.gov.cn")):
        for start in range(0, rows, GROUP):
            numbers = range(start, min(start + GROUP, rows))
            listed = [row(number) for number in numbers]
            host = f"en.{domain}"
            table = pa.table({
                "url_surtkey": [f"cn,gov,d{'klm'[part]},en){url[20:]}" for url, _, _ in listed],
                "url": [url.replace("en.dl.gov.cn", host) for url, _, _ in listed],
                "url_host_name": [host] * len(listed),
                "url_host_registered_domain": [domain] * len(listed),
                "fetch_time": pa.array(
                    [datetime.strptime(at, "%Y%m%d%H%M%S") for _, at, _ in listed],
                    pa.timestamp("ms"),
                ),
                "fetch_status": pa.array([200] * len(listed), pa.int16()),
                "content_digest": [digest for _, _, digest in listed],
                "content_mime_type": ["text/html"] * len(listed),
                "content_mime_detected": ["text/html"] * len(listed),
                "content_languages": ["eng"] * len(listed),
                "content_truncated": pa.array([None] * len(listed), pa.string()),
                "warc_filename": ["crawl-data/a.warc.gz"] * len(listed),
                "warc_record_offset": pa.array([n * 900 for n in numbers], pa.int32()),
                "warc_record_length": pa.array([9000] * len(listed), pa.int32()),
            })  # fmt: skip
            writer = writer or pq.ParquetWriter(path, table.schema, compression="gzip")
            writer.write_table(table)
    if writer is not None:
        writer.close()


def plan(source: str, scratch: Path) -> tuple[dict[str, int], float, float, int]:
    """Plan in a process of its own; return counts, seconds, processor seconds and peak KB."""
    output = Path(tempfile.mkdtemp(dir=scratch))
    line = [sys.executable, "-c", COMMAND, "backfill", "dalian", "--from", source, "--dry-run"]
    variables = {"SHIZHENG_CONTACT": "benchmark@example.org", "SHIZHENG_PACE_DIR": str(output)}
    began = time.monotonic()
    done = subprocess.run(
        [*line, "--delay", "0", "--json", "--output", str(output)],
        env=os.environ | variables, capture_output=True, check=True, text=True,
    )  # fmt: skip
    seconds = time.monotonic() - began
    found = json.loads(done.stdout)
    city = found["cities"]["dalian"]
    counts = {
        "rows": city["rows"]["rows"], "left": sum(part["captures"] for part in city["left"]),
        "requests": found["requests"], "bytes": found["bytes"],
    }  # fmt: skip
    processor, peak = done.stderr.split()[-2:]
    return counts, seconds, float(processor), int(peak)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=500_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        Server.folder = scratch
        server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        ways = {
            "common-crawl": f"{base}/collinfo.json",
            "wayback": f"{base}/cdx/search/cdx",
            "columnar": f"{base}/cc-index/crawl=CC-MAIN-2020-10/subset=warc/%d.parquet",
        }
        for size in (100, rows):
            table = scratch / f"cc-index/crawl=CC-MAIN-2020-10/subset=warc/{size}.parquet"
            table.parent.mkdir(parents=True, exist_ok=True)
            write_table(table, size)
        print(
            "way           rows     wanted   requests      MB  seconds  processor  MB more memory"
        )
        for way, source in ways.items():
            Server.rows = 100
            *_, least = plan(source.replace("%d", "100"), scratch)
            Server.rows = rows
            counts, seconds, processor, most = plan(source.replace("%d", str(rows)), scratch)
            print(
                f"{way:12} {counts['rows']:8,} {counts['left']:8,} {counts['requests']:9,} "
                f"{counts['bytes'] / 1e6:8.1f} {seconds:8.1f} {processor:10.1f} "
                f"{(most - least) / 1024:15.1f}"
            )
        server.shutdown()


if __name__ == "__main__":
    main()
