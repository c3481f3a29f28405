"""Days of the lunar calendar, by `lunar_years.tsv`."""

from datetime import date, timedelta
from functools import cache

from pipelines.facts.lists import rows


@cache
def _years() -> dict[int, tuple[date, str, int]]:
    return {
        int(year): (date.fromisoformat(first), lengths, int(leap))
        for year, first, lengths, leap in rows("lunar_years.tsv")
    }


def gregorian(year: int, month: int, day: int) -> date | None:
    """Return the date of a lunar day, not of a leap month."""
    if year not in _years() or not 1 <= month <= 12:
        return None
    first, lengths, leap = _years()[year]
    before = month - 1 + (0 < leap < month)
    days = [30 if length == "L" else 29 for length in lengths]
    if not 1 <= day <= days[before]:
        return None
    return first + timedelta(sum(days[:before]) + day - 1)
