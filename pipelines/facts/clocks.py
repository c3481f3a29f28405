"""Times of day, which are no counts."""

import re
from collections.abc import Iterable, Iterator

from pipelines.facts.quantity import Quantity
from pipelines.text import numerals

_ZH_HOUR = r"1\d|2[0-4]|0?\d|十[一二]?|[零〇一二两三四五六七八九]"
_ZH_MINUTE = r"[0-5]?\d|[二三四五]?十[一二三四五六七八九]?|零[一二三四五六七八九]"
_ZH_DAY = (
    "上午|下午|早上|早晨|清晨|今早|凌晨|中午|午间|午后|晚上|晚间|今晚|昨晚|当晚|傍晚|深夜|半夜"
    "|夜里|夜间|今夜|夜晚|晚|早"
)
_EN_HOUR = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_DIGIT_HOUR = r"1\d|2[0-4]|0?\d"
ZH_CLOCK = re.compile(
    rf"(?P<part>{_ZH_DAY})?(?:"
    rf"(?P<h>{_ZH_HOUR})(?:[时時](?![间候代期速尚长間])|(?P<dot>点))"
    rf"(?:(?P<quarter>[一三])刻|(?P<m>{_ZH_MINUTE})分?|(?P<half>半)|(?P<sharp>整))?"
    rf"|(?P<h2>{_DIGIT_HOUR})[:：](?P<m2>[0-5]\d)|(?P<noon>正午|午夜|子夜))(?!\d)"
)
_ZH_ON = re.compile(r"[整分]?\s?[起前后至到，。开举止-]")
_ZH_RANGE = re.compile(r"\s?(?:至|到|[-—–~～])\s?")
EN_CLOCK = re.compile(
    rf"(?:(?<![\d.:-])(?P<from>{_DIGIT_HOUR})(?:[:.](?P<from_m>[0-5]\d))?"
    r"(?: (?:to|and) | ?[-–—] ?))?"
    rf"(?<![\d.])(?P<h>{_DIGIT_HOUR})(?:[:.](?P<m>[0-5]\d))? ?(?P<half>[ap])\.?m\b\.?"
    rf"|(?:(?<![\d.:])(?P<full>{_DIGIT_HOUR}|\b(?:{_EN_HOUR}))"
    r"(?: ?o['’]clock\b|(?= in the (?:morning|afternoon|evening)\b))"
    rf"|\b(?:half (?P<past>past)|a quarter (?P<of>past|to)) (?P<hour>{_EN_HOUR}|1[0-2]|[1-9])\b"
    r"(?! (?:percent|million|billion)|[%,.]\d)"
    rf"|(?<![\d.:])(?P<h2>{_DIGIT_HOUR}):(?P<m2>[0-5]\d)(?![\d:]))"
    r"(?: in the (?P<of_day>morning|afternoon|evening)| at (?P<night>night))?"
    r"|\b(?P<noon>noon|midnight|midday)\b",
    re.IGNORECASE,
)
_LATE = frozenset(
    ("下午", "午后", "晚上", "晚间", "今晚", "昨晚", "当晚", "傍晚", "深夜", "半夜", "夜里", "夜间",
     "今夜", "夜晚", "晚", "中午", "午间", "p", "afternoon", "evening", "night")
)  # fmt: skip
"""Parts of the day that follow noon."""
_NIGHT = frozenset(("深夜", "半夜", "夜里", "夜间", "今夜", "night"))
"""Parts of the day that go on after midnight."""
_AT_TWELVE = {"a": 0, "凌晨": 0, "晚上": 24, "晚": 24} | dict.fromkeys(_NIGHT, 24)
"""Hours of twelve o'clock by the part of the day, else 12."""
_MORNING = 5
"""Hour before which a time of night is after midnight."""
_OF_RATIO = re.compile(
    r"(?:比例|之比|比率|比分|比[为是约达]|\b(?:ratios?|scores?d?|won|wins?|beat|beats|defeated|drew|lost"
    r"|victory|odds))[^，。,.;；\n]{0,24}$",
    re.IGNORECASE,
)
_OF_SCORE = re.compile(
    r"的?(?:比例|比分|取胜|获胜|胜出|战胜|击败|战平|险胜|大胜|力克|领先|落后|不敌)"
)
_AT = re.compile(r"(?:\b(?:at|by|from|until|to|till)|于|在|至|到) ?$")
_HALF = 8.0
"""Precision of a time of day, in minutes; set by hand, not measured."""
_DAY = 24 * 60


def clocks(pattern: re.Pattern[str], text: str) -> Iterator[tuple[Quantity, tuple[int, int]]]:
    """Yield times of day, in minutes, with the span of each."""
    part, end = "", -1
    for hit in pattern.finditer(text):
        groups = {name: value for name, value in hit.groupdict().items() if value}
        # 晚8点至10点: the end of a range is of the same part of the day.
        follows = end >= 0 and _ZH_RANGE.fullmatch(text, end, hit.start()) is not None
        if not _is_time(groups, text[hit.end() :][:2], follows) or _is_ratio(hit, groups):
            continue
        own = _part(groups)
        part, end = own or (part if follows else ""), hit.end()
        hour, minute = _time(groups)
        if hour == _NOON:
            hour = _AT_TWELVE.get(part, hour)
        late = part in _LATE and hour < _NOON - (part in ("中午", "午间"))
        late = late and not (part in _NIGHT and hour < _MORNING)
        began = 60 * int(groups.get("from", 0)) + int(groups.get("from_m", 0))
        at = 60 * hour + minute + 12 * 60 * late
        if "from" in groups:
            began += 12 * 60 * (late and began + 12 * 60 < at)
            yield _clock(began, hit), hit.span()
        yield _clock(at, hit), hit.span()


_NOON = 12


def _clock(minutes: int, hit: re.Match[str]) -> Quantity:
    loose = hit["noon"] is not None
    return Quantity("clock", float(minutes % _DAY), _HALF, loose, hit.start())


def _is_time(groups: dict[str, str], after: str, follows: bool) -> bool:
    """Return True unless 3点 is a point (3点要求) or 一时 a moment."""
    written = groups.get("h", "")
    if not written or "part" in groups or follows or groups.get("half", "") in ("a", "p", "A", "P"):
        return True
    if written in "零〇0":
        return "dot" not in groups or _ZH_ON.match(after) is not None
    return written.isdigit() and (
        "dot" not in groups or not groups.keys().isdisjoint(("m", "half", "sharp"))
    )


def _is_ratio(hit: re.Match[str], groups: dict[str, str]) -> bool:
    """Return True for 1:18 of a ratio, and 21:15 of a match."""
    if "h2" not in groups or "part" in groups:
        return False
    before = hit.string[max(0, hit.start() - 40) : hit.start()]
    if _AT.search(before):
        return False
    return bool(_OF_RATIO.search(before) or _OF_SCORE.match(hit.string, hit.end()))


def _part(groups: dict[str, str]) -> str:
    half = groups.get("half", "")
    part = groups.get("part") or groups.get("of_day") or groups.get("night")
    return numerals.folded(part or (half if half.isascii() else ""))


def _time(groups: dict[str, str]) -> tuple[int, int]:
    """Return hour and minute as written."""
    noon = numerals.folded(groups.get("noon", ""))
    if noon:
        return 12 * (noon in ("noon", "midday", "正午")), 0
    named = next((groups[name] for name in ("h", "h2", "full", "hour") if name in groups), "0")
    minute = _number(groups.get("m") or groups.get("m2") or "0")
    minute += 30 * (groups.get("half") == "半" or "past" in groups)
    minute += {"一": 15, "三": 45, "past": 15, "to": -15}.get(
        groups.get("quarter") or numerals.folded(groups.get("of", "")), 0
    )
    return _number(named), minute


def _number(written: str) -> int:
    if written.isdigit():
        return int(written)
    value = numerals.english(written) if written.isascii() else numerals.chinese(written)
    return int(value or 0)


def masked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return `text` with NUL in place of the characters of each span."""
    chars = list(text)
    for start, end in spans:
        chars[start:end] = "\x00" * (end - start)
    return "".join(chars)
