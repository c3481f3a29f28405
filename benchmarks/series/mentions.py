"""People, places, days and round figures that unrelated texts mention in passing.

News of one day names one president, one weekday and the same foreign countries in texts that have
nothing else in common. Each mention is added to every text of a few events, in both languages.
"""
# ruff: noqa: E501  sentences of both languages read better unbroken

from collections.abc import Callable, Sequence
from dataclasses import replace

from benchmarks.series import texts
from benchmarks.series.city import FAMILY, GIVEN, City, spelt

Named = tuple[str, str]
_EVENTS = (2, 7)
"""Least and most events that mention one thing."""
_WEEK = ("一二三四五六日", ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"))  # fmt: skip
_OF_PERSON = (
    (("{a}上周也谈到了城市建设。", "{a}此前曾就有关话题发表看法。"),
     ("{a} also spoke about building the city last week.", "{a} had given views on the subject before.")),
    (("据报道，{a}对此表示关注。", "{a}的一番话引起了讨论。"),
     ("{a} was reported to have followed the matter.", "A remark by {a} set off a discussion.")),
)  # fmt: skip
_OF_PLACE = (
    (("有关做法借鉴了{a}的经验。", "{a}也有媒体作了报道。"),
     ("The approach drew on the experience of {a}.", "Media in {a} reported on it, too.")),
    (("类似项目在{a}早已推开。", "此前已有人从{a}前来了解情况。"),
     ("Similar projects have long been common in {a}.", "Visitors from {a} had come before to learn about it.")),
)  # fmt: skip
_OF_WEEKDAY = (
    (("消息于周{a}公布。", "周{a}发布的公告作了说明。"),
     ("The news was made public on {a}.", "A notice published on {a} explained it.")),
)  # fmt: skip
_OF_YEAR = (
    (("这项工作始于{a}年。", "早在{a}年就有先例。"),
     ("The work began in {a}.", "There had been an example in {a}.")),
)  # fmt: skip
_OF_SHARE = (
    (("其中年轻人约占{a}%。", "受访者中有{a}%表示满意。"),
     ("Young people make up about {a} percent.", "Of those asked, {a} percent were satisfied.")),
)  # fmt: skip
Wording = tuple[tuple[str, str], tuple[str, str]]


def mention(city: City, told: Sequence[dict[str, list[str]]], count: int) -> None:
    """Add `count` mentions, each to the texts of several events of the city."""
    rng = city.rng
    at = {article.id: place for place, article in enumerate(city.articles)}
    for _ in range(count):
        (zh, en), wordings = rng.choice(_DRAWN)(city)
        says_zh, says_en = rng.choice(wordings)
        for ids in rng.sample(told, min(len(told), rng.randint(*_EVENTS))):
            for lang, said in (("zh", city.say(says_zh).format(a=zh)), ("en", city.say(says_en).format(a=en))):  # fmt: skip
                for place in (at[key] for key in ids[lang]):
                    article = city.articles[place]
                    text = f"{article.text}\n{said[0].upper()}{said[1:]}"
                    city.articles[place] = replace(article, text=text)


def _guest(city: City) -> tuple[Named, Sequence[Wording]]:
    post, guest = city.rng.choice(texts.POSTS), city.rng.choice(texts.GUESTS)
    land = city.rng.choice(texts.ABROAD)
    return (f"{land[0]}{post[0]}{guest[0]}", f"{land[2]} {post[1]} {guest[1]}"), _OF_PERSON


def _official(city: City) -> tuple[Named, Sequence[Wording]]:
    name = city.rng.choice(FAMILY) + "".join(city.rng.sample(GIVEN, 2))
    return city.rng.choice((*city.officials, (name, spelt(name)))), _OF_PERSON


def _place(city: City) -> tuple[Named, Sequence[Wording]]:
    land_zh, land_en, _, town_zh, town_en = city.rng.choice(texts.ABROAD)
    return city.rng.choice(((land_zh, land_en), (town_zh, town_en))), _OF_PLACE


def _weekday(city: City) -> tuple[Named, Sequence[Wording]]:
    day = city.rng.randrange(7)
    return (_WEEK[0][day], _WEEK[1][day]), _OF_WEEKDAY


def _year(city: City) -> tuple[Named, Sequence[Wording]]:
    year = str(city.rng.randint(1995, 2024))
    return (year, year), _OF_YEAR


def _share(city: City) -> tuple[Named, Sequence[Wording]]:
    share = str(city.rng.randint(1, 9) * 10)
    return (share, share), _OF_SHARE


_DRAWN: tuple[Callable[[City], tuple[Named, Sequence[Wording]]], ...] = (
    _guest, _guest, _official, _official, _place, _weekday, _year, _share,
)  # fmt: skip
