"""City: hosts, listings, rights, and assertions about a healthy crawl."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from crawler.cms import FAMILIES

if TYPE_CHECKING:
    import tldextract

Status = Literal["unverified", "active", "paused", "blocked", "gone"]
STATUSES: tuple[Status, ...] = ("unverified", "active", "paused", "blocked", "gone")
CRAWLED: tuple[Status, ...] = ("unverified", "active")
RENDERERS = ("browser",)
DRIFTS = ("yield", "score", "length_ratio")
RIGHTS = ("metadata", "metadata+excerpt", "full")
"""Parts of an article that a release may have, from least to most."""

LONGEST_KEY = 100
"""Bytes of a city's name in UTF-8: its files add an ending, and a file's name has 255 at most."""

# Locks beside those of the cities, and the file of articles without a date.
_RESERVED = frozenset(("calibration", "releases", "undated"))
_DEVICES = re.compile(r"con|prn|aux|nul|(?:com|lpt)\d", re.IGNORECASE)
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DOTTED = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


@dataclass(frozen=True, slots=True)
class Rights:
    """Permission to republish.

    `text` is one of `RIGHTS`, from least to most; `terms` is its ground; `checked` is the day when
    a person read the terms, None if nobody has.
    """

    text: str = "metadata"
    terms: str | None = None
    checked: date | None = None


@dataclass(frozen=True, slots=True)
class Tls:
    """Verification of the certificates of a city's hosts.

    `reason` is the ground of a waiver (`verify` False).
    """

    verify: bool = True
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """Last sign that a listing works.

    `when` is a day, month or year as written, or "unknown"; `where` is the witness: the site, an
    archive, public code.
    """

    when: str
    where: str


@dataclass(frozen=True, slots=True)
class Source:
    """Listing of one edition.

    `articles` is a regular expression, searched in the URL, for the links of the listing that are
    this source's articles; None takes those of the CMS family. `rights` applies to those articles
    instead of the city's; None leaves the city's. `render` is "browser" if a script draws the list.
    The site used this system from `since` to `until` (inclusive): a source with `until` is not
    crawled, but reads archived pages. `seen` is the last sign that the listing works.
    """

    lang: str
    cms: str
    list: str
    articles: str | None = None
    line: int = 0
    rights: Rights | None = None
    render: str | None = None
    since: date | None = None
    until: date | None = None
    seen: Seen | None = None

    def wants(self, url: str) -> bool:
        """Return True if a link of the listing is this source's article."""
        if self.articles is not None:
            return bool(re.search(self.articles, url))
        return FAMILIES[self.cms].is_article(url)

    def used_on(self, served: date) -> bool:
        """Return True if the site used this system on that day."""
        return (self.since is None or self.since <= served) and (
            self.until is None or served <= self.until
        )


@dataclass(frozen=True, slots=True)
class Assertions:
    """Conditions that a healthy crawl of the city satisfies.

    `min_articles` per language over all stored; `max_rejects` as a share of fetched articles (0-1);
    `quiet_days` without a new article before that is worth a warning. Of the pairs: `min_precision`
    is the share that must be right by people's verdicts (0-1); `max_drift` the distance from usual
    that `yield` (share of English articles with a counterpart), `score` (log odds) and
    `length_ratio` (as a share of the usual) may have.
    """

    min_articles: Mapping[str, int] = field(default_factory=dict)
    max_rejects: float = 0.2
    quiet_days: int = 14
    min_precision: float | None = None
    max_drift: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class City:
    """City: its hosts are the only ones fetched, its sources the listings."""

    key: str
    name_zh: str
    name_en: str
    hosts: tuple[str, ...]
    sources: tuple[Source, ...]
    division: str | None = None
    status: Status = "unverified"
    since: date | None = None
    reason: str | None = None
    rights: str = "metadata"
    rights_terms: str | None = None
    rights_checked: date | None = None
    tls: Tls = Tls()
    max_days: int = 60
    assertions: Assertions = Assertions()
    file: str = ""

    def allows(self, url: str) -> bool:
        """Return True for an http(s) URL on one of the city's hosts.

        A host is a `name`, on any port, or `name:port`. A URL with a user name is no address of a
        public page.
        """
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        if parts.scheme not in ("http", "https") or "@" in parts.netloc:
            return False
        return parts.hostname in self.hosts or parts.netloc in self.hosts

    @property
    def listings(self) -> tuple[Source, ...]:
        """The sources that are crawled: those the site still uses."""
        return tuple(source for source in self.sources if source.until is None)

    def source_of(self, url: str, served: date | None = None) -> Source | None:
        """Return the likeliest source of an article URL, or None.

        None off the city's hosts. Sources that the site used on the day the page was `served`, if
        that is known, come first, then those whose `articles` pattern is found in the URL, then
        those with a listing on the same host, the longest shared path first.
        """
        return next(iter(self._likeliest(url, served)), None)

    def lang_of(self, url: str, served: date | None = None) -> str | None:
        """Return the language that the sources of a URL declare, or None.

        None if sources of both languages are equally likely, as in a tree with the articles of
        both: there the text decides.
        """
        langs = {source.lang for source in self._likeliest(url, served)}
        return langs.pop() if len(langs) == 1 else None

    def _likeliest(self, url: str, served: date | None) -> list[Source]:
        """Return the sources of a URL that are equally likely, in order."""
        parts = urlsplit(url)
        best: tuple[int, int, int] = (-1, -1, -1)
        found: list[Source] = []
        for source in self.sources:
            listing = urlsplit(source.list)
            named = bool(source.articles and re.search(source.articles, url))
            if not named and (listing.netloc != parts.netloc or source.articles):
                continue
            held = served is None or source.used_on(served)
            rank = (int(held), int(named), _shared_prefix(listing.path, parts.path))
            if rank > best:
                best, found = rank, [source]
            elif rank == best:
                found.append(source)
        return found

    def rights_of(self, url: str) -> Rights:
        """Return the rights of an article: its source's, or the city's."""
        source = self.source_of(url)
        if source is not None and source.rights is not None:
            return source.rights
        return Rights(self.rights, self.rights_terms, self.rights_checked)


def key_problem(key: str) -> str | None:
    """Return the rule that a city's key breaks, or None.

    The rule is a sentence. A key becomes the name of files and folders, on any system, and a word
    of the command line. Two underscores occur in the keys of hosts that no city file names, and in
    no other.
    """
    if not re.fullmatch(r"[^\W_][\w-]*", key) or key != unicodedata.normalize("NFC", key):
        return "it consists of letters, digits, _ and -, and begins with a letter or a digit"
    if len(key.encode()) > LONGEST_KEY:
        return f"it has {LONGEST_KEY} bytes at most, this one has {len(key.encode())}"
    if "__" in key:
        return "two underscores are kept for hosts that no city file names"
    if re.fullmatch(r"\d{4}", key) or key.lower() in _RESERVED or _DEVICES.fullmatch(key):
        return "years, undated, calibration, releases and names of devices are taken"
    return None


def host_of(url: str) -> str:
    """Return the host of an http(s) URL in lower case.

    Empty if it has none.
    """
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""


def is_public(url: str) -> bool:
    """Return True for an http(s) URL that anybody could ask for.

    It has a host of letters, digits, dots, hyphens and underscores, one letter or digit at least,
    or an IPv6 address; a port within the range, if any; no user name and no control character.
    """
    try:
        parts = urlsplit(url)
        host, _ = host_of(url), parts.port
    except ValueError:
        return False
    plain = host.replace("-", "").replace("_", "").replace(".", "")
    named = plain.isalnum() or ("[" in parts.netloc and plain != "")
    return named and "@" not in parts.netloc and not _CONTROL.search(url)


def unnamed_city(url: str) -> City:
    """Return a city for a host that no file names.

    Its key is made of that host. Never raises.
    """
    host = host_of(url) or "unknown"
    return City(key=_host_key(host), name_zh=host, name_en=host, hosts=(host,), sources=())


def unnamed_site(url: str, key: str | None = None) -> City:
    """Return a city for all hosts of an unnamed site.

    The editions of one site (www., en., news. of one registered domain) have one key, so that they
    are paired; `key` replaces it. Never raises.
    """
    city = unnamed_city(url)
    if key is not None:
        return replace(city, key=key, name_zh=key, name_en=key)
    site = _site(city.name_zh)
    return replace(city, key=_host_key(site), name_zh=site, name_en=site)


def _site(host: str) -> str:
    """Return the registered domain of a host, or a host without one."""
    if not _DOTTED.fullmatch(host) or re.fullmatch(r"[\d.]+", host):
        return host
    registered = _suffixes()(host).top_domain_under_public_suffix
    # Of an ending that nobody registers under (.test, .local), the last two labels.
    return registered or ".".join(host.split(".")[-2:])


@cache
def _suffixes() -> "tldextract.TLDExtract":
    """Return the public suffixes of their package, asking no server."""
    import tldextract  # takes half a second, and most commands do without

    return tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())


def _host_key(host: str) -> str:
    """Return the key of a host's city, unlike any other key.

    No other host or city file has it. Mostly it is the host, in Punycode, with two underscores for
    each dot. For any other or longer host it ends in a digest behind three, which no other key has.
    """
    plain = ".".join(
        map(_punycode, unicodedata.normalize("NFKC", host).lower().removesuffix(".").split("."))
    )
    key = plain.replace(".", "__")
    if _DOTTED.fullmatch(plain) and len(key) <= LONGEST_KEY:
        return key
    start = re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-") or "host"
    return f"{start}___{hashlib.sha256(plain.encode()).hexdigest()[:16]}"


def _punycode(label: str) -> str:
    return label if label.isascii() else f"xn--{label.encode('punycode').decode()}"


def _shared_prefix(a: str, b: str) -> int:
    count = 0
    for left, right in zip(a, b, strict=False):
        if left != right:
            break
        count += 1
    return count
