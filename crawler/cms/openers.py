"""Addresses that elements open by script in place of a link.

`onclick="location.href='5.html'"`, `data-href`, `javascript:show('5.html')`, and `show(5)` with a
function of the page that joins the address.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from lxml import etree

from crawler.cms.literals import Code, code_of, literal_at, scripts_of

_ATTRIBUTES = ("data-href", "data-url", "data-link")
_SIGNS = (*_ATTRIBUTES, "onclick")
_ENTRIES = frozenset(
    ("li", "tr", "td", "div", "p", "span", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6",
     "article", "section")
)  # fmt: skip
_CUSTOM = re.compile(
    r"<([a-z]{1,20}(?:-[a-z]{1,20}){1,3})\s[^<>]{0,300}?\b(?:href|to|url)=", re.IGNORECASE
)
"""Elements of a page's own with an address."""
_LEADS = re.compile(
    r"\blocation(?:\.href)?\s*=(?!=)\s*|\b(?:location\.(?:assign|replace)|open)\s*\(\s*"
)
_CALL = re.compile(r"(?<![\w$.])([A-Za-z_$][\w$]{0,60})\s*\(")
_FUNCTION = re.compile(
    r"(?<![\w$.])(?:function\s{1,9}([A-Za-z_$][\w$]{0,60})|([A-Za-z_$][\w$]{0,60})\s{0,9}[:=]\s{0,9}"
    r"function)\s{0,9}\(([\w$,\s]{0,200})\)\s{0,9}\{"
)
_ADDRESS = re.compile(
    r"(?:https?:/|\.{1,2})?/[^\s\"'<>]{1,500}|[^\s\"'<>]{1,500}\.(?:[sjx]?html?|aspx?|jsp|php|do)"
    r"(?:\?[^\s\"'<>]{0,300})?"
)
_FUNCTIONS, _ARGUMENTS, _CALLS = 60, 6, 20
"""Functions of a page, arguments of a call and calls of a script that are looked at; by hand."""
_AROUND = 12
"""Elements around one that may open a page, too; set by hand."""
_LONGEST = 400_000
_UNKNOWN = "\0"
"""Sign of a part of an address that is unknown."""
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_SHORTEST = 6
"""Characters of a title at least, where an entry does not mark it; set by hand."""
_NO_TITLE = re.compile(r"[\d\s年月日:：./-]*")


@dataclass(frozen=True, slots=True)
class _Function:
    parameters: tuple[str, ...]
    code: Code
    leads: tuple[int, ...]


def clickable(root: etree._Element, text: str) -> Iterator[etree._Element]:
    """Yield links and, in page order, other elements that open a page."""
    own = {tag.lower() for tag in _CUSTOM.findall(text)}
    if not own and not any(sign in text for sign in _SIGNS):
        yield from root.iter("a")
        return
    for node in root.iter("a", *_ENTRIES, *own):
        if (
            node.tag in own
            or node.tag == "a"
            or (any(node.get(sign) for sign in _SIGNS) and not _has_link(node))
        ):
            yield node


def opened(node: etree._Element, text: str) -> str | None:
    """Return the address that an element opens by its script, or None."""
    for name in _ATTRIBUTES if "-" not in str(node.tag) else (*_ATTRIBUTES, "href", "to", "url"):
        if written := node.get(name):
            return str(written)
    href = node.get("href") or ""
    script = f"{node.get('onclick') or ''};{href if href.startswith('javascript:') else ''}"
    if "(" not in script and "=" not in script:
        return None
    code = code_of(script.replace("javascript:", ""))
    if found := _lead(code, _leads(code, 0), {}):
        return found
    for call in islice(_CALL.finditer(code.text), _CALLS):
        given = list(_arguments(code, call.end()))
        function = _functions(text).get(call[1])
        if function:
            known = dict(zip(function.parameters, given, strict=False))
            if found := _lead(function.code, function.leads, known):
                return found
        texts = [value for value in given if isinstance(value, str)]
        if written := next((text for text in texts if _ADDRESS.fullmatch(text)), None):
            return written
    return None


def decided(script: str, text: str, known: Mapping[str, str]) -> str | None:
    """Return the address to which a call leads, or None.

    Its arguments decide it, and no part of it is unknown.
    """
    code = code_of(script.replace("javascript:", ""))
    for call in _CALL.finditer(code.text):
        function = _functions(text).get(call[1])
        if function is None:
            continue
        given = dict(zip(function.parameters, _arguments(code, call.end()), strict=False))
        page = {**known, "": _UNKNOWN}
        page = {name: value for name, value in page.items() if name not in function.parameters}
        leads = _addresses(function.code, function.leads, page | given)
        others = _addresses(function.code, function.leads, page)
        for lead, other in zip(leads, others, strict=False):
            if lead and lead != other and _UNKNOWN not in lead and "${" not in lead:
                return lead
    return None


def entry_title(node: etree._Element) -> str:
    """Return an element's heading or first words."""
    for heading in node.iter(*_HEADINGS):
        return "".join(heading.itertext())
    pieces = [piece.strip() for piece in node.itertext()]
    long = (piece for piece in pieces if len(piece) >= _SHORTEST)
    return next((piece for piece in long if not _NO_TITLE.fullmatch(piece)), "")


def _has_link(node: etree._Element) -> bool:
    """Return True for an element with links in it, or within one."""
    # Those around come first: of elements within each other, one alone is looked through.
    around = islice(node.iterancestors(), _AROUND)
    within = any(at.tag == "a" or any(at.get(sign) for sign in _SIGNS) for at in around)
    return within or next(node.iter("a"), None) is not None


def _leads(code: Code, at: int) -> tuple[int, ...]:
    """Return the places behind words that lead elsewhere."""
    end = code.ends.get(at, len(code.text)) if at else len(code.text)
    found = islice(_LEADS.finditer(code.text, at, end), _CALLS)
    return tuple(lead.end() for lead in found)


def _lead(code: Code, leads: Iterable[int], known: dict[str, Any]) -> str | None:
    """Return the address that a script goes to, or None."""
    return next((found for found in _addresses(code, leads, known) if found), None)


def _addresses(code: Code, leads: Iterable[int], known: dict[str, Any]) -> Iterator[str]:
    """Yield the addresses at places that lead elsewhere, empty for none."""
    for at in leads:
        value, _ = literal_at(code, at, known)
        yield value if isinstance(value, str) and value.strip() else ""


def _arguments(code: Code, at: int) -> Iterator[Any]:
    for _ in range(_ARGUMENTS):
        value, at = literal_at(code, at, {})
        yield value
        if not code.starts(",", at):
            return
        at += 1


@lru_cache(maxsize=1)  # every entry of a page calls the same
def _functions(text: str) -> dict[str, _Function]:
    """Return the functions of a page's scripts by name."""
    code = code_of("\n;".join(scripts_of(text))[:_LONGEST])
    found: dict[str, _Function] = {}
    for count, match in enumerate(_FUNCTION.finditer(code.text)):
        if count >= _FUNCTIONS:
            break
        names = tuple(name.strip() for name in match[3].split(","))
        found.setdefault(
            match[1] or match[2], _Function(names, code, _leads(code, match.end() - 1))
        )
    return found
