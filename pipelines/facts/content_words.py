"""Dictionary words of a text, for matters that no fact identifies.

Gas becomes dearer and so does water: two reports of one day and one office differ in words alone.
"""

import re

from pipelines.text import cedict

_ENGLISH = re.compile(r"(?<![\w'’-])[a-z]{3,}(?![\w'’-])", re.IGNORECASE)
_PLAIN = frozenset(
    """
    about above across after again against ago all along already also although always among
    another anybody anyone anything are around away back became because become becomes been
    before began begin begins being below beneath beside besides between beyond both but
    came can cannot come comes coming could did does doing done down during each either else
    ever every everyone everything few fewer first for former forward from further gave get
    gets getting give given gives giving goes going gone good got great had half has have
    having her here hers herself him himself his how however include included includes
    including into its itself just keep keeps kept last later latest least less let like
    made main make makes making many may might more most much must near neither never new
    next nobody none nor not nothing now off often old once one ones only onto open other
    others our out outside over own part past per put puts quite rather really same second
    see seen set several shall she should since some someone something soon still such take
    taken takes taking than that the their theirs them themselves then there these they this
    those though three through throughout thus till together too took toward towards two
    under until upon used using very was way well went were what when where whether which
    while who whole whom whose why will with within without would year years yet you your
    """.split()  # noqa: SIM905
)
"""Words of grammar, time and order, and verbs that mean little alone: translators choose
them freely."""
_COUNTED = frozenset("hundred hundreds thousand thousands million billion trillion percent".split())  # noqa: SIM905
"""Words of figures, which Chinese writes as digits."""


def content_words(whole: str, lead: int, lang: str) -> frozenset[str]:
    """Return the content words of a text.

    Of a Chinese one all words and the characters between them; of an English one those of title
    and lead that some gloss has, as names have none.
    """
    if lang == "zh":
        return cedict.chinese_units(whole)
    found = {hit.lower() for hit in _ENGLISH.findall(whole[:lead])} - _PLAIN - _COUNTED
    return frozenset(word for word in found if cedict.root(word) in cedict.known_roots())


def missing(zh: frozenset[str], en: frozenset[str]) -> list[str]:
    """Return English words that render none of the Chinese ones, sorted."""
    asked = {cedict.root(word) for word in en}
    found = frozenset[str]().union(*(cedict.rendered_roots(word) & asked for word in zh))
    return sorted(word for word in en if cedict.root(word) not in found)
