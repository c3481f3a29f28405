"""Values that a script writes: texts, numbers, lists, objects and known variables.

No script is run: what a function or a page's visitor decides is unknown, and left out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crawler.limits import MAX_URL

_SPACE = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.S)
_TEXT = re.compile(r"\"((?:[^\"\\\n]|\\.)*+)\"|'((?:[^'\\\n]|\\.)*+)'|`((?:[^`\\]|\\.)*+)`", re.S)
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d+)?(?![\w.])")
_NAME = re.compile(r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*")
_KEY = re.compile(r"[\"']?([\w$.\[\]-]{1,60})[\"']?\s*(?=[:,}])")
_SIGN = re.compile(r"[(){}\[\]\"'`]")
_STOP = re.compile(r"[,;(){}\[\]\"'`]")
_HOLE = re.compile(r"\$\{\s*([\w.$]+)\s*\}")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.S)
_SIGNS = {"n": "\n", "t": "\t", "r": "\r"}
_SCRIPTS = re.compile(r"<script\b[^<>]*>(.*?)(?:(</script)|\Z)", re.IGNORECASE | re.DOTALL)
_WORDS = {"true": True, "false": False, "null": None, "undefined": None}
_PACKED = ("JSON.stringify", "JSON.parse", "encodeURIComponent", "encodeURI", "String", "Number",
           "parseInt", "$.extend", "Object.assign", "ref", "reactive", "Vue.ref")  # fmt: skip
"""Functions whose first value is theirs."""
_FORMS = ("qs.stringify", "Qs.stringify", "$.param", "jQuery.param", "URLSearchParams")
"""Functions that write their first value as a form's."""
_DEEP, _MOST, _LONGEST = 12, 200, 20_000
"""Depth and members of an object, and characters of a value, up to which it is read; by hand."""
_JOINED = 100_000
"""Characters that are put together at most; by hand."""


@dataclass(frozen=True, slots=True)
class Packed:
    """Object that a script writes as JSON."""

    value: Any


@dataclass(frozen=True, slots=True)
class Form:
    """Object that a script sends as a form's fields."""

    value: Any


@dataclass(frozen=True, slots=True)
class Code:
    """Script with the ends of its texts and brackets, by their starts."""

    text: str
    ends: Mapping[int, int]

    def starts(self, sign: str, at: int) -> bool:
        """Return True if a sign stands at a place."""
        return self.text.startswith(sign, at)


def code_of(text: str) -> Code:
    """Return a script with its brackets matched, in linear time."""
    ends: dict[int, int] = {}
    opened: list[int] = []
    at = 0
    while found := _SIGN.search(text, at):
        at = found.end()
        if found[0] in "([{":
            opened.append(found.start())
        elif found[0] in ")]}":
            if opened:
                ends[opened.pop()] = at
        elif literal := _TEXT.match(text, found.start()):
            at = ends[found.start()] = literal.end()
        else:  # no such sign closes it in its line, or in the rest of the script
            line = text.find("\n", at) if found[0] != "`" else -1
            at = line if line >= 0 else len(text)
    return Code(text, ends)


def scripts_of(text: str) -> list[str]:
    """Return the scripts of a page, without one that never ends."""
    # It is found, to the end of the page: looked for at every mark it would cost their square.
    return [found[1] for found in _SCRIPTS.finditer(text) if found[2]]


def texts_of(text: str) -> Iterator[str]:
    """Yield the texts of a script, without their marks."""
    for start, end in code_of(text).ends.items():
        if text[start] in "\"'`":
            yield _unescaped(text[start + 1 : end - 1])


def _unescaped(written: str) -> str:
    """Return a text without the escapes of a script."""
    return _ESCAPE.sub(_sign, written) if "\\" in written else written


def _sign(found: re.Match[str]) -> str:
    if code := found[1] or found[2]:
        return chr(int(code, 16))
    return _SIGNS.get(found[3], found[3])


def literal_at(code: Code, at: int, known: Mapping[str, Any], deep: int = 0) -> tuple[Any, int]:
    """Return value and end of a literal; None for an unknown value.

    `known` has under no name the text for an unknown part of a sum, which is nothing otherwise.
    """
    value, at = _term(code, at, known, deep)
    end = _after(code, at)
    while (sign := code.text[end : end + 1]) in ("+", "-") and deep < _DEEP:
        if code.starts(sign, end + 1):
            break  # i++
        other, at = _term(code, end + 1, known, deep + 1)
        value = _sum(value, other, known.get("", "")) if sign == "+" else _less(value, other)
        end = _after(code, at)
    return value, at


def _sum(one: Any, other: Any, unknown: str) -> Any:
    """Return two values joined; an unknown one is the text for it."""
    if isinstance(one, int) and isinstance(other, int):
        return one + other
    first, second = (unknown if value is None else str(value) for value in (one, other))
    return first + second if len(first) + len(second) <= _JOINED else first


def _less(one: Any, other: Any) -> Any:
    return one - other if isinstance(one, int) and isinstance(other, int) else None


def _after(code: Code, at: int) -> int:
    found = _SPACE.match(code.text, at)
    return found.end() if found else at


def _term(code: Code, at: int, known: Mapping[str, Any], deep: int) -> tuple[Any, int]:
    at = _after(code, at)
    if deep > _DEEP:
        return None, _skipped(code, at)
    if known and code.ends.get(at, at) - at > _LONGEST:
        return None, code.ends[at]  # of a function: no address, and read for every call of it
    if text := _TEXT.match(code.text, at):
        written = text[1] or text[2] or text[3] or ""
        filled = _HOLE.sub(lambda hole: _part(known, hole[1])[:MAX_URL], written, count=_MOST)
        return _unescaped(filled), text.end()
    if number := _NUMBER.match(code.text, at):
        return (float(number[0]) if "." in number[0] else int(number[0])), number.end()
    if code.starts("{", at):
        return _object(code, at + 1, known, deep + 1)
    if code.starts("[", at):
        return _list(code, at + 1, known, deep + 1)
    if code.starts("(", at):
        value, end = literal_at(code, at + 1, known, deep + 1)
        return value, _skipped(code, end) + 1
    if code.starts("new ", at):
        at = _after(code, at + 4)
    name = _NAME.match(code.text, at)
    if name is None:
        return None, _skipped(code, at)
    end = _after(code, name.end())
    if name[0] in _FORMS and code.starts("(", end):
        value, inner = literal_at(code, end + 1, known, deep + 1)
        return (Form(value) if isinstance(value, dict) else value), _skipped(code, inner) + 1
    if name[0] in _PACKED and code.starts("(", end):
        value, inner = literal_at(code, end + 1, known, deep + 1)
        return (Packed(value) if name[0] == "JSON.stringify" else value), _skipped(code, inner) + 1
    if code.text[end : end + 1] in ("(", "[", "=", "?", ".") or name[0] == "function":
        return None, _skipped(code, end)
    return _WORDS.get(name[0], known.get(name[0])), name.end()


def _part(known: Mapping[str, Any], name: str) -> str:
    value = known.get(name)
    return str(known.get("", "") if value is None else value)


def _object(code: Code, at: int, known: Mapping[str, Any], deep: int) -> tuple[Any, int]:
    found: dict[str, Any] = {}
    for _ in range(_MOST):
        at = _after(code, at)
        if at >= len(code.text) or code.text[at] == "}":
            return found, at + 1
        key = _KEY.match(code.text, at)
        if key and code.starts(":", key.end()):
            value, at = literal_at(code, key.end() + 1, known, deep)
            found[key[1]] = value
        elif key:
            found[key[1]], at = known.get(key[1]), key.end()  # {page} for {page: page}
        at = _skipped(code, at)
        if code.starts(",", at):
            at += 1
    return found, at


def _list(code: Code, at: int, known: Mapping[str, Any], deep: int) -> tuple[Any, int]:
    found: list[Any] = []
    for _ in range(_MOST):
        at = _after(code, at)
        if at >= len(code.text) or code.text[at] == "]":
            return found, at + 1
        value, at = literal_at(code, at, known, deep)
        found.append(value)
        at = _skipped(code, at)
        if code.starts(",", at):
            at += 1
    return found, at


def _skipped(code: Code, at: int) -> int:
    """Return the place of the comma or bracket that ends a value."""
    limit = at + _LONGEST
    while found := _STOP.search(code.text, at, limit):
        at = found.start()
        if found[0] in ",;)]}":
            return at
        at = code.ends.get(at, len(code.text) if found[0] in "([{" else at + 1)
    return min(limit, len(code.text))
