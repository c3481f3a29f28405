"""Limits of a stored article: its dates, characters and sizes.

An import that breaks them is refused, with its line. A page cannot be refused for them: an
impossible date is dropped and flagged, and a title beyond reason is cut.
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta

from crawler.item import EARLIEST, LATEST, NEWS_TIME, Article
from crawler.limits import MAX_CHARS, MAX_TITLE

AHEAD = timedelta(days=2)
"""Newest date, after the day of the fetch: releases are dated ahead, and clocks differ."""

MAX_ID = 200
"""Characters of an imported article's id; set by hand, not measured."""
MAX_TEXT = MAX_CHARS
"""Characters of an imported text: books are imported too, and a page's text is shorter."""

_BREAK = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# Control characters but tab and newline, and code points that no text has.
_NO_TEXT = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
    + "]"
)
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufffe-\U0010ffff]")
"""All that the patterns above may match and the rare planes: one look shows that a text has none,
and those patterns compare code points of the planes one after the other."""


def is_plausible(published: datetime, seen: datetime) -> bool:
    """Return True for a date from `EARLIEST` to `AHEAD` of `seen`.

    A page was seen when it was fetched, so that reading an archive again gives the same date. Never
    raises: a moment without a date in Asia/Shanghai is not plausible.
    """
    try:
        day, latest = (at.astimezone(NEWS_TIME).date() for at in (published, seen))
        return EARLIEST <= day <= min(latest + AHEAD, LATEST)
    except (OverflowError, ValueError):
        return False


def plain(text: str) -> str:
    """Return text with newlines as its only line ends, without control characters.

    Marks of direction stay: they are part of Arabic or Hebrew as it is written.
    """
    return _NO_TEXT.sub("", _BREAK.sub("\n", text)) if _ODD.search(text) else text


def one_line(text: str) -> str:
    """Return text on one line, without control characters."""
    return re.sub(r"[\n\t]+", " ", plain(text)).strip()


def within_limits(article: Article, seen: datetime) -> Article:
    """Return an article within the limits, with flags for changes."""
    flags: list[str] = []
    title, text = one_line(article.title), plain(article.text)
    if (title, text) != (article.title, article.text):
        article = replace(article, title=title, text=text)
    if article.published_at is not None and not is_plausible(article.published_at, seen):
        article = replace(article, published_at=None, published_precision=None)
        flags.append("implausible_date")
    if len(article.title) > MAX_TITLE:
        article = replace(article, title=article.title[:MAX_TITLE])
        flags.append("truncated")
    if not flags:
        return article
    return replace(article, flags=tuple(dict.fromkeys((*article.flags, *flags))))
