"""Siblings: two reports of one day and one institution about different matters.

Gas becomes dearer and so does water; one street is closed and so is another. Days, officials and
institutions agree, and often the one that English renders is missing. The texts are written out in
`siblings.tsv`, freely translated and with few facts; what both have in common is added here.
"""

import re
from collections.abc import Sequence

from benchmarks.series.city import MONTHS, City, Event, Text, zh_day
from crawler.rows import rows

Row = Sequence[str]
TRAINING, CHECKING, MEASURING, HELD = (
    [row[1:] for row in rows("benchmarks.series/siblings.tsv") if row[0] == half]
    for half in ("training", "checking", "measuring", "held")
)
_DATED, _ATTENDED = 0.5, 0.4
"""Shares of pairs of reports with a dateline, and with an official."""


def siblings(city: City, listed: Sequence[Row]) -> list[tuple[str, Event]]:
    """Tell of both matters of each row, on one day."""
    return [each for row in listed for each in _siblings(city, row)]


def _siblings(city: City, row: Row) -> list[tuple[str, Event]]:
    rng, day = city.rng, city.start()
    dated, attended = rng.random() < _DATED, rng.random() < _ATTENDED
    official = rng.choice(city.officials)
    leader, when = f"{official[1]}, a city leader", f"{MONTHS[day.month - 1]} {day.day}"
    closing = (
        city.say((f"副市长{official[0]}出席。", f"市领导{official[0]}作了说明。")),
        city.say((f"Vice Mayor {official[1]} was present.", f"{leader}, explained this.")),
    )
    dateline = (
        city.say((f"本报{zh_day(day)}讯　", f"（{city.name_zh}{zh_day(day)}电）")),
        city.say((f"{city.name_en}, {when} - ", f"{when}: ")),
    )

    def text(title: str, body: str, at: int) -> Text:
        ends = r"(?<=。)" if at == 0 else r"(?<=[.!?]) "
        told = [sentence for sentence in re.split(ends, body) if sentence]
        told[0] = dateline[at] * dated + told[0]
        return title, [*told, closing[at]] if attended else told

    def event(cells: Sequence[str]) -> Event:
        zh_title, zh_body, en_title, en_body = cells
        return Event(
            day, lambda: text(zh_title, zh_body, 0), lambda: text(en_title, en_body, 1), prompt=True
        )

    kind, matters = row[0], row[1:]
    return [(kind, event(matters[:4])), (kind, event(matters[4:]))]
