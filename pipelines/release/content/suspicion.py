"""`mt_suspect`: suspicion that a machine translated an English article.

A suspicion and no finding. It rests on cheap counts, which are stored beside it (`SIGNS`):
characters left untranslated, figures grouped as in Chinese, stock phrases rendered word by word,
and the lack of the plain words of which edited English is full. It separates translated English
from English written as such, whoever translated: professionals set it off, too, and a good machine
does not. Its error, measured on authored paragraphs set apart and on outside news, is in
docs/how-to/releases.md.

The weights (`suspicion.json`) are fitted by `benchmarks/learn/fit_suspicion.py` on authored
paragraphs. Patterns are RE2's, run by pyarrow over whole columns.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]

LEAST_WORDS = 40
"""Words of the shortest text that is scored; set by hand, not measured."""

SUSPECT = 0.5
"""Score from which an article counts as suspect."""

_LEAST_LOG_ODDS = 0.5
"""Log odds that a sign must add to be named; set by hand, not measured."""

_PHRASES = (
    "do(?:es|ing|ne)? a good job|broad masses|the masses|it is understood that|is reported that",
    "relevant (?:person|personnel|staff|unit|department|official)s?|persons? in charge",
    "the spirit of",
    "all walks of life|sense of (?:gain|acquisition|happiness|responsibility|security)",
    "full play|high-quality development|great importance|at the first time|next step|in-depth",
    "our (?:city|county|district|province|country)|the whole (?:city|year|district|province)",
    "effectively|vigorously|comprehensively|resolutely|earnestly|solidly|continuously|actively",
    "further (?:improv|strengthen|enhanc|promot|deepen)\\w*|it is necessary to|strive to|so as to",
    "the implementation of|carr(?:y|ied|ying) out|decision-making|working mechanism|grasp\\w*",
    "strengthen(?:ed|ing)?|remarkable|a total of|accounted for|over the same period|at present",
    "units|activit(?:y|ies)|propaganda|publicity work|civili[sz]ed|comrades?",
)
SIGNS: Mapping[str, str] = {
    # Written out, as Arrow reads it (RE2): CJK punctuation and full-width forms count as well.
    "untranslated": "[\\x{3000}-\\x{303f}\\x{3400}-\\x{9fff}\\x{ff01}-\\x{ff5e}]",
    "figures": "(?i)\\d (?:ten thousand|hundred million|10,?000|100 million)\\b|\\d ?mu\\b",
    "spacing": "[a-z],[A-Za-z]|[a-z][a-z]\\.[A-Z][a-z]|[a-z] [,.;:](?: |$)",
    "phrases": f"(?i)\\b(?:{'|'.join(_PHRASES)})\\b",
    "reporting": "(?i)\\b(?:pointed out|stressed|emphasi[sz]ed|required|demanded|proposed) that\\b"
    "|\\breporters?\\b|\\b(?:meeting|conference) (?:was|held|listened|conveyed|studied)",
    "nouns": "(?i)\\bof\\b",
    "plain": "(?i)\\b(?:said|says|who|where|when|until|because|since|would|could|still|than|had"
    "|they|their|them|he|his|she|her|but|only|or|so|like|before|after|now)\\b",
    "sentences": "[.!?](?:[\"'”’)]*)(?:\\s|$)",
}
"""Counted patterns. `plain` and `sentences` lower a suspicion, the others raise it."""


def suspicion_scores(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return `mt_suspect` (0-1) and `mt_signs` of English texts.

    The signs are the names in `SIGNS` that raise the score most (`plain`: too few plain words;
    `sentences`: long ones). Both are null for nulls and texts of under `LEAST_WORDS` words.
    """
    fitted = weights()
    rates, enough = sign_rates(texts)
    parts = (rates - fitted["mean"]) / fitted["scale"] * fitted["weight"]
    odds = parts.sum(axis=1) + fitted["intercept"]
    scores = pa.array(1 / (1 + np.exp(-odds)), pa.float32(), mask=~enough)
    names = np.array(list(SIGNS))
    signs = [
        names[row].tolist() if known else None
        for row, known in zip(parts > _LEAST_LOG_ODDS, enough.tolist(), strict=True)
    ]
    return scores, pa.array(signs, pa.list_(pa.string()))


def sign_rates(texts: pa.Array) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return rates of signs, and flags of the texts long enough.

    The shape of the rates is (texts, signs). A rate is log(1 + occurrences in a hundred words).
    """
    texts = pc.fill_null(texts, "")
    words = _whitespace_counts(texts) + 1
    counts = np.column_stack(
        [
            pc.count_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
            for pattern in SIGNS.values()
        ]
    )
    return np.log1p(100 * counts / words[:, None]), words >= LEAST_WORDS


def _whitespace_counts(texts: pa.Array) -> Floats:
    """Return the number of spaces and line ends in each text."""
    _, bounds, data = texts.cast(pa.large_string()).buffers()
    starts = np.frombuffer(bounds, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    if not len(texts) or starts[0] == starts[-1]:
        return np.zeros(len(texts))
    content = np.frombuffer(data, np.uint8)[starts[0] : starts[-1]]
    at = np.flatnonzero((content == ord(" ")) | (content == ord("\n"))) + starts[0]
    return np.diff(np.searchsorted(at, starts)).astype(np.float64)


@cache
def model() -> Mapping[str, Any]:
    """Return the stored model.

    `held_apart` is its `recall` and its `false_alarms` at `SUSPECT` on paragraphs that it was not
    fitted on, with 95 % intervals.
    """
    stored = (
        files("pipelines.release.content").joinpath("suspicion.json").read_text(encoding="utf-8")
    )
    found: dict[str, Any] = json.loads(stored)
    return found


@cache
def weights() -> Mapping[str, Any]:
    """Return `mean`, `scale` and `weight` as arrays by sign, and the intercept."""
    fitted = model()
    if list(fitted["signs"]) != list(SIGNS):
        raise ValueError(
            "pipelines/release/content/suspicion.json is of other signs than suspicion.py; "
            "fit it again with `python -m benchmarks.learn.fit_suspicion`"
        )
    columns = {
        name: np.array([sign[name] for sign in fitted["signs"].values()])
        for name in ("mean", "scale", "weight")
    }
    return columns | {"intercept": fitted["intercept"]}
