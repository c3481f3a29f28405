"""Scores of all beads of two texts, from the vectors of runs.

The bundled encoder has the vectors of all runs of sentences at once. Of any other each run costs a
pass of its own, fifteen times the text for runs of up to five, although most runs are in no likely
bead. So a run's vector is first the mean of its sentences', and those that may matter are encoded,
until no other does.

What an alignment asks of such an encoder is a step of a generator (`Steps`), so that many text
pairs ask together (`answered`): encoders are fast with many texts of similar length.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from pipelines.sentences import cuts, regimes, text_pair, trellis
from pipelines.sentences.cuts import Corner
from pipelines.vectors.encoder import Encoder, SpanEncoder, Vectors, source

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Texts whose vectors an alignment waits for.

    `runs`: of several sentences each, not worth a place in a cache.
    """

    texts: Sequence[str]
    runs: bool


Steps = Generator[Wanted, Vectors, T]

Spans = list[Vectors]
"""Vectors of all runs of one text, by their number of sentences, as `encode_spans` has them."""


@dataclass(frozen=True, slots=True)
class Section:
    """Scores and probabilities of all beads, by the start of their block.

    `cut`: start and end of the blocks, in order; one without sentences of both texts has no scores.
    """

    cut: tuple[tuple[Corner, Corner], ...]
    scored: dict[Corner, regimes.Block]
    probable: dict[Corner, trellis.Array]


_LIKELY = 0.01
"""Probability of beads with a run from which it is encoded; set by hand, not measured."""
_ROUNDS = 4
"""Times that runs are encoded because others were; most texts need two."""


def section(zh: Sequence[str], en: Sequence[str], encoder: Encoder) -> Steps[Section]:
    """Score the beads of two texts with any encoder."""
    bare = source(encoder)
    if isinstance(bare, SpanEncoder):
        spans = [bare.encode_spans(side, text_pair.WIDTH) for side in (zh, en)]
        return score(zh, en, spans[0], spans[1])
    texts = (zh, en)
    rows = yield Wanted([*zh, *en], runs=False)
    sides = [_means(zh, rows[: len(zh)]), _means(en, rows[len(zh) :])]
    known: set[_Run] = set()
    for _ in range(_ROUNDS):
        found = score(zh, en, sides[0], sides[1])
        new = sorted(_likely(found) - known)
        if not new:
            return found
        # Many alignments wait at once: only what the next round needs stays in memory.
        del found
        runs = [" ".join(texts[side][start : start + width]) for side, width, start in new]
        vectors = yield Wanted(runs, runs=True)
        for (side, width, start), vector in zip(new, vectors, strict=True):
            sides[side][width - 1][start] = vector
        known |= set(new)
    return score(zh, en, sides[0], sides[1])


def score(zh: Sequence[str], en: Sequence[str], zh_spans: Spans, en_spans: Spans) -> Section:
    """Score the beads of two texts by the vectors of their runs."""
    model = regimes.load_bead_model()
    cut = tuple(cuts.blocks(zh_spans[0], en_spans[0]))
    scored = {}
    for (i, j), (k, m) in cut:
        if i < k and j < m:
            spans = cut_spans(zh_spans, i, k), cut_spans(en_spans, j, m)
            pair = text_pair.compare_texts(zh[i:k], en[j:m], *spans)
            scored[i, j] = regimes.score(pair, model)
    found = regimes.posteriors(list(scored.values()), model)
    return Section(cut, scored, dict(zip(scored, found, strict=True)))


def cut_spans(spans: Spans, start: int, end: int) -> Spans:
    """Return the spans of sentences start to end."""
    return [rows[start : max(start, end - k)] for k, rows in enumerate(spans)]


def answered(alignments: Sequence[Steps[T]], encoder: Encoder) -> list[T]:
    """Return the results of several alignments, which ask the encoder together."""
    results: dict[int, T] = {}
    waiting: dict[int, Wanted] = {}

    def advance(at: int, vectors: Vectors | None = None) -> None:
        steps = alignments[at]
        try:
            waiting[at] = next(steps) if vectors is None else steps.send(vectors)
        except StopIteration as end:
            waiting.pop(at, None)
            results[at] = end.value

    for at in range(len(alignments)):
        advance(at)
    while waiting:
        for runs in (False, True):
            asked = {at: wanted.texts for at, wanted in waiting.items() if wanted.runs == runs}
            if not asked:
                continue
            unique = list(dict.fromkeys(text for texts in asked.values() for text in texts))
            rows = (source(encoder) if runs else encoder).encode(unique)
            place = {text: row for row, text in enumerate(unique)}
            for at, texts in asked.items():
                advance(at, rows[[place[text] for text in texts]])
    return [results[at] for at in range(len(alignments))]


_Run = tuple[int, int, int]
"""A side, a number of sentences, and the first of them."""


def _likely(found: Section) -> set[_Run]:
    """Return the runs of two sentences and more that likely beads have."""
    shares: dict[_Run, float] = {}
    for (i, j), probable in found.probable.items():
        for (a, b), chances in zip(found.scored[i, j].shapes, probable, strict=True):
            for side, width, first, axis in ((0, a, i, 1), (1, b, j, 0)):
                if not 1 < width <= text_pair.WIDTH:
                    continue
                for at, share in enumerate(chances.sum(axis=axis).tolist()):
                    if share:
                        run = (side, width, first + at)
                        shares[run] = shares.get(run, 0.0) + share
    return {run for run, share in shares.items() if share >= _LIKELY}


def _means(sentences: Sequence[str], rows: Vectors) -> Spans:
    """Return mean vectors of all runs, sentences weighed by length."""
    weights = np.array([max(1, len(sentence)) for sentence in sentences], np.float64)
    sums = np.cumsum(np.vstack([np.zeros((1, rows.shape[1])), rows * weights[:, None]]), axis=0)
    found = [rows.astype(np.float32)]
    for width in range(2, text_pair.WIDTH + 1):
        whole = sums[width:] - sums[:-width]
        whole /= np.maximum(np.linalg.norm(whole, axis=1, keepdims=True), 1e-6)
        found.append(whole.astype(np.float32))
    return found
