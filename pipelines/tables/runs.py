"""Records of runs: a folder each, with manifest, counts, issues and metrics."""

import json
import platform
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from crawler.errors import ExitCode
from crawler.ordinary import ordinary
from pipelines.errors import exit_code
from pipelines.tables import atomic, damage, run_metrics, text_files

Issue = dict[str, Any]
Counts = Mapping[str, Mapping[str, Any]]
"""Counts of a run by city."""

FAILURES = ("assertion", "time_limit", "crawl", "align", "table")
"""Issue codes that make a city's run a failure: an assertion of its file is not met, its crawl took
too long or failed, it could not be aligned, a table of it cannot be read."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one command over some cities. Times are UTC.

    `number` is one more than that of any run before: it orders runs independently of clocks.
    """

    run_id: str
    folder: Path
    command: str
    cities: tuple[str, ...]
    started_at: datetime
    number: int
    terms: Mapping[str, Any] = field(default_factory=dict)


def start(
    output: Path, command: str, cities: tuple[str, ...], terms: Mapping[str, Any] | None = None
) -> Run:
    """Make the folder of a new run, with a manifest in it.

    It is `runs/<UTC time>-<4 hex digits>/`. `terms` are the run's terms towards the sites
    (`terms_of`), stored in the manifest.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    run_id = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    number = 1 + max(_numbers(output), default=0)
    run = Run(run_id, output / "runs" / run_id, command, cities, now, number, terms or {})
    _write_json(run.folder / "manifest.json", _manifest(run, finished_at=None))
    return run


def finish(run: Run, counts: Mapping[str, Mapping[str, Any]], exit_code: int) -> None:
    """Write the run's counts per city, its metrics and the final manifest."""
    ended = datetime.now(UTC).replace(microsecond=0)
    _write_json(run.folder / "counts.json", counts)
    with atomic.replacing(run.folder / "metrics.prom") as file:
        file.write(run_metrics.of_run(run.started_at, ended, exit_code, counts).encode())
    _write_json(run.folder / "manifest.json", _manifest(run, ended) | {"exit_code": exit_code})


def abandon(run: Run, reason: str, code: int, counts: Counts | None = None) -> None:
    """Record why a run ended early, and its counts so far."""
    ended = datetime.now(UTC).replace(microsecond=0)
    with suppress(damage.StoreError):
        gather_issues(run, [])
        cut = {"exit_code": code, "cut_short": reason} | ({"so_far": counts} if counts else {})
        _write_json(run.folder / "manifest.json", _manifest(run, ended) | cut)


@contextmanager
def noting_end(run: Run, counts: Callable[[], Counts] = dict) -> Iterator[None]:
    """Record the reason and the counts of a run cut short.

    Of a command that was refused before it began (exit code USAGE) no run is left.
    """
    try:
        yield
    except BaseException as error:
        code = exit_code(error)
        if code == ExitCode.USAGE:
            shutil.rmtree(run.folder, ignore_errors=True)
        else:
            abandon(run, str(error) or type(error).__name__, code or ExitCode.INTERNAL, counts())
        raise


def issues(folder: Path, city: str = "*") -> list[Issue]:
    """Return the issues of a run under way, by city."""
    return [
        issue for path in sorted(folder.glob(f"{city}.issues.jsonl")) for issue in records(path)
    ]


def records(path: Path) -> Iterator[Issue]:
    """Yield the records of a file of JSON lines.

    A line that a full disk cut off is left out.
    """
    for line in text_files.lines(ordinary(path).read_text(encoding="utf-8", errors="replace")):
        with suppress(ValueError, RecursionError):
            found = json.loads(line)
            if isinstance(found, dict):
                yield found


def failures(output: Path, run_id: str, city: str) -> list[str]:
    """Return the reasons of a city's failure in a finished run."""
    return [
        str(issue["detail"])
        for issue in recorded(output, run_id)
        if issue.get("city") == city and issue.get("code") in FAILURES and "detail" in issue
    ]


def recorded(output: Path, run_id: str) -> list[Issue]:
    """Return the readable issues of a finished run."""
    path = output / "runs" / run_id / "issues.jsonl"
    return list(records(path)) if path.is_file() else []


def gather_issues(run: Run, more: list[Issue]) -> list[Issue]:
    """Join the cities' issues and `more` into the run's `issues.jsonl`; return them."""
    everything = issues(run.folder) + more
    if everything:
        lines = "".join(json.dumps(issue, ensure_ascii=False) + "\n" for issue in everything)
        with atomic.replacing(run.folder / "issues.jsonl") as file:
            file.write(lines.encode())
    for path in run.folder.glob("*.issues.jsonl"):
        path.unlink()
    return everything


def history(output: Path) -> Iterator[dict[str, Any]]:
    """Yield the manifests of finished runs, oldest first, with `counts`."""
    for row in manifests(output):
        if "counts" in row:
            yield row


def manifests(output: Path) -> Iterator[dict[str, Any]]:
    """Yield the manifests of all runs, oldest first.

    Finished runs have `counts`; a run with neither `counts` nor `cut_short` is under way, or was
    killed. Runs are ordered by number; those without one come first, by name.
    """
    rows: list[tuple[int, str, Path, dict[str, Any]]] = []
    for path in (output / "runs").glob("*/manifest.json"):
        row = _object(path)
        rows.append((_number(row), path.parent.name, path, row))
    for _, _, path, row in sorted(rows, key=lambda each: each[:2]):
        counts = path.with_name("counts.json")
        if counts.exists() and row.get("finished_at"):
            row["counts"] = _object(counts)
        yield row


def _numbers(output: Path) -> Iterator[int]:
    """Yield the numbers of the runs with a readable manifest."""
    for path in (output / "runs").glob("*/manifest.json"):
        with suppress(damage.StoreError):
            yield _number(_object(path))


def _number(row: Mapping[str, Any]) -> int:
    return int(row.get("number", 0))


def _object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file of a run. Raises `StoreError`."""
    try:
        found = json.loads(ordinary(path).read_bytes())
        if isinstance(found, dict):
            return found
        reason = "it is no object"
    except (OSError, ValueError, RecursionError) as error:
        reason = str(error)
    raise damage.StoreError(
        f"{path}: not a readable record of a run ({reason}); restore it from a back-up, or move "
        "the run's folder away: nothing but its record is lost"
    )


def _manifest(run: Run, finished_at: datetime | None) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "number": run.number,
        "command": run.command,
        "cities": list(run.cities),
        "started_at": run.started_at.isoformat(),
        "finished_at": finished_at.isoformat() if finished_at else None,
        "shizheng": version("shizheng"),
        "python": platform.python_version(),
        "scrapy": version("scrapy"),
        "pyarrow": version("pyarrow"),
        **({"terms": dict(run.terms)} if run.terms else {}),
    }


def _write_json(path: Path, value: Any) -> None:
    with atomic.replacing(path) as file:
        file.write(json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n")
