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

    `more` names every further page this one lets us compute, nearest first; the spider asks for
    each URL once, so a family may name the same page from several places.
    """

    links: tuple[Link, ...] = ()
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """Where a family's article pages keep things: CSS selectors, tried in order, first match wins.

    `drop` lists what is cut out of the body before it is read (widgets, styles, editor credits).
    `parts(html, url)` names the URLs of pages 2..n of a multi-page article, absolute, in order.
    """

    body: tuple[str, ...]
    title: tuple[str, ...] = ()
    meta_line: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    parts: Callable[[str, str], tuple[str, ...]] = field(default=lambda html, url: ())


@dataclass(frozen=True, slots=True)
class Family:
    """One CMS family.

    `is_article(url)` tells by its shape whether a URL can be an article of this family.
    `read_list(text, url)` reads one list page (HTML, XML or JSON text); it never raises: a page
    that holds nothing gives an empty `Listing`, which the spider reports.
    `rules` are tried in order on an article page: the newest template first.
    """

    name: str
    is_article: Callable[[str], bool]
    read_list: Callable[[str, str], Listing]
    rules: tuple[Rules, ...]
