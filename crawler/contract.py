"""What may be stored of an article, wherever it comes from: its dates, its characters, its sizes.

An import that breaks it is refused with its line. A page is what it is: there a date that cannot be
is left out and flagged, and a title beyond reason is cut.
"""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta

from crawler.extract.bounds import MAX_CHARS
from crawler.item import NEWS_TIME, Article

EARLIEST = date(1949, 1, 1)
"""The first day that an article may be dated: what says less is a mistake or a placeholder."""
AHEAD = timedelta(days=2)
"""The newest date is the day after tomorrow: releases are dated ahead, and clocks differ."""
LATEST = date(2099, 12, 31)
"""The last day that is read as a date, whatever a clock or an archive says."""

MAX_ID = 200
MAX_URL = 2_000
MAX_TITLE = 1_000
MAX_TEXT = MAX_CHARS

_BREAK = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# Control characters but tab and newline, and code points that no text has.
_NO_TEXT = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
    + "]"
)


def is_plausible(published: datetime, seen: datetime) -> bool:
    """Whether an article seen at that time may be dated so: from `EARLIEST` to two days ahead.

    A page was seen when it was fetched, so that reading an archive again gives the same date. Never
    raises: what has no date in Asia/Shanghai is not plausible.
    """
    try:
        day, latest = (at.astimezone(NEWS_TIME).date() for at in (published, seen))
        return EARLIEST <= day <= min(latest + AHEAD, LATEST)
    except (OverflowError, ValueError):
        return False


def plain(text: str) -> str:
    """Return text whose lines end in a newline and nothing else, without control characters.

    Marks of direction are kept: they are part of Arabic or Hebrew as it is written.
    """
    return _NO_TEXT.sub("", _BREAK.sub("\n", text))


def one_line(text: str) -> str:
    """Return text on one line, without control characters."""
    return re.sub(r"[\n\t]+", " ", plain(text)).strip()


def kept_to(article: Article, seen: datetime) -> Article:
    """Return an article that keeps the contract; a date or a title that was changed is flagged."""
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
