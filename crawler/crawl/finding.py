"""Search for the news lists of a site from its home page.

A few pages are read, by the probe: the home pages, a site map, and the likeliest columns. What
comes back are proposals with reasons, the best first; a person or a command chooses.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from crawler.cms import FAMILIES, columns, detection
from crawler.cms.columns import Column
from crawler.cms.family import Link
from crawler.cms.links import anchors
from crawler.item import LANGS

_LOOKS = 10
"""Columns of an edition that are looked at: a request each, two seconds apart. Set by hand."""
_SAMPLES = 4
"""Columns of an edition of which articles are read at most. Set by hand."""
_CHOSEN = 2
"""Lists of an edition that are chosen: its news, and a second column about as good. By hand."""
_ABOUT = 2.0
"""Points that the second may have less than the first."""
_SAME = 0.8
"""Share of entries from which a list repeats another."""
_USUAL = ("english/", "en/")
"""Folders where an English edition usually is; asked for only if the home page links none."""


@dataclass(frozen=True, slots=True)
class Look:
    """List page as read: facts for the city file, entries, or fault."""

    facts: dict[str, Any]
    links: Sequence[Link] = ()
    text: str = ""

    @property
    def code(self) -> str | None:
        """Issue code, None for a list."""
        code: str | None = self.facts["code"]
        return code


class Prober(Protocol):
    """Reader of pages, lists and articles."""

    async def read_page(self, url: str) -> tuple[str, str, str]:
        """Return final address, text, and issue code ("" for a page)."""

    async def look(self, url: str) -> Look:
        """Return a list page as looked at."""

    async def sample(self, look: Look) -> dict[str, Any]:
        """Return language and article of a list, or the fault."""

    def admit(self, url: str) -> None:
        """Let the host of a URL be asked."""


@dataclass(slots=True)
class _Edition:
    lang: str
    home: str
    reason: str
    found: list[Column] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Candidate:
    column: Column
    look: Look
    lang: str
    score: float
    reasons: tuple[str, ...]


async def find(prober: Prober, home: str) -> list[dict[str, Any]]:
    """Return the proposed lists of a site, best first per language.

    A proposal has the facts of its list, `score`, `reasons`, and `chosen`; those that are not
    chosen may have an issue code. Without any list, one proposal with the fault of the home page.
    """
    prober.admit(_twin(home))
    url, text, code = await prober.read_page(home)
    if code:
        return [_nothing(home, code, "the home page cannot be read")]
    pages = await _editions(prober, url, text)
    looked: dict[str, _Candidate] = {}
    for edition in pages:
        for column in edition.found[:_LOOKS]:
            if column.url not in looked and column.score >= 0:
                looked[column.url] = _candidate(column, await prober.look(column.url), edition)
    lists = [found for found in looked.values() if found.look.code is None]
    if not lists:
        return [_nothing(home, "list_empty", f"{len(looked)} columns of it read, none a list")]
    newest = max(
        (link.date.isoformat() for found in lists for link in found.look.links if link.date),
        default="",
    )
    proposals: list[dict[str, Any]] = []
    for lang in LANGS:
        rated = [_rated(found, newest) for found in lists if found.lang == lang]
        proposals += await _chosen(prober, sorted(rated, key=lambda found: -found.score))
    # A home page says more often than a list of whom it is.
    name = detection.city_name(text)
    return [facts | {"name": name or facts.get("name")} for facts in proposals]


def _twin(home: str) -> str:
    """Return a home page's address with www, or without, if it has."""
    scheme, _, rest = home.partition("://")
    return f"{scheme}://{rest.removeprefix('www.') if rest.startswith('www.') else 'www.' + rest}"


async def _editions(prober: Prober, url: str, text: str) -> list[_Edition]:
    """Return a home page's edition and the other, with columns."""
    lang = _language(text, url) or "zh"
    pages = [_Edition(lang, url, "the home page", await _columns(prober, url, text))]
    other = [edition for edition in columns.editions(text, url) if edition.lang != lang]
    for edition in other:
        prober.admit(edition.url)
        at, there, code = await prober.read_page(edition.url)
        if not code and _language(there, at) in (edition.lang, None):
            found = await _columns(prober, at, there)
            # The home page of an edition may be all of its lists.
            own = Column(at, "", 0.0, ("the home page of the edition",))
            pages.append(_Edition(edition.lang, at, edition.reason, [*found, own]))
            break
    if len(pages) == 1 and lang == "zh" and not other:
        pages += await _usual(prober, url)
    return pages


async def _usual(prober: Prober, url: str) -> list[_Edition]:
    for folder in _USUAL:
        at, text, code = await prober.read_page(urljoin(url, f"/{folder}"))
        if not code and _language(text, at) == "en":
            found = await _columns(prober, at, text)
            return [_Edition("en", at, "where editions usually are", found)]
    return []


async def _columns(prober: Prober, url: str, text: str) -> list[Column]:
    """Return the columns of a home page, its frames and site maps."""
    found = {column.url: column for column in columns.columns(text, url)}
    for page in columns.maps(text, url)[:2]:
        at, there, code = await prober.read_page(page)
        if not code:
            found = {c.url: c for c in columns.columns(there, at)} | found
    if sum(column.score >= columns.NEWS for column in found.values()) == 0:
        at, there, code = await prober.read_page(urljoin(url, "/sitemap.xml"))
        if not code:
            listing = FAMILIES["feeds"].read_list(there, at)
            found = {c.url: c for c in columns.mapped(listing) if _under(c.url, url)} | found
    site = columns.site_of(url)
    kept = [column for column in found.values() if columns.site_of(column.url) == site]
    for column in kept:
        prober.admit(column.url)
    return sorted(kept, key=lambda column: -column.score)


def _under(url: str, home: str) -> bool:
    """Return True for a URL below a home page."""
    at, top = urlsplit(url), urlsplit(home)
    return at.netloc == top.netloc and at.path.startswith(top.path.rpartition("/")[0])


def _language(text: str, url: str) -> str | None:
    return columns.language_of(anchor.text or anchor.title for anchor in anchors(text, url))


def _candidate(column: Column, look: Look, edition: _Edition) -> _Candidate:
    titles = [link.title for link in look.links if link.title]
    lang = columns.language_of(titles) or edition.lang
    reasons = column.reasons if edition.reason == "the home page" else (
        *column.reasons, f"{edition.lang} edition: {edition.reason}",
    )  # fmt: skip
    return _Candidate(column, look, lang, column.score, reasons)


def _rated(found: _Candidate, newest: str) -> _Candidate:
    points, reasons = columns.worth(found.look.links, newest)
    return replace(found, score=found.score + points, reasons=(*found.reasons, *reasons))


async def _chosen(prober: Prober, rated: Sequence[_Candidate]) -> list[dict[str, Any]]:
    """Return the proposals of one language, the chosen ones first."""
    proposals: list[dict[str, Any]] = []
    chosen: list[_Candidate] = []
    for place, found in enumerate(rated):
        facts = found.look.facts | {"lang": found.lang, "score": round(found.score, 2)}
        facts |= {"reasons": list(found.reasons), "chosen": False}
        wanted = len(chosen) < _CHOSEN and place < _SAMPLES + len(chosen)
        if wanted and chosen:
            wanted = _is_second(found, chosen[0])
        if wanted:
            sampled = await prober.sample(found.look)
            facts |= sampled
            right = not facts["code"] and facts["lang"] == found.lang
            facts["chosen"] = right
            if right:
                chosen.append(found)
                size = len(sampled["article"]["fields"]["text"])
                facts["reasons"].append(f"an article of it was read: {size} characters")
        proposals.append(facts)
    return sorted(proposals, key=lambda facts: not facts["chosen"])


def _is_second(found: _Candidate, best: _Candidate) -> bool:
    """Return True for a list as good as the best, and different."""
    own = {link.url for link in found.look.links}
    shared = own & {link.url for link in best.look.links}
    near = found.score >= best.score - _ABOUT and found.column.score >= columns.NEWS
    return near and len(shared) < _SAME * len(own)


def _nothing(home: str, code: str, evidence: str) -> dict[str, Any]:
    return {"list": home, "chosen": False, "code": code, "evidence": evidence, "links": 0}
