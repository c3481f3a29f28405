"""Anyone's archive gives what a crawl gives: wget's, Common Crawl's, ours; in any number of
processes, and after a kill."""

import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.archive import reader
from crawler.archive.writer import ArchiveWriter, Exchange
from crawler.city_file import load_cities
from crawler.demo import DEMO_CITIES
from crawler.demo.gold import gold_articles
from crawler.demo.server import serve
from crawler.demo.site import Site, build_site
from pipelines.articles import archives
from pipelines.cli.app import main
from pipelines.tables import articles, files, parquet, schema
from pipelines.tables.runs import Run
from pipelines.terminal import progress

ROOT = Path(__file__).parents[2]
NOW = datetime(2024, 7, 1, tzinfo=UTC)
CC = "cc.warc.gz"


@pytest.fixture(scope="module")
def gold() -> list[dict[str, Any]]:
    """Nine articles of each city, one to a page."""
    rows = [row for row in gold_articles() if row["trap"] in (None, "repost")]
    by_city: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_city.setdefault(row["city"], []).append(row)
    return [row for listed in by_city.values() for row in listed[:9]]


@pytest.fixture(scope="module")
def site() -> Site:
    return build_site()


@pytest.fixture(scope="module")
def wget(gold: list[dict[str, Any]], site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two archives of the same pages: the second refers to the first.

    Made by wget where it is installed, else, byte for byte alike in what matters, with warcio.
    """
    folder = tmp_path_factory.mktemp("wget")
    urls = [row["url"] for row in gold]
    if shutil.which("wget") is None:
        write_like_wget(folder, urls, site)
        return folder
    (folder / "urls").write_text("\n".join(urls) + "\n")
    with serve(site) as port:
        proxy = {"http_proxy": f"http://127.0.0.1:{port}", "no_proxy": ""}
        for name, option in (("monday", "--warc-cdx"), ("tuesday", "--warc-dedup=monday.cdx")):
            subprocess.run(
                ["wget", "-q", "-i", "urls", "--delete-after", f"--warc-file={name}", option],
                cwd=folder, env={**os.environ, **proxy}, check=True, timeout=120,
            )  # fmt: skip
    return folder


def write_like_wget(folder: Path, urls: Sequence[str], site: Site) -> None:
    ids: dict[str, tuple[str, str]] = {}
    for name in ("monday", "tuesday"):
        with (folder / f"{name}.warc.gz").open("wb") as file:
            writer = WARCWriter(file, gzip=True, warc_version="1.0")
            writer.write_record(writer.create_warcinfo_record(file.name, {"software": "Wget"}))
            for url in urls:
                answer = site.answer(url)
                http = StatusAndHeaders("200 OK", list(answer.headers.items()), protocol="HTTP/1.1")
                fields = {"WARC-Truncated": "length"} if url in ids else {}
                record = writer.create_warc_record(
                    f"<{url}>", "revisit" if url in ids else "response", http_headers=http,
                    payload=io.BytesIO(b"" if url in ids else answer.body),
                    warc_headers_dict=fields,
                )  # fmt: skip
                if url in ids:
                    record.rec_headers.replace_header("WARC-Refers-To", ids[url][0])
                    record.rec_headers.replace_header("WARC-Payload-Digest", ids[url][1])
                writer.write_record(record)
                header = record.rec_headers.get_header
                ids.setdefault(url, (header("WARC-Record-ID"), header("WARC-Payload-Digest")))


@pytest.fixture(scope="module")
def common_crawl(
    gold: list[dict[str, Any]], site: Site, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A file laid out as Common Crawl's: warcinfo, then request, response, metadata of each page;
    a member that is damaged, a body that was cut, and a page that had not changed.
    """
    path = tmp_path_factory.mktemp("cc") / CC
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True, warc_version="1.0")
        info = {"isPartOf": "CC-MAIN-2024-10", "software": "Apache Nutch", "format": "WARC 1.0"}
        writer.write_record(writer.create_warcinfo_record(path.name, info))
        for number, row in enumerate(gold):
            answer = site.answer(row["url"])
            length = str(len(answer.body))
            kept = [("X-Crawl-Content-Encoding", "gzip"), *answer.headers.items()]
            kept += [("X-Crawl-Content-Length", "99"), ("Content-Length", length)]
            fields = {"WARC-IP-Address": "127.0.0.1", "WARC-Identified-Payload-Type": "text/html"}
            if number == 3:
                fields["WARC-Truncated"] = "length"
            request = StatusAndHeaders("GET / HTTP/1.1", [("User-Agent", "CCBot/2.0")])
            writer.write_record(
                writer.create_warc_record(row["url"], "request", http_headers=request)
            )
            start = file.tell()
            writer.write_record(
                writer.create_warc_record(
                    row["url"], "response", payload=io.BytesIO(answer.body),
                    http_headers=StatusAndHeaders("200 OK", kept, protocol="HTTP/1.1"),
                    warc_headers_dict=fields,
                )
            )  # fmt: skip
            if number == 5:
                end = file.tell()
                file.seek(start + 30)
                file.write(b"damage that no checksum survives")
                file.seek(end)
            notes = b"fetchTimeMs: 41\r\ncharset-detected: GB18030\r\n"
            writer.write_record(
                writer.create_warc_record(
                    row["url"], "metadata", payload=io.BytesIO(notes), length=len(notes),
                    warc_content_type="application/warc-fields",
                )
            )  # fmt: skip
        same = "http://netpreserve.org/warc/1.0/revisit/server-not-modified"
        unchanged = StatusAndHeaders("304 Not Modified", [], protocol="HTTP/1.1")
        writer.write_record(
            writer.create_warc_record(
                gold[0]["url"], "revisit", http_headers=unchanged,
                warc_headers_dict={"WARC-Profile": same},
            )
        )  # fmt: skip
    return path


def extract(output: Path, paths: Sequence[Path], **options: Any) -> archives.Extracted:
    run = Run("run-1", output / "runs" / "run-1", "extract", (), NOW, 1)
    with progress() as tracker:
        return archives.extract(output, paths, load_cities(DEMO_CITIES), run, tracker, **options)


def texts(output: Path) -> dict[str, str]:
    return {
        row["article_id"]: row["text"]
        for city in files.cities_with_articles(output)
        for row in articles.read_articles(output, city, ["article_id", "text"]).to_pylist()
    }


def tables(output: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(output)): path.read_bytes()
        for name in ("articles", "rejects", "revisions")
        for path in sorted((output / name).rglob("*.parquet"))
    }


def test_wgets_archive_gives_the_articles_of_the_site(
    wget: Path, gold: list[dict[str, Any]], tmp_path: Path
) -> None:
    found = extract(tmp_path, [wget / "monday.warc.gz"], jobs=1)
    assert texts(tmp_path) == {row["article_id"]: row["text"] for row in gold}
    assert sum(count.new for count in found.counts.values()) == len(gold)
    assert not found.skipped


def test_a_revisit_is_read_from_the_file_that_an_earlier_run_wrote(
    wget: Path, gold: list[dict[str, Any]], tmp_path: Path
) -> None:
    with (wget / "tuesday.warc.gz").open("rb") as file:
        kinds = [
            record.record_type
            for record in ArchiveIterator(file, record_types=WarcRecordType.any_type)
        ]
    assert kinds.count(WarcRecordType.revisit) == len(gold)
    assert WarcRecordType.response not in kinds
    assert not extract(tmp_path / "a", [wget / "tuesday.warc.gz"], jobs=1).skipped
    assert texts(tmp_path / "a") == {row["article_id"]: row["text"] for row in gold}
    # Alone it is unresolved, counted, and read again when the first file has been found.
    alone = tmp_path / "alone" / "tuesday.warc.gz"
    alone.parent.mkdir()
    shutil.copy(wget / "tuesday.warc.gz", alone)
    found = extract(tmp_path / "b", [alone], jobs=1)
    assert (found.counts, found.skipped) == ({}, {"unresolved": len(gold)})
    shutil.copy(wget / "monday.warc.gz", alone.parent)
    assert extract(tmp_path / "b", [alone], jobs=1).read_before == 0
    assert len(texts(tmp_path / "b")) == len(gold)


def test_common_crawls_layout_is_read_and_what_cannot_be_is_counted(
    common_crawl: Path, gold: list[dict[str, Any]], tmp_path: Path
) -> None:
    found = extract(tmp_path, [common_crawl], jobs=1)
    assert found.skipped == Counter(broken=1, truncated=1, not_modified=1)
    expected = [row for number, row in enumerate(gold) if number not in (3, 5)]
    assert texts(tmp_path) == {row["article_id"]: row["text"] for row in expected}


def test_a_prefix_that_fits_no_page_is_named(
    wget: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [str(path) for path in sorted(wget.glob("*.warc.gz"))]
    places = ["--cities-dir", str(DEMO_CITIES), "--output", str(tmp_path / "corpus")]
    assert main(["extract", *paths, "--url-prefix", "http://mistaken/", *places]) == 4
    assert "no page of a known city under http://mistaken/ in" in capsys.readouterr().err


def test_another_reader_finds_the_same_responses(common_crawl: Path, wget: Path) -> None:
    path = wget / "monday.warc.gz"
    with path.open("rb") as file:
        theirs = [
            (record.headers["WARC-Target-URI"].strip("<>"), record.reader.read())
            for record in ArchiveIterator(file, record_types=WarcRecordType.response)
        ]
    assert [(record.url, record.body) for record in reader.read_records(path)] == theirs


def test_two_processes_store_what_one_stores(
    wget: Path, common_crawl: Path, tmp_path: Path
) -> None:
    paths = [wget / "monday.warc.gz", common_crawl, wget / "tuesday.warc.gz"]
    one = extract(tmp_path / "one", paths, jobs=1)
    two = extract(tmp_path / "two", paths, jobs=2)
    assert one == two
    assert tables(tmp_path / "one") == tables(tmp_path / "two")
    assert list(one.counts.items()) == list(two.counts.items())


def test_an_archive_that_was_read_is_left_alone_until_asked_or_changed(
    wget: Path, tmp_path: Path
) -> None:
    path = tmp_path / "renamed.warc.gz"
    shutil.copy(wget / "monday.warc.gz", path)
    output = tmp_path / "output"
    first = extract(output, [wget / "monday.warc.gz"], jobs=1)
    before = tables(output)
    assert extract(output, [path], jobs=1) == archives.Extracted({}, Counter(), 1)
    again = extract(output, [path], jobs=1, again=True)
    assert {k: c.unchanged for k, c in again.counts.items()} == {
        k: c.new for k, c in first.counts.items()
    }
    assert tables(output) == before
    # Another choice of pages is another reading; a table that was deleted is made again.
    assert extract(output, [path], jobs=1, prefix="http://www.").read_before == 0
    shutil.rmtree(output / "articles")
    assert extract(output, [path], jobs=1).read_before == 0
    assert texts(output)


def test_an_older_archive_read_again_brings_no_text_back_that_was_corrected(
    gold: list[dict[str, Any]], site: Site, tmp_path: Path
) -> None:
    row = gold[0]
    old = site.answer(row["url"])
    sentence = row["text"][:20]
    paths = []
    for name, body in (("1", old.body), ("2", old.body.replace(sentence.encode(), b"!" * 30))):
        with ArchiveWriter(tmp_path, name, known=lambda digest: None) as writer:
            place = writer.write(
                Exchange(
                    row["url"], "GET", (), 200, tuple(old.headers.items()), body, NOW, "article"
                )
            )
        paths.append(tmp_path / place.file)
    output = tmp_path / "output"
    extract(output, paths, jobs=1)
    before = tables(output)
    assert len(parquet.read_table(files.table_path(output, "revisions", row["city"]),
                                schema.REVISIONS)) == 1  # fmt: skip
    extract(output, paths, jobs=1, again=True)
    assert tables(output) == before


def test_a_killed_extract_goes_on_and_ends_as_if_undisturbed(
    wget: Path, common_crawl: Path, tmp_path: Path
) -> None:
    paths = [wget / "monday.warc.gz", common_crawl, wget / "tuesday.warc.gz"]
    output = tmp_path / "output"
    command = [sys.executable, "-m", "pipelines.cli", "extract", *map(str, paths), "--jobs", "1",
               "--cities-dir", str(DEMO_CITIES), "--output", str(output), "--json"]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and not files_read(output):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    read = files_read(output)
    assert 1 <= read < len(paths)
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(ended.stdout)["read_before"] == read
    whole = tmp_path / "whole"
    extract(whole, paths, jobs=1)
    for city in files.cities_with_articles(whole):
        columns = [n for n in schema.ARTICLES.names if n not in ("first_seen", "last_seen",
                                                                "run_id")]  # fmt: skip
        expected = articles.read_articles(whole, city, columns)
        assert articles.read_articles(output, city, columns).equals(expected)


def files_read(output: Path) -> int:
    path = output / "state" / "archives.read.sqlite"
    if not path.exists():
        return 0
    database = sqlite3.connect(path)
    try:
        return int(database.execute("SELECT count(*) FROM read").fetchone()[0])
    except sqlite3.Error:
        return 0
    finally:
        database.close()
