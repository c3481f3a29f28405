"""Addresses of entries that a page joins from fields of its data.

`"/news/" + item.id + ".html"`, `/news/${item.id}.html`, `:href="'/news?id=' + n.id"` and
`/news/{{id}}.html` are patterns: each is the address of an entry that has the field. So is a link
of the page with a value of its own entry in it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import quote

from crawler.cms.family import Link
from crawler.cms.field_names import plain_name
from crawler.cms.links import absolute, is_file

_VALUE = (
    r"(?:(?:encodeURIComponent|String|escape)\(\s*)?"
    r"([A-Za-z_$][\w$]{0,40}(?:\[[\w$.]{1,20}\]|\.[A-Za-z_$][\w$]{0,40}){0,5})(?:\(\))?\s*\)?"
)
_FIELD = re.compile(
    rf"\$\{{\s*{_VALUE}\s*\}}|\{{\{{=?\s*{_VALUE}\s*\}}\}}|<%=\s*{_VALUE}\s*%>|"
    rf"[\"'`]\s*\+\s*\(?{_VALUE}\s*(?:\+\s*[\"'`]|(?=[;,)}}\"\n]|\Z))"
)
"""Places of a field in a text that a script or a template fills."""
_CALLED = frozenset(("tostring", "trim", "value"))
_SIGNS = r"[\w./?=&%:~@!#-]"
_HEAD, _TAIL = re.compile(rf"{_SIGNS}*\Z"), re.compile(rf"{_SIGNS}*")
_HOLE = re.compile(r"\{(\w+)(?::(\w+))?\}")
_KEY = re.compile(r"[?&](\w{1,40})=\Z")
_PICTURE = re.compile(r"\bsrc\s*=\s*[\"'\\]*\Z|url\(\Z", re.IGNORECASE)
_IDS = re.compile(r"id$|no$|num$|code$|key$|slug$|file|alias|name$")
_OTHER_IDS = re.compile(
    r"(?:col|column|channel|chan|cat|category|cata|class|type|site|web|user|author|org|dept|parent|"
    r"p|node|menu|lm|page)(?:umn)?_?id$|^pid$"
)
"""Ids of what an entry belongs to."""
_WHOLE = r"(?<![\w%-]){}(?![\w%-])"
_FIELDS, _LONGEST, _NEAR, _MOST = 400, 400_000, 200, 4
"""Fields, characters of a page, characters around a field, and patterns that are read; by hand."""
_SHORTEST = 3
"""Characters of a value by which a link is known as an entry's own; set by hand."""


def patterns(text: str, url: str) -> tuple[str, ...]:
    """Return the patterns in a page, likelier ones first."""
    places = list(islice(_FIELD.finditer(text, 0, _LONGEST), _FIELDS))
    found: dict[str, None] = {}
    for at, place in enumerate(places):
        start = places[at - 1].end() if at else 0
        before = text[max(start, place.start() - _NEAR) : place.start()]
        head = _last(_HEAD, before)
        if not head or _PICTURE.search(before[: len(before) - len(head)]):
            continue
        written = _joined(text, head, places[at:])
        target = _absolute(written, url)
        if target and re.search(r"[/?.]", _HOLE.sub("", written)) and not is_file(target):
            found.setdefault(target)
    ranked = sorted(found, key=lambda pattern: not _is_own(pattern))
    return tuple(ranked[:_MOST])


def learned(links: Iterable[Link], entries: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the patterns of links with a value of their own entry."""
    found: dict[str, None] = {}
    for link in links:
        own = (entry for entry in entries if link.title and link.title in entry.values())
        for name, value in next(own, {}).items():
            written = str(value) if isinstance(value, str | int) else ""
            where = re.compile(_WHOLE.format(re.escape(written)))
            places = list(where.finditer(link.url)) if len(written) >= _SHORTEST else []
            if len(places) == 1 and "//" not in written:
                start, end = places[0].span()
                found.setdefault(f"{link.url[:start]}{{{name}}}{link.url[end:]}")
    return tuple(found)[:_MOST]


def filled(pattern: str, entry: Mapping[str, Any]) -> str | None:
    """Return the address of an entry, or None without the fields.

    The names of an entry are plain ones.
    """
    values: list[str] = []
    for name, key in _HOLE.findall(pattern):
        value = _value(entry, name, key)
        if value is None:
            return None
        values.append(value)
    rest = iter(values)
    return _HOLE.sub(lambda _: next(rest), pattern) if values else None


def _value(entry: Mapping[str, Any], name: str, key: str) -> str | None:
    """Return the value of a field, or of the only id."""
    names = [name, key]
    if name.endswith("id"):
        ids = [own for own in entry if own.endswith("id") and not _OTHER_IDS.search(own)]
        names += ids if len(ids) == 1 else []
    for own in names:
        value = entry.get(own)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return quote(str(value).strip(), safe="/%-_.~")
    return None


def _joined(text: str, head: str, places: Sequence[re.Match[str]]) -> str:
    """Return an address with its fields in brackets."""
    written = head
    for place, after in zip(places, [*places[1:], None], strict=True):
        key = _KEY.search(written)
        written += f"{{{_name(place)}{':' + plain_name(key[1]) if key else ''}}}"
        limit = min(place.end() + _NEAR, after.start() if after else len(text))
        rest = _TAIL.match(text, place.end(), limit) if place[0][-1] in "\"'`}>" else None
        tail = rest[0] if rest else ""
        written += tail
        if after is None or place.end() + len(tail) != after.start():
            break
    return written


def _name(place: re.Match[str]) -> str:
    names = next(filter(None, place.groups())).split(".")
    last = plain_name(names[-1])
    return plain_name(names[-2]) if last in _CALLED and len(names) > 1 else last


def _absolute(written: str, url: str) -> str | None:
    """Return a pattern as an absolute address, or None."""
    holes: list[str] = []

    def kept(hole: re.Match[str]) -> str:
        holes.append(hole[0])
        return f"zhole{len(holes) - 1}z"

    target = absolute(_HOLE.sub(kept, written), url) if written[:1] != "#" else None
    return target and re.sub(r"zhole(\d+)z", lambda found: holes[int(found[1])], target)


def _is_own(pattern: str) -> bool:
    return all(_IDS.search(name) for name, _ in _HOLE.findall(pattern))


def _last(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[0] if found else ""
