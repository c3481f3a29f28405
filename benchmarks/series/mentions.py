"""People, places, days and round figures that unrelated texts mention in passing.

News of one day names one president, one weekday and the same foreign countries in texts that have
nothing else in common. Each mention is added to every text of a few events, in both languages.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from benchmarks.series import texts
from benchmarks.series.city import FAMILY, GIVEN, City, spelt

Named = tuple[str, str]
_EVENTS = (2, 7)
"""Least and most events that mention one thing."""
_WEEK_ZH = "一二三四五六日"
_WEEK_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Draw = Callable[[City], Named]


def mention(city: City, told: Sequence[dict[str, list[str]]], count: int) -> None:
    """Add `count` mentions, each to the texts of several events of the city."""
    rng = city.rng
    at = {article.id: place for place, article in enumerate(city.articles)}
    for _ in range(count):
        draw, wording = rng.choice(_DRAWN)
        zh, en = draw(city)
        says_zh, says_en = rng.choice(texts.table(f"mentions.{wording}"))
        for ids in rng.sample(told, min(len(told), rng.randint(*_EVENTS))):
            for lang, says, name in (("zh", says_zh, zh), ("en", says_en, en)):
                said = city.say(says).format(a=name)
                for place in (at[key] for key in ids[lang]):
                    article = city.articles[place]
                    text = f"{article.text}\n{said[0].upper()}{said[1:]}"
                    city.articles[place] = replace(article, text=text)


def _guest(city: City) -> Named:
    post, guest = city.rng.choice(texts.POSTS), city.rng.choice(texts.GUESTS)
    land = city.rng.choice(texts.ABROAD)
    return f"{land[0]}{post[0]}{guest[0]}", f"{land[2]} {post[1]} {guest[1]}"


def _official(city: City) -> Named:
    name = city.rng.choice(FAMILY) + "".join(city.rng.sample(GIVEN, 2))
    return city.rng.choice((*city.officials, (name, spelt(name))))


def _place(city: City) -> Named:
    land_zh, land_en, _, town_zh, town_en = city.rng.choice(texts.ABROAD)
    return city.rng.choice(((land_zh, land_en), (town_zh, town_en)))


def _weekday(city: City) -> Named:
    day = city.rng.randrange(7)
    return _WEEK_ZH[day], _WEEK_EN[day]


def _year(city: City) -> Named:
    year = str(city.rng.randint(1995, 2024))
    return year, year


def _share(city: City) -> Named:
    share = str(city.rng.randint(1, 9) * 10)
    return share, share


_DRAWN: tuple[tuple[Draw, str], ...] = (
    (_guest, "person"), (_guest, "person"), (_official, "person"), (_official, "person"),
    (_place, "place"), (_weekday, "weekday"), (_year, "year"), (_share, "share"),
)  # fmt: skip
"""What is mentioned, people more often, and the table of its wording."""
