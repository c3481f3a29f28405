"""Roads, districts and institutions by name: 弥敦道, Nathan Road.

A name is spelt in pinyin or as in Hong Kong (Zhongshan Road), transcribed (Nathan Road, 弥敦道) or
translated (Friendship Hospital, 友谊医院). English names are looked for in the characters before
Chinese words of their kind.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, lru_cache

from crawler.rows import rows
from crawler.script import HAN
from pipelines.facts import names, romanisation, sounds
from pipelines.facts.lists import words
from pipelines.facts.names import Name
from pipelines.text import cedict

_LONGEST = 8
"""Characters before a Chinese kind that are read as a name."""
_LETTERS = 70
"""Characters before an English kind that are read as a name."""
_SAME, _OTHER = 0.6, 0.3
"""Likeness of sound from which a transcription is of a name, and below which of another; set by
hand, not measured."""
_CONSONANTS = 2
"""Consonants of a name from which its sound is compared."""
_STEM = 5
"""Letters from which a stem may be another's beginning: experiment, experimental."""


@dataclass(frozen=True, slots=True)
class Site:
    """Place with a name of its own.

    `name` is without the kind: English words, or the Chinese characters before it. `way` is the
    quarter of a road: 中山西路, Zhongshan West Road.
    """

    kind: str
    name: str
    way: str = ""
    start: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Sought:
    """Presence of a site in Chinese; `spelt`: its name is romanised."""

    found: bool
    spelt: bool


def sites(text: str, lang: str) -> tuple[Site, ...]:
    """Return the distinct sites of a text in normal form."""
    read = _chinese if lang == "zh" else _english
    found = (read(text, hit) for hit in _kinds(lang).finditer(text))
    return tuple(dict.fromkeys(site for site in found if site))


def sought(site: Site, chinese: Iterable[Site]) -> Sought | None:
    """Look for an English site in a Chinese text's.

    None if that cannot be judged: the text has no site of the kind, or the name may be a
    translation that no dictionary has.
    """
    verdicts = [_compared(site, other) for other in chinese if other.kind == site.kind]
    found = [verdict for verdict in verdicts if verdict and verdict.found]
    if found:
        return found[0]
    return verdicts[0] if verdicts and all(verdicts) else None


@cache
def _kind_words(lang: str) -> dict[str, str]:
    side = 1 if lang == "zh" else 2
    return {
        row[0]: row[side]
        for row in rows("pipelines.facts/sites.tsv")
        if row[0] not in ("of", "part")
    }


@cache
def _kinds(lang: str) -> re.Pattern[str]:
    # 街道 is of a district, so that districts are read before roads.
    joined = "|".join(f"(?P<{kind}>{said})" for kind, said in sorted(_kind_words(lang).items()))
    if lang == "en":
        # Only schools are named behind their kind: University of Technology.
        return re.compile(
            rf"(?<= )(?:{joined})\b(?! of\b)|\b(?P<of>University|College|Academy)\b(?= of )"
        )
    # Few characters begin a kind: the alternatives are tried there alone.
    plain = re.sub(r"\(\?<!.*?\)", "", "|".join(_kind_words("zh").values()))
    return re.compile(f"(?=[{''.join({word[0] for word in plain.split('|')})}])(?:{joined})")


_CUT = re.compile(r"^.*[在于至从往沿的了]")
_NO_END = frozenset("条座个等各该些已充")
"""Characters that end no name: 一条街, 他补充道."""
_NUMBERED = re.compile("[一二三四五六七八九十]$")
_NUMBERED = re.compile("[一二三四五六七八九十]$")
_ZH_WAYS = {"东": "east", "西": "west", "南": "south", "北": "north", "中": "central"}


def _chinese(text: str, hit: re.Match[str]) -> Site | None:
    before = re.search(f"[{HAN}]*$", text[max(0, hit.start() - _LONGEST) : hit.start()])
    name = _CUT.sub("", before.group() if before else "")
    if len(name) < 2 or name[-1] in _NO_END:
        return None
    way = ""
    if hit.lastgroup == "road":
        # 中山东一路 is of the east, too.
        name = name[:2] + _NUMBERED.sub("", name[2:])
        after = text[hit.end() : hit.end() + 1] if hit.group().endswith("道") else ""
        way = _ZH_WAYS.get(after) or (_ZH_WAYS.get(name[-1], "") if len(name) > 2 else "")
    return Site(hit.lastgroup or "", name, way, hit.start() - len(name))


_EN_OF = re.compile(r" of (?:the )?(?P<name>[A-Z][\w'’-]*(?: (?:and |for )?[A-Z][\w'’-]*){0,3})")
_EN_BEFORE = re.compile(r"(?:(?:[A-Z][\w'’.-]*|of|and|\d{1,2}(?:st|nd|rd|th)) ){1,5}$")
_EN_WAYS = "east|west|south|north|central"
_EN_WAY = re.compile(rf" (?P<way>{_EN_WAYS})\b", re.IGNORECASE)
_NO_NAME = frozenset(words("no name of a site", "en"))


def _english(text: str, hit: re.Match[str]) -> Site | None:
    if hit["of"]:
        behind = _EN_OF.match(text, hit.end())
        named = [word for word in behind["name"].split() if word[0].isupper()] if behind else []
        return Site("school", " ".join(named), "", hit.start()) if named else None
    before = _EN_BEFORE.search(text[max(0, hit.start() - _LETTERS) : hit.start()])
    if before is None:
        return None
    called = before.group().split()
    way = ""
    if hit.lastgroup == "road":
        after = _EN_WAY.match(text, hit.end())
        ways = [word.lower() for word in called if re.fullmatch(_EN_WAYS, word.lower())]
        way = after["way"].lower() if after else ways[-1] if ways else ""
        called = [word for word in called if word.lower() not in ways]
    name = [word for word in called if word.lower().rstrip(".") not in _NO_NAME]
    name = [word for word in name if not word[0].isdigit()]
    if not name:
        return None
    return Site(hit.lastgroup or "", " ".join(name), way, hit.start() - len(before.group()))


@lru_cache(maxsize=1 << 14)
def _compared(en: Site, zh: Site) -> Sought | None:
    """Judge if a Chinese site has an English one's name."""
    called = en.name.split()
    judged = _in_parts(called, zh.name)
    if judged is not None:
        called = []
    for at in range(len(called) - 1, -1, -1):
        verdict = _word(called[at:], "".join(called), zh)
        if verdict is not None and (judged is None or verdict.found):
            judged = verdict
        if judged and judged.found:
            break
    if judged and judged.found and en.way and zh.way and en.way != zh.way:
        return Sought(False, judged.spelt)
    return judged


def _word(called: list[str], whole: str, zh: Site) -> Sought | None:
    """Judge a word of the `whole` name, with those after it."""
    word = called[0]
    plain = word.lower().removesuffix("'s") in cedict.vocabulary()
    if shapes := _shapes(called) or _shapes(called[:1]):
        if names.pinyin_index(zh.name).find(Name("", shapes, person=False)):
            return Sought(True, True)
        if not plain:  # Palace and Maritime only look like pinyin.
            return Sought(False, True)
    if (served := _serves(word)) is not None:
        serving = {at for at, (chinese, _) in enumerate(_purposes()) if chinese.search(zh.name)}
        return Sought(served in serving, False) if serving else None
    if _translates(word, zh.name):
        return Sought(True, False)
    # Dictionaries do not have every translation.
    return None if plain else _sounds(word, whole, zh.name)


def _in_parts(called: list[str], name: str) -> Sought | None:
    """Judge a name of plain words alone: East Lake, 东湖."""
    parts = [_parts().get(word.lower().removesuffix("'s")) for word in called]
    if not all(parts):
        return None
    found = all(any(char in name for char in part or ()) for part in parts)
    # East and lake have one rendering each; King and Peace have others.
    certain = all(len(char) == 1 for part in parts for char in part or ())
    # Nor is a park of peace one of youth.
    whole = (char for listed in _parts().values() for char in listed if len(char) > 1)
    certain = certain or any(name.endswith(char) for char in whole)
    return Sought(found, False) if found or certain else None


@cache
def _parts() -> dict[str, tuple[str, ...]]:
    listed: dict[str, tuple[str, ...]] = {}
    for kind, chinese, english in rows("pipelines.facts/sites.tsv"):
        for word in english.lower().split("|") if kind == "part" else ():
            listed[word] = (*listed.get(word, ()), *chinese.split("|"))
    return listed


def _shapes(called: list[str]) -> tuple[tuple[str, ...], ...]:
    """Return the readings of words in pinyin or as in Hong Kong."""
    plain = [re.sub(r"['’-]", "", word).lower() for word in called]
    shapes = names.readings_of(plain) if all(map(names.spells, called)) else []
    if len(plain) > 1 and all(romanisation.characters(word) for word in plain):
        shapes.append(tuple(f"~{word}" for word in plain))
    return tuple(shape for shape in shapes if len(shape) > 1)


@cache
def _purposes() -> tuple[tuple[re.Pattern[str], frozenset[str]], ...]:
    return tuple(
        (re.compile(row[1]), frozenset(row[2].lower().split("|")))
        for row in rows("pipelines.facts/sites.tsv")
        if row[0] == "of"
    )


def _serves(word: str) -> int | None:
    plain = word.lower().replace("’", "'")
    return next((at for at, (_, english) in enumerate(_purposes()) if plain in english), None)


def _translates(word: str, name: str) -> bool:
    """Return True if the dictionary renders a Chinese name's word so."""
    stems = cedict.english_stems(word.removesuffix("'s"))
    known = {stem for zh in cedict.chinese_words(name)[1] for stem in cedict.renderings(zh)}
    return any(_one_stem(stem, other) for stem in stems for other in known)


def _one_stem(first: str, second: str) -> bool:
    short, long = sorted((first, second), key=len)
    return first == second or (len(short) >= _STEM and long.startswith(short))


def _sounds(word: str, whole: str, name: str) -> Sought | None:
    """Judge by sound any end of a Chinese name."""
    ends = [name[-length:] for length in range(2, min(len(name), 6) + 1)]
    alike = [sounds.sound_alike(end, word) for end in ends]
    if sounds.consonants(word) < _CONSONANTS or _OTHER <= max(alike) < _SAME:
        return None
    # Des Voeux Road is 德辅道: neither word is the name.
    if max(alike) < _SAME and max(sounds.sound_alike(end, whole) for end in ends) >= _OTHER:
        return None
    return Sought(max(alike) >= _SAME, False)
