"""Two more kinds of series: facilities opened, regulations adopted."""
# ruff: noqa: E501  sentences of both languages read better unbroken

from datetime import date, timedelta
from functools import partial

from benchmarks.series.city import City, Event, Text, chinese_number, en_day, figure, zh_day
from benchmarks.series.texts import table

DISTRICTS = table("places.districts")
KINDS = table("places.kinds")
BUILT = table("places.built")
RULES = table("places.rules")


def openings(city: City, length: int) -> list[Event]:
    """Facilities that open.
    One layout, few kinds; other districts, sizes and sums."""
    rng, first = city.rng, _start(city)
    built, where = rng.sample(BUILT, 2), rng.sample(DISTRICTS, 4)

    def opening(day: date) -> Event:
        what, place, kind = rng.choice(built), rng.choice(where), rng.choice(KINDS)
        leader = city.officials[rng.randint(1, 6)]
        size, cost = rng.randint(*what[4]), rng.randint(800, 39000)

        def en() -> Text:
            count, paid = figure(city, size), figure(city, cost * 10**4)
            title = city.say(
                (f"New {what[1]} opens in {place[1]}", f"{place[1]} gets another {what[1]}")
            )
            lead = city.say(
                (
                    f"A new {what[1]} opened in {place[1]} {kind[1]} {en_day(city, day)}.",
                    f"{place[1]} {kind[1]}'s new {what[1]} went into service {en_day(city, day)}.",
                )
            )
            body = [" ".join(lead.split()).replace(" .", ".")]
            if count:
                body.append(what[3].format(a=count) + ".")
            if paid:
                body.append(
                    city.say(
                        (
                            f"It cost {paid} yuan, borne by the city and the district.",
                            f"The project took {paid} yuan.",
                        )
                    )
                )
            return title, [
                *body,
                city.say((f"Vice Mayor {leader[1]} took part in the ceremony.", f"{leader[1]}, a city leader, came to have a look.")),
                city.say(("People living nearby say life has become easier.", "Neighbours welcomed it.")),
            ]  # fmt: skip

        return Event(day, lambda: (
            city.say((f"{place[0]}{kind[0]}新建{what[0]}启用", f"{place[0]}{kind[0]}又添一座{what[0]}")), [
                city.say((f"{zh_day(day)}，位于{place[0]}{kind[0]}的{what[0]}正式启用。", f"{place[0]}{kind[0]}的新{what[0]}于{zh_day(day)}投入使用。")),
                what[2].format(a=size) + "。",
                city.say((f"项目总投资{cost}万元，由市、区两级财政承担。", f"工程投资{chinese_number(cost * 1e4)}元。")),
                city.say((f"副市长{leader[0]}参加启用活动。", f"市领导{leader[0]}到场察看。")),
                city.say(("周边居民说，以后方便多了。", "附近居民对此表示欢迎。")),
            ]
        ), en)  # fmt: skip

    return city.series(first, [opening] * length, range(4, 46))


def regulations(city: City, length: int) -> list[Event]:
    """Regulations adopted.
    One form of words; another title, number of articles and day."""
    rng, first = city.rng, _start(city)

    def regulation(day: date, rule: tuple[str, str, str, str]) -> Event:
        articles, opinions = rng.randint(18, 70), rng.randint(30, 900)
        begins = day + timedelta(days=rng.randint(15, 90))

        def en() -> Text:
            heard = figure(city, opinions)
            named = f'"{rule[1]}"' if rng.random() < 0.4 else f"{rule[1]}"
            lead = city.say(
                (
                    f"The {named} passed a vote of the municipal people's congress {en_day(city, day)}.",
                    f"The {named} were adopted {en_day(city, day)}.",
                )
            )
            body = [
                " ".join(lead.split()).replace(" .", "."),
                city.say(
                    (
                        f"The document has {articles} articles.",
                        f"There are {articles} articles in all.",
                    )
                ),
            ]
            if heard:
                body.append(
                    city.say(
                        (
                            f"{heard} opinions were received from the public.",
                            f"During consultation {heard} suggestions came in.",
                        )
                    )
                )
            return city.say((f"{city.name_en} passes new rules", f"New rules on {rule[3]} adopted")), [
                *body,
                city.say((f"The management of {rule[3]} will be strengthened.", f"Supervision of {rule[3]} will rest on firmer ground.")),
            ]  # fmt: skip

        return Event(day, lambda: (city.say((f"《{city.name_zh}市{rule[0]}》通过", f"我市出台《{rule[0]}》")), [
            city.say((f"{zh_day(day)}，市人大常委会表决通过《{city.name_zh}市{rule[0]}》，自{zh_day(begins)}起实行。", f"《{city.name_zh}市{rule[0]}》{zh_day(day)}获得通过，将于{zh_day(begins)}实施。")),
            city.say((f"该文件共{articles}条。", f"文件设{articles}条内容。")),
            city.say((f"起草中共收到社会各界意见{opinions}条。", f"征求意见期间收到建议{opinions}条。")),
            city.say((f"有关部门将加强对{rule[2]}的管理。", f"{rule[2]}的监督管理将更有依据。")),
        ]), en)  # fmt: skip

    drawn = city.fresh(RULES, length // 2)
    return city.series(first, [partial(regulation, rule=rule) for rule in drawn], range(6, 61))


def _start(city: City) -> date:
    return date(2018, 1, 1) + timedelta(days=city.rng.randint(0, 2400))
