"""Data in JSON, JSONP, scripts and XML, as values."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from lxml import etree

from crawler.cms.literals import Code, code_of, literal_at

_MARKUP = re.compile(r"<(?:a|record|item)\b[^<>]*>", re.IGNORECASE)
_MAX_FIELDS = 60
"""Fields of one record that are looked at; set by hand, not measured."""
_NAME = re.compile(r"[\w$]\s*\Z")
_GUARD = re.compile(
    r"\)\]\}'?,?\s|(?:while\s*\(\s*(?:1|true)\s*\)|for\s*\(\s*;\s*;\s*\)|throw\s[^;\n]{0,40})\s*;"
)
"""Start of an answer that keeps other sites' pages from reading it as a script."""
_FIRST = re.compile(
    r"\s*(?:<!--.*?-->|<\?xml[^>]*\?>|<!DOCTYPE\s++(?!html)[^>\[]*+>)\s*", re.S | re.I
)
_MANY_VALUES = 500
"""Values of a script that are read as data; set by hand, not measured."""
# Their ends are looked for from the end: from each place of the text it would take its square.
_CALLBACK = re.compile(r"(?:/\*.*?\*/\s*)?(?:try\s*\{)?[\w.$]{1,80}\s*\(", re.S)
_ASSIGNMENT = re.compile(r"(?:var|let|const)?\s*[\w.$]{1,80}\s*=\s*(?=[\[{])")
_FIELD_SET = re.compile(
    r"(?<![\w.$])([A-Za-z_$][\w$]{0,30})(?:\.([A-Za-z_$]\w{0,40})|\[[\"'](\w{1,40})[\"']\])\s{0,9}="
    r"\s{0,9}(?=[\"'`\d])"
)
_KEY = re.compile(r"([{,]\s*)([A-Za-z_]\w{0,60})(\s*:)")
_SINGLE = re.compile(r"'((?:[^'\\\"]|\\.)*)'")
_NO_RECORDS = frozenset(
    (
        *("html", "head", "body", "div", "ul", "ol", "li", "a", "p", "span", "table", "tr", "td"),
        *("form", "script", "style", "link", "meta", "rss", "feed", "rdf", "urlset"),
        "sitemapindex",
    )
)
"""Roots of HTML, and of feeds, whose entries are read by their own rules."""


def read_json(text: str) -> Any:
    """Return the JSON value of a text, also inside JSONP, or None.

    None if the text is not JSON. Names without quotes and texts in single ones are read, too.
    """
    body = text.strip().lstrip("\ufeff")
    if guard := _GUARD.match(body):
        body = body[guard.end() :].lstrip()
    if not body.startswith(("{", "[", '"')):
        if body.startswith("<") or len(body) < 2 or body[-1] not in ");}]":
            return None
        body = _inside(body.removesuffix(";").rstrip())
        if not body.startswith(("{", "[", '"')):
            return None
    try:
        return json.loads(body, strict=False)
    except (ValueError, RecursionError):
        pass
    try:
        double = _SINGLE.sub(lambda found: json.dumps(found[1]), body)
        return json.loads(re.sub(r",\s*([\]}])", r"\1", _KEY.sub(r'\1"\2"\3', double)))
    except (ValueError, RecursionError):
        return None


def _inside(body: str) -> str:
    """Return an assignment's value or a call's argument, else nothing."""
    if body[-1:] in ("]", "}") and (match := _ASSIGNMENT.match(body)):
        return body[match.end() :]
    if body.endswith(")") and (match := _CALLBACK.match(body)):
        return body[match.end() : -1].strip()
    return ""


def read_script(text: str) -> list[Any]:
    """Return the outermost lists and objects of a script of data.

    Of assignments, guarded calls, one object in each line, and calls with an entry each. Empty for
    markup.
    """
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        return []
    code, last = code_of(text), 0
    found: list[Any] = list(assembled(code))
    opened = sorted(start for start in code.ends if text[start] in "[{(")
    for start in opened:
        if start < last or len(found) >= _MANY_VALUES:
            continue
        if text[start] == "(":
            if is_call(code, start) and (entry := arguments_at(code, start + 1)):
                found.append(entry)
                last = code.ends[start]
            continue
        last = code.ends[start]
        try:
            found.append(json.loads(text[start:last], strict=False))
        except (ValueError, RecursionError):
            found.append(literal_at(code, start, {})[0])
    return found


def assembled(code: Code) -> Iterator[dict[str, Any]]:
    """Yield the objects that a script puts together field by field."""
    begun: dict[str, dict[str, Any]] = {}
    for match in islice(_FIELD_SET.finditer(code.text), _MANY_VALUES * 4):
        value, _ = literal_at(code, match.end(), {})
        field = match[2] or match[3]
        own = begun.setdefault(match[1], {})
        if field in own:
            yield own
            own = begun[match[1]] = {}
        if isinstance(value, str | int):
            own[field] = value
    yield from (own for own in begun.values() if len(own) > 1)


def is_call(code: Code, at: int) -> bool:
    """Return True for a bracket behind a name."""
    return code.starts("(", at) and _NAME.search(code.text[max(0, at - 4) : at]) is not None


def arguments_at(code: Code, at: int) -> list[Any] | None:
    """Return the arguments of a call as an entry, or None.

    Those of an entry are texts and numbers alone.
    """
    found: list[Any] = []
    while len(found) < _MAX_FIELDS:
        value, at = literal_at(code, at, {})
        if not isinstance(value, str | int):
            return None
        found.append(value)
        if not code.starts(",", at):
            break
        at += 1
    return [found] if sum(isinstance(value, str) for value in found) > 1 else None


def read_xml(text: str) -> Any:
    """Return the records of an XML text as `read_json` would, or None.

    None for HTML, and for a text that is neither.
    """
    body = text.lstrip("\ufeff \t\r\n")
    at = 0
    while first := _FIRST.match(body, at):
        at = first.end()
    body = body[at:]
    if not body.startswith("<") or body.startswith("<!"):
        return None
    parser = etree.XMLParser(
        encoding="utf-8", recover=True, no_network=True, resolve_entities=False, load_dtd=False
    )
    try:
        root = etree.fromstring(body.encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError):
        return None
    if root is None or not isinstance(root.tag, str) or _local(root) in _NO_RECORDS:
        return None
    return list(_records(root))


def _records(root: etree._Element) -> Iterator[dict[str, Any]]:
    """Yield the elements of an XML tree that have fields, as objects."""
    for node in root.iter():
        if not isinstance(node.tag, str):
            continue
        fields: dict[str, Any] = {str(k): str(v) for k, v in node.attrib.items()}
        # What lies deeper belongs to one of several elements of a name.
        for child in (
            islice(node.iterdescendants(), _MAX_FIELDS) if _is_one(node) else node[:_MAX_FIELDS]
        ):
            if isinstance(child.tag, str) and len(child) == 0 and (child.text or "").strip():
                fields.setdefault(_local(child), (child.text or "").strip())
        text = (node.text or "").lstrip()
        if len(node) == 0 and (_MARKUP.search(text) or text[:1] in ("[", "{")):
            fields = {_local(node): node.text}
        if fields:
            yield fields


def _is_one(node: etree._Element) -> bool:
    """Return True for an element beside one of its name."""
    beside = (node.getprevious(), node.getnext())
    return any(other is not None and other.tag == node.tag for other in beside)


def _local(node: etree._Element) -> str:
    # A prefix that is not declared is a part of the name.
    return re.split(r"[}:]", str(node.tag))[-1].lower()
