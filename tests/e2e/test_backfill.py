"""A city's archived pages, from the index of a web archive to pairs: real HTTP on loopback."""

import gzip
import json
import os
import shutil
import signal
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import warm
from archive_services import Archive, archive_of, serving
from archived_dalian import SEED, SEED_MATE, SEED_TEXT, SEED_TITLE, pages
from warcio.archiveiterator import ArchiveIterator

from crawler.archive.reader import read_records
from pipelines.cli.app import main
from pipelines.tables import articles, files, lock, parquet, schema

SHARED = Path(os.environ.get("SHIZHENG_SHARED") or Path(__file__).parents[3] / "shared")
SEED_FILE = SHARED / "data/seed/dalian-29th-executive-meeting.en.txt"
RUN_COLUMNS = {"run_id"}


@pytest.fixture(autouse=True)
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.settings.USER_AGENT", "shizheng/test (+me@example.org)")
    monkeypatch.setenv("SHIZHENG_PACE_DIR", str(tmp_path / "pace"))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with serving(archive_of(tmp_path / "archive", pages())) as served:
        yield served


def backfill(source: str, output: Path, *more: str) -> int:
    return main(
        ["backfill", "dalian", "--from", source, "--delay", "0", "--jobs", "1",
         "--output", str(output), *more]
    )  # fmt: skip


def stored(output: Path) -> dict[str, dict[str, Any]]:
    return {row["url"]: row for row in articles.read_articles(output, "dalian").to_pylist()}


def without_runs(output: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of the city but for the columns that name a run."""
    found = {
        "articles": articles.read_articles(output, "dalian"),
        "revisions": parquet.read_table(
            files.table_path(output, "revisions", "dalian"), schema.REVISIONS
        ),
    }
    return {
        name: [{k: v for k, v in row.items() if k not in RUN_COLUMNS} for row in table.to_pylist()]
        for name, table in found.items()
    }


def seed_text() -> tuple[str, tuple[str, ...]]:
    """Return title and paragraphs of the seed: the real one if it is at hand, else one like it."""
    if not SEED_FILE.is_file():
        return SEED_TITLE, SEED_TEXT
    title, *paragraphs = [line for line in SEED_FILE.read_text("utf-8").splitlines() if line]
    return title, tuple(paragraphs)


@pytest.mark.slow
def test_the_seed_is_read_bounded_and_paired_with_its_own_meeting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    title, text = seed_text()
    output = tmp_path / "output"
    with serving(archive_of(tmp_path / "archive", pages(title, text))) as served:
        assert backfill(f"{served.url}/cdx/search/cdx", output) == 0
    seed = stored(output)[SEED]
    assert (seed["title"], seed["lang"]) == (title, "en")
    assert [" ".join(line.split()) for line in seed["text"].split("\n")] == [
        " ".join(line.split()) for line in text
    ]
    assert seed["published_at"] is None  # the page states none, and "Yesterday" is no date
    assert {"undated", "bounded"} <= set(seed["flags"])
    assert seed["first_seen"] == datetime(2018, 11, 1, 2, 3, 4, tzinfo=UTC)
    assert seed["fetched_from"].endswith(" 2020-02-15T02:03:04Z")

    assert main(["align", "dalian", "--output", str(output)]) == 0
    pairs = parquet.read_table(files.table_path(output, "pairs", "dalian"), schema.PAIRS)
    likely = [row for row in pairs.to_pylist() if row["probability"] >= 0.5]
    assert [row["zh_url"] for row in likely if row["en_url"] == SEED] == [SEED_MATE]
    assert len(likely) == len({row["zh_id"] for row in likely})
    for row in likely:  # each meeting with its own, by the number in its address
        if row["en_url"] != SEED:
            assert row["zh_url"][-10:-5] == row["en_url"][-11:-6], row


def test_the_index_is_asked_once_ranges_are_joined_and_a_second_run_asks_nothing(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = f"{archive.url}/collinfo.json", tmp_path / "output"
    assert backfill(source, output, "--dry-run", "--json") == 0
    plan = json.loads(capsys.readouterr().out)["cities"]["dalian"]
    by_pattern = {(part["year"], part["pattern"]): part["captures"] for part in plan["left"]}
    assert by_pattern == {
        ("2018", "jeecms"): 3, ("2018", "hanweb"): 4, ("2019", "jeecms"): 2, ("2019", "hanweb"): 1,
        ("2020", "jeecms"): 1,
    }  # fmt: skip
    assert plan["rows"]["rows"] == 17
    assert not archive.counted("/crawl-data/")
    assert not stored(output)

    archive.asked.clear()
    assert backfill(source, output) == 0
    assert {path for path, _ in archive.asked if "index?" in path} == set()
    ranges = archive.counted("/crawl-data/")
    assert len(ranges) == 3  # eleven records, one request for each file
    assert max(ranges.values()) == 1
    wanted = sum(part["bytes"] for part in plan["left"])
    fetched = sum(end - start + 1 for start, end in map(span, (r for _, r in ranges)))
    assert wanted <= fetched < 1.4 * wanted
    assert len(stored(output)) == 11
    assert archive.agents == {"shizheng/test (+me@example.org)"}

    archive.asked.clear()
    assert backfill(source, output) == 0
    assert [path for path, _ in archive.asked] == ["/collinfo.json"]


def span(written: str) -> tuple[int, int]:
    first, _, last = written.removeprefix("bytes=").partition("-")
    return int(first), int(last)


def test_every_way_to_an_archive_gives_the_same_articles(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = archive.folder
    packed = tmp_path / "packed" / "dalian.wacz"
    packed.parent.mkdir()
    with zipfile.ZipFile(packed, "w") as wacz:
        for path in sorted(folder.rglob("*.warc.gz")):
            wacz.write(path, f"archive/{path.name}")
        wacz.writestr("datapackage.json", "{}")
    ways = {
        "cdx": (f"{archive.url}/collinfo.json",),
        "collection": (f"{archive.url}/",),
        "wayback": (f"{archive.url}/cdx/search/cdx",),
        "table": (str(folder / "cc-index"), "--records", archive.url),
        "table-uri": ((folder / "cc-index").as_uri(), "--records", archive.url),
        "warc": (str(folder / "crawl-data"),),
        "wacz": (str(packed.parent),),
    }
    results = {}
    for name, way in ways.items():
        assert backfill(way[0], tmp_path / name, *way[1:]) == 0, capsys.readouterr().err
        results[name] = {
            url: {k: v for k, v in row.items() if k not in ("run_id", "fetched_from")}
            for url, row in stored(tmp_path / name).items()
        }
    assert len(results["cdx"]) == 11
    for name, found in results.items():
        assert found == results["cdx"], name


def test_a_crawls_list_of_parquet_files_is_read_by_ranges(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = archive.folder / "crawl-data/CC-MAIN-2018-43/cc-index-table.paths.gz"
    paths = sorted(
        path.relative_to(archive.folder).as_posix()
        for path in archive.folder.rglob("*.parquet")
        if "CC-MAIN-2018-43" in path.as_posix()
    )
    assert len(paths) == 2  # one of them of the crawl's diagnostics
    listed.write_bytes(gzip.compress("\n".join(paths).encode()))
    output = tmp_path / "output"
    url = f"{archive.url}/{listed.relative_to(archive.folder).as_posix()}"
    assert backfill(url, output) == 0
    assert len(stored(output)) == 9
    assert {r for _, r in archive.counted("/cc-index/")} == {"bytes=-65536"}
    assert not [path for path, _ in archive.asked if "crawldiagnostics" in path]


def test_every_capture_gives_the_corrections_as_revisions(archive: Archive, tmp_path: Path) -> None:
    output = tmp_path / "output"
    source = f"{archive.url}/collinfo.json"
    assert backfill(source, output, "--every-capture") == 0
    port = stored(output)["http://en.dl.gov.cn/News/ChinaNews/22001.jhtml"]
    assert port["revision"] == 2
    assert "9 percent" in port["text"]
    assert port["last_seen"] == datetime(2018, 1, 3, 4, 5, 6, tzinfo=UTC)
    # The mate's page had another text over https, a day before.
    before, mate = sorted(without_runs(output)["revisions"], key=lambda row: row["url"])
    assert mate["url"] == f"https{SEED_MATE[4:]}"
    assert "7 percent" in before["text"]
    assert before["revision"] == 1
    assert before["first_seen"] == port["first_seen"] == before["last_seen"]
    whole = without_runs(output)

    # An older text that comes after a newer one takes its place behind it.
    late = tmp_path / "late"
    assert backfill(source, late) == 0
    assert stored(late)[port["url"]]["revision"] == 1
    assert backfill(source, late, "--every-capture") == 0
    for name in ("articles", "revisions"):
        texts = [(row["url"], row["revision"], row["text"]) for row in without_runs(late)[name]]
        assert texts == [(row["url"], row["revision"], row["text"]) for row in whole[name]]


def test_a_window_of_captures_and_limits_of_number_and_bytes(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = f"{archive.url}/cdx/search/cdx", tmp_path / "output"
    assert backfill(source, output, "--since", "2018-09-01", "--until", "2018-09-30") == 0
    assert len(stored(output)) == 4
    whole = tmp_path / "whole"
    assert backfill(source, whole, "--limit", "3") == 0
    assert len(stored(whole)) == 3
    assert "8 captures to fetch" in capsys.readouterr().out
    assert backfill(source, whole, "--max-bytes", "3000") == 0
    assert "ceiling" in capsys.readouterr().err
    assert 3 < len(stored(whole)) < 11
    assert backfill(source, whole) == 0
    assert len(stored(whole)) == 11


def test_a_busy_service_is_left_alone_for_as_long_as_it_asks(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.backfill.client.FIRST_PAUSE", 0.05)
    archive.faults = {
        "/cdx/": [(429, {"retry-after": "1"})],
        "/web/": [(503, {}), (503, {})],
    }
    began = time.monotonic()
    assert backfill(f"{archive.url}/cdx/search/cdx", tmp_path / "output") == 0
    assert len(stored(tmp_path / "output")) == 11
    assert time.monotonic() - began > 1
    starts = [start for start, _ in archive.times]
    ends = [end for _, end in archive.times]
    assert starts[1] - ends[0] >= 0.99  # as it asked
    assert all(start >= end for start, end in zip(starts[1:], ends, strict=False))


def test_nobody_is_asked_without_a_contact(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr("crawler.settings.USER_AGENT", "shizheng/test")
    assert backfill(f"{archive.url}/collinfo.json", tmp_path / "output") == 2
    assert "SHIZHENG_CONTACT" in capsys.readouterr().err
    assert archive.asked == []
    # A folder asks nobody.
    assert backfill(str(archive.folder / "crawl-data"), tmp_path / "local") == 0


def test_a_city_that_another_command_works_on_is_left_to_it(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, source = tmp_path / "output", f"{archive.url}/collinfo.json"
    with lock.hold(output, ["dalian"]):
        assert backfill(source, output) == 5
        # Another city, which the archive does not have, is asked for all the same.
        assert backfill(source, output, "nanjing") == 4
    assert "another run" in capsys.readouterr().err
    assert len(archive.counted("/collinfo.json")) == 1
    archive.asked.clear()
    assert backfill(source, output, "nanjing") == 0
    assert archive.counted("/collinfo.json") == {("/collinfo.json", ""): 1}  # for both cities
    assert len(stored(output)) == 11


def test_copies_are_records_of_their_own_with_provenance_and_no_cookies(
    archive: Archive, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    assert backfill(f"{archive.url}/collinfo.json", output) == 0
    [path] = (output / "archive/dalian").glob("*.warc.gz")
    records = list(read_records(path))
    assert len(records) == 11
    seed = next(record for record in records if record.url == SEED)
    assert seed.source.endswith("CC-MAIN-2020-43")
    assert seed.source_place.startswith(f"{archive.url}/crawl-data/CC-MAIN-2020-43/")
    assert seed.fetched_at == datetime(2020, 2, 15, 2, 3, 4, tzinfo=UTC)
    assert seed.first_capture == datetime(2018, 11, 1, 2, 3, 4, tzinfo=UTC)
    assert all("set-cookie" not in record.headers for record in records)
    with path.open("rb") as file:
        for record in ArchiveIterator(file, check_digests="raise"):
            assert record.rec_type == "response"
            record.content_stream().read()


def start(source: str, output: Path, pace: Path) -> warm.Process:
    line = ["backfill", "dalian", "--from", source, "--delay", "0", "--jobs", "1"]
    own = {"SHIZHENG_CONTACT": "me@example.org", "SHIZHENG_PACE_DIR": str(pace)}
    where = ["--output", str(output)]
    return warm.start("pipelines.cli", *line, *where, env=os.environ | own)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["collinfo.json", "cdx/search/cdx"])
def test_a_backfill_killed_at_any_moment_gives_what_an_undisturbed_one_gives(
    archive: Archive, tmp_path: Path, way: str
) -> None:
    source = f"{archive.url}/{way}"
    undisturbed, output = tmp_path / "undisturbed", tmp_path / "output"
    assert backfill(source, undisturbed) == 0
    archive.pause = 0.02  # so that a kill finds requests under way
    archive.asked.clear()
    for moment in (1, 5, 8, 11, 13):
        process = start(source, output, tmp_path / "pace")
        known = len(archive.asked)
        while len(archive.asked) < known + moment and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
    archive.pause = 0
    assert backfill(source, output) == 0
    assert without_runs(output) == without_runs(undisturbed)
    [mine], [theirs] = (
        sorted((folder / "archive/dalian").glob("*.warc.gz")) for folder in (output, undisturbed)
    )
    assert mine.read_bytes() == theirs.read_bytes()
    # Asked for again is only what was under way at a kill, five times at most.
    again = sum(
        times - 1 for one, times in archive.counted("/").items() if one[0] != "/collinfo.json"
    )
    assert again <= 5


def test_processes_of_one_machine_share_the_pace_of_a_service(
    archive: Archive, tmp_path: Path
) -> None:
    archive.pause = 0.01
    running = [
        start(f"{archive.url}/cdx/search/cdx", tmp_path / name, tmp_path / "pace")
        for name in ("one", "two")
    ]
    assert [process.wait(60) for process in running] == [0, 0]
    assert len(archive.asked) == 2 * (5 + 11)
    spans = sorted(archive.times)
    assert all(later[0] >= sooner[1] for sooner, later in pairwise(spans))
    assert without_runs(tmp_path / "one") == without_runs(tmp_path / "two")
    shutil.rmtree(tmp_path / "one")


def test_the_index_of_one_crawl_is_asked_by_its_address(archive: Archive, tmp_path: Path) -> None:
    output = tmp_path / "output"
    assert backfill(f"{archive.url}/CC-MAIN-2018-43-index", output) == 0
    assert len(stored(output)) == 9
    assert " CC-MAIN-2018-43 2018-" in stored(output)[SEED]["fetched_from"]
    assert archive.counted("/crawl-data/")
