"""Response times of the review page under several reviewers.
On a corpus of many pairs.

`python -m benchmarks.cost.review_load [--pairs 100000] [--reviewers 4] [--verdicts 50] [--pause
0.5]`: ten cities of even size are written, with twenty distinct sentence groups a pair; then each
reviewer begins a plan of 200 pairs (two share one, the others have their own), judges, undoes one
verdict and looks back, over HTTP on loopback, from a process of its own. `pause` is what a
reviewer waits between verdicts, far less than anybody reads; 0 is a storm. An answer is a verdict
fsynced and the next item's page read to its end. Expected: a median under 100 ms.
"""

import argparse
import http.client
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import numpy as np

from benchmarks.cost.report_scale import BEADS, CITIES, EN, ZH, table, write_city
from pipelines.tables import files, parquet, schema

HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "X-Fragment": "1"}
CODES = ("translation", "abridged", "part_of", "same_event", "different", "cannot_tell")


class Reviewer:
    """One browser, as far as the server can see.
    `waits` are seconds by kind of answer."""

    def __init__(self, url: str, name: str) -> None:
        parts = urlsplit(url)
        self.host, self.name = parts.netloc, name
        self.connection = http.client.HTTPConnection(parts.netloc, timeout=300)
        self.cookie = ""
        self.waits: dict[str, list[float]] = {"verdict": [], "page": [], "undo": []}
        response = self.send("GET", f"/?{parts.query}")
        self.cookie = response[1]["set-cookie"].split(";")[0]
        page = self.send("GET", "/")[2]
        self.token = page.split('name="token" value="')[1].split('"')[0]

    def send(
        self, method: str, path: str, fields: dict[str, object] | None = None
    ) -> tuple[int, dict[str, str], str]:
        """Ask; return status, headers and text. Raises `RuntimeError` for a refusal."""
        body = urlencode({"token": self.token, "reviewer": self.name} | fields) if fields else None
        headers = {"Cookie": self.cookie} | (HEADERS if body else {})
        headers |= {"Origin": f"http://{self.host}"} if body else {}
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        text = response.read().decode()
        if response.status >= 400:
            raise RuntimeError(f"{method} {path}: {response.status} {text[:200]}")
        return response.status, {k.lower(): v for k, v in response.getheaders()}, text

    def timed(
        self, kind: str, method: str, path: str, fields: dict[str, object] | None = None
    ) -> str:
        """Ask and remember how long the answer took."""
        began = time.perf_counter()
        text = self.send(method, path, fields)[2]
        self.waits[kind].append(time.perf_counter() - began)
        return text

    def sit(self, seed: int, verdicts: int, pause: float) -> None:
        """Begin a plan and judge so many of its items."""
        plan = {"kind": "stratified", "size": 200, "seed": seed}
        address = self.send("POST", "/begin", plan)[1]["location"].split("?")[0]
        text = self.timed("page", "GET", f"{address}?reviewer={self.name}")
        for n in range(verdicts):
            time.sleep(pause)
            place = text.split('data-place="')[1].split('"')[0]
            fields = {"place": place, "code": CODES[n % len(CODES)]}
            text = self.timed("verdict", "POST", address, fields)
            if n % 10 == 9:
                text = self.timed("undo", "POST", address, {"place": place, "do": "undo"})
                self.timed("page", "GET", f"{address}?reviewer={self.name}&item=1")


def write(output: Path, pairs: int) -> None:
    """Write the corpus; no two sentences are the same."""
    rng = np.random.default_rng(1)
    each = pairs // CITIES
    for city in (f"city{n}" for n in range(CITIES)):
        write_city(output, city, each, rng)
        rows = range(each * BEADS)
        beads = table(
            schema.SENTENCES, len(rows), pair_id=np.repeat(
                [f"{city}-{n:06d}" for n in range(each)], BEADS),
            position=np.tile(np.arange(BEADS), each), kind="1-1", probability=0.9,
            flags=[[]] * len(rows),
            zh=[ZH.format(n % 28 + 1, n, 100 * n) for n in rows],
            en=[EN.format(n % 28 + 1, n, 100 * n) for n in rows],
        )  # fmt: skip
        parquet.write_table(files.table_path(output, "sentences", city), beads)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--reviewers", type=int, default=4)
    parser.add_argument("--verdicts", type=int, default=50)
    parser.add_argument("--pause", type=float, default=0.5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), args.pairs)
        command = [sys.executable, "-m", "pipelines.cli", "review", "--output", folder, "--json",
                   "--port", "0"]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            said = ""
            while not said.endswith("}\n"):
                said += server.stdout.readline()
            url = json.loads(said)["url"]
            assert parse_qs(urlsplit(url).query)["key"]
            people = [Reviewer(url, f"reviewer{n}") for n in range(args.reviewers)]
            with ThreadPoolExecutor(args.reviewers) as pool:
                sitting = [
                    pool.submit(one.sit, max(n, 1), args.verdicts, args.pause)
                    for n, one in enumerate(people)
                ]
            server.terminate()
            server.wait()
        for done in sitting:
            done.result()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
    result: dict[str, object] = {"pairs": args.pairs, "reviewers": args.reviewers,
                                 "pause_s": args.pause}  # fmt: skip
    for kind in ("verdict", "undo", "page"):
        waits = sorted(1000 * wait for one in people for wait in one.waits[kind])
        result[f"{kind}_ms"] = {
            "answers": len(waits),
            "median": round(statistics.median(waits), 1),
            "p95": round(waits[int(len(waits) * 0.95)], 1),
        }
    result["server_cpu_s"] = round(used.ru_utime + used.ru_stime, 1)
    result["load_average"] = round(os.getloadavg()[0], 1)
    result["server_peak_mb"] = round(used.ru_maxrss / 1024)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
