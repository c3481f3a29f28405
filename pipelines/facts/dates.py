"""Dates, months, years and periods named in a text, with the year resolved where it can be."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from crawler.script import MONTH_NAMES, MONTHS
from pipelines.text import numerals
from pipelines.text.numerals import ZH_DIGITS


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day. `year` is None when nothing resolves it.

    `stated` is False for a year supplied from the page. `relative` marks "yesterday" and the like:
    the day is then only as good as the page's own date.
    """

    month: int
    day: int
    year: int | None = None
    stated: bool = False
    relative: bool = False
    start: int = 0

    def near(self, other: "Day", days: int) -> bool:
        """Whether both name days at most `days` apart, an unknown year taken from the other."""
        year = self.year or other.year or _LEAP
        ours = _date(year, self.month, self.day)
        theirs = _date(other.year or year, other.month, other.day)
        return ours is not None and theirs is not None and abs((ours - theirs).days) <= days


@dataclass(frozen=True, slots=True)
class Period:
    """Months `first` to `last` of a year (None: not said), such as the first four months."""

    first: int
    last: int
    year: int | None = None
    start: int = 0


@dataclass(frozen=True, slots=True)
class Calendar:
    """All that a text says about time, in reading order.

    `years` are the years stated in the text with their offsets. `spans` are the stretches of text
    that were read as time, so that their digits are not read again as figures.
    """

    days: tuple[Day, ...]
    periods: tuple[Period, ...]
    years: tuple[tuple[int, int], ...]
    spans: tuple[tuple[int, int], ...]


_ZH_NUM = f"[{ZH_DIGITS}十]"
_ZH_YEAR = rf"(?:(?P<y>(?:19|20)\d\d|[一二][{ZH_DIGITS}]{{3}})\s?年)"
_ZH_MONTH = r"(?P<m>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])\s?月"
_ZH_DAY = (
    r"(?P<d>3[01]|[12]\d|0?[1-9]|三十一?|二?十[一二三四五六七八九]?|[一二三四五六七八九])\s?[日号]"
)
_ZH_WHEN = re.compile(
    rf"{_ZH_YEAR}?\s?{_ZH_MONTH}\s?{_ZH_DAY}"
    r"(?:\s?(?:至|到|-|—|~|、|和)\s?(?:(?P<m2>1[0-2]|[1-9])月)?(?P<d2>3[01]|[12]\d|[1-9])日)?"
)
_ISO = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)[-/.](?P<m>1[0-2]|0?[1-9])[-/.](?P<d>3[01]|[12]\d|0?[1-9])(?!\d)"
)
_ZH_PERIOD = re.compile(
    rf"{_ZH_YEAR}?(?:"
    rf"(?P<a>1[0-2]|[1-9]|{_ZH_NUM}{{1,2}})\s?月?份?(?:[-—–~～至到]|至)"
    rf"(?P<b>1[0-2]|[1-9]|{_ZH_NUM}{{1,2}})\s?月份?(?!\d)(?!\s?\d+\s?日)"
    rf"|前(?P<n>1[0-2]|[2-9]|{_ZH_NUM}{{1,2}}|两)个月"
    r"|(?P<half>[上下])半年|前(?P<q>[二三两])季度|(?:第?(?P<one>[一二三四])|首)季度"
    r"|(?P<month>1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])月份)"
)
_ZH_MONTH_ONLY = re.compile(
    rf"{_ZH_YEAR}\s?(?P<m>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])\s?月(?!\s?\d+\s?日)"
)
_ZH_YEAR_ONLY = re.compile(
    rf"(?P<y>(?:19|20)\d\d|[一二][〇○零九][{ZH_DIGITS}]{{2}})(?:\s?[-—–~～至到/]\s?(?P<y2>(?:19|20)\d\d|\d\d))?\s?(?:财政|学)?年(?!前)"
)
_ZH_RELATIVE = re.compile(
    r"(?P<w>前天|昨天|昨日|昨晚|今天|今日|今晨|明天|明日)"
    r"|(?<![每逢至到、-])(?P<last>上)?(?:星期|周|礼拜)(?P<on>[一二三四五六日天])(?=[，,（(）)上下晚召举在]|$)"
)
_ZH_BARE_DAY = re.compile(r"(?<![\d月年第-])(?P<d>3[01]|[12]\d|[1-9])日(?=[，,上下晚至]|，)")

_SHORT = (
    r"Sept?\.?" if name == "September" else rf"{name[:3]}\.?"
    for name in MONTH_NAMES
    if name != "May"
)
_MONTH = f"(?:{'|'.join((*MONTH_NAMES, *_SHORT))})"
_EN_WHEN = re.compile(
    rf"\b(?:(?P<m>{_MONTH}) (?:the )?(?P<d>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"
    rf"(?:(?: ?[-–—] ?| to | and )(?:(?P<m2>{_MONTH}) )?"
    rf"(?P<d2>3[01]|[12]\d|[1-9])(?:st|nd|rd|th)?)?(?!\d|,\d|%)"
    r"(?:,? (?P<y>(?:19|20)\d\d))?"
    rf"|(?:the )?(?P<e>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"
    rf"(?:(?: ?[-–—] ?| to )(?P<e2>3[01]|[12]\d|[1-9])(?:st|nd|rd|th)?)?"
    rf" (?:of )?(?P<n>{_MONTH})(?:,? (?P<z>(?:19|20)\d\d))?)(?![A-Za-z0-9])"
)
_EN_COUNT = r"(?P<c>two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,2})"
_EN_PERIOD = re.compile(
    rf"\b(?:(?:from |between |during |in )?(?P<a>{_MONTH})"
    rf"(?: ?[-–—] ?| to | through | and )(?P<b>{_MONTH})(?![a-z])"
    rf"|(?:first|opening) {_EN_COUNT} months"
    r"|(?P<half>first|second) half(?: of the year)?|H(?P<h>[12])\b"
    r"|first (?P<qs>two|three) quarters"
    r"|(?P<one>first|second|third|fourth|last) quarter|Q(?P<q>[1-4])\b)"
    r"(?:,? (?:of |in )?(?P<y>(?:19|20)\d\d))?",
    re.IGNORECASE,
)
_EN_MONTH_ONLY = re.compile(
    rf"\b(?P<m>{_MONTH})(?:,? (?:of )?(?P<y>(?:19|20)\d\d))(?!\d|,\d)"
    rf"|\b(?i:in|for|of|since|during|by|last|this) (?:early |late |mid-)?"
    rf"(?P<n>{_MONTH})(?![a-z])(?! \d)(?!(?: ?[-–—] ?| to | through | and ){_MONTH})"
)
_EN_YEAR_ONLY = re.compile(
    r"(?<![\d.,$¥€£-])(?P<y>(?:19|20)\d\d)(?:[-–/](?P<y2>(?:19|20)\d\d|\d\d(?![-/\d])))?(?![\d%]|[.,]\d|-\w"
    r"| (?:yuan|people|million|billion|residents|tons|tonnes|households|companies|square|students))"
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EN_RELATIVE = re.compile(
    r"\b(?P<w>yesterday|today|tomorrow)\b"
    rf"|\bon (?P<on>{'|'.join(_WEEKDAYS)})\b(?!,? (?:{_MONTH}|\d))(?! to\b|s\b)",
    re.IGNORECASE,
)
_SHIFT = {"前天": -2, "昨天": -1, "昨日": -1, "昨晚": -1, "今天": 0, "今日": 0, "今晨": 0,
          "明天": 1, "明日": 1, "yesterday": -1, "today": 0, "tomorrow": 1}  # fmt: skip
_URL_DATE = (
    re.compile(r"(?<!\d)((?:19|20)\d\d)[-/](1[0-2]|0?[1-9])[-/](3[01]|[12]\d|0?[1-9])(?!\d)"),
    re.compile(r"(?<!\d)((?:19|20)\d\d)(1[0-2]|0[1-9])(3[01]|[12]\d|0[1-9])(?!\d)"),
    re.compile(r"(?<!\d)((?:19|20)\d\d)-(1[0-2]|0[1-9])/(3[01]|[12]\d|0[1-9])(?!\d)"),
)


def url_date(url: str) -> date | None:
    """Return the date a URL carries (t20240205_, /2023/1/4/, /202402/05/), or None."""
    for pattern in _URL_DATE:
        if found := pattern.search(url):
            year, month, day = map(int, found.groups())
            return _date(year, month, day)
    return None


def calendar(text: str, lang: str, *, published: datetime | None = None, url: str = "") -> Calendar:
    """Read the dates of `text`. `published`, or else the URL, dates "yesterday" and bare days.

    A day without a year takes the year that puts it nearest before the page's date (events are
    reported within months, and announced up to two months ahead), or the year last stated before
    it when the page is undated. Every day returned exists: one that its month or year has not is
    left without a year, or out.
    """
    page = published.date() if published else url_date(url)
    raw = list(_chinese(text) if lang == "zh" else _english(text))
    raw.sort(key=lambda item: (item[1], -item[2]))
    days: list[Day] = []
    periods: list[Period] = []
    years: list[tuple[int, int]] = []
    spans: list[tuple[int, int]] = []
    stated: int | None = None
    for kind, start, end, values in raw:
        if spans and start < max(end for _, end in spans[-3:]):
            continue
        year = values[0]
        if year is not None and kind not in ("relative", "weekday"):
            stated = year
            years.append((year, start))
        if kind == "day":
            for month, day in ((values[1], values[2]), (values[3], values[4])):
                if month and day and _date(year or _LEAP, month, day):
                    resolved = year or _resolved(month, day, page, stated)
                    days.append(Day(month, day, resolved, year is not None, start=start))
        elif kind == "bare":
            if (one := _bare(values[2] or 1, days[-1] if days else None, page)) is not None:
                days.append(replace(one, start=start))
        elif kind in ("relative", "weekday"):
            if page is not None and values[0] is not None:
                # "On Tuesday" is the last Tuesday before the page, or the page's own day.
                back = (page.weekday() - values[0]) % 7
                when = _shifted(page, values[0] if kind == "relative" else -back)
                if when is not None:
                    days.append(Day(when.month, when.day, when.year, relative=True, start=start))
        elif kind == "period":
            periods.append(Period(values[1] or 1, values[2] or 12, year, start))
        elif values[3]:
            years.append((values[3], start))
        spans.append((start, end))
    return Calendar(tuple(days), tuple(periods), tuple(years), tuple(spans))


_Values = tuple[int | None, int | None, int | None, int | None, int | None]
_Raw = tuple[str, int, int, _Values]


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


_LEAP = 2024
"""A year that has every day."""


def _shifted(day: date, by: int) -> date | None:
    """Return the date `by` days later; None where the calendar has none, at its ends."""
    ordinal = day.toordinal() + by
    return date.fromordinal(ordinal) if 1 <= ordinal <= date.max.toordinal() else None


def _resolved(month: int, day: int, page: date | None, stated: int | None) -> int | None:
    """Year of a day without one: by the page's date, else as last stated; None: none has it."""
    if page is not None:
        return _nearest(month, day, page)
    return stated if stated is not None and _date(stated, month, day) else None


def _nearest(month: int, day: int, page: date) -> int | None:
    """Year of the latest such day at most 60 days after `page`.

    Of February 29 the one such year of three, if there is any.
    """
    having = [
        when for year in (-1, 0, 1) if (when := _date(page.year + year, month, day)) is not None
    ]
    near = [when for when in having if (when - page).days <= 60]
    chosen = near[-1:] or having[:1]
    return chosen[0].year if chosen else None


def _bare(day: int, anchor: Day | None, page: date | None) -> Day | None:
    """Return a day without a month: in the month last named, else in the page's or the one before.

    A day that the month before has not either is still to come in the page's: 31日 on December 10.
    None where no such month has it.
    """
    if anchor is not None:
        known = _date(anchor.year or _LEAP, anchor.month, day) is not None
        return Day(anchor.month, day, anchor.year) if known else None
    if page is None:
        return None
    before = _shifted(page.replace(day=1), -1)
    months = [page, before] if day <= page.day else [before, page]
    found = (_date(when.year, when.month, day) for when in months if when is not None)
    return next((Day(when.month, when.day, when.year) for when in found if when is not None), None)


def _int(text: str | None) -> int | None:
    if not text:
        return None
    if text.isdecimal():
        return int(text)
    value = numerals.chinese(text)
    return int(value) if value is not None else None


def _chinese(text: str) -> Iterator[_Raw]:
    for hit in (*_ZH_WHEN.finditer(text), *_ISO.finditer(text)):
        groups = hit.groupdict()
        month, last = _int(hit["m"]), _int(groups.get("d2"))
        second = (_int(groups.get("m2")) or month) if last else None
        yield "day", *hit.span(), (_int(groups["y"]), month, _int(hit["d"]), second, last)
    for hit in _ZH_PERIOD.finditer(text):
        yield "period", *hit.span(), (_int(hit["y"]), *_zh_months(hit), None, None)
    for hit in _ZH_MONTH_ONLY.finditer(text):
        month = _int(hit["m"])
        yield "period", *hit.span(), (_int(hit["y"]), month, month, None, None)
    for hit in _ZH_YEAR_ONLY.finditer(text):
        yield "year", *hit.span(), (_int(hit["y"]), None, None, _last_year(hit), None)
    for hit in _ZH_RELATIVE.finditer(text):
        if hit["w"]:
            yield "relative", *hit.span(), (_SHIFT[hit["w"]], None, None, None, None)
        else:
            weekday = "一二三四五六日".find(hit["on"].replace("天", "日"))
            yield "weekday", *hit.span(), (weekday, None, None, None, None)
    for hit in _ZH_BARE_DAY.finditer(text):
        yield "bare", *hit.span(), (None, None, _int(hit["d"]), None, None)


def _last_year(hit: re.Match[str]) -> int | None:
    """The last year of a span: 2025 of 2021-2025, 2024 of 2023-24."""
    last = _int(hit["y2"])
    first = _int(hit["y"])
    return last if last is None or last > 99 or first is None else first // 100 * 100 + last


def _zh_months(hit: re.Match[str]) -> tuple[int | None, int | None]:
    if hit["a"]:
        return _int(hit["a"]), _int(hit["b"])
    if hit["n"]:
        return 1, _int(hit["n"])
    if hit["half"]:
        return (1, 6) if hit["half"] == "上" else (7, 12)
    if hit["q"]:
        return 1, 3 * (_int(hit["q"]) or 1)
    if hit["month"]:
        month = _int(hit["month"])
        return month, month
    quarter = _int(hit["one"]) or 1
    return 3 * quarter - 2, 3 * quarter


def _month(text: str) -> int:
    return MONTHS[numerals.folded(text)[:3]]


def _english(text: str) -> Iterator[_Raw]:
    for hit in _EN_WHEN.finditer(text):
        month = _month(hit["m"] or hit["n"])
        first, last = _int(hit["d"] or hit["e"]), _int(hit["d2"] or hit["e2"])
        second = (_month(hit["m2"]) if hit["m2"] else month) if last else None
        yield "day", *hit.span(), (_int(hit["y"] or hit["z"]), month, first, second, last)
    for hit in _ISO.finditer(text):
        day = (_int(hit["y"]), _int(hit["m"]), _int(hit["d"]), None, None)
        yield "day", *hit.span(), day
    for hit in _EN_PERIOD.finditer(text):
        yield "period", *hit.span(), (_int(hit["y"]), *_en_months(hit), None, None)
    for hit in _EN_MONTH_ONLY.finditer(text):
        month = _month(hit["m"] or hit["n"])
        yield "period", *hit.span(), (_int(hit["y"]), month, month, None, None)
    for hit in _EN_YEAR_ONLY.finditer(text):
        yield "year", *hit.span(), (_int(hit["y"]), None, None, _last_year(hit), None)
    for hit in _EN_RELATIVE.finditer(text):
        if hit["w"]:
            shift = _SHIFT[numerals.folded(hit["w"])]
            yield "relative", *hit.span(), (shift, None, None, None, None)
        else:
            weekday = _WEEKDAYS.index(numerals.folded(hit["on"]))
            yield "weekday", *hit.span(), (weekday, None, None, None, None)


def _en_months(hit: re.Match[str]) -> tuple[int, int]:
    if hit["a"]:
        return _month(hit["a"]), _month(hit["b"])
    if hit["c"]:
        return 1, int(numerals.english(hit["c"]) or 0) or int(hit["c"])
    if hit["half"] or hit["h"]:
        first = numerals.folded(hit["half"] or "") == "first" or hit["h"] == "1"
        return (1, 6) if first else (7, 12)
    if hit["qs"]:
        return 1, 6 if numerals.folded(hit["qs"]) == "two" else 9
    quarter = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4}.get(
        numerals.folded(hit["one"] or "")
    ) or int(hit["q"])
    return 3 * quarter - 2, 3 * quarter
