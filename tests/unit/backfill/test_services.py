"""Forms of an archive on the command line, and answers of index servers."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from archive_services import Archive, archive_of, serving
from archived_dalian import SEED, pages

from crawler.backfill import cdx
from crawler.backfill.capture import Capture, Cursor, Window
from crawler.backfill.client import Client, ServiceError
from crawler.backfill.services import SourceError, service_of
from crawler.errors import ExitCode


@pytest.fixture(autouse=True)
def pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIZHENG_PACE_DIR", str(tmp_path / "pace"))
    monkeypatch.setattr("crawler.backfill.client.FIRST_PAUSE", 0.001)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with serving(archive_of(tmp_path / "archive", pages())) as served:
        yield served


CLIENT = Client("shizheng/test (+me@example.org)", 0.0)


@pytest.mark.parametrize(
    ("source", "records", "expected"),
    [
        ("common-crawl", None, ("common-crawl", "crawls", "https://data.commoncrawl.org/", "")),
        ("wayback", None, ("wayback", "wayback", "", "https://web.archive.org/web/")),
        ("http://h:8/collinfo.json", None, ("h:8", "crawls", "http://h:8/", "")),
        ("http://h/collinfo.json", "http://d", ("h", "crawls", "http://d/", "")),
        ("http://h/cdx/search/cdx", None, ("h", "wayback", "", "http://h/web/")),
        ("http://h:8/dalian/cdx", None, ("h:8", "pywb", "", "http://h:8/dalian/")),
        ("https://index.commoncrawl.org/CC-MAIN-2018-43-index", None,
         ("index.commoncrawl.org", "pywb", "https://data.commoncrawl.org/", "")),
        ("http://h/cc/CC-MAIN-2018-43-index", None, ("h", "pywb", "http://h/cc/", "")),
        ("http://h/dalian-index", "http://d/w/", ("h", "pywb", "http://d/w/", "")),
        ("https://d/crawl-data/CC-1/cc-index-table.paths.gz", None,
         ("d", "columnar", "https://d/", "")),
        ("https://d/cc-index/t/a.parquet", None, ("d", "columnar", "https://d/", "")),
        ("http://h/cc-index/table/", None, ("h", "columnar", "http://h/", "")),
        ("s3://commoncrawl/cc-index/table", None,
         ("commoncrawl", "columnar", "https://data.commoncrawl.org/", "")),
    ],
)  # fmt: skip
def test_an_archive_is_known_by_the_form_of_its_address(
    source: str, records: str | None, expected: tuple[str, ...]
) -> None:
    found = service_of(source, records)
    assert (found.name, found.kind, found.records, found.replay) == expected
    assert found.is_remote


def test_an_index_is_found_below_the_address_of_its_server(archive: Archive) -> None:
    found = service_of(archive.url, None, CLIENT)
    assert (found.kind, found.index) == ("crawls", f"{archive.url}/collinfo.json")
    (archive.folder / "dalian").mkdir()
    (archive.folder / "dalian/cdx").write_text("{}")
    found = service_of(f"{archive.url}/dalian/", None, CLIENT)
    assert (found.kind, found.replay) == ("pywb", f"{archive.url}/dalian/")
    with pytest.raises(SourceError, match="expected"):
        service_of(f"{archive.url}/nothing", None, CLIENT)


def test_folders_are_archives_or_tables(tmp_path: Path) -> None:
    (tmp_path / "table/crawl=X").mkdir(parents=True)
    (tmp_path / "table/crawl=X/a.parquet").touch()
    table, warcs = service_of(str(tmp_path / "table")), service_of(str(tmp_path))
    assert (table.kind, table.is_remote) == ("columnar", True)
    (tmp_path / "own").mkdir()
    assert service_of(str(tmp_path / "own")).kind == "folder"
    assert warcs.kind == "columnar"
    assert service_of(str(tmp_path / "own")).file_name.startswith("backfill-own-")


def test_the_password_in_an_address_is_neither_sent_nor_stored() -> None:
    found = service_of("http://bo:secret@h/dalian-index", None)
    assert "secret" not in str(found)
    assert found == service_of("http://h/dalian-index", None)


@pytest.mark.parametrize("records", ["hello", "s3://bucket", "http://", "/a/folder"])
def test_files_are_below_a_web_address(records: str) -> None:
    with pytest.raises(SourceError, match="expected the http address below which the files are"):
        service_of("common-crawl", records)


@pytest.mark.parametrize("source", ["http://[h/cdx", "http://", "https:///cdx"])
def test_what_is_no_address_is_refused(source: str) -> None:
    with pytest.raises(SourceError, match="is no address of an index"):
        service_of(source, None, CLIENT)


@pytest.mark.parametrize("source", ["http://h/", "ia", "/no/such/folder", "http://h/index.html"])
def test_another_form_is_a_mistake_of_usage_with_the_forms_there_are(source: str) -> None:
    with pytest.raises(SourceError, match="expected") as refused:
        service_of(source)
    assert refused.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    "source", ["ftp://h/table/", "ftp://h/a.parquet", "htp://h/cdx", "mailto://a@h/cdx", "://h/cdx"]
)
def test_an_address_that_nothing_reads_is_refused_before_anything_is_asked(source: str) -> None:
    with pytest.raises(SourceError, match=r"begins with http, https, s3, .*, not (\w+)$"):
        service_of(source)


def test_crawls_outside_the_window_are_not_asked(archive: Archive) -> None:
    window = Window(date(2018, 6, 1), date(2019, 6, 1))
    found = cdx.crawls(CLIENT, f"{archive.url}/collinfo.json", window)
    assert [crawl.name for crawl in found] == ["CC-MAIN-2018-43", "CC-MAIN-2019-43"]


def captures(stream: Iterator[Capture | Cursor]) -> tuple[list[str], list[str]]:
    found = list(stream)
    urls = [one.url for one in found if isinstance(one, Capture)]
    return urls, [one.value for one in found if isinstance(one, Cursor)]


def test_both_index_servers_go_on_from_any_cursor(archive: Archive) -> None:
    for ask, api in (
        (cdx.wayback_captures, f"{archive.url}/cdx/search/cdx"),
        (cdx.pywb_captures, f"{archive.url}/CC-MAIN-2018-43-index"),
    ):
        asked = cdx.Asked(api, "en.dl.gov.cn", Window())
        urls, cursors = captures(ask(CLIENT, asked, ""))
        assert SEED in urls
        assert cursors
        for cursor in cursors:
            archive.asked.clear()
            rest, _ = captures(ask(CLIENT, asked, cursor))
            assert urls[len(urls) - len(rest) :] == rest
            assert not [path for path, _ in archive.asked if "showNumPages" in path]
        assert len(rest) < len(urls)


def test_hosts_that_an_archive_does_not_know_give_nothing(archive: Archive) -> None:
    asked = cdx.Asked(f"{archive.url}/cdx/search/cdx", "none.example.cn", Window())
    assert captures(cdx.wayback_captures(CLIENT, asked, "")) == ([], [])
    asked = cdx.Asked(f"{archive.url}/CC-MAIN-2018-43-index", "none.example.cn", Window())
    assert captures(cdx.pywb_captures(CLIENT, asked, "")) == ([], ["0/0"])


@pytest.mark.parametrize("answer", ["<html>maintenance</html>", '{"a": 1}', "[1, 2]", "[[]", '"x"'])
def test_an_answer_that_is_no_index_is_an_error_with_its_beginning(
    archive: Archive, answer: str
) -> None:
    (archive.folder / "cdx").write_text(answer)
    asked = cdx.Asked(f"{archive.url}/cdx", "en.dl.gov.cn", Window())
    with pytest.raises(ServiceError, match="expected"):
        list(cdx.wayback_captures(CLIENT, asked, ""))
    if answer != '{"a": 1}':
        with pytest.raises(ServiceError, match="expected"):
            list(cdx.pywb_captures(CLIENT, asked, ""))
    with pytest.raises(ServiceError, match=r"list of crawls|expected JSON"):
        cdx.crawls(CLIENT, asked.api, Window())


@pytest.mark.parametrize("row", [{}, {"url": 5, "timestamp": [], "offset": "x", "length": None}])
def test_rows_of_any_kind_are_captures_to_be_checked(archive: Archive, row: object) -> None:
    (archive.folder / "cdx").write_text(json.dumps(row) + "\n")
    asked = cdx.Asked(f"{archive.url}/cdx", "en.dl.gov.cn", Window())
    [found] = cdx.pywb_captures(CLIENT, asked, "")
    assert isinstance(found, Capture)
    assert (found.offset, found.length) == (0, 0)


def test_a_server_without_ranges_is_named(archive: Archive) -> None:
    archive.faults = {"/whole": [(200, {})]}
    with pytest.raises(ServiceError, match="does not answer ranges"):
        CLIENT.get(f"{archive.url}/whole", span=(0, 5))


def test_a_redirect_is_followed_on_the_host_only(archive: Archive) -> None:
    archive.faults = {
        "/moved": [(302, {"location": "/collinfo.json"})],
        "/away": [(302, {"location": "http://127.0.0.2:9/x"})],
        "/round": [(302, {"location": "/round"})] * 9,
    }
    assert CLIENT.get(f"{archive.url}/moved").url == f"{archive.url}/collinfo.json"
    with pytest.raises(ServiceError, match="another host"):
        CLIENT.get(f"{archive.url}/away")
    with pytest.raises(ServiceError, match="led on"):
        CLIENT.get(f"{archive.url}/round")


@pytest.mark.parametrize("url", ["http://no-such-host.invalid/x", "http://h:port/x", "http:///x"])
def test_an_address_that_cannot_be_asked_is_an_error_at_once(url: str) -> None:
    with pytest.raises(ServiceError, match=r"no such host|no address"):
        CLIENT.get(url)


def test_a_long_rest_ends_the_command(archive: Archive) -> None:
    archive.faults = {"/collinfo.json": [(503, {"retry-after": "7200"})]}
    with pytest.raises(ServiceError, match="7200 seconds of rest, 1 times"):
        CLIENT.get(f"{archive.url}/collinfo.json")
    assert len(archive.asked) == 1
