"""Units of figures, by `units.tsv`, and currencies printed before them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from crawler.rows import rows
from pipelines.text import numerals


@dataclass(frozen=True, slots=True)
class Unit:
    """Class of a unit, and the factor to its base unit."""

    kind: str
    factor: float


COUNT = Unit("count", 1.0)
"""Unit of people and things."""


def _rows() -> Iterator[tuple[Unit, list[str], list[str]]]:
    for kind, factor, zh, en in rows("pipelines.facts/units.tsv"):
        over, _, under = factor.partition("/")
        unit = Unit(kind, float(over) / float(under or 1))
        yield unit, list(filter(None, zh.split("|"))), list(filter(None, en.split("|")))


def _en_pattern(form: str) -> str:
    """Return a form's pattern: `[s]` optional, `-` also a space."""
    pattern = re.sub(r"\\\[(.+?)\\\]", r"(?:\1)?", re.escape(form)).replace(r"\-", "[- ]")
    return pattern + (r"\b" if form[-1] in "]²³" or form[-1].isalnum() else "")


_NOT_BEFORE = {
    "里": "程面外边头昂氏约",
    "两": "个名位人家条项座者地岸会国市侧",
    "周": "年岁边围期末转刊一二三四五六日天",
    "度": "假过量日电",
    "克": "服强拉",
    "升": "级学任旗温至格值",
    "角": "落度色逐膜楼球斗钢",
    "瓦": "房屋",
}
"""Characters after which a form is another word: 10里程碑, 两周年."""
_ZH = {form: unit for unit, zh, _ in _rows() for form in zh}
# Chinese texts write abbreviations: 500Mbps, 12 km, 3GW. A single letter may be a word (3F).
_ABBREVIATED = {
    form.replace("[s]", ""): unit
    for unit, _, en in _rows()
    for form in en
    if 1 < len(form.replace("[s]", "")) <= (3 if "[" in form else 6)
}
_ZH_ORDERED = sorted(_ZH, key=len, reverse=True)
_EN = tuple(
    (_en_pattern(form), unit)
    for form, unit in sorted(
        ((form, unit) for unit, _, en in _rows() for form in en),
        key=lambda row: len(row[0]),
        reverse=True,
    )
)
_EN_WHOLE = tuple((re.compile(pattern.replace(r"\b", "")), unit) for pattern, unit in _EN)

_ABBREVIATION = "|".join(sorted(map(re.escape, _ABBREVIATED), key=len, reverse=True))
ZH_PATTERN = "|".join(
    (
        *(
            re.escape(form) + (f"(?![{_NOT_BEFORE[form]}])" if _NOT_BEFORE.get(form) else "")
            for form in _ZH_ORDERED
        ),
        f"(?i: ?(?:{_ABBREVIATION})(?![a-z]))",
    )
)
"""Matches a Chinese unit."""
EN_PATTERN = "|".join(f"(?:{pattern})" for pattern, _ in _EN)
"""Matches an English unit, letter case aside."""

PREFIXES = {
    "rmb": "CNY", "cny": "CNY", "¥": "CNY", "￥": "CNY", "hk$": "HKD", "us$": "USD", "usd": "USD",
    "$": "dollar", "mop$": "MOP", "mop": "MOP", "s$": "SGD", "a$": "AUD", "nt$": "TWD",
    "eur": "EUR", "jpy": "JPY", "€": "EUR", "£": "GBP", "aged": "age",
}  # fmt: skip
"""Class of a figure by the currency printed before it."""
PREFIX_PATTERN = "|".join(
    re.escape(prefix) + (r"\b" if prefix == "aged" else "")
    for prefix in sorted(PREFIXES, key=len, reverse=True)
)

TEMPERATURES = frozenset({"degrees", "fahrenheit"})
"""Classes that may be below zero."""
MONEY = frozenset({*PREFIXES.values(), "yuan", "CAD", "KRW", "RUB"} - {"age"})
"""Classes of money."""
_ALIKE = (
    # The yuan of Hong Kong, Macau and Taiwan is a dollar or pataca, and a dollar is of some place.
    {"yuan": {"CNY", "HKD", "MOP", "TWD", "dollar"}, "dollar": {"USD", "HKD", "TWD", "SGD", "yuan"}}
)


def alike(first: str, second: str) -> bool:
    """Return True if figures of two classes may be the same."""
    return first == second or second in _ALIKE.get(first, ()) or first in _ALIKE.get(second, ())


def chinese(form: str | None) -> Unit:
    """Return the unit of a Chinese form; `COUNT` without one."""
    written = form or ""
    return _ZH.get(written) or _ABBREVIATED.get(numerals.folded(written.strip()), COUNT)


def english(form: str | None) -> Unit:
    """Return the unit of an English form; `COUNT` without one."""
    plain = numerals.folded(form or "")
    return next((unit for pattern, unit in _EN_WHOLE if plain and pattern.fullmatch(plain)), COUNT)
