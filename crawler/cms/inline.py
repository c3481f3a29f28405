"""Lists that a page has in another form than links.

Data of its scripts and attributes, islands of XML, and markup that is written by a script, framed,
in a text field, a template or a comment. No script is run.
"""

import html as entities
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from crawler.cms.data import arguments_at, assembled, is_call, read_json, read_xml
from crawler.cms.hydration import filled, hydrated
from crawler.cms.links import between
from crawler.cms.literals import Code, code_of, literal_at, scripts_of, texts_of

_WRITTEN = re.compile(r"<a\s[^<>]*href", re.IGNORECASE)
_STARTS = re.compile(r"[=:(]\s*(?=\[\s*\{|\{\s*[\"'])")
_BEFORE = re.compile(r"(?:[=(\[,:>]|\breturn)\s*\Z")
_NEAR = 20
"""Characters before a bracket that show if a value begins there."""
_ATTRIBUTE = re.compile(r"=\s*(?:\"(\s*[\[{][^\"]*)\"|'(\s*[\[{][^']*)')")
_FRAMED = re.compile(r"\bsrcdoc\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_HOLES = re.compile(r"\{\{|<%|\$\{|\{@|\[\[")
"""Marks of a template that a script fills: its links lead nowhere."""
_ROW = re.compile(r"\A[0-9a-f]{1,4}:(?=[\[{])")
"""Number of a row in a stream of rows, each with JSON."""
_PACKED = ("{", "[", "%7b", "%5b", '\\"', "\\u007b", "\\u005b")
_LONGEST = 2_000_000
"""Characters of scripts that are looked through for data. Set by hand, not measured."""
_IN_VAIN, _A_FAILURE = 4_000_000, 10_000
"""Characters read as JSON in vain, and how many one too deep counts for; by hand."""
_VALUES, _SHORTEST = 500, 40
"""Values that are read, and characters of a text with data at least; set by hand."""


@lru_cache(maxsize=1)  # a page without entries is read again by the generic family
def inline_data(text: str) -> tuple[object, ...]:
    """Return the values that a page's scripts, attributes and islands contain."""
    return tuple(_inline_data(text))


def _inline_data(text: str) -> Iterator[object]:
    for script in scripts_of(text[:_LONGEST]):
        whole = read_json(script)
        code = code_of(script if whole is not None else filled(script))
        if whole is not None:
            yield hydrated(whole)
        else:
            yield from _exact(code.text)
            yield from _written_values(code)
            yield list(assembled(code))
        yield from _packed(code)
    for double, single in _ATTRIBUTE.findall(text[:_LONGEST]):
        value = read_json(entities.unescape(double or single))
        if isinstance(value, dict | list):
            yield value
    for field in _elements(text, "textarea"):
        value = read_json(entities.unescape(field))
        if isinstance(value, dict | list):
            yield value
    for island in _elements(text, "xml"):
        yield read_xml(f"<records>{island}</records>")


def hidden_markup(text: str) -> Iterator[tuple[str, int]]:
    """Yield hidden markup of a page, and fewest links of a list."""
    scripts = scripts_of(text[:_LONGEST])
    joined = "\n".join(scripts)
    if _WRITTEN.search(joined):
        yield "\n".join(part for part in texts_of(joined) if _WRITTEN.search(part)), 1
    framed = [entities.unescape(one or other) for one, other in _FRAMED.findall(text)]
    yield "\n".join(framed), 1
    # What follows may be an example, or the list of another day: a few links are none.
    yield _markup(map(entities.unescape, _elements(text, "textarea"))), 3
    yield _markup(script for script in scripts if script.lstrip().startswith("<")), 3
    yield _markup(text[start:end] for start, end in between(text, "<!--", "-->")), 3


def _markup(parts: Iterator[str]) -> str:
    return "\n".join(part for part in parts if _WRITTEN.search(part) and not _HOLES.search(part))


def _elements(text: str, name: str) -> Iterator[str]:
    """Yield the contents of the elements of a name."""
    for start, end in between(text, f"<{name}", f"</{name}"):
        yield text[start:end].partition(">")[2]


def _exact(script: str) -> Iterator[object]:
    """Yield the JSON values in a script."""
    decoder = json.JSONDecoder(strict=False)
    at = tried = 0
    while tried <= _IN_VAIN and (match := _STARTS.search(script, at)):
        try:
            value, at = decoder.raw_decode(script, match.end())
        except json.JSONDecodeError as error:
            at = match.end() + 1
            tried += error.pos - match.end()
            continue
        except (ValueError, RecursionError):
            at = match.end() + 1
            tried += _A_FAILURE
            continue
        yield value


def _written_values(code: Code) -> Iterator[object]:
    """Yield objects, lists and arguments of calls in a script."""
    last = found = 0
    for start in sorted(code.ends):
        if start < last or code.text[start] not in "[{(" or found >= _VALUES:
            continue
        before = code.text[max(0, start - _NEAR) : start]
        value: Any = None
        if code.text[start] != "(" and _BEFORE.search(before):
            value, _ = literal_at(code, start, {})
        elif is_call(code, start):
            value = arguments_at(code, start + 1)
        if value:
            found, last = found + 1, code.ends[start]
            yield value


def _packed(code: Code) -> Iterator[object]:
    """Yield the values that a script has as texts of JSON."""
    for start, end in code.ends.items():
        written = code.text[start + 1 : end - 1]
        written = _ROW.sub("", written)
        begins = written[:_NEAR].lstrip().lower().startswith(_PACKED)
        if code.text[start] not in "\"'`" or len(written) < _SHORTEST or not begins:
            continue
        try:
            plain = json.loads(f'"{written}"') if "\\" in written else written
        except ValueError:
            plain = re.sub(r"\\(.)", r"\1", written)
        value = read_json(unquote(plain) if plain.startswith("%") else plain)
        if value is not None:
            yield value
