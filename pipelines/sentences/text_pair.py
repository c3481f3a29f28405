"""Text pair as its beads see it: vectors, lengths, figures, names, words."""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt

from crawler.script import HAN, MONTH_NAMES
from pipelines.facts import figures as quantities
from pipelines.facts import names, places
from pipelines.sentences.lengths import add_wide_spans, runs, text_lengths, widest_runs
from pipelines.sentences.trellis import Shape
from pipelines.text import cedict

Array = npt.NDArray[np.float32]
WIDTH = 5
"""Most sentences on one side of a bead, but for the wide runs of `lengths`."""
SHAPES: tuple[Shape, ...] = (
    *((a, b) for a in range(1, 6) for b in range(1, 6) if a + b <= 6),
    (3, 4),
    (4, 3),
    (4, 4),
    (1, 0),
    (0, 1),
)
"""The usual shapes of beads, (0, 1) last as `trellis` requires."""
# Constants here and in `features` bound features or bring them to order one. They are set by hand
# and not measured one by one: the weights were learnt with them
# (`benchmarks/learn/fit_sentences.py`).
_COMMON_PART = np.float32(0.8)
"""Part of the text's mean vector that is subtracted from its sentences."""
_MORE_LETTERS = 30
"""Letters added to each side before their ratio is taken: short texts show little of a rate."""
_MOST_RATIO = 1.5
"""Bound of the log ratio of both sides' letters or sentences."""


@dataclass(frozen=True, slots=True)
class TextSide:
    """One text of a pair, by length of run.

    Entry k - 1 of each list is about runs of k sentences. `spans` and `centred`: unit vectors;
    `lengths`: English letters, in Chinese the usual number for its characters; `figures` and
    `names`: 0-1 rows over the pair's tokens; `marks`: True by kind of punctuation in the run;
    `wordless`: True if a sentence of the run has no word.
    """

    spans: list[Array]
    centred: list[Array]
    lengths: list[Array]
    figures: list[Array]
    names: list[Array]
    marks: list[npt.NDArray[np.bool_]]
    wordless: list[npt.NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Rendering:
    """Dictionary renderings of one side's words by the other side.

    Entry k - 1 of a list is about runs of k sentences. `own`: 0-1 rows over this side's words with
    a rendering anywhere in the other text; `other`: 0-1 rows of the other side's runs over the same
    words; `total`: weight of all words of a run; `weights`: weight of each word.
    """

    own: list[Array]
    other: list[Array]
    total: list[Array]
    weights: Array


@dataclass(frozen=True, slots=True)
class TextPair:
    """Two texts with the quantities that all shapes share.

    `shapes`: `SHAPES`, and the wider ones that lengths allow somewhere.
    `share`: rendered share of both sentences, 0-2, by single sentences. `log_letters` and
    `log_sentences`: log ratio English over Chinese.
    """

    shapes: tuple[Shape, ...]
    zh: TextSide
    en: TextSide
    zh_words: Rendering
    en_words: Rendering
    share: Array
    cosine: dict[Shape, Array]
    figure_weights: Array
    name_weights: Array
    log_letters: float
    log_sentences: float


_HAN = re.compile(f"[{HAN}]")
_DIGITS = re.compile(r"\d+(?:[.,:]\d+)*")
_CAPITALISED = re.compile(r"\b[A-Z][A-Za-z'-]{2,}")
_MONTHS = {name: str(number) for number, name in enumerate(MONTH_NAMES, 1)}
_MARKS = tuple(re.compile(f"[{marks}]") for marks in ("?？", "!！", '"“”『』「」'))


# A BLAS may raise the flag of an invalid operation although everything is finite.
@np.errstate(invalid="ignore")
def compare_texts(
    zh: Sequence[str], en: Sequence[str], zh_spans: list[Array], en_spans: list[Array]
) -> TextPair:
    """Prepare a text pair, with the spans of `encode_spans` up to `WIDTH`."""
    figures = _bags([_figures(s, "zh") for s in zh], [_figures(s, "en") for s in en])
    named = _bags(*_shared_names(zh, en))
    lengths = text_lengths(zh, en)
    widths = widest_runs(*lengths, WIDTH)
    zh_spans, en_spans = (
        add_wide_spans(spans[: min(WIDTH, len(side))], width)
        for spans, side, width in zip((zh_spans, en_spans), (zh, en), widths, strict=True)
    )
    zh_side = _side(zh, zh_spans, lengths[0], figures[0], named[0])
    en_side = _side(en, en_spans, lengths[1], figures[1], named[1])
    wide = (*((a, 1) for a in range(WIDTH + 1, widths[0] + 1)),
            *((1, b) for b in range(WIDTH + 1, widths[1] + 1)))  # fmt: skip
    usual = product(range(1, min(WIDTH, len(zh)) + 1), range(1, min(WIDTH, len(en)) + 1))
    cosine = {(a, b): zh_spans[a - 1] @ en_spans[b - 1].T for a, b in (*usual, *wide)}
    letters = [float(side.sum()) + _MORE_LETTERS for side in lengths]
    zh_words, en_words = _renderings(zh, en, widths)
    return TextPair(
        (*SHAPES[:-2], *wide, *SHAPES[-2:]),
        zh_side,
        en_side,
        zh_words,
        en_words,
        shared_weights(zh_words, en_words, 1, 1)[2],
        cosine,
        figures[2],
        named[2],
        _bounded(math.log(letters[1] / letters[0])),
        _bounded(math.log((len(en) + 1) / (len(zh) + 1))),
    )


def _bounded(ratio: float) -> float:
    return max(-_MOST_RATIO, min(_MOST_RATIO, ratio))


def _side(
    sentences: Sequence[str], spans: list[Array], length: Array, figures: Array, named: Array
) -> TextSide:
    widths = range(1, len(spans) + 1)
    marks = _punctuation(sentences)
    empty = np.asarray(length == 0, np.float32)
    return TextSide(
        spans,
        _centred(spans),
        [runs(length, k) for k in widths],
        [np.minimum(runs(figures, k), 1) for k in widths],
        [np.minimum(runs(named, k), 1) for k in widths],
        [runs(marks, k) > 0 for k in widths],
        [runs(empty, k) > 0 for k in widths],
    )


def _renderings(
    zh: Sequence[str], en: Sequence[str], widths: tuple[int, int]
) -> tuple[Rendering, Rendering]:
    """Look up the renderings of each side's words in the other side.

    Runs are of 1 to `widths` sentences.
    """
    found = [cedict.chinese_words(sentence) for sentence in zh]
    words = [cut for cut, _ in found]
    # A word may be rendered from within another that the cut went through.
    offered = [
        frozenset().union(*(cedict.renderings(word) for word in anywhere)) for _, anywhere in found
    ]
    stems = [cedict.english_stems(sentence) for sentence in en]
    meanings = {word: cedict.renderings(word) for word in frozenset().union(*words)}
    meant: dict[str, set[str]] = {}
    for word, ways in meanings.items():
        for way in ways:
            meant.setdefault(way, set()).add(word)
    rendered = [frozenset().union(*(meant.get(stem, ()) for stem in found)) for found in stems]
    return (
        _rendering(words, rendered, widths, _syllables),
        _rendering(stems, offered, widths[::-1], lambda stem: 1.0),
    )


def _syllables(word: str) -> float:
    return min(len(word), 4) / 2


def _rendering(
    own: Sequence[frozenset[str]],
    other: Sequence[frozenset[str]],
    widths: tuple[int, int],
    value: Callable[[str], float],
) -> Rendering:
    """Compare one side's words with those that the other side renders.

    Rare words weigh more.
    """
    seen = Counter(word for words in own for word in words)
    weight = {word: value(word) / math.sqrt(count) for word, count in seen.items()}
    shared = sorted(frozenset().union(*other) & weight.keys())
    place = {word: k for k, word in enumerate(shared)}
    rows = [_word_runs(*side, place) for side in zip((own, other), widths, strict=True)]
    # Words without a rendering count in the total only, each once a sentence.
    # (An exact sum: sets have another order in each process.)
    lone = [math.fsum(weight[word] for word in words if word not in place) for words in own]
    lone_weight = np.array(lone, np.float32)
    weights = np.array([weight[word] for word in shared] or [0], np.float32)
    total = [run @ weights + runs(lone_weight, k) for k, run in enumerate(rows[0], 1)]
    return Rendering(rows[0], rows[1], total, weights)


def _word_runs(side: Sequence[frozenset[str]], width: int, place: Mapping[str, int]) -> list[Array]:
    """Return 0-1 rows over words, for runs of 1 to `width` sentences."""
    bag = _bag(side, place)
    return [np.minimum(runs(bag, k), 1) for k in range(1, width + 1)]


def shared_weights(zh: Rendering, en: Rendering, a: int, b: int) -> tuple[Array, Array, Array]:
    """Return each side's rendered weight, and both sides' share, 0-2."""
    zh_shared = (zh.own[a - 1] * zh.weights) @ zh.other[b - 1].T
    en_shared = en.other[a - 1] @ (en.own[b - 1] * en.weights).T
    zh_part = zh_shared / (zh.total[a - 1][:, None] + 1)
    en_part = en_shared / (en.total[b - 1][None] + 1)
    share = np.asarray(np.sqrt(zh_part) + np.sqrt(en_part), np.float32)
    return np.asarray(zh_shared, np.float32), en_shared, share


def _centred(spans: list[Array]) -> list[Array]:
    """Subtract most of the text's mean vector; return unit vectors."""
    common = _COMMON_PART * spans[0].mean(axis=0)
    apart = [rows - common for rows in spans]
    return [x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-3) for x in apart]


def _punctuation(sentences: Sequence[str]) -> Array:
    return np.array([[bool(m.search(s)) for m in _MARKS] for s in sentences], np.float32)


def _figures(sentence: str, lang: str) -> frozenset[str]:
    """Return a sentence's values in base units; 660万 and 6.6 million: 6.6e+06."""
    found = quantities.quantities(sentence, lang)
    # One and two are as often words as figures (一个, 两国, one of them).
    values = {f"{figure.value:.6g}" for figure in found if figure.value > 2}
    # A figure starts at its qualifier, if it has one: 近660万.
    covered = {figure.start + shift for figure in found for shift in range(4)}
    for digits in _DIGITS.finditer(sentence):
        if digits.start() not in covered:
            values.add(digits.group().replace(",", ""))
    if lang == "en":
        values |= {_MONTHS[w] for w in _CAPITALISED.findall(sentence) if w in _MONTHS}
    return frozenset(values)


def _shared_names(
    zh: Sequence[str], en: Sequence[str]
) -> tuple[list[frozenset[str]], list[frozenset[str]]]:
    """Return names in both texts: Latin words in Chinese, and pinyin.

    A capitalised English word is pinyin if the readings of a Chinese sentence spell it.
    """
    zh_latin = [places.latin(sentence) for sentence in zh]
    latin = frozenset().union(*zh_latin)
    capitals = [
        frozenset(
            re.sub("['-]", "", word).lower()
            for word in _CAPITALISED.findall(sentence)
            if len(word) > 3
        )
        for sentence in en
    ]
    words = frozenset().union(*capitals)
    spelt = ["".join(_reading(char) for char in sentence) for sentence in zh]
    zh_pinyin = [frozenset(word for word in words if word in line) for line in spelt]
    pinyin = frozenset().union(*zh_pinyin)
    return (
        [a | b for a, b in zip(zh_latin, zh_pinyin, strict=True)],
        [(places.latin(s) & latin) | (own & pinyin) for s, own in zip(en, capitals, strict=True)],
    )


@cache
def _reading(char: str) -> str:
    return next(iter(names.readings(char)), " ") if _HAN.match(char) else " "


def _bags(zh: Sequence[frozenset[str]], en: Sequence[frozenset[str]]) -> tuple[Array, Array, Array]:
    """Return both sides as 0-1 rows over tokens, with weights.

    The rarer a token, the larger its weight.
    """
    place = {token: k for k, token in enumerate(sorted(frozenset().union(*zh, *en)))}
    zh_bag, en_bag = _bag(zh, place), _bag(en, place)
    seen = zh_bag.sum(axis=0) + en_bag.sum(axis=0)
    return zh_bag, en_bag, np.asarray(1 / np.sqrt(np.maximum(seen / 2, 1)), np.float32)


def _bag(side: Sequence[frozenset[str]], place: Mapping[str, int]) -> Array:
    """Return 0-1 rows over the words in `place`."""
    bag = np.zeros((len(side), max(1, len(place))), np.float32)
    for i, words in enumerate(side):
        bag[i, [place[word] for word in words if word in place]] = 1
    return bag
