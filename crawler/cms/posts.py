"""Lists that a page's script asks for: endpoint, method and values.

The call names endpoint and body: of jQuery, axios, fetch, or a bare XMLHttpRequest. Values that
only a click decides are left out, but for the page, which is the first.
"""

import json
import re
from bisect import bisect
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from crawler.cms.endpoints import OFFSETS, PAGE_FIELDS
from crawler.cms.field_names import plain_name
from crawler.cms.links import absolute, is_file, once
from crawler.cms.literals import Code, Form, Packed, code_of, literal_at, scripts_of
from crawler.posted import Fields, with_form, with_json

_CALL = re.compile(
    r"(?<![\w$])(?P<on>[\w$]{1,30}(?:\.\$?\w{1,20}){0,3}?)?(?P<dot>\.?)"
    r"(?P<function>\$?post|postJSON|get|getJSON|ajax|fetch|axios|request|service|http)\s*\(",
    re.IGNORECASE,
)
_OPEN = re.compile(r"\.open\s*\(\s*[\"']post[\"']\s*,", re.IGNORECASE)
_SEND = re.compile(r"\.send\s*\(")
_ASSIGNED = re.compile(
    r"(?<![\w.$])(?:(?:var|let|const)\s+)?([A-Za-z_$][\w$.]{0,60})\s*(\+?)=(?!=)\s*"
)
_APPENDED = re.compile(
    r"(?<![\w.$])([A-Za-z_$][\w$]{0,60})\.(?:append|set)\s*\(\s*[\"'](\w{1,40})[\"']\s*,"
)
_CLIENT = re.compile(r"(?<![\w.$])([A-Za-z_$][\w$]{0,40})\s*=\s*axios\.create\s*\(\s*")
"""Client of a script with options of its own."""
_STATE = re.compile(
    r"\b(?:const|let|var)\s*\[\s*([\w$]{1,60})\s*,[^\]]{0,80}\]\s*=\s*[\w.]{0,20}useState\("
)
_OWN = re.compile(
    r"\bdata\s{0,9}(?::\s{0,9}function\s{0,9}\(\w{0,20}\)|\(\w{0,20}\)|:\s{0,9}\(\w{0,20}\)\s{0,9}=>)"
    r"\s{0,9}(?:\(\s{0,9}\{|\{\s{0,9}return\s{0,9}\(?\s{0,9}\{)|\bdata\s{0,9}:\s{0,9}\{"
)
"""Fields of a component: `data() { return {page: 1} }`."""
_OWNERS = ("this", "that", "self", "vm", "_this", "app", "_self")
_OPTIONS = ("data", "params", "body", "where", "postData")
_NO_LIST = re.compile(
    r"visit|count(?:er)?\b|click|login|share|comment|vote|weather|captcha|log\b|stat|save|add|"
    r"submit|upload|like|praise|zan|pv\b|hit",
    re.IGNORECASE,
)
_SIDE = re.compile(r"hot|side|right|rank|recommend|relat|notice|banner|tui|top\d*$", re.I)
"""Paths of lists beside a page's own."""
_LIST = re.compile(r"list|query|search|page|find|news|article|info|content|doc|data|get", re.I)
_LONGEST = 400_000
_LONGEST_TEXT = 2000
"""Characters of an address that a script puts together; set by hand."""
_ASSIGNMENTS, _CALLS, _MOST = 1000, 60, 3
"""Characters of scripts, assignments and calls that are read, and requests of a page: by hand."""


def posts(text: str, url: str) -> tuple[str, ...]:
    """Return the requests by POST that may bring a list."""
    return _requests(text, url, "post") if "post" in text.lower() else ()


def gets(text: str, url: str) -> tuple[str, ...]:
    """Return the requests by GET that may bring a list."""
    return _requests(text, url, "get")


def _requests(text: str, url: str, method: str) -> tuple[str, ...]:
    """Return the requests by a method for the page's own list.

    Those of lists in a side column are left out where there are others.
    """
    code = code_of("\n;".join(scripts_of(text))[:_LONGEST])
    known = known_values(code)
    found: list[tuple[tuple[bool, bool], str]] = []
    bases = {client: str(base) for client, base in _bases(code, known)}
    for written, body, by in _calls(code, known, bases):
        target = absolute(str(written), url) if by == method else None
        if target is None or urlsplit(target).netloc != urlsplit(url).netloc or is_file(target):
            continue
        target = _first_of(target)
        filled = _first_page(_object(body))
        paged = any(_is_page(name) for name in (*_names(filled), *dict(_query(target))))
        if address := _address(target, body, filled, paged=paged, method=method):
            found.append(((bool(_SIDE.search(urlsplit(target).path)), not paged), address))
    best = min((rank for rank, _ in found), default=None)
    return once((address for rank, address in found if rank == best), url)[:_MOST]


def _first_of(target: str) -> str:
    """Return an address with the first page's number, if it lacks one."""

    def first(found: re.Match[str]) -> str:
        if not _is_page(found[1]):
            return found[0]
        return found[0] + ("0" if plain_name(found[1]) in OFFSETS else "1")

    path, mark, query = target.partition("?")
    return path + mark + re.sub(r"([\w.\[\]-]{1,40})=(?=&|$)", first, query)


def _query(target: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(target).query, keep_blank_values=True)


def _object(body: Any) -> dict[str, Any]:
    """Return the values of a body as an object; empty without any."""
    value = body.value if isinstance(body, Packed) else body
    if isinstance(value, str):
        value = dict(parse_qsl(value, keep_blank_values=True))
    return value if isinstance(value, dict) else {}


def known_values(code: Code) -> dict[str, Any]:
    """Return the values of variables; the first of each counts."""
    known: dict[str, Any] = {}
    quoted = sorted((at, end) for at, end in code.ends.items() if code.text[at] in "\"'`")
    for match in islice(_ASSIGNED.finditer(code.text), _ASSIGNMENTS):
        before = bisect(quoted, (match.start(1), 0)) - 1
        if before >= 0 and quoted[before][1] > match.start(1):
            continue  # a part of a text
        value, _ = literal_at(code, match.end(), known)
        if value is None:
            continue
        name = match[1]
        for path, given in _paths(value) if isinstance(value, dict) else ():
            known.setdefault(f"{name}.{path}", given)  # config.api, of {api: "/x"}
        if match[2]:
            if isinstance(known.get(name), str) and len(known[name]) < _LONGEST_TEXT:
                known[name] += str(value)
            continue
        known.setdefault(name, value)
        if not isinstance(value, dict | list):
            known.setdefault(f"{name}.value", value)  # page.value, of ref(1)
        owner, dot, field = name.rpartition(".")
        if dot and isinstance(known.get(owner), dict):
            known[owner].setdefault(field, value)  # param.pageNo = 1
    for match in islice(_STATE.finditer(code.text), _ASSIGNMENTS):
        known.setdefault(match[1], literal_at(code, match.end(), known)[0])
    for match in islice(_OWN.finditer(code.text), _ASSIGNMENTS):
        value, _ = literal_at(code, match.end() - 1, known)
        for name, given in _paths(value if isinstance(value, dict) else {}):
            for owner in _OWNERS:
                known.setdefault(f"{owner}.{name}", given)
    for match in islice(_APPENDED.finditer(code.text), _ASSIGNMENTS):
        value, _ = literal_at(code, match.end(), known)
        form = known.setdefault(match[1], Form({}))
        if isinstance(form, Form) and isinstance(form.value, dict):
            form.value.setdefault(match[2], value)
    return known


def _paths(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield fields of an object and of inner ones, by path."""
    for name, given in value.items():
        if given is not None:
            yield name, given
        for inner, field in given.items() if isinstance(given, dict) else ():
            yield f"{name}.{inner}", field


def _bases(code: Code, known: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the clients of a script, and their bases."""
    for match in islice(_CLIENT.finditer(code.text), _CALLS):
        options, _ = literal_at(code, match.end(), known)
        if isinstance(options, dict) and options.get("baseURL"):
            yield match[1], options["baseURL"]
    if base := known.get("axios.defaults.baseURL"):
        yield "axios", base


def _based(endpoint: str, base: str) -> str:
    """Return an endpoint under its client's base, if it needs one."""
    if not base or re.match(r"https?:|//", endpoint):
        return endpoint
    return f"{base.rstrip('/')}/{endpoint.lstrip('/')}"


def _calls(
    code: Code, known: Mapping[str, Any], bases: Mapping[str, str]
) -> Iterator[tuple[Any, Any, str]]:
    """Yield endpoint, body and method of each call."""
    for count, match in enumerate(_CALL.finditer(code.text)):
        if count >= _CALLS:
            return
        first, end = literal_at(code, match.end(), known)
        second, end = literal_at(code, end + 1, known) if code.starts(",", end) else (None, 0)
        base = bases.get(match["on"] or match["function"], "")
        jquery = (match["on"] or "").rpartition(".")[2].lower() in ("$", "jquery")
        if match["function"].lower().endswith(("post", "postjson")):
            if isinstance(first, str):
                yield _based(first, base), _body(second, {}, plain=jquery), "post"
            continue
        named = match["function"].lower().startswith("get")
        options = first if isinstance(first, dict) else second
        if named and jquery:
            options = {"data": second}
        elif not isinstance(options, dict):
            options = {}
        endpoint = options.get("url", first)
        methods = [str(options.get(name, "")).lower() for name in ("type", "method")]
        if not isinstance(endpoint, str):
            continue
        endpoint = _based(endpoint, base)
        given = next((options[name] for name in _OPTIONS if name in options), None)
        if "post" in methods and not named:
            yield endpoint, _body(given, options, plain=jquery), "post"
        else:
            yield endpoint, given, "get"
    for match in _OPEN.finditer(code.text):
        endpoint, _ = literal_at(code, match.end(), known)
        sent = _SEND.search(code.text, match.end(), match.end() + 2000)
        if isinstance(endpoint, str) and sent:
            given, _ = literal_at(code, sent.end(), known)
            yield endpoint, _body(given, {}, plain=True), "post"


def _body(given: Any, options: Mapping[str, Any], *, plain: bool) -> Any:
    """Return a body: `Packed` for JSON, else that of a form.

    With `plain`, the function sends forms unless it is told otherwise.
    """
    if isinstance(given, Form):
        return given.value
    kinds = f"{options.get('contentType')} {options.get('headers')}".lower()
    if isinstance(given, dict) and ("json" in kinds or not (plain or "form" in kinds)):
        return Packed(given)
    return given


def _address(
    target: str, body: Any, filled: dict[str, Any], *, paged: bool, method: str
) -> str | None:
    """Return the address of a request for a list, or None."""
    path = urlsplit(target).path
    if _NO_LIST.search(path) or not (paged or (filled and _LIST.search(path))):
        return None
    if method == "get":
        sign = "&" if urlsplit(target).query else "?"
        return f"{target}{sign}{urlencode(fields_of(filled))}" if filled else target
    if isinstance(body, Packed):
        return with_json(target, _unpacked(filled))
    return with_form(target, fields_of(filled))


def _first_page(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body without what is unknown; of the first page."""
    found: dict[str, Any] = {}
    for name, given in value.items():
        if isinstance(given, dict):
            found[name] = _first_page(given)
        elif isinstance(given, Packed) and isinstance(given.value, dict):
            found[name] = Packed(_first_page(given.value))
        elif given is not None and (given != "" or not _is_page(name)):
            found[name] = given
        elif _is_page(name):
            found[name] = 0 if plain_name(name) in OFFSETS else 1
    return found


def _names(value: Mapping[str, Any]) -> Iterator[str]:
    for name, given in value.items():
        yield name
        inner = given.value if isinstance(given, Packed) else given
        if isinstance(inner, dict):
            yield from _names(inner)


@cache
def _is_page(name: str) -> bool:
    return plain_name(name) in PAGE_FIELDS or plain_name(name) in OFFSETS


def fields_of(value: Mapping[str, Any], within: str = "") -> Fields:
    """Return an object as jQuery sends it as a form."""
    found: list[tuple[str, str]] = []
    for key, given in value.items():
        name = f"{within}[{key}]" if within else key
        if isinstance(given, dict):
            found += fields_of(given, name)
        elif isinstance(given, list):
            found += [(f"{name}[]", _written(item)) for item in given if item is not None]
        else:
            found.append((name, _written(given)))
    return tuple(found)


def _written(value: Any) -> str:
    if isinstance(value, Packed):
        return json.dumps(_unpacked(value.value), ensure_ascii=False, separators=(",", ":"))
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _unpacked(value: Any) -> Any:
    """Return an object, JSON within it as texts."""
    if isinstance(value, dict):
        return {name: _unpacked(given) for name, given in value.items()}
    return _written(value) if isinstance(value, Packed) else value
