"""Size limits of pages, lists and numbers from outside, applied before parsing.

Everything here is linear in the size of the page. The limits are far above news pages: of 257 real
ones the largest have 7,769 elements, 1,532 lines and 1.5 million characters.
"""

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice

MAX_BYTES = 16 << 20
"""Bytes that are decoded, after large scripts were left out."""
MAX_CHARS = 4_000_000
"""Characters of markup that are parsed. Past that a page is scripts, data or an attack."""
MAX_ELEMENTS = 50_000
"""Elements above which a page is no article: every rule walks the tree a few times."""
MAX_LINES = 30_000
"""Lines above which a page, or a body that a rule finds, is no article."""
MAX_ATTRIBUTES = 256
"""Attributes of one tag that reach the parser: libxml2 compares each with all before it."""

MAX_TEXT = 400_000
"""Characters of an article: four times the longest statutes and budgets. It bounds the time that
comparing texts takes later."""
MAX_TITLE = 1_000
"""Characters of a title; set by hand, not measured."""
MAX_URL = 2_000
"""Characters of an address that a list names or an import has; set by hand, not measured."""
MAX_LIST_CHARS = 8_000_000
"""Characters of a list; a sitemap with all the 50,000 addresses it may have takes as many."""
MAX_ANCHORS = 20_000
"""Links of one HTML list page that are read."""

_LARGE_SCRIPT = 1 << 16
"""Bytes of a script that is left out of a page above `MAX_CHARS`; set by hand, not measured."""
_OPEN = re.compile(rb"<(script|style)\b", re.IGNORECASE)
_CLOSE = {
    name: re.compile(rb"</" + name + rb"\s*>", re.IGNORECASE) for name in (b"script", b"style")
}
_ATTRIBUTE = re.compile(
    r"""[\s/]*[^\s/>=][^\s/>=]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"'][^\s>]*)?)?|[\s/=]+"""
)
_WHOLE_TAG = re.compile(
    rf"(<(?:(script|style)(?=[\s/>])|[a-z][^\s/>]*+))(?:{_ATTRIBUTE.pattern})*+"
    r"(?(2)(>[^<]*+(?:<(?!/\2)[^<]*+)*)?)",
    re.IGNORECASE,
)
"""Tag, of a script or style with its content: the words of that are no attributes."""

_ANCHOR = re.compile(r"<a\s", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]+")


def whole_number(text: str, *, digits: int = 9) -> int | None:
    """Return a number of a page or a header, or None.

    None is returned for anything but ASCII digits (no sign, no superscript) and for more than
    `digits` of them: no page number, size, offset or status is longer, and Python refuses to read
    one of more than 4,300.
    """
    written = text.strip().lstrip("0") or text.strip()[-1:]
    return int(written) if len(written) <= digits and _DIGITS.fullmatch(written) else None


def mail_date(text: str) -> datetime | None:
    """Return a moment in the format of mail (RFC 5322), or None.

    None also outside the years 1900 to 2200. The moment has a zone if the text has one.
    """
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if 1900 <= moment.year <= 2200 else None  # converting others may overflow


def retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110, 10.2.3); None: unreadable."""
    if value.strip().isdecimal():
        seconds = whole_number(value)
        # A number too long to be meant counts as for ever.
        return float(seconds) if seconds is not None else math.inf
    moment = mail_date(value)
    if moment is None:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def cut(body: bytes) -> tuple[bytes, bool]:
    """Return the part of a page to decode.

    The flag is True if more than scripts and styles was left out.
    """
    if len(body) <= MAX_CHARS:
        return body, False
    rest = _without_scripts(body)
    return rest[:MAX_BYTES], len(rest) > MAX_BYTES


def cut_list(text: str) -> tuple[str, bool]:
    """Return the part of a list to read, and True if cut."""
    part = text if len(text) <= MAX_LIST_CHARS else text[:MAX_LIST_CHARS]
    beyond = next(islice(_ANCHOR.finditer(part), MAX_ANCHORS, None), None)
    part = part[: beyond.start()] if beyond else part
    return part, len(part) < len(text)


def thinned(html: str) -> str:
    """Return markup with at most `MAX_ATTRIBUTES` to a tag."""
    return _WHOLE_TAG.sub(_thin, html)


def _thin(found: re.Match[str]) -> str:
    name, content = found[1], found[3] or ""
    end = len(found[0]) - len(content)
    if end <= 2 * MAX_ATTRIBUTES:
        return found[0]
    attributes = islice(_ATTRIBUTE.finditer(found[0], len(name), end), MAX_ATTRIBUTES)
    last = max((attribute.end() for attribute in attributes), default=end)
    return found[0] if last == end else f"{found[0][:last]} {content}"


def _without_scripts(body: bytes) -> bytes:
    """Return a page without large scripts and styles.

    An unclosed one ends the page.
    """
    parts: list[bytes] = []
    at = searched = 0
    while opened := _OPEN.search(body, searched):
        closed = _CLOSE[opened[1].lower()].search(body, opened.end())
        end = closed.end() if closed else len(body)
        if end - opened.start() > _LARGE_SCRIPT:
            parts.append(body[at : opened.start()])
            at = end
        searched = end
    parts.append(body[at:])
    return b"".join(parts)
