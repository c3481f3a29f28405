"""Page numbers written by scripts: `createPageHTML` and its kin.

In lists and in articles. Two conventions share the function's name; number and kind of arguments
differ:

* TRS WCM: `createPageHTML(count, current, "index", "html")`, `current` from 0; page 2 is `index_1`.
* UCAP and others: `createPageHTML("page_div", count, current, "index", "shtml", total)`, `current`
  from 1; page 2 is `index_2`.

Portals with the first call but the second numbering exist: on page 1 their `current` is 1, or they
have links to their neighbours in the markup.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from crawler.cms.links import absolute, anchors, between, once
from crawler.limits import whole_number

MAX_PAGES = 2000
"""No listing is followed further: a count above this is a mistake of the page, not a list."""

_CALL = re.compile(
    r"(?<!function )\b(?:createPageHTML|pageControl)\s*\(\s*"
    r"(?:(?P<div>['\"][^'\"]*['\"])\s*,\s*)?"
    r"(?P<count>[0-9]+)\s*,\s*(?P<current>[0-9]+)\s*,\s*"
    r"(?P<q>['\"])(?P<name>[^'\"]+)(?P=q)\s*,\s*['\"](?P<ext>\w+)['\"]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Pages:
    """Pages of a script call: `name.ext`, then `name_<first>.ext` and so on."""

    count: int
    name: str
    ext: str
    first: int

    def urls(self, url: str) -> tuple[str, ...]:
        """Return the absolute URLs of pages 2..count, in order.

        `url` is the page with the call.
        """
        names = (
            f"{self.name}_{self.first + step}.{self.ext}"
            for step in range(min(self.count, MAX_PAGES) - 1)
        )
        return tuple(target for name in names if (target := absolute(name, url)))


def called_pages(text: str, url: str) -> Pages | None:
    """Return the pages of the first page's script call, or None.

    None if there is only one page. A later page gives None, too: its number reads the same in both
    numberings, and page 1 named all pages.
    """
    # Most pages call neither, and what follows takes as long as parsing them.
    # As bytes, which are folded in a third of the time.
    folded = text.encode("utf-8", "replace").lower()
    if b"createpagehtml" not in folded and b"pagecontrol" not in folded:
        return None
    for call in _CALL.finditer(_without_comments(text)):
        count, current = whole_number(call["count"]), whole_number(call["current"])
        if count is None or current is None or count < 2:
            continue
        name, ext = call["name"], call["ext"]
        if re.search(rf"{re.escape(name.rpartition('/')[2])}_\d+\.{ext}$", urlsplit(url).path):
            return None
        one_based = call["div"] or current == 1 or _links_skip_one(text, url, name, ext)
        first = 2 if one_based else 1
        return Pages(count, name, ext, first)
    return None


def numbered(
    text: str, url: str, pattern: str, own: Callable[[str], bool] = lambda url: True
) -> tuple[str, ...]:
    """Return the linked pages of a list, filling the gaps between them.

    `pattern` is a regular expression for a page's URL with the groups `number` and `tail`; `own` is
    True for a page of this list, not another.
    """
    best: tuple[int, str, str] | None = None
    for anchor in anchors(text, url):
        match = re.search(pattern, anchor.url)
        number = whole_number(match["number"]) if match and own(anchor.url) else None
        if match and number is not None and (best is None or number > best[0]):
            best = (number, anchor.url[: match.start("number")], match["tail"])
    if best is None:
        return ()
    last, head, tail = best
    return once((f"{head}{n}{tail}" for n in range(2, min(last, MAX_PAGES) + 1)), url)


def _links_skip_one(text: str, url: str, name: str, ext: str) -> bool:
    """Return True if page 1 links `name_2` and never `name_1`."""
    stem = rf"{re.escape(name.rpartition('/')[2])}_(\d+)\.{ext}"
    if not re.search(stem, text):
        return False
    seen = {
        whole_number(match[1])
        for anchor in anchors(text, url)
        if (match := re.search(stem + "$", urlsplit(anchor.url).path))
    }
    return bool(seen) and 1 not in seen and 2 in seen


def _without_comments(text: str) -> str:
    # A script's own code may stand in <!-- -->: only comments around a whole element are cut.
    kept, last = [], 0
    for start, end in between(text, "<!--", "-->"):
        if "<script" in text[start:end].lower():
            kept.append(text[last:start])
            last = end
    return "".join([*kept, text[last:]])
