"""Page numbers that scripts write: `createPageHTML` and its kin.

In lists and in articles. Two conventions share the function's name; number and kind of arguments
differ:

* TRS WCM: `createPageHTML(count, current, "index", "html")`, `current` from 0; page 2 is `index_1`.
* UCAP and others: `createPageHTML("page_div", count, current, "index", "shtml", total)`, `current`
  from 1; page 2 is `index_2`.

Portals with the first call but the second numbering exist: on page 1 their `current` is 1, or they
have links to their neighbours in the markup. The same values also come as variables, as an object
(`new Pager({size: 9, prefix: "index", suffix: "html"})`), in other orders, or beside a line of the
script that joins the name of a page: `"index_" + n + ".html"`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from urllib.parse import urlsplit

from crawler.cms.field_names import field_names, plain_name
from crawler.cms.links import absolute, anchors, between, once
from crawler.limits import whole_number

MAX_PAGES = 2000
"""No listing is followed further: a count above this is a mistake of the page, not a list."""

_CALL = re.compile(
    r"(?<!function )(?<![\w.$])(?P<function>[\w.$]{0,40}?(?:page|paging|pagination)\w{0,30})"
    r"\s*\(\s*(?P<args>(?:[^(){};]|\([^(){};]{0,80}\)){3,400})(?:\)|(?<=,)\s*(?:function\s*)?\(\w*\)\s*(?:=>\s*)?\{)",
    re.IGNORECASE,
)
_ANY_CALL = re.compile(
    r"(?<!function )(?<![\w.$])(?P<function>[\w.$]{1,40})\(\s*(?P<args>[^(){};]{3,400}?[\"']\.?"
    r"[xsj]?html?[\"'][^(){};]{0,200})\)"
)
"""Call of any function with the ending of a page's name."""
_ENDING = re.compile(r"(?:_\d{1,6})?\.\w{1,6}$")
_WHOLE = re.compile(r"(?<![\w.])\d{1,9}(?![\w.])")
_EXT = re.compile(r"[\"']\.?[xsj]?html?[\"']")
_OBJECT = re.compile(
    r"(?<![\w$])(?P<function>[A-Za-z_$.][\w$.]{0,40})\s*(?:\(\s*|=\s*[\"']?)"
    r"(?:[\"']?(?P<total>\d{1,9})[\"']?\s*,\s*|[\"'][^\"'\n]{0,60}[\"']\s*,\s*)?\{(?P<fields>(?:[^{}]|\{\w{0,12}\}){5,1500})",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"[\"']?\b([A-Za-z_]\w{0,40})[\"']?\s*:\s*"
    r"(\"[^\"]*\"(?:\s*\+\s*\"[^\"]*\")?|'[^']*'(?:\s*\+\s*'[^']*')?|[\w$.]{1,60})"
)
_SET = re.compile(
    r"\.searchParams\.set\(\s*[\"'](\w{1,30})[\"']\s*,|[\"'](\w{1,30})=[\"']\s*\+\s*[A-Za-z_$]"
)
_LOOP = re.compile(
    r"\bfor\s*\(\s*(?:var|let)?\s*\w+\s*=\s*([012])\s*;\s*\w+\s*<=?\s*([A-Za-z_$][\w$]{0,40})\s*;"
)
_LOOPED = 600
"""Characters of a loop in which the name of a page is looked for; set by hand."""
_REPLACED = re.compile(
    r"([A-Za-z_$][\w$]{0,40}|\"[^\"\n]{1,120}\"|'[^'\n]{1,120}')\.replace\(\s*[\"'/]([^\"'/\n]{1,30})"
    r"[\"'/]\w?\s*,\s*[A-Za-z_$]"
)
_ASSIGNED = re.compile(
    r"(?<![\w.$])([A-Za-z_$][\w$]{0,40})\s*=\s*(?:(?:parseInt|Number|Math\.ceil)\s*\(\s*)?"
    r"(\"[^\"<>\n]{0,80}\"|'[^'<>\n]{0,80}'|\d{1,9})\s*(?=[;,)\n\r}<]|//|/\*|$)"
)
_ATTRIBUTE = re.compile(
    r"\b(?:data-)?(total-?pages?|page-?count|pages|count-?page)=[\"']?(\d{1,5})\b", re.IGNORECASE
)
_JOINED = re.compile(
    r"(?<![\w./?=&%-])(?P<head>[\w./?=&%-]{0,120})"
    r"(?:[\"'`]\s*\+\s*(?P<word>[\"']_[\"']\s*\+\s*)?"
    r"\(?\s*(?P<number>\$\(this\)\.\w{1,10}\([^()]{0,30}\)|"
    r"[A-Za-z_$][\w.$]{0,40}(?:\(\)|\[[^\[\]]{1,40}\]\.\w{1,20})?)"
    r"(?P<less>\s*-\s*1)?(?:\s*\+\s*1)?"
    r"\s*\)?(?:\s*\+\s*[\"'`](?P<dot>\.[\"'`]\s*\+\s*[\"'`])?|(?=\s*[;,)}\n]))"
    r"|\$\{[^{}]{1,60}\})"
    r"(?P<tail>[\w./?=&%-]{0,60})"
)
_COUNTING = re.compile(r"\bdata-(?:total|page|count|record)[\w-]{0,20}=", re.IGNORECASE)
_SIGNS = (b"page", b"paging", b"data-total", b"index_")
_DATA = re.compile(r"\bdata-([\w-]{1,30})=(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_ELEMENTS, _LONGEST_TAG = 20, 2000
"""Elements with such attributes, and characters of one, that are looked at; set by hand."""
_OF_THIS_PAGE = re.compile(r"cur|now", re.IGNORECASE)
_PAGE = re.compile(r"page|paging|pagination", re.IGNORECASE)
_HOLE = re.compile(r"\{\w*\}|%7B\w+%7D|#\w+#|__\w+__|\[page\]|%d|_PAGE_|\*", re.IGNORECASE)
_TEMPLATE = re.compile(
    r"(?=[^\s<>]*[/.?])[^\s<>{}]{0,200}(?:\{(?:page|p|n|num|pageNo|0)\}|__PAGE__|\[page\]|#page#|_PAGE_|%d)"
    r"[^\s<>{}]{0,100}",
    re.IGNORECASE,
)
"""Address with a place for a page's number, under any name."""
_EXTENSION = re.compile(r"\.?((?:x|s|j)?html?|jsp|aspx?|php|do)", re.IGNORECASE)
_STATIC = re.compile(r"(?:/|/(?P<name>[\w-]+)\.(?P<ext>[sjx]?html?))$", re.IGNORECASE)
_LATER = re.compile(r"_\d+$")
_ASKED = re.compile(r"\$\.(?:ajax|get|post|getJSON)\b|\bfetch\(|XMLHttpRequest|axios", re.I)
_DRAWS = re.compile(
    r"(?:create|show|turn|make|set)_?page|page_?(?:control|nav|html|list|turn)|pager|"
    r"pag(?:ing|ination)",
    re.IGNORECASE,
)

_PAGES = frozenset(field_names("page"))
_COUNT = frozenset(field_names("script pages"))
_TOTAL = frozenset(field_names("script total"))
_SIZE = frozenset(field_names("script page size"))
_CURRENT = frozenset(field_names("script page"))
_NAME = frozenset(field_names("script name"))
_SUFFIX = frozenset(field_names("script suffix"))
_PREFIX = re.compile(r"^(?:mn|mi|ms|str|int|s|n|i)(?=(?:page|rec|total|curr|count|file))")


@dataclass(frozen=True, slots=True)
class Pages:
    """Pages that a script names: `head` + number + `tail`.

    Page 2 has the number `first`. `total` is the number of entries where the count rests on those
    shown. `whole` is True for a name with a place for any number, the first page's, too.
    """

    count: int
    head: str
    tail: str
    first: int
    total: int | None = None
    whole: bool = False

    @property
    def name(self) -> str:
        """Name of page 1, without its extension."""
        return self.head.removesuffix("_")

    def urls(self, url: str) -> tuple[str, ...]:
        """Return the absolute URLs of pages 2..count, in order.

        `url` is the page with the call.
        """
        numbers = range(self.first, self.first + min(self.count, MAX_PAGES) - 1)
        names = (f"{self.head}{number}{self.tail}" for number in numbers)
        return tuple(target for name in names if (target := absolute(name, url)))


def called_pages(text: str, url: str, shown: int = 0) -> Pages | None:
    """Return the pages of the first page's script, or None.

    `shown` are the entries of the first page, for a script that names the number of all alone. None
    if there is only one page. A later page gives None, too: its number reads the same in both
    numberings, and page 1 named all pages.
    """
    # Most pages write no numbers, and what follows takes as long as parsing them.
    # As bytes, which are folded in a third of the time.
    folded = text.encode("utf-8", "replace").lower()
    if not any(sign in folded for sign in _SIGNS) and not _EXT.search(text):
        return None
    written = _without_comments(text)
    known = assigned(written)
    for candidate in _candidates(written, url, known, shown):
        if candidate.count < 2:
            continue
        stem = re.escape(candidate.head.rpartition("/")[2])
        here = re.search(rf"{stem}(\d{{1,6}}){re.escape(candidate.tail)}$", url)
        # Pages in a query count from 1: ?page=1 is the first; index_1 is most sites' second.
        may_be_first = "?" in candidate.head or candidate.whole
        if here and not (may_be_first and int(here[1]) < candidate.first):
            return None
        if candidate.first == 1 and _links_skip_one(text, url, candidate):
            return Pages(candidate.count, candidate.head, candidate.tail, 2)
        return candidate
    return None


def joined_pages(text: str, url: str, count: int, *, zero: bool = False) -> Pages | None:
    """Return `count` pages whose names a script joins, or None.

    Of `location.href = "index_" + n + ".html"` without a count of its own. With `zero`, page 1 has
    that number.
    """
    written = _without_comments(text)
    current = _number(_first_of(_CURRENT, _plain_names(assigned(written))))
    found = _joined(written, 1 if zero or current == 0 else 2) or _set_in_query(written, url)
    return Pages(count, *found) if found and count > 1 else None


def _set_in_query(written: str, url: str) -> tuple[str, str, int] | None:
    """Return the list's address up to the page that a script sets."""
    for match in _SET.finditer(written):
        name = match[1] or match[2]
        if plain_name(name) in _PAGES:
            head, _, query = url.partition("?")
            kept = [pair for pair in query.split("&") if pair and pair.partition("=")[0] != name]
            return f"{head}?{'&'.join([*kept, name])}=", "", 2
    return None


@lru_cache(maxsize=1)  # every call of a pager asks
def assigned(written: str) -> dict[str, str]:
    """Return the values that scripts give to variables; the first counts."""
    found: dict[str, str] = {}
    for name, value in _ASSIGNED.findall(written):
        found.setdefault(name, value.strip("\"'"))
    return found


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


def _candidates(written: str, url: str, known: dict[str, str], shown: int) -> Iterator[Pages]:
    """Yield the pages that calls, objects and variables of scripts name."""
    for call in _calls(written):
        pages = _of_call(
            call["function"], call["args"].split(","), known, written, url, shown=shown
        )
        if pages and (call.re is _CALL or _is_own(pages, call["args"], url)):
            yield pages
    for match in _OBJECT.finditer(written):
        fields = {key: _resolved(value, known) for key, value in _FIELD.findall(match["fields"])}
        if match["total"]:
            fields.setdefault("total", match["total"])
        pages = _of_fields(_plain_names(fields), written, url, shown)
        if pages and (_PAGE.search(match["function"]) or _names_page(fields)):
            yield pages
        elif pages is None and (
            given := [f'"{v}"' if not v.isdigit() else v for v in fields.values()]
        ):
            # Of names that nobody knows, the values show which is which.
            pages = _of_call("", given, known, written, url, shown=shown)
            if pages:
                yield pages
    for fields in _attributes(written):
        named = _names_page(fields)
        pages = _of_fields(_plain_names(fields), written, url, shown) if named else None
        if pages:
            yield pages
    yield from _loops(written, known)
    variables = {
        name: value
        for name, value in _plain_names(known).items()
        if re.search(r"page|rec|total|count|curr|^file(?:name|ext)", name)
        or (name in _SIZE and value == str(shown))
    }
    if template := next((v for v in known.values() if _TEMPLATE.fullmatch(v)), None):
        variables = {k: v for k, v in variables.items() if k not in _NAME} | {"name": template}
    for name, value in _ATTRIBUTE.findall(written):
        variables.setdefault(name.replace("-", "").lower(), value)
    pages = _of_fields(variables, written, url)
    if pages:
        yield pages


def _calls(written: str) -> Iterator[re.Match[str]]:
    yield from _CALL.finditer(written)
    if _EXT.search(written):
        yield from _ANY_CALL.finditer(written)


def _is_own(pages: Pages, args: str, url: str) -> bool:
    """Return True if a call has pages of this list.

    Sliders, polls and windows have numbers and pages, too: but not the list's own name, and the
    first page's number.
    """
    here = _ENDING.sub("", urlsplit(url).path.rpartition("/")[2])
    numbers = [int(number) for number in _WHOLE.findall(args)]
    first = len(numbers) < 2 or any(number < 2 for number in numbers)
    name = pages.name.rpartition("/")[2]
    # A folder does not say its list's name: a number more, the entries', does.
    return first and (name == (here or "index") or (not here and len(numbers) > 2))


def _loops(written: str, known: dict[str, str]) -> Iterator[Pages]:
    """Yield the pages that a loop of a script writes."""
    for loop in islice(_LOOP.finditer(written), _ELEMENTS):
        count = _number(known.get(loop[2], ""))
        found = _joined(written[loop.end() : loop.end() + _LOOPED], 1 if loop[1] == "0" else 2)
        if count and found:
            yield Pages(count, *found)


def _attributes(written: str) -> Iterator[dict[str, str]]:
    """Yield the `data-` attributes of elements that count pages or entries."""
    last = -1
    for match in islice(_COUNTING.finditer(written), _ELEMENTS):
        start, end = written.rfind("<", 0, match.start()), written.find(">", match.end())
        if last < start < end < start + _LONGEST_TAG:
            last = start
            named = _DATA.findall(written[start:end])
            yield {name.lower().replace("-", ""): one or other for name, one, other in named}


def _names_page(fields: dict[str, str]) -> bool:
    """Return True if an object has the parts of a page's name."""
    plain = _plain_names(fields)
    name = _first_of(_NAME, plain)
    return bool(_HOLE.search(name) or (name and _EXTENSION.fullmatch(_first_of(_SUFFIX, plain))))


def _of_call(
    function: str, args: Sequence[str], known: dict[str, str], written: str, url: str, *, shown: int
) -> Pages | None:
    """Return the pages of a call with its arguments in any order."""
    values = [_resolved(arg, known) for arg in args]
    named = next((at for at, value in enumerate(values) if _EXTENSION.fullmatch(value)), 0) - 1
    if named > 1 and args[named].strip()[:1] not in ("'", '"'):
        named = -1
    words = [
        (at, value)
        for at, value in enumerate(values)
        if value and (at == named or not value.isdigit())
    ]
    ext = next(((at, m[1]) for at, v in words if (m := _EXTENSION.fullmatch(v))), None)
    before = [value for at, value in words if ext and at < ext[0]]
    hole = next((match for _, value in words if (match := _HOLE.search(value))), None)
    if ext is None and hole is None and not _DRAWS.search(function):
        return None
    numbers = [
        (at, number)
        for at, value in enumerate(values)
        if at != named and (number := whole_number(value)) is not None
    ]
    if ext and len([at for at, _ in numbers if at < ext[0]]) >= 2:
        numbers = [(at, number) for at, number in numbers if at < ext[0]]
    counted = _counted([number for _, number in numbers], shown)
    if counted is None:
        return None
    count, current = counted
    if hole:
        return Pages(count, hole.string[: hole.start()], hole.string[hole.end() :], 2, whole=True)
    if ext is None:
        found = _joined(written, 1 if current == 0 else 2)
        return Pages(count, *found) if found else _named_by(url, count, current)
    if not before:
        return None
    divided = len(before) > 1 and words[0][0] < min(at for at, _ in numbers)
    return Pages(count, _stem(before[-1]), f".{ext[1]}", 2 if divided or current == 1 else 1)


def _stem(name: str) -> str:
    """Return a page's name with the mark before its number."""
    return name if name.endswith(("_", "-", "=", "/")) else f"{name}_"


def _counted(numbers: list[int], shown: int) -> tuple[int, int] | None:
    """Return the count of pages, and the first page's number.

    Calls write them in either order, and some the number of entries before both. Where the size of
    a page is among them, which is the number of entries `shown`, the count is theirs.
    """
    if len(numbers) < 2:
        return None
    current = next((number for number in numbers if number <= 1), None)
    larger = [number for number in numbers if number > 1]
    if current is not None and shown > 1 and len(larger) > 1:
        total = max(larger)
        pages = -(-total // shown)
        if pages > 1 and total > shown and (pages in larger or shown in larger):
            return pages, current
    at = next((at for at, number in enumerate(numbers) if number <= 1), None)
    if at is None:
        return max(numbers[:2]), min(numbers[:2])
    return (numbers[at - 1] if at else numbers[1]), numbers[at]


def _of_fields(fields: dict[str, str], written: str, url: str, shown: int = 0) -> Pages | None:
    """Return the pages that named values describe."""
    pages = _named_pages(fields, written, url)
    total = _number(_first_of(_TOTAL, fields))
    if pages or not total or _first_of(_SIZE, fields) or shown in (0, total):
        return pages
    if total < shown:  # it counts pages
        return _named_pages(fields | {"pages": str(total)}, written, url)
    pages = _named_pages(fields | {"pagesize": str(shown)}, written, url)
    return replace(pages, total=total) if pages else None


def _named_pages(fields: dict[str, str], written: str, url: str) -> Pages | None:
    """Return the pages that values with a number of them describe."""
    size = _number(_first_of(_SIZE, fields))
    count = _number(_first_of(_COUNT, fields))
    total = _number(_first_of(_TOTAL, fields))
    name, suffix = _first_of(_NAME, fields), _first_of(_SUFFIX, fields)
    extension = _EXTENSION.fullmatch(suffix)
    if count is None and total and size:
        count = -(-total // size)
    if count is None and extension:
        count = size  # `new Pager({size: 9, prefix: ..})`
    if count is None or count < 2:
        return None
    current = _number(_first_of(_CURRENT, fields))
    first = 1 if current == 0 else 2
    if hole := _HOLE.search(name):
        # jQuery's plugin counts from 0 there.
        counted = first if hole[0] == "__id__" else 2
        return Pages(count, name[: hole.start()], name[hole.end() :], counted, whole=True)
    if extension and name:
        return Pages(count, _stem(name), f".{extension[1]}", first)
    if found := _joined(written, first):
        return Pages(count, *found)
    if current is None or _ASKED.search(written):
        return None  # nothing shows how its pages are named
    return _named_by(url, count, current)


def _named_by(url: str, count: int, current: int) -> Pages | None:
    """Return pages named after the list page itself, or None.

    None for a page whose name shows no pattern.
    """
    match = _STATIC.search(urlsplit(url).path)
    if match is None or _LATER.search(match["name"] or ""):
        return None
    head, ext = match["name"] or "index", match["ext"] or "html"
    return Pages(count, f"{head}_", f".{ext}", 1 if current == 0 else 2)


def _joined(written: str, first: int) -> tuple[str, str, int] | None:
    """Return a name's parts around a joined number, and page 2's."""
    for match in _JOINED.finditer(written):
        head = match["head"].rpartition("href=")[2]
        head += "_" if match["word"] else ""
        tail = ("." if match["dot"] else "") + match["tail"]
        if match["less"] and _OF_THIS_PAGE.search(match["number"]):
            continue  # the page before
        number = 1 if match["less"] else first
        if tail.startswith(".") and _EXTENSION.fullmatch(tail.partition("?")[0]) and head:
            return head, tail, number
        if re.search(r"[?&]\w*p(?:age|g|n)?\w{0,8}=$", head, re.IGNORECASE):
            return head, tail if tail.startswith("&") else "", number
    for match in _REPLACED.finditer(written):
        value = _resolved(match[1], assigned(written))
        head, hole, tail = value.partition(match[2])
        if hole and head and _HOLE.fullmatch(hole):
            return head, tail, first
    return None


def _plain_names(fields: dict[str, str]) -> dict[str, str]:
    plain: dict[str, str] = {}
    for name, value in fields.items():
        plain.setdefault(_PREFIX.sub("", name.replace("_", "").lower()), value)
    return plain


def _resolved(value: str, known: dict[str, str]) -> str:
    """Return a literal's text, or the value of a variable."""
    value = value.strip()
    if value[:1] in ("'", '"'):
        return re.sub(r"[\"']\s*\+\s*[\"']", "", value).strip("\"'")
    if value.isdigit():
        return value
    return known.get(value, "")


def _first_of(names: frozenset[str], fields: dict[str, str]) -> str:
    return next((value for name, value in fields.items() if name in names and value), "")


def _number(text: str) -> int | None:
    return whole_number(text) if text else None


def _links_skip_one(text: str, url: str, pages: Pages) -> bool:
    """Return True if page 1 links number 2 and never number 1."""
    stem = rf"{re.escape(pages.head.rpartition('/')[2])}(\d+){re.escape(pages.tail)}"
    if not re.search(stem, text):
        return False
    seen = {
        whole_number(match[1])
        for anchor in anchors(text, url)
        if (match := re.search(stem + "$", anchor.url))
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
