"""Days of the lunar calendar, by `lunar_years.tsv`."""

from datetime import date, timedelta
from functools import cache

from crawler.rows import rows


@cache
def _years() -> dict[int, tuple[date, str, int]]:
    return {
        int(year): (date.fromisoformat(first), lengths, int(leap))
        for year, first, lengths, leap in rows("pipelines.facts/lunar_years.tsv")
    }


def gregorian(year: int, month: int, day: int, *, leap: bool = False) -> date | None:
    """Return the date of a lunar day, or None.

    Day 0 is the eve of the month. `leap`: of the leap month after it, which few years have.
    """
    if year not in _years() or not 1 <= month <= 12:
        return None
    first, lengths, leap_month = _years()[year]
    if leap and leap_month != month:
        return None
    before = month - 1 + (0 < leap_month < month) + leap
    days = [30 if length == "L" else 29 for length in lengths]
    if not 0 <= day <= days[before]:
        return None
    return first + timedelta(sum(days[:before]) + day - 1)
