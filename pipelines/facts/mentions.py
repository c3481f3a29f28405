"""Mentions of times, and the days, periods and years they name."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from datetime import date

from pipelines.facts import lunar


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day. `year` is None when nothing resolves it.

    `stated` is False for a year supplied from the page. `relative` marks "yesterday" and the like:
    the day is then only as good as the page's own date, but its weekday is sure if it was named
    (`weekly`: on Tuesday). `lunar`: month and day are of the lunar
    calendar, in a year that is not known. `until`: end of the range
    that the day begins.
    """

    month: int
    day: int
    year: int | None = None
    stated: bool = False
    relative: bool = False
    start: int = 0
    lunar: bool = False
    until: tuple[int, int] | None = None
    weekly: bool = False

    @property
    def weekday(self) -> int | None:
        """Return the day of the week, from Monday as 0."""
        when = existing(self.year, self.month, self.day) if self.year and not self.lunar else None
        return None if when is None else when.weekday()

    @property
    def key(self) -> tuple[str, str, str]:
        """Month and day, to be counted and looked up."""
        return ("lunar" if self.lunar else "day", str(self.month), str(self.day))

    def near(self, other: "Day", days: int) -> bool:
        """Return True if the days are at most `days` apart.

        An unknown year is taken from the other.
        """
        if self.lunar != other.lunar:
            return False
        year = self.year or other.year or _LEAP
        first = existing(year, self.month, self.day)
        second = existing(other.year or year, other.month, other.day)
        return first is not None and second is not None and abs((first - second).days) <= days


@dataclass(frozen=True, slots=True)
class Period:
    """Months `first` to `last` of a year, None if unknown.

    `third` is 1 to 3 for the first, second or last ten days of a month. `relative` marks "last
    month", which depends on the page's date; `season` a season, with the months it roughly has.
    """

    first: int
    last: int
    year: int | None = None
    start: int = 0
    third: int | None = None
    relative: bool = False
    season: bool = False


@dataclass(slots=True)
class Reading:
    """Times read so far; `stated` is the year last stated."""

    page: date | None
    days: list[Day] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)
    years: list[tuple[int, int]] = field(default_factory=list)
    stated: int | None = None

    def state(self, year: int | None, start: int) -> None:
        """Add a year that the text states, if any."""
        if year is not None:
            self.stated = year
            self.years.append((year, start))

    def year_by(self, shift: int | None) -> int | None:
        """Return the year `shift` years after the page's, if both are known."""
        return None if shift is None or self.page is None else self.page.year + shift

    def year_of(self, month: int, day: int) -> int | None:
        """Return a day's year by the page's date, else as last stated."""
        if self.page is not None:
            return _nearest(month, day, self.page)
        known = self.stated is not None and existing(self.stated, month, day)
        return self.stated if known else None

    def add_relative(self, by: int, start: int, *, weekly: bool = False) -> None:
        """Add the day `by` days after the page's, if both exist."""
        when = _shifted(self.page, by) if self.page is not None else None
        if when is not None:
            day = Day(when.month, when.day, when.year, relative=True, start=start, weekly=weekly)
            self.days.append(day)


@dataclass(frozen=True, slots=True)
class Mention(ABC):
    """Mention of a time: characters `start` to `end` of the text."""

    start: int
    end: int

    @abstractmethod
    def read(self, reading: Reading) -> None:
        """Add the days, periods and years that the mention names."""


@dataclass(frozen=True, slots=True)
class Days(Mention):
    """One day (3月5日) or two (3月5日至7日), each a month and a day."""

    year: int | None
    days: tuple[tuple[int | None, int | None], ...]
    near: int | None = None

    def read(self, reading: Reading) -> None:
        reading.state(self.year, self.start)
        named = self.year or reading.year_by(self.near)
        for month, day in self.days:
            if month and day and existing(named or _LEAP, month, day):
                year = named or reading.year_of(month, day)
                stated = self.year is not None
                until = self._until if (month, day) == self.days[0] else None
                reading.days.append(Day(month, day, year, stated, start=self.start, until=until))

    @property
    def _until(self) -> tuple[int, int] | None:
        month, day = self.days[-1]
        return (month, day) if len(self.days) > 1 and month and day else None


@dataclass(frozen=True, slots=True)
class OfMonth(Mention):
    """Day of a month counted from the page's (上月28日: -1)."""

    shift: int
    day: int

    def read(self, reading: Reading) -> None:
        if reading.page is None:
            return
        years, month = divmod(reading.page.month - 1 + self.shift, 12)
        year = reading.page.year + years
        if existing(year, month + 1, self.day):
            reading.days.append(Day(month + 1, self.day, year, start=self.start))


@dataclass(frozen=True, slots=True)
class LunarDay(Mention):
    """Day of the lunar calendar, by default in the nearest year."""

    year: int | None
    month: int
    day: int
    near: int | None = None
    leap: bool = False

    def read(self, reading: Reading) -> None:
        reading.state(self.year, self.start)
        year, page = self.year or reading.year_by(self.near), reading.page
        years = (year,) if year else (page.year - 1, page.year, page.year + 1) if page else ()
        dates = (lunar.gregorian(y, self.month, self.day, leap=self.leap) for y in years)
        found = [when for when in dates if when]
        near = [when for when in found if page is None or (when - page).days <= _ANNOUNCED]
        if chosen := (near[-1:] or found[:1]):
            when = chosen[0]
            day = Day(when.month, when.day, when.year, start=self.start)
        else:
            day = Day(self.month, self.day, start=self.start, lunar=True)
        reading.days.append(day)


@dataclass(frozen=True, slots=True)
class BareDay(Mention):
    """Day without a month (5日上午); `ahead`: from which something applies."""

    day: int
    ahead: bool = False

    def read(self, reading: Reading) -> None:
        last = reading.days[-1] if reading.days else None
        if (found := _bare(self.day, last, reading.page, ahead=self.ahead)) is not None:
            reading.days.append(replace(found, start=self.start))


@dataclass(frozen=True, slots=True)
class Relative(Mention):
    """Day counted from the page's (yesterday: -1)."""

    shift: int

    def read(self, reading: Reading) -> None:
        reading.add_relative(self.shift, self.start)


@dataclass(frozen=True, slots=True)
class Weekday(Mention):
    """Day of the week, from Monday as 0.

    It is the last one before the page's date, or that date itself; with `weeks`, that of the
    page's week and so many weeks later.
    """

    weekday: int
    weeks: int | None = None

    def read(self, reading: Reading) -> None:
        if reading.page is None:
            return
        back = reading.page.weekday() - self.weekday
        shift = -(back % 7) if self.weeks is None else 7 * self.weeks - back
        reading.add_relative(shift, self.start, weekly=True)


@dataclass(frozen=True, slots=True)
class NearMonth(Mention):
    """Month counted from the page's (last month: -1)."""

    shift: int
    third: int | None = None

    def read(self, reading: Reading) -> None:
        if reading.page is None:
            return
        years, month = divmod(reading.page.month - 1 + self.shift, 12)
        year = reading.page.year + years
        period = Period(month + 1, month + 1, year, self.start, self.third, relative=True)
        reading.periods.append(period)


@dataclass(frozen=True, slots=True)
class Season(Mention):
    """Season of a year, from spring as 0."""

    year: int | None
    season: int

    def read(self, reading: Reading) -> None:
        reading.state(self.year, self.start)
        first = 3 * self.season + 3
        last = (first + 1) % 12 + 1
        reading.periods.append(Period(first, last, self.year, self.start, season=True))


@dataclass(frozen=True, slots=True)
class Months(Mention):
    """Period of months; None for a month that could not be read."""

    year: int | None
    first: int | None
    last: int | None
    near: int | None = None
    third: int | None = None

    def read(self, reading: Reading) -> None:
        reading.state(self.year, self.start)
        year = self.year or reading.year_by(self.near)
        period = Period(self.first or 1, self.last or 12, year, self.start, self.third)
        reading.periods.append(period)


@dataclass(frozen=True, slots=True)
class Years(Mention):
    """Year alone, or the first and the last of several."""

    year: int | None
    last: int | None

    def read(self, reading: Reading) -> None:
        reading.state(self.year, self.start)
        if self.last:
            reading.years.append((self.last, self.start))


def existing(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


_LEAP = 2024
"""Year that has every day."""


def _shifted(day: date, by: int) -> date | None:
    """Return the date `by` days later; None beyond the calendar's ends."""
    ordinal = day.toordinal() + by
    return date.fromordinal(ordinal) if 1 <= ordinal <= date.max.toordinal() else None


_ANNOUNCED = 60
"""Days ahead for which an event is announced without its year; set by hand, not measured."""


def _nearest(month: int, day: int, page: date) -> int | None:
    """Return the year of a day without one, by the page's date.

    It is that of the latest such day at most `_ANNOUNCED` days after `page`; for February 29 the
    leap year among three, if any.
    """
    having = [
        when for year in (-1, 0, 1) if (when := existing(page.year + year, month, day)) is not None
    ]
    near = [when for when in having if (when - page).days <= _ANNOUNCED]
    chosen = near[-1:] or having[:1]
    return chosen[0].year if chosen else None


def _bare(day: int, anchor: Day | None, page: date | None, *, ahead: bool) -> Day | None:
    """Return a day without a month in full.

    It is of the month last named, else of the page's month or the one before. A day that is not in
    the month before either is still to come in the page's: 31日 on December 10. None if no such
    month has it.
    """
    if anchor is not None:
        known = existing(anchor.year or _LEAP, anchor.month, day) is not None
        return Day(anchor.month, day, anchor.year) if known else None
    if page is None:
        return None
    before = _shifted(page.replace(day=1), -1)
    months = [page, before] if day <= page.day or ahead else [before, page]
    found = (existing(when.year, when.month, day) for when in months if when is not None)
    return next((Day(when.month, when.day, when.year) for when in found if when is not None), None)
