"""Texts that scripts write into a page, and values they name.

Nothing is run: only calls whose result the page itself states are read, strings and constant dates
put together. The clock of the visit is no constant.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from itertools import islice

from lxml import etree

from crawler.extract.dates import leading_date, moments
from crawler.item import NEWS_TIME

Value = str | int | datetime

_CALLS = tuple(
    map(
        re.compile,
        (
            r"document\.write(?:ln)?\s*\(",
            r"getElementById\(\s*[\"'](?P<id>[\w-]{1,60})[\"']\s*\)\s*\.\s*"
            r"(?:innerHTML|innerText|textContent)\s*=(?!=)",
            r"querySelector\(\s*[\"'](?P<mark>[#.])(?P<id>[\w-]{1,60})[\"']\s*\)\s*\.\s*"
            r"(?:innerHTML|innerText|textContent)\s*=(?!=)",
            r"\$\(\s*[\"'](?P<mark>[#.])(?P<id>[\w-]{1,60})[\"']\s*\)\s*\.\s*(?:html|text)\s*\(",
        ),
    )
)
"""Calls that write a text in their own place or in an element's; each begins with plain letters,
which are quick to look for."""
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d{1,15})|\"(?P<double>(?:[^\"\\\n]|\\.)*)\"|'(?P<single>(?:[^'\\\n]|\\.)*)'|"
    r"(?P<name>[A-Za-z_$][\w$]*)|(?P<sign>[-+().,\[\];]))"
)
_SET = re.compile(r"(?<![\w$.])(?:var|let|const)?\s*(?P<name>[A-Za-z_$][\w$]{0,40})\s*=(?!=)")
_NAMED = re.compile(
    r"[\"']?(?P<name>(?<![\w$])[A-Za-z_$][\w$-]{1,40})[\"']?\s*[:=]\s*"
    r"(?:\"(?P<double>(?:[^\"\\\n]|\\.){1,300})\"|'(?P<single>(?:[^'\\\n]|\\.){1,300})'|"
    r"(?P<number>1[0-8]\d{8}(?:\d{3})?)(?!\d))"
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))")
_TAG = re.compile(r"<[^<>]{0,400}>")
_NO_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that no tree of a page may have."""
_LONGEST, _MOST_CALLS, _SCRIPTS, _DEEP = 400, 40, 60, 4
"""Characters of a call that are read, calls and scripts of a page, and variables in a row; set by
hand."""
_LONGEST_VALUE = 4_000
"""Characters of a value that a script puts together; set by hand."""
_SHOWN = 120
"""Most characters of a text that is written into the page; set by hand."""
_FIRST_MOMENT = 10**12
"""Number from which one is milliseconds since 1970: of 2001."""
_MOST_VALUES = 400
"""Named values of a page that are read; set by hand."""
_LONGEST_SCRIPT = 100_000


class _UnknownError(ValueError):
    """A value that the page does not state."""


def write_dates(tree: etree._Element, scripts: Sequence[etree._Element]) -> None:
    """Put the dates that `scripts` write into `tree`, in their places."""
    codes = [(node, (node.text or "")[:_LONGEST_SCRIPT]) for node in islice(scripts, _SCRIPTS)]
    calls = [
        (node, code, call)
        for node, code in codes
        for pattern in _CALLS
        for call in pattern.finditer(code)
    ]
    if not calls:
        return
    variables = _Variables([code for _, code in codes])
    for node, code, call in calls[:_MOST_CALLS]:
        try:
            value = _Reader(code[call.end() : call.end() + _LONGEST], variables).whole()
        # A method of a text without its value, such as the number of a word, is unknown, too.
        except (ValueError, LookupError, RecursionError, OverflowError):
            continue
        text = _TAG.sub("", _NO_XML.sub("", _shown(value))).strip()
        # Other texts that scripts write are menus and the like, or the article itself.
        if text and len(text) <= _SHOWN and moments(text):
            _put(tree, node, call, text)


def _put(tree: etree._Element, script: etree._Element, call: re.Match[str], text: str) -> None:
    named = call.groupdict()
    if identity := named.get("id"):
        attribute = "class" if named.get("mark") == "." else "id"
        places = (node for node in tree.iter() if identity in (node.get(attribute) or "").split())
        place = next(places, None)
        if place is not None and not len(place) and not (place.text or "").strip():
            place.text = text
        return
    parent = script.getparent()
    if parent is None or parent.tag in ("head", "html"):
        return
    span = etree.Element("span")
    span.text = text
    parent.insert(parent.index(script), span)


def named_values(
    tree: etree._Element, scripts: Sequence[etree._Element]
) -> Iterator[tuple[str, str]]:
    """Yield the named values of hidden fields, attributes and `scripts`."""
    for node in tree.iter("input"):
        if (node.get("type") or "").lower() == "hidden":
            for name in (node.get("name"), node.get("id")):
                if name:
                    yield name, node.get("value") or ""
    for node in tree.iter():
        if isinstance(node.tag, str):
            for name, value in node.attrib.items():
                if str(name).startswith("data-") and value:
                    yield str(name)[5:], value
    for node in islice(scripts, _SCRIPTS):
        for found in islice(_NAMED.finditer((node.text or "")[:_LONGEST_SCRIPT]), _MOST_VALUES):
            yield found["name"], _plain(found["double"] or found["single"] or found["number"])


def _plain(written: str) -> str:
    """Return a literal's text."""
    return _ESCAPE.sub(_sign, written)


def _sign(escape: re.Match[str]) -> str:
    code, short, sign = escape.groups()
    return (
        {"n": "\n", "t": "\t", "r": "\r"}.get(sign, sign) if sign else chr(int(code or short, 16))
    )


class _Variables:
    """Variables of a page's scripts, read when they are asked for."""

    def __init__(self, codes: Sequence[str]) -> None:
        self.codes = codes
        self.deep = 0
        self._known: dict[str, Value] = {}

    @cached_property
    def _set(self) -> Mapping[str, list[str]]:
        """Code behind each setting of a variable, at most two."""
        found: dict[str, list[str]] = {}
        for code in self.codes:
            for match in _SET.finditer(code):
                settings = found.setdefault(match["name"], [])
                if len(settings) < 2:
                    settings.append(code[match.end() : match.end() + _LONGEST])
        return found

    def value(self, name: str) -> Value:
        """Return the value that a variable is set to, once only."""
        if self.deep >= _DEEP:
            raise _UnknownError
        if name not in self._known:
            found = self._set.get(name, [])
            if len(found) != 1:
                raise _UnknownError
            self.deep += 1
            try:
                self._known[name] = _Reader(found[0], self).sum()
            finally:
                self.deep -= 1
        return self._known[name]


class _Reader:
    """Reader of one expression."""

    def __init__(self, code: str, variables: _Variables) -> None:
        self.code, self.at, self.variables = code, 0, variables

    def whole(self) -> Value:
        """Return the value of an expression up to its end."""
        value = self.sum()
        if self._next() not in (")", ";", "", ","):
            raise _UnknownError
        return value

    def sum(self) -> Value:
        """Return the value of terms that are added."""
        value = self._term()
        while self._peek() == "+":
            self._next()
            other = self._term()
            if isinstance(value, int) and isinstance(other, int):
                value += other
            else:
                value = _shown(value) + _shown(other)
                if len(value) > _LONGEST_VALUE:
                    raise _UnknownError
        return value

    def _token(self) -> re.Match[str] | None:
        return _TOKEN.match(self.code, self.at)

    def _peek(self) -> str:
        token = self._token()
        return (token["sign"] or "?") if token else ""

    def _next(self) -> str:
        token = self._token()
        if token is None:
            return "?" if self.code[self.at :].strip() else ""
        self.at = token.end()
        return token["sign"] or "?"

    def _term(self) -> Value:
        token = self._token()
        if token is None:
            raise _UnknownError
        self.at = token.end()
        value: Value
        if token["number"]:
            value = int(token["number"])
        elif token["double"] is not None or token["single"] is not None:
            value = _plain(token["double"] if token["double"] is not None else token["single"])
        elif token["sign"] == "(":
            value = self.sum()
            self._expect(")")
        elif token["name"]:
            value = self._named(token["name"])
        else:
            raise _UnknownError
        while self._peek() == ".":
            self._next()
            value = self._method(value)
        return value

    def _named(self, name: str) -> Value:
        if name == "new":
            token = self._token()
            if token is None or token["name"] != "Date":
                raise _UnknownError
            self.at = token.end()
            return _date(self._arguments())
        if self._peek() != "(":
            return self.variables.value(name)
        # A function of the site's own, which can only write a date or text in another form.
        given = self._arguments()
        if not given:
            raise _UnknownError
        return int(_shown(given[0])) if name in ("parseInt", "Number") else given[0]

    def _method(self, value: Value) -> Value:
        token = self._token()
        if token is None or not token["name"]:
            raise _UnknownError
        self.at = token.end()
        if self._peek() != "(":
            raise _UnknownError
        given = self._arguments()
        if isinstance(value, int) and value >= _FIRST_MOMENT:
            value = _date([value])  # a library's date, as of moment(1700000000000)
        if isinstance(value, datetime):
            part = _PARTS.get(token["name"])
            return part(value) if part else value
        text = _shown(value)
        numbers = [number for number in given if isinstance(number, int)]
        if token["name"] in ("substring", "slice") and numbers:
            return text[numbers[0] : numbers[1] if len(numbers) > 1 else None]
        if token["name"] == "substr" and numbers:
            return text[numbers[0] :][: numbers[1] if len(numbers) > 1 else None]
        if token["name"] == "replace" and len(given) == 2 and not numbers:
            return text.replace(_shown(given[0]), _shown(given[1]), 1)
        if token["name"] == "split" and len(given) == 1:
            return text.split(_shown(given[0]) or None)[self._index()]
        if token["name"] in ("trim", "toString"):
            return text.strip()
        raise _UnknownError

    def _index(self) -> int:
        self._expect("[")
        token = self._token()
        if token is None or not token["number"] or int(token["number"]):
            raise _UnknownError
        self.at = token.end()
        self._expect("]")
        return 0

    def _arguments(self) -> list[Value]:
        self._expect("(")
        given: list[Value] = []
        while self._peek() != ")":
            given.append(self.sum())
            if self._peek() == ",":
                self._next()
            elif self._peek() != ")":
                raise _UnknownError
        self._next()
        return given

    def _expect(self, sign: str) -> None:
        if self._next() != sign:
            raise _UnknownError


_PARTS: Mapping[str, Callable[[datetime], int]] = {
    "getFullYear": lambda at: at.year,
    "getYear": lambda at: at.year - 1900,
    "getMonth": lambda at: at.month - 1,
    "getDate": lambda at: at.day,
    "getHours": lambda at: at.hour,
    "getMinutes": lambda at: at.minute,
    "getSeconds": lambda at: at.second,
}


def _date(given: Sequence[Value]) -> Value:
    """Return the date that a script makes of constants."""
    if not given:
        raise _UnknownError  # the clock of the visit
    if isinstance(given[0], str):
        if (moment := leading_date(given[0])) is None:
            raise _UnknownError
        return moment.at
    numbers = [number for number in given if isinstance(number, int)]
    try:
        if len(numbers) == 1:
            return datetime.fromtimestamp(numbers[0] / 1000, NEWS_TIME)
        year, month, day, hour, minute = (*numbers, *(1, 0, 0)[len(numbers) - 2 :])[:5]
        return datetime(year, month + 1, day, hour, minute, tzinfo=NEWS_TIME)
    except (ValueError, OverflowError, OSError, TypeError) as error:
        raise _UnknownError from error


def _shown(value: Value) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str(value)
