"""Facts of a text, comparable across Chinese and English.

News names its subject in title and lead, so the offset of the lead's end is stored with the facts.
`pipelines.pairs.comparison` compares those of two texts.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from pipelines.facts import dates, names, ordinals, places, sites
from pipelines.facts import figures as quantities
from pipelines.facts.content_words import content_words
from pipelines.facts.dates import Calendar
from pipelines.facts.figures import Quantity
from pipelines.facts.lists import alternatives
from pipelines.facts.names import Name, PinyinIndex
from pipelines.facts.ordinals import Ordinal
from pipelines.facts.rarity import Key, key
from pipelines.facts.sites import Site
from pipelines.facts.titles import titles
from pipelines.text.normal import normalised
from pipelines.text.splitting import unwrapped


@dataclass(frozen=True)
class Facts:
    """Facts of a text.

    Offsets run over the normal form of title, newline, text (`whole`); the lead ends at `lead`.
    `stage` is the share of words for something to come, opening and over, in title (counted twice)
    and lead; the sum is 1, or less of fewer than `_STAGE_WORDS` words. `pinyin` are English names
    in pinyin; Chinese ones are found through `pinyin_index`. `words` are of the whole Chinese text,
    or of English title and lead.
    """

    lang: str
    lead: int
    figures: tuple[Quantity, ...]
    calendar: Calendar
    ordinals: tuple[Ordinal, ...]
    pinyin: tuple[Name, ...]
    persons: frozenset[str]
    foreign: frozenset[str]
    places: frozenset[str]
    latin: frozenset[str]
    titles: tuple[str, ...]
    stage: tuple[float, float, float]
    implied_years: frozenset[int]
    published: date | None
    transcribed: frozenset[str] = frozenset()
    offices: frozenset[tuple[str, str]] = frozenset()
    sites: tuple[Site, ...] = ()
    words: frozenset[str] = frozenset()
    whole: str = field(repr=False, default="")

    @property
    def pinyin_index(self) -> PinyinIndex:
        """Index of the text by pinyin syllable (Chinese only)."""
        return names.pinyin_index(self.whole)

    @property
    def keys(self) -> frozenset[Key]:
        """Facts as countable keys, for rarity and for finding candidates.

        Persons are spelt in pinyin in both languages, so that they can be looked up.
        """
        found: set[Key] = {key(figure) for figure in self.figures if figure.bits >= 3}
        found |= {day.key for day in self.calendar.days}
        found |= {("ordinal", item.label, str(item.rank)) for item in self.ordinals if item.label}
        found |= {("place", place) for place in self.places}
        found |= {("latin", token) for token in self.latin} if self.lang == "zh" else set()
        found |= self._sites
        found |= {("name", name.letters) for name in self.pinyin}
        for person in self.persons:
            found.add(("name", "".join(names.readings(char)[0] for char in person)))
        found |= {
            ("period", str(item.first), str(item.last), str(item.year or ""))
            for item in self.calendar.periods
        }
        if max(self.stage) >= _STAGE_CLEAR:
            found.add(("stage", str(self.stage.index(max(self.stage)))))
        return frozenset(found | {("person", name) for name in self.person_names})

    @property
    def person_names(self) -> frozenset[str]:
        """Names of persons in an English text, in lower case."""
        if self.lang != "en":
            return frozenset()
        spelt = {name.letters for name in self.pinyin if name.person or name.family}
        return frozenset(spelt | {name.lower() for name in self.foreign})

    @property
    def _sites(self) -> set[Key]:
        """Keys of the sites of an English text."""
        sites = self.sites if self.lang == "en" else ()
        return {("site", site.kind, site.name) for site in sites}

    @property
    def weighed(self) -> frozenset[Key]:
        """Keys that are weighed in comparing this English text."""
        found: set[Key] = {key(figure) for figure in self.figures}
        found |= {day.key for day in self.calendar.days}
        found |= {("ordinal", item.label, str(item.rank)) for item in self.ordinals}
        found |= {("place", place) for place in self.places}
        found |= {("latin", token) for token in self.latin}
        found |= {("person", name) for name in self.person_names}
        found |= self._sites
        return frozenset(found | {("name", name.letters) for name in self.pinyin})


def _stage_pattern(name: str, *patterns: str) -> re.Pattern[str]:
    zh, en = alternatives(name, "zh"), alternatives(name, "en")
    return re.compile("|".join((*patterns, zh, rf"\b(?:{en})\b")), re.IGNORECASE)


_BEGINS = (
    "开幕|举[行办]|召开|启动|启用|投用|运行|开[赛跑馆园业放通学班演机讲]|拉开|揭幕|亮相|上线|登场"
)
_FUTURE = _stage_pattern(
    "coming",
    # An event that is to open or be held is still to come: the verb is read with its future.
    rf"(?:将于|将在|即将|拟于|定于|将正式)(?:[^。；\n]{{0,24}}?(?:{_BEGINS}))?|将[^。；，\n]{{0,4}}?(?:{_BEGINS})",
)
_OPENING, _OVER = _stage_pattern("opening"), _stage_pattern("over")
_YEAR_WORDS = re.compile(
    r"(?P<before>前年|the year before last)|(?P<last>去年|上年|last year|previous year)"
    r"|(?P<next>明年|next year)|今年|this year",
    re.IGNORECASE,
)


_YEARS_ON = {"before": -2, "last": -1, "next": 1}


def facts(
    text: str, lang: str, *, title: str = "", published: datetime | None = None, url: str = ""
) -> Facts:
    """Read the facts of an article.

    `lang` is zh or en; `published` and `url` resolve years.
    """
    whole = normalised(f"{title}\n{unwrapped(text, lang)}")
    when = dates.calendar(whole, lang, published=published, url=url)
    ranks = ordinals.ordinals(whole, lang)
    unread = quantities.masked(whole, [*when.spans, *((item.start, item.end) for item in ranks)])
    lead = _lead_end(whole, lang)
    page = published.date() if published else dates.url_date(url)
    return Facts(
        lang=lang,
        lead=lead,
        figures=quantities.quantities(unread, lang),
        calendar=when,
        ordinals=ranks,
        pinyin=names.english_names(whole) if lang == "en" else (),
        persons=names.chinese_names(whole) if lang == "zh" else frozenset(),
        foreign=names.foreign_names(whole, lang),
        places=places.places(whole, lang),
        latin=places.latin(whole),
        titles=titles(whole, lang),
        stage=_stage(whole[:lead] + "\n" + title, _ahead(when, lead, page)),
        implied_years=_implied(whole, when, page) | _planned(ranks),
        published=published.date() if published else None,
        transcribed=names.transcribed(whole, lang),
        offices=places.offices(whole, lang),
        sites=sites.sites(whole, lang),
        words=content_words(whole, lead, lang),
        whole=whole,
    )


_YEARS_OF_A_PLAN = 5
_SIXTH_PLAN = 1981
"""First year of the sixth five-year plan; those before it did not follow each other at once."""


def _planned(ranks: Iterable[Ordinal]) -> frozenset[int]:
    """Return the years of the five-year plans named.

    十四五 is 2021 to 2025.
    """
    plans = (item.rank for item in ranks if item.label == "plan")
    firsts = (_SIXTH_PLAN + _YEARS_OF_A_PLAN * (plan - 6) for plan in plans)
    return frozenset(first + at for first in firsts for at in range(_YEARS_OF_A_PLAN))


_LEAD = {"zh": (60, 150), "en": (200, 500)}
"""Characters of a lead, at least and at most: two or three sentences; set by hand, not measured."""


def _lead_end(whole: str, lang: str) -> int:
    """Return the end of title and first paragraph, within `_LEAD`."""
    body = whole.find("\n") + 1
    end = whole.find("\n", body)
    least, most = _LEAD[lang]
    end = len(whole) if end < 0 else end
    return min(len(whole), max(min(end, body + most), body + least))


def _ahead(when: Calendar, lead: int, page: date | None) -> bool:
    """Return True if the lead's first day is two days ahead."""
    named = next((day for day in when.days if day.start < lead and not day.relative), None)
    if named is None or named.year is None or page is None:
        return False
    # As a difference: at the end of the calendar there is no day after the page's.
    return (date(named.year, named.month, named.day) - page).days > 1


_STAGE_CLEAR = 0.65
"""Share from which a text's stage is a fact to count; set by hand, not measured."""
_STAGE_WORDS = 3
"""Words from which on the shares of the stages sum to 1; set by hand, not measured."""
_DAY_AHEAD = 2
"""Words of something to come for which a day after the page's counts; set by hand, not measured."""


def _stage(lead: str, ahead: bool) -> tuple[float, float, float]:
    future = len(_FUTURE.findall(lead)) + _DAY_AHEAD * ahead
    rest = _FUTURE.sub(" ", lead)
    counts = [future, *(len(pattern.findall(rest)) for pattern in (_OPENING, _OVER))]
    total = max(_STAGE_WORDS, sum(counts))
    return counts[0] / total, counts[1] / total, counts[2] / total


def _implied(whole: str, when: Calendar, page: date | None) -> frozenset[int]:
    years = {day.year for day in when.days if day.year} | {p.year for p in when.periods if p.year}
    base = page.year if page else None
    if base is not None:
        years.add(base)
        for hit in _YEAR_WORDS.finditer(whole):
            years.add(base + _YEARS_ON.get(hit.lastgroup or "", 0))
    return frozenset(years)
