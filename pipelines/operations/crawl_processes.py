"""Crawls in processes of their own: no city harms another."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

# A variable that is no number ends the command here, not each crawl.
import crawler.settings
from crawler.city import City
from crawler.state.lock import LOCK_VARIABLE
from pipelines.tables.runs import Run, issues
from pipelines.terminal import Tracker, complain, span

AT_ONCE = 24
"""Crawls at once, many more than cores: each waits 99 % of its time, on other people's servers.
Of some 110 MB each they fit into the 6 GB that `deploy/` allows."""

_VERIFY = "DOWNLOAD_VERIFY_CERTIFICATES"

TIME_LIMIT = 6 * 3600.0
"""Seconds one city's crawl may last. At two seconds a page that is some 10,000 pages."""

GRACE = 30.0
"""Seconds between asking a crawl to end and ending it: time to store what it has fetched (at most a
quarter of its limit). What is not stored by then is in the archive, and the next crawl reads it
from there. Set by hand; not measured."""


INTERRUPTED_GRACE = 10.0
"""Seconds where a person waits for the end. Set by hand; not measured."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of one city's crawl. `counts` are the crawler's own."""

    city: str
    ended_well: bool
    reason: str
    counts: Mapping[str, int] = field(default_factory=dict)
    timed_out: bool = False

    @property
    def usable(self) -> bool:
        """True if at least one listing of the city was read."""
        return self.counts.get("lists", 0) > 0


@dataclass(frozen=True, slots=True)
class Options:
    """Options of the crawls of a run.

    `settings` are Scrapy settings for the processes, `environment` is added to theirs. A crawl that
    lasts longer than `time_limit` (seconds) is ended; `at_once` run side by side.
    """

    cities_dir: Path | None = None
    since: date | None = None
    until: date | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    time_limit: float = TIME_LIMIT
    at_once: int = AT_ONCE

    def arguments(self) -> list[str]:
        """Return the options as arguments of `python -m crawler.crawl`."""
        paths = (
            ("--cities-dir", self.cities_dir),
            ("--since", self.since),
            ("--until", self.until),
        )
        given = [word for name, value in paths if value is not None for word in (name, str(value))]
        return given + [
            word for name, value in self.settings.items() for word in ("-s", f"{name}={value}")
        ]


def terms(cities: Mapping[str, City], settings: Mapping[str, str]) -> dict[str, Any]:
    """Return the terms of a crawl for the manifest.

    They are the obedience to robots.txt, the user agent, the verification of TLS certificates
    with the waivers by city, and the rights by city.

    `settings` are the Scrapy settings given for this crawl. The robots.txt files themselves are in
    the archive; what they forbade is in `issues.jsonl`, code `robots`.
    """
    # A setting of the command line outranks a city's waiver.
    waived = {} if _VERIFY in settings else cities
    return {
        "robots_obeyed": _is_on("ROBOTSTXT_OBEY", settings),
        "tls_verified": _is_on(_VERIFY, settings),
        "tls_waivers": {
            key: city.tls.reason for key, city in sorted(waived.items()) if not city.tls.verify
        },
        "user_agent": settings.get("USER_AGENT", crawler.settings.USER_AGENT),
        "rights": {
            key: {
                "text": city.rights,
                "terms": city.rights_terms,
                "checked": city.rights_checked.isoformat() if city.rights_checked else None,
            }
            for key, city in sorted(cities.items())
        },
    }


def _is_on(name: str, settings: Mapping[str, str]) -> bool:
    value = settings.get(name, str(getattr(crawler.settings, name)))
    return value.strip().lower() in ("1", "true")


def crawl(
    output: Path,
    cities: Sequence[str],
    run: Run,
    tracker: Tracker,
    options: Options,
    *,
    locks: Mapping[str, int] | None = None,
    outcomes: dict[str, Outcome] | None = None,
) -> dict[str, Outcome]:
    """Crawl `cities`, each in a process of its own; return the outcomes.

    `locks` are the descriptors of the cities' locks: each process holds its city's, too, so that a
    city whose crawl outlives this process is still locked. When this process is interrupted, the
    crawls are ended, then the interrupt goes on; a second one ends them at once. `outcomes` is
    filled as crawls end, so that what they brought is known then, too.
    """
    ended = {} if outcomes is None else outcomes
    arguments = ["--output", str(output), "--run-id", run.run_id, *options.arguments()]
    crawls = _Crawls(run, tracker, options, locks or {})

    def watch(city: str) -> None:
        ended[city] = crawls.watch(city, [sys.executable, "-m", "crawler.crawl", city, *arguments])

    with ThreadPoolExecutor(options.at_once) as pool:
        try:
            for _ in pool.map(watch, cities):
                pass
        except BaseException:
            try:
                crawls.end_all()
            except KeyboardInterrupt:
                crawls.kill_all()
            raise
    return {city: ended[city] for city in cities}


class _Crawls:
    """Crawling processes of a run: none outlives its limit or the run."""

    def __init__(
        self, run: Run, tracker: Tracker, options: Options, locks: Mapping[str, int]
    ) -> None:
        self._run, self._tracker, self._limit = run, tracker, options.time_limit
        self._environment, self._locks = {**os.environ, **options.environment}, locks
        self._changing = threading.Lock()
        self._under_way: set[subprocess.Popen[str]] = set()
        self._ending = False

    def watch(self, city: str, command: list[str]) -> Outcome:
        """Start a crawl, follow it to its end and return its outcome."""
        log = self._run.folder / f"{city}.log"
        last: dict[str, Any] = {}
        late = threading.Event()
        with log.open("wb") as errors:
            process = self._start(city, command, errors)
            if process is None:
                return Outcome(city, False, "not begun: the run was stopped")
            self._tracker.update(city, 0, None, "starting")
            clock = threading.Timer(self._limit, self._end_late, (process, late))
            clock.daemon = True
            clock.start()
            try:
                with process:
                    for line in process.stdout or ():
                        last = _progress(line) or last
                        done = last.get("articles", 0) + last.get("rejects", 0)
                        total = done + last.get("queue", 0)
                        note = f"{last.get('requests', 0)} requests"
                        self._tracker.update(city, done, total, note)
            finally:
                clock.cancel()
                with self._changing:
                    self._under_way.discard(process)
        return self._outcome(city, process.returncode, last, log, late=late.is_set())

    def end_all(self) -> None:
        """End every crawl, let none begin, and wait for their ends."""
        with self._changing:
            self._ending = True
            processes = list(self._under_way)
        if processes:
            crawls = "1 crawl is" if len(processes) == 1 else f"{len(processes)} crawls are"
            complain(
                f"{crawls} storing what was fetched, {INTERRUPTED_GRACE:.0f} s at most; "
                "interrupt again to end at once"
            )
        end = partial(self._end, grace=INTERRUPTED_GRACE)
        threads = [threading.Thread(target=end, args=(process,)) for process in processes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def kill_all(self) -> None:
        """End every crawl at once; its archive has what it fetched."""
        with self._changing:
            processes = list(self._under_way)
        for process in processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def _start(self, city: str, command: list[str], errors: Any) -> "subprocess.Popen[str] | None":
        with self._changing:
            if self._ending:
                return None
            # A group of its own: an interrupt from the terminal reaches it through us, once, and
            # what it may have started itself (a browser) ends with it.
            lock = self._locks.get(city)
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=self._environment | ({} if lock is None else {LOCK_VARIABLE: str(lock)}),
                text=True,
                process_group=0,
                pass_fds=[] if lock is None else [lock],
            )
            self._under_way.add(process)
        return process

    def _end_late(self, process: "subprocess.Popen[str]", late: threading.Event) -> None:
        late.set()
        self._end(process)

    def _end(self, process: "subprocess.Popen[str]", grace: float = GRACE) -> None:
        with suppress(ProcessLookupError):
            process.terminate()
            try:
                process.wait(min(grace, self._limit / 4))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _outcome(
        self, city: str, code: int, last: Mapping[str, Any], log: Path, *, late: bool
    ) -> Outcome:
        counts = {k: v for k, v in last.items() if isinstance(v, int) and not isinstance(v, bool)}
        if not log.stat().st_size:
            log.unlink()
        if code == 0 and last.get("done"):
            return Outcome(city, True, str(last.get("reason", "finished")), counts)
        if late:
            reason = (
                f"ended after its limit of {span(self._limit)}; what it fetched is kept, "
                "and the next run goes on from there"
            )
        elif last.get("done"):
            reason = str(last.get("why") or self._broken_off(city, counts))
        elif code < 0:
            reason = f"the crawling process was ended by {signal.Signals(-code).name}"
        else:
            reason = f"the crawling process ended with code {code}"
        reason += f"; see {log}" if log.exists() else ""
        return Outcome(city, False, reason, counts, timed_out=late)

    def _broken_off(self, city: str, counts: Mapping[str, int]) -> str:
        found = Counter(issue["code"] for issue in issues(self._run.folder, city))
        listed = ", ".join(f"{count} x {code}" for code, count in found.most_common())
        reason = "the crawl broke off" if counts.get("lists") else "no list could be read"
        return f"{reason} ({listed})" if listed else reason


def _progress(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
