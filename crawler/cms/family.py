"""CMS family: a list reader, and selectors for articles' fields."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date as Day  # noqa: N812 (the field is named date)
from urllib.parse import urlsplit

from crawler.posted import Fields


@dataclass(frozen=True, slots=True)
class Link:
    """Entry of a listing: absolute URL, and title and date if shown.

    A cut title counts as none.
    """

    url: str
    title: str | None = None
    date: Day | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Article links and further pages of one list page, in order.

    `more` names every further page that this one lets us compute, nearest first; the spider asks
    for each URL once, so a family may name the same page from several places.

    `total` and `pages` are the numbers of entries and pages that the list states. `unread` names
    the sign of entries that cannot be read: a frame, an endpoint, a pager of script calls. `family`
    is that of another family by which the page was read. `state` are the hidden fields of a form
    that is sent with the requests for further pages.
    """

    links: tuple[Link, ...] = ()
    more: tuple[str, ...] = ()
    total: int | None = None
    pages: int | None = None
    unread: str = ""
    family: str = ""
    state: Fields = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """CSS selectors for a family's article pages; the first match wins.

    `drop` lists parts to cut out of the body before it is read (widgets, styles, editor credits).
    `parts(html, url)` names the URLs of pages 2..n of a multi-page article, absolute, in order.

    `version` names the generation of templates; `since` and `until` (inclusive) bound the days on
    which pages were served with it, None for no bound. They only order the generations: a site that
    was late with its redesign is still read.
    """

    body: tuple[str, ...]
    title: tuple[str, ...] = ()
    meta_line: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    parts: Callable[[str, str], tuple[str, ...]] = field(default=lambda html, url: ())
    version: str = "1"
    since: Day | None = None
    until: Day | None = None

    def used_on(self, served: Day) -> bool:
        """Return True if a page served then may be of this generation."""
        return (self.since is None or self.since <= served) and (
            self.until is None or served <= self.until
        )


def shaped(pattern: str) -> Callable[[str], bool]:
    """Return a test of addresses by their path, in any letter case."""
    shape = re.compile(pattern, re.IGNORECASE)
    return lambda url: bool(shape.search(urlsplit(url).path))


@dataclass(frozen=True, slots=True)
class Family:
    """CMS family.

    `is_article(url)` is True if, by its shape, a URL can be an article of this family.
    `read_list(text, url)` reads one list page (HTML, XML or JSON text); it never raises: a page
    without entries gives an empty `Listing`, which the spider reports. `rules` are tried in order
    on an article page: the newest template first. `any_url` is True if `is_article` only excludes
    other pages and accepts any family's articles. `pagers` is True if its lists may have pagers,
    `reads_data` if its reader takes JSON, too. `own_pager` reads the pager of its lists where they
    all have the same: another one shows another system with the same URLs of articles. `second` is
    the number of page 2 where only the last page's is seen.
    """

    name: str
    is_article: Callable[[str], bool]
    read_list: Callable[[str, str], Listing]
    rules: tuple[Rules, ...]
    any_url: bool = False
    pagers: bool = True
    reads_data: bool = False
    own_pager: Callable[[str, str], tuple[str, ...]] | None = None
    second: int = 2

    def is_own_article(self, url: str) -> bool:
        """Return True if only this family's articles have the URL's shape."""
        return not self.any_url and self.is_article(url)

    def rules_on(self, served: Day | None) -> tuple[Rules, ...]:
        """Return the rules for a page, those in use when served first."""
        if served is None:
            return self.rules
        return tuple(sorted(self.rules, key=lambda rules: not rules.used_on(served)))
