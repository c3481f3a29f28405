"""What the facts of a Chinese and of an English text say of each other: agreement and clash."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pipelines.facts import figures, names, romanisation
from pipelines.facts.dates import Day, Period
from pipelines.facts.facts import Facts
from pipelines.facts.rarity import Rarity, key


@dataclass(frozen=True, slots=True)
class FactComparison:
    """What the facts of a Chinese and an English text say of each other.

    Per kind: `…_agree`, how much of what could agree does (0-1); `…_clash`, how much contradicts
    (0-1); `…_said`, whether both sides have something to compare. `dates_lead` is how rare the day
    is that both leads name, `sessions_agree` how rare the session number (of a meeting, a batch or
    a notice) that both give: what names one event, where an edition names all reports on it.
    `moved` tells that a page's date is not that of its text.
    """

    numbers_agree: float = 0.0
    numbers_missing: float = 0.0
    numbers_bits: float = 0.0
    numbers_said: bool = False
    dates_agree: float = 0.0
    dates_clash: float = 0.0
    dates_lead: float = 0.0
    dates_said: bool = False
    years_agree: float = 0.0
    years_clash: float = 0.0
    periods_agree: float = 0.0
    periods_clash: float = 0.0
    periods_said: bool = False
    ordinals_agree: float = 0.0
    ordinals_clash: float = 0.0
    sessions_agree: float = 0.0
    ordinals_said: bool = False
    names_agree: float = 0.0
    names_missing: float = 0.0
    names_said: bool = False
    guests_agree: float = 0.0
    guests_clash: float = 0.0
    places_agree: float = 0.0
    places_missing: float = 0.0
    stage_agree: float = 0.0
    stage_clash: float = 0.0
    moved: bool = False
    remarks: tuple[str, ...] = ()


def compare_facts(
    zh: Facts,
    en: Facts,
    zh_rarity: Rarity,
    en_rarity: Rarity,
    aliases: Mapping[str, str] | None = None,
) -> FactComparison:
    """Compare a Chinese text's facts with an English text's.

    Rarity weighs a fact by the language it was looked up in: figures among the Chinese articles,
    names among the English ones. `aliases` tells by English name which Chinese person it is.
    """
    remarks: list[str] = []
    values: dict[str, float | bool] = {}
    values |= _numbers(zh, en, zh_rarity)
    values |= _days(zh, en, zh_rarity, remarks)
    values |= _years(zh, en, remarks)
    values |= _periods(zh, en, remarks)
    values |= _ranks(zh, en, zh_rarity, remarks)
    values |= _persons(zh, en, en_rarity, aliases or {}, remarks)
    values |= _places(zh, en, zh_rarity, en_rarity, remarks)
    values |= _stages(zh, en)
    if _edition(zh) and _edition(en) and not _edition(zh) & _edition(en):
        values["ordinals_clash"] = max(values.get("ordinals_clash", 0.0), 0.8)
    values["moved"] = _moved(zh) or _moved(en)
    return FactComparison(**values, remarks=tuple(remarks))  # type: ignore[arg-type]


def _numbers(zh: Facts, en: Facts, rarity: Rarity) -> dict[str, float | bool]:
    hit = miss = 0.0
    seen: set[tuple[str, float]] = set()
    for figure in en.figures:
        if (figure.kind, figure.value) in seen:
            continue
        seen.add((figure.kind, figure.value))
        shared = figures.shared_bits(figure, zh.figures)
        if shared:
            hit += shared * rarity(key(figure))
        else:
            miss += figure.bits
    total = hit + miss
    return {
        "numbers_agree": hit / total if total else 0.0,
        "numbers_missing": miss / total if total else 0.0,
        "numbers_bits": hit,
        "numbers_said": bool(total and zh.figures),
    }


def _told_days(side: Facts) -> tuple[Day, ...]:
    """Days of a text. In "today (June 12)" the day beside it says which day is meant."""
    stated = {(day.month, day.day) for day in side.calendar.days if not day.relative}
    return tuple(
        day for day in side.calendar.days if not day.relative or (day.month, day.day) not in stated
    )


def _same_day(ours: Day, theirs: Day) -> bool:
    if ours.year and theirs.year and ours.year != theirs.year:
        return False
    if theirs.relative:
        # English pages say "yesterday" long after: the event is then up to a month before.
        if not (ours.year and theirs.year):
            return ours.near(theirs, 5)
        apart = date(theirs.year, theirs.month, theirs.day) - date(ours.year, ours.month, ours.day)
        return -1 <= apart.days <= 31
    if ours.relative:
        return ours.near(theirs, 1)
    return (ours.month, ours.day) == (theirs.month, theirs.day)


def _slip(ours: Day, theirs: Day) -> bool:
    """Whether two days differ by one, or only in a year that a page's date supplied.

    Pages moved to a new site carry the date of the move.
    """
    if ours.stated and theirs.stated:
        return ours.near(theirs, 1)
    return ours.near(theirs, 1) or (ours.month, ours.day) == (theirs.month, theirs.day)


def _days(zh: Facts, en: Facts, rarity: Rarity, remarks: list[str]) -> dict[str, float | bool]:
    ours, theirs = _told_days(zh), _told_days(en)
    if not ours or not theirs:
        return {}
    hit = total = 0.0
    for day in theirs:
        weight = rarity(("day", str(day.month), str(day.day))) * (2 if day.start < en.lead else 1)
        weight *= 0.3 if day.relative else 1.0
        total += weight
        if any(_same_day(other, day) for other in ours):
            hit += weight
    lead_en = [day for day in theirs if day.start < en.lead] or list(theirs[:1])
    lead_zh = [day for day in ours if day.start < zh.lead] or list(ours[:1])
    leads = [
        rarity.alone(("day", str(b.month), str(b.day)))
        for b in lead_en
        if not b.relative and any(_same_day(a, b) for a in lead_zh)
    ]
    clash = 0.0
    if not any(_same_day(a, b) for a in ours for b in lead_en) and not any(
        _same_day(a, b) for a in lead_zh for b in theirs
    ):
        both = lead_en[0].start < en.lead and lead_zh[0].start < zh.lead
        clash = 1.0 if both and not lead_en[0].relative else 0.5
        if all(any(_slip(a, b) for a in lead_zh) for b in lead_en):
            clash *= 0.4
        remarks.append(f"dates clash: {_written(lead_zh[0])} against {_written(lead_en[0])}")
    return {
        "dates_agree": hit / total,
        "dates_clash": clash,
        "dates_lead": max(leads, default=0.0),
        "dates_said": True,
    }


def _written(day: Day) -> str:
    year = f"{day.year}-" if day.year else ""
    return f"{year}{day.month:02d}-{day.day:02d}"


def _years(zh: Facts, en: Facts, remarks: list[str]) -> dict[str, float | bool]:
    ours, theirs = (_year_mass(side) for side in (zh, en))
    values: dict[str, float | bool] = {}
    if theirs and (ours or zh.implied_years):
        values["years_agree"] = sum(
            mass for year, mass in theirs.items() if year in ours or year in zh.implied_years
        )
    if ours and theirs:
        lost_en = sum(
            m for year, m in theirs.items() if year not in ours and year not in zh.implied_years
        )
        lost_zh = sum(
            m for year, m in ours.items() if year not in theirs and year not in en.implied_years
        )
        values["years_clash"] = min(lost_en, lost_zh)
        if min(lost_en, lost_zh) > 0.3:
            remarks.append(f"years clash: {sorted(ours)} against {sorted(theirs)}")
    return values


def _edition(side: Facts) -> frozenset[int]:
    """The years that the title names: what numbers a report, as a session number does a meeting."""
    end = side.whole.find("\n")
    return frozenset(year for year, start in side.calendar.years if start < end)


def _moved(side: Facts) -> bool:
    """Whether the page is years younger than all years its title and lead state.

    Pages moved to a new site carry the date of the move.
    """
    years = [year for year, start in side.calendar.years if start < side.lead]
    return bool(years and side.published and max(years) <= side.published.year - 2)


def _year_mass(side: Facts) -> dict[int, float]:
    mass: Counter[int] = Counter()
    for year, start in side.calendar.years:
        mass[year] += 3 if start < side.lead else 1
    total = sum(mass.values())
    return {year: count / total for year, count in mass.items()}


def _same_period(ours: Period, theirs: Period) -> bool:
    years = {ours.year, theirs.year} - {None}
    return (ours.first, ours.last) == (theirs.first, theirs.last) and len(years) < 2


def _periods(zh: Facts, en: Facts, remarks: list[str]) -> dict[str, float | bool]:
    ours, theirs = zh.calendar.periods, en.calendar.periods
    if not ours or not theirs:
        return {}

    def share(these: tuple[Period, ...], those: tuple[Period, ...], lead: int) -> float:
        weights = [(3 if one.start < lead else 1, one) for one in these]
        lost = sum(w for w, one in weights if not any(_same_period(one, o) for o in those))
        return lost / sum(w for w, _ in weights)

    lost_en, lost_zh = share(theirs, ours, en.lead), share(ours, theirs, zh.lead)
    clash = min(lost_en, lost_zh)
    if clash > 0.4:
        remarks.append(
            f"periods clash: months {ours[0].first}-{ours[0].last} "
            f"against {theirs[0].first}-{theirs[0].last}"
        )
    return {"periods_agree": 1 - lost_en, "periods_clash": clash, "periods_said": True}


_LABEL_WEIGHT = {
    "meeting": 1.0, "event": 1.0, "term": 0.8, "anniversary": 0.7, "batch": 0.6, "phase": 0.6,
    "week": 0.8, "number": 0.6, "line": 0.7, "plenum": 0.2, "party": 0.2, "plan": 0.2, "": 0.2,
}  # fmt: skip


def _ranks(zh: Facts, en: Facts, rarity: Rarity, remarks: list[str]) -> dict[str, float | bool]:
    if not zh.ordinals or not en.ordinals:
        return {}
    any_rank = {item.rank for item in zh.ordinals}
    hit = total = clash = session = 0.0
    said = False
    for label in dict.fromkeys(item.label for item in en.ordinals):
        ours = [item for item in zh.ordinals if item.label == label]
        theirs = [item for item in en.ordinals if item.label == label]
        weight = _LABEL_WEIGHT[label]
        common = {item.rank for item in ours} & {item.rank for item in theirs}
        if not label:
            common = any_rank & {item.rank for item in theirs}
        for item in theirs:
            worth = weight * rarity(("ordinal", label, str(item.rank)))
            worth *= 2 if item.start < en.lead else 1
            total += worth
            hit += worth if item.rank in common else 0
            if item.rank in common and label in ("meeting", "batch", "number", "week"):
                session = max(session, rarity.alone(("ordinal", label, str(item.rank))))
        said = said or bool(ours)
        if not label or not ours:
            continue
        lead_zh = {item.rank for item in ours if item.start < zh.lead}
        lead_en = {item.rank for item in theirs if item.start < en.lead}
        if not common:
            plain = len({i.rank for i in ours}) == 1 == len({i.rank for i in theirs})
            prominent = 1.0 if lead_zh and lead_en else 0.8 if plain else 0.5
            clash = max(clash, weight * prominent)
            remarks.append(
                f"{label} numbers clash: {sorted({i.rank for i in ours})} "
                f"against {sorted({i.rank for i in theirs})}"
            )
        elif lead_zh and lead_en and not lead_zh & lead_en:
            clash = max(clash, 0.4 * weight)
    return {
        "ordinals_agree": min(1.0, hit) * (hit / total) if total else 0.0,
        "ordinals_clash": clash,
        "sessions_agree": session if not clash else 0.0,
        "ordinals_said": said,
    }


def _persons(
    zh: Facts, en: Facts, rarity: Rarity, aliases: Mapping[str, str], remarks: list[str]
) -> dict[str, float | bool]:
    values: dict[str, float | bool] = {}
    hit = miss = 0.0
    seen: set[str] = set()
    for called in sorted(en.called & aliases.keys()):
        seen.add(called)
        weight = rarity(("called", called))
        if aliases[called] in zh.whole:
            hit += weight
            remarks.append(f"{called.title()} is {aliases[called]}, as other pairs show")
        else:
            miss += weight
            remarks.append(f"{called.title()}, who is {aliases[called]}, is not named in Chinese")
    for name in en.pinyin:
        if name.letters in seen:
            continue
        seen.add(name.letters)
        if name.family:
            # Only the family name can be looked for, and only among those with a post.
            known = romanisation.characters(name.readings[0][0].removeprefix("~"))
            if any(person[0] in known for person in zh.persons):
                hit += 0.5 * rarity(("name", name.letters))
            continue
        weight = rarity(("name", name.letters)) * (1.0 if name.person else 0.4)
        if zh.sounds.find(name):
            hit += weight
        elif name.place:
            # The place that a report is about stands in its title or lead.
            miss += rarity(("name", name.letters)) * (1.0 if name.start < en.lead else 0.4)
            remarks.append(f"{name.letters} is not named in Chinese")
        elif name.person:
            miss += weight
            remarks.append(f"{name.letters} is not named in Chinese")
    if hit or miss:
        values |= {
            "names_agree": hit / (hit + miss + 0.5),
            "names_missing": miss / (hit + miss + 0.5),
            "names_said": True,
        }
    foreign = {name for name in en.foreign if name.lower() not in aliases}
    if zh.foreign and foreign:
        best = max(names.sound_alike(ours, theirs) for ours in zh.foreign for theirs in foreign)
        values |= {
            "guests_agree": float(best >= names.SAME_SOUND),
            "guests_clash": float(best < 0.45),
        }
        if best < 0.45:
            remarks.append(f"guests differ: {min(zh.foreign)} against {min(foreign)}")
    elif countries := _strangers(zh, en):
        values["guests_clash"] = 1.0
        remarks.append(f"guests differ: {countries[0]} against {countries[1]}")
    return values


def _strangers(zh: Facts, en: Facts) -> tuple[str, str] | None:
    """Return a country each that the leads name, where neither text names any of the other's.

    Guests whose names are no transcriptions (Koreans, Japanese) are told apart by their countries.
    """
    ours = names.places(zh.whole[: zh.lead], "zh") & names.countries()
    theirs = names.places(en.whole[: en.lead], "en") & names.countries()
    if not ours or not theirs or ours & en.places or theirs & zh.places:
        return None
    return min(ours), min(theirs)


def _places(
    zh: Facts, en: Facts, zh_rarity: Rarity, en_rarity: Rarity, remarks: list[str]
) -> dict[str, float | bool]:
    # Sorted: the order of sums must not depend on how strings are hashed.
    hit = sum(zh_rarity(("place", place)) for place in sorted(en.places & zh.places))
    gone = sorted(en.places - zh.places)
    miss = sum(en_rarity(("place", place)) for place in gone)
    hit += 0.7 * sum(zh_rarity(("latin", token)) for token in sorted(zh.latin & en.latin))
    if gone:
        remarks.append(f"not named in Chinese: {', '.join(gone)}")
    return {"places_agree": hit / (hit + miss + 1), "places_missing": miss / (hit + miss + 1)}


def _stages(zh: Facts, en: Facts) -> dict[str, float | bool]:
    if not any(zh.stage) or not any(en.stage):
        return {}
    same = sum(min(a, b) for a, b in zip(zh.stage, en.stage, strict=True))
    return {"stage_agree": same, "stage_clash": min(sum(zh.stage), sum(en.stage)) - same}
