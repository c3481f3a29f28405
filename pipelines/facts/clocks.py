"""Times of day, which are no counts."""

import re
from collections.abc import Iterable, Iterator

from pipelines.facts.quantity import Quantity

ZH_CLOCK = re.compile(
    r"(?P<part>上午|下午|早上|早晨|凌晨|中午|晚上|傍晚|晚|早)?(?:"
    r"(?P<h>1\d|2[0-4]|\d)(?:[时時](?![间候代期速尚长間])|(?P<dot>点))(?:(?P<m>[0-5]?\d)分?|(?P<half>半)|整)?"
    r"|(?P<h2>1\d|2[0-4]|0?\d)[:：](?P<m2>[0-5]\d))(?!\d)"
)
EN_CLOCK = re.compile(
    r"(?<![\d.])(?P<h>1\d|2[0-4]|0?\d)(?:[:.](?P<m>[0-5]\d))? ?(?P<half>[ap])\.?m\b\.?"
    r"|(?<![\d.:])(?P<full>1\d|2[0-4]|0?\d) ?o['’]clock\b"
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
        hour = int(groups["h"] or groups["h2"] or groups.get("full") or 0)
        minute = int(groups["m"] or groups["m2"] or 0)
        minute += 30 * (groups["half"] == "半")
        late = (groups["half"] or "").lower() == "p" or groups.get("part") in (
            "下午", "晚上", "傍晚", "晚", "中午"
        )  # fmt: skip
        hour += 12 * (late and hour < 11)
        yield Quantity("clock", 60.0 * hour + minute, _HALF, start=hit.start()), hit.span()


def masked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return `text` with NUL in place of the characters of each span."""
    chars = list(text)
    for start, end in spans:
        chars[start:end] = "\x00" * (end - start)
    return "".join(chars)
