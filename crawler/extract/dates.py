"""Dates of news pages in Chinese, English and URLs, with precision."""

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from crawler.item import LATEST, NEWS_TIME, Precision
from crawler.script import HAN_DIGITS, MONTH, MONTH_NAMES, month_number

_YEAR = r"(?<!\d)(?P<y>(?:19[5-9]|20\d)\d)"
_ZONE = r"(?:\s*(?P<zone>Z|[+-]\d\d:?\d\d))?"
_CLOCK = (
    r"(?:[T\s,，|]*(?:[(（]?(?:星期|周|週|"
    r"禮拜)[一二三四五六日天][)）]?)?\s*(?:issued at\s*)?(?:香港時間|香港时间|HKT)?\s*"
    r"(?P<half>上午|下午|晚上|早上|凌晨|中午)?\s*(?P<h>[01]?\d|"
    r"2[0-3])\s*[:：时時点點]\s*(?P<mi>[0-5]\d)"
    r"(?:\s*[:：分]\s*(?P<s>[0-5]\d)?(?:\.\d+)?)?" + _ZONE + r"(?:\s*(?P<ampm>[ap])\.?m\b\.?)?)?"
)
_DAY = re.compile(
    _YEAR
    + r"\s*(?P<sep>[-/.年])\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})(?!\d)\s*[日号號]?"
    + _CLOCK,
    re.I,
)
_NEAR = 24
"""Characters before a date that may follow a label; set by hand, not measured."""
_REPUBLIC_YEAR = 1911
"""Year 0 of the Republican calendar."""
_FIRST_YEAR = 1978
"""Year before which no date of a page is one of publication; set by hand, not measured."""
_SHORT = tuple(name[:3].lower() for name in MONTH_NAMES)
_MONTH = rf"(?P<mon>{MONTH})\.?"
_ORDINAL = r"(?:st|nd|rd|th)?"
_YEAR_AFTER = r"(?P<y>(?:19[5-9]|20\d)\d)(?!\d)"
_ENGLISH = (
    # People's Daily writes the hour first: `(People's Daily Online) 09:30, March 05, 2024`.
    re.compile(
        rf"(?<!\d)(?P<h>[01]?\d|2[0-3]):(?P<mi>[0-5]\d),?\s+{_MONTH}\s*(?P<d>\d{{1,2}})\s*,?\s*"
        rf"{_YEAR_AFTER}",
        re.I,
    ),
    re.compile(rf"\b{_MONTH}\s*(?P<d>\d{{1,2}}){_ORDINAL}\s*,?\s*{_YEAR_AFTER}" + _CLOCK, re.I),
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}}){_ORDINAL}[\s-]*(?:of\s+)?{_MONTH}[\s,-]*{_YEAR_AFTER}" + _CLOCK,
        re.I,
    ),
)
_DAY_LAST = re.compile(r"(?<!\d)(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>20\d\d)(?!\d)" + _CLOCK, re.I)
_COMPACT = re.compile(
    r"(?<!\d)(?P<y>(?:19[5-9]|20\d)\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])"
    r"(?:(?P<h>[01]\d|2[0-3])(?P<mi>[0-5]\d)(?:[0-5]\d)?)?(?!\d)"
)
_MONTH_ONLY = re.compile(
    _YEAR + r"(?:\s*年\s*(?P<m>\d{1,2})\s*月|[-/](?P<m2>0?[1-9]|1[0-2]))(?![-/\d])"
)
_MONTH_ONLY_EN = re.compile(rf"\b{_MONTH},?\s+{_YEAR_AFTER}", re.I)
_DIGIT = "".join(HAN_DIGITS)
_WRITTEN = re.compile(
    rf"(?P<y>[一二][{_DIGIT}]{{3}})年(?P<m>[{_DIGIT}十]{{1,3}})月(?P<d>[{_DIGIT}十廿]{{1,3}})[日号]"
)
_REPUBLIC = re.compile(
    r"(?:(?:中華)?民國\s*(?P<y>\d{2,3})|"
    r"(?<!\d)(?P<y2>1[0-3]\d))\s*(?P<sep>[年./-])\s*(?P<m>\d{1,2})"
    r"\s*[月./-]\s*(?P<d>\d{1,2})(?!\d)"
)
_IN_URL = (
    re.compile(r"/t(?P<y>20\d\d|19\d\d)(?P<m>\d\d)(?P<d>\d\d)_"),
    re.compile(r"/P(?P<y>20\d\d|19\d\d)(?P<m>\d\d)(?P<d>\d\d)\d{4,}"),
    re.compile(r"/(?P<y>20\d\d|19\d\d)[/-](?P<m>\d{1,2})[/-](?P<d>\d{1,2})(?=[/_.-])"),
    re.compile(r"/(?P<y>20\d\d|19\d\d)[/-]?(?P<m>\d\d)[/-]?(?P<d>\d\d)(?=[/_.]|\d{6}_)"),
    re.compile(r"/(?P<y>20\d\d|19\d\d)[/-]?(?P<m>0[1-9]|1[0-2])(?=/)"),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """Date found in a text: time, precision and place.

    The time is cut to the precision.
    """

    at: datetime
    precision: Precision
    start: int
    end: int


def moments(text: str) -> list[Moment]:
    """Return the full dates of `text`, in order.

    Republican years count only after 民國.
    """
    found = [_numeric(match) for match in _DAY.finditer(text)]
    lowered = text.lower()
    if any(short in lowered for short in _SHORT):
        for pattern in _ENGLISH:
            found += [_english(match) for match in pattern.finditer(text)]
    if "年" in text:
        found += [_written(match) for match in _WRITTEN.finditer(text)]
    if "民國" in text:
        found += [_republic(match) for match in _REPUBLIC.finditer(text) if match["y"]]
    if "/" in text and not any(found):
        found += [_day_last(match) for match in _DAY_LAST.finditer(text)]
    kept: list[Moment] = []
    for moment in sorted(filter(None, found), key=lambda m: (m.start, -m.end)):
        if not kept or moment.start >= kept[-1].end:
            kept.append(moment)
    return kept


def leading_date(text: str) -> Moment | None:
    """Return the date at the start of a labelled value, or None.

    Such as that of a meta tag. Here a month, a compact date and a bare republican year are dates,
    too.
    """
    text = text.strip()
    near = [moment for moment in moments(text) if moment.start <= _NEAR]
    if near:
        return near[0]
    for pattern in (_COMPACT, _REPUBLIC):
        match = pattern.match(text)
        if match:
            return _numeric(match) if pattern is _COMPACT else _republic(match)
    month = _MONTH_ONLY.match(text)
    if month:
        return _moment(month, int(month["y"]), int(month["m"] or month["m2"]), 1, "month")
    named = _MONTH_ONLY_EN.match(text)
    if named:
        return _moment(named, int(named["y"]), month_number(named["mon"]), 1, "month")
    year = re.fullmatch(r"((?:19[5-9]|20\d)\d)年?", text)
    return _moment(year, int(year[1]), 1, 1, "year") if year else None


def date_in_url(url: str) -> Moment | None:
    """Return the date in a URL's path, to the day or month."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return None  # such as an unclosed [ before the host
    for pattern in _IN_URL:
        match = pattern.search(path)
        if match:
            day = match.groupdict().get("d")
            moment = _moment(
                match, int(match["y"]), int(match["m"]), int(day or 1), "day" if day else "month"
            )
            if moment:
                return moment
    return None


def strip_dates(text: str) -> str:
    """Return `text` without its full dates."""
    for moment in reversed(moments(text)):
        text = text[: moment.start] + text[moment.end :]
    return text


def _numeric(match: re.Match[str]) -> Moment | None:
    return _with_clock(match, int(match["y"]), int(match["m"]), int(match["d"]))


def _day_last(match: re.Match[str]) -> Moment | None:
    """Read 13/2/2023 or 2/13/2023.

    3/2/2023, which may mean either day, is no date.
    """
    first, second = int(match["a"]), int(match["b"])
    if first == second or second > 12:
        return _with_clock(match, int(match["y"]), first, second)
    return _with_clock(match, int(match["y"]), second, first) if first > 12 else None


def _english(match: re.Match[str]) -> Moment | None:
    return _with_clock(match, int(match["y"]), month_number(match["mon"]), int(match["d"]))


def _written(match: re.Match[str]) -> Moment | None:
    year = int("".join(str(HAN_DIGITS[char]) for char in match["y"]))
    return _moment(match, year, _tens(match["m"]), _tens(match["d"]), "day")


def _republic(match: re.Match[str]) -> Moment | None:
    year = _REPUBLIC_YEAR + int(match["y"] or match["y2"])
    return _moment(match, year, int(match["m"]), int(match["d"]), "day")


def _tens(written: str) -> int:
    """Return the value of a written number below 100."""
    written = written.replace("廿", "二十")
    high, ten, low = written.rpartition("十")
    units = HAN_DIGITS.get(low, 0)
    return (HAN_DIGITS.get(high, 1) * 10 if ten else 0) + units


def _with_clock(match: re.Match[str], year: int, month: int, day: int) -> Moment | None:
    fields = match.groupdict()
    if fields.get("h") is None:
        return _moment(match, year, month, day, "day")
    hour, minute = int(fields["h"]), int(fields["mi"])
    afternoon = fields.get("half") in ("下午", "晚上") or (fields.get("ampm") or "").lower() == "p"
    if afternoon and hour < 12:
        hour += 12
    if (fields.get("ampm") or "").lower() == "a" and hour == 12:
        hour = 0
    zone = fields.get("zone")
    if hour == 0 and minute == 0 and not zone:
        # Systems that store only a date print midnight.
        return _moment(match, year, month, day, "day")
    found = _moment(match, year, month, day, "minute", hour=hour, minute=minute)
    if found and zone:
        try:
            aware = datetime.fromisoformat(
                f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:00{zone.upper()}"
            )
        except ValueError:
            return found
        return Moment(aware.astimezone(NEWS_TIME), "minute", found.start, found.end)
    return found


def _moment(
    match: re.Match[str],
    year: int,
    month: int,
    day: int,
    precision: Precision,
    *,
    hour: int = 0,
    minute: int = 0,
) -> Moment | None:
    try:
        at = datetime(year, month, day, hour, minute, tzinfo=NEWS_TIME)
    except ValueError:
        return None
    if not _FIRST_YEAR <= year <= LATEST.year:
        return None
    return Moment(at, precision, match.start(), match.end())
