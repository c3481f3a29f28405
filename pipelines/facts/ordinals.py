"""Ordinals and serial numbers, each with what it counts: sessions, terms, editions, batches.

第十六届政府第29次常务会议 and "the 29th executive meeting of the 16th authority" both give
(term, 16) and (meeting, 29). A clash needs the same label on both sides; the label is empty where
the text does not tell.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from crawler.script import HAN
from pipelines.text import numerals


@dataclass(frozen=True, slots=True)
class Ordinal:
    """A rank and the label of what is ranked. `start` is its offset in the text."""

    label: str
    rank: int
    start: int = 0
    end: int = 0


_N = rf"(?P<n>\d{{1,4}}|[{numerals.ZH_NUMERAL}]{{1,8}})"
_ZH = re.compile(
    rf"第\s?{_N}\s?(?P<c>届|次|期|批|阶段|号|轮|季|周|个|名|位|场|版|座|条|章|家|产业|季度|方阵|中学|小学|医院|人民)?"
)
_ZH_PLENUM = re.compile(
    r"(?P<t>十[一二三四五六七八九]|二十[一二三四]?)届(?P<n>[一二三四五六七八九])(?P<more>(?:中?、[一二三四五六七八九])*)中全会"
)
_ZH_CONGRESS = re.compile(
    rf"(?:党的)?(?P<n>十[一二三四五六七八九]|二十[一二三四]?)大(?![{HAN}]*学院)"
)
_ZH_PLAN = re.compile(
    r"[“\"‘]?(?P<n>十[一二三四五六七八]?)五[”\"’]?(?=规划|时期|期间|末|以来|[”\"’]|收官|开局)|第(?P<m>十[一二三四五六七八]?)个五年"
)
_ZH_TERM_SHORT = re.compile(
    r"(?<![第一二三四五六七八九十\d])(?P<t>[一二三四五六七八九十]{1,3})届"
    r"(?=[市省区县]|人大|政协|政府|常委)(?:[市省区县]?(?:人大|政协|政府|委)?)"
    r"(?:(?P<s>[一二三四五六七八九十]{1,3})次(?P<k>会议|全会))?"
)
_ZH_FIRST = re.compile(r"首届")
_ZH_PHASE = re.compile(
    r"(?<!第)(?P<n>[一二三四五六七八九十]{1,2}|\d{1,2})期(?=工程|项目|建设|改造|开工|竣工|启动|通车|投产)"
)
_ZH_ANNIVERSARY = re.compile(rf"{_N}\s?周年")
_ZH_LINE = re.compile(
    rf"{_N}号(?P<line>线)|{_N.replace('P<n>', 'P<k>')}号(?:公告|令|文件|通告|台风)"
)

_BODIES = re.compile(
    r"人大|人民代表大会|政府|政协|党代|代表大会|常委会|常务委员会|中央委员会|委员会|市委|省委|理事会|党组"
)
_EVENTS = re.compile(
    r"博览会|展|节|运动会|大赛|比赛|赛|论坛|大会|峰会|交易会|洽谈会|马拉松|书市|庙会|联赛|周|会"
)

_EN = re.compile(
    rf"\b(?P<n>{numerals.EN_ORDINAL}|inaugural)\b(?=(?P<after>(?: [\w'’&-]+){{0,7}}))",
    re.IGNORECASE,
)
_EN_MEETING_OF = re.compile(r"(?:meeting|session) of (?:the |its )?$", re.IGNORECASE)
_EN_NUMBER = re.compile(r"\b(?:No\.?|Number) ?(?P<n>\d{1,4})\b|\bLine (?P<line>\d{1,2})\b")
_EN_LABELS: tuple[tuple[str, str], ...] = (
    (r"plenary|plenum", "plenum"),
    (r"five-year", "plan"),
    (r"anniversary|birthday", "anniversary"),
    (
        r"(?:executive |standing |regular |plenary |working |leading |committee |group |special )*"
        r"(?:meeting|session|conference)s?\b",
        "meeting",
    ),
    (r"quarter|half|industr|sector|people's hospital|floor|place|day|century|time\b", ""),
    (r"phase|stage\b", "phase"),
    (r"batch|group of|round|lot\b", "batch"),
    (r"week (?:of|in)\b|weeks?$", "week"),
    (r"issue|announcement", "number"),
    (
        r"congress|government|authority|council|committee|cppcc|npc\b|administration|term\b|assembly"
        r"|deput",
        "term",
    ),
    (
        r"expo|fair|festival|games|marathon|forum|summit|exhibition|tournament|convention|cup\b"
        r"|race|contest|competition|week|edition|exposition|league|symposium",
        "event",
    ),
)
_EN_PATTERNS = tuple(
    (re.compile(rf"\b(?:{pattern})", re.IGNORECASE), label) for pattern, label in _EN_LABELS
)
_EN_PHASE = re.compile(
    r"\b(?i:phase|stage) (?:(?P<roman>[IVX]{1,4})|(?P<n>\d{1,2})"
    r"|(?P<word>(?i:one|two|three|four|five|six)))\b"
)
_EN_WEEK = re.compile(r"\b[Ww]eek (?P<n>\d{1,2})\b")
_ROMAN = re.compile(
    r"\b(?P<n>[IVXLC]{2,7})\b (?=Session|Meeting|Summit|Festival|Games|Congress|Expo|Fair|Olympi)"
    r"|(?<=Session |Meeting )(?P<m>[IVXLC]{2,7})\b"
)


def ordinals(text: str, lang: str) -> tuple[Ordinal, ...]:
    """Return the ordinals of `text` in reading order. `lang` is zh or en."""
    found = sorted(
        _chinese(text) if lang == "zh" else _english(text),
        key=lambda item: (item.start, -item.end),
    )
    kept: list[Ordinal] = []
    for item in found:
        if item.rank > 0 and not any(
            item.start < other.end and other.start < item.end and item.label == other.label
            for other in kept[-2:]
        ):
            kept.append(item)
    return tuple(kept)


def _rank(text: str | None) -> int:
    if not text:
        return 0
    value = float(text) if text.isdecimal() else numerals.chinese(text)
    return int(value) if value is not None else 0


def _chinese(text: str) -> Iterator[Ordinal]:
    for hit in _ZH.finditer(text):
        counter = hit["c"] or ""
        after = re.split(r"[，。；、：\n“”第]", text[hit.end() : hit.end() + 24], maxsplit=1)[0]
        yield Ordinal(_zh_label(counter, after), _rank(hit["n"]), *hit.span())
    for hit in _ZH_PLENUM.finditer(text):
        yield Ordinal("plenum", _rank(hit["n"]), *hit.span("n"))
        for at, one in enumerate(hit["more"], hit.start("more")):
            if one not in "中、":
                yield Ordinal("plenum", _rank(one), at, at + 1)
        yield Ordinal("party", _rank(hit["t"]), *hit.span())
    for hit in _ZH_CONGRESS.finditer(text):
        yield Ordinal("party", _rank(hit["n"]), *hit.span())
    for hit in _ZH_PLAN.finditer(text):
        yield Ordinal("plan", _rank(hit["n"] or hit["m"]), *hit.span())
    for hit in _ZH_TERM_SHORT.finditer(text):
        yield Ordinal("term", _rank(hit["t"]), *hit.span("t"))
        if hit["s"]:
            kind = "plenum" if hit["k"] == "全会" else "meeting"
            yield Ordinal(kind, _rank(hit["s"]), *hit.span("s"))
    for hit in _ZH_FIRST.finditer(text):
        after = re.split(r"[，。；、：\n“”第]", text[hit.end() : hit.end() + 24], maxsplit=1)[0]
        yield Ordinal(_zh_label("届", after), 1, *hit.span())
    for hit in _ZH_PHASE.finditer(text):
        yield Ordinal("phase", _rank(hit["n"]), *hit.span("n"))
    for hit in _ZH_ANNIVERSARY.finditer(text):
        yield Ordinal("anniversary", _rank(hit["n"]), *hit.span())
    for hit in _ZH_LINE.finditer(text):
        label = "line" if hit["line"] else "number"
        yield Ordinal(label, _rank(hit["n"] or hit["k"]), *hit.span())


def _zh_label(counter: str, after: str) -> str:
    if counter == "届":
        body, event = _BODIES.search(after), _EVENTS.search(after)
        if body and (not event or body.start() <= event.start()):
            return "party" if "全国代表大会" in after or "中央委员会" in after else "term"
        return "event" if event else "term" if not after else ""
    if counter == "次":
        if "全国代表大会" in after:
            return "party"
        if re.search(r"全体会议|全会", after):
            return "plenum"
        return "meeting" if re.search(r"会", after) else ""
    if counter == "阶段" or (counter == "期" and re.match(r"工程|项目|建设|改造", after)):
        return "phase"
    if counter in ("期", "批", "轮", "季"):
        return "batch"
    if counter == "周":
        return "" if re.match(r"[岁年六日]", after) else "week"
    if counter == "号":
        return "number"
    if counter == "个" and "五年" in after:
        return "plan"
    return ""


def _english(text: str) -> Iterator[Ordinal]:
    for hit in _EN.finditer(text):
        named = numerals.folded(hit["n"])
        rank = 1 if named == "inaugural" else numerals.ordinal(named)
        if rank is None:
            continue
        after = re.split(r"\b(?:of the|of|held|and|in|at|on)\b", hit["after"], maxsplit=1)[0]
        label, at = "", len(after) + 1
        for pattern, name in _EN_PATTERNS:
            found = pattern.search(after)
            if found and found.start() < at:
                label, at = name, found.start()
        if label == "term" and re.search(r"cpc|party|national congress", after, re.IGNORECASE):
            label = "party"
        if label == "meeting" and _EN_MEETING_OF.search(
            text, max(0, hit.start() - 40), hit.start()
        ):
            label = "term"  # "the 46th executive meeting of the 15th session" is 第十五届第46次
        if not hit["n"][0].isdigit() and (
            label == "" or (label == "event" and hit["n"] == "first")
        ):
            continue  # "first", "second" as plain words
        yield Ordinal(label, rank, hit.start(), hit.end("n"))
    for hit in _EN_NUMBER.finditer(text):
        label = "line" if hit["line"] else "number"
        yield Ordinal(label, int(hit["n"] or hit["line"]), *hit.span())
    for hit in _EN_PHASE.finditer(text):
        word = numerals.english(hit["word"]) if hit["word"] else None
        rank = numerals.roman(hit["roman"]) if hit["roman"] else int(word or hit["n"])
        if rank is not None:
            yield Ordinal("phase", rank, *hit.span())
    for hit in _EN_WEEK.finditer(text):
        yield Ordinal("week", int(hit["n"]), *hit.span())
    for hit in _ROMAN.finditer(text):
        rank = numerals.roman(hit["n"] or hit["m"])
        if rank is not None:
            yield Ordinal("", rank, *hit.span())
