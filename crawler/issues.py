"""Issues of a crawl, one JSON line each: code, URL, evidence."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from twisted.web.client import RequestTransmissionFailed, ResponseFailed, ResponseNeverReceived

from crawler.archive.reader import ArchiveError
from crawler.credentials import masked, without_user
from crawler.ordinary import ordinary
from crawler.state.lock import VisitsError

CODES = {
    "layout_changed": "The site's pages no longer look as they are read: it was redesigned, or "
    "answers with something else.",
    "list_empty": "A listing page gave no article link: redesigned, or read with the wrong family.",
    "no_new_articles": "No listing has shown anything new for longer than the city file expects.",
    "list_cut": "A listing has more pages, or a page of it more or longer links, than are read.",
    "links_off_host": "A listing links to hosts the city does not name; they are not fetched.",
    "blocked_challenge": "The site answered with a script challenge instead of its page.",
    "blocked_waf": "A firewall refused the request and says so.",
    "geo_blocked": "The site refuses visitors from where this crawl runs.",
    "redirected_away": "A listed address led to a page that is not the one the list promised.",
    "same_page": "Addresses that a list promises different articles at show one and the same page.",
    "soft_404": "The page says that it is missing or out of order, with a status of success.",
    "shared_title": "Different articles have one title, which is that of the site or a column.",
    "login_wall": "The site asks its readers to log in instead of showing the page.",
    "browser_missing": "A listing is drawn by a script, and there is no browser to read it with.",
    "empty_shell": "The page holds no text: its content is drawn by scripts, or is missing.",
    "robots": "robots.txt forbids the page, or could not be had (RFC 9309, 2.3.1.4).",
    "http_4xx": "A 4xx status that is no challenge; the evidence names it.",
    "http_5xx": "A 5xx status, also after retries.",
    "odd_status": "A status that is none of these.",
    "come_later": "The host asked to be left alone for longer than a crawl waits (Retry-After).",
    "dns_failure": "The host's name has no address.",
    "refused": "The host refused the connection.",
    "timeout": "No answer in time.",
    "tls_error": "No secure connection could be made.",
    "connection": "The connection broke off.",
    "off_host": "A redirect to a host the city does not name.",
    "private_address": "The host's address is a private one, which a crawl does not visit.",
    "malformed": "An answer that is no HTTP.",
    "redirects": "More redirects than are followed, or one that leads to no address.",
    "too_large": "A response larger than is downloaded.",
    "not_a_page": "A response of a kind that holds no article, such as a film; it was broken off.",
    "part_missing": "A page of a multi-page article could not be had; it was stored without it.",
    "unreadable": "An article could not be read or compared when its city was aligned; the others "
    "were.",
    "clock": "The state was written by a clock that is ahead of this one.",
    "archive": "A response could not be archived or noted; the crawl was stopped.",
    "store": "The tables could not be written; the crawl was stopped.",
    "internal": "A mistake in this program, or a state file that lacks something.",
}
"""Meaning of every code."""


class Unanswered(IgnoreRequest):
    """A request without a response, for this crawl's own reason.

    `code` is its issue code.
    """

    code = "internal"


class OffHost(Unanswered):
    """A request to a host that the city does not name."""

    code = "off_host"


class RobotsUnreachable(Unanswered):
    """A request to a host with an unreachable robots.txt.

    `code` is the reason: `robots` if the host answered with an error.
    """

    code = "robots"

    def __init__(self, message: str, code: str = code) -> None:
        super().__init__(message)
        self.code = code


class PrivateAddress(Unanswered):
    """A request to an address of a private network."""

    code = "private_address"


class CertificateRefused(Unanswered):
    """A request to a host with a refused TLS certificate."""

    code = "tls_error"


class BadRedirect(Unanswered):
    """A redirect that leads to no address."""

    code = "redirects"


class ComeLater(Unanswered):
    """A request to a host that asked for too long a rest."""

    code = "come_later"


class NotAPage(Unanswered):
    """A response of a type without articles; its body was not downloaded."""

    code = "not_a_page"


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of a crawl. `at` is UTC, ISO 8601."""

    at: str
    run_id: str
    city: str
    code: str
    url: str
    evidence: str


_LONGEST = 500
"""Characters of evidence, set by hand: enough for a sentence and a URL."""


class IssueLog:
    """Appends issues to a file as they happen; none, no file."""

    def __init__(self, path: Path, run_id: str, city: str) -> None:
        self._path, self._run_id, self._city = path, run_id, city
        self.counts: Counter[str] = Counter()

    def add(self, code: str, url: str, evidence: str) -> Issue:
        """Append one issue. `code` is one of `CODES`, `evidence` one line."""
        if code not in CODES:
            raise ValueError(f"{code!r} is no issue code; known: {', '.join(CODES)}")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        evidence = masked(" ".join(evidence.split()))[:_LONGEST]
        issue = Issue(now, self._run_id, self._city, code, without_user(url), evidence)
        self.counts[code] += 1
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with ordinary(self._path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(issue), ensure_ascii=False) + "\n")
        return issue


FINAL = frozenset(("robots", "off_host", "too_large", "not_a_page", "private_address"))
"""Codes of requests that end the same way every time."""


def of_status(status: int) -> str:
    """Return the issue code of an HTTP status that is no success."""
    if 400 <= status < 500:
        return "http_4xx"
    return "http_5xx" if 500 <= status < 600 else "odd_status"


def of_error(error: BaseException) -> tuple[str, str]:
    """Return issue code and evidence of a request without a response."""
    if isinstance(error, Unanswered):
        return error.code, str(error)
    if isinstance(error, ArchiveError | VisitsError):
        return "archive", str(error)
    if isinstance(error, IgnoreRequest) and (code := _first(_IGNORED, str(error))):
        return code, str(error)
    text = f"{type(error).__name__}: {error}"
    for types, code, meaning in _BY_TYPE:
        if isinstance(error, types):
            return code, text if str(error) else meaning
    if type(error).__module__.startswith("playwright."):
        refused = _first(_CERTIFICATES, text)
        return _first(_BY_BROWSER, text) or "connection", f"{refused}{refused and ': '}{text}"
    if _is_tls(error):
        return "tls_error", text
    if isinstance(error, DownloadFailedError):
        return _of_failed_download(error, text)
    return ("connection" if isinstance(error, OSError) else "internal"), text


def _of_failed_download(error: DownloadFailedError, text: str) -> tuple[str, str]:
    """Return code and evidence of an answer broken off or malformed."""
    for cause in _causes(error):
        if not _is_of_connection(cause):
            return "malformed", f"{type(cause).__name__}: {cause}"
    return "connection", text


_IGNORED = (
    (r"robots\.txt", "robots"),
    (r"redirect", "redirects"),
    (r"size|MAXSIZE", "too_large"),
)
"""Patterns of the messages of requests that Scrapy ignores, with their codes."""

_BY_TYPE: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str, str], ...] = (
    (DownloadCancelledError, "too_large", "it grew past DOWNLOAD_MAXSIZE and was broken off"),
    ((DownloadTimeoutError, TimeoutError), "timeout", "no answer in time"),
    (CannotResolveHostError, "dns_failure", "the name service has no address"),
    (DownloadConnectionRefusedError, "refused", "the connection was refused"),
    (ResponseDataLossError, "connection", "the body broke off before its end"),
)
"""Types of errors, with their codes and the evidence where the error has no message."""

_BY_BROWSER = (
    (r"Executable doesn't exist|browserType\.launch|install-deps", "browser_missing"),
    (r"ERR_NAME_NOT_RESOLVED", "dns_failure"),
    (r"ERR_CONNECTION_REFUSED", "refused"),
    (r"ERR_CERT|ERR_SSL", "tls_error"),
    (r"ERR_TOO_MANY_REDIRECTS", "redirects"),
    (r"Timeout|ERR_TIMED_OUT|ERR_CONNECTION_TIMED_OUT", "timeout"),
)
"""Patterns of the messages of a browser, with their codes."""

_CERTIFICATES = (
    (r"ERR_CERT_AUTHORITY_INVALID", "the certificate is self-signed, or its issuer unknown"),
    (r"ERR_CERT_DATE_INVALID", "the certificate has expired, or is not valid yet"),
    (r"ERR_CERT_COMMON_NAME_INVALID", "the certificate is for another host"),
    (r"ERR_CERT_REVOKED", "the certificate was revoked"),
    (r"ERR_CERT", "the certificate is refused"),
)
"""Patterns of a browser's refusals of a certificate, with the reasons."""


def _first(patterns: Iterable[tuple[str, str]], message: str) -> str:
    """Return the code or reason of the first pattern in a message.

    Empty if none is found.
    """
    return next((c for p, c in patterns if re.search(p, message, re.IGNORECASE)), "")


def _is_of_connection(error: BaseException) -> bool:
    """Return True for a cause in the connection, not in the answer.

    Every other cause comes from the parser, on an answer that is no HTTP.
    """
    wrappers = (OSError, RequestTransmissionFailed, ResponseFailed, ResponseNeverReceived)
    return isinstance(error, wrappers) or type(error).__module__.startswith(
        ("twisted.internet.", "scrapy.")
    )


def _is_tls(error: BaseException) -> bool:
    """Return True for a failure in the TLS layer, wrapped or not."""
    names = " ".join(f"{type(e).__module__}.{type(e).__name__} {e}" for e in _causes(error))
    return bool(re.search(r"OpenSSL|\bssl\b|\bSSL|TLS|certificate", names))


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        cause = waiting.pop()
        if cause is None or cause in found:
            continue
        found.append(cause)
        waiting += [cause.__cause__, cause.__context__]
        # Twisted stores the reasons of a failed response as failures in a list.
        reasons = getattr(cause, "reasons", ())
        waiting += [reason.value for reason in reasons if hasattr(reason, "value")]
    return found
