"""Dates of news pages in Chinese, English and URLs, with precision."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from crawler.item import LATEST, NEWS_TIME, Precision
from crawler.script import HAN, HAN_DIGITS, MONTH, MONTH_NAMES, month_number

_YEAR = r"(?<!\d)(?P<y>(?:19[5-9]|20\d)\d)"
_ZONES = {
    "Z": "+00:00", "UT": "+00:00", "UTC": "+00:00", "GMT": "+00:00", "BST": "+01:00",
    "CET": "+01:00", "CST": "+08:00", "BJT": "+08:00", "HKT": "+08:00", "SGT": "+08:00",
    "JST": "+09:00", "KST": "+09:00", "EST": "-05:00", "EDT": "-04:00", "PST": "-08:00",
    "PDT": "-07:00",
}  # fmt: skip
"""Offset of each zone word; CST is China's, on pages of Chinese cities."""
_ZONE = (
    r"(?:\s*[(（]?(?P<zone>(?:GMT|UTC)?\s?[+-](?:0?\d|1[0-4])(?::?[0-5]\d)(?!\d)|"
    rf"(?:GMT|UTC)\s?[+-](?:1[0-4]|0?\d)(?!\d)|(?:{'|'.join(_ZONES)})(?![a-z])))?"
    rf"(?:\s*[(（](?:[A-Z][a-z]+ ){{1,4}}Time[)）]|\s*[(（][{HAN}]{{2,8}}(?:时间|時間)[)）])?"
)
_WEEKDAY = (
    r"[(（]?(?:(?:星期|周|週|禮拜)[一二三四五六日天]|"
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?)[)）]?"
)
_TIME = (
    r"(?P<h>[01]?\d|2[0-3])\s*[:：时時点點]\s*(?P<mi>[0-5]\d)"
    r"(?:\s*[:：分]\s*(?P<s>[0-5]\d)?(?:\.\d+)?)?"
)
_CLOCK = (
    rf"(?:[T\s,，|·@]*(?:{_WEEKDAY})?[\s,，]*(?:-\s)?(?:issued at\s*|at\s*)?"
    r"(?:香港時間|香港时间|北京时间|北京時間|HKT)?\s*(?P<half>上午|下午|晚上|早上|凌晨|中午)?\s*"
    rf"{_TIME}(?:\s*(?P<ampm>[ap])\.?m\b\.?)?{_ZONE})?"
)
_DAY = re.compile(
    _YEAR
    + r"\s*(?P<sep>[-/.年])\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})(?!\d)\s*[日号號]?"
    + _CLOCK,
    re.I,
)
_PLAIN = str.maketrans(
    "０１２３４５６７８９－—–‒―‐‑−～~、_／∕．。·‧・•", "0123456789------------//......"
)
"""Signs of Chinese input methods, as dates are written elsewhere; one for one, so that places
stay."""
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
_HOUR_FIRST = (
    r"(?<![\d:])(?P<h>[01]?\d|2[0-3]):(?P<mi>[0-5]\d)(?::(?P<s>[0-5]\d))?"
    rf"(?:\s*(?P<ampm>[ap])\.?m\b\.?)?{_ZONE}(?:\s+on)?"
)
_ENGLISH = (
    # People's Daily writes the hour first: `(People's Daily Online) 09:30, March 05, 2024`.
    re.compile(
        rf"{_HOUR_FIRST},?\s+{_MONTH}\s*(?P<d>\d{{1,2}})\s*,?\s*{_YEAR_AFTER}",
        re.I,
    ),
    re.compile(
        rf"{_HOUR_FIRST},?\s+(?P<d>\d{{1,2}})\s+{_MONTH},?\s+{_YEAR_AFTER}",
        re.I,
    ),
    # Java's Date.toString(): `Fri Jan 05 09:30:00 CST 2024`.
    re.compile(rf"\b{_MONTH}\s+(?P<d>\d{{1,2}})\s+{_TIME}{_ZONE}\s+{_YEAR_AFTER}", re.I),
    re.compile(
        rf"\b{_MONTH}\s*(?P<d>\d{{1,2}}){_ORDINAL}\s*,?\s*(?:{_WEEKDAY}[\s,]*)?{_YEAR_AFTER}"
        + _CLOCK,
        re.I,
    ),
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}}){_ORDINAL}[\s/.,-]*(?:of\s+)?{_MONTH}[\s/,-]*{_YEAR_AFTER}"
        + _CLOCK,
        re.I,
    ),
    re.compile(
        rf"{_YEAR}[\s/,-]+{_MONTH}[\s/,-]*(?P<d>\d{{1,2}}){_ORDINAL}(?![\d:])" + _CLOCK, re.I
    ),
)
_DAY_LAST = re.compile(
    r"(?<![\d./-])(?P<a>\d{1,2})\s?(?P<sep>[/.-])\s?(?P<b>\d{1,2})\s?(?P=sep)\s?(?P<y>20\d\d)(?!\d)"
    + _CLOCK,
    re.I,
)
_COMPACT = re.compile(
    r"(?<!\d)(?P<y>(?:19[5-9]|20\d)\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])"
    r"(?:[T\s]?(?P<h>[01]\d|2[0-3]):?(?P<mi>[0-5]\d)(?::?(?P<s>[0-5]\d)(?:\.\d+)?)?"
    rf"{_ZONE})?(?!\d)"
)
_EPOCH = re.compile(r"/?(?:Date\()?(?P<seconds>1[0-8]\d{8})(?P<thousandths>\d{3})?(?!\d)")
"""Seconds or milliseconds since 1970, of the years 2001 to 2030."""
_MONTH_ONLY = re.compile(
    _YEAR + r"(?:\s*年\s*(?P<m>\d{1,2})\s*月|[-/](?P<m2>0?[1-9]|1[0-2]))(?![-/\d])"
)
_MONTH_ONLY_EN = re.compile(rf"\b{_MONTH},?\s+{_YEAR_AFTER}", re.I)
_DIGIT = "".join(HAN_DIGITS)
_WRITTEN_DAY = rf"(?P<m>[{_DIGIT}十]{{1,3}})月(?P<d>[{_DIGIT}十廿]{{1,3}})[日号號]"
_WRITTEN = re.compile(rf"(?P<y>[一二][{_DIGIT}]{{3}})年{_WRITTEN_DAY}")
_REPUBLIC_WRITTEN = re.compile(rf"民[國国]\s*(?P<y>[{_DIGIT}十百]{{1,6}})年{_WRITTEN_DAY}")
_REPUBLIC_ALONE = re.compile(rf"(?P<y>一[〇零○一二三][{_DIGIT}])年{_WRITTEN_DAY}")
_REPUBLIC = re.compile(
    r"(?:(?:中[華华])?民[國国]\s*(?P<y>\d{2,3})|"
    r"(?<!\d)(?P<y2>1[0-3]\d))\s*(?P<sep>[年./-])\s*(?P<m>\d{1,2})"
    r"\s*[月./-]\s*(?P<d>\d{1,2})(?!\d)\s*日?" + _CLOCK,
    re.I,
)
_REPUBLIC_COMPACT = re.compile(
    r"(?P<y2>1[0-3]\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?!\d)"
)
_SHORT_YEAR = re.compile(
    r"(?<!\d)(?P<y2>[0-4]\d)\s*(?:(?P<sep>[-年])|(?P<slash>[/.]))\s*(?P<m>0?[1-9]|1[0-2])\s*"
    r"(?:(?(slash)[/.]|[-月]))\s*(?P<d>0?[1-9]|[12]\d|3[01])(?!\d)\s*日?" + _CLOCK,
    re.I,
)
_A_DAY = r"(?P<d>0?[1-9]|[12]\d|3[01])"
_A_MONTH = r"(?P<m>0?[1-9]|1[0-2])"
_A_YEAR = r"(?P<y>(?:19[5-9]|20\d)\d)"
_APART = tuple(
    re.compile(rf"(?:^|(?<=\x1f)){pattern}(?=\x1f|$)")
    for pattern in (
        rf"{_A_DAY}日?\x1f{_A_YEAR}[-/.年]{_A_MONTH}月?",
        rf"{_A_DAY}日?\x1f{_A_MONTH}[-/.月]{_A_YEAR}年?",
        rf"{_A_YEAR}[-/.年]{_A_MONTH}月?\x1f{_A_DAY}日?",
        rf"{_A_MONTH}[-/.月]{_A_DAY}日?\x1f{_A_YEAR}年?",
        rf"{_A_YEAR}年?\x1f{_A_MONTH}[-/.月]{_A_DAY}日?",
        rf"{_A_YEAR}年?\x1f{_A_MONTH}月?\x1f{_A_DAY}日?",
        rf"{_A_DAY}日?\x1f{_A_MONTH}月\x1f{_A_YEAR}年?",
        rf"{_A_MONTH}月\x1f{_A_DAY}日?\x1f{_A_YEAR}年?",
    )
)
"""Day, month and year in elements of their own, as calendar leaves show them."""
_OF_DATE = re.compile(r"\d|年")
"""A sign of any date: most lines of a page have none."""
_GAP = re.compile(r"[\s\x1f|]+")
_WIDE_GAP = re.compile(r"(\s\s)\s+")
_LOOSE = re.compile(r"\x1f([-/.])\x1f|\x1f([日月年])")
"""Signs between the elements of a date, or after one."""
_WRITTEN_MONTH = re.compile(r"(?<![一二三四五六七八九十])(十[一二]?|[一二三四五六七八九])月")
_FRAGMENT = re.compile(
    rf"\d{{1,2}}|\d{{1,2}}[日月]|{_A_YEAR}年?|(?:{_A_YEAR}[-/.年])?\d{{1,2}}(?:[-/.月]\d{{1,2}})?[日月]?|"
    rf"\d{{1,2}}[-/.]\d{{4}}|(?:\d{{1,2}}\s+)?(?:{MONTH})\.?(?:\s*\d{{1,4}})?".replace(
        "?P<y>", "?:"
    ),
    re.I,
)
_IN_URL = (
    re.compile(r"/t(?P<y>20\d\d|19\d\d)(?P<m>\d\d)(?P<d>\d\d)_"),
    re.compile(r"/(?P<y>20\d\d|19\d\d)[/-](?P<m>\d{1,2})[/-](?P<d>\d{1,2})(?=[/_.-])"),
    re.compile(r"/(?P<y>20\d\d|19\d\d)[/-]?(?P<m>\d\d)[/-]?(?P<d>\d\d)(?=[/_.]|\d{6}_)"),
    re.compile(r"/P(?P<y>20\d\d|19\d\d)(?P<m>\d\d)(?P<d>\d\d)\d{4,}"),
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
    if not _OF_DATE.search(text):
        return []
    if _WIDE_GAP.search(text):
        return _across_gaps(text)
    text = text.translate(_PLAIN)
    found = [_numeric(match) for match in _DAY.finditer(text)]
    lowered = text.lower()
    if any(short in lowered for short in _SHORT):
        for pattern in _ENGLISH:
            found += [_english(match) for match in pattern.finditer(text)]
    if "年" in text:
        found += [_written(match) for match in _WRITTEN.finditer(text)]
    if "民國" in text or "民国" in text:
        found += [_republic(match) for match in _REPUBLIC.finditer(text) if match["y"]]
        found += [_republic_written(match) for match in _REPUBLIC_WRITTEN.finditer(text)]
    if not any(found):
        found += [_day_last(match) for match in _DAY_LAST.finditer(text)]
    kept: list[Moment] = []
    for moment in sorted(filter(None, found), key=lambda m: (m.start, -m.end)):
        if not kept or moment.start >= kept[-1].end:
            kept.append(moment)
    return kept


def _across_gaps(text: str) -> list[Moment]:
    """Return the full dates of a text with wide gaps.

    They are sought with the gaps cut, since patterns take the cube of a gap's length.
    """
    places: list[int] = []
    last = 0
    for gap in _WIDE_GAP.finditer(text):
        places += range(last, gap.end(1))
        last = gap.end()
    places += range(last, len(text) + 1)
    found = moments(_WIDE_GAP.sub(r"\1", text))
    return [replace(each, start=places[each.start], end=places[each.end - 1] + 1) for each in found]


def leading_date(text: str, *, day_first: bool = True) -> Moment | None:
    """Return the date at the start of a labelled value, or None.

    Such as that of a meta tag. Here a month, a compact date, seconds since 1970, a bare republican
    year and a year of two digits are dates, too; 24/06/18 only where no day comes first.
    """
    if not _OF_DATE.search(text):
        return None
    text = text.translate(_PLAIN).strip()
    near = [moment for moment in moments(text) if moment.start <= _NEAR]
    if near:
        return near[0]
    for pattern, reader in _AFTER_LABEL:
        match = pattern.match(text)
        if match and not (day_first and match.groupdict().get("slash")):
            return reader(match)
    month = _MONTH_ONLY.match(text)
    if month:
        return _moment(month, int(month["y"]), int(month["m"] or month["m2"]), 1, "month")
    named = _MONTH_ONLY_EN.match(text)
    if named:
        return _moment(named, int(named["y"]), month_number(named["mon"]), 1, "month")
    year = re.fullmatch(r"((?:19[5-9]|20\d)\d)年?", text)
    return _moment(year, int(year[1]), 1, 1, "year") if year else None


def date_apart(pieces: str) -> Moment | None:
    """Return the date that separate elements make up, or None.

    The elements of a line are separated as in `Block.pieces`.
    """
    if not _OF_DATE.search(pieces):
        return None
    text = _GAP.sub("\x1f", pieces.translate(_PLAIN)).strip("\x1f")
    text = _WRITTEN_MONTH.sub(lambda match: f"{_tens(match[1])}月", _LOOSE.sub(r"\1\2", text))
    for pattern in _APART:
        if match := pattern.search(text):
            return _moment(match, int(match["y"]), int(match["m"]), int(match["d"]), "day")
    return next(iter(moments(text.replace("\x1f", " "))), None)


def is_part_of_date(text: str) -> bool:
    """Return True for a part of a date alone on a line."""
    return bool(_FRAGMENT.fullmatch(text.translate(_PLAIN)))


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
    year = _REPUBLIC_YEAR + int(match.groupdict().get("y") or match["y2"])
    return _with_clock(match, year, int(match["m"]), int(match["d"]))


def _republic_written(match: re.Match[str]) -> Moment | None:
    year = _REPUBLIC_YEAR + _written_number(match["y"])
    return _moment(match, year, _tens(match["m"]), _tens(match["d"]), "day")


def _written_number(written: str) -> int:
    """Return the value of a written number below 1000."""
    if not re.search(r"[十百]", written):
        return int("".join(str(HAN_DIGITS[char]) for char in written))
    high, hundred, low = written.rpartition("百")
    return (HAN_DIGITS.get(high, 1) * 100 if hundred else 0) + _tens(low.lstrip("零〇"))


def _epoch(match: re.Match[str]) -> Moment | None:
    at = datetime.fromtimestamp(int(match["seconds"]), NEWS_TIME)
    midnight = at.hour == at.minute == 0
    return Moment(at, "day" if midnight else "minute", match.start(), match.end())


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
    zone = _offset(fields)
    if hour == 0 and minute == 0 and not zone:
        # Systems that store only a date print midnight.
        return _moment(match, year, month, day, "day")
    found = _moment(match, year, month, day, "minute", hour=hour, minute=minute)
    if found and zone:
        aware = datetime.fromisoformat(f"{found.at:%Y-%m-%dT%H:%M:00}{zone}")
        return Moment(aware.astimezone(NEWS_TIME), "minute", found.start, found.end)
    return found


def _offset(fields: dict[str, str | None]) -> str | None:
    """Return the offset of a zone as `+08:00`."""
    zone = (fields.get("zone") or "").upper().replace(" ", "")
    if zone in _ZONES:
        return _ZONES[zone]
    match = re.fullmatch(r"(GMT|UTC)?([+-])(\d{1,2}?):?(\d\d)?", zone)
    if not match or (match[2] == "-" and not match[1] and fields.get("s") is None):
        return None  # without seconds before it, -10:30 is the end of a time
    return f"{match[2]}{int(match[3]):02}:{match[4] or '00'}"


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


def _short(match: re.Match[str]) -> Moment | None:
    return _with_clock(match, 2000 + int(match["y2"]), int(match["m"]), int(match["d"]))


_AFTER_LABEL = (
    (_EPOCH, _epoch),
    (_COMPACT, _numeric),
    (_REPUBLIC, _republic),
    (_REPUBLIC_COMPACT, _republic),
    (_REPUBLIC_ALONE, _republic_written),
    (_SHORT_YEAR, _short),
)
"""Forms that are dates only after a label, with their readers."""
