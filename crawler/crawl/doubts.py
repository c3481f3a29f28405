"""Pages other than the promised ones, held until they are counted.

A site that is out of order answers for its articles with a notice, a form to log in, its home page,
or one page for all. A title alone is no proof: editors rewrite them, and some pages show the
column's. So a page without the promised title waits: it is no article if pages that were promised
under other titles have its text, or if a redirect led to it from elsewhere and nothing else fits.
It is then reported, and its address asked for again as a refused one is.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from crawler.archive.reader import Answer
from crawler.crawl.articles import PageResults
from crawler.crawl.fit import (
    MANY,
    content_key,
    day_fits,
    is_notice,
    is_whole,
    same_place,
    same_title,
    title_fits,
)
from crawler.crawl.session import Session
from crawler.extract.blocks import bare
from crawler.extract.charset import decode
from crawler.extract.refusals import REASONS
from crawler.item import Article, Reject, canonical_url
from crawler.state.promises import Promise

HELD = 200
"""Pages held at a time: they are in memory. Set by hand."""

_REASONS = {
    "redirected_away": "redirected_away", "same_page": "same_page", "soft_404": "http_error",
}  # fmt: skip
"""Reasons of rejects by issue code."""
_TITLE = re.compile(r"<title\b[^<>]*>([^<]{1,500})", re.I)
_READ = 60_000
"""Characters of a page in which its title is looked for; set by hand."""


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A page held, its address as asked for, and the promises."""

    asked: str
    page: PageResults
    article: Article
    promises: Sequence[Promise]
    moved: bool
    new: bool

    @property
    def promised(self) -> str | None:
        return next((promise.title for promise in self.promises if promise.title), None)


@dataclass(slots=True)
class Doubts:
    """Doubtful pages of one crawl."""

    session: Session
    _held: dict[str, list[_Doubt]] = field(default_factory=lambda: defaultdict(list))
    _fitting: dict[str, str] = field(default_factory=dict)
    _common: set[str] = field(default_factory=set)
    _titles: Counter[str] = field(default_factory=Counter)
    _outcomes: Counter[bool] = field(default_factory=Counter)

    def sift(
        self, asked: str, answer: Answer, page: PageResults, *, new: bool
    ) -> list[PageResults]:
        """Return the results to store now; none while a page is held.

        `asked` is the address that was requested, `new` is True if a list named it in this crawl.
        """
        found = page.results[0]
        if isinstance(found, Reject) and page.outcome == "retry":
            self._outcomes[False] += new and found.reason == "login_wall"
            return [page]
        promises = self._promises(asked)
        if self._is_certain(asked, answer, page, promises):
            if isinstance(found, Article):
                self._fitting[content_key(found)] = found.title
            self._outcomes[True] += new
            return [page]
        moved = canonical_url(asked) != canonical_url(page.url)
        if isinstance(found, Reject):
            self._outcomes[False] += new
            return [self._away(asked, page, "redirected_away" if moved else "soft_404")]
        self._held[content_key(found)].append(_Doubt(asked, page, found, promises, moved, new))
        return self.conclude() if sum(map(len, self._held.values())) >= HELD else []

    def fits(self, asked: str, answer: Answer, page: PageResults) -> bool:
        """Return True if a page led to is certainly the promised one."""
        return page.url != asked and self._is_certain(asked, answer, page, self._promises(asked))

    def conclude(self) -> list[PageResults]:
        """Return the results of all pages held, as articles or as rejects."""
        held, self._held = self._held, defaultdict(list)
        return [result for key, group in held.items() for result in self._decide(key, group)]

    def report(self) -> None:
        """Report shared titles, and a crawl without the promised pages."""
        for title, count in self._titles.items():
            if count >= MANY:
                shared = f"{count} articles that lists promised under other titles have {title!r}"
                self.session.report("shared_title", self.session.city.sources[0].list, shared)
        fitting, away = self._outcomes[True], self._outcomes[False]
        if away > 1 and away >= fitting:
            share = (
                f"{away} of {away + fitting} new addresses gave another page than lists promised"
            )
            self.session.report("layout_changed", self.session.city.sources[0].list, share)

    def _promises(self, asked: str) -> list[Promise]:
        visits = self.session.visits
        return visits.promises.of([asked]) or visits.promises.of(visits.leading_to(asked))

    def _is_certain(
        self, asked: str, answer: Answer, page: PageResults, promises: Sequence[Promise]
    ) -> bool:
        """Return True for a page with the promised title or place."""
        found, moved = page.results[0], canonical_url(asked) != canonical_url(page.url)
        if isinstance(found, Reject) and not moved:
            return found.reason != "too_short" or _shows(answer, promises)
        if isinstance(found, Article) and title_fits([found.title], promises):
            return True
        if promises and title_fits([_head_title(answer)], promises):
            return True
        notice = isinstance(found, Article) and is_notice(found)
        return moved and same_place(asked, page.url) and not notice

    def _decide(self, key: str, group: Sequence[_Doubt]) -> Iterator[PageResults]:
        """Yield the results of the pages with one text."""
        common, shown = key in self._common or self._is_common(key, group), ""
        if common:
            self._common.add(key)
            count = len({canonical_url(doubt.asked) for doubt in group})
            shown = f"{count} addresses that lists promise other titles for show this page"
        for doubt in group:
            code = self._code(doubt, common=common)
            self._outcomes[not code] += doubt.new
            if code:
                yield self._away(doubt.asked, doubt.page, code, shown)
                continue
            if not doubt.moved and doubt.promised:
                self._titles[doubt.article.title] += 1
            yield doubt.page

    def _code(self, doubt: _Doubt, *, common: bool) -> str:
        """Return the issue code of a page; empty for an article."""
        if doubt.moved:
            return "redirected_away" if common or not _may_have_moved(doubt) else ""
        if common:
            return "same_page"
        return "soft_404" if doubt.promised and is_notice(doubt.article) else ""

    def _is_common(self, key: str, group: Sequence[_Doubt]) -> bool:
        """Return True for a text that the site shows for several articles."""
        addresses = {canonical_url(doubt.asked) for doubt in group}
        promised = list(dict.fromkeys(doubt.promised for doubt in group if doubt.promised))
        other = self._fitting.get(key)
        if other is not None:
            promised.append(other)
        if not any(not same_title(promised[0], title) for title in promised[1:]):
            # Titles that lists repeat are of one article in several columns.
            return not promised and len(addresses) >= MANY
        well = len(addresses) < MANY and all(d.moved and _may_have_moved(d) for d in group)
        return not well

    def _away(self, asked: str, page: PageResults, code: str, shown: str = "") -> PageResults:
        """Report another page than the promised one; return its reject."""
        session, found = self.session, page.results[0]
        if isinstance(found, Article):
            seen = f"it is titled {found.title[:80]!r}"
        else:
            seen = f"{found.reason}: {found.detail}"
        moved = f"it led to {page.url}; " if page.url != asked else ""
        evidence = "; ".join(filter(None, (f"{moved}{seen}", shown)))
        session.report(code, asked, evidence)
        session.count("away")
        if page.url != asked:
            session.visits.disown(page.url)
        login = isinstance(found, Reject) and found.reason == "login_wall"
        reason = "login_wall" if login else _REASONS[code]
        detail = f"{REASONS[reason]} ({evidence})"
        return PageResults(asked, (Reject(asked, session.city.key, reason, detail),), "retry")


def _may_have_moved(doubt: _Doubt) -> bool:
    """Return True for a whole article of the promised day."""
    if not doubt.promises:
        # A crawl that was killed may have lost what the list promised.
        return not is_notice(doubt.article)
    if not is_whole(doubt.article):
        return False
    nothing = not doubt.promised and not any(promise.day for promise in doubt.promises)
    return nothing or day_fits(doubt.article, doubt.asked, doubt.promises)


def _shows(answer: Answer, promises: Sequence[Promise]) -> bool:
    """Return True if a page has a title as promised, if any."""
    titles = [promise.title for promise in promises if promise.title]
    written = bare(decode(answer.body, answer.headers).text[:_READ])
    return not titles or any(bare(title) in written for title in titles)


def _head_title(answer: Answer) -> str:
    """Return the title element of a page, or nothing."""
    found = _TITLE.search(decode(answer.body, answer.headers).text[:_READ])
    return found[1].strip() if found else ""
