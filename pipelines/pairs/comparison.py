"""Agreement and contradiction between a Chinese and an English text's facts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

from pipelines.facts import figures, places, romanisation, sites, sounds
from pipelines.facts.facts import Facts
from pipelines.facts.ordinals import Ordinal
from pipelines.facts.rarity import Rarity, key
from pipelines.pairs import marks, timing
from pipelines.pairs.timing import Part

# The constants of this module are set by hand and not measured one by one: each shapes a feature
# of order one, and the model learns from examples how much a feature counts (`pairing.json`).
_EDITIONS_CLASH = 0.8
"""Clash of ordinals for titles with different years: the year is the number of a report."""
_LABEL_WEIGHT = {
    "meeting": 1.0, "event": 1.0, "term": 0.8, "anniversary": 0.7, "batch": 0.6, "phase": 0.6,
    "week": 0.8, "number": 0.6, "document": 0.6, "part": 0.6, "line": 0.7, "institution": 0.7,
    "census": 0.5, "chapter": 0.5, "article": 0.4, "place": 0.4, "running": 0.4, "person": 0.4,
    "prize": 0.4, "plenum": 0.4, "party": 0.4, "plan": 0.4, "century": 0.2, "": 0.2,
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
_SPELT_SITE = 0.5
"""Share of its weight for a site in pinyin, which is weighed among the names too."""
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
        *timing.compare(zh, en, zh_rarity),
        _ordinals(zh, en, zh_rarity),
        _names(zh, en, en_rarity, known),
        _guests(zh, en, known),
        _places(zh, en, zh_rarity, en_rarity),
        _stages(zh, en),
        _marks(zh, en),
    )
    fields = {name: value for part in parts for name, value in part.fields.items()}
    zh_editions, en_editions = timing.editions(zh), timing.editions(en)
    if zh_editions and en_editions and not zh_editions & en_editions:
        fields["ordinals_clash"] = max(fields.get("ordinals_clash", 0.0), _EDITIONS_CLASH)
    remarks = tuple(remark for part in parts for remark in part.remarks)
    return FactComparison(**fields, moved=timing.moved(zh) or timing.moved(en), remarks=remarks)  # type: ignore[arg-type]


def _figures(zh: Facts, en: Facts, rarity: Rarity) -> Part:
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
    return Part(
        {
            "numbers_agree": found / total if total else 0.0,
            "numbers_missing": missing / total if total else 0.0,
            "numbers_bits": found,
            "numbers_lost": missing,
            "numbers_said": bool(total and zh.figures),
        }
    )


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


def _ordinals(zh: Facts, en: Facts, rarity: Rarity) -> Part:
    if not zh.ordinals or not en.ordinals:
        return Part()
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
    return Part(
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


def _names(zh: Facts, en: Facts, rarity: Rarity, aliases: Mapping[str, str]) -> Part:
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
        return Part()
    total = found + missing + _NAMES_MORE
    return Part(
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


def _guests(zh: Facts, en: Facts, aliases: Mapping[str, str]) -> Part:
    """Compare foreigners by sound, else offices, countries, officials."""
    foreign = {name for name in en.foreign if name.lower() not in aliases}
    best = max((sounds.sound_alike(a, b) for a in zh.foreign for b in foreign), default=None)
    unsure = best is None or _OTHER_GUEST <= best < sounds.SAME_SOUND
    if best is not None and not unsure:
        clash = best < _OTHER_GUEST
        fields = {"guests_agree": float(best >= sounds.SAME_SOUND), "guests_clash": float(clash)}
        pair = (min(zh.foreign), min(foreign))
    elif zh.offices & en.offices:
        return Part({"guests_agree": _SAME_OFFICE})
    elif differ := _foreign_countries(zh, en) or marks.officials(zh, en, aliases.keys()):
        clash, fields, pair = True, {"guests_clash": 1.0}, differ
    else:
        return Part()
    return Part(fields, (f"guests differ: {pair[0]} against {pair[1]}",) if clash else ())


def _foreign_countries(zh: Facts, en: Facts) -> tuple[str, str] | None:
    """Return a country of each lead, if neither text names the other's.

    The names of Koreans and Japanese are no transcriptions: their countries distinguish them.
    """
    in_zh = places.places(zh.whole[: zh.lead], "zh") & places.countries()
    in_en = places.places(en.whole[: en.lead], "en") & places.countries()
    if not in_zh or not in_en or in_zh & en.places or in_en & zh.places:
        return None
    return min(in_zh), min(in_en)


def _places(zh: Facts, en: Facts, zh_rarity: Rarity, en_rarity: Rarity) -> Part:
    # Sorted: the order of sums must not depend on the hashing of strings.
    shared = sum(zh_rarity(("place", place)) for place in sorted(en.places & zh.places))
    lacking = sorted(en.places - zh.places)
    missing = sum(en_rarity(("place", place)) for place in lacking)
    latin = sum(zh_rarity(("latin", token)) for token in sorted(zh.latin & en.latin))
    shared += _LATIN_WORD * latin
    for site in en.sites:
        if (judged := sites.sought(site, zh.sites)) is not None:
            weight = en_rarity(("site", site.kind, site.name))
            weight *= _SPELT_SITE if judged.spelt else 1.0
            weight *= 1.0 if site.start < en.lead else _UNSURE_NAME
            if judged.found:
                shared += weight
            else:
                missing += weight
                lacking.append(f"{site.name} ({site.kind})")
    total = shared + missing + _PLACES_MORE
    return Part(
        {"places_agree": shared / total, "places_missing": missing / total},
        (f"not named in Chinese: {', '.join(lacking)}",) if lacking else (),
    )


def _marks(zh: Facts, en: Facts) -> Part:
    found = asdict(marks.compare(zh, en))
    clashing = [name.removesuffix("_clash") for name in found if name.endswith("_clash")]
    return Part(found, tuple(f"{name} clash" for name in clashing if found[f"{name}_clash"]))


def _stages(zh: Facts, en: Facts) -> Part:
    if not any(zh.stage) or not any(en.stage):
        return Part()
    same = sum(min(a, b) for a, b in zip(zh.stage, en.stage, strict=True))
    clash = min(sum(zh.stage), sum(en.stage)) - same
    return Part({"stage_agree": same, "stage_clash": clash})
