"""One form of a text, for everything that compares.

NFC and NFD, full-width figures and letters, ligatures, radicals for characters, invisible
characters, spaces between characters and figures, and Traditional writing are ways to write one
text. Facts, encoders and the features of
sentences read the normal form; what is stored and shown stays as it was written.
"""

import re
import unicodedata
from functools import cache
from itertools import chain

from crawler.script import HAN
from pipelines.text.script import simplified

_RADICALS = dict(
    zip(
        "⺁⺄⺊⺌⺍⺒⺓⺗⺜⺝⺞⺟⺠⺧⺩⺪⺫⺬⺮⺶⺷⺸⺻⺽⻁⻃⻄⻅⻆⻇⻉⻊⻋⻏⻑⻓⻔⻕⻗⻘⻙⻚⻛⻜⻝⻞⻡⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰⻱⻳",
        "厂乙卜小小巳幺心日月歺母民牛王疋目示竹羊羊羊聿臼虎西西见角角贝足车邑长长门阜雨青韦页风飞食食首马骨鬼鱼鸟卤麦黄黾齐齿龙龟龟",
        strict=True,
    )
)
"""Radicals that pages print for whole characters and Unicode gives no normal form."""

# Fractions (½), circled figures (①) and superscripts would become other figures (12, 1, 2);
# Chinese punctuation is what sentences are cut at and encoders were taught with.
_KEPT_CATEGORIES = ("No", "Sk", "Nl")
_KEPT = frozenset("！（），：；？～…⋯‥″′﹏")
_ALIKE = {"‐": "-", "‑": "-", "−": "-", "﹣": "-", "㎡": "m2", "㎢": "km2", "㎥": "m3"}
# Soft hyphens, marks of direction, joiners, variation selectors, tags, private use: no text.
_UNSEEN_SIGNS = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ue000-\uf8ff\U000e0000-\U000e0fff"
    "\U000f0000-\U0010ffff"
)
_GONE = re.compile(f"[{_UNSEEN_SIGNS}]+")


def normalised(text: str) -> str:
    """Return the normal form of a text, for comparison.

    Chinese is in Simplified characters, figures and letters are narrow, nothing is invisible, and
    figures follow characters without a space (投资 35 亿元). A normal form is its own normal form.
    """
    return _HYPHEN.sub("-", _APART.sub("", simplified(narrow(text))))


# Between a figure or word and one in small letters a dash is a hyphen: two–thirds, 500–kV.
_HYPHEN = re.compile(r"(?<=[A-Za-z])–(?=[a-z])|(?<=\d)–(?=[A-Za-z])")
_APART = re.compile(
    rf"(?<=[{HAN}，。；：、]) (?=\d)|(?<=[\d%]) (?=[{HAN}，。；：、])|(?<=\d) (?=[%‰℃°])"
)


def narrow(text: str) -> str:
    """Return the normal form of a text in its own script."""
    text = unicodedata.normalize("NFC", text)
    if text.isascii():
        return text
    if _changing().search(text):
        text = _GONE.sub("", text.translate(_table()))
    return text if _HAN.search(text) else text.translate(_PUNCTUATION)


_HAN = re.compile(f"[{HAN}]")
# Without Chinese around them, wide signs are those of Latin text.
_PUNCTUATION = {ord(char): unicodedata.normalize("NFKC", char) for char in "！（），：；？"}


def visible(text: str) -> str:
    """Return a text composed and without invisible spaces, to be stored.

    Joiners stay, since emoji are written with them, and so do marks of direction.
    """
    return _UNSEEN.sub("", unicodedata.normalize("NFC", text))


_UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff]")


def offsets(text: str) -> list[int]:
    """Return the offsets in `text` of its normal form, and the end."""
    if normalised(text) == text:
        return list(range(len(text) + 1))
    found: list[int] = []
    forms: list[str] = []
    for hit in _CLUSTER.finditer(text):
        forms.append(simplified(narrow(hit.group())))
        found.extend([hit.start()] * len(forms[-1]))
    gone = {hit.start() for hit in _APART.finditer("".join(forms))}
    return [*(at for place, at in enumerate(found) if place not in gone), len(text)]


# A character with the marks that may be composed with it; Hangul composes without marks.
_CLUSTER = re.compile("[\u1100-\u11ff]+|.[\u0300-\u036f\u3099\u309a]*", re.DOTALL)


_RANGES = ((0x80, 0x3100), (0x3130, 0x3400), (0xF900, 0x10000), (0x1D400, 0x1D800),
           (0x1F100, 0x1F250), (0x2F800, 0x2FA20))  # fmt: skip
"""Code points, from and up to, of all characters with compatibility forms."""


@cache
def _changing() -> re.Pattern[str]:
    """Return the pattern of a character that may change or go.

    Most texts have no such character, and to look for one is much quicker than to translate all.
    """
    # Single characters of the higher planes would be compared one after the other.
    changed = "".join(chr(code) for code in _table() if code < 0x10000)
    return re.compile(f"[{_UNSEEN_SIGNS}{re.escape(changed)}\U00010000-\U0010ffff]")


@cache
def _table() -> dict[int, str]:
    """Return the normal form of each character that is not its own."""
    table: dict[int, str] = {}
    for code in chain(*(range(first, last) for first, last in _RANGES)):
        char = chr(code)
        if char in _KEPT or unicodedata.category(char) in _KEPT_CATEGORIES:
            continue
        form = unicodedata.normalize("NFKC", char)
        if form != char:
            table[code] = form
    alike = _RADICALS | _ALIKE
    return table | {ord(char): form for char, form in alike.items()}
