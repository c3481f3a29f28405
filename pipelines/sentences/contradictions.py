"""Contradictions of a bead's figures, days, times and ranks.

Both sides are read as articles are (`pipelines.facts`). What one side alone says is no
contradiction, for translators leave out and explain; a contradiction needs facts of one kind on
both sides that the other lacks.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pipelines.facts import dates, figures, ordinals, units
from pipelines.facts.figures import Quantity
from pipelines.facts.lists import alternatives
from pipelines.facts.mentions import Day, Period
from pipelines.facts.ordinals import Ordinal
from pipelines.text import numerals
from pipelines.text.normal import normalised

# The constants below are set by hand; not measured.
_BITS = 3
"""Information of a figure, in bits, below which it may be a word (one, two)."""
_MANY = 10
"""People, things, years or money from which even a rough figure is none: hundreds, a dozen."""
_OF_ANOTHER_ORDER = 6
"""Ratio of figures from which they differ, however rough: hundreds of people are not a thousand."""
_EVERYDAY = 3
"""Rank from which an ordinal without a series is hardly a word (at first, second to none)."""
_NEAR = 0.8
"""Ratio of two figures above which a rough one agrees with the other."""
_MOST = 300
"""Facts of a kind on each side that are compared: two tables would take the square of their
length."""
_TON = 1000
"""Kilograms of a ton, the unit in which freight and harvests are told."""
_HALVED = "half of a day"
"""Class of times of which the text says whether they are before noon."""
_HALF_OF_DAY = re.compile(
    r"上午|下午|早上|早晨|清晨|凌晨|晚上|晚间|傍晚|深夜|夜间|[早晚](?=\d)"
    r"|\d[^a-z\d]{0,4}(?:\d{2} ?)?[ap]\.?m\b",
    re.IGNORECASE,
)
_HALF_DAY = 720
"""Minutes after which a clock of twelve hours has the same time again."""

_TELEPHONE = re.compile(
    r"(?<![\d.,])(?:\(?\+?(?:86|852|853)\)?[- ]?)?"
    r"(?:\(?0\d{2,3}\)?[- ]?\d{3,4}[- ]?\d{4}|1[3-9]\d[- ]?\d{4}[- ]?\d{4}"
    r"|[48]00[- ]?\d{3}[- ]?\d{4}|[2-9]\d{3} \d{4}"
    r"|(?:(?<=[、,，/;；] )|(?<=[、,，/;；]))[2-9]\d{7})(?!\d)"
)
_LEAST_DIGITS = 7
"""Digits at the end of a telephone number that make it: codes of area and country may be absent."""
# Beside a word of winning or losing: 2:1, 2比1, 2-1.
_SCORE = re.compile(
    r"(?<![\d:：比.-])(?P<a>\d{1,3})(?:[:：]|比| ?[-–—] ?|-to-| to )"
    r"(?P<b>\d{1,3})(?![\d:：比-]|\.\d)"
)
_PLAYED = re.compile(
    r"[胜勝赢贏败敗负負平]|比分|逆转|逆轉|淘汰|不敌|不敵|领先|領先|落后|落後"
    r"|\b(?:won|wins?|beat(?:ing)?|defeat\w*|lost|loss|lose|draw|drew|tied?|score\w*|victory|triumph\w*)\b",
    re.IGNORECASE,
)
# The fourth person, but not a fourth of them.
_PLAIN_RANK = re.compile(
    r"(?<!-)(?<!\bone )(?<!\ba )\b(?P<n>third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\b"
    r"(?! (?:of|quarter)\b|-)",
    re.IGNORECASE,
)
_WRITTEN = re.compile(r"(?<!\d)\d{1,9}(?:,\d{3}){0,3}(?!\d)")

# Levels that something came to, and from which: 升至35℃, fell to 4.9 percent, 由3元调整为2元.
_DIGITS = r"\d[\d.,]*"
_LEVEL = {
    "zh": re.compile(
        rf"(?:(?P<rose>{alternatives('rose', 'zh')}|[升增涨漲])"
        rf"|(?P<fell>{alternatives('fell', 'zh')}|[降减減跌]))"
        rf"[了低高]?[至到为為]\D?(?P<n>{_DIGITS})"
    ),
    "en": re.compile(
        rf"\b(?:(?P<rose>{alternatives('rose', 'en')})|(?P<fell>{alternatives('fell', 'en')}))"
        rf"(?: (?!to\b|from\b)[\w'’-]+){{0,4}}? to (?:\w+ )?(?P<n>{_DIGITS})",
        re.IGNORECASE,
    ),
}
_MOVE = {
    "zh": re.compile(
        rf"[由从從]\D?(?P<a>{_DIGITS})[^\d，。；、]{{0,12}}?[至到为為成]\D?(?P<b>{_DIGITS})"
    ),
    "en": re.compile(
        rf"\bfrom (?:\w+ )?(?P<a>{_DIGITS})[^\d,;]{{0,24}}? to (?:\w+ )?(?P<b>{_DIGITS})",
        re.IGNORECASE,
    ),
}
# 翻一番 doubles, 翻两番 is four times as much.
_FOLD = re.compile(
    r"翻了?(?P<doublings>[一两兩二三四])番|增[长長加]了?(?:一|1)(?P<twice>倍)"
    r"|\b(?:(?P<two>doubled|doubling|twofold)|(?P<three>tripled|tripling|trebled|threefold)"
    r"|(?P<four>quadrupled|quadrupling|fourfold))\b",
    re.IGNORECASE,
)
_FOLDS = {"twice": 2, "two": 2, "three": 3, "four": 4}

_COUNTED = ("count", "age")
_NO_WORDS = ("clock", _HALVED, "percent", "points", "degrees")
"""Classes of figures of which even a small one is no word."""
_Fact = TypeVar("_Fact")


@dataclass(frozen=True, slots=True)
class _Said:
    """Facts of one side; `written`: whole numbers in digits, but for times."""

    days: Sequence[Day]
    years: Sequence[int]
    periods: Sequence[Period]
    ranks: Sequence[Ordinal]
    figures: Sequence[Quantity]
    written: frozenset[int]
    telephones: Sequence[str]
    scores: Sequence[tuple[int, int]]
    levels: frozenset[tuple[str, str]]
    moves: frozenset[tuple[str, str]]
    folds: Sequence[int]


def contradict(zh: str, en: str) -> bool:
    """Return True if both sides have facts that the other cannot have."""
    first, second = _said(zh, "zh"), _said(en, "en")
    return (
        _differ(first.days, second.days, _same_day)
        or _differ(first.years, second.years, lambda a, b: a == b)
        or _differ(first.periods, second.periods, _same_period)
        or _differ(first.telephones, second.telephones, lambda a, b: a == b)
        or _differ(first.scores, second.scores, lambda a, b: a == b)
        or _differ(first.folds, second.folds, lambda a, b: a == b)
        or _reversed(first, second)
        or _ranks_differ(first, second)
        or _figures_differ(first, second)
        or _counts_differ(first, second)
    )


def _said(text: str, lang: str) -> _Said:
    whole = normalised(text)
    when = dates.calendar(whole, lang)
    ranks = ordinals.ordinals(whole, lang)
    called = [*_TELEPHONE.finditer(whole)]
    played = [*_SCORE.finditer(whole)] if _PLAYED.search(whole) else []
    spans = [*when.spans, *(hit.span() for hit in (*called, *played))]
    untimed = figures.masked(whole, spans)
    unread = figures.masked(untimed, [(rank.start, rank.end) for rank in ranks])
    if lang == "en":
        ranks = (*ranks, *map(_plain_rank, _PLAIN_RANK.finditer(unread)))
    return _Said(
        days=[day for day in when.days if not day.relative][:_MOST],
        years=[year for year, _ in when.years][:_MOST],
        periods=when.periods[:_MOST],
        ranks=ranks[:_MOST],
        figures=[_halved(figure, unread) for figure in figures.quantities(unread, lang)[:_MOST]],
        written=frozenset(int(hit.group().replace(",", "")) for hit in _WRITTEN.finditer(untimed)),
        scores=[(min(score), max(score)) for score in map(_score, played)][:_MOST],
        levels=frozenset(
            (_leading(hit["n"]), "rose" if hit["rose"] else "fell")
            for hit in _LEVEL[lang].finditer(untimed)
        ),
        moves=frozenset(
            (_leading(hit["a"]), _leading(hit["b"])) for hit in _MOVE[lang].finditer(untimed)
        ),
        folds=[*map(_fold, _FOLD.finditer(whole))],
        telephones=[re.sub(r"\D", "", hit.group())[-_LEAST_DIGITS:] for hit in called][:_MOST],
    )


def _halved(figure: Quantity, text: str) -> Quantity:
    known = figure.kind == "clock" and _HALF_OF_DAY.match(text, figure.start)
    return replace(figure, kind=_HALVED) if known else figure


def _score(hit: re.Match[str]) -> tuple[int, int]:
    return int(hit["a"]), int(hit["b"])


def _plain_rank(hit: re.Match[str]) -> Ordinal:
    return Ordinal("", numerals.ordinal(hit["n"]) or 0, *hit.span())


def _leading(written: str) -> str:
    """Return the digits that 1.8亿 and 180 million have in common."""
    whole = written.replace(",", "").rstrip(".")
    return (whole.rstrip("0") if "." in whole else whole).replace(".", "").strip("0")


def _fold(hit: re.Match[str]) -> int:
    doublings = numerals.chinese(hit["doublings"]) if hit["doublings"] else None
    return 2 ** int(doublings) if doublings else _FOLDS[hit.lastgroup or ""]


def _reversed(zh: _Said, en: _Said) -> bool:
    """Return True if something rose where it fell, or moved back."""
    turned = {(n, "fell" if way == "rose" else "rose") for n, way in en.levels}
    back = {(b, a) for a, b in en.moves}
    return bool(zh.levels & (turned - en.levels) or zh.moves & (back - en.moves))


def _differ(zh: Sequence[_Fact], en: Sequence[_Fact], same: Callable[[_Fact, _Fact], bool]) -> bool:
    """Return True if each side has a fact that the other lacks."""
    return any(not any(same(a, b) for b in en) for a in zh) and any(
        not any(same(a, b) for a in zh) for b in en
    )


def _same_day(first: Day, second: Day) -> bool:
    if first.lunar != second.lunar:
        return True  # Calendars cannot be compared.
    return (first.month, first.day) == (second.month, second.day)


def _same_period(first: Period, second: Period) -> bool:
    if first.season != second.season:
        return True  # 暑期 is as good as July.
    thirds = {first.third, second.third} - {None}
    return (first.first, first.last) == (second.first, second.last) and len(thirds) < 2


def _ranks_differ(zh: _Said, en: _Said) -> bool:
    """Return True if ranks of one series differ."""
    lost_zh = [rank for rank in zh.ranks if not _ranked(rank, en)]
    lost_en = [rank for rank in en.ranks if not _ranked(rank, zh)]
    if any(rank.label in {other.label for other in lost_en} for rank in lost_zh):
        return True
    # The only rank of each side is the same one, whatever it is called.
    alone = len(zh.ranks) == len(en.ranks) == 1 and lost_zh and lost_en
    return bool(alone) and _EVERYDAY <= zh.ranks[0].rank != en.ranks[0].rank >= _EVERYDAY


def _ranked(rank: Ordinal, other: _Said) -> bool:
    """Return True if the other side has a rank."""
    return rank.rank in other.written or any(
        rank.rank == item.rank and (rank.label == item.label or not (rank.label and item.label))
        for item in other.ranks
    )


def _figures_differ(zh: _Said, en: _Said) -> bool:
    """Return True if both sides lack a figure of one class."""
    lost_zh, lost_en = _lost(zh, en), _lost(en, zh)
    return any(figures.comparable(_timed(a), _timed(b)) for a in lost_zh for b in lost_en)


def _counts_differ(zh: _Said, en: _Said) -> bool:
    """Return True if the only counts or times of both differ."""
    if len(zh.figures) != 1 or len(en.figures) != 1:
        return False
    first, second = zh.figures[0], en.figures[0]
    if first.loose or second.loose or zh.ranks or en.ranks or _alike(first, second):
        return False
    counts = all(
        figure.kind == "count" and _EVERYDAY <= figure.value < _MANY for figure in (first, second)
    )
    return counts or first.kind == second.kind in ("hours", "months")


def _timed(figure: Quantity) -> Quantity:
    return replace(figure, kind="clock") if figure.kind == _HALVED else figure


def _lost(own: _Said, other: _Said) -> list[Quantity]:
    """Return figures that the other side lacks or contradicts."""
    return [
        figure
        for figure in own.figures
        if (
            figure.bits >= _BITS
            or _many(figure)
            or figure.kind in _NO_WORDS
            or any(_opposite(figure, item) for item in other.figures)
        )
        and not any(_alike(figure, item) for item in other.figures)
        and not (figure.kind == "count" and figure.value in (other.written | {*other.years}))
    ]


def _many(figure: Quantity) -> bool:
    """Return True for a number that is no word of everyday language."""
    return figure.value >= _MANY and (figure.kind in _COUNTED or figure.kind in units.MONEY)


def _far(first: float, second: float) -> bool:
    return max(first, second) > _OF_ANOTHER_ORDER * min(first, second)


def _opposite(first: Quantity, second: Quantity) -> bool:
    """Return True if something rose by a figure and fell by it."""
    return first.trend * second.trend < 0 and figures.agree(
        first, replace(second, trend=first.trend)
    )


def _bare(figure: Quantity) -> Quantity:
    """Return tons as a count, for units are left out."""
    if figure.kind != "mass":
        return figure
    return replace(figure, kind="count", value=figure.value / _TON, half=figure.half / _TON)


def _alike(first: Quantity, second: Quantity) -> bool:
    """Return True if figures agree, or nearly if one is rough."""
    if _many(first) and _many(second) and _far(first.value, second.value):
        return False
    if figures.agree(first, second) or figures.agree(_bare(first), _bare(second)):
        return True
    if first.trend * second.trend < 0:
        return False
    kinds = {first.kind, second.kind}
    if "clock" in kinds and kinds <= {"clock", _HALVED}:
        # 3 o'clock is 15时 or 3时.
        apart = abs(first.value - second.value) % _HALF_DAY
        return min(apart, _HALF_DAY - apart) <= first.half
    least, most = sorted((first.value, second.value))
    near = figures.of_one_class(first, second) and least > _NEAR * most
    return (first.loose or second.loose) and near
