"""Sections with an encoder that has no faster way for runs."""

from collections.abc import Sequence

import pytest

from pipelines.sentences.align import align, align_many
from pipelines.vectors.encoder import Vectors, encode_spans
from pipelines.vectors.load import load_encoder

ZH = [
    "大连市今年开工建设三十二个重点项目。",
    "项目总投资四百八十亿元。",
    "市长昨天到港口调研。",
    "他要求加快工程进度，确保安全。",
    "市民可以在网上查询项目的进展。",
]
EN = [
    "Dalian started 32 key projects this year, with a total investment of 48 billion yuan.",
    "The mayor visited the port yesterday.",
    "He asked that work be speeded up.",
    "Safety has to be ensured.",
    "Residents can look up the progress of the projects online.",
]
PAIRS = [(ZH, EN), (ZH[2:], EN[1:]), (ZH[:2], EN[:1]), (ZH[:1], [])]


class Plain:
    """The bundled encoder without its own way for runs."""

    name, dim = "plain", 512

    def __init__(self) -> None:
        self.asked: list[Sequence[str]] = []

    def encode(self, sentences: Sequence[str]) -> Vectors:
        self.asked.append(sentences)
        return load_encoder().encode(sentences)


class Whole(Plain):
    """The same, encoding every run."""

    def encode_spans(self, sentences: Sequence[str], width: int) -> list[Vectors]:
        return encode_spans(Plain(), sentences, width)


def test_only_runs_in_likely_beads_are_encoded_and_the_beads_are_the_same() -> None:
    plain = Plain()
    beads = align(ZH, EN, plain)
    assert [(bead.zh, bead.en) for bead in beads] == [
        ((0, 1), (0,)), ((2,), (1,)), ((3,), (2, 3)), ((4,), (4,)),
    ]  # fmt: skip
    whole = align(ZH, EN, Whole())
    assert [bead.probability for bead in beads] == pytest.approx(
        [bead.probability for bead in whole], abs=0.02
    )
    singles, *runs = plain.asked
    assert list(singles) == ZH + EN
    encoded = [run for asked in runs for run in asked]
    assert " ".join(ZH[:2]) in encoded
    assert " ".join(EN[2:4]) in encoded
    assert len(encoded) < 10, "of the twenty runs of two to five"
    assert len(set(encoded)) == len(encoded)


def test_text_pairs_ask_together_and_get_what_each_gets_alone() -> None:
    plain = Plain()
    together = align_many(PAIRS, plain)
    assert together == [align(zh, en, Plain()) for zh, en in PAIRS]
    assert len(plain.asked) <= 4
    assert len(set(plain.asked[0])) == len(plain.asked[0]), "a sentence of two pairs once"
