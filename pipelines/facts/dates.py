"""Days, periods and years named in a text, with the year resolved."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from pipelines.facts.mentions import Day, Period, Reading, existing
from pipelines.facts.written_dates import chinese, english


@dataclass(frozen=True, slots=True)
class Calendar:
    """Times in a text, in reading order.

    `years` are the years stated in the text with their offsets. `spans` are the stretches of text
    that were read as time, so that their digits are not read again as figures.
    """

    days: tuple[Day, ...]
    periods: tuple[Period, ...]
    years: tuple[tuple[int, int], ...]
    spans: tuple[tuple[int, int], ...]


_URL_DATE = (
    re.compile(r"(?<!\d)((?:19|20)\d\d)[-/](1[0-2]|0?[1-9])[-/](3[01]|[12]\d|0?[1-9])(?!\d)"),
    re.compile(r"(?<!\d)((?:19|20)\d\d)(1[0-2]|0[1-9])(3[01]|[12]\d|0[1-9])(?!\d)"),
    re.compile(r"(?<!\d)((?:19|20)\d\d)-(1[0-2]|0[1-9])/(3[01]|[12]\d|0[1-9])(?!\d)"),
)


def url_date(url: str) -> date | None:
    """Return the date in a URL (t20240205_, /2023/1/4/, /202402/05/), or None."""
    for pattern in _URL_DATE:
        if found := pattern.search(url):
            year, month, day = map(int, found.groups())
            return existing(year, month, day)
    return None


def calendar(text: str, lang: str, *, published: datetime | None = None, url: str = "") -> Calendar:
    """Read the days, periods and years of a text.

    `published`, or else the URL, dates "yesterday" and days without a month.

    A day without a year gets the year that puts it nearest before the page's date (events are
    reported within months, and announced up to two months ahead), or the year last stated before
    it if the page is undated. Every day returned exists: one that its month or year does not have
    is left without a year, or out.
    """
    reading = Reading(published.date() if published else url_date(url))
    mentions = list(chinese(text) if lang == "zh" else english(text))
    spans: list[tuple[int, int]] = []
    for mention in sorted(mentions, key=lambda found: (found.start, -found.end)):
        if not spans or mention.start >= max(end for _, end in spans[-3:]):
            mention.read(reading)
            spans.append((mention.start, mention.end))
    return Calendar(tuple(reading.days), tuple(reading.periods), tuple(reading.years), tuple(spans))
