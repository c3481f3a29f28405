"""What goes wrong gets a code to count by."""

import json
from pathlib import Path

import pytest
from playwright.async_api import Error as BrowserError
from scrapy import exceptions as scrapy

from crawler.archive.reader import ArchiveError
from crawler.issues import (
    CODES,
    IssueLog,
    OffHost,
    RobotsUnreachable,
    Unanswered,
    of_error,
    of_status,
)

ERRORS = [
    (OffHost("mirror.example is not among the hosts"), "off_host"),
    (RobotsUnreachable("robots.txt cannot be had: status 503"), "robots"),
    (scrapy.IgnoreRequest("Forbidden by robots.txt"), "robots"),
    (scrapy.IgnoreRequest("max redirections reached"), "redirects"),
    (
        scrapy.DownloadCancelledError("Expected 9 bytes which is larger than download max size"),
        "too_large",
    ),
    (scrapy.DownloadTimeoutError("took longer than 60 s"), "timeout"),
    (scrapy.CannotResolveHostError("www.gone.example"), "dns_failure"),
    (scrapy.DownloadConnectionRefusedError("refused"), "refused"),
    (scrapy.ResponseDataLossError(), "connection"),
    (ConnectionResetError(104, "reset"), "connection"),
    (ArchiveError("no space"), "archive"),
    (BrowserError("Page.goto: net::ERR_NAME_NOT_RESOLVED at http://a.example/"), "dns_failure"),
    (BrowserError("Page.goto: net::ERR_CERT_DATE_INVALID at https://a.example/"), "tls_error"),
    (BrowserError("Page.goto: Timeout 20000ms exceeded."), "timeout"),
    (BrowserError("BrowserType.launch: Executable doesn't exist at /opt/a"), "browser_missing"),
    (BrowserError("Page.goto: net::ERR_EMPTY_RESPONSE at http://a.example/"), "connection"),
    (ZeroDivisionError("a mistake"), "internal"),
]


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=[type(e).__name__ for e, _ in ERRORS])
def test_an_error_has_its_code_and_says_what_it_was(error: Exception, code: str) -> None:
    found, evidence = of_error(error)
    assert found == code
    assert str(error) in evidence
    assert code in CODES


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ERR_CERT_AUTHORITY_INVALID", "self-signed, or its issuer unknown"),
        ("ERR_CERT_DATE_INVALID", "has expired, or is not valid yet"),
        ("ERR_CERT_COMMON_NAME_INVALID", "for another host"),
        ("ERR_CERT_REVOKED", "revoked"),
        ("ERR_CERT_WEAK_KEY", "refused"),
    ],
)
def test_a_certificate_that_the_browser_refuses_is_reported_with_the_reason(
    name: str, reason: str
) -> None:
    code, evidence = of_error(BrowserError(f"Page.goto: net::{name} at https://a.example/"))
    assert code == "tls_error"
    assert evidence.startswith("the certificate ")
    assert reason in evidence.partition(":")[0]


@pytest.mark.parametrize("kind", Unanswered.__subclasses__(), ids=lambda kind: kind.__name__)
def test_a_request_that_the_crawl_itself_refuses_has_the_code_of_its_class(
    kind: type[Unanswered],
) -> None:
    assert of_error(kind("the host shut its door")) == (kind.code, "the host shut its door")
    assert kind.code in set(CODES) - {"internal"}


def test_an_error_without_a_message_is_explained() -> None:
    assert of_error(scrapy.ResponseDataLossError()) == (
        "connection",
        "the body broke off before its end",
    )
    assert of_error(scrapy.DownloadCancelledError())[1].startswith("it grew past DOWNLOAD_MAXSIZE")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "http_4xx"),
        (410, "http_4xx"),
        (403, "http_4xx"),
        (451, "http_4xx"),
        (500, "http_5xx"),
        (503, "http_5xx"),
        (304, "odd_status"),
        (999, "odd_status"),
    ],
)
def test_a_status_that_is_no_success_has_its_code(status: int, code: str) -> None:
    assert of_status(status) == code


def test_issues_are_lines_of_json_written_as_they_happen(tmp_path: Path) -> None:
    path = tmp_path / "runs/r/a.issues.jsonl"
    log = IssueLog(path, "r", "a")
    assert not path.exists()
    log.add("list_empty", "http://a.example/", "nothing\n  on the page")
    log.add("http_4xx", "http://a.example/新", "status 404")
    first, second = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    assert (first["run_id"], first["city"], first["code"]) == ("r", "a", "list_empty")
    assert first["evidence"] == "nothing on the page"
    assert second["url"] == "http://a.example/新"
    assert log.counts == {"list_empty": 1, "http_4xx": 1}


def test_the_documentation_explains_every_code_in_the_words_of_the_program() -> None:
    text = (Path(__file__).parents[3] / "docs/reference/crawling.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| `")]
    told = {cells[0].strip(" `"): [cell.strip() for cell in cells[1:]] for cells in rows}
    assert {code: cells[0] for code, cells in told.items()} == CODES
    assert all(len(cells) == 3 and all(cells) for cells in told.values())


def test_a_code_that_is_not_in_the_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'oops' is no issue code; known: layout_changed"):
        IssueLog(tmp_path / "x", "r", "a").add("oops", "http://a.example/", "")
