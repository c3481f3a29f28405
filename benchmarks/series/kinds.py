"""Six kinds of series: their events, written in both languages."""
# ruff: noqa: E501  sentences of both languages read better unbroken

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from benchmarks.series import texts
from benchmarks.series.city import (
    MONTHS,
    SMALL,
    City,
    Event,
    Text,
    chinese_number,
    en_day,
    figure,
    ordinal,
    zh_day,
)


def topic(city: City, pool: list[int]) -> tuple[str, str, str, Callable[[], str]]:
    """Draw a topic.
    Subject zh, subject en, Chinese sentence, writer of the English one."""
    subject_zh, subject_en, zh, en, bare, low_high_a, low_high_b = texts.TOPICS[
        city.rng.choice(pool)
    ]
    a, b = city.rng.randint(*low_high_a), city.rng.randint(*low_high_b)
    if a > 2000 and city.rng.random() < 0.4:
        a = round(a, -2)
    written = city.say(zh).replace("{a}", chinese_number(a)).replace("{b}", chinese_number(b))

    def english() -> str:
        template = city.say(en)
        for slot, value in (("a", a), ("b", b)):
            hole = "{" + slot + "}"
            if hole + "yi" in template:
                said = figure(city, value, unit="yi")
                hole += "yi"
            elif hole + "0,000" in template:
                said = figure(city, value * 10000)
                hole += "0,000"
            else:
                said = figure(city, value)
            if said is None:
                return bare
            template = template.replace(hole, said)
        return template[0].upper() + template[1:]

    return subject_zh, subject_en, written, english


def _join(items: list[str], last: str) -> str:
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + last + items[-1]


def meetings(city: City, length: int) -> list[Event]:
    """Executive meetings in consecutive weeks: the same people, other numbers and items."""
    rng = city.rng
    term, number, first = rng.randint(12, 18), rng.randint(2, 80), city.start()
    mayor = city.officials[0]
    pool = rng.sample(
        range(len(texts.TOPICS)), 6 if rng.random() < city.setting.shared_topics else 18
    )
    steps = range(number, number + length)
    held = [partial(_meeting, city, (term, at), mayor=mayor, pool=pool) for at in steps]
    return city.series(first, held, (7, 7, 8, 14))


def _meeting(
    city: City, rank_of: tuple[int, int], day: date, mayor: tuple[str, str], pool: list[int]
) -> Event:
    rng = city.rng
    term, number = rank_of
    items = [topic(city, [chosen]) for chosen in rng.sample(pool, 3)]
    duties = rng.sample(texts.DUTIES, 3)
    present = rng.sample(city.officials[1:10], rng.randint(2, 4))
    subjects_zh = "、".join(item[0] for item in items)

    def zh() -> Text:
        title = city.say(
            (
                f"市政府召开第{term}届第{number}次常务会议",
                f"{mayor[0]}主持召开市政府第{number}次常务会议",
            )
        )
        lead = city.say((
            f"{zh_day(day)}，市长{mayor[0]}主持召开市政府第{term}届第{number}次常务会议，研究{subjects_zh}等工作。",
            f"{zh_day(day)}上午，市委副书记、市长{mayor[0]}主持召开市政府第{term}届第{number}次常务会议，听取{subjects_zh}情况汇报。",
        ))  # fmt: skip
        body = [lead, city.say(duties[0][0]), *(item[2] for item in items), city.say(duties[1][0])]
        body.append(city.say(duties[2][0]))
        body.append("副市长" + "、".join(name for name, _ in present) + "出席会议。")
        return title, body

    def en() -> Text:
        rank = ordinal(number, rng) if rng.random() > 0.12 else ""
        when = en_day(city, day, must=not rank)
        of_term = f" of the {ordinal(term, rng)} municipal government" if rng.random() < 0.6 else ""
        title = city.say((
            f"{city.name_en} holds {'its ' + rank + ' ' if rank else 'an '}executive meeting",
            f"Municipal government studies {items[0][1]}" if rng.random() < 0.5
            else f"The municipal government holds the {rank} executive meeting".replace("  ", " "),
        ))  # fmt: skip
        subjects = _join([item[1] for item in items], " and ")
        lead = city.say((
            f"Mayor {mayor[1]} presided over the {rank} executive meeting{of_term} {when}, which studied {subjects}.",
            f"The municipal government held the {rank} executive meeting{of_term} {when}, chaired by Mayor {mayor[1]}. "
            f"It heard reports on {subjects}.",
        ))  # fmt: skip
        body = [_tidy(lead), city.say(duties[0][1]), *(item[3]() for item in items)]
        body += [city.say(duties[1][1]), city.say(duties[2][1])]
        body.append(
            f"Vice mayors {_join([name for _, name in present], ' and ')} attended the meeting."
        )
        return title, body

    return Event(day, zh, en)


def _tidy(text: str) -> str:
    return " ".join(text.split()).replace(" ,", ",").replace(" .", ".")


def guests(city: City, length: int) -> list[Event]:
    """Meetings with visitors: one host, the same phrases, other guests and countries."""
    rng, first = city.rng, city.start()
    host = city.officials[rng.randint(0, 2)]
    near = rng.sample(range(len(texts.ABROAD)), 4)
    met = [lambda day: _guest(city, day, host, rng.choice(near))] * length
    return city.series(first, met, range(4, 41))


def _guest(city: City, day: date, host: tuple[str, str], country: int) -> Event:
    rng = city.rng
    land_zh, land_en, adjective, town_zh, town_en = texts.ABROAD[country]
    (post_zh, post_en), (guest_zh, guest_en) = rng.choice(texts.POSTS), rng.choice(texts.GUESTS)
    talks, years, delegation = rng.sample(texts.TALKS, 3), rng.randint(3, 40), rng.randint(6, 60)
    trade = rng.randint(11, 980) / 10

    def zh() -> Text:
        of = town_zh + "市" if post_zh == "市长" else land_zh
        title = city.say((f"{host[0]}会见{of}{post_zh}{guest_zh}", f"{host[0]}会见{land_zh}客人"))
        return title, [
            city.say((f"{zh_day(day)}，市长{host[0]}会见了{of}{post_zh}{guest_zh}一行。",
                      f"{zh_day(day)}下午，市长{host[0]}在市政府会见来访的{of}{post_zh}{guest_zh}率领的{delegation}人代表团。")),
            city.say((f"{host[0]}代表市政府对{guest_zh}来访表示欢迎。", f"{host[0]}对客人的到来表示热烈欢迎。")),
            city.say((f"去年双边贸易额达{trade}亿元。", f"{host[0]}介绍，去年我市与{land_zh}贸易额为{trade}亿元。")),
            f"我市与{town_zh}结为友好城市已{years}年。",
            *(city.say(talk[0]) for talk in talks),
        ]  # fmt: skip

    def en() -> Text:
        of = f"of {town_en}" if post_en == "Mayor" else f"of {land_en}"
        title = city.say(
            (f"{host[1]} meets with {adjective} guests", f"Mayor meets {post_en} {guest_en} {of}")
        )
        traded = figure(city, trade, unit="yi")
        body = [
            _tidy(f"Mayor {host[1]} met with {post_en} {guest_en} {of} {en_day(city, day)}."),
            city.say((f"{host[1]} extended a welcome to the visitors.", "He bade the guests a warm welcome.")),
            f"Last year trade between the two sides was worth {traded} yuan." if traded
            else "Trade between the two sides grew last year.",
            f"{city.name_en} and {town_en} have been sister cities for {years} years.",
            *(city.say(talk[1]) for talk in talks),
        ]  # fmt: skip
        return title, body

    return Event(day, zh, en)


def _indicator(
    city: City, index: int, value: float, growth: float
) -> tuple[str, Callable[[], str]]:
    zh_name, en_name, unit, _ = texts.INDICATORS[index]
    number = {
        "yi": f"{value:.2f}亿元", "usd": f"{value:.2f}亿美元", "yuan": f"{int(value)}元",
        "ton": f"{value:.1f}万吨", "count": f"{int(value)}家",
    }[unit]  # fmt: skip
    up = growth >= 0
    zh = city.say((f"{zh_name}{number}，{'增长' if up else '下降'}{abs(growth):.1f}%。",
                   f"全市{zh_name}为{number}，同比{'增长' if up else '下降'}{abs(growth):.1f}%。"))  # fmt: skip

    def english() -> str:
        kind = {"usd": "yi", "yi": "yi", "ton": "ton"}.get(unit, "count")
        exact = round(value, 1 if unit == "ton" else 2) if kind != "count" else int(value)
        said = figure(city, exact, unit=kind)
        tail = {"yi": " yuan", "usd": " US dollars", "yuan": " yuan", "ton": " tons", "count": ""}[
            unit
        ]
        change = "" if city.rng.random() < 0.1 else (
            f"{'up' if up else 'down'} {abs(growth):.1f} percent" + city.say((" year on year", ""))
        )  # fmt: skip
        if said is None:
            return f"The {en_name} {'rose' if up else 'fell'} by {abs(growth):.1f} percent."
        return _tidy(
            f"The {en_name} {city.say(('reached', 'came to'))} {said}{tail}, {change}."
        ).replace(",.", ".")

    return zh, english


def monthly(city: City, length: int) -> list[Event]:
    """Monthly figures: the same indicators every month, cumulative."""
    rng = city.rng
    year, chosen = rng.randint(2018, 2025), rng.sample(range(len(texts.INDICATORS)), 6)
    yearly_value = {i: rng.uniform(*texts.INDICATORS[i][3]) for i in chosen}
    growth = {i: rng.uniform(-6, 15) for i in chosen}
    events = []
    for month in range(2, min(12, 2 + length)):
        rows = []
        for i in chosen:
            growth[i] += rng.choice((0, 0.1, -0.1, 0.3, -0.4))
            part = month / 12 if texts.INDICATORS[i][2] in ("yi", "ton", "usd", "count") else 1
            rows.append(
                _indicator(city, i, yearly_value[i] * part * rng.uniform(0.97, 1.03), growth[i])
            )
        events.append(_month(city, year, month, rows))
    return events


def _month(city: City, year: int, month: int, rows: list[tuple[str, Callable[[], str]]]) -> Event:
    rng = city.rng
    day = date(year, month + 1, rng.randint(15, 27))

    def zh() -> Text:
        span = (
            "上半年"
            if month == 6 and rng.random() < 0.8
            else city.say((f"1-{month}月", f"1至{month}月"))
        )
        title = city.say((f"{span}全市经济运行平稳", f"{year}年{span}{city.name_zh}市经济运行情况"))
        lead = city.say((f"记者从市统计局获悉，{span}，全市经济运行总体平稳。",
                         f"{year}年{span}，{city.name_zh}市经济延续恢复态势。"))  # fmt: skip
        return title, [lead, *(row[0] for row in rows)]

    def en() -> Text:
        span = "the first half" if month == 6 else rng.choice(
            (f"January-{MONTHS[month - 1]}", f"the first {SMALL[month - 1]} months")
        )  # fmt: skip
        said_year = f" of {year}" if rng.random() < 0.4 else ""
        title = city.say((f"{city.name_en}'s economy stable" + (f" in {span}" if rng.random() < 0.6 else ""),
                          f"{city.name_en} releases economic figures" + (f" for {span}" if rng.random() < 0.6 else "")))  # fmt: skip
        lead = city.say((f"The city's economy was stable in {span}{said_year}, the statistics bureau said.",
                         f"In {span}{said_year} the economy of {city.name_en} continued to recover."))  # fmt: skip
        return title, [lead, *(row[1]() for row in rows)]

    return Event(day, zh, en)


def yearly(city: City, length: int) -> list[Event]:
    """Yearly work reports.
    One title, half the phrases; other sessions, years and figures."""
    rng = city.rng
    first, term = rng.randint(2008, 2019), rng.randint(11, 17)
    chosen = rng.sample(range(len(texts.INDICATORS)), 5)
    value = {i: rng.uniform(*texts.INDICATORS[i][3]) for i in chosen}
    goals = rng.sample(range(len(texts.TOPICS)), 8)
    events = []
    for step in range(min(length, 7)):
        year, session = first + step, step % 5 + 1
        rows = []
        for i in chosen:
            growth = rng.choice((5.0, 6.0, 6.5, 7.0, 8.0, rng.uniform(1, 12)))
            value[i] *= 1 + growth / 100
            rows.append(_indicator(city, i, value[i], growth))
        items = [topic(city, [chosen]) for chosen in rng.sample(goals, 3)]
        events.append(_year(city, year, (term + step // 5, session), rows, items))
    return events


def _year(
    city: City,
    year: int,
    session: tuple[int, int],
    rows: list[tuple[str, Callable[[], str]]],
    items: list[tuple[str, str, str, Callable[[], str]]],
) -> Event:
    rng, mayor = city.rng, city.officials[year % 3]
    day = date(year, rng.choice((1, 1, 2)), rng.randint(5, 26))
    term, number = session

    def zh() -> Text:
        title = city.say(("政府工作报告", f"{year}年{city.name_zh}市政府工作报告"))
        number_zh = "一二三四五"[number - 1]
        lead = city.say((
            f"{zh_day(day, year=True)}，在{city.name_zh}市第{term}届人民代表大会第{number_zh}次会议上，市长{mayor[0]}作政府工作报告。",
            f"{zh_day(day)}，市{term}届人大{number_zh}次会议开幕，市长{mayor[0]}代表市政府报告工作。",
        ))  # fmt: skip
        body = [
            lead,
            city.say(
                (
                    f"报告指出，{year - 1}年，全市经济社会发展取得新成绩。",
                    f"报告回顾了{year - 1}年的工作。",
                )
            ),
        ]
        body += [row[0] for row in rows]
        body.append(city.say((f"{year}年，要重点做好以下工作。", f"报告对{year}年工作作出安排。")))
        return title, body + [item[2] for item in items]

    def en() -> Text:
        title = city.say(
            ("Report on the Work of the Government", f"{city.name_en} Government Work Report")
        )
        if rng.random() < 0.3:
            title += f" ({year})"
        told = f" to the {ordinal(number, rng)} session of the {ordinal(term, rng)} municipal people's congress" \
            if rng.random() < 0.7 else ""  # fmt: skip
        lead = _tidy(
            f"Mayor {mayor[1]} delivered the government work report{told} {en_day(city, day, year=True)}."
        )
        body = [lead]
        if rng.random() < 0.8:
            body.append(f"The report reviewed the work of {year - 1}.")
        body += [row[1]() for row in rows]
        if rng.random() < 0.7:
            body.append(f"It set out the tasks for {year}.")
        return title, body + [item[3]() for item in items]

    return Event(day, zh, en)


def festivals(city: City, length: int) -> list[Event]:
    """Announcement, event and round-up of yearly festivals.
    One name; other tense, day and edition."""
    rng = city.rng
    name = rng.choice(texts.FESTIVALS)
    edition, year = rng.randint(2, 24), rng.randint(2016, 2023)
    place, month = rng.choice(texts.PLACES), rng.randint(3, 11)
    events = []
    for step in range(max(1, length // 3)):
        first = date(year + step, month, rng.randint(3, 22))
        events += _festival(city, name, edition + step, first, place)
    return events


def _festival(
    city: City, name: tuple[str, str, str, str], edition: int, first: date, place: tuple[str, str]
) -> list[Event]:
    rng = city.rng
    last = first + timedelta(days=rng.randint(1, 5))
    count, visitors = rng.randint(40, 3000), rng.randint(11, 990) * 1000
    deals, countries = rng.randint(2, 90), rng.randint(8, 60)
    zh_name, en_name = f"第{edition}届{city.name_zh}{name[0]}", f"{city.name_en} {name[1]}"

    def title_en(verb: str) -> str:
        rank = ordinal(edition, rng) + " " if rng.random() < 0.5 else ""
        return f"{rank}{en_name} {verb}"

    def lead_en(sentence: str) -> str:
        rank = ordinal(edition, rng) + " " if rng.random() < 0.7 else ""
        return _tidy(f"The {rank}{en_name} {sentence}")

    def joined() -> str:
        said = figure(city, count)
        return f"{said or 'Many'} {name[3]} from {countries} countries and regions take part."

    def before_zh() -> Text:
        return f"{zh_name}将于{zh_day(first)}开幕", [
            city.say((f"记者从新闻发布会获悉，{zh_name}将于{zh_day(first)}至{last.day}日在{place[0]}举行。",
                      f"{zh_name}定于{zh_day(first)}在{place[0]}拉开帷幕，活动持续至{last.day}日。")),
            f"届时将有来自{countries}个国家和地区的{count}{name[2]}参加。",
            city.say(("目前各项筹备工作已基本就绪。", "筹备工作正有序推进。")),
            city.say(("交警部门将对周边道路实行临时管控。", "活动期间，周边道路将临时交通管制。")),
        ]  # fmt: skip

    def before_en() -> Text:
        when = f"from {MONTHS[first.month - 1]} {first.day} to {last.day}"
        return title_en("to open"), [
            lead_en(f"will be held {when} at {place[1]}."), joined(),
            city.say(("Preparations are nearly complete.", "Preparations are under way in good order.")),
            city.say(("Traffic police will control roads nearby.", "Roads around the venue will be restricted.")),
        ]  # fmt: skip

    def during_zh() -> Text:
        return f"{zh_name}开幕", [
            city.say((f"{zh_day(first)}，{zh_name}在{place[0]}开幕。", f"{zh_day(first)}上午，{zh_name}在{place[0]}正式启动。")),
            f"来自{countries}个国家和地区的{count}{name[2]}参加。",
            city.say((f"市长{city.officials[0][0]}出席并致辞。", f"市长{city.officials[0][0]}宣布开幕。")),
            f"活动将持续到{zh_day(last)}。",
        ]  # fmt: skip

    def during_en() -> Text:
        return title_en("opens"), [
            lead_en(f"opened {en_day(city, first)} at {place[1]}."), joined(),
            f"Mayor {city.officials[0][1]} attended the opening ceremony and made a speech.",
            f"It runs until {MONTHS[last.month - 1]} {last.day}.",
        ]  # fmt: skip

    def after_zh() -> Text:
        return f"{zh_name}圆满落幕", [
            city.say((f"{zh_day(last)}，为期{(last - first).days + 1}天的{zh_name}在{place[0]}闭幕。", f"{zh_name}{zh_day(last)}落下帷幕。")),
            f"活动期间共吸引观众{chinese_number(visitors)}人次，来自{countries}个国家和地区的{count}{name[2]}参加。",
            f"现场成交额{deals}亿元。",
            city.say(("主办方表示，明年将进一步扩大规模。", "组委会介绍，明年活动将继续举办。")),
        ]  # fmt: skip

    def after_en() -> Text:
        came, sold = figure(city, visitors), figure(city, deals, unit="yi")
        return title_en("concludes"), [
            lead_en(f"closed {en_day(city, last)} at {place[1]}."),
            f"It drew {came} visits." if came else "It drew large crowds.",
            joined().replace("take part", "took part"),
            f"Deals worth {sold} yuan were signed on the spot." if sold else "Many deals were signed.",
            city.say(("The organizers plan a larger event next year.", "It will be held again next year.")),
        ]  # fmt: skip

    return [
        Event(first - timedelta(days=rng.randint(4, 20)), before_zh, before_en),
        Event(first, during_zh, during_en),
        Event(last, after_zh, after_en),
    ]


def projects(city: City, length: int) -> list[Event]:
    """One piece of work reported stage by stage under unchanging headings."""
    rng, first = city.rng, city.start()
    pool = rng.sample(range(len(texts.TOPICS)), 2)

    def stage(day: date) -> Event:
        return _project(city, day, [topic(city, [chosen]) for chosen in pool])

    return city.series(first, [stage] * length, range(20, 71))


def _project(city: City, day: date, items: list[tuple[str, str, str, Callable[[], str]]]) -> Event:
    rng = city.rng
    leader = city.officials[rng.randint(1, 8)]
    duty = rng.choice(texts.DUTIES[:2])

    def zh() -> Text:
        title = city.say((f"{leader[0]}调研{items[0][0]}工作", f"我市推进{items[0][0]}"))
        lead = f"{zh_day(day)}，副市长{leader[0]}率队调研{items[0][0]}和{items[1][0]}工作。"
        return title, [lead, *(item[2] for item in items), city.say(duty[0]).replace("会议", "他")]

    def en() -> Text:
        title = city.say((f"Vice mayor inspects {items[0][1]}", f"Progress in {items[0][1]}"))
        lead = _tidy(
            f"Vice Mayor {leader[1]} inspected {items[0][1]} and {items[1][1]} {en_day(city, day, must=True)}."
        )
        return title, [
            lead,
            *(item[3]() for item in items),
            city.say(duty[1]).replace("The meeting", "He"),
        ]

    return Event(day, zh, en)
