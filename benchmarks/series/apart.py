"""Series of other kinds and wording, for measuring only.
The model did not learn from them.

Nothing here is used by `benchmarks/learn/fit_pairs.py`. Eight kinds: visits by Hong Kong officials
(Traditional, Cantonese spelling), regulations named in 《》, land sold plot by plot, exhibitions of
one museum, weekly health bulletins, storm and traffic notices, court or market cases with company
names in Latin letters, and district reports of which English gives a part each.
"""
# ruff: noqa: E501  sentences of both languages read better unbroken

import random
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from benchmarks.series import corpus
from benchmarks.series.city import (
    HARD,
    MONTHS,
    City,
    Event,
    Setting,
    Text,
    chinese_number,
    en_day,
    figure,
    spelt,
    zh_day,
)
from benchmarks.series.texts import table

OFFICIALS = table("apart.officials")
DISTRICTS = table("apart.districts")
VISITS = table("apart.visits")
RULES = table("apart.rules")
SHOWS = table("apart.shows")
DISEASES = table("apart.diseases")
AREAS = table("apart.areas")
FIRMS = ("Nordvik", "Helion", "Quantex", "Sabro", "Ostrava Tools", "Lumina", "Kestrel", "Bexen")
GOODS = table("apart.goods")
CHORES = table("apart.chores")
GIVEN = "启铭雅静振邦若兰敬尧书航素云立勤逸凡景行玉珍世昌"
FAMILY = "龚邵段雷侯陶薛覃仇单梅葛柳诸"


def _said(value: str | None, written: str, without: str) -> str:
    return written.format(a=value) if value else without


def visits(city: City, length: int) -> list[Event]:
    """Hong Kong: officials visit districts; one layout, other people, places and days."""
    rng = city.rng

    def visit(day: date) -> Event:
        who, where, what = rng.choice(OFFICIALS[:4]), rng.choice(DISTRICTS[:5]), rng.choice(VISITS)
        people = rng.randint(20, 480)
        return Event(day, lambda: (f"{who[0]}到訪{where[0]}（附圖）", [
            f"{who[0]}{who[2]}今日（{zh_day(day)}）到訪{where[0]}區，參觀{what[0]}，並{what[2]}。",
            f"該處現時為{people}人提供服務。",
            f"{who[2]}感謝前線人員緊守崗位。",
            "他其後與區議員會面，就區內關注的事宜交換意見。",
        ]), lambda: (f"{who[1]} visits {where[1]} (with photos)", [
            f"The {who[1]}, Mr {who[3]}, visited {where[1]} District today ({MONTHS[day.month - 1]} {day.day}). He toured {what[1]} and {what[3]}.",
            _said(figure(city, people), "The facility serves {a} people at present.", "The facility serves people in the district."),
            f"Mr {who[3].split()[0]} thanked frontline staff for standing fast at their posts.",
            "He then met members of the District Council to exchange views on local concerns.",
        ]))  # fmt: skip

    return city.series(_start(city), [visit] * length, range(1, 13))


def rules(city: City, length: int) -> list[Event]:
    """Regulations: one form of words, another title, length, fine and day."""
    rng, first = city.rng, _start(city)

    def rule(day: date, named: tuple[str, ...]) -> Event:
        articles, fine = rng.randint(20, 80), rng.randint(2, 50) * 1000
        begins = day + timedelta(days=rng.randint(20, 60))
        return Event(day, lambda: (f"《{city.name_zh}市{named[0]}》下月起施行", [
            f"《{city.name_zh}市{named[0]}》日前公布，自{zh_day(begins, year=True)}起施行。",
            f"全文共{articles}条，对各方责任予以明确。",
            f"{named[2]}的，最高可处{fine}元罚款。",
            "市司法局有关负责人表示，将组织宣讲，方便公众了解。",
        ]), lambda: (f"{city.name_en} issues new rules", [
            f"The {city.name_en} {named[1]} will take effect on {MONTHS[begins.month - 1]} {begins.day}.",
            f"It has {articles} articles that make clear who is responsible for what.",
            _said(figure(city, fine), f"Anyone {named[3]} may be fined up to {{a}} yuan.", f"Anyone {named[3]} may be fined."),
            "The justice bureau will hold talks to explain it to the public.",
        ]))  # fmt: skip

    drawn = city.fresh(RULES, length // 2)
    return city.series(first, [partial(rule, named=named) for named in drawn], range(9, 51))


def land(city: City, length: int) -> list[Event]:
    """Plots sold at auction.
    Area in mu or hectares, price, rounds of bidding."""
    rng = city.rng

    def plot(day: date) -> Event:
        area, mu = rng.choice(AREAS[:4]), rng.randint(20, 400)
        price, bids = rng.randint(60, 5200) / 100, rng.randint(5, 160)

        def en() -> Text:
            size = f"{mu / 15:.1f} hectares" if rng.random() < 0.5 else f"{mu} mu"
            paid = figure(city, price, unit="yi")
            return f"Residential plot in {area[1]} sold at auction", [
                f"A plot for housing in {area[1]} District went under the hammer {en_day(city, day)}.".replace(" .", "."),
                f"It measures {size}.",
                _said(paid, f"After {bids} bids it was knocked down for {{a}} yuan.", f"It drew {bids} bids."),
                "The buyer must begin to build within two years and add a kindergarten.",
            ]  # fmt: skip

        return Event(day, lambda: (f"{area[0]}区一宗宅地成交", [
            f"{zh_day(day)}，{area[0]}区一宗住宅用地在市土地交易中心拍出。",
            f"该地块占地{mu}亩，经{bids}轮竞价，以{price:.2f}亿元成交。",
            "竞得人须在两年内开工，并配建幼儿园。",
            "业内人士认为，近期土地市场热度有所回升。",
        ]), en)  # fmt: skip

    return city.series(_start(city), [plot] * length, range(5, 31))


def shows(city: City, length: int) -> list[Event]:
    """Exhibitions of one museum.
    Each with another title, span of days and number of pieces."""
    rng, first = city.rng, _start(city)

    def show(day: date, of: tuple[str, ...]) -> Event:
        pieces, last = rng.randint(40, 400), day + timedelta(days=rng.randint(30, 90))

        def en() -> Text:
            number = figure(city, pieces)
            return f"Museum shows {of[1]}", [
                f"An exhibition of {of[1]} opened at the City Museum {en_day(city, day)} and runs until {MONTHS[last.month - 1]} {last.day}.".replace("  ", " "),
                _said(number, f"Among the {{a}} pieces is {of[3]}, on view for the first time.", f"On view for the first time is {of[3]}."),
                "The number of visitors is limited each day; tickets may be booked online.",
            ]  # fmt: skip

        return Event(day, lambda: (f"{of[0]}特展在市博物馆开展", [
            f"{zh_day(day)}，“{of[0]}特展”与观众见面，展期至{zh_day(last)}。",
            f"展览精选{pieces}件（套）展品，其中{of[2]}为首次公开。",
            "市博物馆馆长介绍，展厅每日限流，观众可网上预约。",
        ]), en)  # fmt: skip

    drawn = city.fresh(SHOWS, length // 2)
    return city.series(first, [partial(show, of=of) for of in drawn], range(20, 71))


def bulletins(city: City, length: int) -> list[Event]:
    """Weekly health bulletins: the same disease, another week and other counts."""
    rng, day = city.rng, _start(city)
    (name, name_en), first_week = rng.choice(DISEASES), rng.randint(5, 40)

    def bulletin(day: date, week: int) -> Event:
        cases, clusters = rng.randint(90, 4800), rng.randint(2, 60)
        first, share = day - timedelta(days=6), rng.randint(31, 280) / 10

        def en() -> Text:
            known = figure(city, cases)
            span = f"the week of {MONTHS[first.month - 1]} {first.day} to {MONTHS[day.month - 1]} {day.day}"
            when = span if rng.random() < 0.5 else f"week {week}"
            return f"Weekly update on {name_en}", [
                _said(known, f"In {when}, {{a}} cases of {name_en} were reported, the centre for disease control said.", f"Cases of {name_en} were reported in {when}."),
                f"The positive rate stood at {share} percent and there were {clusters} clusters.",
                "Experts advise washing hands, airing rooms and seeing a doctor early.",
            ]  # fmt: skip

        return Event(day, lambda: (f"疾控中心发布第{week}周{name}疫情", [
            f"市疾控中心通报，第{week}周（{zh_day(first)}至{zh_day(day)}）全市报告{name}{cases}例。",
            f"检测阳性率为{share}%，另有聚集性疫情{clusters}起。",
            "专家提醒，勤洗手、多通风，出现症状及时就医。",
        ]), en)  # fmt: skip

    weeks = range(first_week, first_week + length)
    return [bulletin(day + timedelta(weeks=at), week) for at, week in enumerate(weeks)]


def notices(city: City, length: int) -> list[Event]:
    """Storms and roads: closures that differ in road, hour and day."""
    rng, first, number = city.rng, _start(city), city.rng.randint(3, 9)

    def notice(day: date, storm: int) -> Event:
        (road, road_en), hour, rain = (
            AREAS[rng.randint(0, 4)],
            rng.randint(6, 21),
            rng.randint(80, 260),
        )

        def en() -> Text:
            half = f"{hour - 12 if hour > 12 else hour} {'p' if hour >= 12 else 'a'}.m."
            wet = figure(city, rain)
            return "Road closed because of typhoon", [
                f"{road_en} Avenue is closed to all traffic from {half} {en_day(city, day)} as Typhoon No. {storm} of the year draws near.".replace("  ", " "),
                _said(wet, "The weather service expects {a} millimeters of rain.", "The weather service expects heavy rain."),
                "Citizens are asked to stay indoors and away from the sea.",
            ]  # fmt: skip

        return Event(day, lambda: (f"受台风影响 {road}大道临时封闭", [
            f"受今年第{storm}号台风影响，{zh_day(day)}{hour}时起，{road}大道全线封闭。",
            f"气象部门预计，过程雨量可达{rain}毫米。",
            "请市民减少外出，远离临海区域。",
            "恢复通行时间另行通知。",
        ]), en)  # fmt: skip

    storms = [partial(notice, storm=number + step // 2) for step in range(length)]
    return city.series(first, storms, range(2, 10))


def firms(city: City, length: int) -> list[Event]:
    """Companies sign up: names in Latin letters, goods, sums in other currencies."""
    rng = city.rng

    def firm(day: date) -> Event:
        name, area = rng.choice(FIRMS[:6]), rng.choice(AREAS)
        goods, millions = rng.choice(GOODS), rng.randint(15, 990)
        chief, jobs = city.officials[rng.randint(0, 3)], rng.randint(60, 2400)

        def en() -> Text:
            sum_, new = figure(city, millions * 10**6), figure(city, jobs)
            return f"{name} to settle in {area[1]}", [
                _said(
                    sum_,
                    f"{name} will put US${{a}} into a plant for {goods[1]} in the {area[1]} Development Zone under a contract signed {en_day(city, day)}.",
                    f"{name} will build a plant for {goods[1]} in the {area[1]} Development Zone.",
                ).replace(" .", "."),
                _said(new, "{a} jobs will be created once it is in production.", "Jobs will be created once it is in production."),
                f"{chief[1]}, a senior city official, witnessed the signing.",
            ]  # fmt: skip

        return Event(day, lambda: (f"{name}公司落户{area[0]}", [
            f"{zh_day(day)}，{name}公司与{area[0]}开发区签约，将投资{chinese_number(millions * 1e6)}美元建设{goods[0]}生产基地。",
            f"项目投产后可创造就业岗位{jobs}个。",
            f"市委常委{chief[0]}见证签约。",
        ]), en)  # fmt: skip

    return city.series(_start(city), [firm] * length, range(6, 41))


def districts(city: City, length: int) -> list[Event]:
    """Districts report on small works: the same chores, other counts."""
    rng, first = city.rng, _start(city)
    pool = rng.sample(CHORES, 5)

    def district(day: date) -> Event:
        area = rng.choice(AREAS[:4])
        done = [(chore, rng.randint(30, 9000)) for chore in rng.sample(pool, 4)]

        def en() -> Text:
            lines = [
                f"Another round of small works was finished in {area[1]} District {en_day(city, day, must=True)}."
            ]
            for chore, count in done:
                if known := figure(city, count):
                    line = chore[1].format(a=known)
                    lines.append(line[0].upper() + line[1:] + ".")
            body = [*lines, "Residents say they are pleased."]
            return f"{area[1]} District looks after daily needs", body

        return Event(day, lambda: (f"{area[0]}区办好民生实事", [
            f"截至{zh_day(day)}，{area[0]}区又有一批民生实事办结。",
            *(f"{chore[0].format(a=count)}。" for chore, count in done),
            "居民普遍表示满意。",
        ]), en)  # fmt: skip

    return city.series(first, [district] * length, range(7, 31))


def _start(city: City) -> date:
    return date(2017, 3, 1) + timedelta(days=city.rng.randint(0, 2600))


KINDS: tuple[Callable[[City, int], list[Event]], ...] = (
    visits,
    rules,
    land,
    shows,
    bulletins,
    notices,
    firms,
    districts,
)


def generate(seed: int, *, size: int = 2, length: int = 8, setting: Setting = HARD) -> City:
    """Generate one city with `size` series of every kind.
    About `length` events each."""
    rng = random.Random(f"apart-{seed}")
    city = City(rng, 1, setting, f"apart{seed}")
    city.name_zh, city.name_en = rng.choice(
        (("榆湾", "Yuwan"), ("长泽", "Changze"), ("南嘉", "Nanjia"))
    )
    names = {rng.choice(FAMILY) + "".join(rng.sample(GIVEN, rng.choice((1, 2)))) for _ in range(12)}
    city.officials = [(name, spelt(name)) for name in sorted(names)]
    rng.shuffle(city.officials)
    number = 0
    for kind in KINDS:
        for _ in range(size):
            for event in kind(city, length):
                number += 1
                corpus.publish(city, event, number)
    rng.shuffle(city.articles)
    return city
