"""Places and Latin letters in a text, and offices by their country."""

import re
from functools import cache

from crawler.rows import rows
from crawler.script import HAN


@cache
def countries() -> frozenset[str]:
    """Return the gazetteer's countries, by first English form."""
    places = rows("pipelines.facts/places.tsv")
    return frozenset(row[1].split("|")[0] for row in places if row[2:] == ("country",))


@cache
def _place_pattern(lang: str) -> tuple[re.Pattern[str], dict[str, tuple[str, ...]]]:
    """Return a pattern of the gazetteer's forms, and the places of each."""
    forms: dict[str, tuple[str, ...]] = {}
    for chinese, english, *kind in rows("pipelines.facts/places.tsv"):
        listed = tuple(english.split("|"))
        several = kind == ["several"]
        if lang == "zh":
            forms |= dict.fromkeys(chinese.split(","), listed if several else listed[:1])
            # Chinese texts, too, call organisations by their Latin letters.
            letters = (form for form in listed if form.isupper() and len(form) > 2)
            forms |= dict.fromkeys(() if several else letters, listed[:1])
        elif not several:
            forms |= dict.fromkeys(listed, listed[:1])
    ordered = sorted(forms, key=len, reverse=True)
    bounded = "|".join(
        rf"(?<![A-Za-z]){re.escape(form)}(?![A-Za-z])" if form.isascii() else re.escape(form)
        for form in ordered
    )
    joined = "|".join(map(re.escape, ordered))
    return re.compile(bounded if lang == "zh" else rf"(?<!\w)(?:{joined})(?!\w)"), forms


def places(text: str, lang: str) -> frozenset[str]:
    """Return the gazetteer's places in a text, by first English form."""
    pattern, forms = _place_pattern(lang)
    return frozenset(place for hit in pattern.finditer(text) for place in forms[hit.group()])


_LATIN = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9&+-]*[A-Za-z0-9]|(?<!\d)\d{1,3}[A-Z]{1,3}(?![A-Za-z])"
)


def latin(text: str) -> frozenset[str]:
    """Return the Latin-script tokens of a text, in lower case: 5g, apec."""
    return frozenset(hit.group().lower() for hit in _LATIN.finditer(text))


_OFFICES = {
    "大使": "ambassador", "总领事": "consul", "总理": "premier", "首相": "premier",
    "公主": "princess", "王储": "crown prince", "女王": "queen", "议长": "speaker",
    "princess": "princess", "crown prince": "crown prince", "queen": "queen", "speaker": "speaker",
    "总统": "president", "国王": "king", "外长": "minister", "ambassador": "ambassador",
    "consul": "consul", "prime minister": "premier", "chancellor": "premier", "premier": "premier",
    "president": "president", "king": "king", "foreign minister": "minister",
}  # fmt: skip


@cache
def _office_pattern(lang: str) -> re.Pattern[str]:
    side = 0 if lang == "zh" else 1
    known = [
        row[side].split(",|"[side])
        for row in rows("pipelines.facts/places.tsv")
        if row[2:] == ("country",)
    ]
    ordered = sorted((form for forms in known for form in forms), key=len, reverse=True)
    country = f"(?P<country>{'|'.join(map(re.escape, ordered))})"
    posts = "|".join(post for post in _OFFICES if post.isascii() == (lang == "en"))
    if lang == "zh":
        return re.compile(rf"{country}(?:驻[{HAN}]{{1,4}}?)?(?P<post>{posts})")
    return re.compile(rf"\b{country}(?:'s|’s)? (?P<post>(?i:{posts}))\b")


def offices(text: str, lang: str) -> frozenset[tuple[str, str]]:
    """Return the offices of guests by country: Japan's ambassador is one person."""
    forms = _place_pattern(lang)[1]
    return frozenset(
        (forms[hit["country"]][0], _OFFICES[hit["post"].lower()])
        for hit in _office_pattern(lang).finditer(text)
    )
