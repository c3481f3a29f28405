"""Lengths of sentences, and runs that translate one long sentence.

A long sentence may be translated by up to ten short ones. Runs of more than five are considered
only where they are about as long as one sentence of the other text, and their vectors are made from
those of their halves: to encode all runs of ten would double the time of alignment.
"""

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from crawler.script import HAN

Array = npt.NDArray[np.float32]

WIDEST = 10
"""Most sentences on one side of a bead, if the other has one."""
MOST_GAP = 2.0
"""Standard deviations between the lengths of a wide run and of a sentence, at most."""
LETTERS_PER_CHARACTER = 3.3
"""English letters and digits for each Chinese character."""
_HAN = re.compile(f"[{HAN}]")
_ALNUM = re.compile(r"[^\W_]")


def text_lengths(zh: Sequence[str], en: Sequence[str]) -> tuple[Array, Array]:
    """Return lengths in English letters, or their worth in Chinese."""
    counts = []
    for sentence in zh:
        han = len(_HAN.findall(sentence))
        counts.append(LETTERS_PER_CHARACTER * han + len(_ALNUM.findall(sentence)) - han)
    english = [len(_ALNUM.findall(sentence)) for sentence in en]
    return np.array(counts, np.float32), np.array(english, np.float32)


def length_gap(zh: Array, en: Array) -> Array:
    """Return the log ratio of lengths (English letters) in standard deviations.

    These fall with length. The constants are set by hand; not measured.
    """
    x, y = zh / LETTERS_PER_CHARACTER, en / LETTERS_PER_CHARACTER
    return np.asarray(np.log((y + 1.2) / (x + 1.2)) / np.sqrt(0.05 + 1.2 / (x + 1.5)), np.float32)


def widest_runs(zh: Array, en: Array, usual: int) -> tuple[int, int]:
    """Return the width of each side's widest runs worth comparing.

    At least `usual`, or the whole side; a wider run is as long as a sentence of the other side.
    """
    longest = float(zh.max()), float(en.max())
    found = []
    for own, other, shortest in ((zh, longest[1], 0), (en, longest[0], 1)):
        width = min(usual, len(own))
        for k in range(width + 1, min(WIDEST, len(own)) + 1):
            run = np.array([runs(own, k).min()], np.float32)
            one = np.array([other], np.float32)
            gap = length_gap(one, run) if shortest else -length_gap(run, one)
            if gap[0] > MOST_GAP:
                break
            width = k
        found.append(width)
    return found[0], found[1]


def runs(rows: npt.NDArray[np.floating], k: int) -> Array:
    """Return the sums of every k neighbouring rows."""
    if k == 1:
        return np.asarray(rows, np.float32)
    total = rows[: len(rows) - k + 1].astype(np.float32)
    for shift in range(1, k):
        total = total + rows[shift : len(rows) - k + 1 + shift]
    return np.asarray(total, np.float32)


def add_wide_spans(spans: Sequence[Array], width: int) -> list[Array]:
    """Return the vectors of runs, the wide ones made from halves."""
    found = list(spans)
    for k in range(len(spans) + 1, width + 1):
        left, right = (k + 1) // 2, k // 2
        count = len(spans[0]) - k + 1
        whole = found[left - 1][:count] * left + found[right - 1][left : left + count] * right
        found.append(whole / np.maximum(np.linalg.norm(whole, axis=1, keepdims=True), 1e-6))
    return found
