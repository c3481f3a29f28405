"""The project as an egg on a Scrapyd server: built, deployed, scheduled, and crawling.

With the commands and tools of docs/how-to/operating.md; the server is on loopback, and the
crawled site is the miniature web there.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from crawler.demo import DEMO_CITIES
from crawler.demo.server import serve
from pipelines.tables.articles import read_articles

CITY = "qingya"


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


class Scrapyd:
    """A Scrapyd server in a folder of its own."""

    def __init__(self, folder: Path, proxy: int) -> None:
        port = free_port()
        self.url, self.folder = f"http://127.0.0.1:{port}/", folder
        (folder / "scrapyd.conf").write_text(
            f"[scrapyd]\nbind_address = 127.0.0.1\nhttp_port = {port}\npoll_interval = 0.2\n"
            "max_proc = 1\neggs_dir = eggs\nlogs_dir = logs\ndbs_dir = dbs\n"
        )
        self._log = (folder / "server.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scrapyd"],
            cwd=folder, stdout=self._log, stderr=subprocess.STDOUT,
            env={**os.environ, "http_proxy": f"http://127.0.0.1:{proxy}", "no_proxy": "127.0.0.1"},
        )  # fmt: skip

    def ask(self, service: str, **fields: Any) -> dict[str, Any]:
        """Call a service of Scrapyd's API: GET, or POST if it is given fields to send."""
        send = service in ("schedule",)
        query = urllib.parse.urlencode(fields, doseq=True)
        url = f"{self.url}{service}.json" + ("" if send else f"?{query}")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, query.encode() if send else None, timeout=60) as response:
            answer: dict[str, Any] = json.loads(response.read())
        return answer

    def wait(self, seconds: float = 60) -> None:
        """Return once it answers."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._process.poll() is None:
            try:
                self.ask("daemonstatus")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError((self.folder / "server.log").read_text())

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._log.close()


@pytest.fixture
def scrapyd(tmp_path: Path) -> Iterator[Scrapyd]:
    folder = tmp_path / "scrapyd"
    folder.mkdir()
    with serve() as proxy:
        server = Scrapyd(folder, proxy)
        try:
            server.wait()
            yield server
        finally:
            server.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Copy what goes into the egg: `scrapyd-deploy` leaves its files beside it."""
    copy = tmp_path / "project"
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("crawler", "pipelines"):
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    # The miniature web's city, as an operator adds one.
    shutil.copy(DEMO_CITIES / f"{CITY}.yaml", copy / "crawler/cities")
    for name in ("scrapy.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    return copy


def deploy(project: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    # By path: the folder of a virtual environment need not be on PATH.
    program = Path(sys.executable).with_name("scrapyd-deploy")
    return subprocess.run(
        [sys.executable, program, *arguments],
        cwd=project, check=True, capture_output=True, text=True,
        env={**os.environ, "no_proxy": "127.0.0.1"},
    )  # fmt: skip


def test_the_project_is_deployed_as_an_egg_scheduled_and_crawls(
    scrapyd: Scrapyd, project: Path, tmp_path: Path
) -> None:
    config = project / "scrapy.cfg"
    assert "[deploy]" in config.read_text()
    config.write_text(config.read_text().replace("http://127.0.0.1:6800/", scrapyd.url))
    deployed = deploy(project, "--version", "1")
    answer = json.loads(deployed.stdout)
    assert (answer["status"], answer["project"]) == ("ok", "shizheng"), deployed.stderr
    (egg,) = scrapyd.folder.glob("eggs/shizheng/*.egg")
    assert "crawler/cities/dalian.yaml" in zipfile.ZipFile(egg).namelist()

    # The egg's own city files make the spiders.
    spiders = scrapyd.ask("listspiders", project="shizheng")["spiders"]
    assert spiders == sorted(path.stem for path in (project / "crawler/cities").glob("*.yaml"))

    output = tmp_path / "output"
    settings = {
        "SHIZHENG_OUTPUT": output, "DOWNLOAD_DELAY": 0, "AUTOTHROTTLE_ENABLED": 0,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
    }  # fmt: skip
    scheduled = scrapyd.ask(
        "schedule", project="shizheng", spider=CITY,
        setting=[f"{name}={value}" for name, value in settings.items()],
    )  # fmt: skip
    assert scheduled["status"] == "ok", scheduled
    end = time.monotonic() + 300
    while not (jobs := scrapyd.ask("listjobs", project="shizheng"))["finished"]:
        assert time.monotonic() < end, jobs
        time.sleep(0.2)
    (log,) = scrapyd.folder.glob(f"logs/shizheng/{CITY}/*.log")
    said = log.read_text(encoding="utf-8")
    assert "Spider closed (finished)" in said, said[-3000:]
    articles = read_articles(output, CITY, ["lang"])["lang"].to_pylist()
    assert articles.count("zh") > articles.count("en") > 0
    assert list(output.glob(f"archive/{CITY}/*.warc.gz"))
