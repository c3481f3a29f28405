"""Chinese characters and digits, and English month names, for both packages."""

from functools import lru_cache

HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Chinese characters, for use inside a character class: `re.compile(f"[{HAN}]+")`.

Unified ideographs with all their extensions, and the compatibility ideographs.
"""

_ASCII = bytes(range(0x80))


@lru_cache(maxsize=2)  # a page is asked for it at each of the steps before it is parsed
def outside_ascii(text: str) -> str:
    """Return the characters of a text outside ASCII.

    Most of a page is markup: slow patterns look at the rest alone.
    """
    return text.encode("utf-8", "replace").translate(None, _ASCII).decode("utf-8")


HAN_DIGITS = dict.fromkeys("〇○Ｏ零", 0) | {c: n for n, c in enumerate("一二三四五六七八九", 1)}
"""Value of each Chinese digit; zero also as the signs that pages use in its place."""

MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip

MONTHS = {
    form: number
    for number, name in enumerate(MONTH_NAMES, 1)
    for form in (name.lower(), name[:3].lower())
} | {"sept": 9}
"""Number of each English month by name and abbreviation, in lower case without a point."""

MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
"""Alternatives of a pattern for a month, the longest first, for patterns that ignore case."""


def month_number(name: str) -> int:
    """Return the number of an English month, by its first three letters.

    Letter case aside, as patterns see it: one that ignores case takes `ſ` for an s.
    """
    return MONTHS[name.casefold()[:3]]
