"""What a release may hold of an article. What nobody has cleared is refused.

Text is cleared when the city file, or the article's source in it, allows it *and* says when a
person read the terms (`rights: {text: full, terms: …, checked: 2026-11-23}`). The `rights` stored
with the article can only narrow that: an article taken in under narrower terms stays under them
until it is extracted again.
"""

from crawler.city import RIGHTS, City, Rights

METADATA, EXCERPT, FULL = RIGHTS

_LONGEST = {"zh": 200, "en": 400}
"""Characters of an excerpt at most."""


def held(ruling: Rights | None, recorded: str | None) -> str:
    """Return how much of an article may be held: one of `RIGHTS`.

    `ruling` is what the city file says of its source (None: no file), `recorded` the article's own
    column (None: it was imported and has none).
    """
    if ruling is None or ruling.checked is None:
        return METADATA
    stated = [ruling.text] if recorded is None else [ruling.text, recorded]
    if any(level not in RIGHTS for level in stated):
        return METADATA
    return min(stated, key=RIGHTS.index)


def excerpt(text: str, lang: str | None) -> str:
    """Return the beginning of a text: a quarter of it, 200 characters of Chinese or 400 of English
    at most, so that an excerpt of a short text is not the text."""
    return text[: min(_LONGEST.get(lang or "", 200), len(text) // 4)]


def by_source(city: City | None) -> bool:
    """Whether the ruling depends on the article's URL."""
    return city is not None and any(source.rights is not None for source in city.sources)
