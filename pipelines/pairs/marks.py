"""Further marks of one event: direction, hour, weekday, country.

Texts of one series may agree in everything else: exports rose 9.2 percent in one year and fell 9.2
percent in another, or imports did. The words are in `marks.tsv`. The constants are set by hand and
not measured one by one.
"""

import re
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from functools import cache, lru_cache

from crawler.rows import rows
from pipelines.facts import names, places
from pipelines.facts.facts import Facts

_CLAUSE = re.compile(r"[，,。；;！!？?\n]|\.\s|\band\b|\bwhile\b|\bbut\b")
_PERCENT = re.compile(r"(?P<n>\d+(?:\.\d+)?)\s?(?:%|％|per\s?cent|percent|个百分点)")
_HALF = 12
"""Hours on a dial."""
_OF_TITLES = 0.5
"""Agreement or clash of the directions of two titles, if no percentage is in both texts."""
_BESIDE_SHARED = 0.4
"""Clash of the cities of two leads that have one more in common."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Agreement and contradiction of marks, 0-1 each."""

    direction_agree: float
    direction_clash: float
    hours_agree: float
    hours_clash: float
    weekday_agree: float
    weekday_clash: float
    countries_agree: float
    countries_clash: float
    sites_clash: float


def compare(zh: Facts, en: Facts) -> Marks:
    """Compare the marks of a Chinese and an English text."""
    agree, clash = _directions(zh, en)
    if contrasted := _contrasted(zh, en):
        agree, clash = 0.0, max(clash, contrasted)
    hours, weekdays = _sets(zh, en, _hours), _sets(zh, en, _weekdays)
    same, elsewhere = _countries(zh, en)
    return Marks(agree, clash, *hours, *weekdays, same, elsewhere, _sites(zh, en))


def _sets(zh: Facts, en: Facts, read: Callable[[str, str], Set[int]]) -> tuple[float, float]:
    """Return agreement and clash of hours or weekdays.

    Only leads contradict each other: further down each text has times that the other leaves out.
    """
    of_zh, of_en = read(zh.whole, "zh"), read(en.whole, "en")
    if shared := len(of_zh & of_en):
        return shared / len(of_en), 0.0
    told = read(zh.whole[: zh.lead], "zh") and read(en.whole[: en.lead], "en")
    return 0.0, float(bool(told))


@cache
def _words(name: str, lang: str) -> re.Pattern[str]:
    (found,) = (row[2] for row in rows("pipelines.pairs/marks.tsv") if row[:2] == (name, lang))
    return re.compile(found if lang == "zh" else rf"\b(?:{found})\b", re.IGNORECASE)


def _directions(zh: Facts, en: Facts) -> tuple[float, float]:
    """Compare the directions of common percentages, else of titles."""
    of_zh, of_en = _moves(zh.whole, "zh"), _moves(en.whole, "en")
    shared = sorted({value for value, _ in of_zh} & {value for value, _ in of_en})
    if shared:
        ways = [[{way for v, way in moves if v == value} for moves in (of_zh, of_en)]
                for value in shared]  # fmt: skip
        same = sum(bool(first & second) for first, second in ways) / len(shared)
        return same, 1 - same
    titles = (_title(text) for text in (zh, en))
    way_zh, way_en = (_trend(title, lang) for title, lang in zip(titles, ("zh", "en"), strict=True))
    if not way_zh or not way_en:
        return 0.0, 0.0
    return (_OF_TITLES, 0.0) if way_zh == way_en else (0.0, _OF_TITLES)


def _title(facts: Facts) -> str:
    return facts.whole.partition("\n")[0]


def _contrasted(zh: Facts, en: Facts) -> float:
    """Return the clash of titles with the other side of a contrast."""
    if not (contrast := _contrast(_title(zh), _title(en))):
        return 0.0
    # The rest of the leads may tell both sides: work has begun and will be completed in May.
    leads = zh.whole[: zh.lead], en.whole[: en.lead]
    return 1.0 if _contrast(*leads) == contrast else _OF_TITLES


_CONTRASTS = tuple(f"contrast {number}" for number in range(1, 11))
_SIDES = ({"a"}, {"b"})


def _contrast(zh: str, en: str) -> str:
    """Return a contrast of which each text tells the other side."""
    for name in _CONTRASTS:
        of_zh, of_en = (
            {side for side in "ab" if _words(f"{name}{side}", lang).search(text)}
            for text, lang in ((zh, "zh"), (en, "en"))
        )
        if of_zh in _SIDES and of_en in _SIDES and of_zh != of_en:
            return name
    return ""


@lru_cache(maxsize=512)
def _moves(text: str, lang: str) -> tuple[tuple[float, int], ...]:
    """Return percentages with their direction: 1 up, -1 down."""
    found = []
    last = 0
    for clause in _clauses(text):
        way = _trend(clause, lang)
        # "Exports rose 9.2 percent and imports 4.1 percent": the verb serves both.
        way = last = way or last
        if way:
            found += [(float(hit["n"]), way) for hit in _PERCENT.finditer(clause)]
        if clause.endswith(("。", "\n", ". ")):
            last = 0
    return tuple(found)


def _clauses(text: str) -> Iterator[str]:
    """Yield the clauses of a text, each with its end."""
    at = 0
    for hit in _CLAUSE.finditer(text):
        yield text[at : hit.end()]
        at = hit.end()
    yield text[at:]


def _trend(text: str, lang: str) -> int:
    """Return 1 if all words are up, -1 if all are down."""
    down = _words("down", lang).search(text) is not None
    up = _words("up", lang).search(_words("down", lang).sub(" ", text)) is not None
    return int(up) - int(down)


def _sites(zh: Facts, en: Facts) -> float:
    """Return 1 if the leads name different districts or roads."""
    lead = zh.whole[: zh.lead]
    for name in en.pinyin:
        if name.start >= en.lead or zh.pinyin_index.find(name):
            continue
        called = _SITE_NAME.match(en.whole, name.start)
        for kind in _SITES:
            if called is None or not _words(kind, "en").fullmatch(called["kind"]):
                continue
            named = [hit for hit in _words(kind, "zh").finditer(lead) if hit.start() > 1]
            if named and not any(_is_spelt(lead[: hit.start()], en) for hit in named):
                return 1.0
    return 0.0


def officials(zh: Facts, en: Facts, known: Set[str]) -> tuple[str, str] | None:
    """Return an official of each lead, if all of them differ.

    An English name may be misspelt: only other family names are other officials. `known` are
    English names that may be anybody's.
    """
    in_zh = names.chinese_names(zh.whole[: zh.lead])
    in_en = [name for name in en.pinyin if name.person and name.start < en.lead]
    if not in_zh or not in_en or any(name.letters in known for name in in_en):
        return None
    families = {reading for person in in_zh for reading in _family(person)}
    for name in in_en:
        ends = {shape[at] for shape in name.readings for at in (0, -1)}
        customary = any(end.startswith("~") for end in ends)
        if customary or ends & families or zh.pinyin_index.find(name):
            return None
    return min(in_zh), in_en[0].letters


def _family(person: str) -> set[str]:
    """Return the readings of the characters of a family name."""
    length = 2 if person[:2] in names.COMPOUND_SURNAMES else 1
    return {reading for char in person[:length] for reading in names.name_readings(char)}


def _is_spelt(before: str, en: Facts) -> bool:
    """Return True if English spells the name at the end of `before`."""
    index = names.pinyin_index(before[-_SITE_LETTERS:])
    return any(index.find(name) for name in en.pinyin)


_SITES = ("district", "road")
_SITE_LETTERS = 4
"""Characters of a district's or road's name at most."""
_SITE_NAME = re.compile(r"[A-Z][\w'’-]+ (?:[A-Z][\w'’-]+ )?(?P<kind>[A-Z][\w-]+(?: Area)?)")
_HOUR_ZH = re.compile(r"(?P<half>\D{2})?(?<!\d)(?P<h>[012]?\d)(?:时(?!期|代|间)|点(?!\d)|:\d\d)")
_HOUR_EN = re.compile(
    r"(?<![\d.])(?P<h>[01]?\d)(?::\d\d)?(?:\s?(?:to|-|–)\s?\d{1,2}(?::\d\d)?)?\s?"
    r"(?P<half>[ap])\.?m\b|(?<![\d.])(?P<full>[012]?\d):\d\d(?!\d|:)",
    re.IGNORECASE,
)


@lru_cache(maxsize=512)
def _hours(text: str, lang: str) -> frozenset[int]:
    """Return the hours of the day, 0-23."""
    found: set[int] = set()
    for hit in (_HOUR_ZH if lang == "zh" else _HOUR_EN).finditer(text):
        if lang == "zh":
            hour, half = int(hit["h"]), hit["half"] or ""
            later = bool(_words("after noon", "zh").search(half))
            found.add(hour + _HALF if later and hour < _HALF else hour)
        elif hit["full"]:
            found.add(int(hit["full"]))
        else:
            hour = int(hit["h"]) % _HALF
            found.add(hour + _HALF if hit["half"].lower() == "p" else hour)
    return frozenset(found)


_WEEK_ZH = re.compile(r"(?:星期|周|礼拜)(?P<d>[一二三四五六日天])(?![期年边末届])")
_WEEK_EN = re.compile(
    r"\b(?P<d>Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b", re.IGNORECASE
)
_DAYS_ZH = "一二三四五六日"
_DAYS_EN = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@lru_cache(maxsize=512)
def _weekdays(text: str, lang: str) -> frozenset[int]:
    if lang == "zh":
        days = (hit["d"].replace("天", "日") for hit in _WEEK_ZH.finditer(text))
        return frozenset(_DAYS_ZH.index(day) for day in days)
    return frozenset(_DAYS_EN.index(hit["d"].lower()) for hit in _WEEK_EN.finditer(text))


def _countries(zh: Facts, en: Facts) -> tuple[float, float]:
    """Compare the foreign countries and the cities of the leads.

    Cities clash less if the leads share one: that is often their own.
    """
    leads = [places.places(facts.whole[: facts.lead], facts.lang) for facts in (zh, en)]
    of_zh, of_en = (lead & places.countries() for lead in leads)
    if of_zh and of_en and not (of_zh & en.places or of_en & zh.places):
        return 0.0, 1.0
    agree = len(of_zh & of_en) / len(of_en) if of_en else 0.0
    of_zh, of_en = (lead - places.countries() for lead in leads)
    if not of_zh - en.places or not of_en - zh.places:
        return agree, 0.0
    shared = (of_zh & en.places) | (of_en & zh.places)
    return agree, (1.0, _BESIDE_SHARED)[len(shared)] if len(shared) < 2 else 0.0
