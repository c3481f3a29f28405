"""Rounds over the cities: `shizheng crawl`, and `shizheng run` for schedulers.

A round ends in one of the exit codes of `crawler.errors`, prints in plain language what is
wrong, and prints nothing in a pipe when nothing is.
"""

import socket
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import crawler.settings
from crawler.city import City
from crawler.city_file import load_cities
from crawler.errors import ExitCode
from crawler.issues import Issue
from pipelines.errors import exit_code
from pipelines.operations import crawl_processes, health, metrics, webhook
from pipelines.operations.steps import align_all, mark_reposts, unread_sentence
from pipelines.quality import gate, history
from pipelines.report import page
from pipelines.tables import atomic, damage, lock, run_metrics, runs
from pipelines.terminal import complain, progress, say, say_json, show_table, span

if TYPE_CHECKING:
    from pipelines.pairs.prepared import Unread


@dataclass(frozen=True, slots=True)
class Order:
    """Round to be made: cities, options of each step, form of output.

    `cities_dir` is None for the city files that ship; `verbose` prints the counts in a pipe, too.
    """

    output: Path
    cities: Mapping[str, City]
    crawls: crawl_processes.Options
    json: bool = False
    verbose: bool = False
    encoder: str | None = None
    jobs: int | None = None
    webhook: str = ""
    metrics_dir: Path | None = None


@dataclass(slots=True)
class Round:
    """Results of a round so far.

    `failures` are those of each city, with their issue codes; `unread` are the articles that
    alignment left out, by city.
    """

    order: Order
    run: runs.Run
    outcomes: dict[str, crawl_processes.Outcome] = field(default_factory=dict)
    failures: dict[str, list[tuple[str, gate.Failure]]] = field(default_factory=dict)
    unread: dict[str, "tuple[Unread, ...]"] = field(default_factory=dict)

    def fail(self, city: str, code: str, *failures: gate.Failure) -> None:
        """Add failures of a city, each sentence once."""
        for failure in failures:
            noted = self.failures.setdefault(city, [])
            if failure.detail not in (known.detail for _, known in noted):
                noted.append((code, failure))

    @property
    def usable(self) -> list[str]:
        """Cities whose sites answered."""
        return [key for key, outcome in self.outcomes.items() if outcome.usable]

    @property
    def exit_code(self) -> ExitCode:
        if not self.usable:
            return ExitCode.UNUSABLE
        return ExitCode.UNWELL if self.failures else ExitCode.DONE

    def counts(self) -> dict[str, dict[str, Any]]:
        """Return the counts of each city, with `failed` for its failure."""
        return {
            key: {
                **outcome.counts,
                **({"unread": len(self.unread[key])} if key in self.unread else {}),
                "failed": key in self.failures,
            }
            for key, outcome in self.outcomes.items()
        }

    def issues(self) -> list[runs.Issue]:
        """Return the issues of whole cities and of articles left out."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        failed: list[runs.Issue] = [
            {"city": city, "code": code} | failure.as_json()
            for city, failures in self.failures.items()
            for code, failure in failures
        ]
        unread = [
            asdict(Issue(now, self.run.run_id, city, "unreadable", article.url,
                         f"{article.article_id}: {article.reason}"))
            for city, articles in self.unread.items()
            for article in articles
        ]  # fmt: skip
        return failed + unread

    def sentences(self) -> dict[str, list[str]]:
        """Return the failures as sentences."""
        return {city: [f.detail for _, f in found] for city, found in self.failures.items()}


def crawl(order: Order) -> ExitCode:
    """Crawl, and print the cities whose crawls did not end well."""
    with lock.hold(order.output, order.cities) as locks:
        made = _begin(order, "crawl")
        with runs.noting_end(made.run, made.counts):
            _crawl(made, locks)
            _mark(made)
            return _finish(made)


def run(order: Order) -> ExitCode:
    """Crawl, align, check assertions, report: silent when all is well."""
    with lock.hold(order.output, order.cities) as locks:
        before = _failed_before(order.output, order.cities)
        made = _begin(order, "run")
        try:
            with runs.noting_end(made.run, made.counts):
                code = _run(made, locks)
        except BaseException as error:
            # Whatever ends a run early, the webhook receives it.
            _post(made, exit_code(error) or ExitCode.INTERNAL, before, _sentence(error))
            raise
        _post(made, code, before)
        return code


def _begin(order: Order, command: str) -> Round:
    if not crawler.settings.has_contact() and "USER_AGENT" not in order.crawls.settings:
        complain(
            "the sites do not learn who crawls them: set SHIZHENG_CONTACT to an address by which "
            "their operators can reach you"
        )
    terms = crawl_processes.terms(order.cities, order.crawls.settings)
    return Round(order, runs.start(order.output, command, tuple(order.cities), terms))


def _run(made: Round, locks: Mapping[str, int]) -> ExitCode:
    order, output, cities = made.order, made.order.output, made.order.cities
    _crawl(made, locks)
    _align(made)
    damaged = _mark(made)
    now = datetime.now(UTC)
    history.record(output, made.run.run_id, now)
    short = gate.check(output, cities.values())
    for key, city in cities.items():
        failures = health.failures(output, city, made.outcomes[key].counts, now)
        made.fail(key, "assertion", *map(gate.Failure, failures), *short.get(key, []))
    code = _finish(made)
    known = load_cities(order.crawls.cities_dir)
    statuses = health.statuses(output, known, datetime.now(UTC), held=cities)
    _publish(made, metrics.of_cities(statuses))
    # Last, so that this run is in the report, too.
    unread: dict[str, str] = {}
    page.write(output, dict(cities), unread)
    for key in sorted(unread.keys() - damaged.keys() - made.failures.keys()):
        # No step of the run read that table.
        complain(f"{key}: {unread[key]}")
        if key in cities:
            made.fail(key, "table", gate.Failure(unread[key]))
    if made.exit_code != code:
        runs.finish(made.run, made.counts(), made.exit_code)
    return made.exit_code


def _crawl(made: Round, locks: Mapping[str, int]) -> None:
    order = made.order
    with progress() as tracker:
        crawl_processes.crawl(
            order.output,
            list(order.cities),
            made.run,
            tracker,
            order.crawls,
            locks=locks,
            outcomes=made.outcomes,
        )
    for key, outcome in made.outcomes.items():
        if not outcome.ended_well:
            code = "time_limit" if outcome.timed_out else "crawl"
            made.fail(key, code, gate.Failure(outcome.reason))


def _mark(made: Round) -> Mapping[str, str]:
    """Mark reposts, fail cities with damaged tables, return every damaged city."""
    damaged = mark_reposts(made.order.output, held=made.order.cities)
    for key in made.order.cities:
        if key in damaged:
            made.fail(key, "table", gate.Failure(damaged[key]))
    return damaged


def _align(made: Round) -> None:
    order = made.order
    found = align_all(
        order.output,
        made.usable,
        cities_dir=order.crawls.cities_dir,
        encoder=order.encoder,
        jobs=order.jobs,
    )
    for city, why in found.failed.items():
        made.fail(city, "align", gate.Failure(why))
    made.unread = {city: each.unread for city, each in found.summaries.items() if each.unread}


def _failed_before(output: Path, cities: Mapping[str, City]) -> dict[str, bool] | None:
    """Return True for cities that failed last; None after an early end."""
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


def _finish(made: Round) -> ExitCode:
    """Write the run's folder and print its end."""
    code = made.exit_code
    issues = runs.gather_issues(made.run, made.issues())
    runs.finish(made.run, made.counts(), code)
    if made.order.json:
        say_json(
            {
                "run_id": made.run.run_id,
                "exit_code": code,
                "cities": made.counts(),
                "failures": made.sentences(),
                "issues": issues,
            }
        )
    else:
        _print(made)
    return code


def _print(made: Round) -> None:
    if sys.stdout.isatty() or made.order.verbose:
        header = ("city", "requests", "lists", "articles", "new", "revised", "rejects", "issues")
        counts = made.counts()
        show_table(header, [(k, *(c.get(n, 0) for n in header[1:])) for k, c in counts.items()])
        if not made.failures:
            say(summary(made))
    if made.failures:
        complain(summary(made))
    for city, failures in made.failures.items():
        for _, failure in failures:
            complain(f"{city}: {failure.detail}")
            for example in failure.examples:
                complain(f"{city}:   {example}")
    for city, articles in made.unread.items():
        for article in articles:
            complain(unread_sentence(city, article))
    if made.failures or made.unread:
        complain(f"details: {made.run.folder / 'issues.jsonl'}")


def summary(made: Round) -> str:
    """Return a round as one sentence: cities that are well, articles, time."""
    outcomes, failed = made.outcomes, made.failures
    count = {
        name: sum(outcome.counts.get(name, 0) for outcome in outcomes.values())
        for name in ("new", "revised")
    }
    took = span((datetime.now(UTC) - made.run.started_at).total_seconds())
    well = (
        f"{len(failed)} of {len(outcomes)} cities need a look"
        if failed
        else f"all {len(outcomes)} cities are well"
        if len(outcomes) > 1
        else f"{next(iter(outcomes))} is well"
    )
    brought = f"{count['new']} new articles, {count['revised']} revised, in {took}"
    return f"{well}; {brought} (exit code {made.exit_code})"


def _post(
    made: Round, code: ExitCode, before: Mapping[str, bool] | None, cut_short: str = ""
) -> None:
    """Post the end of a round to its webhook, if news."""
    if not made.order.webhook:
        return
    failures = made.sentences()
    found = webhook.event(code, failures, before)
    if found is None:
        return
    kind, recovered = found
    lines = [f"shizheng on {socket.gethostname()}: {kind}"]
    lines += [f"the run ended early: {cut_short}"] if cut_short else [summary(made)]
    lines += [f"{city}: {detail}" for city, details in failures.items() for detail in details]
    lines += [f"{city}: well again" for city in recovered]
    message = {
        "event": kind,
        "run_id": made.run.run_id,
        "exit_code": code,
        "host": socket.gethostname(),
        "output": str(made.order.output),
        "started_at": made.run.started_at.isoformat(),
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "failures": failures,
        "recovered": recovered,
        "text": "\n".join(lines),
    }
    problem = webhook.post(made.order.webhook, message)
    if problem:
        complain(f"{problem}; the run itself is not affected")


def _publish(made: Round, cities: str) -> None:
    """Add the cities' metrics to the run's; copy for a collector."""
    path = made.run.folder / "metrics.prom"
    whole = path.read_bytes() + cities.encode()
    folder = made.order.metrics_dir
    places = [path, *([folder / run_metrics.NAME] if folder else [])]
    for place in places:
        try:
            with atomic.replacing(place) as file:
                file.write(whole)
        except damage.StoreError as error:
            complain(f"the metrics could not be written: {error}")


def _sentence(error: BaseException) -> str:
    return str(error) or type(error).__name__
