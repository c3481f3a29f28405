"""A corpus in a real object store: one writer each, whole states, equal tables."""

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import warm
from builders import article, store_articles
from loopback import HTTP, Handler, running
from object_store import Store, serving

from crawler.demo import DEMO_CITIES
from crawler.demo.server import serve
from pipelines.remote import folder as work
from pipelines.remote import transfer
from pipelines.remote.heads import Head, city_unit, object_name, read_head, replace_head
from pipelines.remote.leases import leased
from pipelines.remote.objects import (
    ConflictError,
    Objects,
    RemoteError,
    RemoteUsageError,
)
from pipelines.tables.articles import read_articles

FAST = ["-sDOWNLOAD_DELAY=0", "-sAUTOTHROTTLE_ENABLED=0", "-sCONCURRENT_REQUESTS_PER_DOMAIN=8"]
CITY = city_unit("x")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with serving(tmp_path_factory.mktemp("weed") / "data") as running:
        yield running


@pytest.fixture
def objects(
    store: Store, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Objects:
    """Objects of an empty folder in the store, one for each test."""
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    return Objects(f"{store.url}/{abs(hash(request.node.nodeid))}")


def shizheng(
    machine: Path, *arguments: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command as another machine: with a scratch folder of its own."""
    env = {**os.environ, "SHIZHENG_SCRATCH": str(machine), **environment}
    return warm.run("pipelines.cli", *arguments, env=env, timeout=900)


def job(
    machine: Path, script: str, *arguments: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run a script of `deploy/store` as SLURM does on another machine."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", str(Path(__file__).parents[2] / "deploy/store" / script), *arguments],
        env={**os.environ, "SHIZHENG_SCRATCH": str(machine), "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def tables(folder: Path, *without: str) -> dict[str, object]:
    """Return the rows of all tables but for times and runs, by path."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*.parquet")):
        name = path.relative_to(folder).as_posix()
        if name.partition("/")[0] in ("vectors", "reports", "sketches", *without):
            continue
        changing = {"run_id", "first_seen", "last_seen", "seen_at", "aligned_at"}
        table = pq.ParquetFile(path).read()
        found[name] = table.drop_columns(sorted(changing & {*table.column_names})).to_pylist()
    return found


def test_of_racing_writers_one_wins_each_time(objects: Objects) -> None:
    for number in range(20):
        before, start = read_head(objects, CITY), threading.Barrier(2)
        write = partial(_outcome, objects, before, start)
        with ThreadPoolExecutor(2) as threads:
            outcomes = list(threads.map(write, (f"{number}a", f"{number}b")))
        assert sorted(outcomes) == ["refused", "won"]


def _outcome(objects: Objects, before: Head, start: threading.Barrier, name: str) -> str:
    start.wait()
    try:
        replace_head(objects, before, {f"articles/x/{name}": "0"})
    except ConflictError:
        return "refused"
    return "won"


def test_what_is_pushed_is_pulled_as_the_same_bytes(objects: Objects, tmp_path: Path) -> None:
    here, there = tmp_path / "a", tmp_path / "b"
    store_articles(here, article("1"), article("2"))
    assert transfer.push(objects, here, CITY).files == 1
    assert transfer.pull(objects, there, CITY).files == 1
    name = "articles/x/undated.parquet"
    assert (there / name).read_bytes() == (here / name).read_bytes()
    assert transfer.push(objects, there, CITY).files == 0, "nothing has changed"
    (here / name).unlink()
    transfer.push(objects, here, CITY)
    transfer.pull(objects, there, CITY)
    assert not (there / name).exists()


def test_of_two_machines_the_later_is_refused_and_loses_nothing(
    objects: Objects, tmp_path: Path
) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    store_articles(first, article("1"))
    transfer.push(objects, first, CITY)
    transfer.pull(objects, second, CITY)
    store_articles(first, article("2"))
    store_articles(second, article("3"))
    transfer.push(objects, first, CITY)
    with pytest.raises(ConflictError, match="another writer has stored x"):
        transfer.push(objects, second, CITY)
    with pytest.raises(ConflictError, match="--discard"):
        transfer.pull(objects, second, CITY)
    assert read_articles(second, "x")["article_id"].to_pylist() == ["1", "3"]
    transfer.pull(objects, second, CITY, discard=True)
    assert read_articles(second, "x")["article_id"].to_pylist() == ["1", "2"]


def test_files_that_were_not_pulled_stay_in_the_store(objects: Objects, tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    store_articles(first, article("1"))
    archive = first / "archive/x/1.warc.gz"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"archived")
    transfer.push(objects, first, CITY)
    transfer.pull(objects, second, CITY, without=("archive",))
    assert not (second / "archive").exists()
    store_articles(second, article("2"))
    transfer.push(objects, second, CITY)
    assert sorted(read_head(objects, CITY).files) == [
        "archive/x/1.warc.gz", "articles/x/undated.parquet",
    ]  # fmt: skip
    transfer.pull(objects, second, CITY)
    assert (second / "archive/x/1.warc.gz").read_bytes() == b"archived"


def test_a_city_is_leased_to_one_machine_until_the_lease_runs_out(objects: Objects) -> None:
    short = timedelta(seconds=2)
    with leased(objects, ["x", "y"], short):
        time.sleep(3)  # renewed meanwhile
        refusal = pytest.raises(ConflictError, match=rf"process {os.getpid()} on .* works on x")
        with refusal, leased(objects, ["x"], short):
            pass
    with leased(objects, ["x"]):
        pass
    objects.create("leases/z.json", b'{"by": "a machine that died"}')
    refusal = pytest.raises(ConflictError, match="a machine that died works on z")
    with refusal, leased(objects, ["z"], short):
        pass
    time.sleep(4)
    with leased(objects, ["z"], short):
        pass


def hold(environment: dict[str, str], url: str) -> None:
    os.environ.update(environment)
    with leased(Objects(url), ["x"]):
        Objects(url).create("held", b"")
        time.sleep(600)


def test_a_lease_of_a_process_that_was_killed_here_is_taken_at_once(
    objects: Objects, store: Store
) -> None:
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=hold, args=(dict(store.environment), objects.url))
    process.start()
    while process.is_alive() and objects.read("held") is None:
        time.sleep(0.1)
    refusal = pytest.raises(ConflictError, match=f"process {process.pid} on .* works on x")
    with refusal, leased(objects, ["x"]):
        pass
    process.kill()
    process.join()
    with leased(objects, ["x"]):
        lease = objects.read("leases/x.json")
    assert lease is not None
    elsewhere = json.loads(lease.content) | {"place": "another machine", "process": 2**30}
    objects.create("leases/x.json", json.dumps(elsewhere).encode())
    with pytest.raises(ConflictError), leased(objects, ["x"]):
        pass


def push_large(environment: dict[str, str], url: str, folder: Path) -> None:
    os.environ.update(environment)
    transfer.push(Objects(url), folder, CITY)


def test_a_push_that_is_killed_changes_nothing_and_its_garbage_is_swept(
    objects: Objects, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_articles(tmp_path, article("1"))
    transfer.push(objects, tmp_path, CITY)
    whole = read_head(objects, CITY)
    for number in range(3):
        for part in range(12):
            path = tmp_path / f"archive/x/{number}-{part}.warc.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(1_000_000))
        context = multiprocessing.get_context("spawn")
        arguments = (dict(store.environment), objects.url, tmp_path)
        process = context.Process(target=push_large, args=arguments)
        process.start()
        while process.is_alive() and sum(1 for _ in objects.names("objects/")) < 3 + number:
            pass
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    if read_head(objects, CITY).version == whole.version:
        assert dict(read_head(objects, CITY).files) == dict(whole.files)
    transfer.push(objects, tmp_path, CITY)
    named = {object_name(of) for of in read_head(objects, CITY).files.values()}
    objects.create("objects/00/stray", b"of a push that was cut")
    assert transfer.sweep(objects) == 0, "a push under way may be about to name it"
    time.sleep(2)
    monkeypatch.setattr(transfer, "KEPT", timedelta(seconds=1))
    assert transfer.sweep(objects) >= 1
    assert {name for name, _, _ in objects.names("objects/")} == named


def test_a_store_without_conditional_writes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    held: dict[str, bytes] = {}

    class Careless(Handler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            held[self.path] = self.received()
            self.send(headers={"ETag": '"e"'})

        def do_POST(self) -> None:
            keys = "".join(re.findall(r"<Key>.*?</Key>", self.received().decode()))
            self.send(f"<DeleteResult><Deleted>{keys}</Deleted></DeleteResult>".encode())

        def do_DELETE(self) -> None:
            self.send(status=204)

    with running(HTTP(Careless)) as host:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://{host}",
            "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "r",
            "AWS_ALLOW_HTTP": "true",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        with pytest.raises(RemoteError, match="ignores conditions on writes"):
            Objects("s3://careless/x").probe()


def test_a_head_names_no_file_outside_the_folder(objects: Objects, tmp_path: Path) -> None:
    replace_head(objects, Head(CITY), {"../outside": "0"})
    with pytest.raises(RemoteError, match="not the head"):
        transfer.pull(objects, tmp_path, CITY)


@pytest.mark.parametrize("url", ["ftp://x/y", "s3://"])
def test_a_url_without_a_store_is_a_mistake_of_usage(url: str) -> None:
    with pytest.raises(RemoteUsageError, match="expected the URL of a bucket"):
        Objects(url)


@pytest.mark.slow
def test_two_machines_and_a_store_make_the_corpus_of_one(objects: Objects, tmp_path: Path) -> None:
    """Each city is a task of an array job; another job does what is over all of them."""
    counts: Counter[str] = Counter()
    first, second = tmp_path / "a", tmp_path / "b"
    shipped = ["--cities-dir", str(DEMO_CITIES)]
    with serve(counts=counts) as port:
        web = {"http_proxy": f"http://127.0.0.1:{port}", "no_proxy": "127.0.0.1"}
        listed = tmp_path / "cities.txt"
        listed.write_text("langang\nqingya\n")
        for task, machine in enumerate((first, second), 1):
            done = job(
                machine, "cities.sbatch", str(listed), *shipped, "--output", objects.url,
                "--jobs", "1", *FAST, SLURM_ARRAY_TASK_ID=str(task), **web,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
        before = counts.total()
        moved = shizheng(
            second, "crawl", "langang", *shipped, "--output", objects.url, "--json", *FAST, **web
        )
        assert json.loads(moved.stdout)["cities"]["langang"].get("new", 0) == 0, moved.stderr
        assert counts.total() - before < 20, "lists and robots.txt alone"
        alone = tmp_path / "alone"
        done = shizheng(
            first, "crawl", "langang", "qingya", *shipped, "--output", str(alone), *FAST,
            **web,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert shizheng(first, "align", "--output", str(alone)).returncode == 0
    done = job(second, "gather.sbatch", *shipped, "--output", objects.url)
    assert done.returncode == 0, done.stderr
    assert "gathered 2 cities" in done.stdout
    whole = tmp_path / "whole"
    assert shizheng(first, "pull", objects.url, "--output", str(whole)).returncode == 0
    assert tables(whole) == tables(alone)
    assert (whole / "reports/index.html").is_file()
    status = json.loads(shizheng(first, "status", "--json", "--output", objects.url).stdout)
    assert "langang" in json.dumps(status)


@pytest.mark.slow
def test_a_release_in_a_store_is_read_where_it_is(objects: Objects, tmp_path: Path) -> None:
    lines = [
        {"id": f"{lang}1", "city": "anlan", "lang": lang, "url": None, "title": title,
         "text": text, "published_at": "2024-03-05"}
        for lang, title, text in (
            ("zh", "安澜市第3号公报", "安澜市3月5日公布第3号公报，新增就业12345人，同比增长5.6%。"),
            ("en", "Bulletin No. 3 of Anlan", "Anlan issued Bulletin No. 3 on March 5. It counts "
             "12,345 new jobs, up 5.6 percent on a year."),
        )
    ]  # fmt: skip
    source = tmp_path / "articles.jsonl"
    source.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
    machine = tmp_path / "machine"
    for arguments in (["import", str(source)], ["align"], ["release", "make", "1.0"]):
        done = shizheng(machine, *arguments, "--output", objects.url)
        assert done.returncode == 0, done.stderr
    names = [name for name, _, _ in objects.names("releases/1.0/")]
    assert "releases/1.0/manifest.json" in names
    assert any(name.endswith(".parquet") for name in names)
    source.write_text(source.read_text().replace("12345", "23456").replace("12,345", "23,456"))
    other = tmp_path / "other"
    assert shizheng(other, "import", str(source), "--output", objects.url).returncode == 0
    assert shizheng(other, "align", "--output", objects.url).returncode == 0
    again = shizheng(other, "release", "make", "1.0", "--output", objects.url)
    assert again.returncode == 5
    assert "releases are never replaced" in again.stderr


def test_a_command_that_needs_a_folder_refuses_a_store(objects: Objects, tmp_path: Path) -> None:
    done = shizheng(tmp_path, "demo", "--output", objects.url)
    assert (done.returncode, done.stdout) == (2, "")
    assert "demo works on a local folder" in done.stderr


def test_stamps_find_what_changed_without_reading_all(objects: Objects, tmp_path: Path) -> None:
    store_articles(tmp_path, article("1"))
    transfer.push(objects, tmp_path, CITY)
    before = work.digests(tmp_path, CITY)
    store_articles(tmp_path, article("2"))
    after = work.digests(tmp_path, CITY)
    assert before.keys() == after.keys()
    assert before != after
