"""Names in both languages, matched through pinyin or through transcription.

An English name in pinyin is looked for in the Chinese characters themselves, with every reading of
each: recognising names in Chinese text first would lose more than it gains. Family name first or
last, `Wei Guo Wei` and `Luolin` (machine translation) all match.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product

from pypinyin.constants import PINYIN_DICT

from crawler.rows import rows
from crawler.script import HAN
from pipelines.facts import romanisation
from pipelines.facts.lists import alternatives, words

_SURNAMES = {row[0]: row[1] for row in rows("pipelines.facts/surnames.tsv")}
SURNAMES = frozenset(_SURNAMES["single"])
COMPOUND_SURNAMES = frozenset(_SURNAMES["compound"].split())

_POST = f"(?:{alternatives('post', 'zh')})"
_FAMILY = f"(?:{'|'.join(sorted(COMPOUND_SURNAMES))}|[{''.join(sorted(SURNAMES))}])"
# A wife may have her husband's family name before her own: 楊何蓓茵, Mrs Yeung.
_MARRIED = rf"[{''.join(sorted(SURNAMES))}]{{2}}[{HAN}]{{2}}"
_ZH_NAME = rf"(?:{_MARRIED}|{_FAMILY}[{HAN}]{{1,2}})"
_ZH_NAME_END = rf"(?=[，、。；：（）()\s,“”]|{alternatives('after a name', 'zh')}|$)"
_ZH_POSTED = re.compile(
    rf"{_POST}(?P<names>(?:{_FAMILY}[{HAN}]{{1,2}}?|{_MARRIED}){_ZH_NAME_END}"
    rf"(?:[、和]{_ZH_NAME}{_ZH_NAME_END})*)"
)
# With the point of ASCII, which also ends sentences, only after the word for a guest.
_ZH_FOREIGN = re.compile(
    rf"(?:[{HAN}]{{1,9}}-)?[{HAN}]{{1,9}}(?:[·•‧・][{HAN}]{{1,7}}(?:-[{HAN}]{{1,4}})?){{1,8}}"
    rf"|(?<![A-Za-z])(?:[A-Z]·){{1,3}}[{HAN}]{{2,7}}"
    rf"|(?<=会见|大使|领事|总统|总理|部长|主席|教授)(?:[A-Z]\.|[{HAN}]{{1,4}}\.){{1,3}}[{HAN}]{{1,5}}"
)
DOTS = "[·•‧・.]"
"""Marks between the parts of a foreign name."""
# A name that is transcribed without a point, after a post: 巴特尔, 洛桑江村.
_ZH_TRANSCRIBED = re.compile(rf"{_POST}(?P<name>[{HAN}]{{2,6}}?){_ZH_NAME_END}")

_ZH_BEFORE = re.compile(rf"^.*(?:{_POST}|{alternatives('before a foreign name', 'zh')})")
_ZH_AFTER = re.compile(rf"(?:{alternatives('after a foreign name', 'zh')}).*$")

_EN_TOKEN = re.compile(r"[A-ZÀ-Ý][a-zà-ÿ]+(?:['’-][A-Za-z]?[a-z]+)*|[A-Z]{2,}|[A-Z]\.")
# Words that segment as pinyin and are none: sentence openers and names with another Chinese form.
_NOT_PINYIN = frozenset(row[0] for row in rows("pipelines.facts/lookalikes.tsv"))
_EN_PLACE_AFTER = re.compile(rf"\s(?P<word>{alternatives('place', 'en')})\b")
_EN_FOREIGN = re.compile(
    rf"(?:(?i:{alternatives('title', 'en')})|Mayor of \w{{1,40}}),? "
    r"(?P<name>(?:[A-Z]\. ?){1,3}[A-ZÀ-Ý][\wà-ÿ'’-]{1,40}|[A-ZÀ-Ý][\wà-ÿ'’-]{1,40}"
    r"(?: (?:[A-ZÀ-Ý]\.|van|von|der|den|de|da|al|bin|[A-ZÀ-Ý][\wà-ÿ'’-]{1,40})){1,4})"
)


@dataclass(frozen=True, slots=True)
class Name:
    """English name of Chinese syllables. `readings` are its possible syllable sequences.

    Syllables are pinyin, or `~` and a syllable in the spelling of Hong Kong and Macau. A `person`
    has two or more words, one of them a family name; anything else is a place, or a word that
    happens to be spelt like pinyin, so that only its presence counts, unless the text calls it a
    `place` (Yunling District). `family` marks a person with only a Chinese family name (John Lee).
    """

    letters: str
    readings: tuple[tuple[str, ...], ...]
    person: bool
    start: int = 0
    family: bool = False
    place: bool = False


_TONES = dict.fromkeys((0x300, 0x301, 0x304, 0x30C))


@cache
def readings(char: str) -> tuple[str, ...]:
    """Return the toneless pinyin readings of a character, the usual one first.

    Empty for a character that is not Han.
    """
    listed = PINYIN_DICT.get(ord(char), "")
    # As pypinyin's to_normal does, in a fifteenth of the time.
    bare = unicodedata.normalize("NFD", listed).translate(_TONES)
    bare = unicodedata.normalize("NFC", bare).replace("ü", "v")
    plain = dict.fromkeys(reading for reading in bare.split(",") if reading)
    return tuple(dict.fromkeys((*plain, *(r.replace("v", "u") for r in plain if "v" in r))))


@cache
def _polyphones() -> dict[str, tuple[str, ...]]:
    return {char: tuple(other.split()) for char, other in rows("pipelines.facts/polyphones.tsv")}


@cache
def name_readings(char: str) -> tuple[str, ...]:
    """Return a character's readings in names, the usual one first.

    They are its first reading and those of `polyphones.tsv`: with every reading of a dictionary, 王
    would also be Yu, and 石 Dan.
    """
    usual = (*readings(char)[:1], *_polyphones().get(char, ()))
    return tuple(dict.fromkeys((*usual, *(r.replace("v", "u") for r in usual if "v" in r))))


@cache
def _family_readings(char: str) -> tuple[str, ...]:
    """Return a character's readings as a family name: 单 is Shan."""
    only = dict(_READ_AS.findall(_SURNAMES["read"])).get(char)
    return tuple(only.split(",")) if only else name_readings(char)


_READ_AS = re.compile(rf"([{HAN}])([a-z,]+)")


@cache
def _syllables() -> frozenset[str]:
    common = (chr(code) for code in range(0x4E00, 0x9FA6))
    known = {
        reading for char in common for reading in readings(char) if reading.isascii() and reading
    }
    return frozenset(known - {"m", "n", "ng", "hm", "hng", "r", "o", "i", "u"})


@cache
def _surname_readings() -> frozenset[str]:
    single = {reading for char in SURNAMES for reading in name_readings(char)}
    compound = {"".join(readings(char)[0] for char in name) for name in COMPOUND_SURNAMES}
    return frozenset(single | compound)


@lru_cache(maxsize=65536)
def segment(letters: str) -> tuple[tuple[str, ...], ...]:
    """Return at most eight splits into up to six pinyin syllables."""
    known = _syllables()
    found: list[tuple[str, ...]] = []

    def extend(at: int, so_far: tuple[str, ...]) -> None:
        if len(found) >= _MOST_SHAPES:
            return
        if at == len(letters):
            found.append(so_far)
            return
        if len(so_far) == _MOST_SYLLABLES:
            return
        for length in range(min(6, len(letters) - at), 0, -1):
            if letters[at : at + length] in known:
                extend(at + length, (*so_far, letters[at : at + length]))

    extend(0, ())
    return tuple(found)


def english_names(text: str) -> tuple[Name, ...]:
    """Return the Chinese names in an English text, in reading order."""
    names: list[Name] = []
    readers = (
        (_EN_HYPHENATED, _hyphenated),
        (_en_three(), _three),
        (_en_customary_place(), _customary_place),
        (_en_lee(), _lee),
        (_EN_TITLED, _titled),
    )
    for pattern, read in readers:
        for hit in pattern.finditer(text):
            if (name := read(hit)) is not None:
                names.append(name)
                start, end = hit.span("name")
                text = text[:start] + "|" * (end - start) + text[end:]
    return tuple(sorted([*names, *_pinyin_names(text)], key=lambda name: name.start))


_TITLED = f"(?:{alternatives('title before a given name', 'en')})"
_EN_HYPHENATED = re.compile(
    r"\b(?P<name>(?P<a>[A-Z][a-z]+|[A-Z]{2,})(?: (?P<b>[A-Z][a-z]+))?"
    r" (?P<c>[A-Z][a-z]*)-(?P<d>[A-Za-z][a-z]*))\b"
)


# Also a title with its office: Secretary for Security Chris Tang.
@cache
def _en_lee() -> re.Pattern[str]:
    families = "|".join(s.capitalize() for s in romanisation.syllables() if _is_family(s))
    return re.compile(
        rf"\b{_TITLED}\.?(?: (?:for|of)(?: (?:the |and )?[A-Z][a-z]+,?){{1,6}}?)?,? "
        rf"(?P<name>(?P<given>(?!(?:Mr|Ms|Mrs|Dr|Prof)\b)[A-Z][a-z]+) (?P<a>{families}))\b"
    )


# After a title words that are mostly none of a name are one: Party chief Li Gang, Mayor Li An.
_EN_TITLED = re.compile(
    r"\b(?:[Mm]ayor|[Pp]arty (?:[Cc]hief|[Ss]ecretary)|[Gg]overnor|[Cc]hairman|[Cc]hairwoman"
    r"|Director|Secretary|Commissioner|[Pp]resident),? "
    r"(?P<name>(?P<a>[A-Z][a-z]+) (?P<b>[A-Z][a-z]+))\b(?! [A-Z])"
)


def _titled(hit: re.Match[str]) -> Name | None:
    """Return a name in pinyin after a title."""
    tokens = [hit["a"].lower(), hit["b"].lower()]
    if tokens[0] not in _surname_readings() or all(token not in _NOT_PINYIN for token in tokens):
        return None
    shapes = [shape for shape in readings_of(tokens) if 2 <= len(shape) <= 4]
    if not shapes:
        return None
    return Name("".join(tokens), tuple(shapes), True, hit.start("name"))


@cache
def _en_three() -> re.Pattern[str]:
    syllable = "|".join(map(str.capitalize, romanisation.syllables()))
    return re.compile(rf"\b(?P<name>(?:{syllable})(?: (?:{syllable})){{2,3}})\b(?!-)")


@cache
def _en_customary_place() -> re.Pattern[str]:
    syllable = "|".join(map(str.capitalize, romanisation.syllables()))
    return re.compile(
        rf"(?<![\w-])(?P<name>(?:{syllable})(?: (?:{syllable})){{1,2}})\b"
        rf"(?![-'’]|\s(?!{alternatives('place', 'en')})[A-Z])"
    )


def _customary_place(hit: re.Match[str]) -> Name | None:
    """Return a place like Tuen Mun or Yuen Long, no pinyin."""
    tokens = hit["name"].lower().split()
    if all(map(spells, tokens)) or all(token in _NOT_PINYIN for token in tokens):
        return None
    after = _EN_PLACE_AFTER.match(hit.string, hit.end())
    named = after is not None and after["word"] not in _NO_PLACE
    reading = tuple(f"~{token}" for token in tokens)
    return Name("".join(tokens), (reading,), False, hit.start("name"), place=named)


def _hyphenated(hit: re.Match[str]) -> Name | None:
    """Return a name like Chan Mo-po or Au Yeung Kit-man."""
    given = (hit["c"].lower(), hit["d"].lower())
    first, second = hit["a"].lower(), (hit["b"] or "").lower()
    if second:
        shapes = _customary((first, second, *given)) if _is_compound(first, second) else ()
        shapes = shapes or _customary((second, *given))
    else:
        shapes = _customary((first, *given))
    letters = "".join(shapes[0]).replace("~", "") if shapes else ""
    return Name(letters, shapes, True, hit.start("name")) if shapes else None


def _three(hit: re.Match[str]) -> Name | None:
    """Return a Cantonese name like Ho Iat Seng or Ao Ieong U."""
    tokens = tuple(hit["name"].lower().split())
    if len(tokens) == 4 and not _is_compound(*tokens[:2]):
        return None
    if not (_is_family(tokens[0]) or _is_compound(*tokens[:2])):
        return None
    return Name("".join(tokens), _customary(tokens), True, hit.start("name"))


def _lee(hit: re.Match[str]) -> Name | None:
    """Return the family name of a name like Mr John Lee."""
    given, family = hit["given"].lower(), hit["a"].lower()
    spelt = segment(given) or romanisation.characters(given)
    if spelt and given not in _GIVEN:
        return None
    return Name(f"{given} {family}", ((f"~{family}",),), False, hit.start("name"), family=True)


_GIVEN = frozenset(name.lower() for name in words("given name", "en"))


def _is_family(syllable: str) -> bool:
    return bool(SURNAMES & set(romanisation.characters(syllable)))


def _is_compound(first: str, second: str) -> bool:
    pairs = product(romanisation.characters(first), romanisation.characters(second))
    return any(a + b in COMPOUND_SURNAMES for a, b in pairs)


def _customary(tokens: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the readings of syllables in each romanisation with all of them."""
    cut = romanisation.RUN_TOGETHER.get(tokens[0], tokens[:1]) + tokens[1:]
    shapes: list[tuple[str, ...]] = []
    if all(token in _syllables() for token in tokens):
        shapes += [tokens, (*tokens[1:], tokens[0])]
    if all(romanisation.characters(token) for token in cut):
        shapes.append(tuple(f"~{token}" for token in cut))
    options: list[tuple[str, ...]] = [()]
    for token in tokens:
        options = [(*o, p) for o in options for p in _wade_giles().get(token, ())][:16]
    return tuple(dict.fromkeys(shapes + options))


@cache
def _wade_giles() -> dict[str, tuple[str, ...]]:
    # Taipei also prints ih for the i of Wade and Giles: Hou Yu-ih.
    known = romanisation.wade_giles(_syllables()) | {"ih": ("yi",), "je": ("zhe", "re")}
    # 善政 is San-cheng: many say and print s for sh.
    hissing = {
        s: (*known[s], *known["sh" + s[1:]]) for s in known if "sh" + s[1:] in known and s[0] == "s"
    }
    return known | hissing


def _pinyin_names(text: str) -> Iterator[Name]:
    """Yield the names in pinyin, in reading order."""
    run: list[re.Match[str]] = []
    for token in (*_EN_TOKEN.finditer(text), None):
        # A title ends with its line: the text's first word is no part of its last name.
        between = text[run[-1].end() : token.start()] if run and token else ""
        joined = between.isspace() and len(between) == 1 and between != "\n"
        if run and (not joined or len(run) == 4 or (token and not spells(token.group()))):
            if (name := _name_of(run, text)) is not None:
                yield name
            run = []
        if token and spells(token.group()):
            run.append(token)


def _plain(token: str) -> str:
    return re.sub(r"['’-]", "", token).lower()


def spells(token: str) -> bool:
    plain = _plain(token)
    return plain not in _NOT_PINYIN and "." not in token and bool(segment(plain))


_MOST_SHAPES, _MOST_SYLLABLES, _FEWEST_LETTERS = 8, 6, 4
"""Readings of a name that are tried, its syllables at most, its letters at least; set by hand, not
measured."""
# Chinese says "our city", "our province"; and names of institutions get translated.
_NO_PLACE = frozenset(words("place translated", "en"))


def _name_of(run: Sequence[re.Match[str]], text: str) -> Name | None:
    """Return the name in a run of pinyin words, if any."""
    tokens = [_plain(hit.group()) for hit in run]
    letters = "".join(tokens)
    after = _EN_PLACE_AFTER.match(text, run[-1].end())
    shapes = readings_of(tokens)
    too_short = len(letters) < _FEWEST_LETTERS or max(map(len, shapes), default=0) < 2
    if too_short or letters == "hongkong":
        return None
    person = len(tokens) >= 2 and after is None and _is_person(tokens, shapes)
    if person:
        turned = [shape[-1:] + shape[:-1] for shape in shapes]
        shapes = list(dict.fromkeys(shapes + turned))
    if len(tokens) > 1 and all(romanisation.characters(token) for token in tokens):
        shapes.append(tuple(f"~{token}" for token in tokens))
    place = after is not None and after["word"] not in _NO_PLACE
    return Name(letters, tuple(shapes), person, run[0].start(), place=place)


def readings_of(tokens: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the possible syllable sequences of pinyin words."""
    shapes: list[tuple[str, ...]] = [()]
    for token in tokens:
        options = segment(token)[:4]
        shapes = [(*shape, *option) for shape in shapes for option in options][:_MOST_SHAPES]
    return [shape for shape in shapes if len(shape) <= _MOST_SYLLABLES]


def _is_person(tokens: Sequence[str], shapes: Iterable[tuple[str, ...]]) -> bool:
    """Return True for two to four syllables with a surname."""
    family = _surname_readings()
    named = tokens[0] in family or tokens[-1] in family
    return named and any(2 <= len(shape) <= 4 for shape in shapes)


@dataclass(frozen=True, slots=True)
class PinyinIndex:
    """Positions in a Chinese text by pinyin syllable.

    Those of a syllable in the spelling of Hong Kong are added at its first look-up.
    """

    text: str
    positions: dict[str, frozenset[int]]

    def find(self, name: Name) -> bool:
        """Return True if the name occurs in the text."""
        return any(self._reads(shape, person=name.person) for shape in name.readings)

    def _at(self, syllable: str) -> frozenset[int]:
        if syllable.startswith("~") and syllable not in self.positions:
            known = set(romanisation.characters(syllable[1:]))
            found = frozenset(at for at, char in enumerate(self.text) if char in known)
            self.positions[syllable] = found
        return self.positions.get(syllable, frozenset())

    def _reads(self, shape: tuple[str, ...], *, person: bool) -> bool:
        places: Iterable[int] = self._at(shape[0])
        for offset, syllable in enumerate(shape[1:], 1):
            following = self._at(syllable)
            if not following:
                return False
            places = [at for at in places if at + offset in following]
        if person and not shape[0].startswith("~"):
            return any(shape[0] in _family_readings(self.text[at]) for at in places)
        return bool(places)


_PROVINCES = {word[0]: word[1:] for word in words("province", "zh")}
_PROVINCES_SHORT = re.compile(rf"[{''.join(_PROVINCES)}]{{2,}}")


@lru_cache(maxsize=512)
def pinyin_index(text: str) -> PinyinIndex:
    """Index a Chinese text by pinyin syllable; the latest texts are cached.

    Provinces in one character each (沪苏浙皖) are added in full.
    """
    short = {char for run in _PROVINCES_SHORT.findall(text) for char in run}
    text = "\n".join((text, *sorted(_PROVINCES[char] for char in short)))
    positions: dict[str, set[int]] = {}
    for at, char in enumerate(text):
        for reading in name_readings(char):
            positions.setdefault(reading, set()).add(at)
    return PinyinIndex(text, {key: frozenset(value) for key, value in positions.items()})


def chinese_names(text: str) -> frozenset[str]:
    """Return the persons named with a post in a Chinese text."""
    found: set[str] = set()
    for hit in _ZH_POSTED.finditer(text):
        for name in re.split("[、和]", hit["names"]):
            if re.fullmatch(_ZH_NAME, name):
                found.add(name)
    return frozenset(found)


def foreign_names(text: str, lang: str) -> frozenset[str]:
    """Return foreign persons: 汉斯·米勒, or Hans Müller after a title."""
    if lang == "zh":
        return frozenset(_trimmed(hit.group()) for hit in _ZH_FOREIGN.finditer(text))
    return frozenset(
        hit["name"]
        for hit in _EN_FOREIGN.finditer(text)
        if not all(segment(_plain(token)) for token in hit["name"].split())
    )


_EN_SINGLE = re.compile(
    rf"\b(?i:{alternatives('title', 'en')}) (?P<name>[A-Z][a-zà-ÿ]{{2,20}})\b(?! [A-Z])"
)


def transcribed(text: str, lang: str) -> frozenset[str]:
    """Return names after a post that may be transcriptions.

    They are of peoples whose names are no Chinese ones: 巴特尔, Bater; 洛桑江村, Losang Jamcan.
    """
    if lang == "zh":
        return frozenset(hit["name"] for hit in _ZH_TRANSCRIBED.finditer(text))
    single = (hit["name"] for hit in _EN_SINGLE.finditer(text))
    return frozenset(name for name in single if not _is_syllable(name))


def _is_syllable(word: str) -> bool:
    return any(len(shape) == 1 for shape in segment(word.lower()))


def _trimmed(found: str) -> str:
    """Cut the words around a transcribed name: 大使汉斯·米勒一行 becomes 汉斯·米勒."""
    first, *middle, last = re.split(DOTS, found)
    return "·".join([_ZH_BEFORE.sub("", first) or first, *middle, _ZH_AFTER.sub("", last) or last])
