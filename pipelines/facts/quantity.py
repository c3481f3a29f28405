"""A figure with its unit, and agreement of two."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.facts import units

_LEAST_BITS, _MOST_BITS = 0.5, 12.0
"""Bounds of a figure's information, so that no figure is worthless and none decides alone; set by
hand, not measured."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """Figure in the base unit of its `kind`.

    `half` is half of the last written digit. `loose` marks a figure written as approximate (近,
    余, nearly, more than). `start` is its offset in the text. `trend` is 1 for a share by which
    something rose, -1 if it fell. Figures of one amount in two units, as in "700 million yuan (100
    million dollars)", have the same `amount`, the offset of the first; any other figure has -1.
    """

    kind: str
    value: float
    half: float
    loose: bool = False
    start: int = 0
    trend: int = 0
    amount: int = -1

    @property
    def bits(self) -> float:
        """Information: log2 of the significant digits as a number, 0.5-12."""
        return min(
            _MOST_BITS, max(_LEAST_BITS, math.log2(max(1.0, abs(self.value) / (2 * self.half))))
        )


_NO_COUNT = {"percent", "points", "hours", "months", "times", "clock"}
_FLOAT_SLACK = 1.02
"""Factor on the precision, for rounding in unit factors; set by hand, not measured."""
_LOOSE_HALVES = 1.9
"""Factor on the precision of an approximate figure: more than two is not more than three."""
_LOOSE_SLACK = 0.03
"""Relative difference allowed of an approximate figure; set by hand, not measured."""


def of_one_class(first: Quantity, second: Quantity) -> bool:
    """Return True if two figures can be compared."""
    return first.kind == second.kind or units.alike(first.kind, second.kind)


_TOLD_IN_TWO = (
    {"percent", "times"}, {"percent", "points"}, {"degrees", "fahrenheit"}, {"age", "months"}
)  # fmt: skip
"""Classes that one amount may be of, by the language."""


def comparable(first: Quantity, second: Quantity) -> bool:
    """Return True if two figures that differ contradict each other."""
    kinds = {first.kind, second.kind}
    bare = "count" in kinds and not kinds & _NO_COUNT
    return of_one_class(first, second) or kinds in _TOLD_IN_TWO or bare


def agree(first: Quantity, second: Quantity) -> bool:
    """Return True if two figures may be the same.

    They are of one class and equal within their written precision, and nothing rose by the one and
    fell by the other. A bare count agrees with a figure of any class, since a translation may drop
    the unit's name, but not with a share.
    """
    if first.trend * second.trend < 0:
        return False
    if not of_one_class(first, second):
        kinds = {first.kind, second.kind}
        if kinds == {"percent", "times"}:
            return _multiplied(first, second)
        if kinds == {"degrees", "fahrenheit"}:
            return agree(_celsius(first), _celsius(second))
        if kinds == {"age", "months"}:  # 树龄680年, a 680-year-old tree
            return agree(_in_months(first), _in_months(second))
        index = kinds == {"percent", "count"} and first.value == second.value
        if index and first.value % 1:  # PMI为50.8%, a PMI of 50.8
            return True
        if "count" not in kinds or kinds & _NO_COUNT:
            return False
    if all(figure.half >= _VAGUE * abs(figure.value) for figure in (first, second)):
        return first.value == second.value  # hundreds, thousands
    slack = max(figure.half * (_LOOSE_HALVES if figure.loose else 1) for figure in (first, second))
    slack *= _FLOAT_SLACK
    if first.loose or second.loose:
        slack = max(slack, _LOOSE_SLACK * max(abs(first.value), abs(second.value)))
    return abs(first.value - second.value) <= slack


def _multiplied(first: Quantity, second: Quantity) -> bool:
    """Return True if a share is a factor: 增长1.5倍 is 2.5 times."""
    share, times = (first, second) if first.kind == "percent" else (second, first)
    factors = (share.value / 100, share.value / 100 + 1)
    slack = max(share.half / 100, times.half) * _FLOAT_SLACK
    return share.value >= 100 and any(abs(times.value - factor) <= slack for factor in factors)


def _in_months(figure: Quantity) -> Quantity:
    if figure.kind == "months":
        return figure
    return Quantity("months", 12 * figure.value, 12 * figure.half, figure.loose, figure.start)


def _celsius(figure: Quantity) -> Quantity:
    if figure.kind == "degrees":
        return figure
    value = (figure.value - 32) * 5 / 9
    return Quantity("degrees", value, figure.half * 5 / 9, figure.loose, figure.start)


def shared_bits(figure: Quantity, others: Iterable[Quantity]) -> float:
    """Return the information of the best agreement with `others`; 0 for none.

    An agreement is worth the information of the rounder of the two figures.
    """
    return max((min(figure.bits, o.bits) for o in others if agree(figure, o)), default=0.0)


def digits(written: str) -> float:
    """Return the value of a figure in digits, with or without commas."""
    return float(written.replace(",", "").replace("，", "").replace(" ", ""))


def half_digit(written: str) -> float:
    """Return half of the last significant digit of a figure in digits."""
    plain = written.replace(",", "").replace("，", "").replace(" ", "")
    if "." in plain:
        return 0.5 * 10.0 ** -len(plain.partition(".")[2])
    # 350,000 is as likely rounded as exact, but 300 is hardly 340 rounded.
    zeros = len(plain) - len(plain.rstrip("0"))
    return rounded(float(plain), max(0.5, min(0.5 * 10.0**zeros, 0.05 * float(plain))))


_COARSEST = 0.2
"""Share of a figure that half of its last digit is at most: 1万 is not 1.5万 rounded; set by hand,
not measured."""


def rounded(value: float, half: float) -> float:
    """Return half of the last digit, as far as rounding goes."""
    return min(half, _COARSEST * value) if value else half


_VAGUE = 0.8
"""Share of its value from which half of a figure's last digit makes it vague; set by hand."""


def vague(scale: float) -> tuple[float, float]:
    """Return value and half of "hundreds": one to ten times `scale`."""
    return 5 * scale, 4.5 * scale
