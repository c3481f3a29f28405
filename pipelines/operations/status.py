"""`shizheng status`: the status of every city, and the last runs."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from crawler.city import City
from pipelines.errors import UsageError
from pipelines.operations import health
from pipelines.tables import runs
from pipelines.terminal import say, say_json, show_table, span


def show(
    output: Path,
    cities: Mapping[str, City],
    now: datetime,
    *,
    named: Collection[str] = (),
    as_json: bool,
) -> bool:
    """Print the status of cities, and the reasons below the table.

    Without names, of those with anything stored or run. Returns True if all their tables could be
    read. Raises `UsageError` for a name of no city.
    """
    everyone = health.statuses(output, cities, now)
    unknown = set(named) - {status.city for status in everyone}
    if unknown:
        raise UsageError(f"no city file and no articles: {', '.join(sorted(unknown))}")
    statuses = [s for s in everyone if (s.city in named if named else _is_there(s))]
    whole = all(status.health != health.DAMAGED for status in statuses)
    if as_json:
        say_json([asdict(status) for status in statuses])
        return whole
    if not statuses:
        say(f"nothing is stored in {output} yet: shizheng crawl CITY, or shizheng demo")
        return whole
    header = ("city", "zh", "en", "pairs", "rejects", "newest zh", "newest en", "4 weeks (before)",
              "last success", "health")  # fmt: skip
    rows = [
        (s.city, s.zh, s.en, s.pairs, s.rejects, _day(s.newest_zh), _day(s.newest_en),
         f"{s.recent} ({s.before})", _minute(s.last_success), s.health)
        for s in statuses
    ]  # fmt: skip
    show_table(header, rows)
    for status in statuses:
        for reason in status.why:
            say(f"{status.city}: {reason}")
        if health.may_have_moved(status.why):
            say(f"{status.city}: to look for its lists: shizheng cities check {status.city} --live")
    return whole


def _is_there(status: health.CityStatus) -> bool:
    """Return True for a city with anything stored, run or running."""
    stored = status.zh or status.en or status.pairs or status.rejects
    return bool(stored or status.last_run or status.health in (health.DAMAGED, health.RUNNING))


def show_runs(output: Path, count: int, *, as_json: bool) -> None:
    """Print the last `count` runs of any command, the newest first."""
    newest = list(islice(reversed(list(runs.manifests(output))), count))
    listed = [_run(row) for row in newest]
    if as_json:
        say_json(listed)
        return
    header = ("run", "command", "began", "took", "exit", "cities", "failed", "new", "revised")
    rows = [
        (row["run_id"], row["command"], _minute(row["started_at"]),
         "-" if row["seconds"] is None else span(row["seconds"]),
         row["cut_short"] or row["exit_code"], row["cities"],
         " ".join(row["failed"]) or "-", row["new"], row["revised"])
        for row in listed
    ]  # fmt: skip
    show_table(header, rows)


def _run(row: Mapping[str, Any]) -> dict[str, Any]:
    counts: Mapping[str, Mapping[str, Any]] = row.get("counts") or row.get("so_far", {})
    began, ended = row["started_at"], row["finished_at"]
    took = (datetime.fromisoformat(ended) - datetime.fromisoformat(began)) if ended else None
    cut_short = row.get("cut_short") or (None if ended else "under way, or killed")
    return {
        "run_id": row["run_id"],
        "command": row["command"],
        "started_at": began,
        "finished_at": ended,
        "seconds": took.total_seconds() if took else None,
        "exit_code": row.get("exit_code"),
        "cut_short": cut_short,
        "cities": len(row["cities"]) or len(counts),
        "failed": sorted(key for key, values in counts.items() if values.get("failed")),
        "new": sum(values.get("new", 0) for values in counts.values()),
        "revised": sum(values.get("revised", 0) for values in counts.values()),
    }


def _day(moment: str | None) -> str | None:
    return moment and moment[:10]


def _minute(moment: str | None) -> str | None:
    """Return a UTC time to the minute."""
    return moment and f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M}Z"
