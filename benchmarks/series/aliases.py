"""Series with officials under English names that no spelling explains.
Raymond Lai is 黎卓贤.

Used by nothing that learns weights. Half 0 has other names and wording than half 1. Officials of
one rank take turns at the same few duties, so that who came is often all that tells one report
from the next.
"""
# ruff: noqa: E501  sentences of both languages read better unbroken

import random
from datetime import date, timedelta

from benchmarks.series.city import HARD, City, Event, Setting, Text, en_day, figure, zh_day
from benchmarks.series.corpus import publish
from benchmarks.series.texts import table

OFFICIALS = (
    (
        ("黎卓贤", "Raymond Lai"), ("区慧敏", "Vivian Au"), ("梁振邦", "Desmond Leung"), ("潘雅文", "Charlotte Poon"),
        ("霍启刚", "Gilbert Fok"), ("简志华", "Edgar Kan"), ("陈爱莲", "Helena Fernandes"), ("何铭义", "Rui Teixeira"),
        ("苏丽仪", "Beatrice So"), ("姚兆麟", "Clement Yiu"),
    ),
    (
        ("邓国斌", "Rodney Tang"), ("叶倩雯", "Marjorie Yip"), ("莫家强", "Terence Mok"), ("程美宝", "Eunice Ching"),
        ("冼世雄", "Alvin Sin"), ("蒋少聪", "Natalie Cheung"), ("林绍良", "Paulo Carvalho"), ("郑玉兰", "Lurdes Monteiro"),
        ("伍德文", "Wilfred Ng"), ("马思敏", "Phoebe Ma"),
    ),
)  # fmt: skip
PLACES = table("aliases.places")
DUTIES = table("aliases.duties")


def generate(seed: int, *, half: int = 1, length: int = 150, setting: Setting = HARD) -> City:
    """Generate one city of two series of about `length` reports each."""
    rng = random.Random(f"aliases-{seed}-{half}")
    city = City(rng, half, setting, f"aliases{seed}")
    city.name_zh, city.name_en = "澄湾", "Chengwan"
    city.officials = rng.sample(OFFICIALS[half], 6)
    number = 0
    for kind in (_visit, _ceremony):
        day = date(2019, 1, 3) + timedelta(days=rng.randint(0, 1800))
        for _ in range(length):
            number += 1
            publish(city, kind(city, day), number)
            day += timedelta(days=rng.randint(1, 6))
    rng.shuffle(city.articles)
    return city


def _visit(city: City, day: date) -> Event:
    rng = city.rng
    who, place = rng.choice(city.officials), rng.choice(PLACES)
    first, second = rng.sample(DUTIES, 2)
    staff = rng.randint(20, 90)

    def zh() -> Text:
        return city.say((f"副局长走访{place[0]}", f"副局长到{place[0]}调研")), [
            city.say((f"{zh_day(day)}，副局长{who[0]}走访{place[0]}，{first[0]}。", f"副局长{who[0]}于{zh_day(day)}来到{place[0]}调研，{first[0]}。")),
            f"{who[0]}还{second[0]}。",
            f"目前该处共有{place[2]}{staff}人。",
            city.say(("大家感谢关心。", "在场人员作了介绍。")),
        ]  # fmt: skip

    def en() -> Text:
        told = figure(city, staff)
        lead = city.say(
            (
                f"Deputy Director {who[1]} visited {place[1]} {en_day(city, day)} and {first[1]}.",
                f"Deputy Director {who[1]} came to {place[1]} {en_day(city, day)} and {first[1]}.",
            )
        )
        body = [" ".join(lead.split()), f"The deputy director also {second[1]}."]
        if told:
            body.append(f"It has {told} {place[3]} at present.")
        body.append(
            city.say(
                ("Staff said thank you for the interest.", "Those present explained their work.")
            )
        )
        return city.say((f"Visit to {place[1]}", f"Deputy director at {place[1]}")), body  # fmt: skip

    return Event(day, zh, en)


def _ceremony(city: City, day: date) -> Event:
    rng = city.rng
    who, place = rng.choice(city.officials), rng.choice(PLACES)
    awarded = rng.randint(5, 40)

    def zh() -> Text:
        return city.say((f"{place[0]}举行表彰仪式", f"{place[0]}表彰先进")), [
            f"{place[0]}{zh_day(day)}举行仪式，表彰{place[2]}{awarded}人。",
            city.say((f"副局长{who[0]}出席并颁发证书。", f"副局长{who[0]}到场，为获奖者颁奖。")),
            city.say(("仪式上演出了节目。", "家属也应邀前来。")),
        ]

    def en() -> Text:
        told = figure(city, awarded)
        lead = (
            f"{told or 'A number of'} {place[3]} were honoured at {place[1]} {en_day(city, day)}."
        )
        body = [
            " ".join(lead.split()).replace(" .", "."),
            city.say((f"Deputy Director {who[1]} handed out certificates.", f"Deputy Director {who[1]} gave out the awards.")),
            city.say(("There were performances.", "Families were invited too.")),
        ]  # fmt: skip
        return city.say((f"Awards at {place[1]}", f"Staff honoured at {place[1]}")), body

    return Event(day, zh, en)
