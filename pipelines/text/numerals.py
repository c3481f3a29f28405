"""Numerals as numbers: Chinese, English words, Roman, and ordinals."""

import re

from crawler.script import HAN_DIGITS

# The forms of cheques (壹佰) and the tens in one character (廿五) are numerals like any other.
_ZH_DIGIT = HAN_DIGITS | {"两": 2} | {c: n for n, c in enumerate("壹贰叁肆伍陆柒捌玖", 1)}
_ZH_TENS = {"廿": 20, "卅": 30, "卌": 40}
_ZH_SMALL = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_ZH_LARGE = {"万": 10**4, "亿": 10**8}
ZH_DIGITS = "".join(HAN_DIGITS)
ZH_NUMERAL = "".join((*_ZH_DIGIT, *_ZH_TENS, *_ZH_SMALL, *_ZH_LARGE))
"""Characters of Chinese numerals, for use inside a character class."""


def _words(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


_UNITS = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = _words("twenty thirty forty fifty sixty seventy eighty ninety")
_ORDINAL_UNITS = _words(
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
)
_ORDINAL_TENS = [
    "twentieth",
    "thirtieth",
    "fortieth",
    "fiftieth",
    "sixtieth",
    "seventieth",
    "eightieth",
    "ninetieth",
]
SCALES = {
    "hundred": 10**2,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "bn": 10**9,
    "mn": 10**6,
    "mln": 10**6,
    "bln": 10**9,
    "trln": 10**12,
    "trn": 10**12,
    "tn": 10**12,
    "dozen": 12,
    "lakh": 10**5,
    "crore": 10**7,
}

_CARDINALS = {word: value for value, word in enumerate(_UNITS)} | {
    word: 10 * (value + 2) for value, word in enumerate(_TENS)
}
_ORDINALS = {word: value for value, word in enumerate(_ORDINAL_UNITS)} | {
    word: 10 * (value + 2) for value, word in enumerate(_ORDINAL_TENS)
}
_ORDINAL_SCALES = {"hundredth": 10**2, "thousandth": 10**3, "millionth": 10**6}
_CARDINAL = "|".join(sorted(_CARDINALS, key=len, reverse=True))
_ORDINAL = "|".join(sorted(_ORDINALS, key=len, reverse=True))
_SCALE = "hundred|thousand|million|billion|trillion"

EN_CARDINAL = (
    rf"(?:{_CARDINAL})(?:[- ](?:{_CARDINAL}))?"
    rf"(?: (?:{_SCALE})(?:(?: and)? (?:{_CARDINAL})(?:[- ](?:{_CARDINAL}))?\b)?){{0,8}}"
)
"""Matches an English cardinal written in words, such as `two hundred and five`."""

EN_ORDINAL = (
    r"(?:\d{1,3}(?:,\d{3}){1,2}|\d{1,7})(?:st|nd|rd|th)"
    rf"|(?:(?:{'|'.join(_TENS)})[- ])?(?:{_ORDINAL})"
    rf"|(?:one )?hundred(?: and)?[- ](?:(?:{'|'.join(_TENS)})[- ])?(?:{_ORDINAL})"
    rf"|(?:\d{{1,4}}|(?:(?:{_CARDINAL})[- ])?hundred|{_CARDINAL})[- ]"
    rf"(?:{'|'.join(_ORDINAL_SCALES)})"
)
"""Matches an English ordinal in figures or words, such as `29th` or `twenty-ninth`."""

_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_ROMAN_FORM = re.compile(r"C{0,3}(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")


LONGEST = 40
"""Characters of a Chinese numeral, or words of an English one, at most; set by hand."""

LARGEST = 1e24
"""Value of a numeral at most: no figure of a city is larger."""

_FOLDED = {ord("ſ"): "s", ord("ı"): "i", ord("İ"): "i"}


def folded(text: str) -> str:
    """Return `text` in lower case, `ſ` and `ı` as s and i.

    A pattern that ignores case takes them for ASCII letters, and a look-up of the match must find
    the word.
    """
    return text.translate(_FOLDED).lower()


def chinese(text: str) -> float | None:
    """Return the value of a Chinese numeral, or None.

    Reads positional years (二〇二四), multiplicative numerals (一亿二千万, 十六) and
    decimals (三点五). Longer than `LONGEST` or over `LARGEST` nothing is a numeral.
    """
    if len(text) > LONGEST:
        return None
    whole, point, fraction = text.partition("点")
    if point:
        digits = [_ZH_DIGIT.get(char) for char in fraction]
        value = chinese(whole)
        if value is None or not digits or None in digits:
            return None
        return value + float("0." + "".join(map(str, digits)))
    if not text or any(char not in ZH_NUMERAL for char in text):
        return None
    if all(char in _ZH_DIGIT for char in text):
        # Digits in a row are a year or a code; a lone numeral is itself.
        return _counted(int("".join(str(_ZH_DIGIT[char]) for char in text)))
    total = section = digit = 0
    for char in text:
        if char in _ZH_DIGIT:
            digit = _ZH_DIGIT[char]
        elif char in _ZH_TENS:
            section, digit = section + _ZH_TENS[char], 0
        elif char in _ZH_SMALL:
            section += (digit or 1) * _ZH_SMALL[char]
            digit = 0
        else:
            # 亿 scales all before it (一万亿), 万 only what follows the last 亿 (一亿二千万).
            whole_part = total + section + digit if char == "亿" else section + digit
            kept = 0 if char == "亿" else total
            total = kept + (whole_part or 1) * _ZH_LARGE[char]
            section = digit = 0
    if len(text) > 1 and (scale := (_ZH_SMALL | _ZH_LARGE).get(text[-2], 10)) > 10:
        digit *= scale // 10  # 一万二 is 12,000
    return _counted(total + section + digit)


def _counted(value: int) -> float | None:
    return float(value) if value <= LARGEST else None


def english(text: str) -> float | None:
    """Return the value of an English cardinal in words, or None.

    Of more words than `LONGEST` or over `LARGEST` nothing is a cardinal.
    """
    words = [w for w in re.split(r"[\s-]+", folded(text)) if w and w != "and"]
    if not 0 < len(words) <= LONGEST:
        return None
    total = current = 0
    for word in words:
        if word in _CARDINALS:
            current += _CARDINALS[word]
        elif word == "hundred":
            current = (current or 1) * 100
        elif word in SCALES:
            total += (current or 1) * SCALES[word]
            current = 0
        else:
            return None
    return _counted(total + current)


def ordinal(text: str) -> int | None:
    """Return the rank of an English ordinal (`29th`, `twenty-ninth`), or None."""
    lower = folded(text).strip()
    if found := re.fullmatch(r"([\d,]{1,9})(?:st|nd|rd|th)", lower):
        return int(found.group(1).replace(",", ""))
    *before, last = re.split(r"[\s-]+", lower)
    if last not in _ORDINALS | _ORDINAL_SCALES:
        return None
    times = " ".join(before)
    count = float(times) if times.isdecimal() else english(times) if times else 0
    if count is None:
        return None
    if last in _ORDINAL_SCALES:
        return int(count or 1) * _ORDINAL_SCALES[last]
    return int(count) + _ORDINALS[last]


def roman(text: str) -> int | None:
    """Return the value of a Roman numeral in capitals up to 399."""
    if not text or not _ROMAN_FORM.fullmatch(text):
        return None
    values = [_ROMAN[char] for char in text]
    return sum(
        -value if index + 1 < len(values) and value < values[index + 1] else value
        for index, value in enumerate(values)
    )
