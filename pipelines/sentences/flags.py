"""Flags of beads, for researchers to filter by."""

import re
from collections.abc import Sequence

from crawler.script import HAN
from pipelines.facts import figures
from pipelines.pairs.model import WORDS_PER_CHARACTER

# The constants below are set by hand; not measured.
_MOST_RATIO = 3
"""Ratio of a side's length to the usual, either way, from which a bead is an outlier."""
_LEAST_CHARACTERS, _LEAST_WORDS = 4, 2
"""Length of a bead's sides below which one is hardly a sentence."""
_BITS = 3
"""Information of a figure, in bits, below which it may be a word (one, two)."""
_NEAR = 0.8
"""Ratio of two figures above which a rough one agrees with the other."""
_FIGURES = 300
"""Figures of each side that are compared: two long tables would take the square of their length."""

# A year is a unit in one language and a bare number in the other, an hour is counted to 12 in one
# and to 24 in the other: dates and times are compared elsewhere.
_TIME_ZH = re.compile(
    r"(?<![\d.])(?:19|20)\d\d年(?:\d{1,2}月(?:\d{1,2}日)?)?"
    r"|\d{1,2}\s*[:：]\s*\d{2}(?:分)?|\d{1,2}[时点](?:钟|整|半|\d{1,2}分)?"
    r"|(?<=[早晚午夜晨])[一二三四五六七八九十]{1,3}[时点](?:钟|整|半)?"
)
_TIME_EN = re.compile(
    r"(?<![\d.,])(?:19|20)\d\d(?![\d.,]*\d)(?!\s*(?:[a-z%]))"
    r"|\b\d{1,2}(?:[:.]\d{2})?\s*(?:[ap]\.?\s?m\b\.?|o['’]clock)|\b\d{1,2}:\d{2}\b",
    re.IGNORECASE,
)
_BOILERPLATE_ZH = re.compile(
    r"[\s（(【\[]*(?:"
    r"(?:本报|新华社|特约|见习|实习)?(?:记者|通讯员|编辑|责任编辑|责编|编审|审核|校对|摄影|供稿|来源"
    r"|信息来源|文字|图片|作者|撰稿|监制|发布时间|发布日期|浏览次数|阅读次数)[:：/／丨|\s][^，。,；]{0,30}"
    rf"|(?:本报|新华社)[^，。,；]{{0,12}}(?:讯|电)|(?:本报)?记者[{HAN}]{{2,4}}(?:摄|报道|文/图)"
    rf"|[{HAN} ]{{2,8}}(?<!拍)(?:摄|供图|文/图)|完|打印本页|关闭窗口|分享到[^，。]{{0,10}}"
    r"|扫一扫[^，。]{0,20}|相关(?:链接|阅读|附件)[^，。]{0,10}|附件\s?\d?[:：][^，。]{0,40}"
    r")[\s）)】\].。]*"
)
_BOILERPLATE_EN = re.compile(
    r"[\s(\[]*(?:"
    r"(?:photos?|pictures?|text|reported|written|translated|edited) (?:by|courtesy of)\b[^,;]{0,50}"
    r"|(?:editor|source|author|reporter|photographer|translator|proofreader|updated|release date"
    r"|date|fontsize|contributor|correspondent)s?\s?[:：][^;]{0,50}"
    r"|xinhua|end|file photo|print(?: this page)?|close(?: window)?"
    r"|share (?:to|this|on)\b[^,;]{0,20}"
    r"|related (?:links?|reading|articles?|news)\b[^,;]{0,30}|attachments?\b[^,;]{0,30}"
    r")[\s)\].]*",
    re.IGNORECASE,
)


def flags(zh: str, en: str) -> list[str]:
    """Return the flags of a bead.

    number_mismatch: figures absent from the other text, on both sides. length_outlier: one side
    three times the usual length. fragment: hardly a sentence. boilerplate: a side is only a
    by-line, a source, a credit or a page's buttons; the only flag of nulls.
    """
    found = []
    if zh and en:
        if _numbers_differ(_TIME_ZH.sub(" ", zh), _TIME_EN.sub(" ", en)):
            found.append("number_mismatch")
        ratio = (len(en.split()) + 1) / (WORDS_PER_CHARACTER * len(zh) + 1)
        if not 0.33 <= ratio <= _MOST_RATIO:
            found.append("length_outlier")
        if len(zh) < _LEAST_CHARACTERS or len(en.split()) < _LEAST_WORDS:
            found.append("fragment")
    if _BOILERPLATE_ZH.fullmatch(zh[:100]) or _BOILERPLATE_EN.fullmatch(en[:140]):
        found.append("boilerplate")
    return found


def _numbers_differ(zh: str, en: str) -> bool:
    zh_figures = figures.quantities(zh, "zh")[:_FIGURES]
    en_figures = figures.quantities(en, "en")[:_FIGURES]
    return _has_more(zh_figures, en_figures) and _has_more(en_figures, zh_figures)


def _has_more(own: Sequence[figures.Quantity], other: Sequence[figures.Quantity]) -> bool:
    """Return True if the other side lacks a figure."""
    return any(f.bits >= _BITS and not any(_alike(f, g) for g in other) for f in own)


def _alike(first: figures.Quantity, second: figures.Quantity) -> bool:
    """Return True if figures agree: "over 80" for 80多 or 83."""
    least, most = sorted((first.value, second.value))
    near = first.kind == second.kind and least > _NEAR * most
    return figures.agree(first, second) or ((first.loose or second.loose) and near)
