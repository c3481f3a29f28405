"""A round over the cities: `shizheng crawl`, and `shizheng run`, which a scheduler calls.

A round ends in one of the exit codes of `crawler.errors`, says in plain language what is
wrong, and says nothing in a pipe when nothing is.
"""

import argparse
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.city import City
from crawler.city_file import load_cities
from crawler.errors import ExitCode
from crawler.issues import Issue
from pipelines.operations import crawl_processes, health, metrics, run_terms, webhook
from pipelines.operations.checks import chosen, writable
from pipelines.operations.steps import align_all, mark_reposts, unread_sentence
from pipelines.quality import gate, history
from pipelines.report import page
from pipelines.tables import atomic, damage, lock, run_metrics, runs
from pipelines.terminal import complain, progress, say, say_json, show_table, span

if TYPE_CHECKING:
    from pipelines.pairs.prepared import Unread


@dataclass(slots=True)
class Round:
    """What came of a round so far. `failures` says per city what is wrong, by issue code.

    `unread` are the articles that aligning went on without, by city.
    """

    run: runs.Run
    outcomes: dict[str, crawl_processes.Outcome] = field(default_factory=dict)
    failures: dict[str, list[tuple[str, gate.Failure]]] = field(default_factory=dict)
    unread: dict[str, "tuple[Unread, ...]"] = field(default_factory=dict)

    def fail(self, city: str, code: str, *failures: gate.Failure) -> None:
        """Note why a city failed; what is known already is noted once."""
        for failure in failures:
            noted = self.failures.setdefault(city, [])
            if failure.detail not in (known.detail for _, known in noted):
                noted.append((code, failure))

    @property
    def exit_code(self) -> ExitCode:
        if not any(outcome.usable for outcome in self.outcomes.values()):
            return ExitCode.UNUSABLE
        return ExitCode.UNWELL if self.failures else ExitCode.DONE

    def counts(self) -> dict[str, dict[str, Any]]:
        """Return what was counted in each city, and whether it failed."""
        return {
            key: {
                **outcome.counts,
                **({"unread": len(self.unread[key])} if key in self.unread else {}),
                "failed": key in self.failures,
            }
            for key, outcome in self.outcomes.items()
        }

    def issues(self) -> list[runs.Issue]:
        """Return what is to be written down of the cities as wholes and of articles unread."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        failed: list[runs.Issue] = [
            {"city": city, "code": code} | failure.as_json()
            for city, failures in self.failures.items()
            for code, failure in failures
        ]
        unread = [
            asdict(Issue(now, self.run.run_id, city, "unreadable", one.url,
                         f"{one.article_id}: {one.reason}"))
            for city, articles in self.unread.items()
            for one in articles
        ]  # fmt: skip
        return failed + unread

    def told(self) -> dict[str, list[str]]:
        """Return the failures as sentences."""
        return {city: [f.detail for _, f in found] for city, found in self.failures.items()}


def crawl_command(args: argparse.Namespace) -> int:
    """Crawl, and say which cities' crawls did not end well."""
    cities = chosen(args)
    output = writable(args.output)
    with lock.hold(output, cities) as locks:
        began = Round(runs.start(output, "crawl", tuple(cities), _terms(args, cities)))
        try:
            _crawl(args, output, began, cities, locks)
            _mark(output, began, cities)
            return _finish(args, began)
        except BaseException as error:
            runs.abandon(began.run, _words(error), ExitCode.INTERNAL)
            raise


def run_command(args: argparse.Namespace) -> int:
    """Crawl, align, check assertions, report: silent when all is well."""
    cities = chosen(args)
    output = writable(args.output)
    with lock.hold(output, cities) as locks:
        before = _failed_before(output, cities)
        began = Round(runs.start(output, "run", tuple(cities), _terms(args, cities)))
        try:
            code = _run(args, output, began, cities, locks)
        except BaseException as error:
            # Whatever ends a run early: who waits for it is told.
            runs.abandon(began.run, _words(error), ExitCode.INTERNAL)
            _alert(args, began, ExitCode.INTERNAL, before, _words(error))
            raise
        _alert(args, began, code, before)
        return code


def _run(
    args: argparse.Namespace,
    output: Path,
    began: Round,
    cities: Mapping[str, City],
    locks: Mapping[str, int],
) -> int:
    _crawl(args, output, began, cities, locks)
    _align(args, output, began, [key for key in cities if began.outcomes[key].usable])
    damaged = _mark(output, began, cities)
    now = datetime.now(UTC)
    history.record(output, began.run.run_id, now)
    short = gate.check(output, cities.values())
    for key, city in cities.items():
        told = health.failures(output, city, began.outcomes[key].counts, now)
        began.fail(key, "assertion", *map(gate.Failure, told), *short.get(key, []))
    code = _finish(args, began)
    known = load_cities(args.cities_dir)
    standings = health.standings(output, known, datetime.now(UTC), held=cities)
    _publish(args, began.run, metrics.of_cities(standings))
    # Last, so that the report tells of this run, too.
    unread: dict[str, str] = {}
    page.write(output, dict(cities), unread)
    for key in sorted(unread.keys() - damaged.keys() - began.failures.keys()):
        # No step of the run looked into that table.
        complain(f"{key}: {unread[key]}")
        if key in cities:
            began.fail(key, "table", gate.Failure(unread[key]))
    if began.exit_code != code:
        runs.finish(began.run, began.counts(), began.exit_code)
    return began.exit_code


def _crawl(
    args: argparse.Namespace,
    output: Path,
    began: Round,
    cities: Mapping[str, City],
    locks: Mapping[str, int],
) -> None:
    with progress() as tracker:
        began.outcomes = crawl_processes.crawl(
            output,
            list(cities),
            began.run,
            tracker,
            cities_dir=args.cities_dir,
            since=args.since.isoformat() if args.since else None,
            until=args.until.isoformat() if args.until else None,
            settings=_settings(args),
            time_limit=args.time_limit or crawl_processes.TIME_LIMIT,
            locks=locks,
        )
    for key, outcome in began.outcomes.items():
        if not outcome.ended_well:
            code = "time_limit" if outcome.timed_out else "crawl"
            began.fail(key, code, gate.Failure(outcome.reason))


def _mark(output: Path, began: Round, cities: Mapping[str, City]) -> Mapping[str, str]:
    """Mark reposts; a city of the round with a damaged table has failed. Returns all of those."""
    damaged = mark_reposts(output, held=cities)
    for key in cities:
        if key in damaged:
            began.fail(key, "table", gate.Failure(damaged[key]))
    return damaged


def _align(args: argparse.Namespace, output: Path, began: Round, cities: Sequence[str]) -> None:
    """Align the cities; one that cannot be aligned keeps none of the others from it."""
    found = align_all(args, output, cities)
    for city, why in found.failed.items():
        began.fail(city, "align", gate.Failure(why))
    began.unread = {city: one.unread for city, one in found.summaries.items() if one.unread}


def _settings(args: argparse.Namespace) -> dict[str, str]:
    return dict(setting.split("=", 1) for setting in args.set)


def _terms(args: argparse.Namespace, cities: Mapping[str, City]) -> dict[str, Any]:
    return run_terms.terms_of(cities, _settings(args))


def _failed_before(output: Path, cities: Mapping[str, City]) -> dict[str, bool] | None:
    """Return whether each city had failed when it was last run; None after a run cut short."""
    found: dict[str, bool] | None = {}
    for row in runs.manifests(output):
        if row["command"] != "run":
            continue
        if "counts" not in row:
            found = None
            continue
        failed = {key: bool(counts.get("failed")) for key, counts in row["counts"].items()}
        found = {**(found or {}), **{key: failed[key] for key in failed if key in cities}}
    return found


def _finish(args: argparse.Namespace, began: Round) -> int:
    """Write the run's folder and say how it ended: on a terminal, for a program, or in trouble."""
    run, code, told = began.run, began.exit_code, began.told()
    found = runs.gather_issues(run, began.issues())
    counts = began.counts()
    runs.finish(run, counts, code)
    if args.json:
        say_json(
            {
                "run_id": run.run_id,
                "exit_code": code,
                "cities": counts,
                "failures": told,
                "issues": found,
            }
        )
        return code
    if sys.stdout.isatty() or args.verbose:
        header = ("city", "requests", "lists", "articles", "new", "revised", "rejects", "issues")
        show_table(header, [(k, *(c.get(n, 0) for n in header[1:])) for k, c in counts.items()])
        if not told:
            say(summary(began))
    if told:
        complain(summary(began))
    for city, failures in began.failures.items():
        for _, failure in failures:
            complain(f"{city}: {failure.detail}")
            for example in failure.examples:
                complain(f"{city}:   {example}")
    for city, articles in began.unread.items():
        for article in articles:
            complain(unread_sentence(city, article))
    if told or began.unread:
        complain(f"details: {run.folder / 'issues.jsonl'}")
    return code


def summary(began: Round) -> str:
    """Return a round in one sentence: how many cities are well, and what it brought."""
    outcomes, failed = began.outcomes, began.failures
    count = {
        name: sum(outcome.counts.get(name, 0) for outcome in outcomes.values())
        for name in ("new", "revised")
    }
    took = span((datetime.now(UTC) - began.run.started_at).total_seconds())
    well = (
        f"{len(failed)} of {len(outcomes)} cities need a look"
        if failed
        else f"all {len(outcomes)} cities are well"
        if len(outcomes) > 1
        else f"{next(iter(outcomes))} is well"
    )
    brought = f"{count['new']} new articles, {count['revised']} revised, in {took}"
    return f"{well}; {brought} (exit code {began.exit_code})"


def _alert(
    args: argparse.Namespace,
    began: Round,
    code: int,
    before: Mapping[str, bool] | None,
    cut_short: str = "",
) -> None:
    if not args.webhook:
        return
    told = began.told()
    found = webhook.event(code, told, before)
    if found is None:
        return
    kind, recovered = found
    lines = [f"shizheng on {socket.gethostname()}: {kind}"]
    lines += [f"the run ended early: {cut_short}"] if cut_short else [summary(began)]
    lines += [f"{city}: {detail}" for city, details in told.items() for detail in details]
    lines += [f"{city}: well again" for city in recovered]
    message = {
        "event": kind,
        "run_id": began.run.run_id,
        "exit_code": code,
        "host": socket.gethostname(),
        "output": str(args.output),
        "started_at": began.run.started_at.isoformat(),
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "failures": told,
        "recovered": recovered,
        "text": "\n".join(lines),
    }
    problem = webhook.post(args.webhook, message)
    if problem:
        complain(f"{problem}; the run itself is not affected")


def _publish(args: argparse.Namespace, run: runs.Run, cities: str) -> None:
    """Add how the cities stand to the run's metrics; put a copy where a collector reads it."""
    path = run.folder / "metrics.prom"
    whole = path.read_bytes() + cities.encode()
    places = [path, *([args.metrics_dir / run_metrics.NAME] if args.metrics_dir else [])]
    for place in places:
        try:
            with atomic.replacing(place) as file:
                file.write(whole)
        except damage.StoreError as error:
            complain(f"the metrics could not be written: {error}")


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
