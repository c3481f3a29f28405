"""Figures of an English text."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipelines.facts import units
from pipelines.facts.clocks import EN_CLOCK, clocks, masked
from pipelines.facts.lapses import lapses
from pipelines.facts.quantity import Quantity, digits, half_digit, rounded, vague
from pipelines.facts.trends import trend
from pipelines.facts.units import Unit
from pipelines.text import numerals

_FIGURE = r"\d{1,3}(?:,\d{3}){1,5}(?:\.\d{1,6})?|\d{1,15}(?:\.\d{1,6})?"
_SPACED = r"\d{1,3}(?: \d{3}){1,4}(?![\d,.]\d|\d)"
_LOOSE = (
    r"nearly|almost|about|around|approximately|roughly|some|over|more than|at least|up to|"
    r"less than|close to|exceeding|above|an estimated|estimated"
)
_BOUNDING = ("at least", "up to", "less than")
_SCALE = (
    r"hundred million|trillion|billion|million|thousand|hundred|dozen|crore|lakh"
    r"|(?:bn|bln|mn|mln|trn|trln|tn)\b"
)
# 4.8m tonnes, 3m people: the letter counts; a 3m wall is as high.
_THINGS = rf" (?:people|(?!(?:across|areas?)\b)[a-z]{{3,}}s\b|(?:{units.EN_PATTERN}))"
_ONE_OF = rf"\ban? (?:full )?(?=(?:{_SCALE})\b|percentage[- ]point)"
_FIGURES = re.compile(
    rf"(?:\b(?P<loose>{_LOOSE}) )?"
    rf"(?P<prefix>(?<![A-Za-z])(?:{units.PREFIX_PATTERN}))? ?"
    rf"(?:(?<=(?i:rmb|cny|usd|mop|eur|jpy))|(?<![\w.]))"
    rf"(?P<n>{_SPACED}|{_FIGURE}|\b{numerals.EN_CARDINAL}\b|{_ONE_OF})"
    rf"(?:(?: ?(?P<u0>%))? ?(?:-|–|—|to) ?(?P<m>{_FIGURE})(?= ?(?:%|per|million|billion)))?"
    rf"(?:[- ]?(?:(?P<scale>{_SCALE})|(?P<m_of>m)(?={_THINGS})|(?P<short>[mbkt])\b(?!/)))?"
    rf"(?P<odd>\+)?[- ]?(?:full |of an? (?=percentage))?(?P<unit>{units.EN_PATTERN})?"
    r"(?: (?:per|an?) (?P<per>hectare|ha\b))?",
    re.IGNORECASE,
)
_SHORT = {"m": 1e6, "b": 1e9, "k": 1e3, "t": 1e12}
_PARTS = {"half": 2, "halve": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6,
          "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10}  # fmt: skip
_FRACTION = re.compile(
    rf"\b(?:(?P<loose>{_LOOSE}) )?(?:"
    rf"(?P<n>two|three|four|five|six|seven|eight|nine)[- ](?P<of>{'|'.join(_PARTS)})s\b"
    rf"|one-(?P<one>{'|'.join(_PARTS)})\b|(?:an?|one) (?P<a>{'|'.join(_PARTS)})(?= of\b)"
    rf"|(?:(?<=\bby )|(?<=\bto )|(?<=\bthan )|(?<=\bover ))(?:an?|one) (?P<by>{'|'.join(_PARTS)})"
    r"(?=[.,;:)]|$| (?:from|in|year|compared|on)\b)"
    r"|(?P<few>one|two|three|four|five|six|seven|eight|nine|[1-9]) (?:in|out of)"
    r" (?:every )?(?P<many>three|four|five|ten|10|twenty|hundred|100)\b"
    r"(?! (?:a\.?m|p\.?m|o')|[-,.:]\d)"
    r"|half(?= (?:of|the|its|their|all)\b)|halved\b|halving\b|half[- ]price\b)",
    re.IGNORECASE,
)
# A part of one unit: half a kilometer, three quarters of an hour, half a million.
_PART = re.compile(
    r"\b(?:(?:half(?: of)?|(?:an?|one) (?P<a>quarter|third) of"
    r"|(?P<n>two|three)[- ](?P<of>quarter|third)s of)"
    r" (?:an?|one)|(?<!first )(?<!second )(?<!and[- ]a[- ])half"
    r"(?=[- ](?:hour|day|year|mile|kilo)))[- ](?:(?P<scale>million|billion|trillion|dozen)\b ?)?"
    rf"(?P<unit>{units.EN_PATTERN})?",
    re.IGNORECASE,
)
# One and a half million, two and a half years, an hour and a half.
_AND_HALF = re.compile(
    rf"(?<![\w.])(?P<n>{_FIGURE}|{numerals.EN_CARDINAL}|an?)(?: (?P<first>{units.EN_PATTERN}))?"
    rf"[- ]and[- ](?:a|one)[- ](?P<part>half|quarter)(?: (?P<scale>{_SCALE}))?"
    rf"(?:[- ](?P<unit>{units.EN_PATTERN}))?",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"\b(?:(?P<of>tens|dozens|scores|hundreds|thousands) of )?"
    r"(?P<n>tens|dozens|scores|hundreds|thousands|millions|billions|trillions)"
    rf"(?(of)\b(?: of\b)?| of\b)(?: (?P<unit>{units.EN_PATTERN}))?"
    r"|\b(?:several|a few) (?P<few>dozen|hundred|thousand|million|billion)\b"
    rf"(?: (?P<unit2>{units.EN_PATTERN}))?",
    re.IGNORECASE,
)
_DECADES = {"twenties": 20, "thirties": 30, "forties": 40, "fifties": 50, "sixties": 60,
            "seventies": 70, "eighties": 80, "nineties": 90}  # fmt: skip
_DECADE_OF_LIFE = re.compile(
    rf"\bin (?:his|her|their|my) (?:early |mid-?|late )?"
    rf"(?:(?P<n>[2-9]0)s|(?P<word>{'|'.join(_DECADES)}))\b",
    re.IGNORECASE,
)
# Six per 100,000; with people after it, both are counts, as in Chinese.
_RATE = re.compile(
    rf"(?<![\w.,])(?P<n>{_FIGURE}|{numerals.EN_CARDINAL}) per"
    rf" (?P<of>1\d*(?:,000)+|(?:one |a )?(?:ten |hundred )?(?:thousand|million))\b(?! [a-z])",
    re.IGNORECASE,
)
_LEAST_WHOLE = 1000
"""People of a rate, at least."""
_VAGUE_SCALES = {"tens": 10, "dozens": 10, "dozen": 10, "scores": 10} | {
    form: numerals.SCALES[word]
    for word in ("hundred", "thousand", "million", "billion", "trillion")
    for form in (word, f"{word}s")
}
_MULTIPLIED = re.compile(
    r"\b(?:(?P<two>doubl(?:ed|ing)|double (?=the |that |those |last )|twice|two-?fold)"
    r"|(?P<three>tripl(?:ed|ing)|triple (?=the |that |those |last )|trebled|three-?fold)"
    r"|(?P<four>quadrupl(?:ed|ing)|four-?fold)"
    r"|(?P<fold>five|six|seven|eight|nine|ten)-?fold)\b"
    r"(?P<often>(?<=twice)(?= (?:an?|per|each|every|daily|weekly|monthly|yearly)\b))?",
    re.IGNORECASE,
)
# "310, or 60 percent" is one figure twice: the first is no percentage.
_LIST = re.compile(r",? ?(?:and|to)? ?(?:minus )?| or ")
_RANGE = re.compile(r" ?(?:to|or|-|–) ?")
_IN_OTHER_UNITS = re.compile(
    r" ?\((?:(?:or|about|around|approximately|roughly|equivalent to|equal to|some)[ ,]*){0,4}"
    r"|,? or (?:about |around |approximately |roughly )?|,? (?:equivalent|equal) to (?:about )?",
    re.IGNORECASE,
)
_MU = 15
"""Mu of a hectare."""
_RISING = ("percent", "points", "times")
"""Classes of figures that something rises by."""
_Found = tuple[Quantity, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Scaled:
    """Unit and scale of a figure that begins at `start`.

    `spelt`: scale at the end of the numeral itself, as in "three hundred".
    """

    unit: Unit
    scale: float
    start: int
    spelt: float = 1.0


def english(text: str) -> Iterator[Quantity]:
    """Yield the figures of an English text."""
    read = [*lapses(text, "en")]
    read += _parts(masked(text, [span for _, span in read]))
    rest = masked(text, [span for _, span in read])
    read += [*_shares(rest), *clocks(EN_CLOCK, rest)]
    rest = masked(rest, [span for _, span in read])
    following: _Scaled | None = None
    # Backwards, because in "3.8, 5.9 and 5.4 percent" the last figure names the unit of all.
    for hit in reversed(list(_FIGURES.finditer(rest))):
        if _is_name(hit, rest):
            continue
        following = _scaled(hit, rest, following)
        read += ((figure, hit.span()) for figure in _figures(hit, following, rest))
    yield from _with_amounts(read, text)


def _with_amounts(read: Sequence[_Found], text: str) -> Iterator[Quantity]:
    """Yield figures, those of one amount in two units marked."""
    ordered = sorted(read, key=lambda found: (found[1], found[0].value))
    figures = [figure for figure, _ in ordered]
    for at, ((one, (_, end)), (two, (start, _))) in enumerate(pairwise(ordered)):
        money = {one.kind, two.kind} <= units.MONEY
        comparable = money or one.kind == two.kind not in ("count", "percent")
        if comparable and end <= start and _IN_OTHER_UNITS.fullmatch(text, end, start):
            first = figures[at].amount if figures[at].amount >= 0 else one.start
            figures[at] = replace(figures[at], amount=first)
            figures[at + 1] = replace(two, amount=first)
    yield from figures


def _is_name(hit: re.Match[str], text: str) -> bool:
    """Return True for 5G, 3D, 29th."""
    after = text[hit.end("n") : hit.end("n") + 1]
    if not hit["n"][0].isdigit() or not after.isalpha():
        return False
    short = hit["short"] and (_is_money(hit) or hit["short"] in "mt")
    return not (hit["scale"] or hit["unit"] or hit["m_of"] or short)


def _is_money(hit: re.Match[str]) -> bool:
    prefix = units.PREFIXES.get(numerals.folded(hit["prefix"] or ""), "")
    return bool({prefix, units.english(hit["unit"]).kind} & units.MONEY)


def _parts(text: str) -> Iterator[_Found]:
    """Yield parts of a unit, and "hundreds of", with spans."""
    for hit in _PART.finditer(text):
        if hit["scale"] or hit["unit"]:
            part = 1 / _PARTS[numerals.folded(hit["a"] or hit["of"] or "half")]
            part *= numerals.english(hit["n"] or "one") or 1
            yield _part(hit, part, hit["unit"], text)
    for hit in _AND_HALF.finditer(text):
        single = numerals.folded(hit["n"]) in ("a", "an")
        value = 1.0 if single else _value(hit["n"])
        if value is None or not (hit["first"] or (not single and (hit["unit"] or hit["scale"]))):
            continue
        value += 1 / _PARTS[numerals.folded(hit["part"])]
        yield _part(hit, value, hit["first"] or hit["unit"], text)
    for hit in _DECADE_OF_LIFE.finditer(text):
        age = int(hit["n"] or _DECADES[numerals.folded(hit["word"])]) + 5.0
        yield Quantity("age", age, 5.0, start=hit.start()), hit.span()
    for hit in _VAGUE.finditer(text):
        scale = _VAGUE_SCALES[numerals.folded(hit["n"] or hit["few"])]
        scale *= _VAGUE_SCALES[numerals.folded(hit["of"])] if hit["of"] else 1
        unit = units.english(hit["unit"] or hit["unit2"])
        value, half = vague(scale * unit.factor)
        yield Quantity(unit.kind, value, half, start=hit.start()), hit.span()


def _part(hit: re.Match[str], value: float, unit: str | None, text: str) -> _Found:
    found = units.english(unit)
    by = found.factor * numerals.SCALES.get(numerals.folded(hit["scale"] or ""), 1)
    sign = trend(text, *hit.span(), "en") if found.kind in _RISING else 0
    return Quantity(found.kind, value * by, 0.05 * by, start=hit.start(), trend=sign), hit.span()


def _value(written: str) -> float | None:
    return digits(written) if written[0].isdigit() else numerals.english(written)


def _shares(text: str) -> Iterator[_Found]:
    """Yield fractions and multiples, with the span of each."""
    for hit in _FRACTION.finditer(text):
        if hit["many"]:
            share = 100 * _whole(hit["few"]) / _whole(hit["many"])
            if share < 100:
                yield Quantity("percent", share, 1.0, bool(hit["loose"]), hit.start()), hit.span()
            continue
        of = numerals.folded(hit["of"] or hit["one"] or hit["a"] or hit["by"] or "half")
        value = 100 * (numerals.english(hit["n"] or "one") or 1) / _PARTS[of]
        half = 2.0 if _PARTS[of] == 2 else 1.0
        yield Quantity("percent", value, half, bool(hit["loose"]), hit.start()), hit.span()
    for hit in _MULTIPLIED.finditer(text):
        times = 2.0 if hit["two"] else 3.0 if hit["three"] else _value(hit["fold"] or "four") or 4.0
        kind = "times" if hit["often"] is None else "count"
        yield Quantity(kind, times, 0.25, start=hit.start()), hit.span()
    for hit in _RATE.finditer(text):
        part, whole = _whole(hit["n"]), _whole(hit["of"])
        if whole >= _LEAST_WHOLE:
            yield Quantity("percent", 100 * part / whole, 50 / whole, start=hit.start()), hit.span()


def _whole(written: str) -> float:
    return _value(written) or 1


def _is_bare(hit: re.Match[str]) -> bool:
    return not (hit["scale"] or hit["unit"] or hit["prefix"] or hit["short"] or hit["m_of"])


def _scaled(hit: re.Match[str], text: str, following: _Scaled | None) -> _Scaled:
    """Return a figure's own unit, or in a list the `following` one's."""
    start = hit.start("loose") if hit["loose"] else hit.start("n")
    if following is not None and _is_bare(hit) and _is_listed(hit, text, following):
        if not hit["n"][0].isdigit():
            scale = following.scale * (following.spelt if (_value(hit["n"]) or 0) < 10 else 1)
        else:
            scale = 1.0 if digits(hit["n"]) >= 1000 else following.scale
        return _Scaled(following.unit, scale, start)
    scale = math.prod(numerals.SCALES[word] for word in numerals.folded(hit["scale"] or "").split())
    scale *= _SHORT["m"] if hit["m_of"] else 1
    prefix = units.PREFIXES.get(numerals.folded(hit["prefix"] or ""))
    unit = Unit(prefix, 1.0) if prefix else units.english(hit["unit"])
    if short := numerals.folded(hit["short"] or ""):
        if _is_money(hit):
            scale = _SHORT[short]
        elif short in "mt":
            unit = units.english({"m": "meters", "t": "tons"}[short])
    if hit["per"] and unit.kind == "mass":
        unit = Unit("mass", unit.factor / _MU)
    last = numerals.folded(hit["n"]).split()[-1]
    return _Scaled(unit, scale, start, numerals.SCALES.get(last, 1.0))


def _is_listed(hit: re.Match[str], text: str, following: _Scaled) -> bool:
    pattern = _LIST if hit["n"][0].isdigit() else _RANGE
    return pattern.fullmatch(text, hit.end(), following.start) is not None


def _figures(hit: re.Match[str], scaled: _Scaled, text: str) -> Iterator[Quantity]:
    """Yield the figure of a match, or both ends of a range."""
    unit = scaled.unit
    loose = hit["odd"] is not None or (
        hit["loose"] is not None and numerals.folded(hit["loose"]) not in _BOUNDING
    )
    by = scaled.scale * unit.factor
    sign = trend(text, hit.start(), hit.end(), "en") if unit.kind in _RISING else 0
    for written, start, at in (
        (hit["n"], hit.start(), hit.start("n")),
        (hit["m"], hit.start("m"), hit.start("m")),
    ):
        if not written:
            continue
        if written[0].isdigit():
            value: float | None = digits(written)
            half = half_digit(written) * by
        else:
            value = 1.0 if written.lower().startswith(("a ", "an ")) else numerals.english(written)
            # "two million" in words is as round as its last word
            half = by * rounded(
                value or 0, 0.5 * (1 if (value or 0) < 1000 else 0.1 * (value or 0))
            )
            if value == 1 and _is_bare(hit) and scaled.scale == 1:
                continue
        if value and unit.kind in units.TEMPERATURES and _is_below(text, at, hit.end()):
            value = -value
        if value:
            yield Quantity(unit.kind, value * by, half, loose, start, sign)


_BEFORE_BELOW = 9
"""Characters before a figure in which its sign is looked for: the longest one is "negative "."""
_SIGN = re.compile(r"(?:\b(?:minus|negative) |(?<![\w)°]) ?-)$", re.IGNORECASE)
_BELOW = re.compile(r"[ °A-Za-z]{0,20} below (?:zero|freezing)", re.IGNORECASE)


def _is_below(text: str, start: int, end: int) -> bool:
    """Return True for a temperature below zero."""
    before = text[max(0, start - _BEFORE_BELOW) : start]
    return bool(_SIGN.search(before) or _BELOW.match(text, end))
