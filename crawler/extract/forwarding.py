"""Pages that only lead elsewhere, by script or by a meta refresh.

Publishing systems write one for every entry that is a link to another page. A defence looks alike
and is none: it reloads its own address, after a task for the browser.
"""

import html as entities
import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote, urljoin, urlsplit

from crawler.item import canonical_url

_LONGEST = 60_000
"""Bytes of such a page at most; set by hand, not measured."""
_PATIENCE = 30
"""Most seconds until a page refreshes; a longer wait renews a page that people read. By hand."""
# Every repetition below is bounded or ends with the text: a hostile page takes no square of time.
_HIDDEN = re.compile(
    r"<(noscript|template|style)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.I | re.S
)
_SCRIPT = re.compile(r"<script\b([^<>]*)>(.*?)(?:</script\s*>|\Z)", re.I | re.S)
_META = re.compile(r"<meta\b([^<>]*)>", re.I)
_ATTRIBUTE = re.compile(r"([\w:-]{1,40})\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_REFRESH = re.compile(r"\s*(\d{1,6})(?:\.\d*)?\s*[;,；，\s]\s*(?:url\s*=)?\s*[\"']?([^\"']+)", re.I)
_BASE = re.compile(r"<base\b([^<>]*)>", re.I)
_ONLOAD = re.compile(r"\bonload\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.I)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|(?<![:\"'\\])//[^\n]*", re.S)
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\"'/]))")
_DECODED = re.compile(
    r"\b(?:unescape|(?:de|en)codeURI(?:Component)?)\(\s{0,9}(\"[^\"\n]*\"|'[^'\n]*')\s{0,9}\)"
)
_TASK = re.compile(
    r"document\.cookie|\beval\s*\(|fromCharCode|XMLHttpRequest|\bfetch\s*\(|\batob\s*\("
)
_DEVICE = re.compile(r"userAgent|screen\.width|navigator\.platform|matchMedia", re.I)
_LITERAL = r"\"[^\"\n]*\"|'[^'\n]*'|`[^`$]*`"
_TERM = rf"(?:{_LITERAL}|[A-Za-z_$][\w$.]{{0,60}})"
_SUM = rf"({_TERM}(?:\s{{0,9}}\+\s{{0,9}}{_TERM}){{0,20}})"
_GOES = re.compile(
    r"\blocation\s*(?:\.\s*href\s*|\[\s*[\"']href[\"']\s*\]\s*)?=(?!=)\s*" + _SUM + "|"
    r"\blocation\s*\.\s*(?:replace|assign)\s*\(\s*" + _SUM + "|"
    r"\(\s*(?:window\s*\.\s*)?location\s*\)\s*\.\s*(?:attr|prop)\(\s*[\"']href[\"']\s*,\s*"
    + _SUM
    + "|"
    r"\b(?:window|self|top)\s*\.\s*navigate\s*\(\s*" + _SUM + "|"
    r"\bopen\s*\(\s*" + _SUM + r"\s*,\s*[\"']_(?:self|top|parent)[\"']"
)
_NAMED = re.compile(
    rf"\b([A-Za-z_$][\w$]{{0,60}})\s{{0,9}}=\s{{0,9}}({_LITERAL})\s{{0,9}}(?:[;,\n]|$)"
)
_FUNCTION = re.compile(r"\bfunction\s{1,9}([A-Za-z_$][\w$]{0,60})\s{0,9}\(")
_FUNCTIONS = 40
"""Functions of a script that are looked at; a page that only leads elsewhere has few. By hand."""
_CLICKED = re.compile(r"(?:onclick|click[\"']?\s*[,(])[^{}]{0,60}\{[^{}]*\}", re.I)
_RESTS = frozenset(("location.search", "location.hash", "window.location.search",
                    "window.location.hash"))  # fmt: skip
"""Terms that repeat a part of the page's own address; they may be left out."""


def forward_of(url: str, body: bytes) -> str | None:
    """Return the address that a page without text leads to, or None.

    It is absolute, http or https, and another page than `url`.
    """
    if len(body) > _LONGEST:
        return None
    text = body.decode("utf-8", "replace")
    markup = _HIDDEN.sub(" ", _SCRIPT.sub(" ", text))
    base = next((value for m in _BASE.finditer(markup) if (value := _named(m[1]).get("href"))), "")
    for target in (*_refreshes(markup), *_jumps(text, markup)):
        try:
            found = urljoin(urljoin(url, base), target.strip()).partition("#")[0]
            parts = urlsplit(found)
        except ValueError:
            continue
        followable = parts.scheme in ("http", "https") and parts.hostname
        if followable and canonical_url(found) != canonical_url(url):
            return found
    return None


def _refreshes(markup: str) -> Iterator[str]:
    """Yield the targets of meta refreshes."""
    for meta in _META.finditer(markup):
        named = _named(meta[1])
        if named.get("http-equiv", "").strip().lower() == "refresh":
            found = _REFRESH.match(named.get("content", ""))
            if found and int(found[1]) <= _PATIENCE:
                yield found[2]


def _named(attributes: str) -> dict[str, str]:
    """Return attributes by name, the name in lower case."""
    return {
        name.lower(): entities.unescape(double or single or bare)
        for name, double, single, bare in _ATTRIBUTE.findall(attributes)
    }


def _jumps(text: str, markup: str) -> Iterator[str]:
    """Yield the targets of scripts that set the page's address by themselves."""
    codes = [code for named, code in _SCRIPT.findall(text) if "src" not in _named(named)]
    codes += [entities.unescape(one or other) for one, other in _ONLOAD.findall(markup)]
    plain = [_COMMENT.sub(" ", _ESCAPED.sub(_unescaped, code)) for code in codes]
    plain = [_DECODED.sub(lambda call: unquote(call[1]), code) for code in plain]
    everything = "\n".join(plain)
    if _TASK.search(everything):
        return
    values = {name: literal[1:-1] for name, literal in _NAMED.findall(everything)}
    for code in plain:
        run = _CLICKED.sub(" ", _without_unused(code, everything))
        sums = [next(filter(None, found)) for found in _GOES.findall(run)]
        targets = [target for each in sums if (target := _value(each, values))]
        if _DEVICE.search(run):
            # Of a choice by device, the last is for the others; a lone one is for telephones.
            targets = targets[-1:] if len(targets) > 1 else []
        yield from targets


def _unescaped(found: re.Match[str]) -> str:
    """Return the sign that an escape of a script means."""
    return chr(int(found[1] or found[2], 16)) if found[1] or found[2] else found[3]


def _value(terms: str, values: dict[str, str]) -> str:
    """Return a sum of literals and variables; empty if one is unknown."""
    found = ""
    for term in re.findall(_TERM, terms):
        if term[0] in "\"'`":
            found += term[1:-1]
        elif term in values:
            found += values[term]
        elif term not in _RESTS:
            return ""
    return found


def _without_unused(code: str, everything: str) -> str:
    """Return a script without the functions that nothing calls."""
    for match in reversed(list(islice(_FUNCTION.finditer(code), _FUNCTIONS))):
        called = rf"(?<![/.\w-]){re.escape(match[1])}\s*[(),;]"
        if len(re.findall(called, everything)) > 1:
            continue
        start, depth = code.find("{", match.end()), 0
        for at in range(start, len(code)) if start >= 0 else ():
            depth += {"{": 1, "}": -1}.get(code[at], 0)
            if not depth:
                code = code[:start] + code[at + 1 :]
                break
    return code
