"""Bead features: evidence that m Chinese and n English sentences are translations.

A bead's score is a weighted sum of the features below, a log weight in a conditional random field
over whole alignments. Several features are relative to the two texts themselves: cosines are taken
after subtracting most of each text's own mean vector, and compared with those of neighbouring
beads; lengths and counts are relative to the totals of both sides; rare words weigh more, in
figures, names and dictionary renderings. So the same weights serve close translations, abridged
ones and free literary ones. (The margin over the nearest rivals, Artetxe and Schwenk 2019, serves
nulls; for beads it added nothing to the centred cosine, and neither did the level of mutual nearest
sentences in the pair, on unseen documents.)
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.sentences.lengths import LETTERS_PER_CHARACTER, length_gap
from pipelines.sentences.text_pair import Array, TextPair, TextSide, shared_weights
from pipelines.sentences.trellis import Shape

Features = dict[str, npt.NDArray[np.floating[Any]] | float]
KINDS = ("one", "lost", "new", "more_en", "more_zh", "many")
"""Kinds of beads with prices of their own in each regime: 1-1; 1-0; 0-1; more English sentences;
more Chinese ones; 2-2 and larger."""
_MARGIN_OF = 4
"""Nearest sentences of the other text in the mean that a margin is taken over."""
_MOST_GAP, _MOST_SQUARED_GAP = 5, 16
"""Bounds of the difference in length, in standard deviations, and of its square."""
_SHORT = 6
"""Characters below which a Chinese sentence is short."""
_MOST_LACKING, _MOST_WORDS_LACKING, _MOST_WORDS = 4, 8, 12
"""Bounds of the weight of figures or names, of words without a rendering, and of words with one."""
_NO_WIDER = np.float32(-0.1)
"""Gain of a wider bead at the end of a text, from which there is none."""


def kind(shape: Shape) -> int:
    """Return the index in `KINDS` of a shape."""
    a, b = shape
    if a == 0 or b == 0:
        return 1 if b == 0 else 2
    if a == b:
        return 0 if a == 1 else 5
    return 3 if a < b else 4


@np.errstate(invalid="ignore")  # see `compare_texts`
def features(pair: TextPair, shape: Shape) -> Features | None:
    """Return the features of a shape's beads; None if too wide.

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
        "more": pair.log_sentences * (b - a),
        "longer": pair.log_letters * (b - a),
    }
    zh_length = pair.zh.lengths[a - 1][:, None]
    gap = length_gap(zh_length, pair.en.lengths[b - 1][None])
    found["length"] = np.minimum(np.abs(gap), _MOST_GAP)
    found["length_each"] = np.minimum(gap * gap, _MOST_SQUARED_GAP) * size
    found["short"] = np.asarray(zh_length / LETTERS_PER_CHARACTER < _SHORT, np.float32)
    for name, zh_bags, en_bags, weights in (
        ("figures", pair.zh.figures, pair.en.figures, pair.figure_weights),
        ("names", pair.zh.names, pair.en.names, pair.name_weights),
    ):
        zh_bag, en_bag = zh_bags[a - 1], en_bags[b - 1]
        shared = (zh_bag * weights) @ en_bag.T
        found[f"{name}_zh"] = np.minimum((zh_bag @ weights)[:, None] - shared, _MOST_LACKING)
        found[f"{name}_en"] = np.minimum((en_bag @ weights)[None] - shared, _MOST_LACKING)
    found |= _words(pair, a, b)
    zh_marks, en_marks = pair.zh.marks[a - 1], pair.en.marks[b - 1]
    for k, mark in enumerate(("question", "exclamation", "quote")):
        x, y = zh_marks[:, k][:, None], en_marks[:, k][None]
        found[mark] = (x != y) - np.float32(0.5) * (x & y)
    if a + b > 2:
        wordless = pair.zh.wordless[a - 1][:, None] | pair.en.wordless[b - 1][None]
        found["wordless"] = np.asarray(wordless, np.float32)
    return found


def _words(pair: TextPair, a: int, b: int) -> Features:
    """Return the features of words with and without a rendering."""
    zh, en = pair.zh_words, pair.en_words
    zh_shared, en_shared, share = shared_weights(zh, en, a, b)
    found: Features = {
        "words_zh": np.minimum(zh.total[a - 1][:, None] - zh_shared, _MOST_WORDS_LACKING),
        "words_en": np.minimum(en.total[b - 1][None] - en_shared, _MOST_WORDS_LACKING),
        "words": np.minimum(zh_shared + en_shared, _MOST_WORDS),
        "words_share": share,
    }
    return found | ({"words_one": share} if a == b == 1 else {})


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
    gain = np.where(outer > -1, outer - cosine, _NO_WIDER)
    return found | {"grow": gain, "grow_gain": np.maximum(gain, 0)}


def _null(pair: TextPair, side: TextSide, figure_weights: Array, axis: int) -> Features:
    """Return the features of nulls; `axis` is that of the other text."""
    best = pair.cosine[1, 1].max(axis=axis)
    rendered = pair.share.max(axis=axis)
    # Log ratios of this side over the other.
    sign = -1 if axis == 1 else 1
    longer, more = sign * pair.log_letters, sign * pair.log_sentences
    return {
        "null": 1.0,
        "null_best": best,
        "null_margin": best - _nearest(pair.cosine[1, 1], axis),
        "null_words": rendered,
        "null_words_margin": rendered - _nearest(pair.share, axis),
        "null_length": np.log1p(side.lengths[0] / np.float32(LETTERS_PER_CHARACTER)),
        "null_figures": np.minimum(side.figures[0] @ figure_weights, _MOST_LACKING),
        "null_longer": longer,
        "null_lacking": max(0.0, longer),
        "null_more": more,
    }


def _nearest(cosine: Array, axis: int) -> Array:
    """Return the mean of the largest values along an axis."""
    count = min(_MARGIN_OF, cosine.shape[axis])
    if count < cosine.shape[axis]:
        cosine = -np.partition(-cosine, count - 1, axis=axis)
    largest = cosine[:, :count] if axis == 1 else cosine[:count]
    return np.asarray(largest.mean(axis=axis), np.float32)
