"""What goes wrong in a crawl, one JSON line each: a code to count by, the URL, and the evidence."""

import json
import re
from collections import Counter
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
from crawler.state.database import VisitsError

CODES = {
    "layout_changed": "The site's pages no longer look as they are read: it was redesigned, or "
    "answers with something else.",
    "list_empty": "A listing page gave no article link: redesigned, or read with the wrong family.",
    "no_new_articles": "No listing has shown anything new for longer than the city file expects.",
    "list_cut": "A listing has more pages, or a page of it more links, than are read.",
    "links_off_host": "A listing links to hosts the city does not name; they are not fetched.",
    "blocked_challenge": "The site answered with a script challenge instead of its page.",
    "blocked_waf": "A firewall refused the request and says so.",
    "geo_blocked": "The site refuses visitors from where this crawl runs.",
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
"""Every code, and what it says."""


class OffHost(IgnoreRequest):
    """A request to a host that the city does not name."""


class RobotsUnreachable(IgnoreRequest):
    """A host whose robots.txt cannot be had, and which is therefore left alone.

    `code` is what kept it from being had: `robots` if the host answered with an error.
    """

    def __init__(self, message: str, code: str = "robots") -> None:
        super().__init__(message)
        self.code = code


class PrivateAddress(IgnoreRequest):
    """A request to an address of a private network."""


class BadRedirect(IgnoreRequest):
    """A redirect that leads to no address."""


class ComeLater(IgnoreRequest):
    """A request to a host that asked to be left alone for longer than a crawl waits."""


class NotAPage(IgnoreRequest):
    """A response whose declared type holds no article; its body was not downloaded."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that went wrong. `at` is UTC, ISO 8601."""

    at: str
    run_id: str
    city: str
    code: str
    url: str
    evidence: str


class IssueLog:
    """Appends issues to a file as they happen; the file exists only if there is one."""

    def __init__(self, path: Path, run_id: str, city: str) -> None:
        self._path, self._run_id, self._city = path, run_id, city
        self.counts: Counter[str] = Counter()

    def add(self, code: str, url: str, evidence: str) -> Issue:
        """Write down one issue. `code` is one of `CODES`, `evidence` one line."""
        if code not in CODES:
            raise ValueError(f"{code!r} is no issue code; known: {', '.join(CODES)}")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        evidence = masked(" ".join(evidence.split()))[:500]
        issue = Issue(now, self._run_id, self._city, code, without_user(url), evidence)
        self.counts[code] += 1
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(issue), ensure_ascii=False) + "\n")
        return issue


FINAL = frozenset(("robots", "off_host", "redirects", "too_large", "not_a_page", "private_address"))
"""Codes of requests that would end the same way tomorrow."""


def of_status(status: int) -> str:
    """Return the code of an HTTP status that is no success."""
    if 400 <= status < 500:
        return "http_4xx"
    return "http_5xx" if 500 <= status < 600 else "odd_status"


def of_error(error: BaseException) -> tuple[str, str]:
    """Return code and evidence of a request that ended without a response."""
    text = f"{type(error).__name__}: {error}"
    match error:
        case RobotsUnreachable():
            return error.code, str(error)
        case OffHost():
            return "off_host", str(error)
        case PrivateAddress():
            return "private_address", str(error)
        case ComeLater():
            return "come_later", str(error)
        case NotAPage():
            return "not_a_page", str(error)
        case BadRedirect():
            return "redirects", str(error)
        case IgnoreRequest() if "robots.txt" in str(error):
            return "robots", str(error)
        case IgnoreRequest() if "redirect" in str(error):
            return "redirects", str(error)
        case IgnoreRequest() if re.search(r"size|MAXSIZE", str(error)):
            return "too_large", text
        case DownloadCancelledError():
            return "too_large", text if str(
                error
            ) else "it grew past DOWNLOAD_MAXSIZE and was broken off"
        case DownloadTimeoutError() | TimeoutError():
            return "timeout", text
        case CannotResolveHostError():
            return "dns_failure", text
        case ArchiveError() | VisitsError():
            return "archive", str(error)
        case DownloadConnectionRefusedError():
            return "refused", text
        case ResponseDataLossError():
            return "connection", "the body broke off before its end"
    if type(error).__module__.startswith("playwright."):
        return _of_browser(text), text
    if _is_tls(error):
        return "tls_error", text
    if isinstance(error, DownloadFailedError):
        unread = [e for e in _chain(error) if not _is_of_connection(e)]
        if unread:
            return "malformed", f"{type(unread[0]).__name__}: {unread[0]}"
        return "connection", text
    return ("connection" if isinstance(error, OSError) else "internal"), text


def _of_browser(text: str) -> str:
    """Return the code of what a browser says of a page that it could not show."""
    for pattern, code in (
        (r"Executable doesn't exist|browserType\.launch|install-deps", "browser_missing"),
        (r"ERR_NAME_NOT_RESOLVED", "dns_failure"),
        (r"ERR_CONNECTION_REFUSED", "refused"),
        (r"ERR_CERT|ERR_SSL", "tls_error"),
        (r"ERR_TOO_MANY_REDIRECTS", "redirects"),
        (r"Timeout|ERR_TIMED_OUT|ERR_CONNECTION_TIMED_OUT", "timeout"),
    ):
        if re.search(pattern, text, re.IGNORECASE):
            return code
    return "connection"


def _is_of_connection(error: BaseException) -> bool:
    """Whether a reason of a failed download lies with the connection, and not with the answer.

    Every other comes from the parser, which met what is no HTTP.
    """
    wrappers = (OSError, RequestTransmissionFailed, ResponseFailed, ResponseNeverReceived)
    return isinstance(error, wrappers) or type(error).__module__.startswith(
        ("twisted.internet.", "scrapy.")
    )


def _is_tls(error: BaseException) -> bool:
    """Whether a failure, or what it wraps, came from the TLS layer."""
    told = " ".join(f"{type(e).__module__}.{type(e).__name__} {e}" for e in _chain(error))
    return bool(re.search(r"OpenSSL|\bssl\b|\bSSL|TLS|certificate", told))


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or one in found:
            continue
        found.append(one)
        waiting += [one.__cause__, one.__context__]
        # Twisted keeps the reasons of a failed response as failures in a list.
        reasons = getattr(one, "reasons", ())
        waiting += [reason.value for reason in reasons if hasattr(reason, "value")]
    return found
