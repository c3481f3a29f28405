"""Rights: the part of an article that may be released.

Text is cleared if the city file, or the article's source in it, allows it *and* a person has read
the terms on a stated day (`rights: {text: full, terms: …, checked: 2026-11-23}`); else only
metadata is. The `rights` stored with the article can only narrow that: an article taken in under
narrower terms stays under them until it is extracted again.
"""

from crawler.city import RIGHTS, City, Rights

METADATA, EXCERPT, FULL = RIGHTS

_LONGEST = {"zh": 200, "en": 400}
"""Characters of an excerpt at most; set by hand, not measured."""


def held(ruling: Rights | None, recorded: str | None) -> str:
    """Return the level of release of an article, one of `RIGHTS`.

    `ruling` is the city file's on its source (None: no file), `recorded` the article's own column
    (None: it was imported and has none).
    """
    if ruling is None or ruling.checked is None:
        return METADATA
    stated = [ruling.text] if recorded is None else [ruling.text, recorded]
    if any(level not in RIGHTS for level in stated):
        return METADATA
    return min(stated, key=RIGHTS.index)


def excerpt(text: str, lang: str | None) -> str:
    """Return the beginning of a text as its excerpt.

    It is a quarter at most, and at most `_LONGEST` characters, so that the excerpt of a short text
    is not the text.
    """
    return text[: min(_LONGEST.get(lang or "", 200), len(text) // 4)]


def by_source(city: City | None) -> bool:
    """Return True if the ruling depends on the article's URL."""
    return city is not None and any(source.rights is not None for source in city.sources)
