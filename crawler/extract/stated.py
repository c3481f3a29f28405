"""Dates that a page states for machines: structured data and attributes."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any
from urllib.parse import urldefrag, urljoin

from lxml import etree

from crawler.extract.dates import Moment, leading_date

Ranked = tuple[int, dict[str, Any]]
"""An object of structured data after its rank: the higher, the surer it is the article."""

_SCRIPT = re.compile(r"<script[^>]{1,200}application/ld\+json[^>]{0,200}>", re.I)
_SCRIPTS = 20
_LONGEST_SCRIPT = 50_000
"""Scripts that are read, and most characters of one; set by hand, not measured."""
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_COMMENT = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[)|(?:-->|//\s*\]\]>)\s*$")
_STORY = re.compile(r"article$|posting$|report$|^(?:pressrelease|newsarticle)$", re.I)
_OTHER = re.compile(
    r"(?:site|organi[sz]ation|person|object|comment|event|product|offer|item|list|action|rating|"
    r"jobposting|place|series|book|movie|dataset|application)$",
    re.I,
)
"""Types of texts, and of what is no text; any other may be a page's own."""
_DATES = ("datePublished", "pubDate")
_LISTS = frozenset(("itemListElement", "comment", "review", "hasPart", "citation", "isPartOf"))
"""Properties whose objects are other texts or the site."""
_ADDRESSES = ("url", "@id", "mainEntityOfPage")
_DATA = re.compile(r"^data-(?!.*(?:updat|modif|creat|edit|now|expir|start|end))", re.I)
_NAMED = re.compile(
    r"(?:article|news|info|doc|document|content|page|art|post)?"
    r"(?:publish|pub|release|issue|fabu|fb)(?:ed)?(?:date|time|datetime|on|at|shijian|riqi|sj|rq)"
)
"""Names of a date of publication in fields and scripts, without their signs."""
_WRITTEN = re.compile(
    r"(?:article|news|info|doc|document|content|page|art|post)?"
    r"(?:create|creat|add|input|write)(?:ed|d)?(?:date|time|datetime|on|at)"
)
"""Names of the day of writing in fields and scripts, without their signs."""
_AGO = re.compile(
    r"\s*(?:刚刚|剛剛|昨天|前天|今天|\d{1,3}\s*(?:分钟|分鐘|小时|小時|天|周|个?月|年)前|yesterday|today|"
    r"just now|(?:an?|\d{1,3})\s*(?:min(?:ute)?|hour|day|week|month|year)s? ago)\s*",
    re.I,
)
"""Distance of a date from the visit, which a page shows in its place."""
_OF_TIME = re.compile(r"date|time|publish|stamp", re.I)


def objects_in_scripts(html: str, url: str) -> list[Ranked]:
    """Return the objects of a page's JSON-LD that may be its article."""
    if "ld+json" not in html:
        return []
    ranked: list[Ranked] = []
    for script in islice(_SCRIPT.finditer(html), _SCRIPTS):
        end = html.find("</script", script.end(), script.end() + _LONGEST_SCRIPT)
        if end < 0:
            continue
        for found in _objects(_parsed(html[script.end() : end])):
            if rank := _rank(found, url):
                ranked.append((rank, found))
    return ranked


def date_among(objects: Sequence[Ranked]) -> str | None:
    """Return the date of publication in structured data, as written.

    Of the article's own object: of a type for texts, of this address if it has any; else of the
    page's, or of one without a type. Never of the site or of articles in a list.
    """
    return _stated(objects, _DATES)


def headline_among(objects: Sequence[Ranked]) -> str | None:
    """Return the headline in structured data, of the article's own object."""
    return _stated(objects, ("headline",))


def _stated(objects: Sequence[Ranked], names: Sequence[str]) -> str | None:
    """Return a value of the object that is most surely the article's."""
    found_at: list[tuple[int, str]] = []
    for rank, found in objects:
        value = next((found[name] for name in names if isinstance(found.get(name), str)), None)
        if value:
            found_at.append((rank, value))
    if not found_at:
        return None
    best = max(found_at, key=lambda each: each[0])[1]
    # The page's own object may have the minute of the article's day.
    return max((value for _, value in found_at if value.startswith(best)), key=len)


def _parsed(text: str) -> object:
    """Return the value of a script; None if unreadable."""
    text = _TRAILING_COMMA.sub("", _COMMENT.sub("", text))
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _objects(value: object) -> Iterator[dict[str, Any]]:
    """Yield the objects of structured data, outer ones first."""
    waiting = [value]
    while waiting:
        value = waiting.pop(0)
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            yield value
            waiting += [inner for name, inner in value.items() if name not in _LISTS]


def _rank(found: dict[str, Any], url: str) -> int:
    """Return the rank of an object; 0 for another article's."""
    kinds = found.get("@type") or []
    kinds = [
        str(kind).rsplit("/", 1)[-1] for kind in (kinds if isinstance(kinds, list) else [kinds])
    ]
    addresses = [_address(found.get(name), url) for name in _ADDRESSES]
    stated = [address for address in addresses if address]
    own = urldefrag(url)[0].partition("://")[2] in stated
    if any(_OTHER.search(kind) for kind in kinds):
        return 0
    if any(_STORY.search(kind) for kind in kinds):
        return 4 if own else 2 if stated else 3
    return 1


def _address(value: object, url: str) -> str | None:
    """Return an address without its scheme and fragment."""
    if isinstance(value, dict):
        value = value.get("@id") or value.get("url")
    if not isinstance(value, str) or not value:
        return None
    try:
        return urldefrag(urljoin(url, value))[0].partition("://")[2]
    except ValueError:
        return None


def date_in_attributes(nodes: Iterable[etree._Element]) -> str | None:
    """Return the date of publication in attributes, as written.

    `nodes` are those between title and text: everywhere else templates leave stale dates.
    """
    for node in nodes:
        if not isinstance(node.tag, str):
            continue
        for value in _stated_by(node):
            moment = leading_date(value)
            if moment and moment.precision in ("day", "minute"):
                return value
    return None


def _stated_by(node: etree._Element) -> Iterator[str]:
    """Yield the attributes that may be a date of publication."""
    mark = f"{node.get('itemprop') or ''} {node.get('class') or ''}".lower()
    if "modified" in mark or "updated" in mark.split():
        return
    published = "published" in mark.split() or "datepublished" in mark
    names = ["datetime"] if node.tag == "time" else []
    ago = _AGO.fullmatch(node.text or "")
    names += ["content", "datetime", "title"] if published or ago else []
    names += [
        str(name) for name in node.attrib if _DATA.match(str(name)) and _OF_TIME.search(str(name))
    ]
    for name in names:
        if value := (node.get(name) or "").strip():
            yield value


def date_named(values: Iterable[tuple[str, str]]) -> Moment | None:
    """Return the date of publication among named values, or of writing.

    None unless all agree: data of other articles have dates of the same names.
    """
    named = [(re.sub(r"[\W_]", "", name).lower(), value) for name, value in values]
    for pattern in (_NAMED, _WRITTEN):
        found = [
            moment
            for name, value in named
            if pattern.fullmatch(name) and (moment := leading_date(value))
        ]
        if found:
            agree = len({moment.at.date() for moment in found}) == 1
            return max(found, key=lambda each: each.precision == "minute") if agree else None
    return None
