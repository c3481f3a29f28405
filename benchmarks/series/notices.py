"""Seven kinds of short notices, of which one mark tells the members apart.

Figures that rise or fall, numbered schools and bus lines, weekly lectures, weather alerts, closed
and reopened roads, numbered documents, clinics with their hours. Much more often than in the other
kinds the member that English renders is missing, and only its nearest kin is there.
"""
# ruff: noqa: E501  sentences of both languages read better unbroken

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from benchmarks.series.city import MONTHS, City, Event, Text, en_day, figure, zh_day
from benchmarks.series.texts import table

SUBJECTS = table("notices.subjects")
SCHOOLS = table("notices.schools")
LECTURES = table("notices.lectures")
ALERTS = table("notices.alerts")
LEVELS = table("notices.levels")
ROADS = table("notices.roads")
PAPERS = table("notices.papers")
CLINICS = table("notices.clinics")
WARDS = table("notices.wards")
_WEEK_ZH = "一二三四五六日"
_WEEK_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _hour(hour: int) -> tuple[str, str]:
    half = "上午" if hour < 12 else "下午" if hour < 18 else "晚上"
    shown = hour if hour <= 12 else hour - 12
    return f"{half}{shown}时", f"{shown} {'a' if hour < 12 else 'p'}.m."


def trends(city: City, length: int) -> list[Event]:
    """Figures of one subject, up in one report and down in the next, often by as much."""
    rng, first = city.rng, city.start()
    pool, share = rng.sample(SUBJECTS, 3), rng.randint(10, 190) / 10

    def trend(day: date, step: int) -> Event:
        nonlocal share
        if rng.random() < 0.4:
            share = rng.randint(10, 190) / 10
        return _trend(city, day, pool[step // 2 % 3], share, rises=rng.random() < 0.5)

    told = [partial(trend, step=step) for step in range(length)]
    return city.series(first, told, (28, 31, 92, 365))


def _trend(city: City, day: date, subject: tuple[str, str], share: float, *, rises: bool) -> Event:
    months, second = (day.month - 1) or 12, round(share / 2 + 1, 1)
    dated = city.rng.random() < 0.5
    span = f"{day.year}年前{months}个月" if dated else f"前{months}个月"
    ways_zh = city.say(("增长", "上升")) if rises else city.say(("下降", "减少"))
    ways_en = city.say(("rose", "climbed")) if rises else city.say(("fell", "dropped"))
    return Event(day, lambda: (
        city.say((f"前{months}个月全市{subject[0]}{ways_zh}{share}%", f"全市{subject[0]}同比{ways_zh}{share}%")), [
            f"{span}，全市{subject[0]}同比{ways_zh}{share}%。",
            city.say((f"其中，市辖区{ways_zh}{second}%。", f"分区域看，城区{ways_zh}{second}%，走势与全市一致。")),
            city.say(("市统计局表示，将继续做好监测分析。", "统计部门有关负责人对数据作了解读。")),
        ]
    ), lambda: (
        city.say((f"{subject[1].capitalize()} {ways_en} in {city.name_en}", f"{city.name_en} reports on {subject[1]}")), [
            f"In the first {months} months{f' of {day.year}' if dated else ''}, the city's {subject[1]} {ways_en} {share} percent year on year.",
            city.say((f"In the urban districts they {ways_en} {second} percent.", f"The urban area followed with figures that {ways_en} {second} percent.")),
            city.say(("The bureau of statistics will go on watching the figures.", "An official of the bureau explained the figures.")),
        ]
    ))  # fmt: skip


def numbered(city: City, length: int) -> list[Event]:
    """Schools and hospitals with numbers get new buildings."""
    rng, first = city.rng, city.start()
    sort, number = rng.choice(SCHOOLS), rng.randint(2, 40)

    def building(day: date) -> Event:
        nonlocal number
        number += rng.randint(1, 3)
        return _numbered(city, day, sort, number)

    return city.series(first, [building] * length, (0, 1, 20, 120, 365))


def _numbered(city: City, day: date, sort: tuple[str, ...], number: int) -> Event:
    rng = city.rng
    places, cost, mu = rng.randint(4, 30) * 60, rng.randint(12, 480) / 10, rng.randint(10, 90)
    floor = rng.randint(2, 40) * 500

    def zh() -> Text:
        name = f"第{_han(number) if rng.random() < 0.5 else number}{sort[0]}"
        return city.say((f"{name}{sort[2]}投入使用", f"{city.name_zh}{name}新建{sort[2]}启用")), [
            f"{zh_day(day)}，{city.name_zh}市{name}新建的{sort[2]}投入使用，可容纳{places}人。",
            f"项目占地{mu}亩，建筑面积{floor}平方米，投资{cost}亿元。",
            city.say(("市有关部门负责人到场祝贺。", "师生代表和附近居民参加了启用仪式。")),
        ]

    def en() -> Text:
        cost_en, floor_en = figure(city, cost, unit="yi"), figure(city, floor)
        return city.say((f"New building at No. {number} {sort[1]}", f"{sort[3].capitalize()} opens")), [
            f"{city.name_en} No. {number} {sort[1]} began to use {sort[3]} {en_day(city, day)} with room for {places} people.".replace(" .", "."),
            f"It has a floor area of {floor_en} square meters." if floor_en else "It has a large floor area.",
            f"The project cost {cost_en} yuan." if cost_en else "The city paid for the project.",
        ]  # fmt: skip

    return Event(day, zh, en)


def _han(number: int) -> str:
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return (
        (digits[tens] if tens > 1 else "") + ("十" if tens else "") + (digits[ones] if ones else "")
    )


def lectures(city: City, length: int) -> list[Event]:
    """Weekly lectures of one library: weekday, hour and topic differ."""
    rng = city.rng

    def lecture(day: date) -> Event:
        topic, at = rng.choice(LECTURES), _hour(rng.choice((9, 10, 14, 15, 19)))
        seats, dated = rng.randint(3, 30) * 10, rng.random() < 0.7
        week_zh, week_en = _WEEK_ZH[day.weekday()], _WEEK_EN[day.weekday()]
        when = f"{zh_day(day)}（周{week_zh}）" if dated else f"本周{week_zh}"
        when_en = f"on {week_en}" + (f", {MONTHS[day.month - 1]} {day.day}" if dated else "")
        return Event(day, lambda: (city.say(("市图书馆举办公益讲座", f"市图书馆开讲{topic[0]}")), [
            f"{when}{at[0]}，市图书馆将举办“{topic[0]}”公益讲座，设座位{seats}个。",
            city.say(("读者可凭身份证免费入场。", "讲座免费，先到先得。")),
            city.say(("讲座结束后设有互动环节。", "现场将赠送纪念书签。")),
        ]), lambda: (city.say(("Free lecture at the library", "Lecture at the municipal library")), [
            f"The municipal library gives a free lecture on {topic[1]} at {at[1]} {when_en}.",
            city.say((f"There are {seats} seats, and readers come in with their identity cards.", f"All {seats} seats are free.")),
            city.say(("Listeners may ask questions afterwards.", "Bookmarks will be given away.")),
        ]))  # fmt: skip

    return city.series(city.start(), [lecture] * length, range(1, 9))


def alerts(city: City, length: int) -> list[Event]:
    """Weather alerts of one observatory: kind, level, hour and figure differ."""
    rng = city.rng

    def alert(day: date) -> Event:
        sort, level, hour = rng.choice(ALERTS), rng.choice(LEVELS), rng.randint(5, 22)
        span, value, at = rng.choice((3, 6, 12, 24)), rng.randint(*sort[4]), _hour(hour)
        return Event(day, lambda: (
            city.say((f"{city.name_zh}发布{sort[0]}{level[0]}预警", f"市气象台发布{sort[0]}{level[0]}预警信号")), [
                f"市气象台{zh_day(day)}{city.say((f'{hour}时', at[0]))}发布{sort[0]}{level[0]}预警信号：预计未来{span}小时，全市{sort[2].format(a=value)}。",
                city.say(("请注意防范。", "请市民合理安排出行。")),
            ]
        ), lambda: (
            city.say((f"{level[1].capitalize()} alert for {sort[1]}", f"{city.name_en} warned of {sort[1]}")), [
                f"The observatory of {city.name_en} issued {'an' if level[1] == 'orange' else 'a'} {level[1]} alert for {sort[1]} at {at[1]} on {MONTHS[day.month - 1]} {day.day}: {sort[3].format(a=value)} in the next {span} hours.",
                city.say(("The public should take care.", "Residents should plan their trips with care.")),
            ]
        ))  # fmt: skip

    return city.series(city.start(), [alert] * length, (0, 0, 1, 3, 12, 365))


def roads(city: City, length: int) -> list[Event]:
    """Roads closed for works, and opened again ahead of time or late."""
    rng, day = city.rng, city.start()
    events: list[Event] = []
    for road in city.fresh(ROADS, length // 2):
        lines = sorted(rng.sample(range(2, 99), 2))
        planned = day + timedelta(days=rng.randint(30, 120))
        again = planned + timedelta(days=rng.randint(-20, 10))
        events += _road(city, road, lines, (day, planned, again))
        day += timedelta(days=rng.randint(3, 60))
    return events


def _road(
    city: City, road: tuple[str, str], lines: list[int], days: tuple[date, date, date]
) -> list[Event]:
    closed, planned, again = days
    return [Event(closed, lambda: (city.say((f"{road[0]}今起封闭施工", f"{road[0]}实行全封闭施工")), [
        f"自{zh_day(closed)}起，{road[0]}封闭施工，预计{zh_day(planned)}恢复通行。",
        f"{lines[0]}路、{lines[1]}路公交车{city.say(('临时改道', '绕行'))}。",
        city.say(("交警提醒司机注意绕行。", "请按现场标志行驶。")),
    ]), lambda: (city.say((f"{road[1]} closed for works", f"Works begin on {road[1]}")), [
        f"{road[1]} has been closed for works since {MONTHS[closed.month - 1]} {closed.day} and is expected to reopen on {MONTHS[planned.month - 1]} {planned.day}.",
        f"Bus lines {lines[0]} and {lines[1]} {city.say(('take another way', 'are diverted'))}.",
        city.say(("Drivers are asked to go round.", "Drivers should follow the signs.")),
    ])), Event(again, lambda: (city.say((f"{road[0]}恢复通行", f"{road[0]}施工结束恢复通车")), [
        f"封闭施工的{road[0]}于{zh_day(again)}恢复通行。",
        f"{lines[0]}路、{lines[1]}路公交车{city.say(('恢复原线', '按原线路运行'))}。",
    ]), lambda: (city.say((f"{road[1]} open again", f"{road[1]} reopens to traffic")), [
        f"{road[1]}, closed for works, was opened to traffic again on {MONTHS[again.month - 1]} {again.day}.",
        f"Bus lines {lines[0]} and {lines[1]} {city.say(('run as before', 'are back on their old routes'))}.",
    ]))]  # fmt: skip


def papers(city: City, length: int) -> list[Event]:
    """Documents with numbers, one form of words."""
    rng, first = city.rng, city.start()
    number = rng.randint(1, 40)

    def paper(day: date) -> Event:
        nonlocal number
        number += rng.randint(1, 4)
        return _paper(city, day, rng.choice(PAPERS), number)

    return city.series(first, [paper] * length, range(5, 61))


def _paper(city: City, day: date, paper: tuple[str, str, str, str], number: int) -> Event:
    money, cited = city.rng.randint(2, 900) * 10, city.rng.random() < 0.6

    def en() -> Text:
        code = f" (No. {number} of {day.year})" if cited else ""
        said = figure(city, money * 10000)
        return city.say((f"{city.name_en} issues {paper[1]}", f"New policy: {paper[1]}")), [
            f"The municipal government has issued {paper[1]}{code}, in force from {MONTHS[day.month - 1]} {day.day}.",
            (paper[3].format(b=said) if said else "Money will be set aside").capitalize() + ".",
            city.say(("All departments are to carry it out.", "Detailed rules will follow.")),
        ]

    return Event(day, lambda: (city.say((f"市政府印发{paper[0]}", f"《{paper[0]}》印发")), [
        f"市政府日前印发《{paper[0]}》{f'（政发〔{day.year}〕{number}号）' if cited else ''}，自{zh_day(day)}起施行。",
        paper[2].format(a=money) + "。",
        city.say(("各区县、各部门要认真贯彻执行。", "有关部门将出台配套细则。")),
    ]), en)  # fmt: skip


def clinics(city: City, length: int) -> list[Event]:
    """Hospitals offer new services: house, service, hours and departments differ."""
    rng = city.rng

    def clinic(day: date) -> Event:
        house, ward, hour = rng.choice(CLINICS), rng.choice(WARDS), rng.choice((8, 9, 13, 17))
        count, begins, ends = rng.randint(3, 14), _hour(hour), _hour(hour + 3)
        return Event(day, lambda: (city.say((f"{house[0]}开设{ward[0]}", f"{house[0]}{ward[0]}开诊")), [
            f"{house[0]}自{zh_day(day)}起开设{ward[0]}，时间为{begins[0]}至{ends[0]}。",
            f"首批开放{count}个科室，{city.say(('可通过手机预约', '市民可在网上挂号'))}。",
        ]), lambda: (city.say((f"{ward[1].capitalize()} at {house[1]}", f"{house[1]} offers {ward[1]}")), [
            f"{house[1][0].upper() + house[1][1:]} has run {ward[1]} since {MONTHS[day.month - 1]} {day.day}, from {begins[1]} to {ends[1]}.",
            f"At first {count} departments take part; {city.say(('appointments are made by telephone', 'patients book online'))}.",
        ]))  # fmt: skip

    return city.series(city.start(), [clinic] * length, range(31))


KINDS: tuple[Callable[[City, int], list[Event]], ...] = (
    trends, numbered, lectures, alerts, roads, papers, clinics,
)  # fmt: skip
