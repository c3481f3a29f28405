"""A real pywb: its index and its replay, of the miniature web and of an authored Dalian.

It needs `wayback` and `wb-manager` of pywb on the PATH, or in the folder that SHIZHENG_PYWB names.
pywb pins libraries of its own, so it has an environment of its own, too:
`uv venv pywb && uv pip install --python pywb/bin/python pywb`.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from archive_services import write_warcs
from archived_dalian import SEED, SEED_TITLE, Page, pages

from crawler.demo import DEMO_CITIES
from crawler.demo.gold import gold_articles
from crawler.demo.site import build_site
from pipelines.cli.app import main
from pipelines.tables.articles import read_articles

_PATH = os.pathsep.join([os.environ.get("SHIZHENG_PYWB", ""), os.environ.get("PATH", "")])
WAYBACK, MANAGER = (shutil.which(name, path=_PATH) for name in ("wayback", "wb-manager"))

pytestmark = pytest.mark.skipif(not (WAYBACK and MANAGER), reason="needs pywb")


def miniature_web() -> list[Page]:
    """Return the articles of the demo as an archive captured them in 2024."""
    site, found = build_site(), []
    for number, row in enumerate(gold_articles()):
        answer = site.answer(row["url"])
        if answer.status == 200:
            kind = answer.headers["Content-Type"]
            found.append(
                Page(row["url"], f"202406{number % 28 + 1:02d}010203", answer.body, mime=kind)
            )
    return list({page.url: page for page in found}.values())


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a pywb with two collections, and the folder of their archives."""
    folder = tmp_path_factory.mktemp("pywb")
    for name, listed in (("dalian", pages()), ("demo", miniature_web())):
        write_warcs(folder / name, listed)
        subprocess.run([str(MANAGER), "init", name], cwd=folder, check=True, capture_output=True)
        paths = sorted(map(str, (folder / name).rglob("*.warc.gz")))
        subprocess.run(
            [str(MANAGER), "add", name, *paths], cwd=folder, check=True, capture_output=True
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [str(WAYBACK), "-b", "127.0.0.1", "-p", str(port)], cwd=folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urlopen(url, timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield url, folder
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(autouse=True)
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.settings.USER_AGENT", "shizheng/test (+me@example.org)")
    monkeypatch.setenv("SHIZHENG_PACE_DIR", str(tmp_path / "pace"))


def rows(output: Path, city: str) -> dict[str, dict[str, Any]]:
    origin = ("run_id", "fetched_from")
    return {
        row["url"]: {name: value for name, value in row.items() if name not in origin}
        for row in read_articles(output, city).to_pylist()
    }


def backfill(source: str, output: Path, *cities: str, folder: Path | None = None) -> int:
    where = ["--cities-dir", str(folder)] if folder else []
    return main(
        ["backfill", *cities, "--from", source, "--delay", "0", "--jobs", "1",
         "--output", str(output), *where]
    )  # fmt: skip


def test_dalian_is_read_from_a_pywb_as_from_the_files(
    collections: tuple[str, Path], tmp_path: Path
) -> None:
    url, folder = collections
    assert backfill(f"{url}/dalian", tmp_path / "pywb", "dalian") == 0
    assert backfill(str(folder / "dalian"), tmp_path / "files", "dalian") == 0
    found = rows(tmp_path / "pywb", "dalian")
    assert found[SEED]["title"] == SEED_TITLE
    assert len(found) == 11
    assert found == rows(tmp_path / "files", "dalian")


def test_the_miniature_web_is_read_from_a_pywb_as_from_the_files(
    collections: tuple[str, Path], tmp_path: Path
) -> None:
    url, folder = collections
    cities = sorted(path.stem for path in DEMO_CITIES.glob("*.yaml"))
    assert backfill(f"{url}/demo/cdx", tmp_path / "pywb", *cities, folder=DEMO_CITIES) == 0
    assert backfill(str(folder / "demo"), tmp_path / "files", *cities, folder=DEMO_CITIES) == 0
    for city in cities:
        found = rows(tmp_path / "pywb", city)
        assert found, city
        assert found == rows(tmp_path / "files", city), city
