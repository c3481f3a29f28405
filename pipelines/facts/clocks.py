"""Times of day, which are no counts."""

import re
from collections.abc import Iterable, Iterator

from pipelines.facts.quantity import Quantity
from pipelines.text import numerals

_ZH_HOUR = r"1\d|2[0-4]|\d|十[一二]?|[零〇一二两三四五六七八九]"
_ZH_MINUTE = r"[0-5]?\d|[二三四五]?十[一二三四五六七八九]?|零[一二三四五六七八九]"
_EN_HOUR = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
ZH_CLOCK = re.compile(
    r"(?P<part>上午|下午|早上|早晨|凌晨|中午|晚上|傍晚|晚|早)?(?:"
    rf"(?P<h>{_ZH_HOUR})(?:[时時](?![间候代期速尚长間])|(?P<dot>点))"
    rf"(?:(?P<quarter>[一三])刻|(?P<m>{_ZH_MINUTE})分?|(?P<half>半)|整)?"
    r"|(?P<h2>1\d|2[0-4]|0?\d)[:：](?P<m2>[0-5]\d))(?!\d)"
)
EN_CLOCK = re.compile(
    r"(?<![\d.])(?P<h>1\d|2[0-4]|0?\d)(?:[:.](?P<m>[0-5]\d))? ?(?P<half>[ap])\.?m\b\.?"
    rf"|(?<![\d.:])(?P<full>1\d|2[0-4]|0?\d|\b(?:{_EN_HOUR})) ?o['’]clock\b"
    rf"|\b(?:half (?P<past>past)|a quarter (?P<of>past|to)) (?P<hour>{_EN_HOUR}|1[0-2]|[1-9])\b"
    r"(?! (?:percent|million|billion)|[%,.]\d)|\b(?P<noon>noon|midnight)\b"
    r"|(?<![\d.:])(?P<h2>1\d|2[0-4]|0?\d):(?P<m2>[0-5]\d)(?![\d:])",
    re.IGNORECASE,
)
_HALF = 8.0
"""Precision of a time of day, in minutes; set by hand, not measured."""


def clocks(pattern: re.Pattern[str], text: str) -> Iterator[tuple[Quantity, tuple[int, int]]]:
    """Yield times of day, in minutes, with the span of each."""
    for hit in pattern.finditer(text):
        groups = hit.groupdict()
        if groups.get("dot") and not (groups["part"] or groups["m"] or groups["half"]):
            continue  # 3点要求: three points
        written = groups["h"] or groups["h2"] or groups.get("full") or groups.get("hour") or "0"
        if "quarter" in groups and not (written.isdigit() or groups["part"]):
            continue  # 一时, 三点: for a moment, three points
        hour, minute = _number(written), _number(groups["m"] or groups["m2"] or "0")
        minute += 30 * (groups["half"] == "半" or groups.get("past") is not None)
        minute += {"一": 15, "三": 45, "past": 15, "to": -15}.get(
            groups.get("quarter") or groups.get("of") or "", 0
        )
        hour += 12 * (groups.get("noon") == "noon")
        late = (groups["half"] or "").lower() == "p" or groups.get("part") in (
            "下午", "晚上", "傍晚", "晚", "中午"
        )  # fmt: skip
        hour += 12 * (late and hour < 11)
        loose = groups.get("noon") is not None
        time = Quantity("clock", 60.0 * hour + minute, _HALF, loose, hit.start())
        yield time, hit.span()


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
