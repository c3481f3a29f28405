"""Data in the forms of script frameworks, as plain data."""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice

_FUNCTION = re.compile(r"\(\s*function\s*\((?P<names>[\w$,\s]{1,20000})\)\s*\{")
_GIVEN = re.compile(
    r"\s*(\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|[^\s,()\"'{}\[\]][^,()\"'{}\[\]]{0,60}|"
    r"\{\}|\[\]|(?:new )?\w+\([^()]{0,200}\))\s*(,|\))"
)
_USED = re.compile(r"([:,\[]\s*)([A-Za-z_$][\w$]*)(?=\s*[,}\]])")
_PUSHED = re.compile(r"__next_f\.push\(\s*\[\s*1\s*,\s*(\"(?:[^\"\\]|\\.)*\")\s*\]\s*\)")
_ROW = re.compile(rb"([0-9a-f]{1,6}):(?:T([0-9a-f]{1,6}),)?")
_LONGEST = 1_000_000
"""Characters of arguments that are put in place of their names; set by hand."""
_MOST = 5_000
"""Arguments, pieces and rows that are read; set by hand."""


def filled(code: str) -> str:
    """Return a script with a function's arguments in place of their names.

    Nuxt 2 writes its data as `(function(a,b){return {title:a,content:b}}("…","…"))`.
    """
    called = _FUNCTION.search(code)
    opened = code.rfind("}(") if called else -1
    if called is None or opened < called.end():
        return code
    names = [name.strip() for name in called["names"].split(",")]
    given: list[str] = []
    at = opened + 2
    while len(given) < _MOST and (value := _GIVEN.match(code, at)):
        given.append(str(value[1]))
        at = value.end()
        if value[2] == ")":
            break
    if len(given) != len(names):
        return code
    known = dict(zip(names, given, strict=True))
    room = _LONGEST

    def put(used: re.Match[str]) -> str:
        nonlocal room
        value = str(known.get(used[2], used[2]))
        room -= len(value)
        return f"{used[1]}{value if room >= 0 else used[2]}"

    return _USED.sub(put, code[: opened + 1]) + code[at:]


def hydrated(data: object) -> object:
    """Return Nuxt 3's list of values as objects.

    In it an object's values are the places of others in the list.
    """
    if not isinstance(data, list) or not 1 < len(data) <= _MOST * 10:
        return data
    objects = [item for item in data if isinstance(item, dict) and item]
    places = range(len(data))
    if not objects or not all(
        type(place) is int and place in places for item in objects for place in item.values()
    ):
        return data
    return [
        {name: data[place] for name, place in item.items() if isinstance(data[place], str | int)}
        for item in objects
    ]


def rows(codes: Sequence[str]) -> Iterator[str]:
    """Yield the rows that Next.js pushes in pieces.

    A row is `number:JSON` up to a line's end, or `number:Tlength,text`, its length in bytes.
    """
    pieces = (found[1] for code in codes for found in _PUSHED.finditer(code))
    parts: list[str] = []
    for piece in islice(pieces, _MOST):
        try:
            parts.append(json.loads(piece, strict=False))
        except ValueError:
            continue
    data = "".join(parts).encode("utf-8", "replace")
    at = 0
    for _ in range(_MOST):
        row = _ROW.match(data, at)
        if row is None:
            end = data.find(b"\n", at)
            if end < 0:
                return
            at = end + 1
            continue
        end = data.find(b"\n", row.end())
        end = row.end() + int(row[2], 16) if row[2] else end if end >= 0 else len(data)
        yield data[row.end() : end].decode("utf-8", "replace")
        at = end if row[2] else end + 1
        if at >= len(data):
            return
