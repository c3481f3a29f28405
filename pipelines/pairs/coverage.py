"""Sentence coverage of two texts: similarity, order, figures in matching sentences."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipelines.facts.facts import Facts
from pipelines.facts.figures import Quantity, agree, of_one_class, shared_bits

Array = npt.NDArray[np.float32]

COVERED = 0.5
"""Cosine from which a sentence counts as covered by the other text (bundled encoder)."""

# The constants below are set by hand and not measured one by one.
_SHARPNESS = 20.0
"""Slope of the step at `COVERED`."""
_TITLES_FROM, _TITLES_RISE = 0.4, 0.25
_TITLES_BELOW, _TITLES_FALL = 0.5, 0.2
"""Cosine of titles named in the texts from which they agree, and the rise to full agreement;
the cosine below which they clash, and the fall to a full clash. Renderings of one title have
cosines of .5 to .8, titles of one kind up to .5."""
_ON_PATH = 0.3
"""Cosine from which a pair of sentences gains something on the monotone path."""
_MATCHING = 0.4
"""Cosine from which figures of two sentences are compared."""


@dataclass(frozen=True, slots=True)
class Sentences:
    """Sentences of an article, title first: starts, weights, vectors.

    `starts` are offsets in title, newline, text, like those of facts. Weights sum to 1 and grow
    with the square root of length, so that a long sentence does not outweigh all others. `titles`
    are the vectors of the titles named in the text (《…》), if any.
    """

    starts: npt.NDArray[np.int64]
    weights: Array
    vectors: npt.NDArray[np.float16]
    titles: npt.NDArray[np.float16] = field(default_factory=lambda: np.zeros((0, 0), np.float16))


@dataclass(frozen=True, slots=True)
class Coverage:
    """Sentence coverage of a Chinese and an English text by each other.

    `similarity`: weighted mean over English sentences of the best cosine; `title`: cosine of the
        titles. `zh` and `en`: weighted share of each side's sentences covered by the other, 0-1;
        `order`: the share covered in the same order, of the side with more. `best`: best cosine of
        each English sentence; `zh_covered`: True for Chinese sentences covered by an English one.
        `figures_agree` and `figures_clash`: bits of figures that match or contradict in matching
        sentences; `titles_…`, 0-1: of titles named. `words_missing`, 0-1: of the English lead's
        words (`pipelines.pairs.wording`). `zh_part` and `en_part`: compared share of each
        text (`pipelines.pairs.parts`), 1 for all of it; `best` and `zh_covered` are of the whole.
    """

    similarity: float
    title: float
    zh: float
    en: float
    order: float
    best: Array
    zh_covered: npt.NDArray[np.bool_]
    figures_agree: float
    figures_clash: float
    titles_agree: float = 0.0
    titles_clash: float = 0.0
    words_missing: float = 0.0
    zh_part: float = 1.0
    en_part: float = 1.0


def cover(zh: Sentences, en: Sentences, zh_facts: Facts, en_facts: Facts) -> Coverage:
    """Compare two texts through the cosines of all their sentences."""
    cosine = en.vectors.astype(np.float32) @ zh.vectors.astype(np.float32).T
    best, zh_best = cosine.max(axis=1), cosine.max(axis=0)
    partner, order = _in_order(cosine, en.weights, zh.weights)
    titles = _titles(zh.titles, en.titles)
    figures = _figures(zh, en, zh_facts, en_facts, partner=partner, cosine=cosine)
    return Coverage(
        similarity=float(best @ en.weights),
        title=float(cosine[0, 0]),
        zh=float(_soft(zh_best) @ zh.weights),
        en=float(_soft(best) @ en.weights),
        order=order,
        best=best,
        zh_covered=zh_best >= COVERED,
        figures_agree=figures[0],
        figures_clash=figures[1],
        titles_agree=titles[0],
        titles_clash=titles[1],
    )


def _titles(zh: npt.NDArray[np.float16], en: npt.NDArray[np.float16]) -> tuple[float, float]:
    """Return mean agreement and clash of English titles with Chinese ones, 0-1."""
    if not len(zh) or not len(en):
        return 0.0, 0.0
    best = (en.astype(np.float32) @ zh.astype(np.float32).T).max(axis=1)
    agree = np.clip((best - _TITLES_FROM) / _TITLES_RISE, 0, 1)
    clash = np.clip((_TITLES_BELOW - best) / _TITLES_FALL, 0, 1)
    return float(agree.mean()), float(clash.mean())


def _soft(cosine: Array) -> Array:
    """Return a logistic step at `COVERED`."""
    return np.asarray(1 / (1 + np.exp(-_SHARPNESS * (cosine - COVERED))), np.float32)


def _in_order(
    cosine: Array, en_weights: Array, zh_weights: Array
) -> tuple[npt.NDArray[np.int64], float]:
    """Return each English sentence's partner on the best path, and the share.

    The path is monotone; without a Chinese partner it is -1. A Chinese sentence may have several
    English partners, as translators split sentences. The share is of the sentences covered by
    their partners, of the side with more.
    """
    gain = np.maximum(cosine - _ON_PATH, 0)
    rows, columns = gain.shape
    value = np.zeros((rows + 1, columns), np.float32)
    for i in range(rows):
        reach = np.maximum.accumulate(value[i])
        value[i + 1] = np.maximum(reach + gain[i], value[i])
    partner = np.full(rows, -1, np.int64)
    j = int(np.argmax(value[rows]))
    for i in range(rows - 1, -1, -1):
        before = value[i][: j + 1]
        source = int(before.argmax())
        if (
            gain[i, j] > 0
            and value[i + 1, j] > value[i, j] - 1e-6
            and (value[i + 1, j] >= before[source] + gain[i, j] - 1e-5)
        ):
            partner[i] = j
        j = source
    paired = partner >= 0
    en_covered = _soft(cosine[np.arange(rows), np.maximum(partner, 0)]) * paired
    zh_covered = np.zeros(columns, np.float32)
    np.maximum.at(zh_covered, partner[paired], en_covered[paired])
    return partner, max(float(en_covered @ en_weights), float(zh_covered @ zh_weights))


def _figures(
    zh: Sentences,
    en: Sentences,
    zh_facts: Facts,
    en_facts: Facts,
    *,
    partner: npt.NDArray[np.int64],
    cosine: Array,
) -> tuple[float, float]:
    """Return the bits of figures that agree and clash in matching sentences.

    A clash needs a figure of the same class on both sides, neither found anywhere in the other
    text: 743亿元 opposite 712 million yuan in the matching sentence.
    """
    by_zh = _by_sentence(zh_facts.figures, zh.starts)
    by_en = _by_sentence(en_facts.figures, en.starts)
    agreed = clashing = 0.0
    for i, listed in by_en.items():
        j = int(partner[i]) if partner[i] >= 0 else int(cosine[i].argmax())
        if cosine[i, j] < _MATCHING:
            continue
        beside = [f for k in (j - 1, j, j + 1) if 0 <= k < len(zh.starts) for f in by_zh.get(k, ())]
        lone = [f for f in by_zh.get(j, ()) if not shared_bits(f, en_facts.figures)]
        for figure in listed:
            shared = shared_bits(figure, beside)
            if shared:
                agreed += shared
            elif not shared_bits(figure, zh_facts.figures):
                clashing += _clash(figure, lone, float(cosine[i, j]))
    return agreed, clashing


def _clash(figure: Quantity, lone: Sequence[Quantity], cosine: float) -> float:
    """Return the bits of the closest contradicting figure, fewer for unlike sentences."""
    rivals = [f for f in lone if of_one_class(f, figure) and not agree(f, figure)]
    if not rivals:
        return 0.0
    closest = min(rivals, key=lambda f: abs(f.value - figure.value))
    # From .5 of the bits at the least cosine to all of them at .65.
    return min(closest.bits, figure.bits) * min(1.0, 2 * cosine - 0.3)


def _by_sentence(
    figures: Sequence[Quantity], starts: npt.NDArray[np.int64]
) -> dict[int, list[Quantity]]:
    grouped: dict[int, list[Quantity]] = {}
    for figure in figures:
        at = int(np.searchsorted(starts, figure.start, side="right")) - 1
        grouped.setdefault(max(at, 0), []).append(figure)
    return grouped
