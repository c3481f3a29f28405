"""Figures of a Chinese text."""

import math
import re
from collections.abc import Iterator

from pipelines.facts import units
from pipelines.facts.clocks import ZH_CLOCK, clocks, masked
from pipelines.facts.lapses import lapses
from pipelines.facts.quantity import Quantity, digits, half_digit, rounded, vague
from pipelines.facts.trends import trend
from pipelines.text import numerals

_FIGURE = r"\d{1,3}(?:,\d{3}){1,5}(?:\.\d{1,6})?|\d{1,15}(?:\.\d{1,6})?"
# Thousands may be set apart by a space, in Hong Kong in Chinese too: 301 000.
_SPACED = r"\d{1,3}(?: \d{3}){1,4}(?![\d,.]\d|\d)"
# Typed in a Chinese text, the comma of thousands may be the Chinese one.
_WIDE_COMMAS = r"\d{1,3}(?:，\d{3}){1,4}(?:\.\d{1,6}|(?=[万亿元吨人名户个家]))"
# In Hong Kong the lesser part may have its comma: 12亿4,000万.
_MIXED = (
    r"(?:\d{1,5}|\d,\d{3})亿(?:\d{1,4}|\d,\d{3}|\d[百千])万|\d{1,6}万(?:\d千|\d,\d{3}(?![\d,.年]))"
    r"|\d{1,6}[万亿]\d{3,4}(?![\d,.年])"
)
_ONE = "一二两三四五六七八九"
_DIGIT = f"零〇{_ONE}壹贰叁肆伍陆柒捌玖"
# 千瓦 and 百帕 are units: the numeral before them ends.
_HUNDRED, _THOUSAND = "(?:百(?![帕分])|佰)", "(?:千(?![瓦米克伏卡帕赫焦牛字])|仟)"
_WORDS = (
    rf"(?:[{_DIGIT[2:]}十拾廿卅]|{_HUNDRED}|{_THOUSAND})"
    rf"(?:[{_DIGIT}十拾廿卅万亿]|{_HUNDRED}|{_THOUSAND}){{0,15}}(?:点[零〇{_ONE}]{{1,6}})?|零点[零〇{_ONE}]{{1,6}}"
)
_NEXT = "一[二两]|[二两]三|三[四五]|四五|五六|六七|七八|八九"
_NEIGHBOURS = rf"十?(?:{_NEXT})[十百千万亿]{{0,3}}(?![{_ONE}])"
_TWO = re.compile(rf"(?P<ten>十?)(?P<a>[{_ONE}])(?P<b>[{_ONE}])(?P<scale>[十百千万亿]*)")
_MANY = {"成百上千": 1e2, "成千上万": 1e3, "千千万万": 1e3}
_VAGUE = (
    rf"(?:数以[十百千万亿]{{1,2}}计|(?:数|好?几|若干)[十百千万亿]{{1,3}}|[{_ONE[1:]}]?十[几数]"
    rf"|{'|'.join(_MANY)})"
)
_HALF = "(?<![上前下后过大小各])半(?=个|年|天|小时|公里|里|米|周|亩|吨)"
_SCALE = (
    r"万亿|千亿|百亿|十亿|亿|千万(?!瓦)|百万|十万|万|千(?!瓦|米|克|伏|卡|年|帕|赫|焦|字)"
    r"|百(?!分|年|货|姓|帕)"
)
_LOOSE = r"上(?=[百千万亿])|将近|接近|近|约为|约|大约|超过|超|逾|突破|不足|至少|多达|高达|达到?"
_BOUNDING = ("达", "达到", "至少", "多达", "高达")
_FIGURES = re.compile(
    rf"(?P<loose>{_LOOSE})?"
    rf"(?P<n>{_WIDE_COMMAS}|{_MIXED}|{_SPACED}|{_FIGURE}|{_VAGUE}|{_NEIGHBOURS}|{_WORDS}|{_HALF}"
    r"|(?<=[上近超逾])[万亿]|(?<![一-龥])[万亿](?=[余多]))(?P<few>[余多])?"
    rf"(?:(?P<s0>{_SCALE})?(?P<u0>%|‰)?(?:[-—–~～至到]|至)(?P<below>零下)?(?P<m>{_FIGURE}|{_WORDS}))?"
    rf"(?:个(?=亿|[余多来]))?(?P<scale>{_SCALE})?(?P<odd>余|多|来)?"
    rf"(?P<more>个?半)?(?P<unit>{units.ZH_PATTERN}|(?<=个[半多余来])月)?(?P<past>半(?![年天个径]))?"
    r"(?P<after>左右|上下|以上|以下|多)?"
)
_FRACTION = re.compile(
    rf"(?P<of>百|千|万|{_WORDS}|\d{{1,4}})分之(?P<n>{_FIGURE}|{_WORDS})(?!\d)(?P<point>个?百分点)?"
)
# 每十名学生中有三名: three in ten.
_COUNTED = "[个名位人家户所座辆]"
_EVERY = re.compile(
    rf"每(?P<of>{_WORDS}|\d{{1,3}}){_COUNTED}[^，。；\d]{{0,6}}?[中里]就?有"
    rf"(?P<n>{_WORDS}|\d{{1,2}})(?={_COUNTED})"
)
_TENTHS = re.compile(
    rf"(?<![{_ONE}十\d])(?:(?P<from>[{_ONE}]|\d)(?:[-—–~～至到])?)?"
    rf"(?P<n>[{_ONE}]|\d(?:\.\d)?)成(?P<half>半)?(?P<more>[{_ONE}])?"
    r"(?![立为功员果本交都长效型品分熟年人绩就语因团套批天不])"
)
_HALVES = re.compile(
    r"(?P<loose>超过|超|过|近|约|大)?(?:一半|半数)|过半(?!小时|年|天|月)|减半|半价"
)
# 年过七旬: in one's seventies.
_DECADE_OF_LIFE = re.compile(
    r"(?P<n>[四五六七八九])旬(?![节期])|年[过逾近届](?P<named>而立|不惑|花甲|古稀|耄耋)"
)
_NAMED_AGES = {"而立": 30, "不惑": 40, "花甲": 60, "古稀": 70, "耄耋": 80}
_DOUBLED = re.compile(r"翻了?(?:近|约|超)?(?P<n>[一两二三])?番")
_DISCOUNT = re.compile(
    rf"(?<![{_ONE}十\d])(?P<n>[{_ONE}]{{1,2}}|\d(?:\.\d)?|\d\d)折(?![叠扣断射返磨腾中旧算合线页桥服])"
)
_BEFORE_MULTIPLE = 8
"""Characters before a multiple in which a verb of increase is looked for: the longest such verb
with 了 and an adverb has six."""
_INCREASE = re.compile(r"(?:增长|增加|提高|增幅达?|扩大)了?(?:近|约|超过|超)?$")
_PER_HECTARE = re.compile(r"(?:每公顷|公顷产)\D{0,4}$")
_MU = 15
"""Mu of a hectare."""
_SCALES = {"十": 10.0, "百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8}
_MEASURES = (
    "个项家人名位条所座套件次场批种类处辆台只艘架间起宗份期张户幢栋支款对届省市县区国方剂棵株头"
    "村夜晚班幅篇册枚盏趟列副双盆桌"
)
_SHARES = ("percent", "points", "times")
"""Classes of figures that something rises by."""


def chinese(text: str) -> Iterator[Quantity]:
    """Yield the figures of a Chinese text."""
    read = [*lapses(text, "zh")]
    rest = masked(text, [span for _, span in read])
    read += [*_shares(rest), *clocks(ZH_CLOCK, rest)]
    yield from (figure for figure, _ in read)
    rest = masked(rest, [span for _, span in read])
    for hit in _FIGURES.finditer(rest):
        if _is_figure(hit, rest[hit.end() : hit.end() + 1]):
            yield from _read(hit, rest)


def _scale(text: str | None) -> float:
    return math.prod(_SCALES[char] for char in text or "")


def _value(written: str) -> tuple[float, float] | None:
    """Return a numeral's value and half of its last digit."""
    if mixed := re.fullmatch(r"(\d+)([万亿])(\d+)([百千]?万|千?)", written.replace(",", "")):
        total = float(mixed[1]) * _SCALES[mixed[2]] + float(mixed[3]) * _scale(mixed[4])
        return total, 0.5 * _scale(mixed[4])
    if written[0].isdigit():
        return digits(written), half_digit(written)
    if written == "半":
        return 0.5, 0.05
    if written[-1] in "几数":
        return (numerals.chinese(written[:-1]) or 0) + 5.0, 5.0  # 十几, 二十几
    if written in _MANY:
        return vague(_MANY[written])
    if written[0] in "数几好若":
        return vague(_scale(written.strip("数以计好几若干")))
    return _spelt(written)


def _spelt(written: str) -> tuple[float, float] | None:
    value = numerals.chinese(written)
    if value is None:
        return None
    by = _scale(re.sub(r"^.*?([万亿]*)$", r"\1", written))
    if "点" in written:
        return value, 0.5 * 10.0 ** -len(written.partition("点")[2])
    return value, rounded(value, 0.5 * by) if written.strip("十百千万亿") else 0.05 * value


def _shares(text: str) -> Iterator[tuple[Quantity, tuple[int, int]]]:
    """Yield fractions, tenths, halves, discounts and multiples, with spans."""
    for share, half, hit in (*_fractions(text), *_tenths(text)):
        sign = trend(text, *hit.span(), "zh")
        tenths = hit.re is _TENTHS  # they are seldom exact
        if hit.re is _FRACTION and hit["point"]:
            yield Quantity("points", share / 100, 0.01, False, hit.start(), sign), hit.span()
        else:
            yield Quantity("percent", share, half, tenths, hit.start(), sign), hit.span()
    for hit in _HALVES.finditer(text):
        loose = bool(hit["loose"]) or hit.group().startswith("过半")
        yield Quantity("percent", 50.0, 2.0, loose, hit.start()), hit.span()
    for hit in _DECADE_OF_LIFE.finditer(text):
        decade = _NAMED_AGES.get(hit["named"]) or 10 * (numerals.chinese(hit["n"]) or 0)
        age = decade + 5
        yield Quantity("age", age, 5.0, start=hit.start()), hit.span()
    for hit in _DOUBLED.finditer(text):
        times = 2.0 ** (numerals.chinese(hit["n"] or "一") or 1)
        yield Quantity("times", times, 0.25, start=hit.start()), hit.span()
    for hit in _DISCOUNT.finditer(text):
        # 八五折 is 85 percent of the price: 15 percent off.
        shown = float(hit["n"]) if hit["n"][0].isdigit() else numerals.chinese(hit["n"]) or 10
        left = shown if shown >= 10 else 10 * shown
        yield Quantity("percent", 100 - left, 0.5, start=hit.start()), hit.span()


_EXACT_SHARE = 100
"""Parts of a whole from which a share is no fraction but a rate: 百分之六, 十万分之六."""
_TENTH = 0.5
"""Half of a share in tenths; set by hand, not measured."""


def _fractions(text: str) -> Iterator[tuple[float, float, re.Match[str]]]:
    for hit in (*_FRACTION.finditer(text), *_EVERY.finditer(text)):
        of, part = hit["of"], _value(hit["n"])
        whole = _value(of)
        if part is None or not whole or not whole[0]:
            continue
        if whole[0] >= _EXACT_SHARE:
            by = 100 / whole[0]
            places = len(hit["n"].replace("点", ".").partition(".")[2])
            yield part[0] * by, 0.5 * 10.0**-places * by, hit
        else:
            yield 100 * part[0] / whole[0], 1.0, hit


def _tenths(text: str) -> Iterator[tuple[float, float, re.Match[str]]]:
    """Yield shares in tenths: 六成, 二成五, 一成半, 三至四成."""
    for hit in _TENTHS.finditer(text):
        last = 5.0 if hit["half"] else (_value(hit["more"]) or (0, 0))[0] if hit["more"] else 0.0
        yield 10 * (_value(hit["n"]) or (0, 0))[0] + last, _TENTH, hit
        if hit["from"]:
            yield 10 * (_value(hit["from"]) or (0, 0))[0], _TENTH, hit


def _is_figure(hit: re.Match[str], after: str) -> bool:
    """Return True if a match counts something, by the character after it."""
    written, unit = hit["n"], hit["unit"]
    if written[0].isdigit():
        return not (after.isascii() and after.isalpha() and after.isupper())  # 5G, 3D: a name
    if unit in ("度", "两", "里", "升", "克", "周") and not hit["scale"] and written == "一":
        return False  # 一度, 一周: once, about
    large = len(written) > 2 and written[-1] in "万亿" and written[0] in f"{_DIGIT}十"
    large = large or (len(written) > 3 and not {*"百千万亿"}.isdisjoint(written[1:]))
    large = large or (len(written) > 2 and written[-2] in "万亿")  # 三万五
    return bool(
        unit
        or large
        or written[0] in "数几好"
        or written in _MANY
        or written[-1] in "几数"
        or hit["few"]
        or (len(written) > 1 and hit["after"])  # 五十上下
        or (after in ("级", "规") and len(written) > 1)  # 千亿级产业, 百亿规模
        or (after and after in _MEASURES)
    )


def _read(hit: re.Match[str], text: str) -> Iterator[Quantity]:
    """Yield the figure of a match, or both ends of a range."""
    unit = units.chinese("个月" if hit["unit"] == "月" else hit["unit"])
    scale, factor = _scale(hit["scale"]), unit.factor
    if unit.kind == "degrees" and hit["unit"] == "度" and scale >= _scale("万"):
        unit, factor = units.chinese("度电"), 1.0
    if unit.kind == "mass" and _PER_HECTARE.search(text, max(0, hit.start() - 8), hit.start()):
        factor /= _MU
    loose = bool(hit["few"] or hit["odd"] or hit["after"]) or (
        hit["loose"] is not None and hit["loose"] not in _BOUNDING
    )
    more = 0.5 if hit["more"] or hit["past"] else 0.0
    sign = trend(text, hit.start(), hit.end(), "zh") if unit.kind in _SHARES else 0
    below = _BELOW.search(text, max(0, hit.start() - 4), hit.start()) is not None
    for at_end, (value, half) in enumerate(_ends(hit, scale)):
        if value > 0:
            at, half_more = value + more * scale, 0.25 * scale if more else half
            if unit.kind == "times" and _increases(text, hit.start()):
                at += 1  # 增长2倍 is three times as much.
            if (hit["below"] if at_end else below) and unit.kind in units.TEMPERATURES:
                at = -at
            yield Quantity(unit.kind, at * factor, half_more * factor, loose, hit.start(), sign)


_BELOW = re.compile(r"(?:零下|负|(?<![\d℃度至到])-) ?$")


def _increases(text: str, start: int) -> bool:
    return _INCREASE.search(text, max(0, start - _BEFORE_MULTIPLE), start) is not None


def _ends(hit: re.Match[str], scale: float) -> Iterator[tuple[float, float]]:
    """Yield value and half of a figure, or of a range's ends."""
    first_scale = _scale(hit["s0"]) if hit["m"] and hit["s0"] else scale
    if two := _TWO.fullmatch(hit["n"]):
        by = _scale(two["scale"]) * scale
        for char in (two["a"], two["b"]):
            value = (_value(char) or (0, 0))[0] + (10 if two["ten"] else 0)
            yield value * by, 0.5 * by
    elif (first := _value(hit["n"])) is not None:
        last = hit["m"] or ""
        if len(hit["n"]) == 1 and len(last) > 1 and last[-1] in "百千万亿" and last[0] in _ONE:
            first_scale *= _scale(last.lstrip(_ONE))  # 两到三百人
        yield first[0] * first_scale, first[1] * first_scale
    if hit["m"] and (second := _value(hit["m"])) is not None:
        yield second[0] * scale, second[1] * scale
