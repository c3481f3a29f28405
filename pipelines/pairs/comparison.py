"""Agreement and contradiction between a Chinese and an English text's facts."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import asdict, dataclass, field
from datetime import date

from pipelines.facts import figures, places, romanisation, sounds
from pipelines.facts.facts import Facts
from pipelines.facts.mentions import Day, Period
from pipelines.facts.ordinals import Ordinal
from pipelines.facts.rarity import Rarity, key
from pipelines.pairs import marks

# The constants of this module are set by hand and not measured one by one: each shapes a feature
# of order one, and the model learns from examples how much a feature counts (`pairing.json`).
_LEAD_DAY = 2.0
"""Weight of a day in title or lead; elsewhere 1."""
_RELATIVE_DAY = 0.3
"""Share of its weight that a relative day ("yesterday") has: it depends on the page's date."""
_NEAR = 1
"""Days between two dates of one event: time zones, and reports of an evening."""
_RELATIVE_NEAR = 5
"""Days between an English relative day and a Chinese one, if either has no year."""
_LATE_PAGE = 31
"""Days that an English "yesterday" may follow the event: pages appear up to a month later."""
_DATES_OUTSIDE_LEAD = 0.5
"""Clash of dates that are not both in a lead and absolute; else 1."""
_SLIPPED_DATES = 0.4
"""Factor on a clash of dates that an error of one day, or of a page's year, explains."""
_LEAD_TIMES = 3
"""Mentions that a year or period in title or lead counts for."""
_REMARKED_YEARS = 0.3
_REMARKED_PERIODS = 0.4
"""Clashes above which an explanation names them; they decide nothing."""
_EDITIONS_CLASH = 0.8
"""Clash of ordinals for titles with different years: the year is the number of a report."""
_YEARS_MOVED = 2
"""Years between a page's date and its text from which the page has been moved."""
_LABEL_WEIGHT = {
    "meeting": 1.0, "event": 1.0, "term": 0.8, "anniversary": 0.7, "batch": 0.6, "phase": 0.6,
    "week": 0.8, "number": 0.6, "line": 0.7, "institution": 0.7, "census": 0.5, "chapter": 0.5,
    "article": 0.4, "place": 0.4, "running": 0.4, "person": 0.4, "plenum": 0.4, "party": 0.4,
    "plan": 0.4, "century": 0.2, "": 0.2,
}  # fmt: skip
"""Weight of an ordinal by label. Meetings and events are numbered one by one; a plenum, a party
congress or a five-year plan has the same number in hundreds of articles."""
_SESSIONS = ("meeting", "batch", "number", "week")
"""Labels with a number of its own for each event."""
_LEAD_ORDINAL = 2.0
"""Weight of an ordinal in title or lead; elsewhere 1."""
_LONE_RANKS = 0.8
_RANKS_AMONG_OTHERS = 0.5
"""Clash of ranks that are not both in leads: the only ones of their label, or some of several."""
_DIFFERENT_LEADS = 0.4
"""Clash of leads with different ranks, although the texts share some rank."""
_FAMILY_NAME = 0.5
"""Share of a whole name's weight for a family name with a post."""
_UNSURE_NAME = 0.4
"""Share of its weight for a name that may be no person's, and for a place outside the lead."""
_NAMES_MORE = 0.5
"""Weight added to all names, so that one common name is not full agreement."""
_SAME_TRANSCRIBED = 0.6
"""Likeness of sound from which a name without points is a transcription."""
_SAME_OFFICE = 0.6
"""Agreement of guests by country and office alone."""
_OTHER_GUEST = 0.45
"""Likeness of sound below which two transcribed names are of different persons."""
_LATIN_WORD = 0.7
"""Share of a place's weight for a Latin word in both texts."""
_PLACES_MORE = 1.0
"""Weight added to all places, so that one common place is not full agreement."""


@dataclass(frozen=True, slots=True)
class FactComparison:
    """Agreement and contradiction between a Chinese and an English text's facts.

    Per kind, 0-1: `…_agree`, the share of English facts found in Chinese; `…_missing`, the share
    not found; `…_clash`, the strength of a contradiction; `…_said`, True if both texts have
    facts of the kind. `numbers_bits`: information of shared figures, in bits weighed by rarity;
    `numbers_lost`: of the English figures not found, unweighed.
    `dates_lead`: rarity of a day in both leads; `sessions_agree`: rarity of a session number (of a
    meeting, batch or notice) in both: identifiers of one event, not of its whole edition. `moved`:
    a page's date is not that of its text. `remarks`: sentences for an explanation.
    """

    numbers_agree: float = 0.0
    numbers_missing: float = 0.0
    numbers_bits: float = 0.0
    numbers_lost: float = 0.0
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
    direction_agree: float = 0.0
    direction_clash: float = 0.0
    hours_agree: float = 0.0
    hours_clash: float = 0.0
    weekday_agree: float = 0.0
    weekday_clash: float = 0.0
    countries_agree: float = 0.0
    countries_clash: float = 0.0
    sites_clash: float = 0.0
    moved: bool = False
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """Fields of a `FactComparison` for one kind of fact, with remarks."""

    fields: Mapping[str, float | bool] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def compare(
    zh: Facts,
    en: Facts,
    zh_rarity: Rarity,
    en_rarity: Rarity,
    aliases: Mapping[str, str] | None = None,
) -> FactComparison:
    """Compare a Chinese text's facts with an English text's.

    Rarity weighs a fact by the language that it was looked up in: figures among the Chinese
    articles, names among the English ones. `aliases` maps English names to Chinese persons.
    """
    known = aliases or {}
    parts = (
        _figures(zh, en, zh_rarity),
        _days(zh, en, zh_rarity),
        _years(zh, en),
        _periods(zh, en),
        _ordinals(zh, en, zh_rarity),
        _names(zh, en, en_rarity, known),
        _guests(zh, en, known),
        _places(zh, en, zh_rarity, en_rarity),
        _stages(zh, en),
        _marks(zh, en),
    )
    fields = {name: value for part in parts for name, value in part.fields.items()}
    zh_editions, en_editions = _editions(zh), _editions(en)
    if zh_editions and en_editions and not zh_editions & en_editions:
        fields["ordinals_clash"] = max(fields.get("ordinals_clash", 0.0), _EDITIONS_CLASH)
    remarks = tuple(remark for part in parts for remark in part.remarks)
    return FactComparison(**fields, moved=_moved(zh) or _moved(en), remarks=remarks)  # type: ignore[arg-type]


def _figures(zh: Facts, en: Facts, rarity: Rarity) -> _Part:
    distinct: dict[tuple[str, float, int], figures.Quantity] = {}
    for figure in en.figures:
        distinct.setdefault((figure.kind, figure.value, figure.trend), figure)
    shared = {figure: figures.shared_bits(figure, zh.figures) for figure in distinct.values()}
    # Of an amount in two currencies, one is enough: English adds dollars for its readers.
    known = {figure.amount for figure, bits in shared.items() if bits and figure.amount >= 0}
    found = missing = 0.0
    for figure, bits in shared.items():
        if bits:
            found += bits * rarity(key(figure))
        elif figure.amount not in known:
            missing += figure.bits
    total = found + missing
    return _Part(
        {
            "numbers_agree": found / total if total else 0.0,
            "numbers_missing": missing / total if total else 0.0,
            "numbers_bits": found,
            "numbers_lost": missing,
            "numbers_said": bool(total and zh.figures),
        }
    )


@dataclass(frozen=True, slots=True)
class _Days:
    """Days of one text; `leading`: those of its lead, else the first."""

    every: tuple[Day, ...]
    leading: tuple[Day, ...]
    in_lead: bool

    @classmethod
    def of(cls, facts: Facts) -> "_Days":
        """Collect a text's days; of "today (June 12)" only the absolute day."""
        absolute = {(day.month, day.day) for day in facts.calendar.days if not day.relative}
        every = tuple(
            day
            for day in facts.calendar.days
            if not day.relative or (day.month, day.day) not in absolute
        )
        leading = tuple(day for day in every if day.start < facts.lead)
        return cls(every, leading or every[:1], bool(leading))


def _days(zh: Facts, en: Facts, rarity: Rarity) -> _Part:
    zh_days, en_days = _Days.of(zh), _Days.of(en)
    if not zh_days.every or not en_days.every:
        return _Part()
    shared = total = 0.0
    for day in en_days.every:
        weight = rarity(day.key) * (_LEAD_DAY if day.start < en.lead else 1)
        weight *= _RELATIVE_DAY if day.relative else 1.0
        total += weight
        if any(_same_day(other, day) for other in zh_days.every):
            shared += weight
    in_leads = [
        rarity.uniqueness(day.key)
        for day in en_days.leading
        if not day.relative and any(_same_day(other, day) for other in zh_days.leading)
    ]
    clash = _day_clash(zh_days, en_days)
    first = _written(zh_days.leading[0]), _written(en_days.leading[0])
    return _Part(
        {
            "dates_agree": shared / total,
            "dates_clash": clash,
            "dates_lead": max(in_leads, default=0.0),
            "dates_said": True,
        },
        (f"dates clash: {first[0]} against {first[1]}",) if clash else (),
    )


def _day_clash(zh: _Days, en: _Days) -> float:
    """Return the clash, above 0 if neither lead's days occur opposite."""
    if _any_same(zh.every, en.leading) or _any_same(zh.leading, en.every):
        return 0.0
    certain = zh.in_lead and en.in_lead and not en.leading[0].relative
    clash = 1.0 if certain else _DATES_OUTSIDE_LEAD
    if all(any(_slip(a, b) for a in zh.leading) for b in en.leading):
        clash *= _SLIPPED_DATES
    return clash


def _any_same(zh: Iterable[Day], en: tuple[Day, ...]) -> bool:
    return any(_same_day(a, b) for a in zh for b in en)


def _same_day(zh: Day, en: Day) -> bool:
    if zh.lunar != en.lunar or (zh.year and en.year and zh.year != en.year):
        return False
    if en.relative:
        if not (zh.year and en.year):
            return zh.near(en, _RELATIVE_NEAR)
        apart = date(en.year, en.month, en.day) - date(zh.year, zh.month, zh.day)
        return -_NEAR <= apart.days <= _LATE_PAGE
    if zh.relative:
        return zh.near(en, _NEAR)
    return (zh.month, zh.day) == (en.month, en.day)


def _slip(zh: Day, en: Day) -> bool:
    """Return True if days differ by one, or in a page's year.

    Pages moved to a new site have the date of the move.
    """
    if zh.stated and en.stated:
        return zh.near(en, _NEAR)
    return zh.near(en, _NEAR) or (zh.month, zh.day) == (en.month, en.day)


def _written(day: Day) -> str:
    year = f"{day.year}-" if day.year else ""
    return f"{year}{day.month:02d}-{day.day:02d}"


def _years(zh: Facts, en: Facts) -> _Part:
    zh_share, en_share = _year_shares(zh), _year_shares(en)
    fields: dict[str, float | bool] = {}
    remarks: tuple[str, ...] = ()
    if en_share and (zh_share or zh.implied_years):
        known = zh_share.keys() | zh.implied_years
        fields["years_agree"] = sum(part for year, part in en_share.items() if year in known)
    if zh_share and en_share:
        lost_en = _lost(en_share, zh_share.keys() | zh.implied_years)
        lost_zh = _lost(zh_share, en_share.keys() | en.implied_years)
        fields["years_clash"] = clash = min(lost_en, lost_zh)
        if clash > _REMARKED_YEARS:
            remarks = (f"years clash: {sorted(zh_share)} against {sorted(en_share)}",)
    return _Part(fields, remarks)


def _lost(shares: Mapping[int, float], known: Set[int]) -> float:
    """Return the share of years that are not `known`."""
    return sum(part for year, part in shares.items() if year not in known)


def _year_shares(facts: Facts) -> dict[int, float]:
    """Return each year's share of mentions, weighed by `_LEAD_TIMES`."""
    mentions: Counter[int] = Counter()
    for year, start in facts.calendar.years:
        mentions[year] += _LEAD_TIMES if start < facts.lead else 1
    total = sum(mentions.values())
    return {year: count / total for year, count in mentions.items()}


def _editions(facts: Facts) -> frozenset[int]:
    """Return the years in the title, which number reports like sessions."""
    end = facts.whole.find("\n")
    return frozenset(year for year, start in facts.calendar.years if start < end)


def _moved(facts: Facts) -> bool:
    """Return True if a page is years younger than its text.

    Pages moved to a new site have the date of the move.
    """
    years = [year for year, start in facts.calendar.years if start < facts.lead]
    if not years or facts.published is None:
        return False
    return max(years) <= facts.published.year - _YEARS_MOVED


def _periods(zh: Facts, en: Facts) -> _Part:
    zh_periods, en_periods = zh.calendar.periods, en.calendar.periods
    if not zh_periods or not en_periods:
        return _Part()
    lost_en = _lost_periods(en_periods, zh_periods, en.lead)
    clash = min(lost_en, _lost_periods(zh_periods, en_periods, zh.lead))
    remark = (
        f"periods clash: months {zh_periods[0].first}-{zh_periods[0].last} "
        f"against {en_periods[0].first}-{en_periods[0].last}"
    )
    return _Part(
        {"periods_agree": 1 - lost_en, "periods_clash": clash, "periods_said": True},
        (remark,) if clash > _REMARKED_PERIODS else (),
    )


def _lost_periods(own: tuple[Period, ...], other: tuple[Period, ...], lead: int) -> float:
    """Return the share of a text's periods that the other text lacks."""
    weights = [(_LEAD_TIMES if period.start < lead else 1, period) for period in own]
    lost = sum(w for w, period in weights if not any(_same_period(period, o) for o in other))
    return lost / sum(w for w, _ in weights)


def _same_period(first: Period, second: Period) -> bool:
    years, thirds = {first.year, second.year} - {None}, {first.third, second.third} - {None}
    same = (first.first, first.last) == (second.first, second.last)
    return same and len(years) < 2 and len(thirds) < 2


@dataclass(frozen=True, slots=True)
class _Label:
    """Ordinals of both texts with one label; `shared`: common ranks.

    English ordinals without a label are compared with all Chinese ones.
    """

    name: str
    zh: tuple[Ordinal, ...]
    en: tuple[Ordinal, ...]
    shared: frozenset[int]

    @property
    def weight(self) -> float:
        return _LABEL_WEIGHT[self.name]


def _labels(zh: Facts, en: Facts) -> Iterator[_Label]:
    """Yield the labels of the English text's ordinals, in its order."""
    for name in dict.fromkeys(item.label for item in en.ordinals):
        zh_own = tuple(item for item in zh.ordinals if item.label == name)
        en_own = tuple(item for item in en.ordinals if item.label == name)
        yield _Label(name, zh_own, en_own, _ranks(zh_own if name else zh.ordinals) & _ranks(en_own))


def _ranks(ordinals: Iterable[Ordinal]) -> frozenset[int]:
    return frozenset(item.rank for item in ordinals)


def _ordinals(zh: Facts, en: Facts, rarity: Rarity) -> _Part:
    if not zh.ordinals or not en.ordinals:
        return _Part()
    labels = list(_labels(zh, en))
    shared = total = session = 0.0
    for label in labels:
        for item in label.en:
            fact = ("ordinal", label.name, str(item.rank))
            weight = label.weight * rarity(fact)
            weight *= _LEAD_ORDINAL if item.start < en.lead else 1
            total += weight
            if item.rank in label.shared:
                shared += weight
                if label.name in _SESSIONS:
                    session = max(session, rarity.uniqueness(fact))
    clash = max((_label_clash(label, zh.lead, en.lead) for label in labels), default=0.0)
    return _Part(
        {
            "ordinals_agree": min(1.0, shared) * (shared / total) if total else 0.0,
            "ordinals_clash": clash,
            "sessions_agree": session if not clash else 0.0,
            "ordinals_said": any(label.zh for label in labels),
        },
        tuple(
            f"{label.name} numbers clash: {sorted(_ranks(label.zh))} "
            f"against {sorted(_ranks(label.en))}"
            for label in labels
            if label.name and label.zh and not label.shared
        ),
    )


def _label_clash(label: _Label, zh_lead: int, en_lead: int) -> float:
    """Return the clash of a label's ranks, 0-1."""
    if not label.name or not label.zh:
        return 0.0
    in_zh = _ranks(item for item in label.zh if item.start < zh_lead)
    in_en = _ranks(item for item in label.en if item.start < en_lead)
    if label.shared:
        return _DIFFERENT_LEADS * label.weight if in_zh and in_en and not in_zh & in_en else 0.0
    if in_zh and in_en:
        return label.weight
    alone = len(_ranks(label.zh)) == 1 == len(_ranks(label.en))
    return label.weight * (_LONE_RANKS if alone else _RANKS_AMONG_OTHERS)


@dataclass(frozen=True, slots=True)
class _Named:
    """A name of the English text, with weight and presence in Chinese."""

    weight: float
    found: bool
    remark: str = ""


def _names(zh: Facts, en: Facts, rarity: Rarity, aliases: Mapping[str, str]) -> _Part:
    """Compare persons and places that English spells in pinyin, and known aliases."""
    listed = [
        *_aliases(zh, en, rarity, aliases),
        *_pinyin(zh, en, rarity, aliases),
        *_transcribed(zh, en, rarity),
    ]
    found = missing = 0.0
    for name in listed:
        if name.found:
            found += name.weight
        else:
            missing += name.weight
    if not found and not missing:
        return _Part()
    total = found + missing + _NAMES_MORE
    return _Part(
        {"names_agree": found / total, "names_missing": missing / total, "names_said": True},
        tuple(name.remark for name in listed if name.remark),
    )


def _aliases(zh: Facts, en: Facts, rarity: Rarity, aliases: Mapping[str, str]) -> Iterator[_Named]:
    for english in sorted(en.person_names & aliases.keys()):
        person, name = aliases[english], english.title()
        if person in zh.whole:
            yield _Named(
                rarity(("person", english)), True, f"{name} is {person}, as other pairs show"
            )
        else:
            remark = f"{name}, who is {person}, is not named in Chinese"
            yield _Named(rarity(("person", english)), False, remark)


def _pinyin(zh: Facts, en: Facts, rarity: Rarity, aliases: Mapping[str, str]) -> Iterator[_Named]:
    seen = set(en.person_names & aliases.keys())
    for name in en.pinyin:
        if name.letters in seen:
            continue
        seen.add(name.letters)
        fact = ("name", name.letters)
        if name.family:
            # Only the family name can be looked for, and only among those with a post.
            known = romanisation.characters(name.readings[0][0].removeprefix("~"))
            if any(person[0] in known for person in zh.persons):
                yield _Named(_FAMILY_NAME * rarity(fact), True)
            continue
        weight = rarity(fact) * (1.0 if name.person else _UNSURE_NAME)
        missing = f"{name.letters} is not named in Chinese"
        if zh.pinyin_index.find(name):
            yield _Named(weight, True)
        elif name.place:
            # The place that a report is about is in its title or lead.
            weight = rarity(fact) * (1.0 if name.start < en.lead else _UNSURE_NAME)
            yield _Named(weight, False, missing)
        elif name.person:
            yield _Named(weight, False, missing)


def _transcribed(zh: Facts, en: Facts, rarity: Rarity) -> Iterator[_Named]:
    """Yield names of an office that sound like a transcription.

    An absent one is none: that is for `_guests` to judge.
    """
    heard = zh.foreign | zh.transcribed
    for english in sorted(en.foreign | en.transcribed):
        if any(sounds.sound_alike(name, english) >= _SAME_TRANSCRIBED for name in heard):
            yield _Named(rarity(("person", english.lower())), True)


def _guests(zh: Facts, en: Facts, aliases: Mapping[str, str]) -> _Part:
    """Compare foreigners by the sound of their names, else by country."""
    foreign = {name for name in en.foreign if name.lower() not in aliases}
    if zh.foreign and foreign:
        best = max(sounds.sound_alike(a, b) for a in zh.foreign for b in foreign)
        clash = best < _OTHER_GUEST
        fields = {"guests_agree": float(best >= sounds.SAME_SOUND), "guests_clash": float(clash)}
        pair = (min(zh.foreign), min(foreign))
    elif zh.offices & en.offices:
        return _Part({"guests_agree": _SAME_OFFICE})
    elif countries := _foreign_countries(zh, en):
        clash, fields, pair = True, {"guests_clash": 1.0}, countries
    else:
        return _Part()
    return _Part(fields, (f"guests differ: {pair[0]} against {pair[1]}",) if clash else ())


def _foreign_countries(zh: Facts, en: Facts) -> tuple[str, str] | None:
    """Return a country of each lead, if neither text names the other's.

    The names of Koreans and Japanese are no transcriptions: their countries distinguish them.
    """
    in_zh = places.places(zh.whole[: zh.lead], "zh") & places.countries()
    in_en = places.places(en.whole[: en.lead], "en") & places.countries()
    if not in_zh or not in_en or in_zh & en.places or in_en & zh.places:
        return None
    return min(in_zh), min(in_en)


def _places(zh: Facts, en: Facts, zh_rarity: Rarity, en_rarity: Rarity) -> _Part:
    # Sorted: the order of sums must not depend on the hashing of strings.
    shared = sum(zh_rarity(("place", place)) for place in sorted(en.places & zh.places))
    lacking = sorted(en.places - zh.places)
    missing = sum(en_rarity(("place", place)) for place in lacking)
    latin = sum(zh_rarity(("latin", token)) for token in sorted(zh.latin & en.latin))
    shared += _LATIN_WORD * latin
    total = shared + missing + _PLACES_MORE
    return _Part(
        {"places_agree": shared / total, "places_missing": missing / total},
        (f"not named in Chinese: {', '.join(lacking)}",) if lacking else (),
    )


def _marks(zh: Facts, en: Facts) -> _Part:
    found = asdict(marks.compare(zh, en))
    clashing = [name.removesuffix("_clash") for name in found if name.endswith("_clash")]
    return _Part(found, tuple(f"{name} clash" for name in clashing if found[f"{name}_clash"]))


def _stages(zh: Facts, en: Facts) -> _Part:
    if not any(zh.stage) or not any(en.stage):
        return _Part()
    same = sum(min(a, b) for a, b in zip(zh.stage, en.stage, strict=True))
    clash = min(sum(zh.stage), sum(en.stage)) - same
    return _Part({"stage_agree": same, "stage_clash": clash})
