"""Lapses of time written with their parts: 2小时15分, a year and three months, 2:33:08."""

import re
from collections.abc import Iterator

from pipelines.facts.quantity import Quantity
from pipelines.text import numerals

_ZH_N = rf"\d{{1,3}}|[{numerals.ZH_NUMERAL}]{{1,3}}"
_EN_N = rf"\d{{1,3}}|an?|{numerals.EN_CARDINAL}"
_AND = r",? (?:and )?"
_DIAL = r"(?<![\d:])(?P<dial_hours>\d{1,2}):(?P<dial_minutes>[0-5]\d):(?P<dial>[0-5]\d)(?![\d:])"
_ZH = re.compile(
    rf"(?:(?P<years>{_ZH_N})年[零又]?(?P<months>{_ZH_N})个月"
    rf"|(?:(?P<days>{_ZH_N})天[零又]?)?(?P<hours>{_ZH_N})(?:个?小时|个钟头|时(?=\d{{1,2}}分\d{{1,2}}秒))"
    rf"[零又]?(?P<minutes>{_ZH_N})分(?!之)钟?(?:(?P<seconds>{_ZH_N})秒)?"
    rf"|(?P<only_days>{_ZH_N})天[零又]?(?P<of_day>{_ZH_N})个?小时"
    rf"|(?P<only_minutes>{_ZH_N})分钟?(?P<of_minute>{_ZH_N})秒)|{_DIAL}"
)
_EN = re.compile(
    rf"\b(?:(?P<years>{_EN_N}) years?{_AND}(?P<months>{_EN_N}) months?"
    rf"|(?:(?P<days>{_EN_N}) days?{_AND})?(?P<hours>{_EN_N}) hours?{_AND}"
    rf"(?P<minutes>{_EN_N}) minutes?(?:{_AND}(?P<seconds>{_EN_N}) seconds?)?"
    rf"|(?P<only_days>{_EN_N}) days?{_AND}(?P<of_day>{_EN_N}) hours?"
    rf"|(?P<only_minutes>{_EN_N}) minutes?{_AND}(?P<of_minute>{_EN_N}) seconds?)\b|{_DIAL}",
    re.IGNORECASE,
)
_PARTS = {"day": 24.0, "hour": 1.0, "minute": 1 / 60, "second": 1 / 3600}
"""Hours of a part."""
_READ = {
    "days": "day", "only_days": "day", "hours": "hour", "of_day": "hour", "dial_hours": "hour",
    "minutes": "minute", "only_minutes": "minute", "dial_minutes": "minute", "seconds": "second",
    "of_minute": "second", "dial": "second",
}  # fmt: skip


def lapses(text: str, lang: str) -> Iterator[tuple[Quantity, tuple[int, int]]]:
    """Yield lapses of time, each with its span."""
    for hit in (_ZH if lang == "zh" else _EN).finditer(text):
        groups = {name: _number(part) for name, part in hit.groupdict().items() if part}
        if "years" in groups:
            months = 12 * groups["years"] + groups["months"]
            yield Quantity("months", months, 0.5, start=hit.start()), hit.span()
            continue
        parts = [(count, _PARTS[_READ[name]]) for name, count in groups.items()]
        hours = sum(count * part for count, part in parts)
        half = 0.5 * min(part for _, part in parts)
        yield Quantity("hours", hours, half, start=hit.start()), hit.span()


def _number(written: str) -> float:
    if written.isdecimal():
        return int(written)
    if numerals.folded(written) in ("a", "an"):
        return 1
    value = numerals.english(written) if written.isascii() else numerals.chinese(written)
    return value or 0
