"""Language and script of a text.

The script comes first and langdetect last. Counting characters of each script separates Chinese
from everything else without error, and fast. langdetect is consulted only if the scripts leave a
doubt, with a fixed seed and, between Chinese and English, with priors: by itself it takes short
Traditional titles for Korean and raises on a bare date.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from langdetect import DetectorFactory, LangDetectException
from langdetect.detector_factory import PROFILES_DIRECTORY

from crawler.script import HAN
from pipelines.text.normal import narrow
from pipelines.text.script import LATIN, count_letters, exclusive_characters, script_of

Lang = Literal["zh", "en", "mixed", "other", ""]

_HAN = re.compile(f"[{HAN}]")
_LATIN = re.compile(rf"[{LATIN}]+(?:['’-][{LATIN}]+)*")
_ACCENTED = re.compile(r"[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]")
# A name in characters behind its romanisation: an English habit. `Mayor Lu Wenyuan (陆文渊)`.
_GLOSS = re.compile(rf"[(（][{HAN}·\s]{{1,20}}[)）]")
_URL = re.compile(r"https?://\S+|www\.\S+|(?<![\w.-])[\w.-]{1,64}@[\w.-]+")
# The commonest function words of English, and those of its neighbours that are not English.
_ENGLISH = frozenset(
    re.findall(
        r"\S+",
        r"the of and to in is was for on that by with as at from are were be been this has "
        r"have had it its will which an or not but their they he she his her we our you your "
        r"more than all who said after before between into over under during about also can "
        r"would should may i if when what how why no new",
    )
)
_NEIGHBOURS = frozenset(
    re.findall(
        r"\S+",
        r"de la el los las un una que y en del por con para se su al lo como mas más es son "
        r"fue o os do da dos das em no na nos nas um uma com não ao pelo pela le les des et "
        r"est du dans pour qui sur par au aux avec ne pas der die das und den von zu mit ist "
        r"im dem nicht ein eine auf für il di che e per della del sono gli và của là có được "
        r"trong cho yang dan di untuk dengan ini itu pada van het een op te voor niet og det "
        r"som til av på att och är "
        # Filipino, Malay, Swahili, Turkic languages, Zhuang, and those of Central Europe.
        r"ang ng mga sa ay nang ni kay isang ito dalam tidak oleh akan kepada telah "
        r"ya wa kwa katika ve bir bu için ile va bilan uchun hem bilen üçün "
        r"gwnz ndaej vunz neix caeuq daengz gyoengq youq mbouj dwg boux cungj hawj ndei bonj haeuj "
        r"się jest nie oraz przez že je jsou nebo és hogy egy ez az și care este din nu cu ja että "
        r"oli niin die nie het ook aan werd i w z do od po",
    )
)
# Zhuang marks tones with letters that end hardly any English word.
_TONE_LETTER = re.compile(r"[a-z]{2,}[jqxz]")
_CANTONESE = re.compile("[嘅咗喺唔冇佢哋啲嚟嘢喇噉嗰咩瞓諗攞嘥冚]")
_SEED = 0
_PRIORS = {"zh-cn": 0.4, "zh-tw": 0.2, "en": 0.4}
# Between English and its neighbours, for a headline with a foreign name in it.
_LATIN_PRIORS = {"en": 0.5} | dict.fromkeys(
    ("pt", "es", "fr", "de", "it", "nl", "id", "vi", "sv", "da"), 0.05
)
_LONGEST = 200_000
"""Characters of a text that are counted: enough for its language."""
_LANGDETECT_LONGEST = 5_000
"""Characters of a text that langdetect is given, which takes milliseconds for each thousand."""
_MOST_GUESSED = 40
"""Paragraphs of a text for which langdetect is consulted, at ten milliseconds each."""
WORD = 1.6
"""Chinese characters of an English word: the usual ratio in translated news."""

# The bounds below are set by hand. benchmarks/accuracy/language.py measures their result.
_HANGUL_SHARE, _KANA_SHARE = 0.2, 0.12
"""Share among Han and own characters from which a text is Korean, or Japanese."""
_CHINESE_SHARE, _CHINESE_TITLE_SHARE, _MIXED_SHARE, _ENGLISH_SHARE = 0.6, 0.3, 0.25, 0.15
"""Share of Chinese (Han characters against `WORD` times words) from which a text is Chinese, from
which one of up to six words is, from which a longer one is mixed, and up to which it is English."""
_TITLE = 6
"""Words up to which a text with Chinese in it is a Chinese title with names."""
_MIXED_WORDS = 20
"""Words beyond which a text with some Chinese may be mixed, and not a title with names."""
_PROSE, _NO_PROSE = 0.15, 0.1
"""Share of English function words of running text, and of names without any sentence."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Language of a text: `zh`, `en`, `mixed`, `other`, or empty.

    Neither language prevails in a `mixed` text. `script` is Hans or Hant for Chinese, Latn for
    English, otherwise empty. `evidence` is the reason, in words that stay the same from version to
    version.
    """

    lang: Lang
    script: str
    evidence: str


@dataclass(frozen=True, slots=True)
class _Letters:
    """Characters of a text by script; its Latin words in lower case."""

    text: str
    han: int
    kana: int
    hangul: int
    foreign: int
    words: list[str]
    simplified: int
    traditional: int

    @property
    def counts(self) -> str:
        """Counts for the evidence."""
        return f"han {self.han}, words {len(self.words)}"

    @property
    def many_kana(self) -> bool:
        """True if kana exceed the stray の of a Chinese title."""
        least = max(_KANA_SHARE * (self.han + self.kana), 0.5 * len(self.words), 3)
        return self.kana >= least


def detect(text: str, *, ask: bool = True) -> Verdict:
    """Return the language of a text of any length. Never raises.

    Without `ask`, scripts and function words alone decide: langdetect takes ten milliseconds.
    """
    letters = _letters(_without_addresses(narrow(text[:_LONGEST])))
    return _third_script(letters) or _chinese_or_latin(letters, ask)


def _without_addresses(text: str) -> str:
    """Return a text without addresses of pages and letter boxes."""
    if "://" in text or "www." in text or "@" in text:
        return _URL.sub(" ", text)
    return text


def _letters(text: str) -> _Letters:
    found = count_letters(text)
    words = [word.lower() for word in _LATIN.findall(text)] if found.latin else []
    glossed = found.han and len(words) >= 2 and not _HAN.search(_GLOSS.sub("", text))
    return _Letters(
        text,
        0 if glossed else found.han,
        found.kana,
        found.hangul,
        found.foreign,
        words,
        found.simplified,
        found.traditional,
    )


def _third_script(letters: _Letters) -> Verdict | None:
    """Return the verdict on a text in neither Chinese nor Latin script."""
    han, kana, hangul, words = letters.han, letters.kana, letters.hangul, len(letters.words)
    if hangul and hangul >= _HANGUL_SHARE * (han + hangul) and hangul >= words:
        return Verdict("other", "", f"script: {letters.counts}, hangul {hangul}")
    counts = letters.counts
    # Japanese prose has a kana for every kanji, and none of the characters that only the
    # Simplified writing of Chinese has.
    if letters.many_kana:
        counts += f", kana {kana}"
        if kana > han or _not_japanese(letters.text) < 2:
            return Verdict("other", "", f"script: {counts}")
    if letters.foreign > han + 5 * words:
        evidence = f"script: {counts}, letters of another script {letters.foreign}"
        return Verdict("other", "", evidence)
    return None if han or words else Verdict("", "", "script: no letters")


def _chinese_or_latin(letters: _Letters, ask: bool) -> Verdict:
    text, words = letters.text, letters.words
    counts = letters.counts + (f", kana {letters.kana}" if letters.many_kana else "")
    share = letters.han / (letters.han + WORD * len(words))
    if share >= _CHINESE_SHARE or (share >= _CHINESE_TITLE_SHARE and len(words) <= _TITLE):
        return _chinese(letters, counts)
    if share <= _ENGLISH_SHARE:
        return _latin(text, words, counts, ask)
    prose, long, short = _function_words(words), len(words) > _MIXED_WORDS, len(words) <= _TITLE
    if share <= 0.4 and long and prose >= _PROSE:
        mixed: Lang = "mixed" if share > _MIXED_SHARE else "en"
        return Verdict(mixed, "Latn", f"script: {counts}")
    if (letters.han >= 4 and prose < _NO_PROSE) or (letters.han >= 2 and short and not prose):
        # Chinese with foreign names in it: no English sentence does without function words.
        return _chinese(letters, counts)
    guess = _langdetect(text, _PRIORS) if ask else ""
    evidence = f"script: {counts}; langdetect: {guess or 'none'}"
    if share >= _MIXED_SHARE and long:
        return Verdict("mixed", script_of(text), evidence)
    if guess == "en":
        return Verdict("en", "Latn", evidence)
    return Verdict("zh", script_of(text), evidence)


def paragraphs(text: str) -> tuple[Verdict, ...]:
    """Return the language of each paragraph (line) of a text, in order.

    Never raises. langdetect is consulted for the first 40 paragraphs with doubtful scripts: a page
    of thousands must not take minutes.
    """
    verdicts: list[Verdict] = []
    guessed = 0
    for paragraph in text.split("\n"):
        verdicts.append(detect(paragraph, ask=guessed < _MOST_GUESSED))
        guessed += "langdetect" in verdicts[-1].evidence
    return tuple(verdicts)


def paragraph_lang(paragraph: str) -> str:
    """Return the language of a paragraph by its script, or nothing."""
    han, words = _han_and_words(paragraph)
    if han == 0 and words == 0:
        return ""
    return "zh" if han >= WORD * words else "en"


def weight(paragraph: str) -> float:
    """Return the length of a paragraph in Chinese characters, in either language."""
    han, words = _han_and_words(paragraph)
    return han + WORD * words


def _han_and_words(text: str) -> tuple[int, int]:
    found = count_letters(text)
    return found.han, len(_LATIN.findall(text)) if found.latin else 0


def prevailing(text: str) -> str:
    """Return the language with the greater weight of paragraphs; empty without letters."""
    weights = {"zh": 0.0, "en": 0.0}
    for paragraph in text.split("\n"):
        if lang := paragraph_lang(paragraph):
            weights[lang] += weight(paragraph)
    return max(weights, key=weights.__getitem__) if any(weights.values()) else ""


def has_han(text: str) -> bool:
    """Return True if a text has a Chinese character."""
    return _HAN.search(text) is not None


def latin_words(text: str) -> int:
    """Return the number of words in Latin script."""
    return len(_LATIN.findall(text))


def _not_japanese(text: str) -> int:
    """Return the number of Simplified characters outside JIS X 0208.

    Japanese has simplified characters of its own, some of them the same as China's (国, 会, 学).
    """
    found = exclusive_characters()[0].intersection(text)
    return sum(not char.encode("shift_jis", "ignore") for char in found)


def _chinese(letters: _Letters, counts: str) -> Verdict:
    hans, hant = letters.simplified, letters.traditional
    evidence = f"script: {counts}; only simplified {hans}, only traditional {hant}"
    if (spoken := len(_CANTONESE.findall(letters.text))) >= _SPOKEN:
        evidence += f"; written Cantonese {spoken}"
    return Verdict("zh", "Hant" if hant > hans else "Hans", evidence)


_SPOKEN = 2
"""Characters of written Cantonese from which the evidence names it."""


def _latin(text: str, words: list[str], counts: str, ask: bool) -> Verdict:
    """Separate English from other languages in Latin script."""
    english = _function_words(words)
    other = sum(word in _NEIGHBOURS for word in words) / len(words)
    accents = len(_ACCENTED.findall(text)) / max(1, sum(len(word) for word in words))
    tones = sum(_TONE_LETTER.fullmatch(word) is not None for word in words) / len(words)
    if tones > _TONES:
        other = max(other, tones)
    evidence = f"script: {counts}; english function words {english:.2f}, others {other:.2f}"
    prose = english >= 0.12 and english >= 1.2 * other and accents < 0.03
    # A headline need not have a function word; without an accent it is taken for English.
    if prose or (len(words) < _HEADLINE and accents == 0 and other <= english):
        return Verdict("en", "Latn", evidence)
    if ask and (rest := _without_names(words, english)):
        # A headline with a foreign name in it: the words around the name decide.
        guess = _langdetect(rest, _LATIN_PRIORS)
        if guess == "en":
            return Verdict("en", "Latn", f"{evidence}; langdetect, names aside: en")
    guess = _langdetect(text, {}) if ask else ""
    evidence += f"; langdetect: {guess or 'none'}"
    likely = (
        accents < 0.02 and other < 0.2 and english >= other and not _is_prose(text, words, english)
    )
    if guess == "en" or (len(words) < 25 and likely):
        return Verdict("en", "Latn", evidence)
    return Verdict("other", "", evidence)


_TONES = 0.15
"""Share of words with a tone letter from which a text is no English; set by hand."""


def _is_prose(text: str, words: list[str], english: float) -> bool:
    """Return True for running text, in small letters, without English function words."""
    small = len(_SMALL.findall(text))
    return english == 0 and len(words) >= _HEADLINE and small >= _PROSE_SMALL * len(words)


_SMALL = re.compile(r"(?<![^\W\d_])[a-z]")
_PROSE_SMALL = 0.7
"""Share of words in small letters from which a text is no headline; set by hand."""
_HEADLINE = 8
"""Words below which a text in Latin script may be a headline without any function word."""


def _without_names(words: list[str], english: float) -> str:
    """Return a headline without words with accents; empty if it looks foreign."""
    plain = [word for word in words if not _ACCENTED.search(word)]
    foreign = sum(word in _NEIGHBOURS for word in plain) / len(words)
    short = len(words) < _HEADLINE and len(plain) >= 0.6 * len(words)
    return " ".join(plain) if short and foreign <= english else ""


def _function_words(words: list[str]) -> float:
    return sum(word in _ENGLISH for word in words) / len(words) if words else 0.0


def _langdetect(text: str, priors: Mapping[str, float]) -> str:
    """Return langdetect's answer among `priors`, or among all languages; may be empty.

    Always with one seed, so that one text has one answer.
    """
    try:
        detector = _factory().create()
        detector.seed = _SEED
        if priors:
            detector.set_prior_map(dict(priors))
        detector.append(text[:_LANGDETECT_LONGEST])
        guess = str(detector.detect())
    except LangDetectException:
        return ""
    return "" if guess == "unknown" else guess


@cache
def _factory() -> DetectorFactory:
    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    factory.set_seed(_SEED)
    return factory
