"""Reader of article pages with their further pages, live or archived."""

import logging
from collections import Counter
from dataclasses import dataclass, replace

from crawler import issues
from crawler.archive.reader import Answer
from crawler.cms import FAMILIES
from crawler.crawl.session import Session
from crawler.extract.article import extract, join_parts
from crawler.extract.refusals import REASONS, diagnose, evidence, refusal_kind
from crawler.fetch.pages import as_requested, get
from crawler.item import Article, Reject
from crawler.state.visits import Outcome
from crawler.unpacking import TOO_LARGE, is_packed

logger = logging.getLogger(__name__)

BLOCKED = {
    "challenge": "blocked_challenge",
    "empty_shell": "empty_shell",
    "login_wall": "login_wall",
    "moved": "redirects",
}
"""Issue codes of diagnoses unrelated to the page itself: it is reported and asked for again."""

MAX_PARTS = 100
"""Pages of one article; a count above this is a mistake of the page. Set by hand."""

MANY = 5
"""Articles read without the rules of their family from which on it is reported; set by hand."""
MANY_TIMES = 4
"""Times as many as those read by the rules that they must be, too; set by hand."""


@dataclass(frozen=True, slots=True)
class PageResults:
    """Results of one article page: the item of the pipelines.

    `url` is the page as fetched, the key of its visit; a bilingual page may have several `results`;
    `outcome` is the visit's mark once they are stored. `changed` is True if a further page of the
    article changed since it was stored.
    """

    url: str
    results: tuple[Article | Reject, ...]
    outcome: Outcome = "stored"
    changed: bool = False


class ArticleReader:
    """Reads the article pages of one crawl, and detects a changed layout."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._by_rules: Counter[bool] = Counter()

    async def read(
        self, answer: Answer, *, again: bool = False, asked: str | None = None
    ) -> PageResults | None:
        """Return the results of an article page; None for none (reported).

        With `again`, the further pages of the article are requested, too, in case they changed.
        A refusal is that of the address `asked` for, from which redirects may have led here.
        """
        url, asked = answer.url, asked or answer.url
        reject = rejected(self._session, answer, asked)
        if reject is not None:
            if url != asked:
                self._session.visits.disown(url)
            # A page too large today is too large tomorrow.
            final = reject.reason == "too_large" and url == asked
            return PageResults(asked, (reject,), "stored" if final else "retry")
        try:
            found = extract(url, answer.body, answer.headers, self._session.city)
            self._note_rules(url, found)
            if isinstance(found, Reject) or not found.parts:
                return PageResults(url, (found,))
            return await self._whole(url, found, again=again)
        except Exception as error:
            # One page must not end the crawl. It stays unstored, so that a later version reads it.
            logger.exception("cannot read %s", url)
            self._session.report("internal", url, f"{type(error).__name__}: {error}")
            return None

    def has_parts(self, answer: Answer) -> bool:
        """Return True for an article with further pages."""
        found = extract(answer.url, answer.body, answer.headers, self._session.city)
        return isinstance(found, Article) and bool(found.parts)

    def conclude(self) -> None:
        """Report a changed layout if few articles fit their family's rules."""
        general, ruled = self._by_rules[False], self._by_rules[True]
        if general >= MANY and general > MANY_TIMES * ruled:
            share = f"{general} of {general + ruled} articles do not look as their family's do"
            self._session.report("layout_changed", self._session.city.sources[0].list, share)

    async def _whole(self, url: str, first: Article, *, again: bool) -> PageResults:
        """Return a multi-page article with its parts joined.

        Parts come from the archive if they are there.
        """
        session = self._session
        if again:
            session.visits.reopen(
                url
            )  # a crawl that dies amid changed parts must not call it stored
        rest: list[Article] = []
        missing = final = changed = 0
        parts = [*first.parts[:MAX_PARTS]]
        for part in parts:  # grows while it is read, by what the last one shows
            before = self._digests(part)
            answer = await self._part(part, again=again)
            changed += before != self._digests(part) or not before
            found = extract(part, answer.body, answer.headers, session.city) if answer else None
            if isinstance(found, Article):
                rest.append(found)
                new = [p for p in found.following if p not in (url, *parts)]
                parts += new[: MAX_PARTS - len(parts)] if part == parts[-1] else []
                continue
            missing += 1
            final += found is not None
            reason = f"{found.reason}: {found.detail}" if found else "could not be fetched"
            session.report("part_missing", part, f"of {url}: {reason}")
        whole = join_parts(replace(first, parts=tuple(parts)), rest)
        # A part that could not be fetched may be there next time; a reject is final.
        outcome: Outcome = "stored" if missing == final else "retry"
        return PageResults(url, (whole,), outcome, changed > 0)

    async def _part(self, url: str, *, again: bool) -> Answer | None:
        """Return a further page of an article, or None (reported)."""
        session = self._session
        visit = session.visits.get(as_requested(url))
        if visit is not None and 200 <= visit.status < 300 and not again:
            record = session.archived(visit.place)
            if record is not None:
                return record
        try:
            answer = await get(session, url, "part")
        except Exception as error:
            session.report_failure(url, error)
            return None
        return None if rejected(session, answer) else answer

    def _digests(self, part: str) -> list[str]:
        """Return the last digests of a further page and its redirects."""
        return [visit.digest for visit in self._session.visits.chain(as_requested(part))]

    def _note_rules(self, url: str, found: Article | Reject) -> None:
        """Count an article as read with or without its family's rules."""
        source = self._session.city.source_of(url)
        if isinstance(found, Article) and source is not None and _has_body_rules(source.cms):
            self._by_rules[found.extractor.startswith(f"{source.cms}:")] += 1


def rejected(session: Session, answer: Answer, asked: str | None = None) -> Reject | None:
    """Report a refusal or error and return its reject; else None.

    Of the address `asked` for, if redirects led from there.
    """
    url = asked or answer.url
    if is_packed(answer.headers):
        session.report("too_large", url, TOO_LARGE)
        return Reject(url, session.city.key, "too_large", TOO_LARGE)
    code = code_of(answer)
    if not code:
        return None
    seen = description(answer) + (f"; it led to {answer.url}" if url != answer.url else "")
    session.report(code, url, seen)
    reason = diagnosis(answer)
    if reason in BLOCKED:
        return Reject(url, session.city.key, reason, f"{REASONS[reason]} ({seen})")
    detail = f"The server answered with status {answer.status}."
    return Reject(url, session.city.key, "http_error", detail)


def code_of(answer: Answer) -> str:
    """Return the issue code of an answer; empty for a page."""
    status = answer.status
    reason = diagnosis(answer)
    by_status = status in (403, 405, 451)
    if (reason == "challenge" or by_status) and (code := refusal_kind(status, answer.body)):
        return code
    if reason in BLOCKED:
        return BLOCKED[reason]
    if reason == "http_error" and 200 <= status < 300:
        return "soft_404"
    return "" if 200 <= status < 300 else issues.of_status(status)


def diagnosis(answer: Answer) -> str | None:
    """Return the reason of `refusals.diagnose` for an answer that is no page."""
    return diagnose(answer.url, answer.status, answer.headers, answer.body)


def description(answer: Answer) -> str:
    """Return status, size and evidence of a refusal in one line."""
    shown = evidence(answer.body)
    return f"status {answer.status}, {len(answer.body)} bytes" + (shown and f"; {shown}")


def _has_body_rules(cms: str) -> bool:
    """Return True for a family with rules for the article's text."""
    return any(rules.body for rules in FAMILIES[cms].rules)
