"""Lapses of time written with their parts.

2小时15分, a year and three months, 2:33:08.
"""

import re
from collections.abc import Iterator, Sequence

from pipelines.facts.quantity import Quantity
from pipelines.text import numerals

_N = rf"\d{{1,3}}|[{numerals.ZH_NUMERAL}]{{1,3}}"
_ZH = re.compile(
    rf"(?P<n1>{_N})(?P<u1>年|天|个?小时|个钟头|时(?=\d+分\d+秒)|分钟?)[零又]?"
    rf"(?P<n2>{_N})(?P<u2>个月|个?小时|分钟?(?!之)|秒)(?:(?P<n3>{_N})(?P<u3>分钟?(?!之)|秒))?"
)
_N_EN = rf"\d{{1,3}}|an?|{numerals.EN_CARDINAL}"
_EN = re.compile(
    rf"\b(?P<n1>{_N_EN}) (?P<u1>year|day|hour|minute)s?,? (?:and )?"
    rf"(?P<n2>{_N_EN}) (?P<u2>month|hour|minute|second)s?"
    rf"(?:,? (?:and )?(?P<n3>{_N_EN}) (?P<u3>minute|second)s?)?\b",
    re.IGNORECASE,
)
_DIAL = re.compile(r"(?<![\d:])(\d{1,2}):([0-5]\d):([0-5]\d)(?![\d:])")
_UNITS = {
    "年": "year", "个月": "month", "天": "day", "小时": "hour", "个小时": "hour", "个钟头": "hour",
    "时": "hour", "分": "minute", "分钟": "minute", "秒": "second",
}  # fmt: skip
_FOLLOWING = {"year": "month", "day": "hour", "hour": "minute", "minute": "second"}
_HOURS = {"day": 24.0, "hour": 1.0, "minute": 1 / 60, "second": 1 / 3600}


def lapses(text: str, lang: str) -> Iterator[tuple[Quantity, tuple[int, int]]]:
    """Yield lapses of time, each with its span."""
    for hit in (_ZH if lang == "zh" else _EN).finditer(text):
        parts = [
            (_number(hit[f"n{at}"]), _unit(hit[f"u{at}"])) for at in (1, 2, 3) if hit[f"u{at}"]
        ]
        units = [unit for _, unit in parts]
        if units[1:] != [_FOLLOWING[unit] for unit in units[:-1]]:
            continue
        if units[0] == "year":
            months = 12 * parts[0][0] + parts[1][0]
            yield Quantity("months", months, 0.5, start=hit.start()), hit.span()
        else:
            yield _lapse([(count, _HOURS[unit]) for count, unit in parts], hit), hit.span()
    for hit in _DIAL.finditer(text):
        hours, minutes, seconds = map(int, hit.groups())
        dial = [(hours, 1.0), (minutes, 1 / 60), (seconds, 1 / 3600)]
        yield _lapse(dial, hit), hit.span()


def _lapse(parts: Sequence[tuple[float, float]], hit: re.Match[str]) -> Quantity:
    hours = sum(count * part for count, part in parts)
    return Quantity("hours", hours, 0.5 * parts[-1][1], start=hit.start())


def _unit(written: str) -> str:
    return _UNITS.get(written) or numerals.folded(written)


def _number(written: str) -> float:
    if written.isdecimal():
        return int(written)
    if numerals.folded(written) in ("a", "an"):
        return 1
    value = numerals.english(written) if written.isascii() else numerals.chinese(written)
    return value or 0
