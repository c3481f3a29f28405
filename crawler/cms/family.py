"""What a CMS family is: a list reader and the places where its articles keep their fields."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date as Day  # noqa: N812 (the field is named date)


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of a listing: absolute URL, and whole title and date where the list shows them."""

    url: str
    title: str | None = None
    date: Day | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What one list page says: article links in page order, and the URLs of further list pages.

    `further` names every further page this one lets us compute, nearest first; the spider asks for
    each URL once, so a family may name the same page from several places.
    """

    links: tuple[Link, ...] = ()
    further: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """Where a family's article pages keep things: CSS selectors, tried in order, first match wins.

    `drop` lists what is cut out of the body before it is read (widgets, styles, editor credits).
    `parts(html, url)` names the URLs of pages 2..n of a multi-page article, absolute, in order.

    `version` names the generation of templates; `since` and `until` (inclusive) say when pages were
    served with it, None where that is open. They decide which generation is asked first, never
    whether it is asked: a site that was late with its redesign is still read.
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
        """Whether a page served on that day may be of this generation."""
        return (self.since is None or self.since <= served) and (
            self.until is None or served <= self.until
        )


@dataclass(frozen=True, slots=True)
class Family:
    """One CMS family.

    `is_article(url)` tells by its shape whether a URL can be an article of this family.
    `read_list(text, url)` reads one list page (HTML, XML or JSON text); it never raises: a page
    that holds nothing gives an empty `Listing`, which the spider reports.
    `rules` are tried in order on an article page: the newest template first.
    `any_url` says that `is_article` tells an article from other pages, but not whose it is.
    """

    name: str
    is_article: Callable[[str], bool]
    read_list: Callable[[str, str], Listing]
    rules: tuple[Rules, ...]
    any_url: bool = False

    def is_own_article(self, url: str) -> bool:
        """Whether the URL has a shape that only this family's articles have."""
        return not self.any_url and self.is_article(url)

    def rules_on(self, served: Day | None) -> tuple[Rules, ...]:
        """Return the rules to try on a page served that day: those that held then come first."""
        if served is None:
            return self.rules
        return tuple(sorted(self.rules, key=lambda rules: not rules.used_on(served)))
