"""How far one text covers another, sentence by sentence: similarity, order, figures in place."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipelines.facts.facts import Facts
from pipelines.facts.figures import Quantity, agree, shared_bits

Array = npt.NDArray[np.float32]

COVERED = 0.5
"""Cosine from which a sentence counts as told by the other text (bundled encoder)."""


@dataclass(frozen=True, slots=True)
class Sentences:
    """The sentences of an article, title first: where each starts, its weight, its vector.

    `starts` run over title, newline, text, as the offsets of facts do. Weights sum to 1 and grow
    with the square root of length, so that a long sentence is not all that counts. `titles` are
    the vectors of the titles named in the text (《…》), if any.
    """

    starts: npt.NDArray[np.int64]
    weights: Array
    vectors: npt.NDArray[np.float16]
    titles: npt.NDArray[np.float16] = field(default_factory=lambda: np.zeros((0, 0), np.float16))


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the sentences of a Chinese and an English text say of each other.

    `similarity`: weighted mean over English sentences of the best cosine. `zh` and `en`: weighted
    share of each side's sentences told by the other, 0-1; `order`: the share that is told in the
    same order, of the side where it is more. `best` is per English sentence, `told` marks Chinese
    sentences that some English one tells. `figures_agree` and `figures_clash` are bits of figures
    that match or contradict between sentences that tell the same; `titles_…`, 0-1, of titles named.
    """

    similarity: float
    title: float
    zh: float
    en: float
    order: float
    best: Array
    told: npt.NDArray[np.bool_]
    figures_agree: float
    figures_clash: float
    titles_agree: float = 0.0
    titles_clash: float = 0.0


def cover(zh: Sentences, en: Sentences, zh_facts: Facts, en_facts: Facts) -> Coverage:
    """Compare two texts through the cosines of all their sentences."""
    cosine = en.vectors.astype(np.float32) @ zh.vectors.astype(np.float32).T
    best, told = cosine.max(axis=1), cosine.max(axis=0)
    partner, order = _in_order(cosine, en.weights, zh.weights)
    title = float(max(cosine[0, 0], 0.9 * cosine[0].max(), 0.9 * cosine[:, 0].max()))
    titles = _titles(zh.titles, en.titles)
    figures = _figures(zh, en, zh_facts, en_facts, partner=partner, cosine=cosine)
    return Coverage(
        similarity=float(best @ en.weights),
        title=title,
        zh=float(_soft(told) @ zh.weights),
        en=float(_soft(best) @ en.weights),
        order=order,
        best=best,
        told=told >= COVERED,
        figures_agree=figures[0],
        figures_clash=figures[1],
        titles_agree=titles[0],
        titles_clash=titles[1],
    )


def _titles(zh: npt.NDArray[np.float16], en: npt.NDArray[np.float16]) -> tuple[float, float]:
    """How far the titles named in English are among those named in Chinese, and are not.

    Renderings of one title have cosines of .5 to .8, titles of one kind up to .5.
    """
    if not len(zh) or not len(en):
        return 0.0, 0.0
    best = (en.astype(np.float32) @ zh.astype(np.float32).T).max(axis=1)
    agree, clash = np.clip((best - 0.4) / 0.25, 0, 1), np.clip((0.5 - best) / 0.2, 0, 1)
    return float(agree.mean()), float(clash.mean())


def _soft(cosine: Array) -> Array:
    """A step at `COVERED` with rounded edges."""
    return np.asarray(1 / (1 + np.exp(-20 * (cosine - COVERED))), np.float32)


def _in_order(
    cosine: Array, en_weights: Array, zh_weights: Array
) -> tuple[npt.NDArray[np.int64], float]:
    """Best monotone path: the Chinese partner of each English sentence (-1: none), and the share.

    A Chinese sentence may serve several English ones, as translators split sentences.
    """
    gain = np.maximum(cosine - 0.3, 0)
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
    held = _soft(cosine[np.arange(rows), np.maximum(partner, 0)]) * paired
    share_en = float(held @ en_weights)
    zh_held = np.zeros(columns, np.float32)
    np.maximum.at(zh_held, partner[paired], held[paired])
    return partner, max(share_en, float(zh_held @ zh_weights))


def _figures(
    zh: Sentences,
    en: Sentences,
    zh_facts: Facts,
    en_facts: Facts,
    *,
    partner: npt.NDArray[np.int64],
    cosine: Array,
) -> tuple[float, float]:
    """Bits of figures that agree and that clash between sentences telling the same.

    A clash needs a figure of the same class on both sides, neither found anywhere in the other
    text: 743亿元 where English has 712 million yuan in the matching sentence.
    """
    by_zh = _by_sentence(zh_facts.figures, zh.starts)
    by_en = _by_sentence(en_facts.figures, en.starts)
    good = bad = 0.0
    for i, listed in by_en.items():
        j = int(partner[i]) if partner[i] >= 0 else int(cosine[i].argmax())
        if cosine[i, j] < 0.4:
            continue
        beside = [f for k in (j - 1, j, j + 1) if 0 <= k < len(zh.starts) for f in by_zh.get(k, ())]
        lone = [f for f in by_zh.get(j, ()) if not shared_bits(f, en_facts.figures)]
        for figure in listed:
            shared = shared_bits(figure, beside)
            if shared:
                good += shared
            elif not shared_bits(figure, zh_facts.figures):
                rivals = [f for f in lone if f.kind == figure.kind and not agree(f, figure)]
                if rivals:
                    closest = min(rivals, key=lambda f: abs(f.value - figure.value))
                    bad += min(closest.bits, figure.bits) * min(1.0, 2 * float(cosine[i, j]) - 0.3)
    return good, bad


def _by_sentence(
    figures: Sequence[Quantity], starts: npt.NDArray[np.int64]
) -> dict[int, list[Quantity]]:
    grouped: dict[int, list[Quantity]] = {}
    for figure in figures:
        at = int(np.searchsorted(starts, figure.start, side="right")) - 1
        grouped.setdefault(max(at, 0), []).append(figure)
    return grouped
