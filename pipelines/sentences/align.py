"""Sentence alignment of a text pair into beads.

A conditional random field over whole alignments: each possible bead gets a score from `features`,
`trellis` sums over all ways to cut the two texts, and every bead gets a probability. How often
sentences are left out and merged is a property of the text pair (nulls are absent from a close
translation, every fifth sentence of an abridged one, and merges are common in literature), so the
sums are taken under each of a few `regimes`, and the pair shows which one it is. The result is the
alignment with the most beads expected to be right, each counted above what `Gains` asks of it: it
maximises the expected F1 of whole beads.

Sentences are compared in their normal form (`pipelines.text.normal`): script, width and what is
invisible make no difference. Blank entries are no sentences: they stand alone, or join the bead
whose sentences they part; marks alone belong to the sentence before.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.sentences import cuts, regimes, trellis
from pipelines.sentences.sections import Section, Steps, answered, section
from pipelines.text.normal import normalised
from pipelines.vectors.encoder import Encoder


@dataclass(frozen=True, slots=True)
class Gains:
    """Worth of a bead in the alignment, beside its probability.

    `least`: half the usual F1, for a less likely bead lowers the expected F1. `least_merge`: the
    same of merges; in texts with many nulls, those that include a null's sentence are less likely
    than their probability. `null`: a null beside another bead; it counts in precision only, so a
    half is what F1 asks for; a little more, because a false pair harms a corpus more than a missed
    one. `benchmarks/learn/choose_gains.py` compares others.
    """

    null: float = 0.6
    least: float = 0.45
    least_merge: float = 0.55


_USUAL = Gains()
_SURE = 0.9
"""Probability of a bead at which a section of a long text may end; set by hand, not measured."""
_AHEAD = 60
"""Sentences after a section's end that are aligned too: its last beads depend on them."""
_UNKNOWN = 0.5
"""Probability of nulls opposite an empty stretch: they were not compared with anything."""


@dataclass(frozen=True, slots=True)
class Bead:
    """Sentences that are translations of each other, by index from 0.

    One side is empty for a sentence of one text only (a null). `probability` is that of exactly
    this bead, 0-1.
    """

    zh: tuple[int, ...]
    en: tuple[int, ...]
    probability: float

    def moved(self, i: int, j: int) -> "Bead":
        """Return the bead of texts with `i` and `j` more sentences before."""
        return Bead(
            tuple(at + i for at in self.zh), tuple(at + j for at in self.en), self.probability
        )


def _nulls(zh: range, en: range, probability: float) -> list[Bead]:
    return [
        *(Bead((i,), (), probability) for i in zh),
        *(Bead((), (j,), probability) for j in en),
    ]


def align(zh: Sequence[str], en: Sequence[str], encoder: Encoder) -> list[Bead]:
    """Return beads that cover every sentence of two texts, in order.

    Long texts are cut at clear matches (`cuts`), so time grows linearly.
    """
    return align_many([(zh, en)], encoder)[0]


def align_many(
    pairs: Sequence[tuple[Sequence[str], Sequence[str]]], encoder: Encoder
) -> list[list[Bead]]:
    """Return the beads of several text pairs, as `align` does of one.

    They ask the encoder together: one that is not the bundled one takes less time.
    """
    return answered([_aligned(zh, en, encoder) for zh, en in pairs], encoder)


def _aligned(zh: Sequence[str], en: Sequence[str], encoder: Encoder) -> Steps[list[Bead]]:
    forms = [[_form(sentence) for sentence in side] for side in (zh, en)]
    read = _entries(forms[0]), _entries(forms[1])
    texts = [[side[run[0]] for run in runs] for side, runs in zip(forms, read, strict=True)]
    beads = yield from _align(texts[0], texts[1], encoder)
    return beads if texts == forms else _of_entries(beads, read, (len(zh), len(en)))


def _form(sentence: str) -> str:
    """Return what is compared: nothing, if nothing can be seen."""
    form = normalised(sentence).strip()
    return form if any(char.isprintable() and not char.isspace() for char in form) else ""


_MARKS = re.compile(r"[\s“”‘’「」『』\"'()（）\[\]【】。，.,]+")
"""What is left of a sentence where its quotation was cut off: no sentence, as in `split`."""


def _entries(forms: Sequence[str]) -> list[range]:
    """Return each sentence's entries: its own, and marks alone after it."""
    found: list[range] = []
    for at, form in enumerate(forms):
        if found and found[-1].stop == at and _MARKS.fullmatch(form):
            found[-1] = range(found[-1].start, at + 1)
        elif form:
            found.append(range(at, at + 1))
    return found


def _of_entries(
    beads: Sequence[Bead], read: tuple[list[range], list[range]], sizes: tuple[int, int]
) -> list[Bead]:
    """Return the beads of all entries, from those of the sentences read."""
    found: list[Bead] = []
    ends = [0, 0]
    for bead in beads:
        zh, en = (
            range(runs[listed[0]].start, runs[listed[-1]].stop) if listed else range(0)
            for runs, listed in zip(read, (bead.zh, bead.en), strict=True)
        )
        found += _nulls(range(ends[0], zh.start), range(ends[1], en.start), 1.0)
        ends = [max(ends[0], zh.stop), max(ends[1], en.stop)]
        if zh and en:
            found.append(Bead(tuple(zh), tuple(en), bead.probability))
        else:
            found += _nulls(zh, en, bead.probability)
    return found + _nulls(range(ends[0], sizes[0]), range(ends[1], sizes[1]), 1.0)


def _align(zh: Sequence[str], en: Sequence[str], encoder: Encoder) -> Steps[list[Bead]]:
    if not zh or not en:
        # Nothing to compare with: certain, and no vectors are needed.
        return _nulls(range(len(zh)), range(len(en)), 1.0)
    if len(zh) * len(en) <= cuts.WHOLE:
        return (yield from _align_section(zh, en, encoder))
    found: list[Bead] = []
    i = j = 0
    for k, m in cuts.sections(zh, en, encoder):
        ahead = (min(k + _AHEAD, len(zh)), min(m + _AHEAD, len(en)))
        part = yield from _align_section(zh[i : ahead[0]], en[j : ahead[1]], encoder)
        if ahead != (len(zh), len(en)):
            part = part[: _complete(part, k - i, m - j)]
        found += [bead.moved(i, j) for bead in part]
        i = max((bead.zh[-1] + 1 for bead in found[::-1] if bead.zh), default=0)
        j = max((bead.en[-1] + 1 for bead in found[::-1] if bead.en), default=0)
        if (i, j) == (len(zh), len(en)):
            break
    return found


def _complete(part: Sequence[Bead], n: int, m: int) -> int:
    """Return the number of beads up to the last sure one.

    The next section starts after it. Without a sure one, all beads that end within n and m count.
    """
    inside = sure = i = j = 0
    for count, bead in enumerate(part, 1):
        i, j = i + len(bead.zh), j + len(bead.en)
        if i > n or j > m:
            break
        inside = count
        if bead.zh and bead.en and bead.probability > _SURE:
            sure = count
    return sure if sure > inside // 2 else max(inside, 1)


def _align_section(zh: Sequence[str], en: Sequence[str], encoder: Encoder) -> Steps[list[Bead]]:
    if not zh or not en:
        return _nulls(range(len(zh)), range(len(en)), _UNKNOWN)
    return _best_beads((yield from section(zh, en, encoder)))


def _best_beads(scored: Section) -> list[Bead]:
    found: list[Bead] = []
    for (i, j), (k, m) in scored.cut:
        if (i, j) in scored.scored:
            part = best(scored.probable[i, j], scored.scored[i, j])
            found += [bead.moved(i, j) for bead in part]
        else:
            found += _nulls(range(i, k), range(j, m), _UNKNOWN)
    return found


def best(probable: trellis.Array, block: regimes.Block, worth: Gains = _USUAL) -> list[Bead]:
    """Return the path with the most beads expected to be right."""
    shapes = block.shapes
    lost, new = shapes.index((1, 0)), shapes.index((0, 1))
    # A null is the same bead at any place of the other text.
    probable[lost] = probable[lost].sum(axis=1, keepdims=True)
    probable[new] = probable[new].sum(axis=0, keepdims=True)
    gains = np.where(np.isfinite(block.scores), probable, -np.inf)
    gains[[lost, new]] *= worth.null
    costs = [worth.least_merge if a and b and a + b > 2 else worth.least for a, b in shapes]
    gains -= np.array(costs)[:, None, None]
    path = []
    for k, i, j in trellis.best_path(gains, shapes):
        a, b = shapes[k]
        path.append(Bead(tuple(range(i, i + a)), tuple(range(j, j + b)), float(probable[k, i, j])))
    return path
