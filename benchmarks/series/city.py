"""A generated city, its setting, and editors' figures and days."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from pypinyin import Style, pinyin

from pipelines.pairs.prepared import Document

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
SMALL = "one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905
ORDINAL_WORDS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", 6: "sixth"}
GIVEN = "明远怀瑾砚秋春棠汝舟培松祥藻志强建华晓东丽娟文博海涛国栋雪梅思齐永康嘉宁立群佩兰伯钧"
FAMILY = (*"王李张陈周吴徐孙胡林何罗郑贺秦", "欧阳", "司徒")


Row = TypeVar("Row", bound=tuple[str, ...])
Text = tuple[str, list[str]]
"""Title and sentences."""

WHOLE = 0.85
"""Share of the sentences from which a text is whole but for trifles."""
_CLEARLY_FEWER = 0.7
"""Sentences over the other text's below which a text plainly leaves out a part."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Difficulty of a generated city.
    Shares are probabilities for a figure, sentence or article."""

    keep: tuple[float, float] = (0.35, 1.0)
    drop: float = 0.2
    rounded: float = 0.25
    wrong: float = 0.06
    undated: float = 0.7
    date_dropped: float = 0.25
    yesterday: float = 0.15
    mateless: float = 0.33
    english: float = 0.35
    misspelt: float = 0.06
    off_by_one: float = 0.03
    shared_topics: float = 0.5


HARD = Setting()


@dataclass(slots=True)
class City:
    """Generated articles, and gold pairs with their relation."""

    rng: random.Random
    half: int
    setting: Setting
    key: str
    articles: list[Document] = field(default_factory=list)
    gold: list[tuple[str, str, str]] = field(default_factory=list)
    name_zh: str = ""
    name_en: str = ""
    officials: list[tuple[str, str]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    weeks: tuple[int, int] = (0, 257)
    told: dict[str, tuple[int, float]] = field(default_factory=dict)
    """Sentences of a text by id, and the share that they are of all that was to be told."""

    def relation(self, zh: str, en: str) -> str:
        """Return the relation of two texts of one event, or nothing if a reader could not tell.

        It cannot be told where both leave out a good part: perhaps it is the same part.
        """
        (of_zh, zh_share), (of_en, en_share) = self.told[zh], self.told[en]
        if of_en < WHOLE * of_zh or (zh_share < WHOLE <= en_share):
            return "abridged"
        if zh_share < WHOLE:
            return "abridged" if of_zh < _CLEARLY_FEWER * of_en else ""
        return "translation"

    def start(self) -> date:
        """Draw the first day of a series, within the city's weeks."""
        first, last = self.weeks
        return date(2019, 1, 1) + timedelta(days=self.rng.randint(7 * first, 7 * last + 1))

    def fresh(self, pool: Sequence[Row], count: int) -> list[Row]:
        """Draw up to `count` rows of a pool.
        Rows that no series of this city has drawn before."""
        left = [row for row in pool if row[0] not in self.used]
        drawn = self.rng.sample(left, min(count, len(left)))
        self.used |= {row[0] for row in drawn}
        return drawn

    def series(
        self, first: date, writers: Iterable[Callable[[date], "Event"]], gaps: Sequence[int]
    ) -> list["Event"]:
        """Let each writer tell of an event, some days after the one before."""
        events, day = [], first
        for write in writers:
            events.append(write(day))
            day += timedelta(days=self.rng.choice(gaps))
        return events

    def say(self, variants: tuple[str, str]) -> str:
        """Return this half's wording."""
        return variants[self.half]


@dataclass(slots=True)
class Event:
    """One event: its writers in each language, and its day.

    `prompt`: English is published with Chinese.
    """

    day: date
    zh: Callable[[], Text]
    en: Callable[[], Text]
    relation: str = "abridged"
    prompt: bool = False


def spelt(name: str) -> str:
    """Return a Chinese personal name in pinyin, family name first."""
    cut = 2 if name[:2] in ("欧阳", "司徒") else 1
    family, given = name[:cut], name[cut:]
    parts = ("".join(p[0] for p in pinyin(part, style=Style.NORMAL)) for part in (family, given))
    return " ".join(part.capitalize() for part in parts)


def figure(city: City, value: float, *, unit: str = "count") -> str | None:
    """Write a figure in English as an editor would.
    Exact, rounded, wrong, or left out (None)."""
    rng, setting = city.rng, city.setting
    dice = rng.random()
    if dice < setting.drop:
        return None
    about = ""
    if dice < setting.drop + setting.wrong:
        value *= rng.choice((0.1, 10, rng.uniform(0.5, 0.95), rng.uniform(1.05, 1.6)))
        value = round(value) if unit == "count" else round(value, 2)
    if unit == "yi":
        value *= 1e8
    elif unit == "ton":
        value *= 1e4
    if dice > 1 - setting.rounded and value >= 100:
        power = 10 ** (len(str(int(value))) - 2)
        value = round(value / power) * power
        about = rng.choice(("about ", "nearly ", "some ", ""))
    return about + english_number(value, rng)


def english_number(value: float, rng: random.Random) -> str:
    """Write a number in English: 4,180, 4.18 billion, 350,000."""
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= size:
            return f"{value / size:.4f}".rstrip("0").rstrip(".") + f" {word}"
    if value == int(value):
        return f"{int(value):,}" if value >= 1000 or rng.random() < 0.9 else str(int(value))
    return f"{value:.2f}".rstrip("0").rstrip(".")


def chinese_number(value: float) -> str:
    """Write a count in Chinese: 4180, 35万, 120.5万."""
    if value >= 1e4:
        return f"{value / 1e4:.2f}".rstrip("0").rstrip(".") + "万"
    return str(int(value)) if value == int(value) else f"{value:.2f}".rstrip("0").rstrip(".")


def zh_day(day: date, *, year: bool = False) -> str:
    """Write a day in Chinese."""
    return (f"{day.year}年" if year else "") + f"{day.month}月{day.day}日"


def en_day(city: City, day: date, *, year: bool = False, must: bool = False) -> str:
    """Write a day in English.
    Unless it `must` stay it may be left out or become "yesterday"."""
    dice = city.rng.random()
    if not must and dice < city.setting.date_dropped:
        return ""
    if not must and dice < city.setting.date_dropped + city.setting.yesterday:
        return "yesterday"
    if city.rng.random() < city.setting.off_by_one:
        day += timedelta(days=city.rng.choice((-1, 1)))
    tail = f", {day.year}" if year or city.rng.random() < 0.3 else ""
    return f"on {MONTHS[day.month - 1]} {day.day}{tail}"


def ordinal(number: int, rng: random.Random) -> str:
    """Write a rank in English: 29th, now and then in words."""
    if number in ORDINAL_WORDS and rng.random() < 0.5:
        return ORDINAL_WORDS[number]
    ending = (
        "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    )
    return f"{number}{ending}"
