"""Further pages of an article, by the numbered links of its pager."""

import re
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from crawler.extract.page import ParsedPage

_PART_TEXT = re.compile(r"^[\[【(（]?\s*(\d{1,2})\s*[\]】)）]?$")
_PART_MARK = re.compile(r">[\s\[【(（]*(?:\d|&#)")


def linked_parts(page: ParsedPage) -> tuple[str, ...]:
    """Return the pages 2..n in a pager, by their URLs' shape.

    Page n of `.../c_12.htm` is `.../c_12_2.htm` or `.../c_12-2.htm`. A page that is read under
    another address than its pager links (saved, or a twin) is found by the pager's own link 1.
    """
    numbered: dict[str, int] = {}
    if not _PART_MARK.search(page.html):
        return ()
    for node in page.tree.iter("a"):
        text = _PART_TEXT.match("".join(node.itertext()).strip())
        if text is None:
            continue
        try:
            target = urljoin(page.base, (node.get("href") or "").strip()).partition("#")[0]
        except ValueError:
            continue
        numbered.setdefault(target, int(text[1]))
    found = _parts_of(page.url, numbered)
    if found or any(_path(page.url) == _path(target) for target in numbered):
        return found
    first = next((target for target, number in numbered.items() if number == 1), None)
    parts = _parts_of(first, numbered) if first else ()
    # Page n, read alone, is no first page, even where it does not link itpage.
    stem = _path(first or "").rpartition(".")[0]
    return () if re.search(re.escape(stem) + r"[_-]\d{1,2}\.", _path(page.url)) else parts


def _parts_of(url: str, numbered: Mapping[str, int]) -> tuple[str, ...]:
    """Return the `numbered` links that are further pages of an article."""
    stem, _, extension = _path(url).rpartition(".")
    if not stem or "/" in extension or not re.search(r"\d", stem):
        return ()
    shape = re.compile(re.escape(stem) + r"[_-](\d{1,2})\." + re.escape(extension) + r"$")
    parts: dict[int, str] = {}
    for target in numbered:
        match = shape.search(_path(target))
        if match and _host(target) == _host(url):
            parts.setdefault(int(match[1]), target)
    return tuple(parts[number] for number in sorted(parts))


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""
