"""Names that a city's own pairs show to be one person's: John Lee is 李家超.

What no table and no rule of spelling explains is learnt from pairs that are certain without it: a
name under which English articles speak of an official, and the one Chinese person who is named in
their mates time after time.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from pipelines.facts import names, romanisation
from pipelines.pairs.prepared import PreparedArticle

CERTAIN = 0.9
"""Probability from which a pair teaches."""
LEAST, LEAST_FAMILY = 3, 2
"""Pairs that must show it; fewer, where the family name is spelt as Hong Kong spells it."""
SHARE = 0.75
"""Pairs with the English name that must name the Chinese person."""
ALIKE = 0.5
"""Likeness from which a name and a person go together."""
AHEAD = 0.67
"""What any other person may reach at most, of the likeness of the first."""


def learn(pairs: Iterable[tuple[PreparedArticle, PreparedArticle]]) -> dict[str, str]:
    """Return, by English name in lower case, the Chinese person, in Simplified characters.

    `pairs` are Chinese and English articles that are certain to be mates. Likeness is Dice's
    coefficient over pairs; a person whom pinyin explains in a pair stands for nobody else there.
    """
    forms: Counter[str] = Counter()
    persons: Counter[str] = Counter()
    both: Counter[tuple[str, str]] = Counter()
    shown: dict[tuple[str, str], PreparedArticle] = {}
    for zh, en in pairs:
        ours = {key[1] for key in zh.keys if key[0] == "name"}
        theirs = {key[1] for key in en.keys if key[0] == "person"}
        spelt = {key[1] for key in en.keys if key[0] == "name"}
        ours, theirs = ours - spelt, theirs - ours
        forms.update(theirs)
        persons.update(ours)
        for form in theirs:
            for person in ours:
                both[form, person] += 1
                shown.setdefault((form, person), zh)
    found: dict[str, str] = {}
    for form in sorted(forms):
        alike = sorted(
            (2 * count / (forms[form] + persons[person]), person)
            for (other, person), count in both.items()
            if other == form
        )
        if not alike:
            continue
        likeness, person = alike[-1]
        if likeness < ALIKE or (len(alike) > 1 and alike[-2][0] > AHEAD * likeness):
            continue
        count = both[form, person]
        written = _characters(shown[form, person], person)
        known = written[:1] in _family(form)
        transcribed = shown[form, person].facts.foreign
        if any(names.sound_alike(one, form.title()) >= names.SAME_SOUND for one in transcribed):
            continue
        if written and count >= (LEAST_FAMILY if known else LEAST) and count >= SHARE * forms[form]:
            found[form] = written
    return found


def of(one: PreparedArticle, learnt: Mapping[str, str]) -> dict[str, str]:
    """Return those aliases that an English article uses."""
    return {key[1]: learnt[key[1]] for key in one.keys if key[0] == "person" and key[1] in learnt}


def _family(form: str) -> str:
    """Return the characters that the last word may stand for as a family name."""
    return romanisation.characters(form.rsplit(maxsplit=1)[-1])


def _characters(zh: PreparedArticle, letters: str) -> str:
    """Return the person whose usual reading is `letters`, as the article writes the name."""
    spelt = {"".join(names.readings(char)[0] for char in one): one for one in zh.facts.persons}
    return spelt.get(letters, "")
