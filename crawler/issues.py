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

from crawler.archive import ArchiveError

CODES = {
    "list_empty": "A listing page gave no article link: redesigned, or read with the wrong family.",
    "list_cut": "A listing has more pages than are read of one listing.",
    "links_off_host": "A listing links to hosts the city does not name; they are not fetched.",
    "blocked": "The site answered with a challenge or an empty shell instead of its page.",
    "not_found": "404 or 410.",
    "refused": "Any other 4xx status.",
    "server_error": "A 5xx status, also after retries.",
    "odd_status": "A status that is none of these.",
    "robots": "robots.txt forbids the page, or could not be had (RFC 9309, 2.3.1.4).",
    "off_host": "A redirect to a host the city does not name.",
    "redirects": "More redirects than are followed.",
    "too_large": "A response larger than is downloaded.",
    "timeout": "No answer in time.",
    "dns": "The host's name has no address.",
    "connection": "The connection was refused or broke off.",
    "part_missing": "A page of a multi-page article could not be had; it was stored without it.",
    "archive": "A response could not be archived; the crawl was stopped.",
    "store": "The tables could not be written; the crawl was stopped.",
    "internal": "A mistake in this program.",
}
"""Every code, and what it says."""


class OffHost(IgnoreRequest):
    """A request to a host that the city does not name."""


class RobotsUnreachable(IgnoreRequest):
    """A host whose robots.txt cannot be had, and which is therefore left alone."""


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
        evidence = " ".join(evidence.split())[:500]
        issue = Issue(now, self._run_id, self._city, code, url, evidence)
        self.counts[code] += 1
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(issue), ensure_ascii=False) + "\n")
        return issue


def of_status(status: int) -> str:
    """Return the code of an HTTP status that is no success."""
    if status in (404, 410):
        return "not_found"
    if 400 <= status < 500:
        return "refused"
    return "server_error" if 500 <= status < 600 else "odd_status"


def of_error(error: BaseException) -> tuple[str, str]:
    """Return code and evidence of a request that ended without a response."""
    text = f"{type(error).__name__}: {error}"
    match error:
        case OffHost():
            return "off_host", str(error)
        case RobotsUnreachable():
            return "robots", str(error)
        case IgnoreRequest() if "robots.txt" in str(error):
            return "robots", str(error)
        case IgnoreRequest() if "redirect" in str(error):
            return "redirects", str(error)
        case DownloadCancelledError() | IgnoreRequest() if re.search(r"size|MAXSIZE", str(error)):
            return "too_large", text
        case DownloadTimeoutError() | TimeoutError():
            return "timeout", text
        case CannotResolveHostError():
            return "dns", text
        case ArchiveError():
            return "archive", str(error)
        case (
            DownloadConnectionRefusedError()
            | DownloadFailedError()
            | DownloadCancelledError()
            | ResponseDataLossError()
            | OSError()
        ):
            return "connection", text
    return "internal", text
