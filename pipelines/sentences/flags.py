"""Flags of beads, for researchers to filter by."""

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources

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

# Forms of `boilerplate.tsv`, by language: the text around an entry's words.
_FORMS = {
    ("zh", "label"): (r"(?:本报|新华社|特约|见习|实习)?", r"[:：/／丨|\s][^，。,；]"),
    ("zh", "whole"): ("", ""),
    ("zh", "beginning"): ("", r"[^，。]"),
    ("en", "label"): ("", r"s?\s?[:：][^;]"),
    ("en", "credit"): ("", r" (?:by|courtesy of)\b[^,;]"),
    ("en", "whole"): ("", ""),
    ("en", "beginning"): ("", r"\b[^,;]"),
}
# Dispatches, bylines and picture credits with a name in the middle, and numbered attachments.
_NAMED_ZH = (
    r"(?:本报|新华社)[^，。,；]{0,12}(?:讯|电)",
    rf"(?:本报)?记者[{HAN}]{{2,4}}(?:摄|报道|文/图)",
    rf"[{HAN} ]{{2,8}}(?<!拍)(?:摄|供图|文/图)",
    r"附件\s?\d?[:：][^，。]{0,40}",
)


@cache
def _boilerplate(lang: str) -> re.Pattern[str]:
    """Compile the boilerplate of a language from `boilerplate.tsv`."""
    text = (resources.files("pipelines.sentences") / "boilerplate.tsv").read_text("utf-8")
    found = list(_NAMED_ZH) if lang == "zh" else []
    for line in text.splitlines():
        if line.startswith(f"{lang}\t"):
            _, form, words, most = line.split("\t")
            before, after = _FORMS[lang, form]
            found.append(before + re.escape(words) + after + (f"{{0,{most}}}" if most else ""))
    before, after = (
        (r"[\s（(【\[]*", r"[\s）)】\].。]*") if lang == "zh" else (r"[\s(\[]*", r"[\s)\].]*")
    )
    return re.compile(f"{before}(?:{'|'.join(found)}){after}", re.IGNORECASE)


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
    if _boilerplate("zh").fullmatch(zh[:100]) or _boilerplate("en").fullmatch(en[:140]):
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
    near = figures.of_one_class(first, second) and least > _NEAR * most
    return figures.agree(first, second) or ((first.loose or second.loose) and near)
