"""Entries of lists as data, by their shape.

Their fields may have any names, lie deeper, or be texts of JSON themselves.
"""

import math
import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import unquote

from crawler.cms.data import read_json
from crawler.cms.entry_addresses import filled
from crawler.cms.family import Link
from crawler.cms.field_names import field_names, plain_name
from crawler.cms.links import absolute, is_file, squeeze, stated_date
from crawler.item import canonical_url
from crawler.script import HAN

_URLS = field_names("address")
_TITLES = field_names("title")
_DATES = field_names("date")
_ANY_URL = re.compile(r"(?:url|link|href|path)$")
_ANY_TITLE = re.compile(r"(?:title|headline|subject|biaoti)")
_ANY_DATE = re.compile(
    r"(?:pub|release|issue|deploy|show|news|info|doc)\w*(?:time|date|at|ed|day|datestr)$|fb(?:sj|rq)"
)
_NO_URL = re.compile(
    r"^(?:next|prev|first|last|feed|home|icon|logo|img|image|pic|cover|thumb|avatar|photo|author|user)"
)
_INNER = frozenset(
    ("attributes", "fields", "links", "link", "self", "source", "node", "item", "article", "doc")
)
"""Objects within one that have its fields; within the objects of a list, all but these:"""
_NO_INNER = re.compile(
    r"author|user|editor|image|img|pic|cover|thumb|icon|logo|media|column|channel|catego|site|dept|"
    r"org|tag|parent|prev|next|related|comment|term"
)
_DEEP = 4
_NO_DATE = re.compile(r"update|modif|end|expire|begin|start|event|audit|deadline")
_ADDRESS = re.compile(
    r"(?:https?:/|\.{1,2})?(?:/[^\s/<>\"']+)+/?|[^\s<>\"'?]{1,80}\.(?:[sjx]?html?|aspx?|jsp|php|do)(?:\?\S*)?"
)
"""Value that is an address by its looks."""
_DATE = re.compile(
    r"(?:19|20)\d\d(?:[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[T ][\d:.+Z]+)?|"
    r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))\s*$"
)
_FILE = re.compile(r"[\w-]{1,80}\.(?:[sjx]?html?|aspx?|jsp|php)", re.IGNORECASE)

_ESCAPED = re.compile(r"https?%3A(?:%2F){2}", re.IGNORECASE)
_FOLDER = re.compile(r"/(?:index\.\w+)?$")
_CUT = re.compile(r"(?:\.{2,}|…+)\s*$")
_WORDS = re.compile(rf"[{HAN}]{{4}}|[A-Za-z]+(?: [A-Za-z'’-]+){{2}}")
_MAX_PARTS = 10
"""Parts of an entry that is written as one text; set by hand."""
_MAX_FIELDS = 60
"""Fields of one entry that are looked at; set by hand, not measured."""


def links_of(data: Any, url: str, patterns: tuple[str, ...] = ()) -> Iterator[Link]:
    """Yield the entries of a JSON value.

    `patterns` are those of the addresses of entries without one.
    """
    seen: set[str] = set()
    for own, listed in walked(data):
        entry, target = own, _target(own, url)
        title = None if target is None else _title(own)
        if target is None or title is None:
            entry = _merged(own, every=listed)
            target = None if entry is own else _target(entry, url)
            title = None if target is None else _title(entry)
        if target is None and listed and patterns and (title := _title(entry)):
            target = next((at for p in patterns if (at := filled(p, entry))), None)
        if target is None or title is None or target in seen:
            continue
        seen.add(target)
        yield Link(target, title or None, _date(entry))


def entries_of(data: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects of the lists in a JSON value."""
    return (entry for entry, listed in walked(data) if listed)


def without_columns(entries: tuple[Link, ...]) -> tuple[Link, ...]:
    """Return the entries but for undated folders beside dated articles."""
    if not any(link.date for link in entries):
        return entries
    return tuple(link for link in entries if link.date or not _FOLDER.search(link.url))


def _merged(entry: dict[str, Any], *, every: bool, deep: int = 0) -> dict[str, Any]:
    """Return an entry with the fields of the objects within it.

    Of those with known names, or of `every` one that is nobody else's.
    """
    found = entry
    for name, inner in entry.items() if deep < _DEEP else ():
        if name not in _INNER and (not every or _NO_INNER.search(name)):
            continue
        value = read_json(inner) if isinstance(inner, str) and inner[:1] == "{" else inner
        if isinstance(value, dict):
            found = _merged(_plain(value), every=every, deep=deep + 1) | found
    return found


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """Return an object with plain names, without lists of one."""
    return {plain_name(str(key)): _alone(value[key]) for key in list(value)[:_MAX_FIELDS]}


def _alone(value: Any) -> Any:
    one = isinstance(value, list) and len(value) == 1 and isinstance(value[0], str | int)
    return value[0] if one else value


def _target(entry: dict[str, Any], url: str) -> str | None:
    """Return the address of an entry's page, or None.

    Under a name for addresses, or else the only value that looks like one.
    """
    named = [entry[name] for name in _URLS if name in entry]
    named += [
        value
        for name, value in entry.items()
        if _ANY_URL.search(name) and name not in _URLS and not _NO_URL.match(name)
    ]
    for value in named:
        if not isinstance(value, str) or not re.search(r"[/?.]|^\d+$", value.strip()):
            continue
        written = unquote(value) if _ESCAPED.match(value) else value
        target = absolute(written, url)
        if target and target.endswith("/") and (file := _file(entry)):
            return absolute(file, target)
        if target and not is_file(target):
            return target
    if any(isinstance(v, list) and v and isinstance(v[0], dict) for v in entry.values()):
        return None  # what has entries is none, whatever addresses it names
    texts = (v.strip() for k, v in entry.items() if isinstance(v, str) and not _NO_URL.match(k))
    found = [absolute(text, url) for text in texts if _ADDRESS.fullmatch(text)]
    pages = {canonical_url(at): at for at in reversed(found) if at and not is_file(at)}
    return next(iter(pages.values())) if len(pages) == 1 else None


def _file(entry: dict[str, Any]) -> str | None:
    """Return the name of an entry's page in its folder, or None."""
    texts = [value for value in entry.values() if isinstance(value, str)]
    return next((text for text in texts if _FILE.fullmatch(text)), None)


def _title(entry: dict[str, Any]) -> str | None:
    """Return an entry's title, whole if there is one; None without."""
    named = [entry[name] for name in _TITLES if name in entry]
    named += [v for k, v in entry.items() if _ANY_TITLE.search(k) and k not in _TITLES]
    if not named:
        named = [v for v in entry.values() if isinstance(v, str) and _WORDS.match(v.strip())][:1]
    found: str | None = None
    for value in named:
        # WordPress: {"rendered": "..."}
        written = value.get("rendered") if isinstance(value, dict) else value
        if isinstance(written, str):
            plain = squeeze(re.sub(r"<[^>]+>", "", written))
            if plain and not _CUT.search(plain):
                return plain
            found = found if found is not None else ""
    return found


def _date(entry: dict[str, Any]) -> date | None:
    """Return an entry's day of publication, or None."""
    named = [entry[name] for name in _DATES if entry.get(name)]
    named += [v for k, v in entry.items() if v and _ANY_DATE.search(k) and not _NO_DATE.search(k)]
    for value in named:
        # java.util.Date
        written = value.get("time") if isinstance(value, dict) else value
        if isinstance(written, str | int | float) and (day := stated_date(_whole(written))):
            return day
    texts = (
        str(v).strip()
        for k, v in entry.items()
        if isinstance(v, str | int) and not _NO_DATE.search(k)
    )
    days = {stated_date(text) for text in texts if _DATE.match(text)}
    return days.pop() if len(days) == 1 else None


def _whole(value: str | int | float) -> str | int:
    return int(value) if isinstance(value, float) and math.isfinite(value) else str(value)


def objects(data: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a JSON value, outermost first."""
    return (entry for entry, _ in walked(data))


def walked(data: Any) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield the objects of a JSON value, True for listed ones.

    Outermost first; their keys in lower case, without `_`, `-` and `.`.
    """
    queue = [(data, False)]
    for value, listed in queue:  # grows while it is read
        if isinstance(value, dict):
            yield _plain(value), listed
            several = len(value) > 1 and all(isinstance(inner, dict) for inner in value.values())
            queue.extend(
                (inner, several)
                for name, inner in value.items()
                if not (listed and isinstance(inner, dict) and _NO_INNER.search(plain_name(name)))
            )
        elif isinstance(value, list):
            if 2 <= len(value) <= _MAX_FIELDS and all(isinstance(v, str | int) for v in value):
                yield {str(at): field for at, field in enumerate(value)}, True  # without names
            queue.extend((inner, True) for inner in value)
        elif isinstance(value, str) and value[:1] in ("{", "[") and (inner := read_json(value)):
            queue.append((inner, listed))  # JSON within JSON
        elif isinstance(value, str) and 0 < value.count("|") < _MAX_PARTS:
            yield {str(at): field for at, field in enumerate(value.split("|"))}, listed
