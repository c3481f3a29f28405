"""Plain words in English and Chinese for codes and measures."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from crawler.rows import rows


class Words(NamedTuple):
    """A text in English and Chinese."""

    en: str
    zh: str


def _group(name: str) -> dict[str, Words]:
    """Return the words of a group of `words.tsv` by code."""
    listed = rows("pipelines.report/words.tsv")
    return {code: Words(en, zh) for group, code, en, zh in listed if group == name}


RELATIONS, DOUBTS, CHANGES = _group("relation"), _group("doubt"), _group("change")
LANGS, FLAGS, REASONS = _group("language"), _group("flag"), _group("reason")
EXITS = {int(code): words for code, words in _group("exit").items()}
MEASURES = _group("measure")
SIGNED = ("numbers", "dates", "ordinals", "names")

AGREE = 0.5
"""Agreement of facts from which texts agree, not only in part. Set by hand; not measured."""

CLOSE, LOOSE = 0.5, 0.3
"""Mean cosines from which sentences are close, or loosely related.

With the bundled encoder the median of true pairs is .57 and that of runners-up .24.
"""

USUAL_LENGTH = (0.8, 1.25)
"""Range of the usual length ratio. Set by hand; not measured."""

_NOTHING = Words("nothing to compare", "无可比较")


def of(code: str, known: Mapping[str, Words]) -> Words:
    """Return the words for a code, or the code itself."""
    return known.get(code, Words(code, code))


def trait(name: str, value: str, lengths: Sequence[str], days: Sequence[str]) -> Words:
    """Return the words for a trait of a pair or its beads.

    `lengths` and `days` are the labels of the charts.
    """
    match name:
        case "bead":
            return Words(f"has a sentence group {value}", f"含 {value} 句组")
        case "flag":
            words = of(value, FLAGS)
            return Words(f"sentences: {words.en}", f"句组：{words.zh}")
        case "length":
            label = lengths[int(value)]
            return Words(f"length: {label} of the usual", f"长度：常值的 {label}")
        case "days":
            label = days[int(value)]
            return Words(f"published from {label} days later", f"发布相隔：{label} 天起")
    return Words(f"{name}={value}", f"{name}={value}")


def measure(name: str, value: float | bool | None) -> Words:
    """Return the meaning of one measure of a pair's evidence.

    `name` is a key of `MEASURES`.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return _NOTHING
    match name:
        case "similarity":
            return _level(
                value,
                Words("aligned sentences mean much the same", "对应句意思相近"),
                Words("aligned sentences are loosely related", "对应句略有关联"),
                Words("aligned sentences are hardly related", "对应句几乎无关"),
            )
        case "order":
            share = f"{value:.0%}"
            return Words(
                f"{share} of the shorter text is matched in order", f"较短一方 {share} 按序对应"
            )
        case "length_ratio":
            return _length(value)
        case "days_apart":
            return _days(int(value))
        case "link":
            if value:
                return Words("the pages link to each other", "两页互有链接")
            return Words("no link between the pages", "两页之间无链接")
    if value < 0:
        return Words("contradict each other", "相互矛盾")
    if value == 0:
        return Words("neither agree nor contradict", "既不一致也不矛盾")
    return Words("agree", "一致") if value >= AGREE else Words("agree in part", "部分一致")


def probability(value: float | None) -> str:
    """Write a probability to two digits, never as a certainty."""
    if value is None:
        return "–"
    return ">0.99" if value >= 0.995 else "<0.01" if value < 0.005 else f"{value:.2f}"


def figure(name: str, value: float | bool | None) -> str:
    """Write the value of a measure, a dash for none.

    Examples: 0.83, +0.50, 1.2×, +3.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    match name:
        case "link":
            return "✓" if value else "✗"
        case "days_apart":
            return f"{value:+d}".replace("-", "−") if value else "0"
        case "length_ratio":
            return f"{value:.2g}×"
    return f"{value:+.2f}".replace("-", "−") if name in SIGNED else f"{value:.2f}"


def _level(value: float, high: Words, middle: Words, low: Words) -> Words:
    return high if value >= CLOSE else middle if value >= LOOSE else low


def _length(ratio: float) -> Words:
    if USUAL_LENGTH[0] <= ratio <= USUAL_LENGTH[1]:
        return Words("the usual proportion", "长度比例正常")
    if ratio < USUAL_LENGTH[0]:
        return Words("English shorter than usual for this Chinese", "英文较中文偏短")
    return Words("English longer than usual for this Chinese", "英文较中文偏长")


def _days(days: int) -> Words:
    if days == 0:
        return Words("on the same day", "同日发布")
    count = abs(days)
    plural = "day" if count == 1 else "days"
    if days > 0:
        return Words(f"English {count} {plural} later", f"英文晚 {count} 天")
    return Words(f"English {count} {plural} earlier", f"英文早 {count} 天")
