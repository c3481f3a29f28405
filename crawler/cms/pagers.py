"""Pagers made of links: numbers, words, arrows, `rel=next`, buttons.

Any family's list may have one. A pager shows some of its pages; where their addresses differ in one
number only, the pages between and the pages up to a stated total are named, too.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree

from crawler.cms.forms import Asked, form_pages
from crawler.cms.links import (
    absolute,
    base_of,
    encoded,
    is_file,
    once,
    query_encoding,
    root_of,
    squeeze,
)
from crawler.cms.openers import decided
from crawler.cms.paging import MAX_PAGES, assigned, joined_pages
from crawler.limits import whole_number
from crawler.phrases import alternatives
from crawler.posted import Fields
from crawler.script import HAN

_WORDS = {
    kind: re.compile(alternatives("crawler.cms/pager_words.tsv", kind), re.IGNORECASE)
    for kind in ("next", "last", "back")
}
_NUMBER = re.compile(r"(?:第\s*|page\s*|p\.?\s*)?(\d{1,5})(?:\s*[页頁])?", re.IGNORECASE)
_SPACED = re.compile(rf"(?<=[{HAN}])\s+(?=[{HAN}])")
_SIGNS = " \t\u3000[]()（）【】<>《》«»‹›→←⇒⇐▶◀►◄≫≪＞＜⟩⟨❯❮|·.…\xa0-–—:：»"
_FORWARD = re.compile(r"[>›»→⇒▶►≫＞⟩❯]")
_BACKWARD = re.compile(r"[<‹«←⇐◀◄≪＜⟨❮]")
_NEXT_CLASS = re.compile(r"(?:^|[\s_-])(?:next|nextpage|pagedown)(?:$|[\s_-])", re.IGNORECASE)
_BACK_CLASS = re.compile(r"(?:^|[\s_-])(?:prev|previous|first)(?:$|[\s_-])", re.IGNORECASE)
_ENDING = re.compile(r"(?:(?<!\d)\d+|[_-]\d+)?(?:\.\w+)?/?$")
_LONGEST_LABEL = 24
"""Characters of a label of a pager; a longer text is a title. Set by hand, not measured."""
_FIRST_YEAR = 1900
"""Number from which on links without smaller ones name years of an archive, not pages."""
_NEAR = 400
"""Characters before a stated number that show if it is in a link. Set by hand, not measured."""
_QUOTED = re.compile(r"[\"']([^\"'\s<>]{1,300})[\"']")
_ESCAPED = re.compile(r"\\(?:u00|x)([0-9a-fA-F]{2})")
_ASKED = re.compile(r"\(\s*(?:this\s*,\s*)?[\"']?(\d{1,5})[\"']?\s*[,)]")
_GAP = r"(?:\s|&nbsp;|<[^<>]{0,80}>){0,6}"
_STATED = re.compile(
    rf"[共分/／]{_GAP}(?:有{_GAP})?(\d{{1,5}}){_GAP}[页頁]"
    rf"|\b[Pp]ages?{_GAP}:?{_GAP}\d{{1,5}}{_GAP}(?:of|/){_GAP}(\d{{1,5}})\b"
    rf"|页次{_GAP}[:：]{_GAP}\d{{1,5}}{_GAP}[/／]{_GAP}(\d{{1,5}})"
    rf"|\b[Tt]otal(?: of)?{_GAP}:?{_GAP}(\d{{1,5}}){_GAP}pages?\b"
    r"|\btotal-?pages?=[\"']?(\d{1,5})\b"
    rf"|(?:总|總)(?:页|頁)(?:数|數)?{_GAP}[:：]?{_GAP}(\d{{1,5}})"
    r"|\b(?i:id|name)=[\"']?(?i:total_?pages?|page_?count)[\"']?\s+(?i:value)=[\"']?(\d{1,5})\b"
)
_COUNT = r"(\d{1,3}(?:,\d{3})+|\d{1,7})"
_ENTRIES = re.compile(
    rf"(?:共|(?:查询|搜索|检索|找)到){_GAP}(?:有{_GAP}|计{_GAP})?{_COUNT}{_GAP}(?:条|條|篇|则|个记录|项)"
    rf"|(?:总|總)(?:记录|記錄|条|條|信息)?(?:数|數){_GAP}[:：]{_GAP}{_COUNT}"
    rf"|\b(?:of|[Tt]otal:?){_GAP}{_COUNT}{_GAP}(?:results|items|records|entries|articles)\b"
    rf"|\b{_COUNT}{_GAP}(?:results|items|records|entries|articles){_GAP}found\b"
    rf"|\b\d{{1,7}}{_GAP}[-–]{_GAP}\d{{1,7}}{_GAP}of{_GAP}{_COUNT}\b"
    r"|\bdata-(?:total|record)-?(?:count|records?|num)?=[\"']?(\d{1,7})\b"
)
_SIZE = re.compile(
    rf"每{_GAP}(?:页|頁){_GAP}(?:显示|顯示)?{_GAP}(\d{{1,3}}){_GAP}(?:条|條|篇|则|则|項|项)"
    rf"|\b(\d{{1,3}}){_GAP}(?:per page|/ ?page|(?:条|條){_GAP}/{_GAP}(?:页|頁))"
)
_SHOWN = re.compile(rf"\b(1){_GAP}[-–]{_GAP}(\d{{1,3}}){_GAP}of{_GAP}\d", re.IGNORECASE)
_ADDRESSES = ("tagname", "data-url", "data-href", "data-link", "formaction", "hx-get")
_NEXT_ADDRESSES = ("data-next", "data-next-url", "data-next-page", "data-nexturl")
_ELEMENTS = ("a", "area", "link", "button", "span", "li", "option", "input", "div", "td")
_LONGEST_CALL = 200
"""Characters of a call to a function of the page; set by hand."""
_HAN_NUMBERS = "一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class _Mark:
    """Link of a pager: its kind, the page's number, and the address.

    `asked` is the number that a script is called with in place of an address, `script` the call.
    """

    kind: str
    number: int | None
    url: str | None
    asked: int | None = None
    script: str = ""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Addresses of a pager: one number between two parts.

    The number is `offset` at page 0, and grows in `step`s, or falls where a system numbers the
    oldest page 1.
    """

    head: str
    tail: str
    offset: int = 0
    step: int = 1
    width: int = 1

    def url(self, page: int) -> str:
        """Return the address of a page."""
        return f"{self.head}{self.offset + page * self.step:0{self.width}d}{self.tail}"

    def page(self, url: str) -> int | None:
        """Return the number of the page of an address, or None."""
        if not url.startswith(self.head) or not url.endswith(self.tail):
            return None
        written = whole_number(url[len(self.head) : len(url) - len(self.tail) or None])
        return None if written is None else (written - self.offset) // self.step


@dataclass(frozen=True, slots=True)
class Pager:
    """Pager of a list page: addresses of further pages, nearest first.

    `stated` and `entries` are the numbers of pages and entries that it shows, `unread` the mark of
    a further page without an address, `state` the fields sent with its requests.
    """

    urls: tuple[str, ...] = ()
    stated: int | None = None
    entries: int | None = None
    unread: str = ""
    state: Fields = ()


def pager_of(text: str, url: str, is_article: Callable[[str], bool], second: int = 2) -> Pager:
    """Return the pager of a list page; articles are not its pages.

    Where it shows only the last page's number, page 2 has the number `second`.
    """
    root = root_of(text)
    if root is None:
        return Pager()
    marks = _without_years(list(_marks(root, url, text, is_article)))
    entries = _last_stated(_ENTRIES, text)
    stated = _last_stated(_STATED, text) or 0
    last = min(stated or _counted(text, entries), MAX_PAGES)
    urls = once(_filled(marks, url, last, second), url)
    asked = [mark.asked for mark in marks if mark.url is None and mark.asked]
    zero = any(mark.asked == 0 and mark.number == 1 for mark in marks)
    if not urls and asked:
        pages = joined_pages(text, url, max(*asked, last) + zero, zero=zero)
        urls = once(pages.urls(url), url) if pages else ()
    state: Fields = ()
    if not urls:
        calls = [Asked(m.kind, m.number, m.script, m.asked) for m in marks if m.script]
        urls, state = form_pages(root, url, calls, last) if calls else ((), ())
    words = ("next", "last")  # numbers without addresses are those of a row of pictures, too
    unread = "" if urls else next((m.kind for m in marks if not m.url and m.kind in words), "")
    return Pager(urls, stated or None, entries, unread, state)


def _without_years(marks: list[_Mark]) -> list[_Mark]:
    """Return the marks without numbers, if all those are years."""
    numbers = [mark.number for mark in marks if mark.number is not None]
    if not numbers or min(numbers) < _FIRST_YEAR:
        return marks
    return [mark for mark in marks if mark.number is None]


def _counted(text: str, entries: int | None) -> int:
    """Return the pages of stated entries, 0 without their size."""
    size = _last_stated(_SIZE, text) if entries else None
    if entries and size is None and (shown := _SHOWN.search(text)):
        size = int(shown[2]) - int(shown[1]) + 1
    return -(-entries // size) if entries and size and 0 < size < entries else 0


def _last_stated(pattern: re.Pattern[str], text: str) -> int | None:
    """Return the number in the last match outside links and sentences.

    A pager is below its list.
    """
    found = None
    for match in pattern.finditer(text):
        before = text[max(0, match.start() - _NEAR) : match.start()].lower()
        run = before[before.rfind(">") + 1 :]
        if (len(run) <= _LONGEST_LABEL or "<" in run) and before.rfind("<a ") <= before.rfind(
            "</a"
        ):
            found = int(next(filter(None, match.groups())).replace(",", ""))
    return found


def _marks(
    root: etree._Element, url: str, text: str, is_article: Callable[[str], bool]
) -> Iterator[_Mark]:
    base, encoding = base_of(root, url), query_encoding(text)
    for node in root.iter(*_ELEMENTS):
        target = encoded(_target(node, base) or _called(node, base, text), encoding)
        asked = None if target else _asked(node)
        if target is None and asked is None:
            continue
        if target and (urlsplit(target).netloc != urlsplit(url).netloc or is_file(target)):
            continue
        kind, number = _label(node)
        if kind == "other" or (target and is_article(target)):
            continue
        if kind == "arrow" and target is None:
            continue  # of a row of pictures, mostly
        if (
            kind in ("number", "arrow")
            and target
            and not (_is_kin(target, url) or _is_kin(target, base))
        ):
            continue
        script = "" if target else node.get("onclick") or node.get("href") or ""
        yield _Mark("next" if kind == "arrow" else kind, number, target, asked, script)


def _target(node: etree._Element, base: str) -> str | None:
    """Return the address that an element leads to, by whatever attribute."""
    if node.tag == "link" and "next" not in (node.get("rel") or "").lower().split():
        return None
    if target := absolute(node.get("href"), base):
        return target
    page = node.get("data-page") or node.get("data-pageno") or ""
    at = absolute(node.get("data-url") or node.get("data-href"), base) if page.isdigit() else None
    if at and not re.search(r"\d", urlsplit(at).path.rpartition("/")[2]):
        return f"{at}{'' if at.endswith('=') else '&page=' if '?' in at else '?page='}{page}"
    for name in (*_NEXT_ADDRESSES, *_ADDRESSES):
        if target := absolute(node.get(name), base):
            return target
    if node.tag == "option" and re.search(r"[/.?]", node.get("value") or ""):
        return absolute(node.get("value"), base)
    for script in (node.get("onclick") or "", node.get("href") or ""):
        plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), script)
        for written in _QUOTED.findall(plain):
            if re.search(r"[/?=]|\.\w+$", written) and (target := absolute(written, base)):
                return target
    return None


def _called(node: etree._Element, base: str, text: str) -> str | None:
    """Return the address to which an element's call leads, or None."""
    script = node.get("onclick") or node.get("href") or ""
    if "(" not in script or len(script) > _LONGEST_CALL or not re.search(r"\d", script):
        return None
    return absolute(decided(script, text, assigned(text)), base)


def _asked(node: etree._Element) -> int | None:
    """Return the page an element's script is called with, 0 without."""
    script = node.get("onclick") or node.get("href") or ""
    if node.tag == "option":
        around = node.getparent()
        follows = around is not None and "location" in (around.get("onchange") or "")
        return whole_number((node.get("value") or "").strip()) if follows else None
    if "(" not in script:
        return whole_number(node.get("data-page") or node.get("data-pageno") or "")
    match = _ASKED.search(script)
    return int(match[1]) if match else 0


def _label(node: etree._Element) -> tuple[str, int | None]:
    """Return the kind of a pager's link, and its page's number."""
    if "next" in (node.get("rel") or "").lower().split():
        return "next", None
    if any(re.search(r"[/.?]", node.get(name) or "") for name in _NEXT_ADDRESSES):
        return "next", None
    text = squeeze("".join(node.itertext())[: 2 * _LONGEST_LABEL])
    named = [text, node.get("title") or "", node.get("aria-label") or ""]
    if node.tag == "input":
        named.append(node.get("value") or "")
    for image in node.iter("img", "i", "svg"):
        named += [image.get("alt") or "", image.get("title") or ""]
    for written in named:
        if kind := _kind(squeeze(written)):
            return kind
    around = node.getparent()
    alone = () if around is None or len(around) > 1 else (around,)
    classes = " ".join(at.get("class") or "" for at in (node, *node, *alone))
    if len(text) <= 2 and _NEXT_CLASS.search(classes) and not _BACK_CLASS.search(classes):
        return "arrow", None
    return "other", None


def _kind(written: str) -> tuple[str, int | None] | None:
    if not written or len(written) > _LONGEST_LABEL:
        return None
    word = _SPACED.sub("", re.sub(r"\s*\(\d+\)$", "", written).strip(_SIGNS))
    if number := _NUMBER.fullmatch(word):
        return "number", int(number[1])
    if len(word) == 1 and word in _HAN_NUMBERS:
        return "number", _HAN_NUMBERS.index(word) + 1
    for kind, pattern in _WORDS.items():
        if pattern.fullmatch(word):
            return kind, None
    if not word and _FORWARD.search(written) and not _BACKWARD.search(written):
        return "arrow", None
    return None


def _is_kin(target: str, url: str) -> bool:
    """Return True if an address may be another page of the list.

    It is in the list's folder, or the list with another query.
    """
    here, there = urlsplit(url), urlsplit(target)
    folder = here.path.rpartition("/")[0]
    stem = _ENDING.sub("", here.path)
    within = there.path.startswith((f"{folder}/", stem or "/"))
    return within and bool(re.search(r"\d", there.path[len(folder) :] + there.query))


def _filled(marks: list[_Mark], url: str, stated: int, second: int) -> Iterator[str]:
    """Yield the pages that a pager shows, and those between."""
    ahead = [mark for mark in marks if mark.url and mark.kind != "back" and mark.number != 1]
    shape = _shape(ahead, url, stated, second)
    direct = [mark.url for mark in ahead if mark.url]
    if shape is None:
        yield from direct
        return
    pages = [page for target in direct if (page := shape.page(target)) is not None]
    last = max([stated, *pages])
    if shape.step < 0:
        last = min(last, shape.page(f"{shape.head}1{shape.tail}") or 0)
    yield from (mark.url for mark in ahead if mark.kind == "next" and mark.url)
    yield from (shape.url(page) for page in range(2, min(last, MAX_PAGES) + 1))
    yield from direct


def _shape(marks: list[_Mark], url: str, stated: int, second: int) -> _Shape | None:
    """Return the shape that most of a pager's addresses have."""
    if (falling := _falling(marks)) is not None:
        return falling
    votes: Counter[_Shape] = Counter()
    for mark in marks:
        page = mark.number or _page_of(mark, url, stated, second)
        for shape in _shapes(mark.url or "", page, url) if page else ():
            votes[shape] += 1
    votes = Counter({s: n for s, n in votes.items() if "?" in s.head or s.step == 1 or n > 1})
    if not votes:
        return None
    numbered = sum(mark.number is not None for mark in marks)
    best = max(votes, key=lambda shape: (votes[shape], shape.step == 1, shape.offset == 0))
    return best if votes[best] * 2 > numbered else None


def _falling(marks: list[_Mark]) -> _Shape | None:
    """Return the shape of a pager whose numbers fall, or None.

    Two of its pages show it: `2` leads to 16.htm and `3` to 15.htm, or the next page is 16.htm
    and the last one 1.htm.
    """
    found: dict[int, tuple[int, str, str]] = {}
    for mark in marks:
        page = mark.number or {"next": 2, "last": 0}.get(mark.kind)
        for number, head, tail, _ in _runs(mark.url or "")[-1:]:
            if page is not None:
                found.setdefault(page, (number, head, tail))
    if len({place[1:] for place in found.values()}) != 1:
        return None
    last, numbered = found.pop(0, None), sorted(found)
    head, tail = next(iter(found.values()), (0, "", ""))[1:]
    sums = {page + found[page][0] for page in numbered}
    if len(sums) != 1 or (len(numbered) < 2 and (last is None or last[0] != 1)):
        return None
    total = sums.pop()
    return _Shape(head, tail, total, -1) if found[numbered[0]][0] > numbered[0] - 1 else None


def _page_of(mark: _Mark, url: str, stated: int, second: int) -> int | None:
    """Return the page of a link without a number, or None."""
    if mark.kind == "last":
        number = next((n for n, *_ in reversed(_runs(mark.url or ""))), None)
        return stated or (None if number is None else number + 2 - second)
    here, there = _runs(url), _runs(mark.url or "")
    for number, head, tail, _ in there:
        before = next((n for n, h, t, _ in here if (h, t) == (head, tail)), None)
        if before is not None and number == before + 1:
            return number
    return 2


def _shapes(url: str, page: int, here: str) -> Iterator[_Shape]:
    """Yield the shapes that make an address that of a page.

    What the list itself has in its query, too, is no page's number.
    """
    own = re.split(r"[?&]", here)[1:]
    for number, head, tail, width in _runs(url):
        if f"{re.split('[?&]', head)[-1]}{number}" in own and "?" in head:
            continue
        if number in (page, page - 1):
            yield _Shape(head, tail, number - page, 1, width)
        elif page > 1 and number and number % (page - 1) == 0:
            step = number // (page - 1)
            yield _Shape(head, tail, -step, step, width)


def _runs(url: str) -> list[tuple[int, str, str, int]]:
    """Return the numbers in an address, each with the parts around.

    Those of its last folder, its name and its query.
    """
    start = url.find("/", url.find("//") + 2)
    path_end = url.find("?") if "?" in url else len(url)
    start = max(start, url.rfind("/", 0, url.rfind("/", 0, max(path_end, 1))))
    return [
        (
            int(match[0]),
            url[: match.start()],
            url[match.end() :],
            len(match[0]) if match[0][0] == "0" else 1,
        )
        for match in re.finditer(r"(?<![\d%])\d{1,6}(?!\d)", url)
        if match.start() >= start
    ]
