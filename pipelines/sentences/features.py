"""What speaks for a bead: the features of m Chinese sentences being told by n English ones.

A bead's score is a weighted sum of the features below, a log weight in a conditional random field
over whole alignments. Several features are relative to the two texts themselves: cosines are taken
after subtracting most of each text's own mean vector, and set against those of the beads next to
it; lengths and counts go with the totals of both sides; rare words weigh more, in figures, names
and what a dictionary renders. So the same weights serve close translations, abridged ones and free
literary ones. (The margin over the nearest rivals, Artetxe and Schwenk 2019, serves nulls; for
beads it added nothing to the centred cosine. Nor did the level that mutual nearest sentences reach
in the pair, on documents held apart.)
"""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from crawler.script import HAN, MONTH_NAMES
from pipelines.facts import figures as quantities
from pipelines.facts import names
from pipelines.sentences import cedict
from pipelines.sentences.trellis import Shape

Array = npt.NDArray[np.float32]
Features = dict[str, npt.NDArray[np.floating[Any]] | float]

WIDTH = 5
"""Most sentences on one side of a bead."""
SHAPES: tuple[Shape, ...] = (
    *((a, b) for a in range(1, 6) for b in range(1, 6) if a + b <= 6),
    (3, 4),
    (4, 3),
    (4, 4),
    (1, 0),
    (0, 1),
)
"""Every kind of bead, (0, 1) last as `trellis` wants it."""

KINDS = ("one", "lost", "new", "more_en", "more_zh", "many")
"""What a text pair has its own rates of: 1-1; 1-0; 0-1; more English; more Chinese; 2-2 and up."""


def kind(shape: Shape) -> int:
    """Return the index in `KINDS` of a shape."""
    a, b = shape
    if a == 0 or b == 0:
        return 1 if b == 0 else 2
    if a == b:
        return 0 if a == 1 else 5
    return 3 if a < b else 4


@dataclass(frozen=True, slots=True)
class BeadModel:
    """Weights by feature; `usual`: rates of `KINDS` over all kinds of text; how far to trust them.

    `inertia` is the number of beads that the usual rates weigh when a text's own rates are
    estimated. Learnt by `benchmarks/learn/fit_sentences.py`.
    """

    weights: dict[str, float]
    usual: tuple[float, ...]
    inertia: float


@cache
def load_bead_model() -> BeadModel:
    """Return the model that comes with the package."""
    path = resources.files("pipelines.sentences") / "beads.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    return BeadModel(stored["weights"], tuple(stored["usual"]), stored["inertia"])


@dataclass(frozen=True, slots=True)
class TextSide:
    """One text, ready to be compared: entry k - 1 of a list is about runs of k sentences.

    `spans` and `centred` are unit vectors; `lengths` are in English letters a run is worth, known
    only up to the language; `figures` and `names` are 0-1 rows over the pair's tokens; `marks` says
    which kinds of punctuation occur, `wordless` whether a sentence of the run has no word.
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
    """How far each side's words may be rendered by the other's, by the dictionary.

    Entry k - 1 of a list is about runs of k sentences. `said` are 0-1 rows over one side's words,
    those that the other text may render anywhere; `heard` are 0-1 rows of the other side's runs
    over the same words; `total` is the weight of all words of a run, `weights` that of each word.
    """

    said: list[Array]
    heard: list[Array]
    total: list[Array]
    weights: Array


@dataclass(frozen=True, slots=True)
class TextPair:
    """Two sides with what is computed once for all shapes."""

    zh: TextSide
    en: TextSide
    zh_words: Rendering
    en_words: Rendering
    share: Array
    """Of single sentences: how much of both is rendered, 0-2."""
    cosine: dict[Shape, Array]
    figure_weights: Array
    name_weights: Array
    longer: float
    more: float


# English letters and digits for each Chinese character; Latin letters inside Chinese count less.
_LETTERS_PER_CHARACTER = 3.3
_HAN = re.compile(f"[{HAN}]")
_ALNUM = re.compile(r"[^\W_]")
_DIGITS = re.compile(r"\d+(?:[.,:]\d+)*")
_CAPITALISED = re.compile(r"\b[A-Z][A-Za-z'-]{2,}")
_MONTHS = {name: str(number) for number, name in enumerate(MONTH_NAMES, 1)}
_MARKS = tuple(re.compile(f"[{marks}]") for marks in ("?？", "!！", '"“”『』「」'))


# A BLAS may raise the flag of an invalid operation although everything is finite.
@np.errstate(invalid="ignore")
def compare_texts(
    zh: Sequence[str], en: Sequence[str], zh_spans: list[Array], en_spans: list[Array]
) -> TextPair:
    """Set two texts against each other, with the spans of `encoder.encode_spans`, `WIDTH` wide."""
    figures = _bags([_figures(s, "zh") for s in zh], [_figures(s, "en") for s in en])
    named = _bags(*_shared_names(zh, en))
    zh_side = _side(zh, zh_spans, _zh_length(zh), figures[0], named[0])
    en_side = _side(en, en_spans, _en_length(en), figures[1], named[1])
    cosine = {
        (a, b): zh_spans[a - 1] @ en_spans[b - 1].T
        for a in range(1, min(WIDTH, len(zh)) + 1)
        for b in range(1, min(WIDTH, len(en)) + 1)
    }
    letters = [float(side.lengths[0].sum()) + 30 for side in (zh_side, en_side)]
    longer = math.log(letters[1] / letters[0])
    more = math.log((len(en) + 1) / (len(zh) + 1))
    zh_words, en_words = _renderings(zh, en)
    return TextPair(
        zh_side,
        en_side,
        zh_words,
        en_words,
        _shared(zh_words, en_words, 1, 1)[2],
        cosine,
        figures[2],
        named[2],
        max(-1.5, min(1.5, longer)),
        max(-1.5, min(1.5, more)),
    )


def _side(
    sentences: Sequence[str], spans: list[Array], length: Array, figures: Array, named: Array
) -> TextSide:
    widths = range(1, min(WIDTH, len(sentences)) + 1)
    marks = _punctuation(sentences)
    empty = np.asarray(length == 0, np.float32)
    return TextSide(
        spans,
        _centred(spans),
        [_runs(length, k) for k in widths],
        [np.minimum(_runs(figures, k), 1) for k in widths],
        [np.minimum(_runs(named, k), 1) for k in widths],
        [_runs(marks, k) > 0 for k in widths],
        [_runs(empty, k) > 0 for k in widths],
    )


def _renderings(zh: Sequence[str], en: Sequence[str]) -> tuple[Rendering, Rendering]:
    """Look up what each side's words may be rendered by, and whether it is there."""
    found = [cedict.chinese_words(sentence) for sentence in zh]
    words = [cut for cut, _ in found]
    # A word may be rendered from within another that the cut went through.
    offered = [
        frozenset().union(*(cedict.renderings(word) for word in anywhere)) for _, anywhere in found
    ]
    stems = [cedict.english_stems(sentence) for sentence in en]
    meanings = {word: cedict.renderings(word) for word in frozenset().union(*words)}
    heard = [
        frozenset(word for word, ways in meanings.items() if not ways.isdisjoint(said))
        for said in stems
    ]
    return _rendering(words, heard, _syllables), _rendering(stems, offered, lambda stem: 1.0)


def _syllables(word: str) -> float:
    return min(len(word), 4) / 2


def _rendering(
    said: Sequence[frozenset[str]], heard: Sequence[frozenset[str]], worth: Callable[[str], float]
) -> Rendering:
    """Set one side's words against those that the other side renders; rare words weigh more."""
    seen = Counter(word for words in said for word in words)
    weight = {word: worth(word) / math.sqrt(count) for word, count in seen.items()}
    met = sorted(frozenset().union(*heard) & weight.keys())
    place = {word: k for k, word in enumerate(met)}
    rows = []
    for side in (said, heard):
        bag = np.zeros((len(side), max(1, len(met))), np.float32)
        for i, words in enumerate(side):
            bag[i, [place[word] for word in words if word in place]] = 1
        rows.append([np.minimum(_runs(bag, k), 1) for k in range(1, min(WIDTH, len(side)) + 1)])
    # Words that nobody renders count in the total alone, each once a sentence.
    # (An exact sum: sets have another order in each process.)
    alone = [math.fsum(weight[word] for word in words if word not in place) for words in said]
    rest = np.array(alone, np.float32)
    weights = np.array([weight[word] for word in met] or [0], np.float32)
    total = [run @ weights + _runs(rest, k) for k, run in enumerate(rows[0], 1)]
    return Rendering(rows[0], rows[1], total, weights)


@np.errstate(invalid="ignore")
def features(pair: TextPair, shape: Shape) -> Features | None:
    """Return the features of all beads of a shape by where they start, None if it is too wide.

    Values broadcast to (zh starts, en starts); those of a null bead to the starts of its side.
    """
    a, b = shape
    if b == 0:
        return _null(pair, pair.zh, pair.figure_weights, 1)
    if a == 0:
        return _null(pair, pair.en, pair.figure_weights, 0)
    if (a, b) not in pair.cosine:
        return None
    found = _similarity(pair, a, b)
    size = (a + b) / 2
    found |= {
        "one": float(a == b == 1),
        "merge": float(a + b > 2),
        "beyond": float(max(0, a + b - 3)),
        "uneven": float(abs(a - b)),
        "crossed": float(min(a, b) - 1),
        "more": pair.more * (b - a),
        "longer": pair.longer * (b - a),
    }
    zh_length = pair.zh.lengths[a - 1][:, None]
    off = length_gap(zh_length, pair.en.lengths[b - 1][None])
    found["length"] = np.minimum(np.abs(off), 5)
    found["length_each"] = np.minimum(off * off, 16) * size
    found["short"] = np.asarray(zh_length / _LETTERS_PER_CHARACTER < 6, np.float32)
    for what, zh_bag, en_bag, weights in (
        ("figures", pair.zh.figures, pair.en.figures, pair.figure_weights),
        ("names", pair.zh.names, pair.en.names, pair.name_weights),
    ):
        ours, theirs = zh_bag[a - 1], en_bag[b - 1]
        shared = (ours * weights) @ theirs.T
        found[f"{what}_zh"] = np.minimum((ours @ weights)[:, None] - shared, 4)
        found[f"{what}_en"] = np.minimum((theirs @ weights)[None] - shared, 4)
    found |= _words(pair, a, b)
    zh_marks, en_marks = pair.zh.marks[a - 1], pair.en.marks[b - 1]
    for k, mark in enumerate(("question", "exclamation", "quote")):
        x, y = zh_marks[:, k][:, None], en_marks[:, k][None]
        found[mark] = (x != y) - np.float32(0.5) * (x & y)
    if a + b > 2:
        wordless = pair.zh.wordless[a - 1][:, None] | pair.en.wordless[b - 1][None]
        found["wordless"] = np.asarray(wordless, np.float32)
    return found


def length_gap(zh: Array, en: Array) -> Array:
    """Log ratio of lengths in English letters, in standard deviations, which shrink with length."""
    x, y = zh / _LETTERS_PER_CHARACTER, en / _LETTERS_PER_CHARACTER
    return np.asarray(np.log((y + 1.2) / (x + 1.2)) / np.sqrt(0.05 + 1.2 / (x + 1.5)), np.float32)


def _words(pair: TextPair, a: int, b: int) -> Features:
    """How much of each side's words the other may render, and how much not."""
    zh, en = pair.zh_words, pair.en_words
    zh_shared, en_shared, share = _shared(zh, en, a, b)
    found: Features = {
        "words_zh": np.minimum(zh.total[a - 1][:, None] - zh_shared, 8),
        "words_en": np.minimum(en.total[b - 1][None] - en_shared, 8),
        "words": np.minimum(zh_shared + en_shared, 12),
        "words_share": share,
    }
    return found | ({"words_one": share} if a == b == 1 else {})


def _shared(zh: Rendering, en: Rendering, a: int, b: int) -> tuple[Array, Array, Array]:
    """The weight of what is rendered of each side of a bead, and the share of both sides, 0-2."""
    zh_shared = (zh.said[a - 1] * zh.weights) @ zh.heard[b - 1].T
    en_shared = en.heard[a - 1] @ (en.said[b - 1] * en.weights).T
    zh_part = zh_shared / (zh.total[a - 1][:, None] + 1)
    en_part = en_shared / (en.total[b - 1][None] + 1)
    share = np.asarray(np.sqrt(zh_part) + np.sqrt(en_part), np.float32)
    return np.asarray(zh_shared, np.float32), en_shared, share


def _similarity(pair: TextPair, a: int, b: int) -> Features:
    cosine, size = pair.cosine[a, b], (a + b) / 2
    centred = pair.zh.centred[a - 1] @ pair.en.centred[b - 1].T
    found: Features = {
        "cosine": cosine,
        "centred": centred,
        "centred_each": centred * size,
    }
    rows, columns = cosine.shape
    inner = []
    if a > 1:
        inner += [pair.cosine[a - 1, b][:rows], pair.cosine[a - 1, b][1:]]
    if b > 1:
        inner += [pair.cosine[a, b - 1][:, :columns], pair.cosine[a, b - 1][:, 1:]]
    if inner:
        gain = cosine - np.maximum.reduce(inner)
        found |= {"shrink": gain, "shrink_loss": np.minimum(gain, 0)}
    outer = np.full_like(cosine, -1)
    if (a + 1, b) in pair.cosine:
        wider = pair.cosine[a + 1, b]
        outer[:-1] = np.maximum(outer[:-1], wider)
        outer[1:] = np.maximum(outer[1:], wider)
    if (a, b + 1) in pair.cosine:
        wider = pair.cosine[a, b + 1]
        outer[:, :-1] = np.maximum(outer[:, :-1], wider)
        outer[:, 1:] = np.maximum(outer[:, 1:], wider)
    gain = np.where(outer > -1, outer - cosine, np.float32(-0.1))
    return found | {"grow": gain, "grow_gain": np.maximum(gain, 0)}


def _null(pair: TextPair, side: TextSide, figure_weights: Array, axis: int) -> Features:
    """Features of a sentence that the other text lacks; `axis` is where the other text lies."""
    best = pair.cosine[1, 1].max(axis=axis)
    rendered = pair.share.max(axis=axis)
    # How much longer than its translation this side is, in log letters and in log sentences.
    longer, more = (-pair.longer, -pair.more) if axis == 1 else (pair.longer, pair.more)
    return {
        "null": 1.0,
        "null_best": best,
        "null_margin": best - _nearest(pair.cosine[1, 1], axis),
        "null_words": rendered,
        "null_words_margin": rendered - _nearest(pair.share, axis),
        "null_length": np.log1p(side.lengths[0] / np.float32(_LETTERS_PER_CHARACTER)),
        "null_figures": np.minimum(side.figures[0] @ figure_weights, 4),
        "null_longer": longer,
        "null_lacking": max(0.0, longer),
        "null_more": more,
    }


def _runs(rows: npt.NDArray[np.floating], k: int) -> Array:
    """Sums of every k neighbouring rows."""
    if k == 1:
        return np.asarray(rows, np.float32)
    total = rows[: len(rows) - k + 1].astype(np.float32)
    for shift in range(1, k):
        total = total + rows[shift : len(rows) - k + 1 + shift]
    return np.asarray(total, np.float32)


def _nearest(cosine: Array, axis: int) -> Array:
    """Mean of the four largest values along an axis."""
    count = min(4, cosine.shape[axis])
    if count < cosine.shape[axis]:
        cosine = -np.partition(-cosine, count - 1, axis=axis)
    kept = cosine[:, :count] if axis == 1 else cosine[:count]
    return np.asarray(kept.mean(axis=axis), np.float32)


def _centred(spans: list[Array]) -> list[Array]:
    """Vectors without most of what all sentences of the text have in common, unit again."""
    common = np.float32(0.8) * spans[0].mean(axis=0)
    apart = [rows - common for rows in spans]
    return [x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-3) for x in apart]


def _zh_length(sentences: Sequence[str]) -> Array:
    counts = []
    for sentence in sentences:
        han = len(_HAN.findall(sentence))
        counts.append(_LETTERS_PER_CHARACTER * han + len(_ALNUM.findall(sentence)) - han)
    return np.array(counts, np.float32)


def _en_length(sentences: Sequence[str]) -> Array:
    return np.array([len(_ALNUM.findall(sentence)) for sentence in sentences], np.float32)


def _punctuation(sentences: Sequence[str]) -> Array:
    return np.array([[bool(m.search(s)) for m in _MARKS] for s in sentences], np.float32)


def _figures(sentence: str, lang: str) -> frozenset[str]:
    """The values a sentence names, in base units: 660万 and 6.6 million are both 6.6e+06."""
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
    """Names found on both sides of the pair: Latin words kept in Chinese, and pinyin.

    A capitalised English word is pinyin where the readings of a Chinese sentence spell it.
    """
    zh_latin = [names.latin(sentence) for sentence in zh]
    kept = frozenset().union(*zh_latin)
    spelt = ["".join(_reading(char) for char in sentence) for sentence in zh]
    capitals = [
        {re.sub("['-]", "", word).lower() for word in _CAPITALISED.findall(sentence)
         if len(word) > 3}
        for sentence in en
    ]  # fmt: skip
    pinyin = {word: [i for i, line in enumerate(spelt) if word in line]
              for word in set().union(*capitals)}  # fmt: skip
    ours = [set(words) for words in zh_latin]
    for word, hits in pinyin.items():
        for i in hits:
            ours[i].add(word)
    theirs = [
        (names.latin(sentence) & kept) | {word for word in words if pinyin[word]}
        for sentence, words in zip(en, capitals, strict=True)
    ]
    return [frozenset(words) for words in ours], [frozenset(words) for words in theirs]


@cache
def _reading(char: str) -> str:
    return next(iter(names.readings(char)), " ") if _HAN.match(char) else " "


def _bags(zh: Sequence[frozenset[str]], en: Sequence[frozenset[str]]) -> tuple[Array, Array, Array]:
    """Two sides as 0-1 rows over their tokens, and the tokens' weights: the rarer the heavier."""
    tokens = {token: k for k, token in enumerate(sorted(frozenset().union(*zh, *en)))}
    rows = []
    for side in (zh, en):
        bag = np.zeros((len(side), max(1, len(tokens))), np.float32)
        for i, found in enumerate(side):
            bag[i, [tokens[token] for token in found]] = 1
        rows.append(bag)
    seen = rows[0].sum(axis=0) + rows[1].sum(axis=0)
    return rows[0], rows[1], np.asarray(1 / np.sqrt(np.maximum(seen / 2, 1)), np.float32)
