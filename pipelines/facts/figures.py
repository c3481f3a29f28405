"""Figures with their units, comparable across Chinese and English.

A quantity is a value in the base unit of its class (people and things are one class, `count`),
with the precision of its notation: 4.72万亿元 and 4.72 trillion yuan are both 4.72e12 CNY,
give or take 5e9. Two agree if their difference is within the coarser precision, so rounding is
allowed as far as the rounded side admits it.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipelines.facts.lists import rows
from pipelines.text import numerals

_LEAST_BITS, _MOST_BITS = 0.5, 12.0
"""Bounds of a figure's information, so that no figure is worthless and none decides alone; set by
hand, not measured."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """Figure in the base unit of its `kind`.

    `half` is half of the last written digit. `loose` marks a figure written as approximate (近,
    余, nearly, more than). `start` is its offset in the text.
    """

    kind: str
    value: float
    half: float
    loose: bool = False
    start: int = 0

    @property
    def bits(self) -> float:
        """Information: log2 of the significant digits as a number, 0.5-12."""
        return min(
            _MOST_BITS, max(_LEAST_BITS, math.log2(max(1.0, abs(self.value) / (2 * self.half))))
        )


@dataclass(frozen=True, slots=True)
class _UnitRow:
    """Row of `units.tsv`: a unit's class, factor and forms."""

    kind: str
    factor: float
    zh: tuple[str, ...]
    en: tuple[str, ...]


def _unit_rows() -> Iterator[_UnitRow]:
    for kind, factor, zh, en in rows("units.tsv"):
        over, _, under = factor.partition("/")
        value = float(over) / float(under or 1)
        yield _UnitRow(kind, value, tuple(filter(None, zh.split("|"))), tuple(en.split("|")))


def _en_pattern(form: str) -> str:
    """Return a form's pattern: `[s]` optional, `-` also a space."""
    pattern = re.sub(r"\\\[(.+?)\\\]", r"(?:\1)?", re.escape(form)).replace(r"\-", "[- ]")
    return pattern + (r"\b" if form.isascii() and form != "%" else "")


_UNITS = tuple(_unit_rows())
_ZH_UNITS = {form: (unit.kind, unit.factor) for unit in _UNITS for form in unit.zh}
_EN_UNITS = tuple(
    (_en_pattern(form), unit.kind, unit.factor)
    for form, unit in sorted(
        ((form, unit) for unit in _UNITS for form in unit.en),
        key=lambda row: len(row[0]),
        reverse=True,
    )
)
_PREFIXES = {
    "rmb": "CNY",
    "cny": "CNY",
    "¥": "CNY",
    "￥": "CNY",
    "hk$": "HKD",
    "us$": "USD",
    "usd": "USD",
    "$": "USD",
    "mop$": "MOP",
    "mop": "MOP",
    "s$": "SGD",
    "a$": "AUD",
    "eur": "EUR",
    "jpy": "JPY",
    "€": "EUR",
    "£": "GBP",
}

_FIGURE = r"\d{1,3}(?:,\d{3}){1,5}(?:\.\d{1,6})?|\d{1,15}(?:\.\d{1,6})?"
# Thousands may be set apart by a space, in Hong Kong in Chinese too: 301 000.
_SPACED = r"\d{1,3}(?: \d{3}){1,4}(?![\d,.]\d|\d)"
_ZH_WORDS = (
    r"[一二两三四五六七八九十百千][零〇一二两三四五六七八九十百千]{0,11}"
    r"(?:点[零〇一二三四五六七八九]{1,6})?"
)
_ZH_SCALE = (
    r"万亿|千亿|百亿|十亿|亿|千万(?!瓦)|百万|十万|万|千(?!瓦|米|克|伏|卡|年)|百(?!分|年|货|姓)"
)
_ZH_LOOSE = r"上(?=[百千万亿])|将近|接近|近|约为|约|大约|超过|超|逾|突破|不足|至少|多达|高达|达到?"
_ZH_BOUNDING = ("达", "达到", "至少", "多达", "高达")
_ZH = re.compile(
    rf"(?P<loose>{_ZH_LOOSE})?(?P<n>{_SPACED}|{_FIGURE}|{_ZH_WORDS}|(?<=[上近超逾])[万亿])(?P<few>[余多])?"
    rf"(?:(?P<s0>{_ZH_SCALE})?(?P<u0>%|‰)?(?:[-—–~～至到]|至)(?P<m>{_FIGURE}|{_ZH_WORDS}))?"
    rf"(?P<scale>{_ZH_SCALE})?(?P<odd>余|多|来)?"
    rf"(?P<unit>{'|'.join(sorted(map(re.escape, _ZH_UNITS), key=len, reverse=True))})?"
    r"(?P<after>左右|上下|以上|以下|多)?"
)
_ZH_FRACTION = re.compile(
    rf"(?P<of>百|千|万|{_ZH_WORDS}|\d{1, 4})分之(?P<n>{_FIGURE}|{_ZH_WORDS})(?!\d)"
)
_ZH_TENTHS = re.compile(
    r"(?<![一二两三四五六七八九十\d])(?P<n>[一二两三四五六七八九]|\d(?:\.\d)?)成(?P<half>半)?"
    r"(?![立为功员果本交都长效型品分熟年人绩就语因团套批天不])"
)
_EN_LOOSE = (
    r"nearly|almost|about|around|approximately|roughly|some|over|more than|at least|up to|"
    r"less than|close to|exceeding|above|an estimated|estimated"
)
_EN_FIGURE = rf"{_SPACED}|{_FIGURE}"
_EN = re.compile(
    rf"(?:\b(?P<loose>{_EN_LOOSE}) )?"
    rf"(?P<prefix>rmb|cny|usd|hk\$|us\$|mop\$?|s\$|a\$|eur|jpy|\$|¥|￥|€|£)? ?"
    rf"(?:(?<=(?i:rmb|cny|usd|mop|eur|jpy))|(?<![\w.]))(?P<n>{_EN_FIGURE}|\b{numerals.EN_CARDINAL}\b)"
    rf"(?:(?: ?(?P<u0>%))? ?(?:-|–|—|to) ?(?P<m>{_FIGURE})(?= ?(?:%|per|million|billion)))?"
    rf"(?:[- ]?(?P<scale>hundred million|trillion|billion|million|thousand|hundred|bn\b|mn\b))?"
    rf"(?P<odd>\+)?[- ]?(?P<unit>{'|'.join(f'(?:{p})' for p, _, _ in _EN_UNITS)})?",
    re.IGNORECASE,
)
_ZH_SCALES = {"十": 10.0, "百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8}


def quantities(text: str, lang: str) -> tuple[Quantity, ...]:
    """Return the figures of a text in reading order.

    `lang` is zh or en.
    Dates and ordinals must be `masked` by the caller, or they come back as counts.
    """
    found = _chinese(text) if lang == "zh" else _english(text)
    return tuple(sorted(found, key=lambda quantity: (quantity.start, quantity.value)))


_NO_COUNT = {"percent", "points", "days", "months", "years", "times", "clock"}
_FLOAT_SLACK = 1.02
"""Factor on the precision, for rounding in unit factors; set by hand, not measured."""
_LOOSE_SLACK = 0.03
"""Relative difference allowed of an approximate figure; set by hand, not measured."""


def agree(first: Quantity, second: Quantity) -> bool:
    """Return True if two figures may be the same.

    They are of one class and equal within their written precision. A bare count agrees with a
    figure of any class, since a translation may drop the unit's name, but not with a share.
    """
    if first.kind != second.kind:
        kinds = {first.kind, second.kind}
        if "count" not in kinds or kinds & _NO_COUNT:
            return False
    slack = max(first.half, second.half) * _FLOAT_SLACK
    if first.loose or second.loose:
        slack = max(2 * slack, _LOOSE_SLACK * max(abs(first.value), abs(second.value)))
    return abs(first.value - second.value) <= slack


def shared_bits(figure: Quantity, others: Iterable[Quantity]) -> float:
    """Return the information of the best agreement with `others`; 0 for none.

    An agreement is worth the information of the rounder of the two figures.
    """
    return max((min(figure.bits, o.bits) for o in others if agree(figure, o)), default=0.0)


def _half(written: str, scale: float) -> float:
    """Return half of the last significant digit of `written`, times `scale`."""
    digits = written.replace(",", "").replace(" ", "")
    if "." in digits:
        return 0.5 * 10.0 ** -len(digits.partition(".")[2]) * scale
    # 350,000 is as likely rounded as exact, but 300 is hardly 340 rounded.
    zeros = len(digits) - len(digits.rstrip("0"))
    return max(0.5, min(0.5 * 10.0**zeros, 0.05 * float(digits))) * scale


def _digits(written: str) -> float:
    return float(written.replace(",", "").replace(" ", ""))


def _zh_value(written: str) -> float | None:
    if written[0].isdigit():
        return _digits(written)
    return numerals.chinese(written)


def _zh_scale(text: str | None) -> float:
    return math.prod(_ZH_SCALES[char] for char in text or "")


_ZH_HALF = re.compile(r"(?P<loose>超过|超|过|近|约|大)?(?:一半|半数)|过半(?!小时|年|天|月)")
_ZH_DOUBLED = re.compile(r"翻了?(?P<n>[一两二三])?番")
_BEFORE_MULTIPLE = 8
"""Characters before a multiple in which a verb of increase is looked for: the longest such verb
with 了 and an adverb has six."""
_ZH_INCREASE = re.compile(r"(?:增长|增加|提高|增幅达?|扩大)了?(?:近|约|超过|超)?$")
_ZH_CLOCK = re.compile(
    r"(?P<part>上午|下午|早上|早晨|凌晨|中午|晚上|傍晚|晚|早)?(?:"
    r"(?P<h>1\d|2[0-4]|\d)(?:[时時](?![间候代期速尚长間])|(?P<dot>点))(?:(?P<m>[0-5]?\d)分?|(?P<half>半)|整)?"
    r"|(?P<h2>1\d|2[0-4]|0?\d)[:：](?P<m2>[0-5]\d))(?!\d)"
)
_EN_CLOCK = re.compile(
    r"(?<![\d.])(?P<h>1\d|2[0-4]|0?\d)(?:[:.](?P<m>[0-5]\d))? ?(?P<half>[ap])\.?m\b\.?"
    r"|(?<![\d.:])(?P<h2>1\d|2[0-4]|0?\d):(?P<m2>[0-5]\d)(?![\d:])",
    re.IGNORECASE,
)
_PARTS = {"half": 2, "halve": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6,
          "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10}  # fmt: skip
_EN_FRACTION = re.compile(
    rf"\b(?:(?P<loose>{_EN_LOOSE}) )?(?:"
    rf"(?P<n>two|three|four|five|six|seven|eight|nine)[- ](?P<of>{'|'.join(_PARTS)})s\b"
    rf"|one-(?P<one>{'|'.join(_PARTS)})\b|(?:an?|one) (?P<a>{'|'.join(_PARTS)})(?= of\b)"
    r"|half(?= (?:of|the|its|their|all)\b))",
    re.IGNORECASE,
)
_EN_MULTIPLIED = re.compile(
    r"\b(?:(?P<two>doubl(?:ed|ing)|twice|two-?fold)|(?P<three>tripl(?:ed|ing)|trebled|three-?fold)"
    r"|(?P<four>quadrupl(?:ed|ing)|four-?fold))\b",
    re.IGNORECASE,
)


_CLOCK_HALF = 8.0
"""Precision of a time of day, in minutes; set by hand, not measured."""


def _clocks(pattern: re.Pattern[str], text: str) -> Iterator[tuple[Quantity, tuple[int, int]]]:
    """Yield times of day, in minutes, which are no counts."""
    for hit in pattern.finditer(text):
        groups = hit.groupdict()
        if groups.get("dot") and not (groups["part"] or groups["m"] or groups["half"]):
            continue  # 3点要求: three points
        hour, minute = int(groups["h"] or groups["h2"]), int(groups["m"] or groups["m2"] or 0)
        minute += 30 * (groups["half"] == "半")
        late = (groups["half"] or "").lower() == "p" or groups.get("part") in (
            "下午", "晚上", "傍晚", "晚", "中午"
        )  # fmt: skip
        hour += 12 * (late and hour < 11)
        minutes = 60.0 * hour + minute
        yield Quantity("clock", minutes, _CLOCK_HALF, start=hit.start()), hit.span()


def _chinese_shares(text: str) -> Iterator[tuple[Quantity, tuple[int, int]]]:
    """Yield fractions, tenths, halves and multiples, with the span of each."""
    for hit in _ZH_FRACTION.finditer(text):
        of, part = hit["of"], _zh_value(hit["n"])
        whole = _zh_value(of)
        if part is None or not whole:
            continue
        if of in ("百", "千", "万"):
            share = 100 / _zh_scale(of)
            places = len(hit["n"].replace("点", ".").partition(".")[2])
            half = 0.5 * 10.0**-places * share
            yield Quantity("percent", part * share, half, start=hit.start()), hit.span()
        else:
            yield Quantity("percent", 100 * part / whole, 1.0, start=hit.start()), hit.span()
    for hit in _ZH_TENTHS.finditer(text):
        tenths = 10 * (_zh_value(hit["n"]) or 0) + (5 if hit["half"] else 0)
        yield Quantity("percent", tenths, 0.5, True, hit.start()), hit.span()
    for hit in _ZH_HALF.finditer(text):
        loose = bool(hit["loose"]) or hit.group().startswith("过半")
        yield Quantity("percent", 50.0, 2.0, loose, hit.start()), hit.span()
    for hit in _ZH_DOUBLED.finditer(text):
        times = 2.0 ** (_zh_value(hit["n"] or "一") or 1)
        yield Quantity("times", times, 0.25, start=hit.start()), hit.span()


def _english_shares(text: str) -> Iterator[tuple[Quantity, tuple[int, int]]]:
    """Yield fractions and multiples, with the span of each."""
    for hit in _EN_FRACTION.finditer(text):
        of = numerals.folded(hit["of"] or hit["one"] or hit["a"] or "half")
        value = 100 * (numerals.english(hit["n"] or "one") or 1) / _PARTS[of]
        half = 2.0 if _PARTS[of] == 2 else 1.0
        yield Quantity("percent", value, half, bool(hit["loose"]), hit.start()), hit.span()
    for hit in _EN_MULTIPLIED.finditer(text):
        times = 2.0 if hit["two"] else 3.0 if hit["three"] else 4.0
        yield Quantity("times", times, 0.25, start=hit.start()), hit.span()


def masked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return `text` with NUL in place of the characters of each span."""
    chars = list(text)
    for start, end in spans:
        chars[start:end] = "\x00" * (end - start)
    return "".join(chars)


def _chinese(text: str) -> Iterator[Quantity]:
    read = [*_chinese_shares(text), *_clocks(_ZH_CLOCK, text)]
    yield from (figure for figure, _ in read)
    text = masked(text, [span for _, span in read])
    for hit in _ZH.finditer(text):
        if _is_zh_figure(hit, text[hit.end() : hit.end() + 1]):
            near = max(0, hit.start() - _BEFORE_MULTIPLE)
            increase = _ZH_INCREASE.search(text, near, hit.start()) is not None
            yield from _zh_figures(hit, increase)


def _is_zh_figure(hit: re.Match[str], after: str) -> bool:
    """Return True if a match counts something, by the character after it."""
    if hit["n"][0].isdigit():
        return not (after.isascii() and after.isalpha() and after.isupper())  # 5G, 3D: a name
    return bool(hit["unit"] or (after and after in _MEASURES))


def _zh_figures(hit: re.Match[str], increase: bool) -> Iterator[Quantity]:
    """Yield the figure of a match, or both ends of a range."""
    kind, factor = _ZH_UNITS.get(hit["unit"] or "", ("count", 1.0))
    loose = bool(hit["few"] or hit["odd"] or hit["after"]) or (
        hit["loose"] is not None and hit["loose"] not in _ZH_BOUNDING
    )
    scale = _zh_scale(hit["scale"]) * factor
    first_scale = _zh_scale(hit["s0"]) * factor if hit["m"] and hit["s0"] else scale
    for written, by in ((hit["n"], first_scale), (hit["m"], scale)):
        value = _zh_value(written) if written else None
        if value is not None and value > 0:
            # 增长2倍 is three times as much.
            more = kind == "times" and increase
            half = _zh_half(written, value, by)
            yield Quantity(kind, value * by + more, half, loose, hit.start())


def _zh_half(written: str, value: float, by: float) -> float:
    """Return half of the last digit, or a twentieth if round."""
    if written[0].isdigit():
        return _half(written, by)
    return 0.5 * by if written.strip("十百千") else 0.05 * value * by


_MEASURES = "个项家人名位条所座套件次场批种类处辆台只艘架间起宗份期张户幢栋支款对届省市县区国方"


# "310, or 60 percent" is one figure twice: the first is no percentage.
_EN_LIST = re.compile(r",? ?(?:and|to)? ?| or ")


@dataclass(frozen=True, slots=True)
class _Unit:
    """Kind, factor and scale of an English figure that begins at `start`."""

    kind: str
    factor: float
    scale: float
    start: int


def _english(text: str) -> Iterator[Quantity]:
    read = [*_english_shares(text), *_clocks(_EN_CLOCK, text)]
    yield from (figure for figure, _ in read)
    text = masked(text, [span for _, span in read])
    unit: _Unit | None = None
    # Backwards, because in "3.8, 5.9 and 5.4 percent" the last figure names the unit of all.
    for hit in reversed(list(_EN.finditer(text))):
        after = text[hit.end("n") : hit.end("n") + 1]
        if hit["n"][0].isdigit() and after.isalpha() and not (hit["scale"] or hit["unit"]):
            continue  # 5G, 3D, 29th
        unit = _en_unit(hit, text, unit)
        yield from _en_figures(hit, unit)


def _is_bare(hit: re.Match[str]) -> bool:
    return not (hit["scale"] or hit["unit"] or hit["prefix"])


def _en_unit(hit: re.Match[str], text: str, following: _Unit | None) -> _Unit:
    """Return a figure's own unit, or in a list the `following` one's."""
    start = hit.start("loose") if hit["loose"] else hit.start("n")
    listed = following is not None and _is_bare(hit) and hit["n"][0].isdigit()
    if listed and following and _EN_LIST.fullmatch(text, hit.end(), following.start):
        scale = 1.0 if _digits(hit["n"]) >= 1000 else following.scale
        return _Unit(following.kind, following.factor, scale, start)
    scale = math.prod(numerals.SCALES[word] for word in numerals.folded(hit["scale"] or "").split())
    return _Unit(*_en_kind(hit), scale, start)


def _en_figures(hit: re.Match[str], unit: _Unit) -> Iterator[Quantity]:
    """Yield the figure of a match, or both ends of a range."""
    loose = _is_approximate(hit["loose"]) or hit["odd"] is not None
    by = unit.scale * unit.factor
    for written, start in ((hit["n"], hit.start()), (hit["m"], hit.start("m"))):
        if not written:
            continue
        if written[0].isdigit():
            value: float | None = _digits(written)
            half = _half(written, by)
        else:
            value = numerals.english(written)
            # "two million" in words is as round as its last word
            half = 0.5 * by * (1 if value is None or value < 1000 else 0.1 * value)
            if value == 1 and _is_bare(hit):
                continue
        if value:
            yield Quantity(unit.kind, value * by, half, loose, start)


def _is_approximate(written: str | None) -> bool:
    """Return True if a word rounds a figure, unlike "up to"."""
    bounding = ("at least", "up to", "less than")
    return written is not None and numerals.folded(written) not in bounding


def _en_kind(hit: re.Match[str]) -> tuple[str, float]:
    """Return a figure's kind and the factor to its base unit."""
    if hit["prefix"]:
        return _PREFIXES[numerals.folded(hit["prefix"])], 1.0
    unit = numerals.folded(hit["unit"] or "")
    return next(
        (
            (kind, factor)
            for pattern, kind, factor in _EN_UNITS
            if unit and re.fullmatch(pattern.replace(r"\b", ""), unit)
        ),
        ("count", 1.0),
    )
