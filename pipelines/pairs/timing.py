"""Agreement and contradiction of days, years and periods.

The constants are set by hand and not measured one by one: each shapes a feature of order one, and
the model learns from examples how much a feature counts (`pairing.json`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import date

from pipelines.facts.facts import Facts
from pipelines.facts.mentions import Day, Period
from pipelines.facts.rarity import Rarity

_LEAD_DAY = 2.0
"""Weight of a day in title or lead; elsewhere 1."""
_RELATIVE_DAY = 0.3
"""Share of its weight that a relative day ("yesterday") has: it depends on the page's date."""
_NEAR = 1
"""Days between two dates of one event: time zones, and reports of an evening."""
_RELATIVE_NEAR = 5
"""Days between an English relative day and a Chinese one, if either has no year."""
_LATE_PAGE = 31
"""Days that an English "yesterday" may follow the event: pages appear up to a month later."""
_DATES_OUTSIDE_LEAD = 0.5
"""Clash of dates that are not both in a lead and absolute; else 1."""
_OTHER_END = 0.5
"""Clash of ranges of days that begin on one day and end on others."""
_SLIPPED_DATES = 0.4
"""Factor on a clash of dates that an error of one day, or of a page's year, explains."""
_RELATIVE_PERIOD = 0.5
"""Weight of a "last month" that the other text lacks: it depends on the page's date."""
_LEAD_TIMES = 3
"""Mentions that a year or period in title or lead counts for."""
_REMARKED_YEARS = 0.3
_REMARKED_PERIODS = 0.4
"""Clashes above which an explanation names them; they decide nothing."""
_YEARS_MOVED = 2
"""Years between a page's date and its text from which the page has been moved."""


@dataclass(frozen=True, slots=True)
class Part:
    """Fields of a `FactComparison` for one kind of fact, with remarks."""

    fields: Mapping[str, float | bool] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def compare(zh: Facts, en: Facts, rarity: Rarity) -> tuple[Part, ...]:
    """Compare when two texts say that things happen."""
    return _days(zh, en, rarity), _years(zh, en), _periods(zh, en)


@dataclass(frozen=True, slots=True)
class _Days:
    """Days of one text; `leading`: those of its lead, else the first."""

    every: tuple[Day, ...]
    leading: tuple[Day, ...]
    in_lead: bool

    @classmethod
    def of(cls, facts: Facts) -> "_Days":
        """Collect a text's days; of "today (June 12)" only the absolute day."""
        absolute = {(day.month, day.day) for day in facts.calendar.days if not day.relative}
        every = tuple(
            day
            for day in facts.calendar.days
            if not day.relative or (day.month, day.day) not in absolute
        )
        leading = tuple(day for day in every if day.start < facts.lead)
        return cls(every, leading or every[:1], bool(leading))


def _days(zh: Facts, en: Facts, rarity: Rarity) -> Part:
    zh_days, en_days = _Days.of(zh), _Days.of(en)
    if not zh_days.every or not en_days.every:
        return Part()
    shared = total = 0.0
    for day in en_days.every:
        weight = rarity(day.key) * (_LEAD_DAY if day.start < en.lead else 1)
        weight *= _RELATIVE_DAY if day.relative else 1.0
        total += weight
        if any(_same_day(other, day) for other in zh_days.every):
            shared += weight
    # A day further down may be one that many texts look back to.
    in_leads = [
        rarity.uniqueness(day.key)
        for day in (en_days.leading if zh_days.in_lead and en_days.in_lead else ())
        if not day.relative and any(_same_day(other, day) for other in zh_days.leading)
    ]
    clash = _day_clash(zh_days, en_days)
    first = _written(zh_days.leading[0]), _written(en_days.leading[0])
    return Part(
        {
            "dates_agree": shared / total,
            "dates_clash": clash,
            "dates_lead": max(in_leads, default=0.0),
            "dates_said": True,
        },
        (f"dates clash: {first[0]} against {first[1]}",) if clash else (),
    )


def _day_clash(zh: _Days, en: _Days) -> float:
    """Return the clash, above 0 if neither lead's days occur opposite."""
    if _any_same(zh.every, en.leading) or _any_same(zh.leading, en.every):
        return _OTHER_END if _ends_differ(zh, en) else 0.0
    certain = zh.in_lead and en.in_lead and not en.leading[0].relative
    clash = 1.0 if certain else _DATES_OUTSIDE_LEAD
    if all(any(_slip(a, b) for a in zh.leading) for b in en.leading):
        clash *= _SLIPPED_DATES
    return clash


def _ends_differ(zh: _Days, en: _Days) -> bool:
    """Return True if ranges from one day end on different ones."""
    ends = [
        (first.until, second.until)
        for first in zh.leading
        for second in en.leading
        if first.until and second.until and _same_day(first, second)
    ]
    return bool(ends) and all(first != second for first, second in ends)


def _any_same(zh: Iterable[Day], en: tuple[Day, ...]) -> bool:
    return any(_same_day(a, b) for a in zh for b in en)


def _same_day(zh: Day, en: Day) -> bool:
    if zh.lunar != en.lunar or (zh.year and en.year and zh.year != en.year):
        return False
    if (zh.weekly and not en.relative) or (en.weekly and (zh.weekly or not zh.relative)):
        # A page may be late, but what was on a Tuesday was on no Monday.
        weekdays = {zh.weekday, en.weekday} - {None}
        if len(weekdays) > 1:
            return False
    if en.relative:
        if not (zh.year and en.year):
            return zh.near(en, _RELATIVE_NEAR)
        apart = date(en.year, en.month, en.day) - date(zh.year, zh.month, zh.day)
        return -_NEAR <= apart.days <= _LATE_PAGE
    if zh.relative:
        return zh.near(en, _NEAR)
    return (zh.month, zh.day) == (en.month, en.day)


def _slip(zh: Day, en: Day) -> bool:
    """Return True if days differ by one, or in a page's year.

    Pages moved to a new site have the date of the move.
    """
    if zh.weekly and en.weekly:
        return False
    if zh.stated and en.stated:
        return zh.near(en, _NEAR)
    return zh.near(en, _NEAR) or (zh.month, zh.day) == (en.month, en.day)


def _written(day: Day) -> str:
    year = f"{day.year}-" if day.year else ""
    return f"{year}{day.month:02d}-{day.day:02d}"


def _years(zh: Facts, en: Facts) -> Part:
    zh_share, en_share = _year_shares(zh), _year_shares(en)
    fields: dict[str, float | bool] = {}
    remarks: tuple[str, ...] = ()
    if en_share and (zh_share or zh.implied_years):
        known = zh_share.keys() | zh.implied_years
        fields["years_agree"] = sum(part for year, part in en_share.items() if year in known)
    if zh_share and en_share:
        lost_en = _lost(en_share, zh_share.keys() | zh.implied_years)
        lost_zh = _lost(zh_share, en_share.keys() | en.implied_years)
        fields["years_clash"] = clash = min(lost_en, lost_zh)
        if clash > _REMARKED_YEARS:
            remarks = (f"years clash: {sorted(zh_share)} against {sorted(en_share)}",)
    return Part(fields, remarks)


def _lost(shares: Mapping[int, float], known: Set[int]) -> float:
    """Return the share of years that are not `known`."""
    return sum(part for year, part in shares.items() if year not in known)


def _year_shares(facts: Facts) -> dict[int, float]:
    """Return each year's share of mentions, weighed by `_LEAD_TIMES`."""
    mentions: Counter[int] = Counter()
    for year, start in facts.calendar.years:
        mentions[year] += _LEAD_TIMES if start < facts.lead else 1
    total = sum(mentions.values())
    return {year: count / total for year, count in mentions.items()}


def editions(facts: Facts) -> frozenset[int]:
    """Return the years in the title, which number reports like sessions."""
    end = facts.whole.find("\n")
    return frozenset(year for year, start in facts.calendar.years if start < end)


def moved(facts: Facts) -> bool:
    """Return True if a page is years younger than its text.

    Pages moved to a new site have the date of the move.
    """
    years = [year for year, start in facts.calendar.years if start < facts.lead]
    if not years or facts.published is None:
        return False
    return max(years) <= facts.published.year - _YEARS_MOVED


def _periods(zh: Facts, en: Facts) -> Part:
    # A text may name a season beside months: only seasons contradict each other.
    sorts = {p.season for p in zh.calendar.periods} & {p.season for p in en.calendar.periods}
    zh_periods = tuple(period for period in zh.calendar.periods if period.season in sorts)
    en_periods = tuple(period for period in en.calendar.periods if period.season in sorts)
    if not sorts:
        return Part()
    lost_en = _lost_periods(en_periods, zh_periods, en.lead)
    clash = min(lost_en, _lost_periods(zh_periods, en_periods, zh.lead))
    remark = (
        f"periods clash: months {zh_periods[0].first}-{zh_periods[0].last} "
        f"against {en_periods[0].first}-{en_periods[0].last}"
    )
    return Part(
        {"periods_agree": 1 - lost_en, "periods_clash": clash, "periods_said": True},
        (remark,) if clash > _REMARKED_PERIODS else (),
    )


def _lost_periods(own: tuple[Period, ...], other: tuple[Period, ...], lead: int) -> float:
    """Return the share of a text's periods that the other text lacks."""
    weights = [(_LEAD_TIMES if period.start < lead else 1, period) for period in own]
    lost = sum(
        w * (_RELATIVE_PERIOD if period.relative or all(o.relative for o in other) else 1)
        for w, period in weights
        if not any(_same_period(period, o) for o in other)
    )
    return lost / sum(w for w, _ in weights)


def _same_period(first: Period, second: Period) -> bool:
    years, thirds = {first.year, second.year} - {None}, {first.third, second.third} - {None}
    same = (first.first, first.last) == (second.first, second.last)
    return same and len(years) < 2 and len(thirds) < 2
