"""Fit of a page to its list's promise.

By title, by day, and by the place of the address.
"""

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from hashlib import sha256
from urllib.parse import parse_qsl, urlsplit

from crawler.extract.dates import date_in_url
from crawler.extract.kinds import reaches
from crawler.item import Article, canonical_url
from crawler.phrases import alternatives
from crawler.state.promises import Promise

MANY = 3
"""Addresses from which on a text or title is one that the site shows for many; set by hand."""

_SIGN = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"\d+")
_ADDRESS = re.compile(r"https?://\S+")
_LETTERS = re.compile(r"[^\W\d_]+")
_ID = re.compile(r"\d{5,}")
_DAY = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-3]\d)?")
_QUERY_ID = re.compile(r"(?=[\w-]*\d)[\w-]{4,40}")
_NOTICE = re.compile(alternatives("crawler.extract/refusals.tsv", "notice"), re.IGNORECASE)
_SAME = 0.6
"""Ratio of matching characters from which two titles are of one article: editors shorten them for a
list, or write them out. Set by hand, not measured."""
_TELLING, _PART = 6, 0.4
"""Fewest letters of a title that may be a part of another, and their least share of it: the name of
a column is no title. Set by hand, not measured."""
_LONGEST_NOTICE = 200
"""Units of text from which a page is no mere notice of the site; set by hand, not measured."""


def same_title(one: str, other: str) -> bool:
    """Return True if two titles are of one article.

    One may be a part of the other or differ in some words, but in no number.
    """
    one, other = _letters(one), _letters(other)
    if not one or not other or one == other:
        return one == other
    numbers, others = _NUMBER.findall(one), _NUMBER.findall(other)
    least = max(_TELLING, _PART * max(len(one), len(other)))
    if min(len(one), len(other)) >= least and (one in other or other in one):
        return True
    return numbers == others and SequenceMatcher(None, one, other).ratio() >= _SAME


def title_fits(titles: Sequence[str], promises: Sequence[Promise]) -> bool:
    """Return True if a page has a title that a list promised."""
    return any(
        same_title(title, promise.title)
        for promise in promises
        if promise.title
        for title in titles
    )


def day_fits(article: Article, asked: str, promises: Sequence[Promise]) -> bool:
    """Return True if an article is of the promised day.

    A list or the address itself may promise one.
    """
    if article.published_at is None:
        return False
    days = {promise.day for promise in promises if promise.day}
    address = date_in_url(asked)
    if address is not None and address.precision == "day":
        days.add(address.at.date())
    return article.published_at.date() in days


def same_place(asked: str, found: str) -> bool:
    """Return True if two addresses share a file or number."""
    if canonical_url(asked) == canonical_url(found):
        return True
    path, target = urlsplit(asked).path, urlsplit(found).path
    if path == target and len(path) > 1:
        return True
    file = path.rpartition("/")[2]
    if file and file == target.rpartition("/")[2] and _NUMBER.search(file):
        return True
    return bool(_ids(asked) & _ids(found))


def is_notice(article: Article) -> bool:
    """Return True for a short notice in place of a page."""
    short = not reaches([article.text], _LONGEST_NOTICE)
    return short and bool(_NOTICE.search(f"{article.title}\n{article.text}"))


def is_whole(article: Article) -> bool:
    """Return True for an article with a day and source."""
    dated = article.published_at is not None and bool(article.source or article.author)
    return dated and not is_notice(article)


def content_key(article: Article) -> str:
    """Return a digest of title and text.

    Without the text's numbers and addresses: a notice may show the time, and the address that was
    asked for.
    """
    plain = "".join(_LETTERS.findall(_ADDRESS.sub("", article.text)))
    text = f"{_letters(article.title)}\n{plain}"
    return sha256(text.encode(errors="replace")).hexdigest()[:16]


def _letters(title: str) -> str:
    return _SIGN.sub("", unicodedata.normalize("NFKC", title).casefold())


def _ids(url: str) -> set[str]:
    """Return the numbers of an address and short values of its query.

    Numbers that are days do not count.
    """
    parts = urlsplit(url)
    found = {number for number in _ID.findall(parts.path) if not _DAY.fullmatch(number)}
    values = (value for _, value in parse_qsl(parts.query))
    return found | {value for value in values if _QUERY_ID.fullmatch(value)}
