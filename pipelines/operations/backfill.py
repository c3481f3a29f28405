"""Backfill of cities from web archives: plan, fetch, extract."""

import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from crawler import settings
from crawler.archive.copies import CopyWriter
from crawler.backfill import pace, records
from crawler.backfill import services as archive_services
from crawler.backfill.capture import Window, hosts_of
from crawler.backfill.client import CeilingError, Client, ServiceError
from crawler.backfill.folder import Folder
from crawler.backfill.plan import ARCHIVED, Part, Plan
from crawler.backfill.services import Opened, Service
from crawler.city import City
from crawler.errors import ExitCode
from pipelines.articles import archives
from pipelines.errors import UsageError
from pipelines.operations.steps import mark_reposts
from pipelines.tables import lock, runs
from pipelines.terminal import Tracker, complain, progress, say, say_json, show_table, span

CEILING = 20 << 30
"""Bytes that one command fetches at most by default: two million pages. Set by hand."""
SPEED = 500_000
"""Bytes a second that the time to expect is reckoned with; a guess, the pace counts for more."""


@dataclass(frozen=True, slots=True)
class Order:
    """Backfill as a command line describes it.

    `limit` is the most captures to fetch, `ceiling` the most bytes, `delay` the wanted pause
    between two requests in seconds. With `again`, indexes that may have grown are asked again.
    """

    output: Path
    cities: Mapping[str, City]
    service: Service
    window: Window
    every: bool = False
    dry_run: bool = False
    again: bool = False
    limit: int | None = None
    ceiling: int = CEILING
    delay: float | None = None
    jobs: int | None = None


@dataclass(slots=True)
class Outcome:
    """Result for one city: rows of indexes, outcomes, parts left.

    `stopped` is the reason for not fetching everything; `failed` is True if the archive did not
    answer. `unread` are the reasons against files of a folder, of which the others were read.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    fetched: Counter[str] = field(default_factory=Counter)
    stopped: str = ""
    failed: bool = False
    unread: list[str] = field(default_factory=list)


def run(order: Order, *, as_json: bool = False) -> ExitCode:
    """Plan the cities, fetch and extract them; one after the other.

    Several commands may run side by side: the archive's pace is the machine's.
    """
    client = Client(agent(order.service.is_remote), order.delay, order.ceiling)
    outcomes: dict[str, Outcome] = {}
    with progress() as tracker:
        for key, city in order.cities.items():
            outcomes[key] = Outcome()
            try:
                with lock.hold(order.output, [key]):
                    _fill(order, client, city, outcomes[key], tracker)
            except lock.LockedError as error:
                outcomes[key] = Outcome(stopped=str(error), failed=True)
                if len(order.cities) == 1:
                    raise
    code, extracted = ExitCode.DONE, None
    if not order.dry_run:
        code, extracted = _extract(order)
    if any(outcome.unread for outcome in outcomes.values()):
        code = code or ExitCode.UNWELL
    if any(outcome.failed for outcome in outcomes.values()):
        stored = any(outcome.fetched[ARCHIVED] for outcome in outcomes.values())
        code = ExitCode.UNWELL if stored else ExitCode.UNUSABLE
    _show(order, client, outcomes, extracted, as_json=as_json)
    return code


def service(source: str, records: str | None, delay: float | None) -> Service:
    """Return the archive that a command names. Raises `ServiceError`, `UsageError`."""
    remote = source in ("common-crawl", "wayback") or "://" in source
    return archive_services.service_of(source, records, Client(agent(remote), delay))


def agent(remote: bool) -> str:
    """Return the user agent. Raises `UsageError` without a contact for a service."""
    if remote and "(+" not in settings.USER_AGENT:
        raise UsageError(
            "a web archive wants to know who asks: set SHIZHENG_CONTACT to an address by which its "
            "operators can reach you"
        )
    return settings.USER_AGENT


def _fill(order: Order, client: Client, city: City, outcome: Outcome, tracker: Tracker) -> None:
    """Plan one city and fetch its captures, within the limits."""
    service, output = order.service, order.output
    with ExitStack() as stack:
        folder = None
        if service.kind == "folder":
            folder = stack.enter_context(Folder(Path(service.index)))
        opened = Opened(service, client, folder)
        plan = stack.enter_context(
            Plan.open(
                output / "state" / f"{city.key}.backfill.sqlite",
                service.key,
                city,
                order.window,
                every=order.every,
                place=partial(records.place_of, service),
                replays=bool(service.replay),
            )
        )
        writer = stack.enter_context(CopyWriter(output / "archive" / city.key, service.file_name))
        plan.recover(writer.recover(plan.last_place()))
        try:
            outcome.unread += _plan(opened, plan, city, order, tracker)
            if not order.dry_run:
                for one in _fetch(opened, plan, writer, order.limit, tracker):
                    outcome.fetched[one] += 1
        except CeilingError as error:
            outcome.stopped = str(error)
        except ServiceError as error:
            outcome.stopped, outcome.failed = str(error), True
        outcome.rows, outcome.parts = plan.rows(), plan.parts()


def _plan(opened: Opened, plan: Plan, city: City, order: Order, tracker: Tracker) -> list[str]:
    """Ask an index for what it was not asked for.

    Return the reasons against files of a folder.
    """
    unread = []
    hosts = hosts_of(city)
    queries = list(archive_services.queries(opened, hosts, order.window))
    for number, query in enumerate(queries, start=1):
        tracker.update(f"{city.key}: index", number - 1, len(queries), query.origin)
        if order.again and not query.settled:
            plan.forget(query.key)
        cursor = plan.cursor(query.key)
        if cursor is not None:
            found = archive_services.captures(opened, query, hosts, order.window, cursor)
            try:
                plan.take(query.key, found)
            except ServiceError as error:
                if opened.folder is None:
                    raise
                unread.append(str(error))
    tracker.update(f"{city.key}: index", len(queries), len(queries))
    plan.settle()
    return unread


def _fetch(
    opened: Opened,
    plan: Plan,
    writer: CopyWriter,
    limit: int | None,
    tracker: Tracker,
) -> Iterator[str]:
    """Fetch captures, and yield the outcome of each."""
    whole = sum(part.captures for part in plan.parts())
    whole = min(whole, limit or whole)
    key, began = f"{writer.folder.name}: pages", time.monotonic()
    tracker.update(key, 0, whole)
    for done, found in enumerate(records.fetch(opened, plan, writer, limit), start=1):
        yield found.outcome
        whole = max(whole, done)  # captures that replace others come in addition
        left = (time.monotonic() - began) / done * (whole - done)
        tracker.update(key, done, whole, f"{span(left)} left")


def _extract(order: Order) -> tuple[ExitCode, archives.Extracted | None]:
    """Extract what was fetched, now or before."""
    name = order.service.file_name
    paths = [
        path
        for key in order.cities
        for path in sorted((order.output / "archive" / key).glob(f"{name}-*.warc.gz"))
    ]
    if not paths:
        return ExitCode.DONE, None
    run = runs.start(order.output, "backfill", tuple(order.cities))
    with runs.noting_end(run), progress() as tracker:
        found = archives.extract(order.output, paths, order.cities, run, tracker, jobs=order.jobs)
    code = ExitCode.UNWELL if found.damaged else ExitCode.DONE
    runs.finish(run, {key: asdict(count) for key, count in found.counts.items()}, code)
    for key, reason in found.damaged.items():
        complain(f"{key}: nothing was stored: {reason}")
    if mark_reposts(order.output):
        code = code or ExitCode.UNWELL
    return code, found


def expected(order: Order, parts: list[Part]) -> float:
    """Return the seconds that fetching takes, without joined ranges."""
    if not order.service.is_remote:
        return 0.0
    base = order.service.records or order.service.replay
    pause = pace.seconds_for(base.partition("://")[2].partition("/")[0], order.delay)
    return sum(part.captures * pause + part.bytes / SPEED for part in parts)


def _show(
    order: Order,
    client: Client,
    outcomes: Mapping[str, Outcome],
    extracted: archives.Extracted | None,
    *,
    as_json: bool,
) -> None:
    counts = {} if extracted is None else extracted.counts
    if as_json:
        say_json(
            {
                "requests": client.requests,
                "bytes": client.received,
                "cities": {
                    key: _as_json(order, outcome)
                    | {"articles": asdict(counts[key]) if key in counts else None}
                    for key, outcome in outcomes.items()
                },
            }
        )
        return
    for key, outcome in outcomes.items():
        if order.dry_run and outcome.parts:
            _show_plan(order, key, outcome)
        say(f"{key}: {_sentence(order, outcome)}")
        if outcome.stopped:
            complain(f"{key}: {outcome.stopped}")
        for reason in outcome.unread:
            complain(f"{key}: {reason}")
    if counts:
        header = ("city", "records", "new", "revised", "unchanged", "rejected")
        show_table(header, [(key, *asdict(count).values()) for key, count in counts.items()])
    if order.service.is_remote:
        say(f"{client.requests:,} requests, {client.received:,} bytes from {order.service.name}")


def _show_plan(order: Order, key: str, outcome: Outcome) -> None:
    header = ("year", "host", "pattern", "captures", "bytes")
    rows = [(p.year, p.host, p.pattern, p.captures, p.bytes) for p in outcome.parts]
    show_table(header, rows, title=key)


def _sentence(order: Order, outcome: Outcome) -> str:
    left = sum(part.captures for part in outcome.parts)
    size = sum(part.bytes for part in outcome.parts)
    seen = ", ".join(f"{count:,} {name}" for name, count in outcome.rows.items() if name != "rows")
    words = f"{outcome.rows.get('rows', 0):,} rows of the index ({seen})" if seen else "no capture"
    done = "".join(f"; {count:,} {name}" for name, count in sorted(outcome.fetched.items()))
    to_go = f"; {left:,} captures to fetch, {size:,} bytes" if left else ""
    seconds = math.ceil(expected(order, outcome.parts))
    about = f", about {span(seconds)}" if left and order.dry_run else ""
    return words + done + to_go + about


def _as_json(order: Order, outcome: Outcome) -> dict[str, Any]:
    return {
        "rows": dict(outcome.rows),
        "left": [asdict(part) for part in outcome.parts],
        "seconds": math.ceil(expected(order, outcome.parts)),
        "fetched": dict(sorted(outcome.fetched.items())),
        "stopped": outcome.stopped or None,
        "unread": outcome.unread,
    }
