"""Regimes: a free translation keeps its sentences, an abridged one leaves out what it must."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy.alignment_sets import Document
from benchmarks.accuracy.sentences import scores
from pipelines.sentences import regimes, text_pair
from pipelines.sentences.align import align
from pipelines.vectors.encoder import encode_spans
from pipelines.vectors.load import load_encoder

ROWS = [
    json.loads(line)
    for line in Path(__file__)
    .with_name("free_translations.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
IDS = [row["id"] for row in ROWS]


def found(zh: list[str], en: list[str]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    return [(bead.zh, bead.en) for bead in align(zh, en, load_encoder())]


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_a_free_translation_loses_no_sentence(row: dict[str, list[str]]) -> None:
    beads = found(row["zh"], row["en"])
    assert all(zh and en for zh, en in beads)
    gold = [(tuple(zh), tuple(en)) for zh, en in row["gold"]]
    strict, lax, *_ = scores([Document("", row["zh"], row["en"], gold)], [beads])
    assert lax == 1
    assert strict > 0.6


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_what_was_cut_out_of_a_free_translation_is_still_missed(row: dict[str, list[str]]) -> None:
    """Most of a run of beads without its English is left alone, in Chinese only."""
    cut = [en for _, en in row["gold"][3:6]]
    en = [s for at, s in enumerate(row["en"]) if not any(at in gone for gone in cut)]
    alone = {at for zh, other in found(row["zh"], en) if not other for at in zh}
    lost = {at for zh, _ in row["gold"][3:6] for at in zh}
    assert len(alone & lost) >= len(lost) / 2
    assert len(alone - lost) <= 1


def blocks(zh: list[str], en: list[str]) -> list[regimes.Block]:
    spans = [encode_spans(load_encoder(), side, text_pair.WIDTH) for side in (zh, en)]
    pair = text_pair.compare_texts(zh, en, *spans)
    return [regimes.score(pair, regimes.load_bead_model())]


def test_blocks_of_one_text_pair_share_their_regime() -> None:
    """A piece that shows little of its own takes the regime of the rest."""
    model = regimes.load_bead_model()
    whole = blocks(ROWS[0]["zh"], ROWS[0]["en"])
    small = blocks(["他没说话。"], ["He went out.", "Not a word."])
    alone = regimes.posteriors(small, model)[0]
    beside = regimes.posteriors([*whole, *small], model)[1]
    only = replace(model, regimes=tuple(one for one in model.regimes if one.name == "loose"))
    loose = regimes.posteriors(small, only)[0]
    nulls = small[0].shapes.index((1, 0))
    assert beside[nulls].sum() < alone[nulls].sum() < loose[nulls].sum()


def test_probabilities_of_each_sentence_add_up() -> None:
    (block,) = blocks(ROWS[1]["zh"], ROWS[1]["en"])
    (probable,) = regimes.posteriors([block], regimes.load_bead_model())
    n = probable.shape[1] - 1
    covered = np.zeros(n)
    for k, (a, _) in enumerate(block.shapes):
        for i in range(n):
            covered[i : i + a] += probable[k, i].sum()
    assert covered == pytest.approx(np.ones(n))
