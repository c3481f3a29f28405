"""`shizheng run` as a scheduler calls it: bounded, loud when a city is not well, silent otherwise.

Two runs are looked at by many tests: in the first a city's server never answers to the end, in the
second it is well again.
"""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from conftest import CITY, Crawled, Web, entry, href, listing, news, serving, small_city
from loopback import HTML, HTTP, Handler, Webhook, running, webhook
from operating import call, environment, inside, manifests, start
from prometheus_client.parser import text_string_to_metric_families as families

from pipelines.tables import articles
from pipelines.terminal import span


class Hanging:
    """A server that answers every request with a body that goes on, a byte at a time, for ever."""

    def __init__(self) -> None:
        self.cured = threading.Event()
        self.over = threading.Event()
        hanging = self

        class Slow(Handler):
            def do_GET(self) -> None:
                answers = hanging.cured.is_set() or self.path == "/robots.txt"
                page = b"User-agent: *\n" if self.path == "/robots.txt" else hanging.page(self.path)
                self.send(page, headers=HTML if answers else HTML | {"Content-Length": "1000000"})
                while not answers and not hanging.over.wait(0.1):
                    self.wfile.write(b" ")

        self.server = HTTP(Slow)

    def page(self, path: str) -> bytes:
        """Return the page of a city of two articles."""
        entries = [entry(1), entry(2)]
        pages = {f"/{href(n)}": news(n).body for n in (1, 2)}
        return pages.get(path, listing(entries).body)


@dataclass
class Runs:
    """Two runs: `failed` with the server that hangs, `busy` beside it, `well` after it."""

    output: Path
    cities: Path
    collector: Path
    hook: Webhook
    web: Web
    failed: "subprocess.CompletedProcess[str]" = field(init=False)
    busy: tuple[int, str, str] = field(init=False)
    well: "subprocess.CompletedProcess[str]" = field(init=False)
    standing: list[dict[str, Any]] = field(init=False)
    limit: int = field(init=False)
    told: str = field(init=False)
    after_failure: dict[tuple[str, ...], float] = field(init=False)

    def run(self, do: Any, *options: str) -> Any:
        # Of two cities, each would be aligned by a process that first imports everything.
        places = [
            "--jobs",
            "1",
            "--webhook",
            self.hook.url,
            "--metrics-dir",
            self.collector,
            *options,
        ]
        env = environment(self.web, no_proxy="127.0.0.1", SHIZHENG_PRIVATE_ADDRESSES="1")
        return do(self.web, "run", self.output, self.cities, *places, *options, env=env)

    def shizheng(self, *arguments: str) -> tuple[int, str, str]:
        """Return how a command in this process ended and what it said."""
        return inside(self.output, self.cities, *arguments)

    def status(self, *options: str) -> str:
        return self.shizheng("status", *options)[1]

    def metrics(self) -> dict[tuple[str, ...], float]:
        text = (self.collector / "shizheng.prom").read_text(encoding="utf-8")
        return {
            (sample.name.removeprefix("shizheng_"), *sample.labels.values()): sample.value
            for family in families(text)
            for sample in family.samples
        }


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, crawled: Crawled) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("runs")
    cities = folder / "cities"
    cities.mkdir()
    (folder / "collector").mkdir()
    (cities / "haiqing.yaml").write_text(CITY, encoding="utf-8")
    hanging = Hanging()
    with (
        running(hanging.server) as host,
        webhook(refuses=1) as hook,
        serving(Web(small_city())) as web,
    ):
        (cities / "leigang.yaml").write_text(
            f"name: {{zh: 雷港市, en: Leigang}}\nhosts: ['{host}']\nstatus: active\nsources:\n"
            f'  - {{lang: zh, cms: trs, list: "http://{host}/index.html"}}\n'
            "assertions: {max_rejects: 1.0}\n",
            encoding="utf-8",
        )
        made = Runs(folder / "output", cities, folder / "collector", hook, web)
        # A limit that only the hanging city reaches, however busy this machine is.
        made.limit = 10 + 2 * int(crawled.seconds)
        asked = len(web.asked)
        patient = ["--time-limit", f"{made.limit}s", "-sDOWNLOAD_TIMEOUT=36000"]
        with made.run(start, *patient) as process:
            while len(web.asked) == asked and process.poll() is None:
                time.sleep(0.05)
            made.busy = made.shizheng("run")
            out, errors = process.communicate(timeout=1800)
        made.failed = subprocess.CompletedProcess([], process.returncode, out, errors)
        made.told = made.status()
        made.after_failure = made.metrics()
        hanging.cured.set()
        made.well = made.run(call)
        made.standing = json.loads(made.status("--json"))
        yield made
        hanging.over.set()


def test_a_city_whose_server_never_answers_to_the_end_is_ended_and_said_to_be(runs: Runs) -> None:
    assert runs.failed.returncode == 3
    told = runs.failed.stderr.splitlines()
    assert told[0].startswith("shizheng: 1 of 2 cities need a look; 26 new articles, 0 revised")
    assert f"shizheng: leigang: ended after its limit of {span(runs.limit)};" in told[1]
    assert "the next run goes on from there" in told[1]
    assert told[-1].startswith("shizheng: details: ")
    assert "Traceback" not in runs.failed.stderr
    assert runs.failed.stdout == ""
    issues = Path(told[-1].removeprefix("shizheng: details: ")).read_text().splitlines()
    assert "time_limit" in [json.loads(line)["code"] for line in issues]


def test_the_other_cities_go_on(runs: Runs) -> None:
    assert len(articles.read_articles(runs.output, "haiqing")) == 26
    assert manifests(runs.output)[0]["exit_code"] == 3
    assert (runs.output / "reports" / "index.html").is_file()


def test_a_second_run_at_the_same_time_is_refused_with_exit_code_five(runs: Runs) -> None:
    code, out, errors = runs.busy
    assert (code, out) == (5, "")
    assert "another run (process " in errors
    assert len(manifests(runs.output)) == 2


def test_a_run_in_which_all_is_well_says_nothing_in_a_pipe(runs: Runs) -> None:
    assert (runs.well.returncode, runs.well.stdout, runs.well.stderr) == (0, "", "")
    assert len(articles.read_articles(runs.output, "leigang")) == 2


def test_the_webhook_is_told_of_a_failure_and_of_the_recovery_once_each(runs: Runs) -> None:
    assert runs.hook.refuses == 0  # it refused the first, and was asked once more
    failed, recovered = runs.hook.messages
    assert (failed["event"], failed["exit_code"]) == ("failed", 3)
    assert list(failed["failures"]) == ["leigang"]
    assert "leigang: ended after its limit" in failed["text"]
    assert (recovered["event"], recovered["exit_code"]) == ("recovered", 0)
    assert (recovered["failures"], recovered["recovered"]) == ({}, ["leigang"])
    assert failed["run_id"] != recovered["run_id"]
    assert "s3cret" not in runs.failed.stderr


def test_status_says_which_city_is_not_well_and_why(runs: Runs) -> None:
    header, haiqing, leigang, why = runs.told.splitlines()
    assert header.split("  ")[0] == "city"
    assert haiqing.split()[-1] == "well"
    assert leigang.split()[-1] == "failed"
    assert why.startswith("leigang: ended after its limit")


def test_status_as_json_gives_counts_dates_trend_and_health(runs: Runs) -> None:
    haiqing, leigang = runs.standing
    assert (haiqing["zh"], haiqing["en"], haiqing["rejects"]) == (21, 5, 2)
    assert haiqing["newest_zh"] == "2024-03-19T09:30:00+08:00"
    assert haiqing["newest_en"] == "2024-03-27T09:30:00+08:00"
    assert (haiqing["recent"], haiqing["before"]) == (0, 0)
    last = manifests(runs.output)[-1]["finished_at"]
    assert haiqing["last_run"] == haiqing["last_success"] == leigang["last_success"] == last
    assert (haiqing["health"], leigang["health"], leigang["why"]) == ("well", "well", [])


def test_the_runs_are_remembered(runs: Runs) -> None:
    newest, oldest = json.loads(runs.status("--runs", "--json"))
    assert (newest["exit_code"], newest["failed"], newest["new"]) == (0, [], 2)
    assert (oldest["exit_code"], oldest["failed"], oldest["new"]) == (3, ["leigang"], 26)
    assert len(runs.status("--runs", "1").splitlines()) == 2


def test_the_collector_reads_the_metrics_of_every_city(runs: Runs) -> None:
    before, after = runs.after_failure, runs.metrics()
    assert (before["run_exit_code",], after["run_exit_code",]) == (3, 0)
    assert (before["city_well", "leigang"], after["city_well", "leigang"]) == (0, 1)
    assert ("city_last_success_seconds", "leigang") not in before
    assert after["city_last_success_seconds", "leigang"] == after["run_finished_seconds",]
    assert after["run_finished_seconds",] >= after["run_started_seconds",]
    assert after["city_articles", "haiqing", "zh"] == 21
    assert after["city_newest_article_seconds", "haiqing", "en"] == 1711503000
    assert after["run_count", "haiqing", "requests"] > 0
    assert [path.name for path in runs.collector.iterdir()] == ["shizheng.prom"]
    kept = max(runs.output.glob("runs/*/metrics.prom"), key=lambda p: p.stat().st_mtime_ns)
    assert kept.read_text() == (runs.collector / "shizheng.prom").read_text()
