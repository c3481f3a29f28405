"""The columnar index: few bytes of a large file, whatever columns its crawl has."""

import gzip
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from archive_services import SCHEMA, Archive, serving
from loopback import files_of

from crawler.backfill import columnar
from crawler.backfill.client import Client, ServiceError

NAME = "cc-index/table/cc-main/warc/crawl=CC-MAIN-2018-43/subset=warc/part-0.parquet"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setenv("SHIZHENG_PACE_DIR", str(tmp_path / "pace"))
    return Client("shizheng/test (+me@example.org)", 0.0)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Ten thousand rows of ten cities, sorted as Common Crawl sorts them."""
    rows = [
        {
            "url_surtkey": f"cn,gov,c{city:02d},en)/{n}.html", "fetch_status": 200,
            "url": f"http://en.c{city:02d}.gov.cn/{n:04d}-{n * 7919 % 10**9:09d}.html",
            "url_host_name": f"en.c{city:02d}.gov.cn",
            "url_host_registered_domain": f"c{city:02d}.gov.cn",
            "fetch_time": datetime(2018, 10, 1, 2, 3, 4), "content_digest": f"{city}{n:030d}",
            "content_mime_type": "text/html", "warc_filename": f"w{n % 5}.warc.gz",
            "warc_record_offset": n * 7919, "warc_record_length": 700 + n,
            "url_path": "x" * 50 + str(n * 7907), "url_query": str(n * 7901),
        }
        for city in range(10)
        for n in range(1000)
    ]  # fmt: skip
    path = tmp_path / "archive" / NAME
    path.parent.mkdir(parents=True)
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    pq.write_table(table, path, compression="gzip", row_group_size=1000)
    with serving(Archive(tmp_path / "archive", [], {})) as served:
        yield served


def test_row_groups_and_columns_that_are_not_needed_are_not_read(
    archive: Archive, client: Client
) -> None:
    size = (archive.folder / NAME).stat().st_size
    found = list(columnar.captures(client, f"{archive.url}/{NAME}", ["en.c07.gov.cn"]))
    assert len(found) == 1000
    assert {capture.origin for capture in found} == {"CC-MAIN-2018-43"}
    assert found[3].url.startswith("http://en.c07.gov.cn/0003-")
    assert (found[3].timestamp, found[3].length) == ("20181001020304", 703)
    assert archive.asked[0][1] == "bytes=-65536"
    assert len(archive.asked) <= 4  # the footer, the hosts, one group of columns joined
    assert client.received < columnar.TAIL + size / 10


def test_a_city_that_is_not_there_costs_the_footer(archive: Archive, client: Client) -> None:
    hosts = ["en.c99.gov.cn", "www.zz.gov.cn"]
    assert list(columnar.captures(client, f"{archive.url}/{NAME}", hosts)) == []
    assert len(archive.asked) == 1


def test_a_host_that_is_not_there_costs_one_column(archive: Archive, client: Client) -> None:
    assert list(columnar.captures(client, f"{archive.url}/{NAME}", ["www.c07.gov.cn"])) == []
    assert len(archive.asked) == 2


def test_columns_that_a_crawl_does_not_have_are_done_without(
    archive: Archive, client: Client
) -> None:
    path = archive.folder / NAME
    table = pq.read_table(path, partitioning=None).drop_columns(
        ["content_languages", "content_truncated", "content_mime_detected", "content_digest"]
    )
    pq.write_table(table, path, row_group_size=1000)
    found = list(columnar.captures(client, str(path), ["en.c07.gov.cn"]))
    assert len(found) == 1000
    assert not any(capture.problem for capture in found)


@pytest.mark.parametrize("content", [b"", b"no parquet at all" * 10, b"PAR1" * 40])
def test_another_file_is_named(archive: Archive, client: Client, content: bytes) -> None:
    path = archive.folder / "a.parquet"
    path.write_bytes(content)
    for place in (str(path), f"{archive.url}/a.parquet"):
        with pytest.raises(ServiceError, match=r"a\.parquet"):
            list(columnar.captures(client, place, ["en.c07.gov.cn"]))


def test_a_table_without_the_columns_of_an_index_is_named(tmp_path: Path, client: Client) -> None:
    pq.write_table(pa.table({"url": ["x"]}), tmp_path / "a.parquet")
    with pytest.raises(ServiceError, match="has no column fetch_time, url_host_name"):
        list(columnar.captures(client, str(tmp_path / "a.parquet"), ["x"]))


def test_only_the_captures_of_pages_are_listed(tmp_path: Path, client: Client) -> None:
    for subset in ("warc", "crawldiagnostics", "robotstxt"):
        folder = tmp_path / f"crawl=CC-1/subset={subset}"
        folder.mkdir(parents=True)
        (folder / "a.parquet").touch()
    for place in (str(tmp_path), tmp_path.as_uri()):
        [found] = columnar.table_files(client, place)
        assert "subset=warc" in found


def test_the_files_that_a_web_server_lists_are_found(tmp_path: Path, client: Client) -> None:
    for subset in ("warc", "robotstxt"):
        folder = tmp_path / f"cc-index/crawl=CC-1/subset={subset}"
        folder.mkdir(parents=True)
        (folder / "a.parquet").touch()
    with files_of(tmp_path) as address:
        url = f"{address}/cc-index/"
        [found] = columnar.table_files(client, url)
    assert found.startswith(url)
    assert "subset%3Dwarc" in found or "subset=warc" in found


@pytest.mark.parametrize(
    ("host", "domain"),
    [("en.dl.gov.cn", "dl.gov.cn"), ("www.info.gov.hk", "info.gov.hk"), ("127.0.0.1", "127.0.0.1")],
)
def test_domains_are_registered_below_public_suffixes(host: str, domain: str) -> None:
    assert columnar.registered_domain(host) == domain


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"no gzip", "no list of paths"),
     (gzip.compress(b"x.parquet\n", mtime=0)[:-9], "no list of paths"),
     (gzip.compress(b"\xff\xfe", mtime=0), "no list of paths"),
     (gzip.compress(b"<html>busy</html>", mtime=0), "expected paths of Parquet")],
)  # fmt: skip
def test_a_list_of_paths_that_is_none_is_named(
    tmp_path: Path, client: Client, data: bytes, words: str
) -> None:
    (tmp_path / "list.paths.gz").write_bytes(data)
    with files_of(tmp_path) as address, pytest.raises(ServiceError, match=words):
        columnar.table_files(client, f"{address}/list.paths.gz")


def test_a_place_of_tables_that_no_system_has_is_named(client: Client) -> None:
    with pytest.raises(ServiceError, match="cannot be listed"):
        columnar.table_files(client, "nothing://bucket/cc-index")
