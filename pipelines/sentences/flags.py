"""Remarks on a bead that a researcher may want to filter by."""

import re

from crawler.script import HAN
from pipelines.facts import figures

WORDS_PER_CHARACTER = 0.7
"""English words for each Chinese character, usually."""

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
    """Return the remarks on a bead.

    number_mismatch: figures that are not in the other text, on both sides. length_outlier: one
    side three times as long as the other usually is. fragment: hardly a sentence. boilerplate: a
    side is nothing but a by-line, a source, a credit or a page's buttons; the only one on nulls.
    """
    found = []
    if zh and en:
        if _numbers_differ(_TIME_ZH.sub(" ", zh), _TIME_EN.sub(" ", en)):
            found.append("number_mismatch")
        ratio = (len(en.split()) + 1) / (WORDS_PER_CHARACTER * len(zh) + 1)
        if not 0.33 <= ratio <= 3:
            found.append("length_outlier")
        if len(zh) < 4 or len(en.split()) < 2:
            found.append("fragment")
    if _BOILERPLATE_ZH.fullmatch(zh[:100]) or _BOILERPLATE_EN.fullmatch(en[:140]):
        found.append("boilerplate")
    return found


_FIGURES = 300
"""Figures of each side that are compared, lest two long tables take the square of their length."""


def _numbers_differ(zh: str, en: str) -> bool:
    ours = figures.quantities(zh, "zh")[:_FIGURES]
    theirs = figures.quantities(en, "en")[:_FIGURES]
    alone = [f for f in ours if f.bits >= 3 and not any(_alike(f, g) for g in theirs)]
    strange = [f for f in theirs if f.bits >= 3 and not any(_alike(f, g) for g in ours)]
    return bool(alone and strange)


def _alike(first: figures.Quantity, second: figures.Quantity) -> bool:
    """Whether two figures agree, or one is rough and the other near: "over 80" for 80多 or 83."""
    least, most = sorted((first.value, second.value))
    near = first.kind == second.kind and least > 0.8 * most
    return figures.agree(first, second) or ((first.loose or second.loose) and near)
