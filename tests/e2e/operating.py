"""The command `shizheng` over the small city, in processes of their own."""

import io
import json
import os
import subprocess
from collections import Counter
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import warm
from conftest import Web

from crawler.archive.reader import read_records
from pipelines.cli import app
from pipelines.tables import articles, files, parquet, schema
from pipelines.terminal import ERR

# Which run wrote a row, and when, is all that may differ between a disturbed and another crawl.
RUN_COLUMNS = {"run_id", "first_seen", "last_seen", "seen_at"}

QUICK = {"DOWNLOAD_DELAY": "0", "AUTOTHROTTLE_ENABLED": "0", "RETRY_TIMES": "0",
         "CONCURRENT_REQUESTS_PER_DOMAIN": "4", "SHIZHENG_FLUSH": "3"}  # fmt: skip


def words(name: str, output: Path, cities: Path, *options: str | Path) -> list[str]:
    """Return the command line of `crawl` or `run`, without pauses.
    Over every city of a folder."""
    settings = [f"-s{key}={value}" for key, value in QUICK.items()]
    where = ["--output", output, "--cities-dir", cities]
    return [name, *map(str, [*options, *where]), *settings]


@dataclass(frozen=True)
class Ended:
    """End of a command: exit code, output, complaints."""

    code: int
    output: str
    errors: str

    @property
    def plain(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.output)
        return found


def ended(port: int, *command: str) -> Ended:
    """Run a command in this process, without pauses, behind the proxy at a port.
    What it fetches is fetched by processes of its own; looks at sites are warm."""
    polite = {"SHIZHENG_DELAY": "0", "SHIZHENG_AUTOTHROTTLE": "0", "SHIZHENG_CONCURRENCY": "4"}
    proxy = {"http_proxy": f"http://127.0.0.1:{port}", "no_proxy": ""}
    out = io.StringIO()
    with (
        patch.dict(os.environ, polite | proxy),
        patch("subprocess.run", warm.run_line),
        redirect_stdout(out),
        ERR.capture() as said,
    ):
        code = app.main(command)
    return Ended(code, out.getvalue(), said.get())


def inside(output: Path, cities: Path, *command: str) -> tuple[int, str, str]:
    """Run a command over a corpus in this process; return exit code, output, complaints."""
    where = ["--output", str(output), "--cities-dir", str(cities)]
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as errors:
        code = app.main([*command, *where])
    return code, out.getvalue(), errors.getvalue()


def environment(web: Web, **more: str) -> dict[str, str]:
    """Return the environment in which the small city's hosts are found."""
    return {**os.environ, "http_proxy": f"http://127.0.0.1:{web.port}", "no_proxy": "", **more}


def start(
    web: Web,
    name: str,
    output: Path,
    cities: Path,
    *options: str | Path,
    env: Mapping[str, str] | None = None,
) -> warm.Process:
    """Start a command in a pipe. The crawls that it starts are cold."""
    line = words(name, output, cities, *options)
    return warm.start("pipelines.cli", *line, env=env or environment(web))


def call(
    web: Web,
    name: str,
    output: Path,
    cities: Path,
    *options: str | Path,
    env: Mapping[str, str] | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Run a command in a pipe to its end."""
    line = words(name, output, cities, *options)
    return warm.run("pipelines.cli", *line, env=env or environment(web), timeout=1800)


def tables(output: Path, city: str = "haiqing") -> dict[str, list[dict[str, Any]]]:
    """Return a city's tables without columns of runs and times."""
    whole = {"articles": articles.read_articles(output, city)}
    for name, of in (("rejects", schema.REJECTS), ("revisions", schema.REVISIONS)):
        whole[name] = parquet.read_table(files.table_path(output, name, city), of)
    return {
        name: [{k: v for k, v in row.items() if k not in RUN_COLUMNS} for row in table.to_pylist()]
        for name, table in whole.items()
    }


def damage(output: Path) -> list[str]:
    """Return what is broken among the files of a corpus, if anything."""
    skipped: Counter[str] = Counter()
    for path in sorted(output.rglob("*.warc.gz")):
        for _ in read_records(path, skipped):
            pass
    del skipped["not_modified"]  # a page that had not changed: nothing is wrong with the record
    found = [f"{count} records {reason}" for reason, count in skipped.items()]
    found += [f"left behind: {path.name}" for path in output.rglob("*.tmp")]
    for path in sorted(output.rglob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            json.loads(line)
    for path in sorted(output.rglob("*.json")):
        json.loads(path.read_text(encoding="utf-8"))
    return found


def manifests(output: Path) -> list[Mapping[str, Any]]:
    """Return the manifests of all runs, oldest first."""
    paths = sorted(output.glob("runs/*/manifest.json"), key=lambda path: path.stat().st_mtime_ns)
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]
