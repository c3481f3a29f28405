"""Further pages of a list for which its page sends a form.

ASP.NET's `__doPostBack('pager','2')` sends back all hidden fields of the page before; other systems
put a page's number into a field and submit.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree

from crawler.cms.field_names import field_names
from crawler.cms.links import absolute, once
from crawler.cms.paging import MAX_PAGES
from crawler.posted import Fields, plain_url, step_of, with_form

_POSTBACK = re.compile(
    r"__doPostBack\(\s*[\"']([^\"']{1,200})[\"']\s*,\s*[\"']([^\"']{0,100})[\"']"
)
_TARGET, _ARGUMENT, _STATE = "__EVENTTARGET", "__EVENTARGUMENT", "__VIEWSTATE"
_PAGE_FIELDS = frozenset(field_names("page"))
_LONGEST = 2_000
"""Characters of the fields of a form that is sent for a list; set by hand."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Link of a pager without address: its kind, number and script."""

    kind: str
    number: int | None
    script: str
    argument: int | None = None


def form_pages(
    root: etree._Element, url: str, asked: Sequence[Asked], stated: int
) -> tuple[tuple[str, ...], Fields]:
    """Return the requests for further pages, and the state sent with them."""
    here = plain_url(url)
    for form in root.iter("form"):
        fields = _fields(form)
        action = absolute(form.get("action") or here, here)
        if action is None or urlsplit(action).netloc != urlsplit(here).netloc:
            continue
        names = {name for name, _ in fields}
        if _STATE in names:
            return once(_posted_back(action, url, asked, stated), url), fields
        page = next((name for name, _ in fields if _plain(name) in _PAGE_FIELDS), None)
        numbers = [mark.argument or mark.number or 0 for mark in asked]
        if page is None or len(str(fields)) > _LONGEST or not asked:
            continue
        current = int(dict(fields)[page] or 1) if dict(fields)[page].isdecimal() else 1
        words = any(mark.kind == "next" for mark in asked)
        last = min(max(stated, *numbers, current + words), MAX_PAGES)
        sent = ([(k, str(n) if k == page else v) for k, v in fields] for n in range(2, last + 1))
        return once((_sent(form, action, pairs) for pairs in sent), url), ()
    return (), ()


def _sent(form: etree._Element, action: str, fields: Sequence[tuple[str, str]]) -> str:
    """Return the address of a form as its method sends it."""
    address = with_form(action, fields)
    if (form.get("method") or "get").lower() == "post":
        return address
    return action.partition("?")[0] + "?" + address.partition("=POST&")[2]


def _posted_back(action: str, url: str, asked: Sequence[Asked], stated: int) -> Iterator[str]:
    """Yield the requests of ASP.NET, numbered pages first."""
    numbered: dict[int, tuple[str, str]] = {}
    words: dict[str, tuple[str, str]] = {}
    for mark in asked:
        found = _POSTBACK.search(mark.script)
        if found and mark.number and mark.number > 1:
            numbered[mark.number] = found[1], found[2]
        elif found and mark.kind in ("next", "last"):
            words[mark.kind] = found[1], found[2]
    shape = next(
        ((target, arg) for n, (target, arg) in numbered.items() if re.search(rf"\b{n}$", arg)), None
    )
    if shape is not None:
        target, argument = shape
        ends = [n for _, arg in words.values() if (n := _last_number(arg))]
        last = min(max(*numbered, *ends, stated), MAX_PAGES)
        stem = argument.rstrip("0123456789")
        for number in range(2, last + 1):
            yield with_form(action, ((_TARGET, target), (_ARGUMENT, f"{stem}{number}")))
        return
    for target, argument in numbered.values():
        yield with_form(action, ((_TARGET, target), (_ARGUMENT, argument)))
    if not numbered and "next" in words:
        # Each page's request for the next is the same: the step makes it another address.
        target, argument = words["next"]
        step = step_of(url) + 1
        yield with_form(action, ((_TARGET, target), (_ARGUMENT, argument)), step=step)


def _fields(form: etree._Element) -> Fields:
    """Return the fields of a form that are sent as they are."""
    found = []
    for node in form.iter("input", "select"):
        name, kind = node.get("name"), (node.get("type") or "text").lower()
        if not name or kind in ("submit", "button", "image", "checkbox", "radio", "file", "reset"):
            continue
        if node.tag == "select":
            chosen = node.xpath("./option[@selected]/@value | ./option[1]/@value")
            found.append((name, str(chosen[-1]) if chosen else ""))
        elif kind != "password":
            found.append((name, node.get("value") or ""))
    return tuple(found)


def _last_number(argument: str) -> int:
    found = re.search(r"(\d{1,5})$", argument)
    return int(found[1]) if found else 0


def _plain(name: str) -> str:
    return re.sub(r"[_.\-\[\]]", "", name.rpartition(".")[2]).lower()
