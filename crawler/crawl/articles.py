"""Reading what was fetched: an article page with its further pages, live or from the archive."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urldefrag

from scrapy import Request

from crawler import issues
from crawler.archive.reader import read_at
from crawler.cms import FAMILIES
from crawler.extract.article import extract, join_parts
from crawler.extract.refusals import REASONS, diagnose, evidence, refusal_kind
from crawler.item import Article, Reject
from crawler.state.visits import Outcome
from crawler.unpacking import TOO_LARGE, is_packed

if TYPE_CHECKING:
    from crawler.spiders.city import CitySpider

logger = logging.getLogger(__name__)

BLOCKED = ("challenge", "empty_shell")
"""Diagnoses that say nothing of the page itself: it is reported as blocked and asked for again."""

MAX_PARTS = 100
"""Pages of one article; a count above this is a mistake of the page."""

MANY = 5
"""Articles from which on it is no accident that the rules of their family read none of them."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one fetched article page came to: the item that goes through the pipelines.

    `url` is the page as fetched (the one its visit is kept under); `results` may be several for a
    bilingual page; `outcome` is what to mark the visit with once the results are stored.
    `changed` says that a further page of the article changed since it was stored.
    """

    url: str
    results: tuple[Article | Reject, ...]
    outcome: Outcome = "stored"
    changed: bool = False


class Reader:
    """Reads the article pages of one crawl, and notices if they are no longer what they were."""

    def __init__(self, crawl: "CitySpider") -> None:
        self._crawl = crawl
        self._by_rules: Counter[bool] = Counter()

    async def read(
        self,
        url: str,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        *,
        again: bool = False,
    ) -> Page | None:
        """Return what an article page, live or archived, comes to; None if it gave nothing.

        With `again`, the further pages of the article are asked for, too, if they changed.
        """
        refused = self.refusal(url, status, headers, body)
        if refused is not None:
            # What is too large today is so tomorrow.
            return Page(url, (refused,), "stored" if refused.reason == "too_large" else "retry")
        try:
            found = extract(url, body, headers, self._crawl.city)
            self._note_rules(url, found)
            if isinstance(found, Reject) or not found.parts:
                return Page(url, (found,))
            return await self._whole(url, found, again=again)
        except Exception as error:
            # One page must not end the crawl. It stays unstored, so that a later version reads it.
            logger.exception("cannot read %s", url)
            self._crawl.report("internal", url, f"{type(error).__name__}: {error}")
            return None

    def refusal(
        self, url: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> Reject | None:
        """Return None for a page; for a refusal or an error report it and say so as a reject."""
        if is_packed(headers):
            self._crawl.report("too_large", url, TOO_LARGE)
            return Reject(url, self._crawl.city.key, "too_large", TOO_LARGE)
        reason = diagnose(url, status, headers, body)
        if reason not in BLOCKED and 200 <= status < 300:
            return None
        seen = f"status {status}, {len(body)} bytes"
        if shown := evidence(body):
            seen += f"; {shown}"
        code = (
            refusal_kind(status, body) if reason == "challenge" or status in (403, 405, 451) else ""
        )
        if reason in BLOCKED and not code:
            code = "empty_shell" if reason == "empty_shell" else "blocked_challenge"
        self._crawl.report(code or issues.of_status(status), url, seen)
        if reason in BLOCKED:
            return Reject(url, self._crawl.city.key, reason, f"{REASONS[reason]} ({seen})")
        detail = f"The server answered with status {status}."
        return Reject(url, self._crawl.city.key, "http_error", detail)

    def conclude(self) -> None:
        """Report it if the articles no longer look as those of their family do."""
        general, ours = self._by_rules[False], self._by_rules[True]
        if general >= MANY and general > 4 * ours:
            told = f"{general} of {general + ours} articles do not look as their family's do"
            self._crawl.report("layout_changed", self._crawl.city.sources[0].list, told)

    async def _whole(self, url: str, first: Article, *, again: bool) -> Page:
        """Return a multi-page article with its parts joined, from the archive where they lie."""
        visits = self._crawl.visits
        if again:
            visits.reopen(url)  # a crawl that dies amid changed parts must not call it stored
        rest: list[Article] = []
        missing = final = changed = 0
        for part in first.parts[:MAX_PARTS]:
            before = self._digests(part)
            got = await self._part(part, again=again)
            changed += before != self._digests(part) or not before
            found = extract(part, got[1], got[0], self._crawl.city) if got else None
            if isinstance(found, Article):
                rest.append(found)
                continue
            missing += 1
            final += found is not None
            evidence = f"{found.reason}: {found.detail}" if found else "could not be fetched"
            self._crawl.report("part_missing", part, f"of {url}: {evidence}")
        whole = join_parts(first, rest)
        # What could not be fetched may be had next time; what was rejected stays rejected.
        return Page(url, (whole,), "stored" if missing == final else "retry", changed > 0)

    async def _part(self, url: str, *, again: bool) -> tuple[Mapping[str, str], bytes] | None:
        """Return headers and body of a further page of an article, or None (reported)."""
        visit = self._crawl.visits.get(as_asked(url))
        if visit is not None and 200 <= visit.status < 300 and not again:
            record = read_at(self._crawl.archive_folder, visit.place)
            if record is not None:
                return record.headers, record.body
        try:
            at, status, headers, body = await self._crawl.get(url, "part")
        except Exception as error:
            self._crawl.note_failure(url, error)
            return None
        return None if self.refusal(at, status, headers, body) else (headers, body)

    def _digests(self, part: str) -> list[str]:
        """Return the digests of a further page as last fetched, and of where it redirects."""
        return [visit.digest for visit in self._crawl.visits.chain(as_asked(part))]

    def _note_rules(self, url: str, found: Article | Reject) -> None:
        """Count whether an article was read by the rules of its source's family."""
        source = self._crawl.city.source_of(url)
        if isinstance(found, Article) and source is not None and _keeps_a_place(source.cms):
            self._by_rules[found.extractor.startswith(f"{source.cms}:")] += 1


def _keeps_a_place(cms: str) -> bool:
    """Whether a family's articles have their text in a place of their own."""
    return any(rules.body for rules in FAMILIES[cms].rules)


def as_asked(url: str) -> str:
    """Return the spelling in which a page is asked for, and its visit kept."""
    return urldefrag(Request(url).url)[0]
