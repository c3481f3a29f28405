"""Dates as Chinese and English texts write them."""

import re
from collections.abc import Iterator
from functools import cache

from crawler.rows import rows
from crawler.script import MONTH_NAMES, MONTHS
from pipelines.facts.mentions import (
    BareDay,
    Days,
    LunarDay,
    Mention,
    Months,
    NearMonth,
    OfMonth,
    Relative,
    Season,
    Weekday,
    Years,
)
from pipelines.text import numerals
from pipelines.text.numerals import ZH_DIGITS

_ZH_NUM = f"[{ZH_DIGITS}十]"
_ZH_NEAR_YEARS = {"前年": -2, "去年": -1, "上年": -1, "今年": 0, "本年": 0, "明年": 1, "来年": 1,
                  "后年": 2}  # fmt: skip
_ZH_YEAR = (
    rf"(?:(?P<y>(?:1[5-9]|20)\d\d|[一二][{ZH_DIGITS}]{{3}})\s?年"
    rf"|民国\s?(?P<roc>\d{{1,3}}|[{ZH_DIGITS}十百]{{1,5}}|元)\s?年|(?P<near>{'|'.join(_ZH_NEAR_YEARS)}))"
)
_ZH_MONTH = r"(?P<m>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])\s?月"
_ZH_DAYS = (
    r"3[01]|[12]\d|0?[1-9]|三十一?|卅一?|廿[一二三四五六七八九]?|二?十[一二三四五六七八九]?"
    r"|[一二三四五六七八九]"
)
_ZH_TO = r"\s?(?:至|到|[-—–~～、和])\s?"
_ZH_WHEN = re.compile(
    rf"{_ZH_YEAR}?\s?{_ZH_MONTH}\s?(?P<d>{_ZH_DAYS})\s?(?:[日号]|(?=[至到—–~～-]\s?\d+日))"
    rf"(?:{_ZH_TO}(?:(?P<m2>1[0-2]|[1-9])月)?(?P<d2>3[01]|[12]\d|[1-9])日)?"
)
# 本月15日, 上月28日: a day of a month counted from the page's.
_ZH_NEAR_MONTHS = {
    "本月": 0,
    "当月": 0,
    "这个月": 0,
    "上月": -1,
    "上个月": -1,
    "下月": 1,
    "下个月": 1,
}
_ZH_OF_MONTH = re.compile(rf"(?P<near>{'|'.join(_ZH_NEAR_MONTHS)})(?P<d>{_ZH_DAYS})[日号]")
_ZH_NEAR_MONTH = re.compile(
    rf"(?P<near>{'|'.join(name for name in _ZH_NEAR_MONTHS if name != '当月')})"
    rf"(?:(?P<third>[上中下])旬|(?P<edge>[初底末]))?(?!球|(?:{_ZH_DAYS})[日号])"
)
# 今冬明春; 冬季奥运会 is no season of a year.
_ZH_SEASONS = "春夏秋冬"
_ZH_SEASON = re.compile(
    rf"{_ZH_YEAR}?(?:[今去明](?P<near_one>[春夏秋冬])|(?P<one>[春夏秋冬])[季天])(?!奥|残奥|达沃斯)"
    r"|(?P<summer>暑[期假])"
)
_ZH_LUNAR = re.compile(
    rf"{_ZH_YEAR}?\s?(?P<mark>农历|阴历|旧历|夏历)?(?P<leap>闰)?(?P<m>正|腊|冬|十[一二]?|[一二三四五六七八九])月"
    r"(?P<d>初[一二三四五六七八九十]|廿[一二三四五六七八九]?|[一二]?十[一二三四五六七八九]?"
    r"|三十|二十[一二三四五六七八九])(?P<of>[日号])?(?![一二三四五六七八九十])"
)
_ZH_LUNAR_MONTHS = {"正": 1, "冬": 11, "腊": 12}
# “五一”, “9·18”: days that are names.
_NAMED_DAYS = re.compile(
    r"(?<![\d.])[“\"]?(?P<m>1[0-2]|[1-9])·(?P<d>3[01]|[12]\d|[1-9])(?!\d)"
    r"|(?<![\d.])(?P<m2>1[0-2]|[1-9])\.(?P<d2>3[01]|[12]\d|[1-9])"
    r"(?=开[园幕馆业工通放]|启[用动]|上线|投用|通车|事件|专?案|讲话|火灾|事故|特大|暴雨|爆炸|地震)"
    r"|[“\"](?P<han>三八|五一|五四|六一|七一|八一|十一)[”\"]"
)
_HAN_DAYS = {"三八": (3, 8), "五一": (5, 1), "五四": (5, 4), "六一": (6, 1), "七一": (7, 1),
             "八一": (8, 1), "十一": (10, 1)}  # fmt: skip
# 15/03/2024 and 03/15/2024: a number over 12 is the day; with points the day is first.
_DAY_FIRST = re.compile(
    r"(?<![\d/.])(?P<a>\d{1,2})(?P<by>[/.])(?P<b>\d{1,2})(?P=by)(?P<y>(?:19|20)\d\d)(?![\d/])"
)
_ISO = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)[-/.](?P<m>1[0-2]|0?[1-9])[-/.](?P<d>3[01]|[12]\d|0?[1-9])(?!\d)"
    r"|(?<![\d.,])(?P<y2>(?:19|20)\d\d)(?P<m2>1[0-2]|0[1-9])(?P<d2>3[01]|[12]\d|0[1-9])(?![\d%,.]|\s?[元人万亿])"
)
_ZH_PERIOD = re.compile(
    rf"{_ZH_YEAR}?(?:"
    rf"(?P<a>1[0-2]|[1-9]|{_ZH_NUM}{{1,2}})\s?月?份?(?:[-—–~～至到、和]|至)"
    rf"(?:次年|翌年|第二年|来年)?(?P<b>1[0-2]|[1-9]|{_ZH_NUM}{{1,2}})\s?月份?(?!\d)(?!\s?\d+\s?日)"
    rf"|(?<![目之以提日])[前首头](?P<n>1[0-2]|[2-9]|{_ZH_NUM}{{1,2}}|两)个?月(?!\s?\d)"
    r"|(?P<half>[上下])半年|[前首头](?P<q>[二三两23])个?季度?|(?:第?(?P<one>[一二三四1-4])|首)季度"
    r"|(?:第(?P<season>[一二三四1-4])|首)季(?![《集期赛度])"
    r"|(?<![A-Za-z])Q(?P<latin>[1-4])(?!\d)"
    r"|(?P<qa>[一二三1-3])(?:[-—–~～至到]|至)(?P<qb>[二三四2-4])季度"
    r"|(?P<month>1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])月份)"
)
_ZH_MONTH_ONLY = re.compile(
    rf"(?:{_ZH_YEAR}\s?|(?<![\d第每逾近一二三四五六七八九十.·]))"
    r"(?P<m>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])\s?月"
    r"(?:份?(?P<third>[上中下])旬|(?P<edge>[初底末]))?(?![龄饼嫂球亮光色])(?!\s?\d+\s?日)"
)
_ZH_YEAR_ONLY = re.compile(
    rf"(?P<y>(?:1[5-9]|20)\d\d|(?<=[（(于自])1[0-4]\d\d(?=\s?年(?!前|历|来|以|的))"
    rf"|[一二][〇○零九][{ZH_DIGITS}]{{2}})"
    rf"(?:\s?[-—–~～至到/]\s?(?P<y2>(?:19|20)\d\d|\d\d|[{ZH_DIGITS}]{{2}}(?:[{ZH_DIGITS}]{{2}})?))?"
    r"\s?(?:财政?|会计|学)?年(?!前)"
    rf"|民国\s?(?P<roc>\d{{1,3}}|[{ZH_DIGITS}十百]{{1,5}}|元)\s?年"
    r"|公元前\s?(?P<bc>\d{1,4})\s?年|公元\s?(?P<ad>\d{1,4})\s?年"
    r"|(?:(?P<century>20|二十|上|21|二十一|本)世纪)?(?P<decade>[1-9]0|[一二三四五六七八九]十)年代"
)
_ZH_RELATIVE = re.compile(
    r"(?P<w>大前天|前天|前日|前晚|昨天|昨日|昨[晚夜晨]|今天|今日|今[晨早晚夜午]|明天|明日|明[晨早晚]|大后天|后天)"
    r"|(?<![\d一-龥])(?P<ago>[两二三四五六2-6])[天日](?P<way>[前后])(?![一-龥]*(?:内|就))"
    r"|(?P<week>上上|上|本|这|下)个?(?:星期|周|礼拜)(?P<of>[一二三四五六日天])(?![至到—-])"
    r"|(?<![每逢至到、上本这下个-])(?:星期|周|礼拜)(?P<on>[一二三四五六日天])(?=[，,（(）)上下晚召举在]|$)"
)
_ZH_BARE_DAY = re.compile(
    r"(?<![\d月年第-])(?P<d>3[01]|[12]\d|[1-9])日(?=[，,上下晚至起凌清晨夜零开举正当])"
)

_SHORT = tuple(
    r"Sept?\.?" if name == "September" else rf"{name[:3]}\.?"
    for name in MONTH_NAMES
    if name != "May"
)
_CAPITALS = tuple(
    name.upper() for name in (*MONTH_NAMES, *(short.rstrip("\\.?") for short in _SHORT))
)
_MONTH = f"(?:{'|'.join((*MONTH_NAMES, *_SHORT, *_CAPITALS))})"
_EN_WHEN = re.compile(
    rf"\b(?:(?P<m>{_MONTH}) (?:the )?(?P<d>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"
    rf"(?:(?: ?[-–—] ?| to | and )(?:(?P<m2>{_MONTH}) )?"
    rf"(?P<d2>3[01]|[12]\d|[1-9])(?:st|nd|rd|th)?)?(?!\d|,\d|%)"
    r"(?:,? (?P<y>(?:19|20)\d\d))?"
    rf"|(?:the )?(?P<e>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"
    rf"(?:(?: ?[-–—] ?| to )(?P<e2>3[01]|[12]\d|[1-9])(?:st|nd|rd|th)?)?"
    rf" (?:of )?(?P<n>{_MONTH})(?:,? (?P<z>(?:19|20)\d\d))?)(?![A-Za-z0-9])"
    r"(?:,? (?:of )?(?P<near>[Ll]ast|[Tt]his|[Nn]ext) year\b)?"
)
_EN_NEAR_YEARS = {"last": -1, "this": 0, "next": 1}
_EN_COUNT = r"(?P<c>two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,2})"
_EN_PERIOD = re.compile(
    rf"\b(?:(?:from |between |during |in )?(?P<a>{_MONTH})"
    rf"(?: ?[-–—] ?| to | through | and )(?P<b>{_MONTH})(?![a-z])"
    rf"|(?:first|opening) {_EN_COUNT} months|through (?:the end of )?(?P<thru>{_MONTH})(?![a-z])"
    r"(?!\.? \d{1,2}(?!\d))"
    r"|(?P<span>three|six|nine|3|6|9) months (?:to|through|ended|ending) "
    rf"(?P<till>{_MONTH})(?![a-z])"
    r"|(?P<half>first|second) half(?: of the year)?|H(?P<h>[12])\b|(?P<h2>[12])H\b"
    r"|first (?P<qs>two|three|2|3) quarters"
    r"|(?P<one>first|second|third|fourth|last|final|1st|2nd|3rd|4th)[- ]quarter"
    r"|Q(?P<q>[1-4])\b|(?P<q2>[1-4])Q\b)"
    r"(?:,? (?:of |in )?(?P<y>(?:19|20)\d\d))?",
    re.IGNORECASE,
)
_EN_MONTH_ONLY = re.compile(
    rf"\b(?:(?P<third>[Ee]arly|[Ll]ate|[Mm]id|beginning of|start of|end of)[- ])?(?P<m>{_MONTH})"
    rf"(?:,? (?:of )?(?P<y>(?:19|20)\d\d))(?!\d|,\d)"
    rf"|\b(?i:in|for|(?:(?P<edge>beginning|start|end) )?of|since|during|by|last|this) "
    rf"(?:the )?(?:(?P<third2>early|late|mid)[- ])?"
    rf"(?P<n>{_MONTH})(?![a-z])(?! \d)(?!(?: ?[-–—] ?| to | through | and ){_MONTH})"
    rf"|(?<!\d )(?<!\d(?:st|nd|rd|th) )\b(?P<bare>{_MONTH})(?![a-z])"
    r"(?='s | (?:CPI|PPI|PMI|GDP|exports?|imports?|sales|trade|output|retail|industrial|data"
    r"|figures|inflation|prices|rainfall|revenue|traffic|results|report|production|unemployment|[A-Z]{3,})\b)"
)
_LUNAR_ORDINAL = numerals.EN_ORDINAL
_EN_LUNAR = re.compile(
    rf"\b(?P<d>{_LUNAR_ORDINAL}) day of the (?P<leap>leap )?(?P<m>{_LUNAR_ORDINAL}) "
    r"(?:lunar month|month (?:of|in|on) (?:the )?(?:Chinese )?lunar)",
    re.IGNORECASE,
)
_EN_BARE_DAY = re.compile(
    r"\bon (?:the )?(?P<d>3[01]|[12]\d|[1-9])(?:st|nd|rd|th)(?=[.,;]|$| (?:and|at|in|this)\b)"
)

_NO_YEAR = (
    "(?:yuan|people|million|billion|residents|tons|tonnes|households|companies|square|students)"
)
_EN_YEAR_ONLY = re.compile(
    r"(?<![\d.,$¥€£-])(?P<y>(?:19|20)\d\d)"
    r"(?:[-–/](?P<y2>(?:19|20)\d\d|\d\d(?![-/\d])))?(?![\d%]|[.,]\d|-\w"
    rf"| {_NO_YEAR})"
    r"|\b(?:[Ii]n|[Ss]ince|[Ff]rom|[Uu]ntil|[Bb]y|year|[Dd]ated) "
    rf"(?P<old>1[5-8]\d\d)(?![%,.]?\d|%| {_NO_YEAR})"
    r"|\b(?:[Ii]n|[Ss]ince|[Ff]rom) (?P<older>1[0-4]\d\d)(?=[.,;)](?!\d)|$"
    r"| (?:by|during|under|when|and|the)\b)"
    r"|\b(?P<bc>\d{1,4}) (?:BC|BCE|B\.C\.)|\bAD (?P<ad>\d{1,4})|\b(?P<ad2>\d{1,4}) (?:AD|CE)\b"
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EN_NEAR_MONTH = re.compile(r"\b(?P<near>last|this|next) month\b", re.IGNORECASE)
_EN_SEASON = re.compile(
    r"(?<!hot )(?<!Hot )\b(?:(?P<one>spring|summer|autumn|winter)(?! water| rolls?| onions?)"
    r"|(?:last|this|next|the|in) (?P<fall>fall)(?! of| in)"
    r"|(?P<named>Spring|Summer|Autumn|Winter)(?= (?:20\d\d|Semester|Term|[a-z]))(?! water)"
    r"|(?P<term>Fall)(?= (?:20\d\d|[Ss]emester|[Tt]erm)))\b"
    r"(?: (?:of )?(?P<y>20\d\d))?"
)
_EN_SEASONS = ("spring", "summer", "autumn", "winter")
_EN_RELATIVE = re.compile(
    r"\b(?P<w>the day before yesterday|the day after tomorrow|yesterday|today|tomorrow|last night"
    r"|tonight|this (?:morning|afternoon|evening))\b"
    r"|\b(?P<ago>two|three|four|five|six|2|3|4|5|6) days ago\b"
    rf"|\b(?P<week>last|this|next) (?P<of>{'|'.join(_WEEKDAYS)})\b"
    rf"|\bon (?P<on>{'|'.join(_WEEKDAYS)})\b(?!,? (?:{_MONTH}|\d))(?! to\b|s\b)",
    re.IGNORECASE,
)
_SHIFT = {
    "大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3,
    "the day before yesterday": -2, "the day after tomorrow": 2, "yesterday": -1,
    "last night": -1, "today": 0, "tonight": 0, "this morning": 0, "this afternoon": 0,
    "this evening": 0, "tomorrow": 1
}  # fmt: skip


_THIRDS = {"early": 1, "mid": 2, "late": 3, "beginning": 1, "start": 1, "end": 3}
_EDGES = {"初": 1, "底": 3, "末": 3}


def _third(hit: re.Match[str]) -> int | None:
    """Return the third of a month: 上旬, 月底."""
    if hit["third"]:
        return "上中下".index(hit["third"]) + 1
    return _EDGES.get(hit["edge"] or "")


def _int(text: str | None) -> int | None:
    if not text:
        return None
    if text.isdecimal():
        return int(text)
    value = numerals.chinese(text)
    return int(value) if value is not None else None


def chinese(text: str) -> Iterator[Mention]:
    yield from _zh_days(text)
    yield from _written_days(text)
    for hit in _ZH_PERIOD.finditer(text):
        yield Months(*hit.span(), _zh_year(hit), *_zh_months(hit), _near(hit))
    for hit in _ZH_MONTH_ONLY.finditer(text):
        month = _int(hit["m"])
        yield Months(*hit.span(), _zh_year(hit), month, month, _near(hit), _third(hit))
    for hit in _ZH_NEAR_MONTH.finditer(text):
        yield NearMonth(*hit.span(), _ZH_NEAR_MONTHS[hit["near"]], _third(hit))
    for hit in _ZH_SEASON.finditer(text):
        named = hit["one"] or hit["near_one"] or "夏"
        yield Season(*hit.span(), _zh_year(hit), _ZH_SEASONS.index(named))
    for hit in _ZH_YEAR_ONLY.finditer(text):
        yield Years(*hit.span(), _zh_year(hit), _last_year(hit))
    for hit in _ZH_RELATIVE.finditer(text):
        if hit["w"]:
            yield Relative(*hit.span(), _SHIFT[hit["w"][:-1]])
        elif hit["ago"]:
            days = _int(hit["ago"]) or 0
            yield Relative(*hit.span(), -days if hit["way"] == "前" else days)
        else:
            weekday = "一二三四五六日".find((hit["of"] or hit["on"]).replace("天", "日"))
            yield Weekday(*hit.span(), weekday, _ZH_WEEKS.get(hit["week"] or ""))


_ZH_WEEKS = {"上上": -2, "上": -1, "本": 0, "这": 0, "下": 1}


def _zh_days(text: str) -> Iterator[Mention]:
    """Yield the days of a Chinese text but for relative ones."""
    for hit in _ZH_WHEN.finditer(text):
        month, last = _int(hit["m"]), _int(hit["d2"])
        second = (_int(hit["m2"]) or month, last)
        yield Days(*hit.span(), _zh_year(hit), ((month, _int(hit["d"])), second), _near(hit))
    for hit in _ZH_LUNAR.finditer(text):
        # 三月廿八日 is March 28; without 日, or with 农历, the day is lunar.
        if hit["mark"] or hit["leap"] or not hit["of"]:
            month = _ZH_LUNAR_MONTHS.get(hit["m"]) or _int(hit["m"])
            day = _int(hit["d"].removeprefix("初"))
            if month and day:
                leap = hit["leap"] is not None
                yield LunarDay(*hit.span(), _zh_year(hit), month, day, _near(hit), leap)
    for hit in _ZH_OF_MONTH.finditer(text):
        if day := _int(hit["d"]):
            yield OfMonth(*hit.span(), _ZH_NEAR_MONTHS[hit["near"]], day)
    for hit in _NAMED_DAYS.finditer(text):
        named = _HAN_DAYS.get(hit["han"] or "")
        yield Days(
            *hit.span(),
            None,
            (named or (_int(hit["m"] or hit["m2"]), _int(hit["d"] or hit["d2"])),),
        )
    yield from _festivals(text, _zh_festivals())
    for hit in _ZH_BARE_DAY.finditer(text):
        yield BareDay(*hit.span(), int(hit["d"]), text.startswith("起", hit.end()))


_Festivals = tuple[re.Pattern[str], dict[str, tuple[str, int, int]]]


@cache
def _zh_festivals() -> _Festivals:
    """Return the pattern of a festival's own day, and the festivals.

    A festival alone may be the season: 国庆期间, 春节前夕. The days around New Year are days.
    """
    days = {
        form: _festival(row)
        for row in rows("pipelines.facts/festivals.tsv")
        for form in row[0].split("|")
    }
    joined = "|".join(sorted(days, key=len, reverse=True))
    return re.compile(
        rf"(?P<day>大年初一|大年三十|除夕|(?:{joined})(?=当[天日晚]|这[一]?天))"
    ), days


@cache
def _en_festivals() -> _Festivals:
    days = {
        form: _festival(row)
        for row in rows("pipelines.facts/festivals.tsv")
        for form in row[1].split("|")
    }
    joined = "|".join(map(re.escape, sorted(days, key=len, reverse=True)))
    return re.compile(rf"\b(?:[Oo]n|[Tt]he day of) (?:the )?(?P<day>{joined})(?! holiday)\b"), days


def _festival(row: tuple[str, ...]) -> tuple[str, int, int]:
    return row[2], int(row[3]), int(row[4])


def _festivals(text: str, known: _Festivals) -> Iterator[Mention]:
    pattern, days = known
    for hit in pattern.finditer(text):
        calendar, month, day = days[hit["day"]]
        if calendar == "lunar":
            yield LunarDay(*hit.span(), None, month, day)
        else:
            yield Days(*hit.span(), None, ((month, day),))


def _zh_year(hit: re.Match[str]) -> int | None:
    """Return the year of a mention: 2024年, 民国113年, 公元前202年, 20世纪90年代."""
    groups = hit.groupdict()
    if groups["y"]:
        return _int(groups["y"])
    if roc := groups.get("roc"):
        return _ROC + (1 if roc == "元" else _int(roc) or 0)
    if groups.get("bc"):
        return -int(groups["bc"])
    if groups.get("ad"):
        return int(groups["ad"])
    if groups.get("decade"):
        century = 2000 if groups["century"] in ("21", "二十一", "本") else 1900
        return century + (_int(groups["decade"]) or 0)
    return None


_ROC = 1911
"""Year before the first of the Republic of China, by which Taiwan counts."""


def _near(hit: re.Match[str]) -> int | None:
    """Return the years from the page's to that of 去年 or 明年."""
    return _ZH_NEAR_YEARS.get(hit["near"] or "")


def _written_days(text: str) -> Iterator[Mention]:
    """Yield days in figures alone: 2024-03-15, 15/03/2024."""
    for hit in _ISO.finditer(text):
        year, month, day = (_int(hit[part] or hit[f"{part}2"]) for part in "ymd")
        yield Days(*hit.span(), year, ((month, day),))
    for hit in _DAY_FIRST.finditer(text):
        a, b = int(hit["a"]), int(hit["b"])
        if a > _MONTHS or hit["by"] == ".":
            yield Days(*hit.span(), _int(hit["y"]), ((b, a),))
        elif b > _MONTHS:
            yield Days(*hit.span(), _int(hit["y"]), ((a, b),))


_MONTHS = 12


def _last_year(hit: re.Match[str]) -> int | None:
    """Return the last year of 2021-2025 or 2023-24, in full."""
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
    if hit["qa"]:
        return 3 * (_int(hit["qa"]) or 1) - 2, 3 * (_int(hit["qb"]) or 1)
    if hit["month"]:
        month = _int(hit["month"])
        return month, month
    quarter = _int(hit["one"] or hit["season"] or hit["latin"]) or 1
    return 3 * quarter - 2, 3 * quarter


def _month(text: str) -> int:
    return MONTHS[numerals.folded(text)[:3]]


def english(text: str) -> Iterator[Mention]:
    for hit in _EN_WHEN.finditer(text):
        month, day = _month(hit["m"] or hit["n"]), _int(hit["d"] or hit["e"])
        second = (_month(hit["m2"]) if hit["m2"] else month, _int(hit["d2"] or hit["e2"]))
        near = _EN_NEAR_YEARS.get(numerals.folded(hit["near"] or ""))
        yield Days(*hit.span(), _int(hit["y"] or hit["z"]), ((month, day), second), near)
    for hit in _EN_LUNAR.finditer(text):
        lunar_month, lunar_day = numerals.ordinal(hit["m"]), numerals.ordinal(hit["d"])
        if lunar_month and lunar_day:
            leap = hit["leap"] is not None
            yield LunarDay(*hit.span(), None, lunar_month, lunar_day, leap=leap)
    yield from _festivals(text, _en_festivals())
    for hit in _EN_BARE_DAY.finditer(text):
        yield BareDay(*hit.span(), int(hit["d"]))
    yield from _written_days(text)
    for hit in _EN_PERIOD.finditer(text):
        yield Months(*hit.span(), _int(hit["y"]), *_en_months(hit))
    for hit in _EN_MONTH_ONLY.finditer(text):
        month = _month(hit["m"] or hit["n"] or hit["bare"])
        third = _THIRDS.get(
            numerals.folded(hit["third"] or hit["third2"] or hit["edge"] or "").split(" ")[0]
        )
        yield Months(*hit.span(), _int(hit["y"]), month, month, third=third)
    for hit in _EN_YEAR_ONLY.finditer(text):
        named = hit["y"] or hit["old"] or hit["older"] or hit["ad"] or hit["ad2"]
        year = -int(hit["bc"]) if hit["bc"] else _int(named)
        yield Years(*hit.span(), year, _last_year(hit))
    for hit in _EN_NEAR_MONTH.finditer(text):
        yield NearMonth(*hit.span(), {"last": -1, "this": 0}.get(numerals.folded(hit["near"]), 1))
    for hit in _EN_SEASON.finditer(text):
        season = (hit["one"] or hit["named"] or "autumn").lower().replace("fall", "autumn")
        yield Season(*hit.span(), _int(hit["y"]), _EN_SEASONS.index(season))
    for hit in _EN_RELATIVE.finditer(text):
        if hit["w"]:
            yield Relative(*hit.span(), _SHIFT[numerals.folded(hit["w"])])
        elif hit["ago"]:
            yield Relative(*hit.span(), -int(numerals.english(hit["ago"]) or hit["ago"]))
        elif hit["week"]:
            # Last Friday is the latest one before the page, in whatever week.
            weeks = {"this": 0, "next": 1}.get(numerals.folded(hit["week"]))
            yield Weekday(*hit.span(), _WEEKDAYS.index(numerals.folded(hit["of"])), weeks)
        else:
            yield Weekday(*hit.span(), _WEEKDAYS.index(numerals.folded(hit["on"])))


def _en_months(hit: re.Match[str]) -> tuple[int, int]:
    if hit["a"]:
        return _month(hit["a"]), _month(hit["b"])
    if hit["thru"]:
        return 1, _month(hit["thru"])
    if hit["span"]:
        last = _month(hit["till"])
        months = int(numerals.english(hit["span"]) or hit["span"])
        return max(1, last - months + 1), last
    if hit["c"]:
        return 1, int(numerals.english(hit["c"]) or 0) or int(hit["c"])
    if hit["half"] or hit["h"] or hit["h2"]:
        first = numerals.folded(hit["half"] or "") == "first" or (hit["h"] or hit["h2"]) == "1"
        return (1, 6) if first else (7, 12)
    if hit["qs"]:
        return 1, 6 if numerals.folded(hit["qs"]) in ("two", "2") else 9
    quarter = _EN_QUARTERS.get(numerals.folded(hit["one"] or "")) or int(hit["q"] or hit["q2"])
    return 3 * quarter - 2, 3 * quarter


_EN_QUARTERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4, "final": 4, "1st": 1,
                "2nd": 2, "3rd": 3, "4th": 4}  # fmt: skip
