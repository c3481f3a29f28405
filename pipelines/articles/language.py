"""Which language a text is in, by its script first; what is neither Chinese nor English is refused.

Counting characters of each script tells Chinese from everything else without error, and fast.
langdetect is asked only where scripts leave a doubt, with a fixed seed and, between Chinese and
English, with priors: left alone it calls short Traditional titles Korean and raises on a bare date.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Literal

from langdetect import DetectorFactory, LangDetectException
from langdetect.detector_factory import PROFILES_DIRECTORY

from crawler.item import Article, Reject, article_id
from crawler.script import HAN
from pipelines.articles.bilingual_pages import link
from pipelines.text.script import _counts, _scripts, script_of

Lang = Literal["zh", "en", "mixed", "other", ""]

# Runs, so that counting a page of millions of characters makes few objects.
_HAN = re.compile(f"[{HAN}]+")
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]+")
_HANGUL = re.compile(r"[\u1100-\u11ff\uac00-\ud7af]+")
_LETTERS = r"[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]+"
_LATIN = re.compile(rf"{_LETTERS}(?:['’-]{_LETTERS})*")
_FOREIGN = re.compile(
    r"[\u0370-\u052f\u0530-\u06ff\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f\u1800-\u18af]+"
)
_ACCENTED = re.compile(r"[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]")
# A name in characters behind its romanisation: an English habit. `Mayor Lu Wenyuan (陆文渊)`.
_GLOSS = re.compile(rf"[(（][{HAN}·\s]{{1,20}}[)）]")
_URL = re.compile(r"https?://\S+|www\.\S+|(?<![\w.-])[\w.-]{1,64}@[\w.-]+")
# The commonest function words of English, and those of its neighbours that English does not have.
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
        r"som til av på att och är",
    )
)
_SEED = 0
_PRIORS = {"zh-cn": 0.4, "zh-tw": 0.2, "en": 0.4}
# Between English and its neighbours, where a headline has a foreign name in it.
_LATIN_PRIORS = {"en": 0.5} | dict.fromkeys(
    ("pt", "es", "fr", "de", "it", "nl", "id", "vi", "sv", "da"), 0.05
)
_LONGEST = 200_000
"""Characters of a text that are looked at: past that the language does not change any more."""
_MOST_ASKED = 40
_STRANGE = 0.1
"""Share of a text, in characters, from which paragraphs in another language are remarked on."""
_WORD = 1.6
"""Chinese characters an English word stands for: the usual ratio of translated news."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a text is in: `zh`, `en`, `mixed` (both, neither prevails), `other`, or nothing at all.

    `script` is Hans or Hant for Chinese, Latn for English, otherwise empty. `evidence` says what
    the verdict rests on, in words that stay the same from version to version.
    """

    lang: Lang
    script: str
    evidence: str


def detect(text: str, *, ask: bool = True) -> Verdict:
    """Return the language of a text of any length. Never raises.

    Without `ask`, scripts and function words alone decide: langdetect takes ten milliseconds.
    """
    text = _URL.sub(" ", text[:_LONGEST])
    han, kana, hangul, foreign = (_count(p, text) for p in (_HAN, _KANA, _HANGUL, _FOREIGN))
    words = [word.lower() for word in _LATIN.findall(text)]
    if han and len(words) >= 2 and not _HAN.search(_GLOSS.sub("", text)):
        han = 0
    counts = f"han {han}, words {len(words)}"
    if hangul and hangul >= 0.2 * (han + hangul) and hangul >= len(words):
        return Verdict("other", "", f"script: {counts}, hangul {hangul}")
    # Chinese titles use a stray の or a brand in katakana; Japanese prose has a kana for every
    # kanji, and none of the characters that only the Simplified writing of Chinese has.
    if kana >= 3 and kana >= 0.12 * (han + kana) and kana >= 0.5 * len(words):
        if kana > han or _not_japanese(text) < 2:
            return Verdict("other", "", f"script: {counts}, kana {kana}")
        counts += f", kana {kana}"
    if foreign > han + 5 * len(words):
        return Verdict("other", "", f"script: {counts}, letters of another script {foreign}")
    if not han and not words:
        return Verdict("", "", "script: no letters")
    share = han / (han + _WORD * len(words))
    if share >= 0.6 or (share >= 0.3 and len(words) <= 6):
        return _chinese(text, counts)
    if share <= 0.15:
        return _latin(text, words, counts, ask)
    if share <= 0.4 and len(words) > 20 and _english_share(words) >= 0.15:
        return Verdict("mixed" if share > 0.25 else "en", "Latn", f"script: {counts}")
    if han >= 4 and _english_share(words) < 0.1:
        # Chinese with foreign names in it: no English sentence does without function words.
        return _chinese(text, counts)
    guess = _langdetect(text, _PRIORS) if ask else ""
    evidence = f"script: {counts}; langdetect: {guess or 'none'}"
    if share >= 0.25 and len(words) > 20:
        return Verdict("mixed", script_of(text), evidence)
    if guess == "en":
        return Verdict("en", "Latn", evidence)
    return Verdict("zh", script_of(text), evidence)


def paragraphs(text: str) -> tuple[Verdict, ...]:
    """Return the language of each paragraph (line) of a text, in order. Never raises.

    Of the paragraphs whose scripts leave a doubt, langdetect is asked about the first 40: a page of
    thousands must not take minutes.
    """
    verdicts: list[Verdict] = []
    asked = 0
    for paragraph in text.split("\n"):
        verdicts.append(detect(paragraph, ask=asked < _MOST_ASKED))
        asked += "langdetect" in verdicts[-1].evidence
    return tuple(verdicts)


def judge(article: Article) -> tuple[Article | Reject, ...]:
    """Give an article its language and script, or refuse it.

    A page that interleaves both languages paragraph by paragraph gives its Chinese and its English
    article, flagged `interleaved`; where one half is in a third language (Portuguese, in Macau), a
    reject for that half. A language other than the source declares leaves the flag `lang_mismatch`,
    paragraphs in another language than the article's `foreign_paragraphs`. Never raises.
    """
    found = paragraphs(article.text)
    halves = _split(article, found)
    articles = [half for half in halves if isinstance(half, Article)]
    if len(articles) == 2:
        return link(article.text, articles)
    if halves:
        return halves
    verdict = detect(article.text)
    lang: str = verdict.lang
    if lang in ("mixed", ""):
        # The prevailing language, or the title's, or the declared one.
        of_title = detect(article.title).lang
        lang = _prevailing(article.text) or of_title or article.lang_declared or ""
    if lang not in ("zh", "en"):
        detail = f"The text is neither Chinese nor English ({verdict.evidence})"
        return (Reject(article.url, article.city, "other_language", detail),)
    flags, evidence = article.flags, verdict.evidence
    if verdict.lang == "mixed":
        flags = (*flags, "mixed_language")
    sizes: Counter[str] = Counter()
    for paragraph, one in zip(article.text.split("\n"), found, strict=True):
        sizes[one.lang] += len(paragraph)
    strange = sum(size for other, size in sizes.items() if other not in (lang, "mixed", ""))
    if strange >= _STRANGE * sum(sizes.values()):
        flags = (*flags, "foreign_paragraphs")
        counts = Counter(one.lang for one in found if one.lang)
        evidence += "; paragraphs: " + ", ".join(f"{k} {counts[k]}" for k in sorted(counts))
    return (_judged(replace(article, flags=flags), lang, evidence),)


def _judged(article: Article, lang: str, evidence: str) -> Article:
    flags = article.flags
    if article.lang_declared and article.lang_declared != lang:
        flags = (*flags, "lang_mismatch")
    script = script_of(article.text) if lang == "zh" else "Latn"
    return replace(
        article,
        lang=lang,
        script=script,
        lang_evidence=evidence,
        flags=tuple(dict.fromkeys(flags)),
    )


def _split(article: Article, found: Sequence[Verdict]) -> tuple[Article | Reject, ...]:
    """Return the Chinese and the English article of a bilingual page, or nothing.

    Bilingual is a page where either language has three paragraphs or more and at least a fifth of
    the text, and they take turns at least three times or fill a half each. The paragraphs are told
    apart by script, so that names and figures stay with the text around them; `found`, their
    verdicts, say whether what is in Latin script is English.
    """
    lines = article.text.split("\n")
    langs = [_paragraph_lang(line) for line in lines]
    weights = {"zh": 0.0, "en": 0.0}
    for line, lang in zip(lines, langs, strict=True):
        if lang:
            weights[lang] += _weight(line)
    total = weights["zh"] + weights["en"]
    known = [lang for lang in langs if lang]
    turns = sum(one != other for one, other in pairwise(known))
    if not total or min(weights["zh"], weights["en"]) < 0.2 * total:
        return ()
    if min(known.count("zh"), known.count("en")) < 2 or turns < 1:
        return ()
    if turns < 3 and min(known.count("zh"), known.count("en")) < 3:
        return ()
    counts = Counter(one.lang for one in found if one.lang)
    evidence = f"paragraphs: zh {known.count('zh')}, en {known.count('en')}, turns {turns}"
    if counts["other"]:
        evidence += f", other {counts['other']}"
    halves: list[Article | Reject] = []
    for lang in ("zh", "en"):
        own = [p for p, of in zip(lines, langs, strict=True) if of in (lang, "")]
        own = [p for p in own if _paragraph_lang(p) == lang or re.search(r"\d", p)]
        verdict = detect("\n".join(own))
        if verdict.lang == "other":
            detail = f"One half of the page is neither Chinese nor English ({verdict.evidence})"
            halves.append(Reject(article.url, article.city, "other_language", detail))
            continue
        title = _title_in(article.title, lang)
        if not title and own and len(own) > 1 and _is_headline(own[0], lang):
            title, own = own[0], own[1:]
        half = replace(
            article,
            article_id=article_id(article.url, variant=lang),
            title=title or article.title,
            text="\n".join(own),
            lang_declared=None,
            flags=(*article.flags, "interleaved"),
        )
        judged = _judged(half, lang, evidence)
        halves.append(replace(judged, lang_declared=article.lang_declared))
    return tuple(halves)


def _paragraph_lang(paragraph: str) -> str:
    """Return the language of a paragraph by its script alone; nothing where it has too little."""
    han, words = _count(_HAN, paragraph), len(_LATIN.findall(paragraph))
    if han == 0 and words == 0:
        return ""
    return "zh" if han >= _WORD * words else "en"


def _weight(paragraph: str) -> float:
    return _count(_HAN, paragraph) + _WORD * len(_LATIN.findall(paragraph))


def _prevailing(text: str) -> str:
    weights = {"zh": 0.0, "en": 0.0}
    for paragraph in text.split("\n"):
        lang = _paragraph_lang(paragraph)
        if lang:
            weights[lang] += _weight(paragraph)
    if not any(weights.values()):
        return ""
    return max(("zh", "en"), key=lambda lang: weights[lang])


def _title_in(title: str, lang: str) -> str:
    """Return the part of a bilingual title that is in `lang`; nothing if none is."""
    if _paragraph_lang(title) == lang and not (
        _HAN.search(title) and len(_LATIN.findall(title)) >= 4
    ):
        return title
    if lang == "zh":
        runs = [run for run in re.findall(r"[^A-Za-z]+", title) if _HAN.search(run)]
    else:
        runs = re.findall(r"[A-Za-z0-9][^\u3000-\u9fff\uff00-\uffef]*", title)
        runs = [run for run in runs if len(_LATIN.findall(run)) >= 3]
    return max((run.strip(" -|/:：—·()（）") for run in runs), key=len, default="")


def _is_headline(paragraph: str, lang: str) -> bool:
    limit = 200 if lang == "en" else 60
    return len(paragraph) <= limit and not re.search(r"[.。!！?？;；]\s*$", paragraph)


def _count(pattern: re.Pattern[str], text: str) -> int:
    """Return how many characters the runs that `pattern` finds hold."""
    return sum(map(len, pattern.findall(text)))


def _not_japanese(text: str) -> int:
    """Return how many characters only Simplified Chinese has: not Traditional, not in JIS X 0208.

    Japanese has simplified characters of its own, some of them the same as China's (国, 会, 学).
    """
    ours = {char for char in text if char in _scripts()[0]}
    return sum(not char.encode("shift_jis", "ignore") for char in ours)


def _chinese(text: str, counts: str) -> Verdict:
    hans, hant = _counts(text)
    return Verdict(
        "zh",
        "Hant" if hant > hans else "Hans",
        f"script: {counts}; only simplified {hans}, only traditional {hant}",
    )


def _latin(text: str, words: list[str], counts: str, ask: bool) -> Verdict:
    """Tell English from other languages in Latin script."""
    english = _english_share(words)
    other = sum(word in _NEIGHBOURS for word in words) / len(words)
    accents = len(_ACCENTED.findall(text)) / max(1, sum(len(word) for word in words))
    evidence = f"script: {counts}; english function words {english:.2f}, others {other:.2f}"
    if english >= 0.12 and english >= 1.2 * other and accents < 0.03:
        return Verdict("en", "Latn", evidence)
    if len(words) < 8 and accents == 0 and other <= english:
        # A headline need hold no function word; without an accent it is taken for English.
        return Verdict("en", "Latn", evidence)
    plain = [word for word in words if not _ACCENTED.search(word)]
    foreign = sum(word in _NEIGHBOURS for word in plain) / len(words)
    few = len(words) < 8 and len(plain) >= 0.6 * len(words)
    if ask and few and plain and foreign <= english:
        # A headline with a foreign name in it: the words around the name decide.
        guess = _langdetect(" ".join(plain), _LATIN_PRIORS)
        if guess == "en":
            return Verdict("en", "Latn", f"{evidence}; langdetect, names aside: en")
    guess = _langdetect(text, {}) if ask else ""
    evidence += f"; langdetect: {guess or 'none'}"
    if guess == "en" or (len(words) < 25 and accents < 0.02 and other < 0.2 and english >= other):
        return Verdict("en", "Latn", evidence)
    return Verdict("other", "", evidence)


def _english_share(words: list[str]) -> float:
    return sum(word in _ENGLISH for word in words) / len(words) if words else 0.0


def _langdetect(text: str, priors: Mapping[str, float]) -> str:
    """Ask langdetect, among `priors` or, if empty, all it knows; nothing if it has no answer.

    Always seeded alike, so that the same text gets the same answer.
    """
    try:
        detector = _factory().create()
        detector.seed = _SEED
        if priors:
            detector.set_prior_map(dict(priors))
        detector.append(text[:5000])
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
