"""Aliases learnt from a city's own pairs: John Lee is 李家超.

No table and no rule of spelling explains such a name. It is learnt from pairs that are likely
without it: an English name of an official, and the one Chinese person who is named again and again
in the counterparts of the articles with that name. The constants are set by hand, not measured.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import product

from pipelines.facts import names, romanisation, sounds
from pipelines.pairs.prepared import PreparedArticle

CERTAIN = 0.5
"""Probability from which an alias is learnt from a pair: not one, but several that agree show a
name, and short texts with an unexplained name are seldom certain."""
LEAST, LEAST_FAMILY = 3, 2
"""Pairs with both names at least; fewer for a family name in the spelling of Hong Kong."""
SHARE = 0.75
"""Least share with the Chinese person, of the pairs with the English name."""
ALIKE = 0.5
"""Likeness from which a name and a person are the same."""
AHEAD = 0.67
"""Most likeness of any other person, as a share of the first's."""


def learn(pairs: Iterable[tuple[PreparedArticle, PreparedArticle]]) -> dict[str, str]:
    """Return Chinese persons (Simplified) by English name in lower case.

    `pairs`: Chinese and English articles that are certainly counterparts. Likeness is Dice's
    coefficient over pairs; a person whom pinyin explains in a pair has no alias there.
    """
    forms: Counter[str] = Counter()
    persons: Counter[str] = Counter()
    both: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], PreparedArticle] = {}
    for zh, en in pairs:
        zh_persons, en_persons = _of_kind(zh, "name"), _of_kind(en, "person")
        unexplained, unspelt = zh_persons - _of_kind(en, "name"), en_persons - zh_persons
        forms.update(unspelt)
        persons.update(unexplained)
        for match in product(unspelt, unexplained):
            both[match] += 1
            examples.setdefault(match, zh)
    found: dict[str, str] = {}
    for form in sorted(forms):
        alike = sorted(
            (2 * count / (forms[form] + persons[person]), person)
            for (other, person), count in both.items()
            if other == form
        )
        if not alike or alike[-1][0] < ALIKE:
            continue
        likeness, person = alike[-1]
        if len(alike) > 1 and alike[-2][0] > AHEAD * likeness:
            continue
        written = _person(form, person, examples[form, person])
        least = LEAST_FAMILY if written[:1] in _family(form) else LEAST
        if written and both[form, person] >= max(least, SHARE * forms[form]):
            found[form] = written
    return found


def used(article: PreparedArticle, learnt: Mapping[str, str]) -> dict[str, str]:
    """Return the aliases in an English article."""
    return {name: learnt[name] for name in sorted(_of_kind(article, "person") & learnt.keys())}


def _of_kind(article: PreparedArticle, kind: str) -> set[str]:
    return {key[1] for key in article.keys if key[0] == kind}


def _person(form: str, letters: str, zh: PreparedArticle) -> str:
    """Return the person in characters; empty for one whose transcription is named."""
    if any(
        sounds.sound_alike(name, form.title()) >= sounds.SAME_SOUND for name in zh.facts.foreign
    ):
        return ""
    return _characters(zh, letters)


def _family(form: str) -> str:
    """Return the characters of the last word as a family name."""
    return romanisation.characters(form.rsplit(maxsplit=1)[-1])


def _characters(zh: PreparedArticle, letters: str) -> str:
    """Return the person with the usual reading `letters`, in the article's characters."""
    spelt = {"".join(names.readings(char)[0] for char in name): name for name in zh.facts.persons}
    return spelt.get(letters, "")
